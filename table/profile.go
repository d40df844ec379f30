package table

import (
	"math"
	"slices"
	"strings"
)

// Profile describes a table without its rows: what a report shows and what
// monitoring compares later rows with. It holds no NaN and no infinity, so that
// it can be written as JSON, and it is the same for the same table.
type Profile struct {
	// Rows is the number of rows of the table.
	Rows int `json:"rows"`
	// Columns has one entry per column, in table order.
	Columns []ColumnProfile `json:"columns"`
}

// Column finds the profile of a column by name.
func (p Profile) Column(name string) (ColumnProfile, bool) {
	for _, c := range p.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return ColumnProfile{}, false
}

// ColumnProfile describes one column.
type ColumnProfile struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	Role Role   `json:"role"`
	// Count is the number of values that are not missing; Count + Missing is
	// Profile.Rows.
	Count int `json:"count"`
	// Missing is the number of missing values.
	Missing int `json:"missing"`
	// Distinct is the exact number of different values, missing left out.
	Distinct int `json:"distinct"`
	// Numbers is filled for number columns, and for time columns in
	// microseconds since 1970 UTC; nil when no finite value is there.
	Numbers *Numbers `json:"numbers,omitempty"`
	// Lengths describes the number of characters of text values; nil for other
	// kinds and where no value is there.
	Lengths *Lengths `json:"lengths,omitempty"`
	// Top are the ten most frequent values of categories and texts, most
	// frequent first, ties by spelling. Spellings are cut at 80 characters.
	Top []ValueCount `json:"top,omitempty"`
	// Bins are the fixed bins for drift, with the counts of this table.
	Bins Bins `json:"bins"`
}

// Numbers describes the finite values of a number or time column.
type Numbers struct {
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
	// SD is the sample standard deviation (divided by n-1); 0 for one value.
	SD float64 `json:"sd"`
	// Infinite is how many values are infinite; they are in no other figure
	// of Numbers.
	Infinite int `json:"infinite,omitempty"`
	// Quantiles are at Probabilities, interpolated linearly between the order
	// statistics (definition 7 of Hyndman and Fan, numpy's default).
	Quantiles []Quantile `json:"quantiles"`
	// Histogram has twenty bins of equal width from Min to Max, or one bin
	// when they are equal.
	Histogram Histogram `json:"histogram"`
}

// Probabilities are the quantiles that a profile holds.
var Probabilities = []float64{0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1}

// Quantile is the value below which a share P of the values lies.
type Quantile struct {
	P     float64 `json:"p"`
	Value float64 `json:"value"`
}

// Histogram counts values in adjacent bins.
type Histogram struct {
	// Edges has one number more than Counts. Bin i is from Edges[i], included,
	// to Edges[i+1], left out; the last bin includes its end.
	Edges  []float64 `json:"edges"`
	Counts []int     `json:"counts"`
}

// Lengths describes how long texts are, in characters.
type Lengths struct {
	Min  int     `json:"min"`
	Max  int     `json:"max"`
	Mean float64 `json:"mean"`
}

// ValueCount is a value and how many rows have it.
type ValueCount struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

const (
	topKept       = 10
	topCharacters = 80
	histogramBins = 20
)

// ProfileOf describes every column of the table. Its cost is one sort per
// number column and one count per other column.
func ProfileOf(t *Table) Profile {
	p := Profile{Rows: t.rows, Columns: make([]ColumnProfile, len(t.heads()))}
	for i := range p.Columns {
		p.Columns[i] = t.at(i).Profile()
	}
	return p
}

// Profile describes the column.
func (c *Column) Profile() ColumnProfile {
	p := ColumnProfile{Name: c.Name, Kind: c.Kind, Role: c.Role}
	switch c.Kind {
	case Number:
		profileNumbers(&p, c.Numbers)
	case Time:
		profileNumbers(&p, timesAsNumbers(c.Times))
	case Category:
		profileLevels(&p, c)
	case Text:
		d := c.levelled()
		profileLevels(&p, d)
		p.Lengths = lengthsOf(c.Texts)
	}
	p.Missing = c.Len() - p.Count
	return p
}

func timesAsNumbers(times []int64) []float64 {
	out := make([]float64, len(times))
	for i, t := range times {
		out[i] = math.NaN()
		if t != MissingTime {
			out[i] = float64(t)
		}
	}
	return out
}

