package allocate

import (
	"cmp"
	"math"
	"slices"
)

// rounding is the share of money below which a difference is none.
const rounding = 1e-12

// Pick is the action of one row: the one with the most money after the rent for
// what it takes, by action; a nil rent is none. takes is how much each action
// takes in the row, in any measure. Among actions that take nothing the first of
// the best is picked. One that takes something must be better by more than
// rounding, so that nothing is used for the sake of the last bits, and among
// those that are equal the one that takes less is picked. barred may be nil; -1
// is returned when everything is barred.
func Pick(money, rent, takes []float64, barred []bool) int {
	best := -1
	for a, v := range money {
		if takes[a] == 0 && !is(barred, a) && (best < 0 || v > money[best]) {
			best = a
		}
	}
	for a := range money {
		if takes[a] == 0 || is(barred, a) {
			continue
		}
		if best < 0 || better(money, rent, takes, a, best) {
			best = a
		}
	}
	return best
}

func is(barred []bool, a int) bool { return barred != nil && barred[a] }

// better says whether a, which takes something, is better than b.
func better(money, rent, takes []float64, a, b int) bool {
	va, vb := money[a], money[b]
	scale := math.Abs(va) + math.Abs(vb)
	ra, rb := 0.0, 0.0
	if rent != nil {
		ra, rb = rent[a], rent[b]
		scale += ra + rb
	}
	gain := (va - vb) - (ra - rb)
	if math.Abs(gain) <= rounding*scale {
		return takes[a] < takes[b]
	}
	return gain > 0
}

// chooser decides rows at given prices.
type chooser struct {
	p      Problem
	prices []float64  // by resource
	amount [][]Amount // by resource, for every action
	takes  []float64  // by action, of the row at hand
	rent   []float64  // likewise; nil without prices
	barred []bool     // row*Actions+action; p.Barred until tops add to it
	owned  bool
}

func (p Problem) chooser(prices []float64) *chooser {
	c := &chooser{p: p, prices: make([]float64, len(p.Resources)), takes: make([]float64, p.Actions), barred: p.Barred}
	copy(c.prices, prices)
	for r := range p.Resources {
		c.amount = append(c.amount, p.takes(r))
		if c.prices[r] > 0 {
			c.rent = make([]float64, p.Actions)
		}
	}
	return c
}

// pay fills in what the actions of a row take, and its rent.
func (c *chooser) pay(row int) {
	clear(c.takes)
	clear(c.rent)
	for r, amounts := range c.amount {
		price := c.prices[r]
		for a := range amounts {
			units := amounts[a].at(row)
			c.takes[a] += units
			if price > 0 {
				c.rent[a] += price * units
			}
		}
	}
}

func (c *chooser) row(i int) int {
	c.pay(i)
	n := c.p.Actions
	return Pick(c.p.Money[i*n:(i+1)*n], c.rent, c.takes, c.bars(i))
}

func (c *chooser) bars(i int) []bool {
	if c.barred == nil {
		return nil
	}
	return c.barred[i*c.p.Actions : (i+1)*c.p.Actions]
}

func (c *chooser) bar(row, action int) {
	if !c.owned {
		c.owned = true
		own := make([]bool, c.p.Rows*c.p.Actions)
		copy(own, c.barred)
		c.barred = own
	}
	c.barred[row*c.p.Actions+action] = true
}

// tops bars the action of every top in the rows of a group that gain least by
// it, and lets those choose again, until nothing is over.
func (c *chooser) tops(choice []int) {
	for over := true; over; {
		over = false
		for _, t := range c.p.Tops {
			for _, i := range c.beyond(t, choice) {
				c.bar(i, t.Action)
				if a := c.row(i); a >= 0 {
					choice[i], over = a, true
				}
			}
		}
	}
}

// beyond lists the rows that must give up the action, in their order of gain.
func (c *chooser) beyond(t Top, choice []int) []int {
	type ranked struct {
		row   int
		group int32
		gain  float64
	}
	var list []ranked
	for i, a := range choice {
		// A row whose action is barred already has no other one.
		if a == t.Action && !is(c.bars(i), a) {
			list = append(list, ranked{i, t.Group[i], c.lead(i, a)})
		}
	}
	slices.SortStableFunc(list, func(x, y ranked) int {
		return cmp.Or(cmp.Compare(x.group, y.group), cmp.Compare(y.gain, x.gain))
	})
	var out []int
	place := 0
	for k, x := range list {
		if k == 0 || x.group != list[k-1].group {
			place = 0
		}
		if place >= t.Most {
			out = append(out, x.row)
		}
		place++
	}
	return out
}

// lead is by how much an action is ahead of the best other one of its row.
func (c *chooser) lead(i, action int) float64 {
	if c.rent != nil {
		c.pay(i)
	}
	best, bars := math.Inf(-1), c.bars(i)
	net := func(a int) float64 {
		v := c.p.Money[i*c.p.Actions+a]
		if c.rent != nil {
			v -= c.rent[a]
		}
		return v
	}
	for a := range c.p.Actions {
		if a != action && !is(bars, a) {
			best = max(best, net(a))
		}
	}
	return net(action) - best
}

// Settle decides at the given prices which rows may have an action that a top
// limits, and gives the problem that is left: one without tops. Solve, Price and
// Within do so as if nothing had a price.
func (p Problem) Settle(prices []float64) Problem {
	if len(p.Tops) == 0 {
		return p
	}
	c := p.chooser(prices)
	choice := make([]int, p.Rows)
	for i := range choice {
		choice[i] = c.row(i)
	}
	c.tops(choice)
	for _, t := range p.Tops {
		for i, a := range choice {
			if a != t.Action {
				c.bar(i, t.Action)
			}
		}
	}
	p.Barred, p.Tops = c.barred, nil
	return p
}
