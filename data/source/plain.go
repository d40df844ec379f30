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
)

// readPlain reads a delimited text with the standard library: slower, on one
// thread, but by the letter of RFC 4180.
func (t *textFile) readPlain(ctx context.Context, j *job, d dialect) (*Raw, error) {
	if d.quote != '"' || d.escape != '"' {
		return nil, fmt.Errorf("data: reading %q: fields quoted by %c with the escape %c could not be read; write the file with double quotes", t.name, d.quote, d.escape)
	}
	f, err := os.Open(t.path)
	if err != nil {
		return nil, fmt.Errorf("data: reading %q: %w", t.name, err)
	}
	defer func() { _ = f.Close() }() // only read from
	text := bufio.NewReaderSize(f, 1<<18)
	if mark, err := text.Peek(len(byteOrderMark)); err == nil && string(mark) == string(byteOrderMark) {
		_, _ = text.Discard(len(byteOrderMark)) // they were just seen
	}
	for range d.skip {
		if _, err := text.ReadString('\n'); err != nil {
			return nil, fmt.Errorf("data: reading %q: %w", t.name, err)
		}
	}
	r := csv.NewReader(text)
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = rune(d.delimiter), -1, true, true
	raw := &Raw{}
	for _, n := range d.names {
		raw.Columns = append(raw.Columns, newColumn(n, Texts, ""))
	}
	bad, err := t.records(ctx, j, r, d, raw)
	if err != nil {
		return nil, err
	}
	return raw, t.reject(raw, bad, len(d.names))
}

// records reads record after record into raw and returns those that do not fit.
func (t *textFile) records(ctx context.Context, j *job, r *csv.Reader, d dialect, raw *Raw) ([]reject, error) {
	var bad []reject
	before := int64(0)
	for i := 0; ; i++ {
		if i%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := j.budget.take(fmt.Sprintf("%q", t.name), raw.size()-before); err != nil {
				return nil, err
			}
			before = raw.size()
		}
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return bad, nil
		}
		if err != nil {
			return nil, fmt.Errorf("data: reading %q: %w", t.name, err)
		}
		if i == 0 && d.header {
			continue
		}
		if len(fields) != len(d.names) {
			line, _ := r.FieldPos(0)
			bad = append(bad, reject{line: line + d.skip, reason: columnsReason(len(fields), len(d.names)), text: strings.Join(fields, string(d.delimiter))})
			continue
		}
		for c, s := range fields {
			if !raw.Columns[c].Text.Add([]byte(s)) {
				return nil, fmt.Errorf("data: reading %q: column %q holds more than 4 GB of text in %d rows", t.name, d.names[c], blockRows)
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
