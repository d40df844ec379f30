package value

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"bespoke/formula"
	"bespoke/internal/near"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
)

// Compile checks the configuration and compiles every payoff. The first thing
// that is wrong comes back as an *Error with its place in the scenario.
func Compile(c Config) (*Payoffs, error) {
	p := &Payoffs{config: c, todayIs: -1, doNothing: -1, states: 1, used: map[string]bool{}}
	p.scope = &formula.Scope{Schema: c.Schema, Target: c.Target, Numeric: p.numeric()}
	for _, step := range []func() error{p.outcomes, p.params, p.units, p.actionNames, p.payoffs, p.review, p.capacities, p.rule, p.fallbacks, p.prices} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	p.columns = p.scope.Columns()
	for _, f := range p.groupColumns {
		// Values that no training row had are groups as well, so that the column
		// is text unless an expression compares it with known ones.
		if f.Kind == table.Category {
			f = table.Field{Name: f.Name, Kind: table.Text, Role: f.Role}
		}
		if !slices.ContainsFunc(p.columns, func(c table.Field) bool { return c.Name == f.Name }) {
			p.columns = append(p.columns, f)
		}
	}
	p.findDoNothing()
	p.warn()
	return p, nil
}

// outcomes fixes the states that money is averaged over.
func (p *Payoffs) outcomes() error {
	c := p.config
	switch {
	case c.Task == model.Regression && len(c.Outcomes) > 0:
		return fail("data.target", "", "a number has no list of outcomes, got %s", strings.Join(c.Outcomes, ", "))
	case c.Task == model.Regression:
		if c.Spread == nil {
			return nil
		}
		if err := c.Spread.check(); err != nil {
			return err
		}
		p.states = len(c.Spread.Points)
		return nil
	case len(c.Outcomes) < 2:
		return fail("data.target", "", "has %d outcomes, at least 2 are needed", len(c.Outcomes))
	}
	for i, o := range c.Outcomes {
		if slices.Contains(c.Outcomes[:i], o) {
			return fail("data.target", "", "outcome %q appears twice", o)
		}
	}
	p.states = len(c.Outcomes)
	return nil
}

func (p *Payoffs) params() error {
	names := make([]string, 0, len(p.config.Value.Params))
	for n := range p.config.Value.Params {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		path := "value.params." + n
		_, isColumn := p.config.Schema.Field(n)
		switch v := p.config.Value.Params[n].Value; {
		case !finite(v):
			return fail(path, "", "is %v, it must be a finite number", v)
		case isColumn:
			return fail(path, "choose another name", "a column has the same name")
		case n == formula.NameTruth || n == formula.NamePrediction || n == "row":
			return fail(path, "choose another name", "%q has a meaning of its own in payoffs", n)
		case !formula.IsName(n):
			return fail(path, "use letters, digits and _", "%q cannot be written in an expression", n)
		}
	}
	if err := p.believe(names); err != nil {
		return err
	}
	return p.parameters(names)
}

// parameters tells the scope what the names stand for.
func (p *Payoffs) parameters(names []string) error {
	p.scope.Parameters = make(map[string]formula.Parameter, len(names))
	for _, n := range names {
		v := p.config.Value.Params[n]
		one := formula.Parameter{Value: v.Value}
		var err error
		if one.Unit, err = formula.ParseParameterUnit(v.Unit); err != nil {
			return fail("value.params."+n+".unit", "", "%v", err)
		}
		if b := p.beliefs[n]; b != nil {
			one.Value, _ = b.moments()
			one.Points = b.grid(p.points)
		}
		p.scope.Parameters[n] = one
	}
	return nil
}

// units tells the scope what columns count.
func (p *Payoffs) units() error {
	p.scope.Units = make(map[string]formula.Unit, len(p.config.Units))
	for _, name := range slices.Sorted(maps.Keys(p.config.Units)) {
		u, err := formula.ParseUnit(p.config.Units[name])
		if err != nil {
			return fail("data.columns."+name+".unit", "", "%v", err)
		}
		p.scope.Units[name] = u
	}
	// A currency that is no word of the language of units is not checked.
	p.currency, _ = formula.ParseUnit(p.config.Currency)
	return nil
}

