package histogram

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkAdd is the inner loop alone: 256 rows whose bins, shares and
// histograms all lie in the nearest cache. A processor that writes 128 bits per
// cycle needs at least a cycle per value.
func BenchmarkAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 4))
	bins, rows := make([]uint32, 256), make([]Entry, 256)
	for i := range rows {
		bins[i] = r.Uint32()
		rows[i] = Entry{r.Int64() >> 30, 1, i}
	}
	for _, k := range kernels() {
		b.Run(k.name, func(b *testing.B) {
			hist := make([]int64, 2*4*256)
			k.use(func() {
				for b.Loop() {
					Add(hist, 256, 4, bins, rows)
				}
			})
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/value")
		})
	}
}

// BenchmarkWalk is the search over the 255 bins of a column.
func BenchmarkWalk(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 5))
	values := make([]int64, 2*255)
	q := Query{MinWeight: 1, MinHessian: 1, Mask: -1, L2: 1}
	for i := 0; i < len(values); i += 2 {
		values[i], values[i+1] = r.Int64()>>20, 1+r.Int64N(1000)
		q.TotalG += float64(values[i])
		q.MaxWeight += values[i+1]
	}
	q.MaxHessian, q.TotalH = q.MaxWeight, float64(q.MaxWeight)+2*q.L2
	for _, k := range kernels() {
		b.Run(k.name, func(b *testing.B) {
			k.use(func() {
				for b.Loop() {
					Walk(values, true, &q)
				}
			})
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/255, "ns/bin")
		})
	}
}
