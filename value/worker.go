package value

import (
	"fmt"
	"strings"

	"bespoke/allocate"
	"bespoke/formula"
	"bespoke/model"
	"bespoke/table"
)

// worker evaluates blocks of rows for one goroutine. What a row may turn out to
// be is a state: an outcome of a class, or a point of the spread around a
// predicted number. Everything below is stored by state and lane.
type worker struct {
	p *Payoffs
	b *formula.Block
	// size is how many rows fit.
	size int
	// money is by (action*states+state)*size+lane.
	money []float64
	// perfect is the money of the best action if the state were known, best
	// that action, review the money of asking a person; by state*size+lane.
	perfect, review []float64
	best            []int32
	// gross is the money of the best action after rent if the state were known,
	// before rent, and taken that action: perfect and best themselves where
	// nothing has a price.
	gross []float64
	taken []int32
	// use is what takers take, by column and lane; rent is its price, by
	// lane*names+action, nil where nothing has a price.
	use  [][]float64
	rent []float64
	// takes is how much an action takes of all resources, in units, by
	// lane*names+action.
	takes []float64
	// shared says that the above are the same for all rows and computed.
	shared bool

	point []float64 // the true number of a state, by lane
	spare []float64 // money at a known number, by action*size+lane

	// expected is by lane*names+action, ideal (with perfect information) by
	// lane.
	expected, ideal []float64

	faults []faults // by program, then today's rule, then inputs, then amounts
	bad    []bool   // by program*size+lane: counted already
	dirty  bool     // some of bad are set
}

// faults are rows in which something has no value.
type faults struct {
	rows  int
	first int // row
	// truth and prediction of the first row, for finding the reason.
	truth, prediction float64
	note              string
}

func (f *faults) add(row int, truth, prediction float64) {
	if f.rows == 0 || row < f.first {
		f.first, f.truth, f.prediction = row, truth, prediction
	}
	f.rows++
}

func (f *faults) merge(g faults) {
	if g.rows > 0 && (f.rows == 0 || g.first < f.first) {
		f.first, f.truth, f.prediction, f.note = g.first, g.truth, g.prediction, g.note
	}
	f.rows += g.rows
}

func (p *Payoffs) newWorker(size int) *worker {
	w := &worker{
		p: p, b: p.scope.NewBlock(size, p.config.Fill), size: size,
		money:   make([]float64, p.actions*p.states*size),
		perfect: make([]float64, p.states*size), best: make([]int32, p.states*size),
		expected: make([]float64, size*len(p.names)), ideal: make([]float64, size),
		faults: make([]faults, len(p.programs)+2+len(p.amounts)), bad: make([]bool, size*len(p.programs)),
	}
	w.gross, w.taken, w.takes = w.perfect, w.best, make([]float64, size*len(p.names))
	for range p.amounts {
		w.use = append(w.use, make([]float64, size))
	}
	if p.priced {
		w.gross, w.taken = make([]float64, p.states*size), make([]int32, p.states*size)
		w.rent = make([]float64, size*len(p.names))
	}
	if p.HasReview() {
		w.review = make([]float64, p.states*size)
	}
	if p.numeric() {
		w.point = make([]float64, size)
		w.spare = make([]float64, p.actions*size)
	}
	for k := range p.programs {
		w.constants(k)
	}
	return w
}

func (p *Payoffs) numeric() bool { return p.config.Task == model.Regression }

// at is the memory of an action and a state.
func (w *worker) at(action, state int) []float64 {
	from := (action*w.p.states + state) * w.size
	return w.money[from : from+w.b.Lanes]
}

// each calls f for every action and state whose money the program gives. A
// number has one program per action for all states.
func (w *worker) each(k int, f func(action, state int)) {
	p := w.p
	outcomes := p.outcomeCount()
	for i, s := range p.slot {
		if s != k {
			continue
		}
		if !p.numeric() {
			f(i/outcomes, i%outcomes)
			continue
		}
		for state := range p.states {
			f(i, state)
		}
	}
}

// constants writes a payoff that reads nothing into its place, once.
func (w *worker) constants(k int) {
	g := w.p.programs[k]
	if _, constant := g.Constant(); !constant {
		return
	}
	w.each(k, func(action, state int) { g.Eval(w.b, w.at(action, state)) })
}

// rows sets the rows under evaluation.
func (w *worker) rows(first, lanes int) {
	if lanes > w.b.Lanes {
		w.shared = false
	}
	if w.dirty {
		clear(w.bad)
		w.dirty = false
	}
	w.b.First, w.b.Lanes = first, lanes
}

