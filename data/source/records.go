package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// recordCount is an independent count of the records of a delimited text. It
// checks the reader (no row may get lost), sizes its buffers, and finds quotes
// that are never closed.
type recordCount struct {
	d dialect

	records int   // that are not blank lines
	longest int64 // bytes of the longest record
	line    int   // line feeds so far
	// open is the line where the quote stands that is still open; 0 when none.
	open int

	quoted, after, escaped bool
	fieldStart, blank      bool
	length                 int64
}

func newRecordCount(d dialect) *recordCount {
	return &recordCount{d: d, fieldStart: true, blank: true}
}

// countRecords counts the records of a file.
func countRecords(path string, d dialect) (*recordCount, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	c := newRecordCount(d)
	buffer := make([]byte, 1<<18)
	for first := true; ; first = false {
		n, err := f.Read(buffer)
		part := buffer[:n]
		if first {
			part = bytes.TrimPrefix(part, byteOrderMark)
		}
		c.add(part)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	c.endRecord()
	if !c.quoted {
		c.open = 0
	}
	return c, nil
}

// add counts in the next part of the text.
func (c *recordCount) add(p []byte) {
	for len(p) > 0 {
		if c.quoted || c.after {
			p = p[c.careful(p):]
			continue
		}
		end := bytes.IndexByte(p, '\n')
		part := p
		if end >= 0 {
			part = p[:end]
		}
		if bytes.IndexByte(part, c.d.quote) >= 0 {
			p = p[c.careful(p):]
			continue
		}
		if n := len(part); n > 0 {
			c.blank = c.blank && n == 1 && part[0] == '\r'
			c.fieldStart = part[n-1] == c.d.delimiter
			c.length += int64(n)
		}
		if end < 0 {
			return
		}
		c.line++
		c.endRecord()
		p = p[end+1:]
	}
}

// careful reads byte by byte to the end of the record and returns how many bytes
// it took.
func (c *recordCount) careful(p []byte) int {
	for i, b := range p {
		c.length++
		if b == '\n' {
			c.line++
		}
		switch {
		case c.quoted && c.escaped:
			c.escaped = false
		case c.quoted && b == c.d.escape && c.d.escape != c.d.quote:
			c.escaped = true
		case c.quoted && b == c.d.quote:
			c.quoted, c.after = false, true
		case c.quoted:
		case c.after && b == c.d.quote && c.d.escape == c.d.quote:
			c.quoted, c.after = true, false
		case b == c.d.quote && c.fieldStart:
			c.quoted, c.fieldStart, c.blank = true, false, false
			c.open = c.line + 1
		case b == '\n':
			c.endRecord()
			return i + 1
		default:
			c.after = false
			c.fieldStart = b == c.d.delimiter
			c.blank = c.blank && b == '\r'
		}
	}
	return len(p)
}

func (c *recordCount) endRecord() {
	c.longest = max(c.longest, c.length)
	if !c.blank {
		c.records++
	}
	c.after, c.fieldStart, c.blank, c.length = false, true, true, 0
}

// unclosed is the error for a quote that is still open at the end.
func (c *recordCount) unclosed(name string) error {
	if c.open == 0 {
		return nil
	}
	return fmt.Errorf("data: reading %q: line %d: the quote %c opened here is never closed, so the rows after it cannot be told apart; close it, or double it if it belongs to the text",
		name, c.open, c.d.quote)
}

// physicalLine is the number of the line, counted from 1, at a byte of a file.
func physicalLine(path string, at int64) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // only read from
	line := 1
	buffer := make([]byte, 1<<18)
	r := io.LimitReader(f, at)
	for {
		n, err := r.Read(buffer)
		line += bytes.Count(buffer[:n], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			return line, nil
		}
		if err != nil {
			return 0, err
		}
	}
}
