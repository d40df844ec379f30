package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math"
	"slices"

	"bespoke/data"
	"bespoke/internal/spill"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/train"
	"bespoke/web"
	"bespoke/zoo"
)

// read reads, checks and splits the data.
func (f *flow) read(ctx context.Context) error {
	d := f.scenario.Data
	d.Columns = grouping(d.Columns, f.scenario.Value)
	opt := f.reading()
	loaded, err := data.Read(ctx, d, f.file.Dir, opt)
	if err != nil {
		// A top by a column that is not there is told by the payoffs, which know
		// its place.
		d = f.scenario.Data
		if loaded, err = data.Read(ctx, d, f.file.Dir, opt); err != nil {
			return err
		}
	}
	if err := f.attach(ctx, loaded); err != nil {
		return err
	}
	how := d.Split
	how.By = d.By()
	split, err := data.Split(loaded.Table, how, d.Target, f.scenario.Seed)
	if err != nil {
		return err
	}
	checked, err := data.Check(loaded, d, split, f.scenario.Seed, f.options.Threads)
	if err != nil {
		return err
	}
	f.loaded, f.table, f.split = loaded, checked.Table, checked.Split
	p, err := train.NewProblem(f.table, loaded.Task, zoo.All, f.scenario.Seed)
	if err != nil {
		return err
	}
	f.truth = p.Y
	out := &Data{
		Task: loaded.Task, Target: loaded.Target, Outcomes: loaded.Outcomes, Rows: f.table.Rows(), Columns: len(f.table.Columns()),
		Development: len(f.split.Development), Test: len(f.split.Test), Folds: len(f.split.Folds), SplitBy: f.split.By,
		Findings: checked.Findings, Profile: table.ProfileOf(f.table),
	}
	if c, ok := f.table.Column(d.Query); ok && d.Query != "" {
		f.queries = data.QueriesOf(c)
		out.Query, out.Queries = d.Query, int(slices.Max(f.queries))+1
	}
	for _, s := range loaded.Sources {
		out.Sources = append(out.Sources, Source{Name: s.Path, Bytes: s.Bytes, SHA256: s.SHA256})
	}
	f.result.Data = out
	f.tellData(out)
	return nil
}

// inMemory is which part of limits.memory, one in so many, the columns of a source
// may fill before they are kept on disk.
var inMemory = int64(4)

// keepOnDisk lets large columns be in a folder of parent where the memory is
// limited.
func (f *flow) keepOnDisk(parent string) {
	if limit := int64(f.scenario.Limits.Memory); limit > 0 {
		f.disk = spill.New(parent, limit/inMemory)
	}
}

// reading is what reading may use.
func (f *flow) reading() data.Options {
	return data.Options{Threads: f.options.Threads, Memory: int64(f.scenario.Limits.Memory), Disk: f.disk}
}

// grouping keeps the columns that tops group rows by from models, unless the
// scenario says what they are: they name whom a row belongs to, and later rows
// belong to others.
func grouping(columns map[string]scenario.Column, v *scenario.Value) map[string]scenario.Column {
	if v == nil {
		return columns
	}
	out := maps.Clone(columns)
	for _, c := range v.Capacity {
		one := out[c.Per]
		if c.Per == "" || one.Role != "" {
			continue
		}
		if out == nil {
			out = map[string]scenario.Column{}
		}
		one.Role = table.Info.String()
		out[c.Per] = one
	}
	return out
}

func (f *flow) tellData(d *Data) {
	f.tell("data", "%s, %s; %s held out (%s)", web.Count(d.Rows, "row"), web.Count(d.Columns, "column"), web.Count(d.Test, "row"), d.SplitBy)
	for _, finding := range d.Findings {
		if finding.Severity != table.Note {
			f.options.Report.Warn("data", fmt.Sprintf("%s: %s; %s", finding.Check, finding.Message, finding.Action))
		}
	}
}

// readAndOpen reads the data and opens the run's folder, whose key holds what
// was read.
func (f *flow) readAndOpen(ctx context.Context) error {
	if err := f.read(ctx); err != nil {
		return err
	}
	if err := f.open(); err != nil {
		return err
	}
	return f.memory()
}

// readOnly reads the data without a folder.
func (f *flow) readOnly(ctx context.Context) error {
	if err := f.read(ctx); err != nil {
		return err
	}
	return f.memory()
}

// trialKey is the content key of everything that a trial learns from: the rows
// themselves, their roles, how they are split, the seed, which columns act
// together, and which features may be derived.
func (f *flow) trialKey() string {
	key := runs.KeyOf(contentOf(f.table), f.split, f.scenario.Data.Columns, f.scenario.Seed, f.options.Version)
	if f.scenario.Features != nil {
		key = runs.KeyOf(key, f.scenario.Features)
	}
	if s := f.scenario; s.Data.Query != "" {
		key = runs.KeyOf(key, "queries", f.queries, s.Evaluate.First())
	}
	if sets := f.scenario.Data.Interactions; len(sets) > 0 {
		key = runs.KeyOf(key, "interactions", sets)
	}
	return key
}

// contentOf is the hash of the columns that models learn from. Others, such as
// payoffs per row, may change without training again.
func contentOf(t *table.Table) string {
	h := sha256.New()
	for _, c := range t.Columns() {
		if c.Role != table.Feature && c.Role != table.Target {
			continue
		}
		fmt.Fprintf(h, "%q %s %s %q\n", c.Name, c.Kind, c.Role, c.Levels)
		hashValues(h, c)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashValues(h hash.Hash, c *table.Column) {
	var b [8]byte
	put := func(v uint64) {
		binary.LittleEndian.PutUint64(b[:], v)
		h.Write(b[:])
	}
	for _, v := range c.Numbers {
		if math.IsNaN(v) {
			v = math.NaN() // one spelling of missing
		}
		put(math.Float64bits(v))
	}
	for _, v := range c.Codes {
		put(uint64(v))
	}
	for _, v := range c.Times {
		put(uint64(v))
	}
	for _, v := range c.Texts {
		put(uint64(len(v)))
		h.Write([]byte(v))
	}
}
