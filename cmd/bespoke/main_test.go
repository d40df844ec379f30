package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bespoke/internal/tabletest"
)

// asProgram is the variable that makes the test binary behave as the program,
// so that tests can start, interrupt and kill a real process.
const asProgram = "BESPOKE_TEST_AS"

func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case "program":
		main()
	case "stubborn": // work that does not stop when it is asked to
		ctx, _ := interruptible(context.Background())
		fmt.Println("working")
		<-ctx.Done()
		fmt.Println("asked to stop")
		time.Sleep(time.Minute)
		os.Exit(exitDone)
	}
	code := m.Run()
	os.RemoveAll(shared.dir)
	os.RemoveAll(grownDir)
	os.Exit(code)
}

// answer is what a command line gave.
type answer struct {
	code        int
	out, errOut string
}

// bespoke runs a command line in this process.
func bespoke(args ...string) answer {
	var out, errOut bytes.Buffer
	code := execute(context.Background(), args, strings.NewReader(""), &out, &errOut)
	return answer{code, out.String(), errOut.String()}
}

// must fails the test when the command line failed.
func must(t testing.TB, args ...string) answer {
	t.Helper()
	a := bespoke(args...)
	if a.code != exitDone {
		t.Fatalf("bespoke %s: exit code %d\n%s", strings.Join(args, " "), a.code, a.errOut)
	}
	return a
}

// loans is a scenario over the sample loans that runs in a moment.
const loans = `scenario: loans
about: A lender decides whom to lend to.
need:
  currency: EUR
  volume: 1000 / month
  costs: {fixed: 1200 / year, per_decision: 0.01}
  today: grant
data: {source: loans.csv, target: class, positive: bad}
value:
  actions:
    grant:  {good: 0.15 * amount, bad: -0.5 * amount}
    refuse: 0
design: {models: [linear.logistic.v1]}
evaluate: {bootstrap: 200, calibration: [0.01, 1000]}
explain: {repeats: 1, rows: 2}
budget: {trials: 2}
`

// folder makes a folder with files of the given texts.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, files)
	return dir
}

func put(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// shared is a scenario of the sample loans that has been run once for all tests
// that only read it.
var shared struct {
	once sync.Once
	dir  string
	a    answer
}

// ran gives the folder of the shared scenario, with its run in it.
func ran(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() {
		dir, err := os.MkdirTemp("", "bespoke-cmd-")
		if err != nil {
			t.Fatal(err)
		}
		shared.dir = dir
		put(t, dir, map[string]string{"scenario.yaml": loans, "loans.csv": tabletest.CSV(tabletest.Loans(500, 3))})
		shared.a = bespoke("run", dir)
	})
	if shared.a.code != exitDone {
		t.Fatalf("the shared run failed with %d:\n%s", shared.a.code, shared.a.errOut)
	}
	return shared.dir
}

func bundleOf(dir string) string { return filepath.Join(dir, "run", "loans.bespoke") }

// failed decodes the JSON object of an error, the last line of standard error.
func failed(t *testing.T, a answer) failure {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(a.errOut), "\n")
	var f failure
	d := json.NewDecoder(strings.NewReader(lines[len(lines)-1]))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		t.Fatalf("no JSON error at the end of %q: %v", a.errOut, err)
	}
	return f
}
