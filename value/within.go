package value

import (
	"cmp"
	"math"
	"slices"

	"bespoke/allocate"
)

// Limited says whether something limits which actions the rows may have.
func (s *Sheet) Limited() bool {
	return slices.ContainsFunc(s.limits.resources, func(r resource) bool { return r.top > 0 || !math.IsInf(r.share, 1) })
}

// Limits are the units that the scenario allows for this many rows, by the name
// of the resource; those without a limit are left out.
func (s *Sheet) Limits() map[string]float64 {
	out := map[string]float64{}
	for _, r := range s.limits.resources {
		if !math.IsInf(r.share, 1) {
			out[r.name] = r.share * float64(s.Rows)
		}
	}
	return out
}

// Prices learns the shadow prices of what is scarce from these rows, which must
// not be rows that the model trained on: with them, as many units are used by
// rows like these as the scenario allows, and they go to the rows that gain most
// per unit. WithPrices applies them to later rows. Empty where nothing is
// scarce, nil without predictions.
func (s *Sheet) Prices() Prices {
	if s.Expected == nil {
		return nil
	}
	out := Prices{}
	if s.Rows == 0 {
		return out
	}
	p, _ := s.limits.problem(s.Expected, s.Rows, nil)
	prices, _ := allocate.Price(p)
	for name, k := range s.limits.numbered() {
		if prices[k] > 0 {
			out[name] = prices[k]
		}
	}
	return out
}

// numbered are the places of the resources with units in a problem.
func (l sheetLimits) numbered() map[string]int {
	out := map[string]int{}
	for _, r := range l.resources {
		if r.top == 0 {
			out[r.name] = len(out)
		}
	}
	return out
}

// Allocation is a choice within limits.
type Allocation struct {
	// Choice is the action of every row.
	Choice []int
	// Expected is its expected money in total, before the cost per decision, and
	// Bound the most that any choice within the limits is expected to bring.
	Expected, Bound float64
	// Prices are those that Sheet.Prices would learn; Shadow is what the last
	// unit of each resource brought, that is what one unit less would lose. Both
	// leave out what is not scarce.
	Prices, Shadow Prices
	// Feasible is false where the actions that take least take too much.
	Feasible bool
}

// ChooseWithin is the choice with the most expected money within hard limits:
// units for all rows together, by the name of the resource; those that are not
// named have none, and nil means Limits. The prices of the payoffs are not
// used. It is for rows that are all known before any is decided; with one
// resource it falls short of the best choice by less than one row's step, and
// not at all where actions take a unit or none. nil without predictions.
func (s *Sheet) ChooseWithin(limits map[string]float64) *Allocation {
	if s.Expected == nil {
		return nil
	}
	p, _ := s.limits.problem(s.Expected, s.Rows, limits)
	r := allocate.Solve(p)
	out := &Allocation{Choice: r.Choice, Expected: r.Money, Bound: r.Bound, Prices: Prices{}, Shadow: Prices{}, Feasible: r.Feasible}
	for name, k := range s.limits.numbered() {
		if r.Prices[k] > 0 {
			out.Prices[name], out.Shadow[name] = r.Prices[k], r.Shadow[k]
		}
	}
	return out
}

// Within takes a choice back to the limits where it exceeds them, in the rows
// that are expected to lose least per unit: what happens to decisions at a price
// when the month's calls are used up. It is nil without predictions.
func (s *Sheet) Within(choice []int) []int {
	if s.Expected == nil {
		return nil
	}
	p, prices := s.limits.problem(s.Expected, s.Rows, nil)
	out, _ := p.Within(choice, prices)
	return out
}

