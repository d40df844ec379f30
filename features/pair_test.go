package features_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"bespoke/features"
	"bespoke/model"
	"bespoke/table"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// pairs is a small table whose derived features can be counted by hand.
func pairs(t *testing.T) *table.Table {
	t.Helper()
	nan := math.NaN()
	day := int64(24 * 3600 * 1_000_000)
	return newTable(t,
		table.NewNumber("x", []float64{1, 2, 3, 10, nan, 6}),
		table.NewNumber("y", []float64{2, 0, 4, 5, 1, nan}),
		category("c", []string{"a", "a", "a", "b", "b", ""}),
		category("d", []string{"p", "p", "q", "q", "p", "p"}),
		table.NewTime("from", []int64{0, day, 2 * day, day, 5 * day, table.MissingTime}),
		table.NewTime("to", []int64{day, day / 2, 4 * day, table.MissingTime, 2 * day, 0}),
	)
}

// derived fits one extra and gives its features and rows.
func derived(t *testing.T, e features.Extra, opt features.Options) ([]model.Feature, [][]float64) {
	t.Helper()
	tab := pairs(t)
	opt.Encoding, opt.Extras = model.Native, []features.Extra{e}
	f, x := mustFit(t, tab, []float64{0, 1, 2, 3, 4, 5}, opt)
	var at []int
	var list []model.Feature
	for j, feature := range f.Features() {
		if feature.With != "" {
			at, list = append(at, j), append(list, feature)
		}
	}
	rows := make([][]float64, x.Rows)
	for i := range rows {
		for _, j := range at {
			rows[i] = append(rows[i], x.Row(i)[j])
		}
	}
	return list, rows
}

func TestDerivedByHand(t *testing.T) {
	nan := math.NaN()
	deviationOfAll := math.Sqrt((3.4*3.4 + 2.4*2.4 + 1.4*1.4 + 5.6*5.6 + 1.6*1.6) / 5)
	third := math.Sqrt(2.0 / 3)
	for _, c := range []struct {
		extra features.Extra
		names []string
		want  [][]float64
	}{
		{
			features.Extra{Step: "combine", Params: model.Params{"by": "sum"}, Columns: []string{"x", "y"}},
			[]string{"x + y"},
			[][]float64{{3}, {2}, {7}, {15}, {nan}, {nan}},
		},
		{
			features.Extra{Step: "combine", Columns: []string{"x", "y"}},
			[]string{"x - y"},
			[][]float64{{-1}, {2}, {-1}, {5}, {nan}, {nan}},
		},
		{
			features.Extra{Step: "combine", Params: model.Params{"by": "product"}, Columns: []string{"x", "y"}},
			[]string{"x * y"},
			[][]float64{{2}, {0}, {12}, {50}, {nan}, {nan}},
		},
		{
			features.Extra{Step: "combine", Params: model.Params{"by": "ratio"}, Columns: []string{"x", "y"}},
			[]string{"x / y"},
			[][]float64{{0.5}, {nan}, {0.75}, {2}, {nan}, {nan}},
		},
		{
			features.Extra{Step: "between", Columns: []string{"to", "from"}},
			[]string{"days from from to to"},
			[][]float64{{1}, {-0.5}, {2}, {nan}, {-3}, {nan}},
		},
		{
			features.Extra{Step: "group", Params: model.Params{"rows": 0.0}, Columns: []string{"c", "x"}},
			[]string{"x by c (mean)", "x by c (deviation)", "x by c (difference)", "x by c (rows)"},
			[][]float64{{2, third, -1, 3}, {2, third, 0, 3}, {2, third, 1, 3}, {10, 0, 0, 2}, {10, 0, nan, 2}, {6, 0, 0, 1}},
		},
		{ // three numbers of a and one of all
			features.Extra{Step: "group", Columns: []string{"c", "x"}},
			[]string{"x by c (mean)", "x by c (deviation)", "x by c (difference)", "x by c (rows)"},
			[][]float64{
				{2.6, 0.75*third + deviationOfAll/4, -1.6, 3},
				{2.6, 0.75*third + deviationOfAll/4, -0.6, 3},
				{2.6, 0.75*third + deviationOfAll/4, 0.4, 3},
				{7.2, deviationOfAll / 2, 2.8, 2},
				{7.2, deviationOfAll / 2, nan, 2},
				{5.2, deviationOfAll / 2, 0.8, 1},
			},
		},
	} {
		t.Run(fmt.Sprint(c.extra, c.extra.Params), func(t *testing.T) {
			got, rows := derived(t, c.extra, features.Options{})
			var names []string
			for _, f := range got {
				names = append(names, f.Name)
				if f.Source != c.extra.Columns[0] || f.With != c.extra.Columns[1] {
					t.Errorf("%s is said to be made of %q and %q", f.Name, f.Source, f.With)
				}
			}
			if !slices.Equal(names, c.names) {
				t.Errorf("features %q, want %q", names, c.names)
			}
			if d := cmp.Diff(c.want, rows, cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-12)); d != "" {
				t.Error(d)
			}
		})
	}
}

