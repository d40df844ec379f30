package value

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"bespoke/formula"
	"bespoke/scenario"
	"bespoke/table"
)

// Sensitivity says how far the answer to the need question rests on each number
// of the scenario.
type Sensitivity struct {
	// Share is by how much each known number was changed, such as 0.2.
	Share float64 `json:"share"`
	// Measure is what Low and High of the swings are, per perfect model: "present
	// value" where there is a setup, "per month" where a volume is known, else
	// "per decision"; Base is it with the numbers as they are.
	Measure string  `json:"measure"`
	Base    float64 `json:"base"`
	// Rows is how many rows it rests on, Of how many there are: of very many only
	// every so many-th is used.
	Rows int `json:"rows"`
	Of   int `json:"of"`
	// Swings are those that move the measure, the widest first.
	Swings []Swing `json:"swings"`
	// Sentence says which numbers turn the answer.
	Sentence string `json:"sentence"`
}

// Swing is how the answer moves when one number of the scenario is wrong.
type Swing struct {
	// Name says which number, such as "value.actions.grant.bad".
	Name string `json:"name"`
	// Low and High are the measure with the number smaller and larger by the
	// share; of an uncertain parameter at its 5 % and 95 % quantiles.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Flips says that one of the two turns the verdict.
	Flips bool `json:"flips"`
	// Turns is the change of the number nearest to none that turns the verdict,
	// such as 0.23 for 23 % larger; nil when none from nothing to ten times the
	// number was found. It is found by steps and halving, so that a verdict that
	// turns twice within a step may be missed.
	Turns *float64 `json:"turns,omitempty"`
	// At is the number that turns the verdict, of a parameter; for an uncertain
	// one, which has no Turns, it lies between its 1 % and 99 % quantiles. Above
	// says that it must be as large or larger, else as small or smaller.
	At    *float64 `json:"at,omitempty"`
	Above bool     `json:"above,omitempty"`

	reach float64 // how far off the turning point is
}

// tornadoRows is how many rows Sensitivity evaluates at most.
const tornadoRows = 20_000

// Sensitivity answers the need question again with each number of the scenario
// changed by a share, such as 0.2 for a fifth down and up: parameters, the
// payoff of every action under every outcome, limits, the review, volume, costs,
// interest and horizon. Every number is changed alone. Of more than 20,000 rows
// as many are taken in even steps.
func (p *Payoffs) Sensitivity(t *table.Table, truth []float64, need scenario.Need, share float64, threads int) (*Sensitivity, error) {
	if !(share > 0 && share < 1) {
		return nil, fail("", "", "sensitivity: the share %v must lie between 0 and 1", share)
	}
	if len(truth) != t.Rows() {
		return nil, fail("", "", "sensitivity: %d true outcomes, want %d, one per row", len(truth), t.Rows())
	}
	out := &Sensitivity{Share: share, Of: t.Rows(), Rows: t.Rows(), Swings: []Swing{}}
	if out.Of > tornadoRows {
		t, truth = sample(t, truth, tornadoRows)
		out.Rows = tornadoRows
	}
	q := question{t: t, truth: truth, threads: threads}
	var err error
	if q.base, err = p.Need(t, truth, need, threads); err != nil {
		return nil, err
	}
	out.Measure, out.Base = q.base.measure()
	for _, k := range p.knobs(need, share) {
		s, err := q.swing(k)
		if err != nil {
			return nil, err
		}
		if s.Low != out.Base || s.High != out.Base {
			out.Swings = append(out.Swings, s)
		}
	}
	slices.SortStableFunc(out.Swings, func(a, b Swing) int { return cmp.Compare(math.Abs(b.High-b.Low), math.Abs(a.High-a.Low)) })
	out.Sentence = out.sentence()
	return out, nil
}

// sample takes so many rows in even steps.
func sample(t *table.Table, truth []float64, n int) (*table.Table, []float64) {
	rows, known := make([]int, n), make([]float64, n)
	for k := range rows {
		rows[k] = k * t.Rows() / n
		known[k] = truth[rows[k]]
	}
	return t.Take(rows), known
}

// measure is the figure by which the verdict is reached, and its name.
func (n *Need) measure() (string, float64) {
	switch {
	case n.Volume > 0 && n.Setup > 0 && n.PresentValue != nil:
		return "present value", *n.PresentValue
	case n.Volume > 0:
		return "per month", n.RoomPerMonth
	}
	return "per decision", n.Room
}

// question is the need question that is asked again and again.
type question struct {
	t       *table.Table
	truth   []float64
	threads int
	base    *Need
}

