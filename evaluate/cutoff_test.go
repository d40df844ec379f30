package evaluate_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bespoke/evaluate"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// Reference A.4 has a logistic regression that costs 518 at the closed-form
// cut-off and 504 at the best one in hindsight, with an optimism of .034 per
// row, 6.6 % of the cost. That model is not at hand; the stored one costs 527,
// 517 in hindsight, and an independent computation of its optimism, with other
// random numbers, gives .0363. The finding is the same: tuning gains 10 on
// these rows and loses more than that on others.
func TestTunedCutoffOfGermanCredit(t *testing.T) {
	h, c := creditHeld(t)
	s := sheet(t, lender(), h)
	got, err := evaluate.TuneCutoff(s, h, options())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "cut-off", got.Cutoff, .151, .001)
	near(t, "in hindsight", got.Mean, -.517, 1e-12)
	near(t, "own", got.Own.Mean, -c.Cost/1000, 1e-12)
	near(t, "gain", got.Gain, .010, 1e-12)
	near(t, "optimism", got.Optimism, .0363, .002)
	near(t, "of the cost", got.Optimism/(c.Cost/1000), .066, .005)
	near(t, "corrected", got.Corrected.Mean, got.Mean-got.Optimism, 1e-12)
	near(t, "really", got.GainCorrected.Mean, -.0256, .002)
	if got.Above != "refuse" || got.Below != "grant" || got.Outcome != "bad" {
		t.Errorf("%+v", got)
	}
	if want := "In hindsight the best single cut-off is 0.151, and it earns 10 DEM more per 1,000 decisions than deciding each row by its expected money; luck alone makes it look 3"; !strings.HasPrefix(got.Sentence, want) ||
		!strings.Contains(got.Sentence, " better than it is, so that tuning it brings nothing that these rows can tell (95 % interval ") {
		t.Error(got.Sentence)
	}
	t.Log(got.Sentence)
	one, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Threads = 3
	if got, err = evaluate.TuneCutoff(s, h, o); err != nil {
		t.Fatal(err)
	}
	if three, err := json.Marshal(got); err != nil || string(three) != string(one) {
		t.Errorf("other figures with 3 threads: %v", err)
	}
}

// Margineantu and Dietterich (2000) resample the cells of the confusion matrix
// and hold the costs: for constant costs the same as resampling rows. Their
// paired test resamples the cells of truth and both decisions.
func TestRowsAgreeWithConfusionCells(t *testing.T) {
	cost, all := germanCosts()
	cells := []struct {
		rows          int
		cost, savings float64
	}{{318, 1, 0}, {40, 5, -5}, {260, 0, 0}, {382, 0, 1}}
	r := rand.New(rand.NewPCG(6, 6))
	var costs, savings []float64
	for range 4000 {
		c, s := 0.0, 0.0
		for range 1000 {
			at := r.IntN(1000)
			for _, cell := range cells {
				if at -= cell.rows; at < 0 {
					c, s = c+cell.cost/1000, s+cell.savings/1000
					break
				}
			}
		}
		costs, savings = append(costs, c), append(savings, s)
	}
	slices.Sort(costs)
	slices.Sort(savings)
	rows, err := evaluate.Mean(cost, evaluate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	paired, err := evaluate.Paired(all, cost, evaluate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	// Percentiles of 2000 and 4000 resamples differ by a few thousandths.
	near(t, "low", rows.Interval.Low, costs[100], .006)
	near(t, "high", rows.Interval.High, costs[3899], .006)
	near(t, "low saving", paired.Interval.Low, savings[100], .006)
	near(t, "high saving", paired.Interval.High, savings[3899], .006)
}

// byRow pays by the column id.
func byRow(shift string) value.Config {
	return value.Config{
		Task: model.Binary, Outcomes: []string{"no", "yes"}, Schema: table.Schema{{Name: "id"}},
		Value: scenario.Value{Actions: scenario.Actions{
			action("call", "no", "-1 - 0.015625 * id"+shift, "yes", "3 + 0.03125 * id"+shift), action("leave", "no", "0"+shift, "yes", "0"+shift),
		}},
	}
}

func TestCutoffProperties(t *testing.T) {
	optimism := 0.0
	rapid.Check(t, func(r *rapid.T) {
		h := evaluate.Held{Task: model.Binary, Outcomes: []string{"no", "yes"}}
		for range rapid.IntRange(20, 60).Draw(r, "rows") {
			p := float64(rapid.IntRange(0, 10).Draw(r, "chance")) / 10
			h.Truth = append(h.Truth, float64(rapid.IntRange(0, 1).Draw(r, "truth")))
			h.Predictions = append(h.Predictions, 1-p, p)
		}
		o := evaluate.DefaultOptions()
		o.Resamples = 100
		s := sheet(t, byRow(""), h)
		c, err := evaluate.TuneCutoff(s, h, o)
		if err != nil {
			r.Fatal(err)
		}
		optimism += c.Optimism
		sum := 0.0
		for i := range h.Truth {
			a := 1
			if (h.Row(i)[1] >= c.Cutoff) == (c.Above == "call") {
				a = 0
			}
			sum += s.Realised[2*i+a]
		}
		if math.Abs(sum/float64(s.Rows)-c.Mean) > 1e-9 {
			r.Fatalf("the cut-off %v earns %v, not %v", c.Cutoff, sum/float64(s.Rows), c.Mean)
		}
		if _, total := s.BestConstant(); total/float64(s.Rows) > c.Mean+1e-9 {
			r.Fatalf("a constant earns %v, the best cut-off %v", total/float64(s.Rows), c.Mean)
		}
		moved, err := evaluate.TuneCutoff(sheet(t, byRow(" + 7"), h), h, o)
		if err != nil {
			r.Fatal(err)
		}
		if math.Abs(moved.Mean-c.Mean-7) > 1e-9 || math.Abs(moved.Optimism-c.Optimism) > 1e-9 || math.Abs(moved.GainCorrected.Mean-c.GainCorrected.Mean) > 1e-9 {
			r.Fatalf("7 more for all:\n%+v\n%+v", c, moved)
		}
	})
	if optimism <= 0 {
		t.Errorf("tuned cut-offs are pessimistic by %v", optimism)
	}
}

func TestNoSingleCutoff(t *testing.T) {
	h, _ := creditHeld(t)
	three := lender()
	three.Value.Actions = append(three.Value.Actions, action("wait", "good", "-0.2", "bad", "-2"))
	if c, err := evaluate.TuneCutoff(sheet(t, three, h), h, options()); c != nil || err != nil {
		t.Errorf("three actions: %+v, %v", c, err)
	}
	s := sheet(t, lender(), h)
	if _, err := evaluate.TuneCutoff(s.Take([]int{1, 2}), h, options()); err == nil {
		t.Error("other rows: no error")
	}
	o := options()
	o.Groups = make([]int, s.Rows)
	if _, err := evaluate.TuneCutoff(s, h, o); err == nil {
		t.Error("one group: no error")
	}
}
