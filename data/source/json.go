package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"bespoke/data/duck"
	"bespoke/data/textfile"
	"bespoke/table"
)

// readJSON reads records from JSON: objects in one array, or one after another
// as in JSON lines. DuckDB finds the keys of all records and cuts out the
// values; what a value is, is decided here: numbers and truth values keep their
// spelling, texts are unquoted, null is missing, lists and objects are nested.
func readJSON(ctx context.Context, j *job, name string) (*Raw, error) {
	t, err := j.prepareText(name)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	if err := checkRecords(t); err != nil {
		return nil, err
	}
	if err := j.need(fmt.Sprintf("%q", name), t.Bytes*2); err != nil {
		return nil, err
	}
	db, err := j.open()
	if err != nil {
		return nil, err
	}
	relation := "read_json(" + duck.Path(t.Path) + ", maximum_depth=1, sample_size=-1)"
	raw, err := j.readRecords(ctx, t.Name, db, relation)
	if err != nil {
		if ctx.Err() != nil || j.budget.full() {
			return nil, err
		}
		return nil, fmt.Errorf("data: reading %q: %s", name, jsonTrouble(t, err))
	}
	if raw.Rows == 0 {
		return nil, fmt.Errorf("data: reading %q: there are no records in it", name)
	}
	raw.Findings = append(t.Findings, raw.Findings...)
	raw.Files = []File{fileOf(t)}
	return raw, nil
}

// checkRecords refuses JSON that is not a list of objects.
func checkRecords(t *textfile.File) error {
	text := bytes.TrimSpace(t.Head)
	if len(text) == 0 {
		return fmt.Errorf("data: reading %q: the file has no text, only blank lines", t.Name)
	}
	if text[0] == '[' {
		text = bytes.TrimSpace(text[1:])
	}
	if len(text) == 0 || text[0] != '{' && text[0] != ']' {
		return fmt.Errorf(`data: reading %q: records are wanted, such as [{"age": 31}, {"age": 47}] or one object per line; the file begins with %s`, t.Name, short(string(bytes.TrimSpace(t.Head))))
	}
	return nil
}

func (j *job) readRecords(ctx context.Context, name string, db *duck.DB, relation string) (*Raw, error) {
	fields, err := db.Fields("SELECT * FROM " + relation)
	if err != nil {
		return nil, err
	}
	raw := &Raw{}
	cells := make([]*jsonCells, len(fields))
	for i, f := range fields {
		if p := duck.PlanOf(f.Type); p.Form != duck.Varchar {
			return nil, errors.New("the values are not records")
		}
		raw.Columns = append(raw.Columns, newColumn(f.Name, Texts, "JSON"))
		cells[i] = &jsonCells{to: raw.Columns[i].Text}
	}
	err = db.Stream(ctx, "SELECT * FROM "+relation, func(chunk duck.Chunk, rows int) error {
		before := raw.size()
		for i, c := range cells {
			if !duck.EachText(duck.Column(chunk, i), rows, c.add) {
				return fmt.Errorf("column %q holds more than 4 GB of text in %d rows", fields[i].Name, blockRows)
			}
		}
		raw.Rows += rows
		return j.added(raw, fmt.Sprintf("%q", name), before)
	})
	if err != nil {
		return nil, err
	}
	for i, c := range cells {
		c.report(raw, raw.Columns[i], name)
	}
	return raw, nil
}

// report notes the lists and objects among the values of a column.
func (c *jsonCells) report(raw *Raw, column *Column, name string) {
	switch {
	case c.nested == 0:
	case c.plain == 0:
		column.Form, column.Text = Nested, nil
		raw.Findings = append(raw.Findings, nestedFinding(column.Name, name))
	default:
		raw.Findings = append(raw.Findings, table.Finding{
			Check: "nested", Severity: table.Warning, Column: column.Name, Count: c.nested, Rows: c.rows,
			Message: fmt.Sprintf("%s: %d of %d values of %q are lists or objects", name, c.nested, c.nested+c.plain, column.Name),
			Rule:    "a value must be a number, a text, a truth value or a time", Action: "these values are missing",
			Suggestion: "pick their parts with data.source.query",
		})
	}
}

// jsonCells decodes the JSON values of one column.
type jsonCells struct {
	to     *Text
	plain  int
	nested int
	rows   []int // of the first nested values, from 1
}

func (c *jsonCells) add(_ int, value []byte) bool {
	if len(value) == 0 || string(value) == "null" {
		return c.to.Add(nil)
	}
	switch value[0] {
	case '{', '[':
		c.nested++
		if len(c.rows) < table.FindingRows {
			c.rows = append(c.rows, c.to.Len()+1)
		}
		return c.to.Add(nil)
	case '"':
		c.plain++
		if n := len(value); n >= 2 && value[n-1] == '"' && bytes.IndexByte(value, '\\') < 0 {
			return c.to.Add(value[1 : n-1])
		}
		var s string
		if json.Unmarshal(value, &s) != nil {
			return c.to.Add(value)
		}
		return c.to.Add([]byte(s))
	}
	c.plain++
	return c.to.Add(value)
}

// jsonTrouble finds the place where JSON is broken; where it is not, it keeps
// what DuckDB says.
func jsonTrouble(t *textfile.File, err error) string {
	f, e := os.Open(t.Path)
	if e != nil {
		return trouble(err, t.Path, t.Name)
	}
	defer func() { _ = f.Close() }() // only read from
	decoder := json.NewDecoder(f)
	depth := 0
	for {
		token, e := decoder.Token()
		if errors.Is(e, io.EOF) && depth == 0 {
			return trouble(err, t.Path, t.Name)
		}
		if e != nil {
			if errors.Is(e, io.EOF) {
				e = io.ErrUnexpectedEOF
			}
			line, counted := textfile.PhysicalLine(t.Path, decoder.InputOffset()+1)
			if counted != nil {
				return trouble(err, t.Path, t.Name)
			}
			return fmt.Sprintf("broken JSON in line %d: %v", line, e)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

// trouble is the first line of a message of DuckDB, with the file called as in
// the scenario.
func trouble(err error, path, name string) string {
	return strings.ReplaceAll(duck.FirstLine(err.Error()), filepath.ToSlash(path), name)
}
