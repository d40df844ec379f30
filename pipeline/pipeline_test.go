package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bespoke/bundle"
	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/pipeline"
	"bespoke/runs"
	"bespoke/table"
	"bespoke/web"
)

// loans is a scenario over the sample loans.
const loans = `scenario: loans
about: A lender decides whom to lend to.
need:
  currency: EUR
  volume: 1000 / month
  costs: {fixed: 1200 / year, per_decision: 0.01}
  today: grant
data:
  source: loans.csv
  target: class
  positive: bad
value:
  actions:
    grant:  {good: 0.15 * amount, bad: -0.5 * amount}
    refuse: 0
limits: {latency: 1s, size: 20MB}
evaluate: {bootstrap: 300}
budget: {trials: 8}
`

// write makes a folder with a scenario and the data of a table.
func write(t *testing.T, scenario string, name string, tab *table.Table) string {
	t.Helper()
	dir := t.TempDir()
	for file, text := range map[string]string{"scenario.yaml": scenario, name: tabletest.CSV(tab)} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, o pipeline.Options) *pipeline.Result {
	t.Helper()
	r, err := pipeline.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSameBytes: threads, an interruption and a second run do not change the
// bundle or the report's figures.
func TestSameBytes(t *testing.T) {
	dir := write(t, loans, "loans.csv", tabletest.Loans(500, 1))
	one := run(t, pipeline.Options{Path: dir, Dir: filepath.Join(dir, "one"), Threads: 1, Version: "test"})
	want := read(t, one.Bundle.Path)

	many := run(t, pipeline.Options{Path: dir, Dir: filepath.Join(dir, "many"), Threads: 4, Version: "test"})
	if !bytes.Equal(want, read(t, many.Bundle.Path)) {
		t.Error("4 threads give another bundle than 1")
	}

	ctx, cancel := context.WithCancel(context.Background())
	cut := pipeline.Options{Path: dir, Dir: filepath.Join(dir, "cut"), Threads: 2, Version: "test"}
	cut.Report = func(e runs.Event) {
		if e.Stage == "train" && e.Done == 3 {
			cancel()
		}
	}
	if _, err := pipeline.Run(ctx, cut); !errors.Is(err, context.Canceled) {
		t.Fatalf("the interrupted run gave %v", err)
	}
	cut.Report = nil
	again := run(t, cut)
	if again.Search.Reused < 3 {
		t.Errorf("only %d trials were reused", again.Search.Reused)
	}
	if !bytes.Equal(want, read(t, again.Bundle.Path)) {
		t.Error("an interrupted run gives another bundle")
	}
}

// TestDerivedFeatures: steps are tried where the scenario says so, the report
// and the journal tell what they brought, and neither threads nor a second run
// change the bundle, which decides rows by the derived features.
func TestDerivedFeatures(t *testing.T) {
	text := strings.Replace(loans, "budget: {trials: 8}", "features: {derive: auto, force: [ratio], exclude: [cross]}\nexplain: {drop: 1}\nbudget: {trials: 6}", 1)
	dir := write(t, text, "loans.csv", tabletest.Loans(500, 7))
	o := pipeline.Options{Path: dir, Threads: 1, Version: "test"}
	first := run(t, o)
	steps := map[model.Encoding][]string{}
	for _, g := range first.Gains {
		steps[g.Encoding] = append(steps[g.Encoding], g.Step)
		if g.Step == "ratio" && !g.Kept || g.Step == "cross" && g.Kept {
			t.Errorf("%s is kept: %v, against the scenario", g.Step, g.Kept)
		}
	}
	for e, want := range map[model.Encoding][]string{
		model.Native: {"target", "cross", "group", "sum", "difference", "product", "ratio"},
		model.Dense:  {"cross", "group", "sum", "difference", "product", "ratio"},
	} {
		if !slices.Equal(steps[e], want) {
			t.Errorf("%s models: tried %q, want %q", e, steps[e], want)
		}
	}
	s := open(t, first.Bundle.Path).Solution
	if !slices.ContainsFunc(s.Features.Features(), func(f model.Feature) bool { return f.With != "" }) {
		t.Error("the bundle has no derived feature, though one is forced")
	}
	var page bytes.Buffer
	if err := web.Text(&page, first.Document(), 200, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Derived features", "Held-out rows took no part", "the scenario leaves it out"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	want := read(t, first.Bundle.Path)
	again := run(t, o)
	if again.Search.Reused != len(again.Search.Trials) || !bytes.Equal(want, read(t, again.Bundle.Path)) {
		t.Errorf("the second run used %d of %d trials again, or gives another bundle", again.Search.Reused, len(again.Search.Trials))
	}
	o.Dir, o.Threads = filepath.Join(dir, "many"), 3
	if many := run(t, o); !bytes.Equal(want, read(t, many.Bundle.Path)) {
		t.Error("3 threads give another bundle than 1")
	}
}

// open reads a bundle.
func open(t *testing.T, path string) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOtherPayoffsDoNotTrainAgain: what a candidate learns does not depend on
// money, so that a customer can play with payoffs. Only the few that are trained
// for money are trained again.
func TestOtherPayoffsDoNotTrainAgain(t *testing.T) {
	dir := write(t, loans, "loans.csv", tabletest.Loans(400, 2))
	first := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	other := strings.Replace(loans, "-0.5 * amount", "-0.9 * amount", 1)
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	second := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	money := forMoney(second)
	if trials := len(second.Search.Trials); money == 0 || second.Search.Reused != trials-money {
		t.Errorf("%d of %d trials were reused, %d are trained for money", second.Search.Reused, trials, money)
	}
	if second.Need.Perfect.PerDecision > first.Need.Perfect.PerDecision+1e-9 {
		t.Error("larger losses raised the perfect model's money")
	}
}

// forMoney counts the trials that were trained for money.
func forMoney(r *pipeline.Result) int {
	n := 0
	for _, trial := range r.Search.Trials {
		if trial.Candidate.Params.WantsStakes() {
			n++
		}
	}
	return n
}

// TestBundleDecidesLikeTheRun: the bundle on disk gives the predictions that
// the report was made from.
func TestBundleDecidesLikeTheRun(t *testing.T) {
	tab := tabletest.Loans(500, 3)
	dir := write(t, loans, "loans.csv", tab)
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	b, err := bundle.Open(r.Bundle.Path)
	if err != nil {
		t.Fatal(err)
	}
	if b.Card.Promise == nil || b.Card.Promise.Rows != r.Data.Test {
		t.Errorf("promise %+v, want one that rests on %d rows", b.Card.Promise, r.Data.Test)
	}
	var out bytes.Buffer
	err = pipeline.Predict(context.Background(), pipeline.PredictOptions{Bundle: r.Bundle.Path, Data: filepath.Join(dir, "loans.csv"), Threads: 2}, &out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 501 || lines[0] != "p_good,p_bad,action,expected_money" {
		t.Fatalf("%d lines, header %q", len(lines), lines[0])
	}
	for _, x := range r.Explain.Rows {
		cells := strings.Split(lines[x.Row], ",")
		if cells[2] != x.Action {
			t.Errorf("row %d: the bundle says %s, the report %s", x.Row, cells[2], x.Action)
		}
	}
	if gap := r.Explain.Summary.Gap; gap > 1e-9 {
		t.Errorf("reasons miss the model's output by %g", gap)
	}
}

func TestRegression(t *testing.T) {
	text := `scenario: prices
need: {currency: EUR, today: pass}
data: {source: prices.csv, target: price}
value:
  actions:
    buy:  "0.9 * prediction >= 0.85 * truth ? 0.97 * truth - 0.9 * prediction : -200"
    pass: 0
evaluate: {bootstrap: 300}
budget: {trials: 6}
`
	dir := write(t, text, "prices.csv", tabletest.Prices(400, 4))
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	if r.Evaluate.Policies == nil || r.Evaluate.Confusion != nil {
		t.Error("a regression has policies and no confusion")
	}
	m := r.Evaluate.Policies.Policies[r.Evaluate.Policies.Model]
	if m.Mean <= 0 {
		t.Errorf("buying at nine tenths of a good prediction earns %g", m.Mean)
	}
}

func TestWithoutValue(t *testing.T) {
	text := "scenario: loans\ndata: {source: loans.csv, target: class, positive: bad}\nevaluate: {bootstrap: 300}\nbudget: {trials: 7}\n"
	dir := write(t, text, "loans.csv", tabletest.Loans(300, 5))
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	if r.Need != nil || r.Evaluate.Policies != nil || r.Bundle.Hash == "" {
		t.Error("without value there is a bundle and no money")
	}
	if r.Search.Scenario != r.Search.Technology {
		t.Error("without value both choices are the best metric")
	}
	page := string(read(t, filepath.Join(filepath.Dir(r.Bundle.Path), pipeline.ReportPage)))
	if !strings.Contains(page, "no value section") {
		t.Error("the report does not say that money is missing")
	}
}

func TestGates(t *testing.T) {
	poor := strings.Replace(loans, "fixed: 1200 / year", "fixed: 90000000 / year", 1)
	slow := strings.Replace(loans, "latency: 1s", "latency: 1ns", 1)
	large := strings.Replace(loans, "latency: 1s", "latency: 1s, memory: 60MB", 1)
	for _, c := range []struct{ name, scenario, stage string }{{"no market need", poor, "need"}, {"limit", slow, "bundle"}, {"memory", large, "data"}} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, c.scenario, "loans.csv", tabletest.Loans(300, 6))
			r, err := pipeline.Run(context.Background(), pipeline.Options{Path: dir, Threads: 2, Version: "test"})
			var gate *pipeline.GateError
			if !errors.As(err, &gate) || gate.Stage != c.stage {
				t.Fatalf("error %v, want the %s gate", err, c.stage)
			}
			if r == nil || r.Bundle != nil && r.Bundle.Hash != "" {
				t.Error("a stopped run leaves a result and no bundle")
			}
			if _, err := os.Stat(filepath.Join(dir, "run", pipeline.ReportPage)); err != nil {
				t.Error("a stopped run leaves a report:", err)
			}
			forced := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test", Force: true})
			if forced.Bundle == nil || forced.Bundle.Hash == "" {
				t.Error("a forced run has no bundle")
			}
		})
	}
}

