package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bespoke/model"
	"bespoke/train"
	"bespoke/tune"
	"bespoke/web"
)

func TestRanks(t *testing.T) {
	if d := cmp.Diff([]float64{1.5, 0, 3, 1.5}, ranks([]float64{2, 1, 7, 2})); d != "" {
		t.Error(d)
	}
	if got := together([]float64{1, 2, 3, 4}, []float64{8, 6, 4, 1}); got != 1 {
		t.Errorf("lists in opposite order go together by %v, want 1", got)
	}
}

// TestCommitteeCost: a mean costs what its members cost together, and nothing is
// said where one of theirs is not known.
func TestCommitteeCost(t *testing.T) {
	r := &Result{
		Search: &tune.Outcome{
			Trials: []*tune.Trial{{Candidate: model.Candidate{Model: "a"}}, {Number: 1}, {Number: 2}},
			Committee: &tune.Committee{
				Taken: true, Members: []tune.Member{{Trial: 1, Weight: .5}, {Trial: 2, Weight: .5}},
			},
		},
		Costs: []*train.Cost{{Fit: 9}, {Fit: 1, Row: 1e-6, Bytes: 10}, {Fit: 2, Row: 2e-6, Bytes: 20}},
	}
	if d := cmp.Diff(&train.Cost{Fit: 3, Row: 3e-6, Bytes: 30}, r.cost(r.Search.Chosen())); d != "" {
		t.Error(d)
	}
	if c := r.cost(r.Search.Trials[0]); c == nil || c.Fit != 9 {
		t.Errorf("the first trial costs %v", c)
	}
	r.Costs[2] = nil
	if c := r.cost(r.Search.Chosen()); c != nil {
		t.Errorf("a member's cost is not known; the mean costs %v", c)
	}
}

// TestParallel: the parameters that go with the loss stand first, defaults fill
// what a trial does not set, and few trials are no picture.
func TestParallel(t *testing.T) {
	var done []*tune.Trial
	for i := range fewestSearched {
		k := float64(i)
		p := model.Params{"learning_rate": 0.01 + k/100, "lambda_l2": []float64{3, 1, 2}[i%3]}
		if i == 0 {
			delete(p, "lambda_l2") // 0 by default
		}
		done = append(done, &tune.Trial{Candidate: model.Candidate{Model: "trees.boost.v1", Params: p}, Judged: tune.Judged{Loss: k}})
	}
	block, ok := parallel("trees.boost.v1", done)
	if !ok {
		t.Fatal("no picture")
	}
	table := chartTable(t, block)
	var names []string
	for _, c := range table.Columns {
		names = append(names, c.Title)
	}
	if d := cmp.Diff([]string{"Setting", "learning rate", "lambda l2", "loss"}, names); d != "" {
		t.Error(d)
	}
	if v := table.Rows[0].Cells[2].Value; v != 0 {
		t.Errorf("a trial without lambda_l2 is drawn at %v, want the default 0", v)
	}
	if !table.Rows[1].Chosen || table.Rows[2].Chosen {
		t.Error("the fifth with the least loss is marked, no others")
	}
	if _, ok := parallel("trees.boost.v1", done[1:]); ok {
		t.Error("nine trials make a picture")
	}
}

func chartTable(t *testing.T, block web.Block) web.Table {
	t.Helper()
	chart, ok := block.(web.Chart)
	if !ok {
		t.Fatalf("%T is no chart", block)
	}
	return chart.Data
}
