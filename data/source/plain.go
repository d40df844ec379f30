package source

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"bespoke/data/textfile"
)

// readPlain reads a delimited text with the standard library: slower, on one
// thread, but by the letter of RFC 4180.
func (j *job) readPlain(ctx context.Context, t *textfile.File, d textfile.Dialect) (*Raw, error) {
	if d.Quote != '"' || d.Escape != '"' {
		return nil, fmt.Errorf("data: reading %q: fields quoted by %c with the escape %c could not be read; write the file with double quotes", t.Name, d.Quote, d.Escape)
	}
	f, err := os.Open(t.Path)
	if err != nil {
		return nil, fmt.Errorf("data: reading %q: %w", t.Name, err)
	}
	defer func() { _ = f.Close() }() // only read from
	text := bufio.NewReaderSize(f, 1<<18)
	if mark, err := text.Peek(len(textfile.ByteOrderMark)); err == nil && string(mark) == string(textfile.ByteOrderMark) {
		_, _ = text.Discard(len(textfile.ByteOrderMark)) // they were just seen
	}
	for range d.Skip {
		if _, err := text.ReadString('\n'); err != nil {
			return nil, fmt.Errorf("data: reading %q: %w", t.Name, err)
		}
	}
	r := csv.NewReader(text)
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = rune(d.Delimiter), -1, true, true
	raw := &Raw{}
	for _, n := range d.Names {
		raw.Columns = append(raw.Columns, newColumn(n, Texts, ""))
	}
	bad, err := j.records(ctx, t.Name, r, d, raw)
	if err != nil {
		return nil, err
	}
	return raw, raw.setAside(t.Name, bad, len(d.Names))
}

// records reads record after record into raw and returns those that do not fit.
func (j *job) records(ctx context.Context, name string, r *csv.Reader, d textfile.Dialect, raw *Raw) ([]reject, error) {
	var bad []reject
	before := int64(0)
	for i := 0; ; i++ {
		if i%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := j.added(raw, fmt.Sprintf("%q", name), before); err != nil {
				return nil, err
			}
			before = raw.size()
		}
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return bad, nil
		}
		if err != nil {
			return nil, fmt.Errorf("data: reading %q: %w", name, err)
		}
		if i == 0 && d.Header {
			continue
		}
		for len(fields) > len(d.Names) && fields[len(fields)-1] == "" {
			fields = fields[:len(fields)-1] // delimiters at the end of a row, which DuckDB accepts too
		}
		if len(fields) != len(d.Names) {
			line, _ := r.FieldPos(0)
			bad = append(bad, reject{line: line + d.Skip, reason: columnsReason(len(fields), len(d.Names)), text: strings.Join(fields, string(d.Delimiter))})
			continue
		}
		for c, s := range fields {
			if !raw.Columns[c].Text.Add([]byte(s)) {
				return nil, fmt.Errorf("data: reading %q: column %q holds more than 4 GB of text in %d rows", name, d.Names[c], blockRows)
			}
		}
		raw.Rows++
	}
}

func columnsReason(got, want int) string {
	if got < want {
		return "missing columns"
	}
	return "too many columns"
}
