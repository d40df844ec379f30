package interchange

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/model"
	"bespoke/trees"

	"pgregory.net/rapid"
)

// randomModel grows trees without any data: every kind of split, threshold and
// task.
func randomModel(r *rand.Rand, task model.Task) trees.Model {
	m := trees.Model{Task: task, Objective: "squared", Base: []float64{r.NormFloat64()}}
	switch task {
	case model.Binary:
		m.Objective, m.Classes = "log-loss", 2
	case model.Multiclass:
		m.Objective, m.Classes = "log-loss", 3+r.IntN(3)
		for len(m.Base) < m.Classes {
			m.Base = append(m.Base, r.NormFloat64())
		}
	}
	for j := range 1 + r.IntN(5) {
		f := trees.Feature{Name: fmt.Sprint("x", j)}
		if r.IntN(3) == 0 {
			f.Levels = 1 + r.IntN(150)
		}
		m.Features = append(m.Features, f)
	}
	for range len(m.Base) * r.IntN(4) {
		m.Trees = append(m.Trees, randomTree(r, m.Features))
	}
	return m
}

func randomTree(r *rand.Rand, features []trees.Feature) trees.Tree {
	t := trees.Tree{Nodes: []trees.Node{{}}}
	splits := r.IntN(20)
	for i := 0; i < len(t.Nodes); i++ {
		n := trees.Node{Feature: -1, Value: r.NormFloat64() * math.Pow(10, float64(r.IntN(9)-4)), Cover: float64(r.IntN(1000))}
		if splits > 0 {
			splits--
			n.Feature = int32(r.IntN(len(features)))
			n.Left, n.Right = int32(len(t.Nodes)), int32(len(t.Nodes)+1)
			n.Gain = r.ExpFloat64()
			if levels := features[n.Feature].Levels; levels > 0 {
				n.Set, n.SetLen = int32(len(t.Sets)), int32(1+r.IntN((levels+63)/64))
				for range n.SetLen {
					t.Sets = append(t.Sets, r.Uint64()&r.Uint64())
				}
				if rest := levels - 64*(int(n.SetLen)-1); rest < 64 {
					t.Sets[len(t.Sets)-1] &= 1<<rest - 1
				}
			} else {
				n.MissingLeft = r.IntN(2) == 0
				n.Threshold = threshold(r)
			}
			t.Nodes = append(t.Nodes, trees.Node{}, trees.Node{})
		}
		t.Nodes[i] = n
	}
	return t
}

func threshold(r *rand.Rand) float64 {
	switch r.IntN(8) {
	case 0:
		return 0
	case 1:
		return float64(r.IntN(5) - 2)
	case 2:
		return math.Copysign(math.Pow(10, float64(r.IntN(600)-299)), r.NormFloat64())
	}
	return r.NormFloat64()
}

// randomRow has values on and beside thresholds, codes that were never seen, and
// what is missing. Numbers that LightGBM takes for zero are left out.
func randomRow(r *rand.Rand, m *trees.Model) []float64 {
	row := make([]float64, len(m.Features))
	for j, f := range m.Features {
		switch x := r.IntN(6); {
		case x == 0:
			row[j] = math.NaN()
		case f.Levels > 0:
			row[j] = float64(r.IntN(f.Levels+70) - 1)
		case x == 1:
			row[j] = 0
		case x == 2:
			row[j] = threshold(r)
		default:
			row[j] = near1(r, m, int32(j))
		}
		if math.Abs(row[j]) <= 1e-35 {
			row[j] = 0
		}
	}
	return row
}

// near1 is a threshold of the feature or a number next to it.
func near1(r *rand.Rand, m *trees.Model, j int32) float64 {
	x := r.NormFloat64()
	for i := range m.Trees {
		for _, n := range m.Trees[i].Nodes {
			if n.Feature == j && n.SetLen == 0 && r.IntN(3) == 0 {
				x = n.Threshold
			}
		}
	}
	return []float64{x, math.Nextafter(x, math.Inf(1)), math.Nextafter(x, math.Inf(-1))}[r.IntN(3)]
}

