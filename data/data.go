// Package data turns the data section of a scenario into a typed table: it
// reads the source, infers kinds and roles, prepares the target, looks for what
// spoils models, and splits the rows. What it had to decide on the way it says
// in findings, with rows, rule and action.
//
//	data/source  files, queries and databases into raw columns
//	data/infer   raw columns into numbers, categories, texts and times
//	data/check   the checks, one file each
//
// The three calls, in order:
//
//	loaded, err := data.Read(ctx, s.Data, dir, data.Options{})
//	split, err := data.Split(loaded.Table, s.Data.Split, s.Data.Target, s.Seed)
//	checked, err := data.Check(loaded, s.Data, split, s.Seed, threads)
//
// Nothing here depends on the number of threads or on the machine: the same
// scenario, files and seed give the same table, split and findings.
package data

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bespoke/data/check"
	"bespoke/data/infer"
	"bespoke/data/source"
	"bespoke/internal/near"
	"bespoke/internal/spill"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
)

// Options say what reading may use.
type Options struct {
	// Threads is how many threads may work at once; 0 means one per processor.
	Threads int
	// Memory is how many bytes reading may use, as in limits.memory; 0 means
	// three quarters of what the machine has free. Data that need more are
	// refused before they are read where their size is known, else as soon as
	// the limit is passed.
	Memory int64
	// Disk, when not nil, takes the columns of a source that is large for it, so
	// that a table larger than memory can be read; only the texts of text columns
	// stay in memory. The table is valid until the disk is closed.
	Disk *spill.Disk
	// Env gives environment variables for ${NAME} in connections; nil means
	// the process's own.
	Env func(name string) (value string, ok bool)
}

// File is a file that was read.
type File = source.File

// Loaded is a table that is ready to be split.
type Loaded struct {
	// Table holds the rows whose target is known, with kinds and roles. Column
	// order is that of the source.
	Table *table.Table
	// Target is the target's name; empty when the scenario names none. Then
	// Task and Outcomes mean nothing.
	Target string
	Task   model.Task
	// Outcomes are the classes by code, nil for regression and ranking; of two, the second
	// is the positive one.
	Outcomes []string
	// Findings are in order of discovery: reading, types, target, checks.
	Findings []table.Finding
	// Sources are the files that were read; none for a database.
	Sources []File
	// Read is how many rows the source gave, those without target included.
	Read int

	// kept are the numbers of the table's rows among those read, from 0; nil
	// when none was left out.
	kept  []int
	fixed map[string]bool
	disk  *spill.Disk
}

// Row gives the number of a table's row as it was read: row 1 is the first below
// the header.
func (l *Loaded) Row(i int) int {
	if l.kept == nil {
		return i + 1
	}
	return l.kept[i] + 1
}

// Schema describes the table's columns.
func (l *Loaded) Schema() table.Schema { return l.Table.Schema() }

// fewestRows is how many rows with a target there must be.
const fewestRows = 10

// Read reads the source of a scenario, relative to dir, and makes its table.
func Read(ctx context.Context, d scenario.Data, dir string, opt Options) (*Loaded, error) {
	raw, err := source.Read(ctx, request(d, dir, opt))
	if err != nil {
		return nil, err
	}
	if d.Target != "" && !slices.Contains(raw.Names(), d.Target) {
		return nil, fmt.Errorf("data: target: no column %q; there are %s%s", d.Target, listed(raw.Names()), near.Hint(d.Target, raw.Names()))
	}
	l := &Loaded{Target: d.Target, Findings: raw.Findings, Sources: raw.Files, Read: raw.Rows, fixed: map[string]bool{}}
	t, findings, err := infer.Table(raw, infer.Options{Columns: d.Columns, Missing: d.Missing, Threads: threads(opt)})
	if err != nil {
		return nil, err
	}
	l.Table, l.disk = t, opt.Disk
	if d.Query != "" && !slices.Contains(raw.Names(), d.Query) {
		return nil, fmt.Errorf("data: query: no column %q; there are %s%s", d.Query, listed(raw.Names()), near.Hint(d.Query, raw.Names()))
	}
	l.Findings = append(l.Findings, findings...)
	l.noteDisk()
	if d.Target != "" {
		if err := l.prepareTarget(d); err != nil {
			return nil, err
		}
	}
	if err := l.assignRoles(d); err != nil {
		return nil, err
	}
	in := l.input(d, opt.Threads)
	l.apply(check.Run(in))
	if d.Target != "" && len(l.Table.ByRole(table.Feature)) == 0 {
		return nil, fmt.Errorf("data: no column is left to predict %q from (%s)", d.Target, l.why())
	}
	return l, nil
}

