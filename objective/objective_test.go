package objective

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"bespoke/model"

	"pgregory.net/rapid"
)

// tgtFor draws targets for an objective with raw scores.
func tgtFor(obj *Objective, n int, r *rand.Rand) (*Target, []float64) {
	t := &Target{Y: make([]float64, n), Settings: Defaults()}
	if obj.Tasks[0] != model.Regression {
		t.Classes = 2
		if obj.Tasks[0] == model.Multiclass {
			t.Classes = 4
		}
	}
	score := make([]float64, n*obj.Raw(t.Classes))
	t.Scratch = make([]float64, len(score))
	for i := range t.Y {
		t.Y[i] = 2 * r.NormFloat64()
		if obj.Logarithmic {
			t.Y[i] = math.Exp(t.Y[i])
		}
		if t.Classes > 0 {
			t.Y[i] = float64(r.IntN(t.Classes))
		}
	}
	for i := range score {
		score[i] = 2 * r.NormFloat64()
	}
	return t, score
}

// TestGradientsAreDerivatives compares each objective with finite differences
// of its loss. The squared loss has gradients of half of it, as in LightGBM,
// and softmax hessians have a factor K/(K-1). Those of expected losses, which
// are not convex, and of the fair loss bound the second derivative.
func TestGradientsAreDerivatives(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	all := slices.Concat(table, expected)
	for i := range all {
		obj, bound := all[i], i >= len(table)
		if obj.Total != nil {
			continue // see TestLambdasAreDerivatives
		}
		name := obj.Name + " " + obj.Tasks[0].String()
		if bound {
			name += " expected"
		}
		bound = bound || obj == fair
		t.Run(name, func(t *testing.T) {
			const n, step = 40, 1e-4
			tgt, score := tgtFor(obj, n, r)
			k := obj.Raw(tgt.Classes)
			factorG, factorH := 1.0, 1.0
			if obj.Name == "squared" {
				factorG = 0.5
			}
			if obj == poisson {
				factorH = math.Exp(0.7)
			}
			if k > 1 {
				factorH = float64(k) / float64(k-1)
			}
			if obj.Prepare != nil {
				obj.Prepare(tgt, score, 0, n)
			}
			g, h := make([]float64, n), slices.Repeat([]float64{1}, n)
			for out := range k {
				obj.Gradient(tgt, score, out, 0, n, g, h)
				for i := range n {
					at := func(d float64) float64 {
						raw := make([]float64, k)
						for o := range raw {
							raw[o] = score[o*n+i]
						}
						raw[out] += d
						return obj.Loss(tgt, i, raw)
					}
					if want := factorG * (at(step) - at(-step)) / (2 * step); math.Abs(g[i]-want) > 1e-5*(1+math.Abs(want)) {
						t.Errorf("row %d output %d: gradient %v, want %v", i, out, g[i], want)
					}
					want := factorH * factorG * (at(step) - 2*at(0) + at(-step)) / (step * step)
					if bound && !(h[i] > 0 && h[i] >= math.Abs(want)-1e-5) {
						t.Errorf("row %d output %d: hessian %v does not bound %v", i, out, h[i], want)
					}
					if !bound && !obj.Constant && math.Abs(h[i]-want) > 1e-5*(1+math.Abs(want)) {
						t.Errorf("row %d output %d: hessian %v, want %v", i, out, h[i], want)
					}
					if obj.Constant && h[i] != 1 {
						t.Errorf("row %d: a constant hessian was written", i)
					}
				}
			}
		})
	}
}

// TestBaseIsBestConstant: moving the base score either way does not lower the
// weighted loss.
func TestBaseIsBestConstant(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, obj := range table {
		if obj.Total != nil || obj == huber || obj == fair {
			continue
		}
		t.Run(obj.Name+" "+obj.Tasks[0].String(), func(t *testing.T) {
			tgt, _ := tgtFor(obj, 101, r)
			tgt.Weights = make([]float64, 101)
			for i := range tgt.Weights {
				tgt.Weights[i] = 0.5 + r.Float64()
			}
			base := obj.Base(tgt)
			total := func(at []float64) (sum float64) {
				for i := range tgt.Y {
					sum += tgt.Weights[i] * obj.Loss(tgt, i, at)
				}
				return sum
			}
			for k := range base {
				for _, d := range []float64{-1e-3, 1e-3} {
					moved := slices.Clone(base)
					moved[k] += d
					if a, b := total(base), total(moved); b < a {
						t.Errorf("base %v has loss %v, %v has %v", base, a, moved, b)
					}
				}
			}
		})
	}
}

func TestLinksGiveProbabilities(t *testing.T) {
	for _, z := range []float64{-800, -40, -1, 0, 3, 40, 800} {
		out := make([]float64, 2)
		sigmoidLink([]float64{z}, out)
		if out[0]+out[1] != 1 || out[1] < 0 || out[1] > 1 {
			t.Errorf("sigmoid of %v: %v", z, out)
		}
		p := []float64{z, 0, -z}
		softmaxLink(p, p)
		if s := p[0] + p[1] + p[2]; math.Abs(s-1) > 1e-12 {
			t.Errorf("softmax of %v sums to %v", z, s)
		}
	}
}

// TestQuantiles compares both ways with a definition by repeating values.
func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		alpha := rapid.SampledFrom([]float64{0.1, 0.25, 0.5, 0.75, 0.9}).Draw(t, "alpha")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
		var values, weights, repeated []float64
		for range n {
			v, w := float64(r.IntN(40)), 1+r.IntN(4)
			values, weights = append(values, v), append(weights, float64(w))
			repeated = append(repeated, slices.Repeat([]float64{v}, w)...)
		}
		sort.Float64s(repeated)
		// The smallest value with at least alpha of the rows at or below it, in
		// the middle of a gap if there is one.
		at := alpha * float64(len(repeated))
		k := int(math.Ceil(at)) - 1
		want := repeated[max(k, 0)]
		if at == float64(k+1) && k+1 < len(repeated) {
			want = (want + repeated[k+1]) / 2
		}
		q := NewQuantiler(&Target{Y: values, Weights: weights})
		if got := q.Of(values, weights, alpha); got != want {
			t.Fatalf("weighted: %v, want %v", got, want)
		}
		q = NewQuantiler(&Target{Y: repeated})
		r.Shuffle(len(repeated), func(i, j int) { repeated[i], repeated[j] = repeated[j], repeated[i] })
		if got := q.Of(repeated, nil, alpha); got != want {
			t.Fatalf("repeated: %v, want %v", got, want)
		}
	})
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name string
		task model.Task
		want string
	}{
		{"auto", model.Regression, "squared"},
		{"auto", model.Multiclass, "log-loss"},
		{"quantile", model.Regression, "quantile"},
		{"log-loss", model.Regression, ""},
		{"squared", model.Binary, ""},
	} {
		obj, err := Find(c.name, c.task)
		if got := err == nil; got != (c.want != "") || (got && obj.Name != c.want) {
			t.Errorf("%s for %s: %v, %v; want %q", c.name, c.task, obj, err, c.want)
		}
	}
}
