package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
)

// Params maps parameter names to values: float64 for numbers, string for
// choices. It round-trips through JSON.
type Params map[string]any

// Param is one row of a model's table of parameters: the single place that
// says what may be set, its range, its default and what it does.
type Param struct {
	Name string
	// Doc is one sentence with units.
	Doc string
	// Default is used where nothing is set.
	Default any
	// Min and Max bound a number, both included.
	Min, Max float64
	// Integer is true when only whole numbers are allowed.
	Integer bool
	// Values, when not empty, lists the only numbers that are allowed, rising.
	Values []float64
	// Choices lists the allowed words of a choice; empty for a number.
	Choices []string
	// Search, when not nil, says that tune looks for a good value, and over which
	// part of the range. Of Values and Choices it takes any.
	Search *Range
}

// Options is the number of Values or Choices; 0 for a number from a range.
func (p Param) Options() int { return len(p.Choices) + len(p.Values) }

// Option is number i, from 0, of the Choices or Values.
func (p Param) Option(i int) any {
	if len(p.Choices) > 0 {
		return p.Choices[i]
	}
	return p.Values[i]
}

// Varies says whether a search has more than one value to try.
func (p Param) Varies() bool {
	return p.Search != nil && (p.Options() > 1 || p.Options() == 0 && p.Search.Low < p.Search.High)
}

// Nearest is the allowed value that is nearest to v: v itself where that is
// allowed, the nearest number of the range or of Values, or else the first of
// the Choices.
func (p Param) Nearest(v any) any {
	if v, err := p.Check(v); err == nil {
		return v
	}
	if len(p.Choices) > 0 {
		return p.Choices[0]
	}
	x, err := number(v)
	switch {
	case err != nil:
		return p.Default
	case len(p.Values) > 0:
		return slices.MinFunc(p.Values, func(a, b float64) int { return cmp.Compare(math.Abs(a-x), math.Abs(b-x)) })
	case p.Integer:
		x = math.Round(x)
	}
	return min(p.Max, max(p.Min, x))
}

// Range is a part of a parameter's range to sample from; it says nothing where
// there are Values or Choices.
type Range struct {
	Low, High float64
	// Log samples uniformly in the logarithm.
	Log bool
}

// Resolve checks the given parameters against the table and returns a complete
// set with defaults filled in. An unknown name, a wrong type or a value out of
// range is an error that says what is allowed.
func Resolve(entry string, table []Param, given Params) (Params, error) {
	out := make(Params, len(table))
	for _, p := range table {
		out[p.Name] = p.Default
	}
	names := make([]string, 0, len(given))
	for n := range given {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		i := slices.IndexFunc(table, func(p Param) bool { return p.Name == n })
		if i < 0 {
			return nil, fmt.Errorf("model: %s: no parameter %q; there are %s", entry, n, paramNames(table))
		}
		v, err := table[i].Check(given[n])
		if err != nil {
			return nil, fmt.Errorf("model: %s: %w", entry, err)
		}
		out[n] = v
	}
	return out, nil
}

// Check gives the value as Params hold it, or an error that says what is
// allowed.
func (p Param) Check(v any) (any, error) {
	if len(p.Choices) > 0 {
		s, ok := v.(string)
		if !ok || !slices.Contains(p.Choices, s) {
			return nil, fmt.Errorf("parameter %s: %v is none of %s", p.Name, v, strings.Join(p.Choices, ", "))
		}
		return s, nil
	}
	x, err := number(v)
	if err != nil {
		return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
	}
	if !(x >= p.Min && x <= p.Max) {
		return nil, fmt.Errorf("parameter %s: %v must be from %v to %v", p.Name, x, p.Min, p.Max)
	}
	if p.Integer && x != math.Trunc(x) {
		return nil, fmt.Errorf("parameter %s: %v must be a whole number", p.Name, x)
	}
	if len(p.Values) > 0 && !slices.Contains(p.Values, x) {
		return nil, fmt.Errorf("parameter %s: %v is none of %v", p.Name, x, p.Values)
	}
	return x, nil
}

func number(v any) (float64, error) {
	switch x := v.(type) {
	case float64:
		return x, nil
	case int:
		return float64(x), nil
	case uint64:
		return float64(x), nil
	case int64:
		return float64(x), nil
	}
	return 0, fmt.Errorf("%v (%T) must be a number", v, v)
}

func paramNames(table []Param) string {
	names := make([]string, len(table))
	for i, p := range table {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// Number reads a resolved numeric parameter. It panics when the table does not
// list the name as a number: that is a mistake in the model's own code.
func (p Params) Number(name string) float64 { return p[name].(float64) }

// Int reads a resolved whole-number parameter.
func (p Params) Int(name string) int { return int(p.Number(name)) }

// Choice reads a resolved choice.
func (p Params) Choice(name string) string { return p[name].(string) }
