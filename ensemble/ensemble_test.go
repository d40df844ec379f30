package ensemble_test

import (
	"context"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"bespoke/ensemble"
	"bespoke/internal/golden"
	"bespoke/linear"
	"bespoke/model"
	"bespoke/model/modeltest"
	"bespoke/trees"
	"bespoke/zoo"

	"pgregory.net/rapid"
)

// fit fits an entry with few rounds.
func fit(ctx context.Context, e model.Entry, in model.Training) (model.Raw, error) {
	params := model.Params{}
	if e.Stopping != nil {
		params[e.Stopping.Rounds] = 12.0
	} else {
		in.Progress = nil // the trees tell how far it is
	}
	m, err := e.Fit(ctx, params, in)
	if err != nil {
		return nil, err
	}
	return m.(model.Raw), nil
}

// joined is an entry that fits a linear model and trees and joins them, so that
// the suite for models can look at the mean.
func joined() model.Entry {
	e := zoo.Mean
	e.Encoding = model.Dense
	e.Fit = func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		if _, err := model.Resolve(e.Name, nil, p); err != nil {
			return nil, err
		}
		first := linear.Logistic
		if in.Task == model.Regression {
			first = linear.Ridge
		}
		a, err := fit(ctx, first, in)
		if err != nil {
			return nil, err
		}
		b, err := fit(ctx, trees.Boost, in)
		if err != nil {
			return nil, err
		}
		m, err := ensemble.New([]ensemble.Member{{Model: a, Weight: 1}, {Model: b, Weight: 2}})
		if err != nil {
			return nil, err
		}
		return m, nil
	}
	return e
}

func TestComplies(t *testing.T) { modeltest.Run(t, joined()) }

// sample is rows of two features to learn each task from.
func sample(task model.Task) model.Training {
	in := model.Training{
		Task: task, Threads: 1, Seed: 3,
		X: model.NewMatrix([]model.Feature{{Name: "a", Source: "a"}, {Name: "b", Source: "b"}}, 60), Y: make([]float64, 60),
	}
	for i := range in.Y {
		in.X.Row(i)[0], in.X.Row(i)[1] = float64(i%7), float64(i%11)
		in.Y[i] = float64((i%7 + i%11 + 7*(i%3)) / 10) // a third is noise
	}
	switch task {
	case model.Binary:
		in.Classes = []string{"x", "y"}
	case model.Multiclass:
		in.Classes = []string{"x", "y", "z"}
	}
	for i, y := range in.Y {
		if n := len(in.Classes); n > 0 {
			in.Y[i] = math.Min(y, float64(n-1))
		}
	}
	return in
}

// members fits a linear model, which reads the second half of a row of four
// features, and trees and a baseline, which read the first.
func members(t testing.TB, task model.Task) []ensemble.Member {
	t.Helper()
	in := sample(task)
	first := linear.Logistic
	if task == model.Regression {
		first = linear.Ridge
	}
	var out []ensemble.Member
	for i, e := range []model.Entry{trees.Boost, first, zoo.Prior} {
		m, err := fit(context.Background(), e, in)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ensemble.Member{Model: m, Weight: float64(i + 1), Start: []int{0, 2, 0}[i]})
	}
	return out
}

var tasks = []model.Task{model.Regression, model.Binary, model.Multiclass}

// The mean is of raw outputs, each member on its own part of the row, and
// Average says the same from predictions alone, as far as they keep what is
// behind them: 1 - 1e-17 is 1.
func TestMean(t *testing.T) {
	for _, task := range tasks {
		all := members(t, task)
		m, err := ensemble.New(all)
		if err != nil {
			t.Fatal(err)
		}
		k := m.Outputs()
		if k != sample(task).Outputs() || m.Inputs() != 4 {
			t.Errorf("%s: %d outputs, %d inputs", task, k, m.Inputs())
		}
		raw, one, got := make([]float64, model.RawOutputs(k)), make([]float64, model.RawOutputs(k)), make([]float64, k)
		rapid.Check(t, func(t *rapid.T) {
			row := rapid.SliceOfN(rapid.Float64Range(-2, 8), 4, 4).Draw(t, "row")
			want := make([]float64, len(raw))
			predictions := make([][]float64, len(all))
			for i, p := range all {
				part := row[p.Start : p.Start+p.Model.Inputs()]
				p.Model.Raw(part, one)
				for j, v := range one {
					want[j] += p.Weight / 6 * v
				}
				predictions[i] = make([]float64, k)
				p.Model.Predict(part, predictions[i])
			}
			m.Raw(row, raw)
			m.Predict(row, got)
			for j := range want {
				if math.Abs(raw[j]-want[j]) > 1e-12*(1+math.Abs(want[j])) {
					t.Fatalf("%s: raw %v, want %v", task, raw, want)
				}
			}
			for j, v := range ensemble.Average(predictions, []float64{1. / 6, 2. / 6, 3. / 6}, k) {
				if math.Abs(v-got[j]) > 1e-9*(1+math.Abs(v)) {
					t.Fatalf("%s: predicts %v, the mean of predictions is %v", task, got, v)
				}
			}
		})
	}
}

