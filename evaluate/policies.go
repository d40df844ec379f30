package evaluate

import (
	"fmt"
	"math"

	"bespoke/value"
)

// Kinds of policies.
const (
	DoNothing = "do-nothing" // the action whose payoffs are all zero, always
	Constant  = "constant"   // one action always
	Today     = "today"      // today's rule
	Model     = "model"      // the model's decisions
	Perfect   = "perfect"    // a model that knows every outcome
)

// Policy is what one way of deciding earned on the held-out rows.
type Policy struct {
	// Name is what people see, such as "always refuse".
	Name string `json:"name"`
	// Kind is one of the constants above.
	Kind string `json:"kind"`
	// Action is the number of the action of constant policies, else -1.
	Action int `json:"action"`
	// Mean is money per decision; the model's and the perfect model's are after
	// the cost per decision.
	Mean     float64  `json:"mean"`
	Interval Interval `json:"interval"`
	// Total is the money of all held-out rows, PerThousand of a thousand
	// decisions.
	Total       float64 `json:"total"`
	PerThousand float64 `json:"per_thousand"`
	// PerMonth is Mean by the volume; 0 when no volume is known.
	PerMonth float64 `json:"per_month"`
	// VersusToday and VersusConstant are the paired differences to today's rule
	// and to the best constant policy; nil where there is none or it is itself.
	VersusToday    *Difference `json:"versus_today,omitempty"`
	VersusConstant *Difference `json:"versus_constant,omitempty"`
	// Captured is the share of the money between the baseline and the perfect
	// model that the policy earned: 1 is perfect, 0 the baseline, below 0 worse.
	// nil when the perfect model earns no more than the baseline.
	Captured         *float64  `json:"captured,omitempty"`
	CapturedInterval *Interval `json:"captured_interval,omitempty"`
	// Actions counts the rows by action.
	Actions []ActionCount `json:"actions"`
}

// ActionCount is how often a policy took an action and what that brought.
type ActionCount struct {
	Action string `json:"action"`
	Rows   int    `json:"rows"`
	// Money is what these rows brought, after the cost per decision where the
	// policy pays it.
	Money float64 `json:"money"`
}

// Policies compares the ways of deciding on one set of held-out rows.
type Policies struct {
	Rows     int    `json:"rows"`
	Currency string `json:"currency,omitempty"`
	// Policies are in the order do-nothing, other constants, today, model,
	// perfect.
	Policies []Policy `json:"policies"`
	// BestConstant and Baseline are indexes into Policies: the constant policy
	// that earned most, and the best of it and today's rule; -1 when there is
	// none. They are chosen on these very rows, which favours them, not the
	// model.
	BestConstant int `json:"best_constant"`
	Baseline     int `json:"baseline"`
	// Model is the index of the model's policy.
	Model int `json:"model"`
	// Reachable is what a perfect model earns beyond the baseline, per decision.
	Reachable float64 `json:"reachable"`
	// Left is what the perfect model earned beyond the model, per decision; Known
	// is what the model itself expected that to be (its mean value of perfect
	// information).
	Left  float64 `json:"left"`
	Known float64 `json:"known"`
	// Ceiling says more of Left and Known, with intervals.
	Ceiling *Ceiling `json:"ceiling"`
	// Savings are the model's costs against those of the best constant action.
	Savings *Savings `json:"savings"`
	// Family counts how many of the differences shown here survive their number;
	// those of the perfect model are not counted, since it cannot lose.
	Family Family `json:"family"`
	// Sentence says the result in words.
	Sentence string `json:"sentence"`
}

