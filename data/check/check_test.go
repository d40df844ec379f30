package check_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bespoke/data/check"
	"bespoke/model"
	"bespoke/table"
)

const rows = 400

// stage makes an input of columns beside a binary target that no column knows;
// every fifth row is held out.
func stage(t *testing.T, split bool, columns ...*table.Column) check.Input {
	t.Helper()
	codes := make([]int32, rows)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range codes {
		codes[i] = int32(r.IntN(2))
	}
	return stageWith(t, split, table.NewCategory("y", codes, []string{"no", "yes"}), model.Binary, columns...)
}

func stageWith(t *testing.T, split bool, target *table.Column, task model.Task, columns ...*table.Column) check.Input {
	t.Helper()
	tab, err := table.New(append(slices.Clone(columns), target.As(table.Target))...)
	if err != nil {
		t.Fatal(err)
	}
	in := check.Input{Table: tab, Target: target.Name, Task: task, Threads: 2, Seed: 1}
	if split {
		s := &table.Split{}
		for i := range tab.Rows() {
			if i%5 == 0 {
				s.Test = append(s.Test, i)
			} else {
				s.Development = append(s.Development, i)
			}
		}
		in.Split = s
	}
	return in
}

func target(in check.Input) []int32 { c, _ := in.Table.Column(in.Target); return c.Codes }

func number(name string, f func(i int) float64) *table.Column {
	x := make([]float64, rows)
	for i := range x {
		x[i] = f(i)
	}
	return table.NewNumber(name, x)
}

func words(name string, f func(i int) string) *table.Column {
	x := make([]string, rows)
	for i := range x {
		x[i] = f(i)
	}
	return table.NewText(name, x)
}

// noise is a column that says nothing.
func noise(name string, seed uint64) *table.Column {
	r := rand.New(rand.NewPCG(seed, 77))
	return number(name, func(int) float64 { return r.NormFloat64() })
}

// of picks the findings of a check.
func of(r check.Result, name string) []table.Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f table.Finding) bool { return f.Check != name })
}

func TestConstant(t *testing.T) {
	in := stage(t, false,
		number("same", func(int) float64 { return 5 }),
		number("none", func(int) float64 { return math.NaN() }),
		number("sometimes", func(i int) float64 { return []float64{5, math.NaN()}[i%2] }),
		noise("x", 1),
	)
	r := check.Run(in)
	got := of(r, "constant")
	if len(got) != 2 || got[0].Column != "same" || got[1].Column != "none" || got[1].Severity != table.Warning {
		t.Errorf("findings %+v", got)
	}
	if diff := cmp.Diff(map[string]table.Role{"same": table.Constant, "none": table.Constant}, r.Roles); diff != "" {
		t.Error(diff)
	}
}

func TestIdentifier(t *testing.T) {
	shuffled := rand.New(rand.NewPCG(5, 5)).Perm(rows)
	for _, c := range []struct {
		column *table.Column
		want   bool
	}{
		{number("row", func(i int) float64 { return float64(i + 1000) }), true},
		{number("anything", func(i int) float64 { return float64(shuffled[i]) }), true},
		{number("customer_id", func(i int) float64 { return float64(shuffled[i] * 7) }), true},
		{number("accountNo", func(i int) float64 { return float64(shuffled[i] * 7) }), false}, // No is not a word of its own there
		{number("income", func(i int) float64 { return float64(shuffled[i] * 7) }), false},
		{number("customer_id", func(i int) float64 { return float64(shuffled[i]) + 0.5 }), false},
		{number("date", func(i int) float64 { return float64(i + 15000) }), false},
		{words("code", func(i int) string { return fmt.Sprintf("A%05d", i) }), true},
		{words("userId", func(i int) string { return fmt.Sprintf("%x", i*2654435761) }), true},
		{words("comment", func(i int) string { return fmt.Sprintf("the customer said %d times", i) }), false},
	} {
		r := check.Run(stage(t, false, c.column, noise("x", 1)))
		if got := r.Roles[c.column.Name] == table.Identifier; got != c.want || len(of(r, "identifier")) == 1 != c.want {
			t.Errorf("%s: identifier %v, want %v (%+v)", c.column.Name, got, c.want, r.Findings)
		}
	}
}

func TestRolesOfTheScenarioStay(t *testing.T) {
	in := stage(t, false, number("id", func(i int) float64 { return float64(i) }))
	in.Fixed = map[string]bool{"id": true}
	r := check.Run(in)
	if len(r.Roles) != 0 || len(of(r, "identifier")) != 1 || r.Findings[0].Action != "kept as the scenario says" {
		t.Errorf("%+v", r)
	}
}

