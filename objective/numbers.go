package objective

import "math"

// squared is the squared error: (y-s)^2, whose gradient is that of its half,
// s-y, as in LightGBM.
var squared = &Objective{
	Name: "squared", Tasks: numbers, Constant: true,
	Raw: one, Base: mean, Gradient: squaredGradient, Loss: squaredLoss, Link: identity,
}

// absolute is the absolute error |y-s|, which medians minimise.
var absolute = &Objective{
	Name: "absolute", Tasks: numbers, Constant: true,
	Raw: one, Base: median, Gradient: absoluteGradient, Loss: absoluteLoss, Link: identity,
	Renew: func(*Target) float64 { return 0.5 },
}

// quantile is the pinball loss alpha*(y-s) above the score and (1-alpha)*(s-y)
// below it (Koenker and Bassett, "Regression quantiles", Econometrica 1978).
var quantile = &Objective{
	Name: "quantile", Tasks: numbers, Constant: true,
	Raw: one, Base: alphaQuantile, Gradient: quantileGradient, Loss: quantileLoss, Link: identity,
	Renew: func(t *Target) float64 { return t.Alpha },
}

func mean(t *Target) []float64 {
	sum, weight := 0.0, 0.0
	for i, y := range t.Y {
		w := t.Weight(i)
		sum += w * y
		weight += w
	}
	return []float64{sum / weight}
}

func squaredGradient(t *Target, score []float64, _, lo, hi int, g, _ []float64) {
	for i := lo; i < hi; i++ {
		g[i] = score[i] - t.Y[i]
	}
}

func squaredLoss(t *Target, i int, scores []float64) float64 {
	d := scores[0] - t.Y[i]
	return d * d
}

func median(t *Target) []float64 {
	return []float64{NewQuantiler(t).Of(t.Y, t.Weights, 0.5)}
}

func absoluteGradient(t *Target, score []float64, _, lo, hi int, g, _ []float64) {
	for i := lo; i < hi; i++ {
		switch d := score[i] - t.Y[i]; {
		case d > 0:
			g[i] = 1
		case d < 0:
			g[i] = -1
		default:
			g[i] = 0
		}
	}
}

func absoluteLoss(t *Target, i int, scores []float64) float64 {
	return math.Abs(scores[0] - t.Y[i])
}

func alphaQuantile(t *Target) []float64 {
	return []float64{NewQuantiler(t).Of(t.Y, t.Weights, t.Alpha)}
}

func quantileGradient(t *Target, score []float64, _, lo, hi int, g, _ []float64) {
	for i := lo; i < hi; i++ {
		if t.Y[i] > score[i] {
			g[i] = -t.Alpha
		} else {
			g[i] = 1 - t.Alpha
		}
	}
}

// quantileLoss is the pinball loss.
func quantileLoss(t *Target, i int, scores []float64) float64 {
	d := t.Y[i] - scores[0]
	if d > 0 {
		return t.Alpha * d
	}
	return (t.Alpha - 1) * d
}
