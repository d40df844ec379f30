package tune

import (
	"math"
	"testing"

	"bespoke/ensemble"
	"bespoke/model"

	"pgregory.net/rapid"
)

// predictions draws valid predictions of rows.
func predictions(t *rapid.T, task model.Task, rows int) []float64 {
	if task == model.Regression {
		return rapid.SliceOfN(rapid.Float64Range(-5, 5), rows, rows).Draw(t, "numbers")
	}
	k := 1 + int(task)
	var out []float64
	for range rows {
		p, sum := rapid.SliceOfN(rapid.Float64Range(0.01, 1), k, k).Draw(t, "shares"), 0.0
		for _, v := range p {
			sum += v
		}
		for _, v := range p {
			out = append(out, v/sum)
		}
	}
	return out
}

// lossOf is the loss of predictions by its definition.
func lossOf(task model.Task, p, y []float64) float64 {
	total, k := 0.0, len(p)/len(y)
	for i, v := range y {
		if task == model.Regression {
			total += (p[i] - v) * (p[i] - v)
		} else {
			total -= math.Log(p[i*k+int(v)])
		}
	}
	return total / float64(len(y))
}

// Greedy selection begins with the first, adds at each draw what is best by the
// loss of the mean as ensemble defines it, and keeps the best number of draws.
func TestGrow(t *testing.T) {
	for _, task := range []model.Task{model.Regression, model.Binary, model.Multiclass} {
		rapid.Check(t, func(t *rapid.T) {
			const rows = 6
			k := max(1, 1+int(task))
			if task == model.Regression {
				k = 1
			}
			b := &blend{task: task, width: model.RawOutputs(k), threads: 2}
			for range rows {
				b.y = append(b.y, float64(rapid.IntRange(0, max(1, k-1)).Draw(t, "y")))
			}
			pool := rapid.IntRange(2, 5).Draw(t, "pool")
			var all [][]float64
			for range pool {
				p := predictions(t, task, rows)
				raw := make([]float64, rows*b.width)
				for i := range rows {
					ensemble.LogOdds(p[i*k:(i+1)*k], raw[i*b.width:(i+1)*b.width])
				}
				all, b.raw = append(all, p), append(b.raw, raw)
			}
			b.sum = make([]float64, len(b.raw[0]))
			for i := range b.y {
				b.rows = append(b.rows, i)
			}
			mean := func(counts []int) float64 {
				weights, n := make([]float64, pool), float64(sum(counts))
				for i, c := range counts {
					weights[i] = float64(c) / n
				}
				return lossOf(task, ensemble.Average(all, weights, k), b.y)
			}
			draws := rapid.IntRange(1, 6).Draw(t, "draws")
			got := b.growFrom(0, draws)

			counts := make([]int, pool)
			counts[0] = 1
			least := mean(counts)
			for n := 1; n < draws; n++ {
				at, best := -1, math.Inf(1)
				for i := range counts {
					counts[i]++
					if l := mean(counts); l < best-1e-12 {
						at, best = i, l
					}
					counts[i]--
				}
				counts[at]++
				least = min(least, best)
			}
			if l := mean(got); l > least+1e-9 {
				t.Fatalf("%s: counts %v have loss %v; %v is possible", task, got, l, least)
			}
			if got[0] == 0 || sum(got) > draws {
				t.Fatalf("%s: counts %v of %d draws, the first must be among them", task, got, draws)
			}
		})
	}
}
