package value

import (
	"math"
	"slices"

	"bespoke/allocate"
	"bespoke/table"
)

// A policy is a choice: one action's number per row. The methods below make
// the policies that are worth comparing and the money they bring.

// Choose is the model's policy: the action with the most expected money in each
// row after the rent of what is scarce, the first in file order where several
// have it; an action that takes something must be better by more than rounding.
// Tops hold among all rows. nil without predictions.
func (s *Sheet) Choose() []int {
	if s.Expected == nil {
		return nil
	}
	p, prices := s.limits.problem(s.Expected, s.Rows, nil)
	return p.Choose(prices)
}

func (s *Sheet) row(money []float64, i int) []float64 {
	n := len(s.Actions)
	return money[i*n : (i+1)*n]
}

// Profit is the realised money per row of a choice that the model makes: the
// money of the action less the cost per decision. nil without truth.
func (s *Sheet) Profit(choice []int) []float64 {
	return pick(s.Realised, choice, len(s.Actions), s.PerDecision)
}

// Money is the realised money per row of a choice that needs no model, so that
// the cost per decision is not due. nil without truth.
func (s *Sheet) Money(choice []int) []float64 { return pick(s.Realised, choice, len(s.Actions), 0) }

// Promise is the expected money per row of a choice that the model makes, less
// the cost per decision. nil without predictions.
func (s *Sheet) Promise(choice []int) []float64 {
	return pick(s.Expected, choice, len(s.Actions), s.PerDecision)
}

func pick(money []float64, choice []int, width int, cost float64) []float64 {
	if money == nil {
		return nil
	}
	out := make([]float64, len(choice))
	for i, a := range choice {
		out[i] = money[i*width+a] - cost
	}
	return out
}

// Best is the choice of a model that knows every outcome, within the limits. A
// person is never asked, because there is nothing to find out. nil without
// truth.
func (s *Sheet) Best() []int {
	if s.best == nil || !s.Limited() {
		return ints(s.best)
	}
	return allocate.Solve(s.knowing()).Choice
}

// Perfect is the money per row of a model that knows every outcome, less the
// cost per decision: its mean is the upper bound of that of Profit. nil without
// truth.
//
// Where resources limit actions the bound is that of the relaxation, in which a
// row may be split between actions: a call centre that can call 500 of 40,000
// cannot earn what 40,000 calls would. The money of a row is then that of its
// best action, less the rent of what this takes, plus the row's even part of all
// rents. So the mean is the bound, and differences of means over other rows
// like these vary as the bound itself does.
func (s *Sheet) Perfect() []float64 {
	if s.oracle == nil {
		return nil
	}
	money := s.oracle
	if s.Limited() {
		money = s.perfect()
	}
	out := make([]float64, s.Rows)
	for i, v := range money {
		out[i] = v - s.PerDecision
	}
	return out
}

// Certain is the choice of somebody who takes the most probable outcome, or
// the predicted number, for certain and acts on it: the usual cut-off of one
// half, blind to what mistakes cost. nil without predictions.
func (s *Sheet) Certain() []int { return ints(s.certain) }

// Today is the choice of today's rule; nil when the scenario has none.
func (s *Sheet) Today() []int { return ints(s.today) }

func ints(v []int32) []int {
	if v == nil {
		return nil
	}
	out := make([]int, len(v))
	for i, x := range v {
		out[i] = int(x)
	}
	return out
}

// Constant is the choice of one action in all rows.
func (s *Sheet) Constant(action int) []int {
	out := make([]int, s.Rows)
	for i := range out {
		out[i] = action
	}
	return out
}

// Constants lists the actions that can be taken in all rows without a model:
// all but reviews and those whose payoff reads the prediction.
func (s *Sheet) Constants() []int {
	var out []int
	for a := range s.Actions {
		if a != s.review && !s.needsModel[a] {
			out = append(out, a)
		}
	}
	return out
}

// BestConstant is the action of Constants that brought the most money and its
// money in total, within the limits (see Always); action -1 and 0 when there is
// none. nil truth gives -1.
func (s *Sheet) BestConstant() (action int, total float64) {
	action = -1
	if s.Realised == nil {
		return action, 0
	}
	for _, a := range s.Constants() {
		if sum := Sum(s.Always(a).Money); action < 0 || sum > total {
			action, total = a, sum
		}
	}
	return action, total
}

// DoNothing is the first action whose payoffs are all the number zero, or -1.
func (s *Sheet) DoNothing() int { return s.doNothing }

// Review is the number of the action that asks a person, or -1.
func (s *Sheet) Review() int { return s.review }

// Ideal is the expected money per row if the outcome were known before
// deciding, before the cost per decision; EVPI is what it adds. Where something
// has a price, its mean bounds what a model that knows every outcome is expected
// to earn within the limits: each row pays rent and gets its even part of all
// rents. nil without predictions.
func (s *Sheet) Ideal() []float64 {
	out := slices.Clone(s.ideal)
	back := 0.0
	for _, r := range s.limits.resources {
		if r.price > 0 && !math.IsInf(r.share, 1) {
			back += r.price * r.share
		}
	}
	for i := range out {
		out[i] += back
	}
	return out
}

