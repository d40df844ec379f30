package data

import (
	"context"
	"fmt"
	"slices"

	"bespoke/internal/near"
	"bespoke/scenario"
	"bespoke/table"
)

// Attach reads a file with payoffs per row and adds its columns to the table,
// as information that models do not read. Rows belong together by the key
// column of both, or by their order where no key is given; then both must have
// as many rows. Names lists the columns that were added, in the file's order.
func (l *Loaded) Attach(ctx context.Context, file scenario.ValueFile, dir string, opt Options) (names []string, err error) {
	other, err := Read(ctx, scenario.Data{Source: scenario.Source{Path: file.Path}}, dir, opt)
	if err != nil {
		return nil, fmt.Errorf("value: file: %w", err)
	}
	rows, err := l.match(other, file)
	if err != nil {
		return nil, fmt.Errorf("value: file: %w", err)
	}
	columns := slices.Clone(l.Table.Columns())
	if err := other.take(rows); err != nil {
		return nil, fmt.Errorf("value: file: %w", err)
	}
	for _, c := range other.Table.Columns() {
		if c.Name == file.Key {
			continue
		}
		if _, taken := l.Table.Column(c.Name); taken {
			return nil, fmt.Errorf("value: file: the column %q of %q is in the data as well; rename one of them", c.Name, file.Path)
		}
		names = append(names, c.Name)
		columns = append(columns, c.As(table.Info))
	}
	if l.Table, err = table.New(columns...); err != nil {
		return nil, fmt.Errorf("value: file: %w", err)
	}
	for _, f := range other.Findings {
		if f.Severity != table.Note && f.Check != "constant" && f.Check != "identifier" {
			l.Findings = append(l.Findings, f)
		}
	}
	l.Sources = append(l.Sources, other.Sources...)
	return names, nil
}

// match finds for each row of the table its row in the file.
func (l *Loaded) match(other *Loaded, file scenario.ValueFile) ([]int, error) {
	rows := make([]int, l.Table.Rows())
	if file.Key == "" {
		if other.Read != l.Read {
			return nil, fmt.Errorf("%q has %d rows, the data have %d; they must be equal, or value.file.key must name a column of both", file.Path, other.Read, l.Read)
		}
		for i := range rows {
			rows[i] = l.Row(i) - 1
		}
		return rows, nil
	}
	theirs, err := keyed(other.Table, file.Key, file.Path)
	if err != nil {
		return nil, err
	}
	own, err := keyed(l.Table, file.Key, "the data")
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(theirs))
	for i, k := range theirs {
		if first, twice := at[k]; twice {
			return nil, fmt.Errorf("%q has the key %q in the rows %d and %d; it must be there once", file.Path, k, first+1, i+1)
		}
		at[k] = i
	}
	for i, k := range own {
		row, ok := at[k]
		if !ok {
			return nil, fmt.Errorf("%q has no row with the %s %q, which row %d of the data has", file.Path, file.Key, k, l.Row(i))
		}
		rows[i] = row
	}
	return rows, nil
}

// keyed is the key of every row, as text.
func keyed(t *table.Table, key, where string) ([]string, error) {
	c, ok := t.Column(key)
	if !ok {
		return nil, fmt.Errorf("key: no column %q in %s; there are %s%s", key, where, listed(t.Names()), near.Hint(key, t.Names()))
	}
	out := make([]string, c.Len())
	for i := range out {
		if c.Missing(i) {
			return nil, fmt.Errorf("key: %q is missing in row %d of %s", key, i+1, where)
		}
		out[i] = fmt.Sprint(c.Value(i))
	}
	return out, nil
}
