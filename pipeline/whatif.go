package pipeline

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"bespoke/evaluate"
	"bespoke/formula"
	"bespoke/scenario"
	"bespoke/tune"
	"bespoke/value"
)

// WhatIfs are the figures of a run under other needs and payoffs, without
// training again.
type WhatIfs struct {
	// Scenario is the scenario's name.
	Scenario string `json:"scenario"`
	Currency string `json:"currency,omitempty"`
	// Rows is the number of held-out rows behind every figure but Elsewhere.
	Rows int `json:"rows"`
	// Cases are the scenario as it is, and each change of it.
	Cases []WhatIfCase `json:"cases"`
}

// WhatIfCase is what one change of need and value brings. Everything that was
// learnt stays as it is: candidates that were trained for money were trained
// for the payoffs of the run.
type WhatIfCase struct {
	// Name says what is different; Set are the changes, none for the scenario as
	// it is.
	Name string             `json:"name"`
	Set  []scenario.Setting `json:"set,omitempty"`
	// Volume is decisions per month; 0 when not known.
	Volume float64 `json:"volume"`
	// Need is the need question under the change.
	Need *value.Need `json:"need"`
	// Model is the bundled model, deciding by the changed payoffs; Technology the
	// most accurate model acting on its most probable outcome; Constant the best
	// action for all rows, nil when every action needs a model.
	Model      WhatIfPolicy  `json:"model"`
	Technology WhatIfPolicy  `json:"technology"`
	Constant   *WhatIfPolicy `json:"constant,omitempty"`
	// VersusTechnology and VersusConstant are the paired differences of Model to
	// the two.
	VersusTechnology evaluate.Difference  `json:"versus_technology"`
	VersusConstant   *evaluate.Difference `json:"versus_constant,omitempty"`
	// Choice is the number of the trial that would be chosen on out-of-fold rows,
	// Label its name.
	Choice int    `json:"choice"`
	Label  string `json:"label"`
	// Elsewhere is what that trial earns more per decision than the bundled one
	// on out-of-fold rows, which are the rows that chose it; nil when it is the
	// bundled one.
	Elsewhere *evaluate.Difference `json:"elsewhere,omitempty"`
	// Sentence says the result in words.
	Sentence string `json:"sentence"`
}

// WhatIfPolicy is one way of deciding under a change, on the held-out rows.
type WhatIfPolicy struct {
	Name string `json:"name"`
	// Mean is money per decision, after the cost per decision where a model
	// decides.
	Mean     float64           `json:"mean"`
	Interval evaluate.Interval `json:"interval"`
	// PerMonth is Mean by the volume; 0 when no volume is known.
	PerMonth float64 `json:"per_month"`
	// Actions counts the rows by action.
	Actions []evaluate.ActionCount `json:"actions"`
}

// unchanged names the first case.
const unchanged = "as it is"

// whatIfs looks at the scenario as it is and at each change of it. nil without
// changes.
func (f *flow) whatIfs(file *scenario.File, changes []scenario.WhatIf) (*WhatIfs, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	out := &WhatIfs{Scenario: f.scenario.Name, Currency: f.scenario.Need.Currency, Rows: len(f.split.Test)}
	for _, change := range append([]scenario.WhatIf{{Name: unchanged}}, changes...) {
		w, err := f.whatIf(file, change)
		if err != nil {
			return nil, err
		}
		out.Cases = append(out.Cases, *w)
	}
	return out, nil
}

// checkWhatIfs finds the changes of the scenario that make no sense before
// anything is trained.
func (f *flow) checkWhatIfs() error {
	for i, change := range f.scenario.Evaluate.WhatIf {
		if _, _, err := f.changed(f.file, change.Set); err != nil {
			return f.file.Wrap(fmt.Sprintf("evaluate.whatif[%d].set", i), about(err), "")
		}
	}
	return nil
}

