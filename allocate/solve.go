package allocate

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
)

// relax finds the price of the only scarce resource and the optimum of the
// relaxation.
func (s *solver) relax(r int, out *Result) {
	limit := s.p.Resources[r].Limit
	all := s.steps(r, nil)
	c := all.cut(limit)
	out.Bound = c.money
	out.Feasible = all.used <= limit+room(limit)
	if !c.short {
		return
	}
	out.Prices[r], out.Shadow[r] = c.at, c.at
	if c.left == 0 {
		out.Shadow[r] = c.above
	}
}

// one solves a problem with one scarce resource.
func (s *solver) one(r int, out *Result) {
	s.relax(r, out)
	out.Choice = s.p.Choose(out.Prices)
	s.repair(out, out.Prices)
	s.fill(out)
}

// maxRounds bounds the search for the prices of several resources.
const maxRounds = 40

// prices finds prices for several resources by coordinate descent on the dual:
// each in turn is set to its exact price given the others, which never raises
// the bound. It may stop short of the lowest bound, since the dual has edges.
func (s *solver) prices(scarce []int, out *Result) {
	now := make([]float64, len(s.p.Resources))
	shadow := make([]float64, len(s.p.Resources))
	out.Bound = math.Inf(1)
	for range maxRounds {
		moved := false
		for _, r := range scarce {
			c := s.steps(r, now).cut(s.p.Resources[r].Limit)
			price := 0.0
			shadow[r] = 0
			if c.short {
				price, shadow[r] = c.at, c.at
				if c.left == 0 {
					shadow[r] = c.above
				}
			}
			moved = moved || math.Abs(price-now[r]) > 1e-9*math.Max(price, now[r])
			now[r] = price
		}
		if b := s.dual(now); b < out.Bound {
			out.Bound = b
			copy(out.Prices, now)
			copy(out.Shadow, shadow)
		}
		if !moved {
			break
		}
	}
}

// dual is what all rows earn after rent, and the rent: no choice within the
// limits brings more, whatever the prices.
func (s *solver) dual(prices []float64) float64 {
	var sum, lost float64
	n := s.p.Actions
	for i := range s.p.Rows {
		best := math.Inf(-1)
		for a := range n {
			if s.p.Barred == nil || !s.p.Barred[i*n+a] {
				best = max(best, s.net(i, a, -1, prices))
			}
		}
		sum, lost = add(sum, lost, best)
	}
	for r, price := range prices {
		if price > 0 {
			sum, lost = add(sum, lost, price*s.p.Resources[r].Limit)
		}
	}
	return sum + lost
}

// several solves a problem with more than one scarce resource.
func (s *solver) several(scarce []int, out *Result) {
	s.prices(scarce, out)
	out.Choice = s.p.Choose(out.Prices)
	s.repair(out, out.Prices)
	s.fill(out)
}

// change is another action for a row.
type change struct {
	row, to int
	// score is money per unit: lost when taking back, won when filling up.
	score float64
}

// repair takes the choice back to every limit that it exceeds.
func (s *solver) repair(out *Result, prices []float64) {
	used := s.p.Use(out.Choice)
	for r, q := range s.p.Resources {
		for used[r] > q.Limit+room(q.Limit) {
			list := s.cheaper(out.Choice, r, prices)
			if len(list) == 0 {
				out.Feasible = false
				break
			}
			slices.SortFunc(list, func(a, b change) int { return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(b.row, a.row)) })
			for _, c := range list {
				if used[r] <= q.Limit+room(q.Limit) {
					break
				}
				s.take(out.Choice, used, c)
			}
		}
	}
}

// take changes a row's action and what is used.
func (s *solver) take(choice []int, used []float64, c change) {
	for r := range used {
		used[r] += s.amount[r][c.to].at(c.row) - s.amount[r][choice[c.row]].at(c.row)
	}
	choice[c.row] = c.to
}

// cheaper lists, for every row that has one, the action that takes less of a
// resource, no more of any other, and loses least.
func (s *solver) cheaper(choice []int, r int, prices []float64) []change {
	var out []change
	n := s.p.Actions
	for i, a := range choice {
		own := s.amount[r][a].at(i)
		if own == 0 {
			continue
		}
		best := change{row: i, to: -1}
		for b := range n {
			saved := own - s.amount[r][b].at(i)
			if saved <= 0 || s.p.Barred != nil && s.p.Barred[i*n+b] || !s.noMore(i, b, a) {
				continue
			}
			loss := (s.net(i, a, r, prices) - s.net(i, b, r, prices)) / saved
			if best.to < 0 || loss < best.score {
				best.to, best.score = b, loss
			}
		}
		if best.to >= 0 {
			out = append(out, best)
		}
	}
	return out
}

