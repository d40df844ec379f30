package explain_test

import (
	"math"
	"slices"
	"testing"

	"bespoke/ensemble"
	"bespoke/explain"
	"bespoke/linear"
	"bespoke/model"
	"bespoke/solution"
	"bespoke/trees"
	"bespoke/zoo"
)

// averaged joins solutions of the same table into one, with equal weights.
func averaged(t testing.TB, parts ...*solution.Solution) *solution.Solution {
	t.Helper()
	mean, err := solution.Mean(parts, slices.Repeat([]float64{1}, len(parts)))
	if err != nil {
		t.Fatal(err)
	}
	return mean
}

// The reasons of a mean are the mean of its members' reasons, and add up to its
// own output.
func TestReasonsOfMean(t *testing.T) {
	tab, y := credit(t)
	three := make([]float64, len(y))
	for i := range three {
		three[i] = float64(i % 3)
	}
	for _, c := range []struct {
		task     model.Task
		outcomes []string
		y        []float64
		first    model.Entry
	}{
		{model.Binary, creditOutcomes, y, linear.Logistic},
		{model.Multiclass, []string{"a", "b", "c"}, three, linear.Logistic},
		{model.Regression, nil, y, linear.Ridge},
	} {
		parts := []*solution.Solution{
			fitted(t, c.first, c.task, c.outcomes, tab, c.y),
			fitted(t, trees.Boost, c.task, c.outcomes, tab, c.y),
			fitted(t, zoo.Prior, c.task, c.outcomes, tab, c.y),
		}
		mean := averaged(t, parts...)
		e, err := explain.New(mean)
		if err != nil {
			t.Fatal(err)
		}
		var own []*explain.Explainer
		for _, p := range parts {
			one, err := explain.New(p)
			if err != nil {
				t.Fatal(err)
			}
			own = append(own, one)
		}
		for row := range 100 {
			got, err := e.Row(tab, row, 1, 0, e.NewScratch())
			if c.task != model.Multiclass {
				got, err = e.Row(tab, row, explain.Predicted, 0, e.NewScratch())
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Gap > 1e-12 || math.Abs(sumOf(got)-got.Raw) > 1e-12 {
				t.Fatalf("%s, row %d: gap %v, the parts sum to %v of %v", c.task, row, got.Gap, sumOf(got), got.Raw)
			}
			want, raw := map[string]float64{}, 0.0
			for i, one := range own {
				r, err := one.Row(tab, row, got.Output, 0, one.NewScratch())
				if err != nil {
					t.Fatal(i, err)
				}
				raw += r.Raw / 3
				for _, k := range r.Contributions {
					want[k.Column] += k.Amount / 3
				}
			}
			near(t, "raw output", got.Raw, raw, 1e-12)
			for _, k := range got.Contributions {
				near(t, k.Column, k.Amount, want[k.Column], 1e-12)
			}
		}
		checkSavedReasons(t, mean)
	}
}

// checkSavedReasons loads the solution again and compares attributions to the
// bit, without allocation.
func checkSavedReasons(t *testing.T, s *solution.Solution) {
	t.Helper()
	parts, err := s.Parts()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := solution.Load(parts)
	if err != nil {
		t.Fatal(err)
	}
	width := len(s.Features.Features())
	a, err := explain.Of(s.Model, width)
	if err != nil {
		t.Fatal(err)
	}
	b, err := explain.Of(loaded.Model, width)
	if err != nil {
		t.Fatal(err)
	}
	row := make([]float64, width)
	for j := range row {
		row[j] = float64(j % 3)
	}
	one, two := a.New(), b.New()
	a.Attribute(row, one)
	b.Attribute(row, two)
	for j, phi := range one.Phi {
		if math.Float64bits(phi) != math.Float64bits(two.Phi[j]) {
			t.Fatalf("contribution %d is %v, loaded %v", j, phi, two.Phi[j])
		}
	}
	if n := testing.AllocsPerRun(20, func() { a.Attribute(row, one) }); n != 0 {
		t.Errorf("Attribute makes %v allocations, want 0", n)
	}
}

// The reasons of a stack are those of its members times the weights; its
// constant is no reason and belongs to what every row begins with.
func TestReasonsOfStack(t *testing.T) {
	tab, y := credit(t)
	parts := []*solution.Solution{
		fitted(t, linear.Logistic, model.Binary, creditOutcomes, tab, y),
		fitted(t, trees.Boost, model.Binary, creditOutcomes, tab, y),
	}
	weights := []float64{0.8, 0.5}
	stack, err := solution.Stack(parts, weights, []float64{0.3})
	if err != nil {
		t.Fatal(err)
	}
	e, err := explain.New(stack)
	if err != nil {
		t.Fatal(err)
	}
	for row := range 50 {
		got, err := e.Row(tab, row, 1, 0, e.NewScratch())
		if err != nil {
			t.Fatal(err)
		}
		if got.Gap > 1e-12 || math.Abs(sumOf(got)-got.Raw) > 1e-12 {
			t.Fatalf("row %d: gap %v, the parts sum to %v of %v", row, got.Gap, sumOf(got), got.Raw)
		}
		want, raw := map[string]float64{}, 0.3
		for i, p := range parts {
			one, err := explain.New(p)
			if err != nil {
				t.Fatal(err)
			}
			r, err := one.Row(tab, row, 1, 0, one.NewScratch())
			if err != nil {
				t.Fatal(err)
			}
			raw += weights[i] * r.Raw
			for _, k := range r.Contributions {
				want[k.Column] += weights[i] * k.Amount
			}
		}
		near(t, "raw output", got.Raw, raw, 1e-12)
		for _, k := range got.Contributions {
			near(t, k.Column, k.Amount, want[k.Column], 1e-12)
		}
	}
	checkSavedReasons(t, stack)
}

// A member that no exact method knows leaves the mean without reasons.
func TestMeanOfStrangeModels(t *testing.T) {
	tab, y := credit(t)
	s := fitted(t, linear.Logistic, model.Binary, creditOutcomes, tab, y)
	m, err := ensemble.New([]ensemble.Member{{Model: odd{s.Model.(*linear.Model)}, Weight: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := explain.Of(m, m.Inputs()); err == nil {
		t.Error("a member of an unknown kind was explained")
	}
}

type odd struct{ *linear.Model }
