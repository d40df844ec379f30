package main

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"bespoke/model"
	"bespoke/pipeline"
	"bespoke/solution"
	"bespoke/tune"
)

// Others is what ways of joining candidates say of the rows of an outer fold,
// whichever of them was taken. Losses are log-loss, or the root of the mean
// squared error.
type Others struct {
	Fold int `json:"fold"`
	Rows int `json:"rows"`
	// Trials were cross-fitted to the end.
	Trials int `json:"trials"`
	// Single is the loss of the best single candidate, Mean and Stack those of the
	// two committees; null where there is none.
	Single float64  `json:"single"`
	Mean   *float64 `json:"mean"`
	Stack  *float64 `json:"stack"`
	// Gain is by how much the mean's loss per row is above the stack's, Noise its
	// standard error; squared errors count for numbers.
	Gain  float64 `json:"gain,omitempty"`
	Noise float64 `json:"noise,omitempty"`
	// Nested and Second are what the search knew.
	Nested *tune.Nested   `json:"nested,omitempty"`
	Second *tune.Stacking `json:"second,omitempty"`
	// Chosen is what was taken, with its size in bytes.
	Chosen  string        `json:"chosen"`
	Loss    float64       `json:"loss"`
	Bytes   int64         `json:"bytes"`
	Weights []tune.Member `json:"weights,omitempty"`
	// Student is the loss of a distilled model, Told what was said of it.
	Student      *float64 `json:"student,omitempty"`
	StudentBytes int64    `json:"student_bytes,omitempty"`
	Told         string   `json:"told,omitempty"`
	// Within is whether the single candidate keeps the limits.
	Within bool `json:"within"`
}

// compare predicts the rows of the fold by all of them.
func (b *bench) compare(ctx context.Context, f int, l pipeline.Learning, learnt *pipeline.Learnt) error {
	o := Others{Fold: f, Rows: len(l.Split.Test), Chosen: learnt.Scenario.Trial.Candidate.Label, Within: true}
	for _, t := range learnt.Search.Trials {
		if t.Out() == "" {
			o.Trials++
		}
	}
	single, err := l.Refit(ctx, learnt, learnt.Search.Scenario)
	if err != nil {
		return err
	}
	losses := func(s *solution.Solution) ([]float64, error) { return rowLosses(l, learnt, s, b.threads) }
	one, err := losses(single.Solution)
	if err != nil {
		return err
	}
	o.Single = overall(learnt, one)
	chosen, err := losses(learnt.Scenario.Solution)
	if err != nil {
		return err
	}
	o.Loss = overall(learnt, chosen)
	if o.Bytes, err = learnt.Scenario.Solution.Bytes(); err != nil {
		return err
	}
	if err := b.committees(ctx, l, learnt, &o); err != nil {
		return err
	}
	if st := learnt.Student; st != nil {
		own, err := losses(st.Solution)
		if err != nil {
			return err
		}
		o.Student, o.Told, o.Within = loss(learnt, own), st.Student.Reason, !st.Student.Alone
		if o.StudentBytes, err = st.Solution.Bytes(); err != nil {
			return err
		}
	}
	b.others = append(b.others, o)
	return nil
}

// committees adds the mean and the stack, of which one was taken.
func (b *bench) committees(ctx context.Context, l pipeline.Learning, learnt *pipeline.Learnt, o *Others) error {
	team := learnt.Search.Committee
	if learnt.Search.Student != nil {
		team = learnt.Search.Student.Teacher
	}
	by := map[string][]float64{}
	for c := team; c != nil && by[c.Kind()] == nil; c = c.Beside {
		s, err := joined(ctx, l, learnt, c)
		if err != nil {
			return err
		}
		if by[c.Kind()], err = rowLosses(l, learnt, s, b.threads); err != nil {
			return err
		}
	}
	o.Mean, o.Stack = loss(learnt, by["mean"]), loss(learnt, by["stack"])
	if team != nil {
		o.Nested, o.Second, o.Weights = team.Nested, team.Stack, team.Members
	}
	if o.Mean == nil || o.Stack == nil {
		return nil
	}
	difference := by["mean"]
	for i := range difference {
		difference[i] -= by["stack"][i]
	}
	mean, sd := stat.MeanStdDev(difference, nil)
	o.Gain, o.Noise = mean, sd/math.Sqrt(float64(len(difference)))
	return nil
}

// joined learns a committee again from all rows of the outer training part.
func joined(ctx context.Context, l pipeline.Learning, learnt *pipeline.Learnt, c *tune.Committee) (*solution.Solution, error) {
	var parts []*solution.Solution
	var weights []float64
	for _, m := range c.Members {
		one, err := l.Refit(ctx, learnt, m.Trial)
		if err != nil {
			return nil, err
		}
		parts, weights = append(parts, one.Solution), append(weights, m.Weight)
	}
	s, err := solution.Mean(parts, weights)
	if c.Intercepts != nil {
		s, err = solution.Stack(parts, weights, c.Intercepts)
	}
	if err != nil {
		return nil, fmt.Errorf("quality: %s: %w", c.Label(), err)
	}
	s.Calibration = c.Calibrated().Map
	return s, nil
}

// rowLosses is the loss of each row of the fold.
func rowLosses(l pipeline.Learning, learnt *pipeline.Learnt, s *solution.Solution, threads int) ([]float64, error) {
	predictions, err := s.Predict(l.Table.Take(l.Split.Test), threads)
	if err != nil {
		return nil, err
	}
	out, k := make([]float64, len(l.Split.Test)), s.Outputs()
	for i, r := range l.Split.Test {
		y := learnt.Problem.Y[r]
		if learnt.Problem.Task == model.Regression {
			out[i] = (predictions[i] - y) * (predictions[i] - y)
			continue
		}
		out[i] = -math.Log(max(1e-15, predictions[i*k+int(y)]))
	}
	return out, nil
}

// overall is the loss of all rows.
func overall(learnt *pipeline.Learnt, losses []float64) float64 {
	mean := stat.Mean(losses, nil)
	if learnt.Problem.Task == model.Regression {
		return math.Sqrt(mean)
	}
	return mean
}

func loss(learnt *pipeline.Learnt, losses []float64) *float64 {
	if losses == nil {
		return nil
	}
	v := overall(learnt, losses)
	return &v
}
