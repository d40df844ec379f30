package objective

import (
	"fmt"
	"math"
	"slices"
)

// huber is, with d = s-y, the loss d^2/2 up to |d| = delta and
// delta*(|d|-delta/2) beyond (Huber, "Robust estimation of a location
// parameter", Annals of Mathematical Statistics 1964). The second derivative is
// taken as 1 everywhere, as in LightGBM: beyond delta it is 0, by which no step
// could be measured, and 1 bounds it.
var huber = &Objective{
	Name: "huber", Tasks: numbers, Constant: true,
	Raw: one, Check: checkDelta, Base: flat(huberSlope), Gradient: huberGradient, Loss: huberLoss, Link: identity,
}

// fair is, with d = s-y and c = delta, the loss c^2*(|d|/c - log(1+|d|/c))
// (Fair, "On the robust estimation of econometric models", Annals of Economic
// and Social Measurement 1974): g = c*d/(|d|+c) and h = c^2/(|d|+c)^2.
var fair = &Objective{
	Name: "fair", Tasks: numbers,
	Raw: one, Check: checkDelta, Base: flat(fairSlope), Gradient: fairGradient, Loss: fairLoss, Link: identity,
}

func checkDelta(t *Target) error {
	if !(t.Delta > 0) || math.IsInf(t.Delta, 0) {
		return fmt.Errorf("delta is %v; it must be above 0 and finite", t.Delta)
	}
	return nil
}

// flat is the best constant of a convex loss of the error whose derivative is
// slope: where the sum of slopes is 0, found by halving the range of the
// targets.
func flat(slope func(d, delta float64) float64) func(t *Target) []float64 {
	return func(t *Target) []float64 {
		lo, hi := slices.Min(t.Y), slices.Max(t.Y)
		for range 64 {
			at, sum := lo+(hi-lo)/2, 0.0
			if at == lo || at == hi {
				break
			}
			for i, y := range t.Y {
				sum += t.Weight(i) * slope(at-y, t.Delta)
			}
			if sum > 0 {
				hi = at
			} else {
				lo = at
			}
		}
		return []float64{lo + (hi-lo)/2}
	}
}

func huberSlope(d, delta float64) float64 { return math.Min(math.Max(d, -delta), delta) }

func huberGradient(t *Target, score []float64, _, lo, hi int, g, _ []float64) {
	for i := lo; i < hi; i++ {
		g[i] = huberSlope(score[i]-t.Y[i], t.Delta)
	}
}

func huberLoss(t *Target, i int, scores []float64) float64 {
	d := math.Abs(scores[0] - t.Y[i])
	if d <= t.Delta {
		return d * d / 2
	}
	return t.Delta * (d - t.Delta/2)
}

func fairSlope(d, delta float64) float64 { return delta * d / (math.Abs(d) + delta) }

func fairGradient(t *Target, score []float64, _, lo, hi int, g, h []float64) {
	for i := lo; i < hi; i++ {
		d := score[i] - t.Y[i]
		share := t.Delta / (math.Abs(d) + t.Delta)
		g[i], h[i] = share*d, share*share
	}
}

func fairLoss(t *Target, i int, scores []float64) float64 {
	d := math.Abs(scores[0]-t.Y[i]) / t.Delta
	return t.Delta * t.Delta * (d - math.Log1p(d))
}
