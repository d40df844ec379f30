// Package examples_test runs every example and compares its report with the
// expected one that lies beside it.
package examples_test

import (
	"bytes"
	"context"
	"path/filepath"
	"regexp"
	"testing"

	"bespoke/bundle"
	"bespoke/internal/golden"
	"bespoke/pipeline"
	"bespoke/web"
)

// measured is what a clock says, which differs from run to run.
var measured = regexp.MustCompile(`latency [0-9.]+[µnm]?s`)

func TestExamples(t *testing.T) {
	scenarios, err := filepath.Glob("*/scenario.yaml")
	if err != nil || len(scenarios) < 3 {
		t.Fatalf("%d examples, error %v", len(scenarios), err)
	}
	if testing.Short() {
		t.Skip("whole runs on real data; without -short they run")
	}
	for _, path := range scenarios {
		name := filepath.Dir(path)
		t.Run(name, func(t *testing.T) {
			r, err := pipeline.Run(context.Background(), pipeline.Options{Path: path, Dir: t.TempDir(), Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bundle.Open(r.Bundle.Path); err != nil {
				t.Error(err)
			}
			golden.Check(t, filepath.Join(name, "expected.txt"), text(t, r))
		})
	}
}

// text is the report as text, without what the clock and the folder put in.
func text(t *testing.T, r *pipeline.Result) []byte {
	t.Helper()
	r.Bundle.Path = filepath.Base(r.Bundle.Path)
	for i, l := range r.Bundle.Limits {
		if l.Name == "latency" {
			r.Bundle.Limits[i].Measured = "(measured)"
		}
	}
	r.Latency, r.Costs = nil, nil
	for i := range r.Gates {
		r.Gates[i].Sentence = measured.ReplaceAllString(r.Gates[i].Sentence, "latency (measured)")
	}
	var out bytes.Buffer
	if err := web.Text(&out, r.Document(), 100, false); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
