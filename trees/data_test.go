package trees

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/model"
	"bespoke/objective"
)

// learnable draws rows with a signal: column 0 and 1 and the category in the
// last column matter, the rest is noise; a tenth of column 1 is missing.
func learnable(task model.Task, rows, cols int, seed uint64) model.Training {
	r := rand.New(rand.NewPCG(seed, 77))
	features := make([]model.Feature, cols)
	for j := range features {
		features[j] = model.Feature{Name: fmt.Sprint("x", j), Source: fmt.Sprint("x", j)}
	}
	features[cols-1].Levels = 9
	in := model.Training{Task: task, X: model.NewMatrix(features, rows), Y: make([]float64, rows), Seed: 5, Threads: 2}
	for i := range rows {
		x := in.X.Row(i)
		for j := range x {
			x[j] = r.NormFloat64()
		}
		x[cols-1] = float64(r.IntN(9))
		score := 2*x[0] + math.Sin(3*x[1]) + 0.5*math.Mod(x[cols-1]*5, 9) - 2
		if r.IntN(10) == 0 {
			x[1] = math.NaN()
			score++
		}
		score += 0.5 * r.NormFloat64()
		switch task {
		case model.Regression:
			in.Y[i] = 10 + 3*score
		case model.Binary:
			in.Classes = []string{"no", "yes"}
			in.Y[i] = bit(score > 0)
		default:
			in.Classes = []string{"a", "b", "c"}
			in.Y[i] = bit(score > -1) + bit(score > 1)
		}
	}
	return in
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func fit(t testing.TB, p model.Params, in model.Training) *Model {
	t.Helper()
	m, err := Fit(context.Background(), p, in)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func saved(t testing.TB, m *Model) string {
	t.Helper()
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func predictions(m *Model, x *model.Matrix) []float64 {
	out := make([]float64, x.Rows*m.Outputs())
	m.PredictAll(x, out, 1)
	return out
}

// loss is the mean of the objective's loss, without weights.
func loss(t testing.TB, m *Model, in model.Training) float64 {
	t.Helper()
	obj, err := objective.Find(m.Objective, m.Task)
	if err != nil {
		t.Fatal(err)
	}
	tgt := objective.Target{Y: in.Y, Classes: len(in.Classes), Settings: objective.Defaults()}
	raw, sum := make([]float64, len(m.Base)), 0.0
	for i := range in.Y {
		m.Raw(in.X.Row(i), raw)
		sum += obj.Loss(&tgt, i, raw)
	}
	return sum / float64(len(in.Y))
}

// take makes training rows of the given ones.
func take(in model.Training, rows []int) model.Training {
	out := in
	out.X = in.X.Take(rows)
	out.Y = make([]float64, len(rows))
	if in.Weights != nil {
		out.Weights = make([]float64, len(rows))
	}
	for i, r := range rows {
		out.Y[i] = in.Y[r]
		if in.Weights != nil {
			out.Weights[i] = in.Weights[r]
		}
	}
	return out
}

var tasks = []model.Task{model.Regression, model.Binary, model.Multiclass}
