package value

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"bespoke/table"
)

// blockRows is how many rows are evaluated at once: enough to hide the calls,
// few enough for the intermediate values to stay in the cache.
const blockRows = 256

// Sheet is the money of every action for every row of a table: what was
// expected from the predictions, and what was realised given the true
// outcomes. It is safe for concurrent reading.
type Sheet struct {
	// Actions are the names; the number of an action is its index.
	Actions []string
	// Rows is the number of rows.
	Rows int
	// Expected is the expected money at row*len(Actions)+action, before the
	// cost per decision; nil without predictions.
	Expected []float64
	// Realised is the money under the true outcome, likewise; nil without
	// truth. A review's is its mean over the reviewer's mistakes. Without
	// predictions, payoffs that read the prediction take it as exact.
	Realised []float64
	// PerDecision is what Profit, Promise and Perfect subtract per row.
	PerDecision float64
	// Filled lists the columns whose missing cells were replaced, and in how
	// many rows; expressions that handle missing cells themselves (??, missing)
	// are not affected by it.
	Filled []Filled

	ideal   []float64 // expected money with perfect information, after rent
	oracle  []float64 // realised money of the best action
	best    []int32   // that action
	certain []int32   // best action if the prediction were certain
	today   []int32   // nil without a rule

	review     int // its number, or -1
	reviewCost float64
	doNothing  int
	needsModel []bool
	limits     sheetLimits
}

// Filled says how many missing cells of a column were replaced by its Fallback.
type Filled struct {
	Column string `json:"column"`
	Rows   int    `json:"rows"`
}

// Sheet evaluates the rows of a table. predictions holds rows x outcomes
// probabilities that sum to 1 in each row, or one number per row for
// regression; nil when there is no model. truth holds class indices or
// numbers; nil when not known yet. The result has the same bits for any number
// of threads.
//
// The error is an *Error that names the payoff, the first row without a value
// and the reason.
func (p *Payoffs) Sheet(t *table.Table, predictions, truth []float64, threads int) (*Sheet, error) {
	rows := t.Rows()
	width := p.states
	if p.numeric() {
		width = 1
	}
	if predictions != nil && len(predictions) != rows*width {
		return nil, fail("", "", "sheet: %d predictions, want %d rows x %d", len(predictions), rows, width)
	}
	if truth != nil && len(truth) != rows {
		return nil, fail("", "", "sheet: %d true outcomes, want %d, one per row", len(truth), rows)
	}
	s := p.newSheet(rows, predictions != nil, truth != nil)
	if err := s.limits.group(t); err != nil {
		return nil, err
	}
	found, err := p.parallel(t, threads, func(w *worker) { w.block(s, predictions, truth) })
	if err != nil {
		return nil, err
	}
	if err := p.rowError(found, t); err != nil {
		return nil, err
	}
	s.Filled = p.filled(t)
	return s, nil
}

func (p *Payoffs) newSheet(rows int, predicted, known bool) *Sheet {
	s := &Sheet{
		Actions: p.Actions(), Rows: rows, PerDecision: p.config.PerDecision,
		review: -1, doNothing: p.doNothing, needsModel: make([]bool, len(p.names)), limits: p.newLimits(rows),
	}
	if p.HasReview() {
		s.review, s.reviewCost = p.actions, p.config.Value.Review.Cost
	}
	for i, k := range p.slot {
		a := i / p.outcomeCount()
		s.needsModel[a] = s.needsModel[a] || p.programs[k].prediction
	}
	if predicted {
		s.Expected = make([]float64, rows*len(p.names))
		s.ideal = make([]float64, rows)
		s.certain = make([]int32, rows)
	}
	if known {
		s.Realised = make([]float64, rows*len(p.names))
		s.oracle = make([]float64, rows)
		s.best = make([]int32, rows)
	}
	if p.today != nil || p.todayIs >= 0 {
		s.today = make([]int32, rows)
	}
	return s
}

