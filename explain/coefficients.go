package explain

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"bespoke/model"
)

// Coefficients is what a linear model says about each feature.
type Coefficients struct {
	// Outputs names the raw outputs: the target's classes for multiclass, the
	// positive class for binary, "" for regression.
	Outputs []string `json:"outputs"`
	// Intercepts are the raw outputs at the point where every feature is 0.
	Intercepts []float64 `json:"intercepts"`
	// Rows have the largest magnitude of Standardised first.
	Rows []Coefficient `json:"rows"`
}

// Coefficient is the weight of one feature in one raw output.
type Coefficient struct {
	// Feature is what the model reads; Source the table column it comes from.
	Feature string `json:"feature"`
	Source  string `json:"source"`
	// Output is the raw output, as in Coefficients.Outputs.
	Output string `json:"output,omitempty"`
	// Weight is what one unit of the feature adds to the raw output.
	Weight float64 `json:"weight"`
	// Standardised is what one standard deviation of the feature over the
	// training rows adds: it compares across features.
	Standardised float64 `json:"standardised"`
	// OddsRatio is by what one unit of the feature multiplies the odds of the
	// class: exp(Weight). For three or more classes they are odds against the
	// geometric mean of all classes. 0 for regression.
	OddsRatio float64 `json:"odds_ratio,omitempty"`
}

// deviated is a linear model that knows how far its features spread.
type deviated interface{ Deviations() []float64 }

// CoefficientsOf lists the coefficients of a linear model on the features it
// was trained on. outcomes are the class names, nil for regression.
func CoefficientsOf(m model.Linear, features []model.Feature, outcomes []string) (*Coefficients, error) {
	weights, intercepts := m.Coefficients()
	out := &Coefficients{Intercepts: slices.Clone(intercepts), Outputs: outcomes}
	switch {
	case len(outcomes) == 0:
		out.Outputs = []string{""}
	case len(outcomes) == 2:
		out.Outputs = outcomes[1:]
	}
	if len(weights) != len(out.Outputs) {
		return nil, fmt.Errorf("explain: coefficients of %s: it has %d raw outputs; %d outcomes do not fit", m.Name(), len(weights), len(outcomes))
	}
	for k, w := range weights {
		if len(w) != len(features) {
			return nil, fmt.Errorf("explain: coefficients of %s: %d weights for %d features", m.Name(), len(w), len(features))
		}
		for j, f := range features {
			c := Coefficient{Feature: f.Name, Source: f.Source, Output: out.Outputs[k], Weight: w[j], Standardised: w[j]}
			if d, ok := m.(deviated); ok {
				c.Standardised *= d.Deviations()[j]
			}
			if len(outcomes) > 0 {
				c.OddsRatio = min(math.Exp(w[j]), math.MaxFloat64) // JSON has no infinity
			}
			out.Rows = append(out.Rows, c)
		}
	}
	slices.SortStableFunc(out.Rows, func(a, b Coefficient) int {
		return cmp.Compare(math.Abs(b.Standardised), math.Abs(a.Standardised))
	})
	return out, nil
}
