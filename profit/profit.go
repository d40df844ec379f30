// Package profit has the yardsticks of the literature that need nothing but
// labels, scores and costs: savings, cut-offs, net benefit, the maximum profit
// measures of churn, credit and acquisition, profits of rankings, and the value
// of treatments from a random log. They are for comparing with papers and other
// tools; the Sheet of package value is the general form.
//
// In all of them label 1 is the case of interest (a churner, a bad loan, a
// buyer), larger scores mean it is more likely, and money is per row on average.
package profit

import "fmt"

// MaximumProfit is a profit with the share of rows acted on and the score of
// the last of them.
type MaximumProfit struct {
	Profit float64 `json:"profit"`
	Share  float64 `json:"share"`
	Cut    float64 `json:"cut"`
}

func checkScores(label, score []float64) error {
	if len(label) == 0 || len(label) != len(score) {
		return fmt.Errorf("profit: scores: %d labels and %d scores, they must be equal and not 0", len(label), len(score))
	}
	for i, y := range label {
		if y != 0 && y != 1 {
			return fmt.Errorf("profit: scores: row %d has the label %v, it must be 0 or 1", i+1, y)
		}
		if !finite(score[i]) {
			return fmt.Errorf("profit: scores: row %d has the score %v, it must be finite", i+1, score[i])
		}
	}
	return nil
}

func finite(v float64) bool { return v-v == 0 }
