package main

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// venn is a Venn-Abers predictor of a binary outcome (Vovk and Petej 2014): for
// a score it gives two probabilities, those of isotonic regressions on the rows
// and the score with the outcome 0, and with 1. One of them would be right.
//
// The regressions on the rows before and behind every place are kept, as lists
// that share their tails (Vovk, Petej and Fedorova 2015 precompute likewise), so
// that a score costs one search and a few joins.
type venn struct {
	x           []float64
	same        []pool // rows of each score
	left, right []*pool
}

// pool is some neighbouring scores that share one value, and those beyond.
type pool struct {
	sum, weight float64
	next        *pool
}

func fitVenn(p, y []float64) *venn {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	v := &venn{}
	for _, i := range order {
		if n := len(v.x); n == 0 || v.x[n-1] != p[i] {
			v.x, v.same = append(v.x, p[i]), append(v.same, pool{})
		}
		last := &v.same[len(v.same)-1]
		last.sum += y[i]
		last.weight++
	}
	n := len(v.x)
	v.left, v.right = make([]*pool, n+1), make([]*pool, n+1)
	for i, s := range v.same {
		v.left[i+1] = join(s, v.left[i], func(outer, inner float64) bool { return outer >= inner })
	}
	for i := n - 1; i >= 0; i-- {
		v.right[i] = join(v.same[i], v.right[i+1], func(outer, inner float64) bool { return outer <= inner })
	}
	return v
}

// join pools with the pools beyond while they are out of order.
func join(s pool, beyond *pool, wrong func(outer, inner float64) bool) *pool {
	for beyond != nil && wrong(beyond.sum/beyond.weight, s.sum/s.weight) {
		s.sum, s.weight, beyond = s.sum+beyond.sum, s.weight+beyond.weight, beyond.next
	}
	s.next = beyond
	return &s
}

// at gives the two probabilities of a score.
func (v *venn) at(score float64) (p0, p1 float64) {
	i := sort.SearchFloat64s(v.x, score)
	here, right := pool{}, v.right[i]
	if i < len(v.x) && v.x[i] == score {
		here, right = v.same[i], v.right[i+1]
	}
	here.weight++
	p0 = pooled(here, v.left[i], right)
	here.sum++
	return p0, pooled(here, v.left[i], right)
}

// pooled is the value of a place between two regressions.
func pooled(s pool, left, right *pool) float64 {
	for {
		switch mean := s.sum / s.weight; {
		case left != nil && left.sum/left.weight >= mean:
			s.sum, s.weight, left = s.sum+left.sum, s.weight+left.weight, left.next
		case right != nil && right.sum/right.weight <= mean:
			s.sum, s.weight, right = s.sum+right.sum, s.weight+right.weight, right.next
		default:
			return mean
		}
	}
}

// vennMap calibrates rows of any number of classes, each class against the
// rest. With one predictor per class it is the inductive form; with several,
// each fitted on one fold, it is the cross form, which joins them by geometric
// means (Vovk, Petej and Fedorova 2015, section 4).
type vennMap [][]*venn

func fitVennMap(p, y []float64, classes int, fold []int, folds int) vennMap {
	first := 0
	if classes == 2 {
		first = 1
	}
	var m vennMap
	for k := first; k < classes; k++ {
		var parts []*venn
		for f := range folds {
			var q, is []float64
			for i := range y {
				if folds > 1 && fold[i] != f {
					continue
				}
				one := 0.0
				if y[i] == float64(k) {
					one = 1
				}
				q, is = append(q, p[i*classes+k]), append(is, one)
			}
			parts = append(parts, fitVenn(q, is))
		}
		m = append(m, parts)
	}
	return m
}

// Apply replaces the probabilities of a row.
func (m vennMap) Apply(p []float64) {
	if len(m) == 1 {
		p[1] = merged(m[0], p[1])
		p[0] = 1 - p[1]
		return
	}
	sum := 0.0
	for k := range p {
		p[k] = merged(m[k], p[k])
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
}

func merged(parts []*venn, score float64) float64 {
	ones, zeros := 0.0, 0.0
	for _, v := range parts {
		p0, p1 := v.at(score)
		ones += math.Log(p1)
		zeros += math.Log(1 - p0)
	}
	n := float64(len(parts))
	one, zero := math.Exp(ones/n), math.Exp(zeros/n)
	return one / (one + zero)
}
