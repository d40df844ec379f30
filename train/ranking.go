package train

import (
	"fmt"
	"math"
	"slices"

	"bespoke/model"
	"bespoke/objective"
)

// Rank makes a problem of Ranking whole: query is the name of the column of
// queries, queries are their numbers by row, top is how many of the first rows of
// a query count. The targets must be grades.
func (p *Problem) Rank(query string, queries []int32, top int) error {
	if p.Task != model.Ranking || top < 1 {
		return fmt.Errorf("train: problem: a %s with the first %d rows of each query; it must be a ranking and 1 or more", p.Task, top)
	}
	if _, err := objective.NewRanked(p.Y, queries); err != nil {
		return fmt.Errorf("train: problem: %w", err)
	}
	p.Query, p.Queries, p.Top = query, queries, top
	return nil
}

// Orders measures the orders of some rows of a ranking.
type Orders struct {
	ranked *objective.Ranked
	top    int
}

// Orders is for the given rows of the problem's table, whole queries, after Rank.
func (p *Problem) Orders(rows []int) (*Orders, error) {
	if p.Queries == nil {
		return nil, fmt.Errorf("train: problem: a %s without queries has no orders", p.Task)
	}
	r, err := objective.NewRanked(pick(p.Y, rows), p.queriesOf(rows))
	return &Orders{r, p.Top}, err
}

// Take is of some of the rows, by their positions among those that it is of.
func (o *Orders) Take(positions []int) *Orders { return &Orders{o.ranked.Take(positions), o.top} }

// Losses are what each query that has a relevant row lacks of the best NDCG of
// its first rows, from 0 to 1, by one score per row.
func (o *Orders) Losses(scores []float64) []float64 {
	out := slices.DeleteFunc(o.ranked.NDCG(scores, o.top), math.IsNaN)
	for i, v := range out {
		out[i] = 1 - v
	}
	return out
}

// learnt is the task that models are given.
func (p *Problem) learnt() model.Task {
	if p.Task == model.Ranking {
		return model.Regression
	}
	return p.Task
}

// queriesOf are the query numbers of rows; nil but for a ranking.
func (p *Problem) queriesOf(rows []int) []int32 {
	if p.Task != model.Ranking {
		return nil
	}
	out := make([]int32, len(rows))
	for i, r := range rows {
		out[i] = p.Queries[r]
	}
	return out
}

// wholeQueries makes of chosen rows about as many in whole queries: those of
// the queries of the last ones.
func (p *Problem) wholeQueries(rows, chosen []int) []int {
	size := map[int32]int{}
	for _, r := range rows {
		size[p.Queries[r]]++
	}
	taken, count := map[int32]bool{}, 0
	for i := len(chosen) - 1; i >= 0 && count < len(chosen); i-- {
		if q := p.Queries[chosen[i]]; !taken[q] {
			taken[q] = true
			count += size[q]
		}
	}
	var out []int
	if len(taken) == len(size) {
		return out // nothing would be left to learn from
	}
	for _, r := range rows {
		if taken[p.Queries[r]] {
			out = append(out, r)
		}
	}
	return out
}
