package trees

import (
	"fmt"
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

func BenchmarkFit(b *testing.B) {
	for _, c := range []struct {
		task       model.Task
		rows, cols int
	}{{model.Binary, 5_000, 20}, {model.Regression, 50_000, 10}, {model.Binary, 3_000, 300}} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s %d x %d, threads %d", c.task, c.rows, c.cols, threads), func(b *testing.B) {
				in := learnable(c.task, c.rows, c.cols, 1)
				in.Threads = threads
				b.ReportAllocs()
				for b.Loop() {
					fit(b, nil, in)
				}
			})
		}
	}
}

func BenchmarkPredict(b *testing.B) {
	for _, task := range tasks {
		in := learnable(task, 5_000, 20, 1)
		m := fit(b, model.Params{"rounds": 500}, in)
		out := make([]float64, m.Outputs())
		b.Run("row, "+task.String(), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.Predict(in.X.Row(i%in.X.Rows), out)
			}
		})
	}
}

func BenchmarkPredictAll(b *testing.B) {
	in := learnable(model.Binary, 20_000, 20, 1)
	m := fit(b, nil, in)
	out := make([]float64, in.X.Rows*m.Outputs())
	for b.Loop() {
		m.PredictAll(in.X, out, 2)
	}
}