// TestLimitDropsTheChoice: a candidate that breaks a limit is dropped with the
// reason, and the next one is bundled.
func TestLimitDropsTheChoice(t *testing.T) {
	dir := write(t, loans, "loans.csv", tabletest.Loans(300, 10))
	free := run(t, pipeline.Options{Path: dir, Dir: filepath.Join(dir, "free"), Threads: 2, Version: "test", Force: true})
	parts := 0
	for _, l := range free.Bundle.Limits {
		if l.Name == "size" && l.Passed {
			parts++
		}
	}
	if parts != 1 || free.Search.Trials[free.Search.Scenario].Dropped != "" {
		t.Fatalf("limits %+v", free.Bundle.Limits)
	}
	// A logistic model has more bytes than this, the baseline fewer.
	tight := strings.Replace(loans, "size: 20MB", "size: 2900B", 1)
	tight = strings.Replace(tight, "budget: {trials: 8}", "budget: {trials: 3}\ndesign: {models: [linear.logistic.v1]}", 1)
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(tight), 0o600); err != nil {
		t.Fatal(err)
	}
	small := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test", Force: true})
	chosen := small.Search.Trials[small.Search.Scenario]
	dropped := 0
	for _, trial := range small.Search.Trials {
		if strings.Contains(trial.Dropped, "size") {
			dropped++
		}
	}
	if chosen.Dropped != "" || dropped == 0 {
		t.Errorf("chosen %s (%s), %d dropped; size %+v", chosen.Candidate.Label, chosen.Dropped, dropped, small.Bundle.Limits)
	}
}

