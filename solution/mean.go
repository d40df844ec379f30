package solution

import (
	"fmt"
	"slices"

	"bespoke/ensemble"
	"bespoke/features"
	"bespoke/model"
)

// Mean joins solutions that were fitted on the same table into one whose model
// is their weighted mean; see package ensemble. The weights are positive and are
// divided by their sum. Calibration and payoffs are left out: those of the parts
// are not those of the mean.
func Mean(parts []*Solution, weights []float64) (*Solution, error) {
	return combine(parts, weights, ensemble.New)
}

// Stack is Mean where the raw outputs of the parts, times weights that need not
// sum to 1, are added to the intercepts; see ensemble.NewStack.
func Stack(parts []*Solution, weights, intercepts []float64) (*Solution, error) {
	return combine(parts, weights, func(m []ensemble.Member) (*ensemble.Model, error) { return ensemble.NewStack(m, intercepts) })
}

// combine joins the features of the parts and has their models joined.
func combine(parts []*Solution, weights []float64, join func([]ensemble.Member) (*ensemble.Model, error)) (*Solution, error) {
	if len(parts) == 0 || len(parts) != len(weights) {
		return nil, fmt.Errorf("solution: mean: %d solutions with %d weights; at least 1 is needed, and as many weights", len(parts), len(weights))
	}
	first := parts[0]
	var steps []*features.Fitted
	members := make([]ensemble.Member, len(parts))
	for i, p := range parts {
		if p.Task != first.Task || p.Target != first.Target || p.Query != first.Query || !slices.Equal(p.Outcomes, first.Outcomes) {
			return nil, fmt.Errorf("solution: mean: part %d predicts another target than the first", i+1)
		}
		raw, ok := p.Model.(model.Raw)
		if !ok {
			return nil, fmt.Errorf("solution: mean: part %d: %s has no raw outputs to average", i+1, p.Model.Name())
		}
		members[i] = ensemble.Member{Model: raw, Weight: weights[i]}
		if reads(raw) {
			steps = append(steps, p.Features)
		}
	}
	if len(steps) == 0 { // baselines alone
		steps = append(steps, first.Features)
	}
	joint, starts, err := features.Join(steps...)
	if err != nil {
		return nil, fmt.Errorf("solution: mean: %w", err)
	}
	for i := range members {
		if !reads(members[i].Model) {
			continue
		}
		if members[i].Model.Inputs() > 0 { // else it reads the sparse part alone
			members[i].Start = starts[0]
		}
		starts = starts[1:]
	}
	mean, err := join(members)
	if err != nil {
		return nil, fmt.Errorf("solution: mean: %w", err)
	}
	return &Solution{
		Task: first.Task, Target: first.Target, Query: first.Query, Outcomes: first.Outcomes, Schema: joint.Inputs(), Features: joint, Model: mean,
	}, nil
}

// reads says whether a model looks at features at all.
func reads(m model.Raw) bool { return m.Inputs() > 0 || model.SparseInputs(m) > 0 }