// profileNumbers fills the figures of a number column.
func profileNumbers(p *ColumnProfile, values []float64) {
	sorted := make([]float64, 0, len(values))
	infinite := 0
	for _, v := range values {
		switch {
		case math.IsNaN(v):
		case math.IsInf(v, 0):
			infinite++
		default:
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	p.Count = len(sorted) + infinite
	p.Distinct = distinct(sorted) + distinctInfinities(values, infinite)
	p.Bins = numberBins(sorted)
	p.Bins.count(&Column{Kind: Number, Numbers: values})
	if len(sorted) == 0 {
		return
	}
	n := &Numbers{Min: sorted[0], Max: sorted[len(sorted)-1], Infinite: infinite}
	n.Mean, n.SD = moments(sorted)
	for _, q := range Probabilities {
		n.Quantiles = append(n.Quantiles, Quantile{P: q, Value: quantile(sorted, q)})
	}
	n.Histogram = histogramOf(sorted)
	p.Numbers = n
}

// distinct counts the different values of a sorted slice.
func distinct(sorted []float64) int {
	n := 0
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			n++
		}
	}
	return n
}

// distinctInfinities is 0, 1 or 2: how many of -Inf and +Inf are there.
func distinctInfinities(values []float64, infinite int) int {
	if infinite == 0 {
		return 0
	}
	n := 0
	for _, sign := range []int{-1, 1} {
		if slices.ContainsFunc(values, func(v float64) bool { return math.IsInf(v, sign) }) {
			n++
		}
	}
	return n
}

// moments gives the mean and the sample standard deviation. Values are divided
// by the largest magnitude first, so that no sum overflows.
func moments(values []float64) (mean, sd float64) {
	scale := 0.0
	for _, v := range values {
		scale = max(scale, math.Abs(v))
	}
	if scale == 0 {
		return 0, 0
	}
	n := float64(len(values))
	sum := 0.0
	for _, v := range values {
		sum += v / scale
	}
	m := sum / n
	squares := 0.0
	for _, v := range values {
		d := v/scale - m
		squares += d * d
	}
	if len(values) > 1 {
		sd = math.Sqrt(squares/(n-1)) * scale
	}
	return finite(m * scale), finite(sd)
}

// finite pulls an overflowed figure back to the largest number, so that it can
// be written as JSON.
func finite(x float64) float64 {
	return max(-math.MaxFloat64, min(math.MaxFloat64, x))
}

// quantile interpolates between the order statistics of a sorted slice.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	low := int(math.Floor(at))
	high := min(low+1, len(sorted)-1)
	w := at - float64(low)
	if w == 0 || sorted[low] == sorted[high] {
		return sorted[low]
	}
	return sorted[low]*(1-w) + sorted[high]*w
}

// histogramOf counts sorted finite values in bins of equal width.
func histogramOf(sorted []float64) Histogram {
	low, high := sorted[0], sorted[len(sorted)-1]
	bins := histogramBins
	if low == high {
		bins = 1
	}
	h := Histogram{Edges: make([]float64, bins+1), Counts: make([]int, bins)}
	for i := range h.Edges {
		w := float64(i) / float64(bins)
		h.Edges[i] = low*(1-w) + high*w
	}
	h.Edges[0], h.Edges[bins] = low, high
	at := 0
	for _, v := range sorted {
		for at < bins-1 && v >= h.Edges[at+1] {
			at++
		}
		h.Counts[at]++
	}
	return h
}

// profileLevels fills the figures of a category column; only levels that occur
// count as distinct.
func profileLevels(p *ColumnProfile, c *Column) {
	counts := make([]int, len(c.Levels))
	for _, k := range c.Codes {
		if k >= 0 {
			counts[k]++
			p.Count++
		}
	}
	for _, n := range counts {
		if n > 0 {
			p.Distinct++
		}
	}
	for _, v := range topValues(c.Levels, counts, topKept) {
		v.Value = cut(v.Value, topCharacters)
		p.Top = append(p.Top, v)
	}
	p.Bins = levelBins(c.Levels, counts)
	p.Bins.count(c)
}

// topValues lists the values with the highest positive counts, ties by
// spelling.
func topValues(values []string, counts []int, most int) []ValueCount {
	all := make([]ValueCount, 0, len(values))
	for i, v := range values {
		if counts[i] > 0 {
			all = append(all, ValueCount{Value: v, Count: counts[i]})
		}
	}
	slices.SortFunc(all, func(a, b ValueCount) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Value, b.Value)
	})
	return all[:min(most, len(all))]
}

// cut shortens a text to a number of characters.
func cut(s string, characters int) string {
	n := 0
	for i := range s {
		if n == characters {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// lengthsOf describes the texts that are not missing.
func lengthsOf(texts []string) *Lengths {
	var l Lengths
	count, sum := 0, 0
	for _, s := range texts {
		if s == "" {
			continue
		}
		n := len([]rune(s))
		if count == 0 || n < l.Min {
			l.Min = n
		}
		l.Max = max(l.Max, n)
		sum += n
		count++
	}
	if count == 0 {
		return nil
	}
	l.Mean = float64(sum) / float64(count)
	return &l
}
