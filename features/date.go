package features

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"bespoke/model"
)

// dateStep takes a time apart.
var dateStep = Step{
	Name:    "date",
	Summary: "A time becomes its year, month, day of the week, hour (UTC) and the days since the first training row, as far as these vary in the training rows.",
	Params: []model.Param{
		{
			Name: "cyclic", Doc: "Whether month, day of the week and hour become a sine and a cosine, so that December is next to January.",
			Default: "no", Choices: []string{"no", "yes"},
		},
	},
	accepts: []form{instant},
	fit:     fitDate,
	empty:   func() step { return new(date) },
}

// datePart is one way to read a time.
type datePart struct {
	name string
	// period is the length of the cycle, 0 for none.
	period float64
	of     func(t time.Time) float64
}

// dateParts is the table of the calendar parts; elapsed days are counted apart
// because they need the first training row.
var dateParts = []datePart{
	{name: "year", of: func(t time.Time) float64 { return float64(t.Year()) }},
	{name: "month", period: 12, of: func(t time.Time) float64 { return float64(t.Month()) }},
	{name: "weekday", period: 7, of: func(t time.Time) float64 { return float64((t.Weekday() + 6) % 7) }}, // Monday is 0
	{name: "hour", period: 24, of: func(t time.Time) float64 { return float64(t.Hour()) }},
}

// elapsedPart is the name of the part that counts days since the first row.
const elapsedPart = "elapsed days"

const microsPerDay = 24 * 60 * 60 * 1e6

// date is a fitted date step.
type date struct {
	// Parts are names of dateParts, in their order, and elapsedPart last.
	Parts []string `json:"parts"`
	// Start is the time of elapsed day 0, in microseconds since 1970.
	Start float64 `json:"start"`
	// Cyclic is true when parts with a period are a sine and a cosine.
	Cyclic bool `json:"cyclic,omitempty"`

	parts   []datePart
	elapsed bool
}

func fitDate(b *block, p model.Params, _ *training) (step, error) {
	s := &date{Cyclic: p.Choice("cyclic") == "yes"}
	present := b.present(0)
	if len(present) == 0 {
		return nil, noInformationError("every training row is missing")
	}
	s.Start = slices.Min(present)
	for _, part := range dateParts {
		first := part.of(moment(present[0]))
		if slices.ContainsFunc(present, func(x float64) bool { return part.of(moment(x)) != first }) {
			s.Parts = append(s.Parts, part.name)
		}
	}
	s.Parts = append(s.Parts, elapsedPart)
	return s, nil
}

// moment is the time of microseconds since 1970, within 146,000 years so that
// every calendar can hold it.
func moment(micros float64) time.Time {
	const most = 1 << 62
	return time.UnixMicro(int64(min(max(micros, -most), most))).UTC()
}

func (s *date) bind(in shape) (shape, error) {
	if err := checkFinite("start", []float64{s.Start}, 1); err != nil {
		return shape{}, err
	}
	out := shape{form: number, missing: in.missing}
	s.parts, s.elapsed = nil, false
	next := 0
	for _, name := range s.Parts {
		if name == elapsedPart && !s.elapsed {
			s.elapsed = true
			f := in.made(" (" + elapsedPart + ")")
			f.Monotone = in.features[0].Monotone
			out.features = append(out.features, f)
			continue
		}
		at := slices.IndexFunc(dateParts[next:], func(p datePart) bool { return p.name == name })
		if at < 0 || s.elapsed {
			return shape{}, fmt.Errorf("parts are %q, want some of year, month, weekday, hour, %s, in this order", s.Parts, elapsedPart)
		}
		part := dateParts[next+at]
		next += at + 1
		s.parts = append(s.parts, part)
		if s.Cyclic && part.period > 0 {
			out.features = append(out.features, in.made(" ("+name+" sine)"), in.made(" ("+name+" cosine)"))
		} else {
			out.features = append(out.features, in.made(" ("+name+")"))
		}
	}
	if len(s.Parts) == 0 {
		return shape{}, fmt.Errorf("parts are empty, want at least one")
	}
	return out, nil
}

func (s *date) apply(v []float64) {
	micros := v[0]
	missing := math.IsNaN(micros)
	t := moment(0)
	if !missing {
		t = moment(micros)
	}
	at := 0
	put := func(x float64) {
		if missing {
			x = math.NaN()
		}
		v[at] = x
		at++
	}
	for _, part := range s.parts {
		x := part.of(t)
		if !s.Cyclic || part.period == 0 {
			put(x)
			continue
		}
		sin, cos := math.Sincos(2 * math.Pi * x / part.period)
		put(sin)
		put(cos)
	}
	if s.elapsed {
		put((micros - s.Start) / microsPerDay)
	}
}

func (s *date) describe() string {
	text := strings.Join(s.Parts, ", ")
	if s.Cyclic {
		text += ", cycles as sine and cosine"
	}
	return text
}
