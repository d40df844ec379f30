// Package source reads data files and databases into raw columns: text as it
// was written, or numbers and times where the source has types of its own. What
// the text means (its kind, which spellings are missing) is decided later, by
// package infer, in the same way for every source.
//
// Each kind of file has a reader in a file of its own and a line in the table
// Readers; adding one is one file and one line, and the compliance cases of the
// tests run for every line of the table. Two sources are not files: a SQL query
// over files, run by DuckDB in the process, and a PostgreSQL query.
//
// Readers are honest: a row that cannot be read is counted and shown as a
// finding, or stops the reading with its line; it is never dropped silently.
//
//	raw, err := source.Read(ctx, source.Request{Source: scenario.Source{Path: "x.csv"}})
package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"bespoke/data/duck"
	"bespoke/internal/spill"
	"bespoke/scenario"
	"bespoke/table"
)

// Form is how the values of a raw column are held.
type Form uint8

// The forms of raw columns.
const (
	// Texts holds spellings in Column.Text.
	Texts Form = iota
	// Numbers holds float64 in Column.Numbers, NaN where there is none.
	Numbers
	// Times holds microseconds since 1970 UTC in Column.Times,
	// table.MissingTime where there is none.
	Times
	// Nested is a column of lists, records or bytes: it has no values here, and
	// a finding says so.
	Nested
)

// String names the form for errors.
func (f Form) String() string {
	return [...]string{"text", "number", "time", "nested"}[f]
}

// Column is one column as the source has it.
type Column struct {
	Name string
	Form Form
	// Type is the source's own name of the column's type, such as BIGINT;
	// empty for text files.
	Type    string
	Text    *Text
	Numbers []float64
	Times   []int64
	// Inexact counts whole numbers beyond 2^53, which a float64 cannot hold
	// exactly.
	Inexact int

	disk *spill.Disk // that has the values; nil while they are in memory
}

// Raw is what a source gave.
type Raw struct {
	Columns []*Column
	Rows    int
	// Findings are what the reader had to do, such as rows left out.
	Findings []table.Finding
	// Files are what was read, in the order in which rows were taken.
	Files []File
}

// Names lists the columns in order.
func (r *Raw) Names() []string {
	names := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		names[i] = c.Name
	}
	return names
}

// File is a file that was read, for the record of a run.
type File struct {
	// Path is as the scenario names it, with slashes.
	Path string `json:"path"`
	// SHA256 is the hash of its bytes, in hexadecimal.
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Request says what to read and what it may use.
type Request struct {
	Source scenario.Source
	// Dir is the folder that relative paths start from.
	Dir string
	// Threads is how many threads may work at once; 0 means one per processor.
	// The result does not depend on it.
	Threads int
	// Memory is how many bytes reading may use; 0 means three quarters of what
	// the machine has free.
	Memory int64
	// Disk, when not nil, takes the columns of sources that are large for it
	// (Disk.Takes). They are valid until it is closed.
	Disk *spill.Disk
	// Env gives environment variables for connections; nil means the process's
	// own.
	Env func(name string) (value string, ok bool)
}

// Reader reads one kind of file.
type Reader struct {
	// Name is what people call the kind of file.
	Name string
	// Extensions are the endings of its files, with the dot, in lower case.
	Extensions []string
	// read reads one file.
	read func(ctx context.Context, j *job, path string) (*Raw, error)
}

// Readers is the table of the kinds of files. A path is read by the first line
// with a fitting extension.
var Readers = []Reader{
	{Name: "csv", Extensions: []string{".csv", ".tsv", ".tab", ".txt", ".data", ".csv.gz", ".tsv.gz", ".txt.gz", ".data.gz"}, read: readCSV},
	{Name: "parquet", Extensions: []string{".parquet", ".pq"}, read: readParquet},
	{Name: "json", Extensions: []string{".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz"}, read: readJSON},
	{Name: "excel", Extensions: []string{".xlsx", ".xlsm"}, read: readExcel},
}

// job is a request with its defaults filled in and its account of memory.
type job struct {
	Request
	budget *budget
	db     *duck.DB // opened on first use
}

// Read reads the source. The order of rows is that of the files (in order of
// their names for a glob) or of the query, whatever the number of threads.
func Read(ctx context.Context, r Request) (*Raw, error) {
	j, err := newJob(r)
	if err != nil {
		return nil, err
	}
	defer j.close()
	raw, err := j.read(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("data: reading: %w", ctx.Err())
		}
		return nil, err
	}
	return raw, nil
}

func newJob(r Request) (*job, error) {
	if r.Threads <= 0 {
		r.Threads = runtime.GOMAXPROCS(0)
	}
	if r.Env == nil {
		r.Env = os.LookupEnv
	}
	if r.Memory < 0 {
		return nil, fmt.Errorf("data: reading: memory %d must not be negative", r.Memory)
	}
	return &job{Request: r, budget: newBudget(r.Memory)}, nil
}

