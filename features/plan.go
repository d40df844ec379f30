package features

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bespoke/model"
	"bespoke/table"
)

// Plan says which steps each column goes through. It is plain data: it
// round-trips through JSON, and a caller may write one by hand.
type Plan struct {
	Encoding model.Encoding `json:"encoding"`
	// Columns are in the order of the features they make. A column may appear
	// several times (target encoding beside frequency), and every feature
	// column must appear.
	Columns []ColumnPlan `json:"columns"`
}

// ColumnPlan is what happens to one column.
type ColumnPlan struct {
	Column string `json:"column"`
	// With is a second column that the first step reads beside Column; empty
	// for all steps but those that work on a pair of columns.
	With string `json:"with,omitempty"`
	// Steps run in order; none means that a number is passed through.
	Steps []StepPlan `json:"steps,omitempty"`
	// Drop is true when the column is left out.
	Drop bool `json:"drop,omitempty"`
	// Reason is one sentence for the report.
	Reason string `json:"reason"`
}

// columns are those that the plan reads: one or two.
func (cp ColumnPlan) columns() []string {
	if cp.With == "" {
		return []string{cp.Column}
	}
	return []string{cp.Column, cp.With}
}

// StepPlan names a step of the table Steps and sets its parameters.
type StepPlan struct {
	Step   string       `json:"step"`
	Params model.Params `json:"params,omitempty"`
}

// The bounds of the default rules.
const (
	// mostNativeLevels is how many levels a tree gets as codes: its bins are
	// bytes, and one is kept for missing.
	mostNativeLevels = 255
	// mostOneHot is how many levels become features of their own.
	mostOneHot = 20
	// mostTargets is how many classes may each get a target-encoded feature.
	mostTargets = 20
	// strongSkew is the skewness from which a power is tried.
	strongSkew = 1.0
	// farAway is how many quartile distances from the median an outlier is.
	farAway = 20.0
	// mostForFacts is how many values skewness and power are judged by.
	mostForFacts = 20_000
)

// NewPlan makes the default plan for the feature columns of the training rows.
// opt.Plan is ignored.
func NewPlan(t *table.Table, opt Options) (Plan, error) {
	if err := opt.check(); err != nil {
		return Plan{}, err
	}
	p := Plan{Encoding: opt.Encoding}
	for c := range t.Each(table.Feature) {
		p.Columns = append(p.Columns, planColumn(c, opt)...)
	}
	for _, e := range opt.Extras {
		cp, err := planExtra(t, e, opt)
		if err != nil {
			return Plan{}, fmt.Errorf("features: plan: %s: %w", e, err)
		}
		p.Columns = append(p.Columns, cp)
	}
	return p, nil
}

// check says whether the plan fits the table's feature columns.
func (p Plan) check(t *table.Table, e model.Encoding) error {
	if p.Encoding != e {
		return fmt.Errorf("features: plan: encoding %q, want %q as the model does", p.Encoding, e)
	}
	planned := make(map[string]bool)
	for _, cp := range p.Columns {
		for _, name := range cp.columns() {
			if c, ok := t.Column(name); !ok || c.Role != table.Feature {
				return fmt.Errorf("features: plan: %q is not a feature column of the table", name)
			}
		}
		planned[cp.Column] = true
	}
	for c := range t.Each(table.Feature) {
		if !planned[c.Name] {
			return fmt.Errorf("features: plan: column %q is not in the plan; give it steps, or drop: true", c.Name)
		}
	}
	return nil
}

// planColumn chooses the steps of one column.
func planColumn(c *table.Column, opt Options) []ColumnPlan {
	if reason := uninformative(c); reason != "" {
		return []ColumnPlan{{Column: c.Name, Drop: true, Reason: reason}}
	}
	var plans []ColumnPlan
	switch {
	case c.Kind == table.Category:
		plans = planCategory(c, opt)
	case c.Kind == table.Text && opt.Sparse && opt.Wide != nil:
		plans = []ColumnPlan{planWide(*opt.Wide)}
	case c.Kind == table.Text:
		plans = []ColumnPlan{{
			Steps:  []StepPlan{{Step: "tf-idf"}},
			Reason: "Free text is read by the words and pairs of words that most rows share.",
		}}
	case c.Kind == table.Time:
		plans = []ColumnPlan{planTime(opt.Encoding)}
	case opt.Encoding == model.Native:
		plans = []ColumnPlan{{Reason: "Trees split numbers as they are and learn where missing values belong."}}
	default:
		plans = []ColumnPlan{planNumber(c)}
	}
	for i := range plans {
		plans[i].Column = c.Name
	}
	return plans
}

// uninformative says why the training rows tell nothing in this column, or is
// empty.
func uninformative(c *table.Column) string {
	present, varies, first := 0, false, -1
	for i := range c.Len() {
		if absent(c, i) {
			continue
		}
		present++
		if first < 0 {
			first = i
		}
		varies = varies || c.Value(i) != c.Value(first)
		if varies {
			return ""
		}
	}
	switch {
	case present == 0:
		return "Every training row is missing."
	case present == c.Len():
		return fmt.Sprintf("All training rows have the same value, %.40v.", c.Value(first))
	}
	return ""
}

