package features

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"bespoke/internal/strictjson"
	"bespoke/model"
	"bespoke/table"
)

// Steps is the table of all steps, in the order of a usual chain. Adding a step
// is one file that makes a Step and one line here.
var Steps = []Step{
	imputeStep,
	rareStep,
	ordinalStep,
	oneHotStep,
	targetStep,
	frequencyStep,
	dateStep,
	tfidfStep,
	nGramsStep,
	topicsStep,
	termsStep,
	groupStep,
	combineStep,
	crossStep,
	betweenStep,
	yeoJohnsonStep,
	standardiseStep,
	robustStep,
	minMaxStep,
}

// Step is one line of the table: what a plan may name.
type Step struct {
	// Name is what a plan calls it, such as "one-hot".
	Name string
	// Summary says in one sentence what it does.
	Summary string
	// Params is the table of what may be set.
	Params []model.Param

	// accepts lists the forms of input it can work on.
	accepts []form
	// fit learns from the training rows.
	fit func(b *block, p model.Params, in *training) (step, error)
	// outOfFold, when not nil, gives the values of the training rows where they
	// must not be what apply would give, because they look at the target.
	outOfFold func(b *block, p model.Params, in *training) []float64
	// alone is true of a step that no other may stand beside.
	alone bool
	// empty makes a value to decode a fitted step into.
	empty func() step
}

// step is a fitted step. It is immutable once bound.
type step interface {
	// bind checks the fitted numbers against the input's shape, makes ready
	// what apply looks up, and says what comes out. It is called once, after
	// fitting and after loading, and is what keeps garbage from panicking later.
	bind(in shape) (shape, error)
	// apply replaces the input values at the beginning of v by the output
	// values. A step never makes fewer values than it was given, so that a
	// chain works in place on the row of features.
	apply(v []float64)
	// describe puts the fitted numbers into words.
	describe() string
}

// textStep is a step that reads text: always the first of a chain.
type textStep interface {
	step
	applyText(text string, v []float64)
}

// pairStep is a step that reads two columns: always the first of a chain. Only
// it may make fewer values than it was given.
type pairStep interface {
	step
	// applyPair reads the values of the two columns and writes the output.
	applyPair(first, second float64, v []float64)
}

// noInformationError is the error of a fit whose training rows hold nothing that the
// step could use, with the reason; the column is then dropped.
type noInformationError string

func (e noInformationError) Error() string { return string(e) }

// form is what the values between two steps mean.
type form uint8

const (
	number  form = iota // a float64, NaN is missing
	code                // a category's code, NaN is missing or unseen
	instant             // microseconds since 1970 UTC, NaN is missing
	words               // text, not yet a number
	pair                // the values of two columns, side by side
	sparse              // entries of the sparse part, which no step reads
)

var formNames = [...]string{"number", "category", "time", "text", "pair of columns", "sparse part"}

func (f form) String() string { return formNames[f] }

// formOf is the form in which a chain meets a column.
func formOf(k table.Kind) form {
	switch k {
	case table.Category:
		return code
	case table.Time:
		return instant
	case table.Text:
		return words
	}
	return number
}

// shape describes the values of one column between two steps.
type shape struct {
	form form
	// features has one entry per value.
	features []model.Feature
	// levels are the names of the codes, for form code.
	levels []string
	// two are the shapes of the columns, for form pair.
	two []shape
	// missing is true when values may be NaN.
	missing bool
	// flags is how many of the last values are 0/1 indicators, which scaling
	// leaves alone as it does one-hot features.
	flags int
}

// width is the number of values of a row.
func (s shape) width() int { return len(s.features) }

// numbers is how many values are not indicators.
func (s shape) numbers() int { return len(s.features) - s.flags }

// made names a feature that a step makes of the shape's column: the column's
// name and a part in brackets or after a sign.
func (s shape) made(suffix string) model.Feature {
	first := s.features[0]
	return model.Feature{Name: first.Name + suffix, Source: first.Source, With: first.With}
}

