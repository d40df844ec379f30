package source

import (
	"fmt"
	"math"

	"bespoke/data/duck"
	"bespoke/table"
)

// newColumn makes an empty column of the form.
func newColumn(name string, form Form, kind string) *Column {
	c := &Column{Name: name, Form: form, Type: kind}
	if form == Texts {
		c.Text = &Text{}
	}
	return c
}

// expect makes room for so many rows, so that growing does not take the column's
// memory twice. Texts grow in blocks.
func (c *Column) expect(rows int) {
	switch c.Form {
	case Numbers:
		c.Numbers = make([]float64, 0, rows)
	case Times:
		c.Times = make([]int64, 0, rows)
	case Texts, Nested:
	}
}

// largestExact is 2^53: from here on whole numbers lose digits in a float64.
const largestExact = 1 << 53

// add appends the rows of one vector of a chunk to the column.
func (c *Column) add(chunk duck.Chunk, at, rows int) error {
	v := duck.Column(chunk, at)
	switch c.Form {
	case Texts:
		if !c.Text.addVector(duck.Strings(v, rows)) {
			return fmt.Errorf("data: reading: column %q holds more than 4 GB of text in %d rows", c.Name, blockRows)
		}
	case Numbers:
		c.addNumbers(duck.Doubles(v, rows))
	case Times:
		c.addTimes(duck.Micros(v, rows))
	case Nested:
	}
	return nil
}

func (c *Column) addNumbers(values []float64, ok duck.Valid) {
	for i, x := range values {
		if !ok.At(i) {
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
func (c *Column) addTimes(values []int64, ok duck.Valid) {
	for i, t := range values {
		if !ok.At(i) || t == math.MaxInt64 || t == -math.MaxInt64 {
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
