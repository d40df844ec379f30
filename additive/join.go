package additive

import (
	"errors"
	"math"
	"slices"

	"bespoke/model"
)

// join makes the model: the mean of the bags, purified, monotone and centred.
func (f *fitter) join() (*Model, error) {
	m := &Model{Task: f.in.Task, Columns: f.columns, Intercept: slices.Clone(f.base)}
	if f.in.Task != model.Regression {
		m.Classes = len(f.in.Classes)
	}
	offsets := make([][]float64, len(f.bags))
	for i := range f.bags {
		f.purify(&f.bags[i])
		offsets[i] = f.centre(&f.bags[i])
	}
	for k := range m.Intercept {
		for i := range offsets {
			m.Intercept[k] += offsets[i][k] / float64(len(f.bags))
		}
	}
	for t, of := range f.mains {
		term := f.average(of.features, f.weights[t], t, len(f.mains), func(b *bag) [][]float64 { return b.mains })
		if way := f.columns[of.features[0]].Monotone; way != 0 {
			isotonic(term.Values[0][:len(term.Values[0])-1], term.Weights, float64(way))
			m.Intercept[0] += centre(term.Values[0], term.Weights)
		}
		m.add(term)
	}
	for t, of := range f.pairs {
		m.add(f.average(of.features, f.pairWeights[t], t, len(f.pairs), func(b *bag) [][]float64 { return b.pairs }))
	}
	m.ungroup()
	if err := m.check(); err != nil {
		return nil, errors.Join(errors.New("the targets or weights are too large or too small"), err)
	}
	m.prepare()
	return m, nil
}

// purify moves main effects out of the pairs of a bag.
func (f *fitter) purify(b *bag) {
	at := map[int]int{} // feature to position in mains
	for t, m := range f.mains {
		at[m.features[0]] = t
	}
	for t, p := range f.pairs {
		rows, columns := make([]float64, p.rows), make([]float64, p.cells/p.rows)
		purify(b.pairs[t], f.pairWeights[t], rows, columns)
		for side, moved := range [][]float64{rows, columns} {
			j := p.features[side]
			curve := b.mains[at[j]]
			for bin, group := range f.columns[j].Groups {
				curve[bin] += moved[group]
			}
		}
	}
}

// centre gives every curve of a bag the weighted mean zero, and returns what was
// taken from each raw output.
func (f *fitter) centre(b *bag) []float64 {
	out := make([]float64, len(f.base))
	for i, curve := range b.mains {
		out[i/len(f.mains)] += centre(curve, f.weights[i%len(f.mains)])
	}
	return out
}

// centre subtracts the weighted mean and returns it. Cells without weight, of
// which nothing is known, become zero: the mean.
func centre(values, weights []float64) float64 {
	sum, total := 0.0, 0.0
	for i, w := range weights {
		sum += w * values[i]
		total += w
	}
	mean := sum / total
	for i, w := range weights {
		if values[i] -= mean; w == 0 {
			values[i] = 0
		}
	}
	return mean
}

// average is the term whose values are the mean over the bags, with the standard
// deviation over them.
func (f *fitter) average(features []int, weights []float64, t, terms int, of func(*bag) [][]float64) Term {
	out := Term{Features: features, Weights: weights}
	n := float64(len(f.bags))
	for k := range f.base {
		values, errs := make([]float64, len(weights)), make([]float64, len(weights))
		for i := range f.bags {
			for c, v := range of(&f.bags[i])[k*terms+t] {
				values[c] += v / n
			}
		}
		for i := range f.bags {
			for c, v := range of(&f.bags[i])[k*terms+t] {
				errs[c] += (v - values[c]) * (v - values[c])
			}
		}
		for c, e := range errs {
			errs[c] = short(math.Sqrt(e / max(1, n-1)))
		}
		out.Values = append(out.Values, values)
		if len(f.bags) > 1 {
			out.Errors = append(out.Errors, errs)
		}
	}
	return out
}

// short rounds to three digits: an error needs no more.
func short(x float64) float64 {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(x)))
	return math.Round(x*scale) / scale
}

// isotonic replaces values by the nearest, by weighted squares, that do not fall
// (way 1) or not rise (way -1): pool adjacent violators (Ayer and others 1955).
func isotonic(values, weights []float64, way float64) {
	type pool struct {
		sum, weight float64
		bins        int
	}
	var pools []pool
	mean := func(p pool) float64 { return way * p.sum / p.weight }
	for i, v := range values {
		w := max(weights[i], 1e-9) // a bin may have no rows where edges come from a sample
		pools = append(pools, pool{v * w, w, 1})
		for n := len(pools); n > 1 && mean(pools[n-1]) < mean(pools[n-2]); n = len(pools) {
			last := pools[n-1]
			pools = pools[:n-1]
			pools[n-2].sum += last.sum
			pools[n-2].weight += last.weight
			pools[n-2].bins += last.bins
		}
	}
	i := 0
	for _, p := range pools {
		for range p.bins {
			values[i] = p.sum / p.weight
			i++
		}
	}
}
