package objective

import (
	"math"
	"slices"
)

// Quantiler finds weighted quantiles of one set of values after another in the
// same memory. It belongs to one goroutine.
type Quantiler struct {
	values []float64
	pairs  []Pair
}

// Pair is a value with its weight.
type Pair struct{ Value, Weight float64 }

// Compare orders by value and then by weight, for slices.SortFunc, so that sums
// over sorted pairs are the same for any order of rows. No NaN may be among them.
func (p Pair) Compare(q Pair) int {
	switch {
	case p.Value < q.Value:
		return -1
	case p.Value > q.Value:
		return 1
	case p.Weight < q.Weight:
		return -1
	case p.Weight > q.Weight:
		return 1
	}
	return 0
}

// Middle is half of the way from a to b.
func Middle(a, b float64) float64 { return a + (b-a)/2 }

// NewQuantiler makes one for values that are as many as the rows of t, or fewer,
// with weights if t has them.
func NewQuantiler(t *Target) *Quantiler {
	q := &Quantiler{}
	if t.Weights == nil {
		q.values = make([]float64, len(t.Y))
	} else {
		q.pairs = make([]Pair, len(t.Y))
	}
	return q
}

// Of is the alpha-quantile of values with weights w (nil: all 1): the smallest
// value whose cumulated weight reaches alpha of the total, or the middle
// between it and the next when it is reached exactly. A weight of 2 is the
// same as the value given twice.
func (q *Quantiler) Of(values, w []float64, alpha float64) float64 {
	if w == nil {
		return quantileOf(q.values[:copy(q.values, values)], alpha)
	}
	p := q.pairs[:len(values)]
	for i, v := range values {
		p[i] = Pair{v, w[i]}
	}
	return quantileOfPairs(p, alpha)
}

// OfResiduals is Of for y-score of the given rows of t.
func (q *Quantiler) OfResiduals(t *Target, score []float64, rows []int32, alpha float64) float64 {
	if t.Weights == nil {
		v := q.values[:len(rows)]
		for i, r := range rows {
			v[i] = t.Y[r] - score[r]
		}
		return quantileOf(v, alpha)
	}
	p := q.pairs[:len(rows)]
	for i, r := range rows {
		p[i] = Pair{t.Y[r] - score[r], t.Weights[r]}
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
	return Middle(x, slices.Min(v[k+1:]))
}

// quantileOfPairs sorts p.
func quantileOfPairs(p []Pair, alpha float64) float64 {
	slices.SortFunc(p, Pair.Compare)
	total := 0.0
	for i := range p {
		total += p[i].Weight
	}
	at, sum := alpha*total, 0.0
	for i := range p {
		sum += p[i].Weight
		if sum > at || i+1 == len(p) {
			return p[i].Value
		}
		if sum == at {
			return Middle(p[i].Value, p[i+1].Value)
		}
	}
	return 0
}

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
