package modeltest

import (
	"math"
	"math/rand/v2"
	"slices"

	"bespoke/model"
)

// learnable draws rows from which a model can learn: two numbers and a
// category (native) or its indicator (dense) matter, one number is noise. In
// the native encoding a twentieth of the values are missing.
func learnable(e model.Encoding, task model.Task, rows int, seed uint64) model.Training {
	r := rand.New(rand.NewPCG(seed, 0x6d6f64656c))
	features := []model.Feature{
		{Name: "strong", Source: "strong"},
		{Name: "weak", Source: "weak"},
		{Name: "noise", Source: "noise"},
		{Name: "group=b", Source: "group"},
	}
	if e == model.Native {
		features[3] = model.Feature{Name: "group", Source: "group", Levels: 3}
	}
	in := model.Training{Task: task, X: model.NewMatrix(features, rows), Y: make([]float64, rows), Seed: 11, Threads: 2}
	switch task {
	case model.Binary:
		in.Classes = []string{"no", "yes"}
	case model.Multiclass:
		in.Classes = []string{"low", "middle", "high"}
	}
	for i := range rows {
		x := in.X.Row(i)
		x[0], x[1], x[2] = r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		score := 2*x[0] - x[1]
		if e == model.Native {
			x[3] = float64(r.IntN(3))
			score += 1.5 * (x[3] - 1)
			for j := range x {
				if r.IntN(20) == 0 {
					x[j] = math.NaN()
				}
			}
		} else {
			x[3] = float64(r.IntN(2))
			score += 1.5 * (x[3] - 0.5)
		}
		in.Y[i] = target(task, score+0.7*r.NormFloat64())
	}
	return in
}

// target turns a score into a number or a class.
func target(task model.Task, score float64) float64 {
	switch task {
	case model.Binary:
		if score > 0.5 {
			return 1
		}
		return 0
	case model.Multiclass:
		switch {
		case score < -0.9:
			return 0
		case score < 0.9:
			return 1
		}
		return 2
	}
	return 50 + 10*score
}

// take makes training rows of the given rows, weights included.
func take(in model.Training, rows []int) model.Training {
	out := in
	out.X = in.X.Take(rows)
	out.Y = make([]float64, len(rows))
	for i, r := range rows {
		out.Y[i] = in.Y[r]
	}
	if in.Weights != nil {
		out.Weights = make([]float64, len(rows))
		for i, r := range rows {
			out.Weights[i] = in.Weights[r]
		}
	}
	return out
}

// staked draws stakes for rows of classes: dear ones where the strong feature
// is low, and four times as dear in the last class.
func staked(in model.Training, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 0x7374616b65))
	out := make([]float64, in.X.Rows)
	for i, y := range in.Y {
		out[i] = 0.2 + r.Float64()
		if x := in.X.Row(i)[0]; x < 0 { // false where it is missing
			out[i] += 2
		}
		if int(y) == len(in.Classes)-1 {
			out[i] *= 4
		}
	}
	return out
}

// copied makes a deep copy of rows, targets, weights and stakes.
func copied(in model.Training) model.Training {
	out := in
	out.X = &model.Matrix{Features: slices.Clone(in.X.Features), Rows: in.X.Rows, Values: slices.Clone(in.X.Values)}
	out.Y, out.Weights, out.Stakes = slices.Clone(in.Y), slices.Clone(in.Weights), slices.Clone(in.Stakes)
	return out
}

// baseline is the loss of the best constant prediction on the rows of train,
// measured on test.
func baseline(task model.Task, train, test model.Training) float64 {
	k := test.Outputs()
	p := make([]float64, k)
	for _, y := range train.Y {
		if task == model.Regression {
			p[0] += y / float64(len(train.Y))
		} else {
			p[int(y)] += 1 / float64(len(train.Y))
		}
	}
	all := make([]float64, 0, k*test.X.Rows)
	for range test.X.Rows {
		all = append(all, p...)
	}
	return lossOf(task, all, test.Y)
}

// lossOf is the mean squared error, or the mean log-loss.
func lossOf(task model.Task, predictions, y []float64) float64 {
	k := len(predictions) / len(y)
	sum := 0.0
	for i, v := range y {
		if task == model.Regression {
			d := predictions[i] - v
			sum += d * d
		} else {
			sum -= math.Log(max(predictions[i*k+int(v)], 1e-15))
		}
	}
	return sum / float64(len(y))
}
