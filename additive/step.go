package additive

import (
	"math/rand/v2"
	"slices"
)

// finder finds the steps of terms: for a feature the intervals of a small tree
// on its bins, for a pair one cut of one side and a cut of the other on each
// side of it (Lou and others 2013, section 4.2).
type finder struct {
	s      *settings
	r      *rand.Rand
	random bool // cuts are drawn, not chosen

	order, other []int32
	sums         []mass // before each place in order
	ratio        []float64
	cuts, best   []span
	grid, turned []mass
}

// mass is what a range of cells holds.
type mass struct{ g, h, w float64 }

func (m mass) minus(o mass) mass { return mass{m.g - o.g, m.h - o.h, m.w - o.w} }

// span is a range of places in the order, and its best cut.
type span struct {
	lo, hi, cut int
	gain        float64
}

// minHessian is the least sum of second derivatives of the log-loss behind a
// value: where everything is known a step must not run off.
const minHessian = 1e-4

func newFinder(s *settings, terms []term, r *rand.Rand) finder {
	f := finder{s: s, r: r}
	cells, grid := 0, 0
	for _, t := range terms {
		if t.rows > 0 {
			grid = max(grid, (t.rows+1)*(t.cells/t.rows+1))
		} else {
			cells = max(cells, t.cells)
		}
	}
	f.order, f.other = make([]int32, 0, cells), make([]int32, 0, cells)
	f.sums, f.ratio = make([]mass, cells+1), make([]float64, cells)
	f.grid, f.turned = make([]mass, grid), make([]mass, grid)
	return f
}

// gain is how much a range lowers the loss, times two.
func (f *finder) gain(m mass) float64 { return m.g * m.g / (m.h + f.s.l2) }

func (f *finder) enough(m mass) bool { return m.w >= f.s.minRows && m.h >= minHessian }

func (f *finder) value(m mass) float64 { return -f.s.rate * m.g / (m.h + f.s.l2) }

// step writes the step of a term into delta, which is all 0, and says whether
// there is one.
func (f *finder) step(t *term, hist []cell, weights, delta []float64) bool {
	if t.rows > 0 {
		return f.stepPair(t, hist, weights, delta)
	}
	missing := t.cells - 1
	f.order = f.order[:0]
	switch {
	case t.category:
		f.sortCodes(hist, weights)
		f.intervals(f.order, hist, weights)
		f.best = append(f.best[:0], f.cuts...)
	default:
		for b := range missing {
			f.order = append(f.order, int32(b))
		}
		if weights[missing] == 0 {
			f.intervals(f.order, hist, weights)
			f.best = append(f.best[:0], f.cuts...)
			break
		}
		// Missing values stand below or above all numbers, whichever fits.
		f.other = append(append(f.other[:0], int32(missing)), f.order...)
		f.order = append(f.order, int32(missing))
		gain := f.intervals(f.order, hist, weights)
		f.best = append(f.best[:0], f.cuts...)
		if below := f.intervals(f.other, hist, weights); below > gain {
			f.order, f.other = f.other, f.order
			f.best = append(f.best[:0], f.cuts...)
		}
	}
	if len(f.best) < 2 {
		return false
	}
	f.fill(f.best, hist, weights, delta)
	return true
}

// fill writes the values of the spans.
func (f *finder) fill(spans []span, hist []cell, weights, delta []float64) {
	for _, s := range spans {
		var m mass
		for _, c := range f.order[s.lo:s.hi] {
			m.g += hist[c].g
			m.h += hist[c].h
			m.w += weights[c]
		}
		v := f.value(m)
		for _, c := range f.order[s.lo:s.hi] {
			delta[c] = v
		}
	}
}

// sortCodes orders the categories that occur by gradient over smoothed hessian,
// the order in which the best division is a prefix (Fisher 1958, On grouping
// for maximum homogeneity).
func (f *finder) sortCodes(hist []cell, weights []float64) {
	for b, w := range weights {
		if w > 0 {
			f.order = append(f.order, int32(b))
			f.ratio[b] = hist[b].g / (hist[b].h + f.s.catSmooth)
		}
	}
	slices.SortStableFunc(f.order, func(a, b int32) int {
		switch {
		case f.ratio[a] < f.ratio[b]:
			return -1
		case f.ratio[a] > f.ratio[b]:
			return 1
		}
		return 0
	})
}

// intervals cuts the order into at most s.leaves spans, the best cut first, and
// leaves them in cuts. It returns the sum of gains.
func (f *finder) intervals(order []int32, hist []cell, weights []float64) float64 {
	n := len(order)
	sums := f.sums[:n+1]
	var m mass
	for i, c := range order {
		sums[i] = m
		m.g += hist[c].g
		m.h += hist[c].h
		m.w += weights[c]
	}
	sums[n] = m
	f.cuts = append(f.cuts[:0], f.cut(0, n))
	total := 0.0
	for len(f.cuts) < f.s.leaves {
		at := 0
		for i := range f.cuts {
			if f.cuts[i].gain > f.cuts[at].gain {
				at = i
			}
		}
		s := f.cuts[at]
		if s.cut == 0 {
			break
		}
		total += s.gain
		if len(f.cuts)+1 == f.s.leaves {
			f.cuts[at] = span{lo: s.lo, hi: s.cut}
			f.cuts = append(f.cuts, span{lo: s.cut, hi: s.hi})
			break
		}
		f.cuts[at] = f.cut(s.lo, s.cut)
		f.cuts = append(f.cuts, f.cut(s.cut, s.hi))
	}
	return total
}

