package trees

import (
	"math"
	"math/bits"
	"unsafe"

	"bespoke/internal/histogram"
	"bespoke/model"
)

// cell holds the sums of one histogram bin, or the share of one row, as whole
// numbers; scale says how to read them. g is the gradient. h is the hessian
// and, in its lower bits, the weight.
type cell struct{ g, h int64 }

func (c *cell) add(o cell) {
	c.g += o.g
	c.h += o.h
}

func (c cell) minus(o cell) cell { return cell{c.g - o.g, c.h - o.h} }

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

// histRows is how many rows go through all columns of a panel before the next
// rows, so that their bins stay in the nearest cache.
const histRows = 256

// accumulate adds rows to the histograms of the panel's quads from lo to hi-1.
// all has the gradient of every row of the data. use says which columns are
// wanted; others may be left out.
//
// Rows of small leaves lie far apart in memory. What the next block of rows needs
// is therefore asked for while this one is added up.
func (d *binned) accumulate(hist []cell, p *panel, lo, hi int, use []bool, rows []int32, all []cell) {
	var entries [histRows]histogram.Entry
	sums, shares := words(hist), words(all)
	for len(rows) > 0 {
		n := min(len(rows), histRows)
		for i, r := range rows[:n] {
			c := &all[r]
			entries[i] = histogram.Entry{G: c.g, H: c.h, At: int(r) * p.width}
		}
		rows = rows[n:]
		next := rows[:min(len(rows), histRows)]
		for j := lo; j < hi; j++ {
			part := next[len(next)*(j-lo)/(hi-lo) : len(next)*(j-lo+1)/(hi-lo)]
			histogram.Prefetch(part, shares, p.bins[lo:], p.width)
			if q := &d.quads[p.first+j]; q.wanted(use) {
				histogram.Add(sums[2*q.offset:], q.span, q.lanes, p.bins[j:], entries[:n])
			}
		}
	}
}

// words are the cells as the kernels see them: g and h in turn.
func words(c []cell) []int64 {
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(c))), 2*len(c))
}

// wanted says whether any of the quad's columns is in use.
func (q *quad) wanted(use []bool) bool {
	for _, c := range q.cols[:q.lanes] {
		if use[c] {
			return true
		}
	}
	return false
}

// pool keeps the histograms of leaves that may still be split. There may be
// fewer than leaves: the leaf that is least likely to be split next then loses
// its own, which can be built again with the same bits.
type pool struct {
	hists [][]cell
	owner []int32 // the leaf that has it, -1 for none
	// use says, for each histogram, on which columns the leaf could be split;
	// the others are not filled in.
	use [][]bool
}

// histMemory bounds the bytes of all histograms; two are always kept.
const histMemory = 512 << 20

func newPool(cells, leaves int) *pool {
	n := max(2, min(leaves, histMemory/max(1, cells*16)))
	p := &pool{hists: make([][]cell, n), owner: make([]int32, n), use: make([][]bool, n)}
	for i := range p.owner {
		p.owner[i] = -1
	}
	return p
}

func (p *pool) reset() {
	for i := range p.owner {
		p.owner[i] = -1
	}
}

// binned holds the bins of all training rows twice: in panels, where the bins
// of one row stand together, for histograms; and in columns, for moving rows
// to a split's children.
type binned struct {
	rows   int
	cols   []column
	quads  []quad
	panels []panel
	// columns[j][i] is the bin of row i in cols[j].
	columns [][]uint8
	// cells is the length of a histogram.
	cells int
}

// quad is up to four columns whose bins of one row fill a uint32 and whose
// histograms stand one after the other, span cells apart.
type quad struct {
	// cols are positions in binned.cols; only the first lanes are set.
	cols   [4]int32
	lanes  int
	span   int
	offset int
}

// panel is a group of neighbouring quads, at most one cache line wide: the
// bins of row i in quad first+q are bins[i*width+q], the first column lowest.
type panel struct {
	first, width int
	bins         []uint32
}

const (
	// wideSpan is the span of a quad that can hold any bin. Columns of few bins
	// are kept together in quads of narrowSpan.
	wideSpan, narrowSpan = 256, 16
	panelWidth           = 16
	// layoutRows is how many rows are binned as one task.
	layoutRows = 64
)

func newBinned(x *model.Matrix, cols []column, t *team) *binned {
	d := &binned{rows: x.Rows, cols: cols}
	d.columns = make([][]uint8, len(cols))
	for j := range d.columns {
		d.columns[j] = make([]uint8, x.Rows)
	}
	d.group(narrowSpan, func(cells int) bool { return cells <= narrowSpan })
	d.group(wideSpan, func(cells int) bool { return cells > narrowSpan })
	n := (len(d.quads) + panelWidth - 1) / panelWidth
	for p := range n {
		first, end := p*len(d.quads)/n, (p+1)*len(d.quads)/n
		d.panels = append(d.panels, panel{first, end - first, make([]uint32, x.Rows*(end-first))})
	}
	rows := layoutRows
	if x.View() {
		rows = viewRows
	}
	scratch := make([]model.Matrix, t.threads)
	t.run((x.Rows+rows-1)/rows, func(worker, task int) {
		first, end := task*rows, min(x.Rows, (task+1)*rows)
		values := x.Block(first, end, &scratch[worker])
		for lo := first; lo < end; lo += layoutRows {
			d.fill(values[(lo-first)*x.Cols():], x.Cols(), lo, min(end, lo+layoutRows))
		}
	})
	return d
}

// group makes quads of the columns whose number of cells is wanted.
func (d *binned) group(span int, wanted func(cells int) bool) {
	lanes := 4 // of the last quad
	for j := range d.cols {
		if !wanted(d.cols[j].cells()) {
			continue
		}
		if lanes == 4 {
			d.quads = append(d.quads, quad{span: span, offset: d.cells})
			d.cells += 4 * span
			lanes = 0
		}
		q := &d.quads[len(d.quads)-1]
		q.cols[lanes] = int32(j)
		d.cols[j].offset = q.offset + lanes*span
		lanes++
		q.lanes = lanes
	}
}

// fill bins the rows lo to hi-1, whose values of f features begin with those of
// row lo.
func (d *binned) fill(values []float64, f, lo, hi int) {
	for p := range d.panels {
		panel := &d.panels[p]
		for at := range panel.width {
			q := &d.quads[panel.first+at]
			for lane, j := range q.cols[:q.lanes] {
				c, column := &d.cols[j], d.columns[j]
				for i := lo; i < hi; i++ {
					b := c.bin(values[(i-lo)*f+c.feature])
					column[i] = b
					panel.bins[i*panel.width+at] |= uint32(b) << (8 * lane)
				}
			}
			// Lanes without a column are added up as well. Were all their bins the
			// same, each addition would wait for the one before.
			for lane := q.lanes; lane < 4; lane++ {
				for i := lo; i < hi; i++ {
					panel.bins[i*panel.width+at] |= uint32(i%narrowSpan) << (8 * lane)
				}
			}
		}
	}
}
