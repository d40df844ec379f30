package value

import (
	"fmt"
	"math"
	"slices"

	"bespoke/allocate"
	"bespoke/formula"
	"bespoke/internal/near"
	"bespoke/scenario"
	"bespoke/table"
)

// Resources limit actions. A resource has so many units per decision (its rate
// over need.volume) and actions take of it, one each or an amount per row; or it
// is a top, which gives an action to the rows of a group that gain most by it.
//
// A scarce resource has a price: what a unit must at least earn. Prices are
// learnt from rows that were predicted and not trained on (Sheet.Prices) and
// travel with the payoffs (WithPrices). With them a row decides alone: each
// action's money is reduced by the rent of what it takes. Rent moves decisions
// and is never paid: Promise, Profit and Decision.Money are before it.
//
// A top compares rows, so that it works among the rows that are decided
// together: those of a table, or of one request. A row decided alone is a group
// of its own, and so is a row without a value in the column. The column should
// name who the rows belong to and not be read by models: to a model, a value
// that no training row had is a missing one.

// resource is one limit, compiled.
type resource struct {
	name, path string
	// share is how many units there are per decision; infinite when not known.
	share  float64
	price  float64
	takers []taker
	// top rows of each group of per may have the action; 0 for a resource with
	// units. Without per all rows are one group.
	top, action int
	per         string
}

// taker is an action that takes from a resource.
type taker struct {
	action int
	// each is taken where program is nil.
	each    float64
	program *formula.Program
	// through says that a reviewer's decisions take from it as well: what the
	// person decides is expected to use, beside what the review itself does.
	through bool
	// column is the place of amounts per row, -1 when each holds for all.
	column int
}

// Prices are the shadow prices in money per unit, by the name of the resource.
// Resources that are not short are left out.
type Prices = map[string]float64

// capacities compiles the limits of the scenario. A review is a resource even
// where nothing limits it, so that its use is counted.
func (p *Payoffs) capacities() error {
	for _, c := range p.config.Value.Capacity {
		if err := p.capacity(c); err != nil {
			return err
		}
	}
	if r := p.config.Value.Review; r != nil {
		if err := p.reviewers(*r); err != nil {
			return err
		}
	}
	for name, price := range p.config.Prices {
		at := slices.IndexFunc(p.resources, func(r resource) bool { return r.name == name && r.top == 0 })
		switch path := "value.capacity." + name; {
		case at < 0:
			return fail(path, near.Offer(name, p.resourceNames()), "has a shadow price, but is no resource")
		case !finite(price) || price < 0:
			return fail(path, "", "the shadow price %v must be a number of 0 or more", price)
		}
		p.resources[at].price = price
		p.priced = p.priced || price > 0
	}
	p.settleTakers()
	return nil
}

// reviewers adds the resource that reviews take from.
func (p *Payoffs) reviewers(r scenario.Review) error {
	at := slices.IndexFunc(p.resources, func(q resource) bool { return q.name == ReviewAction })
	if at >= 0 {
		if r.Capacity.Amount > 0 {
			return fail("value.capacity."+ReviewAction, "keep one of them", "value.review.capacity limits reviews already")
		}
		return nil
	}
	share, err := p.share("value.review.capacity", r.Capacity)
	if err != nil {
		return err
	}
	p.resources = append(p.resources, resource{
		name: ReviewAction, path: "value.review.capacity", share: share, takers: []taker{{action: p.actions, each: 1, column: -1}},
	})
	return nil
}

// share is how many units there are per decision.
func (p *Payoffs) share(path string, most scenario.Rate) (float64, error) {
	switch {
	case most == scenario.Rate{}:
		return math.Inf(1), nil
	case !finite(most.Amount) || most.Amount < 0:
		return 0, fail(path, "", "is %v, it must be 0 or more", most.Amount)
	case p.config.Volume.Amount <= 0:
		p.warnings = append(p.warnings, Warning{Path: path, Message: "the capacity has no effect without need.volume, which says how many decisions it is for"})
		return math.Inf(1), nil
	}
	return most.PerMonth() / p.config.Volume.PerMonth(), nil
}

func (p *Payoffs) capacity(c scenario.Capacity) (err error) {
	r := resource{name: c.Name, path: "value.capacity." + c.Name, share: math.Inf(1)}
	if slices.Contains(p.resourceNames(), c.Name) {
		return fail(r.path, "", "appears twice")
	}
	uses := c.Uses
	if len(uses) == 0 {
		uses = []scenario.Use{{Action: c.Name, Amount: "1"}}
	}
	if c.Top != 0 {
		return p.rank(c, r)
	}
	if r.share, err = p.share(r.path+".most", c.Most); err != nil {
		return err
	}
	for _, u := range uses {
		at := r.path
		if len(c.Uses) > 0 {
			at += ".uses." + u.Action
		}
		t, err := p.taker(at, u)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(r.takers, func(q taker) bool { return q.action == t.action }) {
			return fail(at, "", "the action is there twice")
		}
		r.takers = append(r.takers, t)
	}
	p.resources = append(p.resources, r)
	return nil
}