// knob is a number of the scenario that can be wrong.
type knob struct {
	name string
	// low and high are where the swing is measured, from and to how far the
	// turning point is looked for: factors of the number.
	low, high, from, to float64
	turn                func(factor float64) (Config, scenario.Need)
	// number is what a factor makes of it; nil where it is an expression.
	number func(factor float64) float64
	// uncertain says that factors count standard deviations from the mean.
	uncertain bool
	// money says that the knob changes what rows bring, not only what is made of
	// it.
	money bool
}

// at answers the question with the knob at a factor.
func (q question) at(k knob, factor float64) (*Need, error) {
	c, need := k.turn(factor)
	if !k.money {
		n := *q.base
		n.CostPerDecision = c.PerDecision
		n.costs(need)
		n.settle()
		return &n, nil
	}
	p, err := Compile(c)
	if err != nil {
		return nil, err
	}
	return p.Need(q.t, q.truth, need, q.threads)
}

// swing turns one knob.
func (q question) swing(k knob) (Swing, error) {
	s := Swing{Name: k.name}
	_, base := q.base.measure()
	for _, end := range []struct {
		at  float64
		out *float64
	}{{k.low, &s.Low}, {k.high, &s.High}} {
		n, err := q.at(k, end.at)
		if err != nil {
			return s, err
		}
		_, *end.out = n.measure()
		s.Flips = s.Flips || n.Gate.Passed != q.base.Gate.Passed
	}
	if s.Low == base && s.High == base {
		return s, nil
	}
	turns, err := q.turns(k)
	if err != nil || turns == nil {
		return s, err
	}
	s.reach = math.Abs(*turns)
	if s.Above = *turns > 0; k.number != nil {
		at := k.number(1 + *turns)
		s.At = &at
	}
	if !k.uncertain {
		s.Turns = turns
	}
	return s, nil
}

// strides are the changes at which a turned verdict is looked for, as parts of
// the way to the ends.
var strides = []float64{.02, .05, .1, .2, .35, .5, .75, 1}

// turns finds the smallest change that turns the verdict: the first stride that
// does on either side, and the point before it by halving.
func (q question) turns(k knob) (*float64, error) {
	var nearest *float64
	for _, end := range []float64{k.from, k.to} {
		before := 1.0
		for _, part := range strides {
			at := 1 + part*(end-1)
			if nearest != nil && math.Abs(at-1) > math.Abs(*nearest)*8 {
				break // the other side is nearer
			}
			n, err := q.at(k, at)
			if err != nil {
				return nil, err
			}
			if n.Gate.Passed == q.base.Gate.Passed {
				before = at
				continue
			}
			change, err := q.halve(k, before, at)
			if err != nil {
				return nil, err
			}
			if nearest == nil || math.Abs(change) < math.Abs(*nearest) {
				nearest = &change
			}
			break
		}
	}
	return nearest, nil
}

// halve finds where between two factors the verdict turns, to a part in 4,000 of
// the way.
func (q question) halve(k knob, before, after float64) (float64, error) {
	for range 12 {
		middle := (before + after) / 2
		n, err := q.at(k, middle)
		if err != nil {
			return 0, err
		}
		if n.Gate.Passed == q.base.Gate.Passed {
			before = middle
		} else {
			after = middle
		}
	}
	return after - 1, nil
}

func (s *Sensitivity) sentence() string {
	turning := slices.DeleteFunc(slices.Clone(s.Swings), func(w Swing) bool { return w.Turns == nil && w.At == nil })
	slices.SortStableFunc(turning, func(a, b Swing) int { return cmp.Compare(a.reach, b.reach) })
	var says []string
	for _, w := range turning[:min(3, len(turning))] {
		says = append(says, w.turned())
	}
	out := "No single number of the scenario turns the answer, were it nothing or ten times as large."
	if len(says) > 0 {
		out = "The answer turns when " + strings.Join(says, ", or when ")
		switch more := len(turning) - len(says); more {
		case 0:
			out += "; nothing else turns it by itself."
		case 1:
			out += "; one other number turns it further off."
		default:
			out += fmt.Sprintf("; %d other numbers turn it further off.", more)
		}
	}
	if s.Rows < s.Of {
		out += fmt.Sprintf(" (On %s of %s rows.)", Round(float64(s.Rows)), Round(float64(s.Of)))
	}
	return out
}

// turned says when the swing turns the answer.
func (w Swing) turned() string {
	direction := "smaller"
	if w.Above {
		direction = "larger"
	}
	if w.Turns != nil {
		return fmt.Sprintf("%s is %s %s", w.Name, percent(math.Abs(*w.Turns)), direction)
	}
	return fmt.Sprintf("%s turns out to be %s or %s", w.Name, Round(*w.At), direction)
}

// knobs are all numbers of the scenario.
func (p *Payoffs) knobs(need scenario.Need, share float64) []knob {
	out := p.parameterKnobs(need)
	out = append(out, p.payoffKnobs(need)...)
	out = append(out, p.limitKnobs(need)...)
	out = append(out, p.costKnobs(need)...)
	for i := range out {
		k := &out[i]
		if k.low == 0 && k.high == 0 {
			k.low, k.high, k.from, k.to = 1-share, 1+share, 0, 10
		}
	}
	return out
}