// fits checks that a payoff is money, as far as its unit is known.
func (p *Payoffs) fits(path, source string, u formula.Unit) error {
	switch {
	case !u.Known() || u.Equal(p.currency):
		return nil
	case p.currency.Known() && u.Word() != "" && strings.ToUpper(u.Word()) == u.Word():
		return fail(path, "write every amount in one currency", "%#q is in %s, but need.currency is %s", source, u, p.config.Currency)
	case p.currency.Known():
		return fail(path, u.Toward(p.currency), "%#q is %s, a payoff must be in %s", source, u, p.config.Currency)
	case !p.payoffUnit.Known():
		p.payoffUnit = u
	case !u.Equal(p.payoffUnit):
		return fail(path, "write every amount in one unit", "%#q is %s, but another payoff is %s", source, u, p.payoffUnit)
	}
	return nil
}

func (p *Payoffs) actionNames() error {
	actions := p.config.Value.Actions
	if len(actions) == 0 {
		return fail("value.actions", "", "has no action, at least one is needed")
	}
	for _, a := range actions {
		path := "value.actions." + a.Name
		switch {
		case a.Name == "":
			return fail("value.actions", "", "an action has no name")
		case slices.Contains(p.names, a.Name):
			return fail(path, "", "appears twice")
		case a.Name == ReviewAction && p.config.Value.Review != nil:
			return fail(path, "rename the action", "%q is the name of asking a person", ReviewAction)
		}
		p.names = append(p.names, a.Name)
	}
	p.actions = len(actions)
	return nil
}