// TestWriteAndRead: a model that was written and read again predicts the same
// bits, and is the same text when it is written once more.
func TestWriteAndRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
		m, err := trees.New(randomModel(r, rapid.SampledFrom([]model.Task{model.Regression, model.Binary, model.Multiclass}).Draw(t, "task")))
		if err != nil {
			t.Fatal(err)
		}
		text, _, err := WriteLightGBM(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ReadLightGBM(text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		for range 30 {
			row := randomRow(r, m)
			want, got := make([]float64, m.Outputs()), make([]float64, m.Outputs())
			m.Predict(row, want)
			prepared := append([]float64(nil), row...)
			back.Prepare(prepared)
			back.Model.Predict(prepared, got)
			for k := range want {
				if math.Float64bits(got[k]) != math.Float64bits(want[k]) {
					t.Fatalf("row %v: %v, read back %v\n%s", row, want, got, text)
				}
			}
		}
		again, _, err := WriteLightGBM(back.Model, nil)
		if err != nil {
			t.Fatal(err)
		}
		if string(again) != string(text) {
			t.Fatalf("written again\n%s\nwant\n%s", again, text)
		}
	})
}

// ourModels are models made at random and models that were fitted.
func ourModels(t *testing.T) []*trees.Model {
	t.Helper()
	r := rand.New(rand.NewPCG(11, 6))
	tasks := []model.Task{model.Regression, model.Binary, model.Multiclass}
	var out []*trees.Model
	for i := range 30 {
		m, err := trees.New(randomModel(r, tasks[i%3]))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	for _, c := range []struct {
		task   model.Task
		params model.Params
	}{
		{model.Regression, nil},
		{model.Regression, model.Params{"objective": "quantile", "alpha": 0.2}},
		{model.Regression, model.Params{"objective": "absolute"}},
		{model.Regression, model.Params{"objective": "poisson"}},
		{model.Regression, model.Params{"objective": "gamma"}},
		{model.Regression, model.Params{"objective": "tweedie"}},
		{model.Regression, model.Params{"objective": "huber"}},
		{model.Regression, model.Params{"objective": "fair"}},
		{model.Binary, nil},
		{model.Multiclass, nil},
	} {
		params := model.Params{"rounds": 20, "min_data_per_group": 5}
		for k, v := range c.params {
			params[k] = v
		}
		m, err := trees.Fit(context.Background(), params, training(r, c.task))
		if err != nil && c.params["objective"] != nil {
			t.Logf("objective %v: %v", c.params["objective"], err) // not there yet
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// training is 400 rows of numbers, one with missing values, and a category.
func training(r *rand.Rand, task model.Task) model.Training {
	features := []model.Feature{{Name: "age"}, {Name: "income, net"}, {Name: "region", Levels: 70}}
	in := model.Training{Task: task, X: model.NewMatrix(features, 400), Y: make([]float64, 400), Threads: 2}
	for i := range in.Y {
		row := in.X.Row(i)
		row[0], row[1], row[2] = r.NormFloat64(), math.Round(10*r.ExpFloat64()), float64(r.IntN(70))
		y := row[0] + 0.1*row[1] + math.Mod(row[2], 3)
		if r.IntN(5) == 0 {
			row[0] = math.NaN()
		}
		switch task {
		case model.Regression:
			in.Y[i] = math.Exp(y / 4)
		case model.Binary:
			in.Y[i] = math.Min(1, math.Max(0, math.Floor(y)))
		case model.Multiclass:
			in.Y[i] = math.Min(2, math.Max(0, math.Floor(y)))
		}
	}
	switch task {
	case model.Binary:
		in.Classes = []string{"no", "yes"}
	case model.Multiclass:
		in.Classes = []string{"a", "b", "c"}
	}
	return in
}

// ourRows are rows as JSON can hold them.
func ourRows(m *trees.Model, seed uint64) [][]*float64 {
	r := rand.New(rand.NewPCG(seed, 7))
	out := make([][]*float64, 60)
	for i := range out {
		row := randomRow(r, m)
		for j := range row {
			if math.IsNaN(row[j]) {
				out[i] = append(out[i], nil)
				continue
			}
			out[i] = append(out[i], &row[j])
		}
	}
	return out
}