// parallel runs do on every block of the table and collects the faults. Blocks
// write to places of their own, so their order does not matter.
func (p *Payoffs) parallel(t *table.Table, threads int, do func(w *worker)) ([]faults, error) {
	rows := t.Rows()
	blocks := (rows + blockRows - 1) / blockRows
	threads = max(1, min(threads, blocks))
	workers := make([]*worker, threads)
	for i := range workers {
		workers[i] = p.newWorker(min(blockRows, max(1, rows)))
		if err := workers[i].b.Bind(t); err != nil {
			return nil, err
		}
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for _, w := range workers {
		wait.Go(func() {
			for {
				first := int(next.Add(1)-1) * blockRows
				if first >= rows {
					return
				}
				w.rows(first, min(blockRows, rows-first))
				do(w)
			}
		})
	}
	wait.Wait()
	found := workers[0].faults
	for _, w := range workers[1:] {
		for k := range found {
			found[k].merge(w.faults[k])
		}
	}
	return found, nil
}

// block fills the sheet for the worker's rows.
func (w *worker) block(s *Sheet, predictions, truth []float64) {
	first, lanes := w.b.First, w.b.Lanes
	defer func() {
		for k, u := range w.use {
			copy(s.limits.use[k][first:], u[:lanes])
		}
	}()
	if truth != nil {
		truth = truth[first : first+lanes]
		if !w.truths(truth) {
			return
		}
	}
	w.today(s)
	if w.p.numeric() {
		w.numberBlock(s, predictions, truth)
		return
	}
	w.classes()
	if predictions != nil {
		k := w.p.states
		probabilities := predictions[first*k : (first+lanes)*k]
		w.probabilities(probabilities)
		w.expect(probabilities)
		w.store(s)
		for i := range lanes {
			seen := argmax(probabilities[i*k : (i+1)*k])
			s.certain[first+i] = w.best[seen*w.size+i]
		}
	}
	if truth != nil {
		w.realiseClasses(s, truth)
	}
}

// store writes the expectations into the sheet.
func (w *worker) store(s *Sheet) {
	names := len(w.p.names)
	copy(s.Expected[w.b.First*names:], w.expected[:w.b.Lanes*names])
	copy(s.ideal[w.b.First:], w.ideal[:w.b.Lanes])
}

// probabilities notes rows that hold no probabilities.
func (w *worker) probabilities(p []float64) {
	k := w.p.states
	for i := range w.b.Lanes {
		row := p[i*k : (i+1)*k]
		sum, ok := 0.0, true
		for _, v := range row {
			ok = ok && v >= 0 && v <= 1+1e-9
			sum += v
		}
		if !ok || math.Abs(sum-1) > 1e-6 {
			w.input(w.b.First+i, func() string {
				return fmt.Sprintf("row %d has the probabilities %v, they must be from 0 to 1 and sum to 1", w.b.First+i+1, row)
			})
		}
	}
}

// truths notes rows whose true outcome is impossible and says whether there
// are none.
func (w *worker) truths(truth []float64) bool {
	ok := true
	for i, v := range truth {
		if !finite(v) || !w.p.numeric() && (v != math.Trunc(v) || v < 0 || v >= float64(w.p.states)) {
			ok = false
			w.input(w.b.First+i, func() string {
				if w.p.numeric() {
					return fmt.Sprintf("row %d has the true number %v, it must be finite", w.b.First+i+1, v)
				}
				return fmt.Sprintf("row %d has the true class %v, it must be from 0 to %d", w.b.First+i+1, v, w.p.states-1)
			})
		}
	}
	return ok
}

// input notes a fault of what was handed in.
func (w *worker) input(row int, note func() string) {
	f := &w.faults[len(w.p.programs)+1]
	if f.rows == 0 || row < f.first {
		f.first, f.note = row, note()
	}
	f.rows++
}

// realiseClasses picks the money of the true class.
func (w *worker) realiseClasses(s *Sheet, truth []float64) {
	p := w.p
	names, states, size := len(p.names), p.states, w.size
	for i, t := range truth {
		row, y := w.b.First+i, int(t)
		for a := range p.actions {
			s.Realised[row*names+a] = w.money[(a*states+y)*size+i]
		}
		if s.review >= 0 {
			s.Realised[row*names+s.review] = w.review[y*size+i]
		}
		s.oracle[row] = w.perfect[y*size+i]
		s.best[row] = w.best[y*size+i]
		if s.Expected == nil {
			w.reviewed(i, func(r resource) float64 { return w.through(r, y, i) })
		}
	}
}

// numberBlock is block for regression.
func (w *worker) numberBlock(s *Sheet, predictions, truth []float64) {
	first, lanes := w.b.First, w.b.Lanes
	if predictions != nil {
		predictions = predictions[first : first+lanes]
		w.predicted(predictions)
		w.numbers(predictions)
		w.expect(nil)
		w.store(s)
		w.certainly(predictions, predictions, nil, s.certain[first:])
	}
	if truth == nil {
		return
	}
	names := len(w.p.names)
	if predictions == nil {
		w.amounts()
	}
	w.certainly(truth, truth, s.oracle[first:], s.best[first:])
	known := s.oracle[first:] // what a reviewer who sees the number brings
	if w.rent != nil {
		for i := range lanes {
			w.settle(i, i, func(a int) float64 { return w.spare[a*w.size+i] })
		}
		known = w.gross
	}
	if predictions != nil {
		w.certainly(predictions, truth, nil, nil)
	}
	for i := range lanes {
		row := (first + i) * names
		for a := range w.p.actions {
			s.Realised[row+a] = w.spare[a*w.size+i]
		}
		if s.review >= 0 {
			r := w.p.config.Value.Review
			unaided := known[i]
			if predictions != nil {
				unaided = s.Realised[row+w.unaided(i)]
			} else {
				w.reviewed(i, func(r resource) float64 { return w.takenBy(r, int(s.best[first+i]), i) })
			}
			s.Realised[row+s.review] = r.Accuracy.Same*known[i] + (1-r.Accuracy.Same)*unaided - r.Cost
		}
	}
}

// predicted notes predictions that are no numbers.
func (w *worker) predicted(v []float64) {
	for i, x := range v {
		if !finite(x) {
			w.input(w.b.First+i, func() string {
				return fmt.Sprintf("row %d has the prediction %v, it must be finite", w.b.First+i+1, x)
			})
		}
	}
}

// certainly computes the money of every action at one pair of numbers per lane into
// spare, and where wanted the largest and its action.
func (w *worker) certainly(prediction, truth, money []float64, action []int32) {
	w.b.Prediction, w.b.Truth = prediction, truth
	for a, k := range w.p.slot {
		m := w.spare[a*w.size:][:w.b.Lanes]
		w.p.programs[k].Eval(w.b, m)
		w.check(k, m)
	}
	for i := range w.b.Lanes {
		best := 0
		for a := 1; a < w.p.actions; a++ {
			if w.spare[a*w.size+i] > w.spare[best*w.size+i] {
				best = a
			}
		}
		if action != nil {
			action[i] = int32(best)
		}
		if money != nil {
			money[i] = w.spare[best*w.size+i]
		}
	}
}

// today evaluates the rule in force.
func (w *worker) today(s *Sheet) {
	if s.today == nil {
		return
	}
	out := s.today[w.b.First : w.b.First+w.b.Lanes]
	if w.p.todayIs >= 0 {
		for i := range out {
			out[i] = int32(w.p.todayIs)
		}
		return
	}
	names := w.b.TakeWords()
	w.p.today.EvalText(w.b, names)
	f := &w.faults[len(w.p.programs)]
	for i, n := range names {
		at := slices.Index(w.p.names, n)
		if at >= 0 {
			out[i] = int32(at)
			continue
		}
		if f.rows == 0 && n != "" {
			f.note = fmt.Sprintf("row %d gives %q, which is no action", w.b.First+i+1, n)
		}
		f.add(w.b.First+i, 0, 0)
	}
	w.b.GiveWords()
}

// filled counts the missing cells that fallbacks replaced.
func (p *Payoffs) filled(t *table.Table) []Filled {
	var out []Filled
	for _, f := range p.scope.Columns() {
		c, ok := t.Column(f.Name)
		if _, known := p.config.Fill[f.Name]; !known || !ok {
			continue
		}
		n := 0
		for row := range t.Rows() {
			if c.Missing(row) {
				n++
			}
		}
		if n > 0 {
			out = append(out, Filled{Column: f.Name, Rows: n})
		}
	}
	return out
}

// Take is the sheet of the given rows, in the given order; a row may be taken
// several times.
func (s *Sheet) Take(rows []int) *Sheet {
	out := *s
	out.Rows = len(rows)
	n := len(s.Actions)
	out.Expected, out.Realised = takeRows(s.Expected, rows, n), takeRows(s.Realised, rows, n)
	out.ideal, out.oracle = takeRows(s.ideal, rows, 1), takeRows(s.oracle, rows, 1)
	out.best, out.certain, out.today = takeRows(s.best, rows, 1), takeRows(s.certain, rows, 1), takeRows(s.today, rows, 1)
	out.limits = s.limits.take(rows)
	return &out
}

func takeRows[T any](from []T, rows []int, width int) []T {
	if from == nil {
		return nil
	}
	out := make([]T, 0, len(rows)*width)
	for _, r := range rows {
		out = append(out, from[r*width:(r+1)*width]...)
	}
	return out
}
