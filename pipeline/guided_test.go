package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/bundle"
	"bespoke/internal/tabletest"
	"bespoke/pipeline"
)

// guided is the scenario of the loans with a guided search.
func guided(budget string) string {
	return strings.Replace(several, "budget: {trials: 8}", "budget: {"+budget+"}", 1)
}

// TestGuidedRun follows a guided search through whole runs: the same bytes for
// any number of threads, a report that says which candidates were stopped, and
// what-if questions without training, also where the clock ended the search.
func TestGuidedRun(t *testing.T) {
	tab := tabletest.Loans(500, 1)
	dir := write(t, guided("trials: 16, search: guided"), "loans.csv", tab)
	r := run(t, pipeline.Options{Path: dir, Threads: 4, Version: "test"})
	other := write(t, guided("trials: 16, search: guided"), "loans.csv", tab)
	if again := run(t, pipeline.Options{Path: other, Threads: 1, Version: "test"}); string(read(t, r.Bundle.Path)) != string(read(t, again.Bundle.Path)) {
		t.Error("1 thread and 4 give other bundles")
	}
	stopped := ""
	for _, trial := range r.Search.Trials {
		if trial.Stopped != "" {
			stopped = trial.Stopped
		}
	}
	if len(r.Search.Trials) != 16 || stopped == "" || !strings.Contains(string(read(t, filepath.Join(dir, "run", "report.html"))), "stopped after fold 1") {
		t.Errorf("%d trials, stopped %q; want 16, and a report that says why some were stopped", len(r.Search.Trials), stopped)
	}
	sameAsRun(t, r, ask(t, dir, change(t, "the same", "value.actions.refuse=0")).Cases[0])

	clock := write(t, guided("time: 700ms"), "loans.csv", tab)
	r = run(t, pipeline.Options{Path: clock, Threads: 2, Version: "test"})
	if r.Search.Reproducible || r.Search.Steps == 0 {
		t.Errorf("reproducible %v after %d steps", r.Search.Reproducible, r.Search.Steps)
	}
	sameAsRun(t, r, ask(t, clock, change(t, "the same", "value.actions.refuse=0")).Cases[0])
}

// A time in which no derived feature can be measured still ends in a bundle.
func TestHardlyAnyTime(t *testing.T) {
	dir := write(t, guided("time: 20ms"), "loans.csv", tabletest.Loans(500, 1))
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	if _, err := bundle.Open(r.Bundle.Path); err != nil {
		t.Error(err)
	}
}

// A mean that breaks a limit gives way to a smaller one.
func TestFewerMembersWithinLimits(t *testing.T) {
	dir := write(t, guided("trials: 16, search: guided"), "loans.csv", tabletest.Loans(500, 1))
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	c := r.Search.Committee
	if c == nil || !c.Taken || len(c.Members) < 3 || c.Nested == nil {
		t.Fatalf("committee %+v, want one of three or more that is taken", c)
	}
	b, err := bundle.Open(r.Bundle.Path)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := b.Solution.Parts()
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	tight := strings.Replace(guided("trials: 16, search: guided"), "size: 20MB", fmt.Sprintf("size: %dB", size-1), 1)
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(tight), 0o600); err != nil {
		t.Fatal(err)
	}
	r = run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	if fewer := r.Search.Committee; fewer == nil || len(fewer.Members) >= len(c.Members) {
		t.Errorf("committee %+v, want fewer than %d members", fewer, len(c.Members))
	}
	sameAsRun(t, r, ask(t, dir, change(t, "the same", "value.actions.refuse=0")).Cases[0])
}
