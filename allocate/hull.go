package allocate

import "math"

// solver solves one problem without tops.
type solver struct {
	p      Problem
	amount [][]Amount // by resource, for every action
	extra  []float64  // by resource, see more
}

func newSolver(p Problem) *solver {
	s := &solver{p: p, extra: make([]float64, len(p.Resources))}
	for r := range p.Resources {
		s.amount = append(s.amount, p.takes(r))
	}
	return s
}

// limited lists the resources that have a limit.
func (s *solver) limited() []int {
	var out []int
	for r, q := range s.p.Resources {
		if !math.IsInf(q.Limit, 1) {
			out = append(out, r)
		}
	}
	return out
}

// room is how far a use may exceed a limit by rounding.
func room(limit float64) float64 { return 1e-9 * math.Max(1, limit) }

// steps are the ways to use more of a resource and earn more, over all rows.
// Those of one row gain less and less per unit.
type steps struct {
	gain, units []float64
	// used and money are those of the actions before any step.
	used, money float64
}

// point is an action as seen by one resource.
type point struct{ use, money float64 }

// steps lists the steps for a resource, given the prices of the others.
func (s *solver) steps(r int, prices []float64) *steps {
	n := s.p.Actions
	out := &steps{gain: make([]float64, 0, s.p.Rows), units: make([]float64, 0, s.p.Rows)}
	points := make([]point, 0, n)
	var usedLost, moneyLost float64
	for i := range s.p.Rows {
		points = s.points(points[:0], i, r, prices)
		hull := upper(points)
		out.used, usedLost = add(out.used, usedLost, hull[0].use)
		out.money, moneyLost = add(out.money, moneyLost, hull[0].money)
		for k := 1; k < len(hull); k++ {
			units := hull[k].use - hull[k-1].use
			out.gain = append(out.gain, (hull[k].money-hull[k-1].money)/units)
			out.units = append(out.units, units)
		}
	}
	out.used += usedLost
	out.money += moneyLost
	return out
}

// points lists a row's actions by use, and by money from the top where they use
// the same.
func (s *solver) points(out []point, row, r int, prices []float64) []point {
	n := s.p.Actions
	for a := range n {
		if s.p.Barred != nil && s.p.Barred[row*n+a] {
			continue
		}
		q := point{s.amount[r][a].at(row), s.net(row, a, r, prices)}
		k := len(out)
		out = append(out, q)
		for ; k > 0 && (out[k-1].use > q.use || out[k-1].use == q.use && out[k-1].money < q.money); k-- {
			out[k] = out[k-1]
		}
		out[k] = q
	}
	return out
}

// net is an action's money after the rent of all resources but one.
func (s *solver) net(row, action, but int, prices []float64) float64 {
	v := s.p.Money[row*s.p.Actions+action]
	for q, price := range prices {
		if q != but && price > 0 {
			v -= price * s.amount[q][action].at(row)
		}
	}
	return v
}

// upper keeps, in place, the points of the upper hull whose money grows.
func upper(points []point) []point {
	hull := points[:1]
	for _, q := range points[1:] {
		last := hull[len(hull)-1]
		if q.money-last.money <= rounding*(math.Abs(q.money)+math.Abs(last.money)) || q.use <= last.use {
			continue
		}
		for len(hull) > 1 && slope(hull[len(hull)-1], q) >= slope(hull[len(hull)-2], hull[len(hull)-1]) {
			hull = hull[:len(hull)-1]
		}
		hull = append(hull, q)
	}
	return hull
}

func slope(a, b point) float64 { return (b.money - a.money) / (b.use - a.use) }

// cut is where a resource ends.
type cut struct {
	// short is false when every step fits.
	short bool
	// at is the gain per unit of the best step that does not fit whole.
	at float64
	// left is what the steps with a larger gain leave.
	left float64
	// above is the smallest of those gains; at when there is none.
	above float64
	// money is that of the relaxation.
	money float64
}

// cut takes the steps in the order of their gain until the limit.
func (s *steps) cut(limit float64) cut {
	c := cut{left: limit - s.used, money: s.money}
	all, lost := 0.0, 0.0
	for _, u := range s.units {
		all, lost = add(all, lost, u)
	}
	if all+lost <= c.left+room(limit) {
		for k, g := range s.gain {
			c.money += g * s.units[k]
		}
		return c
	}
	c.short = true
	c.at = threshold(s.gain, s.units, c.left+room(limit))
	c.above = math.Inf(1)
	for k, g := range s.gain {
		if g > c.at {
			c.left -= s.units[k]
			c.money += g * s.units[k]
			c.above = math.Min(c.above, g)
		}
	}
	if c.left = math.Max(c.left, 0); c.left <= room(limit) {
		c.left = 0
	}
	c.money += c.at * c.left
	if math.IsInf(c.above, 1) {
		c.above = c.at
	}
	return c
}

// threshold is the largest gain such that the steps with this gain or more take
// more than the budget; they are known to in all. It selects and does not sort.
func threshold(gain, units []float64, budget float64) float64 {
	g, u := append([]float64(nil), gain...), append([]float64(nil), units...)
	swap := func(i, j int) { g[i], g[j], u[i], u[j] = g[j], g[i], u[j], u[i] }
	from, to := 0, len(g)
	state := uint64(len(g))
	for to-from > 1 {
		// A pivot from a generator of its own keeps sorted input from being slow.
		state = state*6364136223846793005 + 1442695040888963407
		pivot := g[from+int((state>>33)%uint64(to-from))]
		// Larger gains come before high, equal ones before low.
		high, low, weight, equal := from, to, 0.0, 0.0
		for k := from; k < low; {
			switch {
			case g[k] > pivot:
				weight += u[k]
				swap(k, high)
				high++
				k++
			case g[k] < pivot:
				low--
				swap(k, low)
			default:
				equal += u[k]
				k++
			}
		}
		switch {
		case weight > budget:
			to = high
		case weight+equal > budget || low == to:
			return pivot
		default:
			budget -= weight + equal
			from = low
		}
	}
	return g[from]
}
