package check

import (
	"fmt"

	"bespoke/table"
)

// constant takes columns out that hold nothing to learn from: no value at all,
// or the same value in every row. A column that has one value in some rows and
// none in others stays, because being there may tell something.
func constant(in *Input, out *Result) {
	for _, c := range in.features() {
		if distinct(c, 2) > 1 {
			continue
		}
		n := present(c)
		switch n {
		case 0:
			out.Findings = append(out.Findings, table.Finding{
				Severity: table.Warning, Column: c.Name,
				Message: fmt.Sprintf("%q has no value in any of %d rows", c.Name, c.Len()),
				Rule:    "a column needs a value", Action: in.assign(out, c.Name, table.Constant),
				Suggestion: "look whether the export lost the column",
			})
		case c.Len():
			out.Findings = append(out.Findings, table.Finding{
				Severity: table.Note, Column: c.Name,
				Message: fmt.Sprintf("%q has the same value in every row: %v", c.Name, c.Value(0)),
				Rule:    "a column needs two different values", Action: in.assign(out, c.Name, table.Constant),
			})
		}
	}
}