// cut finds the best cut of the places lo to hi-1, or draws one.
func (f *finder) cut(lo, hi int) span {
	out := span{lo: lo, hi: hi}
	if hi-lo < 2 {
		return out
	}
	before, end := f.sums[lo], f.sums[hi]
	all := f.gain(end.minus(before))
	from, to := lo+1, hi
	if f.random {
		from = lo + 1 + f.r.IntN(hi-lo-1)
		to = from + 1
	}
	for c := from; c < to; c++ {
		left := f.sums[c].minus(before)
		if !f.enough(left) {
			continue
		}
		right := end.minus(f.sums[c])
		if !f.enough(right) {
			if right.w < f.s.minRows {
				break
			}
			continue
		}
		if gain := f.gain(left) + f.gain(right) - all; gain > out.gain {
			out.gain, out.cut = gain, c
		}
	}
	return out
}

// stepPair is step for a pair.
func (f *finder) stepPair(t *term, hist []cell, weights, delta []float64) bool {
	rows, columns := t.rows, t.cells/t.rows
	f.accumulate(hist, weights, rows, columns)
	across := f.cross(f.grid, rows, columns)
	down := f.cross(f.turned, columns, rows)
	turned := down.gain > across.gain
	if turned {
		across = down
	}
	if across.first == 0 {
		return false
	}
	for i := range rows {
		for j := range columns {
			a, b := i, j
			if turned {
				a, b = j, i
			}
			delta[i*columns+j] = across.at(a, b)
		}
	}
	return true
}

// accumulate fills grid with the sums of all cells above and left of each, and
// turned with the same for the sides exchanged.
func (f *finder) accumulate(hist []cell, weights []float64, rows, columns int) {
	width, height := columns+1, rows+1
	clear(f.grid[:width]) // a grid of another size may have been here before
	clear(f.turned[:height])
	for j := range columns {
		f.turned[(j+1)*height] = mass{}
	}
	for i := range rows {
		var line mass
		f.grid[(i+1)*width] = mass{}
		for j := range columns {
			c := hist[i*columns+j]
			line.g += c.g
			line.h += c.h
			line.w += weights[i*columns+j]
			up := f.grid[i*width+j+1]
			m := mass{up.g + line.g, up.h + line.h, up.w + line.w}
			f.grid[(i+1)*width+j+1] = m
			f.turned[(j+1)*height+i+1] = m
		}
	}
}

// crossed is a step of a pair: rows below first are cut at low, the others at
// high; 0 is no cut.
type crossed struct {
	first, low, high int
	gain             float64
	values           [4]float64
}

func (c *crossed) at(i, j int) float64 {
	if i < c.first {
		if j < c.low {
			return c.values[0]
		}
		return c.values[1]
	}
	if j < c.high {
		return c.values[2]
	}
	return c.values[3]
}

// cross finds the best step whose first cut is one of rows.
func (f *finder) cross(grid []mass, rows, columns int) crossed {
	var out crossed
	width := columns + 1
	bottom := grid[rows*width : (rows+1)*width]
	total := bottom[columns]
	all := f.gain(total)
	from, to := 1, rows
	if f.random && rows > 1 {
		from = 1 + f.r.IntN(rows-1)
		to = from + 1
	}
	for a := from; a < to; a++ {
		top := grid[a*width : (a+1)*width]
		if !f.enough(top[columns]) || !f.enough(total.minus(top[columns])) {
			continue
		}
		low, lowGain := f.side(top, nil)
		high, highGain := f.side(bottom, top)
		if gain := lowGain + highGain - all; gain > out.gain {
			out = crossed{first: a, low: low, high: high, gain: gain}
		}
	}
	if out.first > 0 {
		top := grid[out.first*width : (out.first+1)*width]
		rest := total.minus(top[columns])
		left, below := top[out.low], bottom[out.high].minus(top[out.high])
		out.values = [4]float64{0, f.value(top[columns].minus(left)), 0, f.value(rest.minus(below))}
		if out.low > 0 {
			out.values[0] = f.value(left)
		}
		if out.high > 0 {
			out.values[2] = f.value(below)
		}
	}
	return out
}

// side finds the best cut of a row of accumulated sums, less those of another
// when there is one; 0 is none.
func (f *finder) side(sums, less []mass) (cut int, gain float64) {
	n := len(sums) - 1
	end := sums[n]
	if less != nil {
		end = end.minus(less[n])
	}
	gain = f.gain(end)
	from, to := 1, n
	if f.random && n > 1 {
		from = 1 + f.r.IntN(n-1)
		to = from + 1
	}
	for b := from; b < to; b++ {
		left := sums[b]
		if less != nil {
			left = left.minus(less[b])
		}
		if !f.enough(left) {
			continue
		}
		right := end.minus(left)
		if !f.enough(right) {
			continue
		}
		if g := f.gain(left) + f.gain(right); g > gain {
			cut, gain = b, g
		}
	}
	return cut, gain
}
