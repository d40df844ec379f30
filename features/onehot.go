package features

import (
	"fmt"
	"math"

	"bespoke/model"
)

// oneHotStep gives each level a 0/1 feature.
var oneHotStep = Step{
	Name:    "one-hot",
	Summary: "One 0/1 feature for each level of the training rows, and one for missing where they have it; a level they do not have is 0 in all of them, or missing.",
	Params: []model.Param{
		{
			Name: "drop", Doc: "Which features are left out because the others tell them: binary drops the first of two, first always drops the first.",
			Default: "none", Choices: []string{"none", "binary", "first"},
		},
	},
	accepts: []form{code},
	fit:     fitOneHot,
	empty:   func() step { return new(oneHot) },
}

// oneHot is a fitted one-hot step.
type oneHot struct {
	// Codes lists the codes that have a feature, rising.
	Codes []int `json:"codes"`
	// Missing is true when a last feature is 1 for missing and unseen values.
	Missing bool `json:"missing,omitempty"`

	width   int
	feature []int // by code, -1 for none
}

func fitOneHot(b *block, p model.Params, _ *training) (step, error) {
	counts, missing := b.counts()
	s := &oneHot{Missing: missing > 0}
	for c, n := range counts {
		if n > 0 {
			s.Codes = append(s.Codes, c)
		}
	}
	total := len(s.Codes)
	if s.Missing {
		total++
	}
	first := p.Choice("drop") == "first" && total > 1
	if both := p.Choice("drop") == "binary" && total == 2; (first || both) && len(s.Codes) > 0 {
		s.Codes = s.Codes[1:]
	}
	return s, nil
}

func (s *oneHot) bind(in shape) (shape, error) {
	if err := checkCodes("codes", s.Codes, len(in.levels)); err != nil {
		return shape{}, err
	}
	s.feature = make([]int, len(in.levels))
	for c := range s.feature {
		s.feature[c] = -1
	}
	out := shape{form: number}
	for at, c := range s.Codes {
		s.feature[c] = at
		out.features = append(out.features, in.made("="+in.levels[c]))
	}
	if s.Missing {
		out.features = append(out.features, in.made(" (missing)"))
	}
	s.width = len(out.features)
	if s.width == 0 {
		return shape{}, fmt.Errorf("codes is empty, want at least 1 where missing is false")
	}
	return out, nil
}

func (s *oneHot) apply(v []float64) {
	c, at := v[0], -1
	if !math.IsNaN(c) {
		at = s.feature[int(c)]
	} else if s.Missing {
		at = s.width - 1
	}
	clear(v[:s.width])
	if at >= 0 {
		v[at] = 1
	}
}

func (s *oneHot) describe() string {
	if s.Missing {
		return plural(s.width, "feature") + " of 0 or 1, the last for missing"
	}
	return plural(s.width, "feature") + " of 0 or 1"
}
