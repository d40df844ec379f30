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

	"bespoke/table"
)

// readTyped reads a relation that has types of its own: a table function or a
// query in parentheses.
func (j *job) readTyped(ctx context.Context, db *duck, relation, what string) (*Raw, error) {
	p, err := db.prepare("SELECT * FROM " + relation)
	if err != nil {
		return nil, err
	}
	names, types := p.names, p.types
	p.close()
	unique, findings := uniqueNames(names, what)
	raw := &Raw{Findings: findings}
	var selected, aliases []string
	for i, t := range types {
		plan := planOf(t)
		alias := "c" + strconv.Itoa(i)
		aliases = append(aliases, alias)
		selected = append(selected, fmt.Sprintf(plan.cast, alias))
		raw.Columns = append(raw.Columns, newColumn(unique[i], plan.form, plan.name))
		if plan.form == Nested {
			raw.Findings = append(raw.Findings, nestedFinding(unique[i], what))
		}
	}
	sql := fmt.Sprintf("SELECT %s FROM %s AS q(%s)", strings.Join(selected, ", "), relation, strings.Join(aliases, ", "))
	if err := j.collect(ctx, db, sql, raw, what); err != nil {
		return nil, err
	}
	return raw, nil
}

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
