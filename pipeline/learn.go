package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bespoke/design"
	"bespoke/evaluate"
	"bespoke/formula"
	"bespoke/internal/near"
	"bespoke/model"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/train"
	"bespoke/tune"
	"bespoke/value"
	"bespoke/zoo"
)

// Learning is what Learn needs: rows with roles, how they are split, and the
// scenario.
type Learning struct {
	Scenario scenario.Scenario
	// Table has one target column without missing values.
	Table *table.Table
	Task  model.Task
	// Queries are the numbers of the rows' queries; nil but for a ranking.
	Queries []int32
	// Split gives the development rows and their folds; test rows are never
	// touched.
	Split table.Split
	// Threads is how many goroutines may work at once.
	Threads int
	// Store keeps finished trials; nil keeps none.
	Store *runs.Run
	// Key is the content key of the table.
	Key string
	// Report is told of progress.
	Report runs.Reporter

	// steps repeats a guided search that the clock ended; see tune.Search.
	steps int
}

// Learnt is the outcome of Learn: everything that was chosen on development
// rows.
type Learnt struct {
	Problem *train.Problem
	Plan    design.Plan
	// Gains are the steps of derived features that were tried; nil where the
	// scenario asks for none.
	Gains  []train.Gain
	Search *tune.Outcome
	Metric evaluate.Metric
	// Payoffs are those of the scenario, before a spread or review price; nil
	// without a value section.
	Payoffs *value.Payoffs
	// Technology is the most accurate choice, Scenario the one that earns most.
	// They are the same Choice when both are the same trial.
	Technology, Scenario *Choice
	// Student is what a committee that broke a limit was distilled into, whether
	// it is taken or not; nil where none was made.
	Student *Choice

	// judged are the rows with out-of-fold predictions, which are the same for
	// every trial, and truth their targets.
	judged  *table.Table
	truth   []float64
	queries []int32
	// dropped is the committee that was taken and broke a limit; nil without.
	dropped *tune.Committee
	// refitted are the trials that were learnt again, by number.
	refitted map[int]*train.Fitted
}

// held joins out-of-fold predictions with the truth.
func (out *Learnt) held(predictions []float64) evaluate.Held {
	return evaluate.Held{
		Task: out.Problem.Task, Outcomes: out.Problem.Outcomes, Truth: out.truth, Predictions: predictions,
		Queries: out.queries, Top: out.Problem.Top,
	}
}

// Choice is a trial, the mean or stack of several, or the student of one,
// refitted on all development rows.
type Choice struct {
	// Trial is what was refitted; for a committee see tune.Outcome.Chosen.
	Trial *tune.Trial
	// Committee lists the trials of a mean or a stack; nil for a single one.
	Committee *tune.Committee
	// Student is what a committee was distilled into; nil where it was not.
	Student  *tune.Student
	Solution *solution.Solution
	// Rounds is how many rounds the refit took; 0 when the model has none.
	Rounds int
}