// ReadAs reads rows for a model that exists: columns, kinds and level codes are
// those of the schema, and nothing is inferred. A column of the schema that the
// source lacks is an error; others are left out. What does not fit is missing,
// and findings say so.
func ReadAs(ctx context.Context, d scenario.Data, dir string, schema table.Schema, opt Options) (*table.Table, []table.Finding, error) {
	raw, err := source.Read(ctx, request(d, dir, opt))
	if err != nil {
		return nil, nil, err
	}
	for _, f := range schema {
		if !slices.Contains(raw.Names(), f.Name) {
			return nil, nil, fmt.Errorf("data: no column %q, which the model needs; there are %s%s", f.Name, listed(raw.Names()), near.Hint(f.Name, raw.Names()))
		}
	}
	findings := raw.Findings
	t, done, more, err := infer.As(raw, schema, infer.Options{Missing: d.Missing, Threads: threads(opt)})
	if err != nil {
		return nil, nil, err
	}
	findings = append(findings, more...)
	for _, u := range done.Unseen {
		findings = append(findings, table.Finding{
			Check: "unseen", Severity: table.Warning, Column: u.Column, Count: u.Rows,
			Message: fmt.Sprintf("%d rows have levels of %q that the model has not seen (%s)", u.Rows, u.Column, listed(u.Spellings)),
			Rule:    "a level that no training row had", Action: "treated as missing",
		})
	}
	return t, findings, nil
}

func request(d scenario.Data, dir string, opt Options) source.Request {
	return source.Request{Source: d.Source, Dir: dir, Threads: opt.Threads, Memory: opt.Memory, Disk: opt.Disk, Env: opt.Env}
}

// assignRoles gives columns the roles that the scenario sets or that its split
// needs.
func (l *Loaded) assignRoles(d scenario.Data) error {
	roles := map[string]table.Role{}
	for _, by := range []struct{ what, column string }{{"time", d.By().Time}, {"group", d.By().Group}} {
		if by.column == "" {
			continue
		}
		if _, ok := l.Table.Column(by.column); !ok {
			names := l.Table.Names()
			return fmt.Errorf("data: split: by: %s: no column %q; there are %s%s", by.what, by.column, listed(names), near.Hint(by.column, names))
		}
		if by.column == d.Target {
			return fmt.Errorf("data: split: by: %s: %q is the target; rows cannot be split by it", by.what, by.column)
		}
		roles[by.column] = table.Info
		l.fixed[by.column] = true
	}
	for _, name := range slices.Sorted(maps.Keys(d.Columns)) {
		c := d.Columns[name]
		if c.Role == "" || name == d.Target {
			continue
		}
		var r table.Role
		if err := r.UnmarshalText([]byte(c.Role)); err != nil || r == table.Target {
			return fmt.Errorf("data: columns: %q: role %q is none of feature, identifier, info, ignored", name, c.Role)
		}
		roles[name] = r
		l.fixed[name] = true
	}
	l.setRoles(roles)
	return nil
}

// setRoles makes a table with other roles; values are shared.
func (l *Loaded) setRoles(roles map[string]table.Role) {
	l.Table = withRoles(l.Table, roles)
}

func withRoles(t *table.Table, roles map[string]table.Role) *table.Table {
	if len(roles) == 0 {
		return t
	}
	columns := slices.Clone(t.Columns())
	for i, c := range columns {
		if r, ok := roles[c.Name]; ok {
			columns[i] = c.As(r)
		}
	}
	out, err := table.New(columns...)
	if err != nil {
		return t // names and lengths are those of a valid table
	}
	return out
}

func (l *Loaded) input(d scenario.Data, n int) check.Input {
	return check.Input{
		Table: l.Table, Task: l.Task, Target: l.Target,
		TimeSplit: d.By().Time, GroupSplit: d.By().Group,
		Fixed: l.fixed, Row: l.Row, Threads: threads(Options{Threads: n}),
	}
}

func (l *Loaded) apply(r check.Result) {
	l.Findings = append(l.Findings, r.Findings...)
	l.setRoles(r.Roles)
}

// why says what became of the columns.
func (l *Loaded) why() string {
	var parts []string
	for _, c := range l.Table.Columns() {
		if c.Role != table.Target && len(parts) < 8 {
			parts = append(parts, fmt.Sprintf("%q is %s", c.Name, c.Role))
		}
	}
	if len(parts) == 0 {
		return "the target is the only column"
	}
	return strings.Join(parts, ", ")
}

// listed shows up to twelve names.
func listed(names []string) string {
	const most = 12
	if len(names) > most {
		return fmt.Sprintf("%q and %d more", names[:most], len(names)-most)
	}
	return fmt.Sprintf("%q", names)
}