// noMore says whether b takes no more than a of any resource.
func (s *solver) noMore(row, b, a int) bool {
	for _, m := range s.amount {
		if m[b].at(row) > m[a].at(row) {
			return false
		}
	}
	return true
}

// fill uses up what is left where it earns more: the changes with the most
// money per unit first, the earlier row first.
func (s *solver) fill(out *Result) {
	if !out.Feasible {
		return
	}
	used := s.p.Use(out.Choice)
	list := s.dearer(out.Choice, used)
	h := (*best)(&list)
	heap.Init(h)
	least := s.least(list, out.Choice)
	for missed := 0; h.Len() > 0 && s.fits(used, least); {
		c, ok := heap.Pop(h).(change)
		if !ok {
			return // the heap holds nothing else
		}
		if !s.fits(used, s.more(c, out.Choice)) || !s.gains(c.row, out.Choice[c.row], c.to) {
			// Where little is left most changes are too large: they are thrown out
			// together, which is faster than one by one.
			if missed++; missed == 64 {
				list = slices.DeleteFunc(list, func(c change) bool { return !s.fits(used, s.more(c, out.Choice)) })
				heap.Init(h)
				missed = 0
			}
			continue
		}
		s.take(out.Choice, used, c)
		missed = 0
	}
}

// dearer lists the changes that earn more and fit.
func (s *solver) dearer(choice []int, used []float64) []change {
	var out []change
	n := s.p.Actions
	for i, a := range choice {
		for b := range n {
			if b == a || s.p.Barred != nil && s.p.Barred[i*n+b] || !s.gains(i, a, b) {
				continue
			}
			c := change{row: i, to: b}
			more := s.more(c, choice)
			if !s.fits(used, more) {
				continue
			}
			share := 0.0
			for r, u := range more {
				if limit := s.p.Resources[r].Limit; u > 0 && !math.IsInf(limit, 1) {
					share += u / limit
				}
			}
			c.score = (s.p.Money[i*n+b] - s.p.Money[i*n+a]) / share // infinite when free
			out = append(out, c)
		}
	}
	return out
}

// gains says whether b brings more than a beyond rounding.
func (s *solver) gains(row, a, b int) bool {
	va, vb := s.p.Money[row*s.p.Actions+a], s.p.Money[row*s.p.Actions+b]
	return vb-va > rounding*(math.Abs(va)+math.Abs(vb))
}

// more is what a change takes beyond the row's action now. The result holds
// until the next call.
func (s *solver) more(c change, choice []int) []float64 {
	for r, m := range s.amount {
		s.extra[r] = m[c.to].at(c.row) - m[choice[c.row]].at(c.row)
	}
	return s.extra
}

func (s *solver) fits(used, more []float64) bool {
	for r, u := range more {
		if limit := s.p.Resources[r].Limit; u > 0 && used[r]+u > limit+room(limit) {
			return false
		}
	}
	return true
}

// least is what every change takes at least: once that does not fit, none does.
func (s *solver) least(list []change, choice []int) []float64 {
	out := make([]float64, len(s.amount))
	for k, c := range list {
		for r, u := range s.more(c, choice) {
			if k == 0 || u < out[r] {
				out[r] = u
			}
		}
	}
	return out
}

// best is a heap with the highest score on top.
type best []change

func (b best) Len() int { return len(b) }

// Less puts the earlier row, then the earlier action, first where scores are
// equal.
func (b best) Less(i, j int) bool {
	if b[i].score != b[j].score {
		return b[i].score > b[j].score
	}
	return b[i].row < b[j].row || b[i].row == b[j].row && b[i].to < b[j].to
}

func (b best) Swap(i, j int) { b[i], b[j] = b[j], b[i] }

// Push is never used: changes are only taken off.
func (b *best) Push(any) {}

// Pop takes off the last one.
func (b *best) Pop() any {
	old := *b
	c := old[len(old)-1]
	*b = old[:len(old)-1]
	return c
}
