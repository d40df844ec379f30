package explain

import (
	"fmt"

	"bespoke/additive"
)

// Curves is what an additive model says about each feature, read off the model
// and not sampled: a row's raw output is the intercept plus its place in every
// curve and every pair.
type Curves struct {
	// Outputs names the raw outputs, as in Coefficients.
	Outputs []string `json:"outputs"`
	// Features have the strongest first, at most as many as were asked for.
	Features []Curve `json:"features"`
	// Pairs are the terms of two features, the strongest first.
	Pairs []PairStrength `json:"pairs,omitempty"`
	// Others is how many curves are not listed.
	Others int `json:"others,omitempty"`
}

// Curve is the curve of one feature.
type Curve struct {
	Feature string `json:"feature"`
	// Category says that points are categories and have no order.
	Category bool `json:"category,omitempty"`
	// Strength is the mean magnitude over the training rows, in the units of the
	// raw output.
	Strength float64      `json:"strength"`
	Points   []CurvePoint `json:"points"`
}

// CurvePoint is an interval of numbers, a category, or the missing values.
type CurvePoint struct {
	// Name is the category, or "missing"; empty for an interval.
	Name string `json:"name,omitempty"`
	// From and To bound an interval: numbers above From up to To. The first has
	// no From and the last no To.
	From *float64 `json:"from,omitempty"`
	To   *float64 `json:"to,omitempty"`
	// Values is what is added to each raw output, Errors its standard deviation
	// over the bags; nil where there is one bag.
	Values []float64 `json:"values"`
	Errors []float64 `json:"errors,omitempty"`
	// Rows is the weight of the training rows at the point.
	Rows float64 `json:"rows"`
}

// PairStrength is how much a pair of features moves the raw output on average.
type PairStrength struct {
	Name     string  `json:"name"`
	Strength float64 `json:"strength"`
}

// CurvesOf lists the most strongest curves of an additive model, the pairs by
// name only. levels gives the names of the categories of feature i, outcomes are
// the class names, nil for regression.
func CurvesOf(m *additive.Model, levels func(i int) []string, outcomes []string, most int) (*Curves, error) {
	out := &Curves{Outputs: outcomes}
	switch {
	case len(outcomes) == 0:
		out.Outputs = []string{""}
	case len(outcomes) == 2:
		out.Outputs = outcomes[1:]
	}
	if len(out.Outputs) != len(m.Intercept) {
		return nil, fmt.Errorf("explain: curves of %s: it has %d raw outputs; %d outcomes do not fit", m.Name(), len(m.Intercept), len(outcomes))
	}
	place := map[string]int{}
	for i, c := range m.Columns {
		place[c.Name] = i
	}
	for _, s := range m.Shapes() {
		switch {
		case len(s.Sides) == 2:
			out.Pairs = append(out.Pairs, PairStrength{s.Name, s.Strength})
		case len(out.Features) == most:
			out.Others++
		default:
			out.Features = append(out.Features, curveOf(s, levels(place[s.Sides[0].Feature])))
		}
	}
	return out, nil
}

func curveOf(s additive.Shape, names []string) Curve {
	side := s.Sides[0]
	c := Curve{Feature: side.Feature, Category: side.Codes != nil, Strength: s.Strength}
	for i, rows := range s.Weights {
		p := CurvePoint{Rows: rows}
		for k := range s.Values {
			p.Values = append(p.Values, s.Values[k][i])
			if s.Errors != nil {
				p.Errors = append(p.Errors, s.Errors[k][i])
			}
		}
		switch {
		case i == side.Cells-1:
			if rows == 0 {
				continue // nothing was missing
			}
			p.Name = "missing"
		case c.Category:
			p.Name = categoryName(side.Codes[i], names)
		default:
			if i > 0 {
				p.From = &side.Edges[i-1]
			}
			if i < len(side.Edges) {
				p.To = &side.Edges[i]
			}
		}
		c.Points = append(c.Points, p)
	}
	return c
}

func categoryName(codes []int32, names []string) string {
	if len(codes) == 1 && int(codes[0]) < len(names) {
		return names[codes[0]]
	}
	return fmt.Sprintf("category %d", codes)
}
