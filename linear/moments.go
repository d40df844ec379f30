package linear

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"bespoke/model"
)

// moments are the weighted first two moments of features and target. The
// minimisers work on (x-mean)/deviation, which changes no minimum (the penalty
// is rescaled to match) but makes every feature equally steep.
type moments struct {
	sum        float64 // of the row weights
	means      []float64
	deviations []float64
	// scales are the deviations with 1 for constant features.
	scales          []float64
	targetMean      float64
	targetDeviation float64
}

// constantShare is the ratio of deviation to mean below which a feature is
// taken as constant: what is left then is rounding noise of the mean.
const constantShare = 1e-13

// tooLargeError is about a feature of which the moments overflow.
func tooLargeError(feature string) error {
	return fmt.Errorf("feature %q: its values are too large to square; scale it", feature)
}

// measure computes the moments, those of the sparse part behind the others; it
// fails when squares overflow.
func measure(in model.Training, w *wide) (*moments, error) {
	p := in.X.Cols()
	first := sumRows(in, p+2, func(i int, w float64, out []float64) {
		for j, x := range in.X.Row(i) {
			out[j] += w * x
		}
		out[p] += w * in.Y[i]
		out[p+1] += w
	})
	sum := first[p+1]
	for j := range p + 1 {
		first[j] /= sum
	}
	means, targetMean := first[:p:p], first[p]
	second := sumRows(in, p+1, func(i int, w float64, out []float64) {
		for j, x := range in.X.Row(i) {
			d := x - means[j]
			out[j] += w * d * d
		}
		d := in.Y[i] - targetMean
		out[p] += w * d * d
	})
	m := &moments{sum: sum, means: means, targetMean: targetMean, deviations: second[:p:p], scales: make([]float64, p)}
	for j := range p {
		m.deviations[j] = spread(second[j], sum, means[j])
		m.scales[j] = m.deviations[j]
		if m.scales[j] == 0 {
			m.scales[j] = 1
		}
		if !finite(m.deviations[j]) || !finite(means[j]) {
			return nil, tooLargeError(in.X.Features[j].Name)
		}
	}
	m.targetDeviation = spread(second[p], sum, targetMean)
	if !finite(m.targetDeviation) || !finite(targetMean) {
		return nil, fmt.Errorf("target: its values are too large to square; scale it")
	}
	if w != nil {
		return m, w.moments(in, m)
	}
	return m, nil
}

func spread(squares, sum, mean float64) float64 {
	d := math.Sqrt(squares / sum)
	if d <= constantShare*math.Abs(mean) {
		return 0
	}
	return d
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// weightOf is the weight of a row.
func weightOf(in model.Training, row int) float64 {
	if in.Weights == nil {
		return 1
	}
	return in.Weights[row]
}

// Sums over rows are split into at most maxBlocks blocks whose borders depend
// on the number of rows only.
const (
	maxBlocks = 32
	minBlock  = 256 // rows
)

func blocksOf(rows int) (count, size int) {
	size = max(minBlock, (rows+maxBlocks-1)/maxBlocks)
	return (rows + size - 1) / size, size
}

// sumRows adds up width numbers over all rows: add is called once for each row
// with its weight and the block's running sums.
func sumRows(in model.Training, width int, add func(row int, weight float64, out []float64)) []float64 {
	count, size := blocksOf(in.X.Rows)
	parts := make([]float64, count*width)
	parallel(in.Threads, count, func(b int) {
		out := parts[b*width : (b+1)*width]
		for i := b * size; i < min((b+1)*size, in.X.Rows); i++ {
			add(i, weightOf(in, i), out)
		}
	})
	total := parts[:width]
	for b := 1; b < count; b++ {
		axpy(1, parts[b*width:(b+1)*width], total)
	}
	return total
}

// parallel calls work for 0 to n-1, at most threads at a time, in any order.
func parallel(threads, n int, work func(i int)) {
	if threads <= 1 || n <= 1 {
		for i := range n {
			work(i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(threads, n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	group.Wait()
}

// dot is the inner product of a and the first len(a) numbers of b. Four sums
// run side by side, because one chain of additions would wait for itself.
func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// axpy adds f times x to y.
func axpy(f float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += f * v
	}
}
