package features

import (
	"fmt"
	"math"
	"slices"

	"bespoke/model"
)

// yeoJohnsonStep makes skewed numbers look normal.
var yeoJohnsonStep = Step{
	Name:    "yeo-johnson",
	Summary: "A power, fitted by maximum likelihood, makes skewed numbers about normal; then mean 0 and standard deviation 1.",
	Params: []model.Param{
		clipParam("Bound of the result on both sides, in standard deviations; 0 means none."),
	},
	accepts: []form{number},
	fit: func(b *block, p model.Params, _ *training) (step, error) {
		s := &yeoJohnson{Clip: p.Number("clip")}
		for j := range b.numbers() {
			present := b.present(j)
			lambda := fitLambda(present)
			for i, x := range present {
				present[i] = powered(x, lambda)
			}
			mean, deviation := meanAndDeviation(present)
			s.Lambda = append(s.Lambda, lambda)
			s.Mean = append(s.Mean, mean)
			s.Scale = append(s.Scale, divisor(deviation))
		}
		return s, nil
	},
	empty: func() step { return new(yeoJohnson) },
}

// yeoJohnson is a fitted yeo-johnson step: the transformation of I. Yeo and
// R. A. Johnson, A new family of power transformations to improve normality or
// symmetry, Biometrika 87, 2000, followed by standardising.
type yeoJohnson struct {
	// Lambda is the power of each input: 1 changes nothing, 0 is the logarithm.
	Lambda []float64 `json:"lambda"`
	// Mean and Scale are those of the powered training rows.
	Mean  []float64 `json:"mean"`
	Scale []float64 `json:"scale"`
	// Clip bounds the result on both sides; 0 means limit.
	Clip float64 `json:"clip,omitempty"`
}

func (s *yeoJohnson) bind(in shape) (shape, error) {
	if err := checkFinite("lambda", s.Lambda, in.numbers()); err != nil {
		return shape{}, err
	}
	if err := checkFinite("mean", s.Mean, in.numbers()); err != nil {
		return shape{}, err
	}
	if err := checkScale("scale", s.Scale, in.numbers()); err != nil {
		return shape{}, err
	}
	return in, checkClip(s.Clip)
}

func (s *yeoJohnson) apply(v []float64) {
	for j, lambda := range s.Lambda {
		v[j] = clipped((powered(v[j], lambda)-s.Mean[j])/s.Scale[j], s.Clip)
	}
}

func (s *yeoJohnson) describe() string {
	return fmt.Sprintf("power %s, then mean 0 and standard deviation 1", list(s.Lambda)) + clipWords(s.Clip)
}

// powered is the Yeo-Johnson transformation: the Box-Cox power of x+1 for x
// from 0 up, and mirrored with the power 2-lambda below. NaN stays NaN.
func powered(x, lambda float64) float64 {
	if x < 0 {
		return -boxCox(math.Log1p(-x), 2-lambda)
	}
	return boxCox(math.Log1p(x), lambda)
}

// boxCox is (e^(lambda*l) - 1) / lambda, and its limit l at lambda 0, never
// infinite so that a mean can be taken.
func boxCox(l, lambda float64) float64 {
	if math.Abs(lambda) < 0x1p-52 {
		return l
	}
	const most = 1e300
	return min(max(math.Expm1(lambda*l)/lambda, -most), most)
}

// mostForLambda is how many values estimate a power; of more, evenly spaced
// ranks are taken, which changes the estimate by far less than its own error.
const mostForLambda = 100_000

