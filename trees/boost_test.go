package trees

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bespoke/model"
)

// TestThreadsDoNotMatter: enough rows and columns that every way of sharing
// work is taken, and chance in rows and features.
func TestThreadsDoNotMatter(t *testing.T) {
	sampled := model.Params{"rounds": 4, "bagging_fraction": 0.6, "bagging_freq": 2, "feature_fraction": 0.7}
	for _, c := range []struct {
		name       string
		task       model.Task
		rows, cols int
		params     model.Params
	}{
		{"long", model.Binary, 11_000, 6, model.Params{"rounds": 3}},
		{"wide", model.Regression, 300, 300, model.Params{"rounds": 2}},
		{"classes, sampled", model.Multiclass, 5_000, 12, sampled},
		{"quantile, sampled", model.Regression, 5_000, 12, model.Params{"rounds": 4, "objective": "quantile", "bagging_fraction": 0.5, "bagging_freq": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := learnable(c.task, c.rows, c.cols, 1)
			valid := learnable(c.task, 4_200, c.cols, 2)
			in.Valid = &valid
			in.Threads = 1
			want := saved(t, fit(t, c.params, in))
			for _, threads := range []int{2, 3, 5} {
				in.Threads = threads
				if saved(t, fit(t, c.params, in)) != want {
					t.Errorf("%d threads: other bytes than 1", threads)
				}
			}
			in.Seed++
			if sampled := c.params["bagging_freq"] != nil; (saved(t, fit(t, c.params, in)) != want) != sampled {
				t.Errorf("another seed changes the model: %v, want %v", !sampled, sampled)
			}
		})
	}
}

// TestOrderOfRowsDoesNotMatter: the trees are the same; only base scores, and
// with them the last digits, may move, as they are sums of floats.
func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	for _, task := range tasks {
		in := learnable(task, 3_000, 6, 3)
		p := model.Params{"rounds": 20}
		want := fit(t, p, in)
		got := fit(t, p, take(in, rand.New(rand.NewPCG(3, 3)).Perm(in.X.Rows)))
		a, b := predictions(want, in.X), predictions(got, in.X)
		for i := range a {
			if math.Abs(a[i]-b[i]) > 1e-9*(1+math.Abs(a[i])) {
				t.Fatalf("%s: prediction %d is %v, with rows in another order %v", task, i, a[i], b[i])
			}
		}
	}
}

// TestWeightsAreRepetitions: whole weights give what repeated rows give, for
// every objective, to rounding in sums of floats.
func TestWeightsAreRepetitions(t *testing.T) {
	for _, c := range []struct {
		task      model.Task
		objective string
	}{
		{model.Regression, "squared"},
		{model.Regression, "absolute"},
		{model.Regression, "quantile"},
		{model.Regression, "huber"},
		{model.Regression, "fair"},
		{model.Regression, "poisson"},
		{model.Regression, "gamma"},
		{model.Regression, "tweedie"},
		{model.Binary, "log-loss"},
		{model.Multiclass, "log-loss"},
	} {
		in := learnable(c.task, 500, 4, 4)
		if slices.Contains([]string{"poisson", "gamma", "tweedie"}, c.objective) {
			for i, y := range in.Y {
				in.Y[i] = math.Exp(y / 8)
			}
		}
		in.Weights = make([]float64, 500)
		r := rand.New(rand.NewPCG(4, 5))
		var rows []int
		for i := range in.Weights {
			n := 1 + r.IntN(4)
			in.Weights[i] = float64(n)
			rows = append(rows, slices.Repeat([]int{i}, n)...)
		}
		repeated := take(in, rows)
		repeated.Weights = nil
		p := model.Params{"rounds": 15, "objective": c.objective}
		a, b := predictions(fit(t, p, in), in.X), predictions(fit(t, p, repeated), in.X)
		for i := range a {
			if math.Abs(a[i]-b[i]) > 1e-9*(1+math.Abs(a[i])) {
				t.Fatalf("%s %s: prediction %d is %v with weights, %v with repeated rows", c.task, c.objective, i, a[i], b[i])
			}
		}
	}
}

