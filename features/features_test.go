package features_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"bespoke/features"
	"bespoke/model"
	"bespoke/table"

	"github.com/google/go-cmp/cmp"
)

// readCSV reads one of the examples: a column whose cells are all numbers or
// empty is a number, else a category.
func readCSV(t testing.TB, path, target string) *table.Table {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var columns []*table.Column
	for j, name := range lines[0] {
		cells := make([]string, len(lines)-1)
		for i, line := range lines[1:] {
			cells[i] = line[j]
		}
		c := inferred(name, cells)
		if name == target {
			c.Role = table.Target
		}
		columns = append(columns, c)
	}
	out, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func inferred(name string, cells []string) *table.Column {
	numbers := make([]float64, len(cells))
	for i, cell := range cells {
		numbers[i] = math.NaN()
		if cell == "" || cell == "NA" {
			continue
		}
		x, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			return category(name, cells)
		}
		numbers[i] = x
	}
	return table.NewNumber(name, numbers)
}

// category makes a category of spellings; "" is missing.
func category(name string, cells []string) *table.Column {
	levels := slices.Compact(slices.Sorted(slices.Values(cells)))
	levels = slices.DeleteFunc(levels, func(s string) bool { return s == "" })
	codes := make([]int32, len(cells))
	for i, cell := range cells {
		codes[i] = -1
		if at, ok := slices.BinarySearch(levels, cell); ok {
			codes[i] = int32(at)
		}
	}
	return table.NewCategory(name, codes, levels)
}

// mixed is a table with every kind, missing values and awkward columns.
func mixed(t testing.TB, n int, seed uint64) (*table.Table, []float64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	age, income, flag, empty, same, wild := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	job, zip, note, text, when, id := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]int64, n), make([]string, n)
	y := make([]float64, n)
	vocabulary := strings.Fields("good bad service slow fast price high low friendly staff food cold hot never again always")
	for i := range n {
		age[i] = 20 + math.Round(50*rng.Float64())
		income[i] = math.Exp(8 + rng.NormFloat64())
		wild[i] = rng.NormFloat64()
		flag[i] = float64(rng.IntN(2))
		empty[i], same[i] = math.NaN(), 7
		job[i] = []string{"clerk", "smith", "nurse", "pilot", "", "baker"}[rng.IntN(6)]
		zip[i] = fmt.Sprintf("zip%03d", rng.IntN(60))
		note[i] = []string{"a", "b"}[rng.IntN(2)]
		id[i] = fmt.Sprint("id", i)
		for range rng.IntN(6) {
			text[i] += vocabulary[rng.IntN(len(vocabulary))] + " "
		}
		when[i] = 1_600_000_000_000_000 + rng.Int64N(3*365*24)*3600*1_000_000
		if rng.IntN(5) == 0 {
			age[i], when[i] = math.NaN(), table.MissingTime
		}
		if rng.Float64() < 0.1+0.1*flag[i]+float64(zip[i][5]-'0')/12 {
			y[i] = 1
		}
	}
	wild[0], wild[n-1] = 1e9, math.Inf(1)
	return newTableOf(t,
		table.NewNumber("age", age), table.NewNumber("income", income), table.NewNumber("flag", flag),
		table.NewNumber("empty", empty), table.NewNumber("same", same), table.NewNumber("wild", wild),
		category("job", job), category("zip", zip), category("note", note), category("id", id),
		table.NewText("text", text), table.NewTime("when", when),
		category("who", id).As(table.Identifier),
	), y
}