// block is the training rows of one column between two steps.
type block struct {
	shape
	rows   int
	values []float64 // row-major rows x width
	texts  []string  // for form words
}

// row returns row i as a view.
func (b *block) row(i int) []float64 {
	w := b.width()
	return b.values[i*w : (i+1)*w]
}

// present collects the values of input j that are not missing, in row order.
func (b *block) present(j int) []float64 {
	w := b.width()
	out := make([]float64, 0, b.rows)
	for at := j; at < len(b.values); at += w {
		if x := b.values[at]; !math.IsNaN(x) {
			out = append(out, x)
		}
	}
	return out
}

// counts is the number of rows of each code, and of missing.
func (b *block) counts() (levels []int, missing int) {
	levels = make([]int, len(b.levels))
	for _, c := range b.values {
		if math.IsNaN(c) {
			missing++
			continue
		}
		levels[int(c)]++
	}
	return levels, missing
}

// run applies a bound step to every row of the block.
func (b *block) run(s step, out shape) *block {
	next := &block{shape: out, rows: b.rows, values: make([]float64, b.rows*out.width())}
	for i := range b.rows {
		v := next.row(i)
		if text, ok := s.(textStep); ok && b.form == words {
			text.applyText(b.texts[i], v)
			continue
		}
		if two, ok := s.(pairStep); ok && b.form == pair {
			two.applyPair(b.row(i)[0], b.row(i)[1], v)
			continue
		}
		copy(v, b.row(i))
		s.apply(v)
	}
	return next
}

// training is what steps may know about the training rows beside their column.
type training struct {
	y    []float64
	task model.Task
	// outcomes are the class names, one per class.
	outcomes []string
	// folds is the fold of each row, for out-of-fold encodings.
	folds []uint8
}

// resolve finds the planned step, checks that it can work on the shape, and
// fills in its parameters.
func (sp StepPlan) resolve(in shape) (Step, model.Params, error) {
	at := slices.IndexFunc(Steps, func(s Step) bool { return s.Name == sp.Step })
	if at < 0 {
		names := make([]string, len(Steps))
		for i, s := range Steps {
			names[i] = s.Name
		}
		return Step{}, nil, fmt.Errorf("no step %q; there are %s", sp.Step, strings.Join(names, ", "))
	}
	s := Steps[at]
	if !slices.Contains(s.accepts, in.form) {
		allowed := make([]string, len(s.accepts))
		for i, f := range s.accepts {
			allowed[i] = f.String()
		}
		return Step{}, nil, fmt.Errorf("step %q: works on a %s, not on a %s", s.Name, strings.Join(allowed, " or "), in.form)
	}
	params, err := model.Resolve(sp.Step, s.Params, sp.Params)
	return s, params, err
}

// fitted fits the step and binds it.
func (s Step) fitted(b *block, p model.Params, in *training) (step, shape, error) {
	fitted, err := s.fit(b, p, in)
	if err != nil {
		return nil, shape{}, err
	}
	out, err := fitted.bind(b.shape)
	return fitted, out, err
}

// checkFinite is an error when a list has the wrong length or a number that is
// not finite.
func checkFinite(name string, values []float64, want int) error {
	if len(values) != want {
		return fmt.Errorf("%s has %d numbers, want %d", name, len(values), want)
	}
	for _, x := range values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s has %v, want finite numbers", name, x)
		}
	}
	return nil
}

// checkScale is checkFinite for divisors.
func checkScale(name string, values []float64, want int) error {
	if err := checkFinite(name, values, want); err != nil {
		return err
	}
	for _, x := range values {
		if !(x > 0) {
			return fmt.Errorf("%s has %v, want positive numbers", name, x)
		}
	}
	return nil
}

// limit is where scaled values end, so that no outlier, however wild, becomes
// infinite in a model that multiplies it.
const limit = 1e12

// clipParam is the parameter of the scaling steps that bounds what they give.
func clipParam(doc string) model.Param {
	return model.Param{Name: "clip", Doc: doc, Default: 0.0, Min: 0, Max: limit}
}

