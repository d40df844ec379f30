package main

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"bespoke/bundle"
	"bespoke/interchange"
	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/pipeline"
)

// grownDir is the folder of grown, once that has run.
var grownDir string

// grown is the sample loans decided by boosted trees alone, run once.
var grown = sync.OnceValues(func() (string, answer) {
	dir, err := os.MkdirTemp("", "bespoke-trees-")
	if err != nil {
		return "", answer{errOut: err.Error(), code: exitFailed}
	}
	grownDir = dir
	text := strings.Replace(loans, "[linear.logistic.v1]", "[trees.boost.v1], committee: 1", 1)
	for name, content := range map[string]string{"scenario.yaml": text, "loans.csv": tabletest.CSV(tabletest.Loans(500, 3))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return dir, answer{errOut: err.Error(), code: exitFailed}
		}
	}
	return dir, bespoke("run", dir, "--force")
})

func ranTrees(t *testing.T) string {
	t.Helper()
	dir, a := grown()
	if a.code != exitDone {
		t.Fatalf("the run failed with %d:\n%s", a.code, a.errOut)
	}
	return dir
}

// TestExport: the file that is written, read again, says of the rows that are
// written what the bundle's model says of them before its calibration.
func TestExport(t *testing.T) {
	dir := ranTrees(t)
	out := filepath.Join(t.TempDir(), "model.txt")
	a := must(t, "export", bundleOf(dir), "--out", out, "--rows", filepath.Join(dir, "loans.csv"))
	for _, want := range []string{"the probability that class is bad", "Not in the file:", "The feature steps", "The payoffs"} {
		if !strings.Contains(a.out, want) {
			t.Errorf("%q does not say %q", a.out, want)
		}
	}
	m, err := interchange.ReadLightGBM(read(t, out))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open(bundleOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	rows, names := matrix(t, out+".csv")
	var about pipeline.Exported
	if err := json.Unmarshal(read(t, out+".json"), &about); err != nil {
		t.Fatal(err)
	}
	if len(about.Features) != len(names) || about.Bundle != b.Manifest.Hash || len(about.Left) < 3 {
		t.Errorf("described as %+v", about)
	}
	for j, f := range about.Features {
		if f.Name != names[j] || f.Name != m.Columns[j].Name || (f.Kind == "category") != (len(m.Columns[j].Levels) > 0) {
			t.Errorf("feature %d is %+v, in the rows %q, in the model %+v", j, f, names[j], m.Columns[j])
		}
	}
	if len(rows) != 500 {
		t.Fatalf("%d rows", len(rows))
	}
	want, got := make([]float64, 1), make([]float64, 1)
	for i, row := range rows {
		b.Solution.Model.(model.Raw).Raw(row, want)
		m.Prepare(row)
		m.Model.Raw(row, got)
		if math.Float64bits(got[0]) != math.Float64bits(want[0]) {
			t.Fatalf("row %d: %v, the bundle's model says %v", i, got, want)
		}
	}
	if j := must(t, "export", bundleOf(dir), "--out", out, "--json"); !strings.Contains(j.out, `"not_in_the_file"`) {
		t.Errorf("--json prints %s", j.out)
	}
}

// matrix reads features as they were written.
func matrix(t *testing.T, path string) (rows [][]float64, names []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines[1:] {
		row := make([]float64, len(l))
		for j, cell := range l {
			row[j] = math.NaN()
			if cell != "" {
				if row[j], err = strconv.ParseFloat(cell, 64); err != nil {
					t.Fatal(err)
				}
			}
		}
		rows = append(rows, row)
	}
	return rows, lines[0]
}

func TestExportRefuses(t *testing.T) {
	dir := ran(t)
	out := filepath.Join(t.TempDir(), "model.txt")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{bundleOf(dir), "--out", out}, exitFailed, `"linear.logistic.v1" is not of trees`},
		{[]string{bundleOf(dir), "--out", out, "--as", "lightgmb"}, exitUsage, `did you mean "lightgbm"?`},
		{[]string{bundleOf(dir)}, exitUsage, "--out is missing"},
		{[]string{filepath.Join(dir, "none.bespoke"), "--out", out}, exitFailed, "there is no such file"},
		{[]string{bundleOf(ranTrees(t)), "--out", filepath.Join(dir, "none", "m.txt")}, exitUsage, "there is no folder"},
	} {
		a := bespoke(append([]string{"export"}, c.args...)...)
		if a.code != c.code || !strings.Contains(a.errOut, c.want) {
			t.Errorf("export %s: exit code %d, %q; want %d, %q", strings.Join(c.args, " "), a.code, a.errOut, c.code, c.want)
		}
	}
}

// TestExportPage runs the example of docs/interchange.md: the commands here, and
// its Python with LightGBM where that is at hand. What LightGBM prints is what
// the bundle's model says.
func TestExportPage(t *testing.T) {
	dir := ranTrees(t)
	page := string(read(t, filepath.Join(pagesDir, "interchange.md")))
	defer enter(t, dir)()
	for _, m := range fence.FindAllStringSubmatch(page, -1) {
		for _, line := range commands(m[1], m[2]) {
			words, err := split(line)
			if err != nil {
				t.Fatal(err)
			}
			must(t, ours(words)...)
		}
	}
	python := regexp.MustCompile("(?ms)^```python\n(.*?)^```$").FindStringSubmatch(page)
	if python == nil {
		t.Fatal("the page has no Python")
	}
	if testing.Short() {
		t.Skip("starts Python")
	}
	program := os.Getenv("BESPOKE_PEERS")
	if home, err := os.UserHomeDir(); program == "" && err == nil {
		program = filepath.Join(home, ".cache", "bespoke-peers", "bin", "python")
	}
	if err := exec.Command(program, "-c", "import lightgbm, pandas").Run(); err != nil {
		t.Skipf("%s has no LightGBM (%v); `make peers` gets it, or BESPOKE_PEERS names a Python that has it", program, err)
	}
	text, err := exec.Command(program, "-c", python[1]+"\nimport json\nprint(json.dumps(probability.tolist()))\n").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var theirs []float64
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &theirs); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open(bundleOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := matrix(t, "model.txt.csv")
	if len(theirs) != len(rows) {
		t.Fatalf("LightGBM predicts %d of %d rows", len(theirs), len(rows))
	}
	out := make([]float64, 2)
	for i, row := range rows {
		b.Solution.Model.Predict(row, out)
		if math.Abs(out[1]-theirs[i]) > 1e-12*theirs[i] {
			t.Fatalf("row %d: LightGBM says %v, the bundle's model %v", i, theirs[i], out[1])
		}
	}
}
