package model

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Check verifies everything that a model may take for granted about what it
// learns from: that there are rows, that sizes agree, that targets are finite
// numbers or known class indices, that weights are positive and stakes not
// negative, that sets of interactions hold features, and that the features hold what the encoding promises (Dense: finite numbers; Native: NaN
// for missing, category codes within their levels, never infinite). The error
// names the row, counted from 0, and the feature. Valid rows are checked too.
// Rows with a sparse part are refused; a model that reads one calls CheckWide.
func (t Training) Check(encoding Encoding) error {
	if t.X != nil && t.X.Sparse != nil {
		return fmt.Errorf("model: training rows: a sparse part of %d columns; this model reads none", len(t.X.Sparse.Features))
	}
	return t.CheckWide(encoding)
}

// CheckWide is Check for a model that also reads the sparse part.
func (t Training) CheckWide(encoding Encoding) error {
	if err := t.check(encoding); err != nil {
		return fmt.Errorf("model: training rows: %w", err)
	}
	if len(t.Stakes) > 0 && slices.Max(t.Stakes) == 0 {
		return errors.New("model: training rows: every stake is 0; where nothing is at stake there is nothing to weigh rows by")
	}
	if t.Valid == nil {
		return nil
	}
	if err := t.checkValid(encoding); err != nil {
		return fmt.Errorf("model: validation rows: %w", err)
	}
	return nil
}

func (t Training) check(encoding Encoding) error {
	if t.X == nil {
		return errors.New("no matrix of features")
	}
	if err := t.X.Check(); err != nil {
		return err
	}
	if t.X.Rows == 0 {
		return errors.New("there are 0 rows; at least 1 is needed")
	}
	if len(t.Y) != t.X.Rows {
		return fmt.Errorf("%d targets for %d rows; they must be equal", len(t.Y), t.X.Rows)
	}
	if err := t.checkClasses(); err != nil {
		return err
	}
	if err := t.checkTargets(); err != nil {
		return err
	}
	if err := t.checkWeights(); err != nil {
		return err
	}
	if err := t.checkStakes(); err != nil {
		return err
	}
	if t.Groups != nil && len(t.Groups) != len(t.Y) {
		return fmt.Errorf("%d query numbers for %d rows; they must be equal", len(t.Groups), len(t.Y))
	}
	if err := t.checkInteractions(); err != nil {
		return err
	}
	return t.X.checkValues(encoding)
}

func (t Training) checkValid(encoding Encoding) error {
	v := t.Valid
	if v.Task != t.Task || len(v.Classes) != len(t.Classes) {
		return fmt.Errorf("task %s with %d classes; training has %s with %d", v.Task, len(v.Classes), t.Task, len(t.Classes))
	}
	if err := v.check(encoding); err != nil {
		return err
	}
	if v.X.Cols() != t.X.Cols() {
		return fmt.Errorf("%d features; training has %d", v.X.Cols(), t.X.Cols())
	}
	if v.X.Width() != t.X.Width() {
		return fmt.Errorf("%d features with the sparse part; training has %d", v.X.Width(), t.X.Width())
	}
	return nil
}

func (t Training) checkClasses() error {
	n := len(t.Classes)
	switch {
	case t.Task == Regression && n != 0:
		return fmt.Errorf("%d classes named; regression has none", n)
	case t.Task == Binary && n != 2:
		return fmt.Errorf("%d classes named; binary needs 2", n)
	case t.Task == Multiclass && n < 3:
		return fmt.Errorf("%d classes named; multiclass needs 3 or more", n)
	case t.Task > Multiclass:
		return fmt.Errorf("task %d is none of regression, binary, multiclass", t.Task)
	}
	return nil
}

func (t Training) checkTargets() error {
	for i, y := range t.Y {
		if math.IsNaN(y) || math.IsInf(y, 0) {
			return fmt.Errorf("target of row %d is %v; it must be finite", i, y)
		}
		if t.Task != Regression && (y != math.Trunc(y) || y < 0 || y >= float64(len(t.Classes))) {
			return fmt.Errorf("target of row %d is %v; it must be a class index from 0 to %d", i, y, len(t.Classes)-1)
		}
	}
	return nil
}

func (t Training) checkWeights() error {
	if t.Weights == nil {
		return nil
	}
	if len(t.Weights) != len(t.Y) {
		return fmt.Errorf("%d weights for %d rows; they must be equal", len(t.Weights), len(t.Y))
	}
	for i, w := range t.Weights {
		if !(w > 0) || math.IsInf(w, 0) {
			return fmt.Errorf("weight of row %d is %v; it must be positive and finite", i, w)
		}
	}
	return nil
}

func (t Training) checkStakes() error {
	switch {
	case t.Stakes == nil:
		return nil
	case t.Task == Regression:
		return errors.New("stakes of numbers; only classes have stakes")
	case len(t.Stakes) != len(t.Y):
		return fmt.Errorf("%d stakes for %d rows; they must be equal", len(t.Stakes), len(t.Y))
	}
	for i, s := range t.Stakes {
		if !(s >= 0) || math.IsInf(s, 0) {
			return fmt.Errorf("stake of row %d is %v; it must be 0 or more and finite", i, s)
		}
	}
	return nil
}

func (t Training) checkInteractions() error {
	for i, set := range t.Interactions {
		if len(set) == 0 {
			return fmt.Errorf("set %d of features that may interact is empty", i)
		}
		for _, j := range set {
			if j < 0 || j >= t.X.Width() {
				return fmt.Errorf("set %d of features that may interact has feature %d; it must be from 0 to %d", i, j, t.X.Width()-1)
			}
		}
	}
	return nil
}

// checkRows is how many rows are checked at once.
const checkRows = 1024

func (m *Matrix) checkValues(encoding Encoding) error {
	var scratch Matrix
	for lo := 0; lo < m.Rows; lo += checkRows {
		if err := m.checkBlock(lo, m.Block(lo, min(m.Rows, lo+checkRows), &scratch), encoding); err != nil {
			return err
		}
	}
	return nil
}

// checkBlock checks the values of the rows from lo on.
func (m *Matrix) checkBlock(lo int, values []float64, encoding Encoding) error {
	c := len(m.Features)
	for k := range len(values) / max(1, c) {
		i := lo + k
		for j, x := range values[k*c : (k+1)*c] {
			f := &m.Features[j]
			switch {
			case math.IsInf(x, 0):
				return fmt.Errorf("feature %q of row %d is %v; it must be finite", f.Name, i, x)
			case math.IsNaN(x):
				if encoding == Dense {
					return fmt.Errorf("feature %q of row %d is missing (NaN); the %s encoding has no missing values", f.Name, i, Dense)
				}
			case f.Levels > 0 && encoding == Native && (x != math.Trunc(x) || x < 0 || x >= float64(f.Levels)):
				return fmt.Errorf("feature %q of row %d is code %v; it must be a whole number from 0 to %d", f.Name, i, x, f.Levels-1)
			}
		}
	}
	return nil
}