// clipped bounds x to the interval from -to to to; 0 stands for limit. NaN
// stays NaN.
func clipped(x, to float64) float64 {
	if to == 0 {
		to = limit
	}
	return min(max(x, -to), to)
}

// checkClip is an error when a loaded bound is not usable.
func checkClip(clip float64) error {
	if !(clip >= 0 && clip <= limit) {
		return fmt.Errorf("clip is %v, want 0 (none) or a positive number up to %v", clip, limit)
	}
	return nil
}

// storedFormat and storedVersion head the form on disk. A later version reads
// every earlier one.
const (
	storedFormat  = "bespoke.features"
	storedVersion = 1
)

// stored is the form on disk.
type stored struct {
	Format   string         `json:"format"`
	Version  int            `json:"version"`
	Encoding model.Encoding `json:"encoding"`
	Inputs   table.Schema   `json:"inputs"`
	Columns  []storedChain  `json:"columns"`
}

// storedChain is a column plan with one fitted step per planned step.
type storedChain struct {
	ColumnPlan
	Monotone int8 `json:"monotone,omitempty"`
	// MonotoneWith is that of the second column.
	MonotoneWith int8              `json:"monotone_with,omitempty"`
	Fitted       []json.RawMessage `json:"fitted,omitempty"`
}

// MarshalJSON writes the fitted steps as versioned data.
func (f *Fitted) MarshalJSON() ([]byte, error) {
	out := stored{Format: storedFormat, Version: storedVersion, Encoding: f.encoding, Inputs: f.inputs}
	for _, c := range f.chains {
		sc := storedChain{ColumnPlan: c.plan, Monotone: c.monotone[0], MonotoneWith: c.monotone[1]}
		for k, s := range c.steps {
			raw, err := json.Marshal(s)
			if err != nil {
				return nil, fmt.Errorf("features: write: column %q: step %q: %w", c.plan.Column, c.plan.Steps[k].Step, err)
			}
			sc.Fitted = append(sc.Fitted, raw)
		}
		out.Columns = append(out.Columns, sc)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. It trusts nothing: anything that
// Apply could stumble over is an error here, and f is unchanged then.
func (f *Fitted) UnmarshalJSON(data []byte) error {
	var in stored
	if err := strictjson.Decode(data, &in); err != nil {
		return fmt.Errorf("features: read: %w", err)
	}
	if in.Format != storedFormat || in.Version != storedVersion {
		return fmt.Errorf("features: read: format %q version %d, want %q version %d", in.Format, in.Version, storedFormat, storedVersion)
	}
	if in.Encoding != model.Native && in.Encoding != model.Dense {
		return fmt.Errorf("features: read: encoding %q is neither %q nor %q", in.Encoding, model.Native, model.Dense)
	}
	if err := checkInputs(in.Inputs); err != nil {
		return fmt.Errorf("features: read: %w", err)
	}
	fields := make(map[string]table.Field, len(in.Inputs))
	for _, field := range in.Inputs {
		fields[field.Name] = field
	}
	loaded := Fitted{encoding: in.Encoding, inputs: in.Inputs}
	for _, sc := range in.Columns {
		c, err := sc.load(fields)
		if err != nil {
			return fmt.Errorf("features: read: column %q: %w", sc.Column, err)
		}
		loaded.chains = append(loaded.chains, c)
	}
	if err := loaded.assemble(); err != nil {
		return fmt.Errorf("features: read: %w", err)
	}
	*f = loaded
	return nil
}

// load decodes and binds the steps of one column.
func (sc storedChain) load(inputs map[string]table.Field) (*chain, error) {
	c := &chain{plan: sc.ColumnPlan, monotone: [2]int8{sc.Monotone, sc.MonotoneWith}}
	if len(sc.Fitted) != len(sc.Steps) || sc.Drop && len(sc.Steps) > 0 {
		return nil, fmt.Errorf("%d fitted steps for %d planned, want as many, and none where the column is dropped", len(sc.Fitted), len(sc.Steps))
	}
	if sc.Drop {
		return c, nil
	}
	names := c.plan.columns()
	if sc.MonotoneWith != 0 && len(names) < 2 {
		return nil, errors.New("monotone_with is given for one column, want it with a second one only")
	}
	var read []table.Field
	for k, name := range names {
		field, ok := inputs[name]
		switch ordered := field.Kind == table.Number || field.Kind == table.Time; {
		case !ok && k == 0:
			return nil, errors.New("it is not among the inputs")
		case !ok:
			return nil, fmt.Errorf("%q beside it is not among the inputs", name)
		case c.monotone[k] < -1 || c.monotone[k] > 1 || c.monotone[k] != 0 && !ordered:
			return nil, fmt.Errorf("monotone is %d for a %v, want -1, 0 or 1, and 0 where there is no order", c.monotone[k], field.Kind)
		}
		read = append(read, field)
	}
	c.out = c.start(read)
	for k, sp := range sc.Steps {
		entry, _, err := sp.resolve(c.out)
		if err != nil {
			return nil, err
		}
		s := entry.empty()
		if err := strictjson.Decode(sc.Fitted[k], s); err != nil {
			return nil, fmt.Errorf("step %q: %w", sp.Step, err)
		}
		if c.out, err = s.bind(c.out); err != nil {
			return nil, fmt.Errorf("step %q: %w", sp.Step, err)
		}
		c.steps = append(c.steps, s)
	}
	return c, nil
}

// checkInputs says what keeps a schema from being read again as it is.
func checkInputs(s table.Schema) error {
	names := make(map[string]bool)
	for _, f := range s {
		switch {
		case names[f.Name]:
			return fmt.Errorf("input %q appears twice; names must differ", f.Name)
		case f.Role != table.Feature:
			return fmt.Errorf("input %q has role %v, want feature", f.Name, f.Role)
		case f.Kind != table.Category && len(f.Levels) > 0:
			return fmt.Errorf("input %q is a %v with levels; only a category has them", f.Name, f.Kind)
		case !utf8.ValidString(f.Name):
			return fmt.Errorf("input %q: the name is not valid UTF-8", f.Name)
		}
		names[f.Name] = true
		levels := make(map[string]bool, len(f.Levels))
		for _, l := range f.Levels {
			if levels[l] || !utf8.ValidString(l) {
				return fmt.Errorf("input %q: level %q appears twice or is not valid UTF-8", f.Name, l)
			}
			levels[l] = true
		}
	}
	return nil
}

// StepInfo tells the report what became of one column.
type StepInfo struct {
	// Column is the table column, With the second one of a pair.
	Column string `json:"column"`
	With   string `json:"with,omitempty"`
	// Steps are the fitted steps in words, in order; empty when the column is
	// passed through or dropped.
	Steps []string `json:"steps,omitempty"`
	// Features are the names of the features made of it, but for those of the
	// sparse part, which are too many.
	Features []string `json:"features,omitempty"`
	// Dropped is true when no feature is made of the column.
	Dropped bool `json:"dropped,omitempty"`
	// Reason says why these steps were chosen or why the column was dropped.
	Reason string `json:"reason"`
}

// Describe lists what was done to each column, in plan order.
func (f *Fitted) Describe() []StepInfo {
	out := make([]StepInfo, 0, len(f.chains))
	for _, c := range f.chains {
		info := StepInfo{Column: c.plan.Column, With: c.plan.With, Dropped: c.plan.Drop, Reason: c.plan.Reason}
		for k, s := range c.steps {
			info.Steps = append(info.Steps, c.plan.Steps[k].Step+": "+s.describe())
		}
		if !c.plan.Drop && c.out.form != sparse {
			for _, feature := range f.features[c.offset : c.offset+c.out.width()] {
				info.Features = append(info.Features, feature.Name)
			}
		}
		out = append(out, info)
	}
	return out
}

// Plan returns the plan that was fitted, with what was dropped on the way.
func (f *Fitted) Plan() Plan {
	p := Plan{Encoding: f.encoding}
	for _, c := range f.chains {
		p.Columns = append(p.Columns, c.plan)
	}
	return p
}
