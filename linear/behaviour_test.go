package linear_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bespoke/linear"
	"bespoke/model"
	"bespoke/model/modeltest"

	"github.com/google/go-cmp/cmp"
)

func TestCompliance(t *testing.T) {
	for name, e := range entries {
		t.Run(name, func(t *testing.T) { modeltest.Run(t, e) })
	}
}

func regression(rows int, f func(x []float64) float64) model.Training {
	r := rand.New(rand.NewPCG(9, 9))
	in := model.Training{Task: model.Regression, X: matrix(make3(rows)), Y: make([]float64, rows), Threads: 2}
	for i := range rows {
		x := in.X.Row(i)
		for j := range x {
			x[j] = r.NormFloat64()
		}
		in.Y[i] = f(x)
	}
	return in
}

func make3(rows int) [][]float64 {
	out := make([][]float64, rows)
	for i := range out {
		out[i] = make([]float64, 3)
	}
	return out
}

// Two classes that a line parts perfectly have no finite optimum without
// penalty; the fit must still end, with finite weights.
func TestSeparableClasses(t *testing.T) {
	in := regression(60, func(x []float64) float64 { return x[0] })
	in.Task, in.Classes = model.Binary, []string{"no", "yes"}
	for i, y := range in.Y {
		in.Y[i] = 0
		if y > 0 {
			in.Y[i] = 1
		}
	}
	for _, p := range []model.Params{{"c": 1e10}, {"c": 1e10, "l1_ratio": 1.0}, {"c": 1e10, "tolerance": 1e-14, "max_iterations": 300}} {
		m := fit(t, linear.Logistic, p, in)
		w, b := m.Coefficients()
		for _, v := range append(w[0], b[0]) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%v: weights %v, intercept %v", p, w, b)
			}
		}
		if w[0][0] < 10 {
			t.Errorf("%v: weight %v of the feature that parts the classes", p, w[0][0])
		}
		out := make([]float64, 2)
		for i := range in.X.Rows {
			m.Predict(in.X.Row(i), out)
			if math.Round(out[1]) != in.Y[i] {
				t.Errorf("%v: row %d of class %v gets %v", p, i, in.Y[i], out)
			}
		}
	}
}

func TestIterationLimitIsTold(t *testing.T) {
	in := regression(200, func(x []float64) float64 { return x[0] })
	in.Task, in.Classes = model.Binary, []string{"no", "yes"}
	for i, y := range in.Y {
		in.Y[i] = math.Round(1 / (1 + math.Exp(-y)))
	}
	if n, ok := fit(t, linear.Logistic, model.Params{"max_iterations": 2}, in).Converged(); ok || n != 2 {
		t.Errorf("converged %v after %d iterations of at most 2", ok, n)
	}
	if n, ok := fit(t, linear.Logistic, nil, in).Converged(); !ok || n < 3 {
		t.Errorf("converged %v after %d iterations", ok, n)
	}
}

// Without penalty, features that repeat each other leave the weights open but
// not the predictions.
func TestRepeatedFeatures(t *testing.T) {
	in := regression(80, func(x []float64) float64 { return 4 + 3*x[0] - x[1] })
	for i := range in.X.Rows {
		in.X.Row(i)[2] = in.X.Row(i)[0]
	}
	m := fit(t, linear.Ridge, model.Params{"alpha": 0}, in)
	w, b := m.Coefficients()
	near(t, "sum of the repeated weights", w[0][0]+w[0][2], 3, 1e-6)
	near(t, "the other weight", w[0][1], -1, 1e-6)
	near(t, "intercept", b[0], 4, 1e-6)
}

