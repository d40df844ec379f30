package evaluate_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bespoke/evaluate"
	"bespoke/model"
	"bespoke/profit"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

func TestMoneyOfGermanCredit(t *testing.T) {
	h, c := creditHeld(t)
	s := sheet(t, lender(), h)
	m, err := evaluate.CheckMoney(s, nil, [2]float64{.9, 1.1}, options())
	if err != nil {
		t.Fatal(err)
	}
	// All payoffs are costs and a perfect lender loses nothing, so that money,
	// cost and loss are one and the same.
	near(t, "expected", m.Expected, -c.ExpectedCost/1000, 1e-9)
	near(t, "realised", m.Realised, -c.Cost/1000, 1e-12)
	near(t, "ratio", *m.Ratio, c.Cost/c.ExpectedCost, 1e-9)
	near(t, "loss expected", m.LossExpected, c.ExpectedCost/1000, 1e-9)
	near(t, "loss realised", m.LossRealised, c.Cost/1000, 1e-12)
	near(t, "loss ratio", *m.LossRatio, *m.Ratio, 1e-9)
	if !m.Gate.Passed || !strings.Contains(m.Gate.Sentence, "as far as 1000 rows can tell") {
		t.Errorf("gate: %+v", m.Gate)
	}
	expected, realised, rows := 0.0, 0.0, 0
	for _, b := range m.Bins {
		expected += b.Expected * float64(b.Rows)
		realised += b.Realised * float64(b.Rows)
		rows += b.Rows
	}
	near(t, "bins expected", expected/1000, m.Expected, 1e-12)
	near(t, "bins realised", realised/1000, m.Realised, 1e-12)
	if rows != 1000 || len(m.Bins) != 10 {
		t.Errorf("%d bins of %d rows", len(m.Bins), rows)
	}
	if _, err := json.Marshal(m); err != nil {
		t.Error(err)
	}
}

// drawn draws chances with outcomes that fit them; bend makes of each the chance
// that the model claims.
func drawn(n int, bend func(p float64) float64) evaluate.Held {
	r := rand.New(rand.NewPCG(11, 1))
	h := evaluate.Held{Task: model.Binary, Outcomes: []string{"good", "bad"}}
	for range n {
		p, y := r.Float64(), 0.0
		if r.Float64() < p {
			y = 1
		}
		h.Truth = append(h.Truth, y)
		h.Predictions = append(h.Predictions, 1-bend(p), bend(p))
	}
	return h
}

func TestMoneyGate(t *testing.T) {
	for _, c := range []struct {
		name   string
		bend   func(p float64) float64
		passes bool
		says   string
	}{
		{"honest", func(p float64) float64 { return p }, true, "times what it expected"},
		{"overconfident", func(p float64) float64 { return 1 / (1 + math.Exp(-6*(2*p-1))) }, false, "its money cannot be trusted"},
	} {
		h := drawn(4000, c.bend)
		m, err := evaluate.CheckMoney(sheet(t, lender(), h), nil, [2]float64{.9, 1.1}, options())
		if err != nil {
			t.Fatal(err)
		}
		if m.Gate.Passed != c.passes || !strings.Contains(m.Gate.Sentence, c.says) {
			t.Errorf("%s: %+v", c.name, m.Gate)
		}
		if inside := m.LossInterval.Includes(1); inside != c.passes {
			t.Errorf("%s: the interval of the ratio of losses is %+v", c.name, m.LossInterval)
		}
	}
}

func TestNothingPromised(t *testing.T) {
	h := evaluate.Held{Task: model.Binary, Outcomes: []string{"good", "bad"}, Truth: []float64{0}, Predictions: []float64{1, 0}}
	m, err := evaluate.CheckMoney(sheet(t, lender(), h), nil, [2]float64{.9, 1.1}, options())
	if err != nil {
		t.Fatal(err)
	}
	if m.Ratio != nil || !m.Gate.Passed || m.LossRatio != nil {
		t.Errorf("nothing promised: %+v", m)
	}
}

