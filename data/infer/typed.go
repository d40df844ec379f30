package infer

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"bespoke/table"
)

// fromNumbers takes over a column that the source has as numbers.
func (w *worker) fromNumbers(kind *table.Kind) (*table.Column, error) {
	values := w.raw.Numbers
	w.absentNumbers(values)
	if w.raw.Inexact > 0 {
		w.find(table.Finding{
			Check: "types", Severity: table.Warning, Count: w.raw.Inexact,
			Message: fmt.Sprintf("%d values of %q are whole numbers beyond 2^53 and lose their last digits", w.raw.Inexact, w.raw.Name),
			Rule:    "numbers are kept with 53 bits of precision", Action: "rounded",
			Suggestion: "cast the column to text in data.source.query if its digits are a name",
		})
	}
	switch {
	case kind == nil || *kind == table.Number:
		return table.NewNumber(w.raw.Name, values), nil
	case *kind == table.Time:
		if countNumbers(values) > 0 {
			return nil, fmt.Errorf("data: columns: %q is to be a time, but holds numbers; convert them in data.source.query, for example with to_timestamp(%s)", w.raw.Name, w.raw.Name)
		}
		return allMissing(w.raw.Name, table.Time, w.rows), nil
	}
	return w.fromLabels(*kind, func(row int) string { return NumberLabel(values[row]) }), nil
}

// NumberLabel spells a number as the level of a category: without exponent and
// without needless digits; "" for NaN.
func NumberLabel(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	if x == 0 {
		x = 0 // no "-0"
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// absentNumbers makes infinite values and the scenario's own spellings of no
// value missing.
func (w *worker) absentNumbers(values []float64) {
	absent := map[float64]bool{}
	if w.missing.own {
		for s := range w.missing.all {
			if x, ok := table.ParseNumber([]byte(s)); ok {
				absent[x] = true
			}
		}
	}
	infinite := 0
	for i, x := range values {
		if math.IsInf(x, 0) {
			infinite++
			values[i] = math.NaN()
		} else if len(absent) > 0 && absent[x] {
			values[i] = math.NaN()
		}
	}
	if infinite > 0 {
		w.findInfinite(infinite)
	}
}

func countNumbers(values []float64) int {
	n := 0
	for _, x := range values {
		if !math.IsNaN(x) {
			n++
		}
	}
	return n
}

// fromTimes takes over a column that the source has as times.
func (w *worker) fromTimes(kind *table.Kind) (*table.Column, error) {
	values := w.raw.Times
	switch {
	case kind == nil || *kind == table.Time:
		return table.NewTime(w.raw.Name, values), nil
	case *kind == table.Number:
		return nil, fmt.Errorf("data: columns: %q is to be a number, but holds times; convert them in data.source.query, for example with epoch(%s)", w.raw.Name, w.raw.Name)
	}
	return w.fromLabels(*kind, func(row int) string {
		if values[row] == table.MissingTime {
			return ""
		}
		return strings.TrimSuffix(time.UnixMicro(values[row]).UTC().Format("2006-01-02T15:04:05.999999"), "T00:00:00")
	}), nil
}

// allMissing makes a column without any value.
func allMissing(name string, kind table.Kind, rows int) *table.Column {
	if kind == table.Time {
		values := make([]int64, rows)
		for i := range values {
			values[i] = table.MissingTime
		}
		return table.NewTime(name, values)
	}
	values := make([]float64, rows)
	for i := range values {
		values[i] = math.NaN()
	}
	return table.NewNumber(name, values)
}