func newTableOf(t testing.TB, columns ...*table.Column) *table.Table {
	t.Helper()
	tab, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// bothEncodings runs the test for trees and for linear models.
func bothEncodings(t *testing.T, test func(t *testing.T, e model.Encoding)) {
	for _, e := range []model.Encoding{model.Native, model.Dense} {
		t.Run(string(e), func(t *testing.T) { test(t, e) })
	}
}

func mustFit(t testing.TB, tab *table.Table, y []float64, opt features.Options) (*features.Fitted, *model.Matrix) {
	t.Helper()
	f, x, err := features.Fit(tab, y, opt)
	if err != nil {
		t.Fatal(err)
	}
	return f, x
}

// sameBits compares two matrices bit for bit.
func sameBits(t testing.TB, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// fill copies a row of a table into a one-row scratch table.
func fill(scratch, from *table.Table, row int) {
	for _, to := range scratch.Columns() {
		c, _ := from.Column(to.Name)
		switch to.Kind {
		case table.Number:
			to.Numbers[0] = c.Numbers[row]
		case table.Category:
			to.Codes[0] = c.Codes[row]
		case table.Text:
			to.Texts[0] = c.Texts[row]
		case table.Time:
			to.Times[0] = c.Times[row]
		}
	}
}

func TestRowEqualsTable(t *testing.T) {
	tab, y := mixed(t, 400, 3)
	bothEncodings(t, func(t *testing.T, e model.Encoding) {
		f, _ := mustFit(t, tab, y, features.Options{Encoding: e, Task: model.Binary, Classes: 2, Seed: 5})
		want := model.NewMatrix(f.Features(), tab.Rows())
		if err := f.Apply(tab, want); err != nil {
			t.Fatal(err)
		}
		one := model.NewMatrix(f.Features(), 1)
		for what, scratch := range map[string]*table.Table{"inputs": f.Inputs().Scratch(), "whole": tab.Schema().Scratch()} {
			for i := range tab.Rows() {
				fill(scratch, tab, i)
				if err := f.Apply(scratch, one); err != nil {
					t.Fatal(err)
				}
				sameBits(t, fmt.Sprint(what, " row ", i), one.Values, want.Row(i))
			}
		}
		part := model.NewMatrix(f.Features(), 57)
		if err := f.ApplyRange(tab, 300, part); err != nil {
			t.Fatal(err)
		}
		sameBits(t, "range", part.Values, want.Values[300*want.Cols():357*want.Cols()])
	})
}

func TestTrainingMatrixIsApplyButForTargetEncoding(t *testing.T) {
	tab, y := mixed(t, 400, 3)
	f, x := mustFit(t, tab, y, features.Options{Encoding: model.Dense, Task: model.Binary, Classes: 2, Seed: 5})
	again := model.NewMatrix(f.Features(), tab.Rows())
	if err := f.Apply(tab, again); err != nil {
		t.Fatal(err)
	}
	differing := map[string]bool{}
	for j, feature := range f.Features() {
		for i := range x.Rows {
			if x.Row(i)[j] != again.Row(i)[j] {
				differing[feature.Name] = true
			}
		}
	}
	if diff := cmp.Diff(map[string]bool{"zip (target)": true}, differing); diff != "" {
		t.Errorf("features that differ (-want +got):\n%s", diff)
	}
}

func TestDenseIsFiniteAndScaled(t *testing.T) {
	tab, y := mixed(t, 500, 9)
	f, x := mustFit(t, tab, y, features.Options{Encoding: model.Dense, Task: model.Binary, Classes: 2})
	for j, feature := range f.Features() {
		sum := 0.0
		for i := range x.Rows {
			v := x.Row(i)[j]
			if math.IsNaN(v) || math.Abs(v) > 25 {
				t.Fatalf("feature %q: row %d is %v, want a finite number of ordinary size", feature.Name, i, v)
			}
			sum += v * v
		}
		if sum == 0 {
			t.Errorf("feature %q is 0 in all training rows", feature.Name)
		}
	}
	scratch := f.Inputs().Scratch() // everything missing
	one := model.NewMatrix(f.Features(), 1)
	if err := f.Apply(scratch, one); err != nil {
		t.Fatal(err)
	}
	for j, v := range one.Values {
		if math.IsNaN(v) {
			t.Errorf("feature %q is missing in a row where all is missing", f.Features()[j].Name)
		}
	}
}

func TestNoAllocationPerRow(t *testing.T) {
	tab, y := mixed(t, 400, 3)
	bothEncodings(t, func(t *testing.T, e model.Encoding) {
		f, _ := mustFit(t, tab, y, features.Options{Encoding: e, Task: model.Binary, Classes: 2})
		scratch, one := f.Inputs().Scratch(), model.NewMatrix(f.Features(), 1)
		fill(scratch, tab, 11)
		if n := testing.AllocsPerRun(200, func() {
			if err := f.Apply(scratch, one); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations per row, want 0 (text included)", n)
		}
	})
}

func TestConcurrentApply(t *testing.T) {
	tab, y := mixed(t, 300, 4)
	f, _ := mustFit(t, tab, y, features.Options{Encoding: model.Dense, Task: model.Binary, Classes: 2})
	want := model.NewMatrix(f.Features(), tab.Rows())
	if err := f.Apply(tab, want); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got := model.NewMatrix(f.Features(), tab.Rows())
			if err := f.Apply(tab, got); err != nil || !slices.Equal(got.Values, want.Values) {
				t.Errorf("another goroutine got something else: %v", err)
			}
		})
	}
	group.Wait()
}

func TestSameSeedSameBytes(t *testing.T) {
	tab, y := mixed(t, 300, 4)
	bothEncodings(t, func(t *testing.T, e model.Encoding) {
		opt := features.Options{Encoding: e, Task: model.Binary, Classes: 2, Seed: 8}
		f, x := mustFit(t, tab, y, opt)
		g, z := mustFit(t, tab, y, opt)
		a, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		if string(a) != string(b) {
			t.Error("the stored bytes differ")
		}
		sameBits(t, "training rows", x.Values, z.Values)
	})
}

