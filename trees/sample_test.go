package trees

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bespoke/model"
	"bespoke/objective"
)

// TestDrawLimit: chances of min(1, size/limit) sum to what is wanted, or all
// rows that have a size are taken where there are too few.
func TestDrawLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, want := range []float64{1, 50, 400, 990, 1000} {
		size := make([]float64, 1000)
		for i := range size {
			size[i] = math.Exp(3 * r.NormFloat64())
		}
		limit, sum := drawLimit(size, want), 0.0
		for _, x := range size {
			sum += math.Min(1, x/limit)
		}
		if math.Abs(sum-want) > 1e-6 {
			t.Errorf("limit %v: %v rows expected, want %v", limit, sum, want)
		}
	}
	if limit := drawLimit([]float64{0, 3, 0, 2}, 3); limit > 2 {
		t.Errorf("limit %v; want one that both sizes reach", limit)
	}
}

// TestSampledSumsHaveTheRightMean: over many seeds the sums of the bag are
// those of all rows, and about as many rows as asked for are drawn.
func TestSampledSumsHaveTheRightMean(t *testing.T) {
	const n, times = 2000, 300
	for _, c := range []struct {
		sampling string
		share    float64
	}{{"goss", 0.3}, {"mvs", 0.4}} {
		r := rand.New(rand.NewPCG(3, 3))
		g, h, w := make([]float64, n), make([]float64, n), make([]float64, n)
		var all, mean [2]float64
		for i := range g {
			g[i], h[i], w[i] = r.NormFloat64()+0.3, r.Float64(), float64(1+r.IntN(3))
			all[0] += w[i] * g[i]
			all[1] += w[i] * h[i]
		}
		rows := 0
		for seed := range uint64(times) {
			b := &booster{s: &settings{sampling: c.sampling, topRate: 0.2, otherRate: 0.1, bagging: 0.4, rate: 1}}
			b.model = &Model{Base: []float64{0}}
			b.in = model.Training{X: &model.Matrix{Rows: n}, Seed: seed}
			b.tgt.Weights = w
			b.g, b.h = slices.Clone(g), slices.Clone(h)
			b.drawByGradient(0, 1, 1)
			b.sampler.level[0] = 0.5
			b.drawByGradient(1, 1, 1)
			rows += len(b.bag)
			if len(b.bag)+len(b.out) != n {
				t.Fatalf("%s: %d rows in and %d out", c.sampling, len(b.bag), len(b.out))
			}
			for _, i := range b.bag {
				mean[0] += w[i] * b.g[i] / times
				mean[1] += w[i] * b.h[i] / times
			}
		}
		if share := float64(rows) / (n * times); math.Abs(share-c.share) > 0.01 {
			t.Errorf("%s: a share of %v is drawn, want %v", c.sampling, share, c.share)
		}
		for k := range all {
			if math.Abs(mean[k]-all[k]) > 0.03*n {
				t.Errorf("%s: the mean sum is %v, want %v", c.sampling, mean[k], all[k])
			}
		}
	}
}

// TestSamplingLearns: from a third or half of the rows, nearly as much is
// learnt as from all, with the same bytes for any number of threads.
func TestSamplingLearns(t *testing.T) {
	for _, task := range tasks {
		in, test := learnable(task, 3_000, 6, 31), learnable(task, 2_000, 6, 32)
		full := loss(t, fit(t, model.Params{"rounds": 50}, in), test)
		for _, p := range []model.Params{{"rounds": 50, "sampling": "goss"}, {"rounds": 50, "sampling": "mvs", "bagging_fraction": 0.5}} {
			in.Threads = 1
			m := fit(t, p, in)
			if l := loss(t, m, test); l > 1.15*full {
				t.Errorf("%s %v: loss %v, of all rows %v", task, p, l, full)
			}
			in.Threads = 3
			if saved(t, m) != saved(t, fit(t, p, in)) {
				t.Errorf("%s %v: three threads give other bytes than one", task, p)
			}
			in.Seed++
			if saved(t, m) == saved(t, fit(t, p, in)) {
				t.Errorf("%s %v: another seed gives the same bytes", task, p)
			}
			in.Seed--
		}
	}
}

