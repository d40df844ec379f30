package features

import (
	"errors"

	"bespoke/model"
	"bespoke/table"
)

// Plan says which steps each column goes through. It is plain data: it
// round-trips through JSON, and a caller may write one by hand.
type Plan struct {
	Encoding model.Encoding `json:"encoding"`
	// Columns are in the order of the features they make. A column may appear
	// several times (target encoding beside frequency).
	Columns []ColumnPlan `json:"columns"`
}

// ColumnPlan is what happens to one column.
type ColumnPlan struct {
	Column string `json:"column"`
	// Steps run in order; none means that a number is passed through.
	Steps []StepPlan `json:"steps,omitempty"`
	// Drop is true when the column is left out.
	Drop bool `json:"drop,omitempty"`
	// Reason is one sentence for the report.
	Reason string `json:"reason"`
}

// StepPlan names a step of the table Steps and sets its parameters.
type StepPlan struct {
	Step   string       `json:"step"`
	Params model.Params `json:"params,omitempty"`
}

// NewPlan makes the default plan for the feature columns of the training rows.
// opt.Plan is ignored.
func NewPlan(t *table.Table, opt Options) (Plan, error) {
	return Plan{}, errors.New("features: plan: being written")
}
