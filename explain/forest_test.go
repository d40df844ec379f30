package explain_test

import (
	"context"
	"math"
	"testing"

	"bespoke/explain"
	"bespoke/linear"
	"bespoke/model"
	"bespoke/trees"
)

// The reasons of a forest add up to its own raw output, move it to the same side
// as the sum of trees behind it, and are those for numbers.
func TestReasonsOfForests(t *testing.T) {
	tab, y := credit(t)
	three := make([]float64, len(y))
	for i := range three {
		three[i] = math.Mod(y[i]+float64(i%2), 3)
	}
	for _, e := range []model.Entry{trees.RandomForest, trees.ExtraTrees} {
		for _, c := range []struct {
			task     model.Task
			outcomes []string
			y        []float64
		}{
			{model.Binary, creditOutcomes, y},
			{model.Multiclass, []string{"a", "b", "c"}, three},
			{model.Regression, nil, y},
		} {
			s := fitted(t, e, c.task, c.outcomes, tab, c.y)
			width := len(s.Features.Features())
			a, err := explain.Of(s.Model, width)
			if err != nil {
				t.Fatal(err)
			}
			scores, err := s.Model.(*trees.Forest).Scores()
			if err != nil {
				t.Fatal(err)
			}
			sum, err := explain.Trees(scores)
			if err != nil {
				t.Fatal(err)
			}
			got, want := a.New(), sum.New()
			x := model.NewMatrix(s.Features.Features(), tab.Rows())
			if err := s.Features.Apply(tab, x); err != nil {
				t.Fatal(err)
			}
			for i := range 10 {
				a.Attribute(x.Row(i), got)
				sum.Attribute(x.Row(i), want)
				for _, raw := range got.Raw {
					if got.Gap > 1e-9*max(1, math.Abs(raw)) {
						t.Fatalf("%s, %s, row %d: gap %v of %v", e.Name, c.task, i, got.Gap, raw)
					}
				}
				for j := range got.Phi {
					if got.Phi[j]*want.Phi[j] < 0 || (c.task == model.Regression && got.Phi[j] != want.Phi[j]) {
						t.Fatalf("%s, %s, row %d: contribution %v; of the prediction %v", e.Name, c.task, i, got.Phi[j], want.Phi[j])
					}
				}
			}
			if c.task == model.Binary && e.Name == trees.RandomForest.Name {
				checkSavedReasons(t, averaged(t, s, fitted(t, linear.Logistic, c.task, c.outcomes, tab, c.y)))
			}
		}
	}
}

// A forest of one class says the same of every row, and nothing contributes.
func TestReasonsOfOneClass(t *testing.T) {
	in := model.Training{Task: model.Binary, Classes: []string{"a", "b"}, Threads: 1, X: model.NewMatrix([]model.Feature{{Name: "x"}}, 9), Y: make([]float64, 9)}
	m, err := trees.RandomForest.Fit(context.Background(), nil, in)
	if err != nil {
		t.Fatal(err)
	}
	e, err := explain.Of(m, 1)
	if err != nil {
		t.Fatal(err)
	}
	a := e.New()
	e.Attribute([]float64{3}, a)
	if a.Gap > 1e-9 || a.Phi[0] != 0 || a.Raw[0] > -30 {
		t.Errorf("base %v, contributions %v, raw %v, gap %v", a.Base, a.Phi, a.Raw, a.Gap)
	}
}
