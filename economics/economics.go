// Package economics says what running a model is worth: what a decision
// contributes after its costs, what a month brings, from how many decisions it
// pays, when a setup is earned back, what all of it is worth now, and how many
// reviewers it needs.
//
// It starts from the gain per decision that evaluation measured on held-out
// rows, with its interval, and carries the interval through: every figure is
// linear in the gain, so that its interval follows from that of the gain. What
// the interval does not know is whether later months are like those rows.
//
//	e, err := economics.Of(scenario.Need, scenario.Value.Review, economics.Measured{
//		Gain: economics.Range{Mean: 0.18, Low: 0.11, High: 0.25}, Level: 0.95,
//		Seconds: 0.0004, ReviewShare: 0.05,
//	})
//	fmt.Println(strings.Join(e.Sentences, " "))
package economics

import (
	"fmt"
	"math"
	"strings"

	"bespoke/formula"
	"bespoke/scenario"
	"bespoke/value"
)

// hoursPerReviewer is how many hours a month one reviewer reviews, unless the
// scenario says otherwise: about three quarters of a full-time month.
const hoursPerReviewer = 130

// secondsPerMonth is a twelfth of a mean year.
const secondsPerMonth = 365.2425 * 86400 / 12

// Range is a figure with its interval.
type Range struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// times is the range of factor * x + shift, for a factor of 0 or more.
func (r Range) times(factor, shift float64) Range {
	return Range{r.Mean*factor + shift, r.Low*factor + shift, r.High*factor + shift}
}

// Measured is what a run found out.
type Measured struct {
	// Gain is what the model earns per decision beyond what is done without it,
	// after need.costs.per_decision.
	Gain Range
	// Level is the confidence of the interval, such as 0.95.
	Level float64
	// Seconds is the processor time of one decision; 0 when not measured.
	Seconds float64
	// ReviewShare is the share of decisions, from 0 to 1, that a person is asked
	// about.
	ReviewShare float64
}

// Economics are the figures. They hold no infinite numbers: what does not exist
// is nil.
type Economics struct {
	// Currency is the unit of all money; empty when the scenario has none.
	Currency string  `json:"currency,omitempty"`
	Level    float64 `json:"level"`
	// Gain is what the model earns per decision beyond what is done without it,
	// before the costs that follow.
	Gain Range `json:"gain"`
	// CostPerDecision is the scenario's, Serving the processor time at the
	// scenario's price, per decision.
	CostPerDecision float64 `json:"cost_per_decision"`
	Serving         float64 `json:"serving"`
	// Contribution is Gain less both.
	Contribution Range `json:"contribution"`
	// Volume is decisions per month; 0 when not known. FixedPerMonth and Setup
	// are the scenario's costs.
	Volume        float64 `json:"volume"`
	FixedPerMonth float64 `json:"fixed_per_month"`
	Setup         float64 `json:"setup"`
	// Interest is per year, Horizon in months.
	Interest float64 `json:"interest"`
	Horizon  float64 `json:"horizon"`
	// PerMonth is the contribution of a month's decisions less the fixed costs;
	// nil without a volume.
	PerMonth *Range `json:"per_month,omitempty"`
	// BreakEven is how many decisions a month cover the fixed costs, and the setup
	// within the horizon, at the mean contribution, BreakEvenLow the same at its
	// low end; nil when no number does.
	BreakEven    *float64 `json:"break_even,omitempty"`
	BreakEvenLow *float64 `json:"break_even_low,omitempty"`
	// Payback is after how many months the setup is earned back at the mean,
	// PaybackLow at the low end; nil when never, or without a volume.
	Payback    *float64 `json:"payback,omitempty"`
	PaybackLow *float64 `json:"payback_low,omitempty"`
	// PresentValue is what the months of the horizon are worth now, less the
	// setup; nil without a volume or a horizon.
	PresentValue *Range `json:"present_value,omitempty"`
	// Processors is how many processors deciding keeps busy; 0 when not known.
	Processors float64 `json:"processors,omitempty"`
	// Staff is what reviews need; nil without a review, a volume, or minutes.
	Staff *Staff `json:"staff,omitempty"`
	// Sentences say the figures in words.
	Sentences []string `json:"sentences"`
}