// Usage is what a choice takes of one resource.
type Usage struct {
	// Resource is its name.
	Resource string `json:"resource"`
	// Used is how many units the rows take, and PerDecision that by the rows.
	Used        float64 `json:"used"`
	PerDecision float64 `json:"per_decision"`
	// Limit is how many units there are for as many rows, and Limited says that
	// there is a limit.
	Limit   float64 `json:"limit,omitempty"`
	Limited bool    `json:"limited"`
	// Price is what a unit must at least earn; 0 where it is not scarce.
	Price float64 `json:"price,omitempty"`
}

// Over says that more is used than the limit, beyond rounding.
func (u Usage) Over() bool { return u.Limited && u.Used > u.Limit*(1+1e-9)+1e-9 }

// Usage counts what a choice takes of every resource, in file order. A review
// counts with what the reviewer's decisions are expected to take.
func (s *Sheet) Usage(choice []int) []Usage {
	p, prices := s.limits.problem(s.Expected, s.Rows, nil)
	used := p.Use(choice)
	var out []Usage
	for _, r := range s.limits.resources {
		if r.top > 0 {
			continue
		}
		k := len(out)
		u := Usage{Resource: r.name, Used: used[k], Limited: !math.IsInf(r.share, 1), Price: prices[k]}
		if u.Limited {
			u.Limit = p.Resources[k].Limit
		}
		if s.Rows > 0 {
			u.PerDecision = u.Used / float64(s.Rows)
		}
		out = append(out, u)
	}
	return out
}

// rent is the price of what an action takes in a row.
func (l sheetLimits) rent(row, action int) float64 {
	if !l.priced {
		return 0
	}
	sum := 0.0
	for _, r := range l.resources {
		if r.price > 0 {
			sum += r.price * l.amount(r, row, action)
		}
	}
	return sum
}

// amount is what an action takes of a resource in a row.
func (l sheetLimits) amount(r resource, row, action int) float64 {
	for _, t := range r.takers {
		switch {
		case t.action != action:
		case t.column >= 0:
			return l.use[t.column][row]
		default:
			return t.each
		}
	}
	return 0
}

// knowing is the decision about all rows for somebody who knows every outcome.
func (s *Sheet) knowing() allocate.Problem {
	p, _ := s.limits.problem(s.Realised, s.Rows, nil)
	if s.review >= 0 {
		p.Barred = make([]bool, len(s.Realised))
		for i := range s.Rows {
			p.Barred[i*len(s.Actions)+s.review] = true
		}
	}
	return p.Settle(nil)
}

// perfect is what Perfect says of each row, before the cost per decision.
func (s *Sheet) perfect() []float64 {
	p := s.knowing()
	prices, _ := allocate.Price(p)
	money := make([]float64, s.Rows)
	for i, a := range p.Choose(prices) {
		money[i] = s.row(s.Realised, i)[a]
		for k, price := range prices {
			if price > 0 {
				m := p.Resources[k].Takes[a]
				used := m.Each
				if m.Rows != nil {
					used = m.Rows[i]
				}
				money[i] -= price * (used - p.Resources[k].Limit/float64(s.Rows))
			}
		}
	}
	return money
}

// perfectUse is what the best choice of a model that knows every outcome takes of
// each limited resource, with the price of a unit to it.
func (s *Sheet) perfectUse() []Usage {
	var out []Usage
	if !s.Limited() {
		return nil
	}
	r := allocate.Solve(s.knowing())
	for _, u := range s.Usage(r.Choice) {
		if u.Limited && u.Resource != ReviewAction {
			u.Price = r.Prices[s.limits.numbered()[u.Resource]]
			out = append(out, u)
		}
	}
	return out
}

// Always is the policy of taking one action wherever the limits allow.
type Always struct {
	// Action is its number and Name what people see, such as "always call", or
	// "call as often as the limits allow".
	Action int
	Name   string
	// Money is the realised money per row, nil without truth.
	Money []float64
	// Shares is how often each action is taken, from 0 to 1, by its number, and
	// Brought what these rows brought in total, nil without truth.
	Shares  []float64
	Brought []float64
}

