package value

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
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
	// FixedPerMonth and CostPerDecision are the costs of having a model.
	FixedPerMonth   float64 `json:"fixed_per_month"`
	CostPerDecision float64 `json:"cost_per_decision"`
	// Perfect is a model that knows every outcome, before any costs.
	Perfect Policy `json:"perfect"`
	// Constants are the policies of taking one action always.
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
	// itself, from 0 to 1; above 1 no model can. 0 when no volume is known and
	// fixed costs are given.
	Share float64 `json:"share"`
	// BreakEven is how many decisions per month a perfect model needs to cover
	// the fixed costs; 0 when there are none or no number suffices.
	BreakEven float64 `json:"break_even"`
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
	n := &Need{
		Currency: need.Currency, Rows: s.Rows, Volume: need.Volume.PerMonth(),
		FixedPerMonth: need.Costs.Fixed.PerMonth(), CostPerDecision: p.config.PerDecision, Filled: s.Filled,
	}
	s.PerDecision = 0
	n.Perfect = n.policy("perfect model", s.Perfect())
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
	gross := n.Perfect.PerDecision - n.Baseline.PerDecision
	n.Room = gross - n.CostPerDecision
	if n.Volume > 0 {
		n.RoomPerMonth = n.Room*n.Volume - n.FixedPerMonth
	}
	if n.FixedPerMonth > 0 && n.Room > 0 {
		n.BreakEven = n.FixedPerMonth / n.Room
	}
	costs := n.CostPerDecision
	if n.Volume > 0 {
		costs += n.FixedPerMonth / n.Volume
	}
	if gross > 0 && (n.Volume > 0 || n.FixedPerMonth == 0) {
		n.Share = costs / gross
	}
	n.Gate = Gate{Name: "need", Passed: n.passes(), Sentence: n.sentence(), Figures: n.figures()}
}

// passes says whether a perfect model would earn more than it costs.
func (n *Need) passes() bool {
	if n.Volume > 0 {
		return n.RoomPerMonth > 0
	}
	return n.Room > 0
}

// called is how a policy is named in a sentence.
func (p Policy) called() string {
	if strings.HasPrefix(p.Name, "always ") || strings.HasSuffix(p.Name, " as often as the limits allow") {
		return "“" + p.Name + "”"
	}
	return p.Name
}

func (n *Need) sentence() string {
	gross := n.Perfect.PerDecision - n.Baseline.PerDecision
	switch {
	case !(gross > 0):
		return fmt.Sprintf("Even a perfect model would earn nothing beyond %s: the best action is the same whatever happens.", n.Baseline.called())
	case n.Room <= 0:
		return fmt.Sprintf("Even a perfect model would lose money: it would earn %s more per decision than %s, but each decision costs %s.",
			n.money(gross), n.Baseline.called(), n.money(n.CostPerDecision))
	case n.Volume > 0 && n.RoomPerMonth <= 0:
		return fmt.Sprintf("Even a perfect model would lose %s a month: it would earn %s more than %s, but costs %s; it would pay from %s decisions a month.",
			n.money(-n.RoomPerMonth), n.money(gross*n.Volume), n.Baseline.called(), n.money(n.FixedPerMonth+n.CostPerDecision*n.Volume), Round(whole(n.BreakEven)))
	case n.Volume > 0 && n.Share == 0: // nothing to pay for
		return fmt.Sprintf("A perfect model would earn %s a month more than %s.", n.money(n.RoomPerMonth), n.Baseline.called())
	case n.Volume > 0:
		return fmt.Sprintf("A perfect model would earn %s a month more than %s after its costs; a real one must capture %s of that gain to pay for itself.",
			n.money(n.RoomPerMonth), n.Baseline.called(), percent(n.Share))
	case n.FixedPerMonth > 0:
		return fmt.Sprintf("A perfect model would earn %s more per decision than %s; with fixed costs of %s a month it pays from %s decisions a month (give need.volume to decide).",
			n.money(n.Room), n.Baseline.called(), n.money(n.FixedPerMonth), Round(whole(n.BreakEven)))
	}
	return fmt.Sprintf("A perfect model would earn %s more per decision than %s.", n.money(n.Room), n.Baseline.called())
}

