// Package draft writes the first scenario for a data file: what can be guessed
// from the columns is guessed with a reason, and what only the owner of the data
// can say is marked to be edited.
package draft

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"bespoke/internal/near"
	"bespoke/scenario"
)

// Facts is what Scenario needs to know of a data file.
type Facts struct {
	// Source is what stands in data.source: a path relative to the scenario.
	Source string
	// Rows is the number of rows.
	Rows int
	// Columns are the columns in file order.
	Columns []Column
	// Target is the column to predict; empty lets Scenario guess.
	Target string
	// Schema is the path or address of the JSON Schema for editors; empty puts
	// the way to get one in a comment.
	Schema string
}

// Column is what Scenario needs to know of a column.
type Column struct {
	// Name is the column's name.
	Name string
	// Kind is the inferred kind: number, category, text or time.
	Kind string
	// Role is the inferred role: feature, identifier, constant or ignored.
	Role string
	// Distinct is how many different values it has.
	Distinct int
	// Missing is the share of rows without a value, from 0 to 1.
	Missing float64
	// Levels are the values of a category, or of a number with two values.
	Levels []string
	// Counts are the rows of each level; nil when not known.
	Counts []int
}

// Scenario writes a scenario for a data file: the guessed target, split and
// positive outcome with the reason for each, and a value section to be edited.
// Lines that only the owner of the data can answer are marked EDIT. The
// result is a valid scenario. The error says when no column can be a target,
// or that the wanted one does not exist.
func Scenario(name string, facts Facts) ([]byte, error) {
	d := writer{facts: facts, name: identifier(name)}
	if err := d.choose(); err != nil {
		return nil, fmt.Errorf("draft: scenario %q: %w", name, err)
	}
	d.head()
	d.need()
	d.data()
	d.value()
	d.rest()
	text := d.b.Bytes()
	if _, err := scenario.Parse(d.name+".yaml", text); err != nil {
		return nil, fmt.Errorf("draft: scenario %q: %w", name, err)
	}
	return text, nil
}

// identifier makes a scenario's name of any text, such as a file's name.
func identifier(name string) string {
	name = regexp.MustCompile(`[^A-Za-z0-9_-]+`).ReplaceAllString(name, "-")
	name = strings.Trim(name, "-_")
	if name == "" {
		return "scenario"
	}
	return strings.TrimRight(name[:min(len(name), 64)], "-_")
}

// draft is a scenario being written.
type writer struct {
	facts  Facts
	name   string
	target Column
	why    string // the target
	// outcomes are the target's classes; nil for a number and when there are
	// too many to list.
	outcomes []string
	number   bool // the target is a number
	positive string
	story    story
	b        bytes.Buffer
}

func (d *writer) line(format string, args ...any) {
	fmt.Fprintf(&d.b, format, args...)
	d.b.WriteByte('\n')
}

// mostOutcomes is how many classes a value section is drafted for.
const mostOutcomes = 12

// choose settles the target and what follows from it.
func (d *writer) choose() error {
	if d.facts.Source == "" {
		return fmt.Errorf("no data source is named")
	}
	var err error
	if d.target, d.why, err = d.facts.guess(); err != nil {
		return err
	}
	t := d.target
	d.number = t.Kind == "number" && t.Distinct != 2
	if d.number {
		return nil
	}
	d.outcomes = t.Levels
	if len(d.outcomes) == 0 && t.Kind == "number" {
		d.outcomes = []string{"0", "1"}
	}
	for _, o := range d.outcomes {
		if strings.TrimSpace(o) == "" || !utf8.ValidString(o) {
			d.outcomes = nil // cannot be written as keys
		}
	}
	if len(d.outcomes) < 2 || len(d.outcomes) > mostOutcomes {
		d.outcomes = nil
	}
	if len(d.outcomes) == 2 {
		d.positive = positive(d.outcomes, t.Counts)
	}
	d.story = tell(t.Name, d.outcomes)
	return nil
}

// targetNames are usual names of targets, the surest first.
var targetNames = []string{
	"target", "label", "class", "outcome", "y", "response", "churn", "churned", "attrition", "exited", "fraud", "default", "defaulted",
	"survived", "converted", "conversion", "approved", "purchased", "subscribed", "diagnosis", "spam", "status",
	"price", "saleprice", "income", "salary", "revenue", "sales", "demand", "rent", "cost", "quality", "score",
}

