package neighbours

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bespoke/model"
	"bespoke/model/modeltest"
)

func TestComplies(t *testing.T) { modeltest.Run(t, KNN) }

var tasks = []model.Task{model.Regression, model.Binary, model.Multiclass}

// drawn makes rows; with a grid many distances are equal and many rows the same.
func drawn(r *rand.Rand, task model.Task, rows, cols int, grid, weights bool) model.Training {
	in := model.Training{Task: task, X: &model.Matrix{Rows: rows, Values: make([]float64, rows*cols)}, Y: make([]float64, rows), Threads: 1}
	for j := range cols {
		in.X.Features = append(in.X.Features, model.Feature{Name: fmt.Sprint("x", j)})
	}
	switch task {
	case model.Binary:
		in.Classes = []string{"a", "b"}
	case model.Multiclass:
		in.Classes = []string{"a", "b", "c"}
	}
	for i := range in.X.Values {
		in.X.Values[i] = r.NormFloat64()
		if grid {
			in.X.Values[i] = float64(r.IntN(4))
		}
	}
	for i := range in.Y {
		in.Y[i] = float64(r.IntN(max(2, len(in.Classes))))
		if task == model.Regression {
			in.Y[i] = r.NormFloat64()
		}
		if weights {
			in.Weights = append(in.Weights, float64(1+r.IntN(3))/2)
		}
	}
	return in
}

func fit(t testing.TB, p model.Params, in model.Training) *Model {
	t.Helper()
	m, err := Fit(context.Background(), p, in)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// plain predicts by the definition: all rows by distance, the last ones sharing
// what places are left.
func plain(in model.Training, p model.Params, row []float64) []float64 {
	type near struct{ square, w, y float64 }
	var all []near
	for i, y := range in.Y {
		n := near{w: 1, y: y}
		if in.Weights != nil {
			n.w = in.Weights[i]
		}
		n.square = square(row, in.X.Row(i), math.Inf(1))
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b near) int {
		if a.square < b.square {
			return -1
		}
		return int(math.Ceil(a.square - b.square))
	})
	places := p["neighbours"].(float64)
	out, votes, asked := make([]float64, max(1, len(in.Classes))), 0.0, 0.0
	exact := p["weighting"] == "distance" && all[0].square == 0
	for i := 0; i < len(all) && asked < places; {
		end, weight := i, 0.0
		for ; end < len(all) && all[end].square == all[i].square; end++ {
			weight += all[end].w
		}
		share := min(1, (places-asked)/weight)
		for _, n := range all[i:end] {
			v := share * n.w
			switch {
			case exact && n.square > 0:
				v = 0
			case p["weighting"] == "distance" && !exact:
				v /= math.Sqrt(n.square)
			}
			votes += v
			if in.Task == model.Regression {
				out[0] += v * n.y
			} else {
				out[int(n.y)] += v
			}
		}
		asked += share * weight
		i = end
	}
	smooth(in, p["smoothing"].(float64), out, votes, asked)
	return out
}

func smooth(in model.Training, smoothing float64, out []float64, votes, asked float64) {
	prior, total := make([]float64, len(out)), 0.0
	for i, y := range in.Y {
		w := 1.0
		if in.Weights != nil {
			w = in.Weights[i]
		}
		total += w
		if in.Task != model.Regression {
			prior[int(y)] += w
		}
	}
	for k := range out {
		out[k] /= votes
		if in.Task != model.Regression {
			out[k] = (asked*out[k] + smoothing*prior[k]/total) / (asked + smoothing)
		}
	}
}

