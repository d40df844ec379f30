package model

import (
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
	// Choices lists the allowed words of a choice; empty for a number.
	Choices []string
	// Search, when not nil, says over which part of the range tune samples.
	Search *Range
}

// Range is a part of a parameter's range to sample from.
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
		v, err := table[i].check(given[n])
		if err != nil {
			return nil, fmt.Errorf("model: %s: %w", entry, err)
		}
		out[n] = v
	}
	return out, nil
}

func (p Param) check(v any) (any, error) {
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