// Staff is what reviewing needs in people.
type Staff struct {
	// Reviews is how many fall due a month; Minutes one takes; Hours a reviewer
	// reviews a month.
	Reviews float64 `json:"reviews"`
	Minutes float64 `json:"minutes"`
	Hours   float64 `json:"hours"`
	// Work is the hours of all reviews of a month, Reviewers as many full
	// reviewers, and People that rounded up.
	Work      float64 `json:"work"`
	Reviewers float64 `json:"reviewers"`
	People    int     `json:"people"`
}

// Of computes the figures from the scenario and what was measured. The error is
// of a measurement that is not finite or out of its range.
func Of(need scenario.Need, review *scenario.Review, m Measured) (*Economics, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	e := &Economics{
		Currency: need.Currency, Level: m.Level, CostPerDecision: need.Costs.PerDecision,
		Serving: m.Seconds * need.Costs.Compute.PerMonth() / secondsPerMonth, Volume: need.Volume.PerMonth(),
		FixedPerMonth: need.Costs.Fixed.PerMonth(), Setup: need.Costs.Setup, Interest: float64(need.Interest), Horizon: float64(need.Horizon),
	}
	e.Gain = m.Gain.times(1, e.CostPerDecision)
	e.Contribution = m.Gain.times(1, -e.Serving)
	e.months()
	e.Processors = e.Volume * m.Seconds / secondsPerMonth
	e.Staff = staff(review, e.Volume*m.ReviewShare)
	e.Sentences = e.say()
	return e, nil
}

func (m Measured) check() error {
	for _, f := range []struct {
		name      string
		v         float64
		low, high float64
	}{
		{"gain", m.Gain.Mean, -math.MaxFloat64, math.MaxFloat64},
		{"low end of the gain", m.Gain.Low, -math.MaxFloat64, m.Gain.Mean},
		{"high end of the gain", m.Gain.High, m.Gain.Mean, math.MaxFloat64},
		{"level", m.Level, 0, 1},
		{"seconds", m.Seconds, 0, math.MaxFloat64},
		{"share of reviews", m.ReviewShare, 0, 1},
	} {
		if !(f.v >= f.low && f.v <= f.high) {
			return fmt.Errorf("economics: %s: %v must be from %v to %v", f.name, f.v, f.low, f.high)
		}
	}
	return nil
}

// months derives what needs the volume or the horizon.
func (e *Economics) months() {
	annuity := 0.0
	if e.Horizon > 0 {
		annuity = formula.PresentValue(value.Monthly(e.Interest), e.Horizon, 1)
	}
	fixed := e.FixedPerMonth
	if e.Setup > 0 && annuity > 0 {
		fixed += e.Setup / annuity
	}
	e.BreakEven, e.BreakEvenLow = covers(fixed, e.Contribution.Mean), covers(fixed, e.Contribution.Low)
	if e.Volume <= 0 {
		return
	}
	month := e.Contribution.times(e.Volume, -e.FixedPerMonth)
	e.PerMonth = &month
	e.Payback, e.PaybackLow = payback(e.Setup, month.Mean), payback(e.Setup, month.Low)
	if annuity > 0 {
		worth := month.times(annuity, -e.Setup)
		e.PresentValue = &worth
	}
}

// covers is how many decisions cover the costs of a month.
func covers(costs, contribution float64) *float64 {
	if !(contribution > 0) {
		return nil
	}
	n := math.Ceil(costs / contribution * (1 - 1e-12))
	if math.IsInf(n, 0) {
		return nil
	}
	return &n
}