// fitLambda is the power under which the values are most likely to come from a
// normal distribution; 1 when they do not vary. The search interval is that of
// scipy: 20 times the largest value must still be safe to transform.
func fitLambda(values []float64) float64 {
	values = evenly(values, mostForLambda)
	most, low, high := 0.0, math.Inf(1), math.Inf(-1)
	for _, x := range values {
		most = max(most, math.Abs(x))
		low, high = min(low, x), max(high, x)
	}
	if !(low < high) {
		return 1
	}
	room := math.Log1p(min(20*most, math.MaxFloat64))
	const logEps, logTiny, logMax = -36.04365338911715, -708.3964185322641, 709.782712893384
	from, to := (logTiny-logEps)/2/room, (logMax+logEps)/2/room
	switch {
	case high < 0:
		from, to = 2-to, 2-from
	case low < 0:
		from, to = max(2-to, from), min(2-from, to)
	}
	// Values of both signs, so large that no power is safe, or all so near zero
	// that every power is, and changes nothing.
	if !(from < to) || math.IsInf(from, 0) || math.IsInf(to, 0) {
		return 1
	}
	logs, scratch := 0.0, make([]float64, len(values))
	for _, x := range values {
		logs += math.Copysign(math.Log1p(math.Abs(x)), x)
	}
	lambda := minimise(from, to, func(lambda float64) float64 {
		for i, x := range values {
			scratch[i] = powered(x, lambda)
		}
		_, deviation := meanAndDeviation(scratch)
		if !(deviation > 0) || math.IsInf(deviation, 0) {
			return math.Inf(1)
		}
		return float64(len(values))*math.Log(deviation) - (lambda-1)*logs
	})
	return lambda
}

// evenly takes at most n values at evenly spaced ranks.
func evenly(values []float64, n int) []float64 {
	if len(values) <= n {
		return values
	}
	sorted := slices.Sorted(slices.Values(values))
	out := make([]float64, n)
	for i := range out {
		out[i] = sorted[i*(len(sorted)-1)/(n-1)]
	}
	return out
}

// minimise finds the lowest point of f between low and high by Brent's method
// (R. P. Brent, Algorithms for Minimization without Derivatives, 1973, chapter
// 5): parabolas through the three best points, and golden sections where a
// parabola does not help.
func minimise(low, high float64, f func(float64) float64) float64 {
	golden := (3 - math.Sqrt(5)) / 2
	start := low + golden*(high-low)
	first := point{start, f(start)}
	b := &bracket{low: low, high: high, best: first, second: first, third: first}
	step, before := 0.0, 0.0
	for range 200 {
		middle := (b.low + b.high) / 2
		tolerance := 0x1p-27*math.Abs(b.best.x) + 1e-9
		if math.Abs(b.best.x-middle) <= 2*tolerance-(b.high-b.low)/2 {
			break
		}
		to, ok := b.parabola()
		useful := ok && math.Abs(to-b.best.x) < math.Abs(before)/2 && to > b.low && to < b.high
		before = step
		switch {
		case useful:
			step = to - b.best.x
			if to-b.low < 2*tolerance || b.high-to < 2*tolerance {
				step = math.Copysign(tolerance, middle-b.best.x)
			}
		case b.best.x < middle:
			before = b.high - b.best.x
			step = golden * before
		default:
			before = b.low - b.best.x
			step = golden * before
		}
		if math.Abs(step) < tolerance {
			step = math.Copysign(tolerance, step)
		}
		b.add(point{b.best.x + step, f(b.best.x + step)})
	}
	return b.best.x
}

// point is a place and the height of the function there.
type point struct{ x, f float64 }

// bracket is the interval that holds the minimum and the three lowest points
// that were seen.
type bracket struct {
	low, high           float64
	best, second, third point
}

// parabola is where the parabola through the three points is lowest.
func (b *bracket) parabola() (at float64, ok bool) {
	toSecond, toThird := b.best.x-b.second.x, b.best.x-b.third.x
	r, q := toSecond*(b.best.f-b.third.f), toThird*(b.best.f-b.second.f)
	p := toThird*q - toSecond*r
	q = 2 * (q - r)
	if q == 0 || math.IsNaN(q) || math.IsInf(q, 0) || math.IsNaN(p) || math.IsInf(p, 0) {
		return 0, false
	}
	return b.best.x - p/q, true
}

// add narrows the interval by a new point.
func (b *bracket) add(p point) {
	if p.f <= b.best.f {
		if p.x < b.best.x {
			b.high = b.best.x
		} else {
			b.low = b.best.x
		}
		b.third, b.second, b.best = b.second, b.best, p
		return
	}
	if p.x < b.best.x {
		b.low = p.x
	} else {
		b.high = p.x
	}
	switch {
	case p.f <= b.second.f || b.second.x == b.best.x:
		b.third, b.second = b.second, p
	case p.f <= b.third.f || b.third.x == b.best.x || b.third.x == b.second.x:
		b.third = p
	}
}
