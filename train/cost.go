package train

import (
	"slices"
	"time"

	"bespoke/solution"
	"bespoke/table"
)

// Cost is what a candidate takes on the machine that it was tried on. All but
// Bytes differs from run to run; nothing may be chosen by it but where the
// scenario sets a limit.
type Cost struct {
	// Fit is how long learning took, in seconds, summed over the folds. Folds
	// that were learnt at the same time on the same processors count each.
	Fit float64 `json:"fit_seconds"`
	// Row is how long predicting one row takes, in seconds: the median over rows,
	// then over the folds. Calibration and payoffs are not in it.
	Row float64 `json:"row_seconds"`
	// Bytes is the size of what one of the folds learnt, as it is bundled; 0 for
	// the other folds. Writing a large model takes long, and all are about as
	// large.
	Bytes int64 `json:"bytes"`
}

// timedRows is how many rows of a fold are predicted one by one to know how long
// a row takes.
const timedRows = 64

// sized is the first of the folds that are to be learnt, where the size of none
// that was learnt before is known; else -1.
func sized(folds int, before map[int]*FoldOut) int {
	first := -1
	for f := range folds {
		switch done := before[f]; {
		case done == nil && first < 0:
			first = f
		case done != nil && done.Cost.Bytes > 0:
			return -1
		}
	}
	return first
}

// costOf measures what a fold learnt, and its size where that is asked for; rows
// are some that it did not learn from.
func costOf(s *solution.Solution, rows *table.Table, fit time.Duration, size bool) (Cost, error) {
	c := Cost{Fit: fit.Seconds()}
	var err error
	if size {
		if c.Bytes, err = s.Bytes(); err != nil {
			return c, err
		}
	}
	spans, err := s.Times(rows, timedRows)
	if err != nil {
		return c, err
	}
	c.Row = spans[len(spans)/2].Seconds()
	return c, nil
}

// together is the cost of all folds. Those that an earlier process learnt, whose
// cost is not known, are taken to be like the others.
func together(folds []Cost) Cost {
	var out Cost
	var rows []float64
	for _, c := range folds {
		if c != (Cost{}) {
			out.Fit += c.Fit
			out.Bytes = max(out.Bytes, c.Bytes)
			rows = append(rows, c.Row)
		}
	}
	known := len(rows)
	if known == 0 {
		return out
	}
	slices.Sort(rows)
	out.Fit *= float64(len(folds)) / float64(known)
	out.Row = rows[known/2]
	return out
}
