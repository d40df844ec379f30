package table

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// MissingTime marks a missing value in a time column.
const MissingTime = math.MinInt64

// Kind is the type of a column's values.
type Kind uint8

// The kinds of columns.
const (
	Number   Kind = iota // float64, NaN is missing
	Category             // int32 code into Levels, -1 is missing
	Text                 // free text, "" is missing
	Time                 // microseconds since 1970 UTC, MissingTime is missing
)

var kindNames = [...]string{"number", "category", "text", "time"}

// String is the kind's name in scenario files.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a kind's name.
func (k *Kind) UnmarshalText(b []byte) error {
	for i, n := range kindNames {
		if n == string(b) {
			*k = Kind(i)
			return nil
		}
	}
	return fmt.Errorf("table: kind: %q is none of %s", b, strings.Join(kindNames[:], ", "))
}

// Role is what a column is for.
type Role uint8

// The roles of columns.
const (
	Feature    Role = iota // read by models
	Target                 // what is predicted
	Identifier             // names a row; never read by models
	Constant               // one value only; never read by models
	Ignored                // left out: by the scenario, or by a check
	Info                   // used by payoffs, groups or time splits but not by models
)

var roleNames = [...]string{"feature", "target", "identifier", "constant", "ignored", "info"}

// String is the role's name in scenario files.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return fmt.Sprintf("role(%d)", uint8(r))
}

// MarshalText writes the role's name.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a role's name.
func (r *Role) UnmarshalText(b []byte) error {
	for i, n := range roleNames {
		if n == string(b) {
			*r = Role(i)
			return nil
		}
	}
	return fmt.Errorf("table: role: %q is none of %s", b, strings.Join(roleNames[:], ", "))
}

// Column is one typed column. Exactly one of Numbers, Codes, Texts and Times is
// filled, according to Kind.
type Column struct {
	Name string
	Kind Kind
	Role Role

	Numbers []float64
	Codes   []int32
	Levels  []string // of Codes
	Texts   []string
	Times   []int64

	// OnDisk says that the values are pages of a file, see package spill: they
	// take no memory that lasts.
	OnDisk bool
}

// NewNumber makes a number column that owns the values.
func NewNumber(name string, values []float64) *Column {
	return &Column{Name: name, Kind: Number, Numbers: values}
}

// NewCategory makes a category column that owns codes and levels; every code
// must be -1 or an index into levels.
func NewCategory(name string, codes []int32, levels []string) *Column {
	return &Column{Name: name, Kind: Category, Codes: codes, Levels: levels}
}

// NewText makes a text column that owns the values.
func NewText(name string, values []string) *Column {
	return &Column{Name: name, Kind: Text, Texts: values}
}

// NewTime makes a time column that owns the values, in microseconds since 1970
// UTC.
func NewTime(name string, values []int64) *Column {
	return &Column{Name: name, Kind: Time, Times: values}
}

// Len is the number of rows.
func (c *Column) Len() int {
	switch c.Kind {
	case Number:
		return len(c.Numbers)
	case Category:
		return len(c.Codes)
	case Text:
		return len(c.Texts)
	default:
		return len(c.Times)
	}
}

// Missing says whether the value of a row is missing.
func (c *Column) Missing(row int) bool {
	switch c.Kind {
	case Number:
		return math.IsNaN(c.Numbers[row])
	case Category:
		return c.Codes[row] < 0
	case Text:
		return c.Texts[row] == ""
	default:
		return c.Times[row] == MissingTime
	}
}

// Field describes the column without its values.
func (c *Column) Field() Field {
	return Field{Name: c.Name, Kind: c.Kind, Role: c.Role, Levels: c.Levels}
}

// As returns a column that shares the values and has another role.
func (c *Column) As(r Role) *Column {
	d := *c
	d.Role = r
	return &d
}

// Take makes a column of the given rows.
func (c *Column) Take(rows []int) *Column { return gather(c, rows) }

// gather is Take for row numbers of any size.
func gather[R int | int32](c *Column, rows []R) *Column {
	d := *c
	d.OnDisk = false
	switch c.Kind {
	case Number:
		d.Numbers = take(c.Numbers, rows)
	case Category:
		d.Codes = take(c.Codes, rows)
	case Text:
		d.Texts = take(c.Texts, rows)
	case Time:
		d.Times = take(c.Times, rows)
	}
	return &d
}

func take[T any, R int | int32](from []T, rows []R) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = from[r]
	}
	return out
}

// Value returns a row's value as float64, string or time.Time, or nil where it
// is missing.
func (c *Column) Value(row int) any {
	if c.Missing(row) {
		return nil
	}
	switch c.Kind {
	case Number:
		return c.Numbers[row]
	case Category:
		return c.Levels[c.Codes[row]]
	case Text:
		return c.Texts[row]
	default:
		return time.UnixMicro(c.Times[row]).UTC()
	}
}

// SetMissing makes the value of a row missing. Like the other setters it is
// for the owner of a scratch table only.
func (c *Column) SetMissing(row int) {
	switch c.Kind {
	case Number:
		c.Numbers[row] = math.NaN()
	case Category:
		c.Codes[row] = -1
	case Text:
		c.Texts[row] = ""
	case Time:
		c.Times[row] = MissingTime
	}
}

// Level finds the code of a category's spelling; ok is false for a spelling
// that was not seen in training.
func (c *Column) Level(spelling string) (code int32, ok bool) {
	for i, l := range c.Levels {
		if l == spelling {
			return int32(i), true
		}
	}
	return -1, false
}
