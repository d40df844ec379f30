package value

import (
	"cmp"
	"math"
	"slices"
)

// A policy is a choice: one action's number per row. The methods below make
// the policies that are worth comparing and the money they bring.

// Choose is the model's policy: the action with the most expected money in each
// row, the first in file order where several have it. A review is chosen only
// where its gain over the best other action exceeds the review price. nil
// without predictions.
func (s *Sheet) Choose() []int {
	if s.Expected == nil {
		return nil
	}
	out := make([]int, s.Rows)
	for i := range out {
		out[i] = choose(s.row(s.Expected, i), s.review, s.reviewPrice)
	}
	return out
}

// choose is the best action of one row.
func choose(expected []float64, review int, price float64) int {
	if review < 0 {
		return argmax(expected)
	}
	if reviewGain(expected, review) > price {
		return review
	}
	return argmax(expected[:review])
}

// reviewGain is what a review is expected to bring beyond the best other
// action. A difference in the last bits is none, so that nobody is asked for
// the sake of rounding.
func reviewGain(expected []float64, review int) float64 {
	best := slices.Max(expected[:review])
	gain := expected[review] - best
	if math.Abs(gain) <= 1e-12*math.Abs(best) {
		return 0
	}
	return gain
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

// Best is the choice of a model that knows every outcome. A person is never
// asked, because there is nothing to find out. nil without truth.
func (s *Sheet) Best() []int { return ints(s.best) }

// Perfect is the money per row of a model that knows every outcome, less the
// cost per decision: the upper bound of Profit. nil without truth.
func (s *Sheet) Perfect() []float64 {
	if s.oracle == nil {
		return nil
	}
	out := make([]float64, s.Rows)
	for i, v := range s.oracle {
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
// money in total; action -1 and 0 when there is none. nil truth gives -1.
func (s *Sheet) BestConstant() (action int, total float64) {
	action = -1
	if s.Realised == nil {
		return action, 0
	}
	for _, a := range s.Constants() {
		sum := 0.0
		for i := range s.Rows {
			sum += s.Realised[i*len(s.Actions)+a]
		}
		if action < 0 || sum > total {
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
// deciding, before the cost per decision; EVPI is what it adds. nil without
// predictions.
func (s *Sheet) Ideal() []float64 { return slices.Clone(s.ideal) }

// EVPI is the expected value of perfect information per row: what knowing the
// outcome would add to the best action without review. It is never negative
// beyond rounding and bounds what any further data, label, model or reviewer
// can be worth. nil without predictions.
func (s *Sheet) EVPI() []float64 {
	if s.Expected == nil {
		return nil
	}
	out := make([]float64, s.Rows)
	for i := range out {
		out[i] = s.ideal[i] - slices.Max(s.unaided(s.Expected, i))
	}
	return out
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

// ReviewShare is the share of decisions, from 0 to 1, that reviewers can take:
// their capacity over the volume; 1 when either is not given, and without a
// review.
func (p *Payoffs) ReviewShare() float64 {
	r := p.config.Value.Review
	if r == nil || r.Capacity.Amount <= 0 || p.config.Volume.Amount <= 0 {
		return 1
	}
	return math.Min(1, r.Capacity.PerMonth()/p.config.Volume.PerMonth())
}

// reviewGains are the expected gains of a review over the best other action,
// row by row.
func (s *Sheet) reviewGains() []float64 {
	out := make([]float64, s.Rows)
	for i := range out {
		out[i] = reviewGain(s.row(s.Expected, i), s.review)
	}
	return out
}

// ReviewPrice learns from these rows the shadow price of a review: the smallest
// price at which Choose sends at most the share of rows to review. It is 0
// where the share suffices for every review worth its cost. WithReviewPrice
// applies it to later rows.
func (s *Sheet) ReviewPrice(share float64) float64 {
	if s.review < 0 || s.Expected == nil || s.Rows == 0 {
		return 0
	}
	gains := s.reviewGains()
	slices.Sort(gains)
	slices.Reverse(gains)
	k := int(share * float64(s.Rows))
	if k >= s.Rows {
		return 0
	}
	return math.Max(0, gains[max(0, k)])
}

// ChooseWithin is Choose with at most so many reviews: those with the largest
// gains, the earlier row first where gains are equal. shadow is the gain of the
// last review accepted when another one was refused, that is what one place
// less would lose; 0 when capacity was not short.
func (s *Sheet) ChooseWithin(reviews int) (choice []int, shadow float64) {
	if s.Expected == nil {
		return nil, 0
	}
	choice = make([]int, s.Rows)
	for i := range choice {
		choice[i] = argmax(s.unaided(s.Expected, i))
	}
	if s.review < 0 {
		return choice, 0
	}
	gains := s.reviewGains()
	order := make([]int, 0, s.Rows)
	for i, g := range gains {
		if g > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(gains[b], gains[a]) })
	short := len(order) > reviews
	if short {
		order = order[:max(0, reviews)]
	}
	for _, i := range order {
		choice[i] = s.review
	}
	if short && len(order) > 0 {
		shadow = gains[order[len(order)-1]]
	}
	return choice, shadow
}
