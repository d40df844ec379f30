package objective

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestMeasuresAreMeansOverOrders compares each measure, where scores are tied,
// with its mean over all orders of the rows in which scores do not rise.
func TestMeasuresAreMeansOverOrders(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 60 {
		n := 1 + r.IntN(6)
		grades, scores, groups := make([]float64, n), make([]float64, n), make([]int32, n)
		for i := range n {
			grades[i], scores[i] = float64(r.IntN(3)), float64(r.IntN(3))
		}
		first := 1 + r.IntN(n)
		ranked, err := NewRanked(grades, groups)
		if err != nil {
			t.Fatal(err)
		}
		want, orders := [3]float64{}, 0.0
		permute(n, func(order []int) {
			if !slices.IsSortedFunc(order, func(a, b int) int { return int(scores[b] - scores[a]) }) {
				return
			}
			orders++
			for k, v := range measured(order, grades, first) {
				want[k] += v
			}
		})
		for k, got := range [3]float64{ranked.NDCG(scores, first)[0], ranked.Precision(scores)[0], ranked.Reciprocal(scores)[0]} {
			if w := want[k] / orders; !(math.Abs(got-w) < 1e-12) && !(math.IsNaN(got) && math.IsNaN(w)) {
				t.Fatalf("measure %d of grades %v, scores %v, first %d: %v, want %v", k, grades, scores, first, got, w)
			}
		}
	}
}

// measured are the definitions, for one order.
func measured(order []int, grades []float64, first int) (out [3]float64) {
	best := slices.Clone(grades)
	slices.SortFunc(best, func(a, b float64) int { return int(b - a) })
	gained, most, hits, total := 0.0, 0.0, 0.0, 0.0
	for place, i := range order {
		if place < first {
			gained += (math.Exp2(grades[i]) - 1) / math.Log2(float64(place+2))
			most += (math.Exp2(best[place]) - 1) / math.Log2(float64(place+2))
		}
		if grades[i] > 0 {
			hits++
			total += hits / float64(place+1)
			if hits == 1 {
				out[2] = 1 / float64(place+1)
			}
		}
	}
	out[0], out[1] = gained/most, total/hits
	if hits == 0 {
		out[2] = math.NaN()
	}
	return out
}

func permute(n int, visit func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var rest func(k int)
	rest = func(k int) {
		if k == n {
			visit(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			rest(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	rest(0)
}

func TestMeasuresOfQueries(t *testing.T) {
	ranked, err := NewRanked([]float64{0, 2, 0, 1, 0}, []int32{7, 4, 7, 4, 4})
	if err != nil || ranked.Queries() != 2 || !slices.Equal(ranked.Rows(1), []int32{1, 3, 4}) {
		t.Fatalf("%v, %d queries, the second has rows %v", err, ranked.Queries(), ranked.Rows(1))
	}
	got := ranked.NDCG([]float64{0, 1, 0, 2, 3}, 10)
	want := (1/math.Log2(3) + 3/math.Log2(4)) / (3 + 1/math.Log2(3))
	if !math.IsNaN(got[0]) || math.Abs(got[1]-want) > 1e-15 {
		t.Errorf("%v, want [NaN %v]", got, want)
	}
	if mean, n := Defined(got); mean != got[1] || n != 1 {
		t.Errorf("mean %v of %d", mean, n)
	}
	for text, bad := range map[string][]float64{"-1; it must be a grade": {0, -1}, "0.5; it must": {0, 0.5}, "31; it must": {0, 31}, "1 rows": {0}} {
		if _, err := NewRanked(bad, []int32{0, 0}); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