// A cross keeps the pairs that are common enough; its target encoding is that
// of a column which holds the pairs as levels, out of fold too.
func TestCrossIsTheCategoryOfPairs(t *testing.T) {
	tab, y := mixed(t, 600, 8)
	job, _ := tab.Column("job")
	note, _ := tab.Column("note")
	names := make([]string, tab.Rows())
	for i := range names {
		names[i] = "(missing)"
		if job.Codes[i] >= 0 {
			names[i] = job.Levels[job.Codes[i]]
		}
		names[i] += " & " + note.Levels[note.Codes[i]]
	}
	tab = newTable(t, job, note, category("both", names))
	for _, target := range []struct {
		task    model.Task
		classes int
	}{{model.Binary, 2}, {model.Multiclass, 3}, {model.Regression, 0}} {
		for i := range y {
			if target.classes == 3 {
				y[i] = float64((i + int(job.Codes[i]) + 1) % 3)
			}
		}
		fixed := model.Params{"shrink": "fixed"}
		plan := &features.Plan{Encoding: model.Native, Columns: []features.ColumnPlan{
			{Column: "job", With: "note", Steps: []features.StepPlan{{Step: "cross"}, {Step: "target", Params: fixed}}},
			{Column: "both", Steps: []features.StepPlan{{Step: "target", Params: fixed}}},
			{Column: "job", Drop: true},
			{Column: "note", Drop: true},
		}}
		_, x := mustFit(t, tab, y, features.Options{Encoding: model.Native, Task: target.task, Classes: target.classes, Seed: 2, Plan: plan})
		w := x.Cols() / 2
		for i := range x.Rows {
			if a, b := x.Row(i)[:w], x.Row(i)[w:]; !slices.Equal(a, b) {
				t.Fatalf("%v: row %d (%s): %v by cross, %v by its own column", target.task, i, names[i], a, b)
			}
		}
	}
}

// What is learnt does not look at rows that are applied, and a level that no
// training row has gets the numbers of all.
func TestGroupOfUnseenLevel(t *testing.T) {
	train := newTable(t, table.NewCategory("c", []int32{0, 0, 1, 1}, []string{"a", "b", "new"}), table.NewNumber("x", []float64{1, 3, 5, 7}))
	f, _ := mustFit(t, train, []float64{0, 1, 0, 1}, features.Options{
		Encoding: model.Native, Task: model.Binary, Classes: 2, Extras: []features.Extra{{Step: "group", Columns: []string{"c", "x"}}},
	})
	row := apply(t, f, newTable(t, table.NewCategory("c", []int32{2}, []string{"a", "b", "new"}), table.NewNumber("x", []float64{100}))).Row(0)
	if got := row[len(row)-4:]; !slices.Equal(got, []float64{4, math.Sqrt(5), 96, 0}) {
		t.Errorf("an unseen level gives %v, want the mean and deviation of all, and no row", got)
	}
}

