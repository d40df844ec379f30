package objective

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// ranked draws queries of several sizes whose rows are mixed.
func ranked(r *rand.Rand, queries int) (*Target, []float64) {
	t := &Target{Settings: Defaults()}
	for k := range queries {
		for range 1 + r.IntN(9) {
			t.Groups = append(t.Groups, int32(7*k-3))
		}
	}
	r.Shuffle(len(t.Groups), func(i, j int) { t.Groups[i], t.Groups[j] = t.Groups[j], t.Groups[i] })
	score := make([]float64, len(t.Groups))
	for i := range score {
		t.Y = append(t.Y, float64(r.IntN(4)))
		score[i] = r.NormFloat64()
	}
	return t, score
}

// TestLambdasAreDerivatives compares with differences of the loss whose
// gradients the lambdas are: for each pair of rows of a query of which one is
// among the first, log(1+exp(s_b-s_a)) times what swapping them would change,
// with that, and all other factors, held fast.
func TestLambdasAreDerivatives(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, plain := range []bool{true, false} {
		tgt, score := ranked(r, 12)
		tgt.Plain, tgt.Truncation = plain, 3
		if err := lambdarank.Ready(tgt); err != nil {
			t.Fatal(err)
		}
		n := len(score)
		lambdarank.Prepare(tgt, score, 0, n/2)
		lambdarank.Prepare(tgt, score, n/2, n)
		g, h := make([]float64, n), make([]float64, n)
		lambdarank.Gradient(tgt, score, 0, 0, n, g, h)
		for i := range n {
			pairs := pairsOf(tgt, score, tgt.Groups[i])
			at := func(d float64) (sum float64) {
				for _, p := range pairs {
					m := score[p.a] - score[p.b]
					if p.a == i {
						m += d
					}
					if p.b == i {
						m -= d
					}
					sum += p.weight * math.Log1p(math.Exp(-m))
				}
				return sum
			}
			const step = 1e-4
			if want := (at(step) - at(-step)) / (2 * step); math.Abs(g[i]-want) > 1e-6 {
				t.Errorf("plain %v, row %d: gradient %v, want %v", plain, i, g[i], want)
			}
			if want := (at(step) - 2*at(0) + at(-step)) / (step * step); math.Abs(h[i]-want) > 1e-5 {
				t.Errorf("plain %v, row %d: hessian %v, want %v", plain, i, h[i], want)
			}
		}
	}
}

type weighted struct {
	a, b   int
	weight float64
}

// pairsOf finds the pairs of a query by swapping each and looking at NDCG.
func pairsOf(t *Target, score []float64, group int32) (pairs []weighted) {
	var rows []int
	for i, g := range t.Groups {
		if g == group {
			rows = append(rows, i)
		}
	}
	only := &Target{Settings: t.Settings}
	var ranks []float64
	for _, r := range rows {
		only.Y, only.Groups = append(only.Y, t.Y[r]), append(only.Groups, 1)
		rank := 0
		for _, o := range rows {
			if score[o] > score[r] {
				rank++
			}
		}
		ranks = append(ranks, float64(rank))
	}
	// The gain that a swap changes is that of the whole list over the best of
	// the first rows.
	first := best(only.Y, t.Truncation)
	value := func(ranks []float64) (sum float64) {
		for i, y := range only.Y {
			sum += (math.Pow(2, y) - 1) / math.Log2(ranks[i]+2)
		}
		return sum / first
	}
	top, low := math.Inf(-1), math.Inf(1)
	for _, r := range rows {
		top, low = max(top, score[r]), min(low, score[r])
	}
	sum := 0.0
	for i, a := range rows {
		for j, b := range rows {
			if only.Y[i] <= only.Y[j] || min(ranks[i], ranks[j]) >= float64(t.Truncation) {
				continue
			}
			swapped := slices.Clone(ranks)
			swapped[i], swapped[j] = ranks[j], ranks[i]
			w := math.Abs(value(swapped) - value(ranks))
			d := score[a] - score[b]
			if !t.Plain && top != low {
				w /= 0.01 + math.Abs(d)
			}
			sum += 2 * w / (1 + math.Exp(d))
			pairs = append(pairs, weighted{a, b, w})
		}
	}
	for i := range pairs {
		if !t.Plain {
			pairs[i].weight *= math.Log2(1+sum) / sum
		}
	}
	return pairs
}

func best(y []float64, first int) (sum float64) {
	sorted := slices.Sorted(slices.Values(y))
	slices.Reverse(sorted)
	for rank, y := range sorted[:min(first, len(sorted))] {
		sum += (math.Pow(2, y) - 1) / math.Log2(float64(rank+2))
	}
	return sum
}

