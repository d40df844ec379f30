// Package features turns a table, or one row, into the numbers that a model
// reads.
//
// Fit looks at the training rows only: it makes a Plan (which steps for which
// column, each with its reason) unless the caller gives one, fits the steps
// and returns them as a Fitted together with the matrix of the training rows.
// Fitted.Apply then runs the same code on a whole table or on the one-row
// scratch table of a server, with equal bits and without allocation.
//
// The steps are one file for each kind (impute.go, scale.go, ...) and one line
// each in the table of steps.go, which also reads and writes them; plan.go holds
// the rules that choose among them.
//
// A number that is not finite counts as missing everywhere.
//
//	fitted, x, err := features.Fit(train, y, features.Options{
//		Encoding: model.Dense, Task: model.Binary, Classes: 2, Seed: 1,
//	})
//	out := model.NewMatrix(fitted.Features(), test.Rows())
//	err = fitted.Apply(test, out)
package features

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"bespoke/model"
	"bespoke/table"
)

// Options say what Fit prepares the columns for.
type Options struct {
	// Encoding is what the model wants: model.Native or model.Dense.
	Encoding model.Encoding
	// Task and Classes (the number of outcomes; ignored for regression) are
	// needed by target encoding.
	Task    model.Task
	Classes int
	// Outcomes are the names of the classes, used in names of features; nil
	// means numbers.
	Outcomes []string
	// Monotone maps number or time columns to +1 or -1 when predictions must
	// not fall or not rise in them; it is passed on to the features that keep
	// the order.
	Monotone map[string]int8
	// Seed fixes the folds of target encoding.
	Seed uint64
	// Extras are features beside those of the default rules.
	Extras []Extra
	// Plan, when not nil, is used instead of both.
	Plan *Plan
	// Views lets Fit return no matrix for a table.View where Apply makes the same.
	Views bool
	// Sparse says that the model reads a sparse part; see model.Entry.
	Sparse bool
	// Wide, when not nil, has text read by many more words than elsewhere, into
	// the sparse part of the matrix, for a model that reads one.
	Wide *Wide
}

// Fitted is the fitted transformation of one training table. It is immutable
// and safe for concurrent use.
type Fitted struct {
	encoding model.Encoding
	inputs   table.Schema
	// chains has one entry per column plan, dropped ones included.
	chains   []*chain
	features []model.Feature
	levels   [][]string // by feature
	sparse   []model.Feature
}

// chain is one column plan with its fitted steps.
type chain struct {
	plan ColumnPlan
	// monotone and input are of the plan's one or two columns: the wished
	// direction, and the index into Fitted.inputs.
	monotone [2]int8
	input    [2]int
	steps    []step
	out      shape
	offset   int // of its first feature in a row, or in the sparse part
}

// Fit makes and fits the steps for every column of t with role Feature. y has
// one number per row: a class index for Binary and Multiclass, else the target
// itself. The returned matrix holds the training rows, with out-of-fold target
// encodings; use Apply for any other rows.
func Fit(t *table.Table, y []float64, opt Options) (*Fitted, *model.Matrix, error) {
	plan, err := prepare(t, y, opt)
	if err != nil {
		return nil, nil, err
	}
	in := &training{y: y, task: opt.Task, outcomes: opt.outcomes()}
	f := &Fitted{encoding: opt.Encoding}
	held := make(map[*chain]*block) // training rows that Apply must not make
	for _, cp := range plan.Columns {
		c := &chain{plan: cp}
		f.chains = append(f.chains, c)
		if cp.Drop {
			continue
		}
		var read []*table.Column
		for k, name := range cp.columns() {
			column, _ := t.Column(name)
			read = append(read, column)
			c.monotone[k] = opt.Monotone[name]
		}
		b, err := c.fit(read, in, opt.Seed)
		if nothing := noInformationError(""); errors.As(err, &nothing) {
			*c = chain{plan: ColumnPlan{Column: cp.Column, With: cp.With, Drop: true, Reason: fmt.Sprintf("Left out: %s.", string(nothing))}}
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("features: fit: column %q: %w", cp.Column, err)
		}
		if b != nil {
			held[c] = b
		}
	}
	f.inputs = inputsOf(t, f.chains)
	if err := errors.Join(checkInputs(f.inputs), f.assemble()); err != nil {
		return nil, nil, fmt.Errorf("features: fit: %w", err)
	}
	if len(f.sparse) > 0 && !opt.Sparse {
		return nil, nil, errors.New("features: fit: the plan fills a sparse part, which the model does not read")
	}
	if opt.Views && t.Large() && len(held) == 0 {
		return f, nil, nil
	}
	x := f.NewMatrix(t.Rows())
	if err := f.Apply(t, x); err != nil {
		return nil, nil, err
	}
	for _, c := range f.chains {
		if b := held[c]; b != nil {
			for i := range b.rows {
				copy(x.Row(i)[c.offset:], b.row(i))
			}
		}
	}
	return f, x, nil
}

