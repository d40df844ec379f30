package objective

import (
	"fmt"
	"math"
)

// These losses are deviances of exponential dispersion models (Jørgensen,
// "Exponential dispersion models", Journal of the Royal Statistical Society B
// 1987), less what does not depend on the score and times a half. The raw score
// s is the logarithm of the predicted mean, and the best constant is the
// logarithm of the mean for all of them.

// poisson is exp(s) - y*s, for counts: g = exp(s)-y. The second derivative
// exp(s) is multiplied by exp(0.7), as in LightGBM: a step of a leaf is then
// never below -exp(-0.7), where the exponential function bends most.
var poisson = &Objective{
	Name: "poisson", Tasks: numbers, Logarithmic: true,
	Raw: one, Check: notNegative, Base: logMean, Gradient: poissonGradient, Loss: poissonLoss, Link: expLink,
}

// gamma is y*exp(-s) + s, for numbers above 0 whose spread grows with their
// mean: g = 1-y*exp(-s) and h = y*exp(-s).
var gamma = &Objective{
	Name: "gamma", Tasks: numbers, Logarithmic: true,
	Raw: one, Check: positive, Base: logMean, Gradient: gammaGradient, Loss: gammaLoss, Link: expLink,
}

// tweedie is, with the variance power p between 1 (Poisson) and 2 (gamma),
//
//	exp((2-p)s)/(2-p) - y*exp((1-p)s)/(1-p)
//
// for sums of a random number of amounts, such as claims, many of which are 0
// (Jørgensen and Paes de Souza, "Fitting Tweedie's compound Poisson model to
// insurance claims data", Scandinavian Actuarial Journal 1994). g =
// exp((2-p)s) - y*exp((1-p)s); h is its derivative.
var tweedie = &Objective{
	Name: "tweedie", Tasks: numbers, Logarithmic: true,
	Raw: one, Check: tweedieCheck, Base: logMean, Gradient: tweedieGradient, Loss: tweedieLoss, Link: expLink,
}

// poissonStep is by how much the logarithm of the second derivative is raised.
const poissonStep = 0.7

// mostScore keeps derivatives finite: what a score above it would predict is
// beyond any target.
const mostScore = 230

func notNegative(t *Target) error {
	for i, y := range t.Y {
		if y < 0 {
			return fmt.Errorf("target of row %d is %v; it must be 0 or more", i, y)
		}
	}
	return nil
}

func positive(t *Target) error {
	for i, y := range t.Y {
		if !(y > 0) {
			return fmt.Errorf("target of row %d is %v; it must be above 0", i, y)
		}
	}
	return nil
}

func tweedieCheck(t *Target) error {
	if !(t.Power > 1 && t.Power < 2) {
		return fmt.Errorf("variance power is %v; it must be above 1 and below 2", t.Power)
	}
	return notNegative(t)
}

// logMean is the logarithm of the mean; where every target is 0 it is that of
// half an event in all rows, small but not 0, as with classes without rows.
func logMean(t *Target) []float64 {
	m := mean(t)
	if m[0] == 0 {
		total := 0.0
		for i := range t.Y {
			total += t.Weight(i)
		}
		m[0] = 0.5 / total
	}
	return []float64{math.Log(m[0])}
}

func poissonGradient(t *Target, score []float64, _, lo, hi int, g, h []float64) {
	step := math.Exp(poissonStep)
	for i := lo; i < hi; i++ {
		e := math.Exp(math.Min(score[i], mostScore))
		g[i], h[i] = e-t.Y[i], step*e
	}
}

func poissonLoss(t *Target, i int, scores []float64) float64 {
	return math.Exp(math.Min(scores[0], mostScore)) - t.Y[i]*scores[0]
}

func gammaGradient(t *Target, score []float64, _, lo, hi int, g, h []float64) {
	for i := lo; i < hi; i++ {
		e := t.Y[i] * math.Exp(math.Min(-score[i], mostScore))
		g[i], h[i] = 1-e, e
	}
}

func gammaLoss(t *Target, i int, scores []float64) float64 {
	return t.Y[i]*math.Exp(math.Min(-scores[0], mostScore)) + scores[0]
}

func tweedieGradient(t *Target, score []float64, _, lo, hi int, g, h []float64) {
	a, b := 1-t.Power, 2-t.Power
	for i := lo; i < hi; i++ {
		s := math.Max(-mostScore, math.Min(score[i], mostScore))
		ea, eb := t.Y[i]*math.Exp(a*s), math.Exp(b*s)
		g[i], h[i] = eb-ea, b*eb-a*ea
	}
}

func tweedieLoss(t *Target, i int, scores []float64) float64 {
	a, b := 1-t.Power, 2-t.Power
	s := math.Max(-mostScore, math.Min(scores[0], mostScore))
	return math.Exp(b*s)/b - t.Y[i]*math.Exp(a*s)/a
}
