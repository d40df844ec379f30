package modeltest

import (
	"context"
	"math"
	"testing"

	"bespoke/model"
)

func checkShapes(t *testing.T, e model.Entry, task model.Task) {
	for _, rows := range []int{30, 31, 257} {
		in := learnable(e.Encoding, task, rows, 2)
		predictAll(t, mustFit(t, e, in), task, in.X)
	}
	in := learnable(e.Encoding, task, 40, 2)
	in.Threads = 1
	in.Valid = ptr(learnable(e.Encoding, task, 25, 3))
	predictAll(t, mustFit(t, e, in), task, in.Valid.X)
}

func ptr[T any](v T) *T { return &v }

func checkInputKept(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 60, 4)
	in.Weights = make([]float64, 60)
	for i := range in.Weights {
		in.Weights[i] = 1 + float64(i%3)
	}
	in.Valid = ptr(learnable(e.Encoding, task, 20, 5))
	before, valid := copied(in), copied(*in.Valid)
	mustFit(t, e, in)
	sameBits(t, "features", in.X.Values, before.X.Values)
	sameBits(t, "targets", in.Y, before.Y)
	sameBits(t, "weights", in.Weights, before.Weights)
	sameBits(t, "features of the validation rows", in.Valid.X.Values, valid.X.Values)
	sameBits(t, "targets of the validation rows", in.Valid.Y, valid.Y)
}

func checkMissing(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 60, 6)
	if e.Encoding == model.Dense {
		in.X.Row(7)[1] = math.NaN()
		refused(t, e, nil, in, "weak")
		return
	}
	for i := range in.X.Rows { // a feature of which nothing is known
		in.X.Row(i)[2] = math.NaN()
	}
	m := mustFit(t, e, in)
	x := model.NewMatrix(in.X.Features, 3)
	for j := range x.Features {
		x.Row(0)[j] = math.NaN()
		x.Row(1)[j] = 1
	}
	x.Row(1)[3] = math.NaN()
	predictAll(t, m, task, x)

	in = learnable(e.Encoding, task, 60, 6) // a feature first missing when predicting
	for i, v := range in.X.Values {
		if math.IsNaN(v) {
			in.X.Values[i] = 0
		}
	}
	predictAll(t, mustFit(t, e, in), task, x)
}

func checkTargets(t *testing.T, e model.Entry, task model.Task) {
	bad := []float64{math.NaN(), math.Inf(1), math.Inf(-1)}
	if task != model.Regression {
		bad = append(bad, -1, 0.5, 3, 1e18)
	}
	for _, y := range bad {
		in := learnable(e.Encoding, task, 40, 7)
		in.Y[13] = y
		refused(t, e, nil, in, "13")
	}
}

func checkRows(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 0, 8)
	refused(t, e, nil, in, "row")

	in = learnable(e.Encoding, task, 40, 8)
	in.Y = in.Y[:39]
	refused(t, e, nil, in, "39")

	in = learnable(e.Encoding, task, 40, 8)
	in.X.Values = in.X.Values[:150]
	refused(t, e, nil, in, "150")

	in = learnable(e.Encoding, task, 40, 8)
	in.X.Row(5)[0] = math.Inf(1)
	refused(t, e, nil, in, "strong")

	for _, w := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		in = learnable(e.Encoding, task, 40, 8)
		in.Weights = make([]float64, 40)
		for i := range in.Weights {
			in.Weights[i] = 1
		}
		in.Weights[9] = w
		refused(t, e, nil, in, "weight")
	}
}

// errorOrValid verifies that Fit either refuses or gives valid predictions.
func errorOrValid(t *testing.T, e model.Entry, task model.Task, in model.Training) (m model.Fitted, fitted bool) {
	t.Helper()
	m, err := tryFit(context.Background(), e, nil, in)
	if err != nil {
		if m != nil || len(err.Error()) < 10 || err.Error()[:5] == "panic" {
			t.Errorf("fit: model %v, error %v; want no model and a reason", m, err)
		}
		return nil, false
	}
	predictAll(t, m, task, in.X)
	return m, true
}

func checkOneClass(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 50, 9)
	for i := range in.Y {
		in.Y[i] = 1
	}
	m, fitted := errorOrValid(t, e, task, in)
	if fitted { // then it predicts what it saw, whatever the row
		for i := range in.X.Rows {
			p := make([]float64, m.Outputs())
			m.Predict(in.X.Row(i), p)
			if got := p[len(p)-1]; task == model.Regression && math.Abs(got-1) > 1e-9 {
				t.Fatalf("row %d: predicted %v, every target is 1", i, got)
			}
			if task != model.Regression && p[1] < 0.9 {
				t.Fatalf("row %d: predicted %v, every class is 1", i, p)
			}
		}
	}
	if task == model.Multiclass { // one of three never occurs
		in = learnable(e.Encoding, task, 50, 9)
		for i, y := range in.Y {
			in.Y[i] = min(y, 1)
		}
		errorOrValid(t, e, task, in)
	}
}

func checkOneRow(t *testing.T, e model.Entry, task model.Task) {
	errorOrValid(t, e, task, learnable(e.Encoding, task, 1, 10))
	errorOrValid(t, e, task, learnable(e.Encoding, task, 2, 10))
}

// checkConstantColumns adds columns without information; they must neither
// break the fit nor get any influence.
func checkConstantColumns(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 80, 11)
	features := append([]model.Feature{{Name: "always", Source: "always"}}, in.X.Features...)
	x := model.NewMatrix(features, in.X.Rows)
	for i := range x.Rows {
		x.Row(i)[0] = 0.1
		copy(x.Row(i)[1:], in.X.Row(i))
	}
	in.X = x
	m := mustFit(t, e, in)
	before := predictAll(t, m, task, x)
	for i := range x.Rows {
		x.Row(i)[0] = -40
	}
	if d := distance(before, predictAll(t, m, task, x)); d > 1e-9 {
		t.Errorf("a column that was constant moves predictions by %v", d)
	}
	for i := range x.Values {
		x.Values[i] = 1
	}
	errorOrValid(t, e, task, in)

	in.X = model.NewMatrix(nil, in.X.Rows) // no feature at all
	errorOrValid(t, e, task, in)
}
