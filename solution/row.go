package solution

import (
	"fmt"

	"bespoke/model"
	"bespoke/table"
	"bespoke/value"
)

// Row is reusable memory for deciding one raw row after another. The owner
// fills Table (one row, the columns of Solution.Schema; everything is missing
// after Clear), calls Solution.Decide and reads the rest. It must not be used by
// two goroutines at once.
type Row struct {
	// Table is the row to fill.
	Table *table.Table
	// Features are the numbers the model read.
	Features *model.Matrix
	// Prediction is calibrated: class probabilities, or the number.
	Prediction []float64
	// Decision is the best action; meaningless without payoffs.
	Decision value.Decision

	scratch *value.Scratch
}

// NewRow makes memory for one row, every value missing.
func (s *Solution) NewRow() *Row {
	r := &Row{
		Table:      s.Schema.Scratch(),
		Features:   s.Features.NewMatrix(1),
		Prediction: make([]float64, s.Outputs()),
	}
	if s.Payoffs != nil {
		r.scratch = s.Payoffs.NewScratch()
	}
	return r
}

// Clear makes every value of the row missing again.
func (r *Row) Clear() {
	for _, c := range r.Table.Columns() {
		c.SetMissing(0)
	}
}

// Fill copies row i of a table whose columns conform to Solution.Schema, such
// as the result of table.Conform.
func (r *Row) Fill(t *table.Table, i int) {
	for j, c := range r.Table.Columns() {
		from := t.Columns()[j]
		switch c.Kind {
		case table.Number:
			c.Numbers[0] = from.Numbers[i]
		case table.Category:
			c.Codes[0] = from.Codes[i]
		case table.Text:
			c.Texts[0] = from.Texts[i]
		case table.Time:
			c.Times[0] = from.Times[i]
		}
	}
}

// Decide predicts the row and, where the solution has payoffs, decides it. The
// features, the model and the calibration allocate nothing.
func (s *Solution) Decide(r *Row) error {
	if err := s.Features.Apply(r.Table, r.Features); err != nil {
		return fmt.Errorf("solution: decide: %w", err)
	}
	s.predictMatrix(r.Features, r.Prediction)
	if s.Payoffs == nil {
		return nil
	}
	var err error
	if r.Decision, err = s.Payoffs.Decide(r.Table, 0, r.Prediction, r.scratch); err != nil {
		return fmt.Errorf("solution: decide: %w", err)
	}
	return nil
}

// Collect adds the row that was just decided to rows that are decided together;
// see value.Batch.
func (r *Row) Collect(b *value.Batch) error {
	if err := b.Add(r.Table, 0, r.scratch); err != nil {
		return fmt.Errorf("solution: collect: %w", err)
	}
	return nil
}

// Complete returns a copy of the solution with calibration and payoffs, and
// with the schema of everything a raw row must have. fields describe the
// training table; their order is the order of the schema.
func (s *Solution) Complete(fields table.Schema, p *value.Payoffs) *Solution {
	out := *s
	out.Payoffs = p
	needed := map[string]table.Field{}
	if p != nil {
		for _, f := range p.Columns() {
			needed[f.Name] = f
		}
	}
	for _, f := range s.Features.Inputs() {
		needed[f.Name] = f
	}
	out.Schema = nil
	for _, f := range fields {
		n, ok := needed[f.Name]
		switch {
		case !ok || f.Name == s.Target:
			continue
		case n.Kind != f.Kind:
			f.Kind, f.Levels = n.Kind, n.Levels // a column that only groups rows
		}
		out.Schema = append(out.Schema, f)
	}
	return &out
}