// about is an error without the place in the changed file, which nobody can
// look at.
func about(err error) string {
	if found := scenario.Problems(err); len(found) > 0 {
		return strings.TrimSuffix(fmt.Sprintf("%s %s", found[0].Path, found[0].Msg), " ")
	}
	return err.Error()
}

// changed is the scenario with some values changed, and its payoffs on the
// table.
func (f *flow) changed(file *scenario.File, set []scenario.Setting) (scenario.Scenario, *value.Payoffs, error) {
	after, err := file.Set(set...)
	if err != nil {
		return scenario.Scenario{}, nil, err
	}
	s := after.Scenario
	switch {
	case s.Value == nil:
		return s, nil, errors.New("pipeline: what if: the scenario has no value section, so there is no money to look at")
	case f.scenario.Value != nil && s.Value.File != f.scenario.Value.File:
		return s, nil, after.Wrap("value.file", "cannot be changed without reading the data again", "run the changed scenario")
	case len(s.Value.Actions) == 0: // the columns of value.file are the actions
		v := *s.Value
		v.Actions = f.scenario.Value.Actions
		s.Value = &v
	}
	payoffs, err := Compile(s, f.table.Schema(), f.result.Data.Task, f.result.Data.Outcomes)
	var wrong *value.Error
	if errors.As(err, &wrong) && wrong.Path != "" {
		err = after.Wrap(wrong.Path, wrong.Msg, wrong.Hint)
	}
	return s, payoffs, err
}

// whatIf looks at one change.
func (f *flow) whatIf(file *scenario.File, change scenario.WhatIf) (*WhatIfCase, error) {
	s, payoffs, err := f.changed(file, change.Set)
	if err != nil {
		return nil, err
	}
	w := &WhatIfCase{Name: change.Name, Set: change.Set, Volume: s.Need.Volume.PerMonth()}
	if payoffs, err = payoffs.WithFill(formula.Fallbacks(f.table, payoffs.Columns())); err != nil {
		return nil, err
	}
	if w.Need, err = payoffs.Need(f.table, f.truth, s.Need, f.options.Threads); err != nil {
		return nil, fmt.Errorf("pipeline: what if %q: %w", change.Name, err)
	}
	l := f.learning()
	l.Scenario.Need, l.Scenario.Value = s.Need, s.Value
	under := *f.learnt
	if under.Payoffs, err = l.payoffs(under.Problem); err != nil {
		return nil, err
	}
	o := f.figures()
	o.Volume, o.Currency = w.Volume, s.Need.Currency
	if err := f.rejudge(w, l, &under, o); err != nil {
		return nil, err
	}
	if err := f.redecide(w, l, &under, o); err != nil {
		return nil, err
	}
	w.Sentence = w.sentence(s.Need.Currency)
	return w, nil
}

// rejudge chooses again on out-of-fold rows.
func (f *flow) rejudge(w *WhatIfCase, l Learning, under *Learnt, o evaluate.Options) error {
	bundled := under.Search.Scenario
	search, err := under.Search.Again(l.judge(under), under.Metric.Higher)
	if err != nil {
		return err
	}
	w.Choice = within(search, bundled)
	chosen := search.Trials[w.Choice]
	w.Label = chosen.Candidate.Label
	if w.Choice == bundled {
		return nil
	}
	o.Groups = f.groupsOf(chosen.OutOfFold().Rows)
	d, err := evaluate.Paired(chosen.MoneyOf(), search.Trials[bundled].MoneyOf(), o)
	w.Elsewhere = &d
	return err
}

// within is the first trial in the order of choice that broke no limit in the
// run; the bundled one when there is none.
func within(search *tune.Outcome, bundled int) int {
	for _, n := range search.Ranked() {
		if search.Trials[n].Dropped == "" {
			return n
		}
	}
	return bundled
}

