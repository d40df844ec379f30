package solution_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"bespoke/ensemble"
	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/train"
	"bespoke/zoo"
)

// fitAll fits models of both encodings and the baseline.
func fitAll(t *testing.T, tab *table.Table, task model.Task, names ...string) []*solution.Solution {
	t.Helper()
	p, err := train.NewProblem(tab, task, zoo.All, 3)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]int, tab.Rows())
	for i := range rows {
		rows[i] = i
	}
	var out []*solution.Solution
	for _, name := range names {
		f, err := p.Fit(context.Background(), model.Candidate{Label: name, Model: name}, rows, train.Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f.Solution)
	}
	return out
}

// A mean predicts the mean of what its parts say, on a table and on one row,
// before and after it was saved.
func TestMean(t *testing.T) {
	for _, c := range []struct {
		task  model.Task
		tab   *table.Table
		names []string
	}{
		{model.Binary, tabletest.Loans(300, 4), []string{"linear.logistic.v1", "trees.boost.v1", "baseline.prior.v1", "trees.boost.v1"}},
		{model.Regression, tabletest.Prices(200, 4), []string{"trees.boost.v1", "linear.ridge.v1", "linear.elasticnet.v1", "baseline.prior.v1"}},
		{model.Binary, tabletest.Loans(60, 4), []string{"baseline.prior.v1", "baseline.prior.v1"}},
	} {
		parts := fitAll(t, c.tab, c.task, c.names...)
		weights := []float64{2, 1, 1, 1}[:len(parts)]
		s, err := solution.Mean(parts, weights)
		if err != nil {
			t.Fatal(err)
		}
		saved, err := s.Parts()
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := solution.Load(saved)
		if err != nil {
			t.Fatal(err)
		}
		got, err := loaded.Predict(c.tab, 2)
		if err != nil {
			t.Fatal(err)
		}
		total := 0.0
		for _, w := range weights {
			total += w
		}
		var each [][]float64
		shares := make([]float64, len(parts))
		for i, p := range parts {
			one, err := p.Predict(c.tab, 2)
			if err != nil {
				t.Fatal(err)
			}
			each, shares[i] = append(each, one), weights[i]/total
		}
		for i, want := range ensemble.Average(each, shares, s.Outputs()) {
			if math.Abs(got[i]-want) > 1e-10*(1+math.Abs(want)) {
				t.Fatalf("%s: prediction %d is %v, the mean of the parts %v", c.task, i, got[i], want)
			}
		}
		decidesLikeTheTable(t, s, c.tab, got)
	}
}

// A stack predicts what its parts say times the weights, with the constants, on
// a table and on one row, before and after it was saved.
func TestStack(t *testing.T) {
	tab := tabletest.Loans(300, 4)
	parts := fitAll(t, tab, model.Binary, "linear.logistic.v1", "trees.boost.v1")
	weights, intercepts := []float64{0.9, 0.4}, []float64{-0.2}
	s, err := solution.Stack(parts, weights, intercepts)
	if err != nil {
		t.Fatal(err)
	}
	saved, err := s.Parts()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := solution.Load(saved)
	if err != nil {
		t.Fatal(err)
	}
	got, err := loaded.Predict(tab, 2)
	if err != nil {
		t.Fatal(err)
	}
	var each [][]float64
	for _, p := range parts {
		one, err := p.Predict(tab, 2)
		if err != nil {
			t.Fatal(err)
		}
		each = append(each, one)
	}
	for i, want := range ensemble.Combine(each, weights, intercepts, 2) {
		if math.Abs(got[i]-want) > 1e-10*(1+math.Abs(want)) {
			t.Fatalf("prediction %d is %v, the stack of the parts %v", i, got[i], want)
		}
	}
	decidesLikeTheTable(t, s, tab, got)
}

func decidesLikeTheTable(t *testing.T, s *solution.Solution, tab *table.Table, want []float64) {
	t.Helper()
	conformed, _, err := tab.Conform(s.Schema)
	if err != nil {
		t.Fatal(err)
	}
	r := s.NewRow()
	for i := range 20 {
		r.Fill(conformed, i)
		if err := s.Decide(r); err != nil {
			t.Fatal(err)
		}
		for k, p := range r.Prediction {
			if math.Float64bits(p) != math.Float64bits(want[i*len(r.Prediction)+k]) {
				t.Fatalf("row %d alone is %v, in the table %v", i, r.Prediction, want[i*len(r.Prediction):][:len(r.Prediction)])
			}
		}
	}
	if n := testing.AllocsPerRun(50, func() { _ = s.Decide(r) }); n != 0 {
		t.Errorf("deciding a row makes %v allocations, want 0", n)
	}
}

// silent is a model without raw outputs.
type silent struct{ model.Fitted }

func TestMeanErrors(t *testing.T) {
	loans := fitAll(t, tabletest.Loans(60, 4), model.Binary, "linear.logistic.v1", "baseline.prior.v1")
	prices := fitAll(t, tabletest.Prices(60, 4), model.Regression, "linear.ridge.v1")
	mute := *loans[0]
	mute.Model = silent{mute.Model}
	for want, given := range map[string][]*solution.Solution{
		"0 solutions": nil, "another target": {loans[0], prices[0]}, "no raw outputs": {loans[1], &mute}, "2 solutions": loans,
	} {
		weights := []float64{1, 1}[:len(given)]
		if want == "2 solutions" {
			weights = weights[:1]
		}
		if _, err := solution.Mean(given, weights); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}