// rank compiles a top.
func (p *Payoffs) rank(c scenario.Capacity, r resource) error {
	r.action = slices.Index(p.names, c.Name)
	switch {
	case r.action < 0:
		return fail(r.path, near.Offer(c.Name, p.names), "%q is no action", c.Name)
	case c.Top < 0:
		return fail(r.path+".top", "", "is %d, it must be 1 or more", c.Top)
	case len(c.Uses) > 0 || c.Most != scenario.Rate{}:
		return fail(r.path, "keep one of them", "has both top and most")
	case c.Per != "" && c.Per == p.config.Target:
		return fail(r.path+".per", "", "%q is the target, which is not known when a decision falls due", c.Per)
	}
	if _, known := p.config.Schema.Field(c.Per); c.Per != "" && !known {
		return fail(r.path+".per", near.Offer(c.Per, names(p.config.Schema)), "there is no column %q", c.Per)
	}
	r.top, r.per = c.Top, c.Per
	p.resources = append(p.resources, r)
	return nil
}

func names(s table.Schema) []string {
	out := make([]string, len(s))
	for i, f := range s {
		out[i] = f.Name
	}
	return out
}

func (p *Payoffs) resourceNames() []string {
	out := make([]string, len(p.resources))
	for i, r := range p.resources {
		out[i] = r.name
	}
	return out
}

// taker compiles what an action takes.
func (p *Payoffs) taker(path string, u scenario.Use) (taker, error) {
	t := taker{action: slices.Index(p.names, u.Action), column: -1}
	if t.action < 0 {
		return t, fail(path, near.Offer(u.Action, p.names), "%q is no action", u.Action)
	}
	g, err := p.build(path, u.Amount)
	if err != nil {
		return t, err
	}
	switch {
	case g.Kind() != formula.Number:
		return t, fail(path, "", "%#q is %v, an amount must be a number", u.Amount, g.Kind())
	case g.Reads(formula.NameTruth) || g.Reads(formula.NamePrediction):
		return t, fail(path, "", "%#q reads truth or prediction; an amount may read columns and parameters", u.Amount)
	}
	if v, constant := g.Constant(); constant {
		if !finite(v) || v < 0 {
			return t, fail(path, "", "is %v, it must be 0 or more", v)
		}
		t.each = v
		return t, nil
	}
	t.program = g
	return t, nil
}

// settleTakers adds the reviewer to the resources that other actions take from,
// and gives a place to every amount that differs from row to row.
func (p *Payoffs) settleTakers() {
	for k := range p.resources {
		r := &p.resources[k]
		if p.HasReview() && slices.ContainsFunc(r.takers, func(t taker) bool { return t.action < p.actions }) {
			at := slices.IndexFunc(r.takers, func(t taker) bool { return t.action == p.actions })
			if at < 0 {
				at = len(r.takers)
				r.takers = append(r.takers, taker{action: p.actions})
			}
			r.takers[at].through = true
		}
		for j := range r.takers {
			t := &r.takers[j]
			t.column = -1
			if t.program != nil || t.through {
				t.column = len(p.amounts)
				p.amounts = append(p.amounts, amount{resource: k, taker: *t})
			}
		}
		if r.per == "" || r.top == 0 || slices.ContainsFunc(p.groupColumns, func(f table.Field) bool { return f.Name == r.per }) {
			continue
		}
		f, _ := p.config.Schema.Field(r.per)
		p.groupColumns = append(p.groupColumns, f)
	}
}

// amount is a taker whose amount differs from row to row.
type amount struct {
	resource int
	taker
}

// HasTop says whether an action goes to the best rows of a group, so that rows
// must be decided together: see Sheet.Choose and Batch.
func (p *Payoffs) HasTop() bool {
	return slices.ContainsFunc(p.resources, func(r resource) bool { return r.top > 0 })
}

// HasLimits says whether a resource with units limits actions.
func (p *Payoffs) HasLimits() bool {
	return slices.ContainsFunc(p.resources, func(r resource) bool { return !math.IsInf(r.share, 1) })
}

// Resource describes a resource with units.
type Resource struct {
	// Name is that of the scenario.
	Name string `json:"name"`
	// PerMonth is how many units there are a month, PerDecision the same by the
	// volume; both 0 where Limited is false.
	PerMonth    float64 `json:"per_month"`
	PerDecision float64 `json:"per_decision"`
	Limited     bool    `json:"limited"`
	// Price is what a unit must at least earn; 0 where it is not scarce.
	Price float64 `json:"price,omitempty"`
}

// Resources lists the resources with units, in file order, reviews last.
func (p *Payoffs) Resources() []Resource {
	var out []Resource
	for _, r := range p.resources {
		if r.top > 0 {
			continue
		}
		one := Resource{Name: r.name, Price: r.price}
		if !math.IsInf(r.share, 1) {
			one.Limited, one.PerDecision, one.PerMonth = true, r.share, r.share*p.config.Volume.PerMonth()
		}
		out = append(out, one)
	}
	return out
}

