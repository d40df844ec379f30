package evaluate

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/stat/distuv"

	"bespoke/value"
)

// Interval is a confidence interval.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Level is the confidence, such as 0.95.
	Level float64 `json:"level"`
}

// Includes says whether v lies in the interval, ends included.
func (i Interval) Includes(v float64) bool { return i.Low <= v && v <= i.High }

// Outside says whether no part of the interval lies between low and high.
func (i Interval) Outside(low, high float64) bool { return i.High < low || i.Low > high }

// say is "95 % interval 0.1 to 0.2", of so many times the quantity.
func (i Interval) say(times float64) string {
	return fmt.Sprintf("%s %% interval %s to %s", value.Round(100*i.Level), value.Round(times*i.Low), value.Round(times*i.High))
}

// Estimate is a mean with its interval.
type Estimate struct {
	Mean     float64  `json:"mean"`
	Interval Interval `json:"interval"`
}

// Difference is a paired difference of two ways of deciding on the same rows.
type Difference struct {
	// Mean is the mean difference per row.
	Mean     float64  `json:"mean"`
	Interval Interval `json:"interval"`
	// P is the two-sided bootstrap p-value: twice the smaller share of resamples
	// on one side of zero. Where no resample lies on the other side, the share
	// cannot be told from the resamples and Student's t of the same units is
	// taken if it is smaller, so that many comparisons can be allowed for.
	P float64 `json:"p"`
	// PAdjusted is P after allowing for the other comparisons shown beside this
	// one (see CompareMany); nil when it stands alone.
	PAdjusted *float64 `json:"p_adjusted,omitempty"`
	// Significant says that the interval leaves out zero.
	Significant bool `json:"significant"`
}

// maxUnits is how many units are resampled one by one. More rows than that are
// first put together, at random, into maxUnits/2 bundles of nearly equal size:
// the mean of bundles has the same distribution, at a fraction of the time.
const maxUnits = 20000

// units are what is resampled: sums over rows that stay together.
type units struct {
	sums  [][]float64 // by column, unit
	count []float64   // rows by unit
}

// gather sums the columns over groups, single rows, or bundles.
func gather(columns [][]float64, o Options) units {
	n := len(columns[0])
	of, m := unitOf(n, maxUnits, o)
	u := units{count: make([]float64, m), sums: make([][]float64, len(columns))}
	for i := range n {
		u.count[of[i]]++
	}
	for k, c := range columns {
		u.sums[k] = make([]float64, m)
		for i, v := range c {
			u.sums[k][of[i]] += v
		}
	}
	return u
}

// unitOf gives each row the number of its unit, and how many units there are:
// at most so many.
func unitOf(n, most int, o Options) ([]int, int) {
	of := make([]int, n)
	m := n
	for i := range of {
		of[i] = i
	}
	if o.Groups != nil {
		seen := make(map[int]int)
		for i, g := range o.Groups {
			k, ok := seen[g]
			if !ok {
				k = len(seen)
				seen[g] = k
			}
			of[i] = k
		}
		m = len(seen)
	}
	if m > most {
		bundle := rand.New(rand.NewPCG(o.Seed, 0)).Perm(m)
		for i, k := range of {
			of[i] = bundle[k] % (most / 2)
		}
		m = most / 2
	}
	return of, m
}

// studentP is the two-sided p-value of Student's t that the mean per row of a
// column of sums by unit is zero. It is 1 for a single unit.
func studentP(sums, count []float64) float64 {
	mean, m := value.Sum(sums)/value.Sum(count), float64(len(sums))
	if mean == 0 || m < 2 {
		return 1
	}
	noise := standardError(sums, count)
	if noise == 0 {
		return 0
	}
	return 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: m - 1}.Survival(math.Abs(mean)/noise)
}

// standardError is that of the mean per row of a column of sums by unit; 0 for
// a single unit.
func standardError(sums, count []float64) float64 {
	rows, m := value.Sum(count), float64(len(sums))
	if m < 2 {
		return 0
	}
	mean, squares := value.Sum(sums)/rows, 0.0
	for u, s := range sums {
		e := s - mean*count[u]
		squares += e * e
	}
	return math.Sqrt(squares*m/(m-1)) / rows
}

// wideWork bounds resamples times units times columns where many columns are
// resampled together; it decides how many units there may be.
const wideWork = 1_000_000_000

// wide are the units of many columns, the sums of one unit side by side.
type wide struct {
	width int
	of    []int     // unit by row
	sums  []float64 // unit*width + column
	count []float64 // rows by unit
}

// newWide makes room for the sums of many columns over so many rows.
func newWide(rows, width int, o Options) wide {
	of, m := unitOf(rows, min(maxUnits, max(1000, wideWork/(o.Resamples*width))), o)
	w := wide{width: width, of: of, sums: make([]float64, m*width), count: make([]float64, m)}
	for _, u := range of {
		w.count[u]++
	}
	return w
}

// row is where the values of a row are added.
func (w wide) row(i int) []float64 { return w.sums[w.of[i]*w.width : (w.of[i]+1)*w.width] }

// gatherWide sums many columns over the units of the options.
func gatherWide(columns [][]float64, o Options) wide {
	w := newWide(len(columns[0]), len(columns), o)
	for k, c := range columns {
		for i, v := range c {
			w.row(i)[k] += v
		}
	}
	return w
}

