package tune

import (
	"cmp"
	"fmt"
	"slices"

	"bespoke/ensemble"
	"bespoke/model"
	"bespoke/train"

	"gonum.org/v1/gonum/stat"
)

// Stacking is what a second level was worth: weights that need not be shares,
// fitted to the raw outputs of the trials (Wolpert 1992; weights of 0 or more:
// Breiman 1996, section 3), instead of shares that were drawn. The losses are of
// folds that took no part in the fit, as those of Nested are.
type Stacking struct {
	// Loss is the loss of the stack, Mean that of the committee's mean; for
	// classes the mean is brought to the best scale and constant on the same rows
	// as the stack, since its calibration does that as well.
	Loss float64 `json:"loss"`
	Mean float64 `json:"mean"`
	// Error is the standard error of the difference, as in Nested.
	Error float64 `json:"error"`
	// Reason says in a sentence why the stack is taken, or is not.
	Reason string `json:"reason"`
}

// stackErrors is by how many standard errors of the paired rows a stack must be
// better than the mean to be taken. The stack is one more way of choosing that
// is only kept where it wins: with two errors a stack that is worth nothing wins
// in about one of forty searches, with one in one of six.
const stackErrors = 2

// bag is a fold of the nested choice: the rows of the other folds, which chose,
// its own, which judge, and the weights by trial of the pool that were drawn on
// the first.
type bag struct {
	in, out []int
	weights []float64
}

// stack fits a second level to the trials of the pool and lets it take the place
// of the committee where it is better by more than noise on folds that took no
// part. What it is worth is judged by those folds alone: each is predicted by
// weights that were fitted on the others.
func (s *Search) stack(o *Outcome, pool []int, bags []bag, most int) error {
	c := o.Committee
	if c == nil || c.Nested == nil || len(bags) < 2 || s.Problem.Task == model.Ranking {
		return nil // an order has no loss by row to fit weights to
	}
	b, err := s.blend(o, pool)
	if err != nil {
		return err
	}
	var mean, stacked []float64
	judged := *o.Trials[o.Scenario].outOfFold
	judged.Predictions, judged.Rounds = make([]float64, len(b.y)*s.Problem.Outputs()), 0
	for _, f := range bags {
		l := b.on(f.in).level(s.Committee)
		if l == nil {
			return nil
		}
		reference := &level{weights: f.weights, intercepts: make([]float64, b.width)}
		if b.width > 1 || s.Problem.Outputs() > 1 {
			reference = b.on(f.in).scaled(f.weights)
		}
		mean = append(mean, b.on(f.out).lossesAt(reference)...)
		stacked = append(stacked, b.on(f.out).lossesAt(l)...)
		b.on(f.out).fill(l, judged.Predictions, s.Problem.Outputs())
	}
	against := s.nested(stacked, mean)
	c.Stack = &Stacking{Loss: against.Mean, Mean: against.Single, Error: against.Error}
	gain, noise := paired(mean, stacked)
	said := fmt.Sprintf("on folds that took no part in the fit the stack's loss is %.4g, the mean's %.4g", c.Stack.Loss, c.Stack.Mean)
	full := b.level(s.Committee)
	if full == nil || full.members() < 2 {
		c.Stack.Reason = said + "; fewer than two candidates have a weight"
		return nil
	}
	second, err := s.stacked(o, pool, full, &judged)
	if err != nil {
		return err
	}
	second.Stack, second.Nested = c.Stack, &Nested{Mean: c.Stack.Loss, Single: c.Nested.Single, Error: c.Nested.Error}
	second.Beside, c.Beside = c, second
	if gain <= stackErrors*noise {
		c.Stack.Reason = said + fmt.Sprintf(", not better by more than %d standard errors", stackErrors)
		return nil
	}
	c.Stack.Reason = said + fmt.Sprintf(", better by more than %d standard errors", stackErrors)
	o.Committee = second
	s.settleNested(o, most)
	if !second.Taken { // it may still earn less
		o.Committee, c.Stack.Reason = c, c.Stack.Reason+"; "+second.Reason
		return nil
	}
	second.Reason = c.Stack.Reason
	return nil
}

