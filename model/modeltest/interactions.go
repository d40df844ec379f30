package modeltest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"bespoke/model"
)

// checkInteractions holds a model that says it keeps to Training.Interactions
// to that: on the scale of predictions or of raw outputs, what a feature does must
// not depend on one that it shares no set with. So for two such features and any row, the outputs after
// changing one, the other and both must differ as those of a sum do.
func checkInteractions(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 400, 31)
	in.Interactions = [][]int{{0, 3}, {3, 7}}
	refused(t, e, nil, in, "feature 7")
	if !e.Separates {
		t.Skip("the entry does not say that it keeps to Training.Interactions")
	}
	// 0 with 3, 3 with 1; 2, which is in no set, with none.
	in.Interactions = [][]int{{0, 3}, {3, 1}}
	for i := range in.Y { // something that only 0 and 1 together tell
		x := in.X.Row(i)
		if x[0] > 0 == (x[1] > 0) {
			in.Y[i] = in.Y[(i+1)%len(in.Y)]
		}
	}
	m := mustFit(t, e, in)
	predict := func(row []float64) []float64 {
		out := make([]float64, m.Outputs())
		m.Predict(row, out)
		return out
	}
	if mixing(in.X, predict) == "" {
		return
	}
	shows, ok := m.(model.Raw)
	if !ok {
		t.Fatal("a model that keeps to interactions must predict a sum, or implement model.Raw, which shows it")
	}
	raw := func(row []float64) []float64 {
		out := make([]float64, model.RawOutputs(m.Outputs()))
		shows.Raw(row, out)
		return out
	}
	if msg := mixing(in.X, raw); msg != "" {
		t.Fatal(msg)
	}
}

// mixing says which features that share no set do something together; nothing
// where the outputs are a sum.
func mixing(x *model.Matrix, outputs func(row []float64) []float64) string {
	for _, pair := range [][2]int{{0, 1}, {0, 2}, {1, 2}, {2, 3}} {
		for i := range 60 {
			row, other := x.Row(i), x.Row(i+60)
			a, b, both := slices.Clone(row), slices.Clone(row), slices.Clone(row)
			a[pair[0]], b[pair[1]] = other[pair[0]], other[pair[1]]
			both[pair[0]], both[pair[1]] = other[pair[0]], other[pair[1]]
			none, first, second, all := outputs(row), outputs(a), outputs(b), outputs(both)
			for k := range none {
				if d := none[k] - first[k] - second[k] + all[k]; math.Abs(d) > 1e-9*(1+math.Abs(none[k])) {
					return fmt.Sprintf("features %d and %d share no set; row %d, output %d: together they add %v to what each adds", pair[0], pair[1], i, k, d)
				}
			}
		}
	}
	return ""
}
