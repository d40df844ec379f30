package data_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bespoke/data"
	"bespoke/scenario"
	"bespoke/table"
)

func outcomes(codes []int32) *table.Column {
	return table.NewCategory("y", codes, []string{"no", "yes"}).As(table.Target)
}

func tableOf(t interface {
	Fatal(...any)
	Helper()
}, columns ...*table.Column,
) *table.Table {
	t.Helper()
	out, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// partitions checks what holds for every split.
func partitions(t *rapid.T, s table.Split, rows int) {
	place := make([]int, rows)
	for _, list := range append([][]int{s.Test}, s.Development) {
		if !slices.IsSorted(list) {
			t.Fatal("a list is not sorted")
		}
		for _, r := range list {
			place[r]++
		}
	}
	for r, n := range place {
		if n != 1 {
			t.Fatalf("row %d is in %d places", r, n)
		}
	}
	in := map[int]int{}
	for _, f := range append(slices.Clone(s.Folds), s.First) {
		for _, r := range f {
			in[r]++
		}
	}
	if len(in) != len(s.Development) {
		t.Fatalf("%d of %d development rows are in a fold", len(in), len(s.Development))
	}
	for _, r := range s.Test {
		if in[r] != 0 {
			t.Fatalf("held-out row %d is in a fold", r)
		}
	}
	for k, f := range s.Folds {
		training := s.Training(k)
		for _, r := range f {
			if slices.Contains(training, r) {
				t.Fatalf("row %d validates fold %d and trains it", r, k)
			}
		}
	}
}

func TestRandomSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(10, 400).Draw(t, "rows")
		positives := rapid.IntRange(3, n-3).Draw(t, "positives")
		codes := make([]int32, n)
		for i := range codes {
			if i*positives/n != (i+1)*positives/n {
				codes[i] = 1
			}
		}
		seed := rapid.Uint64().Draw(t, "seed")
		want := scenario.Split{Test: scenario.Percent(rapid.Float64Range(0.05, 0.5).Draw(t, "test")), Folds: rapid.IntRange(2, 8).Draw(t, "folds")}
		in := tableOf(t, outcomes(codes))
		s, err := data.Split(in, want, "y", seed)
		if err != nil {
			t.Fatal(err)
		}
		partitions(t, s, n)
		if off := len(s.Test) - int(float64(want.Test)*float64(n)+0.5); off < -2 || off > 2 {
			t.Fatalf("%d of %d rows held out, want %v", len(s.Test), n, want.Test)
		}
		held := count(codes, s.Test)
		if expected := float64(positives) * float64(len(s.Test)) / float64(n); float64(held) < expected-1.5 || float64(held) > expected+1.5 {
			t.Fatalf("%d positives held out, expected %.1f", held, expected)
		}
		sizes, parts := []int{}, []int{}
		for _, f := range s.Folds {
			sizes = append(sizes, len(f))
			parts = append(parts, count(codes, f))
		}
		if slices.Max(sizes)-slices.Min(sizes) > 1 || slices.Max(parts)-slices.Min(parts) > 1 {
			t.Fatalf("folds have %v rows and %v positives", sizes, parts)
		}
		again, err := data.Split(in, want, "y", seed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Fatalf("the same seed gives another split: %s", diff)
		}
	})
}

func count(codes []int32, rows []int) int {
	n := 0
	for _, r := range rows {
		n += int(codes[r])
	}
	return n
}