func TestGroupsTimeCodesAndMissing(t *testing.T) {
	times := make([]int64, rows)
	for i := range times {
		times[i] = int64(i) * 86400e6
	}
	in := stage(t, false,
		number("customer_id", func(i int) float64 { return float64(i / 3) }),
		table.NewTime("when", times),
		number("rating", func(i int) float64 { return float64(i % 5) }),
		number("rare", func(i int) float64 { return []float64{math.NaN(), math.NaN(), math.NaN(), float64(i)}[i%4] }),
		noise("x", 1),
	)
	r := check.Run(in)
	for name, want := range map[string]string{
		"groups":     `set data.split.by to "group: customer_id"`,
		"time order": `set data.split.by to "time: when" if decisions are about the future`,
		"codes":      "where they are codes without an order, set data.columns.NAME.kind to category",
		"missing":    "",
	} {
		got := of(r, name)
		if len(got) != 1 || got[0].Suggestion != want {
			t.Errorf("%s: %+v, want suggestion %q", name, got, want)
		}
	}
	if r.Roles["customer_id"] != table.Identifier {
		t.Errorf("roles %v", r.Roles)
	}
	prices := check.Run(stage(t, false, number("stock_index", func(i int) float64 { return float64(i * 7 % 390) }), noise("x", 1)))
	if len(of(prices, "groups")) != 0 || len(prices.Roles) != 0 {
		t.Errorf("an index with repeating values is %+v", prices)
	}
	in.TimeSplit = "when"
	if r := check.Run(in); len(of(r, "time order"))+len(of(r, "groups")) != 0 {
		t.Errorf("a split by time still has %+v", r.Findings)
	}
}

func TestImbalance(t *testing.T) {
	codes := make([]int32, rows)
	for i := range 8 {
		codes[i*50] = 1
	}
	in := stageWith(t, false, table.NewCategory("y", codes, []string{"no", "yes"}), model.Binary, noise("x", 1))
	got := of(check.Run(in), "imbalance")
	if len(got) != 1 || got[0].Count != 8 || !strings.Contains(got[0].Message, `"yes" is rare: 8 of 400 rows (2.00%)`) {
		t.Errorf("%+v", got)
	}
	if got := of(check.Run(stage(t, false, noise("x", 1))), "imbalance"); len(got) != 0 {
		t.Errorf("an even target has %+v", got)
	}
}

func TestLeakageFindsACopyOfTheTarget(t *testing.T) {
	in := stage(t, true)
	y := target(in)
	flip := func(share float64) func(i int) float64 {
		r := rand.New(rand.NewPCG(9, 9))
		return func(i int) float64 {
			v := float64(y[i])
			if r.Float64() < share {
				v = 1 - v
			}
			return v
		}
	}
	in = stage(t, true,
		number("copy", func(i int) float64 { return 3 - 2*float64(y[i]) }),
		words("note", func(i int) string { return strings.Repeat("refused", int(y[i])) }), // being there is the answer
		number("nearly", flip(0.03)),
		number("hint", flip(0.3)),
		noise("x", 1),
	)
	r := check.Run(in)
	severities := map[string]table.Severity{}
	for _, f := range of(r, "leakage") {
		severities[f.Column] = f.Severity
	}
	if diff := cmp.Diff(map[string]table.Severity{"copy": table.Error, "note": table.Error, "nearly": table.Warning}, severities); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]table.Role{"copy": table.Ignored, "note": table.Ignored}, r.Roles); diff != "" {
		t.Error(diff)
	}
}

func TestLeakageOfARegression(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	y := make([]float64, rows)
	for i := range y {
		y[i] = math.Exp(r.NormFloat64() * 2)
	}
	in := stageWith(t, true, table.NewNumber("y", y), model.Regression,
		number("log", func(i int) float64 { return math.Log(y[i]) }),
		number("inverse", func(i int) float64 { return -y[i] }),
		number("hint", func(i int) float64 { return math.Log(y[i]) + r.NormFloat64()*3 }),
		noise("x", 1),
	)
	got := of(check.Run(in), "leakage")
	if len(got) != 2 || got[0].Column != "log" || got[1].Column != "inverse" || got[0].Severity != table.Error || got[1].Severity != table.Error {
		t.Errorf("%+v", got)
	}
}

func TestLeakageOfSeveralClasses(t *testing.T) {
	codes := make([]int32, rows)
	for i := range codes {
		codes[i] = int32(i * 7 % 3)
	}
	in := stageWith(t, true, table.NewCategory("y", codes, []string{"a", "b", "c"}), model.Multiclass,
		table.NewCategory("copy", codes, []string{"x", "y", "z"}), noise("x", 1))
	if got := of(check.Run(in), "leakage"); len(got) != 1 || got[0].Column != "copy" || got[0].Severity != table.Error {
		t.Errorf("%+v", got)
	}
}

