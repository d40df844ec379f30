package explain

import (
	"fmt"

	"bespoke/model"
	"bespoke/table"
)

// wideAttributor is an Attributor that also splits what the sparse part of a row
// adds. The contribution of an entry is weight times value; that of all columns
// of a table column together also has what an average row has of them taken off,
// so that it is 0 for a row like the average, as other contributions are.
type wideAttributor interface {
	Attributor
	// AttributeWide is Attribute for a row with a sparse part.
	AttributeWide(row []float64, sparse model.SparseRow, a *Attribution)
	// absent gives, per raw output and then per table column, what a row without
	// any entry of the column lacks against the average; sources has the table
	// column of each column of the sparse part, counted from 0 to columns-1.
	absent(sources []int, columns int) []float64
}

// absent sums minus weight times mean.
func (l *linearModel) absent(sources []int, columns int) []float64 {
	outputs := len(l.weights)
	out := make([]float64, outputs*columns)
	for c, mean := range l.model.WideMeans() {
		for k, w := range l.model.Wide()[c*outputs:][:outputs] {
			out[k*columns+sources[c]] -= w * float64(mean)
		}
	}
	return out
}

// AttributeWide fills a for a row with a sparse part.
func (l *linearModel) AttributeWide(row []float64, sparse model.SparseRow, a *Attribution) {
	known := sparse.Below(l.model.SparseInputs())
	outputs := len(l.weights)
	a.hold(known.Columns)
	for i, c := range known.Columns {
		for k, w := range l.model.Wide()[int(c)*outputs:][:outputs] {
			a.Entries[k*len(a.Columns)+i] = w * float64(known.Values[i])
		}
	}
	l.dense(row, a)
	l.model.RawWide(row, sparse, a.Raw)
	a.certify()
}

// absent is the weighted sum of that of the members.
func (m *meanModel) absent(sources []int, columns int) []float64 {
	out := make([]float64, len(m.base)*columns)
	for _, w := range m.members {
		if wide, ok := w.Attributor.(wideAttributor); ok {
			for i, v := range wide.absent(sources, columns) {
				out[i] += w.weight * v
			}
		}
	}
	return out
}

// AttributeWide fills a for a joint row with a sparse part, which all members
// that read one share.
func (m *meanModel) AttributeWide(row []float64, sparse model.SparseRow, a *Attribution) {
	known := sparse.Below(m.model.SparseInputs())
	a.hold(known.Columns)
	m.Attribute(row, a)
	for i, w := range m.members {
		wide, ok := w.Attributor.(wideAttributor)
		if !ok {
			continue
		}
		own := a.members[i]
		wide.AttributeWide(row[w.start:w.start+w.width], known, own)
		for k := range a.Raw {
			for j, v := range own.Entries[k*len(own.Columns) : (k+1)*len(own.Columns)] {
				a.Entries[k*len(a.Columns)+j] += w.weight * v // columns rise: those that a member does not know come last
			}
		}
	}
	m.model.RawWide(row, sparse, a.Raw)
	a.certify()
}

// hold makes room for the contributions of entries, all 0.
func (a *Attribution) hold(columns []uint32) {
	a.Columns = append(a.Columns[:0], columns...)
	n := len(columns) * len(a.Raw)
	if cap(a.Entries) < n {
		a.Entries = make([]float64, n)
	}
	a.Entries = a.Entries[:n]
	clear(a.Entries)
}

// lack sets what a row without any entry lacks.
func (a *Attribution) lack(by wideAttributor, columns int) *Attribution {
	if columns > 0 {
		a.Absent = by.absent(make([]int, columns), 1)
	}
	return a
}

// widePart is what an Explainer knows of the sparse part.
type widePart struct {
	attributor wideAttributor
	source     []int     // of each of its columns, an index into columns
	absent     []float64 // per raw output and column; see wideAttributor
}

// wideOf prepares the reasons of a solution whose features have a sparse part; it
// is nil where there is none. at has the index of each table column.
func wideOf(m model.Fitted, by Attributor, features []model.Feature, at map[string]int) (*widePart, error) {
	reads := model.SparseInputs(m)
	if reads > len(features) {
		return nil, fmt.Errorf("explain: attribution of %s: rows have a sparse part of %d columns; the model reads %d", m.Name(), len(features), reads)
	}
	w, ok := by.(wideAttributor)
	if !ok || reads == 0 {
		return nil, nil
	}
	out := &widePart{attributor: w}
	for _, f := range features {
		i, ok := at[f.Source]
		if !ok {
			return nil, fmt.Errorf("explain: feature %q: its source %q is not among the columns the features read", f.Name, f.Source)
		}
		out.source = append(out.source, i)
	}
	out.absent = w.absent(out.source, len(at))
	return out, nil
}

// attribute fills a for row i of x.
func (e *Explainer) attribute(x *model.Matrix, i int, a *Attribution) {
	if e.wide != nil && x.Sparse != nil {
		e.wide.attributor.AttributeWide(x.Row(i), x.Sparse.Row(i), a)
		return
	}
	e.attributor.Attribute(x.Row(i), a)
}

// group adds the contributions of the sparse part to a raw output per column.
func (w *widePart) group(a *Attribution, raw int, columns table.Schema, amounts []float64) {
	for i, v := range a.Entries[raw*len(a.Columns) : (raw+1)*len(a.Columns)] {
		amounts[w.source[a.Columns[i]]] += v
	}
	for c := range columns {
		amounts[c] += w.absent[raw*len(columns)+c]
	}
}
