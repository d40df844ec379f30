package features

import (
	"fmt"
	"math"
	"slices"

	"bespoke/model"
)

// imputeStep fills what is missing and may say so in a feature of its own.
var imputeStep = Step{
	Name:    "impute",
	Summary: "Missing values become the median, mean or most frequent value of the training rows; an indicator feature keeps the fact that they were missing.",
	Params: []model.Param{
		{Name: "with", Doc: "What to fill in.", Default: "median", Choices: []string{"median", "mean", "most-frequent"}},
		{
			Name: "indicator", Doc: "When to add a 0/1 feature that is 1 where the value was missing: auto adds it where training rows had missing values.",
			Default: "auto", Choices: []string{"auto", "always", "never"},
		},
	},
	accepts: []form{number, code},
	fit:     fitImpute,
	empty:   func() step { return new(imputer) },
}

// imputer is a fitted impute step.
type imputer struct {
	// Fill is what each input is filled with.
	Fill []float64 `json:"fill"`
	// Indicators lists the inputs that have an indicator, rising.
	Indicators []int `json:"indicators,omitempty"`
}

func fitImpute(b *block, p model.Params, _ *training) (step, error) {
	if b.form == code && p.Choice("with") != "most-frequent" {
		return nil, fmt.Errorf("with %q: a category can only be filled with its most-frequent level", p.Choice("with"))
	}
	s := &imputer{Fill: make([]float64, b.width())}
	seen := make(map[string]bool) // patterns of missing rows that have an indicator
	for j := range s.Fill {
		if j >= b.numbers() { // an indicator is never missing
			continue
		}
		present := b.present(j)
		s.Fill[j] = fillWith(present, p.Choice("with"))
		if b.form == code || p.Choice("indicator") == "never" {
			continue
		}
		if len(present) == b.rows && p.Choice("indicator") == "auto" {
			continue
		}
		// The parts of one date are missing together: one indicator is enough.
		if pattern := b.missingPattern(j); !seen[pattern] {
			seen[pattern] = true
			s.Indicators = append(s.Indicators, j)
		}
	}
	return s, nil
}

// missingPattern is a bit per row, as a map key.
func (b *block) missingPattern(j int) string {
	bits := make([]byte, (b.rows+7)/8)
	for i := range b.rows {
		if math.IsNaN(b.row(i)[j]) {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return string(bits)
}

// fillWith computes the value to fill in; 0 when nothing is present.
func fillWith(present []float64, with string) float64 {
	if len(present) == 0 {
		return 0
	}
	switch with {
	case "mean":
		mean, _ := meanAndDeviation(present)
		return mean
	case "most-frequent":
		return mostFrequent(present)
	}
	slices.Sort(present)
	return quantile(present, 0.5)
}

// mostFrequent is the commonest value, the smallest of those that tie. It sorts
// the values.
func mostFrequent(values []float64) float64 {
	slices.Sort(values)
	best, bestRun, run := values[0], 0, 0
	for i, x := range values {
		if i == 0 || x != values[i-1] {
			run = 0
		}
		if run++; run > bestRun {
			best, bestRun = x, run
		}
	}
	return best
}

func (s *imputer) bind(in shape) (shape, error) {
	if err := checkFinite("fill", s.Fill, in.width()); err != nil {
		return shape{}, err
	}
	out := in
	out.missing = false
	out.features = slices.Clone(in.features)
	if in.form == code {
		if c := s.Fill[0]; c != math.Trunc(c) || c < 0 || int(c) >= max(len(in.levels), 1) {
			return shape{}, fmt.Errorf("fill is %v, want a code below %d", c, len(in.levels))
		}
		if len(s.Indicators) > 0 {
			return shape{}, fmt.Errorf("a category has no indicators, got %d", len(s.Indicators))
		}
	}
	for k, j := range s.Indicators {
		if j < 0 || j >= in.numbers() || k > 0 && j <= s.Indicators[k-1] {
			return shape{}, fmt.Errorf("indicators are %v, want rising numbers from 0 to %d", s.Indicators, in.numbers()-1)
		}
		of := in.features[j]
		name := of.Source
		if of.With != "" { // what is missing is the pair's value, not the column's
			name = of.Name
		}
		out.features = append(out.features, model.Feature{Name: name + " (missing)", Source: of.Source, With: of.With})
	}
	out.flags += len(s.Indicators)
	return out, nil
}

func (s *imputer) apply(v []float64) {
	w := len(s.Fill)
	for k, j := range s.Indicators {
		v[w+k] = 0
		if math.IsNaN(v[j]) {
			v[w+k] = 1
		}
	}
	for j, fill := range s.Fill {
		if math.IsNaN(v[j]) {
			v[j] = fill
		}
	}
}

func (s *imputer) describe() string {
	text := "missing becomes " + list(s.Fill)
	if len(s.Indicators) > 0 {
		text += ", with an indicator"
	}
	return text
}

// plural writes a count of things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// list writes a few numbers for people.
func list(values []float64) string {
	const most = 4
	text := ""
	for i, x := range values {
		if i == most {
			return fmt.Sprintf("%s and %d more", text, len(values)-most)
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%.4g", x)
	}
	return text
}