// Noise must not be called a leak, whatever the seed.
func TestLeakageOfNoiseIsSilent(t *testing.T) {
	for seed := range uint64(30) {
		in := stage(t, true, noise("a", seed), noise("b", seed+100), words("name", func(i int) string { return fmt.Sprint("n", i) }))
		in.Seed = seed
		if got := of(check.Run(in), "leakage"); len(got) != 0 {
			t.Errorf("seed %d: %+v", seed, got)
		}
	}
}

func TestDuplicatesAcrossTheSplit(t *testing.T) {
	x, z := noise("x", 1), noise("z", 2)
	in := stage(t, true, x, z)
	y := target(in)
	same := func(to, from int) {
		x.Numbers[to], z.Numbers[to], y[to] = x.Numbers[from], z.Numbers[from], y[from]
	}
	same(11, 10)   // 10 is held out
	same(13, 12)   // both are development rows
	same(20, 15)   // both are held out
	same(122, 120) // 120 is held out
	x.Numbers[120], x.Numbers[122] = math.NaN(), math.NaN()
	same(127, 125)
	y[127] = 1 - y[127] // the outcome differs: not equal
	in = stageWith(t, true, table.NewCategory("y", y, []string{"no", "yes"}), model.Binary, x, z,
		number("id", func(i int) float64 { return float64(i) }).As(table.Identifier))
	r := check.Run(in)
	if diff := cmp.Diff([]int{11, 122}, r.Remove); diff != "" {
		t.Error(diff)
	}
	got := of(r, "duplicates")
	if len(got) != 2 || got[0].Count != 4 || got[1].Count != 2 {
		t.Fatalf("%+v", got)
	}
	if diff := cmp.Diff([]int{12, 123}, got[1].Rows); diff != "" {
		t.Errorf("rows count from 1: %s", diff)
	}
}

func TestRowsThatRepeatByNatureStay(t *testing.T) {
	in := stage(t, true, number("a", func(i int) float64 { return float64(i % 3) }), number("b", func(i int) float64 { return float64(i % 2) }))
	r := check.Run(in)
	if got := of(r, "duplicates"); len(r.Remove) != 0 || len(got) != 2 || !strings.HasPrefix(got[1].Action, "kept") {
		t.Errorf("removed %d, %+v", len(r.Remove), got)
	}
}

func TestUnseenLevels(t *testing.T) {
	codes := make([]int32, rows)
	for i := range codes {
		codes[i] = int32(i % 2)
	}
	codes[10], codes[20], codes[25], codes[11] = 2, 2, 3, -1
	in := stage(t, true, table.NewCategory("c", codes, []string{"a", "b", "new", "newer", "never"}), noise("x", 1))
	got := of(check.Run(in), "unseen")
	if len(got) != 1 || got[0].Count != 3 || !strings.Contains(got[0].Message, `("new", "newer")`) {
		t.Fatalf("%+v", got)
	}
	if diff := cmp.Diff([]int{11, 21, 26}, got[0].Rows); diff != "" {
		t.Error(diff)
	}
}

func TestFindingsAreCompleteAndRepeatable(t *testing.T) {
	in := stage(t, false,
		number("same", func(int) float64 { return 5 }), number("row", func(i int) float64 { return float64(i) }),
		number("rating", func(i int) float64 { return float64(i % 5) }))
	after := stage(t, true, number("a", func(i int) float64 { return float64(i % 3) }), number("b", func(i int) float64 { return float64(i % 2) }))
	for _, in := range []check.Input{in, after} {
		first := check.Run(in)
		if len(first.Findings) == 0 {
			t.Fatal("nothing was found")
		}
		for _, f := range first.Findings {
			if f.Check == "" || f.Message == "" || f.Rule == "" || f.Action == "" || f.Severity == "" {
				t.Errorf("incomplete: %+v", f)
			}
			if _, err := json.Marshal(f); err != nil {
				t.Error(err)
			}
		}
		in.Threads = 1
		if diff := cmp.Diff(first, check.Run(in)); diff != "" {
			t.Errorf("one thread finds otherwise: %s", diff)
		}
	}
}

// The table of checks is part of the manual: a name that changes breaks readers
// of reports.
func TestChecksAreListed(t *testing.T) {
	var names []string
	for _, c := range check.Checks {
		names = append(names, c.Name)
		if c.Doc == "" {
			t.Errorf("%s has no doc", c.Name)
		}
	}
	want := []string{"constant", "identifier", "missing", "codes", "imbalance", "time order", "groups", "duplicates", "leakage", "unseen"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}
