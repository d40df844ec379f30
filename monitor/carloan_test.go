package monitor_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"bespoke/bundle"
	"bespoke/bundle/bundletest"
	"bespoke/ledger"
	"bespoke/model"
	"bespoke/monitor"
	"bespoke/scenario"
	"bespoke/table"
)

// carLoan reads a file of the car loan set by column, or skips the test.
func carLoan(t *testing.T, name string) map[string][]string {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "data", "car-loan", name))
	if err != nil {
		t.Skipf("the car loan set is not here: %v", err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for c, name := range all[0] {
		for _, row := range all[1:] {
			out[name] = append(out[name], row[c])
		}
	}
	return out
}

func floats(t *testing.T, text []string) []float64 {
	t.Helper()
	out := make([]float64, len(text))
	for i, s := range text {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = x
	}
	return out
}

var (
	carNumbers    = []string{"car_value", "debt_to_income_ratio", "loan_length", "driver_tenure"}
	carCategories = []string{"salary_range", "repaid_loan_on_prev_car", "size_of_downpayment"}
)

// carTable takes some rows of the inputs; levels are those of the reference.
func carTable(t *testing.T, data, reference map[string][]string, from, to int) *table.Table {
	t.Helper()
	var columns []*table.Column
	for _, n := range carNumbers {
		columns = append(columns, table.NewNumber(n, floats(t, data[n][from:to])))
	}
	for _, n := range carCategories {
		levels := slices.Clone(reference[n])
		slices.Sort(levels)
		levels = slices.Compact(levels)
		codes := make([]int32, to-from)
		for i, s := range data[n][from:to] {
			codes[i] = int32(slices.Index(levels, s))
		}
		columns = append(columns, table.NewCategory(n, codes, levels))
	}
	out, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The last chunk of the car loan set has drifted; PSI was computed likewise
// with numpy. Other columns did not move.
func TestCarLoanDrift(t *testing.T) {
	ref, ana := carLoan(t, "synthetic_car_loan_reference.csv"), carLoan(t, "synthetic_car_loan_analysis.csv")
	profile := table.ProfileOf(carTable(t, ref, ref, 0, 50000))
	drifts, err := monitor.Table(profile, carTable(t, ana, ref, 45000, 50000), monitor.Default())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]monitor.Drift{}
	for _, d := range drifts {
		got[d.Column] = d
	}
	near(t, "car_value", got["car_value"].PSI, 1.897425178007399, 1e-9)
	near(t, "loan_length", got["loan_length"].PSI, 0.3391105131655535, 1e-9)
	near(t, "debt_to_income_ratio", got["debt_to_income_ratio"].PSI, 0.0026467434750481445, 1e-9)
	near(t, "driver_tenure", got["driver_tenure"].PSI, 0.0005479405837236653, 1e-9)
	for name, drifted := range map[string]bool{"car_value": true, "loan_length": true, "driver_tenure": false} {
		if d := got[name]; d.Drifted != drifted || drifted && d.Words() != "much" || !drifted && d.Words() != "little" {
			t.Errorf("%s: %+v", name, d)
		}
	}
	for _, d := range drifts {
		t.Logf("%-24s PSI %.6f limit %.6f p %.4g drifted %v", d.Column, d.PSI, d.Limit, d.P, d.Drifted)
	}
}

// Realised money of the ten chunks, with repaid +200, default -1000 and refusal
// 0, as counted by independent code (reference D.3). Outcomes come in a file of
// their own.
func TestCarLoanRealised(t *testing.T) {
	if testing.Short() {
		t.Skip("prices 50,000 decisions")
	}
	ref, ana := carLoan(t, "synthetic_car_loan_reference.csv"), carLoan(t, "synthetic_car_loan_analysis.csv")
	want := []float64{372200, 352200, 356800, 363200, 353200, 262000, 287000, 269400, 294800, 265600}
	b := carBundle(t, ref)
	probability := floats(t, ana["y_pred_proba"])
	names := append(slices.Clone(carNumbers), carCategories...)
	var outcomes ledger.Outcomes
	spec := ledger.OutcomeFile{Key: "id", Value: "repaid"}
	path := filepath.Join("..", "..", "shared", "data", "car-loan", "synthetic_car_loan_analysis_target.csv")
	stats, err := ledger.ReadOutcomesFile(path, spec, func(o ledger.Outcome) error { outcomes.Add(o); return nil })
	if err != nil || stats.Read != 50000 {
		t.Fatalf("%+v, %v", stats, err)
	}
	var records []ledger.Record
	for i, id := range ana["id"] {
		at, err := time.Parse("2006-01-02 15:04:05.000", ana["timestamp"][i])
		if err != nil {
			t.Fatal(err)
		}
		inputs := map[string]any{}
		for k, n := range names {
			if inputs[n] = any(ana[n][i]); k < len(carNumbers) {
				inputs[n] = json.Number(ana[n][i])
			}
		}
		raw, err := json.Marshal(inputs)
		if err != nil {
			t.Fatal(err)
		}
		p := probability[i]
		d := &ledger.Decision{ID: "d" + id, Key: id, Time: at, Bundle: b.Manifest.Hash, Inputs: raw, Prediction: []float64{1 - p, p}, Action: "refuse"}
		if ana["y_pred"][i] == "1" {
			d.Action, d.Expected = "lend", 200*p-1000*(1-p)
		}
		records = append(records, ledger.Record{Decision: d})
	}
	for chunk, money := range want {
		opt := monitor.Default()
		opt.Outcomes = &outcomes
		r, err := monitor.Run(b, write(t, records[chunk*5000:(chunk+1)*5000]), opt)
		if err != nil {
			t.Fatal(err)
		}
		if r.Money.Realised.Total != money || r.Decisions.Made != 5000 || r.Decisions.Matured != 5000 {
			t.Errorf("chunk %d: realised %v, want %v; %+v", chunk+1, r.Money.Realised.Total, money, r.Decisions)
		}
	}
}

// carBundle is a bundle with the set's payoffs; the decisions come from the set,
// so any model does.
func carBundle(t *testing.T, ref map[string][]string) *bundle.Bundle {
	t.Helper()
	learn := carTable(t, ref, ref, 0, 2000)
	b, err := bundletest.Make(bundletest.Spec{
		Name: "car-loan", Task: model.Binary, Model: "baseline.prior.v1", Outcomes: []string{"0", "1"},
		Value: &scenario.Value{Actions: scenario.Actions{
			{Name: "lend", Payoffs: []scenario.Payoff{{Outcome: "1", Money: "200"}, {Outcome: "0", Money: "-1000"}}},
			{Name: "refuse", Payoffs: []scenario.Payoff{{Money: "0"}}},
		}},
	}, learn, floats(t, ref["repaid"][:2000]))
	if err != nil {
		t.Fatal(err)
	}
	return b.Sealed(t)
}
