package explain_test

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bespoke/explain"
	"bespoke/features"
	"bespoke/linear"
	"bespoke/model"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/text"
	"bespoke/trees"
)

// spoken draws rows with a text, of which some words tell the outcome, and a
// number that tells a little.
func spoken(t *testing.T, rows int) (*table.Table, []float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 3))
	words := strings.Fields("good bad fine awful the a this that of to film food place time people very not so and but")
	texts, numbers, y := make([]string, rows), make([]float64, rows), make([]float64, rows)
	for i := range rows {
		score := r.NormFloat64()
		numbers[i] = score
		for range 3 + r.IntN(6) {
			w := r.IntN(len(words))
			texts[i] += words[w] + " "
			if w < 4 {
				score += 2 - 4*float64(w%2)
			}
		}
		if score > 0 {
			y[i] = 1
		}
	}
	tab, err := table.New(table.NewText("review", texts), table.NewNumber("n", numbers))
	if err != nil {
		t.Fatal(err)
	}
	return tab, y
}

func learnt(t *testing.T, e model.Entry, task model.Task, outcomes []string, tab *table.Table, y []float64) *solution.Solution {
	t.Helper()
	steps, x, err := features.Fit(tab, y, features.Options{
		Encoding: e.Encoding, Task: task, Classes: len(outcomes), Seed: 1, Sparse: e.Sparse, Wide: &features.Wide{Of: text.Words},
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := e.Fit(context.Background(), nil, model.Training{Task: task, X: x, Y: y, Classes: outcomes, Seed: 1, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	return &solution.Solution{Task: task, Target: "y", Outcomes: outcomes, Schema: steps.Inputs(), Features: steps, Model: m}
}

// A model that reads words, alone and in a mean with trees that do not, is
// explained as any other: reasons add up, the average contribution of a column
// over the training rows is 0, and table and row agree to the bit.
func TestReasonsOfWords(t *testing.T) {
	tab, y := spoken(t, 300)
	outcomes := []string{"no", "yes"}
	alone := learnt(t, linear.Logistic, model.Binary, outcomes, tab, y)
	if model.SparseInputs(alone.Model) < 50 {
		t.Fatalf("reads %d words", model.SparseInputs(alone.Model))
	}
	boost := learnt(t, trees.Boost, model.Binary, outcomes, tab, y)
	for name, s := range map[string]*solution.Solution{
		"alone": alone, "mean": averaged(t, boost, alone, alone),
		"number": learnt(t, linear.Ridge, model.Regression, nil, tab, y),
	} {
		all, err := s.Predict(tab, 2)
		if err != nil {
			t.Fatal(err)
		}
		e, err := explain.New(s)
		if err != nil {
			t.Fatal(err)
		}
		scratch, k, mean := e.NewScratch(), s.Outputs(), 0.0
		row := s.NewRow()
		for i := range y {
			r, err := e.Row(tab, i, explain.Predicted, 0, scratch)
			if err != nil {
				t.Fatal(err)
			}
			if r.Gap > 1e-9 || r.Prediction != all[(i+1)*k-1] {
				t.Errorf("%s: row %d: gap %v, prediction %v, of the table %v", name, i, r.Gap, r.Prediction, all[(i+1)*k-1])
			}
			sum := r.Base + r.Rest
			for _, c := range r.Contributions {
				sum += c.Amount
				if c.Column == "review" {
					mean += c.Amount / float64(len(y))
				}
			}
			if math.Abs(sum-r.Raw) > 1e-9 {
				t.Errorf("%s: row %d: reasons add up to %v, not to %v", name, i, sum, r.Raw)
			}
			row.Clear()
			row.Fill(tab, i)
			if err := s.Decide(row); err != nil || row.Prediction[k-1] != all[(i+1)*k-1] {
				t.Errorf("%s: row %d decided alone: %v, %v", name, i, row.Prediction, err)
			}
		}
		if name != "mean" && math.Abs(mean) > 1e-6 {
			t.Errorf("%s: the text adds %v on average, want 0", name, mean)
		}
		if _, err := e.Summary(t.Context(), tab, 2); err != nil {
			t.Error(err)
		}
		if n := testing.AllocsPerRun(100, func() { _ = s.Decide(row) }); n != 0 {
			t.Errorf("%s: deciding makes %v allocations, want 0", name, n)
		}
	}
	if data, err := alone.Model.MarshalBinary(); err != nil || !bytes.Contains(data, []byte("wide_means")) {
		t.Errorf("saved without means: %v", err)
	}
}