// Used is what an action takes of each of Resources in the row that was decided
// last.
func (s *Scratch) Used(action int) []float64 {
	var out []float64
	for _, r := range s.worker.p.resources {
		if r.top == 0 {
			out = append(out, s.worker.takenBy(r, action, 0))
		}
	}
	return out
}

// WithPrices returns payoffs that decide at these prices; see Sheet.Prices.
func (p *Payoffs) WithPrices(prices Prices) (*Payoffs, error) {
	c := p.config
	c.Prices = prices
	return Compile(c)
}

// amounts evaluates what actions take in the worker's rows, but for what goes
// through a reviewer.
func (w *worker) amounts() {
	for k, a := range w.p.amounts {
		out := w.use[k][:w.b.Lanes]
		if a.program == nil {
			for i := range out {
				out[i] = a.each
			}
			continue
		}
		a.program.Eval(w.b, out)
		f := &w.faults[len(w.p.programs)+2+k]
		for i, v := range out {
			if finite(v) && v >= 0 {
				continue
			}
			if row := w.b.First + i; finite(v) && (f.rows == 0 || row < f.first) {
				f.note = fmt.Sprintf("%#q is %v in row %d, an amount must be 0 or more", a.program.Source(), v, row+1)
			}
			f.add(w.b.First+i, 0, 0)
			out[i] = 0
		}
	}
	clear(w.takes)
	clear(w.rent)
	names := len(w.p.names)
	for _, r := range w.p.resources {
		for _, t := range r.takers {
			if t.through {
				continue // see reviewed
			}
			for i := range w.b.Lanes {
				units := w.amount(t, i)
				w.takes[i*names+t.action] += units
				if r.price > 0 {
					w.rent[i*names+t.action] += r.price * units
				}
			}
		}
	}
}

// amount is what a taker takes in a lane.
func (w *worker) amount(t taker, lane int) float64 {
	if t.column >= 0 {
		return w.use[t.column][lane]
	}
	return t.each
}

// sheetLimits is what a Sheet knows of resources.
type sheetLimits struct {
	resources []resource
	actions   int
	priced    bool
	use       [][]float64 // by column of takers
	groups    [][]int32   // by resource; nil but for tops
}

func (p *Payoffs) newLimits(rows int) sheetLimits {
	l := sheetLimits{resources: p.resources, actions: len(p.names), priced: p.priced, use: make([][]float64, len(p.amounts)), groups: make([][]int32, len(p.resources))}
	for k := range l.use {
		l.use[k] = make([]float64, rows)
	}
	return l
}

// group numbers the groups of every top.
func (l *sheetLimits) group(t *table.Table) error {
	for k, r := range l.resources {
		if r.top == 0 {
			continue
		}
		out := make([]int32, t.Rows())
		l.groups[k] = out
		if r.per == "" {
			continue
		}
		c, ok := t.Column(r.per)
		if !ok {
			return fail(r.path+".per", near.Offer(r.per, t.Names()), "the rows have no column %q", r.per)
		}
		var number grouping
		for i := range out {
			out[i] = number.of(c, i)
		}
	}
	return nil
}

// grouping numbers the values of a column in the order in which they come.
type grouping struct {
	seen map[any]int32
	next int32
}

// of is the number of a row's value; one of its own where it is missing.
func (g *grouping) of(c *table.Column, row int) int32 {
	if c.Missing(row) {
		g.next++
		return g.next - 1
	}
	if g.seen == nil {
		g.seen = map[any]int32{}
	}
	v := c.Value(row)
	n, ok := g.seen[v]
	if !ok {
		n = g.next
		g.seen[v] = n
		g.next++
	}
	return n
}

// takeLimits is what is known of the given rows.
func (l sheetLimits) take(rows []int) sheetLimits {
	out := l
	out.use, out.groups = make([][]float64, len(l.use)), make([][]int32, len(l.groups))
	for k := range l.use {
		out.use[k] = takeRows(l.use[k], rows, 1)
	}
	for k := range l.groups {
		out.groups[k] = takeRows(l.groups[k], rows, 1)
	}
	return out
}

// problem is the decision about all rows for the given money, by row and
// action. limits are units by name; those of the scenario where nil.
func (l sheetLimits) problem(money []float64, rows int, limits map[string]float64) (allocate.Problem, []float64) {
	p := allocate.Problem{Rows: rows, Actions: l.actions, Money: money}
	prices := make([]float64, 0, len(l.resources))
	for k, r := range l.resources {
		if r.top > 0 {
			p.Tops = append(p.Tops, allocate.Top{Action: r.action, Most: r.top, Group: l.groups[k]})
			continue
		}
		q := allocate.Resource{Limit: r.share * float64(rows), Takes: make([]allocate.Amount, l.actions)}
		if limits != nil {
			q.Limit = math.Inf(1)
			if v, ok := limits[r.name]; ok {
				q.Limit = math.Max(0, v)
			}
		}
		for _, t := range r.takers {
			q.Takes[t.action].Each = t.each
			if t.column >= 0 {
				q.Takes[t.action].Rows = l.use[t.column]
			}
		}
		p.Resources = append(p.Resources, q)
		prices = append(prices, r.price)
	}
	return p, prices
}
