// Package features turns a table, or one row, into the numbers that a model
// reads.
//
// Fit looks at the training rows only: it makes a Plan (which steps for which
// column, each with its reason) unless the caller gives one, fits the steps
// and returns them as a Fitted together with the matrix of the training rows.
// Fitted.Apply then runs the same code on a whole table or on the one-row
// scratch table of a server, with equal bits and without allocation.
//
// The steps are one file each (impute.go, onehot.go, ...) and one line each in
// the table of steps.go; plan.go holds the rules that choose among them.
package features

import (
	"errors"

	"bespoke/model"
	"bespoke/table"
)

// Options say what Fit prepares the columns for.
type Options struct {
	// Encoding is what the model wants: model.Native or model.Dense.
	Encoding model.Encoding
	// Task and Classes (the number of outcomes; 0 for regression) are needed by
	// target encoding.
	Task    model.Task
	Classes int
	// Monotone maps number or time columns to +1 or -1 when predictions must
	// not fall or not rise in them; it is passed on to the features.
	Monotone map[string]int8
	// Seed fixes the folds of target encoding.
	Seed uint64
	// Plan, when not nil, is used instead of the default rules.
	Plan *Plan
}

// Fitted is the fitted transformation of one training table. It is immutable
// and safe for concurrent use.
type Fitted struct {
	features []model.Feature
	inputs   table.Schema
}

// Fit makes and fits the steps for every column of t with role Feature. y has
// one number per row: a class index for Binary and Multiclass, else the target
// itself. The returned matrix holds the training rows, with out-of-fold target
// encodings; use Apply for any other rows.
func Fit(t *table.Table, y []float64, opt Options) (*Fitted, *model.Matrix, error) {
	return nil, nil, errors.New("features: fit: being written")
}

// Features describes the columns that Apply writes, in order. The slice must
// not be changed.
func (f *Fitted) Features() []model.Feature { return f.features }

// Inputs lists the columns that Apply reads. The slice must not be changed.
func (f *Fitted) Inputs() table.Schema { return f.inputs }

// Apply writes the features of every row of t into out, which must have
// t.Rows() rows of len(Features()) values. t must have the columns of Inputs
// with the same kinds and levels (table.Conform). Nothing is allocated and t
// may be a one-row scratch table.
func (f *Fitted) Apply(t *table.Table, out *model.Matrix) error {
	return errors.New("features: apply: being written")
}

// ApplyRange is Apply for the out.Rows rows of t that start at row start, so
// that several goroutines may share one table.
func (f *Fitted) ApplyRange(t *table.Table, start int, out *model.Matrix) error {
	return errors.New("features: apply: being written")
}

// LevelNames names the codes of feature i, or is nil when it is not a category.
// The slice must not be changed.
func (f *Fitted) LevelNames(i int) []string { return nil }

// MarshalJSON writes the fitted steps as versioned data.
func (f *Fitted) MarshalJSON() ([]byte, error) { return nil, errors.New("features: being written") }

// UnmarshalJSON reads what MarshalJSON wrote. It trusts nothing: anything that
// Apply could stumble over is an error here.
func (f *Fitted) UnmarshalJSON(data []byte) error { return errors.New("features: being written") }

// StepInfo tells the report what became of one column.
type StepInfo struct {
	// Column is the table column.
	Column string `json:"column"`
	// Steps are the fitted steps in words, in order; empty when the column is
	// passed through or dropped.
	Steps []string `json:"steps,omitempty"`
	// Features are the names of the features made of it.
	Features []string `json:"features,omitempty"`
	// Dropped is true when no feature is made of the column.
	Dropped bool `json:"dropped,omitempty"`
	// Reason says why these steps were chosen or why the column was dropped.
	Reason string `json:"reason"`
}

// Describe lists what was done to each column, in plan order.
func (f *Fitted) Describe() []StepInfo { return nil }

// Plan returns the plan that was fitted.
func (f *Fitted) Plan() Plan { return Plan{} }
