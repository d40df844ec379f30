package source

import (
	"fmt"
	"math"

	"bespoke/data/duck"
	"bespoke/internal/spill"
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
func (c *Column) expect(rows int) error {
	var err error
	switch c.Form {
	case Numbers:
		c.Numbers, err = spill.Make[float64](c.disk, rows)
		c.Numbers = c.Numbers[:0]
	case Times:
		c.Times, err = spill.Make[int64](c.disk, rows)
		c.Times = c.Times[:0]
	case Texts, Nested:
	}
	return err
}

// room makes sure that so many rows more need no memory where the column is on
// disk. In memory a column grows by itself.
func (c *Column) room(rows int) error {
	if c.disk == nil {
		return nil
	}
	var err error
	switch c.Form {
	case Numbers:
		c.Numbers, err = spill.Grown(c.disk, c.Numbers, rows)
	case Times:
		c.Times, err = spill.Grown(c.disk, c.Times, rows)
	case Texts, Nested:
	}
	return err
}

// putOn moves the values to a disk.
func (c *Column) putOn(d *spill.Disk) error {
	if c.disk == nil {
		c.disk = d
		var err error
		if c.Numbers, err = spill.Copy(d, c.Numbers); err != nil {
			return err
		}
		if c.Times, err = spill.Copy(d, c.Times); err != nil {
			return err
		}
	}
	if c.Text == nil {
		return nil
	}
	c.Text.disk = d
	return c.Text.putAway()
}

// Disk is what has the column's values; nil where they are in memory.
func (c *Column) Disk() *spill.Disk { return c.disk }

// Free lets the values go.
func (c *Column) Free() {
	spill.Free(c.disk, c.Numbers)
	spill.Free(c.disk, c.Times)
	if c.Text != nil {
		c.Text.free()
	}
	c.Numbers, c.Times, c.Text = nil, nil, nil
}

// largestExact is 2^53: from here on whole numbers lose digits in a float64.
const largestExact = 1 << 53

// add appends the rows of one vector of a chunk to the column.
func (c *Column) add(chunk duck.Chunk, at, rows int) error {
	v := duck.Column(chunk, at)
	if err := c.room(rows); err != nil {
		return err
	}
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

// size is how many bytes of memory the column holds.
func (c *Column) size() int64 {
	n := int64(0)
	if c.disk == nil {
		n = 8 * int64(len(c.Numbers)+len(c.Times))
	}
	if c.Text != nil {
		n += c.Text.size()
	}
	return n
}