// ComparePolicies compares the model's choice with the others on a sheet that
// has both expectations and truth. choice is the model's action per row; nil
// takes sheet.Choose.
func ComparePolicies(s *value.Sheet, choice []int, o Options) (*Policies, error) {
	choice, err := decided(s, choice, o)
	if err != nil {
		return nil, err
	}
	p := &Policies{Rows: s.Rows, Currency: o.Currency, BestConstant: -1, Baseline: -1}
	money := p.list(s, choice)
	p.settle(money)
	for k := range p.Policies {
		if err := p.judge(k, money, o); err != nil {
			return nil, err
		}
	}
	model := p.Policies[p.Model]
	perfect := p.Policies[len(p.Policies)-1]
	p.Left = perfect.Mean - model.Mean
	p.Known = average(s.EVPI())
	if p.Baseline >= 0 {
		p.Reachable = perfect.Mean - p.Policies[p.Baseline].Mean
	} else {
		p.Reachable = perfect.Mean
	}
	p.Family = p.family()
	if p.Ceiling, err = CeilingOf(s, choice, o); err != nil {
		return nil, err
	}
	if p.Savings, err = SavingsOf(s, choice, o); err != nil {
		return nil, err
	}
	p.Sentence = p.sentence()
	return p, nil
}

// family adjusts the differences for their number. Today's rule against the
// best constant and the reverse are one comparison.
func (p *Policies) family() Family {
	var shown []*Difference
	var twin *Difference
	for k := range p.Policies {
		q := &p.Policies[k]
		if q.Kind == Perfect {
			continue
		}
		if q.Kind == Today {
			twin = q.VersusConstant
		} else if q.VersusConstant != nil {
			shown = append(shown, q.VersusConstant)
		}
		if q.VersusToday != nil {
			shown = append(shown, q.VersusToday)
		}
	}
	f := CompareMany(shown...)
	if twin != nil && p.BestConstant >= 0 {
		twin.PAdjusted = p.Policies[p.BestConstant].VersusToday.PAdjusted
	}
	return f
}

// decided checks the inputs of a comparison and fills in the model's choice. It
// takes the choice back to the scenario's limits where it exceeds them, since
// nobody can call more often than there are calls.
func decided(s *value.Sheet, choice []int, o Options) ([]int, error) {
	if s.Realised == nil || s.Expected == nil {
		return nil, fmt.Errorf("evaluate: policies: the sheet lacks predictions or true outcomes")
	}
	if err := o.Validate(s.Rows); err != nil {
		return nil, err
	}
	if choice == nil {
		return s.Within(s.Choose()), nil
	}
	if len(choice) != s.Rows {
		return nil, fmt.Errorf("evaluate: policies: a choice for %d rows, the sheet has %d", len(choice), s.Rows)
	}
	for i, a := range choice {
		if a < 0 || a >= len(s.Actions) {
			return nil, fmt.Errorf("evaluate: policies: row %d has the action %d, there are %d", i+1, a, len(s.Actions))
		}
	}
	return s.Within(choice), nil
}

// list makes the policies and their money per row.
func (p *Policies) list(s *value.Sheet, choice []int) [][]float64 {
	var money [][]float64
	add := func(q Policy, m []float64, choice []int) {
		q.Mean, q.Total = average(m), value.Sum(m)
		q.PerThousand = 1000 * q.Mean
		q.Actions = count(s.Actions, choice, m)
		p.Policies = append(p.Policies, q)
		money = append(money, m)
	}
	if d := s.DoNothing(); d >= 0 {
		add(Policy{Name: "do nothing (" + s.Actions[d] + ")", Kind: DoNothing, Action: d}, s.Money(s.Constant(d)), s.Constant(d))
	}
	for _, a := range s.Constants() {
		if a != s.DoNothing() {
			always := s.Always(a)
			add(Policy{Name: always.Name, Kind: Constant, Action: a}, always.Money, s.Constant(a))
			p.Policies[len(p.Policies)-1].Actions = lots(s, always)
		}
	}
	if today := s.Today(); today != nil {
		add(Policy{Name: "today's rule", Kind: Today, Action: -1}, s.Money(today), today)
	}
	p.Model = len(p.Policies)
	add(Policy{Name: "model", Kind: Model, Action: -1}, s.Profit(choice), choice)
	add(Policy{Name: "perfect model", Kind: Perfect, Action: -1}, s.Perfect(), s.Best())
	return money
}