// Swing is how the answer moves when one number of the scenario is wrong.
type Swing struct {
	// Name says which number, such as "value.actions.grant.bad".
	Name string `json:"name"`
	// Low and High are the room (per month when a volume is known, else per
	// decision) with the number smaller and larger by the share asked for.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Flips says that one of the two turns the verdict.
	Flips bool `json:"flips"`
}

// Sensitivity answers the need question again with each number of the scenario
// changed by a share, such as 0.2 for a fifth down and up: parameters, the
// payoff of every action under every outcome, volume and costs. An uncertain
// parameter goes to the ends of what it is with 90 % chance instead. The swings
// come with the widest first.
func (p *Payoffs) Sensitivity(t *table.Table, truth []float64, need scenario.Need, share float64, threads int) ([]Swing, error) {
	if !(share > 0 && share < 1) {
		return nil, fail("", "", "sensitivity: the share %v must lie between 0 and 1", share)
	}
	base, err := p.Need(t, truth, need, threads)
	if err != nil {
		return nil, err
	}
	var out []Swing
	for _, k := range p.knobs(need) {
		s := Swing{Name: k.name}
		for end, factor := range []float64{1 - share, 1 + share} {
			c, n := k.turn(factor)
			q, err := Compile(c)
			if err != nil {
				return nil, err
			}
			a, err := q.Need(t, truth, n, threads)
			if err != nil {
				return nil, err
			}
			*[]*float64{&s.Low, &s.High}[end] = a.total()
			s.Flips = s.Flips || a.Gate.Passed != base.Gate.Passed
		}
		if s.Low != base.total() || s.High != base.total() {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Swing) int { return cmp.Compare(math.Abs(b.High-b.Low), math.Abs(a.High-a.Low)) })
	return out, nil
}

func (n *Need) total() float64 {
	if n.Volume > 0 {
		return n.RoomPerMonth
	}
	return n.Room
}

// knob is a number of the scenario that can be wrong.
type knob struct {
	name string
	turn func(factor float64) (Config, scenario.Need)
}

func (p *Payoffs) knobs(need scenario.Need) []knob {
	var out []knob
	params := slices.Sorted(maps.Keys(p.config.Value.Params))
	for _, name := range params {
		out = append(out, knob{"value.params." + name, func(f float64) (Config, scenario.Need) {
			if b := p.beliefs[name]; b != nil {
				level := .05
				if f > 1 {
					level = .95
				}
				return p.knowing(map[string]float64{name: b.quantile(level)}), need
			}
			c := p.config
			c.Value.Params = maps.Clone(c.Value.Params)
			one := c.Value.Params[name]
			one.Value *= f
			c.Value.Params[name] = one
			return c, need
		}})
	}
	for a, act := range p.config.Value.Actions {
		for o, pay := range act.Payoffs {
			name := "value.actions." + act.Name
			if pay.Outcome != "" {
				name += "." + pay.Outcome
			}
			out = append(out, knob{name, func(f float64) (Config, scenario.Need) {
				c := p.config
				c.Value.Actions = slices.Clone(c.Value.Actions)
				c.Value.Actions[a].Payoffs = slices.Clone(c.Value.Actions[a].Payoffs)
				c.Value.Actions[a].Payoffs[o].Money = formula.Scale(pay.Money, f)
				return c, need
			}})
		}
	}
	return append(out,
		knob{"need.costs.per_decision", func(f float64) (Config, scenario.Need) {
			c := p.config
			c.PerDecision *= f
			return c, need
		}},
		knob{"need.costs.fixed", func(f float64) (Config, scenario.Need) {
			n := need
			n.Costs.Fixed.Amount *= f
			return p.config, n
		}},
		knob{"need.volume", func(f float64) (Config, scenario.Need) {
			n := need
			n.Volume.Amount *= f
			return p.config, n
		}})
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

// PresentValue is what a one-off cost now and a gain at the end of each of so
// many months are worth together at an interest rate per month (reference A.2:
// NPV = -fixed + sum of m/(1+i)^t).
func PresentValue(oneOff, perMonth, ratePerMonth float64, months int) float64 {
	return -oneOff + formula.PresentValue(ratePerMonth, float64(months), perMonth)
}

// amountOf is money with its currency, for a sentence.
func amountOf(v float64, currency string) string { return strings.TrimSpace(Round(v) + " " + currency) }