// TestFractionalWeights: weights of any size scale the problem, so penalties
// and least sums scaled with them give the same model within rounding.
func TestFractionalWeights(t *testing.T) {
	in := learnable(model.Binary, 900, 5, 6)
	in.Weights = make([]float64, 900)
	r := rand.New(rand.NewPCG(6, 5))
	for i := range in.Weights {
		in.Weights[i] = 0.5 + r.Float64()
	}
	scaled := func(by float64) []float64 {
		out := in
		out.Weights = make([]float64, len(in.Weights))
		for i, w := range in.Weights {
			out.Weights[i] = by * w
		}
		// The least number of rows is so small that rounding weights can not
		// change which splits are allowed.
		p := model.Params{
			"rounds": 10, "lambda_l2": 2 * by, "min_child_samples": 0.01 * by, "min_sum_hessian": by, "min_data_in_bin": 1,
			"cat_smooth": 10 * by, "cat_l2": 10 * by, "min_data_per_group": 20 * by,
		}
		return predictions(fit(t, p, out), in.X)
	}
	want := scaled(1)
	for _, by := range []float64{0.75, 3, 1024} {
		got := scaled(by)
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-3 {
				t.Fatalf("weights times %v: prediction %d is %v, want %v", by, i, got[i], want[i])
			}
		}
	}
}

func TestEarlyStopping(t *testing.T) {
	for _, task := range tasks {
		in, valid := learnable(task, 400, 4, 7), learnable(task, 2_000, 4, 8)
		in.Valid = &valid
		p := model.Params{"rounds": 400, "patience": 10, "learning_rate": 0.3, "objective": "auto"}
		m := fit(t, p, in)
		if m.Rounds() == 0 || m.Rounds() >= 400-10 || len(m.Trees) != m.Rounds()*len(m.Base) {
			t.Fatalf("%s: %d rounds, %d trees; want to stop early", task, m.Rounds(), len(m.Trees))
		}
		best := loss(t, m, valid)
		in.Valid = nil
		for n := max(1, m.Rounds()-5); n < m.Rounds()+10; n++ {
			p["rounds"] = n
			if l := loss(t, fit(t, p, in), valid); l < best*(1-1e-12) {
				t.Errorf("%s: loss %v after %d rounds, kept %d with %v", task, l, n, m.Rounds(), best)
			}
		}
		in.Valid = &valid
		p["rounds"], p["patience"] = 60, 0
		if m := fit(t, p, in); m.Rounds() != 60 {
			t.Errorf("%s: %d rounds without patience, want all 60", task, m.Rounds())
		}
	}
}

// TestQuantileCovers: about alpha of new rows lie below the prediction.
func TestQuantileCovers(t *testing.T) {
	in, test := learnable(model.Regression, 3_000, 4, 9), learnable(model.Regression, 3_000, 4, 10)
	for _, alpha := range []float64{0.1, 0.5, 0.9} {
		m := fit(t, model.Params{"objective": "quantile", "alpha": alpha, "rounds": 60}, in)
		below := 0
		for i, p := range predictions(m, test.X) {
			if test.Y[i] < p {
				below++
			}
		}
		if share := float64(below) / 3_000; math.Abs(share-alpha) > 0.05 {
			t.Errorf("%v of the rows lie below the %v-quantile", share, alpha)
		}
	}
}

