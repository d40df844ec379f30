package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Count is an independent count of the records of a delimited text.
type Count struct {
	// Records is how many there are, header included, blank lines not.
	Records int
	// Longest is the size of the longest record in bytes.
	Longest int64

	d    Dialect
	line int // line feeds so far
	// open is the line where the quote stands that is still open; 0 when none.
	open int

	quoted, after, escaped bool
	fieldStart, blank      bool
	length                 int64
}

func newCount(d Dialect) *Count {
	return &Count{d: d, fieldStart: true, blank: true}
}

// CountRecords counts the records of a file of UTF-8 with line feeds.
func CountRecords(path string, d Dialect) (*Count, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	c := newCount(d)
	buffer := make([]byte, 1<<18)
	for first := true; ; first = false {
		n, err := f.Read(buffer)
		part := buffer[:n]
		if first {
			part = bytes.TrimPrefix(part, ByteOrderMark)
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
func (c *Count) add(p []byte) {
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
		if bytes.IndexByte(part, c.d.Quote) >= 0 {
			p = p[c.careful(p):]
			continue
		}
		if n := len(part); n > 0 {
			c.blank = c.blank && n == 1 && part[0] == '\r'
			c.fieldStart = part[n-1] == c.d.Delimiter
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
func (c *Count) careful(p []byte) int {
	for i, b := range p {
		c.length++
		if b == '\n' {
			c.line++
		}
		switch {
		case c.quoted && c.escaped:
			c.escaped = false
		case c.quoted && b == c.d.Escape && c.d.Escape != c.d.Quote:
			c.escaped = true
		case c.quoted && b == c.d.Quote:
			c.quoted, c.after = false, true
		case c.quoted:
		case c.after && b == c.d.Quote && c.d.Escape == c.d.Quote:
			c.quoted, c.after = true, false
		case b == c.d.Quote && c.fieldStart:
			c.quoted, c.fieldStart, c.blank = true, false, false
			c.open = c.line + 1
		case b == '\n':
			c.endRecord()
			return i + 1
		default:
			c.after = false
			c.fieldStart = b == c.d.Delimiter
			c.blank = c.blank && b == '\r'
		}
	}
	return len(p)
}

func (c *Count) endRecord() {
	c.Longest = max(c.Longest, c.length)
	if !c.blank {
		c.Records++
	}
	c.after, c.fieldStart, c.blank, c.length = false, true, true, 0
}

// Unclosed is the error for a quote that is still open at the end.
func (c *Count) Unclosed(name string) error {
	if c.open == 0 {
		return nil
	}
	return fmt.Errorf("data: reading %q: line %d: the quote %c opened here is never closed, so the rows after it cannot be told apart; close it, or double it if it belongs to the text",
		name, c.open, c.d.Quote)
}

// PhysicalLine is the number of the line, counted from 1, at a byte of a file.
func PhysicalLine(path string, at int64) (int, error) {
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
