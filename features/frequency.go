package features

import (
	"fmt"
	"math"

	"bespoke/model"
)

// frequencyStep replaces a level by how common it is.
var frequencyStep = Step{
	Name:    "frequency",
	Summary: "A category becomes the share of training rows that have the same level; 0 for a level they do not have.",
	accepts: []form{code},
	fit: func(b *block, _ model.Params, _ *training) (step, error) {
		counts, missing := b.counts()
		n := float64(max(b.rows, 1))
		s := &frequency{Missing: float64(missing) / n}
		for _, c := range counts {
			s.Shares = append(s.Shares, float64(c)/n)
		}
		return s, nil
	},
	empty: func() step { return new(frequency) },
}

// frequency is a fitted frequency step.
type frequency struct {
	// Shares are by code, Missing is the share of missing values.
	Shares  []float64 `json:"shares"`
	Missing float64   `json:"missing"`
}

func (s *frequency) bind(in shape) (shape, error) {
	if err := checkFinite("shares", s.Shares, len(in.levels)); err != nil {
		return shape{}, err
	}
	if err := checkFinite("missing", []float64{s.Missing}, 1); err != nil {
		return shape{}, err
	}
	return shape{form: number, features: []model.Feature{in.made(" (frequency)")}}, nil
}

func (s *frequency) apply(v []float64) {
	if c := v[0]; math.IsNaN(c) {
		v[0] = s.Missing
	} else {
		v[0] = s.Shares[int(c)]
	}
}

func (s *frequency) describe() string {
	return fmt.Sprintf("the share of training rows of each of %d levels", len(s.Shares))
}