// lots counts a policy that may draw lots (see value.Always); rows are rounded.
func lots(s *value.Sheet, a value.Always) []ActionCount {
	out := make([]ActionCount, len(s.Actions))
	for k, name := range s.Actions {
		out[k] = ActionCount{Action: name, Rows: int(math.Round(a.Shares[k] * float64(s.Rows))), Money: a.Brought[k]}
	}
	return out
}

func count(actions []string, choice []int, money []float64) []ActionCount {
	out := make([]ActionCount, len(actions))
	for a, name := range actions {
		out[a].Action = name
	}
	for i, m := range money {
		out[choice[i]].Rows++
		out[choice[i]].Money += m
	}
	return out
}

// settle finds the best constant policy and the baseline.
func (p *Policies) settle(money [][]float64) {
	better := func(k, than int) bool { return than < 0 || p.Policies[k].Mean > p.Policies[than].Mean }
	for k := range money {
		switch p.Policies[k].Kind {
		case DoNothing, Constant:
			if better(k, p.BestConstant) {
				p.BestConstant = k
			}
			if better(k, p.Baseline) {
				p.Baseline = k
			}
		case Today:
			if better(k, p.Baseline) {
				p.Baseline = k
			}
		}
	}
}

// judge adds intervals and differences to policy k.
func (p *Policies) judge(k int, money [][]float64, o Options) error {
	q := &p.Policies[k]
	e, err := Mean(money[k], o)
	if err != nil {
		return err
	}
	q.Interval = e.Interval
	q.PerMonth = q.Mean * o.Volume
	for other := range p.Policies {
		if other == k || other != p.BestConstant && p.Policies[other].Kind != Today {
			continue
		}
		d, err := Paired(money[k], money[other], o)
		if err != nil {
			return err
		}
		if other == p.BestConstant {
			q.VersusConstant = &d
		}
		if p.Policies[other].Kind == Today {
			q.VersusToday = &d
		}
	}
	p.capture(k, money, o)
	return nil
}

// capture computes the share of reachable money.
func (p *Policies) capture(k int, money [][]float64, o Options) {
	perfect := len(money) - 1
	base := make([]float64, p.Rows)
	if p.Baseline >= 0 {
		base = money[p.Baseline]
	}
	room := average(money[perfect]) - average(base)
	if room <= 0 {
		return
	}
	share := (p.Policies[k].Mean - average(base)) / room
	p.Policies[k].Captured = &share
	if p.Policies[k].Kind != Model {
		return
	}
	// A resample without room for improvement says nothing about the share.
	shares := bootstrap([][]float64{money[k], base, money[perfect]}, o, func(m []float64) float64 {
		if m[2] <= m[1] {
			return math.NaN()
		}
		return (m[0] - m[1]) / (m[2] - m[1])
	})
	var valid []float64
	for _, v := range shares {
		if !math.IsNaN(v) {
			valid = append(valid, v)
		}
	}
	if len(valid) >= len(shares)/2 {
		i := percentile(valid, o.Level)
		p.Policies[k].CapturedInterval = &i
	}
}

func (p *Policies) sentence() string {
	model := p.Policies[p.Model]
	if p.Baseline < 0 {
		return fmt.Sprintf("The model earns %s per decision.", amount(model.Mean, p.Currency))
	}
	base := p.Policies[p.Baseline]
	d := model.VersusConstant
	if base.Kind == Today {
		d = model.VersusToday
	}
	s := "The model " + d.Say("", base.Name, p.Currency)[1:]
	if model.Captured != nil && *model.Captured > 0 {
		s += fmt.Sprintf("; that is %s %% of what a perfect model would add", value.Round(100**model.Captured))
	}
	return s + "."
}
