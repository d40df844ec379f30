package pipeline_test

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/bundle"
	"bespoke/ensemble"
	"bespoke/internal/tabletest"
	"bespoke/pipeline"
)

// several is the scenario of the loans with trees alone, of which the mean of
// some is better than the best.
var several = loans + "design: {models: [trees.boost.v1]}\n"

// TestCommittee follows a mean of candidates through a whole run: report, card,
// bundle and reasons; then a limit that it breaks, and a scenario without one.
func TestCommittee(t *testing.T) {
	tab := tabletest.Loans(500, 1)
	dir := write(t, several, "loans.csv", tab)
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	c := r.Search.Committee
	if c == nil || !c.Taken {
		t.Fatalf("committee %+v, want one that is taken", c)
	}
	if e := r.Evaluate; e.Scenario.Candidate.Model != ensemble.Name || e.Technology.Candidate.Model == ensemble.Name {
		t.Errorf("choices %+v and %+v; want a mean beside a single model", e.Scenario.Candidate, e.Technology.Candidate)
	}
	if x := r.Explain; x.Summary == nil || x.Summary.Gap > 1e-12 || x.Coefficients != nil || x.Note != "" {
		t.Errorf("explanation %+v; want reasons that add up, and no coefficients", x)
	}
	page := html.UnescapeString(string(read(t, filepath.Join(dir, "run", "report.html"))))
	for _, want := range []string{"What the mean is made of", c.Reason, fmt.Sprintf("mean of %d", len(c.Members))} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	b, err := bundle.Open(r.Bundle.Path)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := b.Solution.Model.(*ensemble.Model); !ok || len(m.Members()) != len(c.Members) {
		t.Errorf("the bundle holds %s", b.Solution.Model.Name())
	}
	if label := r.Search.Trials[c.Members[0].Trial].Candidate.Label; !strings.Contains(b.Card.Reason, label) {
		t.Errorf("the card's reason %q does not name %q", b.Card.Reason, label)
	}
	parts, err := b.Solution.Parts()
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	sameAsRun(t, r, ask(t, dir, change(t, "volume", "need.volume=70 / month")).Cases[0])
	breaksLimit(t, dir, size)

	alone := strings.Replace(several, "boost.v1]", "boost.v1], committee: 1", 1)
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(alone), 0o600); err != nil {
		t.Fatal(err)
	}
	if one := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"}); one.Search.Committee != nil || one.Evaluate.Scenario.Candidate.Model == ensemble.Name {
		t.Errorf("at most one member: %+v", one.Search.Committee)
	}
}

// breaksLimit runs with one byte less than the mean takes: what the mean was
// distilled into is bundled, with the reason.
func breaksLimit(t *testing.T, dir string, size int) {
	t.Helper()
	tight := strings.Replace(several, "size: 20MB", fmt.Sprintf("size: %dB", size-1), 1)
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(tight), 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	if c := r.Search.Committee; c == nil || c.Taken || !strings.Contains(c.Dropped, "size") || !strings.Contains(c.Reason, "breaks a limit") {
		t.Errorf("committee %+v; want one that is dropped for its size", c)
	}
	if !strings.HasPrefix(r.Evaluate.Scenario.Candidate.Label, "distilled from a mean of ") {
		t.Errorf("bundled is %+v, want the mean's student", r.Evaluate.Scenario.Candidate)
	}
	st := r.Search.Student
	if st == nil || !st.Taken || st.Alone || st.Loss > r.Search.Trials[r.Search.Scenario].Loss || !strings.Contains(string(read(t, filepath.Join(dir, "run", "report.html"))), st.Reason) {
		t.Error("want a student that has no more loss than the best single candidate, listed with the reason")
	}
}
