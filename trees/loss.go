package trees

import (
	"fmt"
	"math"

	"bespoke/model"
	"bespoke/objective"
)

// warmth is for how many rounds, times the learning rate, boosting for expected
// loss follows the log-loss with the same weights first: as far as a score can
// go in them, in log-odds. From the priors alone, rows are pushed to the side of
// the dear answer before anything is known about them, and where they are pushed
// far their gradient is gone; on development data (bench/quality/RESULTS.md) 6
// lost less money than 3 or 0. It does not hang on the number of rounds, so that
// a refit with the rounds that early stopping found goes the same way.
const warmth = 6.0

// objectivesFor is the loss that the settings ask for, and the one, if any, that
// the first rounds follow. queries says that the rows are to be ranked in them.
func objectivesFor(s *settings, task model.Task, queries bool) (loss, warm *objective.Objective, err error) {
	if s.own != nil {
		return ownObjective(s, task)
	}
	name := s.objective
	if name == "auto" && queries {
		name = "lambdarank"
	}
	loss, err = objective.Find(name, task)
	if err == nil && s.stakes == model.StakesExpected {
		if dear := objective.Expected(task); dear != nil {
			return dear, loss, nil
		}
	}
	if err == nil && s.stepped {
		loss = loss.Stepped()
	}
	return loss, nil, err
}

// ownObjective is the loss of FitWith.
func ownObjective(s *settings, task model.Task) (loss, warm *objective.Objective, err error) {
	if s.stakes != model.StakesNone {
		return nil, nil, fmt.Errorf("parameter %s: %q does not go with a loss of one's own", model.StakesParam, s.stakes)
	}
	if !s.own.Fits(task) {
		return nil, nil, fmt.Errorf("the loss given does not fit the task %s", task)
	}
	if _, err := objective.Find(s.own.Name, task); err != nil {
		return nil, nil, fmt.Errorf("the loss given could not be loaded again: %w", err)
	}
	return s.own, nil, nil
}

// lossSettings are the parameters that losses need.
func lossSettings(p model.Params) objective.Settings {
	s := objective.Defaults()
	s.Alpha, s.Delta, s.Power = p.Number("alpha"), p.Number("delta"), p.Number("variance_power")
	s.Truncation, s.Plain = p.Int("truncation"), p.Choice("rank_norm") == "no"
	return s
}

// renew replaces the leaves' values by quantiles of the residuals in them, for
// losses whose second derivative says nothing about the best value. With
// monotone constraints the bounds are set anew from the quantiles of the
// children of each split, since the ones of growing are for other values.
func (b *booster) renew(t *Tree) {
	alpha := b.obj.Renew(&b.tgt)
	if !b.grow.find.bounded {
		b.renewLeaves(t, alpha)
	} else {
		b.renewBounded(t, alpha, 0, math.Inf(-1), math.Inf(1))
	}
	// What a split would have added as a leaf is the mean of its children.
	for i := len(t.Nodes) - 1; i >= 0; i-- {
		if n := &t.Nodes[i]; !n.Leaf() {
			l, r := &t.Nodes[n.Left], &t.Nodes[n.Right]
			n.Value = (l.Value*l.Cover + r.Value*r.Cover) / (l.Cover + r.Cover)
		}
	}
}

func (b *booster) renewLeaves(t *Tree, alpha float64) {
	for i := range b.grow.leaves {
		at := b.grow.leaves[i].at
		t.Nodes[at].Value = b.s.rate * b.residual(b.grow.spans[at], alpha)
	}
}

// residual is the quantile of the residuals of the rows in a span, refined if
// the loss can.
func (b *booster) residual(s span, alpha float64) float64 {
	rows, score := b.grow.rows[s.lo:s.hi], b.scores()
	x := b.quantile.OfResiduals(&b.tgt, score, rows, alpha)
	if b.obj.Refine != nil {
		return b.obj.Refine(&b.tgt, score, rows, x)
	}
	return x
}

// renewBounded renews the leaves below node at within bounds.
func (b *booster) renewBounded(t *Tree, alpha float64, at int32, low, high float64) {
	n := &t.Nodes[at]
	if n.Leaf() {
		n.Value = b.s.rate * clamp(b.residual(b.grow.spans[at], alpha), low, high)
		return
	}
	monotone := b.in.X.Features[n.Feature].Monotone
	if monotone == 0 {
		b.renewBounded(t, alpha, n.Left, low, high)
		b.renewBounded(t, alpha, n.Right, low, high)
		return
	}
	left := clamp(b.residual(b.grow.spans[n.Left], alpha), low, high)
	right := clamp(b.residual(b.grow.spans[n.Right], alpha), low, high)
	m := objective.Middle(left, right)
	if monotone > 0 {
		b.renewBounded(t, alpha, n.Left, low, m)
		b.renewBounded(t, alpha, n.Right, m, high)
	} else {
		b.renewBounded(t, alpha, n.Left, m, high)
		b.renewBounded(t, alpha, n.Right, low, m)
	}
}

func clamp(x, low, high float64) float64 { return math.Min(math.Max(x, low), high) }

// weightedSum is the sum of the sizes of x from lo to hi-1, times the weights if
// there are any; 0 without x. Four sums are under way at a time, since each
// addition would wait for the one before.
func weightedSum(x, w []float64, lo, hi int) float64 {
	if x == nil {
		return 0
	}
	x = x[lo:hi]
	sum := [4]float64{}
	if w != nil {
		for i, w := range w[lo:hi] {
			sum[i%4] += w * math.Abs(x[i])
		}
		return sum[0] + sum[1] + (sum[2] + sum[3])
	}
	for ; len(x) >= 4; x = x[4:] {
		sum[0] += math.Abs(x[0])
		sum[1] += math.Abs(x[1])
		sum[2] += math.Abs(x[2])
		sum[3] += math.Abs(x[3])
	}
	for _, x := range x {
		sum[0] += math.Abs(x)
	}
	return sum[0] + sum[1] + (sum[2] + sum[3])
}
