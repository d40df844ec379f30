package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bespoke/additive"
	"bespoke/data"
	"bespoke/evaluate"
	"bespoke/explain"
	"bespoke/formula"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/value"
	"bespoke/web"
)

// need answers whether there is money in it at all, from the target and the
// payoffs alone.
func (f *flow) need(context.Context) error {
	payoffs, err := Compile(f.scenario, f.table.Schema(), f.result.Data.Task, f.result.Data.Outcomes)
	if err != nil {
		return err
	}
	if payoffs == nil {
		f.tell("need", "the scenario has no value section: the choice will be by metric, not by money")
		return nil
	}
	if payoffs, err = payoffs.WithFill(formula.Fallbacks(f.table, payoffs.Columns())); err != nil {
		return err
	}
	if f.result.Warnings, err = payoffs.Examine(f.table, f.options.Threads); err != nil {
		return err
	}
	for _, w := range f.result.Warnings {
		f.options.Report.Warn("need", w.Path+": "+w.Message)
	}
	if f.result.Need, err = payoffs.Need(f.table, f.truth, f.scenario.Need, f.options.Threads); err != nil {
		return err
	}
	if f.result.Sensitivity, err = payoffs.Sensitivity(f.table, f.truth, f.scenario.Need, wrongBy, f.options.Threads); err != nil {
		return err
	}
	g := f.result.Need.Gate
	f.pass("need", g)
	f.tell("need", "%s", g.Sentence)
	if err := f.checkWhatIfs(); err != nil {
		return err
	}
	return f.stop("need", g, "Change the payoffs or the costs, or go on with --force.")
}

// wrongBy is by how much each number of the scenario is taken to be wrong.
const wrongBy = 0.2

func (f *flow) pass(stage string, g value.Gate) {
	f.result.Gates = append(f.result.Gates, Gate{Stage: stage, Gate: g})
}

// learn chooses and refits on the development rows.
func (f *flow) learn(ctx context.Context) error {
	learning := f.learning()
	learning.Store, learning.Key = f.store, f.trialKey()
	l, err := Learn(ctx, learning)
	if err != nil {
		return err
	}
	f.learnt = l
	f.result.Design, f.result.Gains = &l.Plan, l.Gains
	f.result.Search, f.result.Costs = l.Search, l.Search.Costs()
	if l.Search.Reused > 0 {
		f.tell("train", "%d of %d trials were already done", l.Search.Reused, len(l.Search.Trials))
	}
	f.tell("train", "most accurate: %s", l.Technology.Trial.Candidate.Label)
	if l.Payoffs != nil {
		f.tell("train", "earns most: %s", l.Scenario.Trial.Candidate.Label)
	}
	return nil
}

// learning is what Learn needs, beside where finished trials are kept.
func (f *flow) learning() Learning {
	s := f.scenario
	if f.options.Force {
		s.Limits.Memory = 0 // it was passed already
	}
	return Learning{
		Scenario: s, Table: f.table, Task: f.result.Data.Task, Queries: f.queries, Split: f.split,
		Threads: f.options.Threads, Report: f.options.Report,
	}
}

// contend predicts the test rows by a choice.
func (f *flow) contend(c *Choice) (evaluate.Contender, error) {
	test := f.table.View(f.split.Test)
	out := evaluate.Contender{Label: c.Trial.Candidate.Label}
	predictions, err := c.Solution.Predict(test, f.options.Threads)
	if err != nil {
		return out, err
	}
	truth := pick(f.truth, f.split.Test)
	out.Held = evaluate.Held{
		Task: f.result.Data.Task, Outcomes: f.result.Data.Outcomes, Truth: truth, Predictions: predictions,
		Queries: f.queriesOf(f.split.Test), Top: f.scenario.Evaluate.First(),
	}
	if p := c.Solution.Payoffs; p != nil {
		out.Sheet, err = p.Sheet(test, predictions, truth, f.options.Threads)
	}
	return out, err
}

