package trees_test

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/model"
	"bespoke/trees"
)

// numbered makes rows of two numbers and a category, with values missing in the
// second number alone.
func numbered(rows int, weighted bool) model.Training {
	r := rand.New(rand.NewPCG(9, uint64(rows)))
	in := model.Training{
		Task: model.Binary, Classes: []string{"no", "yes"}, Seed: 5, Threads: 2, Y: make([]float64, rows),
		X: model.NewMatrix([]model.Feature{{Name: "a"}, {Name: "b"}, {Name: "c", Levels: 40}}, rows),
	}
	if weighted {
		in.Weights = make([]float64, rows)
	}
	for i := range rows {
		x := in.X.Row(i)
		x[0], x[1], x[2] = r.NormFloat64(), math.Round(10*r.NormFloat64()), math.Floor(40*math.Pow(r.Float64(), 3))
		if i%97 == 5 {
			x[1] = math.NaN()
		}
		if x[0]+0.05*x[2]+r.NormFloat64() > 1 {
			in.Y[i] = 1
		}
		if weighted {
			in.Weights[i] = 0.1 + r.Float64()
		}
	}
	return in
}

// A model learnt from a view has the bytes of one learnt from the values.
func TestViewIsLikeValues(t *testing.T) {
	for _, c := range []struct {
		name     string
		rows     int
		weighted bool
		params   model.Params
	}{
		{"few rows", 3000, false, model.Params{"rounds": 8.0}},
		{"more rows than edges are found by", 201_000, false, model.Params{"rounds": 2.0, "max_bins": 100.0}},
		{"weights", 5000, true, model.Params{"rounds": 8.0, "min_data_in_bin": 20.0}},
		{"rows out of the bag", 9000, false, model.Params{"rounds": 6.0, "bagging_freq": 2.0, "bagging_fraction": 0.6}},
	} {
		in := numbered(c.rows, c.weighted)
		want := fitBytes(t, c.params, in)
		dense := in.X
		in.X = model.NewView(dense.Features, dense.Rows, func(lo int, out *model.Matrix) {
			copy(out.Values, dense.Values[lo*dense.Cols():])
		})
		for _, threads := range []int{1, 3} {
			in.Threads = threads
			if !bytes.Equal(want, fitBytes(t, c.params, in)) {
				t.Errorf("%s, %d threads: the model of the view differs", c.name, threads)
			}
		}
	}
}

func fitBytes(t *testing.T, params model.Params, in model.Training) []byte {
	t.Helper()
	m, err := trees.Fit(context.Background(), params, in)
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}