// target_scale "unit" is the same as fitting the target in its deviations.
func TestTargetScale(t *testing.T) {
	in := regression(150, func(x []float64) float64 { return 5000 + 800*x[0] - 90*x[1] + 200*x[0]*x[2] })
	mean, dev := 0.0, 0.0
	for _, y := range in.Y {
		mean += y / 150
	}
	for _, y := range in.Y {
		dev += (y - mean) * (y - mean) / 150
	}
	dev = math.Sqrt(dev)
	scaled := in
	scaled.Y = make([]float64, 150)
	for i, y := range in.Y {
		scaled.Y[i] = (y - mean) / dev
	}
	got, _ := fit(t, linear.ElasticNet, model.Params{"alpha": 0.3, "l1_ratio": 0.8, "target_scale": "unit"}, in).Coefficients()
	want, _ := fit(t, linear.ElasticNet, model.Params{"alpha": 0.3, "l1_ratio": 0.8}, scaled).Coefficients()
	raw, _ := fit(t, linear.ElasticNet, model.Params{"alpha": 0.3, "l1_ratio": 0.8}, in).Coefficients()
	if want[0][0] == 0 || want[0][1] != 0 {
		t.Fatalf("weights %v: want the first kept and the second dropped", want)
	}
	for j := range want[0] {
		near(t, "weight", got[0][j], want[0][j]*dev, 1e-6)
	}
	if raw[0][1] == 0 {
		t.Errorf("weights %v: in raw units of a large target the lasso should drop nothing", raw)
	}
}

func TestPenaltyDoesNotTouchIntercept(t *testing.T) {
	in := regression(100, func(x []float64) float64 { return 1e6 + x[0] })
	mean := 0.0
	for _, y := range in.Y {
		mean += y / 100
	}
	for _, c := range []struct {
		e model.Entry
		p model.Params
	}{{linear.Ridge, model.Params{"alpha": 1e12}}, {linear.ElasticNet, model.Params{"alpha": 1e9}}} {
		w, b := fit(t, c.e, c.p, in).Coefficients()
		near(t, c.e.Name+" intercept", b[0], mean, 1e-9)
		near(t, c.e.Name+" weight", w[0][0], 0, 1e-6)
	}
}

func TestMeansAndDeviations(t *testing.T) {
	in := model.Training{
		Task: model.Regression, Y: []float64{1, 2, 3}, Weights: []float64{1, 1, 2}, Threads: 1,
		X: matrix([][]float64{{0, 7}, {4, 7}, {2, 7}}),
	}
	m := fit(t, linear.Ridge, nil, in)
	if d := cmp.Diff([]float64{2, 7}, m.Means()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]float64{math.Sqrt(2), 0}, m.Deviations()); d != "" {
		t.Error(d)
	}
	if m.Inputs() != 2 || m.Outputs() != 1 {
		t.Errorf("%d inputs, %d outputs", m.Inputs(), m.Outputs())
	}
}

func TestValuesTooLarge(t *testing.T) {
	in := regression(10, func(x []float64) float64 { return x[0] })
	in.X.Row(3)[1] = 1e300
	if _, err := linear.Ridge.Fit(context.Background(), nil, in); err == nil || !strings.Contains(err.Error(), `"x1"`) {
		t.Errorf("a feature of 1e300: %v; want an error that names it", err)
	}
	in = regression(10, func(x []float64) float64 { return x[0] * 1e300 })
	if _, err := linear.Ridge.Fit(context.Background(), nil, in); err == nil || !strings.Contains(err.Error(), "target") {
		t.Errorf("a target of 1e300: %v; want an error that says so", err)
	}
}

func TestMultinomialInterceptsAreCentred(t *testing.T) {
	in := regression(120, func(x []float64) float64 { return min(2, max(0, math.Round(x[0]+1.3))) })
	in.Task, in.Classes = model.Multiclass, []string{"a", "b", "c"}
	m := fit(t, linear.Logistic, nil, in)
	_, b := m.Coefficients()
	near(t, "sum of the intercepts", b[0]+b[1]+b[2], 0, 1e-12)
	raw, p := make([]float64, 3), make([]float64, 3)
	m.Raw(in.X.Row(0), raw)
	m.Predict(in.X.Row(0), p)
	near(t, "ratio of two probabilities", math.Log(p[0]/p[2]), raw[0]-raw[2], 1e-9)
}

