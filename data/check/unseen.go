package check

import (
	"fmt"
	"strings"

	"bespoke/table"
)

// unseen notes levels that only the held-out rows have: models treat them as
// missing.
func unseen(in *Input, out *Result) {
	for _, c := range in.features() {
		if c.Kind != table.Category {
			continue
		}
		known := make([]bool, len(c.Levels))
		for _, r := range in.Split.Development {
			if k := c.Codes[r]; k >= 0 {
				known[k] = true
			}
		}
		var rows []int
		var levels []string
		shown := make([]bool, len(c.Levels))
		for _, r := range in.Split.Test {
			k := c.Codes[r]
			if k < 0 || known[k] {
				continue
			}
			rows = append(rows, r)
			if !shown[k] && len(levels) < 5 {
				levels = append(levels, fmt.Sprintf("%q", c.Levels[k]))
			}
			shown[k] = true
		}
		if len(rows) == 0 {
			continue
		}
		out.Findings = append(out.Findings, table.Finding{
			Severity: table.Note, Column: c.Name, Count: len(rows), Rows: in.firstRows(rows),
			Message: fmt.Sprintf("%d held-out rows have levels of %q that no other row has (%s)", len(rows), c.Name, strings.Join(levels, ", ")),
			Rule:    "a level of a held-out row that no development row has", Action: "treated as missing, as they will be when deciding",
		})
	}
}
