package table

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"weak"
)

// largeCells is from how many cells on View does not copy them at once: below,
// copies are small and looking a column up must not cost anything.
const largeCells = 1 << 22

// Take makes a table of the given rows, in the given order; a row may be taken
// several times. It panics on a row outside the table, like a slice does.
func (t *Table) Take(rows []int) *Table {
	if t.lazy != nil {
		own := make([]int, len(rows))
		for i, r := range rows {
			own[i] = int(t.lazy.rows[r])
		}
		rows = own
	}
	out := make([]*Column, len(t.heads()))
	for i, c := range t.heads() {
		out[i] = c.Take(rows)
	}
	return &Table{columns: out, index: t.index, rows: len(rows)}
}

// View is Take without a copy where the table is large: a column is made when
// somebody asks for it, and again when nobody has held on to it in the meantime,
// so that the rows of a fold do not take the memory of the whole table a second
// time. It is for who looks at one column after the other (Each, Column) or at
// one block of rows after the other (Slice), not for single rows.
func (t *Table) View(rows []int) *Table {
	return t.view(rows, largeCells)
}

func (t *Table) view(rows []int, large int) *Table {
	if len(t.heads())*len(rows) < large || t.rows > math.MaxInt32 {
		return t.Take(rows)
	}
	short := make([]int32, len(rows))
	for i, r := range rows {
		if r < 0 || r >= t.rows {
			panic(fmt.Sprintf("table: view: row %d of %d", r, t.rows))
		}
		short[i] = int32(r)
		if t.lazy != nil {
			short[i] = t.lazy.rows[r]
		}
	}
	all := &Table{columns: t.heads(), index: t.index}
	return all.selected(short)
}

// Large says whether the table is a view whose columns are not in memory.
func (t *Table) Large() bool { return t.lazy != nil }

// Slice makes a table of the rows lo to hi-1, whose columns are all in memory.
// It shares the values with t where t has them.
func (t *Table) Slice(lo, hi int) *Table {
	out := &Table{columns: make([]*Column, len(t.heads())), index: t.index, rows: hi - lo}
	for i, c := range t.heads() {
		if t.lazy != nil {
			out.columns[i] = gather(c, t.lazy.rows[lo:hi])
		} else {
			out.columns[i] = c.slice(lo, hi)
		}
	}
	return out
}

// selection makes the columns of some rows of other columns.
type selection struct {
	from []*Column
	rows []int32
	// made holds what was made for as long as somebody else does.
	mu   []sync.Mutex
	made []weak.Pointer[Column]
}

// selected is the table of some of the rows of t, which has its columns.
func (t *Table) selected(rows []int32) *Table {
	return &Table{index: t.index, rows: len(rows), lazy: &selection{
		from: t.columns, rows: rows, mu: make([]sync.Mutex, len(t.columns)), made: make([]weak.Pointer[Column], len(t.columns)),
	}}
}

// at is column i.
func (t *Table) at(i int) *Column {
	if t.lazy != nil {
		return t.lazy.column(i)
	}
	return t.columns[i]
}

func (s *selection) column(i int) *Column {
	s.mu[i].Lock()
	defer s.mu[i].Unlock()
	if c := s.made[i].Value(); c != nil {
		return c
	}
	c := gather(s.from[i], s.rows)
	s.made[i] = weak.Make(c)
	return c
}

// slice shares the rows lo to hi-1.
func (c *Column) slice(lo, hi int) *Column {
	d := *c
	switch c.Kind {
	case Number:
		d.Numbers = c.Numbers[lo:hi:hi]
	case Category:
		d.Codes = c.Codes[lo:hi:hi]
	case Text:
		d.Texts = c.Texts[lo:hi:hi]
	case Time:
		d.Times = c.Times[lo:hi:hi]
	}
	return &d
}

// conforms says whether the columns have the form of the schema but for their
// roles, so that no value changes and none needs to be looked at.
func (t *Table) conforms(s Schema) bool {
	for _, f := range s {
		i, ok := t.index[f.Name]
		if !ok {
			return false
		}
		if c := t.heads()[i]; c.Kind != f.Kind || !slices.Equal(c.Levels, f.Levels) {
			return false
		}
	}
	return true
}

// conformed is Conform of what conforms.
func (t *Table) conformed(s Schema) (*Table, Conformed, error) {
	all := &Table{columns: t.lazy.from, index: t.index, rows: t.lazy.from[0].Len()}
	out, done, err := all.Conform(s)
	if err != nil {
		return nil, Conformed{}, err
	}
	return out.selected(t.lazy.rows), done, nil
}