// guess finds the column to predict, with the reason.
func (f Facts) guess() (Column, string, error) {
	if f.Target != "" {
		for _, c := range f.Columns {
			if c.Name == f.Target {
				return c, "as asked", nil
			}
		}
		return Column{}, "", fmt.Errorf("no column %q%s; there are %s", f.Target, near.Hint(f.Target, f.names()), strings.Join(f.names(), ", "))
	}
	var fit []Column
	for _, c := range f.Columns {
		named := c.Name != "" && utf8.ValidString(c.Name) && strings.TrimSpace(c.Name) == c.Name
		if named && c.Role != "identifier" && c.Role != "constant" && c.Role != "ignored" && c.Missing < 1 && c.Distinct >= 2 &&
			(c.Kind == "number" || c.Kind == "category" && c.Distinct <= 100) {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		return Column{}, "", fmt.Errorf("none of the %d columns can be predicted: a number or a category with two values or more is needed", len(f.Columns))
	}
	slices.Reverse(fit) // the last columns are the likeliest
	for _, whole := range []bool{true, false} {
		for _, name := range targetNames {
			for _, c := range fit {
				words := split(c.Name)
				if whole && strings.Join(words, "") == name || !whole && words[len(words)-1] == name {
					return c, fmt.Sprintf("a guess: its name says %s", name), nil
				}
			}
		}
	}
	for _, c := range fit {
		if c.Kind == "category" && c.Distinct <= mostOutcomes || c.Distinct == 2 {
			return c, "a guess: the last column with few values", nil
		}
	}
	return fit[0], "a guess: the last column that can be predicted", nil
}

func (f Facts) names() []string {
	out := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		out[i] = c.Name
	}
	return out
}

// split cuts a column's name into its words in lower case: at signs and
// spaces, and where a capital follows a small letter.
func split(name string) []string {
	var b strings.Builder
	var last rune
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = ' '
		case unicode.IsUpper(r) && unicode.IsLower(last):
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
		last = r
	}
	words := strings.Fields(b.String())
	if len(words) == 0 {
		return []string{""}
	}
	return words
}

// positives are usual names of the outcome that one looks for.
var positives = []string{
	"yes", "true", "1", "y", "t", "bad", "default", "defaulted", "churn", "churned", "left", "fraud", "spam", "positive", "malignant",
	"sick", "fail", "failed", "late", "cancelled", "lost", "bought", "converted", "approved",
}

// positive guesses the outcome that one looks for: by its name, else the rarer
// one, else the second.
func positive(outcomes []string, counts []int) string {
	for _, p := range positives {
		for _, o := range outcomes {
			if strings.EqualFold(o, p) {
				return o
			}
		}
	}
	if len(counts) == 2 && counts[0] < counts[1] {
		return outcomes[0]
	}
	return outcomes[1]
}

// story is what a decision is about, as a draft of its money.
type story struct {
	act, leave string
	// gain is the money of acting on the positive outcome, loss on the other.
	gain, loss int
	reason     string
	// own is the money on the positive outcome over a column of the row's own.
	own string
}

// stories by words in the target's name or outcomes.
var stories = []struct {
	words []string
	story story
}{
	{[]string{"churn", "churned", "attrition", "exited", "cancelled", "left"}, story{"offer", "leave", 40, -10, "an offer costs 10 and keeps every other leaver, who is worth 100", "0.3 * %s - 10"}},
	{[]string{"fraud", "spam", "scam"}, story{"block", "pass", 100, -20, "a case of fraud costs 100, and 20 are lost on an honest customer who is blocked", "%s"}},
	{[]string{"default", "defaulted", "bad", "loan", "credit"}, story{"grant", "refuse", -500, 100, "a good loan earns 100, a bad one loses 500", "-0.6 * %s"}},
}

func tell(target string, outcomes []string) story {
	words := split(target)
	for _, o := range outcomes {
		words = append(words, split(o)...)
	}
	for _, s := range stories {
		if slices.ContainsFunc(s.words, func(w string) bool { return slices.Contains(words, w) }) {
			return s.story
		}
	}
	return story{"act", "leave", 100, -10, "acting costs 10 and brings 110 when it was right", "0.1 * %s - 10"}
}

func (d *writer) head() {
	if d.facts.Schema != "" {
		d.line("# yaml-language-server: $schema=%s", clean(d.facts.Schema))
	}
	d.line("# A first draft for %s: see to the lines marked EDIT, then run", clean(d.facts.Source))
	d.line("#   bespoke check FILE    is there money in it at all?")
	d.line("#   bespoke run FILE      the whole way to a model that decides")
	if d.facts.Schema == "" {
		d.line("# For completion in an editor, run `bespoke schema > scenario.schema.json` and begin this file")
		d.line("# with the line `# yaml-language-server: $schema=scenario.schema.json`.")
	}
	d.line("")
	d.line("scenario: %s", scenario.Quote(d.name))
	d.line("# about: ...               # EDIT: who decides what, in a sentence")
	d.line("")
}