func TestNDCG(t *testing.T) {
	one := &Target{Y: []float64{3, 2, 3, 0, 1, 2}, Groups: make([]int32, 6)}
	down := []float64{6, 5, 4, 3, 2, 1}
	// By hand: (7/1 + 3/1.58496 + 7/2 + 0 + 1/2.58496 + 3/2.80735) over
	// (7/1 + 7/1.58496 + 3/2 + 3/2.32193 + 1/2.58496).
	if got, err := NDCG(one, down, 6); err != nil || math.Abs(got-0.948810748) > 1e-8 {
		t.Errorf("NDCG %v, %v; want 0.9488", got, err)
	}
	if got, _ := NDCG(one, []float64{6, 2, 5, 0, 1, 3}, 6); got != 1 {
		t.Errorf("NDCG of the best order %v, want 1", got)
	}
	two := &Target{Y: []float64{0, 1, 0, 0}, Groups: []int32{5, 5, 9, 9}, Weights: []float64{3, 3, 1, 1}}
	if got, _ := NDCG(two, []float64{1, 0, 1, 2}, 2); math.Abs(got-(3/math.Log2(3)+1)/4) > 1e-12 {
		t.Errorf("weighted NDCG %v", got)
	}
	if _, err := NDCG(two, []float64{1}, 2); err == nil {
		t.Error("one score for four rows was taken")
	}
}

func TestTargetsThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		o    *Objective
		t    Target
		want string
	}{
		{poisson, Target{Y: []float64{0, 2, -1}}, "objective: poisson: target of row 2 is -1; it must be 0 or more"},
		{gamma, Target{Y: []float64{1, 0}}, "target of row 1 is 0; it must be above 0"},
		{tweedie, Target{Y: []float64{-2}, Settings: Settings{Power: 1.5}}, "target of row 0 is -2; it must be 0 or more"},
		{tweedie, Target{Y: []float64{2}, Settings: Settings{Power: 2}}, "variance power is 2; it must be above 1 and below 2"},
		{huber, Target{Y: []float64{2}}, "delta is 0; it must be above 0"},
		{fair, Target{Y: []float64{2}, Settings: Settings{Delta: math.NaN()}}, "delta is NaN"},
		{lambdarank, Target{Y: []float64{2}, Settings: Defaults()}, "no queries to be ranked in"},
		{lambdarank, Target{Y: []float64{1.5}, Groups: []int32{1}, Settings: Defaults()}, "target of row 0 is 1.5; it must be a grade, a whole number from 0 to 30"},
		{lambdarank, Target{Y: []float64{1}, Groups: []int32{1}}, "truncation is 0; it must be 1 or more"},
	} {
		if err := c.o.Ready(&c.t); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.o.Name, err, c.want)
		}
	}
}

// TestExtremesStayFinite: raw scores far beyond any target give derivatives that
// can be added up, and predictions that are numbers.
func TestExtremesStayFinite(t *testing.T) {
	for _, o := range table {
		if o.Total != nil || o.Name == "log-loss" {
			continue
		}
		tgt := &Target{Y: []float64{1, 1e6, 1e-9}, Settings: Defaults()}
		g, h := make([]float64, 3), []float64{1, 1, 1}
		for _, s := range []float64{-1e300, -5000, 0, 5000, 1e300} {
			if !o.Logarithmic && math.Abs(s) > 5000 {
				continue
			}
			o.Gradient(tgt, []float64{s, s, s}, 0, 0, 3, g, h)
			out := []float64{0}
			o.Link([]float64{s}, out)
			for i := range g {
				if math.IsNaN(g[i]) || math.IsInf(g[i], 0) || math.IsNaN(h[i]) || math.IsInf(h[i], 0) || math.IsInf(out[0], 0) || h[i] < 0 {
					t.Errorf("%s at %v: g %v, h %v, prediction %v", o.Name, s, g[i], h[i], out[0])
				}
			}
		}
	}
}

// TestOwnLoss: a loss made row by row is the same as the one of the table that
// it spells out.
func TestOwnLoss(t *testing.T) {
	tgt := &Target{Y: []float64{0, 1, 1}, Classes: 2}
	own := logistic.OfRows(Row{
		Derivatives: func(i int, s float64) (g, h float64) {
			p := 1 / (1 + math.Exp(-s))
			return p - tgt.Y[i], p * (1 - p)
		},
		Loss: func(i int, s float64) float64 { return logisticLoss(tgt, i, []float64{s}) },
	})
	score := []float64{-0.3, 0.2, 4}
	var g, h [2][3]float64
	for k, o := range []*Objective{logistic, own} {
		o.Gradient(tgt, score, 0, 0, 3, g[k][:], h[k][:])
	}
	if g[0] != g[1] || h[0] != h[1] || own.Loss(tgt, 1, score[1:]) != logistic.Loss(tgt, 1, score[1:]) {
		t.Errorf("g %v, h %v", g, h)
	}
	if own.Name != "log-loss" || own.Constant || own == logistic {
		t.Errorf("own loss %+v", own)
	}
	if o := absolute.With(squaredGradient, squaredLoss); o.Renew != nil || o.Constant || absolute.Renew == nil {
		t.Error("With keeps the renewal of leaves or changes what it is built on")
	}
}
