package objective

import (
	"fmt"
	"math"
)

// huber is, with d = s-y, the loss d^2/2 up to |d| = delta and
// delta*(|d|-delta/2) beyond (Huber, "Robust estimation of a location
// parameter", Annals of Mathematical Statistics 1964). The second derivative is
// taken as 1 everywhere, as in LightGBM: beyond delta it is 0, by which no step
// could be measured, and 1 bounds it.
//
// Such a step is at most delta, however far the target is. Leaves are therefore
// renewed: to the median of the residuals plus the mean of what is then left of
// them, cut at delta (Friedman, "Greedy function approximation: a gradient
// boosting machine", Annals of Statistics 2001, algorithm 4). LightGBM takes the
// steps (Stepped), and begins, as this does, at the mean.
var huber = &Objective{
	Name: "huber", Tasks: numbers, Constant: true,
	Raw: one, Check: checkDelta, Base: mean, Gradient: huberGradient, Loss: huberLoss, Link: identity,
	Renew: func(*Target) float64 { return 0.5 }, Refine: huberRefine,
}

// fair is, with d = s-y and c = delta, the loss c^2*(|d|/c - log(1+|d|/c))
// (Fair, "On the robust estimation of econometric models", Annals of Economic
// and Social Measurement 1974): g = c*d/(|d|+c). The second derivative
// c^2/(|d|+c)^2 falls so fast that Newton's steps, which LightGBM takes, overshoot
// from afar; h is c/(|d|+c) instead, the curvature of the parabola that touches
// the loss and bounds it from above, by which a step is a weighted mean of the
// errors and never raises the loss (Hunter and Lange, "A tutorial on MM
// algorithms", The American Statistician 2004).
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

// huberRefine is one step from the median towards the best constant.
func huberRefine(t *Target, score []float64, rows []int32, median float64) float64 {
	sum, total := 0.0, 0.0
	for _, r := range rows {
		w := t.Weight(int(r))
		sum += w * huberSlope(t.Y[r]-score[r]-median, t.Delta)
		total += w
	}
	return median + sum/total
}

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
		g[i], h[i] = share*d, share
	}
}

func fairLoss(t *Target, i int, scores []float64) float64 {
	d := math.Abs(scores[0]-t.Y[i]) / t.Delta
	return t.Delta * t.Delta * (d - math.Log1p(d))
}
