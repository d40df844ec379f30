package features_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bespoke/features"
	"bespoke/internal/golden"
	"bespoke/model"
	"bespoke/table"

	"github.com/google/go-cmp/cmp"
)

// told writes what Describe says, for a golden file.
func told(f *features.Fitted) string {
	var b strings.Builder
	for _, info := range f.Describe() {
		fmt.Fprintf(&b, "%s: %s\n", info.Column, info.Reason)
		for _, s := range info.Steps {
			fmt.Fprintf(&b, "    %s\n", s)
		}
		if !info.Dropped {
			fmt.Fprintf(&b, "    -> %s\n", strings.Join(info.Features, " | "))
		}
	}
	return b.String()
}

func TestDefaultPlansOfExamples(t *testing.T) {
	for _, example := range []struct {
		name, path, target string
		encodings          []model.Encoding
	}{
		{"credit-g", "../examples/credit-g/data/credit-g.csv", "class", []model.Encoding{model.Native, model.Dense}},
		{"house-prices", "../examples/house-prices/data/ames.csv", "Sale_Price", []model.Encoding{model.Dense}},
	} {
		tab := readCSV(t, example.path, example.target)
		target, _ := tab.Column(example.target)
		opt := features.Options{Task: model.Regression, Seed: 1}
		y := target.Numbers
		if target.Kind == table.Category {
			opt.Task, opt.Classes, y = model.Binary, 2, make([]float64, tab.Rows())
			for i, c := range target.Codes {
				y[i] = float64(c)
			}
		}
		for _, e := range example.encodings {
			opt.Encoding = e
			f, _ := mustFit(t, tab, y, opt)
			golden.Check(t, fmt.Sprintf("testdata/%s.%s.golden", example.name, e), told(f))
		}
	}
}

func TestDefaultPlanOfEveryKind(t *testing.T) {
	tab, y := mixed(t, 400, 3)
	bothEncodings(t, func(t *testing.T, e model.Encoding) {
		f, _ := mustFit(t, tab, y, features.Options{Encoding: e, Task: model.Binary, Classes: 2})
		golden.Check(t, fmt.Sprintf("testdata/mixed.%s.golden", e), told(f))
	})
}

func TestStepsTable(t *testing.T) {
	var b strings.Builder
	seen := map[string]bool{}
	for _, s := range features.Steps {
		if seen[s.Name] {
			t.Errorf("step %q appears twice", s.Name)
		}
		seen[s.Name] = true
		fmt.Fprintf(&b, "%s: %s\n", s.Name, s.Summary)
		for _, p := range s.Params {
			fmt.Fprintf(&b, "    %s = %v: %s\n", p.Name, p.Default, p.Doc)
		}
	}
	golden.Check(t, "testdata/steps.golden", b.String())
}

// many makes a category of n rows with the given number of levels, each with at
// least two rows when n allows.
func many(n, levels int) *table.Column {
	codes, names := make([]int32, n), make([]string, levels)
	for i := range names {
		names[i] = fmt.Sprint("l", i)
	}
	for i := range codes {
		codes[i] = int32(i % levels)
	}
	return table.NewCategory("c", codes, names)
}

func TestPlanRules(t *testing.T) {
	n := 1200
	skewed, heavy, plain, few := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		plain[i] = rng.NormFloat64()
		skewed[i] = math.Exp(2 * rng.NormFloat64())
		heavy[i] = plain[i]
		few[i] = float64(i % 5)
	}
	heavy[0], heavy[1] = 1e4, -1e4
	unique := many(n, n)
	for _, c := range []struct {
		name    string
		column  *table.Column
		classes int
		native  string
		dense   string
	}{
		{"plain number", table.NewNumber("c", plain), 2, "", "impute standardise"},
		{"skewed number", table.NewNumber("c", skewed), 2, "", "impute yeo-johnson"},
		{"number with far outliers", table.NewNumber("c", heavy), 2, "", "impute robust"},
		{"few values", table.NewNumber("c", few), 2, "", "impute standardise"},
		{"few levels", many(n, 20), 2, "ordinal", "one-hot"},
		{"some levels", many(n, 21), 2, "ordinal", "target standardise | frequency standardise"},
		{"the most levels of a tree", many(n, 255), 2, "ordinal", "target standardise | frequency standardise"},
		{"many levels", many(n, 256), 2, "target | frequency", "target standardise | frequency standardise"},
		{"many levels and classes", many(n, 256), 101, "rare ordinal", "rare one-hot"},
		{"a level per row", unique, 2, "drop", "drop"},
		{"constant", many(n, 1), 2, "drop", "drop"},
		{"missing", table.NewText("c", make([]string, n)), 2, "drop", "drop"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := newTable(t, c.column)
			for e, want := range map[model.Encoding]string{model.Native: c.native, model.Dense: c.dense} {
				plan, err := features.NewPlan(tab, features.Options{Encoding: e, Task: model.Multiclass, Classes: c.classes})
				if err != nil {
					t.Fatal(err)
				}
				var chains []string
				for _, cp := range plan.Columns {
					var names []string
					for _, s := range cp.Steps {
						names = append(names, s.Step)
					}
					if cp.Drop {
						names = append(names, "drop")
					}
					if !strings.HasSuffix(cp.Reason, ".") {
						t.Errorf("reason %q is not a sentence", cp.Reason)
					}
					chains = append(chains, strings.Join(names, " "))
				}
				if got := strings.Join(chains, " | "); got != want {
					t.Errorf("%s: %q, want %q", e, got, want)
				}
			}
		})
	}
}

