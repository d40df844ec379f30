// Package evaluate turns held-out rows into figures that can be believed:
// metrics, what each way of deciding earned, how sure that is, whether promised
// and realised money agree, and the comparison this product is about: the most
// accurate model against the one that earns most.
//
// The inputs are Held (what a model predicted on rows it never saw) and
// value.Sheet (the money of every action on the same rows). Every result is a
// plain struct that JSON can hold, without NaN; the pipeline turns them into
// the report. Every interval is a paired bootstrap over rows, over groups of
// rows that belong together or over blocks of time, and has the same bits for
// any number of threads.
//
// Figures of rows that also chose are too good. Select and TuneCutoff say by how
// much, CompareMany and DropColumns allow for the number of comparisons, and
// CeilingOf and Learn say what there is still to win.
//
//	scores, err := evaluate.Scores(held, options)
//	policies, err := evaluate.ComparePolicies(sheet, nil, options)
//	fmt.Println(policies.Sentence)
//
// Adding a metric is one line in the table Metrics.
package evaluate

import (
	"fmt"
	"math"

	"bespoke/model"
)

// Held are rows that were held out, with what a model predicted for them.
type Held struct {
	// Task says whether Predictions are probabilities or numbers.
	Task model.Task
	// Outcomes are the classes by index; nil for regression. For Binary the
	// second one is called positive.
	Outcomes []string
	// Truth is a class index or a number per row.
	Truth []float64
	// Predictions holds rows x outcomes probabilities, row after row, or one
	// number per row.
	Predictions []float64
	// Queries are the numbers of the rows' queries and Top how many of the first
	// rows of a query its NDCG looks at, 1 or more; for Ranking alone.
	Queries []int32
	Top     int
}

// Rows is the number of rows.
func (h Held) Rows() int { return len(h.Truth) }

// Width is the number of predictions per row.
func (h Held) Width() int {
	if !h.Task.Classes() {
		return 1
	}
	return len(h.Outcomes)
}

// Row is the prediction of row i, as a view.
func (h Held) Row(i int) []float64 {
	w := h.Width()
	return h.Predictions[i*w : (i+1)*w : (i+1)*w]
}

// Check verifies sizes, class indices and that nothing is NaN.
func (h Held) Check() error {
	n, w := h.Rows(), h.Width()
	if n == 0 {
		return fmt.Errorf("evaluate: held-out rows: there are none")
	}
	if h.Task.Classes() && w < 2 {
		return fmt.Errorf("evaluate: held-out rows: %d outcomes, at least 2 are needed", w)
	}
	if len(h.Predictions) != n*w {
		return fmt.Errorf("evaluate: held-out rows: %d predictions, want %d rows x %d", len(h.Predictions), n, w)
	}
	if h.Task == model.Ranking && (h.Top < 1 || len(h.Queries) != n) {
		return fmt.Errorf("evaluate: held-out rows: %d query numbers for %d rows and the first %d of each query; there must be one per row, and at least 1", len(h.Queries), n, h.Top)
	}
	for i, y := range h.Truth {
		if math.IsNaN(y) || math.IsInf(y, 0) {
			return fmt.Errorf("evaluate: held-out rows: row %d has the true outcome %v, it must be finite", i+1, y)
		}
		if h.Task.Classes() && (y != math.Trunc(y) || y < 0 || int(y) >= w) {
			return fmt.Errorf("evaluate: held-out rows: row %d has the class %v, it must be from 0 to %d", i+1, y, w-1)
		}
		for _, p := range h.Row(i) {
			if math.IsNaN(p) || math.IsInf(p, 0) || h.Task.Classes() && (p < 0 || p > 1+1e-9) {
				return fmt.Errorf("evaluate: held-out rows: row %d has the prediction %v", i+1, h.Row(i))
			}
		}
	}
	return nil
}

// take makes the held-out rows of a resample.
func (h Held) take(rows []int) Held {
	w := h.Width()
	out := h
	out.Truth = make([]float64, len(rows))
	out.Predictions = make([]float64, len(rows)*w)
	for k, i := range rows {
		out.Truth[k] = h.Truth[i]
		copy(out.Predictions[k*w:], h.Row(i))
	}
	return out
}

// class is the most probable class of row i, the first of several.
func (h Held) class(i int) int {
	best := 0
	row := h.Row(i)
	for c, p := range row {
		if p > row[best] {
			best = c
		}
	}
	return best
}

// chance is the probability of class c by row.
func (h Held) chance(c int) []float64 {
	out := make([]float64, h.Rows())
	for i := range out {
		out[i] = h.Row(i)[c]
	}
	return out
}

// is marks the rows of class c by 1.
func (h Held) is(c int) []float64 {
	out := make([]float64, h.Rows())
	for i, y := range h.Truth {
		if int(y) == c {
			out[i] = 1
		}
	}
	return out
}

// Options says how figures are made.
type Options struct {
	// Resamples is the number of bootstrap resamples, at least 100.
	Resamples int
	// Level is the confidence of intervals, such as 0.95.
	Level float64
	// Seed fixes the resamples. Quantities computed with one seed are resampled
	// together.
	Seed uint64
	// Threads is how many goroutines may work at once; below 1 counts as 1.
	Threads int
	// Groups gives each row the number of its group when rows belong together
	// (one customer, one day) or follow each other in time (TimeBlocks); whole
	// groups are then resampled. nil takes rows as independent.
	Groups []int
	// Currency is the unit of money in sentences; may be empty.
	Currency string
	// Volume is decisions per month; 0 when not known.
	Volume float64
}

// DefaultOptions are 2000 resamples at 95 %, seed 1, one thread.
func DefaultOptions() Options {
	return Options{Resamples: 2000, Level: 0.95, Seed: 1, Threads: 1}
}

// Validate says what is out of range, for a number of rows.
func (o Options) Validate(rows int) error {
	switch {
	case rows == 0:
		return fmt.Errorf("evaluate: options: there are no rows")
	case o.Resamples < 100 || o.Resamples > 1_000_000:
		return fmt.Errorf("evaluate: options: %d resamples, allowed are 100 to 1000000", o.Resamples)
	case !(o.Level > 0 && o.Level < 1):
		return fmt.Errorf("evaluate: options: the confidence %v must be between 0 and 1", o.Level)
	case o.Groups != nil && len(o.Groups) != rows:
		return fmt.Errorf("evaluate: options: %d group numbers for %d rows", len(o.Groups), rows)
	}
	return nil
}
