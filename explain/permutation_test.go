package explain_test

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"bespoke/explain"
	"bespoke/model"
	"bespoke/table"
	"bespoke/trees"

	"github.com/google/go-cmp/cmp"
)

// The importances of the diabetes tree lie where scikit-learn's lie.
func TestDiabetesImportances(t *testing.T) {
	var p peers
	readJSON(t, "testdata/trees.json", &p)
	m := modelOf(t, 1, 10, []trees.Tree{treeOf(p.Cases[0].Trees[0])})
	var d struct {
		Used               []int
		Columns            [][]float64
		Target, Importance []float64
		Tolerance          float64
		Reason             string
	}
	readJSON(t, "testdata/diabetes.json", &d)
	var columns []*table.Column
	var names []string
	for i, j := range d.Used {
		names = append(names, "f"+strconv.Itoa(j))
		columns = append(columns, table.NewNumber(names[i], d.Columns[i]))
	}
	tab, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	predict := func(t *table.Table) ([]float64, error) {
		out, row := make([]float64, t.Rows()), make([]float64, 10)
		for i := range out {
			for c, j := range d.Used {
				row[j] = t.Columns()[c].Numbers[i]
			}
			m.Predict(row, out[i:i+1])
		}
		return out, nil
	}
	score := explain.MetricScore(model.Regression, d.Target)
	got, err := explain.Permutation(t.Context(), tab, names, predict, []explain.Score{score}, explain.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range d.Importance {
		f := got[i].Effects[0]
		near(t, got[i].Column, f.Value, want, d.Tolerance)
		if half := f.High - f.Value; !(half > 0 && half < 0.15) {
			t.Errorf("%s: interval %+v", got[i].Column, f)
		}
	}
	// What the reference states.
	for i, want := range []float64{.0211, .4909, .0225, .2984} {
		near(t, got[i].Column+" of the reference", got[i].Effects[0].Value, want, 0.05)
	}
}

// small is a table of two columns and a model that predicts the first.
func small(t *testing.T) (*table.Table, func(*table.Table) ([]float64, error)) {
	t.Helper()
	a, b := make([]float64, 50), make([]float64, 50)
	for i := range a {
		a[i], b[i] = float64(i), float64(i*i%17)
	}
	tab, err := table.New(table.NewNumber("a", a), table.NewNumber("b", b))
	if err != nil {
		t.Fatal(err)
	}
	return tab, func(t *table.Table) ([]float64, error) {
		c, _ := t.Column("a")
		return c.Numbers, nil
	}
}

func TestPermutationOfKnownModel(t *testing.T) {
	tab, predict := small(t)
	a, _ := tab.Column("a")
	scores := []explain.Score{explain.MetricScore(model.Regression, a.Numbers)}
	run := func(columns []string, opt explain.Options) []explain.Importance {
		out, err := explain.Permutation(t.Context(), tab, columns, predict, scores, opt)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	both := run([]string{"a", "b"}, explain.Options{Seed: 3, Threads: 2, Repeats: 40})
	// A perfect model that loses its only column is off by twice the variance.
	if f := both[0].Effects[0]; math.Abs(f.Value-2) > 0.15 || f.Low >= f.Value || f.High <= f.Value {
		t.Errorf("the column the model reads: %+v, want about 2", f)
	}
	if d := cmp.Diff(explain.Interval{}, both[1].Effects[0].Interval); d != "" {
		t.Errorf("a column the model ignores is worth something:\n%s", d)
	}
	if d := cmp.Diff(both[:1], run([]string{"a"}, explain.Options{Seed: 3, Threads: 1, Repeats: 40})); d != "" {
		t.Errorf("a column's shuffles hang on the other columns:\n%s", d)
	}
	if d := cmp.Diff(both, run([]string{"a", "b"}, explain.Options{Seed: 4, Threads: 2, Repeats: 40})); d == "" {
		t.Error("another seed gives the same shuffles")
	}
	if a.Numbers[7] != 7 {
		t.Error("the table was shuffled in place")
	}
}

// The interval covers the truth about as often as it says: on many draws of
// rows, the effect of the infinite population lies inside 95 % of the time.
func TestIntervalCovers(t *testing.T) {
	inside, draws := 0, 300
	for seed := range uint64(draws) {
		n := 150
		x, y := make([]float64, n), make([]float64, n)
		in := newRand(seed)
		for i := range x {
			x[i] = in.NormFloat64()
			y[i] = x[i] + in.NormFloat64()
		}
		tab, err := table.New(table.NewNumber("x", x))
		if err != nil {
			t.Fatal(err)
		}
		predict := func(t *table.Table) ([]float64, error) { return t.Columns()[0].Numbers, nil }
		squared := explain.Score{Name: "squared error", Scale: 1, Losses: func(p []float64) ([]float64, error) {
			out := make([]float64, n)
			for i := range out {
				out[i] = (p[i] - y[i]) * (p[i] - y[i])
			}
			return out, nil
		}}
		im, err := explain.Permutation(t.Context(), tab, []string{"x"}, predict, []explain.Score{squared}, explain.Options{Seed: seed, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		if f := im[0].Effects[0]; f.Low <= 2 && 2 <= f.High { // E (x'-y)^2 - E (x-y)^2 = 3 - 1
			inside++
		}
	}
	if share := float64(inside) / float64(draws); share < 0.90 || share > 0.995 {
		t.Errorf("the truth lies inside %v of the 95 %% intervals", share)
	}
}

func TestPermutationErrors(t *testing.T) {
	tab, predict := small(t)
	ctx := t.Context()
	zero := explain.Score{Name: "zero", Scale: 1, Losses: func(p []float64) ([]float64, error) { return make([]float64, len(p)), nil }}
	broken := errors.New("out of order")
	if _, err := explain.Permutation(ctx, tab, []string{"c"}, predict, nil, explain.Options{}); err == nil || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("an unknown column: %v", err)
	}
	if _, err := explain.Permutation(ctx, tab, nil, predict, nil, explain.Options{Repeats: -1}); err == nil {
		t.Error("-1 repeats: no error")
	}
	if _, err := explain.Permutation(ctx, tab.Take(nil), []string{"a"}, predict, nil, explain.Options{}); err == nil {
		t.Error("no rows: no error")
	}
	fails := func(*table.Table) ([]float64, error) { return nil, broken }
	if _, err := explain.Permutation(ctx, tab, []string{"a"}, fails, nil, explain.Options{}); !errors.Is(err, broken) {
		t.Errorf("a prediction that fails: %v", err)
	}
	short := explain.Score{Name: "short", Losses: func([]float64) ([]float64, error) { return []float64{1}, nil }}
	if _, err := explain.Permutation(ctx, tab, []string{"a"}, predict, []explain.Score{short}, explain.Options{}); err == nil || !strings.Contains(err.Error(), "short") {
		t.Errorf("a score with one loss: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := explain.Permutation(cancelled, tab, []string{"a"}, predict, []explain.Score{zero}, explain.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	one, err := explain.Permutation(ctx, tab.Take([]int{3}), []string{"a"}, predict, []explain.Score{zero}, explain.Options{})
	if err != nil || one[0].Effects[0].Interval != (explain.Interval{}) {
		t.Errorf("one row: %+v, %v", one, err)
	}
	if _, err := explain.MetricScore(model.Binary, []float64{0, 2}).Losses([]float64{1, 0, 0, 1}); err == nil {
		t.Error("class 2 of two: no error")
	}
	if _, err := explain.MetricScore(model.Regression, []float64{0, 2}).Losses([]float64{1}); err == nil {
		t.Error("one prediction for two rows: no error")
	}
	constant, err := explain.MetricScore(model.Regression, []float64{4, 4}).Losses([]float64{4, 5})
	if err != nil || constant[0] != 0 || constant[1] != 1 {
		t.Errorf("losses for a constant target: %v, %v", constant, err)
	}
}
