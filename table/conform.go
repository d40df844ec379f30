package table

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Conformed tells what Conform had to change so that rows fit a schema.
type Conformed struct {
	// Unseen lists the category columns that held spellings which the schema
	// does not have, in schema order. Their values became missing (code -1).
	Unseen []Unseen `json:"unseen,omitempty"`
	// Extra names the columns that the schema does not have, in table order.
	// They were left out.
	Extra []string `json:"extra,omitempty"`
}

// Unseen are the spellings of one category column that a schema lacks.
type Unseen struct {
	// Column is the name of the category column.
	Column string `json:"column"`
	// Rows is how many rows held one of the spellings.
	Rows int `json:"rows"`
	// Spellings are the first ten of them by number of rows, then by spelling.
	Spellings []string `json:"spellings"`
}

// Conform returns the rows of t in the form of s: the same columns in the same
// order, with the kinds, roles and level codes of s. Numbers, texts and times
// are shared with t; the codes of a category are translated, and spellings that
// s lacks become missing and are counted. A text column fits a category field
// and the other way round; a column without any value fits every field.
//
// A column that t lacks, or one of another kind, is an error that names it.
func (t *Table) Conform(s Schema) (*Table, Conformed, error) {
	var done Conformed
	if t.lazy != nil && t.conforms(s) {
		return t.conformed(s)
	}
	columns := make([]*Column, len(s))
	for i, f := range s {
		c, ok := t.Column(f.Name)
		if !ok {
			return nil, Conformed{}, fmt.Errorf("table: conform: column %q is not there; the rows have %s", f.Name, quoted(t.Names()))
		}
		fitted, unseen, err := c.conform(f)
		if err != nil {
			return nil, Conformed{}, fmt.Errorf("table: conform: %w", err)
		}
		if unseen.Rows > 0 {
			done.Unseen = append(done.Unseen, unseen)
		}
		columns[i] = fitted
	}
	for _, c := range t.heads() {
		if _, ok := s.Field(c.Name); !ok {
			done.Extra = append(done.Extra, c.Name)
		}
	}
	out, err := New(columns...)
	if err != nil {
		return nil, Conformed{}, err
	}
	out.rows = t.rows
	return out, done, nil
}

// conform returns the column in the form of one field.
func (c *Column) conform(f Field) (*Column, Unseen, error) {
	switch {
	case c.Kind == Category && f.Kind == Category:
		return c.relevel(f)
	case c.Kind == f.Kind:
		d := *c
		d.Role = f.Role
		return &d, Unseen{}, nil
	case c.Kind == Text && f.Kind == Category:
		return c.levelled().relevel(f)
	case c.Kind == Category && f.Kind == Text:
		return c.spelled(f), Unseen{}, nil
	case c.empty():
		return missing(f, c.Len()), Unseen{}, nil
	}
	return nil, Unseen{}, fmt.Errorf("column %q is %s, the schema wants %s", f.Name, c.Kind, f.Kind)
}

// relevel translates the codes of a category column to the levels of f.
func (c *Column) relevel(f Field) (*Column, Unseen, error) {
	d := &Column{Name: f.Name, Kind: Category, Role: f.Role, Levels: f.Levels}
	if slices.Equal(c.Levels, f.Levels) {
		d.Codes, d.OnDisk = c.Codes, c.OnDisk
		return d, Unseen{}, nil
	}
	code := make(map[string]int32, len(f.Levels))
	for i, l := range f.Levels {
		code[l] = int32(i)
	}
	to := make([]int32, len(c.Levels))
	for i, l := range c.Levels {
		to[i] = -1
		if k, ok := code[l]; ok {
			to[i] = k
		}
	}
	unseen := Unseen{Column: f.Name}
	counts := make([]int, len(c.Levels))
	d.Codes = make([]int32, len(c.Codes))
	for i, k := range c.Codes {
		if k < 0 {
			d.Codes[i] = -1
			continue
		}
		d.Codes[i] = to[k]
		if to[k] < 0 {
			unseen.Rows++
			counts[k]++
		}
	}
	for _, v := range topValues(c.Levels, counts, 10) {
		unseen.Spellings = append(unseen.Spellings, v.Value)
	}
	return d, unseen, nil
}

// levelled is a text column as a category, with levels in order of appearance.
func (c *Column) levelled() *Column {
	d := &Column{Name: c.Name, Kind: Category, Role: c.Role, Codes: make([]int32, len(c.Texts))}
	code := make(map[string]int32)
	for i, s := range c.Texts {
		if s == "" {
			d.Codes[i] = -1
			continue
		}
		k, ok := code[s]
		if !ok {
			k = int32(len(d.Levels))
			code[s] = k
			d.Levels = append(d.Levels, s)
		}
		d.Codes[i] = k
	}
	return d
}

// spelled is a category column as text.
func (c *Column) spelled(f Field) *Column {
	d := &Column{Name: f.Name, Kind: Text, Role: f.Role, Texts: make([]string, len(c.Codes))}
	for i, k := range c.Codes {
		if k >= 0 {
			d.Texts[i] = c.Levels[k]
		}
	}
	return d
}

// empty says whether no row has a value.
func (c *Column) empty() bool {
	for i := range c.Len() {
		if !c.Missing(i) {
			return false
		}
	}
	return true
}

// missing makes a column of the field in which every value is missing.
func missing(f Field, rows int) *Column {
	c := &Column{Name: f.Name, Kind: f.Kind, Role: f.Role, Levels: f.Levels}
	switch f.Kind {
	case Number:
		c.Numbers = slices.Repeat([]float64{math.NaN()}, rows)
	case Category:
		c.Codes = slices.Repeat([]int32{-1}, rows)
	case Text:
		c.Texts = make([]string, rows)
	case Time:
		c.Times = slices.Repeat([]int64{MissingTime}, rows)
	}
	return c
}

// quoted lists up to twelve names for an error.
func quoted(names []string) string {
	if len(names) == 0 {
		return "no columns"
	}
	const most = 12
	short := make([]string, 0, most)
	for _, n := range names[:min(most, len(names))] {
		short = append(short, fmt.Sprintf("%q", n))
	}
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(short, ", "), len(names)-most)
	}
	return strings.Join(short, ", ")
}
