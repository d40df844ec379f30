package features

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"bespoke/model"
)

// combineStep takes two numbers together.
var combineStep = Step{
	Name:    "combine",
	Summary: "Two numbers become their sum, difference, product or ratio; missing where one of them is, or where the result is not finite.",
	Params: []model.Param{
		{Name: "by", Doc: "How the two are taken together: first with second.", Default: "difference", Choices: []string{"sum", "difference", "product", "ratio"}},
	},
	accepts: []form{pair},
	fit: func(b *block, p model.Params, _ *training) (step, error) {
		s := &combine{By: p.Choice("by")}
		return s, varies(b, s.of)
	},
	empty: func() step { return new(combine) },
}

// combine is a fitted combine step. It learns nothing.
type combine struct {
	By string `json:"by"`
}

// combineSigns are the signs of the ways to combine, in names of features.
var combineSigns = map[string]string{"sum": "+", "difference": "-", "product": "*", "ratio": "/"}

func (s *combine) bind(in shape) (shape, error) {
	if err := in.want("combine", number, number); err != nil {
		return shape{}, err
	}
	sign, ok := combineSigns[s.By]
	if !ok {
		return shape{}, fmt.Errorf("by is %q, want sum, difference, product or ratio", s.By)
	}
	f := in.both(in.two[0].features[0].Name + " " + sign + " " + in.two[1].features[0].Name)
	a, b := in.features[0].Monotone, in.features[1].Monotone
	if s.By == "difference" {
		b = -b
	}
	if (a != 0 || b != 0) && (s.By == "product" || s.By == "ratio") {
		return shape{}, fmt.Errorf("a %s has no direction in a column that is monotone", s.By)
	}
	if f.Monotone, ok = jointDirection(a, b); !ok {
		return shape{}, fmt.Errorf("a %s of two columns that are monotone in opposite ways has no direction", s.By)
	}
	return shape{form: number, missing: true, features: []model.Feature{f}}, nil
}

// of is the value for two numbers.
func (s *combine) of(a, b float64) float64 {
	switch s.By {
	case "sum":
		a += b
	case "difference":
		a -= b
	case "product":
		a *= b
	default:
		a /= b
	}
	return finite(a)
}

func (s *combine) applyPair(a, b float64, v []float64) { v[0] = s.of(a, b) }

// apply is never reached: a chain gives the first step the pair.
func (s *combine) apply(v []float64) { v[0] = math.NaN() }

func (s *combine) describe() string { return "the " + s.By + " of both" }

// betweenStep is the time between two times.
var betweenStep = Step{
	Name:    "between",
	Summary: "Two times become the days from the second to the first, such as an age at an event; missing where one of them is.",
	accepts: []form{pair},
	fit: func(b *block, _ model.Params, _ *training) (step, error) {
		return new(between), varies(b, between{}.of)
	},
	empty: func() step { return new(between) },
}

// between is a fitted between step. It learns nothing.
type between struct{}

func (between) bind(in shape) (shape, error) {
	if err := in.want("between", instant, instant); err != nil {
		return shape{}, err
	}
	f := in.both("days from " + in.features[1].Name + " to " + in.features[0].Name)
	var ok bool
	if f.Monotone, ok = jointDirection(in.features[0].Monotone, -in.features[1].Monotone); !ok {
		return shape{}, errors.New("the days between two columns that are monotone in the same way have no direction")
	}
	return shape{form: number, missing: true, features: []model.Feature{f}}, nil
}

func (between) of(a, b float64) float64 { return finite((a - b) / microsPerDay) }

func (s between) applyPair(a, b float64, v []float64) { v[0] = s.of(a, b) }

func (between) apply(v []float64) { v[0] = math.NaN() }

func (between) describe() string { return "the days between both" }

// crossStep makes one category of two.
var crossStep = Step{
	Name:    "cross",
	Summary: "Two categories become one, whose levels are the pairs that are common enough; other pairs are missing. Missing counts as a level of either.",
	Params: []model.Param{
		{Name: "rows", Doc: "A pair of levels must be in this many training rows.", Default: 5.0, Min: 1, Max: 1e9, Integer: true},
		{Name: "levels", Doc: "At most this many pairs are kept, the commonest.", Default: 4096.0, Min: 1, Max: 1 << 16, Integer: true},
	},
	accepts: []form{pair},
	fit:     fitCross,
	empty:   func() step { return new(cross) },
}

// cross is a fitted cross step.
type cross struct {
	// Pairs lists the kept pairs by rising number: that of a pair is the code of
	// the first column times one more than the levels of the second, plus the
	// code of the second; missing is the code after the last.
	Pairs []int `json:"pairs"`

	first, second int // numbers of levels
	code          map[int]int32
}

