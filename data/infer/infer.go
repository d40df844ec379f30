// Package infer decides what raw columns mean: which spellings are missing
// values, which columns are numbers, categories, texts or times. The rules are
// the same for every source and are stated in full in the findings they make.
//
//   - A cell is missing when it is empty or spelt like one of Missing or of the
//     scenario's own spellings. "none" is a value.
//   - A column is a number when every other cell is a decimal number, or when
//     fewer than 0.5 % are not: those become missing and are shown. Digit groups
//     and decimal commas are not guessed. Whole numbers written with leading
//     zeros are codes, not numbers.
//   - A column is a time when, likewise, all its cells are dates in one form.
//     01/02/2024 is a date only if some cell of the column shows which of the
//     two is the month.
//   - Everything else is a category or, where spellings are long or seldom
//     repeat, a text.
package infer

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"bespoke/data/source"
	"bespoke/internal/near"
	"bespoke/scenario"
	"bespoke/table"
)

// Options say what the scenario knows better than the rules.
type Options struct {
	// Columns corrects kinds by column name.
	Columns map[string]scenario.Column
	// Missing are spellings of "no value" beside the usual ones.
	Missing []string
	// Threads is how many columns are worked on at once, at least 1. The
	// result does not depend on it.
	Threads int

	// levels are those of the schema of As, by column name.
	levels map[string][]string
}

// Table makes typed columns of raw ones. It takes the columns over: raw cannot
// be used afterwards. Roles are all Feature. Findings are in column order.
func Table(raw *source.Raw, opt Options) (*table.Table, []table.Finding, error) {
	for _, n := range slices.Sorted(maps.Keys(opt.Columns)) {
		if !slices.Contains(raw.Names(), n) {
			return nil, nil, fmt.Errorf("data: columns: no column %q; there are %s%s", n, listed(raw.Names()), near.Hint(n, raw.Names()))
		}
	}
	kinds := make([]*table.Kind, len(raw.Columns))
	for i, c := range raw.Columns {
		if k := opt.Columns[c.Name].Kind; k != "" {
			kind := new(table.Kind)
			if err := kind.UnmarshalText([]byte(k)); err != nil {
				return nil, nil, fmt.Errorf("data: columns: %q: %w", c.Name, err)
			}
			kinds[i] = kind
		}
	}
	return build(raw, kinds, opt)
}

// As makes the columns of a schema, with its kinds, roles and level codes, of
// raw ones. Nothing is inferred: a cell that does not fit its column's kind is
// missing and shown. A column of the schema that raw lacks is an error; columns
// that the schema lacks are left out.
func As(raw *source.Raw, schema table.Schema, opt Options) (*table.Table, table.Conformed, []table.Finding, error) {
	var kept []*source.Column
	var kinds []*table.Kind
	opt.levels = map[string][]string{}
	var extra []string
	for _, c := range raw.Columns {
		f, ok := schema.Field(c.Name)
		if !ok {
			extra = append(extra, c.Name)
			continue
		}
		opt.levels[c.Name] = f.Levels
		kept = append(kept, c)
		kinds = append(kinds, &f.Kind)
	}
	raw.Columns = kept
	t, findings, err := build(raw, kinds, opt)
	if err != nil {
		return nil, table.Conformed{}, nil, err
	}
	out, done, err := t.Conform(schema)
	done.Extra = extra
	return out, done, findings, err
}

// build converts column after column, several at once. A nil kind is inferred.
func build(raw *source.Raw, kinds []*table.Kind, opt Options) (*table.Table, []table.Finding, error) {
	missing := newSpellings(opt.Missing)
	type result struct {
		column   *table.Column
		findings []table.Finding
		err      error
	}
	results := make([]result, len(raw.Columns))
	work := make(chan int)
	var wait sync.WaitGroup
	for range max(1, opt.Threads) {
		wait.Go(func() {
			for i := range work {
				w := &worker{raw: raw.Columns[i], rows: raw.Rows, missing: missing, levels: opt.levels[raw.Columns[i].Name]}
				c, err := w.convert(kinds[i])
				if err == nil {
					err = handOver(c, raw.Columns[i])
				}
				results[i] = result{c, w.findings, err}
				*raw.Columns[i] = source.Column{Name: raw.Columns[i].Name, Form: raw.Columns[i].Form} // let the bytes go
			}
		})
	}
	for i := range raw.Columns {
		work <- i
	}
	close(work)
	wait.Wait()
	var columns []*table.Column
	var findings []table.Finding
	for _, r := range results {
		if r.err != nil {
			return nil, nil, r.err
		}
		findings = append(findings, r.findings...)
		if r.column != nil {
			columns = append(columns, r.column)
		}
	}
	t, err := table.New(columns...)
	return t, findings, err
}

// worker converts one column.
type worker struct {
	raw      *source.Column
	rows     int
	missing  spellings
	levels   []string // that a model knows, nil when none does
	findings []table.Finding
}

// convert gives the typed column; nil for a nested one, which has no values.
func (w *worker) convert(kind *table.Kind) (*table.Column, error) {
	switch w.raw.Form {
	case source.Numbers:
		return w.fromNumbers(kind)
	case source.Times:
		return w.fromTimes(kind)
	case source.Texts:
		if kind != nil {
			return w.forced(*kind)
		}
		return w.inferred(), nil
	case source.Nested:
	}
	return nil, nil
}

// find adds a finding about the column.
func (w *worker) find(f table.Finding) {
	f.Column = w.raw.Name
	w.findings = append(w.findings, f)
}

// listed shows up to twelve names.
func listed(names []string) string {
	const most = 12
	if len(names) > most {
		return fmt.Sprintf("%q and %d more", names[:most], len(names)-most)
	}
	return fmt.Sprintf("%q", names)
}
