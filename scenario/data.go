package scenario

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"bespoke/internal/position"
)

// Data says where the rows come from and how they are split.
type Data struct {
	// Source is a file, a glob, or a query.
	Source Source `yaml:"source" json:"source" rule:"required"`
	// Target is the column to predict.
	Target string `yaml:"target" json:"target" rule:"required any"`
	// Positive is the outcome that binary metrics call positive; by default the
	// rarer one.
	Positive string `yaml:"positive,omitempty" json:"positive,omitempty" rule:"any"`
	// Query is the column that says which rows are to be ranked among each other,
	// such as the search that showed them. The target is then how relevant a row
	// is: a whole number, 0 for not at all. Rows with the same value stay together
	// wherever rows are split, and no model sees it.
	Query string `yaml:"query,omitempty" json:"query,omitempty" rule:"any"`
	// Split says how rows are held out.
	Split Split `yaml:"split" json:"split"`
	// Columns corrects kinds and roles where inference is wrong.
	Columns map[string]Column `yaml:"columns,omitempty" json:"columns,omitempty"`
	// Interactions are lists of columns that may act together, such as [[age,
	// income], [age, job]]: what a column does to a prediction depends on no
	// column it shares no list with. Columns in no list may act together with
	// each other. Models that let all columns
	// act together are refused.
	Interactions [][]string `yaml:"interactions,omitempty" json:"interactions,omitempty" rule:"any"`
	// Missing lists spellings of "no value" beside the usual ones.
	Missing []string `yaml:"missing,omitempty" json:"missing,omitempty" rule:"any null"`
}

// Source names the data. In YAML it is a plain string (file or glob) or a
// mapping with query and connection.
type Source struct {
	// Path is a file or glob, relative to the scenario file.
	Path string `yaml:"path,omitempty" json:"path,omitempty"`
	// Query is SQL. Without a connection it may read files by name, relative
	// to the scenario file.
	Query string `yaml:"query,omitempty" json:"query,omitempty"`
	// Connection is a database, such as postgres://user@host/db. ${NAME} is
	// replaced from the environment, so that no password is in the file.
	Connection string `yaml:"connection,omitempty" json:"connection,omitempty"`
	// Sheet is the sheet of an xlsx file; the first by default.
	Sheet string `yaml:"sheet,omitempty" json:"sheet,omitempty" rule:"any"`
}

// Split says how rows are held out for the final figures.
type Split struct {
	// Test is the share of rows held out, from 5% to 50%.
	Test Percent `yaml:"test" json:"test" rule:"min=0.05 max=0.5"`
	// By is random, {time: column} to hold out the latest rows, or
	// {group: column} to hold out whole groups, such as customers.
	By SplitBy `yaml:"by" json:"by"`
	// Folds is how many folds of the remaining rows choose the model.
	Folds int `yaml:"folds" json:"folds" rule:"min=2 max=20"`
}

// SplitBy is random (both empty), by a time column, or by a group column.
type SplitBy struct {
	// Time is the column whose latest rows are held out.
	Time string `yaml:"time,omitempty" json:"time,omitempty" rule:"any"`
	// Group is the column whose values are never on both sides.
	Group string `yaml:"group,omitempty" json:"group,omitempty" rule:"any"`
}

// Column corrects what was inferred for one column.
type Column struct {
	// Kind is number, category, text or time.
	Kind string `yaml:"kind,omitempty" json:"kind,omitempty" rule:"one=number|category|text|time"`
	// Role is feature, identifier, info (payoffs may use it, models may not)
	// or ignored.
	Role string `yaml:"role,omitempty" json:"role,omitempty" rule:"one=feature|identifier|info|ignored"`
	// Monotone is "up" or "down" when predictions must not fall or not rise
	// in this column.
	Monotone string `yaml:"monotone,omitempty" json:"monotone,omitempty" rule:"one=up|down"`
	// Unit is what the numbers of the column count, such as EUR or EUR / month;
	// payoffs are checked with it.
	Unit string `yaml:"unit,omitempty" json:"unit,omitempty"`
}

