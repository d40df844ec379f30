package source

import (
	"fmt"
	"strconv"
	"strings"

	"bespoke/table"
)

// uniqueNames gives empty names a number and repeated names a suffix, with a
// finding for each.
func uniqueNames(names []string, file string) ([]string, []table.Finding) {
	var findings []table.Finding
	taken := make(map[string]bool, len(names))
	for _, n := range names {
		taken[n] = true
	}
	seen := make(map[string]bool, len(names))
	out := make([]string, len(names))
	for i, n := range names {
		unique := n
		if n == "" {
			unique = "column_" + strconv.Itoa(i+1)
		}
		for k := 2; seen[unique] || unique != n && taken[unique]; k++ {
			base := n
			if n == "" {
				base = "column_" + strconv.Itoa(i+1)
			}
			unique = base + "_" + strconv.Itoa(k)
		}
		seen[unique] = true
		out[i] = unique
		switch {
		case n == "":
			findings = append(findings, table.Finding{
				Check: "names", Severity: table.Note, Column: unique,
				Message: fmt.Sprintf("%s: column %d has no name", file, i+1),
				Rule:    "a column needs a name", Action: fmt.Sprintf("named %q", unique),
			})
		case unique != n:
			findings = append(findings, table.Finding{
				Check: "names", Severity: table.Warning, Column: unique,
				Message: fmt.Sprintf("%s: the name %q appears again, at column %d", file, n, i+1),
				Rule:    "column names must differ", Action: fmt.Sprintf("renamed %q", unique),
				Suggestion: "rename one of the columns in the source",
			})
		}
	}
	return out, findings
}

func trimmed(cells []string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = strings.TrimSpace(c)
	}
	return out
}
