package data

import (
	"fmt"
	"math"
	"slices"

	"bespoke/objective"
	"bespoke/table"
)

// rankTarget checks that rows can be ranked within the queries of a column: the
// target is a grade, and there is a query with rows of different grades.
func (l *Loaded) rankTarget(target *table.Column, query string) error {
	if target.Kind != table.Number {
		return fmt.Errorf("data: target: %q is a %s; a ranking (data.query) needs how relevant each row is, a whole number from 0 to %d", target.Name, target.Kind, objective.MostGrade)
	}
	for i, g := range target.Numbers {
		if g != math.Trunc(g) || g < 0 || g > objective.MostGrade {
			return fmt.Errorf("data: target: %q is %v in row %d; the relevance of a ranking (data.query) must be a whole number from 0 to %d", target.Name, g, l.Row(i), objective.MostGrade)
		}
	}
	queries, ok := l.Table.Column(query)
	if !ok {
		return fmt.Errorf("data: query: %q holds lists or records; it must be a number, a word or a time", query)
	}
	for i := range queries.Len() {
		if queries.Missing(i) {
			return fmt.Errorf("data: query: %q is missing in row %d; every row must say which query it belongs to", query, l.Row(i))
		}
	}
	groups := groupsOf(queries)
	most, same := 0, 0 // same are the rows of queries in which all are alike
	differ := 0
	for _, rows := range groups {
		most = max(most, len(rows))
		if slices.ContainsFunc(rows, func(r int) bool { return target.Numbers[r] != target.Numbers[rows[0]] }) {
			differ++
		} else {
			same += len(rows)
		}
	}
	switch {
	case most < 2:
		return fmt.Errorf("data: query: %q has another value in each of %d rows; there is nothing to rank a row among", query, queries.Len())
	case differ == 0:
		return fmt.Errorf("data: target: %q is the same for all rows of each query of %q; there is no order to learn", target.Name, query)
	}
	l.noteQueries(query, len(groups), differ, same)
	return nil
}

// noteQueries says how many queries teach nothing.
func (l *Loaded) noteQueries(query string, all, differ, rows int) {
	if differ == all {
		return
	}
	l.Findings = append(l.Findings, table.Finding{
		Check: "queries", Severity: table.Note, Column: query, Count: rows,
		Message: fmt.Sprintf("%d of %d queries have rows of one relevance alone", all-differ, all),
		Rule:    "an order is learnt from rows of a query that differ in relevance", Action: "kept; those with no relevant row are left out of NDCG, MAP and MRR",
	})
}

// QueriesOf numbers the values of a column from 0, in the order in which they
// first stand in it: the queries of the rows of a ranking.
func QueriesOf(c *table.Column) []int32 {
	out := make([]int32, c.Len())
	for k, rows := range groupsOf(c) {
		for _, r := range rows {
			out[r] = int32(k)
		}
	}
	return out
}