// absent says whether a chain sees a value as missing.
func absent(c *table.Column, row int) bool {
	return c.Missing(row) || c.Kind == table.Number && math.IsInf(c.Numbers[row], 0)
}

// planTime takes a time apart.
func planTime(e model.Encoding) ColumnPlan {
	if e == model.Native {
		return ColumnPlan{
			Steps:  []StepPlan{{Step: "date"}},
			Reason: "Trees split the calendar parts and the elapsed days as they are.",
		}
	}
	return ColumnPlan{
		Steps: []StepPlan{
			{Step: "date", Params: model.Params{"cyclic": "yes"}},
			{Step: "impute"},
			{Step: "standardise"},
		},
		Reason: "A weighted sum needs cycles as sine and cosine, so that December is next to January.",
	}
}

// planNumber fills and scales a number for a weighted sum.
func planNumber(c *table.Column) ColumnPlan {
	var present []float64
	for i, x := range c.Numbers {
		if !absent(c, i) {
			present = append(present, x)
		}
	}
	scale, reason := planScale(evenly(present, mostForFacts))
	if n := len(c.Numbers) - len(present); n > 0 {
		reason += fmt.Sprintf(" %s filled with the median, and an indicator says so.", plural(n, "missing value"))
	}
	return ColumnPlan{Steps: []StepPlan{{Step: "impute"}, scale}, Reason: reason}
}

// planScale chooses the scaling step by how the values are spread.
func planScale(values []float64) (StepPlan, string) {
	sorted := slices.Sorted(slices.Values(values))
	if distinct := len(slices.Compact(slices.Clone(sorted))); distinct <= 10 {
		return StepPlan{Step: "standardise"}, fmt.Sprintf("Only %d different values: scaled to a standard deviation of 1.", distinct)
	}
	skew := skewness(values)
	if math.Abs(skew) > strongSkew {
		lambda := fitLambda(values)
		made := make([]float64, len(values))
		for i, x := range values {
			made[i] = powered(x, lambda)
		}
		if after := skewness(made); math.Abs(after) < math.Abs(skew)/2 {
			return StepPlan{Step: "yeo-johnson", Params: model.Params{"clip": 8.0}},
				fmt.Sprintf("The values are skewed (%.2g): the power %.2g makes that %.2g.", skew, lambda, after)
		}
	}
	median, distance := quantile(sorted, 0.5), quantile(sorted, 0.75)-quantile(sorted, 0.25)
	farthest := max(median-sorted[0], sorted[len(sorted)-1]-median)
	if distance > 0 && farthest > farAway*distance {
		return StepPlan{Step: "robust", Params: model.Params{"clip": farAway}},
			fmt.Sprintf("The farthest value is %.3g quartile distances from the median: scaled by quartiles and bounded at %g.", farthest/distance, farAway)
	}
	return StepPlan{Step: "standardise"}, "Scaled to a standard deviation of 1, so that penalties treat all columns alike."
}

// skewness is the third standardised moment, 0 where values do not vary.
func skewness(values []float64) float64 {
	mean, deviation := meanAndDeviation(values)
	if !(deviation > 0) || math.IsInf(deviation, 0) {
		return 0
	}
	sum := 0.0
	for _, x := range values {
		z := (x - mean) / deviation
		sum += z * z * z
	}
	return sum / float64(len(values))
}

// levelFacts counts what the rules for categories ask for.
type levelFacts struct {
	rows, seen, single int
	// rare levels are below the rare step's defaults; rareRows is their rows.
	rare, rareRows int
}

func factsOfLevels(c *table.Column) levelFacts {
	counts := make([]int, len(c.Levels))
	for _, code := range c.Codes {
		if code >= 0 {
			counts[code]++
		}
	}
	f := levelFacts{rows: len(c.Codes)}
	for _, n := range counts {
		if n == 0 {
			continue
		}
		f.seen++
		if n == 1 {
			f.single++
		}
		if float64(n) < max(0.01*float64(f.rows), 5) {
			f.rare++
			f.rareRows += n
		}
	}
	return f
}