func TestProfitCurve(t *testing.T) {
	h, c := creditHeld(t)
	s := sheet(t, lender(), h)
	curve, err := evaluate.CurveOfProfit(s, 100, options())
	if err != nil {
		t.Fatal(err)
	}
	if curve.Reference != "refuse" {
		t.Errorf("the reference is %q, want the better constant", curve.Reference)
	}
	first, last := curve.Points[0], curve.Points[100]
	near(t, "act on none", first.Mean, -.7, 1e-12)
	near(t, "act on all", last.Mean, -1.5, 1e-12)
	near(t, "all", last.Share, 1, 0)
	granted := float64(1000-c.FalseAlarms-(300-c.Missed)) / 1000
	near(t, "chosen share", curve.Chosen, granted, 1e-9)
	for k, p := range curve.Points {
		if p.Low > p.Mean || p.High < p.Mean {
			t.Errorf("point %d: %+v", k, p)
		}
		if k > 0 && p.Gain > curve.Points[k-1].Gain {
			t.Errorf("the gain rises at point %d", k)
		}
		if p.Mean > curve.Points[curve.Best].Mean {
			t.Errorf("point %d is better than the best", k)
		}
	}
	if curve.Points[curve.Best].Mean < -c.Cost/1000-1e-9 {
		t.Error("the best share in hindsight earns less than the model's own")
	}
	// Few rows and many points: points share rows, but none is left out.
	small, err := evaluate.CurveOfProfit(s.Take([]int{0, 1, 2}), 7, options())
	if err != nil {
		t.Fatal(err)
	}
	if len(small.Points) != 8 || small.Points[7].Share != 1 {
		t.Errorf("three rows: %+v", small.Points)
	}
}

func TestLift(t *testing.T) {
	h := evaluate.Held{
		Task: model.Binary, Outcomes: []string{"no", "yes"}, Truth: []float64{1, 0, 1, 0, 0},
		Predictions: []float64{.1, .9, .2, .8, .3, .7, .4, .6, .5, .5},
	}
	got, err := evaluate.Lift(h, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []evaluate.LiftBin{
		{Rows: 2, Positives: 1, Rate: .5, Lift: 1.25, Captured: .5, Score: .8},
		{Rows: 3, Positives: 1, Rate: 1.0 / 3, Lift: 1 / 1.2, Captured: 1, Score: .5},
	}
	for b := range want {
		if got[b].Rows != want[b].Rows || got[b].Positives != want[b].Positives {
			t.Errorf("bin %d: %+v", b, got[b])
		}
		near(t, "rate", got[b].Rate, want[b].Rate, 1e-15)
		near(t, "lift", got[b].Lift, want[b].Lift, 1e-15)
		near(t, "captured", got[b].Captured, want[b].Captured, 0)
		near(t, "score", got[b].Score, want[b].Score, 0)
	}
}

func TestCalibrations(t *testing.T) {
	h, _ := creditHeld(t)
	got, err := evaluate.Calibrations(h, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Outcome != "bad" {
		t.Fatalf("calibration of two classes: %+v", got)
	}
	rows, observed := 0, 0.0
	for _, b := range got[0].Bins {
		rows += b.Count
		observed += b.Observed * float64(b.Count)
	}
	near(t, "rows", float64(rows), 1000, 0)
	near(t, "bad rows", observed, 300, 1e-9)
}

// A model that promises little and much, and keeps exactly half of every
// promise: the ratio is one half for certain, and its interval must say so. An
// interval that holds the promise fixed would be wide, for the rows differ.
func TestRatioOfUnequalPromises(t *testing.T) {
	c := value.Config{
		Task: model.Binary, Outcomes: []string{"no", "yes"}, Schema: table.Schema{{Name: "id"}},
		Value: scenario.Value{Actions: scenario.Actions{action("call", "no", "id", "yes", "3 * id"), action("leave", "", "0")}},
	}
	h := evaluate.Held{Task: model.Binary, Outcomes: c.Outcomes}
	for range 300 {
		h.Truth = append(h.Truth, 0)
		h.Predictions = append(h.Predictions, .5, .5)
	}
	m, err := evaluate.CheckMoney(sheet(t, c, h), make([]int, 300), [2]float64{.9, 1.1}, options())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "ratio", *m.Ratio, .5, 1e-12)
	near(t, "low", m.RatioInterval.Low, .5, 1e-12)
	near(t, "high", m.RatioInterval.High, .5, 1e-12)
}

// Promises of both signs that cancel have a ratio, but no interval.
func TestRatioOfCancellingPromises(t *testing.T) {
	c := value.Config{
		Task: model.Binary, Outcomes: []string{"no", "yes"}, Schema: table.Schema{{Name: "id"}},
		Value: scenario.Value{Actions: scenario.Actions{action("call", "", "id - 49"), action("leave", "", "-1000")}},
	}
	h := evaluate.Held{Task: model.Binary, Outcomes: c.Outcomes}
	for range 100 {
		h.Truth = append(h.Truth, 0)
		h.Predictions = append(h.Predictions, .5, .5)
	}
	m, err := evaluate.CheckMoney(sheet(t, c, h), nil, [2]float64{.9, 1.1}, options())
	if err != nil {
		t.Fatal(err)
	}
	if m.Ratio == nil || m.RatioInterval != nil || !m.Gate.Passed {
		t.Errorf("%+v", m)
	}
}

// Where the promise is right the paired interval holds the true ratio of 1 in
// about 95 of 100 cases; 400 draws give that share to about 0.01.
func TestRatioIntervalsCover(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 12))
	o := evaluate.DefaultOptions()
	o.Resamples, o.Threads = 200, 2
	c := value.Config{
		Task: model.Binary, Outcomes: []string{"good", "bad"},
		Value: lender().Value,
	}
	held := 0.0
	for range 400 {
		h := evaluate.Held{Task: model.Binary, Outcomes: c.Outcomes}
		for range 300 {
			p, y := r.Float64(), 0.0
			if r.Float64() < p {
				y = 1
			}
			h.Truth, h.Predictions = append(h.Truth, y), append(h.Predictions, 1-p, p)
		}
		m, err := evaluate.CheckMoney(sheet(t, c, h), nil, [2]float64{.9, 1.1}, o)
		if err != nil {
			t.Fatal(err)
		}
		if m.LossInterval.Includes(1) {
			held += 1.0 / 400
		}
	}
	if held < .90 || held > .98 {
		t.Errorf("the interval holds the true ratio in %.3f of the cases, want about .95", held)
	}
}

