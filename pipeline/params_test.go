package pipeline_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/pipeline"
	"bespoke/scenario"
)

// TestModelParams runs scenarios that say what parameters of models may be, with
// a drawn and a guided search: every trial keeps to it.
func TestModelParams(t *testing.T) {
	const design = `design:
  models: [trees.boost.v1, trees.forest.v1]
  params:
    trees.boost.v1: {num_leaves: 5, learning_rate: [0.05, 0.2], rounds: [10, 20, 40], sampling: [bag, mvs]}
    trees.forest.v1: {trees: 10, min_rows: [5, 20]}
`
	tab := tabletest.Loans(300, 1)
	for _, search := range []string{"draw", "guided"} {
		text := strings.Replace(loans, "budget: {trials: 8}", "budget: {trials: 14, search: "+search+"}", 1) + design
		r := run(t, pipeline.Options{Path: write(t, text, "loans.csv", tab), Threads: 2, Version: "test"})
		drawn := 0
		for _, trial := range r.Search.Trials {
			p := trial.Candidate.Params
			if trial.Failed != "" {
				t.Errorf("%s: %s", trial.Candidate.Label, trial.Failed)
			}
			if strings.Contains(trial.Candidate.Label, "#") {
				drawn++
			}
			switch trial.Candidate.Model {
			case "trees.boost.v1":
				rate, rounds := p["learning_rate"].(float64), p["rounds"]
				if p["num_leaves"] != 5.0 || rate < 0.05 || rate > 0.2 || rounds != 10.0 && rounds != 20.0 && rounds != 40.0 {
					t.Errorf("%s: %v", trial.Candidate.Label, p)
				}
			case "trees.forest.v1":
				if p["trees"] != 10.0 || p["min_rows"].(float64) < 5 || p["min_rows"].(float64) > 20 {
					t.Errorf("%s: %v", trial.Candidate.Label, p)
				}
			}
		}
		if drawn == 0 {
			t.Errorf("%s: none of %d trials was drawn", search, len(r.Search.Trials))
		}
	}
}

// Every mistake in design.params is reported at once and with its place, before
// the data are read.
func TestModelParamsRefused(t *testing.T) {
	dir := t.TempDir()
	text := loans + `design:
  params:
    trees.boost.v1:
      num_leves: 5
      learning_rate: [0.05, 2]
      sampling: gos
    trees.bost.v1: {rounds: 5}
`
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := pipeline.Check(context.Background(), pipeline.Options{Path: dir})
	problems := scenario.Problems(err)
	line := strings.Count(loans, "\n")
	want := []struct {
		line, column int
		msg, note    string
	}{
		{line + 4, 18, `trees.boost.v1 has no parameter "num_leves"`, `did you mean "num_leaves"?`},
		{line + 5, 29, "2 must be from 1e-06 to 1", "by default 0.1"},
		{line + 6, 17, "gos is none of bag, goss, mvs", `did you mean "goss"?`},
		{line + 7, 5, `there is no model "trees.bost.v1"`, `did you mean "trees.boost.v1"?`},
	}
	if len(problems) != len(want) {
		t.Fatalf("%v; want %d problems", err, len(want))
	}
	for i, w := range want {
		p := problems[i]
		if p.Line != w.line || p.Column != w.column || !strings.Contains(p.Msg, w.msg) || !strings.Contains(p.Note, w.note) || p.Code != "S0401" {
			t.Errorf("%v; want %d:%d %s (%s)", p, w.line, w.column, w.msg, w.note)
		}
	}
}