func TestExtraDirections(t *testing.T) {
	for _, c := range []struct {
		extra features.Extra
		wish  map[string]int8
		want  []int8
		err   string
	}{
		{features.Extra{Step: "combine", Params: model.Params{"by": "sum"}, Columns: []string{"x", "y"}}, map[string]int8{"x": 1}, []int8{1}, ""},
		{features.Extra{Step: "combine", Params: model.Params{"by": "sum"}, Columns: []string{"x", "y"}}, map[string]int8{"x": 1, "y": -1}, nil, "monotone in opposite ways"},
		{features.Extra{Step: "combine", Columns: []string{"x", "y"}}, map[string]int8{"x": 1, "y": -1}, []int8{1}, ""},
		{features.Extra{Step: "combine", Columns: []string{"x", "y"}}, map[string]int8{"y": 1}, []int8{-1}, ""},
		{features.Extra{Step: "combine", Columns: []string{"x", "y"}}, map[string]int8{"x": 1, "y": 1}, nil, "monotone in opposite ways"},
		{features.Extra{Step: "combine", Params: model.Params{"by": "product"}, Columns: []string{"x", "y"}}, map[string]int8{"y": 1}, nil, "product has no direction"},
		{features.Extra{Step: "combine", Params: model.Params{"by": "ratio"}, Columns: []string{"x", "y"}}, map[string]int8{"x": 1}, nil, "ratio has no direction"},
		{features.Extra{Step: "group", Columns: []string{"c", "x"}}, map[string]int8{"x": -1}, []int8{0, 0, -1, 0}, ""},
		{features.Extra{Step: "between", Columns: []string{"to", "from"}}, map[string]int8{"to": 1}, []int8{1}, ""},
		{features.Extra{Step: "between", Columns: []string{"to", "from"}}, map[string]int8{"to": 1, "from": 1}, nil, "have no direction"},
		{features.Extra{Step: "group", Columns: []string{"c"}}, nil, nil, `features: plan: group of c: step "group": works on a pair of columns, not on a category`},
		{features.Extra{Step: "group", Columns: []string{"x", "c"}}, nil, nil, "group works on a category with a number, not on a number with a category"},
		{features.Extra{Step: "cross", Columns: []string{"x", "c"}}, nil, nil, "cross works on a category with a category"},
		{features.Extra{Step: "combine", Columns: []string{"x", "who"}}, nil, nil, `"who" is not a feature column`},
		{features.Extra{Step: "combine", Columns: []string{"x", "y", "c"}}, nil, nil, "3 columns, want 1 or 2"},
		{features.Extra{Step: "fold", Columns: []string{"x"}}, nil, nil, `no step "fold"`},
	} {
		_, _, err := features.Fit(pairs(t), make([]float64, 6), features.Options{Encoding: model.Native, Monotone: c.wish, Extras: []features.Extra{c.extra}})
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v with %v: error %v, want one with %q", c.extra, c.wish, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v with %v: %v", c.extra, c.wish, err)
			continue
		}
		list, _ := derived(t, c.extra, features.Options{Monotone: c.wish})
		var got []int8
		for _, f := range list {
			got = append(got, f.Monotone)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v with %v: directions %v, want %v", c.extra, c.wish, got, c.want)
		}
	}
}

// every extra that the mixed table allows.
var extras = []features.Extra{
	{Step: "group", Columns: []string{"job", "income"}},
	{Step: "combine", Params: model.Params{"by": "ratio"}, Columns: []string{"income", "age"}},
	{Step: "combine", Params: model.Params{"by": "product"}, Columns: []string{"wild", "wild"}},
	{Step: "cross", Columns: []string{"flagged", "zip"}},
	{Step: "between", Columns: []string{"when", "then"}},
	{Step: "target", Columns: []string{"zip"}},
	{Step: "frequency", Columns: []string{"job"}},
	{Step: "date", Params: model.Params{"cyclic": "yes"}, Columns: []string{"when"}},
	{Step: "n-grams", Columns: []string{"text"}},
	{Step: "topics", Params: model.Params{"topics": 3}, Columns: []string{"text"}},
	{Step: "group", Columns: []string{"job", "same"}},
}

