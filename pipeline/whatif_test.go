package pipeline_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/pipeline"
	"bespoke/scenario"
)

// change is a list of changes from the text of the command line.
func change(t *testing.T, name string, texts ...string) scenario.WhatIf {
	t.Helper()
	out := scenario.WhatIf{Name: name}
	for _, text := range texts {
		s, err := scenario.ParseSetting(text)
		if err != nil {
			t.Fatal(err)
		}
		out.Set = append(out.Set, s)
	}
	return out
}

// ask asks a what-if question of the run of a scenario.
func ask(t *testing.T, path string, changes ...scenario.WhatIf) *pipeline.WhatIfs {
	t.Helper()
	w, err := pipeline.WhatIf(context.Background(), pipeline.WhatIfOptions{Path: path, Changes: changes, Threads: 2, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWhatIfUnchanged: the scenario as it is gives the figures of the run, also
// from the run's folder, and nothing in that folder changes.
func TestWhatIfUnchanged(t *testing.T) {
	dir := write(t, loans, "loans.csv", tabletest.Loans(500, 1))
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	before := files(t, filepath.Join(dir, "run"))
	w := ask(t, dir, change(t, "the same", "value.actions.refuse=0"))
	for _, c := range w.Cases {
		sameAsRun(t, r, c)
	}
	again := ask(t, filepath.Join(dir, "run"), change(t, "the same", "value.actions.refuse=0"))
	if text(t, w) != text(t, again) {
		t.Errorf("by the scenario:\n%s\nby the run's folder:\n%s", text(t, w), text(t, again))
	}
	if after := files(t, filepath.Join(dir, "run")); text(t, before) != text(t, after) {
		t.Error("a question changed the run's folder")
	}
}

// sameAsRun compares a case with the figures of a run.
func sameAsRun(t *testing.T, r *pipeline.Result, c pipeline.WhatIfCase) {
	t.Helper()
	e := r.Evaluate
	m := e.Policies.Policies[e.Policies.Model]
	if c.Model.Mean != m.Mean || c.Model.Interval != m.Interval {
		t.Errorf("%s: the model brings %v %v, in the run %v %v", c.Name, c.Model.Mean, c.Model.Interval, m.Mean, m.Interval)
	}
	if tech := e.Comparison.Lines[0]; c.Technology.Mean != tech.Mean || c.Technology.Interval != tech.Interval {
		t.Errorf("%s: the technology-driven choice brings %v, in the run %v", c.Name, c.Technology.Mean, tech.Mean)
	}
	if c.VersusTechnology.Mean != e.Comparison.Difference.Mean || c.VersusTechnology.Interval != e.Comparison.Difference.Interval {
		t.Errorf("%s: difference %v, in the run %v", c.Name, c.VersusTechnology, e.Comparison.Difference)
	}
	if c.VersusConstant.Mean != m.VersusConstant.Mean || c.VersusConstant.Interval != m.VersusConstant.Interval {
		t.Errorf("%s: over the constant %v, in the run %v", c.Name, *c.VersusConstant, *m.VersusConstant)
	}
	if text(t, c.Need) != text(t, r.Need) {
		t.Errorf("%s: need %s, in the run %s", c.Name, text(t, c.Need), text(t, r.Need))
	}
	if c.Choice != e.Scenario.Trial || c.Elsewhere != nil {
		t.Errorf("%s: trial %d would be chosen, in the run it was %d", c.Name, c.Choice, e.Scenario.Trial)
	}
}

// TestWhatIfIsTheRunWithThosePayoffs: a changed case says what a whole run of
// the changed scenario says, as far as it does not need another model. None of
// the changes here changes what is learnt: it depends on how the money at stake
// in a row compares with that in others.
func TestWhatIfIsTheRunWithThosePayoffs(t *testing.T) {
	before := loans + "explain: {repeats: 1, rows: 0}\n"
	dir := write(t, before, "loans.csv", tabletest.Loans(500, 3))
	first := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	same, other := 0, 0
	for _, c := range []struct {
		old, changed string
		set          []string
	}{
		{"0.15 * amount, bad: -0.5 * amount", "0.3 * amount, bad: -1 * amount", []string{"value.actions.grant.good=0.3 * amount", "value.actions.grant.bad=-1 * amount"}},
		{"per_decision: 0.01", "per_decision: 9", []string{"need.costs.per_decision=9"}},
		{"1000 / month", "70 / month", []string{"need.volume=70 / month"}},
		{"    refuse: 0\n", "    refuse: 0\n  review: {cost: 20, accuracy: 0.95, capacity: 100 / month}\n", []string{"value.review={cost: 20, accuracy: 0.95, capacity: 100 / month}"}},
	} {
		w := ask(t, dir, change(t, c.changed, c.set...)).Cases[1]
		changed := write(t, strings.Replace(before, c.old, c.changed, 1), "loans.csv", tabletest.Loans(500, 3))
		r := run(t, pipeline.Options{Path: changed, Threads: 2, Version: "test", Force: true})
		if w.Choice != r.Evaluate.Scenario.Trial {
			t.Errorf("%s: trial %d would be chosen, a run chooses %d", c.changed, w.Choice, r.Evaluate.Scenario.Trial)
		}
		if text(t, w.Need) != text(t, r.Need) {
			t.Errorf("%s: need %s, a run says %s", c.changed, text(t, w.Need), text(t, r.Need))
		}
		if r.Evaluate.Scenario.Trial != first.Evaluate.Scenario.Trial {
			other++
			if w.Elsewhere == nil {
				t.Errorf("%s: another trial is chosen and its gain is not said", c.changed)
			}
			continue
		}
		same++
		sameAsRun(t, r, w)
	}
	if same < 2 {
		t.Errorf("the runs chose the same trial %d times and another %d times", same, other)
	}
}

// TestWhatIfInTheReport: the list of the scenario is in the result of the run.
func TestWhatIfInTheReport(t *testing.T) {
	list := strings.Replace(loans, "bootstrap: 300", "bootstrap: 300, whatif: [{name: losses doubled, set: {value.actions.grant.bad: -amount}}]", 1)
	dir := write(t, list, "loans.csv", tabletest.Loans(400, 2))
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	w := r.Evaluate.WhatIf
	if w == nil || len(w.Cases) != 2 || w.Cases[1].Name != "losses doubled" {
		t.Fatalf("the report has %+v", w)
	}
	sameAsRun(t, r, w.Cases[0])
	asked := ask(t, dir, change(t, "losses doubled", "value.actions.grant.bad=-amount"))
	if text(t, w) != text(t, asked) {
		t.Errorf("in the report:\n%s\nasked later:\n%s", text(t, w), text(t, asked))
	}
	wrong := strings.Replace(list, "-amount}", "-amuont}", 1)
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := pipeline.Check(context.Background(), pipeline.Options{Path: dir})
	if err == nil || !strings.Contains(err.Error(), "evaluate.whatif[0].set") || !strings.Contains(err.Error(), "amuont") {
		t.Errorf("a change that names no column: %v", err)
	}
}

func TestWhatIfRefuses(t *testing.T) {
	dir := write(t, loans, "loans.csv", tabletest.Loans(300, 4))
	ok := change(t, "more", "value.actions.grant.good=amount")
	question := func(path string, changes ...scenario.WhatIf) error {
		_, err := pipeline.WhatIf(context.Background(), pipeline.WhatIfOptions{Path: path, Changes: changes, Threads: 2, Version: "test"})
		return err
	}
	says := func(err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	says(question(dir, ok), "`bespoke run` makes one")
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	says(question(dir), "no change is given")
	says(question(dir, change(t, "x", "value.actions.grant.bad=-amuont")), "amuont")
	says(question(dir, change(t, "x", "value.file=other.csv")), "without reading the data again")
	_, err := pipeline.WhatIf(context.Background(), pipeline.WhatIfOptions{Path: dir, Changes: []scenario.WhatIf{ok}, Version: "other"})
	says(err, "was made by bespoke test")

	file := filepath.Join(dir, "run", filepath.FromSlash(r.Evaluate.Scenario.Predictions))
	kept := read(t, file)
	if err := os.WriteFile(file, kept[8:], 0o600); err != nil {
		t.Fatal(err)
	}
	says(question(dir, ok), "are not in the run's folder; run it again")
	if err := os.WriteFile(file, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "run", "trials")); err != nil {
		t.Fatal(err)
	}
	says(question(dir, ok), "; run it again")
	seeded := strings.Replace(loans, "budget:", "seed: 7\nbudget:", 1)
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(seeded), 0o600); err != nil {
		t.Fatal(err)
	}
	says(question(dir, ok), "seed: is another one than in the finished run")
}

// files are the contents of a folder, by path.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