func TestMonotonePassesOn(t *testing.T) {
	tab, y := mixed(t, 400, 3)
	bothEncodings(t, func(t *testing.T, e model.Encoding) {
		f, _ := mustFit(t, tab, y, features.Options{
			Encoding: e, Task: model.Binary, Classes: 2, Monotone: map[string]int8{"age": 1, "income": -1, "when": 1, "flag": 0},
		})
		got := map[string]int8{}
		for _, feature := range f.Features() {
			if feature.Monotone != 0 {
				got[feature.Name] = feature.Monotone
			}
		}
		want := map[string]int8{"age": 1, "income": -1, "when (elapsed days)": 1}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestFitErrors(t *testing.T) {
	tab, y := mixed(t, 60, 3)
	good := features.Options{Encoding: model.Dense, Task: model.Binary, Classes: 2}
	with := func(change func(o *features.Options)) features.Options {
		o := good
		change(&o)
		return o
	}
	plan := func(steps ...features.StepPlan) func(o *features.Options) {
		return func(o *features.Options) {
			p := &features.Plan{Encoding: model.Dense}
			for _, c := range tab.ByRole(table.Feature) {
				cp := features.ColumnPlan{Column: c.Name, Drop: true}
				if c.Name == "age" {
					cp = features.ColumnPlan{Column: c.Name, Steps: steps}
				}
				p.Columns = append(p.Columns, cp)
			}
			o.Plan = p
		}
	}
	bad := append([]float64{2}, y[1:]...)
	hollow := append([]float64{math.NaN()}, y[1:]...)
	for _, c := range []struct {
		name string
		tab  *table.Table
		y    []float64
		opt  features.Options
		want string
	}{
		{"encoding", tab, y, with(func(o *features.Options) { o.Encoding = "sparse" }), `encoding "sparse" is neither "native" nor "dense"`},
		{"classes", tab, y, with(func(o *features.Options) { o.Classes = 1 }), "1 classes, a binary task has at least 2"},
		{"outcomes", tab, y, with(func(o *features.Options) { o.Outcomes = []string{"a"} }), "1 outcome names for 2 classes"},
		{"no rows", tab.Take(nil), nil, good, "0 rows and 0 targets"},
		{"short target", tab, y[1:], good, "60 rows and 59 targets"},
		{"class out of range", tab, bad, good, "row 1: target 2 must be finite, and a class index below 2"},
		{"missing target", tab, hollow, good, "row 1: target NaN must be finite"},
		{"monotone unknown", tab, y, with(func(o *features.Options) { o.Monotone = map[string]int8{"aeg": 1} }), `no column ["aeg"]`},
		{"monotone category", tab, y, with(func(o *features.Options) { o.Monotone = map[string]int8{"job": 1} }), `column "job" is a category`},
		{"monotone size", tab, y, with(func(o *features.Options) { o.Monotone = map[string]int8{"age": 2} }), "2 is none of -1, 0, 1"},
		{"no columns", tab.Without(tab.Names()...), y, good, "no column tells anything"},
		{"nothing varies", tab.Take([]int{0}), y[:1], good, "no column tells anything"},
		{"plan encoding", tab, y, with(func(o *features.Options) { o.Plan = &features.Plan{Encoding: model.Native} }), `encoding "native", want "dense"`},
		{"plan incomplete", tab, y, with(func(o *features.Options) { o.Plan = &features.Plan{Encoding: model.Dense} }), `column "age" is not in the plan`},
		{"plan role", tab, y, with(func(o *features.Options) {
			o.Plan = &features.Plan{Encoding: model.Dense, Columns: []features.ColumnPlan{{Column: "who"}}}
		}), `"who" is not a feature column`},
		{"plan step", tab, y, with(plan(features.StepPlan{Step: "imput"})), `column "age": no step "imput"; there are impute,`},
		{"plan parameter", tab, y, with(plan(features.StepPlan{Step: "impute", Params: model.Params{"with": "zero"}})), "zero is none of median, mean, most-frequent"},
		{"plan form", tab, y, with(plan(features.StepPlan{Step: "one-hot"})), "works on a category, not on a number"},
		{"plan leaves missing", tab, y, with(plan(features.StepPlan{Step: "standardise"})), "a dense encoding wants an impute step"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := features.Fit(c.tab, c.y, c.opt)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "features: ") {
				t.Errorf("error %v, want one that begins with features: and contains %q", err, c.want)
			}
		})
	}
}

func TestPlanMustEndInNumbers(t *testing.T) {
	tab := newTable(t, many(100, 4))
	for want, steps := range map[string][]features.StepPlan{
		"the steps end with a category, want":  steps("rare"),
		"the steps end with category codes":    steps("ordinal"),
		"can only be filled with its most-fre": steps("impute"),
	} {
		plan := &features.Plan{Encoding: model.Dense, Columns: []features.ColumnPlan{{Column: "c", Steps: steps}}}
		_, _, err := features.Fit(tab, make([]float64, 100), features.Options{Encoding: model.Dense, Plan: plan})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestApplyErrors(t *testing.T) {
	tab, y := mixed(t, 60, 3)
	f, _ := mustFit(t, tab, y, features.Options{Encoding: model.Native, Task: model.Binary, Classes: 2})
	job, _ := tab.Column("job")
	renamed := *job
	renamed.Levels = append([]string{"x"}, job.Levels[1:]...)
	swap := func(c *table.Column) *table.Table {
		columns := []*table.Column{c}
		columns = append(columns, tab.Without(c.Name).Columns()...)
		return newTable(t, columns...)
	}
	ok := model.NewMatrix(f.Features(), 60)
	for name, c := range map[string]struct {
		tab  *table.Table
		out  *model.Matrix
		want string
	}{
		"rows":    {tab, model.NewMatrix(f.Features(), 59), "the matrix has 59 rows, the table 60"},
		"columns": {tab, model.NewMatrix(f.Features()[1:], 60), "features and"},
		"absent":  {tab.Without("age"), ok, `no column "age"`},
		"kind":    {swap(table.NewNumber("job", make([]float64, 60))), ok, `column "job" is a number, want a category`},
		"levels":  {swap(&renamed), ok, `column "job" has other levels`},
	} {
		if err := f.Apply(c.tab, c.out); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if err := f.ApplyRange(tab, 1, ok); err == nil {
		t.Error("a range beyond the table: no error")
	}
	if err := f.Apply(swap(job), ok); err != nil {
		t.Errorf("another order of columns: %v", err)
	}
}

func TestWideTable(t *testing.T) {
	const n, columns = 20, 10_000
	rng := rand.New(rand.NewPCG(1, 1))
	cols := make([]*table.Column, columns)
	for j := range cols {
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		cols[j] = table.NewNumber(fmt.Sprint("x", j), x)
	}
	f, x := mustFit(t, newTable(t, cols...), make([]float64, n), features.Options{Encoding: model.Dense})
	if len(f.Features()) != columns || x.Rows != n {
		t.Errorf("%d features in %d rows, want %d in %d", len(f.Features()), x.Rows, columns, n)
	}
}

func TestNamesStayUnique(t *testing.T) {
	c := many(40, 3)
	clash := table.NewNumber("c=l1", make([]float64, 40))
	for i := range clash.Numbers {
		clash.Numbers[i] = float64(i)
	}
	f, _ := mustFit(t, newTable(t, clash, c), make([]float64, 40), features.Options{Encoding: model.Dense})
	var names []string
	for _, feature := range f.Features() {
		names = append(names, feature.Name)
	}
	if diff := cmp.Diff([]string{"c=l1", "c=l0", "c=l1 #2", "c=l2"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPlanJSON(t *testing.T) {
	tab, _ := mixed(t, 60, 3)
	plan, err := features.NewPlan(tab, features.Options{Encoding: model.Dense})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	var back features.Plan
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plan, back); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
