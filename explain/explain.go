// Package explain says why: which columns a solution depends on, in the loss
// of a metric and in money, and what made it say what it said about one row.
//
// There is one file per method:
//
//	permutation.go   what is lost when a column is shuffled, with intervals
//	coefficients.go  what a linear model says about each feature
//	curves.go        what an additive model says about each feature
//	attribute.go     one row's raw output as a sum over features
//	trees.go         the same for trees, exactly (path-dependent SHAP values)
//	mean.go          the same for a mean of models
//	pairs.go         interactions of two features in trees
//	row.go           the reasons for one row, per column of the raw table
//	summary.go       reasons of many rows, as one figure per column
//
// Every attribution carries its own certificate: the gap between the sum of the
// parts and what the model itself computed. It is rounding noise, about 1e-12,
// or the explanation is wrong and says so.
//
//	e, err := explain.New(s)
//	reasons, err := e.Row(t, 17, explain.Predicted, 5, e.NewScratch())
//	for _, c := range reasons.Contributions {
//		fmt.Println(c.Column, "=", c.Value, c.Amount)
//	}
package explain

import "errors"

// ErrNoAttribution marks a model that none of the exact methods can split into
// contributions. Permutation still works on it.
var ErrNoAttribution = errors.New("no exact attribution for this model")

// Interval is an estimate with its 95 % confidence interval.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}
