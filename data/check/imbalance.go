package check

import (
	"fmt"

	"bespoke/table"
)

// imbalance notes classes that are rare in share or in number.
func imbalance(in *Input, out *Result) {
	const share, fewest = 0.1, 20
	target, ok := in.Table.Column(in.Target)
	if !ok || !in.Task.Classes() || target.Kind != table.Category {
		return
	}
	counts := make([]int, len(target.Levels))
	for _, k := range target.Codes {
		if k >= 0 {
			counts[k]++
		}
	}
	limit := share / float64(len(counts))
	for k, n := range counts {
		s := float64(n) / float64(max(1, len(target.Codes)))
		if s >= limit && n >= fewest {
			continue
		}
		out.Findings = append(out.Findings, table.Finding{
			Severity: table.Warning, Column: in.Target, Count: n,
			Message: fmt.Sprintf("outcome %q is rare: %d of %d rows (%.2f%%)", target.Levels[k], n, len(target.Codes), 100*s),
			Rule:    fmt.Sprintf("a share below %g divided by the %d outcomes, or fewer than %d rows", share, len(counts), fewest),
			Action:  "none: decisions are made by money and calibrated probabilities, which needs no resampling", Suggestion: "collect more rows of this outcome; its figures are uncertain",
		})
	}
}
