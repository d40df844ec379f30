package value

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"bespoke/formula"
	"bespoke/scenario"
	"bespoke/table"
)

// Gate is a question with a yes or a no that stops or lets pass a run.
type Gate struct {
	// Name is the stage that asks: need, calibration, limits and so on.
	Name string `json:"name"`
	// Passed is the answer.
	Passed bool `json:"passed"`
	// Sentence is the verdict with its reason in plain words.
	Sentence string `json:"sentence"`
	// Figures are the numbers behind the sentence, the important ones first.
	Figures []Figure `json:"figures,omitempty"`
}

// Figure is a named number with its unit.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Unit is the currency, "%" or empty for a count.
	Unit string `json:"unit,omitempty"`
}

// Policy is what one way of deciding brings, from known outcomes alone.
type Policy struct {
	// Name is the action or the rule.
	Name string `json:"name"`
	// PerDecision is the mean money per decision.
	PerDecision float64 `json:"per_decision"`
	// PerMonth is PerDecision by the volume; 0 when no volume is known.
	PerMonth float64 `json:"per_month"`
}

// Need is the answer to "is there money in it at all?", from the target and
// the payoffs alone, before any model is trained.
type Need struct {
	// Currency is the unit of all money; empty when the scenario has none.
	Currency string `json:"currency,omitempty"`
	// Rows is how many known outcomes the figures rest on.
	Rows int `json:"rows"`
	// Volume is decisions per month; 0 when not known.
	Volume float64 `json:"volume"`
	// FixedPerMonth and CostPerDecision are the costs of having a model, Setup
	// what it costs once, before the first decision.
	FixedPerMonth   float64 `json:"fixed_per_month"`
	CostPerDecision float64 `json:"cost_per_decision"`
	Setup           float64 `json:"setup,omitempty"`
	// Interest is per year, 0.08 for 8 %, Horizon for how many months gains
	// count.
	Interest float64 `json:"interest"`
	Horizon  float64 `json:"horizon"`
	// Perfect is a model that knows every outcome, before any costs. Like the
	// constants it keeps to the limits: see Sheet.Perfect and Sheet.Always.
	Perfect Policy `json:"perfect"`
	// Constants are the policies of taking one action always, or by lot as often
	// as the limits allow.
	Constants []Policy `json:"constants,omitempty"`
	// Today is today's rule; nil when the scenario has none.
	Today *Policy `json:"today,omitempty"`
	// Baseline is what needs no model and brings most: the best of Constants
	// and Today.
	Baseline Policy `json:"baseline"`
	// Room is what a perfect model earns beyond Baseline per decision, after the
	// cost per decision: the most that any model can add.
	Room float64 `json:"room"`
	// RoomPerMonth is Room by the volume less the fixed costs; 0 when no volume
	// is known.
	RoomPerMonth float64 `json:"room_per_month"`
	// Share is how much of the perfect gain a model must capture to pay for
	// itself, its setup within the horizon included, from 0 to 1; above 1 no
	// model can. 0 when no volume is known and fixed costs or a setup are given.
	Share float64 `json:"share"`
	// BreakEven is how many decisions per month a perfect model needs to cover
	// the fixed costs, and the setup within the horizon; 0 when there are none or
	// no number suffices.
	BreakEven float64 `json:"break_even"`
	// Payback is after how many months a perfect model has earned back the
	// setup; nil without a volume, or when it never does.
	Payback *float64 `json:"payback,omitempty"`
	// PresentValue is what the perfect model's room over the horizon is worth
	// now, less the setup; nil without a volume or a horizon.
	PresentValue *float64 `json:"present_value,omitempty"`
	// Limits is what the perfect model uses of each resource that is limited,
	// with the price of a unit to it.
	Limits []Usage `json:"limits,omitempty"`
	// Filled lists columns whose missing cells were replaced.
	Filled []Filled `json:"filled,omitempty"`
	// Gate is the verdict.
	Gate Gate `json:"gate"`
}

