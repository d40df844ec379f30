package allocate_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bespoke/allocate"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(a)) }

// draw makes a small problem; whole says that every action takes 0 or 1 unit.
func draw(r *rapid.T, resources int, whole bool) allocate.Problem {
	p := allocate.Problem{Rows: rapid.IntRange(1, 6).Draw(r, "rows"), Actions: rapid.IntRange(1, 4).Draw(r, "actions")}
	for range p.Rows * p.Actions {
		p.Money = append(p.Money, float64(rapid.IntRange(-6, 12).Draw(r, "money")))
	}
	for range resources {
		q := allocate.Resource{Limit: float64(rapid.IntRange(0, 8).Draw(r, "limit"))}
		q.Takes = append(q.Takes, allocate.Amount{}) // the first action is always possible
		for range p.Actions - 1 {
			switch {
			case whole:
				q.Takes = append(q.Takes, allocate.Amount{Each: float64(rapid.IntRange(0, 1).Draw(r, "unit"))})
			case rapid.Bool().Draw(r, "each"):
				q.Takes = append(q.Takes, allocate.Amount{Each: float64(rapid.IntRange(0, 4).Draw(r, "units"))})
			default:
				rows := make([]float64, p.Rows)
				for i := range rows {
					rows[i] = float64(rapid.IntRange(0, 4).Draw(r, "units"))
				}
				q.Takes = append(q.Takes, allocate.Amount{Rows: rows})
			}
		}
		p.Resources = append(p.Resources, q)
	}
	return p
}

// best tries every choice.
func best(p allocate.Problem, allowed func(choice []int) bool) float64 {
	most := math.Inf(-1)
	choice := make([]int, p.Rows)
	for {
		if allowed(choice) {
			sum := 0.0
			for i, a := range choice {
				sum += p.Money[i*p.Actions+a]
			}
			most = max(most, sum)
		}
		i := 0
		for ; i < p.Rows; i++ {
			if choice[i]++; choice[i] < p.Actions {
				break
			}
			choice[i] = 0
		}
		if i == p.Rows {
			return most
		}
	}
}

func within(p allocate.Problem, choice []int) bool {
	for r, u := range p.Use(choice) {
		if u > p.Resources[r].Limit+1e-9 {
			return false
		}
	}
	return true
}

// With one resource of which actions take a unit or none, the choice is the
// best there is, the bound is its money, and the shadow price is what one unit
// less loses.
func TestOneOfUnits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := draw(r, 1, true)
		got := allocate.Solve(p)
		want := best(p, func(c []int) bool { return within(p, c) })
		if !within(p, got.Choice) || !near(got.Money, want) || !near(got.Bound, want) || !got.Feasible {
			r.Fatalf("got %+v, the best choice has %v", got, want)
		}
		if limit := p.Resources[0].Limit; limit > 0 && got.Shadow[0] > 0 {
			q := p
			q.Resources = []allocate.Resource{{Limit: limit - 1, Takes: p.Resources[0].Takes}}
			if less := allocate.Solve(q); !near(got.Money-less.Money, got.Shadow[0]) {
				r.Fatalf("shadow price %v, one unit less loses %v", got.Shadow[0], got.Money-less.Money)
			}
		}
	})
}

// With any amounts the choice holds the limit and is short of the bound by less
// than one step; the bound is concave in the limit and its slope is the shadow
// price.
func TestOneOfAmounts(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := draw(r, 1, false)
		got := allocate.Solve(p)
		most := best(p, func(c []int) bool { return within(p, c) })
		if !within(p, got.Choice) || got.Money > most+1e-9 || most > got.Bound+1e-9 {
			r.Fatalf("got %+v, the best choice has %v", got, most)
		}
		step := 0.0
		for i := range p.Rows {
			row := p.Money[i*p.Actions : (i+1)*p.Actions]
			step = max(step, slices.Max(row)-slices.Min(row))
		}
		if got.Bound-got.Money > step+1e-9 {
			r.Fatalf("short of the bound %v by more than the step %v: %+v", got.Bound, step, got)
		}
		const h = 1e-4
		limit := p.Resources[0].Limit
		bound := func(limit float64) float64 {
			q := p
			q.Resources = []allocate.Resource{{Limit: limit, Takes: p.Resources[0].Takes}}
			_, b := allocate.Price(q)
			return b
		}
		if limit > 0 && got.Prices[0] > 0 {
			if slope := (bound(limit) - bound(limit-h)) / h; math.Abs(slope-got.Shadow[0]) > 1e-6 {
				r.Fatalf("shadow price %v, slope %v", got.Shadow[0], slope)
			}
		}
		if slope := (bound(limit+h) - bound(limit)) / h; math.Abs(slope-got.Prices[0]) > 1e-6 {
			r.Fatalf("price %v, slope %v", got.Prices[0], slope)
		}
	})
}

// With several resources the choice holds every limit and the bound is one.
func TestSeveral(t *testing.T) {
	short, gaps := 0, 0.0
	rapid.Check(t, func(r *rapid.T) {
		p := draw(r, rapid.IntRange(2, 3).Draw(r, "resources"), rapid.Bool().Draw(r, "whole"))
		got := allocate.Solve(p)
		most := best(p, func(c []int) bool { return within(p, c) })
		if !within(p, got.Choice) || got.Money > most+1e-9 || most > got.Bound+1e-9 || !got.Feasible {
			r.Fatalf("got %+v, the best choice has %v", got, most)
		}
		if most > 0 {
			short++
			gaps += (most - got.Money) / most
		}
	})
	if short > 0 && gaps/float64(short) > 0.1 {
		t.Errorf("on average %v of the best money is missed", gaps/float64(short))
	}
}

