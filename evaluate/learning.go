package evaluate

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"bespoke/value"
)

// Lesson is what models earned that were trained on so many rows.
type Lesson struct {
	// Rows is the number of training rows.
	Rows int
	// Money is the money per decision on the held-out rows: one slice per repeat,
	// each trained on another draw of the rows, all on the same held-out rows.
	Money [][]float64
}

// LearningPoint is one point of a learning curve.
type LearningPoint struct {
	Rows    int `json:"rows"`
	Repeats int `json:"repeats"`
	// Estimate is money per decision; its interval is that of resampled held-out
	// rows and repeats together.
	Estimate Estimate `json:"estimate"`
	// Spread is the standard deviation over the repeats; 0 for a single one.
	Spread float64 `json:"spread"`
	// Missing is what all rows earn beyond this, per decision; its interval is
	// paired over the held-out rows.
	Missing Estimate `json:"missing"`
}

// PowerLaw is money per decision after training on n rows:
// Limit - Loss * (n / rows of the last point)^-Power.
type PowerLaw struct {
	Limit float64 `json:"limit"`
	Loss  float64 `json:"loss"`
	Power float64 `json:"power"`
}

// At is the money after so many times the rows of the last point.
func (p PowerLaw) At(times float64) float64 { return p.Limit - p.Loss*math.Pow(times, -p.Power) }

