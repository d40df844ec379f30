package pipeline

import (
	"context"
	"fmt"
	"math"

	"bespoke/evaluate"
	"bespoke/model"
	"bespoke/table"
)

// figures are the options of every held-out figure.
func (f *flow) figures() evaluate.Options {
	o := evaluate.Options{
		Resamples: f.scenario.Evaluate.Bootstrap, Level: float64(f.scenario.Evaluate.Confidence), Seed: f.scenario.Seed,
		Threads: f.threads(), Currency: f.scenario.Need.Currency, Volume: f.scenario.Need.Volume.PerMonth(),
	}
	o.Groups = f.groupsOf(f.split.Test)
	if o.Groups == nil && f.blocks != nil {
		o.Groups = f.blocks.Groups
	}
	return o
}

// groupsOf numbers the groups of rows that belong together; nil where rows are
// independent.
func (f *flow) groupsOf(rows []int) []int {
	name := f.scenario.Data.By().Group
	if c, ok := f.table.Column(name); ok && name != "" {
		return groups(c, rows)
	}
	return nil
}

// queriesOf are the query numbers of rows; nil but for a ranking.
func (f *flow) queriesOf(rows []int) []int32 {
	if f.queries == nil {
		return nil
	}
	return pick(f.queries, rows)
}

// groups numbers the values of a column over the rows, in order of appearance.
func groups(c *table.Column, rows []int) []int {
	number := map[any]int{}
	out := make([]int, len(rows))
	for i, r := range rows {
		v := c.Value(r)
		if _, seen := number[v]; !seen {
			number[v] = len(number)
		}
		out[i] = number[v]
	}
	return out
}

// block cuts the test rows of a split by time into blocks that are resampled
// together, as long as what is counted on them is alike in neighbouring rows.
func (f *flow) block(c evaluate.Contender) error {
	name := f.scenario.Data.Split.By.Time
	column, ok := f.table.Column(name)
	if !ok || name == "" {
		return nil
	}
	when := make([]float64, len(f.split.Test))
	for i, r := range f.split.Test {
		switch {
		case column.Missing(r):
			return nil
		case column.Kind == table.Time:
			when[i] = float64(column.Times[r])
		case column.Kind == table.Number:
			when[i] = column.Numbers[r]
		default:
			return nil
		}
	}
	var err error
	f.blocks, err = evaluate.TimeBlocks(when, 0, counted(c)...)
	return err
}

// counted are what is counted per held-out row: money, and how far predictions
// are from the truth.
func counted(c evaluate.Contender) [][]float64 {
	loss := make([]float64, c.Held.Rows())
	for i, y := range c.Held.Truth {
		if !c.Held.Task.Classes() {
			d := c.Held.Row(i)[0] - y
			loss[i] = d * d
			continue
		}
		loss[i] = -math.Log(max(c.Held.Row(i)[int(y)], 1e-15))
	}
	out := [][]float64{loss}
	if c.Sheet == nil {
		return out
	}
	profit := c.Sheet.Profit(c.Sheet.Within(c.Sheet.Choose()))
	out = append(out, profit)
	if best, _ := c.Sheet.BestConstant(); best >= 0 {
		gain := c.Sheet.Always(best).Money
		for i := range gain {
			gain[i] = profit[i] - gain[i]
		}
		out = append(out, gain)
	}
	return out
}

// tuned adds what a single cut-off and a decision curve say.
func (f *flow) tuned(e *Evaluation, o evaluate.Options) error {
	var err error
	if e.Cutoff, err = evaluate.TuneCutoff(f.heldOut.Sheet, f.heldOut.Held, o); err != nil {
		return err
	}
	if f.heldOut.Held.Task == model.Binary {
		e.Benefit, err = evaluate.CurveOfBenefit(f.heldOut.Held, nil, o)
	}
	return err
}

// limited adds what the decisions take of what is limited, what the reviews
// bring, and what the uncertain parameters keep from being earned.
func (f *flow) limited(e *Evaluation) error {
	sheet, payoffs := f.heldOut.Sheet, f.learnt.Scenario.Solution.Payoffs
	choice := sheet.Within(sheet.Choose())
	e.Usage = sheet.Usage(choice)
	e.Desk = sheet.ReviewDesk(choice, f.scenario.Need.Currency)
	e.Uncertain = payoffs.Uncertain()
	if len(e.Uncertain) == 0 {
		return nil
	}
	var err error
	e.Revealed, err = payoffs.Revealed(f.table.View(f.split.Test), f.heldOut.Held.Predictions, f.heldOut.Held.Truth, f.options.Threads)
	return err
}

// selection says how much of the most money of the trials is luck, on the
// out-of-fold rows that chose.
func (f *flow) selection(e *Evaluation, o evaluate.Options) error {
	var money [][]float64
	var losses []float64
	for _, t := range f.learnt.Search.Trials {
		if t.Out() == "" && t.MoneyOf() != nil {
			money, losses = append(money, t.MoneyOf()), append(losses, t.Loss)
		}
	}
	if len(money) < 2 {
		return nil
	}
	rows := f.learnt.Search.Chosen().OutOfFold().Rows
	if o.Groups = f.groupsOf(rows); o.Groups != nil && len(distinct(o.Groups)) < 2 {
		return nil
	}
	var err error
	e.Selection, err = evaluate.Select(money, evaluate.WithinNoise(money, losses, 2, o), o)
	return err
}

func distinct(groups []int) map[int]bool {
	out := map[int]bool{}
	for _, g := range groups {
		out[g] = true
	}
	return out
}

// lessons lets the choice learn again from fewer rows.
func (f *flow) lessons(ctx context.Context, e *Evaluation, o evaluate.Options) error {
	l := f.learning()
	l.Store, l.Key = f.store, f.trialKey()
	sheet := f.heldOut.Sheet
	var err error
	if e.Learning, err = l.lessons(ctx, f.learnt, sheet.Profit(sheet.Within(sheet.Choose())), sheet.Perfect(), o); err != nil {
		return fmt.Errorf("pipeline: learning curve: %w", err)
	}
	return nil
}

// withoutColumns lets the choice learn again without each of the most important
// columns.
func (f *flow) withoutColumns(ctx context.Context, x *Explanation) error {
	if f.heldOut.Sheet == nil {
		return nil
	}
	var names []string
	for _, c := range x.Importances {
		if len(names) < f.scenario.Explain.Drop {
			names = append(names, c.Column)
		}
	}
	if len(f.table.ByRole(table.Feature)) < 2 {
		return nil // without its only column a model is the baseline
	}
	l := f.learning()
	l.Store, l.Key = f.store, f.trialKey()
	sheet := f.heldOut.Sheet
	var err error
	if x.Dropped, err = l.dropped(ctx, f.learnt, names, sheet.Profit(sheet.Within(sheet.Choose())), f.figures()); err != nil {
		return fmt.Errorf("pipeline: learning without a column: %w", err)
	}
	return nil
}