// Need answers the need question on rows with known outcomes. need gives the
// currency, the volume and the fixed costs; the cost per decision and today's
// rule are those the payoffs were compiled with. The error is that of Sheet.
func (p *Payoffs) Need(t *table.Table, truth []float64, need scenario.Need, threads int) (*Need, error) {
	if t.Rows() == 0 {
		return nil, fail("", "", "need: no rows with a known outcome")
	}
	if truth == nil {
		return nil, fail("", "", "need: the outcomes are needed")
	}
	s, err := p.Sheet(t, nil, truth, threads)
	if err != nil {
		return nil, err
	}
	n := &Need{Currency: need.Currency, Rows: s.Rows, CostPerDecision: p.config.PerDecision, Filled: s.Filled}
	n.costs(need)
	s.PerDecision = 0 // the costs are listed apart
	n.Perfect = n.policy("perfect model", s.Perfect())
	n.Limits = s.perfectUse()
	for _, a := range s.Constants() {
		always := s.Always(a)
		n.Constants = append(n.Constants, n.policy(always.Name, always.Money))
	}
	if today := s.Today(); today != nil {
		q := n.policy("today's rule", s.Money(today))
		n.Today = &q
	}
	n.settle()
	return n, nil
}

// costs takes over what the scenario says of volume, costs and time.
func (n *Need) costs(need scenario.Need) {
	n.Volume, n.FixedPerMonth, n.Setup = need.Volume.PerMonth(), need.Costs.Fixed.PerMonth(), need.Costs.Setup
	n.Interest, n.Horizon = float64(need.Interest), float64(need.Horizon)
}

func (n *Need) policy(name string, money []float64) Policy {
	m := mean(money)
	return Policy{Name: name, PerDecision: m, PerMonth: m * n.Volume}
}

// settle derives the verdict from the policies.
func (n *Need) settle() {
	n.Baseline = Policy{Name: "doing without"}
	candidates := n.Constants
	if n.Today != nil {
		candidates = append([]Policy{*n.Today}, candidates...)
	}
	for i, c := range candidates {
		if i == 0 || c.PerDecision > n.Baseline.PerDecision {
			n.Baseline = c
		}
	}
	gross := n.gross()
	n.Room = gross - n.CostPerDecision
	n.RoomPerMonth, n.Share, n.BreakEven = 0, 0, 0
	n.invest()
	fixed := n.FixedPerMonth
	if n.Setup > 0 && n.Horizon > 0 {
		fixed += n.Setup / n.annuity()
	}
	if fixed > 0 && n.Room > 0 {
		n.BreakEven = fixed / n.Room
	}
	costs := n.CostPerDecision
	if n.Volume > 0 {
		costs += fixed / n.Volume
	}
	if gross > 0 && (n.Volume > 0 || fixed == 0 && n.Setup == 0) {
		n.Share = costs / gross
	}
	n.Gate = Gate{Name: "need", Passed: n.passes(), Sentence: n.sentence(), Figures: n.figures()}
}

// gross is what a perfect model earns beyond the baseline per decision, before
// costs.
func (n *Need) gross() float64 { return n.Perfect.PerDecision - n.Baseline.PerDecision }

// annuity is what 1 at the end of every month of the horizon is worth now.
func (n *Need) annuity() float64 { return formula.PresentValue(Monthly(n.Interest), n.Horizon, 1) }

// invest compares the setup with what the room brings month by month.
func (n *Need) invest() {
	n.Payback, n.PresentValue = nil, nil
	if n.Volume <= 0 {
		return
	}
	n.RoomPerMonth = n.Room*n.Volume - n.FixedPerMonth
	if months, ok := Payback(n.Setup, n.RoomPerMonth); ok {
		n.Payback = &months
	}
	if n.Horizon > 0 {
		worth := n.annuity()*n.RoomPerMonth - n.Setup
		n.PresentValue = &worth
	}
}

