package modeltest

import (
	"math"
	"testing"

	"bespoke/model"
)

// Explained checks that contributions add up to predictions, for every task that
// the entry handles: explain gives for a model what fills, for a row of features,
// the sum of all contributions to each raw output (see model.Raw), from which the
// prediction must follow by its link. How contributions are found is no part of
// the contract of models, so that Run can not check it.
func Explained(t *testing.T, e model.Entry, explain func(m model.Fitted, features int) (sum func(row, raw []float64), err error)) {
	t.Helper()
	for _, task := range e.Tasks {
		t.Run("explained "+task.String(), func(t *testing.T) {
			in := learnable(e.Encoding, task, 300, 41)
			m := mustFit(t, e, in)
			sum, err := explain(m, in.X.Cols())
			if err != nil {
				t.Fatal(err)
			}
			raw, got := make([]float64, model.RawOutputs(m.Outputs())), make([]float64, m.Outputs())
			for i := range 60 {
				row := in.X.Row(i)
				sum(row, raw)
				m.Predict(row, got)
				for k, p := range linked(m, raw) {
					if !(math.Abs(p-got[k]) <= 1e-9*max(1, math.Abs(p))) {
						t.Fatalf("row %d, output %d: contributions add up to %v, the prediction is %v", i, k, p, got[k])
					}
				}
			}
		})
	}
}

// linked is the prediction that belongs to raw outputs.
func linked(m model.Fitted, raw []float64) []float64 {
	switch {
	case m.Outputs() == 1 && model.IsLogarithmic(m):
		return []float64{math.Exp(raw[0])}
	case m.Outputs() == 1:
		return raw
	case m.Outputs() == 2:
		p := 1 / (1 + math.Exp(-raw[0]))
		return []float64{1 - p, p}
	}
	out, total := make([]float64, len(raw)), 0.0
	for k, z := range raw {
		out[k] = math.Exp(z)
		total += out[k]
	}
	for k := range out {
		out[k] /= total
	}
	return out
}