// The decision curve of dcurves 1.1.7 (reference A.5).
func TestDecisionCurve(t *testing.T) {
	var in struct {
		Cancer     string    `json:"cancer"`
		Chance     []float64 `json:"chance"`
		Thresholds []float64 `json:"thresholds"`
		NetBenefit []float64 `json:"net_benefit"`
		All        []float64 `json:"all"`
	}
	read(t, "../../profit/testdata/decision-curve.json", &in)
	h := evaluate.Held{Task: model.Binary, Outcomes: []string{"healthy", "cancer"}}
	for i, p := range in.Chance {
		h.Truth, h.Predictions = append(h.Truth, float64(in.Cancer[i]-'0')), append(h.Predictions, 1-p, p)
	}
	c, err := evaluate.CurveOfBenefit(h, in.Thresholds, options())
	if err != nil {
		t.Fatal(err)
	}
	for k, p := range c.Points {
		near(t, "model", p.Model, in.NetBenefit[k], 5e-7)
		near(t, "all", p.All, in.All[k], 5e-7)
		if p.Low > p.Model || p.High < p.Model || !p.Told {
			t.Errorf("%+v", p)
		}
	}
	if c, err = evaluate.CurveOfBenefit(h, nil, options()); err != nil {
		t.Fatal(err)
	}
	label := h.Truth
	for _, p := range c.Points {
		want, err := profit.NetBenefit(label, in.Chance, p.Threshold)
		if err != nil || p.Model != want {
			t.Errorf("at %v: %v, want %v, %v", p.Threshold, p.Model, want, err)
		}
	}
	if len(c.Points) != 99 || c.Points[98].Threshold != .99 || c.Better < 50 || c.From > .05 {
		t.Errorf("better at %d of %d, from %v to %v", c.Better, len(c.Points), c.From, c.To)
	}
	if !strings.HasPrefix(c.Sentence, "Acting by the chance of cancer beats acting on all and on none at ") {
		t.Error(c.Sentence)
	}
	t.Log(c.Sentence)
	one, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Threads = 4
	if c, err = evaluate.CurveOfBenefit(h, nil, o); err != nil {
		t.Fatal(err)
	}
	if four, err := json.Marshal(c); err != nil || string(four) != string(one) {
		t.Errorf("other figures with 4 threads: %v", err)
	}
	for name, thresholds := range map[string][]float64{"above": {1}, "falls": {.3, .2}, "missing": {math.NaN()}} {
		if _, err := evaluate.CurveOfBenefit(h, thresholds, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	flat := evaluate.Held{Task: model.Binary, Outcomes: h.Outcomes, Truth: []float64{0, 0, 1, 0}, Predictions: []float64{.1, .9, .1, .9, .9, .1, .1, .9}}
	if c, err = evaluate.CurveOfBenefit(flat, nil, o); err != nil || !strings.HasPrefix(c.Sentence, "At none of 99 thresholds ") {
		t.Errorf("%v, %v", c, err)
	}
}