// planCategory encodes a category.
func planCategory(c *table.Column, opt Options) []ColumnPlan {
	f := factsOfLevels(c)
	if f.seen > mostOneHot && 10*f.single > 9*f.rows {
		return []ColumnPlan{{Drop: true, Reason: "Nearly every training row has a level of its own, which tells nothing about other rows."}}
	}
	if opt.Encoding == model.Native {
		return planNativeCategory(c, f, opt)
	}
	grouped, group := f.seen, f.rare >= 2 && f.rare < f.seen
	if group {
		grouped = f.seen - f.rare + 1
	}
	if f.seen <= mostOneHot || grouped <= mostOneHot && 10*f.rareRows <= f.rows {
		p := ColumnPlan{Reason: fmt.Sprintf("%d levels are few enough for a feature each.", grouped)}
		if group {
			p.Steps = append(p.Steps, StepPlan{Step: "rare"})
			p.Reason = fmt.Sprintf("%d of %d levels are rare and become one; %d are few enough for a feature each.", f.rare, f.seen, grouped)
		}
		p.Steps = append(p.Steps, StepPlan{Step: "one-hot", Params: model.Params{"drop": "binary"}})
		return []ColumnPlan{p}
	}
	why := fmt.Sprintf("%d levels are too many for a feature each", f.seen)
	if opt.Classes > mostTargets {
		return []ColumnPlan{{
			Steps:  []StepPlan{{Step: "rare", Params: model.Params{"share": 0.0, "levels": float64(mostOneHot)}}, {Step: "one-hot"}},
			Reason: fmt.Sprintf("%s, and %d classes too many for target encoding: only the commonest are kept.", why, opt.Classes),
		}}
	}
	return targetBeside(why, StepPlan{Step: "standardise"})
}

// planNativeCategory keeps a category as codes where a tree can.
func planNativeCategory(c *table.Column, f levelFacts, opt Options) []ColumnPlan {
	why := fmt.Sprintf("%d levels are more than the %d that trees split as codes", len(c.Levels), mostNativeLevels)
	switch {
	case len(c.Levels) <= mostNativeLevels:
		return []ColumnPlan{{
			Steps:  []StepPlan{{Step: "ordinal"}},
			Reason: fmt.Sprintf("Trees split the %d levels into sets themselves.", f.seen),
		}}
	case opt.Classes > mostTargets:
		return []ColumnPlan{{
			Steps:  []StepPlan{{Step: "rare", Params: model.Params{"share": 0.0, "levels": mostNativeLevels - 1.0}}, {Step: "ordinal"}},
			Reason: fmt.Sprintf("%s, and %d classes too many for target encoding: only the commonest are kept.", why, opt.Classes),
		}}
	}
	return targetBeside(why)
}

// targetBeside is target encoding with frequency beside it, each followed by
// the given steps.
func targetBeside(why string, then ...StepPlan) []ColumnPlan {
	return []ColumnPlan{
		{
			Steps:  append([]StepPlan{{Step: "target"}}, then...),
			Reason: why + ": the mean target of each level stands for it.",
		},
		{
			Steps:  append([]StepPlan{{Step: "frequency"}}, then...),
			Reason: why + ": how common a level is stands beside its mean target.",
		},
	}
}

// Extra asks for features beside those of the default rules, whatever the
// encoding: the steps that a model needs behind the named one are added.
type Extra struct {
	// Step is the name of a step, Params what it is told beside its defaults.
	Step   string       `json:"step"`
	Params model.Params `json:"params,omitempty"`
	// Columns are the one or two columns that it reads.
	Columns []string `json:"columns"`
}

// String names the extra in errors and reports, such as "group of job, income".
func (e Extra) String() string {
	return e.Step + " of " + strings.Join(e.Columns, ", ")
}

// planExtra makes the plan of one extra. A column that tells nothing in these
// rows drops it, since what is asked for once is fitted on the rows of many
// folds.
func planExtra(t *table.Table, e Extra, opt Options) (ColumnPlan, error) {
	if n := len(e.Columns); n != 1 && n != 2 {
		return ColumnPlan{}, fmt.Errorf("%d columns, want 1 or 2", n)
	}
	cp := ColumnPlan{Column: e.Columns[0], Reason: "Asked for beside the default steps."}
	if len(e.Columns) == 2 {
		cp.With = e.Columns[1]
	}
	var start []table.Field
	for _, name := range e.Columns {
		c, ok := t.Column(name)
		if !ok || c.Role != table.Feature {
			return ColumnPlan{}, fmt.Errorf("%q is not a feature column of the table", name)
		}
		if reason := uninformative(c); reason != "" {
			cp.Drop, cp.Reason = true, fmt.Sprintf("%s: %s", name, reason)
			return cp, nil
		}
		start = append(start, c.Field())
	}
	first := StepPlan{Step: e.Step, Params: e.Params}
	if _, _, err := first.resolve(new(chain).start(start)); err != nil {
		return ColumnPlan{}, err
	}
	cp.Steps = append([]StepPlan{first}, then(e.Step, opt.Encoding)...)
	return cp, nil
}

// then are the steps behind the named one that make numbers for the encoding.
func then(step string, e model.Encoding) []StepPlan {
	var out []StepPlan
	if step == "cross" {
		out = append(out, StepPlan{Step: "target"})
	}
	if e == model.Native {
		return out
	}
	switch step {
	case "tf-idf", "n-grams", "topics", "one-hot", "terms":
		return out // their values are of about one size
	case "combine": // a ratio by nearly 0 may lie anywhere
		return append(out, StepPlan{Step: "impute"}, StepPlan{Step: "robust", Params: model.Params{"clip": farAway}})
	case "group", "between", "date":
		out = append(out, StepPlan{Step: "impute"})
	}
	return append(out, StepPlan{Step: "standardise"})
}
