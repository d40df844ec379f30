package evaluate_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bespoke/evaluate"
	"bespoke/model"
	"bespoke/profit"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

func TestCeilingOfGermanCredit(t *testing.T) {
	h, c := creditHeld(t)
	got, err := evaluate.CeilingOf(sheet(t, lender(), h), nil, options())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "left", got.Left.Mean, c.Cost/1000, 1e-12)
	near(t, "known", got.Known.Mean, c.ExpectedCost/1000, 1e-9)
	near(t, "total", got.Total, c.Cost, 1e-9)
	near(t, "a month", got.PerMonth, 2*c.Cost, 1e-9)
	if !got.Left.Interval.Includes(got.Left.Mean) || got.Half <= 0 || got.Half >= .5 || len(got.PerRow) != 1000 {
		t.Errorf("%+v", got.Left)
	}
	if !strings.HasPrefix(got.Sentence, "A perfect model would earn at most 527 DEM more per 1,000 decisions (95 % interval ") ||
		!strings.Contains(got.Sentence, "which is 1,054 DEM a month; of that the model itself knows 474 DEM, half of it in ") {
		t.Error(got.Sentence)
	}
	t.Log(got.Sentence)
}

// Reference A.4: the costs of 518 against 700 are savings of .260.
func TestSavingsOfGermanCredit(t *testing.T) {
	h := evaluate.Held{Task: model.Binary, Outcomes: []string{"good", "bad"}}
	add := func(n int, bad, chance float64) {
		for range n {
			h.Truth, h.Predictions = append(h.Truth, bad), append(h.Predictions, 1-chance, chance)
		}
	}
	add(318, 0, .5)
	add(40, 1, .1)
	add(260, 1, .5)
	add(382, 0, .1)
	got, err := evaluate.SavingsOf(sheet(t, lender(), h), nil, options())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "savings", *got.Share, .26, 1e-12)
	near(t, "perfect", *got.Perfect, 1, 1e-12)
	near(t, "cost", got.Cost, .518, 1e-12)
	near(t, "constant", got.ConstantCost, .7, 1e-12)
	// The paired saving against refusing all is .182 [.110, .254] of .7.
	near(t, "low", got.Interval.Low, .16, .03)
	near(t, "high", got.Interval.High, .35, .03)
	if !strings.HasPrefix(got.Sentence, "The model saves 26 % of what “always refuse” costs (95 % interval ") || !strings.HasSuffix(got.Sentence, "; a perfect one would save 100 %.") {
		t.Error(got.Sentence)
	}
}

func TestNoSavings(t *testing.T) {
	h, _ := creditHeld(t)
	earns := lender()
	earns.Value.Actions = scenario.Actions{action("grant", "good", "10", "bad", "-5"), action("refuse", "", "0")}
	got, err := evaluate.SavingsOf(sheet(t, earns, h), nil, options())
	if err != nil {
		t.Fatal(err)
	}
	if got.Share != nil || got.Interval != nil || !strings.Contains(got.Note, "always grant costs nothing") || !strings.Contains(got.Sentence, "earns 5.5 DEM per decision") {
		t.Errorf("%+v", got)
	}
	worse, err := evaluate.SavingsOf(sheet(t, lender(), h), make([]int, 1000), options())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(worse.Sentence, "The model wastes 114 % of what “always refuse” costs (95 % interval ") {
		t.Error(worse.Sentence)
	}
}

// Savings are those of the yardstick, for any costs by row.
func TestSavingsAgreeWithTheYardstick(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := evaluate.Held{Task: model.Binary, Outcomes: []string{"no", "yes"}}
		costs := profit.Costs{}
		var acted []float64
		for i := range rapid.IntRange(5, 30).Draw(r, "rows") {
			p := rapid.Float64Range(0, 1).Draw(r, "chance")
			h.Truth = append(h.Truth, float64(rapid.IntRange(0, 1).Draw(r, "truth")))
			h.Predictions = append(h.Predictions, 1-p, p)
			costs.FN, costs.FP = append(costs.FN, 2+float64(i)), append(costs.FP, 1+.5*float64(i))
		}
		c := value.Config{
			Task: h.Task, Outcomes: h.Outcomes, Schema: table.Schema{{Name: "id"}},
			Value: scenario.Value{Actions: scenario.Actions{action("leave", "no", "0", "yes", "-2 - id"), action("act", "no", "-1 - 0.5 * id", "yes", "0")}},
		}
		s := sheet(t, c, h)
		for _, a := range s.Choose() {
			acted = append(acted, float64(a))
		}
		o := evaluate.DefaultOptions()
		o.Resamples = 100
		got, err := evaluate.SavingsOf(s, nil, o)
		if err != nil {
			r.Fatal(err)
		}
		want, err := costs.Savings(h.Truth, acted)
		if err != nil {
			if got.Share != nil {
				r.Fatalf("%v, but %+v", err, got)
			}
			return
		}
		if math.Abs(*got.Share-want) > 1e-9 || *got.Share > *got.Perfect+1e-9 {
			r.Fatalf("%v, the yardstick says %v", *got.Share, want)
		}
		if _, err := json.Marshal(got); err != nil {
			r.Fatal(err)
		}
	})
}

// The same amount more for every action shifts means and no differences.
func TestShiftingPayoffs(t *testing.T) {
	h, _ := creditHeld(t)
	more := lender()
	more.Value.Actions = scenario.Actions{action("grant", "good", "4", "bad", "-1"), action("refuse", "good", "3", "bad", "4")}
	a, err := evaluate.ComparePolicies(sheet(t, lender(), h), nil, options())
	if err != nil {
		t.Fatal(err)
	}
	b, err := evaluate.ComparePolicies(sheet(t, more, h), nil, options())
	if err != nil {
		t.Fatal(err)
	}
	for k, p := range a.Policies {
		q := b.Policies[k]
		near(t, p.Name, q.Mean, p.Mean+4, 1e-9)
		near(t, p.Name+" low", q.Interval.Low, p.Interval.Low+4, 1e-9)
		if p.VersusConstant != nil && p.Kind != evaluate.Perfect {
			near(t, p.Name+" difference", q.VersusConstant.Mean, p.VersusConstant.Mean, 1e-9)
			near(t, p.Name+" adjusted", *q.VersusConstant.PAdjusted, *p.VersusConstant.PAdjusted, 1e-9)
		}
	}
	if a.Family != b.Family || a.Family.Comparisons != 5 || a.Family.Surviving != 4 {
		t.Errorf("families %+v and %+v", a.Family, b.Family)
	}
	near(t, "captured", *b.Policies[b.Model].Captured, *a.Policies[a.Model].Captured, 1e-9)
	near(t, "left", b.Ceiling.Left.Mean, a.Ceiling.Left.Mean, 1e-9)
	// Only savings move: 4 more per row turn the costs into gains.
	if a.Savings.Share == nil || b.Savings.Share != nil {
		t.Errorf("savings: %+v, %+v", a.Savings, b.Savings)
	}
}
