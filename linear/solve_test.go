package linear

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/model"

	"pgregory.net/rapid"
)

// draw makes rows whose features differ in place and scale and are correlated.
func draw(task model.Task, rows, cols int, seed uint64) model.Training {
	r := rand.New(rand.NewPCG(seed, 5))
	in := model.Training{Task: task, X: model.NewMatrix(make([]model.Feature, cols), rows), Y: make([]float64, rows), Threads: 2}
	in.Weights = make([]float64, rows)
	switch task {
	case model.Binary:
		in.Classes = []string{"a", "b"}
	case model.Multiclass:
		in.Classes = []string{"a", "b", "c", "d"}
	}
	for i := range rows {
		x, score := in.X.Row(i), r.NormFloat64()
		for j := range x {
			z := r.NormFloat64()
			if j > 0 {
				z = 0.6*z + 0.8*(x[j-1]-float64(j-1)*10)/math.Pow(10, float64((j-1)%3-1))
			}
			score += z * float64(j%3-1)
			x[j] = z*math.Pow(10, float64(j%3-1)) + float64(j)*10
		}
		in.Weights[i] = 0.5 + r.Float64()
		switch task {
		case model.Regression:
			in.Y[i] = 1000 + 300*score
		case model.Binary:
			in.Y[i] = math.Round(sigmoid(score))
		default:
			in.Y[i] = float64(min(3, max(0, int(score+2))))
		}
		if i < len(in.Classes) {
			in.Y[i] = float64(i) // every class occurs
		}
	}
	return in
}

func problemOf(t testing.TB, in model.Training, lasso, ridge float64) problem {
	t.Helper()
	m, err := measure(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := model.Resolve(logisticName, logisticParams, nil)
	if err != nil {
		t.Fatal(err)
	}
	p["max_iterations"] = 20000.0
	return problem{name: "test", in: in, params: p, moments: m, lasso: lasso, ridge: ridge}
}

// Cholesky, coordinate descent and the quasi-Newton method are three ways to
// the same optimum.
func TestWaysAgree(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct{ lasso, ridge float64 }{{0, 0.01}, {0, 1}, {30, 0}, {10, 0.5}, {0.1, 0.001}, {1e6, 0}} {
		p := problemOf(t, draw(model.Regression, 400, 7, 1), c.lasso, c.ridge)
		g, err := gramOf(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		descent, err := g.descend(ctx, p)
		if err != nil || !descent.converged {
			t.Fatalf("descent: %v, converged %v", err, descent.converged)
		}
		newton, err := newLoss(p).minimise(ctx)
		if err != nil || !newton.converged {
			t.Fatalf("quasi-Newton: %v, converged %v after %d", err, newton.converged, newton.iterations)
		}
		for j := range descent.theta {
			if d := math.Abs(descent.theta[j] - newton.theta[j]); d > 1e-6 {
				t.Errorf("%+v: weight %d: descent %v, quasi-Newton %v", c, j, descent.theta[j], newton.theta[j])
			}
			if j < 7 && (descent.theta[j] == 0) != (newton.theta[j] == 0) {
				t.Errorf("%+v: weight %d: descent %v, quasi-Newton %v: only one is zero", c, j, descent.theta[j], newton.theta[j])
			}
		}
		if c.lasso > 0 {
			continue
		}
		direct, ok := g.direct(p)
		if !ok {
			t.Fatal("Cholesky: not positive definite")
		}
		for j := range direct {
			if d := math.Abs(descent.theta[j] - direct[j]); d > 1e-6 {
				t.Errorf("%+v: weight %d: descent %v, Cholesky %v", c, j, descent.theta[j], direct[j])
			}
		}
	}
}

// The gradient of the loss is what finite differences say.
func TestGradient(t *testing.T) {
	for _, task := range []model.Task{model.Regression, model.Binary, model.Multiclass} {
		l := newLoss(problemOf(t, draw(task, 300, 5, 2), 0, 0.3))
		r := rand.New(rand.NewPCG(3, 3))
		theta := make([]float64, len(l.raw))
		for i := range theta {
			theta[i] = r.NormFloat64()
		}
		gradient, other := make([]float64, len(theta)), make([]float64, len(theta))
		l.value(theta, gradient)
		for i := range theta {
			const h = 1e-6
			kept := theta[i]
			theta[i] = kept + h
			up := l.value(theta, other)
			theta[i] = kept - h
			down := l.value(theta, other)
			theta[i] = kept
			if want := (up - down) / (2 * h); math.Abs(gradient[i]-want) > 1e-7*max(1, math.Abs(want)) {
				t.Errorf("%s: slope %d is %v, finite difference %v", task, i, gradient[i], want)
			}
		}
	}
}

// At the optimum no coordinate can gain: the subgradient of least size is zero
// (Karush-Kuhn-Tucker), for any penalty and data.
func TestOptimality(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		task := rapid.SampledFrom([]model.Task{model.Binary, model.Multiclass}).Draw(rt, "task")
		in := draw(task, rapid.IntRange(20, 400).Draw(rt, "rows"), rapid.IntRange(1, 9).Draw(rt, "cols"), rapid.Uint64().Draw(rt, "seed"))
		lasso := rapid.Float64Range(0, 0.2).Draw(rt, "lasso")
		if rapid.Bool().Draw(rt, "no lasso") {
			lasso = 0
		}
		p := problemOf(t, in, lasso, rapid.Float64Range(1e-3, 1).Draw(rt, "ridge"))
		l := newLoss(p)
		s, err := l.minimise(context.Background())
		if err != nil || !s.converged {
			rt.Fatalf("%v, converged %v after %d", err, s.converged, s.iterations)
		}
		for k := range l.k { // back to the units of value
			for j := range l.n {
				l.output(s.theta, k)[j] *= l.scales[j] / p.moments.scales[j]
			}
		}
		gradient := make([]float64, len(s.theta))
		l.value(s.theta, gradient)
		for k := range l.k {
			for j := range l.n + 1 {
				slope, strength := l.output(gradient, k)[j], 0.0
				if j < l.n {
					strength = l.lasso[j]
				}
				switch v := l.output(s.theta, k)[j]; {
				case v > 0:
					slope += strength
				case v < 0:
					slope -= strength
				default:
					slope = soft(slope, strength)
				}
				if math.Abs(slope) > 1e-6 {
					rt.Fatalf("output %d, weight %d: slope %v at the optimum", k, j, slope)
				}
			}
		}
	})
}
