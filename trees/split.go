package trees

import (
	"math"
	"slices"

	"bespoke/internal/histogram"
)

// split is a way to divide the rows of a leaf.
type split struct {
	// gain is by how much the loss falls, times two; not above 0 for no split.
	gain float64
	// col is the position in binned.cols.
	col int32
	// bin is the last bin that goes left, for a number.
	bin uint16
	// missingLeft says where the bin for missing values goes.
	missingLeft bool
	// set has the bins that go left, for a category.
	set [4]uint64
	// left is the sum over the rows that go left.
	left cell
	// leftOut and rightOut are the values of the children, without the
	// learning rate.
	leftOut, rightOut float64
}

// node is what a split search knows of a leaf.
type node struct {
	sum cell
	// low and high bound the leaf's value (monotone constraints).
	low, high float64
	// base is the gain of the leaf as it is; a split must beat it.
	base float64
}

// finder searches splits; its numbers are fixed for one tree. It is safe for
// concurrent use.
type finder struct {
	s     *settings
	scale scale
	// minWeight and minHessian are the least sums of a child, as whole numbers.
	minWeight, minHessian int64
	// bounded says that some feature is monotone, so values have bounds.
	bounded bool
}

func newFinder(s *settings, sc scale, bounded bool) finder {
	return finder{
		s: s, scale: sc, bounded: bounded,
		minWeight:  wholeLeast(s.minChild, sc.toW),
		minHessian: wholeLeast(s.minHessian, sc.toH),
	}
}

// wholeLeast is a least sum as a whole number, 1 or more: a child without rows
// or without hessian is never allowed.
func wholeLeast(x, factor float64) int64 {
	x = math.Ceil(x * factor)
	if x >= math.MaxInt64 {
		return math.MaxInt64
	}
	return max(1, int64(x))
}

// shrink is the gradient after the l1 penalty.
func (f *finder) shrink(g float64) float64 {
	if f.s.l1 == 0 {
		return g
	}
	return math.Copysign(math.Max(0, math.Abs(g)-f.s.l1), g)
}

// output is the best value of a leaf with gradient g and hessian h.
func (f *finder) output(g, h, l2 float64, n *node) float64 {
	out := -f.shrink(g) / (h + l2)
	if f.bounded {
		out = math.Min(math.Max(out, n.low), n.high)
	}
	return out
}

// reward is twice by how much the loss falls when a leaf has the value out.
func (f *finder) reward(g, h, l2, out float64) float64 {
	return -(2*f.shrink(g)*out + (h+l2)*out*out)
}

// enough says that both halves of the sum have the least weight and hessian.
func (f *finder) enough(left, right cell) bool {
	m, s := f.scale.mask, f.scale.shift
	return left.h&m >= f.minWeight && right.h&m >= f.minWeight &&
		left.h>>s >= f.minHessian && right.h>>s >= f.minHessian
}

// gain is the gain of a split, -Inf when the values of the children are in the
// wrong order for the column. With no bounds and no l1 it is the usual
// GL^2/(HL+l2) + GR^2/(HR+l2) - base.
func (f *finder) gain(left, right cell, l2 float64, n *node, monotone int8) float64 {
	gl, hl := f.scale.gradient(left), f.scale.hessian(left)
	gr, hr := f.scale.gradient(right), f.scale.hessian(right)
	lo, ro := f.output(gl, hl, l2, n), f.output(gr, hr, l2, n)
	if (monotone > 0 && lo > ro) || (monotone < 0 && lo < ro) {
		return math.Inf(-1)
	}
	return f.reward(gl, hl, l2, lo) + f.reward(gr, hr, l2, ro) - n.base
}

// open computes the leaf's own gain.
func (f *finder) open(n *node) {
	g, h := f.scale.gradient(n.sum), f.scale.hessian(n.sum)
	n.base = f.reward(g, h, f.s.l2, f.output(g, h, f.s.l2, n))
}

// improve sets best to the best split of a leaf on a column, whose histogram is
// hist, if that has a larger gain. It returns false when no split of the column
// leaves enough in both children, which then holds for the leaf's descendants
// as well.
func (f *finder) improve(best *split, c *column, hist []cell, n *node) (able bool) {
	if c.levels > 0 {
		f.improveSet(best, c, hist, n)
		return true
	}
	missing := cell{}
	if c.missing {
		missing = hist[c.bins]
	}
	// From the right: missing values, if there are any, go left.
	found := f.walk(hist[1:c.bins], n, true, c.monotone)
	if missing.h != 0 {
		// From the left: missing values go right.
		other := f.walk(hist[:c.bins], n, false, c.monotone)
		other.able = other.able || found.able
		if other.score > found.score {
			found = other
		}
		found.able = other.able
	}
	if found.score > 0 {
		f.finish(best, c, found, n, missing.h != 0)
	}
	return found.able
}

// threshold is what a walk over bins finds.
type threshold struct {
	score       float64 // comparable among the walks of one leaf, 0 for none
	bin         int
	missingLeft bool
	left        cell
	able        bool // whether there was one to try
}

// finish makes a threshold the best split if it is.
func (f *finder) finish(best *split, c *column, t threshold, n *node, missing bool) {
	right := n.sum.minus(t.left)
	gain := f.gain(t.left, right, f.s.l2, n, c.monotone)
	if !(gain > best.gain) {
		return
	}
	*best = split{gain: gain, bin: uint16(t.bin), missingLeft: t.missingLeft, left: t.left}
	if !missing {
		// Nothing was learnt about missing values: they join the majority.
		m := f.scale.mask
		best.missingLeft = t.left.h&m >= right.h&m
	}
	f.setOutputs(best, f.s.l2, n)
}

