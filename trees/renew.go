package trees

import (
	"math"
	"slices"
)

// renew replaces the leaves' values by quantiles of the residuals in them, for
// losses whose second derivative says nothing about the best value. With
// monotone constraints the bounds are set anew from the quantiles of the
// children of each split, since the ones of growing are for other values.
func (b *booster) renew(t *Tree) {
	alpha := b.obj.renew(&b.tgt)
	if !b.grow.find.bounded {
		b.renewLeaves(t, alpha)
	} else {
		b.renewBounded(t, alpha, 0, math.Inf(-1), math.Inf(1))
	}
	// What a split would have added as a leaf is the mean of its children.
	for i := len(t.Nodes) - 1; i >= 0; i-- {
		if n := &t.Nodes[i]; !n.Leaf() {
			l, r := &t.Nodes[n.Left], &t.Nodes[n.Right]
			n.Value = (l.Value*l.Cover + r.Value*r.Cover) / (l.Cover + r.Cover)
		}
	}
}

func (b *booster) renewLeaves(t *Tree, alpha float64) {
	for i := range b.grow.leaves {
		at := b.grow.leaves[i].at
		t.Nodes[at].Value = b.s.rate * b.residual(b.grow.spans[at], alpha)
	}
}

// residual is the quantile of the residuals of the rows in a span.
func (b *booster) residual(s span, alpha float64) float64 {
	rows, score := b.grow.rows[s.lo:s.hi], b.scores()
	if b.tgt.w == nil {
		v := b.quantile.values[:len(rows)]
		for i, r := range rows {
			v[i] = b.tgt.y[r] - score[r]
		}
		return quantileOf(v, alpha)
	}
	p := b.quantile.pairs[:len(rows)]
	for i, r := range rows {
		p[i] = pair{b.tgt.y[r] - score[r], b.tgt.w[r]}
	}
	return quantileOfPairs(p, alpha)
}

// renewBounded renews the leaves below node at within bounds.
func (b *booster) renewBounded(t *Tree, alpha float64, at int32, low, high float64) {
	n := &t.Nodes[at]
	if n.Leaf() {
		n.Value = b.s.rate * clamp(b.residual(b.grow.spans[at], alpha), low, high)
		return
	}
	monotone := b.in.X.Features[n.Feature].Monotone
	if monotone == 0 {
		b.renewBounded(t, alpha, n.Left, low, high)
		b.renewBounded(t, alpha, n.Right, low, high)
		return
	}
	left := clamp(b.residual(b.grow.spans[n.Left], alpha), low, high)
	right := clamp(b.residual(b.grow.spans[n.Right], alpha), low, high)
	m := middle(left, right)
	if monotone > 0 {
		b.renewBounded(t, alpha, n.Left, low, m)
		b.renewBounded(t, alpha, n.Right, m, high)
	} else {
		b.renewBounded(t, alpha, n.Left, m, high)
		b.renewBounded(t, alpha, n.Right, low, m)
	}
}

func clamp(x, low, high float64) float64 { return math.Min(math.Max(x, low), high) }

// quantiler finds weighted quantiles without allocating in the loop.
type quantiler struct {
	values []float64
	pairs  []pair
}

// pair is a value with its weight.
type pair struct{ value, weight float64 }

func newQuantiler(t *target) *quantiler {
	q := &quantiler{}
	if t.w == nil {
		q.values = make([]float64, len(t.y))
	} else {
		q.pairs = make([]pair, len(t.y))
	}
	return q
}

// of is the alpha-quantile of values with weights w (nil: all 1): the smallest
// value whose cumulated weight reaches alpha of the total, or the middle
// between it and the next when it is reached exactly. A weight of 2 is the
// same as the value given twice.
func (q *quantiler) of(values, w []float64, alpha float64) float64 {
	if w == nil {
		return quantileOf(q.values[:copy(q.values, values)], alpha)
	}
	p := q.pairs[:len(values)]
	for i, v := range values {
		p[i] = pair{v, w[i]}
	}
	return quantileOfPairs(p, alpha)
}

// quantileOf reorders v.
func quantileOf(v []float64, alpha float64) float64 {
	at := alpha * float64(len(v))
	k := min(max(int(math.Ceil(at))-1, 0), len(v)-1)
	x := nth(v, k)
	if at != float64(k+1) || k+1 == len(v) {
		return x
	}
	return middle(x, slices.Min(v[k+1:]))
}

// quantileOfPairs sorts p.
func quantileOfPairs(p []pair, alpha float64) float64 {
	slices.SortFunc(p, comparePairs)
	total := 0.0
	for i := range p {
		total += p[i].weight
	}
	at, sum := alpha*total, 0.0
	for i := range p {
		sum += p[i].weight
		if sum > at || i+1 == len(p) {
			return p[i].value
		}
		if sum == at {
			return middle(p[i].value, p[i+1].value)
		}
	}
	return 0
}

// comparePairs orders by value and then by weight, so that sums over sorted
// pairs are the same for any order of rows.
func comparePairs(a, b pair) int {
	switch {
	case a.value < b.value:
		return -1
	case a.value > b.value:
		return 1
	case a.weight < b.weight:
		return -1
	case a.weight > b.weight:
		return 1
	}
	return 0
}

func middle(a, b float64) float64 { return a + (b-a)/2 }

// nth is the k-th smallest of v, counted from 0; afterwards v[:k] holds none
// larger and v[k+1:] none smaller. It is Hoare's selection with the median of
// three as pivot.
func nth(v []float64, k int) float64 {
	lo, hi := 0, len(v)-1
	for lo < hi {
		mid := lo + (hi-lo)/2
		if v[mid] < v[lo] {
			v[mid], v[lo] = v[lo], v[mid]
		}
		if v[hi] < v[lo] {
			v[hi], v[lo] = v[lo], v[hi]
		}
		if v[hi] < v[mid] {
			v[hi], v[mid] = v[mid], v[hi]
		}
		pivot := v[mid]
		i, j := lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return v[k]
		}
	}
	return v[k]
}
