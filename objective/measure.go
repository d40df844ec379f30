package objective

import (
	"fmt"
	"math"
)

// Ranked are rows in queries with their grades, to be measured in the order of
// any scores. Where rows of a query have equal scores, a measure is its mean over
// all orders of them, so that it does not depend on how the rows stand in a
// table (McSherry and Najork, "Computing information retrieval performance
// measures efficiently in the presence of tied scores", 2008, section 2). It is
// safe for concurrent use.
type Ranked struct {
	y      []float64
	groups []int32
	q      *queries
}

// NewRanked takes the grade of each row, a whole number from 0 to 30, and the
// number of its query.
func NewRanked(grades []float64, groups []int32) (*Ranked, error) {
	if len(groups) != len(grades) {
		return nil, fmt.Errorf("objective: ranked rows: %d query numbers for %d rows; they must be equal", len(groups), len(grades))
	}
	if err := checkGrades(grades); err != nil {
		return nil, fmt.Errorf("objective: ranked rows: %w", err)
	}
	return &Ranked{y: grades, groups: groups, q: newQueries(groups)}, nil
}

// Take is of the given rows alone, in their order.
func (r *Ranked) Take(rows []int) *Ranked {
	out := &Ranked{y: make([]float64, len(rows)), groups: make([]int32, len(rows))}
	for k, i := range rows {
		out.y[k], out.groups[k] = r.y[i], r.groups[i]
	}
	out.q = newQueries(out.groups)
	return out
}

// Queries is how many queries there are. They are numbered from 0 in the order
// of their first rows.
func (r *Ranked) Queries() int { return r.q.count() }

// Rows lists the rows of query k, rising.
func (r *Ranked) Rows(k int) []int32 { return r.q.of(k) }

// NDCG is the normalised discounted cumulated gain of the first rows of each
// query, from 0 to 1: rows of grade y gain 2^y-1, divided by log2(1+n) at place
// n, and the sum over the first rows is divided by its best value (Järvelin and
// Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002; the gain
// is that of Burges and others, "Learning to rank using gradient descent", 2005).
// It is NaN for a query in which every grade is 0: nothing there can be in a
// better place. first must be 1 or more.
func (r *Ranked) NDCG(scores []float64, first int) []float64 {
	return r.each(func(rows []int32, relevant int) float64 {
		best, value := r.gained(rows, r.y, first), r.gained(rows, scores, first)
		if relevant == 0 {
			return math.NaN()
		}
		return value / best
	})
}

// Precision is the average precision of each query, from 0 to 1: the mean over
// the rows with a grade above 0 of the share of such rows from the first place up
// to theirs. It is NaN for a query without one.
func (r *Ranked) Precision(scores []float64) []float64 {
	return r.each(func(rows []int32, relevant int) float64 {
		sum, found := 0.0, 0
		r.ties(rows, scores, func(before int, tied []int32) bool {
			n, hits := float64(len(tied)), r.relevant(tied)
			for j := range tied {
				// One of the hits stands here with chance hits/n; the others are
				// before it as often as not.
				others := float64(j*(hits-1)) / max(1, n-1)
				sum += float64(hits) / n * (float64(found+1) + others) / float64(before+j+1)
			}
			found += hits
			return found < relevant
		})
		if relevant == 0 {
			return math.NaN()
		}
		return sum / float64(relevant)
	})
}

// Reciprocal is the reciprocal rank of each query, from 0 to 1: one over the
// place, counted from 1, of the first row with a grade above 0. It is NaN for a
// query without one.
func (r *Ranked) Reciprocal(scores []float64) []float64 {
	return r.each(func(rows []int32, relevant int) float64 {
		sum := 0.0
		r.ties(rows, scores, func(before int, tied []int32) bool {
			hits, none := r.relevant(tied), 1.0 // none: the chance that no place so far has one
			for j := range tied {
				if hits == 0 || none == 0 {
					break
				}
				here := float64(hits) / float64(len(tied)-j)
				sum += none * here / float64(before+j+1)
				none *= 1 - here
			}
			return hits == 0
		})
		if relevant == 0 {
			return math.NaN()
		}
		return sum
	})
}

// Defined is the mean of the numbers that are not NaN, and how many they are.
func Defined(values []float64) (mean float64, count int) {
	for _, v := range values {
		if !math.IsNaN(v) {
			mean += v
			count++
		}
	}
	return mean / float64(max(1, count)), count
}

// each measures every query; relevant is how many of its rows have a grade
// above 0.
func (r *Ranked) each(measure func(rows []int32, relevant int) float64) []float64 {
	out := make([]float64, r.q.count())
	for k := range out {
		rows := r.q.of(k)
		out[k] = measure(rows, r.relevant(rows))
	}
	return out
}

func (r *Ranked) relevant(rows []int32) int {
	n := 0
	for _, i := range rows {
		if r.y[i] > 0 {
			n++
		}
	}
	return n
}

// gained is the discounted gain of the first rows by falling score.
func (r *Ranked) gained(rows []int32, scores []float64, first int) float64 {
	sum := 0.0
	r.ties(rows, scores, func(before int, tied []int32) bool {
		gain, discount := 0.0, 0.0
		for j, i := range tied {
			gain += math.Exp2(r.y[i]) - 1
			if before+j < first {
				discount += 1 / math.Log2(float64(before+j+2))
			}
		}
		sum += gain / float64(len(tied)) * discount
		return before+len(tied) < first
	})
	return sum
}

// ties calls visit for the rows of each score, from the highest on, with how
// many rows stand before them, until it returns false.
func (r *Ranked) ties(rows []int32, scores []float64, visit func(before int, tied []int32) bool) {
	order := byScore(rows, scores)
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && scores[order[to]] == scores[order[from]] {
			to++
		}
		if !visit(from, order[from:to]) {
			return
		}
		from = to
	}
}
