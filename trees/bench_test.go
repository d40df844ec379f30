package trees

import (
	"math/rand/v2"
	"testing"

	"bespoke/model"
)

// noise makes rows of normal numbers.
func noise(rows, cols int) *model.Matrix {
	r := rand.New(rand.NewPCG(1, 2))
	x := model.NewMatrix(make([]model.Feature, cols), rows)
	for i := range x.Values {
		x.Values[i] = r.NormFloat64()
	}
	return x
}

func BenchmarkAccumulate(b *testing.B) {
	s := settings{maxBins: 255, minInBin: 3}
	for _, size := range []struct {
		name       string
		rows, cols int
	}{{"100k x 28", 100_000, 28}, {"20k x 200", 20_000, 200}} {
		b.Run(size.name, func(b *testing.B) {
			x := noise(size.rows, size.cols)
			t := newTeam(1)
			d := newBinned(x, newBinner(x, nil, &s, 1).columns(t), t)
			hist := make([]cell, d.cells)
			gh := make([]cell, size.rows)
			rows := make([]int32, size.rows)
			use := make([]bool, size.cols)
			for i := range use {
				use[i] = true
			}
			for i := range rows {
				rows[i] = int32(i)
				gh[i] = cell{int64(i), 1}
			}
			b.ResetTimer()
			for range b.N {
				for i := range d.panels {
					p := &d.panels[i]
					d.accumulate(hist, p, 0, p.width, use, rows, gh)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size.rows*size.cols), "ns/value")
		})
	}
}