// classes computes money, perfect, best and review for every outcome.
func (w *worker) classes() {
	w.amounts()
	if w.shared {
		return
	}
	p := w.p
	outcomes := p.outcomeCount()
	for i := 0; i < len(p.slot); i++ {
		k := p.slot[i]
		g := p.programs[k]
		if _, constant := g.Constant(); constant {
			continue
		}
		out := w.at(i/outcomes, i%outcomes)
		if i > 0 && p.slot[i-1] == k {
			copy(out, w.at((i-1)/outcomes, (i-1)%outcomes))
			continue
		}
		g.Eval(w.b, out)
		w.check(k, out)
	}
	for state := range p.states {
		w.bestOf(state)
	}
	if p.HasReview() {
		w.reviewClasses()
	}
	// Rents that differ from row to row move what a reviewer does.
	w.shared = p.Constant() && (!p.priced || len(p.amounts) == 0)
}

// bestOf finds the best action of every lane if the state were known.
func (w *worker) bestOf(state int) {
	from := state * w.size
	perfect, best := w.perfect[from:from+w.b.Lanes], w.best[from:from+w.b.Lanes]
	copy(perfect, w.at(0, state))
	clear(best)
	for a := 1; a < w.p.actions; a++ {
		for i, v := range w.at(a, state) {
			if v > perfect[i] {
				perfect[i], best[i] = v, int32(a)
			}
		}
	}
	if w.rent == nil {
		return
	}
	for i := range perfect {
		w.settle(from+i, i, func(a int) float64 { return w.money[(a*w.p.states+state)*w.size+i] })
	}
}

// settle finds the best action after rent, given the money of every action.
func (w *worker) settle(at, lane int, money func(action int) float64) {
	rent := w.rent[lane*len(w.p.names):]
	gross, taken := money(0), 0
	for a := 1; a < w.p.actions; a++ {
		if v := money(a); v-rent[a] > gross-rent[taken] {
			gross, taken = v, a
		}
	}
	w.gross[at], w.taken[at] = gross, int32(taken)
}

// numbers computes money and perfect for every point around the predictions.
func (w *worker) numbers(predictions []float64) {
	p := w.p
	w.amounts()
	w.b.Prediction = predictions
	for state := range p.states {
		copy(w.point, predictions)
		if s := p.config.Spread; s != nil {
			s.shift(w.point[:w.b.Lanes], state)
		}
		w.b.Truth = w.point[:w.b.Lanes]
		for a, k := range p.slot {
			if _, constant := p.programs[k].Constant(); constant {
				continue
			}
			if state > 0 && !p.programs[k].truth {
				copy(w.at(a, state), w.at(a, 0))
				continue
			}
			p.programs[k].Eval(w.b, w.at(a, state))
			w.check(k, w.at(a, state))
		}
		w.bestOf(state)
		if p.predictive() {
			w.certainly(w.b.Truth, w.b.Truth, w.perfect[state*w.size:], w.best[state*w.size:])
			w.b.Prediction = predictions
			if w.rent != nil {
				for i := range w.b.Lanes {
					w.settle(state*w.size+i, i, func(a int) float64 { return w.spare[a*w.size+i] })
				}
			}
		}
	}
}

// predictive says whether a payoff reads the prediction itself.
func (p *Payoffs) predictive() bool {
	for _, g := range p.programs {
		if g.prediction {
			return true
		}
	}
	return false
}

// check counts the lanes whose money is not finite, each row once.
func (w *worker) check(k int, out []float64) {
	for i, v := range out {
		if finite(v) {
			continue
		}
		out[i] = 0
		if w.bad[k*w.size+i] {
			continue
		}
		w.bad[k*w.size+i], w.dirty = true, true
		t, pr := 0.0, 0.0
		if w.b.Truth != nil {
			t = w.b.Truth[i]
		}
		if w.b.Prediction != nil {
			pr = w.b.Prediction[i]
		}
		w.faults[k].add(w.b.First+i, t, pr)
	}
}

// expect averages money over the states: probabilities by lane*states+state for
// classes, nil for the equally likely points of a number.
func (w *worker) expect(probabilities []float64) {
	p := w.p
	names, states, size := len(p.names), p.states, w.size
	equal := 1 / float64(states)
	for i := range w.b.Lanes {
		out := w.expected[i*names : (i+1)*names]
		clear(out)
		ideal := 0.0
		for s := range states {
			chance := equal
			if probabilities != nil {
				chance = probabilities[i*states+s]
			}
			for a := range p.actions {
				out[a] += chance * w.money[(a*states+s)*size+i]
			}
			if w.review != nil && probabilities != nil {
				out[names-1] += chance * w.review[s*size+i]
			}
			ideal += chance * w.gross[s*size+i]
		}
		if w.review != nil {
			ideal = w.ask(i, probabilities, ideal)
		}
		if w.rent != nil {
			for s := range states {
				chance := equal
				if probabilities != nil {
					chance = probabilities[i*states+s]
				}
				ideal -= chance * w.rent[i*names+int(w.taken[s*size+i])]
			}
		}
		w.ideal[i] = ideal
	}
}

