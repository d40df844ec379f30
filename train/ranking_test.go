package train

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bespoke/model"
	"bespoke/table"
	"bespoke/zoo"
)

// searches is a problem of ranking: 150 queries of four to eight rows.
func searches(t *testing.T) (*Problem, table.Split) {
	t.Helper()
	r := rand.New(rand.NewPCG(6, 6))
	var a, y []float64
	var queries []int32
	split := table.Split{Folds: make([][]int, 3)}
	for q := range 150 {
		ease := r.NormFloat64()
		for range 4 + r.IntN(5) {
			row := len(y)
			split.Development = append(split.Development, row)
			split.Folds[q%3] = append(split.Folds[q%3], row)
			x := r.NormFloat64()
			a, queries = append(a, x), append(queries, int32(q))
			y = append(y, min(2, max(0, math.Round(ease-x*x+0.2*r.NormFloat64()+1))))
		}
	}
	target := table.NewNumber("relevance", y)
	target.Role = table.Target
	tab, err := table.New(table.NewNumber("a", a), target)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewProblem(tab, model.Ranking, zoo.All, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Rank("query", queries, 3); err != nil {
		t.Fatal(err)
	}
	return p, split
}

// TestRankingFits: trees that learn the order are better than the line, which
// can not learn it, and every solution is one of ranking.
func TestRankingFits(t *testing.T) {
	p, split := searches(t)
	losses := map[string]float64{}
	for _, c := range []model.Candidate{
		{Label: "line", Model: "linear.ridge.v1"},
		{Label: "auto", Model: "trees.boost.v1", Params: model.Params{"rounds": 40.0, "patience": 0.0, "num_leaves": 8.0}},
		{Label: "order", Model: "trees.boost.v1", Params: model.Params{"rounds": 40.0, "patience": 0.0, "num_leaves": 8.0, "objective": "lambdarank"}},
		{Label: "stopped", Model: "trees.boost.v1", Params: model.Params{"rounds": 300.0, "patience": 20.0, "num_leaves": 8.0}},
	} {
		o, err := p.CrossFit(context.Background(), c, split, 2)
		if err != nil {
			t.Fatal(err)
		}
		orders, err := p.Orders(o.Rows)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range orders.Losses(o.Predictions) {
			losses[c.Label] += l / 150
		}
		if c.Label == "stopped" && (o.Rounds < 1 || o.Rounds >= 300) {
			t.Errorf("%d rounds; the queries kept apart stop it before 300", o.Rounds)
		}
	}
	if losses["auto"] != losses["order"] || losses["order"] > 0.12 || losses["line"] < 0.2 || losses["stopped"] > 0.12 {
		t.Errorf("losses %v", losses)
	}
	f, err := p.Fit(context.Background(), model.Candidate{Label: "line", Model: "linear.ridge.v1"}, split.Development, Options{Threads: 1})
	if err != nil || f.Solution.Task != model.Ranking || f.Solution.Query != "query" {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestWatchedQueriesAreWhole: early stopping watches about as many rows as it
// would of other tasks, in whole queries.
func TestWatchedQueriesAreWhole(t *testing.T) {
	p, split := searches(t)
	entry, err := p.entry("trees.boost.v1")
	if err != nil {
		t.Fatal(err)
	}
	rows := split.Training(0)
	_, watch, err := p.stopping(entry, model.Candidate{}, rows, Options{})
	if err != nil {
		t.Fatal(err)
	}
	watched := map[int32]bool{}
	for _, r := range watch {
		watched[p.Queries[r]] = true
	}
	for _, r := range without(rows, watch) {
		if watched[p.Queries[r]] {
			t.Fatalf("query %d is cut in two", p.Queries[r])
		}
	}
	if share := float64(len(watch)) / float64(len(rows)); share < 0.15 || share > 0.2 {
		t.Errorf("%.0f %% of the rows are watched", 100*share)
	}
}

func TestRankingsThatAreNone(t *testing.T) {
	p, split := searches(t)
	for want, err := range map[string]error{
		"it must be a ranking and 1 or more": p.Rank("query", p.Queries, 0),
		"2 query numbers for":                p.Rank("query", p.Queries[:2], 5),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	p.Queries = nil
	if _, err := p.Fit(context.Background(), model.Candidate{Model: "linear.ridge.v1"}, split.Development, Options{Threads: 1}); err == nil || !strings.Contains(err.Error(), "a ranking needs one per row") {
		t.Errorf("%v", err)
	}
	if _, err := p.Orders(split.Development); err == nil {
		t.Error("orders without queries")
	}
}
