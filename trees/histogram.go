package trees

import (
	"math"
	"unsafe"

	"bespoke/internal/exclusive"
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

// histRows is how many rows go through all columns of a panel before the next
// rows, so that their bins stay in the nearest cache.
const histRows = 256

// accumulate adds rows to the histograms of the panel's quads from lo to hi-1.
// all has the gradient of every row of the data. wanted says which stores are
// wanted; others may be left out.
//
// Rows of small leaves lie far apart in memory. What the next block of rows needs
// is therefore asked for while this one is added up.
func (d *binned) accumulate(hist []cell, p *panel, lo, hi int, wanted []bool, rows []int32, all []cell) {
	var entries [histRows]histogram.Entry
	sums, shares := words(hist), words(all)
	step := p.width
	if p.bins == nil {
		step = 1
	}
	for len(rows) > 0 {
		n := min(len(rows), histRows)
		for i, r := range rows[:n] {
			c := &all[r]
			entries[i] = histogram.Entry{G: c.g, H: c.h, At: int(r) * step}
		}
		rows = rows[n:]
		if p.bins == nil {
			d.accumulateDeep(sums, d.quads[p.first+lo:p.first+hi], wanted, entries[:n])
			continue
		}
		next := rows[:min(len(rows), histRows)]
		for j := lo; j < hi; j++ {
			part := next[len(next)*(j-lo)/(hi-lo) : len(next)*(j-lo+1)/(hi-lo)]
			histogram.Prefetch(part, shares, p.bins[lo:], p.width)
			if q := &d.quads[p.first+j]; q.wanted(wanted) {
				histogram.Add(sums[2*q.offset:], q.span, q.lanes, p.bins[j:], entries[:n])
			}
		}
	}
}

// accumulateDeep adds rows to the histograms of stores of more than 256 cells.
func (d *binned) accumulateDeep(sums []int64, quads []quad, wanted []bool, entries []histogram.Entry) {
	for i := range quads {
		if q := &quads[i]; q.wanted(wanted) {
			histogram.AddDeep(sums[2*q.offset:][:2*q.span], d.stores[q.stores[0]].deep, entries)
		}
	}
}

// words are the cells as the kernels see them: g and h in turn.
func words(c []cell) []int64 {
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(c))), 2*len(c))
}

// wanted says whether any of the quad's stores is.
func (q *quad) wanted(stores []bool) bool {
	for _, s := range q.stores[:q.lanes] {
		if stores[s] {
			return true
		}
	}
	return false
}

// binned holds the bins of all training rows twice: in panels, where the bins
// of one row stand together, for histograms; and store by store, for moving rows
// to a split's children. Stores of more than 256 cells are in neither panels nor
// bytes: their bins of 16 bits are kept once.
type binned struct {
	rows   int
	cols   []column
	stores []store
	quads  []quad
	panels []panel
	// shared says that some stores have several columns.
	shared bool
	// cells is the length of a histogram.
	cells int
}

// quad is up to four stores whose bins of one row fill a uint32 and whose
// histograms stand one after the other, span cells apart; or one store with bins
// of 16 bits.
type quad struct {
	// stores are positions in binned.stores; only the first lanes are set.
	stores [4]int32
	lanes  int
	span   int
	offset int
}

// panel is a group of neighbouring quads, at most one cache line wide: the
// bins of row i in quad first+q are bins[i*width+q], the first store lowest. A
// panel of deep stores has no bins of its own.
type panel struct {
	first, width int
	bins         []uint32
}

const (
	// wideSpan is the span of a quad that can hold any byte. Stores of few bins
	// are kept together in quads of narrowSpan.
	wideSpan, narrowSpan = 256, 16
	panelWidth           = 16
	// layoutRows is how many rows are binned as one task.
	layoutRows = 64
)