func TestLoadRefuses(t *testing.T) {
	const good = `{"model":"linear.ridge.v1","task":"regression","weights":[[1,2]],"intercepts":[3],"means":[0,0],"deviations":[1,1],"iterations":1,"converged":true}`
	m, err := linear.Ridge.Load([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	out := []float64{0}
	if m.Predict([]float64{10, 100}, out); out[0] != 213 {
		t.Errorf("predicted %v, want 213", out)
	}
	for want, change := range map[string][2]string{
		"unknown field":          {`"task"`, `"x":1,"task"`},
		"another model":          {"linear.ridge.v1", "linear.elasticnet.v1"},
		"task binary":            {"regression", "binary"},
		`"odd" is none`:          {"regression", "odd"},
		"1 weights, 2 means":     {"[[1,2]]", "[[1]]"},
		"2 rows of weights":      {"[[1,2]]", "[[1,2],[1,2]]"},
		"2 intercepts":           {"[3]", "[3,4]"},
		"0 intercepts":           {"[3]", "null"},
		"deviation -1":           {"[1,1]", "[1,-1]"},
		"cannot unmarshal":       {"[3]", "[1e999]"},
		"-5 iterations":          {`"iterations":1`, `"iterations":-5`},
		"more data follows":      {"true}", "true}{}"},
		"unexpected EOF":         {"true}", "true"},
		"0 rows of weights":      {"[[1,2]]", "[]"},
		"2 means, 1 deviations;": {"[1,1]", "[1]"},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if want == "2 means, 1 deviations;" {
			want = "1 deviations"
		}
		if m, err := linear.Ridge.Load([]byte(bad)); err == nil || m != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: model %v, error %v; want %q", bad, m, err, want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"model":"linear.logistic.v1","task":"binary","weights":[[1,2]],"intercepts":[3],"means":[0,0],"deviations":[1,1],"iterations":1,"converged":true}`))
	f.Add([]byte(`{"model":"linear.logistic.v1","task":"multiclass","weights":[[1],[2],[3]],"intercepts":[3,4,5],"means":[0],"deviations":[1],"iterations":1,"converged":false}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := linear.Logistic.Load(data)
		if err != nil {
			return
		}
		l := m.(*linear.Model)
		m.Predict(make([]float64, l.Inputs()), make([]float64, l.Outputs()))
		again, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		back, err := linear.Logistic.Load(again)
		if err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		if twice, _ := back.MarshalBinary(); string(twice) != string(again) {
			t.Fatalf("%s became %s", again, twice)
		}
	})
}

// More features than the matrix of their products is made for: the optimum
// still meets its condition X'(y - b - Xw) = alpha w.
func TestManyFeatures(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	rows := make([][]float64, 40)
	for i := range rows {
		rows[i] = make([]float64, 1600)
		for j := range rows[i] {
			rows[i][j] = r.NormFloat64()
		}
	}
	in := model.Training{Task: model.Regression, X: matrix(rows), Y: make([]float64, len(rows)), Threads: 2}
	for i := range in.Y {
		in.Y[i] = 10 + rows[i][0] - rows[i][1] + 0.1*r.NormFloat64()
	}
	const alpha = 50
	m := fit(t, linear.Ridge, model.Params{"alpha": alpha}, in)
	w, _ := m.Coefficients()
	for j, slope := range slopes(m, in) {
		near(t, "slope", slope, alpha*w[0][j], 1e-4)
	}
	if n, ok := m.Converged(); !ok || n < 2 {
		t.Errorf("converged %v after %d iterations: not the iterative way", ok, n)
	}
	m = fit(t, linear.ElasticNet, model.Params{"alpha": 0.3, "l1_ratio": 1.0}, in)
	w, _ = m.Coefficients()
	kept := 0
	for j, slope := range slopes(m, in) {
		switch v := w[0][j]; {
		case v != 0:
			kept++
			near(t, "slope of a kept feature", slope/40, math.Copysign(0.3, v), 1e-5)
		case math.Abs(slope/40) > 0.3+1e-5:
			t.Errorf("feature %d is dropped with slope %v", j, slope/40)
		}
	}
	if kept < 2 || kept > 40 {
		t.Errorf("the lasso keeps %d features of 1600 on 40 rows", kept)
	}
}

// slopes are X'(y - prediction).
func slopes(m *linear.Model, in model.Training) []float64 {
	out, sum := make([]float64, 1), make([]float64, in.X.Cols())
	for i := range in.X.Rows {
		m.Predict(in.X.Row(i), out)
		for j, x := range in.X.Row(i) {
			sum[j] += x * (in.Y[i] - out[0])
		}
	}
	return sum
}