func TestCheckReadsAndDoesNotTrain(t *testing.T) {
	dir := write(t, loans, "loans.csv", tabletest.Loans(300, 7))
	r, err := pipeline.Check(context.Background(), pipeline.Options{Path: dir, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	if r.Need == nil || !r.Need.Gate.Passed || r.Search != nil {
		t.Errorf("check gave need %+v, search %v", r.Need, r.Search)
	}
	if _, err := os.Stat(filepath.Join(dir, "run")); err == nil {
		t.Error("check left a run's folder")
	}
}

// TestErrorsHaveTheirPlace: what is wrong in the scenario is told with file,
// line and column, whichever package found it.
func TestErrorsHaveTheirPlace(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"payoff names no column", "0.15 * amount", "0.15 * amout", "scenario.yaml:14:"},
		{"payoff names no outcome", "bad: -0.5 * amount", "worse: -0.5 * amount", "scenario.yaml:14:"},
		{"today names no action", "today: grant", "today: gant", "scenario.yaml:7:"},
		{"target is absent", "target: class", "target: clas", "\"class\""},
		{"interactions name no column", "  target: class\n", "  target: class\n  interactions: [[income, amout]]\n", "scenario.yaml:11:3: data.interactions: no column \"amout\""},
		{"data are absent", "loans.csv", "loan.csv", "loans.csv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, strings.Replace(loans, c.old, c.new, 1), "loans.csv", tabletest.Loans(60, 8))
			_, err := pipeline.Run(context.Background(), pipeline.Options{Path: dir, Threads: 2})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want it to name %q", err, c.want)
			}
		})
	}
}

// TestReportIsTheResult: the report can be drawn again from report.json.
func TestReportIsTheResult(t *testing.T) {
	dir := write(t, loans, "loans.csv", tabletest.Loans(300, 9))
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	again, err := pipeline.ReadResult(filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := r.Document(), again.Document()
	if a.Verdict != b.Verdict || len(a.Chapters) != len(b.Chapters) {
		t.Errorf("verdict %q with %d chapters, read again %q with %d", a.Verdict, len(a.Chapters), b.Verdict, len(b.Chapters))
	}
	var stages []string
	for _, c := range a.Chapters {
		stages = append(stages, c.Stage)
	}
	if want := []string{"need", "data", "design", "train", "evaluate", "economics", "explain", "bundle"}; !slices.Equal(stages, want) {
		t.Errorf("chapters %v, want %v", stages, want)
	}
}