func (f *finder) setOutputs(s *split, l2 float64, n *node) {
	right := n.sum.minus(s.left)
	s.leftOut = f.output(f.scale.gradient(s.left), f.scale.hessian(s.left), l2, n)
	s.rightOut = f.output(f.scale.gradient(right), f.scale.hessian(right), l2, n)
}

// walk tries the thresholds of a column in turn, from the right (values is all
// bins but the first) or from the left. Of equal ones the first is kept.
func (f *finder) walk(values []cell, n *node, fromRight bool, monotone int8) threshold {
	if !f.bounded && f.s.l1 == 0 {
		return f.fastWalk(values, n, fromRight)
	}
	var best threshold
	var side cell
	at, step := 0, 1
	if fromRight {
		at, step = len(values)-1, -1
	}
	for ; uint(at) < uint(len(values)); at += step {
		if values[at].h == 0 {
			continue // the same rows as one bin before
		}
		side.add(values[at])
		left, right := side, n.sum.minus(side)
		if fromRight {
			left, right = right, left
		}
		if !f.enough(left, right) {
			continue
		}
		best.able = true
		if gain := f.gain(left, right, f.s.l2, n, monotone); gain > best.score {
			best = threshold{score: gain, bin: at, missingLeft: fromRight, left: left, able: true}
		}
	}
	return best
}

// fastWalk is walk without bounds and l1. With hl and hr the hessians plus l2,
// whose sum S is the same for all thresholds,
//
//	gl^2/hl + gr^2/hr = (gl+gr)^2/S + (gl*hr - gr*hl)^2 / (hl*hr*S)
//
// so only the last term decides, one division is enough and no digits are lost
// in a difference of gains. All of it is in whole-number units. A bin without
// rows gives the same score again and so changes nothing.
func (f *finder) fastWalk(values []cell, n *node, fromRight bool) threshold {
	mask, shift := f.scale.mask, f.scale.shift&63
	l2 := f.s.l2 * f.scale.toH
	t := histogram.Walk(words(values), fromRight, &histogram.Query{
		MinWeight: f.minWeight, MaxWeight: n.sum.h&mask - f.minWeight,
		MinHessian: f.minHessian, MaxHessian: n.sum.h>>shift - f.minHessian,
		Mask: mask, Shift: uint64(shift),
		L2: l2, TotalG: float64(n.sum.g), TotalH: float64(n.sum.h>>shift) + 2*l2,
	})
	if t.At < 0 {
		return threshold{able: t.Able}
	}
	best := threshold{score: t.Score, bin: t.At, missingLeft: fromRight, left: cell{t.G, t.H}, able: true}
	if fromRight {
		best.bin = len(values) - 1 - t.At
		best.left = n.sum.minus(best.left)
	}
	return best
}

// improveSet sets best to the best division of a category's levels, if that has
// a larger gain. Levels of the bin for missing values always go right.
//
// Few levels are tried one against the rest. Many are ordered by gradient over
// hessian, where the best division of a convex loss is a prefix or a suffix
// (Fisher 1958, On grouping for maximum homogeneity), and sets from both ends
// are tried. As in LightGBM rare levels stay right, sets are smoothed by cat_l2
// and grow by at least min_data_per_group rows.
func (f *finder) improveSet(best *split, c *column, hist []cell, n *node) {
	if c.bins+1 <= f.s.onehot {
		f.improveLevel(best, c, hist, n)
		return
	}
	var order [256]uint8
	levels := f.sortLevels(order[:0], hist[:c.bins])
	before := best.gain
	for _, fromRight := range []bool{false, true} {
		if fromRight {
			slices.Reverse(levels)
		}
		f.growSet(levels, hist, n, best)
	}
	if best.gain > before {
		f.setOutputs(best, f.s.l2+f.s.catL2, n)
	}
}

// improveLevel tries each level alone on the left.
func (f *finder) improveLevel(best *split, c *column, hist []cell, n *node) {
	for b, left := range hist[:c.bins] {
		right := n.sum.minus(left)
		if !f.enough(left, right) {
			continue
		}
		if gain := f.gain(left, right, f.s.l2, n, 0); gain > best.gain {
			*best = split{gain: gain, left: left}
			best.set[b/64] = 1 << (b % 64)
			f.setOutputs(best, f.s.l2, n)
		}
	}
}

// sortLevels lists the bins that are not rare by gradient over smoothed
// hessian, equal ones in the order of bins.
func (f *finder) sortLevels(order []uint8, hist []cell) []uint8 {
	var ratio [256]float64
	for b, c := range hist {
		if c.h != 0 && f.scale.weight(c) >= f.s.catSmooth {
			ratio[b] = f.scale.gradient(c) / (f.scale.hessian(c) + f.s.catSmooth)
			order = append(order, uint8(b))
		}
	}
	slices.SortStableFunc(order, func(a, b uint8) int {
		switch {
		case ratio[a] < ratio[b]:
			return -1
		case ratio[a] > ratio[b]:
			return 1
		}
		return 0
	})
	return order
}

// growSet tries the sets of the first levels and keeps the best of all calls.
func (f *finder) growSet(levels []uint8, hist []cell, n *node, best *split) {
	var left cell
	var set [4]uint64
	most := min(f.s.maxCat, (len(levels)+1)/2)
	group := 0.0
	for _, b := range levels[:most] {
		left.add(hist[b])
		set[b/64] |= 1 << (b % 64)
		group += f.scale.weight(hist[b])
		right := n.sum.minus(left)
		if f.scale.weight(right) < f.s.minGroup {
			return
		}
		if group < f.s.minGroup || !f.enough(left, right) {
			continue
		}
		group = 0
		if gain := f.gain(left, right, f.s.l2+f.s.catL2, n, 0); gain > best.gain {
			*best = split{gain: gain, left: left, set: set}
		}
	}
}