// Learning is a learning curve in money, and a rough answer to whether more
// rows are worth their price.
type Learning struct {
	// Points are in ascending order of rows.
	Points []LearningPoint `json:"points"`
	// Last is what the last step of rows brought, per decision: from LastRows to
	// those of the last point, in the usual case twice as many.
	Last     Estimate `json:"last"`
	LastRows int      `json:"last_rows"`
	// Curve is the power law of the points.
	Curve PowerLaw `json:"curve"`
	// Doubling is what twice the rows of the last point would bring per decision
	// by the power law; never below 0 and never more than a perfect model. It is
	// rough: a law of three numbers is fitted to a few points.
	Doubling Estimate `json:"doubling"`
	// PerMonth is Doubling by the volume; 0 when no volume is known.
	PerMonth float64 `json:"per_month"`
	// Told says that the interval of Doubling lies above 0.
	Told bool `json:"told"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// repeatStream sets the draws of repeats apart from those of rows.
const repeatStream = 0x6c6561726e

// Learn makes the learning curve of at least two lessons in ascending order of
// rows. perfect is the money per row of a perfect model (Sheet.Perfect), which
// no curve may exceed. Every resample draws held-out rows, for all lessons the
// same, and of R repeats R-1 with replacement, which gives the mean of R repeats
// its unbiased variance (Rao and Wu 1988), and fits the power law anew. How much
// another draw of training rows would change a lesson with a single repeat is
// not known, and not in its interval.
func Learn(lessons []Lesson, perfect []float64, o Options) (*Learning, error) {
	if err := checkLessons(lessons, perfect, o); err != nil {
		return nil, err
	}
	c := newCourse(lessons, perfect)
	all := make([]float64, len(c.columns))
	for k, m := range c.columns {
		all[k] = average(m)
	}
	l := &Learning{}
	means := c.means(all, nil)
	l.Curve = c.fit(means, all[len(all)-1])
	points, curves := make([][]float64, o.Resamples), make([]PowerLaw, o.Resamples)
	w := gatherWide(c.columns, o)
	w.resample(o, false, func(b int, in, _ []float64) {
		points[b] = c.means(in, draws(o.Seed^repeatStream, b, math.MaxInt32))
		curves[b] = c.fit(points[b], in[len(in)-1])
	})
	l.fill(lessons, means, points, o)
	doublings := make([]float64, o.Resamples)
	for b, p := range curves {
		doublings[b] = p.At(2) - p.At(1)
	}
	l.Doubling = Estimate{Mean: l.Curve.At(2) - l.Curve.At(1), Interval: percentile(doublings, o.Level)}
	l.PerMonth = l.Doubling.Mean * o.Volume
	l.Told = l.Doubling.Interval.Low > 0
	l.Sentence = l.sentence(average(perfect)-means[len(means)-1], o)
	return l, nil
}

func checkLessons(lessons []Lesson, perfect []float64, o Options) error {
	if len(lessons) < 2 {
		return fmt.Errorf("evaluate: learning curve: %d sizes of training rows, at least 2 are needed", len(lessons))
	}
	for k, l := range lessons {
		if l.Rows < 1 || k > 0 && l.Rows <= lessons[k-1].Rows || len(l.Money) == 0 {
			return fmt.Errorf("evaluate: learning curve: size %d has %d training rows and %d repeats; sizes must ascend, and each needs a repeat", k+1, l.Rows, len(l.Money))
		}
		for _, m := range l.Money {
			if len(m) != len(perfect) || !allFinite(m) {
				return fmt.Errorf("evaluate: learning curve: size %d has the money of %d rows, want %d finite numbers", k+1, len(m), len(perfect))
			}
		}
	}
	return o.Validate(len(perfect))
}

// course are the lessons as columns: the repeats of each, and the perfect model
// last.
type course struct {
	columns [][]float64
	from    []int     // first column by lesson, and the end
	times   []float64 // rows by lesson over those of the last
}

func newCourse(lessons []Lesson, perfect []float64) *course {
	c := &course{}
	most := float64(lessons[len(lessons)-1].Rows)
	for _, l := range lessons {
		c.from = append(c.from, len(c.columns))
		c.times = append(c.times, float64(l.Rows)/most)
		c.columns = append(c.columns, l.Money...)
	}
	c.from = append(c.from, len(c.columns))
	c.columns = append(c.columns, perfect)
	return c
}

// means are the means of the lessons over their repeats: all of them, or as
// drawn.
func (c *course) means(columns []float64, pick func() int) []float64 {
	out := make([]float64, len(c.times))
	for k := range out {
		repeats := columns[c.from[k]:c.from[k+1]]
		if pick == nil || len(repeats) == 1 {
			out[k] = average(repeats)
			continue
		}
		for range len(repeats) - 1 {
			out[k] += repeats[pick()%len(repeats)] / float64(len(repeats)-1)
		}
	}
	return out
}

// fit finds the power law a - b n^-c with the least squares, of 0.1 <= c <= 2 in
// steps of 0.1, b >= 0 and a <= most: more rows never lose, and never bring more
// than a perfect model. Power laws fit learning curves best where any shape
// does; the exponents seen lie in that range (Viering and Loog 2022, "The Shape
// of Learning Curves", section 4). Two points leave no freedom for c, so that it
// is one half, the rate of a mean.
func (c *course) fit(money []float64, most float64) PowerLaw {
	first, last := 1, 20
	if len(money) == 2 {
		first, last = 5, 5
	}
	best, least := PowerLaw{}, math.Inf(1)
	z := make([]float64, len(money))
	for k := first; k <= last; k++ {
		p := PowerLaw{Power: float64(k) / 10}
		for i, t := range c.times {
			z[i] = math.Pow(t, -p.Power)
		}
		p.Limit, p.Loss = line(z, money, most)
		squares := 0.0
		for i, m := range money {
			e := m - p.Limit + p.Loss*z[i]
			squares += e * e
		}
		if squares < least {
			best, least = p, squares
		}
	}
	return best
}

// line is y = a - b z with the least squares among b >= 0 and a <= most. Where
// neither bound alone will do, a is the smaller of mean and most, and b is 0.
func line(z, y []float64, most float64) (a, b float64) {
	a, slope := stat.LinearRegression(z, y, nil, false)
	if slope >= 0 {
		return math.Min(stat.Mean(y, nil), most), 0
	}
	if a <= most {
		return a, -slope
	}
	above, squares := 0.0, 0.0
	for i := range z {
		above += z[i] * (most - y[i])
		squares += z[i] * z[i]
	}
	return most, math.Max(0, above/squares)
}

// fill makes the points from the means of all rows and of every resample.
func (l *Learning) fill(lessons []Lesson, means []float64, resampled [][]float64, o Options) {
	last := len(lessons) - 1
	of := func(statistic func(m []float64) float64) Estimate {
		values := make([]float64, len(resampled))
		for b, m := range resampled {
			values[b] = statistic(m)
		}
		return Estimate{Mean: statistic(means), Interval: percentile(values, o.Level)}
	}
	for k, lesson := range lessons {
		p := LearningPoint{Rows: lesson.Rows, Repeats: len(lesson.Money)}
		p.Estimate = of(func(m []float64) float64 { return m[k] })
		p.Missing = of(func(m []float64) float64 { return m[last] - m[k] })
		if p.Repeats > 1 {
			repeats := make([]float64, p.Repeats)
			for r, m := range lesson.Money {
				repeats[r] = average(m)
			}
			p.Spread = stat.StdDev(repeats, nil)
		}
		l.Points = append(l.Points, p)
	}
	l.Last, l.LastRows = l.Points[last-1].Missing, lessons[last-1].Rows
}

// sentence says what twice the rows would bring; room is what a perfect model
// adds.
func (l *Learning) sentence(room float64, o Options) string {
	i := l.Doubling.Interval.say(perThousand)
	if !l.Told {
		return fmt.Sprintf("Twice the rows would bring nothing that these rows can tell (%s per 1,000 decisions).", i)
	}
	out := fmt.Sprintf("Twice the rows would bring about %s more per 1,000 decisions (%s)", amount(perThousand*l.Doubling.Mean, o.Currency), i)
	if o.Volume > 0 {
		out += fmt.Sprintf(", which is %s a month", amount(l.PerMonth, o.Currency))
	}
	out += "; that is a rough figure"
	if room > 0 {
		out += fmt.Sprintf(", and a perfect model would bring no more than %s", value.Round(perThousand*room))
	}
	return out + "."
}
