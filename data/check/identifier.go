package check

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"bespoke/table"
)

// The rule for identifiers.
const (
	fewestIdentified = 20   // rows with a value, below which nothing is called unique
	uniqueShare      = 0.99 // distinct over values, for named columns
	longestName      = 3    // mean words of a unique text that is still a name
)

// identifierNames are names that say the column names a row.
var identifierNames = regexp.MustCompile(`(?i)^(.*[_\-. ])?(id|ids|uuid|guid|key|rownum|row_?number|row_?name|index|idx|no|nr|number|serial|ref|reference|ssn|iban|email|e-mail|phone|hash)$|^unnamed: ?\d+$`)

// camelIdentifier is a name such as customerID or userId.
var camelIdentifier = regexp.MustCompile(`[a-z](ID|Id|UUID|Guid|Key)$`)

// thingNames are names that say the column names a person or thing, which may
// have several rows.
var thingNames = regexp.MustCompile(`(?i)^(.*[_\-. ])?(id|ids|uuid|guid|ssn|iban|email|e-mail|phone|hash)$`)

// namesThings says whether a column's name is that of an identifier of things.
func namesThings(name string) bool {
	return thingNames.MatchString(name) || camelIdentifier.MatchString(name)
}

// timeNames are names that say the column is a time.
var timeNames = regexp.MustCompile(`(?i)(^|[_\-. ])(date|time|timestamp|day|week|month|year|datum|ts)($|[_\-. ])|(Date|Time|Timestamp)$`)

// namesTimes says whether a column's name is that of a time.
func namesTimes(name string) bool { return timeNames.MatchString(name) }

// namesRows says whether a column's name is that of an identifier.
func namesRows(name string) bool {
	return identifierNames.MatchString(name) || camelIdentifier.MatchString(name)
}

// identifier takes columns out that name rows: a model would learn the names by
// heart.
func identifier(in *Input, out *Result) {
	for _, c := range in.features() {
		reason, rule := identifies(c)
		if reason == "" {
			continue
		}
		out.Findings = append(out.Findings, table.Finding{
			Severity: table.Note, Column: c.Name,
			Message: fmt.Sprintf("%q names rows: %s", c.Name, reason),
			Rule:    rule, Action: in.assign(out, c.Name, table.Identifier),
			Suggestion: fmt.Sprintf("if it carries meaning, set data.columns.%s.role to feature", c.Name),
		})
	}
}

// identifies gives the reason why a column is an identifier, or nothing.
func identifies(c *table.Column) (reason, rule string) {
	n := present(c)
	if n < fewestIdentified {
		return "", ""
	}
	named := namesRows(c.Name)
	switch c.Kind {
	case table.Number:
		whole := wholeNumbers(c.Numbers)
		if whole && !namesTimes(c.Name) && isSequence(c.Numbers, n) {
			return "it counts them without a gap", "whole numbers, all different, that fill their range, in a column that is not named after a time"
		}
		if named && whole && distinct(c, n) >= int(uniqueShare*float64(n)) {
			return "its name says so and its whole numbers do not repeat",
				fmt.Sprintf("a name such as id, key, no or index, whole numbers, at least %g%% different", 100*uniqueShare)
		}
	case table.Text, table.Category:
		d := distinct(c, n)
		if d == n && meanWords(c) < longestName {
			return "every value is different", fmt.Sprintf("all values differ and have fewer than %d words", longestName)
		}
		if named && d >= int(uniqueShare*float64(n)) {
			return "its name says so and its values hardly repeat", fmt.Sprintf("a name such as id, key, no or index, at least %g%% different", 100*uniqueShare)
		}
	case table.Time:
	}
	return "", ""
}

func wholeNumbers(values []float64) bool {
	for _, x := range values {
		if x == x && x != math.Trunc(x) {
			return false
		}
	}
	return true
}

// isSequence says whether the n values are all different and fill their range.
func isSequence(values []float64, n int) bool {
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range values {
		if x == x {
			low, high = min(low, x), max(high, x)
		}
	}
	if high-low+1 != float64(n) {
		return false
	}
	seen := make([]bool, n)
	for _, x := range values {
		if x != x {
			continue
		}
		if seen[int(x-low)] {
			return false
		}
		seen[int(x-low)] = true
	}
	return true
}

func meanWords(c *table.Column) float64 {
	words, n := 0, 0
	for i := range c.Len() {
		if c.Missing(i) {
			continue
		}
		n++
		if c.Kind == table.Text {
			words += len(strings.Fields(c.Texts[i]))
		} else {
			words += len(strings.Fields(c.Levels[c.Codes[i]]))
		}
	}
	return float64(words) / float64(max(n, 1))
}

