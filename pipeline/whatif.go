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
	search, err := under.Search.Again(l.judge(under), under.metricOf, under.Metric.Higher)
	if err != nil {
		return err
	}
	pass(search, under.Search)
	chosen, bundled := search.Chosen(), under.Search.Chosen()
	w.Choice, w.Label = chosen.Number, chosen.Candidate.Label
	if sameChoice(search, under.Search) {
		return nil
	}
	money, err := under.money(under.held(bundled.Calibrated().Predictions))
	if err != nil {
		return err
	}
	o.Groups = f.groupsOf(chosen.OutOfFold().Rows)
	d, err := evaluate.Paired(chosen.MoneyOf(), money, o)
	w.Elsewhere = &d
	return err
}

// pass passes over what broke a limit in the run.
func pass(search, run *tune.Outcome) {
	if c := search.Committee; c != nil && run.Committee != nil && run.Committee.Dropped != "" {
		c.Taken = false
	}
	for _, n := range search.Ranked() {
		if search.Trials[n].Dropped == "" {
			search.Scenario = n
			break
		}
	}
	if search.Student != nil {
		search.SettleStudent()
	}
}

// sameChoice says whether two outcomes of the same trials take the same one, or
// the same mean.
func sameChoice(a, b *tune.Outcome) bool {
	one, other := a.Committee != nil && a.Committee.Taken, b.Committee != nil && b.Committee.Taken
	if one && other {
		return slices.Equal(a.Committee.Members, b.Committee.Members)
	}
	if one, other := a.Student != nil && a.Student.Taken, b.Student != nil && b.Student.Taken; one || other {
		return one && other
	}
	return one == other && a.Scenario == b.Scenario
}

// redecide has the bundled model and the technology-driven choice decide the
// held-out rows by the changed payoffs.
func (f *flow) redecide(w *WhatIfCase, l Learning, under *Learnt, o evaluate.Options) error {
	scenarioSide, technology := f.heldOut, f.technology
	var err error
	if scenarioSide.Sheet, err = f.resheet(l, under, scenarioSide, under.Search.Chosen()); err != nil {
		return err
	}
	if technology.Sheet, err = f.resheet(l, under, technology, under.Search.Trials[under.Search.Technology]); err != nil {
		return err
	}
	policies, err := evaluate.ComparePolicies(scenarioSide.Sheet, nil, o)
	if err != nil {
		return err
	}
	c, err := evaluate.Compare(under.Metric.Name, technology, scenarioSide, o)
	if err != nil {
		return err
	}
	model, line := policies.Policies[policies.Model], c.Lines[0]
	w.Model = policyOf(model)
	w.Model.Name = scenarioSide.Label
	w.Technology = report.WhatIfPolicy{Name: line.Model, Mean: line.Mean, Interval: line.Interval, PerMonth: line.PerMonth, Actions: line.Actions}
	w.VersusTechnology = c.Difference
	if policies.BestConstant >= 0 {
		p := policyOf(policies.Policies[policies.BestConstant])
		w.Constant, w.VersusConstant = &p, model.VersusConstant
	}
	return nil
}

func policyOf(p evaluate.Policy) report.WhatIfPolicy {
	return report.WhatIfPolicy{Name: p.Name, Mean: p.Mean, Interval: p.Interval, PerMonth: p.PerMonth, Actions: p.Actions}
}

// resheet is the money of a contender's held-out rows under other payoffs,
// with the spread and the prices that its own out-of-fold rows teach.
func (f *flow) resheet(l Learning, under *Learnt, c evaluate.Contender, t *tune.Trial) (*value.Sheet, error) {
	payoffs, err := l.settled(under, t)
	if err != nil {
		return nil, err
	}
	return payoffs.Sheet(f.table.View(f.split.Test), c.Held.Predictions, c.Held.Truth, f.options.Threads)
}
