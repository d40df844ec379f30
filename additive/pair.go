package additive

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"bespoke/model"
	"bespoke/objective"

	"gonum.org/v1/gonum/stat/distuv"
)

// mostSearched is among how many features at most pairs are looked for: those
// whose curves matter most.
const mostSearched = 128

// fewGroups is the number of groups that even few rows have.
const fewGroups = 4

// group divides the bins of a feature into at most most groups of about equal
// weight for the terms of pairs: intervals of numbers, and categories that stand
// together when ordered by their curve. The last group is for missing values.
func (c *Column) group(weights, curve []float64, most int) {
	order := make([]int, c.Bins)
	for b := range order {
		order[b] = b
	}
	if c.Levels > 0 {
		sort.SliceStable(order, func(a, b int) bool { return curve[order[a]] < curve[order[b]] })
	}
	places := make([]objective.Pair, c.Bins)
	for i, b := range order {
		places[i] = objective.Pair{Value: float64(i), Weight: weights[b]}
	}
	var coarse Column
	coarse.cut(places, most)
	coarse.prepare()
	c.Groups = make([]int, c.cells())
	for i, b := range order {
		c.Groups[b] = coarse.bin(float64(i))
	}
	c.Groups[c.Bins] = coarse.Bins
}

// candidates lists the positions in mains of the features that may stand in a
// pair: those that promise no direction, the strongest first.
func (f *fitter) candidates() []int {
	var out []int
	strength := make([]float64, len(f.mains))
	for t, m := range f.mains {
		if f.columns[m.features[0]].Monotone != 0 {
			continue
		}
		out = append(out, t)
		curve := f.curve(t)
		for b, w := range f.weights[t] {
			strength[t] += w * math.Abs(curve[b])
		}
	}
	slices.SortStableFunc(out, func(a, b int) int {
		switch {
		case strength[a] > strength[b]:
			return -1
		case strength[a] < strength[b]:
			return 1
		}
		return 0
	})
	return out[:min(len(out), mostSearched)]
}

// curve is the mean over the bags of the first raw output of main t.
func (f *fitter) curve(t int) []float64 {
	out := make([]float64, f.mains[t].cells)
	for b := range f.bags {
		for i, v := range f.bags[b].mains[t] {
			out[i] += v / float64(len(f.bags))
		}
	}
	return out
}

// ranked is a pair of features with what it could lower the loss.
type ranked struct {
	a, b int // positions in mains
	gain float64
}

