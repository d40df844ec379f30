package pipeline_test

import (
	"math"
	"strings"
	"testing"

	"bespoke/evaluate"
	"bespoke/internal/tabletest"
	"bespoke/pipeline"
)

// TestCrossing: the cells hold every row once, their money is that of the two
// choices, and the sentence names the cell that matters most.
func TestCrossing(t *testing.T) {
	dir := write(t, loans, "loans.csv", tabletest.Loans(500, 1))
	r := run(t, pipeline.Options{Path: dir, Threads: 2, Version: "test"})
	c := r.Evaluate.Crossing
	rows, same, gain := 0, 0, 0.0
	var widest evaluate.CrossCell
	for _, cell := range c.Cells {
		rows += cell.Rows
		gain += cell.Difference
		if cell.Technology == cell.Scenario {
			same += cell.Rows
			if cell.Difference != 0 {
				t.Errorf("the same action %q brings %v more", cell.Scenario, cell.Difference)
			}
		} else if math.Abs(cell.Difference) > math.Abs(widest.Difference) {
			widest = cell
		}
	}
	if rows != r.Data.Test || same != c.Same || same == rows {
		t.Errorf("%d rows in the cells, %d of them the same (%d), %d held out", rows, same, c.Same, r.Data.Test)
	}
	if want := r.Evaluate.Comparison.Difference.Mean * float64(rows); math.Abs(gain-want) > 1e-6*math.Abs(want) {
		t.Errorf("the cells differ by %v, the choices by %v", gain, want)
	}
	for _, word := range []string{"“" + widest.Technology + "” and", "“" + widest.Scenario + "”, which", "EUR"} {
		if !strings.Contains(c.Sentence, word) {
			t.Errorf("%q does not say %q", c.Sentence, word)
		}
	}
}
