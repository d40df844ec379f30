package profit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// hull is the upper convex hull of the ROC: at vertex k the share of cases and
// of others acted on, both from 0 to 1.
type hull struct {
	cases, others []float64
	pi0, pi1      float64 // prior share of cases and of others
	sorted        []float64
}

func newHull(label, score []float64) (*hull, error) {
	if err := checkScores(label, score); err != nil {
		return nil, err
	}
	order := make([]int, len(label))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	positives := 0.0
	for _, y := range label {
		positives += y
	}
	negatives := float64(len(label)) - positives
	if positives == 0 || negatives == 0 {
		return nil, fmt.Errorf("profit: maximum profit: all rows have the label %v, both are needed", label[0])
	}
	h := &hull{cases: []float64{0}, others: []float64{0}, pi0: positives / float64(len(label)), pi1: negatives / float64(len(label))}
	tp, fp := 0.0, 0.0
	for k, i := range order {
		h.sorted = append(h.sorted, score[i])
		tp += label[i]
		fp += 1 - label[i]
		if k+1 == len(order) || score[order[k+1]] != score[i] {
			h.add(tp/positives, fp/negatives)
		}
	}
	return h, nil
}

// add appends a point of the ROC and drops the vertices below the hull.
func (h *hull) add(y, x float64) {
	for n := len(h.cases); n >= 2; n = len(h.cases) {
		cross := (h.others[n-1]-h.others[n-2])*(y-h.cases[n-2]) - (h.cases[n-1]-h.cases[n-2])*(x-h.others[n-2])
		if cross < 0 {
			break
		}
		h.cases, h.others = h.cases[:n-1], h.others[:n-1]
	}
	h.cases, h.others = append(h.cases, y), append(h.others, x)
}

// steps are the parameter values between which vertex k is the best: steps[k]
// to steps[k+1], from 0 to 1. A step without further cases is never worth it.
func (h *hull) steps(equal func(k int) float64) []float64 {
	out := make([]float64, len(h.cases)+1)
	out[len(h.cases)] = 1
	for k := 1; k < len(h.cases); k++ {
		out[k] = 1
		if h.cases[k] > h.cases[k-1] {
			out[k] = math.Min(1, math.Max(0, equal(k)))
		}
	}
	return out
}

// best is the largest gain*pi0*cases - loss*pi1*others over the vertices.
func (h *hull) best(gain, loss float64) MaximumProfit {
	out := MaximumProfit{Cut: math.Inf(1)}
	for k := range h.cases {
		p := gain*h.pi0*h.cases[k] - loss*h.pi1*h.others[k]
		if k == 0 || p > out.Profit {
			out.Profit, out.Share = p, h.pi0*h.cases[k]+h.pi1*h.others[k]
		}
	}
	out.Cut = h.cut(out.Share)
	return out
}

// cut is the score of the last row acted on when the share is; just above the
// largest score when none is.
func (h *hull) cut(share float64) float64 {
	k := int(math.Ceil(share*float64(len(h.sorted)) - 1e-9))
	if k <= 0 {
		return math.Nextafter(h.sorted[0], math.Inf(1))
	}
	return h.sorted[min(k, len(h.sorted))-1]
}
