package pipeline_test

import (
	"context"
	"errors"
	"html"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/bundle"
	"bespoke/internal/tabletest"
	"bespoke/pipeline"
	"bespoke/runs"
)

// TestStudent follows a mean that is much too large for the limits through a
// whole run: what is bundled learnt what the mean says, says so everywhere, and
// is the same whatever the threads and after a run that was ended on the way.
func TestStudent(t *testing.T) {
	tab := tabletest.Loans(500, 1)
	tight := strings.Replace(several, "size: 20MB", "size: 12kB", 1)
	dir := write(t, tight, "loans.csv", tab)
	r := run(t, pipeline.Options{Path: dir, Threads: 3, Version: "test"})
	st := r.Search.Student
	if st == nil || !st.Taken || st.Teacher == nil || st.Teacher.Dropped == "" || r.Search.Committee.Taken {
		t.Fatalf("student %+v, want one that is taken", st)
	}
	if e := r.Evaluate; !strings.HasPrefix(e.Scenario.Candidate.Label, "distilled from a mean of ") || e.Scenario.Candidate.Model != "trees.boost.v1" || e.Scenario.Trial != len(r.Search.Trials) {
		t.Errorf("chosen %+v", e.Scenario)
	}
	page := html.UnescapeString(string(read(t, filepath.Join(dir, "run", "report.html"))))
	for _, want := range []string{st.Candidate.Label, st.Reason} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	b, err := bundle.Open(r.Bundle.Path)
	if err != nil {
		t.Fatal(err)
	}
	size, err := b.Solution.Bytes()
	if err != nil || size > 12000 || !strings.Contains(b.Card.Reason, "distilled") {
		t.Errorf("%d bytes (%v), card %q", size, err, b.Card.Reason)
	}
	first := string(read(t, r.Bundle.Path))
	sameAsRun(t, r, ask(t, dir, change(t, "the same", "value.actions.refuse=0")).Cases[0])
	again := run(t, pipeline.Options{Path: dir, Threads: 1, Version: "test"})
	other := write(t, tight, "loans.csv", tab)
	ctx, stop := context.WithCancel(t.Context())
	_, err = pipeline.Run(ctx, pipeline.Options{Path: other, Threads: 2, Version: "test", Report: func(e runs.Event) {
		if strings.HasPrefix(e.Message, "hearing ") {
			stop()
		}
	}})
	if stop(); !errors.Is(err, context.Canceled) {
		t.Fatalf("ended while the committee is heard: %v", err)
	}
	fresh := run(t, pipeline.Options{Path: other, Threads: 1, Version: "test"})
	if first != string(read(t, again.Bundle.Path)) || first != string(read(t, fresh.Bundle.Path)) {
		t.Error("other bytes after another run, or after one that was ended on the way")
	}
}
