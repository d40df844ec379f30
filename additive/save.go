package additive

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"bespoke/internal/strictjson"
	"bespoke/model"
)

// saved is the form of a Model on disk.
type saved struct {
	Model     string     `json:"model"`
	Task      model.Task `json:"task"`
	Classes   int        `json:"classes,omitempty"`
	Intercept []float64  `json:"intercept"`
	Columns   []Column   `json:"columns"`
	Terms     []Term     `json:"terms"`
	Edits     []Edit     `json:"edits,omitempty"`
}

// MarshalBinary writes the model as JSON, which people can read too; numbers
// keep every bit.
func (m *Model) MarshalBinary() ([]byte, error) {
	out, err := json.Marshal(saved{boostName, m.Task, m.Classes, m.Intercept, m.Columns, m.Terms, m.Edits})
	if err != nil {
		return nil, fmt.Errorf("additive: saving %s: %w", boostName, err)
	}
	return out, nil
}

// Load reads what MarshalBinary wrote. Bytes that are cut off, damaged or not a
// model give an error.
func Load(data []byte) (*Model, error) {
	var s saved
	if err := strictjson.Decode(data, &s); err != nil {
		return nil, fmt.Errorf("additive: load: %w", err)
	}
	if s.Model != boostName {
		return nil, fmt.Errorf("additive: load: %q is another model", s.Model)
	}
	m := &Model{Task: s.Task, Classes: s.Classes, Columns: s.Columns, Intercept: s.Intercept, Terms: s.Terms, Edits: s.Edits}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("additive: load: %w", err)
	}
	m.prepare()
	return m, nil
}

// mostGroups is the number of groups that a feature of a pair may have.
const mostGroups = 65

// check verifies that all parts fit, so that no row can lead astray.
func (m *Model) check() error {
	want := map[model.Task]int{model.Regression: 0, model.Binary: 2, model.Multiclass: max(3, m.Classes)}
	if n, ok := want[m.Task]; !ok || m.Classes != n {
		return fmt.Errorf("%d classes do not fit the task %s", m.Classes, m.Task)
	}
	if len(m.Intercept) != model.RawOutputs(m.Outputs()) {
		return fmt.Errorf("%d intercepts; %d raw outputs", len(m.Intercept), model.RawOutputs(m.Outputs()))
	}
	for j := range m.Columns {
		if err := m.Columns[j].check(); err != nil {
			return fmt.Errorf("feature %d (%q): %w", j, m.Columns[j].Name, err)
		}
	}
	reach := 0.0
	for _, v := range m.Intercept {
		reach = larger(reach, v)
	}
	seen := map[[2]int]bool{}
	for i := range m.Terms {
		t := &m.Terms[i]
		most, err := m.checkTerm(t)
		if err != nil {
			return fmt.Errorf("term %d: %w", i, err)
		}
		at := [2]int{t.Features[0], t.Features[len(t.Features)-1]}
		if seen[at] {
			return fmt.Errorf("term %d: stands there twice", i)
		}
		seen[at] = true
		reach += most
	}
	if !(reach <= math.MaxFloat64) {
		return errors.New("a value is not finite, or the values add up beyond the largest number")
	}
	return nil
}

// larger is the larger magnitude; NaN stays.
func larger(a, b float64) float64 { return max(a, math.Abs(b)) }

func (c *Column) check() error {
	switch {
	case c.Monotone < -1 || c.Monotone > 1:
		return fmt.Errorf("monotone %d is none of -1, 0, 1", c.Monotone)
	case c.Bins < 0 || c.Bins > math.MaxUint16:
		return fmt.Errorf("%d bins", c.Bins)
	case c.Levels < 0 || c.Levels > mostLevels:
		return fmt.Errorf("%d levels; at most %d are possible", c.Levels, mostLevels)
	}
	if err := c.checkBins(); err != nil {
		return err
	}
	return c.checkGroups()
}

func (c *Column) checkBins() error {
	if c.Levels > 0 {
		if len(c.Edges) > 0 || len(c.Codes) != c.Bins {
			return fmt.Errorf("%d edges and %d codes for %d bins of a category", len(c.Edges), len(c.Codes), c.Bins)
		}
		seen := map[int32]bool{}
		for _, code := range c.Codes {
			if code < 0 || int(code) >= c.Levels || seen[code] {
				return fmt.Errorf("code %d stands there twice or is none of 0 to %d", code, c.Levels-1)
			}
			seen[code] = true
		}
		return nil
	}
	if len(c.Codes) > 0 || len(c.Edges) != max(0, c.Bins-1) {
		return fmt.Errorf("%d codes and %d edges for %d bins of a number", len(c.Codes), len(c.Edges), c.Bins)
	}
	for i, e := range c.Edges {
		if i > 0 && !(e > c.Edges[i-1]) {
			return fmt.Errorf("edge %v after %v; edges must rise", e, c.Edges[i-1])
		}
	}
	return nil
}

func (c *Column) checkGroups() error {
	if len(c.Groups) == 0 {
		return nil
	}
	if len(c.Groups) != c.cells() {
		return fmt.Errorf("%d groups for %d cells", len(c.Groups), c.cells())
	}
	for i, g := range c.Groups {
		if g < 0 || g >= mostGroups {
			return fmt.Errorf("group %d; it must be from 0 to %d", g, mostGroups-1)
		}
		if i > 0 && c.Levels == 0 && (g < c.Groups[i-1] || g > c.Groups[i-1]+1) {
			return fmt.Errorf("group %d after %d; groups of a number follow each other", g, c.Groups[i-1])
		}
	}
	return nil
}

// checkTerm verifies a term and returns its largest magnitude.
func (m *Model) checkTerm(t *Term) (most float64, err error) {
	n := len(t.Features)
	if n < 1 || n > 2 || n == 2 && t.Features[0] >= t.Features[1] {
		return 0, fmt.Errorf("features %v; a term has one, or two in order", t.Features)
	}
	cells := 1
	for _, j := range t.Features {
		switch {
		case j < 0 || j >= len(m.Columns):
			return 0, fmt.Errorf("feature %d; there are %d", j, len(m.Columns))
		case n == 1:
			cells = m.Columns[j].cells()
		case len(m.Columns[j].Groups) == 0:
			return 0, fmt.Errorf("feature %q has no groups", m.Columns[j].Name)
		default:
			cells *= m.Columns[j].groups()
		}
	}
	if len(t.Weights) != cells || slices.ContainsFunc(t.Weights, func(w float64) bool { return !(w >= 0) || math.IsInf(w, 0) }) {
		return 0, fmt.Errorf("%d weights for %d cells; each must be 0 or more and finite", len(t.Weights), cells)
	}
	if len(t.Values) != len(m.Intercept) || len(t.Errors) != 0 && len(t.Errors) != len(m.Intercept) {
		return 0, fmt.Errorf("values of %d and errors of %d raw outputs; there are %d", len(t.Values), len(t.Errors), len(m.Intercept))
	}
	for _, values := range slices.Concat(t.Values, t.Errors) {
		if len(values) != cells {
			return 0, fmt.Errorf("%d values or errors for %d cells", len(values), cells)
		}
	}
	for _, values := range t.Values {
		for _, v := range values {
			most = larger(most, v)
		}
	}
	return most, nil
}