// choosePairs ranks the pairs by FAST (Lou and others 2013, section 4.1): what
// is left when the curves are known is summed on the grid of two features, and
// the best division of the grid by one cut of a side and one of the other on
// each side of it says what a term could gain.
func (f *fitter) choosePairs(most int) ([]term, error) {
	if most == 0 || len(f.base) > 1 {
		return nil, nil
	}
	among := f.candidates()
	groups := min(f.s.pairBins, max(fewGroups, int(math.Sqrt(f.rows()))/2))
	coarse := make([][]uint16, len(f.mains))
	for _, t := range among {
		c := &f.columns[f.mains[t].features[0]]
		c.group(f.weights[t], f.curve(t), groups)
		coarse[t] = make([]uint16, len(f.in.Y))
		for i, b := range f.mains[t].bins {
			coarse[t][i] = uint16(c.Groups[b])
		}
	}
	g, h := f.residuals()
	all := make([][]ranked, len(among))
	err := f.each(len(among), func(i int) error {
		all[i] = f.rank(among, i, coarse, g, h)
		return f.ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	list := slices.Concat(all...)
	slices.SortStableFunc(list, func(x, y ranked) int {
		switch {
		case x.gain > y.gain:
			return -1
		case x.gain < y.gain:
			return 1
		}
		return 0
	})
	var out []term
	least := f.leastGain(len(list), groups, g, h)
	for _, p := range list[:min(len(list), most)] {
		if p.gain > least {
			out = append(out, f.pairTerm(p.a, p.b, coarse))
		}
	}
	return out, nil
}

// chance is how likely the pairs may be to have one that is there by chance only.
const chance = 0.05

// leastGain is the gain that a pair must have when as many as there are features
// may be taken: beyond what noise alone gives the best of all divisions of all
// pairs. Without interaction the gain of one division, in units of the variance
// of what is left, has a chi-squared distribution of three degrees of freedom
// (four cells less their mean); the number of divisions is allowed for after
// Bonferroni. Pairs that are asked for by number need only gain anything.
func (f *fitter) leastGain(pairs, groups int, g, h []float64) float64 {
	if f.s.pairs >= 0 || pairs == 0 {
		return 0
	}
	// For the log-loss, h is the variance of g; for numbers it is the weight, and
	// the variance is that of the residuals.
	variance := 1.0
	if f.in.Task == model.Regression {
		squares, weight := 0.0, 0.0
		for i, w := range h {
			squares += g[i] * g[i] / w
			weight += w
		}
		variance = squares / weight
	}
	tests := float64(pairs) * float64(groups*groups)
	return variance * distuv.ChiSquared{K: 3}.Quantile(1-chance/tests)
}

// rows is the number of training rows by weight.
func (f *fitter) rows() float64 {
	sum := 0.0
	for i := range f.in.Y {
		sum += weightOf(f.in.Weights, i)
	}
	return sum
}

// residuals are the gradients and hessians, times weights, of the mean of the
// bags.
func (f *fitter) residuals() (g, h []float64) {
	n := len(f.in.Y)
	b := booster{task: f.in.Task, k: 1, n: n, y: f.in.Y, w: f.in.Weights, score: slices.Clone(f.start), g: make([]float64, tile), h: make([]float64, tile)}
	g, h = make([]float64, n), make([]float64, n)
	var bins [][]uint16
	var curves [][]float64
	for t, m := range f.mains {
		bins, curves = append(bins, m.bins), append(curves, f.curve(t))
	}
	for lo := 0; lo < n; lo += tile {
		hi := min(n, lo+tile)
		for i := range b.h {
			b.h[i] = 1
		}
		addSteps(b.score[lo:hi], bins, curves, lo, hi)
		b.gradients(0, lo, hi)
		copy(g[lo:hi], b.g)
		copy(h[lo:hi], b.h)
	}
	return g, h
}

// rank finds the gains of the pairs of among[i] with those after it that may
// interact.
func (f *fitter) rank(among []int, i int, coarse [][]uint16, g, h []float64) []ranked {
	var out []ranked
	a := among[i]
	rows := f.columns[f.mains[a].features[0]].groups()
	for _, b := range among[i+1:] {
		if !f.in.Together(f.mains[a].features[0], f.mains[b].features[0]) {
			continue
		}
		columns := f.columns[f.mains[b].features[0]].groups()
		hist, weights := make([]cell, rows*columns), make([]float64, rows*columns)
		for r, x := range coarse[a] {
			c := int(x)*columns + int(coarse[b][r])
			hist[c].g += g[r]
			hist[c].h += h[r]
			weights[c] += weightOf(f.in.Weights, r)
		}
		find := newFinder(f.s, []term{{cells: rows * columns, rows: rows}}, rand.New(rand.NewPCG(0, 0)))
		find.accumulate(hist, weights, rows, columns)
		gain := max(find.cross(find.grid, rows, columns).gain, find.cross(find.turned, columns, rows).gain)
		out = append(out, ranked{a, b, gain})
	}
	return out
}

// pairTerm makes the term of a pair, its features in the order of the matrix.
func (f *fitter) pairTerm(a, b int, coarse [][]uint16) term {
	if f.mains[a].features[0] > f.mains[b].features[0] {
		a, b = b, a
	}
	fa, fb := f.mains[a].features[0], f.mains[b].features[0]
	rows, columns := f.columns[fa].groups(), f.columns[fb].groups()
	t := term{features: []int{fa, fb}, rows: rows, cells: rows * columns, bins: make([]uint16, len(f.in.Y))}
	for i := range t.bins {
		t.bins[i] = coarse[a][i]*uint16(columns) + coarse[b][i]
	}
	return t
}

// purifyRounds bounds the passes of purify.
const purifyRounds = 200

// purify moves what a grid says about one of its features alone into that
// feature's curve, so that the weighted mean of every row and column is zero
// (Lengerich and others 2020, Purifying interaction effects with the functional
// ANOVA): what is left is interaction only. Scores do not change. rows and
// columns receive, per group, what the curves must take up. Groups without
// weight become zero.
func purify(grid, weights []float64, rows, columns []float64) {
	n := len(columns)
	line := func(i, from, step, count int, into []float64) float64 {
		sum, total := 0.0, 0.0
		for j := range count {
			sum += weights[from+j*step] * grid[from+j*step]
			total += weights[from+j*step]
		}
		if total == 0 {
			for j := range count {
				grid[from+j*step] = 0
			}
			return 0
		}
		mean := sum / total
		for j := range count {
			grid[from+j*step] -= mean
		}
		into[i] += mean
		return math.Abs(mean)
	}
	scale := 0.0
	for _, v := range grid {
		scale = max(scale, math.Abs(v))
	}
	for range purifyRounds {
		moved := 0.0
		for i := range rows {
			moved = max(moved, line(i, i*n, 1, n, rows))
		}
		for j := range columns {
			moved = max(moved, line(j, j, n, len(rows), columns))
		}
		if moved <= 1e-13*scale {
			break
		}
	}
}
