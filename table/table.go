// Package table holds the noun that every stage exchanges: a table of typed
// columns with missing values and roles.
//
// A table is column-oriented and immutable by agreement: stages make new
// tables (Take, Select, Without) that share the columns they did not change,
// and nobody writes into a column that came from somebody else. The one
// exception is a serving scratch table, which its owner refills row by row.
//
// Missing values are part of each kind: NaN in numbers, code -1 in
// categories, the empty string in texts and MissingTime in times.
//
//	t, err := table.New(
//		table.NewNumber("age", []float64{31, math.NaN()}),
//		table.NewCategory("job", []int32{0, 1}, []string{"clerk", "smith"}),
//	)
package table

import (
	"fmt"
	"iter"
	"math"
	"slices"
)

// Table is a set of equally long columns with distinct names.
type Table struct {
	// columns are nil where lazy makes them.
	columns []*Column
	index   map[string]int
	rows    int
	lazy    *selection
}

// New makes a table of the columns. It fails when two columns share a name or
// differ in length.
func New(columns ...*Column) (*Table, error) {
	t := &Table{columns: columns, index: make(map[string]int, len(columns))}
	for i, c := range columns {
		if at, taken := t.index[c.Name]; taken {
			return nil, fmt.Errorf("table: new: column %q appears twice, as number %d and %d; names must differ", c.Name, at+1, i+1)
		}
		t.index[c.Name] = i
		if i == 0 {
			t.rows = c.Len()
		}
		if c.Len() != t.rows {
			return nil, fmt.Errorf("table: new: column %q has %d rows, the first has %d; they must be equal", c.Name, c.Len(), t.rows)
		}
	}
	return t, nil
}

// Rows is the number of rows.
func (t *Table) Rows() int { return t.rows }

// Columns returns the columns in order. The slice must not be changed. Those of
// a View are all in memory as long as the slice is; see Each.
func (t *Table) Columns() []*Column {
	if t.lazy == nil {
		return t.columns
	}
	out := make([]*Column, len(t.lazy.from))
	for i := range out {
		out[i] = t.lazy.column(i)
	}
	return out
}

// Column finds a column by name.
func (t *Table) Column(name string) (*Column, bool) {
	i, ok := t.index[name]
	if !ok {
		return nil, false
	}
	if t.lazy != nil {
		return t.lazy.column(i), true
	}
	return t.columns[i], true
}

// Names lists the column names in order.
func (t *Table) Names() []string {
	all := t.heads()
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.Name
	}
	return names
}

// Schema describes every column without its values.
func (t *Table) Schema() Schema {
	all := t.heads()
	s := make(Schema, len(all))
	for i, c := range all {
		s[i] = c.Field()
	}
	return s
}

// heads are columns with the names, kinds, roles and levels of the table's, but
// not always with its rows.
func (t *Table) heads() []*Column {
	if t.lazy != nil {
		return t.lazy.from
	}
	return t.columns
}

// Each gives the columns that have the role, one after the other. Unlike with
// ByRole, those of a View need not all be in memory at a time.
func (t *Table) Each(r Role) iter.Seq[*Column] {
	return func(yield func(*Column) bool) {
		for i, c := range t.heads() {
			if c.Role != r {
				continue
			}
			if t.lazy != nil {
				c = t.lazy.column(i)
			}
			if !yield(c) {
				return
			}
		}
	}
}

// Select makes a table of the named columns, in the order of the names.
func (t *Table) Select(names ...string) (*Table, error) {
	out := make([]*Column, 0, len(names))
	for _, n := range names {
		i, ok := t.index[n]
		if !ok {
			return nil, fmt.Errorf("table: select: no column %q; there are %v", n, t.Names())
		}
		out = append(out, t.heads()[i])
	}
	return t.of(out)
}

// of makes a table of some of the heads.
func (t *Table) of(heads []*Column) (*Table, error) {
	out, err := New(heads...)
	if err == nil && t.lazy != nil {
		out = out.selected(t.lazy.rows)
	}
	return out, err
}

// Without makes a table that lacks the named columns; unknown names are
// ignored.
func (t *Table) Without(names ...string) *Table {
	drop := make(map[string]bool, len(names))
	for _, n := range names {
		drop[n] = true
	}
	var out []*Column
	for _, c := range t.heads() {
		if !drop[c.Name] {
			out = append(out, c)
		}
	}
	kept, err := t.of(out)
	if err != nil { // a subset of a valid table is valid
		panic(err)
	}
	if len(out) == 0 {
		kept.rows = t.rows
	}
	return kept
}

// ByRole lists the columns that have the role.
func (t *Table) ByRole(r Role) []*Column {
	return slices.Collect(t.Each(r))
}

// Field describes one column: everything but its values.
type Field struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	Role Role   `json:"role"`
	// Levels are the category's spellings, indexed by code.
	Levels []string `json:"levels,omitempty"`
}

// Schema is the list of fields of a table, in order.
type Schema []Field

// Field finds a field by name.
func (s Schema) Field(name string) (Field, bool) {
	for _, f := range s {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Scratch makes a one-row table of the schema, every value missing, that its
// owner may refill by writing row 0 of the columns. It is what serving keeps in
// a pool, so that a row runs the same code as a table.
func (s Schema) Scratch() *Table {
	cols := make([]*Column, len(s))
	for i, f := range s {
		c := &Column{Name: f.Name, Kind: f.Kind, Role: f.Role, Levels: f.Levels}
		switch f.Kind {
		case Number:
			c.Numbers = []float64{math.NaN()}
		case Category:
			c.Codes = []int32{-1}
		case Text:
			c.Texts = []string{""}
		case Time:
			c.Times = []int64{MissingTime}
		}
		cols[i] = c
	}
	t, err := New(cols...)
	if err != nil { // a schema comes from a valid table
		panic(err)
	}
	return t
}
