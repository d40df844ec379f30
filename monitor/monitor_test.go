package monitor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bespoke/bundle"
	"bespoke/bundle/bundletest"
	"bespoke/internal/golden"
	"bespoke/ledger"
	"bespoke/monitor"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var monday = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// decide makes the decisions of a bundle on rows, as a server would: one every
// ten minutes from a time on, with ids prefix-0 and so on.
func decide(t testing.TB, b *bundle.Bundle, rows *table.Table, prefix string, from time.Time) []ledger.Record {
	t.Helper()
	p, err := b.Solution.Predict(rows, 1)
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := b.Solution.Payoffs.Sheet(rows, p, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	k, n := len(p)/rows.Rows(), len(sheet.Actions)
	var out []ledger.Record
	for i, a := range sheet.Choose() {
		out = append(out, ledger.Record{Decision: &ledger.Decision{
			ID: fmt.Sprintf("%s-%d", prefix, i), Key: fmt.Sprintf("%s case %d", prefix, i), Time: from.Add(time.Duration(i) * 10 * time.Minute),
			Bundle: b.Manifest.Hash, Inputs: bundletest.JSON(rows, i), Prediction: p[i*k : (i+1)*k],
			Action: sheet.Actions[a], Expected: sheet.Expected[i*n+a], Cost: 0.5,
		}})
	}
	return out
}

// late makes outcomes of a share of decisions.
func late(records []ledger.Record, value func(i int) string, share float64) (out []ledger.Record) {
	for i := range records[:int(share*float64(len(records)))] {
		out = append(out, ledger.Record{Outcome: &ledger.Outcome{ID: records[i].Decision.ID, Time: monday.AddDate(0, 6, 0), Value: value(i)}})
	}
	return out
}

func write(t testing.TB, records ...[]ledger.Record) string {
	t.Helper()
	opt := ledger.Default()
	opt.Sync = ledger.SyncNever
	dir := t.TempDir()
	w, err := ledger.Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		err = errors.Join(err, w.Append(context.Background(), r...))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func run(t testing.TB, b *bundle.Bundle, dir string, change func(*monitor.Options)) *monitor.Report {
	t.Helper()
	opt := monitor.Default()
	if change != nil {
		change(&opt)
	}
	r, err := monitor.Run(b, dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func about(r *monitor.Report) (out []string) {
	for _, a := range r.Alarms {
		out = append(out, string(a.Level)+" "+a.About)
	}
	return out
}

func goodOrBad(y []float64) func(int) string {
	return func(i int) string { return []string{"good", "bad"}[int(y[i])] }
}

// What the decisions use of a limited resource is compared with what there is in
// the same time.
func TestUsage(t *testing.T) {
	c := bundletest.Lender(t)
	s := *c.Bundle.Solution
	config := s.Payoffs.Config()
	config.Schema = c.Rows.Schema()
	config.Volume = scenario.Rate{Amount: 4000, Per: "month"}
	config.Value.Capacity = scenario.Capacities{{
		Name: "budget", Most: scenario.Rate{Amount: 1e6, Per: "month"}, Uses: []scenario.Use{{Action: "grant", Amount: "amount"}},
	}}
	payoffs, err := value.Compile(config)
	if err != nil {
		t.Fatal(err)
	}
	c.Bundle.Solution = s.Complete(c.Rows.Schema(), payoffs)
	b := c.Sealed(t)
	rows, _ := bundletest.Loans(2000, 99, 0)
	made := decide(t, b, rows, "a", monday)
	want, total, amounts := 0.0, 0.0, rows.Columns()[slices.Index(rows.Names(), "amount")]
	for i, r := range made {
		total += amounts.Numbers[i]
		if r.Decision.Action == "grant" {
			want += amounts.Numbers[i]
		}
	}
	r := run(t, b, write(t, made), nil)
	days := 1999. / 6 / 24
	expected := []monitor.Usage{{Resource: "budget", Used: want, PerDecision: want / 2000, PerMonth: want / days * 365.2425 / 12, Limit: 1e6, Days: days}}
	// A reviewer's loans count as well.
	for i := range expected {
		expected[i].Used, expected[i].PerDecision, expected[i].PerMonth = r.Usage[i].Used, r.Usage[i].Used/2000, r.Usage[i].Used/days*365.2425/12
		if reviewed := r.Usage[i].Used - want; !(reviewed > 0 && r.Usage[i].Used < total) {
			t.Errorf("granted alone %v, with reviewers %v, asked for %v", want, r.Usage[i].Used, total)
		}
	}
	if d := cmp.Diff(expected, r.Usage, cmpopts.EquateApprox(1e-9, 0)); d != "" {
		t.Error(d)
	}
	if want := r.Usage[0].PerMonth > 1.1e6; slices.Contains(about(r), "warning capacity") != want || !want || !strings.Contains(r.Text(), "use of what is limited") {
		t.Errorf("alarms %v for %+v", r.Alarms, r.Usage)
	}
}

// On rows like those it learnt from the bundle keeps its promise: no alarm, and
// the realised money is that of the payoffs.
func TestNothingHasChanged(t *testing.T) {
	b := bundletest.Lender(t).Sealed(t)
	rows, y := bundletest.Loans(2000, 99, 0)
	made := decide(t, b, rows, "a", monday)
	dir := write(t, made, late(made, goodOrBad(y), 1))
	r := run(t, b, dir, nil)
	if len(r.Alarms) > 0 {
		t.Errorf("alarms %v", r.Alarms)
	}
	want := monitor.Counts{Made: 2000, Matured: 2000, Share: 1}
	if d := cmp.Diff(want, r.Decisions); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	p, err := b.Solution.Predict(rows, 1)
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := b.Solution.Payoffs.Sheet(rows, p, y, 1)
	if err != nil {
		t.Fatal(err)
	}
	choice := sheet.Choose()
	realised, expected := 0.0, 0.0
	for i, v := range sheet.Profit(choice) {
		realised += v
		expected += sheet.Promise(choice)[i]
	}
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 1e-9*math.Max(1, math.Abs(want)) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	m := r.Money
	near("realised", m.Realised.Total, realised)
	near("expected", m.Expected.Total, expected)
	near("expected of matured", m.ExpectedMatured.Total, expected)
	near("gap", m.Gap.Total, realised-expected)
	near("mean", m.Realised.Mean, realised/2000)
	total, matured := 0.0, 0
	for _, w := range r.Windows {
		total += w.Realised.Total
		matured += w.Matured
		if w.Begin.Weekday() != time.Monday || w.Begin.Hour() != 0 {
			t.Errorf("a week begins at %v", w.Begin)
		}
	}
	near("the windows together", total, realised)
	if len(r.Windows) != 3 || matured != 2000 {
		t.Errorf("%d windows with %d outcomes", len(r.Windows), matured)
	}
}

// Rows that moved, outcomes that turned out worse: both are seen, in the order
// of their gravity.
func TestDriftAndLossAreSeen(t *testing.T) {
	// A golden bundle, so that the text below changes with monitoring only.
	b, err := bundle.Open(filepath.Join("..", "bundle", "testdata", "golden", "v1-lender.bespoke"))
	if err != nil {
		t.Fatal(err)
	}
	rows, y := bundletest.Loans(1500, 5, 1)
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range y {
		if rng.Float64() < 0.8 {
			y[i] = 1
		}
	}
	made := decide(t, b, rows, "a", monday)
	for i := range made {
		if i%20 == 0 {
			made[i].Decision.Inputs = replace(t, made[i].Decision.Inputs, "job", `"astronaut"`)
		}
	}
	dir := write(t, made, late(made, goodOrBad(y), 0.4))
	r := run(t, b, dir, nil)
	got := strings.Join(about(r), ", ")
	for _, want := range []string{"alarm money, alarm money, alarm money", "alarm drift", "warning input", "note money"} {
		if !strings.Contains(got, want) {
			t.Errorf("alarms are %s; they lack %s", got, want)
		}
	}
	if c := r.Columns[0]; c.Column != "amount" || !c.Drifted || c.Words() != "much" {
		t.Errorf("the column that moved most is %+v", c)
	}
	for _, c := range r.Columns {
		if c.Column == "phone" && c.Drifted {
			t.Errorf("phone did not move: %+v", c)
		}
		if c.Column == "job" && (c.Unseen != 75 || !cmp.Equal(c.Spellings, []string{"astronaut"})) {
			t.Errorf("unseen spellings: %+v", c)
		}
	}
	if s := r.Money.Shortfall; s == nil || s.P > 0.001 || r.Money.Realised.High >= 0 {
		t.Errorf("money %+v", r.Money)
	}
	if r.Decisions.Matured != 600 || r.Decisions.Share != 0.4 {
		t.Errorf("%+v", r.Decisions)
	}
	golden.Check(t, "testdata/drift.txt", r.Text())
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again monitor.Report
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r, &again); d != "" {
		t.Errorf("through JSON (-before +after):\n%s", d)
	}
}

func replace(t testing.TB, inputs json.RawMessage, column, literal string) json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(inputs, &m); err != nil {
		t.Fatal(err)
	}
	m[column] = json.RawMessage(literal)
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhatIsLeftOutIsCounted(t *testing.T) {
	b := bundletest.Lender(t).Sealed(t)
	rows, _ := bundletest.Loans(20, 1, 0)
	made := decide(t, b, rows, "a", monday)
	made[0].Decision.Bundle = "another"
	made[1].Decision.Time = monday.AddDate(-1, 0, 0)
	made[2].Decision.Action = "dance"
	made[3].Decision.Prediction = []float64{1}
	made[4].Decision.Inputs = json.RawMessage(`{"amount":"many"}`)
	outcomes := []ledger.Record{
		{Outcome: &ledger.Outcome{ID: "a-5", Value: "ugly"}},
		{Outcome: &ledger.Outcome{ID: "a-6", Value: "GOOD"}},
		{Outcome: &ledger.Outcome{Key: "a case 7", Value: "bad"}},
		{Outcome: &ledger.Outcome{ID: "nobody", Value: "bad"}},
		{Outcome: &ledger.Outcome{ID: "a-2", Value: "bad"}},
	}
	r := run(t, b, write(t, made, outcomes), func(o *monitor.Options) { o.From = monday })
	want := monitor.Counts{Made: 18, Matured: 2, Share: 2.0 / 18, OtherBundles: 1, OtherTimes: 1, Unreadable: 3, UnknownOutcomes: 1, FirstUnknown: "ugly"}
	if d := cmp.Diff(want, r.Decisions); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if r.Money.Expected.Rows != 18 || r.Money.Realised.Rows != 2 {
		t.Errorf("%+v", r.Money)
	}
	if got := strings.Join(about(r), ", "); got != "warning money, warning input" {
		t.Errorf("alarms %s", got)
	}
}

func TestOutcomesFromElsewhere(t *testing.T) {
	b := bundletest.Lender(t).Sealed(t)
	rows, _ := bundletest.Loans(10, 1, 0)
	made := decide(t, b, rows, "a", monday)
	for i := range made {
		made[i].Decision.Key = ""
	}
	amount, _ := rows.Column("amount")
	var late ledger.Outcomes
	late.Add(ledger.Outcome{ID: "a-0", Value: "bad"})
	late.Add(ledger.Outcome{Key: fmt.Sprint(amount.Numbers[1]), Value: "bad"})
	dir := write(t, made, []ledger.Record{{Outcome: &ledger.Outcome{ID: "a-0", Value: "good"}}, {Outcome: &ledger.Outcome{ID: "a-2", Value: "good"}}})
	r := run(t, b, dir, func(o *monitor.Options) { o.Outcomes, o.Key = &late, "amount" })
	if r.Decisions.Matured != 3 {
		t.Errorf("%+v", r.Decisions)
	}
}

// A payoff that cannot be computed for some rows must not spoil the rest.
func TestRowsWithoutAPrice(t *testing.T) {
	b := bundletest.Lender(t).Sealed(t)
	rows, y := bundletest.Loans(50, 1, 0)
	made := decide(t, b, rows, "a", monday)
	made[3].Decision.Inputs = replace(t, made[3].Decision.Inputs, "amount", "1e308")
	made[9].Decision.Prediction = []float64{7, 7}
	r := run(t, b, write(t, made, late(made, goodOrBad(y), 1)), nil)
	if r.Decisions.Matured != 49 || r.Decisions.Unpriced != 1 || r.Decisions.FirstUnpriced == "" {
		t.Errorf("%+v", r.Decisions)
	}
}

func TestRegression(t *testing.T) {
	c := bundletest.Prices(t)
	b := c.Sealed(t)
	made := decide(t, b, c.Rows, "a", monday)
	value := func(i int) string { return fmt.Sprint(c.Truth[i]) }
	r := run(t, b, write(t, made, late(made, value, 1)), func(o *monitor.Options) { o.Window = monitor.Day })
	if r.Decisions.Matured != bundletest.Held || r.Money.Promised == nil || len(r.Windows) != 3 {
		t.Fatalf("%+v, %d windows", r.Decisions, len(r.Windows))
	}
	// These are the very rows of the promise.
	if d := r.Money.Realised.Mean - r.Money.Promised.PerDecision; math.Abs(d) > 1e-9 {
		t.Errorf("realised less promised on the rows of the promise is %v", d)
	}
	for _, d := range r.Predictions {
		if d.PSI != 0 {
			t.Errorf("drift of the rows of the reference: %+v", d)
		}
	}
	if len(r.Predictions) != 2 || len(r.Columns) != 2 {
		t.Errorf("%d predictions, %d columns", len(r.Predictions), len(r.Columns))
	}
}

func TestEmptyLedger(t *testing.T) {
	b := bundletest.Lender(t).Sealed(t)
	r := run(t, b, write(t), nil)
	if r.Decisions.Made != 0 || len(r.Alarms) != 0 || !strings.Contains(r.Text(), "no decisions") {
		t.Errorf("%+v\n%s", r, r.Text())
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

func TestDamagedLedgerIsAnAlarm(t *testing.T) {
	b := bundletest.Lender(t).Sealed(t)
	rows, _ := bundletest.Loans(5, 1, 0)
	dir := write(t, decide(t, b, rows, "a", monday))
	path := filepath.Join(dir, "00000001.jsonl")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw = []byte(strings.Replace(string(raw), `"a-1"`, `"a-9"`, 1))
	if err := os.WriteFile(path, append(raw, "torn"...), 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, b, dir, nil)
	if got := strings.Join(about(r), ", "); got != "alarm ledger, note ledger" || r.Decisions.Made != 4 {
		t.Errorf("%s, %+v", got, r.Decisions)
	}
}

func TestRefusals(t *testing.T) {
	b := bundletest.Lender(t).Sealed(t)
	for want, change := range map[string]func(*monitor.Options){
		`window: "year" is none of day, week, month`: func(o *monitor.Options) { o.Window = "year" },
		"confidence: 1 must be from 0.5":             func(o *monitor.Options) { o.Confidence = 1 },
		"min rows: 1 must be at least 2":             func(o *monitor.Options) { o.MinRows = 1 },
		"must be before to":                          func(o *monitor.Options) { o.From, o.To = monday, monday },
	} {
		opt := monitor.Default()
		change(&opt)
		if _, err := monitor.Run(b, t.TempDir(), opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := monitor.Run(b, filepath.Join(t.TempDir(), "none"), monitor.Default()); err == nil || !strings.HasPrefix(err.Error(), "monitor: ") {
		t.Errorf("a ledger that is not there: %v", err)
	}
	if _, err := monitor.Run(bundletest.Undecided(t).Sealed(t), t.TempDir(), monitor.Default()); err == nil || !strings.Contains(err.Error(), "no payoffs") {
		t.Errorf("a bundle without payoffs: %v", err)
	}
}