// inputsOf describes the columns of t that the chains read, in table order.
func inputsOf(t *table.Table, chains []*chain) table.Schema {
	read := make(map[string]bool, len(chains))
	for _, c := range chains {
		if !c.plan.Drop {
			for _, name := range c.plan.columns() {
				read[name] = true
			}
		}
	}
	var inputs table.Schema
	for _, field := range t.Schema() {
		if read[field.Name] {
			inputs = append(inputs, field)
		}
	}
	return inputs
}

// prepare checks what Fit was given and settles the plan.
func prepare(t *table.Table, y []float64, opt Options) (Plan, error) {
	if err := opt.check(); err != nil {
		return Plan{}, err
	}
	if t.Rows() == 0 || len(y) != t.Rows() {
		return Plan{}, fmt.Errorf("features: fit: %d rows and %d targets, want at least 1 and as many", t.Rows(), len(y))
	}
	for i, v := range y {
		whole := v == math.Trunc(v) && v >= 0 && v < float64(opt.Classes)
		if math.IsNaN(v) || math.IsInf(v, 0) || opt.Task != model.Regression && !whole {
			return Plan{}, fmt.Errorf("features: fit: row %d: target %v must be finite, and a class index below %d unless the task is regression", i+1, v, opt.Classes)
		}
	}
	if err := checkMonotone(t, opt.Monotone); err != nil {
		return Plan{}, err
	}
	if opt.Plan == nil {
		return NewPlan(t, opt)
	}
	return *opt.Plan, opt.Plan.check(t, opt.Encoding)
}

// check says what is wrong with the options.
func (o Options) check() error {
	if o.Encoding != model.Native && o.Encoding != model.Dense {
		return fmt.Errorf("features: options: encoding %q is neither %q nor %q", o.Encoding, model.Native, model.Dense)
	}
	if o.Task != model.Regression && o.Classes < 2 {
		return fmt.Errorf("features: options: %d classes, a %v task has at least 2", o.Classes, o.Task)
	}
	if len(o.Outcomes) > 0 && len(o.Outcomes) != o.Classes {
		return fmt.Errorf("features: options: %d outcome names for %d classes, want as many or none", len(o.Outcomes), o.Classes)
	}
	return nil
}

// outcomes are the names of the classes.
func (o Options) outcomes() []string {
	if o.Task == model.Regression || len(o.Outcomes) > 0 {
		return o.Outcomes
	}
	names := make([]string, o.Classes)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	return names
}