func (p *Payoffs) payoffs() error {
	for _, a := range p.config.Value.Actions {
		var err error
		if p.config.Task == model.Regression {
			err = p.numberPayoff(a)
		} else {
			err = p.classPayoffs(a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// numberPayoff compiles the single payoff of an action of a regression.
func (p *Payoffs) numberPayoff(a scenario.Action) error {
	path := "value.actions." + a.Name
	for _, f := range a.Payoffs {
		if f.Outcome != "" {
			return fail(path+"."+f.Outcome, `write one expression, which may use "truth" and "prediction"`, "a predicted number has no outcome %q", f.Outcome)
		}
	}
	if len(a.Payoffs) != 1 {
		return fail(path, "", "has %d payoffs, a predicted number needs one", len(a.Payoffs))
	}
	return p.program(path, a.Payoffs[0].Money)
}

// classPayoffs compiles the payoffs of an action, one per outcome or one for
// all.
func (p *Payoffs) classPayoffs(a scenario.Action) error {
	path := "value.actions." + a.Name
	outcomes := p.config.Outcomes
	if len(a.Payoffs) == 1 && a.Payoffs[0].Outcome == "" {
		if err := p.program(path, a.Payoffs[0].Money); err != nil {
			return err
		}
		for range len(outcomes) - 1 {
			p.slot = append(p.slot, len(p.programs)-1)
		}
		return nil
	}
	money := make([]string, len(outcomes))
	given := make([]bool, len(outcomes))
	for _, f := range a.Payoffs {
		at := slices.Index(outcomes, f.Outcome)
		switch {
		case f.Outcome == "":
			return fail(path, "give one payoff for all outcomes, or one per outcome", "mixes both")
		case at < 0:
			return fail(path+"."+f.Outcome, near.Offer(f.Outcome, outcomes), "%q is no outcome of %q", f.Outcome, p.config.Target)
		case given[at]:
			return fail(path+"."+f.Outcome, "", "appears twice")
		}
		money[at], given[at] = f.Money, true
	}
	for i, o := range outcomes {
		if !given[i] {
			return fail(path, "add "+o+": 0 if it is worth nothing", "has no payoff for the outcome %q", o)
		}
		if err := p.program(path+"."+o, money[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Payoffs) program(path, source string) error {
	g, err := p.build(path, source)
	if err != nil {
		return err
	}
	if g.Kind() != formula.Number {
		hint := ""
		if g.Kind() == formula.Bool {
			hint = "write " + g.Source() + " ? 1 : 0"
		}
		return fail(path, hint, "%#q is %v, a payoff must be a number", source, g.Kind())
	}
	if err := p.fits(path, source, g.Unit()); err != nil {
		return err
	}
	p.slot = append(p.slot, len(p.programs))
	p.programs = append(p.programs, program{Program: g, prediction: g.Reads(formula.NamePrediction), truth: g.Reads(formula.NameTruth)})
	return nil
}

// build compiles an expression and warns about spellings that no row has.
func (p *Payoffs) build(path, source string) (*formula.Program, error) {
	g, err := p.scope.Compile(path, source)
	if err != nil {
		return nil, err
	}
	for name := range p.config.Value.Params {
		if g.Reads(name) {
			p.used[name] = true
		}
	}
	for _, w := range g.Comparisons() {
		if !slices.Contains(w.Field.Levels, w.Word) {
			p.warnings = append(p.warnings, Warning{Path: path, Message: fmt.Sprintf(
				"no row has %q in the column %q; %s", w.Word, w.Field.Name, near.Offer(w.Word, w.Field.Levels),
			)})
		}
	}
	return g, nil
}

// rule compiles today's rule: an action's name, or an expression that gives
// one.
func (p *Payoffs) rule() error {
	const path = "need.today"
	rule := strings.TrimSpace(p.config.Today)
	if rule == "" {
		return nil
	}
	if p.todayIs = slices.Index(p.names, rule); p.todayIs >= 0 {
		return nil
	}
	if formula.IsName(strings.ReplaceAll(rule, "-", "_")) {
		if _, column := p.config.Schema.Field(rule); !column {
			return fail(path, near.Offer(rule, p.names), "%q is no action", rule)
		}
	}
	g, err := p.build(path, rule)
	if err != nil {
		return err
	}
	if g.Kind() != formula.Text {
		return fail(path, `such as age < 25 ? "refuse" : "grant"`, "%#q is %v, it must give an action's name", rule, g.Kind())
	}
	if g.Reads(formula.NameTruth) || g.Reads(formula.NamePrediction) {
		return fail(path, "", "%#q uses a model's prediction, but today's rule is what happens without a model", rule)
	}
	for _, w := range g.Results() {
		if !slices.Contains(p.names, w) {
			return fail(path, near.Offer(w, p.names), "%q is no action", w)
		}
	}
	p.today = g
	return nil
}

func (p *Payoffs) fallbacks() error {
	for _, f := range p.scope.Columns() {
		fb, ok := p.config.Fill[f.Name]
		if !ok {
			continue
		}
		path := "fill." + f.Name
		switch {
		case f.Kind == table.Number && !finite(fb.Number):
			return fail(path, "", "is %v, it must be a finite number", fb.Number)
		case (f.Kind == table.Category || f.Kind == table.Text) && fb.Text == "":
			return fail(path, "", "is empty, a text is needed")
		case f.Kind == table.Time && fb.Time == table.MissingTime:
			return fail(path, "", "is missing itself")
		}
	}
	return nil
}

func (p *Payoffs) prices() error {
	switch c := p.config; {
	case !finite(c.PerDecision) || c.PerDecision < 0:
		return fail("need.costs.per_decision", "", "is %v, it must be 0 or more", c.PerDecision)
	case !finite(c.Volume.Amount) || c.Volume.Amount < 0:
		return fail("need.volume", "", "is %v, it must be 0 or more", c.Volume.Amount)
	}
	return nil
}

// constantPayoff is an action's money under an outcome when it reads nothing.
func (p *Payoffs) constantPayoff(action, outcome int) (float64, bool) {
	return p.programs[p.slot[action*p.outcomeCount()+outcome]].Constant()
}

// outcomeCount is the number of payoffs per action.
func (p *Payoffs) outcomeCount() int { return max(1, len(p.config.Outcomes)) }

func (p *Payoffs) findDoNothing() {
	for a := range p.actions {
		zero := true
		for o := range p.outcomeCount() {
			v, constant := p.constantPayoff(a, o)
			zero = zero && constant && v == 0
		}
		if zero {
			p.doNothing = a
			return
		}
	}
}

// Error is a payoff that cannot be compiled, or not computed in a row.
type Error = formula.Error

func fail(path, hint, format string, args ...any) *Error {
	return &Error{Path: path, Msg: fmt.Sprintf(format, args...), Hint: hint}
}
