package source

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/duckdb/duckdb-go/v2/mapping"

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
	defer t.close()
	if err := t.checkRecords(); err != nil {
		return nil, err
	}
	if err := j.budget.need(fmt.Sprintf("%q", name), t.bytes*2); err != nil {
		return nil, err
	}
	db, err := j.open()
	if err != nil {
		return nil, err
	}
	relation := "read_json(" + sqlPath(t.path) + ", maximum_depth=1, sample_size=-1)"
	raw, err := t.readRecords(ctx, j, db, relation)
	if err != nil {
		if ctx.Err() != nil || j.budget.full() {
			return nil, err
		}
		return nil, fmt.Errorf("data: reading %q: %s", name, jsonTrouble(err))
	}
	if raw.Rows == 0 {
		return nil, fmt.Errorf("data: reading %q: there are no records in it", name)
	}
	raw.Findings = append(t.findings, raw.Findings...)
	raw.Files = []File{t.file}
	return raw, nil
}

// checkRecords refuses JSON that is not a list of objects.
func (t *textFile) checkRecords() error {
	text := bytes.TrimSpace(t.head)
	if len(text) == 0 {
		return fmt.Errorf("data: reading %q: the file has no text, only blank lines", t.name)
	}
	if text[0] == '[' {
		text = bytes.TrimSpace(text[1:])
	}
	if len(text) == 0 || text[0] != '{' && text[0] != ']' {
		return fmt.Errorf(`data: reading %q: records are wanted, such as [{"age": 31}, {"age": 47}] or one object per line; the file begins with %s`, t.name, short(string(bytes.TrimSpace(t.head))))
	}
	return nil
}

func (t *textFile) readRecords(ctx context.Context, j *job, db *duck, relation string) (*Raw, error) {
	p, err := db.prepare("SELECT * FROM " + relation)
	if err != nil {
		return nil, err
	}
	names, types := p.names, p.types
	p.close()
	raw := &Raw{}
	cells := make([]*jsonCells, len(names))
	for i, n := range names {
		if types[i] != mapping.TypeVarchar {
			return nil, fmt.Errorf("the values are not records")
		}
		raw.Columns = append(raw.Columns, newColumn(n, Texts, "JSON"))
		cells[i] = &jsonCells{to: raw.Columns[i].Text}
	}
	err = db.stream(ctx, "SELECT * FROM "+relation, func(chunk mapping.DataChunk, rows int) error {
		before := raw.size()
		for i, c := range cells {
			if !eachText(mapping.DataChunkGetVector(chunk, mapping.IdxT(i)), rows, c.add) {
				return fmt.Errorf("column %q holds more than 4 GB of text in %d rows", names[i], blockRows)
			}
		}
		raw.Rows += rows
		return j.budget.take(fmt.Sprintf("%q", t.name), raw.size()-before)
	})
	if err != nil {
		return nil, err
	}
	for i, c := range cells {
		t.nested(raw, raw.Columns[i], c)
	}
	return raw, nil
}

// nested notes the lists and objects among the values of a column.
func (t *textFile) nested(raw *Raw, column *Column, c *jsonCells) {
	switch {
	case c.nested == 0:
	case c.plain == 0:
		column.Form, column.Text = Nested, nil
		raw.Findings = append(raw.Findings, nestedFinding(column.Name, t.name))
	default:
		raw.Findings = append(raw.Findings, table.Finding{
			Check: "nested", Severity: table.Warning, Column: column.Name, Count: c.nested, Rows: c.rows,
			Message: fmt.Sprintf("%s: %d of %d values of %q are lists or objects", t.name, c.nested, c.nested+c.plain, column.Name),
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

var jsonPlace = regexp.MustCompile(`at byte (\d+) in (?:line|record/value) (\d+): (.*)`)

// jsonTrouble keeps what DuckDB says about broken JSON, without its advice and
// without the path of a converted copy.
func jsonTrouble(err error) string {
	line := firstLine(err.Error())
	if m := jsonPlace.FindStringSubmatch(line); m != nil {
		return fmt.Sprintf("broken JSON in line %s, byte %s: %s", m[2], m[1], m[3])
	}
	return line
}
