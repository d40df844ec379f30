package value

import (
	"math"
	"slices"

	"bespoke/allocate"
	"bespoke/table"
)

// Scratch is the memory for deciding one row after another. It belongs to one
// goroutine and to the Payoffs that made it.
type Scratch struct {
	worker *worker
	table  *table.Table
}

// NewScratch makes memory for one goroutine.
func (p *Payoffs) NewScratch() *Scratch { return &Scratch{worker: p.newWorker(1)} }

// Decision is the best action for one row.
type Decision struct {
	// Action is its number, Name its name.
	Action int
	Name   string
	// Money is the action's expected money less the cost per decision.
	Money float64
	// Expected is the expected money of every action, before the cost per
	// decision. It belongs to the Scratch and holds until the next call.
	Expected []float64
	// EVPI is the expected value of perfect information of the row.
	EVPI float64
	// Gain is how much more money the action is expected to bring than the next
	// best one, after the rent of what is scarce; 0 when there is only one.
	Gain float64
}

// Decide decides one row of a table at the prices of what is scarce: prediction
// holds its probabilities, or its number. It gives the same bits as Sheet and
// Choose and does not allocate, apart from what lower and upper do to text. For
// a top the row is a group of its own, see Batch.
func (p *Payoffs) Decide(t *table.Table, row int, prediction []float64, s *Scratch) (Decision, error) {
	if err := p.prepare(t, row, prediction, s); err != nil {
		return Decision{}, err
	}
	w := s.worker
	if p.numeric() {
		w.predicted(prediction)
		w.numbers(prediction)
		w.expect(nil)
	} else {
		w.probabilities(prediction)
		w.classes()
		w.expect(prediction)
	}
	if err := w.fault(t); err != nil {
		return Decision{}, err
	}
	a := allocate.Pick(w.expected, w.rent, w.takes, nil)
	return Decision{
		Action: a, Name: p.names[a], Money: w.expected[a] - p.config.PerDecision,
		Expected: w.expected, EVPI: w.ideal[0] - w.most(), Gain: lead(w.expected, w.rent, a),
	}, nil
}

// most is the largest money of the first lane's actions without review, after
// rent.
func (w *worker) most() float64 {
	row := w.expected[:w.p.actions]
	if w.rent == nil {
		return slices.Max(row)
	}
	out := math.Inf(-1)
	for a, v := range row {
		out = max(out, v-w.rent[a])
	}
	return out
}

// prepare points the worker at the row.
func (p *Payoffs) prepare(t *table.Table, row int, prediction []float64, s *Scratch) error {
	width := p.states
	if p.numeric() {
		width = 1
	}
	if len(prediction) != width {
		return fail("", "", "decide: a prediction of %d numbers, want %d", len(prediction), width)
	}
	if row < 0 || row >= t.Rows() {
		return fail("", "", "decide: row %d of a table with %d rows", row, t.Rows())
	}
	if s.table != t {
		if err := s.worker.b.Bind(t); err != nil {
			return err
		}
		s.table = t
	}
	s.worker.rows(row, 1)
	return nil
}

// fault reports and forgets what went wrong in the row.
func (w *worker) fault(t *table.Table) error {
	for k := range w.faults {
		if w.faults[k].rows > 0 {
			err := w.p.rowError(w.faults, t)
			clear(w.faults)
			return err
		}
	}
	return nil
}

// lead is by how much an action is ahead of the best other one, after rent.
func lead(expected, rent []float64, action int) float64 {
	if len(expected) < 2 {
		return 0
	}
	net := func(a int) float64 {
		if rent == nil {
			return expected[a]
		}
		return expected[a] - rent[a]
	}
	best := -1
	for a := range expected {
		if a != action && (best < 0 || net(a) > net(best)) {
			best = a
		}
	}
	return net(action) - net(best)
}

