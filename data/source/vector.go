package source

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"bespoke/table"
)

// duckString is DuckDB's string in a vector: up to twelve bytes are held in
// place, longer ones by a pointer to memory that lives as long as the chunk.
type duckString struct {
	length uint32
	inline [inlineBytes]byte // of a long string: four bytes of it, then the pointer
}

const inlineBytes = 12

// bytes is a view of the string, valid as long as the chunk.
func (s *duckString) bytes() []byte {
	if s.length <= inlineBytes {
		return s.inline[:s.length:s.length]
	}
	long := *(**byte)(unsafe.Pointer(&s.inline[4]))
	return unsafe.Slice(long, s.length)
}

// valid says which rows of a vector are not NULL.
type valid []uint64

func validOf(v mapping.Vector, rows int) valid {
	mask := mapping.VectorGetValidity(v)
	if mask == nil {
		return nil
	}
	return unsafe.Slice((*uint64)(mask), (rows+63)/64)
}

func (v valid) at(row int) bool { return v == nil || v[row/64]>>(row%64)&1 == 1 }

// eachText calls f with every row of a VARCHAR vector, with an empty slice for
// NULL, until f returns false; it reports whether it came to the end.
func eachText(v mapping.Vector, rows int, f func(row int, s []byte) bool) bool {
	data := unsafe.Slice((*duckString)(mapping.VectorGetData(v)), rows)
	ok := validOf(v, rows)
	for i := range data {
		var s []byte
		if ok.at(i) {
			s = data[i].bytes()
		}
		if !f(i, s) {
			return false
		}
	}
	return true
}

// plan says how a column of a DuckDB type is read: the expression to select,
// over the column's SQL name, and the form of the result.
type plan struct {
	form Form
	cast string
	name string
}

// plans has every DuckDB type that is not nested.
var plans = map[mapping.Type]plan{
	mapping.TypeBoolean:     {Texts, "CAST(%s AS VARCHAR)", "BOOLEAN"},
	mapping.TypeTinyInt:     {Numbers, "CAST(%s AS DOUBLE)", "TINYINT"},
	mapping.TypeSmallInt:    {Numbers, "CAST(%s AS DOUBLE)", "SMALLINT"},
	mapping.TypeInteger:     {Numbers, "CAST(%s AS DOUBLE)", "INTEGER"},
	mapping.TypeBigInt:      {Numbers, "CAST(%s AS DOUBLE)", "BIGINT"},
	mapping.TypeUTinyInt:    {Numbers, "CAST(%s AS DOUBLE)", "UTINYINT"},
	mapping.TypeUSmallInt:   {Numbers, "CAST(%s AS DOUBLE)", "USMALLINT"},
	mapping.TypeUInteger:    {Numbers, "CAST(%s AS DOUBLE)", "UINTEGER"},
	mapping.TypeUBigInt:     {Numbers, "CAST(%s AS DOUBLE)", "UBIGINT"},
	mapping.TypeHugeInt:     {Numbers, "CAST(%s AS DOUBLE)", "HUGEINT"},
	mapping.TypeUHugeInt:    {Numbers, "CAST(%s AS DOUBLE)", "UHUGEINT"},
	mapping.TypeBigNum:      {Numbers, "CAST(%s AS DOUBLE)", "BIGNUM"},
	mapping.TypeFloat:       {Numbers, "CAST(%s AS DOUBLE)", "FLOAT"},
	mapping.TypeDouble:      {Numbers, "%s", "DOUBLE"},
	mapping.TypeDecimal:     {Numbers, "CAST(%s AS DOUBLE)", "DECIMAL"},
	mapping.TypeDate:        {Times, "CAST(%s AS TIMESTAMP)", "DATE"},
	mapping.TypeTimestamp:   {Times, "%s", "TIMESTAMP"},
	mapping.TypeTimestampS:  {Times, "CAST(%s AS TIMESTAMP)", "TIMESTAMP_S"},
	mapping.TypeTimestampMS: {Times, "CAST(%s AS TIMESTAMP)", "TIMESTAMP_MS"},
	mapping.TypeTimestampNS: {Times, "CAST(%s AS TIMESTAMP)", "TIMESTAMP_NS"},
	mapping.TypeTimestampTZ: {Times, "CAST(%s AT TIME ZONE 'UTC' AS TIMESTAMP)", "TIMESTAMP WITH TIME ZONE"},
	mapping.TypeVarchar:     {Texts, "%s", "VARCHAR"},
	mapping.TypeEnum:        {Texts, "CAST(%s AS VARCHAR)", "ENUM"},
	mapping.TypeUUID:        {Texts, "CAST(%s AS VARCHAR)", "UUID"},
	mapping.TypeTime:        {Texts, "CAST(%s AS VARCHAR)", "TIME"},
	mapping.TypeTimeNS:      {Texts, "CAST(%s AS VARCHAR)", "TIME_NS"},
	mapping.TypeTimeTZ:      {Texts, "CAST(%s AS VARCHAR)", "TIME WITH TIME ZONE"},
	mapping.TypeInterval:    {Texts, "CAST(%s AS VARCHAR)", "INTERVAL"},
	mapping.TypeSQLNull:     {Texts, "CAST(%s AS VARCHAR)", "NULL"},
}

// planOf gives the plan for a type; a type without one is nested.
func planOf(t mapping.Type) plan {
	if p, ok := plans[t]; ok {
		return p
	}
	return plan{Nested, "CAST(NULL AS VARCHAR)", "nested"}
}

// newColumn makes an empty column of the form.
func newColumn(name string, form Form, kind string) *Column {
	c := &Column{Name: name, Form: form, Type: kind}
	if form == Texts {
		c.Text = &Text{}
	}
	return c
}

// largestExact is 2^53: from here on whole numbers lose digits in a float64.
const largestExact = 1 << 53

// add appends the rows of a vector to the column.
func (c *Column) add(v mapping.Vector, rows int) error {
	switch c.Form {
	case Texts:
		if !eachText(v, rows, func(_ int, s []byte) bool { return c.Text.Add(s) }) {
			return fmt.Errorf("data: reading: column %q holds more than 4 GB of text in %d rows", c.Name, blockRows)
		}
	case Numbers:
		c.addNumbers(unsafe.Slice((*float64)(mapping.VectorGetData(v)), rows), validOf(v, rows))
	case Times:
		c.addTimes(unsafe.Slice((*int64)(mapping.VectorGetData(v)), rows), validOf(v, rows))
	case Nested:
	}
	return nil
}

func (c *Column) addNumbers(values []float64, ok valid) {
	for i, x := range values {
		if !ok.at(i) {
			x = math.NaN()
		}
		if math.Abs(x) >= largestExact && !math.IsInf(x, 0) && wholeTypes[c.Type] {
			c.Inexact++
		}
		c.Numbers = append(c.Numbers, x)
	}
}

// wholeTypes are the types of whole numbers that can pass 2^53.
var wholeTypes = map[string]bool{"BIGINT": true, "UBIGINT": true, "HUGEINT": true, "UHUGEINT": true, "BIGNUM": true, "int8": true}

// addTimes appends times; DuckDB's two infinities become missing.
func (c *Column) addTimes(values []int64, ok valid) {
	for i, t := range values {
		if !ok.at(i) || t == math.MaxInt64 || t == -math.MaxInt64 {
			t = table.MissingTime
		}
		c.Times = append(c.Times, t)
	}
}

// size is how many bytes the column holds.
func (c *Column) size() int64 {
	n := 8 * int64(len(c.Numbers)+len(c.Times))
	if c.Text != nil {
		n += c.Text.size()
	}
	return n
}
