package features

import (
	"fmt"
	"math"

	"bespoke/model"
)

// groupStep compares a number with those of its group.
var groupStep = Step{
	Name: "group",
	Summary: "A category and a number become what the training rows of the same level say about the number: its mean and standard deviation there, " +
		"how far the row's own number lies from that mean, and how many rows there are.",
	Params: []model.Param{
		{Name: "rows", Doc: "How many rows the overall mean and deviation count for in those of a level; 0 takes the level's own.", Default: 1.0, Min: 0, Max: 1e9},
	},
	accepts: []form{pair},
	fit:     fitGroup,
	empty:   func() step { return new(group) },
}

// groupParts are the names of what the step makes, in order.
var groupParts = [...]string{"mean", "deviation", "difference", "rows"}

// group is a fitted group step. It never looks at the target, so that training
// rows and others get the same numbers.
type group struct {
	// Means, Deviations and Counts have a number per code, and last one for
	// missing. A level without training rows has those of all rows, and count 0.
	Means      []float64 `json:"means"`
	Deviations []float64 `json:"deviations"`
	Counts     []float64 `json:"counts"`
}

// fitGroup draws the mean and the deviation of each level with n known numbers
// towards those of all rows, as the encoding of targets does (see encode) but
// with a fixed strength m, the parameter rows:
//
//	w*level + (1-w)*all,  w = n / (n + m)
func fitGroup(b *block, p model.Params, _ *training) (step, error) {
	if err := b.want("group", code, number); err != nil {
		return nil, err
	}
	levels, m := len(b.two[0].levels), p.Number("rows")
	byGroup, all := make([][]float64, levels+1), []float64(nil)
	s := &group{Counts: make([]float64, levels+1)}
	for i := range b.rows {
		g, x := groupOf(b.row(i)[0], levels), b.row(i)[1]
		s.Counts[g]++
		if !math.IsNaN(x) {
			byGroup[g] = append(byGroup[g], x)
			all = append(all, x)
		}
	}
	mean, deviation := meanAndDeviation(all)
	if !(deviation > 0) {
		return nil, noInformationError("the number does not vary")
	}
	for _, values := range byGroup {
		own, spread := meanAndDeviation(values)
		n, w := float64(len(values)), 0.0
		if n > 0 {
			w = n / (n + m)
		}
		s.Means = append(s.Means, w*own+(1-w)*mean)
		s.Deviations = append(s.Deviations, w*spread+(1-w)*deviation)
	}
	return s, nil
}

func (s *group) bind(in shape) (shape, error) {
	if err := in.want("group", code, number); err != nil {
		return shape{}, err
	}
	groups := len(in.two[0].levels) + 1
	for _, list := range []struct {
		name   string
		values []float64
	}{{"means", s.Means}, {"deviations", s.Deviations}, {"counts", s.Counts}} {
		if err := checkFinite(list.name, list.values, groups); err != nil {
			return shape{}, err
		}
	}
	out := shape{form: number, missing: true}
	for _, part := range groupParts {
		f := in.both(fmt.Sprintf("%s by %s (%s)", in.features[1].Name, in.features[0].Name, part))
		if part == "difference" {
			f.Monotone = in.features[1].Monotone
		}
		out.features = append(out.features, f)
	}
	return out, nil
}

func (s *group) applyPair(c, x float64, v []float64) {
	g := groupOf(c, len(s.Means)-1)
	v[0], v[1], v[2], v[3] = s.Means[g], s.Deviations[g], finite(x-s.Means[g]), s.Counts[g]
}

// apply is never reached: a chain gives the first step the pair.
func (s *group) apply(v []float64) { clear(v[:len(groupParts)]) }

func (s *group) describe() string {
	return fmt.Sprintf("mean, deviation, distance and rows of each of %d levels", len(s.Means)-1)
}