func TestSeedsDiffer(t *testing.T) {
	codes := make([]int32, 200)
	for i := range codes {
		codes[i] = int32(i % 2)
	}
	in := tableOf(t, outcomes(codes))
	want := scenario.Split{Test: 0.2, Folds: 5}
	a, err := data.Split(in, want, "y", 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := data.Split(in, want, "y", 2)
	if err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(a.Test, b.Test) {
		t.Error("two seeds hold out the same rows")
	}
}

func TestRegressionSplitHasTheWholeRange(t *testing.T) {
	y := make([]float64, 500)
	for i := range y {
		y[i] = float64(i * i)
	}
	s, err := data.Split(tableOf(t, table.NewNumber("y", y)), scenario.Split{Test: 0.2, Folds: 5}, "y", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range append(slices.Clone(s.Folds), s.Test) {
		tenths := make([]int, 10)
		for _, r := range list {
			tenths[r/50]++
		}
		if slices.Min(tenths) < len(list)/10-1 || slices.Max(tenths) > len(list)/10+1 {
			t.Errorf("%d rows over the tenths of the target: %v", len(list), tenths)
		}
	}
}

func TestTimeSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(30, 200).Draw(t, "rows")
		moments := rapid.IntRange(10, 300).Draw(t, "moments")
		times, codes := make([]int64, n), make([]int32, n)
		for i := range times {
			times[i] = int64(rapid.IntRange(0, moments).Draw(t, "time"))
			codes[i] = int32(i % 2)
		}
		in := tableOf(t, table.NewTime("when", times), outcomes(codes))
		s, err := data.Split(in, scenario.Split{Test: 0.25, Folds: 3, By: scenario.SplitBy{Time: "when"}}, "y", 1)
		if err != nil {
			if strings.Contains(err.Error(), "one outcome only") || strings.Contains(err.Error(), "too few different moments") {
				return
			}
			t.Fatal(err)
		}
		partitions(t, s, n)
		if !s.Forward {
			t.Fatal("a split by time must go forward")
		}
		before(t, times, s.Development, s.Test)
		last := s.First
		for k, f := range s.Folds {
			before(t, times, last, f)
			before(t, times, s.Training(k), f)
			last = f
		}
	})
}

// before checks that every time of a is before every time of b.
func before(t *rapid.T, times []int64, a, b []int) {
	for _, r := range a {
		for _, q := range b {
			if times[r] >= times[q] {
				t.Fatalf("row %d at %d is not before row %d at %d", r, times[r], q, times[q])
			}
		}
	}
}

func TestGroupSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(40, 200).Draw(t, "rows")
		groups := rapid.IntRange(12, 40).Draw(t, "groups")
		codes, ids := make([]int32, n), make([]float64, n)
		for i := range codes {
			codes[i] = int32(i % 2)
			ids[i] = float64(rapid.IntRange(1, groups).Draw(t, "group"))
		}
		in := tableOf(t, table.NewNumber("customer", ids), outcomes(codes))
		s, err := data.Split(in, scenario.Split{Test: 0.2, Folds: 4, By: scenario.SplitBy{Group: "customer"}}, "y", 3)
		if err != nil {
			t.Fatal(err)
		}
		partitions(t, s, n)
		place := map[float64]int{}
		for k, list := range append(slices.Clone(s.Folds), s.Test) {
			for _, r := range list {
				if at, known := place[ids[r]]; known && at != k {
					t.Fatalf("group %v is in two places", ids[r])
				}
				place[ids[r]] = k
			}
		}
	})
}