// checkMonotone says which wish cannot be met, in the order of the columns.
func checkMonotone(t *table.Table, wishes map[string]int8) error {
	known := 0
	for _, c := range t.Schema() {
		sign, wished := wishes[c.Name]
		if !wished {
			continue
		}
		known++
		if sign < -1 || sign > 1 {
			return fmt.Errorf("features: monotone: column %q: %d is none of -1, 0, 1", c.Name, sign)
		}
		if c.Role != table.Feature || c.Kind != table.Number && c.Kind != table.Time {
			return fmt.Errorf("features: monotone: column %q is a %v with role %v; only a number or time with role feature has an order to keep", c.Name, c.Kind, c.Role)
		}
	}
	if known == len(wishes) {
		return nil
	}
	var unknown []string
	for name := range wishes {
		if _, ok := t.Column(name); !ok {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return fmt.Errorf("features: monotone: no column %q; there are %q", unknown, t.Names())
}

// start is the shape in which a chain meets its one or two columns.
func (c *chain) start(fields []table.Field) shape {
	var each []shape
	for k, f := range fields {
		s := shape{form: formOf(f.Kind), levels: f.Levels, missing: true}
		s.features = []model.Feature{{Name: f.Name, Source: f.Name, Monotone: c.monotone[k]}}
		each = append(each, s)
	}
	if len(each) == 1 {
		return each[0]
	}
	both := shape{form: pair, missing: true, two: each}
	for _, s := range each {
		both.features = append(both.features, s.features...)
	}
	return both
}

// begin is the training rows before the first step.
func (c *chain) begin(columns []*table.Column) *block {
	var fields []table.Field
	for _, column := range columns {
		fields = append(fields, column.Field())
	}
	b := &block{shape: c.start(fields), rows: columns[0].Len(), texts: columns[0].Texts}
	if b.form == words {
		return b
	}
	w := len(columns)
	b.values = make([]float64, b.rows*w)
	for k, column := range columns {
		for i := range b.rows {
			b.values[i*w+k] = value(column, i)
		}
	}
	return b
}

// fit fits the steps one after the other on what the steps before made of the
// training rows. It returns the finished training rows when they differ from
// what Apply makes of them, else nil.
func (c *chain) fit(columns []*table.Column, in *training, seed uint64) (*block, error) {
	b := c.begin(columns)
	differs := false
	for k, sp := range c.plan.Steps {
		entry, params, err := sp.resolve(b.shape)
		if err != nil {
			return nil, err
		}
		if entry.alone && len(c.plan.Steps) > 1 {
			return nil, fmt.Errorf("step %q: it is one of %d steps; it must be the only one", sp.Step, len(c.plan.Steps))
		}
		if entry.outOfFold != nil && in.folds == nil {
			in.folds = assignFolds(in.y, seed)
		}
		s, out, err := entry.fitted(b, params, in)
		if err != nil {
			return nil, fmt.Errorf("step %q: %w", sp.Step, err)
		}
		c.steps = append(c.steps, s)
		switch {
		case entry.outOfFold != nil:
			differs = true
			b = &block{shape: out, rows: b.rows, values: entry.outOfFold(b, params, in)}
		case differs || k+1 < len(c.plan.Steps):
			b = b.run(s, out)
		default: // nobody reads what the last step makes
			b = &block{shape: out, rows: b.rows}
		}
	}
	c.out = b.shape
	if !differs {
		return nil, nil
	}
	return b, nil
}

// value reads a cell of any kind but text as a number: what is missing, not
// finite, or a code without a level is NaN.
func value(c *table.Column, row int) float64 {
	switch c.Kind {
	case table.Category:
		if code := c.Codes[row]; code >= 0 && int(code) < len(c.Levels) {
			return float64(code)
		}
	case table.Time:
		if t := c.Times[row]; t != table.MissingTime {
			return float64(t)
		}
	case table.Number:
		if x := c.Numbers[row]; !math.IsInf(x, 0) {
			return x
		}
	}
	return math.NaN()
}

// assemble checks the finished chains against the encoding, links them to the
// inputs, and names and places the features.
func (f *Fitted) assemble() error {
	at := make(map[string]int, len(f.inputs))
	for i, in := range f.inputs {
		at[in.Name] = i
	}
	taken := make(map[string]bool)
	for _, c := range f.chains {
		if c.plan.Drop {
			continue
		}
		if err := c.out.finished(f.encoding); err != nil {
			return fmt.Errorf("column %q: %w", c.plan.Column, err)
		}
		for k, name := range c.plan.columns() {
			c.input[k] = at[name]
		}
		c.offset = len(f.features)
		if c.out.form == sparse {
			c.offset = len(f.sparse)
		}
		for _, feature := range c.out.features {
			base := feature.Name
			for n := 2; taken[feature.Name]; n++ {
				feature.Name = fmt.Sprintf("%s #%d", base, n)
			}
			taken[feature.Name] = true
			if c.out.form == sparse {
				f.sparse = append(f.sparse, feature)
				continue
			}
			f.features = append(f.features, feature)
			f.levels = append(f.levels, c.out.levels)
		}
	}
	if len(f.features)+len(f.sparse) == 0 {
		return errors.New("no column tells anything: each is dropped, or there are none with role feature")
	}
	return nil
}

// finished says whether values of this shape may go to a model.
func (s shape) finished(e model.Encoding) error {
	codes := s.form == code && s.features[0].Levels > 0
	switch {
	case s.form == sparse: // Fit refuses it for a model that reads none
		return nil
	case s.form != number && !codes:
		return fmt.Errorf("the steps end with a %v, want a step that makes numbers of it", s.form)
	case e == model.Dense && codes:
		return errors.New("the steps end with category codes, a dense encoding wants numbers such as one-hot")
	case e == model.Dense && s.missing:
		return errors.New("the steps may leave values missing, a dense encoding wants an impute step")
	}
	return nil
}

// Features describes the columns that Apply writes, in order. The slice must
// not be changed.
func (f *Fitted) Features() []model.Feature { return f.features }

// Inputs lists the columns that Apply reads. The slice must not be changed.
func (f *Fitted) Inputs() table.Schema { return f.inputs }

// Encoding is the encoding that was fitted.
func (f *Fitted) Encoding() model.Encoding { return f.encoding }

// LevelNames names the codes of feature i, or is nil when it is not a category.
// The slice must not be changed.
func (f *Fitted) LevelNames(i int) []string { return f.levels[i] }

// Apply writes the features of every row of t into out, which must have
// t.Rows() rows of len(Features()) values and, where there are SparseFeatures, a
// sparse part of those, as NewMatrix makes it. t must have the columns of Inputs
// with the same kinds and levels (table.Conform); of a one-row table only the
// number of levels is compared. Nothing is allocated, but where a sparse part
// must grow, and t may be a one-row scratch table.
func (f *Fitted) Apply(t *table.Table, out *model.Matrix) error {
	if out.Rows != t.Rows() {
		return fmt.Errorf("features: apply: the matrix has %d rows, the table %d; they must be equal", out.Rows, t.Rows())
	}
	return f.ApplyRange(t, 0, out)
}

// ApplyRange is Apply for the out.Rows rows of t that begin at row start, so
// that several goroutines may work on one table.
func (f *Fitted) ApplyRange(t *table.Table, start int, out *model.Matrix) error {
	width := len(f.features)
	if out.Cols() != width || len(out.Values) != out.Rows*width {
		return fmt.Errorf("features: apply: the matrix has %d features and %d values, want %d features in %d rows", out.Cols(), len(out.Values), width, out.Rows)
	}
	if start < 0 || out.Rows < 0 || start > t.Rows()-out.Rows {
		return fmt.Errorf("features: apply: rows %d to %d of a table of %d rows", start, start+out.Rows, t.Rows())
	}
	if err := f.applySparse(t, start, out); err != nil {
		return err
	}
	for _, c := range f.chains {
		if c.plan.Drop || c.out.form == sparse {
			continue
		}
		column, err := f.find(t, c.input[0])
		if err != nil {
			return err
		}
		var second *table.Column
		if c.plan.With != "" {
			if second, err = f.find(t, c.input[1]); err != nil {
				return err
			}
		}
		for i := range out.Rows {
			at := i*width + c.offset
			c.run(column, second, start+i, out.Values[at:at+c.out.width()])
		}
	}
	return nil
}

// run makes the features of one row of the column; second is nil unless the
// chain reads a pair. That the first step of a text or a pair can read it is
// seen to by finished and resolve.
func (c *chain) run(column, second *table.Column, row int, v []float64) {
	steps := c.steps
	switch {
	case second != nil:
		steps[0].(pairStep).applyPair(value(column, row), value(second, row), v)
		steps = steps[1:]
	case column.Kind == table.Text:
		steps[0].(textStep).applyText(column.Texts[row], v)
		steps = steps[1:]
	default:
		v[0] = value(column, row)
	}
	for _, s := range steps {
		s.apply(v)
	}
}

// find is the column of t for an input, which in a scratch table of Inputs
// stands where the input itself stands.
func (f *Fitted) find(t *table.Table, input int) (*table.Column, error) {
	want := &f.inputs[input]
	var column *table.Column
	if columns := t.Columns(); input < len(columns) && columns[input].Name == want.Name {
		column = columns[input]
	} else if c, ok := t.Column(want.Name); ok {
		column = c
	} else {
		return nil, fmt.Errorf("features: apply: no column %q; there are %q", want.Name, t.Names())
	}
	if column.Kind != want.Kind {
		return nil, fmt.Errorf("features: apply: column %q is a %v, want a %v", want.Name, column.Kind, want.Kind)
	}
	if !sameLevels(column.Levels, want.Levels, t.Rows() > 1) {
		return nil, fmt.Errorf("features: apply: column %q has other levels (%d) than in training (%d); conform the table first", want.Name, len(column.Levels), len(want.Levels))
	}
	return column, nil
}
