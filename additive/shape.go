package additive

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Shape is a term for readers and drawings.
type Shape struct {
	// Name is the feature's name, or both names with " x " between them.
	Name string `json:"name"`
	// Sides describe the cells: one side for a curve, two for a grid.
	Sides []Side `json:"sides"`
	// Values, Errors and Weights are those of Term, as copies.
	Values  [][]float64 `json:"values"`
	Errors  [][]float64 `json:"errors,omitempty"`
	Weights []float64   `json:"weights"`
	// Strength is the mean magnitude of the term over the training rows, in the
	// units of the raw output.
	Strength float64 `json:"strength"`
}

// Side is one axis of a Shape. Its cells are the intervals or the sets of
// categories, and one more, the last, for missing values.
type Side struct {
	// Feature is the name of the feature.
	Feature string `json:"feature"`
	// Edges[i] is the largest number of cell i; the last cell of numbers goes on
	// without end. Empty for a category.
	Edges []float64 `json:"edges,omitempty"`
	// Codes[i] are the category codes of cell i; nil for a number.
	Codes [][]int32 `json:"codes,omitempty"`
	// Cells is the number of cells.
	Cells int `json:"cells"`
}

// Shapes lists the terms, the strongest first.
func (m *Model) Shapes() []Shape {
	out := make([]Shape, len(m.Terms))
	for i := range m.Terms {
		t := &m.Terms[i]
		s := Shape{Name: m.TermName(i), Weights: slices.Clone(t.Weights), Strength: t.strength()}
		for _, j := range t.Features {
			s.Sides = append(s.Sides, m.Columns[j].side(len(t.Features) == 2))
		}
		for _, v := range t.Values {
			s.Values = append(s.Values, slices.Clone(v))
		}
		for _, e := range t.Errors {
			s.Errors = append(s.Errors, slices.Clone(e))
		}
		out[i] = s
	}
	slices.SortStableFunc(out, func(a, b Shape) int { return cmp.Compare(b.Strength, a.Strength) })
	return out
}

// TermName is the name of term i: that of its feature, or of both with " x "
// between them.
func (m *Model) TermName(i int) string {
	var names []string
	for _, j := range m.Terms[i].Features {
		names = append(names, m.Columns[j].Name)
	}
	return strings.Join(names, " x ")
}

func (c *Column) side(grouped bool) Side {
	cells := func(b int) int { return b }
	s := Side{Feature: c.Name, Cells: c.cells()}
	if grouped {
		cells = func(b int) int { return c.Groups[b] }
		s.Cells = c.groups()
	}
	if c.Levels > 0 {
		s.Codes = make([][]int32, s.Cells)
		for b, code := range c.Codes {
			s.Codes[cells(b)] = append(s.Codes[cells(b)], code)
		}
		return s
	}
	for b, e := range c.Edges {
		if cells(b) != cells(b+1) {
			s.Edges = append(s.Edges, e)
		}
	}
	return s
}

// Edit is a change of a model by hand: a term is dropped, or some of its cells
// get another value.
type Edit struct {
	// Features are the names of the term's features, in the order of the term.
	Features []string `json:"features"`
	// Drop takes the term out.
	Drop bool `json:"drop,omitempty"`
	// Output is the raw output whose values are set.
	Output int `json:"output,omitempty"`
	// Cells are positions in the term's values; Value is what they are set to, in
	// units of the raw output.
	Cells []int   `json:"cells,omitempty"`
	Value float64 `json:"value,omitempty"`
	// Reason says why, for those who read the model later.
	Reason string `json:"reason,omitempty"`
}

// Edit returns a copy of the model with the changes made, in order; the model
// itself stays as it is. A term whose cells were set is centred again: what its
// mean moves goes into the intercept, so that rows in other cells keep their
// score. The changes are kept in Edits and saved. A term, output or cell that
// does not exist, or a value that is not finite, is an error.
func (m *Model) Edit(edits ...Edit) (*Model, error) {
	out := &Model{Task: m.Task, Classes: m.Classes, Columns: slices.Clone(m.Columns), Intercept: slices.Clone(m.Intercept), Terms: slices.Clone(m.Terms), Edits: slices.Clone(m.Edits)}
	for i, e := range edits {
		if err := out.apply(e); err != nil {
			return nil, fmt.Errorf("additive: edit %d: %w", i+1, err)
		}
		e.Features, e.Cells = slices.Clone(e.Features), slices.Clone(e.Cells)
		out.Edits = append(out.Edits, e)
	}
	out.ungroup()
	if err := out.check(); err != nil {
		return nil, fmt.Errorf("additive: edit: %w", err)
	}
	out.prepare()
	return out, nil
}

func (m *Model) apply(e Edit) error {
	at := slices.IndexFunc(m.Terms, func(t Term) bool {
		return slices.EqualFunc(t.Features, e.Features, func(j int, name string) bool { return m.Columns[j].Name == name })
	})
	if at < 0 {
		return fmt.Errorf("no term of %q; Shapes lists the terms", e.Features)
	}
	if e.Drop {
		if len(e.Cells) > 0 {
			return errors.New("a term cannot be dropped and set at once")
		}
		m.Terms = slices.Delete(m.Terms, at, at+1)
		return nil
	}
	t := &m.Terms[at]
	switch {
	case e.Output < 0 || e.Output >= len(t.Values):
		return fmt.Errorf("output %d; there are 0 to %d", e.Output, len(t.Values)-1)
	case len(e.Cells) == 0:
		return errors.New("neither cells to set nor drop")
	case math.IsNaN(e.Value) || math.IsInf(e.Value, 0):
		return fmt.Errorf("value %v; it must be finite", e.Value)
	}
	t.Values = slices.Clone(t.Values)
	values := slices.Clone(t.Values[e.Output])
	if t.Errors != nil {
		t.Errors = slices.Clone(t.Errors)
		t.Errors[e.Output] = slices.Clone(t.Errors[e.Output])
	}
	for _, c := range e.Cells {
		if c < 0 || c >= len(values) {
			return fmt.Errorf("cell %d; there are 0 to %d", c, len(values)-1)
		}
		values[c] = e.Value
		if t.Errors != nil {
			t.Errors[e.Output][c] = 0
		}
	}
	m.Intercept[e.Output] += recentre(values, t.Weights)
	t.Values[e.Output] = values
	return nil
}

// recentre subtracts the weighted mean everywhere and returns it.
func recentre(values, weights []float64) float64 {
	sum, total := 0.0, 0.0
	for i, w := range weights {
		sum += w * values[i]
		total += w
	}
	if total == 0 {
		return 0
	}
	for i := range values {
		values[i] -= sum / total
	}
	return sum / total
}