// TestMonotone: no prediction falls when a rising feature rises, whatever the
// other features, although the data say otherwise in places.
func TestMonotone(t *testing.T) {
	for _, c := range []struct {
		task      model.Task
		objective string
	}{{model.Regression, "squared"}, {model.Regression, "absolute"}, {model.Regression, "quantile"}, {model.Regression, "huber"}, {model.Binary, "log-loss"}} {
		in := learnable(c.task, 1_500, 4, 11)
		in.X.Features[0].Monotone, in.X.Features[1].Monotone = 1, -1
		m := fit(t, model.Params{"objective": c.objective, "rounds": 25, "min_child_samples": 5}, in)
		free := fit(t, model.Params{"objective": c.objective, "rounds": 25, "min_child_samples": 5}, without(in))
		if a, b := violations(m, in.X), violations(free, in.X); a != 0 || b == 0 {
			t.Errorf("%s: %d violations, %d without constraints; want 0 and some", c.objective, a, b)
		}
		used := map[string]bool{}
		for _, f := range m.GainImportance() {
			used[f.Name] = true
		}
		if !used["x0"] || !used["x1"] {
			t.Errorf("%s: monotone features are not used: %v", c.objective, used)
		}
	}
}

func without(in model.Training) model.Training {
	x := *in.X
	x.Features = slices.Clone(x.Features)
	for j := range x.Features {
		x.Features[j].Monotone = 0
	}
	in.X = &x
	return in
}

// violations counts steps in the wrong direction of features 0 (up) and 1
// (down).
func violations(m *Model, x *model.Matrix) (n int) {
	out := make([]float64, m.Outputs())
	for i := 0; i < x.Rows; i += 50 {
		for j, sign := range []float64{1, -1} {
			row := slices.Clone(x.Row(i))
			before := math.Inf(-1)
			for v := -3.0; v < 3; v += 0.05 {
				row[j] = v
				m.Predict(row, out)
				p := sign * out[len(out)-1]
				if p < before-1e-12 {
					n++
				}
				before = p
			}
		}
	}
	return n
}

// TestLearns: held-out loss is far below that of the best constant, close to
// that of the noise.
func TestLearns(t *testing.T) {
	for _, task := range tasks {
		in, test := learnable(task, 1_500, 6, 12), learnable(task, 1_500, 6, 13)
		m := fit(t, nil, in)
		constant := fit(t, model.Params{"rounds": 0}, in)
		if got, base := loss(t, m, test), loss(t, constant, test); got > 0.5*base {
			t.Errorf("%s: loss %v, of a constant %v", task, got, base)
		}
		top := m.GainImportance()
		if top[0].Name != "x0" || math.Abs(top[0].Share+rest(top)-1) > 1e-12 {
			t.Errorf("%s: importance %+v; want x0 first and shares that add to 1", task, top)
		}
	}
}

func rest(list []Importance) (sum float64) {
	for _, f := range list[1:] {
		sum += f.Share
	}
	return sum
}

func TestBadInput(t *testing.T) {
	set := func(change func(in *model.Training)) model.Training {
		in := learnable(model.Binary, 60, 3, 14)
		change(&in)
		return in
	}
	for _, c := range []struct {
		name   string
		params model.Params
		in     model.Training
		want   string
	}{
		{"no rows", nil, set(func(in *model.Training) { in.X.Rows, in.X.Values, in.Y = 0, nil, nil }), "0 rows"},
		{"NaN target", nil, set(func(in *model.Training) { in.Y[3] = math.NaN() }), "row 3"},
		{"infinite target", nil, set(func(in *model.Training) { in.Task, in.Classes, in.Y[3] = 0, nil, math.Inf(1) }), "row 3"},
		{"one class", nil, set(func(in *model.Training) { clear(in.Y) }), `class "no"`},
		{"huge targets", nil, set(func(in *model.Training) {
			in.Task, in.Classes = model.Regression, nil
			for i := range in.Y {
				in.Y[i] = math.MaxFloat64 * (1 - 2*in.Y[i])
			}
		}), "too large"},
		{"targets whose squares are too large", nil, set(func(in *model.Training) {
			in.Task, in.Classes = model.Regression, nil
			for i := range in.Y {
				in.Y[i] = 1e200 * float64(i%7)
			}
		}), "too large"},
		{"objective", model.Params{"objective": "squared"}, set(func(*model.Training) {}), "squared"},
		{"monotone category", nil, set(func(in *model.Training) { in.X.Features[2].Monotone = 1 }), `"x2"`},
		{"parameter", model.Params{"num_leaves": 1}, set(func(*model.Training) {}), "num_leaves"},
		{"validation of other width", nil, set(func(in *model.Training) {
			v := learnable(model.Binary, 9, 4, 1)
			in.Valid = &v
		}), "4 features"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := Fit(context.Background(), c.params, c.in)
			if m != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("model %v, error %v; want one that says %q", m, err, c.want)
			}
		})
	}
	in := learnable(model.Multiclass, 60, 3, 14)
	in.X.Features[0].Monotone = 1
	if _, err := Fit(context.Background(), nil, in); err == nil || !strings.Contains(err.Error(), "monotone") {
		t.Errorf("monotone with three classes: error %v", err)
	}
}