// redecide has the bundled model and the technology-driven choice decide the
// held-out rows by the changed payoffs.
func (f *flow) redecide(w *WhatIfCase, l Learning, under *Learnt, o evaluate.Options) error {
	model, err := f.resheet(l, under, f.heldOut, under.Search.Scenario)
	if err != nil {
		return err
	}
	technology, err := f.resheet(l, under, f.technology, under.Search.Technology)
	if err != nil {
		return err
	}
	choice, certain := model.Choose(), technology.Certain()
	money, other := model.Profit(choice), technology.Profit(certain)
	if w.Model, err = policyOf("the bundled model, "+f.heldOut.Label, model, choice, money, o); err != nil {
		return err
	}
	if w.Technology, err = policyOf(f.technology.Label+" on its most probable outcome", technology, certain, other, o); err != nil {
		return err
	}
	if w.VersusTechnology, err = evaluate.Paired(money, other, o); err != nil {
		return err
	}
	a, _ := model.BestConstant()
	if a < 0 {
		return nil
	}
	constant := model.Money(model.Constant(a))
	p, err := policyOf("always "+model.Actions[a], model, model.Constant(a), constant, o)
	if err != nil {
		return err
	}
	d, err := evaluate.Paired(money, constant, o)
	w.Constant, w.VersusConstant = &p, &d
	return err
}

// resheet is the money of a contender's held-out rows under other payoffs,
// with the spread and the prices that its own out-of-fold rows teach.
func (f *flow) resheet(l Learning, under *Learnt, c evaluate.Contender, trial int) (*value.Sheet, error) {
	payoffs, err := l.settled(under, under.Search.Trials[trial])
	if err != nil {
		return nil, err
	}
	return payoffs.Sheet(f.table.Take(f.split.Test), c.Held.Predictions, c.Held.Truth, f.options.Threads)
}

func policyOf(name string, s *value.Sheet, choice []int, money []float64, o evaluate.Options) (WhatIfPolicy, error) {
	e, err := evaluate.Mean(money, o)
	p := WhatIfPolicy{Name: name, Mean: e.Mean, Interval: e.Interval, PerMonth: e.Mean * o.Volume}
	for a, action := range s.Actions {
		count := evaluate.ActionCount{Action: action}
		for i, m := range money {
			if choice[i] == a {
				count.Rows++
				count.Money += m
			}
		}
		p.Actions = append(p.Actions, count)
	}
	return p, err
}

// per is the number of decisions that money is per, with its name.
func (w WhatIfCase) per() (decisions float64, name string) {
	if w.Volume > 0 {
		return w.Volume, "a month"
	}
	return perThousand, "per 1,000 decisions"
}

func (w WhatIfCase) sentence(currency string) string {
	per, unit := w.per()
	money := func(v float64) string { return strings.TrimSpace(value.Round(v*per) + " " + currency) }
	out := fmt.Sprintf("The bundled model brings %s %s", money(w.Model.Mean), unit)
	if w.Constant != nil {
		out += fmt.Sprintf(", %s “%s”", against(*w.VersusConstant, money), w.Constant.Name)
	}
	out += fmt.Sprintf(" and %s the technology-driven choice", against(w.VersusTechnology, money))
	if !w.Need.Gate.Passed {
		out = "Not even a perfect model would pay its costs. " + out
	}
	if w.Elsewhere == nil {
		return out + "."
	}
	return fmt.Sprintf("%s. %s would be chosen instead: on the rows that chose it, it earns %s the bundled one; run again to get it.",
		out, capital(w.Label), against(*w.Elsewhere, money))
}

// against says a difference in words, up to the name of what it is to.
func against(d evaluate.Difference, money func(float64) string) string {
	word := "more than"
	if d.Mean < 0 {
		word = "less than"
	}
	out := money(math.Abs(d.Mean)) + " " + word
	switch {
	case d.Mean == 0 && d.Interval.Low == 0 && d.Interval.High == 0:
		return "as much as"
	case !d.Significant:
		return "not significantly different (" + money(d.Mean) + ") from"
	}
	return out
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Differs says whether any change would have another trial chosen.
func (w *WhatIfs) Differs() bool {
	return slices.ContainsFunc(w.Cases, func(c WhatIfCase) bool { return c.Elsewhere != nil })
}
