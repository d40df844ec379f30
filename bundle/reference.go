package bundle

import (
	"fmt"

	"bespoke/solution"
	"bespoke/table"
)

// ActionColumn is the name of the column of actions in Bundle.Predictions.
const ActionColumn = "action taken"

// PredictionColumns names the columns of Bundle.Predictions that hold numbers,
// one per output of the solution: "probability of x" for an outcome x, or the
// target for a regression.
func PredictionColumns(s *solution.Solution) []string {
	if !s.Task.Classes() {
		return []string{"predicted " + s.Target}
	}
	var names []string
	for _, o := range s.Outcomes {
		names = append(names, "probability of "+o)
	}
	return names
}

// ProfilePredictions describes predictions of rows that the solution has not
// learnt from, rows x outputs, and the actions chosen for them by their number
// (nil without payoffs), as the reference for drift of what a bundle says.
func ProfilePredictions(s *solution.Solution, predictions []float64, choice []int) (*table.Profile, error) {
	names := PredictionColumns(s)
	rows := len(predictions) / len(names)
	if len(predictions) != rows*len(names) || choice != nil && (len(choice) != rows || s.Payoffs == nil) {
		return nil, fmt.Errorf("bundle: profile predictions: %d numbers and %d choices do not make rows of %d", len(predictions), len(choice), len(names))
	}
	var columns []*table.Column
	for k, name := range names {
		c := make([]float64, rows)
		for i := range c {
			c[i] = predictions[i*len(names)+k]
		}
		columns = append(columns, table.NewNumber(name, c))
	}
	if choice != nil {
		actions := s.Payoffs.Actions()
		codes := make([]int32, rows)
		for i, a := range choice {
			if a < 0 || a >= len(actions) {
				return nil, fmt.Errorf("bundle: profile predictions: row %d has action %d, there are %d", i+1, a, len(actions))
			}
			codes[i] = int32(a)
		}
		columns = append(columns, table.NewCategory(ActionColumn, codes, actions))
	}
	t, err := table.New(columns...)
	if err != nil {
		return nil, fmt.Errorf("bundle: profile predictions: %w", err)
	}
	p := table.ProfileOf(t)
	return &p, nil
}