func payback(setup, month float64) *float64 {
	months, ok := value.Payback(setup, month)
	if !ok || math.IsInf(months, 0) {
		return nil
	}
	return &months
}

func staff(r *scenario.Review, reviews float64) *Staff {
	if r == nil || !(r.Minutes > 0) || !(reviews > 0) {
		return nil
	}
	s := &Staff{Reviews: reviews, Minutes: r.Minutes, Hours: r.Hours}
	if s.Hours <= 0 {
		s.Hours = hoursPerReviewer
	}
	s.Work = reviews * s.Minutes / 60
	s.Reviewers = s.Work / s.Hours
	s.People = int(math.Ceil(s.Reviewers * (1 - 1e-12)))
	return s
}

// say puts the figures into sentences.
func (e *Economics) say() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	add("Each decision contributes %s%s.", e.interval(e.Contribution, true), e.after())
	if m := e.PerMonth; m != nil {
		costs := ""
		if e.FixedPerMonth > 0 {
			costs = " after fixed costs of " + e.money(e.FixedPerMonth)
		}
		add("With %s decisions a month that is %s a month%s.", value.Round(e.Volume), e.interval(*m, false), costs)
	}
	if fixed := e.FixedPerMonth > 0 || e.Setup > 0; fixed && e.BreakEven == nil {
		add("No number of decisions covers the fixed costs.")
	} else if fixed {
		low := ", and at the low end of the interval from no number at all"
		if e.BreakEvenLow != nil {
			low = fmt.Sprintf(", and at the low end of the interval from %s", value.Round(*e.BreakEvenLow))
		}
		add("It pays from %s decisions a month%s.", value.Round(*e.BreakEven), low)
	}
	if e.Setup > 0 && e.PerMonth != nil {
		if e.Payback == nil {
			add("The setup of %s is never earned back.", e.money(e.Setup))
		} else {
			add("The setup of %s is earned back in %s months.", e.money(e.Setup), value.Round(*e.Payback))
		}
	}
	if v := e.PresentValue; v != nil {
		add("Over %s months at %s %% interest a year it is worth %s now.", value.Round(e.Horizon), value.Round(100*e.Interest), e.interval(*v, false))
	}
	if s := e.Staff; s != nil {
		people := "1 person who reviews"
		if s.People != 1 {
			people = fmt.Sprintf("%d people who review", s.People)
		}
		add("%s reviews a month at %s minutes take %s hours: %s %s hours a month.",
			value.Round(math.Ceil(s.Reviews*(1-1e-12))), value.Round(s.Minutes), value.Round(s.Work), people, value.Round(s.Hours))
	}
	return out
}

// negligible is up to which share of the contribution a cost is not worth its
// digits.
const negligible = 1e-5

// after names the costs that the contribution has paid.
func (e *Economics) after() string {
	var costs []string
	if e.CostPerDecision > 0 {
		costs = append(costs, e.money(e.CostPerDecision)+" for the decision")
	}
	switch {
	case e.Serving > negligible*math.Abs(e.Contribution.Mean):
		costs = append(costs, e.money(e.Serving)+" for serving it")
	case e.Serving > 0:
		costs = append(costs, "next to nothing for serving it")
	}
	if len(costs) == 0 {
		return ""
	}
	return " after " + strings.Join(costs, " and ")
}

func (e *Economics) money(v float64) string {
	return strings.TrimSpace(value.Round(v) + " " + e.Currency)
}

// interval is a figure with its interval in words; level says it with the level.
func (e *Economics) interval(r Range, level bool) string {
	if level {
		return fmt.Sprintf("%s (%s %% interval %s to %s)", e.money(r.Mean), value.Round(100*e.Level), value.Round(r.Low), value.Round(r.High))
	}
	return fmt.Sprintf("%s (%s to %s)", e.money(r.Mean), value.Round(r.Low), value.Round(r.High))
}
