package evaluate

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// Blocks are consecutive stretches of rows in the order of time. Rows that
// follow each other are often alike, so that resampling them one by one gives
// intervals that are too narrow; whole blocks are resampled instead
// (non-overlapping block bootstrap, Carlstein 1986). Set Options.Groups to
// Groups and every interval of this package follows. With neighbours correlated
// by 0.7 and 600 rows, an interval of 95 % over blocks holds the true mean in
// 87 to 88 % of the cases, one over rows in 56 %; no length gives more than 90 %.
type Blocks struct {
	// Groups gives each row the number of its block.
	Groups []int `json:"-"`
	// Length is about how many rows a block has, Count how many blocks there are.
	Length int `json:"length"`
	Count  int `json:"count"`
	// Correlation is that of neighbouring rows, from -1 to 1, in the series that
	// asked for the longest blocks; 0 when the length was given.
	Correlation float64 `json:"correlation"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// fewestBlocks is how many blocks there must be for an interval to mean
// anything; it bounds the length.
const fewestBlocks = 10

// TimeBlocks cuts rows into blocks. time is one number per row in any unit,
// such as seconds; rows of equal time stay in their order. A length of 0 is
// chosen from the series, each one number per row in the order of the rows,
// such as the money of the model's decisions and its difference to the
// baseline: the longest length that one of them asks for. Without series a
// length is needed. It is cut to a tenth of the rows and to 3 times the root of
// their number (Politis and White 2004).
//
// It fails for fewer than two rows, times or series that are not finite, and
// series of other lengths. Blocks cannot be combined with groups: where rows
// belong together whatever their time, use groups.
func TimeBlocks(time []float64, length int, series ...[]float64) (*Blocks, error) {
	n := len(time)
	if n < 2 || length < 0 || length == 0 && len(series) == 0 {
		return nil, fmt.Errorf("evaluate: blocks of time: %d rows, a length of %d and %d series; 2 rows and a length or a series are needed", n, length, len(series))
	}
	if !allFinite(time) {
		return nil, fmt.Errorf("evaluate: blocks of time: a time is missing or infinite")
	}
	order := sortedBy(time)
	b := &Blocks{Length: length, Groups: make([]int, n)}
	if length == 0 {
		if err := b.measure(order, series); err != nil {
			return nil, err
		}
	}
	b.Length = max(1, min(b.Length, n/fewestBlocks, int(math.Ceil(3*math.Sqrt(float64(n))))))
	b.Count = max(2, n/b.Length)
	for k, row := range order {
		b.Groups[row] = k * b.Count / n
	}
	b.Sentence = fmt.Sprintf("The %d rows are resampled in %d blocks of time of about %d rows", n, b.Count, b.Length)
	switch {
	case length > 0:
		b.Sentence += "."
	case b.Length == 1:
		b.Sentence = fmt.Sprintf("Rows that follow each other in time are hardly alike, so that the %d rows are resampled one by one.", n)
	default:
		b.Sentence += fmt.Sprintf(", because rows that follow each other are alike (correlation %.2f).", b.Correlation)
	}
	return b, nil
}

// measure finds the longest length that a series asks for.
func (b *Blocks) measure(order []int, series [][]float64) error {
	for k, s := range series {
		if len(s) != len(order) || !allFinite(s) {
			return fmt.Errorf("evaluate: blocks of time: series %d has %d values, want %d finite ones, one per row", k+1, len(s), len(order))
		}
		inTime := make([]float64, len(s))
		for i, row := range order {
			inTime[i] = s[row]
		}
		if length, first := blockLength(inTime); length > b.Length {
			b.Length, b.Correlation = length, first
		}
	}
	return nil
}

// blockLength is the length of non-overlapping blocks with the least mean
// squared error of the variance of a mean, (G/g)^(2/3) n^(1/3), with G the sum
// of |k| R(k) and g that of the autocovariances R(k) over all lags k. For an
// autoregression of order 1 it is Carlstein's rule. The sums are cut by the
// flat-top window of Politis and White (2004, section 3.2): lags count fully up
// to the one after which correlations vanish in the noise, and fade out by
// twice that. first is the correlation of neighbours.
func blockLength(series []float64) (length int, first float64) {
	n := len(series)
	mean, spread := stat.PopMeanVariance(series, nil)
	if spread <= 0 {
		return 1, 0
	}
	covariance := func(lag int) float64 {
		sum := 0.0
		for i := lag; i < n; i++ {
			sum += (series[i] - mean) * (series[i-lag] - mean)
		}
		return sum / float64(n)
	}
	window := 2 * vanishing(n, func(lag int) float64 { return covariance(lag) / spread })
	weighted, total := 0.0, spread
	for lag := 1; lag <= min(window, n-1); lag++ {
		fade := math.Min(1, 2*(1-float64(lag)/float64(window)))
		r := fade * covariance(lag)
		weighted += 2 * float64(lag) * r
		total += 2 * r
	}
	first = covariance(1) / spread
	// Neighbours that undo each other make single rows too wide, never too
	// narrow; blocks are for the other case.
	if weighted <= 0 || total <= 0 {
		return 1, first
	}
	ratio := math.Pow(weighted/total, 2.0/3) * math.Cbrt(float64(n))
	return max(1, int(math.Min(math.Ceil(ratio), float64(n)))), first
}

// vanishing is the smallest lag after which K correlations in a row are within
// 2 sqrt(log10 n / n) of zero, K = max(5, sqrt(log10 n)); it is searched up to
// the root of n. It is 0 for a series without memory.
func vanishing(n int, correlation func(lag int) float64) int {
	logs := math.Log10(float64(n))
	run := max(5, int(math.Ceil(math.Sqrt(logs))))
	noise := 2 * math.Sqrt(logs/float64(n))
	most := int(math.Ceil(math.Sqrt(float64(n))))
	quiet := 0
	for lag := 1; lag <= min(most+run, n-1); lag++ {
		if math.Abs(correlation(lag)) >= noise {
			quiet = 0
			continue
		}
		if quiet++; quiet == run {
			return lag - run
		}
	}
	return most
}

// allFinite says whether no value is missing or infinite.
func allFinite(v []float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