// parameterKnobs turns an uncertain parameter from its mean to the ends of what
// it may be: a share of an unknown number is no question anyone asks.
func (p *Payoffs) parameterKnobs(need scenario.Need) []knob {
	var out []knob
	for _, name := range slices.Sorted(maps.Keys(p.config.Value.Params)) {
		number, scale := p.config.Value.Params[name].Value, p.config.Value.Params[name].Value
		k := knob{name: "value.params." + name, money: true}
		if b := p.beliefs[name]; b != nil {
			number, scale = b.moments()
			k.low, k.high = 1+(b.quantile(.05)-number)/scale, 1+(b.quantile(.95)-number)/scale
			k.from, k.to = 1+(b.quantile(.01)-number)/scale, 1+(b.quantile(.99)-number)/scale
			k.uncertain = true
		}
		k.number = func(f float64) float64 { return number + (f-1)*scale }
		k.turn = func(f float64) (Config, scenario.Need) {
			return p.knowing(map[string]float64{name: k.number(f)}), need
		}
		out = append(out, k)
	}
	return out
}

func (p *Payoffs) payoffKnobs(need scenario.Need) []knob {
	var out []knob
	for a, act := range p.config.Value.Actions {
		for o, pay := range act.Payoffs {
			name := "value.actions." + act.Name
			if pay.Outcome != "" {
				name += "." + pay.Outcome
			}
			out = append(out, knob{name: name, money: true, turn: func(f float64) (Config, scenario.Need) {
				c := p.config
				c.Value.Actions = slices.Clone(c.Value.Actions)
				c.Value.Actions[a].Payoffs = slices.Clone(c.Value.Actions[a].Payoffs)
				c.Value.Actions[a].Payoffs[o].Money = formula.Scale(pay.Money, f)
				return c, need
			}})
		}
	}
	return out
}

// limitKnobs are capacities and the review. A perfect model asks nobody, so that
// what a review costs matters only where today's rule asks.
func (p *Payoffs) limitKnobs(need scenario.Need) []knob {
	var out []knob
	for i, one := range p.config.Value.Capacity {
		if one.Top != 0 {
			continue
		}
		out = append(out, knob{name: "value.capacity." + one.Name, money: true, turn: func(f float64) (Config, scenario.Need) {
			c := p.config
			c.Value.Capacity = slices.Clone(c.Value.Capacity)
			c.Value.Capacity[i].Most.Amount *= f
			return c, need
		}})
	}
	if p.config.Value.Review == nil || p.config.Today == "" {
		return out
	}
	turn := func(change func(r *scenario.Review)) (Config, scenario.Need) {
		c := p.config
		r := *c.Value.Review
		change(&r)
		c.Value.Review = &r
		return c, need
	}
	out = append(out, knob{name: "value.review.cost", money: true, turn: func(f float64) (Config, scenario.Need) {
		return turn(func(r *scenario.Review) { r.Cost *= f })
	}})
	return append(out, knob{name: "value.review.accuracy", money: true, turn: func(f float64) (Config, scenario.Need) {
		return turn(func(r *scenario.Review) { r.Accuracy = r.Accuracy.Scaled(f) })
	}})
}

func (p *Payoffs) costKnobs(need scenario.Need) []knob {
	change := func(name string, f func(c *Config, n *scenario.Need, factor float64)) knob {
		return knob{name: name, turn: func(factor float64) (Config, scenario.Need) {
			c, n := p.config, need
			f(&c, &n, factor)
			return c, n
		}}
	}
	out := []knob{
		change("need.costs.per_decision", func(c *Config, _ *scenario.Need, f float64) { c.PerDecision *= f }),
		change("need.costs.fixed", func(_ *Config, n *scenario.Need, f float64) { n.Costs.Fixed.Amount *= f }),
		change("need.costs.setup", func(_ *Config, n *scenario.Need, f float64) { n.Costs.Setup *= f }),
		change("need.volume", func(c *Config, n *scenario.Need, f float64) {
			f = math.Max(f, 1e-9) // no volume would mean that it is not known
			c.Volume.Amount *= f
			n.Volume.Amount *= f
		}),
		change("need.interest", func(_ *Config, n *scenario.Need, f float64) { n.Interest *= scenario.Percent(f) }),
		change("need.horizon", func(_ *Config, n *scenario.Need, f float64) {
			n.Horizon *= scenario.Span(math.Max(f, 1e-9))
		}),
	}
	for i := range out {
		// With limits the volume says how many units there are per decision.
		out[i].money = out[i].name == "need.volume" && p.HasLimits()
	}
	return out
}
