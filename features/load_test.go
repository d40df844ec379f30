package features_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"bespoke/features"
	"bespoke/internal/golden"
	"bespoke/model"
	"bespoke/table"
)

// small is a fitted transformation that uses every step, as stored bytes.
func small(t testing.TB, e model.Encoding) []byte {
	t.Helper()
	tab, y := mixed(t, 40, 3)
	tab = tab.Without("empty", "same", "id", "who")
	when, _ := tab.Column("when")
	then := slices.Clone(when.Times)
	slices.Reverse(then)
	tab, err := table.New(append(tab.Columns(), table.NewTime("then", then))...)
	if err != nil {
		t.Fatal(err)
	}
	plan := &features.Plan{Encoding: e, Columns: []features.ColumnPlan{
		{Column: "age", Steps: steps("impute", "standardise")},
		{Column: "income", Steps: steps("impute", "yeo-johnson")},
		{Column: "flag", Steps: steps("impute", "min-max")},
		{Column: "wild", Steps: steps("impute", "robust")},
		{Column: "job", Steps: steps("rare", "one-hot")},
		{Column: "zip", Steps: []features.StepPlan{{Step: "target", Params: model.Params{"shrink": "fixed"}}}},
		{Column: "zip", Steps: steps("frequency")},
		{Column: "note", Steps: steps("one-hot")},
		{Column: "text", Steps: []features.StepPlan{{Step: "tf-idf", Params: model.Params{"features": 4}}}},
		{Column: "when", Steps: steps("date", "impute")},
		{Column: "job", With: "income", Steps: steps("group", "impute")},
		{Column: "age", With: "income", Steps: []features.StepPlan{{Step: "combine", Params: model.Params{"by": "sum"}}, {Step: "impute"}}},
		{Column: "job", With: "note", Steps: []features.StepPlan{{Step: "cross", Params: model.Params{"rows": 2}}, {Step: "target", Params: model.Params{"shrink": "fixed"}}}},
		{Column: "then", Drop: true},
		{Column: "when", With: "then", Steps: steps("between", "impute")},
		{Column: "text", Steps: []features.StepPlan{{Step: "n-grams", Params: model.Params{"features": 4}}}},
		{Column: "text", Steps: []features.StepPlan{{Step: "topics", Params: model.Params{"features": 6, "topics": 2, "of": "characters"}}}},
	}}
	if e == model.Native {
		plan.Columns[7].Steps = steps("ordinal")
		plan.Columns[0].Steps = nil
	}
	f, _ := mustFit(t, tab, y, features.Options{Encoding: e, Task: model.Binary, Classes: 2, Plan: plan, Monotone: map[string]int8{"age": 1}})
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// exercise runs what was loaded over awkward rows.
func exercise(t *testing.T, f *features.Fitted) {
	t.Helper()
	scratch, out := f.Inputs().Scratch(), model.NewMatrix(f.Features(), 1)
	for round := range 6 {
		for _, c := range scratch.Columns() {
			switch c.Kind {
			case table.Number:
				c.Numbers[0] = []float64{math.NaN(), 0, -1e308, math.Inf(1), 3.5, 1e308}[round]
			case table.Category:
				c.Codes[0] = []int32{-1, 0, 1, math.MaxInt32, math.MinInt32, int32(len(c.Levels)) - 1}[round]
			case table.Text:
				c.Texts[0] = []string{"", "good food", "\xff\xfe", "東京 never", "a", "good good good"}[round]
			case table.Time:
				c.Times[0] = []int64{table.MissingTime, 0, math.MaxInt64, math.MinInt64 + 1, 1, 1e15}[round]
			}
		}
		if err := f.Apply(scratch, out); err != nil {
			t.Fatalf("apply: %v", err)
		}
		for j, x := range out.Values {
			feature := f.Features()[j]
			if f.Encoding() == model.Dense && math.IsNaN(x) {
				t.Fatalf("dense feature %q is missing", feature.Name)
			}
			if feature.Levels > 0 && !math.IsNaN(x) && !(x >= 0 && x < float64(feature.Levels) && x == math.Trunc(x)) {
				t.Fatalf("feature %q is code %v of %d", feature.Name, x, feature.Levels)
			}
			if feature.Levels != len(f.LevelNames(j)) && feature.Levels > 0 {
				t.Fatalf("feature %q has %d levels and %d names", feature.Name, feature.Levels, len(f.LevelNames(j)))
			}
		}
	}
	f.Describe()
}

func FuzzLoad(f *testing.F) {
	for _, e := range []model.Encoding{model.Native, model.Dense} {
		data := small(f, e)
		f.Add(data)
		var whole struct{ Inputs, Columns []json.RawMessage }
		if err := json.Unmarshal(data, &whole); err != nil {
			f.Fatal(err)
		}
		for _, column := range whole.Columns { // one column each: easier to vary
			var name struct{ Column, With string }
			if err := json.Unmarshal(column, &name); err != nil {
				f.Fatal(err)
			}
			var inputs []string
			for _, input := range whole.Inputs {
				if strings.Contains(string(input), `"name":"`+name.Column+`"`) || name.With != "" && strings.Contains(string(input), `"name":"`+name.With+`"`) {
					inputs = append(inputs, string(input))
				}
			}
			f.Add([]byte(`{"format":"bespoke.features","version":1,"encoding":"` + string(e) + `","inputs":[` + strings.Join(inputs, ",") + `],"columns":[` + string(column) + `]}`))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fitted := new(features.Fitted)
		if err := json.Unmarshal(data, fitted); err != nil {
			if len(fitted.Features()) > 0 || len(fitted.Inputs()) > 0 {
				t.Fatal("an error left half of it behind")
			}
			return
		}
		exercise(t, fitted)
		once, err := json.Marshal(fitted)
		if err != nil {
			t.Fatal(err)
		}
		again := new(features.Fitted)
		if err := json.Unmarshal(once, again); err != nil {
			t.Fatalf("what was loaded and written does not load: %v\n%s", err, once)
		}
		exercise(t, again)
	})
}

func TestLoadErrors(t *testing.T) {
	dense, native := string(small(t, model.Dense)), string(small(t, model.Native))
	for _, c := range []struct{ name, from, replace, with, want string }{
		{"not JSON", dense, `{"format"`, `{format`, "invalid character"},
		{"unknown key", dense, `"version":1`, `"version":1,"extra":2`, `unknown field "extra"`},
		{"another format", dense, `"bespoke.features"`, `"bespoke.calibration"`, `format "bespoke.calibration" version 1, want "bespoke.features" version 1`},
		{"a later version", dense, `"version":1`, `"version":2`, "version 2, want"},
		{"encoding", dense, `"encoding":"dense"`, `"encoding":"sparse"`, `encoding "sparse" is neither`},
		{"kind", dense, `"kind":"time"`, `"kind":"date"`, `"date" is none of number, category, text, time`},
		{"role", dense, `"name":"age","kind":"number","role":"feature"`, `"name":"age","kind":"number","role":"target"`, `input "age" has role target`},
		{"input twice", dense, `"name":"income"`, `"name":"age"`, `input "age" appears twice`},
		{"column without input", dense, `{"column":"income"`, `{"column":"outgo"`, `column "outgo": it is not among the inputs`},
		{"step of another kind", dense, `"steps":[{"step":"impute"},{"step":"yeo-johnson"}]`, `"steps":[{"step":"one-hot"},{"step":"yeo-johnson"}]`, "works on a category, not on a number"},
		{"no such step", dense, `{"step":"min-max"}`, `{"step":"max-min"}`, `no step "max-min"`},
		{"too few fitted", dense, `"steps":[{"step":"impute"},{"step":"min-max"}]`, `"steps":[{"step":"impute"}]`, "2 fitted steps for 1 planned"},
		{"dense left missing", dense, `"steps":[{"step":"rare"},{"step":"one-hot"}]`, `"steps":[{"step":"rare"},{"step":"ordinal"}]`, `unknown field "codes"`},
		{"monotone", dense, `"monotone":1`, `"monotone":3`, "monotone is 3"},
		{"monotone without order", native, `{"column":"note",`, `{"column":"note","monotone":1,`, "monotone is 1 for a category"},
		{"levels twice", native, `"levels":["a","b"]`, `"levels":["a","a"]`, `level "a" appears twice`},
		{"levels of a number", native, `"name":"age","kind":"number","role":"feature"`, `"name":"age","kind":"number","role":"feature","levels":["x"]`, "only a category has them"},
		{"fewer levels", dense, `"levels":["a","b"]`, `"levels":["a"]`, "codes has code 1 at 1"},
		{"scales", dense, `"scale":[`, `"scale":[0,`, "scale has 2 numbers, want 1"},
		{"indicators", dense, `"indicators":[0]`, `"indicators":[0,0]`, "indicators are [0 0]"},
		{"hash table", dense, `{"bits":`, `{"bits":4`, "bits is 4"},
		{"falling codes", dense, `"codes":[0,1]`, `"codes":[1,0]`, "want rising codes"},
		{"pair without its second input", dense, `"with":"income","steps":[{"step":"group"}`, `"with":"outgo","steps":[{"step":"group"}`, `"outgo" beside it is not among the inputs`},
		{"a pair's step on one column", dense, `{"column":"job","with":"income"`, `{"column":"job"`, "works on a pair of columns, not on a category"},
		{"a step for one column on a pair", dense, `"with":"income","steps":[{"step":"group"}`, `"with":"income","steps":[{"step":"ordinal"}`, "works on a category, not on a pair of columns"},
		{"pair of other kinds", dense, `"with":"income","steps":[{"step":"group"}`, `"with":"note","steps":[{"step":"group"}`, "group works on a category with a number, not on a category with a category"},
		{"pair of texts", dense, `{"column":"job","with":"income"`, `{"column":"text","with":"income"`, "group works on a category with a number, not on a text with a number"},
		{"group means", dense, `],"deviations":[`, `,1],"deviations":[`, "means has 7 numbers, want 6"},
		{"combine", dense, `"fitted":[{"by":"sum"}`, `"fitted":[{"by":"power"}`, `by is "power"`},
		{"crossed pairs", dense, `{"pairs":[`, `{"pairs":[99,`, "pairs has 99 at 0"},
		{"second direction alone", dense, `{"column":"income","steps"`, `{"column":"income","monotone_with":1,"steps"`, "monotone_with is given for one column"},
		{"second direction", dense, `"with":"note","steps"`, `"with":"note","monotone_with":1,"steps"`, "monotone is 1 for a category"},
		{"lengths of runs", dense, `"low":2,"high":4`, `"low":4,"high":2`, "n-grams of 4 to 2 characters"},
		{"topics", dense, `"topics":{"count":2`, `"topics":{"count":3`, "vectors has 12 numbers, want 18"},
		{"date parts", dense, `"parts":["year",`, `"parts":["hour","year",`, "parts are"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(c.from, c.replace) {
				t.Fatalf("the stored bytes have no %s:\n%s", c.replace, c.from)
			}
			err := json.Unmarshal([]byte(strings.Replace(c.from, c.replace, c.with, 1)), new(features.Fitted))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that contains %q", err, c.want)
			}
		})
	}
}