// ask completes a lane's review: its money in a regression, and what it takes.
// ideal is the money if the state were known; it is handed back.
func (w *worker) ask(i int, probabilities []float64, ideal float64) float64 {
	p := w.p
	names, states := len(p.names), p.states
	if probabilities != nil {
		w.reviewed(i, func(r resource) float64 {
			sum := 0.0
			for s, chance := range probabilities[i*states : (i+1)*states] {
				sum += chance * w.through(r, s, i)
			}
			return sum
		})
		return ideal
	}
	out := w.expected[i*names : (i+1)*names]
	unaided := w.unaided(i)
	r := p.config.Value.Review
	out[names-1] = r.Accuracy.Same*ideal + (1-r.Accuracy.Same)*out[unaided] - r.Cost
	w.reviewed(i, func(r resource) float64 { return w.throughNumber(r, unaided, i) })
	return ideal
}

// unaided is the best action of a lane without a person.
func (w *worker) unaided(i int) int {
	names := len(w.p.names)
	out := w.expected[i*names : i*names+w.p.actions]
	if w.rent == nil {
		return argmax(out)
	}
	return allocate.Pick(out, w.rent[i*names:i*names+w.p.actions], w.takes[i*names:i*names+w.p.actions], nil)
}

// argmax is the first index of the largest value.
func argmax(v []float64) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}

// rowError turns counted faults into an error: of the inputs if they have any,
// else of the first program that has.
func (p *Payoffs) rowError(found []faults, t *table.Table) error {
	if f := found[len(p.programs)+1]; f.rows > 0 {
		return &Error{Msg: f.note, Row: f.first + 1}
	}
	for k, f := range found {
		switch {
		case f.rows == 0:
		case k < len(p.programs):
			return p.explain(p.programs[k].Program, f, t)
		case k > len(p.programs)+1:
			return p.explain(p.amounts[k-len(p.programs)-2].program, f, t)
		default:
			return p.explain(p.today, f, t)
		}
	}
	return nil
}

func (p *Payoffs) explain(g *formula.Program, f faults, t *table.Table) error {
	path, source := g.Path(), g.Source()
	if f.note != "" {
		hint := ""
		if g == p.today {
			hint = "the actions are " + strings.Join(p.names, ", ")
		}
		return &Error{Path: path, Msg: f.note, Hint: hint, Row: f.first + 1}
	}
	b := p.scope.NewBlock(1, p.config.Fill)
	b.First = f.first
	b.Truth, b.Prediction = []float64{f.truth}, []float64{f.prediction}
	if err := b.Bind(t); err != nil {
		return err
	}
	e := &Error{Path: path, Row: f.first + 1}
	why := g.Fault(b)
	if why == nil {
		why = &formula.Cause{Text: fmt.Sprintf("%#q is not a finite number", source)}
	}
	if why.Column != "" {
		name := why.Column
		if !formula.IsName(name) {
			name = fmt.Sprintf("row[%q]", name)
		}
		e.Hint = fmt.Sprintf("write %s ?? value, or let missing cells be filled", name)
		e.Msg = fmt.Sprintf("%#q: %s in %s", source, why.Text, missingRows(t, why.Column, f.first))
		return e
	}
	e.Msg = why.Text
	if whole := fmt.Sprintf("%#q", source); !strings.HasPrefix(e.Msg, whole) {
		e.Msg = whole + ": " + e.Msg
	}
	if t.Rows() > 1 {
		e.Msg += fmt.Sprintf(" in row %d", f.first+1)
	}
	if f.rows > 1 {
		e.Msg += fmt.Sprintf("; %d of %d rows have no value", f.rows, t.Rows())
	}
	return e
}

func missingRows(t *table.Table, name string, first int) string {
	c, ok := t.Column(name)
	if !ok || t.Rows() == 1 {
		return "the row"
	}
	missing := 0
	for row := range t.Rows() {
		if c.Missing(row) {
			missing++
		}
	}
	return fmt.Sprintf("%d of %d rows, first in row %d", missing, t.Rows(), first+1)
}

// finite says whether a value is neither NaN nor infinite.
func finite(v float64) bool { return v-v == 0 }
