package features

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"bespoke/model"
)

// rareStep groups levels that are too rare to learn from.
var rareStep = Step{
	Name:    "rare",
	Summary: "Levels with few training rows, and levels that no training row has, become one level called (other).",
	Params: []model.Param{
		{Name: "share", Doc: "A level is rare below this share of the training rows.", Default: 0.01, Min: 0, Max: 1},
		{Name: "rows", Doc: "A level is rare below this number of training rows.", Default: 5.0, Min: 0, Max: 1e9, Integer: true},
		{Name: "levels", Doc: "At most this many of the commonest levels are kept; 0 means any number.", Default: 0.0, Min: 0, Max: 1e6, Integer: true},
	},
	accepts: []form{code},
	fit:     fitRare,
	empty:   func() step { return new(rare) },
}

// otherLevel is the name of the level that rare ones become.
const otherLevel = "(other)"

// rare is a fitted rare step.
type rare struct {
	// Kept lists the codes that stay, rising; they become 0, 1, 2, ...
	Kept []int `json:"kept"`
	// Other is true when the rest has a code of its own, len(Kept); otherwise
	// the rest is missing.
	Other bool `json:"other"`
	// Missing is true when training rows had missing values, so that missing
	// stays missing instead of joining the rest.
	Missing bool `json:"missing"`

	become []float64 // by input code
}

func fitRare(b *block, p model.Params, _ *training) (step, error) {
	counts, missing := b.counts()
	floor := max(p.Number("share")*float64(b.rows), p.Number("rows"))
	if most := p.Int("levels"); most > 0 {
		floor = max(floor, floorOf(counts, most))
	}
	var kept, rareCodes, seen []int
	for c, n := range counts {
		if n == 0 {
			continue
		}
		seen = append(seen, c)
		if float64(n) < floor {
			rareCodes = append(rareCodes, c)
		} else {
			kept = append(kept, c)
		}
	}
	s := &rare{Kept: kept, Other: true, Missing: missing > 0}
	if len(rareCodes) < 2 { // a group of one would only hide its name
		s.Kept, s.Other = seen, false
	}
	return s, nil
}

// floorOf is the number of rows that a level must have to be among the most
// common ones.
func floorOf(counts []int, most int) float64 {
	if len(counts) <= most {
		return 0
	}
	falling := slices.SortedFunc(slices.Values(counts), func(a, b int) int { return cmp.Compare(b, a) })
	// The first level that must go sets the floor: whoever ties with it goes too.
	return float64(falling[most]) + 1
}

func (s *rare) bind(in shape) (shape, error) {
	out := in
	out.levels = make([]string, 0, len(s.Kept)+1)
	s.become = make([]float64, len(in.levels))
	for c := range s.become {
		s.become[c] = s.rest()
	}
	if err := checkCodes("kept", s.Kept, len(in.levels)); err != nil {
		return shape{}, err
	}
	for to, c := range s.Kept {
		s.become[c] = float64(to)
		out.levels = append(out.levels, in.levels[c])
	}
	if s.Other {
		out.levels = append(out.levels, otherLevel)
	}
	out.missing = !s.Other || in.missing && s.Missing
	return out, nil
}

// rest is what rare and unseen levels become.
func (s *rare) rest() float64 {
	if s.Other {
		return float64(len(s.Kept))
	}
	return math.NaN()
}

func (s *rare) apply(v []float64) {
	c := v[0]
	switch {
	case !math.IsNaN(c):
		v[0] = s.become[int(c)]
	case !s.Missing:
		v[0] = s.rest()
	}
}

func (s *rare) describe() string {
	if !s.Other {
		return fmt.Sprintf("%d levels, none grouped", len(s.Kept))
	}
	return fmt.Sprintf("%d of %d levels kept, the others grouped", len(s.Kept), len(s.become))
}

// checkCodes is an error unless codes rise and are below levels.
func checkCodes(name string, codes []int, levels int) error {
	for i, c := range codes {
		if c < 0 || c >= levels || i > 0 && c <= codes[i-1] {
			return fmt.Errorf("%s has code %d at %d, want rising codes below %d", name, c, i, levels)
		}
	}
	return nil
}
