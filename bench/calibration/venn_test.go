package main

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// isotonic is regression by its definition: at place i the largest over a of
// the least over b of the mean of a..b.
func isotonic(y []float64, i int) float64 {
	most := math.Inf(-1)
	for a := range i + 1 {
		least := math.Inf(1)
		for b := i; b < len(y); b++ {
			sum := 0.0
			for _, v := range y[a : b+1] {
				sum += v
			}
			least = min(least, sum/float64(b+1-a))
		}
		most = max(most, least)
	}
	return most
}

// Both probabilities are those of isotonic regressions on the rows and the
// score, made anew.
func TestVennIsTwoRegressions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 14).Draw(t, "rows")
		var x, y []float64
		for range n {
			x = append(x, float64(rapid.IntRange(0, 6).Draw(t, "x")))
			y = append(y, float64(rapid.IntRange(0, 1).Draw(t, "y")))
		}
		score := float64(rapid.IntRange(-1, 14).Draw(t, "score")) / 2
		p0, p1 := fitVenn(x, y).at(score)
		for outcome, got := range []float64{p0, p1} {
			// Equal scores share a value: their mean outcome, each.
			type row struct{ x, y float64 }
			rows := []row{{score, float64(outcome)}}
			for i := range x {
				rows = append(rows, row{x[i], y[i]})
			}
			slices.SortFunc(rows, func(a, b row) int { return int(2*a.x - 2*b.x) })
			means, at := make([]float64, len(rows)), 0
			for i, r := range rows {
				sum, count := 0.0, 0.0
				for _, other := range rows {
					if other.x == r.x {
						sum, count = sum+other.y, count+1
					}
				}
				means[i] = sum / count
				if r.x == score {
					at = i
				}
			}
			if want := isotonic(means, at); math.Abs(got-want) > 1e-12 {
				t.Fatalf("outcome %d: %v, want %v", outcome, got, want)
			}
		}
	})
}