func newBinned(x *model.Matrix, cols []column, t *team) *binned {
	d := &binned{rows: x.Rows, cols: cols}
	d.lay()
	bytes := d.group(narrowSpan, 4, func(cells int) bool { return cells <= narrowSpan })
	bytes += d.group(wideSpan, 4, func(cells int) bool { return cells > narrowSpan && cells <= wideSpan })
	deep := d.group(0, 1, func(cells int) bool { return cells > wideSpan })
	d.panel(0, bytes, true)
	d.panel(bytes, bytes+deep, false)
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

// panel makes panels of the quads from lo to hi-1, of about the same width.
func (d *binned) panel(lo, hi int, bytes bool) {
	n := (hi - lo + panelWidth - 1) / panelWidth
	for p := range n {
		first, end := lo+p*(hi-lo)/n, lo+(p+1)*(hi-lo)/n
		at := panel{first: first, width: end - first}
		if bytes {
			at.bins = make([]uint32, d.rows*at.width)
		}
		d.panels = append(d.panels, at)
	}
}

// group makes quads of so many stores whose number of cells is wanted, and says how
// many. A span of 0 is as many cells as the store has.
func (d *binned) group(span, most int, wanted func(cells int) bool) int {
	before, lanes := len(d.quads), most // of the last quad
	for s := range d.stores {
		st := &d.stores[s]
		if !wanted(st.cells) {
			continue
		}
		if lanes == most {
			wide := span
			if span == 0 {
				wide = st.cells
			}
			d.quads = append(d.quads, quad{span: wide, offset: d.cells})
			d.cells += most * wide
			lanes = 0
		}
		q := &d.quads[len(d.quads)-1]
		q.stores[lanes] = int32(s)
		st.offset = q.offset + lanes*q.span
		lanes++
		q.lanes = lanes
	}
	return len(d.quads) - before
}

// fill bins the rows lo to hi-1, whose values of f features begin with those of
// row lo.
func (d *binned) fill(values []float64, f, lo, hi int) {
	for p := range d.panels {
		panel := &d.panels[p]
		for at := range panel.width {
			q := &d.quads[panel.first+at]
			if panel.bins == nil {
				st := &d.stores[q.stores[0]]
				c := &d.cols[st.cols[0]]
				for i := lo; i < hi; i++ {
					st.deep[i] = c.bin(values[(i-lo)*f+c.feature])
				}
				continue
			}
			for lane, s := range q.stores[:q.lanes] {
				d.fillStore(&d.stores[s], values, f, lo, hi)
				for i, b := range d.stores[s].bins[lo:hi] {
					panel.bins[(lo+i)*panel.width+at] |= uint32(b) << (8 * lane)
				}
			}
			// Lanes without a store are added up as well. Were all their bins the
			// same, each addition would wait for the one before.
			for lane := q.lanes; lane < 4; lane++ {
				for i := lo; i < hi; i++ {
					panel.bins[i*panel.width+at] |= uint32(i%narrowSpan) << (8 * lane)
				}
			}
		}
	}
}

// store is an array with a bin of every row: those of one column, or of several
// that are (almost) never away from their usual bins in the same row. Bin 0 of a
// shared store says that all are usual; the other bins of its columns follow,
// column after column.
type store struct {
	// cols are positions in binned.cols.
	cols []int32
	// cells is how many cells of a histogram it takes, offset where they begin.
	cells, offset int
	// bins are those of all rows, or deep when there are more than 256 cells.
	bins []uint8
	deep []uint16
}

func (s *store) shared() bool { return len(s.cols) > 1 }

// sharing is what a column knows of its store.
type sharing struct {
	// usual is the bin that the column has where another column of the store is
	// away from its own, and away has a bit for each row looked at that is not in
	// it; nil for a column that stands alone, and once that is decided.
	usual int
	away  []uint64
	// with is the number of the columns that it shares with, 0 when it is alone.
	with int
	// store is the position in binned.stores, and base is where its first bin is in
	// a shared one.
	store, base int
}

// mostShared is how many cells a column may have that shares a store.
const mostShared = wideSpan / 2

// stored is the bin of a store that stands for a bin of the column.
func (c *column) stored(b int) int {
	switch {
	case c.with == 0:
		return b
	case b == c.usual:
		return 0
	case b < c.usual:
		return c.base + b
	}
	return c.base + b - 1
}

// lay gives every column its store, in the order of the columns.
func (d *binned) lay() {
	of := map[int]int{}
	for j := range d.cols {
		c := &d.cols[j]
		at, found := of[c.with]
		if c.with == 0 || !found {
			at = len(d.stores)
			of[c.with] = at
			d.stores = append(d.stores, store{cells: min(1, c.with)})
		}
		st := &d.stores[at]
		c.store, c.base = at, st.cells
		st.cols = append(st.cols, int32(j))
		if st.cells += c.cells(); c.with > 0 {
			st.cells-- // the usual bin is that of all
			d.shared = true
		}
	}
	for i := range d.stores {
		if st := &d.stores[i]; st.cells > wideSpan {
			st.deep = make([]uint16, d.rows)
		} else {
			st.bins = make([]uint8, d.rows)
		}
	}
}

// fillStore bins the rows lo to hi-1 for a store. Where several columns are away
// the first one is kept.
func (d *binned) fillStore(st *store, values []float64, f, lo, hi int) {
	bins := st.bins[lo:hi]
	for _, j := range st.cols {
		c := &d.cols[j]
		if !st.shared() {
			for i := range bins {
				bins[i] = uint8(c.bin(values[i*f+c.feature]))
			}
			continue
		}
		for i := range bins {
			if b := int(c.bin(values[i*f+c.feature])); b != c.usual && bins[i] == 0 {
				bins[i] = uint8(c.stored(b))
			}
		}
	}
}

// apart takes the histogram of a column out of that of its store, given the sum of
// all cells: sums are whole numbers, so the usual bin has what the others lack.
func (c *column) apart(hist []cell, total cell, out []cell) []cell {
	out = out[:c.cells()]
	for b := range out {
		if b != c.usual {
			out[b] = hist[c.stored(b)]
			total = total.minus(out[b])
		}
	}
	out[c.usual] = total
	return out
}

// settle finds the usual bin of a column that may share a store, and the rows that
// are in another. Such a column takes at most half of a store and a quarter of its
// rows or more are in one bin. values are those of the rows looked at, distinct the
// different ones of a number with their weights.
func (b *binner) settle(c *column, values, distinct, weights []float64) {
	if !b.shares || c.cells() < 2 || c.cells() > mostShared {
		return
	}
	absent := 0
	if c.missing {
		for _, x := range values {
			if x != x {
				absent++
			}
		}
	}
	lo, hi := math.Inf(-1), math.Inf(1)
	switch {
	case 2*absent > len(values):
		c.usual = c.bins
		c.away = exclusive.Where(values, func(x float64) bool { return int(c.bin(x)) != c.usual })
	case c.levels > 0: // the first level is the most frequent
		hi = float64(c.level[0])
		lo = hi - 1
		c.away = exclusive.Outside(values, lo, hi)
	default:
		c.usual = c.heaviest(distinct, weights)
		if c.usual > 0 {
			lo = c.edges[c.usual-1]
		}
		if c.usual < len(c.edges) {
			hi = c.edges[c.usual]
		}
		c.away = exclusive.Outside(values, lo, hi)
	}
	if 4*exclusive.Count(c.away) > 3*len(values) {
		c.away = nil
	}
}

// heaviest is the bin of zero when it has a quarter of the weight, as zero is what
// one-hot columns have in common, else the heaviest bin.
func (c *column) heaviest(distinct, weights []float64) int {
	sums := make([]float64, c.bins)
	bin, total := 0, 0.0
	for i, x := range distinct {
		for bin < len(c.edges) && x > c.edges[bin] {
			bin++
		}
		sums[bin] += weights[i]
		total += weights[i]
	}
	if zero := c.bin(0); 4*sums[zero] >= total {
		return int(zero)
	}
	most := 0
	for b, w := range sums {
		if w > sums[most] {
			most = b
		}
	}
	return most
}

// share decides which columns share a store. Where bins were found by some of the
// rows, all rows are then looked at.
func (b *binner) share(t *team, cols []column) {
	var sparse []exclusive.Column
	var at []int
	for j := range cols {
		if c := &cols[j]; c.away != nil {
			sparse = append(sparse, exclusive.Column{Away: c.away, Cells: c.cells() - 1})
			at = append(at, j)
			c.away = nil
		}
	}
	rows := b.x.Rows
	if b.sample != nil {
		rows = len(b.sample)
	}
	var groups [][]int
	for _, group := range exclusive.Groups(sparse, rows, wideSpan, int(b.conflicts*float64(rows))) {
		if len(group) > 1 {
			for k := range group {
				group[k] = at[group[k]]
			}
			groups = append(groups, group)
		}
	}
	if b.sample != nil && len(groups) > 0 {
		groups = b.confirm(t, cols, groups)
	}
	for g, group := range groups {
		for _, j := range group {
			cols[j].with = g + 1
		}
	}
}

// confirm takes columns out of groups that are not exclusive in all rows.
func (b *binner) confirm(t *team, cols []column, groups [][]int) [][]int {
	counters := make([][][]int, t.threads)
	for w := range counters {
		for _, group := range groups {
			counters[w] = append(counters[w], make([]int, len(group)))
		}
	}
	scratch := make([]model.Matrix, t.threads)
	f := b.x.Cols()
	t.run((b.x.Rows+viewRows-1)/viewRows, func(worker, task int) {
		lo, hi := task*viewRows, min(b.x.Rows, (task+1)*viewRows)
		values := b.x.Block(lo, hi, &scratch[worker])
		var union, away [viewRows / 64]uint64
		for g, group := range groups {
			exclusive.Conflicts(counters[worker][g], union[:], func(k int) []uint64 {
				c := &cols[group[k]]
				clear(away[:])
				for i := range hi - lo {
					if int(c.bin(values[i*f+c.feature])) != c.usual {
						away[i/64] |= 1 << (i % 64)
					}
				}
				return away[:]
			})
		}
	})
	var out [][]int
	for g, group := range groups {
		for w := 1; w < len(counters); w++ {
			for k, n := range counters[w][g] {
				counters[0][g][k] += n
			}
		}
		if group = exclusive.Keep(group, counters[0][g], int(b.conflicts*float64(b.x.Rows))); len(group) > 1 {
			out = append(out, group)
		}
	}
	return out
}
