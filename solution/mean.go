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
		if raw.Inputs() > 0 {
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
		if members[i].Model.Inputs() > 0 {
			members[i].Start, starts = starts[0], starts[1:]
		}
	}
	mean, err := ensemble.New(members)
	if err != nil {
		return nil, fmt.Errorf("solution: mean: %w", err)
	}
	return &Solution{
		Task: first.Task, Target: first.Target, Query: first.Query, Outcomes: first.Outcomes, Schema: joint.Inputs(), Features: joint, Model: mean,
	}, nil
}