func (d *writer) need() {
	d.line("# Is there money in it at all? Answered from the target and the payoffs, before any training.")
	d.line("need:")
	d.line("  currency: EUR            # EDIT: the unit of all money in this file")
	d.line("  # volume: 2000 / month   # EDIT: how many decisions fall due")
	d.line("  # costs: {fixed: 12000 / year, per_decision: 0.02}   # EDIT: what having a model costs")
	switch {
	case d.number:
		d.line("  today: pass              # EDIT: what happens without a model: an action, or a rule over columns")
	case len(d.outcomes) == 2:
		d.line("  today: %-17s # EDIT: what happens without a model: an action, or a rule over columns", d.story.leave)
	default:
		d.line("  # today: ...             # EDIT: what happens without a model: an action, or a rule over columns")
	}
	d.line("")
}

func (d *writer) data() {
	d.line("data:")
	d.line("  source: %s", scenario.Quote(d.facts.Source))
	d.line("  target: %s   # %s", scenario.Quote(d.target.Name), d.why)
	if d.positive != "" {
		d.line("  positive: %s   # a guess: the outcome that is looked for", scenario.Quote(d.positive))
	}
	by, why := d.split()
	d.line("  split: {test: 20%%, by: %s}   # %s", by, why)
	if d.target.Kind != "category" && !d.number {
		d.line("  columns:")
		d.line("    %s: {kind: category}   # its values are names of classes, not amounts", scenario.Quote(d.target.Name))
	} else {
		d.line("  # columns:               # only where what was found below is wrong")
		d.line("  #   NAME: {kind: category, role: ignored}")
	}
	d.columns()
	d.line("")
}

// split proposes how to hold rows out, with the reason.
func (d *writer) split() (by, why string) {
	for _, c := range d.facts.Columns {
		if c.Kind == "time" && c.Name != d.target.Name && c.Missing == 0 && c.Distinct > 10 && writable(c.Name) {
			return fmt.Sprintf("{time: %s}", scenario.Quote(c.Name)), "the latest rows are held out, because the model will decide on later ones"
		}
	}
	for _, c := range d.facts.Columns {
		words := split(c.Name)
		if words[len(words)-1] == "id" && c.Name != d.target.Name && c.Distinct >= 10 && float64(c.Distinct) < 0.9*float64(d.facts.Rows) && writable(c.Name) {
			return fmt.Sprintf("{group: %s}", scenario.Quote(c.Name)), "its values repeat, so that all rows of one are held out together"
		}
	}
	return "random", "or {time: COLUMN} where later rows differ from earlier ones, or {group: COLUMN}"
}

// writable says whether a name can stand in a scenario.
func writable(name string) bool {
	return strings.TrimSpace(name) != "" && utf8.ValidString(name)
}

// listed is how many columns the draft describes.
const listed = 100

// columns describes what was found.
func (d *writer) columns() {
	width := 0
	for _, c := range d.facts.Columns[:min(len(d.facts.Columns), listed)] {
		width = max(width, min(utf8.RuneCountInString(clean(c.Name)), 32))
	}
	d.line("  #")
	d.line("  # Found in %d rows:", d.facts.Rows)
	for i, c := range d.facts.Columns {
		if i == listed {
			d.line("  # and %d more columns", len(d.facts.Columns)-listed)
			break
		}
		text := fmt.Sprintf("  #   %-*s %-8s %d different", width, clean(c.Name), clean(c.Kind), c.Distinct)
		if c.Missing > 0 {
			text += fmt.Sprintf(", %s%% missing", strconv.FormatFloat(math.Ceil(c.Missing*1000)/10, 'f', -1, 64))
		}
		if c.Role != "" && c.Role != "feature" {
			text += ", " + clean(c.Role)
		}
		if len(c.Levels) > 0 {
			levels := clean(strings.Join(c.Levels[:min(len(c.Levels), 6)], ", "))
			text += ": " + levels
			if len(c.Levels) > 6 {
				text += ", …"
			}
		}
		d.line("%s", strings.TrimRight(text, " "))
	}
}

