package additive

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sort"

	"bespoke/model"
	"bespoke/objective"
)

// Column says how one feature becomes bins. Bins 0 to Bins-1 are intervals of
// numbers in rising order, or category codes, the most frequent first. Bin
// number Bins is for NaN and for codes without a bin of their own.
type Column struct {
	// Name is the name of the model.Feature.
	Name string `json:"name"`
	// Levels is the number of category codes, 0 for a number.
	Levels int `json:"levels,omitempty"`
	// Monotone is +1 or -1 when the curve must not fall or not rise.
	Monotone int8 `json:"monotone,omitempty"`
	// Bins is the number of bins without the one for missing values. A feature
	// that had the same value in all rows has no more than 1.
	Bins int `json:"bins"`
	// Edges[b] is the largest number of bin b; the last bin has none.
	Edges []float64 `json:"edges,omitempty"`
	// Codes[b] is the category code of bin b.
	Codes []int32 `json:"codes,omitempty"`
	// Groups gives for every bin, the one for missing values last, its group in
	// the terms of pairs; nil when the feature is in none.
	Groups []int `json:"groups,omitempty"`

	search []float64 // Edges with +Inf behind, a power of two in length
	binOf  []uint16  // by category code
}

// cells is the number of bins with the one for missing values.
func (c *Column) cells() int { return c.Bins + 1 }

// groups is the number of groups.
func (c *Column) groups() int { return slices.Max(c.Groups) + 1 }

// bin is the bin of a value, whatever the value is.
func (c *Column) bin(x float64) int {
	if c.Levels > 0 {
		if x >= 0 && x < float64(len(c.binOf)) {
			return int(c.binOf[int(x)])
		}
		return c.Bins
	}
	if x != x {
		return c.Bins
	}
	b := 0
	for step := len(c.search) / 2; step > 0; step >>= 1 {
		if x > c.search[b+step-1] {
			b += step
		}
	}
	return b
}

// prepare makes what bin needs of the exported fields.
func (c *Column) prepare() {
	if c.Levels > 0 {
		c.binOf = make([]uint16, c.Levels)
		for code := range c.binOf {
			c.binOf[code] = uint16(c.Bins)
		}
		for b, code := range c.Codes {
			c.binOf[code] = uint16(b)
		}
		return
	}
	size := 1 << bits.Len(uint(len(c.Edges)))
	c.search = make([]float64, size)
	for i := copy(c.search, c.Edges); i < size; i++ {
		c.search[i] = math.Inf(1)
	}
}

// edgeSample is from how many rows at most the edges of bins are found.
const edgeSample = 200_000

// newColumn finds the bins of feature j.
func newColumn(x *model.Matrix, w []float64, j int, s *settings) Column {
	f := x.Features[j]
	c := Column{Name: f.Name, Levels: f.Levels, Monotone: f.Monotone}
	if f.Levels > 0 {
		c.countCodes(x, w, j, s.maxBins)
	} else {
		c.cut(distinct(x, w, j, s.seed), s.maxBins)
	}
	c.prepare()
	return c
}

// countCodes gives the most frequent codes a bin each.
func (c *Column) countCodes(x *model.Matrix, w []float64, j, most int) {
	counts := make([]float64, c.Levels)
	for i := range x.Rows {
		if v := x.Row(i)[j]; v == v {
			counts[int(v)] += weightOf(w, i)
		}
	}
	for code, n := range counts {
		if n > 0 {
			c.Codes = append(c.Codes, int32(code))
		}
	}
	sort.SliceStable(c.Codes, func(a, b int) bool { return counts[c.Codes[a]] > counts[c.Codes[b]] })
	c.Codes = c.Codes[:min(len(c.Codes), most)]
	c.Bins = len(c.Codes)
}

// distinct lists the different numbers of feature j in rising order with the
// weight of each.
func distinct(x *model.Matrix, w []float64, j int, seed uint64) []objective.Pair {
	all := make([]objective.Pair, 0, min(x.Rows, edgeSample))
	add := func(i int) {
		if v := x.Row(i)[j]; v == v {
			all = append(all, objective.Pair{Value: v + 0, Weight: weightOf(w, i)}) // -0 becomes 0
		}
	}
	if x.Rows <= edgeSample {
		for i := range x.Rows {
			add(i)
		}
	} else {
		r := rand.New(rand.NewPCG(seed, streamEdges))
		for range edgeSample {
			add(r.IntN(x.Rows))
		}
	}
	slices.SortFunc(all, objective.Pair.Compare)
	out := all[:0]
	for _, p := range all {
		if n := len(out); n > 0 && out[n-1].Value == p.Value {
			out[n-1].Weight += p.Weight
		} else {
			out = append(out, p)
		}
	}
	return out
}

// cut puts edges between values: one bin per value when there are few, else
// bins about equally heavy. A bin is closed where its weight is nearest to the
// mean of what is left.
func (c *Column) cut(values []objective.Pair, most int) {
	if len(values) == 0 {
		return
	}
	rest, left := 0.0, most
	for _, v := range values {
		rest += v.Weight
	}
	sum := 0.0
	for i, v := range values[:len(values)-1] {
		sum += v.Weight
		goal, next := rest/float64(left), values[i+1].Weight
		enough := sum >= goal || sum+next-goal > goal-sum
		if len(values) > most && (!enough || left == 1) {
			continue
		}
		c.Edges = append(c.Edges, between(v.Value, values[i+1].Value))
		rest -= sum
		left--
		sum = 0
	}
	c.Bins = len(c.Edges) + 1
}

// between is a number from a up to but not including b, the middle if it can
// be told apart.
func between(a, b float64) float64 {
	if m := a/2 + b/2; m >= a && m < b {
		return m
	}
	return a
}

// bins gives the bin of feature j of every row.
func (c *Column) bins(x *model.Matrix, j int) []uint16 {
	out := make([]uint16, x.Rows)
	for i := range out {
		out[i] = uint16(c.bin(x.Row(i)[j]))
	}
	return out
}

func weightOf(w []float64, i int) float64 {
	if w == nil {
		return 1
	}
	return w[i]
}

// weigh adds up the weight of the rows in each cell.
func weigh(bins []uint16, w []float64, cells int) []float64 {
	out := make([]float64, cells)
	for i, b := range bins {
		out[b] += weightOf(w, i)
	}
	return out
}