// TestStoredStepsOfEarlierVersions loads what version 1 wrote and wants what it
// then gave. The files are never rewritten: a bundle of a customer looks like
// them.
func TestStoredStepsOfEarlierVersions(t *testing.T) {
	for _, e := range []model.Encoding{model.Native, model.Dense} {
		path := "testdata/stored.v1." + string(e)
		if _, err := os.Stat(path + ".json"); os.IsNotExist(err) && golden.Updating() {
			if err := os.WriteFile(path+".json", small(t, e), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(path + ".json")
		if err != nil {
			t.Fatal(err)
		}
		f := new(features.Fitted)
		if err := json.Unmarshal(data, f); err != nil {
			t.Fatal(err)
		}
		tab, _ := mixed(t, 60, 77) // other rows
		out := apply(t, f, conform(t, tab, f.Inputs()))
		var b strings.Builder
		for i := range out.Rows {
			// Twelve digits: a logarithm's last bit may differ between processors.
			for _, v := range out.Row(i) {
				fmt.Fprintf(&b, "%.12g ", v)
			}
			b.WriteString("\n")
		}
		golden.Check(t, "testdata/stored.v1."+string(e)+".golden", b.String())
	}
}

// conform gives the columns of a table the level codes of a schema.
func conform(t *testing.T, tab *table.Table, s table.Schema) *table.Table {
	t.Helper()
	var columns []*table.Column
	for _, field := range s {
		c, _ := tab.Column(field.Name)
		if field.Kind == table.Category {
			codes := make([]int32, c.Len())
			for i, code := range c.Codes {
				codes[i] = -1
				if code >= 0 {
					codes[i] = int32(slices.Index(field.Levels, c.Levels[code]))
				}
			}
			c = table.NewCategory(field.Name, codes, field.Levels)
		}
		columns = append(columns, c)
	}
	return newTable(t, columns...)
}
