package economics_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bespoke/economics"
	"bespoke/scenario"
	"bespoke/value"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*math.Max(1, math.Abs(want)) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func month(v float64) scenario.Rate { return scenario.Rate{Amount: v, Per: "month"} }

// lender is the review desk of German credit: 2000 loans a month.
func lender() (scenario.Need, *scenario.Review, economics.Measured) {
	need := scenario.Need{
		Currency: "DEM", Volume: month(2000), Interest: .08, Horizon: 36,
		Costs: scenario.Costs{Fixed: month(100), PerDecision: .02, Setup: 2000, Compute: scenario.Rate{Amount: 0.9, Per: "hour"}},
	}
	measured := economics.Measured{
		Gain: economics.Range{Mean: .182, Low: .11, High: .254}, Level: .95, Seconds: .008, ReviewShare: .5,
	}
	return need, &scenario.Review{Minutes: 10}, measured
}

func TestLender(t *testing.T) {
	need, review, m := lender()
	e, err := economics.Of(need, review, m)
	if err != nil {
		t.Fatal(err)
	}
	serving := .9 * .008 / 3600
	near(t, "gain", e.Gain.Mean, .202)
	near(t, "serving", e.Serving, serving)
	near(t, "contribution", e.Contribution.Mean, .182-serving)
	near(t, "a month", e.PerMonth.Mean, 2000*(.182-serving)-100)
	near(t, "a month at least", e.PerMonth.Low, 2000*(.11-serving)-100)
	near(t, "payback", *e.Payback, 2000/e.PerMonth.Mean)
	near(t, "payback at the low end", *e.PaybackLow, 2000/e.PerMonth.Low)
	annuity := 0.0
	for k := 1; k <= 36; k++ {
		annuity += math.Pow(1.08, -float64(k)/12)
	}
	near(t, "worth", e.PresentValue.Mean, annuity*e.PerMonth.Mean-2000)
	near(t, "worth at most", e.PresentValue.High, annuity*e.PerMonth.High-2000)
	near(t, "break even", *e.BreakEven, math.Ceil((100+2000/annuity)/(.182-serving)))
	near(t, "processors", e.Processors, 2000*.008/(365.2425*86400/12))
	if d := cmp.Diff(&economics.Staff{Reviews: 1000, Minutes: 10, Hours: 130, Work: 1000. / 6, Reviewers: 1000. / 6 / 130, People: 2}, e.Staff, cmpopts.EquateApprox(1e-12, 0)); d != "" {
		t.Error(d)
	}
	const want = `Each decision contributes 0.182 DEM (95 % interval 0.11 to 0.254) after 0.02 DEM for the decision and 0.000002 DEM for serving it.
With 2,000 decisions a month that is 264 DEM (120 to 408) a month after fixed costs of 100 DEM.
It pays from 893 decisions a month, and at the low end of the interval from 1,477.
The setup of 2,000 DEM is earned back in 7.58 months.
Over 36 months at 8 % interest a year it is worth 6,459 DEM (1,845 to 11,074) now.
1,000 reviews a month at 10 minutes take 167 hours: 2 people who review 130 hours a month.`
	if d := cmp.Diff(want, strings.Join(e.Sentences, "\n")); d != "" {
		t.Error(d)
	}
}

func TestWhatIsNotKnown(t *testing.T) {
	e, err := economics.Of(scenario.Need{Costs: scenario.Costs{Fixed: month(10)}}, nil, economics.Measured{Gain: economics.Range{Mean: -.1, Low: -.2, High: .1}, Level: .9})
	if err != nil {
		t.Fatal(err)
	}
	if e.PerMonth != nil || e.BreakEven != nil || e.Payback != nil || e.PresentValue != nil || e.Staff != nil {
		t.Errorf("got %+v", e)
	}
	if d := cmp.Diff([]string{"Each decision contributes -0.1 (90 % interval -0.2 to 0.1).", "No number of decisions covers the fixed costs."}, e.Sentences); d != "" {
		t.Error(d)
	}
}

func TestMeasuredOutOfRange(t *testing.T) {
	for want, change := range map[string]func(m *economics.Measured){
		"gain: NaN":              func(m *economics.Measured) { m.Gain.Mean = math.NaN() },
		"low end of the gain: 1": func(m *economics.Measured) { m.Gain.Low = 1 },
		"high end of the gain":   func(m *economics.Measured) { m.Gain.High = math.Inf(1) },
		"seconds: -1":            func(m *economics.Measured) { m.Seconds = -1 },
		"share of reviews: 2":    func(m *economics.Measured) { m.ReviewShare = 2 },
	} {
		need, review, m := lender()
		change(&m)
		if _, err := economics.Of(need, review, m); err == nil || !strings.HasPrefix(err.Error(), "economics: "+want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Whatever is measured: everything can be written as JSON, a model that
// contributes more is worth more, and at the break-even volume the setup comes
// back within the horizon.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		amount := func(name string) float64 { return float64(rapid.IntRange(0, 1000).Draw(r, name)) }
		mean := amount("mean") - 300
		m := economics.Measured{Gain: economics.Range{Mean: mean, Low: mean - amount("low"), High: mean + amount("high")}, Level: .95, Seconds: amount("seconds") / 1000, ReviewShare: amount("reviews") / 1000}
		need := scenario.Need{
			Volume: month(amount("volume")), Interest: scenario.Percent(amount("interest") / 1000), Horizon: scenario.Span(rapid.IntRange(1, 100).Draw(r, "horizon")),
			Costs: scenario.Costs{Fixed: month(amount("fixed")), Setup: amount("setup"), Compute: month(amount("compute"))},
		}
		e, err := economics.Of(need, &scenario.Review{Minutes: 5, Hours: 100}, m)
		if err != nil {
			r.Fatal(err)
		}
		if _, err := json.Marshal(e); err != nil {
			r.Fatal(err)
		}
		if v := e.PresentValue; v != nil && !(v.Low <= v.Mean && v.Mean <= v.High) {
			r.Fatalf("the present value %+v is out of order", v)
		}
		if e.BreakEven == nil {
			return
		}
		for _, shift := range []float64{0, -1} {
			decisions := *e.BreakEven + shift
			worth := value.PresentValue(e.Setup, decisions*e.Contribution.Mean-e.FixedPerMonth, value.Monthly(e.Interest), int(e.Horizon))
			if shift == 0 && worth < -1e-6 || shift < 0 && decisions >= 0 && worth > 1e-6 {
				r.Fatalf("with %v decisions a month it is worth %v", decisions, worth)
			}
		}
	})
}
