package features

import (
	"fmt"
	"math"

	"bespoke/model"
)

// ordinalStep keeps a category as its code, for models that handle categories
// themselves.
var ordinalStep = Step{
	Name:    "ordinal",
	Summary: "A category stays one feature that holds its code; levels that no training row has count as missing.",
	accepts: []form{code},
	fit: func(b *block, _ model.Params, _ *training) (step, error) {
		s := new(ordinal)
		counts, _ := b.counts()
		for c, n := range counts {
			if n == 0 {
				s.Unseen = append(s.Unseen, c)
			}
		}
		return s, nil
	},
	empty: func() step { return new(ordinal) },
}

// ordinal is a fitted ordinal step.
type ordinal struct {
	// Unseen lists the codes that no training row has, rising.
	Unseen []int `json:"unseen,omitempty"`

	unseen []bool // by code
}

func (s *ordinal) bind(in shape) (shape, error) {
	if err := checkCodes("unseen", s.Unseen, len(in.levels)); err != nil {
		return shape{}, err
	}
	if len(in.levels) == 0 {
		return shape{}, fmt.Errorf("the category has no levels, want at least 1")
	}
	s.unseen = make([]bool, len(in.levels))
	for _, c := range s.Unseen {
		s.unseen[c] = true
	}
	out := in
	out.missing = in.missing || len(s.Unseen) > 0
	f := in.features[0]
	f.Levels, f.Monotone = len(in.levels), 0
	out.features = []model.Feature{f}
	return out, nil
}

func (s *ordinal) apply(v []float64) {
	if c := v[0]; !math.IsNaN(c) && s.unseen[int(c)] {
		v[0] = math.NaN()
	}
}

func (s *ordinal) describe() string {
	if len(s.Unseen) == 0 {
		return fmt.Sprintf("the code of %d levels", len(s.unseen))
	}
	return fmt.Sprintf("the code of %d levels, %d of them not in the training rows and counted as missing", len(s.unseen), len(s.Unseen))
}

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
