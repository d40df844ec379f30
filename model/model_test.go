package model_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"bespoke/model"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTaskText(t *testing.T) {
	for _, task := range []model.Task{model.Regression, model.Binary, model.Multiclass, model.Ranking} {
		data, err := json.Marshal(task)
		if err != nil {
			t.Fatal(err)
		}
		var back model.Task
		if err := json.Unmarshal(data, &back); err != nil || back != task {
			t.Errorf("%s: read back %v, %v", data, back, err)
		}
	}
	var none model.Task
	if err := none.UnmarshalText([]byte("ordering")); err == nil || !strings.Contains(err.Error(), "regression, binary, multiclass") {
		t.Errorf("ordering: %v; want an error that lists the tasks", err)
	}
	if got := model.Task(9).String(); got != "task(9)" {
		t.Errorf("Task(9) is %q", got)
	}
}

func TestMatrix(t *testing.T) {
	m := model.NewMatrix([]model.Feature{{Name: "a"}, {Name: "b"}}, 3)
	for i := range m.Values {
		m.Values[i] = float64(i)
	}
	if d := cmp.Diff([]float64{2, 3}, m.Row(1)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]float64{4, 5, 0, 1, 4, 5}, m.Take([]int{2, 0, 2}).Values); d != "" {
		t.Error(d)
	}
	if row := m.Row(0); cap(row) != 2 {
		t.Errorf("appending to row 0 would write into row 1: capacity %d", cap(row))
	}
	m.Rows = 4
	if err := m.Check(); err == nil || !strings.Contains(err.Error(), "6 values") {
		t.Errorf("4 rows of 6 values: %v", err)
	}
}

var table = []model.Param{
	{Name: "rate", Default: 0.1, Min: 0, Max: 1},
	{Name: "rounds", Default: 10.0, Min: 1, Max: 100, Integer: true},
	{Name: "kind", Default: "fast", Choices: []string{"fast", "slow"}},
}

func TestResolve(t *testing.T) {
	got, err := model.Resolve("m.x.v1", table, model.Params{"rounds": 7, "kind": "slow"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(model.Params{"rate": 0.1, "rounds": 7.0, "kind": "slow"}, got); d != "" {
		t.Error(d)
	}
	if got.Number("rate") != 0.1 || got.Int("rounds") != 7 || got.Choice("kind") != "slow" {
		t.Errorf("read back %v", got)
	}
	for _, c := range []struct {
		given model.Params
		want  string
	}{
		{model.Params{"rat": 1.0}, `no parameter "rat"; there are rate, rounds, kind`},
		{model.Params{"rate": 1.5}, "rate: 1.5 must be from 0 to 1"},
		{model.Params{"rate": math.NaN()}, "rate: NaN must be"},
		{model.Params{"rate": "much"}, "rate: much (string) must be a number"},
		{model.Params{"rate": nil}, "rate: <nil>"},
		{model.Params{"rounds": 2.5}, "rounds: 2.5 must be a whole number"},
		{model.Params{"kind": "odd"}, "kind: odd is none of fast, slow"},
		{model.Params{"kind": 3.0}, "kind: 3 is none of"},
	} {
		if _, err := model.Resolve("m.x.v1", table, c.given); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "m.x.v1") {
			t.Errorf("%v: %v; want %q and the entry's name", c.given, err, c.want)
		}
	}
}

// Params come back from JSON as the same values: candidates are journalled.
func TestParamsThroughJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, err := model.Resolve("m.x.v1", table, model.Params{
			"rate":   rapid.Float64Range(0, 1).Draw(t, "rate"),
			"rounds": rapid.IntRange(1, 100).Draw(t, "rounds"),
		})
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var back model.Params
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		again, err := model.Resolve("m.x.v1", table, back)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p, again); d != "" {
			t.Fatal(d)
		}
	})
}

func training() model.Training {
	return model.Training{
		Task: model.Binary, Classes: []string{"no", "yes"}, Y: []float64{0, 1, 1}, Weights: []float64{1, 2, 0.5},
		X: &model.Matrix{
			Features: []model.Feature{{Name: "age"}, {Name: "job", Levels: 3}}, Rows: 3,
			Values: []float64{30, 0, 41.5, 2, math.NaN(), math.NaN()},
		},
	}
}

