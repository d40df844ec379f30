// Package allocate gives what is scarce to the rows where it earns most.
//
// In every row one action is taken. An action brings money and takes so many
// units of each resource, of which there is only so much for all rows together:
// the multiple-choice knapsack problem. Its linear relaxation, in which a row
// may be split between actions, is solved exactly for one resource (Sinha and
// Zoltners, "The multiple-choice knapsack problem", Operations Research 27,
// 1979; Kellerer, Pferschy and Pisinger, "Knapsack Problems", 2004, chapter 11):
// in each row only the actions on the upper hull of money over units count, and
// the steps along all hulls are taken by money per unit until the resource ends.
// The money per unit of the last step is the resource's price.
//
// With prices every row decides alone: it takes the action that is worth most
// after paying for what it uses (Everett, "Generalized Lagrange multiplier
// method", Operations Research 11, 1963). Several resources have no such simple
// order; their prices are found one after another, each exactly given the
// others. That is approximate, and Result.Bound says by how much at most.
//
//	r := allocate.Solve(allocate.Problem{
//		Rows: 3, Actions: 2, Money: []float64{0, 5, 0, 2, 0, 9}, // leave, call
//		Resources: []allocate.Resource{{Limit: 2, Takes: []allocate.Amount{{}, {Each: 1}}}},
//	})
//	// r.Choice is 1, 0, 1; r.Prices is 2: a third call would bring as much.
//
// A top is another kind of limit: at most so many rows of a group may have an
// action, and get it in the order of what they gain by it.
//
// Every result depends on the problem alone, not on threads or time.
package allocate

import (
	"math"
)

// Problem is one decision about many rows.
type Problem struct {
	Rows, Actions int
	// Money is what each action brings, finite, at row*Actions+action.
	Money []float64
	// Barred says which actions are not possible, likewise; nil bars none. Every
	// row must have one that is.
	Barred []bool
	// Resources are what actions take from.
	Resources []Resource
	// Tops limit actions within groups of rows.
	Tops []Top
}

// Resource is something of which there is only so much.
type Resource struct {
	// Limit is how many units there are for all rows, 0 or more; infinite when
	// there is no limit.
	Limit float64
	// Takes is what each action takes, by action; those beyond its end take
	// nothing.
	Takes []Amount
}

// Amount is how many units an action takes, 0 or more: the zero Amount is
// nothing.
type Amount struct {
	// Each is taken in every row, where Rows is nil.
	Each float64
	// Rows has one number per row.
	Rows []float64
}

func (a Amount) at(row int) float64 {
	if a.Rows != nil {
		return a.Rows[row]
	}
	return a.Each
}

// Top lets an action have at most so many rows of each group.
type Top struct {
	Action, Most int
	// Group numbers the group of every row, from 0.
	Group []int32
}

// Result is a choice within the limits.
type Result struct {
	// Choice is one action per row.
	Choice []int
	// Money is what the choice brings in total.
	Money float64
	// Bound is the most that any choice within the limits can bring: Money is at
	// most this much. With one resource and no top it is the optimum of the
	// relaxation and Money falls short of it by less than one step of one row.
	Bound float64
	// Prices are what a unit of each resource must at least earn, for deciding
	// later rows alone; 0 where a resource is not short.
	Prices []float64
	// Shadow is what the last unit of each resource earned: one unit less would
	// lose so much; 0 where it is not short. It differs from the price where the
	// last step used the resource up exactly: the price is then what the next
	// unit would earn.
	Shadow []float64
	// Used is how many units the choice takes of each resource.
	Used []float64
	// Feasible is false when the actions that take least take more than there
	// is. Choice is then one that takes as little as could be found.
	Feasible bool
}

// Solve finds the choice with the most money within the limits. With tops, the
// rows that may have a limited action are settled first, as if nothing else
// were scarce; that is exact for one top without resources.
func Solve(p Problem) Result {
	p = p.Settle(nil)
	s := newSolver(p)
	r := Result{Prices: make([]float64, len(p.Resources)), Shadow: make([]float64, len(p.Resources)), Feasible: true}
	switch scarce := s.limited(); len(scarce) {
	case 0:
		r.Choice = p.Choose(nil)
		r.Bound = total(p.Money, p.Actions, r.Choice)
	case 1:
		s.one(scarce[0], &r)
	default:
		s.several(scarce, &r)
	}
	r.Money = total(p.Money, p.Actions, r.Choice)
	r.Used = p.Use(r.Choice)
	return r
}

// Price is Solve without the choice: the prices that hold later rows to the
// limits, and the bound.
func Price(p Problem) (prices []float64, bound float64) {
	p = p.Settle(nil)
	s := newSolver(p)
	r := Result{Prices: make([]float64, len(p.Resources)), Shadow: make([]float64, len(p.Resources))}
	switch scarce := s.limited(); len(scarce) {
	case 0:
		r.Bound = total(p.Money, p.Actions, p.Choose(nil))
	case 1:
		s.relax(scarce[0], &r)
	default:
		s.prices(scarce, &r)
	}
	return r.Prices, r.Bound
}

// Use is how many units of each resource a choice takes.
func (p Problem) Use(choice []int) []float64 {
	out := make([]float64, len(p.Resources))
	for r := range out {
		takes := p.takes(r)
		var sum, lost float64
		for i, a := range choice {
			sum, lost = add(sum, lost, takes[a].at(i))
		}
		out[r] = sum + lost
	}
	return out
}

// Choose lets every row decide at the prices of the resources; nil prices are
// all 0. Tops hold, limits are not looked at.
func (p Problem) Choose(prices []float64) []int {
	c := p.chooser(prices)
	out := make([]int, p.Rows)
	for i := range out {
		out[i] = c.row(i)
	}
	if len(p.Tops) > 0 {
		c.tops(out)
	}
	return out
}

// Within takes a choice back to the limits where it exceeds them: in the rows
// that lose the least money per unit, at the given prices of the other
// resources, the later row first where they lose the same. feasible is false
// when there was no way.
func (p Problem) Within(choice []int, prices []float64) (within []int, feasible bool) {
	s := newSolver(p.Settle(prices))
	r := Result{Choice: append([]int(nil), choice...), Feasible: true}
	s.repair(&r, prices)
	return r.Choice, r.Feasible
}

// takes are the amounts of a resource for every action.
func (p Problem) takes(r int) []Amount {
	out := make([]Amount, p.Actions)
	copy(out, p.Resources[r].Takes)
	return out
}

// total is the money of a choice.
func total(money []float64, actions int, choice []int) float64 {
	var sum, lost float64
	for i, a := range choice {
		sum, lost = add(sum, lost, money[i*actions+a])
	}
	return sum + lost
}

// add is one step of a sum with the compensation of Neumaier.
func add(sum, lost, x float64) (float64, float64) {
	t := sum + x
	if math.Abs(sum) >= math.Abs(x) {
		return t, lost + ((sum - t) + x)
	}
	return t, lost + ((x - t) + sum)
}