func TestStoredStepsGiveTheSameBits(t *testing.T) {
	tab, y := mixed(t, 400, 3)
	bothEncodings(t, func(t *testing.T, e model.Encoding) {
		f, _ := mustFit(t, tab, y, features.Options{Encoding: e, Task: model.Binary, Classes: 2, Monotone: map[string]int8{"age": 1, "when": -1}})
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		g := new(features.Fitted)
		if err := json.Unmarshal(data, g); err != nil {
			t.Fatal(err)
		}
		want, got := model.NewMatrix(f.Features(), tab.Rows()), model.NewMatrix(g.Features(), tab.Rows())
		if err := f.Apply(tab, want); err != nil {
			t.Fatal(err)
		}
		if err := g.Apply(tab, got); err != nil {
			t.Fatal(err)
		}
		sameBits(t, "loaded", got.Values, want.Values)
		for what, pair := range map[string][2]any{
			"features": {f.Features(), g.Features()},
			"inputs":   {f.Inputs(), g.Inputs()},
			"describe": {f.Describe(), g.Describe()},
			"plan":     {f.Plan(), g.Plan()},
		} {
			if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
				t.Errorf("%s (-fitted +loaded):\n%s", what, diff)
			}
		}
		again, err := json.Marshal(g)
		if err != nil || string(again) != string(data) {
			t.Errorf("written again, the bytes differ (%v)", err)
		}
	})
}

func TestPlanOfFittedFitsAgain(t *testing.T) {
	tab, y := mixed(t, 400, 3)
	bothEncodings(t, func(t *testing.T, e model.Encoding) {
		opt := features.Options{Encoding: e, Task: model.Binary, Classes: 2, Seed: 2}
		f, x := mustFit(t, tab, y, opt)
		data, err := json.Marshal(f.Plan())
		if err != nil {
			t.Fatal(err)
		}
		var plan features.Plan
		if err := json.Unmarshal(data, &plan); err != nil {
			t.Fatal(err)
		}
		opt.Plan = &plan
		_, z := mustFit(t, tab, y, opt)
		sameBits(t, "training rows", z.Values, x.Values)
	})
}

func TestUnseenAndMissing(t *testing.T) {
	levels := []string{"a", "b", "c", "never"}
	codes := []int32{0, 1, 2, 0, 1, 2, 0, 1, 2, 0}
	holes := slices.Clone(codes)
	holes[3] = -1
	nan := math.NaN()
	for name, c := range map[string]struct {
		codes []int32
		steps []features.StepPlan
		fresh []int32
		want  [][]float64
	}{
		"ordinal": {codes, steps("ordinal"), []int32{2, 3, -1}, [][]float64{{2}, {nan}, {nan}}},
		"one-hot": {codes, steps("one-hot"), []int32{2, 3, -1}, [][]float64{{0, 0, 1}, {0, 0, 0}, {0, 0, 0}}},
		"one-hot with missing": {
			holes, steps("one-hot"),
			[]int32{0, -1, 3},
			[][]float64{{1, 0, 0, 0}, {0, 0, 0, 1}, {0, 0, 0, 0}},
		},
		"one-hot first dropped": {
			codes,
			[]features.StepPlan{{Step: "one-hot", Params: model.Params{"drop": "first"}}},
			[]int32{0, 1, 2},
			[][]float64{{0, 0}, {1, 0}, {0, 1}},
		},
		"rare": {
			codes,
			[]features.StepPlan{{Step: "rare", Params: model.Params{"rows": 4}}, {Step: "one-hot"}},
			[]int32{0, 1, 2, 3, -1},
			[][]float64{{1, 0}, {0, 1}, {0, 1}, {0, 1}, {0, 1}},
		},
		"rare with missing": {
			holes,
			[]features.StepPlan{{Step: "rare", Params: model.Params{"levels": 1}}, {Step: "ordinal"}},
			[]int32{0, 1, 2, 3, -1},
			[][]float64{{0}, {0}, {0}, {0}, {nan}},
		},
		"frequency": {holes, steps("frequency"), []int32{0, 1, 3, -1}, [][]float64{{0.3}, {0.3}, {0}, {0.1}}},
		"most frequent": {
			holes,
			[]features.StepPlan{{Step: "impute", Params: model.Params{"with": "most-frequent"}}, {Step: "ordinal"}},
			[]int32{2, -1},
			[][]float64{{2}, {0}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := fitOne(t, table.NewCategory("c", c.codes, levels), nil, features.Options{}, c.steps...)
			got := apply(t, f, newTable(t, table.NewCategory("c", c.fresh, levels)))
			for i, want := range c.want {
				if !slices.EqualFunc(got.Row(i), want, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
					t.Errorf("code %d: %v, want %v", c.fresh[i], got.Row(i), want)
				}
			}
		})
	}
}

func steps(names ...string) []features.StepPlan {
	out := make([]features.StepPlan, len(names))
	for i, n := range names {
		out[i].Step = n
	}
	return out
}
