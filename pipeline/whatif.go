package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bespoke/evaluate"
	"bespoke/formula"
	"bespoke/report"
	"bespoke/scenario"
	"bespoke/tune"
	"bespoke/value"
)

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
	w.Sentence = w.Say(s.Need.Currency)
	return w, nil
}

// rejudge chooses again on out-of-fold rows.
func (f *flow) rejudge(w *WhatIfCase, l Learning, under *Learnt, o evaluate.Options) error {
	bundled, judge := under.Search.Chosen(), l.judge(under)
	search, err := under.Search.Again(judge, under.Metric.Higher)
	if err != nil {
		return err
	}
	chosen := within(search, under.Search)
	w.Choice, w.Label = chosen.Number, chosen.Candidate.Label
	before, err := judge(bundled.OutOfFold().Rows, bundled.Calibrated().Predictions)
	if err != nil {
		return err
	}
	if slices.Equal(chosen.Calibrated().Predictions, bundled.Calibrated().Predictions) {
		return nil
	}
	o.Groups = f.groupsOf(chosen.OutOfFold().Rows)
	d, err := evaluate.Paired(chosen.MoneyOf(), before.Money, o)
	w.Elsewhere = &d
	return err
}

// within is the first in the order of choice that broke no limit in the run: the
// committee, unless the run's was dropped, then single trials; the bundled one
// when there is none.
func within(search, run *tune.Outcome) *tune.Trial {
	dropped := run.Committee != nil && run.Committee.Dropped != ""
	if k := search.Committee; k != nil && k.Taken && !dropped {
		return search.Chosen()
	}
	for _, n := range search.Ranked() {
		if search.Trials[n].Dropped == "" {
			return search.Trials[n]
		}
	}
	return search.Trials[run.Scenario]
}

// redecide has the bundled model and the technology-driven choice decide the
// held-out rows by the changed payoffs.
func (f *flow) redecide(w *WhatIfCase, l Learning, under *Learnt, o evaluate.Options) error {
	model, err := f.resheet(l, under, f.heldOut, under.Search.Chosen())
	if err != nil {
		return err
	}
	technology, err := f.resheet(l, under, f.technology, under.Search.Trials[under.Search.Technology])
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
func (f *flow) resheet(l Learning, under *Learnt, c evaluate.Contender, trial *tune.Trial) (*value.Sheet, error) {
	payoffs, err := l.settled(under, trial)
	if err != nil {
		return nil, err
	}
	return payoffs.Sheet(f.table.Take(f.split.Test), c.Held.Predictions, c.Held.Truth, f.options.Threads)
}

func policyOf(name string, s *value.Sheet, choice []int, money []float64, o evaluate.Options) (report.WhatIfPolicy, error) {
	e, err := evaluate.Mean(money, o)
	p := report.WhatIfPolicy{Name: name, Mean: e.Mean, Interval: e.Interval, PerMonth: e.Mean * o.Volume}
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