func TestTrainingCheck(t *testing.T) {
	if err := training().Check(model.Native); err != nil {
		t.Fatal(err)
	}
	dense := training()
	dense.X.Row(2)[0], dense.X.Row(2)[1] = 5, 0.25
	if err := dense.Check(model.Dense); err != nil {
		t.Errorf("dense, where a number may stand for a category: %v", err)
	}
	for want, spoil := range map[string]func(in *model.Training){
		"no matrix":                                    func(in *model.Training) { in.X = nil },
		"there are 0 rows":                             func(in *model.Training) { in.X = model.NewMatrix(in.X.Features, 0) },
		"5 values, want 3 rows":                        func(in *model.Training) { in.X.Values = in.X.Values[:5] },
		"2 targets for 3 rows":                         func(in *model.Training) { in.Y = in.Y[:2] },
		"target of row 1 is NaN":                       func(in *model.Training) { in.Y[1] = math.NaN() },
		"target of row 2 is 2":                         func(in *model.Training) { in.Y[2] = 2 },
		"class index from 0 to 1":                      func(in *model.Training) { in.Y[0] = 0.5 },
		"2 weights for 3 rows":                         func(in *model.Training) { in.Weights = in.Weights[:2] },
		"weight of row 2 is 0":                         func(in *model.Training) { in.Weights[2] = 0 },
		`feature "age" of row 0 is +Inf`:               func(in *model.Training) { in.X.Row(0)[0] = math.Inf(1) },
		`feature "job" of row 1 is code 3`:             func(in *model.Training) { in.X.Row(1)[1] = 3 },
		`feature "job" of row 1 is code 0.5`:           func(in *model.Training) { in.X.Row(1)[1] = 0.5 },
		"1 classes named; binary needs 2":              func(in *model.Training) { in.Classes = in.Classes[:1] },
		"2 classes named; regression has none":         func(in *model.Training) { in.Task = model.Regression },
		"2 classes named; multiclass needs 3":          func(in *model.Training) { in.Task = model.Multiclass },
		"2 query numbers for 3 rows":                   func(in *model.Training) { in.Groups = []int32{1, 1} },
		"set 1 of features that may interact is empty": func(in *model.Training) { in.Interactions = [][]int{{0, 1}, {}} },
		"has feature 2; it must be from 0 to 1":        func(in *model.Training) { in.Interactions = [][]int{{0, 2}} },
		"task 9 is none":                               func(in *model.Training) { in.Task = 9 },
		"validation rows: 1 features; training":        func(in *model.Training) { v := training(); v.X = model.NewMatrix(v.X.Features[:1], 3); in.Valid = &v },
		"validation rows: target of row 0":             func(in *model.Training) { v := training(); v.Y[0] = 9; in.Valid = &v },
		"validation rows: task regression":             func(in *model.Training) { v := training(); v.Task = model.Regression; in.Valid = &v },
	} {
		in := training()
		spoil(&in)
		if err := in.Check(model.Native); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	if err := training().Check(model.Dense); err == nil || !strings.Contains(err.Error(), `feature "age" of row 2 is missing`) {
		t.Errorf("dense with NaN: %v", err)
	}
}

func TestOutputs(t *testing.T) {
	if got := training().Outputs(); got != 2 {
		t.Errorf("binary has %d outputs", got)
	}
	if got := (model.Training{Task: model.Regression}).Outputs(); got != 1 {
		t.Errorf("regression has %d outputs", got)
	}
	e := model.Entry{Tasks: []model.Task{model.Binary}}
	if !e.Handles(model.Binary) || e.Handles(model.Regression) {
		t.Error("an entry handles the tasks that it lists")
	}
}

// Nearest gives what is allowed as it is, and else what is nearest to it.
func TestNearest(t *testing.T) {
	number := model.Param{Name: "n", Default: 5.0, Min: 2, Max: 10}
	whole := model.Param{Name: "w", Default: 5.0, Min: 2, Max: 10, Integer: true}
	few := model.Param{Name: "f", Default: 5.0, Min: 2, Max: 10, Values: []float64{2, 5, 10}}
	word := model.Param{Name: "c", Default: "b", Choices: []string{"a", "b"}}
	for _, c := range []struct {
		p        model.Param
		in, want any
	}{
		{number, 2.5, 2.5},
		{number, 1.0, 2.0},
		{number, 99, 10.0},
		{number, "text", 5.0},
		{whole, 2.4, 2.0},
		{whole, 3, 3.0},
		{whole, 10.6, 10.0},
		{few, 5.0, 5.0},
		{few, 6.0, 5.0},
		{few, 8.0, 10.0},
		{few, -1.0, 2.0},
		{word, "b", "b"},
		{word, "x", "a"},
		{word, 1.0, "a"},
	} {
		if got := c.p.Nearest(c.in); got != c.want {
			t.Errorf("%s nearest to %v: %v, want %v", c.p.Name, c.in, got, c.want)
		}
	}
	for _, c := range []struct {
		p    model.Param
		want bool
	}{{number, false}, {model.Param{Search: &model.Range{Low: 1, High: 2}}, true}, {model.Param{Search: &model.Range{Low: 1, High: 1}}, false}, {model.Param{Choices: []string{"a"}, Search: &model.Range{}}, false}, {model.Param{Values: []float64{1, 2}, Search: &model.Range{}}, true}} {
		if c.p.Varies() != c.want {
			t.Errorf("%+v varies: %v", c.p, !c.want)
		}
	}
}

func TestTogether(t *testing.T) {
	in := model.Training{Interactions: [][]int{{0, 3}, {3, 1}}}
	for _, c := range []struct {
		a, b int
		want bool
	}{{0, 3, true}, {1, 3, true}, {0, 1, false}, {0, 2, false}, {2, 4, true}, {2, 2, true}, {0, 0, true}} {
		if in.Together(c.a, c.b) != c.want || in.Together(c.b, c.a) != c.want {
			t.Errorf("%d and %d together: %v", c.a, c.b, !c.want)
		}
	}
	if !(model.Training{}).Together(0, 1) {
		t.Error("without sets all may interact")
	}
}
