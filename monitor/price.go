package monitor

import (
	"errors"

	"bespoke/ledger"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/value"
)

// batch holds decisions with a known outcome until enough are there to turn
// into money together.
type batch struct {
	columns     []*table.Column // those that payoffs read
	source      []int           // their indices in the schema
	predictions []float64
	truth       []float64
	actions     []int
	expected    []float64 // before cost
	cost        []float64
	windows     []*sums
}

const batchRows = 2048

// start makes empty columns for what the payoffs read; where they read nothing,
// one column still carries the number of rows.
func (b *batch) start(s *solution.Solution) {
	needed := map[string]bool{}
	for _, f := range s.Payoffs.Columns() {
		needed[f.Name] = true
	}
	for i, f := range s.Schema {
		if needed[f.Name] || i == len(s.Schema)-1 && len(b.columns) == 0 {
			b.columns = append(b.columns, &table.Column{Name: f.Name, Kind: f.Kind, Role: f.Role, Levels: f.Levels})
			b.source = append(b.source, i)
		}
	}
}

func (b *batch) full() bool { return len(b.truth) >= batchRows }

// add copies the row and what was decided.
func (b *batch) add(row *table.Table, d *ledger.Decision, truth float64, action int, window *sums) {
	for i, c := range b.columns {
		from := row.Columns()[b.source[i]]
		switch c.Kind {
		case table.Number:
			c.Numbers = append(c.Numbers, from.Numbers[0])
		case table.Category:
			c.Codes = append(c.Codes, from.Codes[0])
		case table.Text:
			c.Texts = append(c.Texts, from.Texts[0])
		case table.Time:
			c.Times = append(c.Times, from.Times[0])
		}
	}
	b.predictions = append(b.predictions, d.Prediction...)
	b.truth = append(b.truth, truth)
	b.actions = append(b.actions, action)
	b.expected = append(b.expected, d.Expected)
	b.cost = append(b.cost, d.Cost)
	b.windows = append(b.windows, window)
}

func (b *batch) clear() {
	for _, c := range b.columns {
		c.Numbers, c.Codes, c.Texts, c.Times = c.Numbers[:0], c.Codes[:0], c.Texts[:0], c.Times[:0]
	}
	b.predictions, b.truth, b.actions = b.predictions[:0], b.truth[:0], b.actions[:0]
	b.expected, b.cost, b.windows = b.expected[:0], b.cost[:0], b.windows[:0]
}

// price turns the batch into realised money. Where the payoffs fail for a row
// (a missing cell, a division by zero), the rows are priced one by one and the
// failing ones are counted.
func (w *watch) price() {
	b := &w.batch
	defer b.clear()
	rows := len(b.truth)
	if rows == 0 {
		return
	}
	t, err := table.New(b.columns...)
	if err != nil { // the columns are those of a schema, equally long
		panic(err)
	}
	if w.priceRows(t, 0, rows) == nil {
		return
	}
	for i := range rows {
		if err := w.priceRows(t.Take([]int{i}), i, i+1); err != nil {
			w.unpriced(err)
		}
	}
}

func (w *watch) unpriced(err error) {
	if w.counts.Unpriced++; w.counts.Unpriced == 1 {
		w.counts.FirstUnpriced = err.Error()
		var e *value.Error
		if errors.As(err, &e) {
			w.counts.FirstUnpriced = e.Path + ": " + e.Msg
		}
	}
}

// priceRows prices the rows from up to to of the batch; t holds just those.
func (w *watch) priceRows(t *table.Table, from, to int) error {
	b := &w.batch
	k := len(b.predictions) / len(b.truth)
	sheet, err := w.bundle.Solution.Payoffs.Sheet(t, b.predictions[from*k:to*k], b.truth[from:to], 1)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		realised := sheet.Realised[(i-from)*len(sheet.Actions)+b.actions[i]]
		w.counts.Matured++
		for _, s := range []*sums{&w.all, b.windows[i]} {
			s.expectedMatured.add(b.expected[i] - b.cost[i])
			s.realised.add(realised - b.cost[i])
			s.gap.add(realised - b.expected[i])
		}
	}
	return nil
}