// PaybackAt is after how many months a model that captures a share of the
// perfect gain, such as 0.5, has earned back the setup; ok is false when it
// never does, or when no volume is known.
func (n *Need) PaybackAt(share float64) (months float64, ok bool) {
	if n.Volume <= 0 {
		return 0, false
	}
	return Payback(n.Setup, (share*n.gross()-n.CostPerDecision)*n.Volume-n.FixedPerMonth)
}

// passes says whether a perfect model would earn more than it costs.
func (n *Need) passes() bool {
	switch {
	case n.Volume <= 0:
		return n.Room > 0
	case n.PresentValue != nil && n.Setup > 0:
		return *n.PresentValue > 0
	}
	return n.RoomPerMonth > 0
}

// called is how a policy is named in a sentence.
func (p Policy) called() string {
	if strings.HasPrefix(p.Name, "always ") || strings.HasSuffix(p.Name, " as often as the limits allow") {
		return "“" + p.Name + "”"
	}
	return p.Name
}

func (n *Need) sentence() string {
	gross := n.gross()
	switch {
	case !(gross > 0):
		return fmt.Sprintf("Even a perfect model would earn nothing beyond %s: the best action is the same whatever happens.", n.Baseline.called())
	case n.Room <= 0:
		return fmt.Sprintf("Even a perfect model would lose money: it would earn %s more per decision than %s, but each decision costs %s.",
			n.money(gross), n.Baseline.called(), n.money(n.CostPerDecision))
	case n.Volume > 0:
		return n.monthly(gross)
	case n.BreakEven > 0:
		costs := "fixed costs of " + n.money(n.FixedPerMonth) + " a month"
		if n.Setup > 0 {
			costs = fmt.Sprintf("a setup of %s and %s", n.money(n.Setup), costs)
		}
		return fmt.Sprintf("A perfect model would earn %s more per decision than %s; with %s it pays from %s decisions a month (give need.volume to decide).",
			n.money(n.Room), n.Baseline.called(), costs, Round(whole(n.BreakEven)))
	}
	return fmt.Sprintf("A perfect model would earn %s more per decision than %s.", n.money(n.Room), n.Baseline.called())
}

// monthly is the sentence where a volume is known.
func (n *Need) monthly(gross float64) string {
	switch {
	case n.RoomPerMonth <= 0:
		return fmt.Sprintf("Even a perfect model would lose %s a month: it would earn %s more than %s, but costs %s; it would pay from %s decisions a month.",
			n.money(-n.RoomPerMonth), n.money(gross*n.Volume), n.Baseline.called(), n.money(n.FixedPerMonth+n.CostPerDecision*n.Volume), Round(whole(n.BreakEven)))
	case !n.passes():
		return fmt.Sprintf("Even a perfect model would not earn back its setup of %s: the %s a month that it would earn more than %s are worth %s now, over %s months at %s interest a year.",
			n.money(n.Setup), n.money(n.RoomPerMonth), n.Baseline.called(), n.money(*n.PresentValue+n.Setup), Round(n.Horizon), percent(n.Interest))
	case n.Share == 0: // nothing to pay for
		return fmt.Sprintf("A perfect model would earn %s a month more than %s.", n.money(n.RoomPerMonth), n.Baseline.called())
	case n.Setup > 0 && n.PresentValue != nil:
		return fmt.Sprintf("A perfect model would earn %s a month more than %s after its costs and earn back its setup in %s months; a real one must capture %s of that gain to pay for itself within %s months.",
			n.money(n.RoomPerMonth), n.Baseline.called(), Round(*n.Payback), percent(n.Share), Round(n.Horizon))
	}
	return fmt.Sprintf("A perfect model would earn %s a month more than %s after its costs; a real one must capture %s of that gain to pay for itself.",
		n.money(n.RoomPerMonth), n.Baseline.called(), percent(n.Share))
}

