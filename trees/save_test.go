package trees

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"testing"

	"bespoke/model"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestSaveAndLoad(t *testing.T) {
	for _, task := range tasks {
		in := learnable(task, 400, 5, 23)
		m := fit(t, model.Params{"rounds": 12, "min_data_per_group": 5}, in)
		loaded, err := Load([]byte(saved(t, m)))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(m, loaded, cmpopts.IgnoreUnexported(Model{})); d != "" {
			t.Errorf("%s: loaded model (-want +got):\n%s", task, d)
		}
		for _, x := range []*model.Matrix{in.X, strange(in)} {
			a, b := predictions(m, x), predictions(loaded, x)
			for i := range a {
				if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
					t.Fatalf("%s: prediction %d is %v, loaded %v", task, i, a[i], b[i])
				}
			}
		}
	}
}

// TestGoldenModel: a model that was saved by the first version loads and
// predicts the same for ever.
func TestGoldenModel(t *testing.T) {
	const path, answers = "testdata/boost.v1.golden", "testdata/boost.v1.golden.json"
	in := learnable(model.Multiclass, 120, 4, 24)
	x := strange(in)
	if *update {
		m := fit(t, model.Params{"rounds": 3, "min_data_per_group": 5, "min_child_samples": 5}, in)
		b, err := json.Marshal(predictions(m, x))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(saved(t, m)), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(answers, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	var want []float64
	if b, err := os.ReadFile(answers); err != nil || json.Unmarshal(b, &want) != nil {
		t.Fatal("no answers", err)
	}
	// exp may differ in the last bit from one processor to another.
	if d := cmp.Diff(want, predictions(m, x), cmpopts.EquateApprox(0, 1e-14)); d != "" {
		t.Errorf("predictions (-want +got):\n%s", d)
	}
	if again := saved(t, m); again != string(data) {
		t.Error("saved again: other bytes")
	}
}

// small is a model of one split and one leaf pair, by hand.
func small() *Model {
	return &Model{
		Task: model.Regression, Objective: "squared", Features: []Feature{{Name: "x"}, {Name: "c", Levels: 3}}, Base: []float64{1},
		Trees: []Tree{{Nodes: []Node{
			{Feature: 0, Left: 1, Right: 2, Threshold: 2, Cover: 9},
			{Feature: -1, Value: 1, Cover: 4},
			{Feature: 1, Left: 3, Right: 4, SetLen: 1, Cover: 5},
			{Feature: -1, Value: 2, Cover: 3},
			{Feature: -1, Value: 3, Cover: 2},
		}, Sets: []uint64{5}}},
	}
}

func TestLoadRefuses(t *testing.T) {
	if _, err := Load([]byte(saved(t, small()))); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(m *Model){
		"a cycle":                   func(m *Model) { m.Trees[0].Nodes[2].Left = 0 },
		"a child before its parent": func(m *Model) { m.Trees[0].Nodes[2].Left = 1 },
		"a node with two parents":   func(m *Model) { m.Trees[0].Nodes[0].Left = 3 },
		"a child out of range":      func(m *Model) { m.Trees[0].Nodes[2].Left = 4 },
		"a node without parent":     func(m *Model) { m.Trees[0].Nodes[2] = Node{Feature: -1} },
		"no nodes":                  func(m *Model) { m.Trees[0].Nodes = nil },
		"an unknown feature":        func(m *Model) { m.Trees[0].Nodes[0].Feature = 2 },
		"a threshold on a category": func(m *Model) { m.Trees[0].Nodes[0].Feature = 1 },
		"a set on a number":         func(m *Model) { m.Trees[0].Nodes[2].Feature = 0 },
		"a set out of range":        func(m *Model) { m.Trees[0].Nodes[2].Set = 1 },
		"a set that is too long":    func(m *Model) { m.Trees[0].Nodes[2].SetLen = 2 },
		"a value that is no number": func(m *Model) { m.Trees[0].Nodes[1].Value = math.NaN() },
		"an infinite threshold":     func(m *Model) { m.Trees[0].Nodes[0].Threshold = math.Inf(1) },
		"an infinite base":          func(m *Model) { m.Base[0] = math.Inf(-1) },
		"no base":                   func(m *Model) { m.Base = nil },
		"two bases for one number":  func(m *Model) { m.Base, m.Trees = []float64{1, 2}, nil },
		"trees that are no multiple": func(m *Model) {
			m.Task, m.Objective, m.Classes, m.Base = model.Multiclass, "log-loss", 3, make([]float64, 3)
		},
		"an unknown objective":    func(m *Model) { m.Objective = "gini" },
		"an objective of others":  func(m *Model) { m.Objective = "log-loss" },
		"an unknown task":         func(m *Model) { m.Task = 9 },
		"no features":             func(m *Model) { m.Features = nil },
		"classes of a number":     func(m *Model) { m.Classes = 2 },
		"three classes of binary": func(m *Model) { m.Task, m.Objective, m.Classes = model.Binary, "log-loss", 3 },
	} {
		m := small()
		spoil(m)
		if got, err := Load([]byte(saved(t, m))); err == nil || got != nil {
			t.Errorf("%s: model %v, error %v; want an error", name, got, err)
		}
	}
}

// FuzzLoad: bytes give an error, or a model that predicts without panic and
// saves to the same meaning. Small inputs must not claim much memory.
func FuzzLoad(f *testing.F) {
	for _, task := range tasks {
		in := learnable(task, 150, 3, 25)
		m, err := Fit(f.Context(), model.Params{"rounds": 2, "num_leaves": 5, "min_data_per_group": 5}, in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(saved(f, m)))
	}
	f.Add([]byte(saved(f, small())))
	f.Add([]byte(saveMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Load(data)
		if err != nil {
			if m != nil {
				t.Fatal("an error and a model")
			}
			return
		}
		row, out := make([]float64, len(m.Features)), make([]float64, m.Outputs())
		for _, x := range []float64{0, -1, 1e300, math.NaN(), math.Inf(1)} {
			for j := range row {
				row[j] = x
			}
			m.Predict(row, out)
		}
		b, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Load(b)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := again.MarshalBinary(); err != nil || !bytes.Equal(b, c) {
			t.Fatalf("saved again: other bytes, %v", err)
		}
	})
}

// TestNew: a model that is put together by hand predicts what its parts do, and
// keeps nothing of what it was given.
func TestNew(t *testing.T) {
	in := learnable(model.Multiclass, 200, 4, 25)
	m := fit(t, model.Params{"rounds": 4, "min_data_per_group": 5}, in)
	given := Model{Task: m.Task, Objective: m.Objective, Classes: m.Classes, Features: m.Features, Base: m.Base, Trees: m.Trees}
	made, err := New(given)
	if err != nil {
		t.Fatal(err)
	}
	want := predictions(m, in.X)
	given.Base[0], given.Trees[0].Nodes[0].Value = 99, 99
	if d := cmp.Diff(want, predictions(made, in.X)); d != "" {
		t.Errorf("predictions (-want +got):\n%s", d)
	}
	given.Trees[0].Nodes[0].Right++
	if _, err := New(given); err == nil {
		t.Error("a right child that is not beside the left one was taken")
	}
}