// Learn designs, searches, calibrates and refits on development rows.
func Learn(ctx context.Context, l Learning) (*Learnt, error) {
	out, err := l.try(ctx)
	if err != nil {
		return nil, err
	}
	if out.Scenario, err = l.committee(ctx, out); err != nil {
		return nil, err
	}
	if out.Scenario == nil {
		if out.Scenario, err = l.alone(ctx, out); err != nil {
			return nil, err
		}
	}
	out.Technology = out.Scenario
	if out.Scenario.Committee != nil || out.Scenario.Student != nil || out.Search.Technology != out.Search.Scenario {
		if out.Technology, err = l.refit(ctx, out, out.Search.Technology); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// try is Learn up to the two choices, without refitting them.
func (l Learning) try(ctx context.Context) (*Learnt, error) {
	out := &Learnt{}
	var err error
	if out.Problem, err = l.problem(); err != nil {
		return nil, err
	}
	rows := train.NewOutOfFold(l.Split, 0).Rows
	out.judged, out.truth = l.Table.View(rows), pick(out.Problem.Y, rows)
	if out.Problem.Queries != nil {
		out.queries = pick(out.Problem.Queries, rows)
	}
	if out.Payoffs, err = l.payoffs(out.Problem); err != nil {
		return nil, err
	}
	if out.Problem.Stakes, err = l.stakes(out); err != nil {
		return nil, err
	}
	if out.Metric, err = evaluate.MetricFor(l.Scenario.Evaluate.Metric, l.Task); err != nil {
		return nil, err
	}
	out.Metric = out.Metric.At(l.Scenario.Evaluate.First())
	return out, l.search(ctx, out)
}

// committee refits the committee where it is taken; nil where it is not, or
// where it breaks a limit. A guided search then tries one with fewer members.
func (l Learning) committee(ctx context.Context, out *Learnt) (*Choice, error) {
	c := out.Search.Committee
	for c != nil && c.Taken {
		choice, err := l.refitMean(ctx, out, c)
		if err != nil {
			return nil, err
		}
		limits, err := measure(l.Scenario.Limits, choice.Solution, l.Table, l.Split.Development)
		if err != nil {
			return nil, err
		}
		if c.Dropped = brokenLimits(limits); c.Dropped == "" {
			return choice, nil
		}
		l.Report.Warn("train", fmt.Sprintf("the %s is dropped: %s", choice.Trial.Candidate.Label, c.Dropped))
		if out.dropped == nil {
			out.dropped = c
		}
		if again, err := out.Search.Fewer(len(c.Members) - 1); err != nil {
			return nil, err
		} else if fewer := out.Search.Committee; again && fewer != nil {
			c = fewer
			continue
		}
		c.Taken, c.Reason = false, "it breaks a limit: "+c.Dropped
		out.Search.Committee = c
	}
	return nil, nil
}

// mostRefits is how many candidates are refitted to find one within the limits.
const mostRefits = 6

// feasible refits the scenario's choice and, where it breaks a limit, drops it
// with the reason and takes the next one. When none of the first few is within
// the limits the first stays, for the gate to stop at, and it is false.
func (l Learning) feasible(ctx context.Context, out *Learnt) (*Choice, bool, error) {
	var first *Choice
	for n, trial := range out.Search.Ranked() {
		if n == mostRefits {
			break
		}
		c, err := l.refit(ctx, out, trial)
		if err != nil {
			return nil, false, err
		}
		limits, err := measure(l.Scenario.Limits, c.Solution, l.Table, l.Split.Development)
		if err != nil {
			return nil, false, err
		}
		broken := brokenLimits(limits)
		if broken == "" {
			out.Search.Scenario = trial
			return c, true, nil
		}
		if first == nil {
			first = c
		}
		c.Trial.Dropped = broken
		l.Report.Warn("train", fmt.Sprintf("%s is dropped: %s", c.Trial.Candidate.Label, broken))
	}
	first.Trial.Dropped = ""
	return first, false, nil
}

func (l Learning) problem() (*train.Problem, error) {
	p, err := train.NewProblem(l.Table, l.Task, zoo.All, l.Scenario.Seed)
	if err != nil {
		return nil, err
	}
	p.Forward = l.Split.Forward
	if v := l.Scenario.Value; v != nil {
		p.Actions = len(v.Actions)
	}
	if l.Task == model.Ranking {
		if err := p.Rank(l.Scenario.Data.Query, l.Queries, l.Scenario.Evaluate.First()); err != nil {
			return nil, err
		}
	}
	for name, c := range l.Scenario.Data.Columns {
		if c.Monotone == "" {
			continue
		}
		if p.Monotone == nil {
			p.Monotone = map[string]int8{}
		}
		p.Monotone[name] = 1
		if c.Monotone == "down" {
			p.Monotone[name] = -1
		}
	}
	p.Wide = wideText(l.Scenario.Features)
	p.Interactions = l.Scenario.Data.Interactions
	return p, checkInteractions(l.Table, p.Interactions)
}

// checkInteractions says which columns of data.interactions are no features.
// Columns that are left out for what is in them are no mistake of the scenario.
func checkInteractions(t *table.Table, sets [][]string) error {
	for _, set := range sets {
		for _, name := range set {
			c, ok := t.Column(name)
			switch {
			case !ok:
				return fmt.Errorf("data: interactions: no column %q; there are %q%s", name, t.Names(), near.Hint(name, t.Names()))
			case c.Role != table.Feature && c.Role != table.Ignored:
				return fmt.Errorf("data: interactions: column %q has the role %v; only features act on predictions", name, c.Role)
			}
		}
	}
	return nil
}

// payoffs compiles the scenario's value section for the table, with fallbacks
// for missing cells from the development rows.
func (l Learning) payoffs(p *train.Problem) (*value.Payoffs, error) {
	payoffs, err := Compile(l.Scenario, l.Table.Schema(), l.Task, p.Outcomes)
	if err != nil || payoffs == nil {
		return nil, err
	}
	return payoffs.WithFill(formula.Fallbacks(l.Table.View(l.Split.Development), payoffs.Columns()))
}

// stakes are the money at stake by table row, of development rows alone; nil
// without payoffs and for regression.
func (l Learning) stakes(out *Learnt) ([]float64, error) {
	if out.Payoffs == nil || !l.Task.Classes() {
		return nil, nil
	}
	dev := l.Split.Development
	stakes, err := out.Payoffs.Stakes(l.Table.View(dev), pick(out.Problem.Y, dev), l.Threads)
	if err != nil {
		return nil, err
	}
	all := make([]float64, l.Table.Rows())
	for i, r := range dev {
		all[r] = stakes[i]
	}
	return all, nil
}

// refitShare is one over the share of a time budget that is kept for learning
// what is chosen again from all development rows.
const refitShare = 7

func (l Learning) search(ctx context.Context, out *Learnt) error {
	p := out.Problem
	dev := l.Split.Development
	var stakes []float64
	if p.Stakes != nil {
		stakes = pick(p.Stakes, dev)
	}
	facts := design.FactsOf(l.Table.View(dev), l.Task, pick(p.Y, dev), len(p.Outcomes), stakes)
	facts.Monotone = len(p.Monotone) > 0
	entries, err := design.Narrow(zoo.All, l.Scenario.Design)
	if err != nil {
		return err
	}
	if out.Plan, err = design.Propose(facts, zoo.All, l.Scenario.Design); err != nil {
		return err
	}
	begin, budget := time.Now(), l.Scenario.Budget
	all := fmt.Sprintf("%d trials in all", max(budget.Trials, len(out.Plan.Candidates)))
	if budget.Guided() {
		if out.Plan, err = design.Portfolio(out.Plan, entries, l.Scenario.Design); err != nil {
			return err
		}
		all = fmt.Sprintf("%d trials at most", budget.Trials)
	}
	if budget.Time > 0 {
		all = budget.Time.String() + " of time"
	}
	l.Report.Tell(runs.Event{Stage: "design", Message: fmt.Sprintf("%d candidates proposed, %s", len(out.Plan.Candidates), all)})
	if out.Gains, err = l.gains(ctx, out); err != nil {
		return err
	}
	if budget.Time > 0 { // the gains are part of the search
		budget.Time = max(1, budget.Time-budget.Time/refitShare-scenario.Duration(time.Since(begin)))
	}
	p.Extras = train.KeptOf(out.Gains)
	l.bound(p, out.Plan.Candidates, max(budget.Trials, len(out.Plan.Candidates)))
	s := &tune.Search{
		Problem: p, Split: l.Split, Candidates: out.Plan.Candidates, Models: searched(entries, out.Plan.Candidates),
		Budget: budget, Judge: l.judge(out), HigherIsBetter: out.Metric.Higher, Metric: out.metricOf, Committee: l.Scenario.Design.Committee,
		Threads: l.Threads, Store: l.Store, Key: l.Key, Report: l.Report, Steps: l.steps,
	}
	out.Search, err = s.Run(ctx)
	return err
}

// searched lists the entries of the candidates that have something to search.
func searched(entries []model.Entry, candidates []model.Candidate) []model.Entry {
	var out []model.Entry
	for _, e := range entries {
		used := slices.ContainsFunc(candidates, func(c model.Candidate) bool { return c.Model == e.Name })
		if used && slices.ContainsFunc(e.Params, model.Param.Varies) {
			out = append(out, e)
		}
	}
	return out
}

// Refit learns any trial of a finished search again from all development rows,
// for studies of how the trials that were not chosen would have done.
func (l Learning) Refit(ctx context.Context, learnt *Learnt, trial int) (*Choice, error) {
	return l.refit(ctx, learnt, trial)
}

// refit learns a trial's candidate from all development rows and completes the
// solution with calibration and payoffs.
func (l Learning) refit(ctx context.Context, out *Learnt, trial int) (*Choice, error) {
	t := out.Search.Trials[trial]
	fitted, err := l.fit(ctx, out, t)
	if err != nil {
		return nil, err
	}
	return l.complete(out, &Choice{Trial: t, Rounds: fitted.Rounds}, *fitted.Solution)
}

// fit learns a trial's candidate from all development rows, once.
func (l Learning) fit(ctx context.Context, out *Learnt, t *tune.Trial) (*train.Fitted, error) {
	if fitted, ok := out.refitted[t.Number]; ok {
		return fitted, nil
	}
	l.Report.Tell(runs.Event{Stage: "train", Message: fmt.Sprintf("%s again, on all %d development rows", t.Candidate.Label, len(l.Split.Development))})
	fitted, err := out.Problem.Fit(ctx, t.Candidate, l.Split.Development, train.Options{Threads: l.Threads, Rounds: t.Rounds})
	if err != nil {
		return nil, err
	}
	if out.refitted == nil {
		out.refitted = map[int]*train.Fitted{}
	}
	out.refitted[t.Number] = fitted
	return fitted, nil
}

// refitMean learns the members of the committee from all development rows and
// joins them into one solution, with one calibration, learnt from the mean's
// out-of-fold predictions.
func (l Learning) refitMean(ctx context.Context, out *Learnt, c *tune.Committee) (*Choice, error) {
	var parts []*solution.Solution
	for _, m := range c.Members {
		fitted, err := l.fit(ctx, out, out.Search.Trials[m.Trial])
		if err != nil {
			return nil, err
		}
		parts = append(parts, fitted.Solution)
	}
	mean, err := out.teacher(c).joined(parts)
	if err != nil {
		return nil, err
	}
	return l.complete(out, &Choice{Trial: out.Search.Chosen(), Committee: c}, *mean)
}

// complete adds calibration and payoffs to a refitted solution.
func (l Learning) complete(out *Learnt, c *Choice, s solution.Solution) (*Choice, error) {
	payoffs, err := l.settled(out, c.Trial)
	if err != nil {
		return nil, err
	}
	s.Calibration = c.Trial.Calibrated().Map
	c.Solution = s.Complete(l.Table.Schema(), payoffs)
	return c, nil
}

func pick[T any](from []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = from[r]
	}
	return out
}
