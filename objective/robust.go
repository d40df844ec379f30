package objective

import (
	"fmt"
	"math"
)

// Both start from the mean, as in LightGBM, which is not the best constant: a
// step is bounded by delta (huber) or shrinks with the error (fair), so that
// large targets are reached only over many rounds, and from the mean sooner.
// Delta should be of the size of usual errors, not far below it.

// huber is, with d = s-y, the loss d^2/2 up to |d| = delta and
// delta*(|d|-delta/2) beyond (Huber, "Robust estimation of a location
// parameter", Annals of Mathematical Statistics 1964). The second derivative is
// taken as 1 everywhere, as in LightGBM: beyond delta it is 0, by which no step
// could be measured, and 1 bounds it.
var huber = &Objective{
	Name: "huber", Tasks: numbers, Constant: true,
	Raw: one, Check: checkDelta, Base: mean, Gradient: huberGradient, Loss: huberLoss, Link: identity,
}

// fair is, with d = s-y and c = delta, the loss c^2*(|d|/c - log(1+|d|/c))
// (Fair, "On the robust estimation of econometric models", Annals of Economic
// and Social Measurement 1974): g = c*d/(|d|+c) and h = c^2/(|d|+c)^2.
var fair = &Objective{
	Name: "fair", Tasks: numbers,
	Raw: one, Check: checkDelta, Base: mean, Gradient: fairGradient, Loss: fairLoss, Link: identity,
}

func checkDelta(t *Target) error {
	if !(t.Delta > 0) || math.IsInf(t.Delta, 0) {
		return fmt.Errorf("delta is %v; it must be above 0 and finite", t.Delta)
	}
	return nil
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
