package profit

import (
	"fmt"
	"math"
)

// ROC is the upper convex hull of the curve that plots the share of the ones
// acted on against the share of the zeros acted on, over all cut-offs. A
// cut-off that is best for some payoffs is a vertex of the hull (Provost and
// Fawcett 2001). It is immutable and safe for concurrent use.
type ROC struct {
	ones, zeros []float64 // shares acted on at each vertex, from 0 to 1
	pi1, pi0    float64   // shares of ones and of zeros among the rows
	sorted      []float64 // scores, largest first
}

// NewROC makes the hull of labels (0 or 1) and scores. Both labels must occur.
// Rows with equal scores are acted on together.
func NewROC(label, score []float64) (*ROC, error) {
	if err := checkScores(label, score); err != nil {
		return nil, err
	}
	order := descending(score)
	positives := 0.0
	for _, y := range label {
		positives += y
	}
	negatives := float64(len(label)) - positives
	if positives == 0 || negatives == 0 {
		return nil, fmt.Errorf("profit: hull: all rows have the label %v, both 0 and 1 are needed", label[0])
	}
	r := &ROC{ones: []float64{0}, zeros: []float64{0}, sorted: make([]float64, 0, len(label))}
	r.pi1, r.pi0 = positives/float64(len(label)), negatives/float64(len(label))
	tp, fp := 0.0, 0.0
	for k, i := range order {
		r.sorted = append(r.sorted, score[i])
		tp += label[i]
		fp += 1 - label[i]
		if k+1 == len(order) || score[order[k+1]] != score[i] {
			r.add(tp/positives, fp/negatives)
		}
	}
	return r, nil
}

// add appends a point of the curve and drops the vertices below the hull.
func (r *ROC) add(ones, zeros float64) {
	for n := len(r.ones); n >= 2; n = len(r.ones) {
		cross := (r.zeros[n-1]-r.zeros[n-2])*(ones-r.ones[n-2]) - (r.ones[n-1]-r.ones[n-2])*(zeros-r.zeros[n-2])
		if cross < 0 {
			break
		}
		r.ones, r.zeros = r.ones[:n-1], r.zeros[:n-1]
	}
	r.ones, r.zeros = append(r.ones, ones), append(r.zeros, zeros)
}

// acted is the share of all rows acted on at a vertex.
func (r *ROC) acted(k int) float64 { return r.pi1*r.ones[k] + r.pi0*r.zeros[k] }

// Best is the largest profit per row that one cut-off reaches in hindsight
// when acting on a 1 earns gain, acting on a 0 loses loss (not negative), and
// leaving a row alone is worth 0. Of equally good cut-offs it takes the one
// that acts on fewer rows.
func (r *ROC) Best(gain, loss float64) MaximumProfit {
	out := MaximumProfit{}
	for k := range r.ones {
		p := gain*r.pi1*r.ones[k] - loss*r.pi0*r.zeros[k]
		if k == 0 || p > out.Profit {
			out.Profit, out.Share = p, r.acted(k)
		}
	}
	out.Cut = r.cut(out.Share)
	return out
}

// Expected is the mean of Best over an uncertain v, when acting on a 1 earns
// constant + slope*v and acting on a 0 loses loss; slope must be above 0 and
// loss not below. It is exact: between two values of v at which the best vertex
// changes, profit is linear in v, so that the distribution's probability and
// part of the mean are all that is needed (Verbraken, Verbeke and Baesens 2013,
// section 4). Share is the mean share acted on, and Cut the cut-off that acts
// on that share.
func (r *ROC) Expected(constant, slope, loss float64, v Distribution) (MaximumProfit, error) {
	if !(slope > 0) || !(loss >= 0) || !finite(slope) || !finite(loss) || !finite(constant) {
		return MaximumProfit{}, fmt.Errorf("profit: expected maximum: the slope %v must be above 0, the loss %v not below 0, and both and the constant %v finite", slope, loss, constant)
	}
	if err := v.Check(); err != nil {
		return MaximumProfit{}, fmt.Errorf("profit: expected maximum: %w", err)
	}
	out := MaximumProfit{}
	weightFrom, momentFrom := 0.0, 0.0
	for k := range r.ones {
		weightTo, momentTo := v.Below(r.change(k+1, constant, slope, loss))
		weight, moment := weightTo-weightFrom, momentTo-momentFrom
		out.Profit += r.pi1*r.ones[k]*(constant*weight+slope*moment) - loss*r.pi0*r.zeros[k]*weight
		out.Share += r.acted(k) * weight
		weightFrom, momentFrom = weightTo, momentTo
	}
	out.Cut = r.cut(out.Share)
	return out, nil
}

// change is the value at which vertex k becomes better than the one before it;
// it rises with k. A step without further ones is never worth it.
func (r *ROC) change(k int, constant, slope, loss float64) float64 {
	if k == len(r.ones) || r.ones[k] == r.ones[k-1] {
		return math.Inf(1)
	}
	ones, zeros := r.pi1*(r.ones[k]-r.ones[k-1]), r.pi0*(r.zeros[k]-r.zeros[k-1])
	return (loss*zeros/ones - constant) / slope
}

// cut is the score of the last row acted on when the share is; just above the
// largest score when none is.
func (r *ROC) cut(share float64) float64 {
	k := int(math.Ceil(share*float64(len(r.sorted)) - 1e-9))
	if k <= 0 {
		return math.Nextafter(r.sorted[0], math.Inf(1))
	}
	return r.sorted[min(k, len(r.sorted))-1]
}