func (n *Need) figures() []Figure {
	out := []Figure{
		{Name: "perfect model, per decision", Value: n.Perfect.PerDecision, Unit: n.Currency},
		{Name: n.Baseline.Name + ", per decision", Value: n.Baseline.PerDecision, Unit: n.Currency},
		{Name: "most a model can add, per decision", Value: n.Room, Unit: n.Currency},
	}
	if n.Volume > 0 {
		out = append(out, Figure{Name: "most a model can add, per month", Value: n.RoomPerMonth, Unit: n.Currency},
			Figure{Name: "share of it that pays for the model", Value: 100 * n.Share, Unit: "%"})
	}
	if n.BreakEven > 0 {
		out = append(out, Figure{Name: "decisions per month to break even, perfect model", Value: whole(n.BreakEven)})
	}
	if n.Setup > 0 && n.Payback != nil {
		out = append(out, Figure{Name: "months to earn back the setup, perfect model", Value: *n.Payback})
	}
	if n.PresentValue != nil {
		out = append(out, Figure{Name: "present value over " + Round(n.Horizon) + " months, perfect model", Value: *n.PresentValue, Unit: n.Currency})
	}
	for _, u := range n.Limits {
		if u.Price > 0 {
			out = append(out, Figure{Name: "one more unit of " + u.Resource + ", perfect model", Value: u.Price, Unit: n.Currency})
		}
	}
	return out
}

func (n *Need) money(v float64) string { return amountOf(v, n.Currency) }

// whole rounds a number of decisions up, but not because of the last bits.
func whole(v float64) float64 { return math.Ceil(v * (1 - 1e-12)) }

func percent(share float64) string { return Round(100*share) + " %" }

// Round writes a number for a sentence: with three significant digits below
// 1,000, whole with thousands separated by commas from there on.
func Round(v float64) string {
	if !finite(v) {
		return fmt.Sprint(v)
	}
	if a := math.Abs(v); a < 999.5 {
		if a == 0 {
			return "0"
		}
		digits := max(0, 2-int(math.Floor(math.Log10(a))))
		s := strconv.FormatFloat(v, 'f', min(digits, 12), 64)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		if s == "-0" {
			s = "0"
		}
		return s
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if v < 0 {
		s = "-" + s
	}
	return s
}

func mean(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return Sum(v) / float64(len(v))
}

// Sum adds in order with the compensation of Neumaier, so that a million
// payments add up to the cent.
func Sum(v []float64) float64 {
	sum, lost := 0.0, 0.0
	for _, x := range v {
		t := sum + x
		if math.Abs(sum) >= math.Abs(x) {
			lost += (sum - t) + x
		} else {
			lost += (x - t) + sum
		}
		sum = t
	}
	return sum + lost
}

// Payback is after how many months a one-off cost is earned back by a monthly
// gain; ok is false when it never is.
func Payback(oneOff, perMonth float64) (months float64, ok bool) {
	if oneOff <= 0 {
		return 0, true
	}
	if perMonth <= 0 {
		return 0, false
	}
	return oneOff / perMonth, true
}

// Monthly is the interest of a month that compounds to the given one of a year:
// (1+i)^(1/12) - 1.
func Monthly(perYear float64) float64 { return math.Expm1(math.Log1p(perYear) / 12) }

// PresentValue is what a one-off cost now and a gain at the end of each of so
// many months are worth together at an interest rate per month (reference A.2:
// NPV = -fixed + sum of m/(1+i)^t).
func PresentValue(oneOff, perMonth, ratePerMonth float64, months int) float64 {
	return -oneOff + formula.PresentValue(ratePerMonth, float64(months), perMonth)
}

// amountOf is money with its currency, for a sentence.
func amountOf(v float64, currency string) string { return strings.TrimSpace(Round(v) + " " + currency) }