// Always is the policy of one action in all rows. Where a limit does not allow
// that, the rows are drawn by lot: each has the action with the same chance, the
// largest that the limits allow, and else the next best action by the same
// rule. That is what somebody without a model can do, so that a model is not
// compared with a call centre of no size, nor with none at all. Money is the
// mean over the lots.
func (s *Sheet) Always(action int) Always {
	out := Always{Action: action, Name: "always " + s.Actions[action], Shares: make([]float64, len(s.Actions))}
	if !s.Limited() {
		out.Shares[action] = 1
		if out.Money = s.Money(s.Constant(action)); out.Money != nil {
			out.Brought = make([]float64, len(s.Actions))
			out.Brought[action] = Sum(out.Money)
		}
		return out
	}
	order := s.order(action)
	left := make([]float64, s.Rows)
	for i := range left {
		left[i] = 1
	}
	if s.Realised != nil {
		out.Money, out.Brought = make([]float64, s.Rows), make([]float64, len(s.Actions))
	}
	units := s.Limits()
	for k, a := range order {
		chance := s.lot(a, left, units, k == len(order)-1)
		for i, c := range chance {
			left[i] -= c
			out.Shares[a] += c / float64(s.Rows)
			if out.Money != nil {
				part := c * s.row(s.Realised, i)[a]
				out.Money[i] += part
				out.Brought[a] += part
			}
		}
	}
	if out.Shares[action] < 1-1e-9 {
		out.Name = s.Actions[action] + " as often as the limits allow"
	}
	return out
}

// order puts an action first, then the other constants by what they brought, and
// at the end, once more, the one that takes least, for rows that nothing is
// left for.
func (s *Sheet) order(action int) []int {
	out := []int{action}
	brought := make([]float64, len(s.Actions))
	for _, a := range s.Constants() {
		if a != action {
			out = append(out, a)
		}
		if s.Realised != nil {
			brought[a] = Sum(s.Money(s.Constant(a)))
		}
	}
	slices.SortStableFunc(out[1:], func(a, b int) int { return cmp.Compare(brought[b], brought[a]) })
	weight := make([]float64, len(s.Actions))
	for _, a := range out {
		weight[a] = s.weight(a)
	}
	least := slices.MinFunc(out, func(a, b int) int { return cmp.Compare(weight[a], weight[b]) })
	return append(out, least)
}

// weight is what an action takes in all rows, in parts of the limits.
func (s *Sheet) weight(action int) float64 {
	sum := 0.0
	for _, r := range s.limits.resources {
		if math.IsInf(r.share, 1) || r.top > 0 {
			continue
		}
		for i := range s.Rows {
			sum += s.limits.amount(r, i, action) / math.Max(r.share*float64(s.Rows), 1e-9)
		}
	}
	return sum
}

// lot is each row's chance of an action, given what is left of the row and of
// the resources, which it lowers. Without limits where free.
func (s *Sheet) lot(action int, left []float64, units map[string]float64, free bool) []float64 {
	out := slices.Clone(left)
	if free {
		return out
	}
	for k, r := range s.limits.resources {
		if r.top == 0 || r.action != action {
			continue
		}
		size := map[int32]int{}
		for _, g := range s.limits.groups[k] {
			size[g]++
		}
		for i, g := range s.limits.groups[k] {
			out[i] = math.Min(out[i], float64(r.top)/float64(size[g]))
		}
	}
	scale, need := 1.0, map[string]float64{}
	for _, r := range s.limits.resources {
		limit, limited := units[r.name]
		if !limited || r.top > 0 {
			continue
		}
		sum := 0.0
		for i, c := range out {
			sum += c * s.limits.amount(r, i, action)
		}
		need[r.name] = sum
		if sum > limit {
			scale = math.Min(scale, limit/sum)
		}
	}
	for name, sum := range need {
		units[name] = math.Max(0, units[name]-scale*sum)
	}
	for i := range out {
		out[i] *= scale
	}
	return out
}