// stacked makes the committee of a second level, judged by the given
// predictions of folds by weights that they took no part in.
func (s *Search) stacked(o *Outcome, pool []int, l *level, judged *train.OutOfFold) (*Committee, error) {
	c := &Committee{Intercepts: l.intercepts, Members: membersOf(pool, l.weights)}
	var err error
	if c.Judged, err = s.judge(judged); err != nil {
		return nil, fmt.Errorf("tune: stack of %d candidates: %w", len(c.Members), err)
	}
	return c, nil
}

// level is a fitted second level: raw outputs are the intercepts plus the
// weighted raw outputs of the trials.
type level struct {
	weights    []float64 // by trial of the pool, 0 or more
	intercepts []float64 // per raw output
}

func (l *level) members() int {
	n := 0
	for _, w := range l.weights {
		n += btoi(w > 0)
	}
	return n
}

// level fits weights of all trials of the pool, keeps the most that matter, by
// weight times how much the trial's raw outputs differ from row to row, and fits
// those again. It is nil when the fit is not finite.
func (b *blend) level(most int) *level {
	all := b.fit(b.raw)
	if all == nil {
		return nil
	}
	matter := make([]float64, len(b.raw))
	for i, raw := range b.raw {
		if all.weights[i] > 0 {
			matter[i] = all.weights[i] * b.spread(raw)
		}
	}
	order := make([]int, len(matter))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(matter[j], matter[i]) })
	kept := slices.DeleteFunc(order[:min(most, len(order))], func(i int) bool { return matter[i] == 0 })
	slices.Sort(kept)
	raw := make([][]float64, len(kept))
	for i, at := range kept {
		raw[i] = b.raw[at]
	}
	few := b.fit(raw)
	if few == nil {
		return nil
	}
	out := &level{weights: make([]float64, len(b.raw)), intercepts: few.intercepts}
	for i, at := range kept {
		out.weights[at] = few.weights[i]
	}
	return out
}

// scaled is the weighted mean at the scale and with the constants that fit best.
func (b *blend) scaled(weights []float64) *level {
	mean := make([]float64, len(b.raw[0]))
	for i, w := range weights {
		for j, v := range b.raw[i] {
			if w > 0 {
				mean[j] += w * v
			}
		}
	}
	out := &level{weights: slices.Clone(weights), intercepts: make([]float64, b.width)}
	if l := b.fit([][]float64{mean}); l != nil {
		for i := range out.weights {
			out.weights[i] *= l.weights[0]
		}
		out.intercepts = l.intercepts
	}
	return out
}

// spread is the standard deviation of raw outputs over the rows, the mean over
// the outputs of a row.
func (b *blend) spread(raw []float64) float64 {
	total, column := 0.0, make([]float64, len(b.rows))
	for k := range b.width {
		for n, i := range b.rows {
			column[n] = raw[i*b.width+k]
		}
		total += stat.StdDev(column, nil)
	}
	return total / float64(b.width)
}

// at writes the level's raw outputs of row i into z.
func (b *blend) at(l *level, i int, z []float64) {
	copy(z, l.intercepts)
	b.addTo(z, l.weights, i)
}

// lossesAt is the loss of each row at a second level.
func (b *blend) lossesAt(l *level) []float64 {
	out, z := make([]float64, len(b.rows)), make([]float64, b.width)
	for n, i := range b.rows {
		b.at(l, i, z)
		out[n] = b.lossAt(z, b.y[i])
	}
	return out
}

// fill writes the level's predictions of the rows into those of all rows.
func (b *blend) fill(l *level, predictions []float64, outputs int) {
	z := make([]float64, b.width)
	for _, i := range b.rows {
		b.at(l, i, z)
		ensemble.FromRaw(z, predictions[i*outputs:(i+1)*outputs])
	}
}
