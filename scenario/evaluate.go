package scenario

import "fmt"

// Evaluate says how the final figures are made.
type Evaluate struct {
	// Metric is what the technology-driven choice maximises or minimises:
	// auc, log_loss, brier, accuracy, f1, rmse, mae, mape or r2, and of a ranking
	// ndcg, map or mrr; by default auc for classes, rmse for numbers and ndcg for
	// a ranking.
	Metric string `yaml:"metric,omitempty" json:"metric,omitempty" rule:"one=auc|log_loss|brier|accuracy|f1|rmse|mae|mape|r2|ndcg|map|mrr"`
	// Top is how many of the first rows of a query its NDCG looks at; 10 by
	// default. It is for a ranking alone.
	Top int `yaml:"top,omitempty" json:"top,omitempty" rule:"min=1 max=100000"`
	// Bootstrap is the number of resamples behind each interval.
	Bootstrap int `yaml:"bootstrap" json:"bootstrap" rule:"min=100 max=100000"`
	// Confidence is the level of intervals, from 50% to 99.9%.
	Confidence Percent `yaml:"confidence" json:"confidence" rule:"min=0.5 max=0.999"`
	// Calibration is the allowed range of realised over expected money.
	Calibration [2]float64 `yaml:"calibration" json:"calibration" rule:"min=0"`
	// Learning is how often the chosen model learns again from each of an
	// eighth, a quarter and half of the rows, to see what more rows would bring;
	// 0 leaves the learning curve out.
	Learning int `yaml:"learning" json:"learning" rule:"min=0 max=20"`
	// WhatIf lists changes of need and value to look at in the report, each with
	// a name, without training again.
	WhatIf WhatIfs `yaml:"whatif,omitempty" json:"whatif,omitempty"`
}

// rankMetrics are the metrics of a ranking.
var rankMetrics = []string{"ndcg", "map", "mrr"}

// First is how many of the first rows of a query count: Top, or 10.
func (e Evaluate) First() int {
	if e.Top == 0 {
		return 10
	}
	return e.Top
}

func (e Evaluate) check(r *report) {
	e.WhatIf.check(r)
	if low, high := e.Calibration[0], e.Calibration[1]; !(low > 0 && low <= 1 && high >= 1) {
		r.add("evaluate.calibration", codeRange, fmt.Sprintf("must hold 1 and begin above 0, got [%s, %s]", formatNumber(low), formatNumber(high)), "such as [0.9, 1.1]: realised money from 90% to 110% of what was expected")
	}
}

// Explain says how much explanation the report holds.
type Explain struct {
	// Repeats is the number of shuffles per column of permutation importance.
	Repeats int `yaml:"repeats" json:"repeats" rule:"min=1 max=100"`
	// Rows is how many held-out rows are explained one by one.
	Rows int `yaml:"rows" json:"rows" rule:"min=0 max=1000"`
	// Drop is for how many columns, the most important ones, the model learns
	// again without them, to see what each is worth; 0 leaves that out.
	Drop int `yaml:"drop" json:"drop" rule:"min=0 max=100"`
}