// TestSamplingAllRows: mvs of all rows is boosting without sampling but for
// the digits of hessians.
func TestSamplingAllRows(t *testing.T) {
	in := learnable(model.Binary, 800, 4, 33)
	if saved(t, fit(t, nil, in)) != saved(t, fit(t, model.Params{"sampling": "mvs"}, in)) {
		t.Error("mvs of all rows differs from no sampling")
	}
}

func TestSamplingThatDoesNotFit(t *testing.T) {
	in := learnable(model.Regression, 100, 3, 34)
	for want, p := range map[string]model.Params{
		`sampling "goss" does not fit the objective "absolute"`: {"sampling": "goss", "objective": "absolute"},
		"must add up to at most 1":                              {"sampling": "goss", "top_rate": 0.6, "other_rate": 0.5},
	} {
		if _, err := Fit(context.Background(), p, in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// TestInteractions: on no way from the root to a leaf are features that share
// no set, and features in no set are together in one more.
func TestInteractions(t *testing.T) {
	for _, threads := range []int{1, 3} {
		in := learnable(model.Binary, 2_000, 7, 35)
		in.Threads = threads
		in.Interactions = [][]int{{0, 2}, {0, 1, 3}}
		sets := [][]int{{0, 2}, {0, 1, 3}, {4, 5, 6}}
		m := fit(t, model.Params{"rounds": 40, "min_child_samples": 3, "feature_fraction": 0.8}, in)
		seen := map[int]int{}
		for i := range m.Trees {
			eachWay(&m.Trees[i], 0, nil, func(way []int) {
				fits := slices.ContainsFunc(sets, func(set []int) bool {
					return !slices.ContainsFunc(way, func(f int) bool { return !slices.Contains(set, f) })
				})
				if !fits {
					t.Fatalf("tree %d: %v are on one way", i, way)
				}
				slices.Sort(way)
				seen[len(slices.Compact(way))]++
			})
		}
		if seen[2] == 0 || seen[3] == 0 {
			t.Errorf("ways with so many features: %v; want some with 2 and with 3", seen)
		}
	}
	in := learnable(model.Binary, 200, 3, 36)
	in.Interactions = slices.Repeat([][]int{{0}}, 64)
	if _, err := Fit(context.Background(), nil, in); err == nil || !strings.Contains(err.Error(), "64 sets of features that may interact; at most 63") {
		t.Errorf("64 sets: %v", err)
	}
}

func eachWay(t *Tree, at int32, way []int, do func(way []int)) {
	n := &t.Nodes[at]
	if n.Leaf() {
		do(slices.Clone(way))
		return
	}
	way = append(slices.Clone(way), int(n.Feature))
	eachWay(t, n.Left, way, do)
	eachWay(t, n.Right, way, do)
}

// TestGivenLoss: a loss from outside is followed, watched and saved.
func TestGivenLoss(t *testing.T) {
	in, valid := learnable(model.Regression, 800, 4, 37), learnable(model.Regression, 400, 4, 38)
	in.Valid = &valid
	p := model.Params{"rounds": 60, "patience": 5, "min_child_samples": 5}
	// Asymmetric squares: too low is nine times as dear.
	factor := func(d float64) float64 {
		if d < 0 {
			return 9
		}
		return 1
	}
	own := objective.Usual(model.Regression).With(
		func(t *objective.Target, score []float64, _, lo, hi int, g, h []float64) {
			for i := lo; i < hi; i++ {
				d := score[i] - t.Y[i]
				g[i], h[i] = factor(d)*d, factor(d)
			}
		},
		func(t *objective.Target, i int, s []float64) float64 {
			d := s[0] - t.Y[i]
			return factor(d) * d * d / 2
		},
	)
	m, err := FitWith(context.Background(), p, in, own)
	if err != nil {
		t.Fatal(err)
	}
	low := func(m *Model) (n int) {
		for i, y := range predictions(m, valid.X) {
			if y < valid.Y[i] {
				n++
			}
		}
		return n
	}
	if a, b := low(m), low(fit(t, p, in)); a > b*4/5 {
		t.Errorf("%d predictions are too low, %d with equal prices", a, b)
	}
	again, err := Load([]byte(saved(t, m)))
	if err != nil || saved(t, again) != saved(t, m) {
		t.Errorf("the model is not loaded as it was: %v", err)
	}
	if _, err := FitWith(context.Background(), nil, learnable(model.Binary, 90, 3, 1), own); err == nil {
		t.Error("a loss of numbers was taken for classes")
	}
	other := *own
	other.Name = "mine"
	if _, err := FitWith(context.Background(), nil, in, &other); err == nil || !strings.Contains(err.Error(), "could not be loaded again") {
		t.Errorf("a loss that can not be loaded: %v", err)
	}
}

// TestRanking: the order within queries is learnt, watched and better than the
// one by squared error, which spends itself on differences between queries.
func TestRanking(t *testing.T) {
	in, test := queries(200, 41), queries(100, 42)
	in.Valid = &test
	p := model.Params{"objective": "lambdarank", "rounds": 100, "patience": 15, "truncation": 5}
	score := func(m *Model) float64 {
		tgt := objective.NewTarget(test, objective.Defaults())
		v, err := objective.NDCG(tgt, predictions(m, test.X), 5)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	m := fit(t, p, in)
	in.Threads = 1
	if saved(t, m) != saved(t, fit(t, p, in)) {
		t.Error("the bytes depend on the number of threads")
	}
	if m.Rounds() == 0 || m.Rounds() == 100 {
		t.Errorf("%d rounds; want to stop early", m.Rounds())
	}
	p["objective"] = "squared"
	ranked, squared := score(m), score(fit(t, p, in))
	if ranked < 0.8 || ranked < squared {
		t.Errorf("NDCG %v, by squared error %v", ranked, squared)
	}
	in.Groups = nil
	p["objective"] = "lambdarank"
	if _, err := Fit(context.Background(), p, in); err == nil || !strings.Contains(err.Error(), "no queries") {
		t.Errorf("ranking without queries: %v", err)
	}
}

// queries draws rows with grades that hang on features and on the query, whose
// rows are not together.
func queries(n int, seed uint64) model.Training {
	r := rand.New(rand.NewPCG(seed, 9))
	rows := 12 * n
	in := model.Training{X: model.NewMatrix([]model.Feature{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "query"}}, rows), Y: make([]float64, rows), Seed: 1, Threads: 2}
	level := make([]float64, n)
	for k := range level {
		level[k] = 2 * r.NormFloat64()
	}
	for i := range rows {
		k := i % n
		in.Groups = append(in.Groups, int32(k))
		x := in.X.Row(i)
		for j := range x {
			x[j] = r.NormFloat64()
		}
		x[3] = level[k]
		in.Y[i] = math.Floor(math.Min(4, math.Max(0, 1.5+x[0]+math.Sin(2*x[1])+level[k]+0.4*r.NormFloat64())))
	}
	return in
}

// TestCountsWithExtremes: zero counts alone and counts a million times apart
// give finite predictions.
func TestCountsWithExtremes(t *testing.T) {
	for _, name := range []string{"poisson", "tweedie"} {
		in := learnable(model.Regression, 300, 3, 43)
		for i := range in.Y {
			in.Y[i] = 0
		}
		for _, y := range []float64{0, 1e9} {
			for i := range 25 {
				in.Y[i] = y
			}
			for _, p := range predictions(fit(t, model.Params{"objective": name}, in), in.X) {
				if math.IsNaN(p) || math.IsInf(p, 0) || p < 0 {
					t.Fatalf("%s with %v: prediction %v", name, y, p)
				}
			}
		}
		in.Y[7] = -1
		if _, err := Fit(context.Background(), model.Params{"objective": name}, in); err == nil || !strings.Contains(err.Error(), "target of row 7 is -1; it must be 0 or more") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
