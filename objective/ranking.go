package objective

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// lambdarank puts the rows of each query in order (Burges, "From RankNet to
// LambdaRank to LambdaMART: an overview", 2010, sections 3 to 5). Targets are
// grades 0, 1, 2, ...; a row of grade y gains 2^y-1, divided by log2(2+r) at rank
// r, counted from 0, and the sum over the first rows, divided by its best value,
// is the query's NDCG (Järvelin and Kekäläinen, "Cumulated gain-based evaluation
// of IR techniques", 2002). For rows a, b of a query with y_a > y_b, scores s_a,
// s_b and D by how much NDCG changes when they swap places,
//
//	g_a -= D*p, g_b += D*p, h_a and h_b += D*p*(1-p), p = 1/(1+exp(s_a-s_b))
//
// Pairs count of which at least one row is among the first Truncation ones. As
// in LightGBM, unless Plain, D is divided by 0.01+|s_a-s_b| where the query's
// scores differ at all, and with S the sum of 2*D*p over pairs the derivatives of
// the query are multiplied by log2(1+S)/S, so that no query outweighs others.
//
// Early stopping watches 1-NDCG of the first Truncation rows. Of rows with equal
// scores the first stands first.
var lambdarank = &Objective{
	Name: "lambdarank", Tasks: numbers,
	Raw: one, Check: rankCheck, Base: func(*Target) []float64 { return []float64{0} },
	Scratch: func(int) int { return 2 }, Prepare: rankPrepare, Gradient: rankGradient, Total: rankTotal, Link: identity,
}

// MostGrade is the largest grade; its gain is a thousand million.
const MostGrade = 30

// queries are the rows of each query, queries in the order of their first rows.
type queries struct {
	rows   []int32 // of one query together, in their order
	starts []int   // of each query in rows, and the end
	// best is the discounted gain of each query in the best order.
	best []float64
	// gain is that of each row's grade, discount that of each rank.
	gain, discount []float64
}

func (q *queries) count() int { return len(q.starts) - 1 }

func (q *queries) of(k int) []int32 { return q.rows[q.starts[k]:q.starts[k+1]] }

func rankCheck(t *Target) error {
	if t.Groups == nil {
		return errors.New("the rows have no queries to be ranked in")
	}
	if t.Truncation < 1 {
		return fmt.Errorf("truncation is %d; it must be 1 or more", t.Truncation)
	}
	if err := checkGrades(t.Y); err != nil {
		return err
	}
	t.queries = newQueries(t.Groups)
	q := t.queries
	q.gain = make([]float64, len(t.Y))
	for i, y := range t.Y {
		q.gain[i] = math.Exp2(y) - 1
	}
	for k := range q.count() {
		for rank := len(q.discount); rank < len(q.of(k)); rank++ {
			q.discount = append(q.discount, 1/math.Log2(float64(rank+2)))
		}
		// Gains rise with grades, so that to order by them is best.
		q.best = append(q.best, q.discounted(byScore(q.of(k), t.Y), t.Truncation))
	}
	return nil
}

func checkGrades(y []float64) error {
	for i, g := range y {
		if g != math.Trunc(g) || g < 0 || g > MostGrade {
			return fmt.Errorf("target of row %d is %v; it must be a grade, a whole number from 0 to %d", i, g, MostGrade)
		}
	}
	return nil
}

// discounted is the discounted gain of the first of the rows in their order.
func (q *queries) discounted(order []int32, first int) float64 {
	sum := 0.0
	for rank, r := range order[:min(first, len(order))] {
		sum += q.gain[r] * q.discount[rank]
	}
	return sum
}

func newQueries(groups []int32) *queries {
	number := map[int32]int{}
	var sizes []int
	for _, g := range groups {
		k, seen := number[g]
		if !seen {
			k = len(sizes)
			number[g] = k
			sizes = append(sizes, 0)
		}
		sizes[k]++
	}
	q := &queries{rows: make([]int32, len(groups)), starts: make([]int, len(sizes)+1)}
	next := make([]int, len(sizes))
	for k, n := range sizes {
		next[k] = q.starts[k]
		q.starts[k+1] = q.starts[k] + n
	}
	for i, g := range groups {
		k := number[g]
		q.rows[next[k]] = int32(i)
		next[k]++
	}
	return q
}