// A mean of one model is that model.
func TestMeanOfOne(t *testing.T) {
	for _, task := range tasks {
		one := members(t, task)[1]
		one.Start = 0
		m, err := ensemble.New([]ensemble.Member{one})
		if err != nil {
			t.Fatal(err)
		}
		got, want := make([]float64, m.Outputs()), make([]float64, m.Outputs())
		m.Predict([]float64{1.5, -2}, got)
		one.Model.Predict([]float64{1.5, -2}, want)
		for k := range want {
			if got[k] != want[k] {
				t.Errorf("%s: %v, want %v to the bit", task, got, want)
			}
		}
		if w := m.Members()[0].Weight; w != 1 {
			t.Errorf("%s: weight %v, want 1", task, w)
		}
	}
}

func TestNewErrors(t *testing.T) {
	binary, number := members(t, model.Binary), members(t, model.Regression)
	mean, err := ensemble.New(binary)
	if err != nil {
		t.Fatal(err)
	}
	counted := sample(model.Regression)
	for i, y := range counted.Y {
		counted.Y[i] = math.Abs(y)
	}
	counts, err := trees.Boost.Fit(t.Context(), model.Params{"objective": "poisson", "rounds": 2}, counted)
	if err != nil {
		t.Fatal(err)
	}
	change := func(i int, f func(*ensemble.Member)) []ensemble.Member {
		out := append([]ensemble.Member(nil), binary...)
		f(&out[i])
		return out
	}
	for want, given := range map[string][]ensemble.Member{
		"no members":       nil,
		"weight 0":         change(1, func(m *ensemble.Member) { m.Weight = 0 }),
		"weight NaN":       change(1, func(m *ensemble.Member) { m.Weight = math.NaN() }),
		"weight +Inf":      change(1, func(m *ensemble.Member) { m.Weight = math.Inf(1) }),
		"have length 1":    change(2, func(m *ensemble.Member) { m.Model = number[2].Model }),
		"features 1 to 3":  change(1, func(m *ensemble.Member) { m.Start = 1 }),
		"features 3 to 5":  change(1, func(m *ensemble.Member) { m.Start = 3 }),
		"features -2 to 0": change(1, func(m *ensemble.Member) { m.Start = -2 }),
		"begins at 2":      change(2, func(m *ensemble.Member) { m.Start = 2 }),
		"do not nest":      change(0, func(m *ensemble.Member) { m.Model = mean }),
		"logarithm":        {{Model: counts.(model.Raw), Weight: 1}},
	} {
		if m, err := ensemble.New(given); err == nil || m != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}

// The form on disk: what is saved today must be readable for ever.
func TestSavedForm(t *testing.T) {
	a, err := zoo.Prior.Load([]byte(`{"model":"baseline.prior.v1","values":[0.25,0.75]}`))
	if err != nil {
		t.Fatal(err)
	}
	b, err := linear.Logistic.Load([]byte(`{"model":"linear.logistic.v1","task":"binary","weights":[[0.5,-2]],"intercepts":[1],"means":[0,0],"deviations":[1,1],"iterations":3,"converged":true}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := ensemble.New([]ensemble.Member{{Model: a.(model.Raw), Weight: 1}, {Model: b.(model.Raw), Weight: 3}})
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/saved.golden", hex.Dump(data))
	loaded, err := zoo.Load(ensemble.Name, data)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, 2)
	loaded.Predict([]float64{2, 0.5}, out)
	// log-odds log(3) of a and 1 + 1 - 1 = 1 of b, one to three
	if z := (math.Log(3) + 3) / 4; math.Abs(out[1]-1/(1+math.Exp(-z))) > 1e-15 {
		t.Errorf("predicts %v, want log-odds %v", out, z)
	}
}

func TestFitSaysWhatItIs(t *testing.T) {
	if _, err := zoo.Mean.Fit(t.Context(), nil, sample(model.Binary)); err == nil || !strings.Contains(err.Error(), "joined") {
		t.Errorf("fit: %v", err)
	}
}

// FuzzLoad: bytes nobody vouches for may be refused but not panic, and what is
// accepted predicts and is saved again.
func FuzzLoad(f *testing.F) {
	for _, task := range tasks {
		m, err := ensemble.New(members(f, task))
		if err != nil {
			f.Fatal(err)
		}
		data, err := m.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		if data, err = stackOf(f, task).MarshalBinary(); err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		loaded, err := zoo.Mean.Load(data)
		if err != nil {
			return
		}
		m := loaded.(*ensemble.Model)
		if m.Inputs() < 1<<16 && m.Outputs() < 1<<16 {
			m.Predict(make([]float64, m.Inputs()), make([]float64, m.Outputs()))
		}
		again, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := zoo.Mean.Load(again); err != nil {
			t.Fatalf("saved but not loaded: %v", err)
		}
	})
}

func BenchmarkPredict(b *testing.B) {
	m, err := ensemble.New(members(b, model.Binary))
	if err != nil {
		b.Fatal(err)
	}
	row, out := []float64{1, 2, 1, 2}, make([]float64, 2)
	b.ReportAllocs()
	for b.Loop() {
		m.Predict(row, out)
	}
}
