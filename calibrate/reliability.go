package calibrate

import (
	"cmp"
	"math"
	"slices"
)

// Bin is one bin of a calibration curve.
type Bin struct {
	// Low and High are the smallest and largest prediction in the bin.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Predicted is the mean prediction, Observed the share of y = 1.
	Predicted float64 `json:"predicted"`
	Observed  float64 `json:"observed"`
	// Count is the number of rows.
	Count int `json:"count"`
	// From and To are the 95 % Wilson interval of Observed.
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// Curve sorts the rows by prediction into at most the given number of about
// equally full bins and compares the mean prediction p of each with the share
// of y = 1. Equal predictions share a bin, so that the curve does not depend on
// the order of rows; there may be fewer bins for that. Rows whose prediction is
// NaN are left out. p and y must be equally long.
func Curve(p, y []float64, bins int) []Bin {
	order := make([]int, 0, len(p))
	for i := range min(len(p), len(y)) {
		if !math.IsNaN(p[i]) {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(p[a], p[b]), cmp.Compare(y[a], y[b]))
	})
	var out []Bin
	for at, k := 0, 1; at < len(order) && k <= bins; k++ {
		end := k * len(order) / bins
		if end <= at {
			continue
		}
		for end < len(order) && p[order[end]] == p[order[end-1]] {
			end++
		}
		out = append(out, binOf(p, y, order[at:end]))
		at = end
	}
	return out
}

// binOf summarises some rows, in rising order of prediction.
func binOf(p, y []float64, rows []int) Bin {
	b := Bin{Low: p[rows[0]], High: p[rows[len(rows)-1]], Count: len(rows)}
	ones := 0.0
	for _, i := range rows {
		b.Predicted += p[i]
		if y[i] == 1 {
			ones++
		}
	}
	n := float64(len(rows))
	b.Predicted /= n
	b.Observed = ones / n
	b.From, b.To = wilson(ones, n)
	return b
}

// wilson is the 95 % interval of a share of k in n: E. B. Wilson, Probable
// inference, the law of succession, and statistical inference, Journal of the
// American Statistical Association 22, 1927.
func wilson(k, n float64) (from, to float64) {
	const z = 1.959963984540054 // the normal distribution's 97.5 % point
	share := k / n
	scale := 1 + z*z/n
	center := (share + z*z/(2*n)) / scale
	half := z * math.Sqrt(share*(1-share)/n+z*z/(4*n*n)) / scale
	// At 0 and n the interval touches the end; rounding must not move it.
	from, to = max(center-half, 0), min(center+half, 1)
	if k == 0 {
		from = 0
	}
	if k == n {
		to = 1
	}
	return from, to
}

// ExpectedError is the expected calibration error of a curve: the mean distance
// between prediction and share, weighted by rows; 0 for no bins.
func ExpectedError(bins []Bin) float64 {
	sum, n := 0.0, 0.0
	for _, b := range bins {
		sum += float64(b.Count) * math.Abs(b.Predicted-b.Observed)
		n += float64(b.Count)
	}
	return sum / max(n, 1)
}
