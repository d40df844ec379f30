package pipeline_test

import (
	"html"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/additive"
	"bespoke/bundle"
	"bespoke/internal/tabletest"
	"bespoke/pipeline"
)

// TestCurves follows an additive model that the scenario names through a whole
// run: it is bundled, its reasons add up, and the report shows its curves.
func TestCurves(t *testing.T) {
	dir := write(t, loans+"design: {models: [additive.boost.v1]}\n", "loans.csv", tabletest.Loans(400, 1))
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	b, err := bundle.Open(r.Bundle.Path)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := b.Solution.Model.(*additive.Model); !ok {
		t.Fatalf("the bundle holds %s", b.Solution.Model.Name())
	}
	x := r.Explain
	if x.Summary == nil || x.Summary.Gap > 1e-12 || x.Note != "" || x.Curves == nil || len(x.Curves.Features) == 0 {
		t.Fatalf("explanation %+v; want reasons that add up, and curves", x)
	}
	page := html.UnescapeString(string(read(t, filepath.Join(dir, "run", "report.html"))))
	for _, want := range []string{"The curves of the model", "added to the log-odds of bad", x.Curves.Features[0].Feature} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
}