func TestSplitRefuses(t *testing.T) {
	codes := func(n, positives int) []int32 {
		c := make([]int32, n)
		for i := range positives {
			c[i*n/positives] = 1
		}
		return c
	}
	numbers := func(n int, f func(i int) float64) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = f(i)
		}
		return x
	}
	split := scenario.Split{Test: 0.2, Folds: 5}
	by := func(b scenario.SplitBy) scenario.Split { s := split; s.By = b; return s }
	for _, c := range []struct {
		name   string
		table  *table.Table
		split  scenario.Split
		target string
		want   string
	}{
		{"too few rows", tableOf(t, outcomes(codes(5, 2))), split, "y", "5 rows are too few"},
		{"one row of an outcome", tableOf(t, outcomes(codes(50, 1))), split, "y", `outcome "yes" of "y" has 1 rows; at least 3`},
		{"one outcome", tableOf(t, outcomes(make([]int32, 50))), split, "y", `outcome "yes" of "y" has 0 rows`},
		{"no target", tableOf(t, outcomes(codes(50, 9))), split, "z", `no target "z"`},
		{"a share of nothing", tableOf(t, outcomes(codes(50, 9))), scenario.Split{Folds: 5}, "y", "must be a share between 0 and 1"},
		{"one fold", tableOf(t, outcomes(codes(50, 9))), scenario.Split{Test: 0.2, Folds: 1}, "y", "must be at least 2"},
		{"both ways", tableOf(t, outcomes(codes(50, 9))), by(scenario.SplitBy{Time: "a", Group: "b"}), "y", "choose one"},
		{"no time column", tableOf(t, outcomes(codes(50, 9))), by(scenario.SplitBy{Time: "a"}), "y", `no column "a"`},
		{"no time passes", tableOf(t, outcomes(codes(50, 9)), table.NewNumber("a", make([]float64, 50))), by(scenario.SplitBy{Time: "a"}), "y", "all rows have the same"},
		{"time in words", tableOf(t, outcomes(codes(50, 9)), table.NewText("a", make([]string, 50))), by(scenario.SplitBy{Time: "a"}), "y", "it must be a time or a number"},
		{
			"the newest have one outcome", tableOf(t, outcomes(append(codes(30, 9), make([]int32, 20)...)), table.NewNumber("a", numbers(50, func(i int) float64 { return float64(i) }))),
			by(scenario.SplitBy{Time: "a"}), "y", "the held-out rows have one outcome only",
		},
		{"two groups", tableOf(t, outcomes(codes(50, 9)), table.NewNumber("a", numbers(50, func(i int) float64 { return float64(i % 2) }))), by(scenario.SplitBy{Group: "a"}), "y", "at least 3 are needed"},
		{
			"an outcome in one group", tableOf(t, outcomes(codes(50, 5)), table.NewNumber("a", numbers(50, func(i int) float64 {
				if codes(50, 5)[i] == 1 {
					return -1
				}
				return float64(i)
			}))), by(scenario.SplitBy{Group: "a"}), "y", "one outcome only",
		},
	} {
		_, err := data.Split(c.table, c.split, c.target, 1)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
	}
}

func TestRareOutcomesLowerTheFolds(t *testing.T) {
	codes := make([]int32, 100)
	codes[10], codes[50], codes[90], codes[95] = 1, 1, 1, 1
	s, err := data.Split(tableOf(t, outcomes(codes)), scenario.Split{Test: 0.2, Folds: 5}, "y", 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Folds) != 3 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], `folds were lowered to 3, because outcome "yes" has 3 rows`) {
		t.Errorf("%d folds, notes %v", len(s.Folds), s.Notes)
	}
	if n := count(codes, s.Test); n != 1 {
		t.Errorf("%d positives held out", n)
	}
	l := &data.Loaded{Table: tableOf(t, outcomes(codes), table.NewNumber("x", make([]float64, 100))), Target: "y"}
	c, err := data.Check(l, scenario.Data{Target: "y"}, s, 1, 1)
	if err != nil || !hasFinding(c.Findings, "folds were lowered to 3") {
		t.Errorf("the note is not among the findings: %v, error %v", c, err)
	}
	many := make([]int32, 100)
	levels := []string{"a", "b", "c", "once"}
	for i := range many {
		many[i] = int32(i % 3)
	}
	many[7] = 3
	s, err = data.Split(tableOf(t, table.NewCategory("y", many, levels)), scenario.Split{Test: 0.2, Folds: 5}, "y", 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Notes) != 1 || !strings.Contains(s.Notes[0], `"once" has only 1 rows`) || slices.Contains(s.Test, 7) {
		t.Errorf("notes %v", s.Notes)
	}
}

func ExampleSplit() {
	codes := make([]int32, 20)
	for i := range codes {
		codes[i] = int32(i % 2)
	}
	t, _ := table.New(table.NewCategory("churn", codes, []string{"no", "yes"}))
	s, err := data.Split(t, scenario.Split{Test: 0.2, Folds: 4}, "churn", 1)
	fmt.Println(s.By, len(s.Test), len(s.Development), len(s.Folds), err)
	// Output: random, stratified by churn 4 16 4 <nil>
}
