package trees

import (
	"context"
	"math"
	"testing"

	"bespoke/model"
)

// strange are rows with missing values, unseen levels and extreme numbers.
func strange(in model.Training) *model.Matrix {
	x := in.X.Take([]int{0, 1, 2, 3, 4, 5, 6})
	last := x.Cols() - 1
	for j := range x.Cols() {
		x.Row(0)[j] = math.NaN()
		x.Row(1)[j] = math.Inf(1)
		x.Row(2)[j] = math.Inf(-1)
		x.Row(3)[j] = math.MaxFloat64
	}
	x.Row(4)[last] = 1e6
	x.Row(5)[last] = -1
	x.Row(6)[last] = math.Copysign(0, -1)
	return x
}

// TestPredictWalksTheTrees: the fast layout gives what walking the exported
// trees with GoesLeft gives, to the bit, for odd rows too.
func TestPredictWalksTheTrees(t *testing.T) {
	for _, task := range tasks {
		in := learnable(task, 600, 5, 20)
		m := fit(t, model.Params{"rounds": 25, "min_data_per_group": 5, "min_child_samples": 5}, in)
		odd := strange(in)
		got := make([]float64, len(m.Base))
		for _, x := range []*model.Matrix{in.X, odd} {
			for i := range x.Rows {
				m.Raw(x.Row(i), got)
				for k := range got {
					want := m.Base[k]
					for n := k; n < len(m.Trees); n += len(m.Base) {
						want += m.Trees[n].value(x.Row(i))
					}
					if got[k] != want {
						t.Fatalf("%s: row %d output %d: %v, want %v", task, i, k, got[k], want)
					}
				}
			}
		}
	}
}

// TestTreesThatAreNotLaidOut: where there are too many nodes to lay out, the
// trees themselves give the same bits.
func TestTreesThatAreNotLaidOut(t *testing.T) {
	for _, task := range tasks {
		in := learnable(task, 300, 5, 23)
		m := fit(t, model.Params{"rounds": 10}, in)
		f := planted(t, RandomForest, model.Params{"trees": 9}, in)
		bare, wild := *m, *f
		bare.fast.trees = nil
		wild.fast = fast{values: f.values()}
		got, want := make([]float64, m.Outputs()), make([]float64, m.Outputs())
		for i := range in.X.Rows {
			for _, c := range [][2]interface{ Predict(row, out []float64) }{{&bare, m}, {&wild, f}} {
				c[0].Predict(in.X.Row(i), got)
				c[1].Predict(in.X.Row(i), want)
				for k := range want {
					if got[k] != want[k] {
						t.Fatalf("%s, %T, row %d: %v, want %v", task, c[0], i, got, want)
					}
				}
			}
		}
	}
}

func TestBatchIsRowByRow(t *testing.T) {
	for _, task := range tasks {
		in := learnable(task, 1_000, 5, 21)
		m := fit(t, model.Params{"rounds": 15}, in)
		for _, threads := range []int{1, 2, 3, 50} {
			out := make([]float64, in.X.Rows*m.Outputs())
			m.PredictAll(in.X, out, threads)
			row := make([]float64, m.Outputs())
			for i := range in.X.Rows {
				m.Predict(in.X.Row(i), row)
				for k := range row {
					if row[k] != out[i*len(row)+k] {
						t.Fatalf("%s: row %d: %v in the batch, %v alone", task, i, out[i*len(row)+k], row[k])
					}
				}
			}
		}
		m.PredictAll(model.NewMatrix(in.X.Features, 0), nil, 2)
	}
}

func TestPredictDoesNotAllocate(t *testing.T) {
	for _, task := range tasks {
		in := learnable(task, 500, 5, 22)
		m := fit(t, model.Params{"rounds": 10}, in)
		out, raw := make([]float64, m.Outputs()), make([]float64, len(m.Base))
		if n := testing.AllocsPerRun(100, func() { m.Predict(in.X.Row(3), out); m.Raw(in.X.Row(3), raw) }); n != 0 {
			t.Errorf("%s: %v allocations", task, n)
		}
	}
}

// TestUnseenLevelGoesRight: a level of the training rows that went left is
// told from one that was never seen.
func TestUnseenLevelGoesRight(t *testing.T) {
	in := model.Training{Task: model.Regression, X: model.NewMatrix([]model.Feature{{Name: "c", Levels: 70}}, 90), Y: make([]float64, 90), Threads: 1}
	for i := range 90 {
		in.X.Row(i)[0] = []float64{2, 66, 5}[i%3]
		in.Y[i] = []float64{10, 10, -10}[i%3]
	}
	m, err := Fit(context.Background(), model.Params{"rounds": 1, "learning_rate": 1, "max_cat_to_onehot": 1, "cat_l2": 0, "cat_smooth": 0, "min_data_per_group": 1}, in)
	if err != nil {
		t.Fatal(err)
	}
	at := func(x float64) float64 {
		out := []float64{0}
		m.Predict([]float64{x}, out)
		return out[0]
	}
	if at(2) != at(66) || math.Abs(at(2)-10) > 1e-9 || math.Abs(at(5)+10) > 1e-9 {
		t.Fatalf("levels 2, 66, 5 predict %v %v %v, want 10 10 -10", at(2), at(66), at(5))
	}
	right := at(math.NaN())
	for _, x := range []float64{0, 3, 64, 69, 70, 127, 128, 1e9, -1, math.Inf(1), math.Inf(-1)} {
		if at(x) != right {
			t.Errorf("code %v predicts %v, missing predicts %v", x, at(x), right)
		}
	}
}

// TestMissingJoinsTheMajority: when training saw no missing value, a missing
// value goes with most rows.
func TestMissingJoinsTheMajority(t *testing.T) {
	in := model.Training{Task: model.Regression, X: model.NewMatrix([]model.Feature{{Name: "x"}}, 100), Y: make([]float64, 100), Threads: 1}
	for i := range 100 {
		in.X.Row(i)[0] = float64(i)
		in.Y[i] = bit(i >= 30)
	}
	m := fit(t, model.Params{"rounds": 1, "num_leaves": 2}, in)
	out := []float64{0}
	if m.Predict([]float64{math.NaN()}, out); out[0] != predictions(m, in.X)[99] {
		t.Errorf("missing predicts %v, most rows %v", out[0], predictions(m, in.X)[99])
	}
}

// TestMissingDirectionIsLearnt: missing rows have the target of the small side.
func TestMissingDirectionIsLearnt(t *testing.T) {
	for _, high := range []float64{0, 1} {
		in := model.Training{Task: model.Regression, X: model.NewMatrix([]model.Feature{{Name: "x"}}, 300), Y: make([]float64, 300), Threads: 1}
		for i := range 300 {
			in.X.Row(i)[0] = float64(i % 100)
			in.Y[i] = bit(i%100 >= 60)
			if i < 25 {
				in.X.Row(i)[0], in.Y[i] = math.NaN(), high
			}
		}
		m := fit(t, model.Params{"rounds": 1, "num_leaves": 2, "learning_rate": 1}, in)
		out := []float64{0}
		if m.Predict([]float64{math.NaN()}, out); math.Abs(out[0]-high) > 1e-6 {
			t.Errorf("missing predicts %v, want %v", out[0], high)
		}
	}
}