// enriched is the mixed table with a second time and a category that goes with
// the outcome.
func enriched(t testing.TB, n int, seed uint64) (*table.Table, []float64) {
	t.Helper()
	tab, y := mixed(t, n, seed)
	when, _ := tab.Column("when")
	flag, _ := tab.Column("flag")
	then, flagged := slices.Clone(when.Times), make([]string, n)
	slices.Reverse(then)
	for i := range n {
		flagged[i] = []string{"no", "yes"}[int(flag.Numbers[i])]
	}
	tab, err := table.New(append(tab.Columns(), table.NewTime("then", then), category("flagged", flagged))...)
	if err != nil {
		t.Fatal(err)
	}
	return tab, y
}

// A training table, one row of a server's scratch table, and both after saving
// and loading give the same bits, without allocation.
func TestExtrasOnePath(t *testing.T) {
	for _, e := range []model.Encoding{model.Native, model.Dense} {
		for _, task := range []struct {
			task    model.Task
			classes int
		}{{model.Binary, 2}, {model.Regression, 0}} {
			tab, y := enriched(t, 400, 9)
			f, x := mustFit(t, tab, y, features.Options{Encoding: e, Task: task.task, Classes: task.classes, Seed: 4, Extras: extras})
			last := f.Describe()[len(f.Describe())-1]
			if !last.Dropped || last.With != "same" || !strings.Contains(last.Reason, "same: All training rows have the same value") {
				t.Errorf("a group of a constant: %+v", last)
			}
			data, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			loaded := new(features.Fitted)
			if err := json.Unmarshal(data, loaded); err != nil {
				t.Fatal(err)
			}
			whole := applied(t, f, tab)
			conformed, _, err := tab.Conform(f.Inputs())
			if err != nil {
				t.Fatal(err)
			}
			scratch, out := f.Inputs().Scratch(), model.NewMatrix(f.Features(), 1)
			for i := range tab.Rows() {
				for j, c := range scratch.Columns() {
					from := conformed.Columns()[j]
					switch c.Kind {
					case table.Number:
						c.Numbers[0] = from.Numbers[i]
					case table.Category:
						c.Codes[0] = from.Codes[i]
					case table.Text:
						c.Texts[0] = from.Texts[i]
					case table.Time:
						c.Times[0] = from.Times[i]
					}
				}
				for _, g := range []*features.Fitted{f, loaded} {
					if err := g.Apply(scratch, out); err != nil {
						t.Fatal(err)
					}
					for j, v := range out.Values {
						if math.Float64bits(v) != math.Float64bits(whole.Row(i)[j]) {
							t.Fatalf("row %d, %s: %v served, %v in the table", i, f.Features()[j].Name, v, whole.Row(i)[j])
						}
						ownFold := strings.Contains(f.Features()[j].Name, "(target)")
						if !ownFold && math.Float64bits(v) != math.Float64bits(x.Row(i)[j]) {
							t.Fatalf("row %d, %s: %v served, %v learnt from", i, f.Features()[j].Name, v, x.Row(i)[j])
						}
					}
				}
			}
			if n := testing.AllocsPerRun(100, func() { _ = f.Apply(scratch, out) }); n != 0 {
				t.Errorf("Apply makes %v allocations, want 0", n)
			}
		}
	}
}

// A ratio by nearly nothing must not drown a weighted sum: it is bounded at 20
// quartile distances.
func TestWildRatioIsBounded(t *testing.T) {
	n := 40
	a, b, y := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		a[i], b[i], y[i] = float64(i), 1+float64(i%3), float64(i%2)
	}
	b[7] = 1e-200
	f, x := mustFit(t, newTable(t, table.NewNumber("a", a), table.NewNumber("b", b)), y, features.Options{
		Encoding: model.Dense, Task: model.Binary, Classes: 2,
		Extras: []features.Extra{{Step: "combine", Params: model.Params{"by": "ratio"}, Columns: []string{"a", "b"}}},
	})
	j := slices.IndexFunc(f.Features(), func(f model.Feature) bool { return f.Name == "a / b" })
	if got := x.Row(7)[j]; got != 20 {
		t.Errorf("a ratio of 7e200 becomes %v, want 20", got)
	}
}