// EVPI is the expected value of perfect information per row: what knowing the
// outcome would add to the best action without review, at the prices of what is
// scarce. It is never negative beyond rounding, unless payoffs read the
// prediction, and bounds what any further data, label, model or reviewer can be
// worth. nil without predictions.
func (s *Sheet) EVPI() []float64 {
	if s.Expected == nil {
		return nil
	}
	out := make([]float64, s.Rows)
	for i := range out {
		out[i] = s.ideal[i] - s.most(s.Expected, i)
	}
	return out
}

// most is the largest money of a row's actions without review, after rent.
func (s *Sheet) most(money []float64, i int) float64 {
	row := s.unaided(money, i)
	if !s.limits.priced {
		return slices.Max(row)
	}
	out := math.Inf(-1)
	for a, v := range row {
		out = max(out, v-s.limits.rent(i, a))
	}
	return out
}

// Loss is, per row, what a choice falls short of a model that knows every
// outcome, at the prices of what is scarce: expected by the predictions, and in
// truth. Both are never negative beyond rounding (where payoffs read the
// prediction, being wrong can pay), do not change when a payoff is shifted by the
// same amount for all actions, and have the same mean when the predictions are
// right. nil where the sheet lacks predictions or truth.
func (s *Sheet) Loss(choice []int) (expected, realised []float64) {
	if s.Expected != nil {
		expected = make([]float64, s.Rows)
		for i, a := range choice {
			expected[i] = s.ideal[i] - (s.row(s.Expected, i)[a] - s.limits.rent(i, a))
		}
	}
	if s.Realised != nil {
		realised = make([]float64, s.Rows)
		for i, a := range choice {
			best := s.oracle[i]
			if s.limits.priced {
				best = max(s.most(s.Realised, i), best-s.limits.rent(i, int(s.best[i])))
			}
			realised[i] = best - (s.row(s.Realised, i)[a] - s.limits.rent(i, a))
		}
	}
	return expected, realised
}

// unaided is the money of a row's actions without review.
func (s *Sheet) unaided(money []float64, i int) []float64 {
	row := s.row(money, i)
	if s.review >= 0 {
		return row[:s.review]
	}
	return row
}

// Advantage is, per row, the expected money of the best action other than the
// reference, less that of the reference, and that action. Sorted by it, the
// rows are in the order in which acting is worth most. Reviews are left out.
// The slices are nil without predictions or when there is no other action.
func (s *Sheet) Advantage(reference int) (gain []float64, action []int) {
	if s.Expected == nil || len(s.unaided(s.Expected[:len(s.Actions)], 0)) < 2 {
		return nil, nil
	}
	gain, action = make([]float64, s.Rows), make([]int, s.Rows)
	for i := range gain {
		row := s.unaided(s.Expected, i)
		best := -1
		for a, v := range row {
			if a != reference && (best < 0 || v > row[best]) {
				best = a
			}
		}
		gain[i], action[i] = row[best]-row[reference], best
	}
	return gain, action
}

// Stakes is the money at stake in each row, given its true class: the payoff of
// the best action if the class is known, minus what is earned instead by the
// action that would be best for another class, averaged over the other classes.
// With two classes it is what a wrong answer costs: where granting a bad loan
// loses 5 and refusing a good one loses 1, stakes are 5 in bad rows and 1 in
// good ones. It is never negative, and 0 where both classes want the same
// action. Reviews and the cost per decision do not enter.
//
// It is what training for money weighs rows by; it needs outcomes, so that it
// can be computed of rows to learn from and of no others. The mean over the
// other classes is our extension of the two-class rule of Elkan, "The
// foundations of cost-sensitive learning" (2001), section 1.
//
// truth holds class indices. Regression, a truth of another length and rows
// whose payoffs have no value are errors. The result has the same bits for any
// number of threads.
func (p *Payoffs) Stakes(t *table.Table, truth []float64, threads int) ([]float64, error) {
	if p.numeric() {
		return nil, fail("", "", "stakes: the target is a number; stakes are of classes")
	}
	if len(truth) != t.Rows() {
		return nil, fail("", "", "stakes: %d true outcomes, want %d, one per row", len(truth), t.Rows())
	}
	out := make([]float64, len(truth))
	found, err := p.parallel(t, threads, func(w *worker) {
		lanes := truth[w.b.First : w.b.First+w.b.Lanes]
		if w.truths(lanes) {
			w.classes()
			w.stakes(lanes, out[w.b.First:])
		}
	})
	if err != nil {
		return nil, err
	}
	if err := p.rowError(found, t); err != nil {
		return nil, err
	}
	return out, nil
}

// stakes writes the stakes of the worker's rows.
func (w *worker) stakes(truth, out []float64) {
	states, size := w.p.states, w.size
	for i, v := range truth {
		y, lost := int(v), 0.0
		for c := range states {
			if c != y {
				lost += w.perfect[y*size+i] - w.money[(int(w.best[c*size+i])*states+y)*size+i]
			}
		}
		out[i] = lost / float64(states-1)
	}
}