func (d Data) check(r *report) {
	d.Source.check(r)
	by, path := d.Split.By, "data.split.by"
	switch {
	case by.Time != "" && by.Group != "":
		r.add(path, codeExclude, "has both time and group", "keep one of them")
	case d.Target != "" && (by.Time == d.Target || by.Group == d.Target):
		r.add(path, codeExclude, fmt.Sprintf("splits by the target %q", d.Target), "split by another column, or by: random")
	}
	d.checkQuery(r)
	for _, name := range slices.Sorted(maps.Keys(d.Columns)) {
		c, path := d.Columns[name], "data.columns."+name
		switch {
		case name == "":
			r.add("data.columns", codeName, "a column has an empty name", "")
		case c.Unit != "" && c.Unit != "%" && !isUnit(c.Unit):
			r.add(path+".unit", codeName, fmt.Sprintf("%q cannot be a unit", c.Unit), "write words joined by * and /, such as EUR / month")
		case name == d.Target && c.Role != "":
			r.add(path+".role", codeExclude, fmt.Sprintf("%q is the target, it cannot be %s as well", name, c.Role), "remove the role, or choose another data.target")
		case !slices.Contains([]string{"up", "down"}, c.Monotone):
		case slices.Contains([]string{"category", "text", "time"}, c.Kind):
			r.add(path+".monotone", codeExclude, fmt.Sprintf("is %s, but the column is %s", c.Monotone, c.Kind), "only numbers can be monotone")
		case slices.Contains([]string{"identifier", "info", "ignored"}, c.Role):
			r.add(path+".monotone", codeExclude, fmt.Sprintf("is %s, but the column is %s", c.Monotone, c.Role), "only features can be monotone")
		}
	}
	d.checkInteractions(r)
	for i, m := range d.Missing {
		if m == "" {
			r.add(fmt.Sprintf("data.missing[%d]", i), codeEmpty, "is empty", "an empty cell is missing anyway; remove it")
		}
	}
}

// checkQuery finds what a ranking can not have.
func (d Data) checkQuery(r *report) {
	by := d.Split.By
	switch {
	case d.Query == "":
		return
	case d.Query == d.Target:
		r.add("data.query", codeExclude, fmt.Sprintf("%q is the target", d.Query), "the target says how relevant a row is; name the column that says which rows belong together")
	case by.Time != "" || by.Group != "" && by.Group != d.Query:
		r.add("data.split.by", codeExclude, "would cut queries in two", fmt.Sprintf("a ranking is split by its query %q; remove it", d.Query))
	}
	if d.Positive != "" {
		r.add("data.positive", codeExclude, "is for two outcomes, but data.query makes a ranking", "remove one of the two")
	}
	if c := d.Columns[d.Query]; c.Role != "" && c.Role != "info" {
		r.add("data.columns."+d.Query+".role", codeExclude, fmt.Sprintf("is %s, but %q says which rows are ranked together", c.Role, d.Query), "remove the role")
	}
	if k := d.Columns[d.Target].Kind; k != "" && k != "number" {
		r.add("data.columns."+d.Target+".kind", codeExclude, fmt.Sprintf("is %s, but the target of a ranking is a number", k), "remove the kind")
	}
}

// By is how rows are split: as the scenario says, and a ranking by its query.
func (d Data) By() SplitBy {
	if d.Query != "" {
		return SplitBy{Group: d.Query}
	}
	return d.Split.By
}

// checkInteractions finds lists that say nothing and columns that are no
// features as far as the scenario tells.
func (d Data) checkInteractions(r *report) {
	for i, set := range d.Interactions {
		path := fmt.Sprintf("data.interactions[%d]", i)
		if len(set) == 0 {
			r.add(path, codeEmpty, "is empty", "write the columns that may act together, or remove it")
		}
		for j, name := range set {
			at := fmt.Sprintf("%s[%d]", path, j)
			switch role := d.Columns[name].Role; {
			case name == d.Target:
				r.add(at, codeExclude, fmt.Sprintf("%q is the target", name), "only features act on predictions; remove it")
			case slices.Contains([]string{"identifier", "info", "ignored"}, role):
				r.add(at, codeExclude, fmt.Sprintf("%q is %s", name, role), "only features act on predictions; remove it")
			case slices.Contains(set[:j], name):
				r.add(at, codeExclude, fmt.Sprintf("%q stands in this list twice", name), "remove one")
			}
		}
	}
	if len(d.Interactions) > mostInteractions {
		r.add("data.interactions", codeRange, fmt.Sprintf("has %d lists", len(d.Interactions)), fmt.Sprintf("at most %d are possible", mostInteractions))
	}
}

// mostInteractions is how many lists the models can keep apart.
const mostInteractions = 63