// clean makes a text fit into a comment.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	if r := []rune(text); len(r) > 80 {
		text = string(r[:79]) + "…"
	}
	return strings.TrimSpace(text)
}

func (d *writer) value() {
	d.line("# What is each action worth, in money, under each outcome? Numbers, or expressions over columns.")
	switch {
	case d.number:
		d.numberValue()
	case len(d.outcomes) == 2:
		d.binaryValue()
	case len(d.outcomes) > 2:
		d.manyValue()
	default:
		d.line("# EDIT: %s has too many outcomes to list, or some that cannot be written; the form is", clean(d.target.Name))
		d.line("# value:")
		d.line("#   actions:")
		d.line("#     act:   {OUTCOME: 100, OTHER: -10}")
		d.line("#     leave: 0")
	}
	d.line("")
}

func (d *writer) numberValue() {
	d.line("# EDIT: an example to replace. Something is bought at 85%% of its predicted worth, and its owner")
	d.line("# sells when that is at least 80%% of its true worth; a refused offer costs 10.")
	d.line("value:")
	payoff := "bid * prediction >= accepts * truth ? truth - bid * prediction : -visit"
	names := d.facts.names()
	if slices.Contains(names, "bid") || slices.Contains(names, "accepts") || slices.Contains(names, "visit") {
		payoff = "0.85 * prediction >= 0.8 * truth ? truth - 0.85 * prediction : -10" // a parameter must not share a column's name
	} else {
		d.line("  params: {bid: 0.85, accepts: 0.8, visit: 10}")
	}
	d.line("  actions:")
	d.line("    offer: %s", scenario.Quote(payoff))
	d.line("    pass: 0")
}

func (d *writer) binaryValue() {
	s, other := d.story, d.outcomes[0]
	if other == d.positive {
		other = d.outcomes[1]
	}
	d.line("# EDIT: these figures are an example: %s.", s.reason)
	d.line("value:")
	d.line("  actions:")
	d.line("    %s: {%s: %d, %s: %d}", s.act, scenario.Quote(d.positive), s.gain, scenario.Quote(other), s.loss)
	d.line("    %s: {%s: 0, %s: 0}", s.leave, scenario.Quote(d.positive), scenario.Quote(other))
	if c := d.moneyColumn(); c != "" {
		d.line("  # With the row's own money:")
		d.line("  #   %s: {%s: %s, %s: %d}", s.act, clean(scenario.Quote(d.positive)), fmt.Sprintf(s.own, c), clean(scenario.Quote(other)), s.loss)
	}
	d.line("  # review: {cost: 15, accuracy: 0.98, capacity: 50 / month}   # a third way: ask a person")
}

func (d *writer) manyValue() {
	d.line("# EDIT: these figures are an example: 1 for a right decision, -1 for a wrong one.")
	d.line("value:")
	d.line("  actions:")
	seen := map[string]bool{}
	for i, o := range d.outcomes {
		name := "choose_" + strings.Join(split(o), "_")
		if !scenario.IsAction(name) || seen[name] || strings.HasSuffix(name, "_") {
			name = fmt.Sprintf("choose_number_%d", i+1)
		}
		seen[name] = true
		parts := make([]string, len(d.outcomes))
		for j, other := range d.outcomes {
			parts[j] = fmt.Sprintf("%s: %d", scenario.Quote(other), map[bool]int{true: 1, false: -1}[i == j])
		}
		d.line("    %s: {%s}", scenario.Quote(name), strings.Join(parts, ", "))
	}
	d.line("  # review: {cost: 15, accuracy: 0.98, capacity: 50 / month}   # another way: ask a person")
}

// moneyWords are the words in the names of columns that hold money.
var moneyWords = []string{"amount", "charge", "charges", "price", "balance", "value", "income", "salary", "revenue", "loan", "premium"}

// word is a name that can be written in an expression.
var word = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// moneyColumn is a number column whose name speaks of money.
func (d *writer) moneyColumn() string {
	for _, w := range moneyWords {
		for _, c := range d.facts.Columns {
			if c.Kind == "number" && c.Name != d.target.Name && word.MatchString(c.Name) && slices.Contains(split(c.Name), w) {
				return c.Name
			}
		}
	}
	return ""
}

func (d *writer) rest() {
	d.line("# A candidate that breaks a limit is dropped, with the reason.")
	d.line("# limits: {latency: 5ms, size: 20MB, memory: 1GB}")
	d.line("budget: {trials: 40}       # or {time: 10m}; only with trials can a run be repeated bit for bit")
	d.line("seed: 1")
}
