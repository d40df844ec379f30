package trees

import "slices"

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
