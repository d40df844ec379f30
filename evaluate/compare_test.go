package evaluate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"bespoke/evaluate"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

func TestCompareTechnologyWithScenario(t *testing.T) {
	h, c := creditHeld(t)
	// A model that ranks better, but is so unsure that money is decided badly:
	// the true classes shrunk towards the prior, with the other one's order kept
	// in the last digits.
	sharp := h
	sharp.Predictions = make([]float64, len(h.Predictions))
	for i, y := range h.Truth {
		p := .02 + .001*h.Row(i)[1]
		if y == 1 {
			p += .0005
		}
		sharp.Predictions[2*i], sharp.Predictions[2*i+1] = 1-p, p
	}
	a := evaluate.Contender{Label: "ranker", Held: sharp, Sheet: sheet(t, lender(), sharp)}
	b := evaluate.Contender{Label: "logistic", Held: h, Sheet: sheet(t, lender(), h)}
	got, err := evaluate.Compare("auc", a, b, options())
	if err != nil {
		t.Fatal(err)
	}
	if got.Lines[0].Metric <= got.Lines[2].Metric {
		t.Errorf("technology should have the better AUC: %v, %v", got.Lines[0].Metric, got.Lines[2].Metric)
	}
	near(t, "AUC", got.Lines[2].Metric, c.AUC, 1e-12)
	near(t, "technology grants all", got.Lines[0].Mean, -1.5, 1e-12)
	near(t, "scenario", got.Lines[2].Mean, -c.Cost/1000, 1e-12)
	near(t, "difference", got.Difference.Mean, 1.5-c.Cost/1000, 1e-12)
	near(t, "parts add up", got.ByRule.Mean+got.ByModel.Mean, got.Difference.Mean, 1e-12)
	near(t, "per month", got.PerMonth, 2000*got.Difference.Mean, 1e-9)
	if want := "Technology picks ranker by AUC, the scenario picks logistic by money: the scenario's choice earns 0.973 DEM more per decision than the technology's (95 % interval "; !strings.HasPrefix(got.Sentence, want) {
		t.Errorf("got %q, want %q...", got.Sentence, want)
	}
	if !strings.HasSuffix(got.Sentence, ", 1,946 DEM a month.") {
		t.Error(got.Sentence)
	}
	if _, err := json.Marshal(got); err != nil {
		t.Error(err)
	}
}

func TestCompareTheSameModel(t *testing.T) {
	h, _ := creditHeld(t)
	a := evaluate.Contender{Label: "logistic", Held: h, Sheet: sheet(t, lender(), h)}
	got, err := evaluate.Compare("", a, a, options())
	if err != nil {
		t.Fatal(err)
	}
	if !got.SameModel || got.ByModel.Mean != 0 || got.ByRule != got.Difference {
		t.Errorf("the same model: %+v", got)
	}
	if !strings.HasPrefix(got.Sentence, "Both pick logistic, and differ in how it decides: the scenario's choice earns ") {
		t.Error(got.Sentence)
	}
}

// Regression (the zero Task) with a single action whose money depends on how
// much too low or too high the prediction is.
func TestCompareNumbers(t *testing.T) {
	truth := []float64{10, 12, 8, 11, 9, 30}
	c := value.Config{
		Schema: table.Schema{{Name: "id"}},
		Value: scenario.Value{Actions: scenario.Actions{
			{Name: "order", Payoffs: []scenario.Payoff{{Money: "min(truth, prediction) * 5 - prediction * 1"}}},
		}},
	}
	exact := evaluate.Held{Truth: truth, Predictions: []float64{10, 12, 8, 11, 9, 10}}
	more := evaluate.Held{Truth: truth, Predictions: []float64{14, 16, 12, 15, 13, 31}}
	a := evaluate.Contender{Label: "near", Held: more, Sheet: sheet(t, c, more)}
	got, err := evaluate.Compare("rmse", a, evaluate.Contender{Label: "low", Held: exact, Sheet: sheet(t, c, exact)}, options())
	if err != nil {
		t.Fatal(err)
	}
	// Sold at 5, bought at 1: near 5*80 - 101, low 5*60 - 60.
	near(t, "near", got.Lines[0].Mean, (400-101)/6.0, 1e-12)
	near(t, "low", got.Lines[2].Mean, (300-60)/6.0, 1e-12)
	if got.Higher || got.Title != "RMSE" {
		t.Errorf("metric: %+v", got)
	}
}