// evaluate measures both choices on the test rows, once.
func (f *flow) evaluate(ctx context.Context) error {
	scenarioSide, err := f.contend(f.learnt.Scenario)
	if err != nil {
		return err
	}
	technology := scenarioSide
	if f.learnt.Technology != f.learnt.Scenario {
		if technology, err = f.contend(f.learnt.Technology); err != nil {
			return err
		}
	}
	f.heldOut, f.technology = scenarioSide, technology
	if err := f.block(scenarioSide); err != nil {
		return err
	}
	o := f.figures()
	e := &Evaluation{Rows: len(f.split.Test), Blocks: f.blocks}
	f.result.Evaluate = e
	if f.queries != nil {
		e.Queries = len(distinct(o.Groups))
	}
	if e.Scenario, err = chosen(f.learnt.Scenario, scenarioSide.Held, o); err != nil {
		return err
	}
	if e.Technology, err = chosen(f.learnt.Technology, technology.Held, o); err != nil {
		return err
	}
	if err := f.keepPredictions(e); err != nil {
		return err
	}
	if err := quality(e, scenarioSide.Held); err != nil {
		return err
	}
	if scenarioSide.Sheet == nil {
		return nil
	}
	for _, add := range []func(*Evaluation, evaluate.Options) error{
		f.money, f.tuned, func(e *Evaluation, _ evaluate.Options) error { return f.limited(e) }, f.selection, f.economics,
		func(e *Evaluation, o evaluate.Options) error { return f.lessons(ctx, e, o) },
	} {
		if err := add(e, o); err != nil {
			return err
		}
	}
	if e.WhatIf, err = f.whatIfs(f.file, f.scenario.Evaluate.WhatIf); err != nil {
		return err
	}
	f.tell("evaluate", "%s", e.Policies.Sentence)
	f.pass("evaluate", e.Money.Gate)
	return nil
}

func chosen(c *Choice, held evaluate.Held, o evaluate.Options) (Chosen, error) {
	scores, err := evaluate.Scores(held, o)
	return Chosen{
		Trial: c.Trial.Number, Candidate: c.Trial.Candidate, Rounds: c.Rounds, Calibration: c.Trial.Calibration, Scores: scores,
	}, err
}

// bins is how many bins the curves of calibration and lift have.
const bins = 10

// quality adds the figures of classes.
func quality(e *Evaluation, held evaluate.Held) error {
	if !held.Task.Classes() {
		return nil
	}
	var err error
	if e.Confusion, err = evaluate.Confuse(held); err != nil {
		return err
	}
	if e.Calibrations, err = evaluate.Calibrations(held, bins); err != nil {
		return err
	}
	if held.Task == model.Binary {
		for _, y := range held.Truth {
			if y == 1 {
				e.Lift, err = evaluate.Lift(held, 1, bins)
				break
			}
		}
	}
	return err
}

// curvePoints is how many steps a profit curve has.
const curvePoints = 50

// money adds the figures of money.
func (f *flow) money(e *Evaluation, o evaluate.Options) error {
	technology, scenarioSide, allowed := f.technology, f.heldOut, f.scenario.Evaluate.Calibration
	var err error
	if e.Policies, err = evaluate.ComparePolicies(scenarioSide.Sheet, nil, o); err != nil {
		return err
	}
	if e.Comparison, err = evaluate.Compare(f.learnt.Metric.Name, technology, scenarioSide, o); err != nil {
		return err
	}
	if e.Crossing, err = evaluate.Cross(technology, scenarioSide, o.Currency); err != nil {
		return err
	}
	if e.Money, err = evaluate.CheckMoney(scenarioSide.Sheet, nil, allowed, o); err != nil {
		return err
	}
	// A curve needs two actions and a reference; without them there is none.
	e.Curve, err = evaluate.CurveOfProfit(scenarioSide.Sheet, curvePoints, o)
	if err != nil {
		e.Curve = nil
	}
	return nil
}

// mostCurves is how many curves of an additive model are reported.
const mostCurves = 12

// explain says what the bundled solution depends on, from held-out rows.
func (f *flow) explain(ctx context.Context) error {
	s := f.learnt.Scenario.Solution
	test := f.table.Take(f.split.Test)
	truth := pick(f.truth, f.split.Test)
	x := &Explanation{}
	f.result.Explain = x
	if linear, ok := s.Model.(model.Linear); ok {
		var err error
		if x.Coefficients, err = explain.CoefficientsOf(linear, s.Features.Features(), s.Outcomes); err != nil {
			return err
		}
	}
	if curves, ok := s.Model.(*additive.Model); ok {
		var err error
		if x.Curves, err = explain.CurvesOf(curves, s.Features.LevelNames, s.Outcomes, mostCurves); err != nil {
			return err
		}
	}
	if err := f.attribute(ctx, x, s, test); err != nil {
		return err
	}
	var err error
	x.Importances, err = explain.Importances(ctx, s, test, truth, explain.Options{
		Columns: shuffled(x, s), Queries: f.queriesOf(f.split.Test), Top: f.scenario.Evaluate.First(), Repeats: f.scenario.Explain.Repeats, Seed: f.scenario.Seed, Threads: f.threads(),
		Progress: func(done, total int) {
			f.options.Report.Tell(event("explain", "columns", done, total))
		},
	})
	if err != nil {
		return err
	}
	return f.withoutColumns(ctx, x)
}

