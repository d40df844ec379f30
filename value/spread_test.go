package value_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// houses are asking prices and predicted true values with a spread.
func houses(t testing.TB) (*table.Table, value.Config, []float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(4, 4))
	asking, predictions := make([]float64, 300), make([]float64, 300)
	for i := range asking {
		asking[i] = 100 + 200*r.Float64()
		predictions[i] = asking[i] * (0.8 + 0.5*r.Float64())
	}
	tb, err := table.New(table.NewNumber("asking", asking))
	if err != nil {
		t.Fatal(err)
	}
	return tb, value.Config{
		Schema: tb.Schema(), Task: model.Regression, Target: "price", Today: "pass",
		Spread: &value.Spread{Form: value.Ratio, Points: []float64{.8, .95, 1, 1.05, 1.2}},
		Value: scenario.Value{
			Actions: scenario.Actions{
				action("buy", "", "truth - 1.02 * asking"),
				action("bid", "", "truth > 0.9 * prediction ? truth - 0.9 * prediction : 0"),
				action("pass", "", "0"),
			},
			Review: &scenario.Review{Cost: 3, Accuracy: scenario.Accuracy{Same: .8}},
		},
	}, predictions
}

func TestNumbersByHand(t *testing.T) {
	tb, err := table.New(table.NewNumber("asking", []float64{100, 200}))
	if err != nil {
		t.Fatal(err)
	}
	_, c, _ := houses(t)
	c.Schema = tb.Schema()
	c.Spread = &value.Spread{Form: value.Additive, Points: []float64{-20, 0, 50}}
	p := compile(t, c)
	s, err := p.Sheet(tb, []float64{110, 190}, []float64{130, 150}, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Row 1: truth 90, 110 or 160 against 102 and a bid of 99.
	buy, bid := (-12.0+8+58)/3, (0.0+11+61)/3
	// Known in advance, a bid would be 0.9 of the truth, a gain of a tenth.
	known := (9.0 + 11 + 58) / 3
	for a, want := range []float64{buy, bid, 0, .8*known + .2*bid - 3} {
		near(t, "expected", s.Expected[a], want, 1e-12)
	}
	near(t, "EVPI", s.EVPI()[0], known-bid, 1e-12)
	// Realised: 130 against 102, a bid of 99, and in hindsight the bid of 117.
	for a, want := range []float64{28, 31, 0, .8*28 + .2*31 - 3} {
		near(t, "realised", s.Realised[a], want, 1e-12)
	}
	near(t, "perfect", s.Perfect()[0], 28, 1e-12)
	if s.Best()[0] != 0 || s.Certain()[0] != 1 || s.Today()[0] != 2 {
		t.Errorf("best %v, certain %v, today %v", s.Best(), s.Certain(), s.Today())
	}
	if got := s.Constants(); len(got) != 2 || got[0] != 0 || got[1] != 2 {
		t.Errorf("actions that need no prediction: %v", got)
	}
}

func TestFitSpreadChoosesTheForm(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	var prediction, same, growing []float64
	for range 600 {
		p := 50 + 950*r.Float64()
		prediction = append(prediction, p)
		same = append(same, p+20*r.NormFloat64())
		growing = append(growing, p*(1+.1*r.NormFloat64()))
	}
	for _, c := range []struct {
		truth []float64
		form  string
	}{{same, value.Additive}, {growing, value.Ratio}} {
		s, err := value.FitSpread(prediction, c.truth)
		if err != nil {
			t.Fatal(err)
		}
		if s.Form != c.form || len(s.Points) != 32 || len(s.Loss) != 2 {
			t.Errorf("got %s with %d points and losses %v, want %s", s.Form, len(s.Points), s.Loss, c.form)
		}
		inside := 0
		for i, y := range c.truth {
			if s.Quantile(prediction[i], .1) <= y && y <= s.Quantile(prediction[i], .9) {
				inside++
			}
		}
		if share := float64(inside) / 600; math.Abs(share-.8) > .03 {
			t.Errorf("%s: %v of the rows lie between the 10 %% and the 90 %% quantile", c.form, share)
		}
	}
	prediction[3] = -1
	s, err := value.FitSpread(prediction, growing)
	if err != nil {
		t.Fatal(err)
	}
	if s.Form != value.Additive || len(s.Loss) != 1 {
		t.Error("ratios of a negative prediction")
	}
}

// The points keep the mean of the errors, so that linear payoffs are exact.
func TestSpreadKeepsTheMean(t *testing.T) {
	var prediction, truth []float64
	sum := 0.0
	for i := range 64 {
		prediction = append(prediction, 0)
		truth = append(truth, float64(i*i%37))
		sum += truth[i]
	}
	s, err := value.FitSpread(prediction, truth)
	if err != nil {
		t.Fatal(err)
	}
	got := 0.0
	for _, q := range s.Points {
		got += q / float64(len(s.Points))
	}
	near(t, "mean", got, sum/64, 1e-12)
}

func TestFitSpreadErrors(t *testing.T) {
	ten := make([]float64, 10)
	nan := append([]float64{math.NaN()}, ten[1:]...)
	for name, c := range map[string][2][]float64{
		"they must be equal":       {ten, ten[1:]},
		"at least 10 are needed":   {ten[1:], ten[1:]},
		"both must be finite":      {nan, ten},
		"row 1 has the prediction": {ten, nan},
	} {
		if _, err := value.FitSpread(c[0], c[1]); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

func TestNumbersMustBeFinite(t *testing.T) {
	tb, c, predictions := houses(t)
	p := compile(t, c)
	truth := make([]float64, len(predictions))
	truth[5] = math.Inf(1)
	if _, err := p.Sheet(tb, predictions, truth, 2); err == nil || !strings.Contains(err.Error(), "row 6 has the true number +Inf") {
		t.Error(err)
	}
	predictions[7] = math.NaN()
	if _, err := p.Sheet(tb, predictions, nil, 2); err == nil || !strings.Contains(err.Error(), "row 8 has the prediction NaN") {
		t.Error(err)
	}
}
