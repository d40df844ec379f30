package objective

import (
	"math"
	"slices"

	"bespoke/model"
)

// expected are what classes minimise under stakes "expected": one minus
// the probability of the row's class, which times the row's stake (its weight)
// is the money that is expected to be lost when actions are drawn by the
// probabilities (Höppner and others, "Instance-dependent cost-sensitive learning
// for detecting transfer fraud", 2022; Vanderschueren and others, "Predict-then-
// optimize or predict-and-optimize?", 2022). They go by the name of the log-loss
// in a saved model, since they predict by the same link.
//
// The loss is not convex: its second derivative is negative wherever the row's
// class has less than half. The size of the gradient bounds it (p(1-p) against
// p(1-p)|1-2p|) and stands for it, so that the best step of a single row is one
// unit of log-odds, up or down, however wrong the row is. The best constant
// would be infinite, so boosting starts from the priors, weighted by stakes.
var expected = []*Objective{
	logistic.With(expectedGradient, expectedLoss),
	softmax.With(expectedSoftmaxGradient, expectedSoftmaxLoss),
}

// Expected is the expected loss of money for a task of classes, where weights
// are stakes; nil for numbers. It has the name, the link and the best constant
// of the log-loss; learning does well to follow the log-loss at first.
func Expected(task model.Task) *Objective {
	for _, o := range expected {
		if o.Fits(task) {
			return o
		}
	}
	return nil
}

// expectedGradient: with p the probability of class 1, the loss 1-p in rows of
// class 1 and p in others has the derivative p(1-p) by the score, less or more.
func expectedGradient(t *Target, score []float64, _, lo, hi int, g, h []float64) {
	for i := lo; i < hi; i++ {
		p := sigmoid(score[i])
		h[i] = p * (1 - p)
		g[i] = h[i]
		if t.Y[i] == 1 {
			g[i] = -h[i]
		}
	}
}

func expectedLoss(t *Target, i int, scores []float64) float64 {
	z := scores[0]
	if t.Y[i] == 1 {
		z = -z
	}
	return sigmoid(z)
}

// expectedSoftmaxGradient: with p the probabilities and q that of the row's
// class, the loss 1-q has the derivative q(p-1) by the class's own score and
// qp by others. The second derivative has the factor of softmaxGradient.
func expectedSoftmaxGradient(t *Target, _ []float64, k, lo, hi int, g, h []float64) {
	n := len(t.Y)
	prob := t.Scratch[k*n:][:n]
	factor := float64(t.Classes) / float64(t.Classes-1)
	class := float64(k)
	for i := lo; i < hi; i++ {
		p, own := prob[i], t.Scratch[int(t.Y[i])*n+i]
		if t.Y[i] == class {
			p--
		}
		g[i] = own * p
		h[i] = factor * math.Abs(g[i])
	}
}

func expectedSoftmaxLoss(t *Target, i int, scores []float64) float64 {
	top := slices.Max(scores)
	sum := 0.0
	for _, s := range scores {
		sum += math.Exp(s - top)
	}
	return 1 - math.Exp(scores[int(t.Y[i])]-top)/sum
}