// Cutoff is the closed form of deciding between two actions by the chance of
// one outcome.
type Cutoff struct {
	// Outcome is the index of the outcome whose chance is compared.
	Outcome int
	// At is the chance above which Above is better and below which Below is.
	At float64
	// Above and Below are actions.
	Above, Below int
	// Always is the action that is at least as good whatever the outcome, so
	// that no chance matters; -1 when there is none. At is then 0.
	Always int
}

// Cutoff computes the cut-off of a row (Elkan 2001): with the gains g1 and g0 of
// the second action over the first under the second and the first outcome, the
// actions are equal at the chance -g0 / (g1 - g0) of the second outcome. ok is
// false when there are not exactly two actions and two outcomes. A review does
// not count as an action here.
func (p *Payoffs) Cutoff(t *table.Table, row int, s *Scratch) (c Cutoff, ok bool, err error) {
	if p.numeric() || p.actions != 2 || p.states != 2 {
		return c, false, nil
	}
	if s.table != t {
		if err := s.worker.b.Bind(t); err != nil {
			return c, false, err
		}
		s.table = t
	}
	w := s.worker
	w.rows(row, 1)
	w.classes()
	if err := w.fault(t); err != nil {
		return c, false, err
	}
	rent := 0.0 // of the second action beyond the first
	if w.rent != nil {
		rent = w.rent[1] - w.rent[0]
	}
	return cutoff(w.at(0, 0)[0], w.at(0, 1)[0], w.at(1, 0)[0]-rent, w.at(1, 1)[0]-rent), true, nil
}

// cutoff takes the money of two actions under two outcomes.
func cutoff(first0, first1, second0, second1 float64) Cutoff {
	g0, g1 := second0-first0, second1-first1
	switch {
	case g0 <= 0 && g1 <= 0:
		return Cutoff{Outcome: 1, Above: 0, Below: 0, Always: 0}
	case g0 >= 0 && g1 >= 0:
		return Cutoff{Outcome: 1, Above: 1, Below: 1, Always: 1}
	case g1 > 0:
		return Cutoff{Outcome: 1, At: -g0 / (g1 - g0), Above: 1, Below: 0, Always: -1}
	}
	return Cutoff{Outcome: 1, At: g0 / (g0 - g1), Above: 0, Below: 1, Always: -1}
}

// Batch decides rows together, one request's for example, where an action goes
// to the best rows of a group (see HasTop). It belongs to one goroutine.
type Batch struct {
	p      *Payoffs
	rows   int
	money  []float64
	limits sheetLimits
	groups []grouping // by resource
}

// NewBatch makes memory for deciding rows together.
func (p *Payoffs) NewBatch() *Batch {
	return &Batch{p: p, limits: p.newLimits(0), groups: make([]grouping, len(p.resources))}
}

// Reset forgets the rows.
func (b *Batch) Reset() {
	b.rows, b.money = 0, b.money[:0]
	for k := range b.limits.use {
		b.limits.use[k] = b.limits.use[k][:0]
	}
	for k := range b.groups {
		b.limits.groups[k], b.groups[k] = b.limits.groups[k][:0], grouping{}
	}
}

// Add takes in the row that was just decided with the scratch. The error is of
// a column that a group needs and the table has not.
func (b *Batch) Add(t *table.Table, row int, s *Scratch) error {
	for k, r := range b.p.resources {
		if r.top == 0 {
			continue
		}
		group := int32(0)
		if r.per != "" {
			c, ok := t.Column(r.per)
			if !ok {
				return fail(r.path+".per", "", "the rows have no column %q", r.per)
			}
			group = b.groups[k].of(c, row)
		}
		b.limits.groups[k] = append(b.limits.groups[k], group)
	}
	b.rows++
	b.money = append(b.money, s.worker.expected[:len(b.p.names)]...)
	for k, u := range s.worker.use {
		b.limits.use[k] = append(b.limits.use[k], u[0])
	}
	return nil
}

// Choose is the action of every row, in the order in which they were added: what
// Sheet.Choose gives for a table of the same rows.
func (b *Batch) Choose() []int {
	p, prices := b.limits.problem(b.money, b.rows, nil)
	return p.Choose(prices)
}