// TestDefinition: predictions are those of the definition, with ties, weights,
// repeated rows, few and many dimensions.
func TestDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 240 {
		in := drawn(r, tasks[n%3], 1+r.IntN(250), 1+r.IntN(12), n%2 == 0, n%5 == 0)
		p := model.Params{
			"neighbours": float64(1 + r.IntN(30)), "smoothing": float64(r.IntN(3)),
			"weighting": []string{"uniform", "distance"}[r.IntN(2)],
		}
		m := fit(t, p, in)
		row, got := make([]float64, in.X.Cols()), make([]float64, m.Outputs())
		for range 20 {
			for j := range row {
				row[j] = r.NormFloat64()
				if n%2 == 0 {
					row[j] = float64(r.IntN(4))
				}
			}
			// What is constant counts for nothing.
			ask := slices.Clone(row)
			for j := range ask {
				if !slices.Contains(m.used, int32(j)) {
					ask[j] = in.X.Row(0)[j]
				}
			}
			m.Predict(row, got)
			for k, want := range plain(in, p, ask) {
				if math.Abs(got[k]-want) > 1e-9 {
					t.Fatalf("case %d, %v, %d x %d: predicted %v, want %v at %d", n, p, in.X.Rows, in.X.Cols(), got, want, k)
				}
			}
		}
	}
}

// TestOrderAndRepetition: another order gives the same bytes, and so do repeated
// rows and weights.
func TestOrderAndRepetition(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, task := range tasks {
		in := drawn(r, task, 200, 3, true, false)
		want, err := fit(t, nil, in).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		other := in
		perm := r.Perm(200)
		other.X, other.Y = in.X.Take(perm), make([]float64, 200)
		for i, p := range perm {
			other.Y[i] = in.Y[p]
		}
		got, err := fit(t, nil, other).MarshalBinary()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: another order gives other bytes (%v)", task, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	in := drawn(rand.New(rand.NewPCG(5, 6)), model.Binary, 40, 3, false, false)
	in.Y[7] = 2
	if m, err := Fit(context.Background(), nil, in); err == nil || m != nil || !strings.HasPrefix(err.Error(), "neighbours: fit: ") {
		t.Errorf("a class that there is not: model %v, error %v", m, err)
	}
}

// TestFar: distances beyond the largest number are all the same.
func TestFar(t *testing.T) {
	for _, weighting := range []string{"uniform", "distance"} {
		in := drawn(rand.New(rand.NewPCG(7, 8)), model.Binary, 60, 2, false, false)
		m := fit(t, model.Params{"weighting": weighting}, in)
		out := make([]float64, 2)
		for _, x := range []float64{1e200, -math.MaxFloat64, math.Inf(1), math.NaN()} {
			m.Predict([]float64{x, 0}, out)
			if !(out[0] > 0 && out[1] > 0 && math.Abs(out[0]+out[1]-1) < 1e-9) {
				t.Errorf("%s, at %v: predicted %v", weighting, x, out)
			}
		}
	}
}

func FuzzLoad(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 10))
	for i, task := range tasks {
		b, err := fit(f, model.Params{"weighting": []string{"uniform", "distance"}[i%2]}, drawn(r, task, 20, 2, i == 0, i == 1)).MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(saveMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Load(data)
		if err != nil {
			if m != nil {
				t.Fatal("an error and a model")
			}
			return
		}
		if m.Inputs() > 1<<16 {
			return // a row of zeros alone would be large
		}
		row, out := make([]float64, m.Inputs()), make([]float64, m.Outputs())
		for _, x := range []float64{0, -1, 1e300, math.NaN()} {
			for j := range row {
				row[j] = x
			}
			m.Predict(row, out)
			sum := 0.0
			for _, p := range out {
				if math.IsNaN(p) || (m.classes > 0 && !(p >= 0 && p <= 1)) {
					t.Fatalf("predicted %v", out)
				}
				sum += p
			}
			if m.classes > 0 && math.Abs(sum-1) > 1e-6 {
				t.Fatalf("predicted %v", out)
			}
		}
		b, err := m.MarshalBinary()
		if err != nil || !bytes.Equal(b, data) {
			t.Fatalf("saved again: other bytes (%v)", err)
		}
	})
}