// TestStrangeButFine: what is odd and has a stated treatment.
func TestStrangeButFine(t *testing.T) {
	constant := func(m *Model) bool { return len(m.Trees) == 0 }
	one := learnable(model.Regression, 1, 3, 15)
	if m := fit(t, nil, one); !constant(m) || m.Base[0] != one.Y[0] {
		t.Errorf("one row: base %v, want %v and no trees", m.Base, one.Y)
	}
	none := learnable(model.Regression, 200, 3, 15)
	for i := range none.X.Values {
		none.X.Values[i] = 4
	}
	if m := fit(t, nil, none); !constant(m) {
		t.Error("constant features: a tree")
	}
	same := learnable(model.Regression, 200, 3, 15)
	for i := range same.Y {
		same.Y[i] = 7
	}
	for _, objective := range []string{"squared", "absolute", "quantile"} {
		p := predictions(fit(t, model.Params{"objective": objective}, same), same.X)
		if slices.Min(p) != 7 || slices.Max(p) != 7 {
			t.Errorf("%s of a constant target: %v to %v", objective, slices.Min(p), slices.Max(p))
		}
	}
	gone := learnable(model.Multiclass, 400, 4, 16)
	for i := range gone.Y {
		gone.X.Row(i)[2] = math.NaN()
		if gone.Y[i] == 1 {
			gone.Y[i] = 2
		}
	}
	m := fit(t, model.Params{"rounds": 30}, gone)
	for i, p := range predictions(m, gone.X) {
		if math.IsNaN(p) || (i%3 == 1 && p > 0.02) {
			t.Fatalf("a class without rows: probability %v", p)
		}
	}
	wide := learnable(model.Binary, 50, 10_000, 17)
	if m := fit(t, model.Params{"rounds": 3, "min_child_samples": 5}, wide); constant(m) {
		t.Error("10,000 columns: no tree")
	}
}

func TestCancelledInATree(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	in := learnable(model.Regression, 2_000, 4, 18)
	calls := 0
	in.Progress = func(done, total int) {
		if calls++; done == 3 {
			cancel()
		}
	}
	m, err := Fit(ctx, nil, in)
	if m != nil || !errors.Is(err, context.Canceled) || calls != 3 {
		t.Errorf("model %v, error %v after %d rounds; want context.Canceled after 3", m, err, calls)
	}
}

// TestRoundsDoNotAllocate: a round costs its trees and some bookkeeping, not
// memory in proportion to rows or columns.
func TestRoundsDoNotAllocate(t *testing.T) {
	in := learnable(model.Binary, 800, 8, 19)
	in.Threads = 1
	count := func(rounds int) float64 {
		return testing.AllocsPerRun(2, func() { fit(t, model.Params{"rounds": rounds}, in) })
	}
	if per := (count(60) - count(20)) / 40; per > 6 {
		t.Errorf("%v allocations per round", per)
	}
}