// resample hands over the means of the columns in the bag of every resample,
// and of the rows left out of it; out is nil where no row was left out, and in
// any case when outside is false. do is called from several goroutines.
func (w wide) resample(o Options, outside bool, do func(b int, in, out []float64)) {
	m := len(w.count)
	forEach(o.Resamples, o.Threads, func(b int) {
		pick := draws(o.Seed, b, m)
		times := make([]float64, m)
		for range m {
			times[pick()]++
		}
		in, out := make([]float64, w.width), make([]float64, w.width)
		inside, left := 0.0, 0.0
		for u, n := range times {
			sums := w.sums[u*w.width : (u+1)*w.width]
			switch {
			case n > 0:
				inside += n * w.count[u]
				for k, v := range sums {
					in[k] += n * v
				}
			case outside:
				left += w.count[u]
				for k, v := range sums {
					out[k] += v
				}
			}
		}
		for k := range in {
			in[k] /= inside
			out[k] /= max(1, left)
		}
		if left == 0 {
			out = nil
		}
		do(b, in, out)
	})
}

// difference is a column of sums by unit, less another one.
func (w wide) difference(a, b int) []float64 {
	out := make([]float64, len(w.count))
	for u := range out {
		out[u] = w.sums[u*w.width+a] - w.sums[u*w.width+b]
	}
	return out
}

// bootstrap resamples the rows and returns the statistic of every resample, in
// the order of resamples. statistic sees the mean of each column.
func bootstrap(columns [][]float64, o Options, statistic func(means []float64) float64) []float64 {
	u := gather(columns, o)
	out := make([]float64, o.Resamples)
	forEach(o.Resamples, o.Threads, func(b int) {
		pick := draws(o.Seed, b, len(u.count))
		means := make([]float64, len(columns))
		rows := 0.0
		for range u.count {
			k := pick()
			rows += u.count[k]
			for c := range means {
				means[c] += u.sums[c][k]
			}
		}
		for c := range means {
			means[c] /= rows
		}
		out[b] = statistic(means)
	})
	return out
}

// draws makes the generator of one resample: uniform numbers below n. Each
// resample has a stream of its own, so that threads do not matter.
func draws(seed uint64, resample, n int) func() int {
	g := rand.NewPCG(seed, uint64(resample)+1)
	return func() int {
		high, _ := bits.Mul64(g.Uint64(), uint64(n))
		return int(high)
	}
}

// forEach calls do for 0 to n-1 on several goroutines.
func forEach(n, threads int, do func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range max(1, min(threads, n)) {
		wait.Go(func() {
			for i := int(next.Add(1) - 1); i < n; i = int(next.Add(1) - 1) {
				do(i)
			}
		})
	}
	wait.Wait()
}

// percentile makes the interval between the percentiles of a statistic.
func percentile(statistic []float64, level float64) Interval {
	s := slices.Clone(statistic)
	slices.Sort(s)
	return Interval{Low: quantile(s, (1-level)/2), High: quantile(s, (1+level)/2), Level: level}
}

// quantile interpolates between sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(math.Floor(at))
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

// Mean estimates the mean of one number per row.
func Mean(values []float64, o Options) (Estimate, error) {
	if err := o.Validate(len(values)); err != nil {
		return Estimate{}, err
	}
	means := bootstrap([][]float64{values}, o, func(m []float64) float64 { return m[0] })
	return Estimate{Mean: average(values), Interval: percentile(means, o.Level)}, nil
}

// Paired estimates the mean of a - b over the same rows.
func Paired(a, b []float64, o Options) (Difference, error) {
	if len(a) != len(b) {
		return Difference{}, fmt.Errorf("evaluate: paired difference: %d and %d rows, they must be the same rows", len(a), len(b))
	}
	if err := o.Validate(len(a)); err != nil {
		return Difference{}, err
	}
	d := make([]float64, len(a))
	for i := range d {
		d[i] = a[i] - b[i]
	}
	means := bootstrap([][]float64{d}, o, func(m []float64) float64 { return m[0] })
	out := Difference{Mean: average(d), Interval: percentile(means, o.Level), P: twoSided(means)}
	if out.P <= 2/float64(o.Resamples+1) {
		u := gather([][]float64{d}, o)
		out.P = math.Min(out.P, studentP(u.sums[0], u.count))
	}
	out.Significant = !out.Interval.Includes(0)
	return out, nil
}

func twoSided(means []float64) float64 {
	below, above := 1, 1
	for _, m := range means {
		if m <= 0 {
			below++
		}
		if m >= 0 {
			above++
		}
	}
	return math.Min(1, 2*float64(min(below, above))/float64(len(means)+1))
}

func average(v []float64) float64 { return value.Sum(v) / float64(len(v)) }

// Say puts the difference into words: "A earns 0.12 EUR more per decision than
// B (95 % interval 0.05 to 0.19)", or that it is not significant.
func (d Difference) Say(a, b, currency string) string {
	word := "more"
	if d.Mean < 0 {
		word = "less"
	}
	interval := d.Interval.say(1)
	switch {
	case d.Mean == 0 && d.Interval.Low == 0 && d.Interval.High == 0:
		return fmt.Sprintf("%s and %s earn the same in every row", a, b)
	case !d.Significant:
		return fmt.Sprintf("%s earns %s %s per decision than %s, which is not significant: the %s includes 0", a, amount(math.Abs(d.Mean), currency), word, b, interval)
	}
	return fmt.Sprintf("%s earns %s %s per decision than %s (%s)", a, amount(math.Abs(d.Mean), currency), word, b, interval)
}

func amount(v float64, currency string) string {
	return strings.TrimSpace(value.Round(v) + " " + currency)
}

// perThousand is the number of decisions that sentences count money by.
const perThousand = 1000

// thousand is the money of a thousand decisions at so much per decision.
func thousand(v float64, currency string) string {
	return amount(perThousand*v, currency) + " per 1,000 decisions"
}
