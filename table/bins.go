package table

import (
	"math"
	"slices"
	"sort"
)

const (
	binLevels = 50
	binCuts   = 9
)

// Bins are fixed bins of a column's values, so that the shares of later rows
// can be compared with those of the training rows (population stability index).
//
// Numbers and times are cut at the deciles of the training rows, with open ends
// so that every later value falls into a bin; equal deciles are merged.
// Categories and texts have one bin per level, for the fifty most frequent
// levels, and one for all others. The last bin always counts missing values.
type Bins struct {
	// Cuts separate the bins of numbers (microseconds for times): bin 0 is
	// x <= Cuts[0], bin i is Cuts[i-1] < x <= Cuts[i], and the bin after the
	// last cut has the rest.
	Cuts []float64 `json:"cuts,omitempty"`
	// Levels are the bins of categories and texts.
	Levels []string `json:"levels,omitempty"`
	// Counts has one number per bin in the order of Names: len(Cuts)+1 bins or
	// len(Levels) levels and "other", then missing.
	Counts []int `json:"counts"`
}

// Len is the number of bins, with those for other levels and missing values.
func (b Bins) Len() int { return len(b.Counts) }

// OfNumber is the bin of a number; NaN is missing.
func (b Bins) OfNumber(x float64) int {
	if math.IsNaN(x) {
		return len(b.Counts) - 1
	}
	return sort.SearchFloat64s(b.Cuts, x)
}

// OfTime is the bin of a time in microseconds since 1970 UTC.
func (b Bins) OfTime(t int64) int {
	if t == MissingTime {
		return len(b.Counts) - 1
	}
	return b.OfNumber(float64(t))
}

// OfLevel is the bin of a spelling; "" is missing.
func (b Bins) OfLevel(s string) int {
	if s == "" {
		return len(b.Counts) - 1
	}
	if i := slices.Index(b.Levels, s); i >= 0 {
		return i
	}
	return len(b.Levels)
}

// Count counts the values of another column of the same kind in these bins; the
// result has Len numbers.
func (b Bins) Count(c *Column) []int {
	counts := make([]int, len(b.Counts))
	switch c.Kind {
	case Number:
		for _, x := range c.Numbers {
			counts[b.OfNumber(x)]++
		}
	case Time:
		for _, t := range c.Times {
			counts[b.OfTime(t)]++
		}
	case Text:
		for _, s := range c.Texts {
			counts[b.OfLevel(s)]++
		}
	case Category:
		of := make([]int, len(c.Levels))
		for i, l := range c.Levels {
			of[i] = b.OfLevel(l)
		}
		for _, k := range c.Codes {
			if k < 0 {
				counts[len(counts)-1]++
			} else {
				counts[of[k]]++
			}
		}
	}
	return counts
}

// count fills Counts from the column that the bins were made of.
func (b *Bins) count(c *Column) { b.Counts = b.Count(c) }

// numberBins cuts at the deciles of sorted values.
func numberBins(sorted []float64) Bins {
	var b Bins
	for i := 1; i <= binCuts && len(sorted) > 0; i++ {
		// The order statistic itself, not an interpolation, so that a cut is a
		// value that occurs and bins of whole numbers stay whole.
		q := sorted[(len(sorted)-1)*i/(binCuts+1)]
		if q == sorted[len(sorted)-1] {
			break // nothing lies above
		}
		if len(b.Cuts) == 0 || q > b.Cuts[len(b.Cuts)-1] {
			b.Cuts = append(b.Cuts, q)
		}
	}
	b.Counts = make([]int, len(b.Cuts)+2)
	return b
}

// levelBins keeps the most frequent levels, in order of frequency.
func levelBins(levels []string, counts []int) Bins {
	var b Bins
	for _, v := range topValues(levels, counts, binLevels) {
		b.Levels = append(b.Levels, v.Value)
	}
	b.Counts = make([]int, len(b.Levels)+2)
	return b
}