func (s Source) check(r *report) {
	const path = "data.source"
	switch {
	case s.Path != "" && s.Query != "":
		r.add(path, codeExclude, "has both path and query", "keep one of them")
	case s.Path == "" && s.Query == "" && s.Connection+s.Sheet != "":
		r.add(path, codeNeeds, "has neither path nor query", "give path for a file or query for SQL")
	case s.Path != "" && s.Connection != "":
		r.add(path+".connection", codeNeeds, "needs a query", "write query: SELECT ... beside it, and no path")
	case s.Sheet != "" && s.Query != "":
		r.add(path+".sheet", codeExclude, "is for xlsx files, but the source is a query", "remove it")
	case s.Sheet != "" && !spreadsheet(s.Path):
		r.add(path+".sheet", codeExclude, fmt.Sprintf("is for xlsx files, but the source is %q", s.Path), "remove it")
	}
	if name := s.secret(); name != "" {
		r.add(path+".connection", codeSecret, "holds a password", "write ${PASSWORD} in its place and set that variable; the scenario is copied into bundles and reports")
	}
	for _, m := range variable.FindAllStringSubmatch(s.Connection, -1) {
		if !variableName.MatchString(m[1]) {
			r.add(path+".connection", codeName, fmt.Sprintf("the variable %q has no usable name", "${"+m[1]+"}"), "use letters, digits and _")
		}
	}
}

// spreadsheet says whether sheets make sense for the path.
func spreadsheet(path string) bool {
	path = strings.ToLower(path)
	return strings.HasSuffix(path, ".xlsx") || strings.HasSuffix(path, ".xlsm") || strings.HasSuffix(path, "*")
}

var (
	variable     = regexp.MustCompile(`\$\{([^}]*)\}`)
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// password finds the three places where connections hold one: after the
	// user's name in an address, as a parameter, and as a word of a keyword list.
	password = regexp.MustCompile(`(?i)(?:://[^/@:\s]*:([^/@\s]*)@|\b(?:sslpassword|password|passwd|pwd)\s*=\s*'?([^\s&']*))`)
)

// secret is the password that is spelled out in the connection, or empty.
func (s Source) secret() string {
	for _, m := range password.FindAllStringSubmatch(s.Connection, -1) {
		if left := variable.ReplaceAllString(m[1]+m[2], ""); left != "" {
			return left
		}
	}
	return ""
}

// Expand is the connection with every ${NAME} replaced by lookup, which is
// os.LookupEnv in a program. It is called only when the connection is used, so
// that a scenario can be checked, rendered and saved without its secrets. A
// variable that is not set is an error that names it, never its value.
func (s Source) Expand(lookup func(name string) (value string, ok bool)) (string, error) {
	var missing []string
	out := variable.ReplaceAllStringFunc(s.Connection, func(m string) string {
		name := m[2 : len(m)-1]
		v, ok := lookup(name)
		if !ok {
			missing = append(missing, name)
		}
		return v
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("scenario: data.source.connection: the environment variable %s is not set", strings.Join(missing, ", "))
	}
	return out, nil
}

// plainSource decodes the mapping form.
type plainSource Source

func (s *Source) read(d *decoder, n *position.Node, path string) {
	switch n.Shape {
	case position.Scalar:
		d.text(n, path, &s.Path, rule{})
	case position.Mapping:
		d.structure(n, path, value((*plainSource)(s)))
	default:
		d.wrong(n, path, "a file, a glob, or a mapping with path or query")
	}
}

// words are what users write for a split in one line.
var words = regexp.MustCompile(`^(time|group)\s*:\s*(\S.*)$`)

// plainSplitBy decodes the mapping form.
type plainSplitBy SplitBy

func (b *SplitBy) read(d *decoder, n *position.Node, path string) {
	const allowed = "random, {time: column} or {group: column}"
	switch {
	case n.Shape == position.Mapping:
		d.structure(n, path, value((*plainSplitBy)(b)))
		if len(n.Entries) == 0 {
			d.fail(n.Position, path, codeEmpty, "is empty", "write "+allowed)
		}
	case n.Shape != position.Scalar:
		d.wrong(n, path, allowed)
	case n.Text == "random":
		*b = SplitBy{}
	case words.MatchString(n.Text):
		m := words.FindStringSubmatch(n.Text)
		if m[1] == "time" {
			*b = SplitBy{Time: m[2]}
		} else {
			*b = SplitBy{Group: m[2]}
		}
	case n.Text == "time" || n.Text == "group":
		d.fail(n.Position, path, codeNeeds, fmt.Sprintf("%s needs a column", n.Text), fmt.Sprintf("write by: {%s: column}", n.Text))
	default:
		d.fail(n.Position, path, codeChoice, fmt.Sprintf("%q is no way to split", n.Text), hint(n.Text, []string{"random", "time", "group"})+"allowed: "+allowed)
	}
}