// byScore orders rows by falling score, equal ones as they stand.
func byScore(rows []int32, score []float64) []int32 {
	order := slices.Clone(rows)
	slices.SortStableFunc(order, func(a, b int32) int {
		switch {
		case score[a] > score[b]:
			return -1
		case score[a] < score[b]:
			return 1
		}
		return 0
	})
	return order
}

// rankPrepare does the queries whose first row is one of lo to hi-1. It writes
// to all rows of them, which no other call does.
func rankPrepare(t *Target, score []float64, lo, hi int) {
	q := t.queries
	from, _ := slices.BinarySearchFunc(q.starts[:q.count()], lo, func(start, row int) int { return int(q.rows[start]) - row })
	for k := from; k < q.count() && int(q.rows[q.starts[k]]) < hi; k++ {
		rankQuery(t, score, k)
	}
}

func rankQuery(t *Target, score []float64, k int) {
	q := t.queries
	rows := q.of(k)
	g, h := t.Scratch[:len(t.Y)], t.Scratch[len(t.Y):]
	for _, r := range rows {
		g[r], h[r] = 0, 0
	}
	if q.best[k] == 0 {
		return
	}
	order := byScore(rows, score)
	even := score[order[0]] == score[order[len(order)-1]]
	sum := 0.0
	for i := range order[:min(t.Truncation, len(order))] {
		for j := i + 1; j < len(order); j++ {
			a, b := order[i], order[j]
			if t.Y[a] == t.Y[b] {
				continue
			}
			if t.Y[a] < t.Y[b] {
				a, b = b, a
			}
			d := score[a] - score[b]
			change := (q.gain[a] - q.gain[b]) * (q.discount[i] - q.discount[j]) / q.best[k]
			if !t.Plain && !even {
				change /= 0.01 + math.Abs(d)
			}
			p := 1 / (1 + math.Exp(d))
			g[a] -= change * p
			g[b] += change * p
			h[a] += change * p * (1 - p)
			h[b] += change * p * (1 - p)
			sum += 2 * change * p
		}
	}
	if t.Plain || sum == 0 {
		return
	}
	for _, r := range rows {
		g[r] *= math.Log2(1+sum) / sum
		h[r] *= math.Log2(1+sum) / sum
	}
}

func rankGradient(t *Target, _ []float64, _, lo, hi int, g, h []float64) {
	copy(g[lo:hi], t.Scratch[lo:hi])
	copy(h[lo:hi], t.Scratch[len(t.Y):][lo:hi])
}

func rankTotal(t *Target, scores []float64) float64 { return 1 - ndcg(t, scores, t.Truncation) }

// NDCG is the normalised discounted cumulated gain of the first rows of each
// query by falling score, from 0 to 1, its mean over the queries; see the
// objective "lambdarank". Queries count by the mean weight of their rows; those
// in which every grade is 0 have 1, as in LightGBM. The target must have Groups
// and grades, first must be 1 or more, and there is one score per row.
func NDCG(t *Target, scores []float64, first int) (float64, error) {
	own := *t
	own.Truncation = first
	if err := rankCheck(&own); err != nil {
		return 0, fmt.Errorf("objective: ndcg: %w", err)
	}
	if len(scores) != len(t.Y) {
		return 0, fmt.Errorf("objective: ndcg: %d scores for %d rows; they must be equal", len(scores), len(t.Y))
	}
	return ndcg(&own, scores, first), nil
}

func ndcg(t *Target, scores []float64, first int) float64 {
	q := t.queries
	total, weights := 0.0, 0.0
	for k := range q.count() {
		rows, w, value := q.of(k), 0.0, 1.0
		for _, r := range rows {
			w += t.Weight(int(r)) / float64(len(rows))
		}
		if q.best[k] > 0 {
			value = q.discounted(byScore(rows, scores), first) / q.best[k]
		}
		total += w * value
		weights += w
	}
	return total / weights
}
