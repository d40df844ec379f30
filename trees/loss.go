package trees

import (
	"fmt"
	"math"
	"math/bits"

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

// scale turns gradients, hessians and weights into whole numbers and back.
//
// Whole numbers add up to the same sum in any order, so histograms do not
// depend on threads, blocks or the order of rows, and subtracting a child from
// its parent gives the other child to the bit. The factors are powers of two
// chosen from the sums over all rows: the sum of |gradient| takes 61 bits, the
// sum of weights weightBits and that of hessians the rest of 61. With a million
// rows a gradient is kept to 2^-41 of the mean |gradient| and a hessian to
// 2^-21 of the mean hessian; float32, which LightGBM uses, keeps 2^-24 of each
// number. A sum can not overflow.
//
// Weights that are whole numbers (or absent) are exact. Others are rounded to
// 2^-26 of their sum or finer. When the hessian of every row is its weight, h
// is the weight alone, with up to 61 bits.
type scale struct {
	// shift is how many lower bits of h hold the weight; 0 when h is both.
	shift uint
	// mask selects the weight in h.
	mask int64
	// whole says that weights are whole numbers. They then multiply what was
	// rounded, so that a row of weight 2 adds the same as two rows of weight 1.
	whole bool
	// toG, toH and toW are the factors to whole numbers; g, h and w are their
	// inverses.
	toG, toH, toW float64
	g, h, w       float64
}

const sumBits = 61

// scaleWeights sets the part of the scale that is the same in all rounds.
func (s *scale) scaleWeights(w []float64, rows int, constant bool) {
	most := 26
	if constant {
		most = sumBits
	}
	total, whole := float64(rows), true
	if w != nil {
		total = 0
		for _, x := range w {
			total += x
			whole = whole && x == math.Trunc(x)
		}
	}
	s.toW = 1
	most = max(most, bits.Len(uint(rows))+1)
	if s.whole = whole && total < math.Ldexp(1, most); !s.whole {
		s.toW = powerFor(total, most)
	}
	s.w = 1 / s.toW
	s.mask = -1
	if constant {
		s.toH, s.h = s.toW, s.w
		return
	}
	sum := uint64(total * s.toW)
	if !s.whole {
		sum += uint64(rows) // rounding adds at most one unit per row
	}
	s.shift = uint(bits.Len64(sum))
	s.mask = 1<<s.shift - 1
}

// scaleSums sets the factors of a round from the sums of |gradient| and
// hessian.
func (s *scale) scaleSums(g, h float64) {
	s.toG = powerFor(g, sumBits)
	s.g = 1 / s.toG
	if s.shift > 0 {
		s.toH = powerFor(h, sumBits-int(s.shift))
		s.h = 1 / s.toH
	}
}

// powerFor is the power of two that brings sum to below 2^bits, 1 for no sum.
func powerFor(sum float64, bits int) float64 {
	if !(sum > 0) || math.IsInf(sum, 0) {
		return 1
	}
	_, exp := math.Frexp(sum)
	// Both the factor and its inverse must be normal numbers.
	return math.Ldexp(1, min(max(bits-exp, -1000), 1000))
}

// row is the gradient, hessian and weight of a row as whole numbers; g and h
// are without the weight.
func (s *scale) row(g, h, w float64) cell {
	times := int64(1)
	weight := int64(math.RoundToEven(w * s.toW))
	if s.whole {
		times = weight
	} else {
		weight = max(1, weight)
		g, h = g*w, h*w
	}
	c := cell{g: int64(math.RoundToEven(g*s.toG)) * times, h: weight}
	if s.shift > 0 {
		c.h += int64(math.RoundToEven(h*s.toH)) * times << s.shift
	}
	return c
}

// rows is row for many rows of weight 1; h is nil when the hessian is the weight.
func (s *scale) rows(to []cell, g, h []float64) {
	toG, toH, shift := s.toG, s.toH, s.shift&63
	to = to[:len(g)]
	if h == nil {
		for i, x := range g {
			to[i] = cell{int64(math.RoundToEven(x * toG)), 1}
		}
		return
	}
	h = h[:len(g)]
	for i, x := range g {
		to[i] = cell{int64(math.RoundToEven(x * toG)), 1 + int64(math.RoundToEven(h[i]*toH))<<shift}
	}
}

// gradient, hessian and weight read a sum.
func (s *scale) gradient(c cell) float64 { return float64(c.g) * s.g }
func (s *scale) hessian(c cell) float64  { return float64(c.h>>s.shift) * s.h }
func (s *scale) weight(c cell) float64   { return float64(c.h&s.mask) * s.w }