// attribute adds what attributions of single rows give, where the model has
// them.
func (f *flow) attribute(ctx context.Context, x *Explanation, s *solution.Solution, test *table.Table) error {
	e, err := explain.New(s)
	if errors.Is(err, explain.ErrNoAttribution) {
		x.Note = err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	conformed, _, err := test.Conform(s.Schema)
	if err != nil {
		return err
	}
	if x.Summary, err = e.Summary(ctx, conformed, f.options.Threads); err != nil {
		return err
	}
	x.Rows, err = f.explainRows(e, s, conformed)
	return err
}

// mostShuffled is how many columns are shuffled at most: each takes predicting
// every held-out row several times.
const mostShuffled = 60

// shuffled lists the columns whose importance is measured: those that move
// predictions at all, the strongest first.
func shuffled(x *Explanation, s *solution.Solution) []string {
	out := []string{}
	if x.Summary == nil {
		for _, c := range s.Features.Inputs() {
			out = append(out, c.Name)
		}
		return out[:min(len(out), mostShuffled)]
	}
	for _, c := range x.Summary.Columns {
		if c.MeanAbs > 0 && len(out) < mostShuffled {
			out = append(out, c.Column)
		}
	}
	return out
}

// explainRows explains the first test rows one by one.
func (f *flow) explainRows(e *explain.Explainer, s *solution.Solution, rows *table.Table) ([]Explained, error) {
	scratch, r := e.NewScratch(), s.NewRow()
	var out []Explained
	for i := range min(f.scenario.Explain.Rows, rows.Rows()) {
		r.Fill(rows, i)
		if err := s.Decide(r); err != nil {
			return nil, err
		}
		reasons, err := e.Decided(r, explain.Predicted, topReasons, scratch)
		if err != nil {
			return nil, err
		}
		x := Explained{Row: f.loaded.Row(f.split.Test[i]), Truth: f.truthText(f.split.Test[i]), Reasons: *reasons}
		x.Reasons.Contributions = append([]explain.Contribution(nil), reasons.Contributions...)
		if s.Payoffs != nil {
			x.Action, x.Money = r.Decision.Name, r.Decision.Money
		}
		out = append(out, x)
	}
	return out, nil
}

// topReasons is how many reasons of a row the report lists.
const topReasons = 8

func (f *flow) truthText(row int) string {
	y := f.truth[row]
	if outcomes := f.result.Data.Outcomes; outcomes != nil {
		return outcomes[int(y)]
	}
	return fmt.Sprintf("%.6g", y)
}

// attach adds the columns of value.file to the data and, where the scenario
// names no actions, makes the actions from them.
func (f *flow) attach(ctx context.Context, l *data.Loaded) error {
	if f.scenario.Value == nil || f.scenario.Value.File.Path == "" {
		return nil
	}
	v := *f.scenario.Value
	names, err := l.Attach(ctx, v.File, f.file.Dir, f.reading())
	if err != nil {
		return err
	}
	f.tell("data", "%s from %s", web.Count(len(names), "column"), v.File.Path)
	if len(v.Actions) == 0 {
		if v.Actions, err = actionsFrom(l.Table, names, l.Outcomes); err != nil {
			return err
		}
	}
	f.scenario.Value = &v
	f.result.Scenario = f.scenario
	return nil
}

// actionsFrom makes actions from columns named ACTION.OUTCOME, or ACTION for a
// payoff under every outcome.
func actionsFrom(t *table.Table, names, outcomes []string) (scenario.Actions, error) {
	var actions scenario.Actions
	for _, name := range names {
		if c, _ := t.Column(name); c.Kind != table.Number {
			return nil, fmt.Errorf("value: file: the column %q is %s, a payoff must be a number; name the actions in value.actions to use other columns as well", name, c.Kind)
		}
		action, outcome := name, ""
		for _, o := range outcomes {
			if before, ok := strings.CutSuffix(name, "."+o); ok && before != "" {
				action, outcome = before, o
			}
		}
		payoff := scenario.Payoff{Outcome: outcome, Money: fmt.Sprintf("row[%q]", name)}
		at := slices.IndexFunc(actions, func(a scenario.Action) bool { return a.Name == action })
		if at < 0 {
			actions = append(actions, scenario.Action{Name: action, Payoffs: []scenario.Payoff{payoff}})
			continue
		}
		actions[at].Payoffs = append(actions[at].Payoffs, payoff)
	}
	if len(actions) < 2 {
		return nil, fmt.Errorf("value: file: the columns (%q) make %s, at least 2 are needed; name them ACTION.OUTCOME with the outcomes %s", names, web.Count(len(actions), "action"), strings.Join(outcomes, ", "))
	}
	return actions, nil
}
