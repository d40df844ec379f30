package linear

import (
	"sync/atomic"

	"bespoke/model"
)

// wide is the sparse part of the rows, by row and by column. A product with
// weights goes by row and one with residuals by column, so that every sum is
// made by one goroutine in one order, whatever their number, and only entries
// are touched: that is all a quasi-Newton method needs of the rows (Andrew and
// Gao, "Scalable training of L1-regularized log-linear models", 2007, learn
// from sparse rows in this way; see quasinewton for the method itself).
//
// Nothing is centred: the mean of a column is subtracted from the product as a
// whole, as loss does for all features.
type wide struct {
	*model.Sparse
	columns int
	// starts, rows and values are the entries by column, the rows rising.
	starts []int
	rows   []uint32
	values []float32
	// ranges are borders of columns with about as many entries between each two.
	ranges []int
	// residuals are one number per row and raw output: weight times slope.
	residuals []float64
	// by holds the weights, and then the sums, column by column: all raw outputs
	// of a column side by side.
	by []float64
}

// newWide turns a sparse part; it is nil where there is none.
func newWide(x *model.Matrix, outputs int) *wide {
	if x.Sparse == nil {
		return nil
	}
	s := x.Sparse
	w := &wide{
		Sparse: s, columns: len(s.Features), starts: make([]int, len(s.Features)+1),
		rows: make([]uint32, len(s.Columns)), values: make([]float32, len(s.Columns)),
		residuals: make([]float64, x.Rows*outputs), by: make([]float64, len(s.Features)*outputs),
	}
	for _, c := range s.Columns {
		w.starts[c+1]++
	}
	for c := range w.columns {
		w.starts[c+1] += w.starts[c]
	}
	next := append([]int(nil), w.starts[:w.columns]...)
	for i := range x.Rows {
		row := s.Row(i)
		for k, c := range row.Columns {
			at := next[c]
			next[c]++
			w.rows[at], w.values[at] = uint32(i), row.Values[k]
		}
	}
	w.cut()
	return w
}

// mostRanges is in how many ranges columns are cut: enough that goroutines end
// at about the same time.
const mostRanges = 64

// cut finds the ranges.
func (w *wide) cut() {
	w.ranges = []int{0}
	share := len(w.rows)/mostRanges + 1
	for c := range w.columns {
		if w.starts[c+1]-w.starts[w.ranges[len(w.ranges)-1]] >= share {
			w.ranges = append(w.ranges, c+1)
		}
	}
	if w.ranges[len(w.ranges)-1] < w.columns {
		w.ranges = append(w.ranges, w.columns)
	}
}

// each calls work for all ranges of columns.
func (w *wide) each(threads int, work func(from, to int)) {
	parallel(threads, len(w.ranges)-1, func(r int) { work(w.ranges[r], w.ranges[r+1]) })
}

// moments appends the moments of the columns.
func (w *wide) moments(in model.Training, m *moments) error {
	n := len(m.means)
	for _, to := range []*[]float64{&m.means, &m.deviations, &m.scales} {
		*to = append(*to, make([]float64, w.columns)...)
	}
	worst := atomic.Int64{} // the first column that fails, counted from the end
	w.each(in.Threads, func(from, to int) {
		for c := from; c < to; c++ {
			m.means[n+c], m.deviations[n+c] = w.columnMoments(in, c, m.sum)
			m.scales[n+c] = m.deviations[n+c]
			if m.scales[n+c] == 0 {
				m.scales[n+c] = 1
			}
			if !finite(m.deviations[n+c]) || !finite(m.means[n+c]) {
				raise(&worst, int64(w.columns-c))
			}
		}
	})
	if at := worst.Load(); at > 0 {
		return tooLargeError(w.Features[w.columns-int(at)].Name)
	}
	return nil
}

// raise makes to at least x.
func raise(to *atomic.Int64, x int64) {
	for old := to.Load(); x > old && !to.CompareAndSwap(old, x); old = to.Load() {
	}
}

// columnMoments gives the mean and the deviation of a column: the sum of the
// squared distances of its entries from the mean, and of its zeros.
func (w *wide) columnMoments(in model.Training, c int, sum float64) (mean, deviation float64) {
	lo, hi := w.starts[c], w.starts[c+1]
	total, held := 0.0, 0.0
	for at := lo; at < hi; at++ {
		weight := weightOf(in, int(w.rows[at]))
		total += weight * float64(w.values[at])
		held += weight
	}
	mean = total / sum
	zeros := max(sum-held, 0)
	if hi-lo == in.X.Rows {
		mean, zeros = total/held, 0 // no row is without an entry, whatever the rounding
	}
	squares := zeros * mean * mean
	for at := lo; at < hi; at++ {
		d := float64(w.values[at]) - mean
		squares += weightOf(in, int(w.rows[at])) * d * d
	}
	return mean, spread(squares, sum, mean)
}

// load puts the raw weights of the columns where products read them: those of
// output k begin at all[k*stride+skip].
func (w *wide) load(all []float64, outputs, stride, skip int) {
	for k := range outputs {
		from := all[k*stride+skip:][:w.columns]
		for c, v := range from {
			w.by[c*outputs+k] = v
		}
	}
}

// add adds the products of row i with the loaded weights to z, one per output.
func (w *wide) add(i int, z []float64) { addWide(w.Row(i), w.by, z) }

// addWide adds the products of a sparse row with weights by column to z.
func addWide(row model.SparseRow, by, z []float64) {
	if len(z) == 1 {
		sum, values := 0.0, row.Values[:len(row.Columns)]
		for k, c := range row.Columns {
			sum += float64(values[k]) * by[c]
		}
		z[0] += sum
		return
	}
	for k, c := range row.Columns {
		axpy(float64(row.Values[k]), by[int(c)*len(z):][:len(z)], z)
	}
}

// gather sums the products of the residuals with every column into all, laid
// out as load reads them.
func (w *wide) gather(threads int, all []float64, outputs, stride, skip int) {
	w.each(threads, func(from, to int) {
		for c := from; c < to; c++ {
			lo, hi := w.starts[c], w.starts[c+1]
			if outputs == 1 {
				all[skip+c] = sumProducts(w.values[lo:hi], w.rows[lo:hi], w.residuals)
				continue
			}
			sums := w.by[c*outputs : (c+1)*outputs]
			clear(sums)
			for at := lo; at < hi; at++ {
				axpy(float64(w.values[at]), w.residuals[int(w.rows[at])*outputs:][:outputs], sums)
			}
			for k, v := range sums {
				all[k*stride+skip+c] = v
			}
		}
	})
}

// sumProducts adds up values times the numbers at the given places. Two sums
// run side by side, because one chain of additions would wait for itself.
func sumProducts(values []float32, at []uint32, of []float64) float64 {
	at = at[:len(values)]
	var s0, s1 float64
	i := 0
	for ; i+2 <= len(values); i += 2 {
		s0 += float64(values[i]) * of[at[i]]
		s1 += float64(values[i+1]) * of[at[i+1]]
	}
	if i < len(values) {
		s0 += float64(values[i]) * of[at[i]]
	}
	return s0 + s1
}