func fitCross(b *block, p model.Params, _ *training) (step, error) {
	if err := b.want("cross", code, code); err != nil {
		return nil, err
	}
	s := &cross{first: len(b.two[0].levels), second: len(b.two[1].levels)}
	counts := make(map[int]int)
	for i := range b.rows {
		counts[s.number(b.row(i)[0], b.row(i)[1])]++
	}
	type counted struct{ pair, rows int }
	var kept []counted
	for pair, n := range counts {
		if n >= p.Int("rows") {
			kept = append(kept, counted{pair, n})
		}
	}
	slices.SortFunc(kept, func(x, y counted) int {
		return cmp.Or(cmp.Compare(y.rows, x.rows), cmp.Compare(x.pair, y.pair))
	})
	for _, k := range kept[:min(len(kept), p.Int("levels"))] {
		s.Pairs = append(s.Pairs, k.pair)
	}
	slices.Sort(s.Pairs)
	if len(s.Pairs) < 2 {
		return nil, noInformationError(fmt.Sprintf("fewer than two pairs of levels are in %d training rows", p.Int("rows")))
	}
	return s, nil
}

// number is that of a pair of codes.
func (s *cross) number(a, b float64) int {
	return groupOf(a, s.first)*(s.second+1) + groupOf(b, s.second)
}

func (s *cross) bind(in shape) (shape, error) {
	if err := in.want("cross", code, code); err != nil {
		return shape{}, err
	}
	s.first, s.second = len(in.two[0].levels), len(in.two[1].levels)
	s.code = make(map[int]int32, len(s.Pairs))
	out := shape{form: code, missing: true}
	for k, pair := range s.Pairs {
		if pair < 0 || pair >= (s.first+1)*(s.second+1) || k > 0 && pair <= s.Pairs[k-1] {
			return shape{}, fmt.Errorf("pairs has %d at %d, want rising numbers below %d", pair, k, (s.first+1)*(s.second+1))
		}
		s.code[pair] = int32(k)
		out.levels = append(out.levels, levelName(in.two[0].levels, pair/(s.second+1))+" & "+levelName(in.two[1].levels, pair%(s.second+1)))
	}
	out.features = []model.Feature{in.both(in.features[0].Name + " & " + in.features[1].Name)}
	return out, nil
}

// levelName is the name of a level; that after the last is missing.
func levelName(levels []string, at int) string {
	if at == len(levels) {
		return "(missing)"
	}
	return levels[at]
}

func (s *cross) applyPair(a, b float64, v []float64) {
	v[0] = math.NaN()
	if c, ok := s.code[s.number(a, b)]; ok {
		v[0] = float64(c)
	}
}

func (s *cross) apply(v []float64) { v[0] = math.NaN() }

func (s *cross) describe() string { return fmt.Sprintf("%d pairs of levels", len(s.Pairs)) }

// want is an error unless the shape is a pair of columns of these forms.
func (s shape) want(step string, first, second form) error {
	if s.form != pair || len(s.two) != 2 {
		return fmt.Errorf("%s works on two columns, not on a %s", step, s.form)
	}
	if a, b := s.two[0].form, s.two[1].form; a != first || b != second {
		return fmt.Errorf("%s works on a %s with a %s, not on a %s with a %s", step, first, second, a, b)
	}
	return nil
}

// both is a feature of that name made of the pair's columns.
func (s shape) both(name string) model.Feature {
	return model.Feature{Name: name, Source: s.features[0].Source, With: s.features[1].Source}
}

// jointDirection is the direction of a feature that rises with both parts, whose
// directions are given; not ok where they pull apart.
func jointDirection(a, b int8) (direction int8, ok bool) {
	if a == 0 {
		return b, true
	}
	return a, b == 0 || a == b
}

// finite is x, or missing where it is not finite.
func finite(x float64) float64 {
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	return x
}

// varies is a noInformationError where the rows of a pair of columns all give
// the same value, or none.
func varies(b *block, of func(a, b float64) float64) error {
	if b.form != pair {
		return nil // bind says what is wrong
	}
	first, missing := math.NaN(), false
	for i := range b.rows {
		switch x := of(b.row(i)[0], b.row(i)[1]); {
		case math.IsNaN(x):
			missing = true
		case math.IsNaN(first):
			first = x
		case x != first:
			return nil
		}
	}
	if missing && !math.IsNaN(first) {
		return nil
	}
	return noInformationError("all training rows give the same value")
}
