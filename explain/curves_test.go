package explain_test

import (
	"math"
	"slices"
	"testing"

	"bespoke/additive"
	"bespoke/explain"
	"bespoke/model"
)

// The curves that are reported are those of the model: the categories have their
// names, intervals join, and the strongest stand first.
func TestCurvesOfCredit(t *testing.T) {
	tab, y := credit(t)
	s := fitted(t, additive.Boost, model.Binary, creditOutcomes, tab, y)
	m := s.Model.(*additive.Model)
	c, err := explain.CurvesOf(m, s.Features.LevelNames, s.Outcomes, 6)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Features) != 6 || c.Others == 0 || len(c.Features)+c.Others+len(c.Pairs) != len(m.Terms) || c.Outputs[0] != "bad" {
		t.Errorf("%d curves, %d others, %d pairs of %d terms; outputs %q", len(c.Features), c.Others, len(c.Pairs), len(m.Terms), c.Outputs)
	}
	numbers := 0
	for i, f := range c.Features {
		if i > 0 && f.Strength > c.Features[i-1].Strength {
			t.Errorf("%s is stronger than the curve before", f.Feature)
		}
		sum, rows := 0.0, 0.0
		for j, p := range f.Points {
			sum += p.Rows * p.Values[0]
			rows += p.Rows
			switch {
			case f.Category && p.Name == "":
				t.Errorf("%s: a category without name", f.Feature)
			case !f.Category && p.Name == "" && j > 0 && *p.From != *f.Points[j-1].To:
				t.Errorf("%s: from %v after %v", f.Feature, *p.From, *f.Points[j-1].To)
			}
		}
		if !f.Category {
			numbers++
		}
		if math.Abs(sum) > 1e-8 || rows != float64(len(y)) {
			t.Errorf("%s: sums to %v over %v rows", f.Feature, sum, rows)
		}
	}
	if numbers == 0 || numbers == len(c.Features) {
		t.Errorf("%d numbers of %d curves: the test would show less", numbers, len(c.Features))
	}
	first := c.Features[0]
	if first.Feature == "checking_status" && !slices.ContainsFunc(first.Points, func(p explain.CurvePoint) bool { return p.Name == "no checking" }) {
		t.Errorf("categories of %s: %+v", first.Feature, first.Points)
	}
	if _, err := explain.CurvesOf(m, s.Features.LevelNames, []string{"a", "b", "c"}, 6); err == nil {
		t.Error("three outcomes of a binary model: no error")
	}
}
