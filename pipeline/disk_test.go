package pipeline_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/pipeline"
	"bespoke/report"
	"bespoke/table"
)

// A table that is kept on disk gives the bundle of one in memory, and nothing is
// left in the run's folder.
func TestTablesOnDiskGiveTheSameBundle(t *testing.T) {
	limited := strings.Replace(loans, "latency: 1s", "latency: 1s, memory: 1GB", 1)
	dir := write(t, limited, "loans.csv", tabletest.Loans(300, 8))
	memory := run(t, pipeline.Options{Path: dir, Dir: filepath.Join(dir, "memory"), Threads: 2, Version: "test"})
	defer pipeline.KeepAllOnDisk()()
	disk := run(t, pipeline.Options{Path: dir, Dir: filepath.Join(dir, "disk"), Threads: 2, Version: "test"})
	if onDisk(memory) || !onDisk(disk) {
		t.Fatalf("on disk: %v, %v", onDisk(memory), onDisk(disk))
	}
	for _, name := range []string{memory.Bundle.Path, disk.Bundle.Path} {
		if _, err := os.Stat(name); err != nil {
			t.Fatal(err)
		}
	}
	for i, trial := range memory.Search.Trials {
		if other := disk.Search.Trials[i]; trial.Loss != other.Loss || trial.Metric != other.Metric {
			t.Errorf("%s: loss %v and %v", trial.Candidate.Label, trial.Loss, other.Loss)
		}
	}
	if memory.Bundle.Hash != disk.Bundle.Hash {
		t.Error("the bundles differ")
	}
	entries, err := os.ReadDir(filepath.Join(dir, "disk"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "spill") {
			t.Errorf("%s is left", e.Name())
		}
	}
}

func onDisk(r *report.Result) bool {
	return slices.ContainsFunc(r.Data.Findings, func(f table.Finding) bool { return f.Check == "memory" && strings.Contains(f.Message, "on disk") })
}
