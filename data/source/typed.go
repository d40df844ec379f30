package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"bespoke/data/duck"
	"bespoke/data/textfile"
	"bespoke/table"
)

// readTyped reads a relation that has types of its own: a table function or a
// query in parentheses. rows is how many it has, 0 where that is not known.
func (j *job) readTyped(ctx context.Context, db *duck.DB, relation, what string, rows int) (*Raw, error) {
	fields, err := db.Fields("SELECT * FROM " + relation)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	unique, findings := uniqueNames(names, what)
	raw := &Raw{Findings: findings}
	var selected, aliases []string
	for i, f := range fields {
		plan := duck.PlanOf(f.Type)
		alias := "c" + strconv.Itoa(i)
		aliases = append(aliases, alias)
		selected = append(selected, plan.Cast(alias))
		c := newColumn(unique[i], forms[plan.Form], plan.Name)
		if j.Disk.Takes(8 * int64(rows) * int64(len(fields))) {
			if err := c.putOn(j.Disk); err != nil {
				return nil, err
			}
		}
		if err := c.expect(rows); err != nil {
			return nil, err
		}
		raw.Columns = append(raw.Columns, c)
		if plan.Form == duck.Nested {
			raw.Findings = append(raw.Findings, nestedFinding(unique[i], what))
		}
	}
	sql := fmt.Sprintf("SELECT %s FROM %s AS q(%s)", strings.Join(selected, ", "), relation, strings.Join(aliases, ", "))
	if err := j.collect(ctx, db, sql, raw, what); err != nil {
		return nil, err
	}
	return raw, nil
}

// forms gives the form of a raw column for that of DuckDB.
var forms = map[duck.Form]Form{duck.Varchar: Texts, duck.Double: Numbers, duck.Timestamp: Times, duck.Nested: Nested}

// nestedFinding says that a column cannot be used as it is.
func nestedFinding(column, what string) table.Finding {
	return table.Finding{
		Check: "nested", Severity: table.Warning, Column: column,
		Message: fmt.Sprintf("%s: column %q holds lists, records or bytes", what, column),
		Rule:    "a value must be a number, a text, a truth value or a time", Action: "column left out",
		Suggestion: "pick its parts with data.source.query",
	}
}

// hashFile makes the record of a file.
func hashFile(path, name string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, fmt.Errorf("data: reading %q: %w", name, err)
	}
	defer func() { _ = f.Close() }() // only read from
	hash := sha256.New()
	n, err := io.Copy(hash, f)
	if err != nil {
		return File{}, fmt.Errorf("data: reading %q: %w", name, err)
	}
	return File{Path: filepath.ToSlash(name), SHA256: hex.EncodeToString(hash.Sum(nil)), Bytes: n}, nil
}

// fileOf makes the record of a text file.
func fileOf(t *textfile.File) File {
	return File{Path: filepath.ToSlash(t.Name), SHA256: t.SHA256, Bytes: t.Size}
}

// prepareText opens a text file within the job's memory.
func (j *job) prepareText(name string) (*textfile.File, error) {
	return textfile.Prepare(name, j.abs(name), func(bytes int64) error {
		return j.budget.need(fmt.Sprintf("%q", name), bytes)
	})
}
