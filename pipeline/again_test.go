package pipeline_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/pipeline"
	"bespoke/table"
)

// The learning curve and the dropped columns have the same figures for any
// number of threads, and a second run learns nothing again.
func TestLearnsAgain(t *testing.T) {
	scenario := strings.Replace(loans, "evaluate: {bootstrap: 300}", "evaluate: {bootstrap: 300, learning: 2}\nexplain: {drop: 3, rows: 0}", 1)
	dir := write(t, scenario, "loans.csv", tabletest.Loans(500, 1))
	one := run(t, pipeline.Options{Path: dir, Dir: filepath.Join(dir, "one"), Threads: 1, Trials: 4, Version: "test"})
	many := run(t, pipeline.Options{Path: dir, Dir: filepath.Join(dir, "many"), Threads: 3, Trials: 4, Version: "test"})
	l := one.Evaluate.Learning
	if l == nil || len(l.Points) != 4 {
		t.Fatalf("learning curve %+v, want four sizes", l)
	}
	for k, p := range l.Points[:3] {
		if p.Repeats != 2 || p.Rows >= l.Points[k+1].Rows {
			t.Errorf("size %d: %d rows, %d repeats", k, p.Rows, p.Repeats)
		}
	}
	if got := one.Evaluate.Policies.Policies[one.Evaluate.Policies.Model].Mean; !near(l.Points[3].Estimate.Mean, got) {
		t.Errorf("all rows earn %v on the curve and %v in the run", l.Points[3].Estimate.Mean, got)
	}
	if d := one.Explain.Dropped; d == nil || len(d.Columns) != 3 {
		t.Fatalf("dropped columns %+v, want three", d)
	}
	if s := one.Evaluate.Selection; s == nil || s.Trials != len(one.Search.Trials) {
		t.Errorf("selection %+v", s)
	}
	figures := func(r *pipeline.Result) string {
		return fmt.Sprintf("%+v %+v", *r.Evaluate.Learning, *r.Explain.Dropped.Columns[0].Difference.PAdjusted)
	}
	if figures(one) != figures(many) {
		t.Errorf("other figures with other threads:\n%s\n%s", figures(one), figures(many))
	}
	again := run(t, pipeline.Options{Path: dir, Dir: filepath.Join(dir, "one"), Threads: 2, Trials: 4, Version: "test"})
	if figures(one) != figures(again) || again.Search.Reused != len(one.Search.Trials) {
		t.Errorf("again: %d trials reused, figures %s", again.Search.Reused, figures(again))
	}
	if !bytes.Equal(read(t, one.Bundle.Path), read(t, again.Bundle.Path)) {
		t.Error("the second run made another bundle")
	}
}

// Rows in the order of time are resampled in blocks.
func TestBlocksOfTime(t *testing.T) {
	tab := tabletest.Loans(400, 2)
	days := make([]float64, tab.Rows())
	for i := range days {
		days[i] = float64(i)
	}
	withTime, err := table.New(append(slices.Clone(tab.Columns()), table.NewNumber("day", days))...)
	if err != nil {
		t.Fatal(err)
	}
	scenario := strings.Replace(loans, "  positive: bad\n", "  positive: bad\n  split: {by: {time: day}}\n", 1)
	scenario = strings.Replace(scenario, "evaluate: {bootstrap: 300}", "evaluate: {bootstrap: 300, learning: 0}\nexplain: {drop: 0, rows: 0}", 1)
	r := run(t, pipeline.Options{Path: write(t, scenario, "loans.csv", withTime), Trials: 3, Version: "test"})
	if b := r.Evaluate.Blocks; b == nil || b.Count < 2 {
		t.Errorf("blocks %+v", b)
	}
	if r.Evaluate.Learning != nil || r.Explain.Dropped != nil {
		t.Error("learnt again without having been asked to")
	}
}