func (j *job) close() {
	if j.db != nil {
		j.db.Close()
	}
}

// open gives the job's database for reading files.
func (j *job) open() (*duck.DB, error) {
	if j.db == nil {
		// Files are streamed: the rows that were read take the memory, not DuckDB.
		folder, err := j.spillFolder()
		if err != nil {
			return nil, err
		}
		db, err := duck.Open(duck.Options{Threads: j.Threads, Memory: j.budget.limit / 4, Spill: folder})
		if err != nil {
			return nil, err
		}
		j.db = db
	}
	return j.db, nil
}

func (j *job) read(ctx context.Context) (*Raw, error) {
	s := j.Source
	switch {
	case s.Connection != "":
		return readPostgres(ctx, j)
	case s.Query != "" && s.Path != "":
		return nil, fmt.Errorf("data: source: both path %q and a query are given; keep one of them", s.Path)
	case s.Query != "":
		return readQuery(ctx, j)
	case s.Path != "":
		return j.readFiles(ctx)
	}
	return nil, fmt.Errorf("data: source: nothing is named; give a file, a glob, or a query")
}

// readFiles reads every file of the path or glob and puts the rows one after
// another.
func (j *job) readFiles(ctx context.Context) (*Raw, error) {
	paths, err := resolve(j.Dir, j.Source.Path)
	if err != nil {
		return nil, err
	}
	var all *Raw
	for _, p := range paths {
		reader, err := readerOf(p)
		if err != nil {
			return nil, err
		}
		if err := j.readable(p); err != nil {
			return nil, err
		}
		one, err := reader.read(ctx, j, p)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = one
			continue
		}
		if err := j.append(all, one, paths[0], p); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readerOf finds the reader for a path by its extension.
func readerOf(path string) (Reader, error) {
	low := strings.ToLower(filepath.Base(path))
	var known []string
	for _, r := range Readers {
		for _, e := range r.Extensions {
			if strings.HasSuffix(low, e) {
				return r, nil
			}
		}
		known = append(known, r.Extensions...)
	}
	if strings.HasSuffix(low, ".xls") {
		return Reader{}, fmt.Errorf("data: reading %q: the old Excel format cannot be read; save it as .xlsx or .csv", path)
	}
	return Reader{}, fmt.Errorf("data: reading %q: no reader for this ending; there are %s", path, strings.Join(known, " "))
}

// readable refuses what is not a file with something in it.
func (j *job) readable(path string) error {
	info, err := os.Stat(j.abs(path))
	if err != nil {
		return fmt.Errorf("data: reading %q: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("data: reading %q: it is not a regular file", path)
	}
	if info.Size() == 0 {
		return fmt.Errorf("data: reading %q: the file is empty (0 bytes)", path)
	}
	return nil
}

// abs is the path to open for a path as named in the scenario.
func (j *job) abs(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(j.Dir, path)
}

// append puts the rows of another file of the same glob below.
func (j *job) append(r, o *Raw, first, path string) error {
	if err := j.settle(r, o.size()); err != nil {
		return err
	}
	at := make(map[string]*Column, len(o.Columns))
	for _, c := range o.Columns {
		at[c.Name] = c
	}
	for _, c := range r.Columns {
		d, ok := at[c.Name]
		if !ok {
			return fmt.Errorf("data: reading %q: column %q of %q is not there; the files of a glob need the same columns", path, c.Name, first)
		}
		delete(at, c.Name)
		if c.Form != d.Form {
			return fmt.Errorf("data: reading %q: column %q is %s, in %q it is %s; they must be alike", path, c.Name, d.Form, first, c.Form)
		}
		if err := c.join(d); err != nil {
			return err
		}
	}
	for _, c := range o.Columns {
		if _, more := at[c.Name]; more {
			return fmt.Errorf("data: reading %q: column %q is not in %q; the files of a glob need the same columns", path, c.Name, first)
		}
	}
	for _, f := range o.Findings {
		for i := range f.Rows {
			f.Rows[i] += r.Rows
		}
		r.Findings = append(r.Findings, f)
	}
	r.Rows += o.Rows
	r.Files = append(r.Files, o.Files...)
	return nil
}

func (c *Column) join(d *Column) error {
	c.Inexact += d.Inexact
	if err := c.room(max(len(d.Numbers), len(d.Times))); err != nil {
		return err
	}
	switch c.Form {
	case Texts:
		return c.Text.join(d.Text)
	case Numbers:
		c.Numbers = append(c.Numbers, d.Numbers...)
	case Times:
		c.Times = append(c.Times, d.Times...)
	case Nested:
	}
	d.Free()
	return nil
}
