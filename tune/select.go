package tune

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"bespoke/ensemble"
	"bespoke/model"
)

// Nested is how well a way of choosing does on rows that took no part in it: for
// each fold it chose on the other folds. The losses are proper ones of raw
// outputs, before calibration: log-loss, or the root of the mean squared error.
type Nested struct {
	// Mean is the loss of the committee, Single that of the best single trial.
	Mean   float64 `json:"mean"`
	Single float64 `json:"single"`
	// Error is the standard error of the difference, by the rows' losses; for
	// numbers it is that of the squared errors.
	Error float64 `json:"error"`
}

// drawsPerMember is how many draws a guided search's committee takes for each
// member that it may have: with more draws than members weights need not be
// equal shares.
const drawsPerMember = 4

// bagged is the committee of a guided search: greedy selection with replacement
// as in committee, made once without each fold; the weights are the mean of
// those selections, which is what bagged selection is there for (Caruana and
// others 2004, section 2.3), with the folds as bags. The losses on the folds
// left out say, before anything is taken, what the mean and what the best single
// trial are worth on rows that did not choose them. Only the s.Committee largest
// weights stay. It returns the weights by trial of the pool, and the folds.
func (s *Search) bagged(o *Outcome, pool []int) ([]float64, *Nested, []bag, error) {
	fold := o.Trials[o.Scenario].outOfFold.Fold
	b, err := s.blend(o, pool)
	if err != nil {
		return nil, nil, nil, err
	}
	weights := make([]float64, len(pool))
	var mean, single []float64
	var bags []bag
	for f := range slices.Max(fold) + 1 {
		var in, out []int
		for i, g := range fold {
			if g == f {
				out = append(out, i)
			} else {
				in = append(in, i)
			}
		}
		if len(in) == 0 || len(out) == 0 {
			continue
		}
		w, first := b.on(in).bag(s.Committee)
		bags = append(bags, bag{in, out, w})
		mean = append(mean, b.on(out).lossesOf(w)...)
		alone := make([]float64, len(pool))
		alone[first] = 1
		single = append(single, b.on(out).lossesOf(alone)...)
		for i := range w {
			weights[i] += w[i]
		}
	}
	return largest(weights, s.Committee), s.nested(mean, single), bags, nil
}

// nested compares the losses of rows.
func (s *Search) nested(mean, single []float64) *Nested {
	n := &Nested{}
	n.Mean, _ = meanError(mean)
	n.Single, _ = meanError(single)
	_, n.Error = paired(single, mean)
	if s.Problem.Task == model.Regression {
		n.Mean, n.Single = math.Sqrt(n.Mean), math.Sqrt(n.Single)
	}
	return n
}

// Fewer chooses the committee of a guided search again, of at most so many
// members, for when it is too large or too slow. Where no mean of two or more is
// left, Committee is nil. Other searches keep their committee, and it is false.
func (o *Outcome) Fewer(members int) (bool, error) {
	if o.search == nil || !o.search.Budget.Guided() {
		return false, nil
	}
	s := *o.search
	s.Committee, o.Committee, o.search = members, nil, &s // Again keeps to it as well
	return true, s.committee(o, earnsMost(o.Trials))
}

// on is the selection on some of the rows.
func (b *blend) on(rows []int) *blend {
	out := &blend{task: b.task, y: b.y, raw: b.raw, width: b.width, threads: b.threads, rows: rows, sum: make([]float64, len(b.sum)), whole: b.whole}
	if b.whole != nil {
		out.orders = b.whole.Take(rows)
	}
	return out
}

// bag draws a committee of at most members trials. It begins with the trial that
// has the least loss of its own, the first of equals, which it returns as well.
func (b *blend) bag(members int) (weights []float64, first int) {
	first, _ = b.next()
	counts := b.growFrom(first, drawsPerMember*members)
	weights = make([]float64, len(counts))
	for i, n := range counts {
		weights[i] = float64(n)
	}
	return largest(weights, members), first
}

// largest keeps the n largest weights, the first of equals, as shares of their
// sum; others are 0.
func largest(weights []float64, n int) []float64 {
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(weights[j], weights[i]) })
	out, total := make([]float64, len(weights)), 0.0
	for _, i := range order[:min(n, len(order))] {
		total += weights[i]
	}
	for _, i := range order[:min(n, len(order))] {
		out[i] = weights[i] / total
	}
	return out
}

// lossesOf is the loss of each row, or query, of the weighted mean.
func (b *blend) lossesOf(weights []float64) []float64 {
	if b.orders != nil {
		return b.orders.Losses(b.scores(func(i int) (sum float64) {
			for j, w := range weights {
				sum += w * b.raw[j][i]
			}
			return sum
		}))
	}
	out, z := make([]float64, len(b.rows)), make([]float64, b.width)
	for n, i := range b.rows {
		clear(z)
		b.addTo(z, weights, i)
		out[n] = b.lossAt(z, b.y[i])
	}
	return out
}

// addTo adds the weighted raw outputs of row i to z.
func (b *blend) addTo(z, weights []float64, i int) {
	for j, w := range weights {
		for k := range z {
			if w > 0 {
				z[k] += w * b.raw[j][i*b.width+k]
			}
		}
	}
}

// membersOf are the trials of the pool with a weight, the heaviest first.
func membersOf(pool []int, weights []float64) []Member {
	var out []Member
	for i, w := range weights {
		if w > 0 {
			out = append(out, Member{Trial: pool[i], Weight: w})
		}
	}
	slices.SortStableFunc(out, func(a, b Member) int { return cmp.Compare(b.Weight, a.Weight) })
	return out
}

// join makes the committee of the weights by trial of the pool, judged by its
// out-of-fold predictions; nil when it has one member alone.
func (s *Search) join(o *Outcome, pool []int, weights []float64) (*Committee, error) {
	c := &Committee{Members: membersOf(pool, weights)}
	if len(c.Members) < 2 {
		return nil, nil
	}
	var predictions [][]float64
	var shares []float64
	for _, m := range c.Members {
		predictions, shares = append(predictions, o.Trials[m.Trial].outOfFold.Predictions), append(shares, m.Weight)
	}
	mean := *o.Trials[o.Scenario].outOfFold
	mean.Predictions, mean.Rounds = ensemble.Average(predictions, shares, s.Problem.Outputs()), 0
	var err error
	if c.Judged, err = s.judge(&mean); err != nil {
		return nil, fmt.Errorf("tune: mean of %d candidates: %w", len(c.Members), err)
	}
	return c, nil
}

// settleNested decides by the nested losses whether the committee is taken.
func (s *Search) settleNested(o *Outcome, most int) {
	c := o.Committee
	said := fmt.Sprintf("on folds that took no part in the choice the mean's loss is %.4g, the best single candidate's %.4g", c.Nested.Mean, c.Nested.Single)
	switch single := o.Trials[o.Scenario]; {
	case c.Nested.Mean >= c.Nested.Single:
		c.Reason = said
	case c.money == nil && s.better(single.Metric, c.Metric) && !s.alikeMetric(&single.Judged, &c.Judged):
		c.Reason = fmt.Sprintf("the mean's metric of %.4g is worse than the %.4g of the best single candidate, by more than noise", c.Metric, single.Metric)
	case c.money != nil && !alike(o.Trials[most].money, c.money):
		c.Reason = "the mean earns less than the candidate that earns most, by more than noise"
	default:
		c.Taken, c.Reason = true, said
	}
}