// Prices learnt on rows hold the same rows to the limit when each decides
// alone: ties go to what takes less.
func TestPricesHoldTheirRows(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := draw(r, 1, false)
		prices, bound := allocate.Price(p)
		choice := p.Choose(prices)
		if !within(p, choice) {
			r.Fatalf("at the prices %v the choice %v takes %v of %v", prices, choice, p.Use(choice), p.Resources[0].Limit)
		}
		if s := allocate.Solve(p); s.Bound != bound || !slices.Equal(s.Prices, prices) {
			r.Fatalf("prices %v and bound %v, with a choice %+v", prices, bound, s)
		}
	})
}

// A top alone is exact: within every group the action goes to the rows that
// gain most by it.
func TestTop(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := draw(r, 0, true)
		if p.Actions < 2 {
			return
		}
		top := allocate.Top{Action: rapid.IntRange(0, p.Actions-1).Draw(r, "action"), Most: rapid.IntRange(0, 3).Draw(r, "most")}
		for range p.Rows {
			top.Group = append(top.Group, int32(rapid.IntRange(0, 2).Draw(r, "group")))
		}
		p.Tops = []allocate.Top{top}
		holds := func(choice []int) bool {
			var count [3]int
			for i, a := range choice {
				if a == top.Action {
					count[top.Group[i]]++
				}
			}
			return slices.Max(count[:]) <= top.Most
		}
		got := allocate.Solve(p)
		if want := best(p, holds); !holds(got.Choice) || !near(got.Money, want) || !near(got.Bound, want) {
			r.Fatalf("got %+v, the best choice has %v", got, want)
		}
	})
}

func TestTopTakesTheEarlierRowOfEquals(t *testing.T) {
	p := allocate.Problem{
		Rows: 4, Actions: 2, Money: []float64{0, 2, 0, 3, 0, 2, 0, 2},
		Tops: []allocate.Top{{Action: 1, Most: 2, Group: []int32{0, 0, 0, 1}}},
	}
	if got, want := p.Choose(nil), []int{1, 1, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A choice over the limit gives up the rows that lose least, the later row
// first.
func TestWithin(t *testing.T) {
	p := allocate.Problem{
		Rows: 5, Actions: 2, Money: []float64{0, 4, 0, 2, 0, 9, 0, 2, 0, -1},
		Resources: []allocate.Resource{{Limit: 3, Takes: []allocate.Amount{{}, {Each: 1}}}},
	}
	got, ok := p.Within([]int{1, 1, 1, 1, 1}, []float64{0})
	if want := []int{1, 1, 1, 0, 0}; !ok || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, ok, want)
	}
	if got, ok := p.Within([]int{0, 1, 0, 0, 0}, nil); !ok || !slices.Equal(got, []int{0, 1, 0, 0, 0}) {
		t.Errorf("a choice within the limits was changed: %v", got)
	}
}

func TestNoWay(t *testing.T) {
	p := allocate.Problem{
		Rows: 2, Actions: 2, Money: []float64{1, 5, 1, 5},
		Resources: []allocate.Resource{{Limit: 1, Takes: []allocate.Amount{{Each: 1}, {Each: 2}}}},
	}
	got := allocate.Solve(p)
	if got.Feasible || !slices.Equal(got.Choice, []int{0, 0}) || got.Used[0] != 2 {
		t.Errorf("got %+v", got)
	}
}

// Something is used only where it earns more than rounding, and of two actions
// that use something and are equal the cheaper one is taken.
func TestPick(t *testing.T) {
	takes := []float64{0, 0, 2, 1}
	for _, c := range []struct {
		name        string
		money, rent []float64
		barred      []bool
		want        int
	}{
		{"first of equals", []float64{1, 1, 1, 1}, nil, nil, 0},
		{"rounding", []float64{0.3, 0, 0.1 + 0.2, 0}, nil, nil, 0},
		{"better", []float64{0, 1, 2, 1}, nil, nil, 2},
		{"rent", []float64{0, 1, 2, 1.5}, []float64{0, 0, 1, 0.2}, nil, 3},
		{"equal after rent", []float64{0, 0, 2, 1.5}, []float64{0, 0, 1, 0.5}, nil, 3},
		{"barred", []float64{0, 1, 2, 1.5}, nil, []bool{false, false, true, false}, 3},
		{"all barred", []float64{0, 1, 2, 1.5}, nil, []bool{true, true, true, true}, -1},
	} {
		if got := allocate.Pick(c.money, c.rent, takes, c.barred); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// many is a call centre: a million customers, each worth something else.
func many(n int) allocate.Problem {
	p := allocate.Problem{Rows: n, Actions: 3, Resources: []allocate.Resource{{Limit: float64(n) / 50, Takes: []allocate.Amount{{}, {Each: 1}, {Each: 2}}}}}
	state := uint64(1)
	for range n {
		for a := range 3 {
			state = state*6364136223846793005 + 1442695040888963407
			p.Money = append(p.Money, float64(a)*(float64(state>>40)/float64(1<<24)-0.6))
		}
	}
	return p
}

func BenchmarkSolve(b *testing.B) {
	p := many(1_000_000)
	b.ResetTimer()
	for b.Loop() {
		allocate.Solve(p)
	}
}

func BenchmarkPrice(b *testing.B) {
	p := many(1_000_000)
	b.ResetTimer()
	for b.Loop() {
		allocate.Price(p)
	}
}