// groups warns of identifiers that repeat: rows of the same customer on both
// sides of a random split make the figures too good.
func groups(in *Input, out *Result) {
	if in.GroupSplit != "" || in.TimeSplit != "" {
		return
	}
	for _, c := range in.Table.Columns() {
		if c.Role != table.Feature && c.Role != table.Identifier && c.Role != table.Info || !namesThings(c.Name) || c.Kind == table.Time {
			continue
		}
		if _, done := out.Roles[c.Name]; done {
			continue // found to be different in every row
		}
		n := present(c)
		d := distinct(c, n)
		if n < fewestIdentified || d >= int(uniqueShare*float64(n)) || d <= 100 || c.Kind == table.Number && !wholeNumbers(c.Numbers) {
			continue
		}
		out.Findings = append(out.Findings, table.Finding{
			Severity: table.Warning, Column: c.Name,
			Message: fmt.Sprintf("%q looks like the name of a customer or thing that has several rows (%d names in %d rows), and the split is random", c.Name, d, n),
			Rule:    "a name such as id, email or hash with more than 100 values, fewer than 99% of them different, and no split by group",
			Action:  in.assign(out, c.Name, table.Identifier), Suggestion: fmt.Sprintf("set data.split.by to \"group: %s\"", c.Name),
		})
	}
}

// codes notes numbers that may be codes without order.
func codes(in *Input, out *Result) {
	var names []string
	for _, c := range in.features() {
		if c.Kind != table.Number || !wholeNumbers(c.Numbers) {
			continue
		}
		if d := distinct(c, 13); d >= 3 && d <= 12 {
			names = append(names, fmt.Sprintf("%q", c.Name))
		}
	}
	if len(names) == 0 {
		return
	}
	shown := strings.Join(names[:min(10, len(names))], ", ")
	if len(names) > 10 {
		shown += fmt.Sprintf(" and %d more", len(names)-10)
	}
	out.Findings = append(out.Findings, table.Finding{
		Severity: table.Note,
		Message:  "whole numbers with few values may be counts or codes: " + shown,
		Rule:     "whole numbers with 3 to 12 different values", Action: "kept as numbers",
		Suggestion: "where they are codes without an order, set data.columns.NAME.kind to category",
	})
}

// mostlyMissing notes columns that hardly have values.
func mostlyMissing(in *Input, out *Result) {
	const much = 0.5
	for _, c := range in.features() {
		n := present(c)
		share := 1 - float64(n)/float64(max(1, c.Len()))
		if n == 0 || share < much {
			continue
		}
		rows := make([]int, 0, table.FindingRows)
		for i := 0; i < c.Len() && len(rows) < table.FindingRows; i++ {
			if c.Missing(i) {
				rows = append(rows, in.row(i))
			}
		}
		out.Findings = append(out.Findings, table.Finding{
			Severity: table.Note, Column: c.Name, Count: c.Len() - n, Rows: rows,
			Message: fmt.Sprintf("%q has no value in %.1f%% of the rows", c.Name, 100*share),
			Rule:    fmt.Sprintf("at least %g%% of the values are missing", 100*much), Action: "kept: that a value is missing may tell something",
		})
	}
}

// timeOrder warns of a random split where rows have a time.
func timeOrder(in *Input, out *Result) {
	if in.TimeSplit != "" || in.Target == "" {
		return
	}
	for _, c := range in.Table.Columns() {
		if !slices.Contains([]table.Role{table.Feature, table.Info}, c.Role) || distinct(c, 10) < 10 || !in.tellsTime(c) {
			continue
		}
		out.Findings = append(out.Findings, table.Finding{
			Severity: table.Warning, Column: c.Name,
			Message: fmt.Sprintf("rows have a time (%q), but the split is not by time: models are judged on rows older than some they learnt from", c.Name),
			Rule:    "a time column, or one of whole numbers named after a time whose values hardly repeat, with at least 10 different values, and no split by time", Action: "none",
			Suggestion: fmt.Sprintf("set data.split.by to \"time: %s\" if decisions are about the future", c.Name),
		})
	}
}

// tellsTime says whether a column orders rows by time.
func (in *Input) tellsTime(c *table.Column) bool {
	if c.Kind == table.Time {
		return true
	}
	if c.Kind != table.Number || !namesTimes(c.Name) || !wholeNumbers(c.Numbers) {
		return false
	}
	n := present(c)
	return n >= fewestIdentified && distinct(c, n) >= int(uniqueShare*float64(n))
}
