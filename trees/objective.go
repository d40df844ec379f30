package trees

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bespoke/model"
)

// objective is one row of the table of losses. Scores are raw scores, output
// after output: the score of row i and output k is score[k*rows+i]. Functions
// over rows lo to hi-1 are called for several ranges at once, so they write
// nothing outside of their rows.
//
// A new loss is a new row of objectives.
type objective struct {
	name  string
	tasks []model.Task
	// constant says that the second derivative is 1 for every row, times the
	// row's weight; gradient then leaves h alone.
	constant bool
	// raw is the number of raw outputs for a number of classes.
	raw func(classes int) int
	// base is the best constant raw score.
	base func(t *target) []float64
	// prepare, when not nil, is called before the gradients of a round.
	prepare func(t *target, score []float64, lo, hi int)
	// gradient writes first and second derivatives of the loss of each row by
	// the raw score k, without the weights.
	gradient func(t *target, score []float64, k, lo, hi int, g, h []float64)
	// loss is the loss of row i, without its weight. scores has one raw score
	// per output.
	loss func(t *target, i int, scores []float64) float64
	// renew, when not nil, says that a leaf's value is this quantile of the
	// residuals y-score in it.
	renew func(t *target) float64
	// link turns raw scores into a prediction; both may be the same slice.
	link func(raw, out []float64)
}

// target is what an objective is measured against.
type target struct {
	y []float64
	// w are the weights, nil when all are 1.
	w       []float64
	classes int
	alpha   float64
	// prob holds class probabilities laid out as scores, for softmax.
	prob []float64
}

func (t *target) weight(i int) float64 {
	if t.w == nil {
		return 1
	}
	return t.w[i]
}

// objectives is the table of losses.
var objectives = []objective{
	{
		name: "squared", tasks: []model.Task{model.Regression}, constant: true,
		raw: one, base: mean, gradient: squaredGradient, loss: squaredLoss, link: identity,
	},
	{
		name: "absolute", tasks: []model.Task{model.Regression}, constant: true,
		raw: one, base: median, gradient: absoluteGradient, loss: absoluteLoss, link: identity,
		renew: func(*target) float64 { return 0.5 },
	},
	{
		name: "quantile", tasks: []model.Task{model.Regression}, constant: true,
		raw: one, base: quantile, gradient: quantileGradient, loss: quantileLoss, link: identity,
		renew: func(t *target) float64 { return t.alpha },
	},
	{
		name: "log-loss", tasks: []model.Task{model.Binary},
		raw: one, base: logOdds, gradient: logisticGradient, loss: logisticLoss, link: sigmoidLink,
	},
	{
		name: "log-loss", tasks: []model.Task{model.Multiclass},
		raw: func(classes int) int { return classes }, base: logPriors,
		prepare: softmaxRows, gradient: softmaxGradient, loss: softmaxLoss, link: softmaxLink,
	},
}

// expectedLosses are what classes minimise under stakes "expected": one minus
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
// would be infinite, so boosting starts from the priors, weighted by stakes, and
// follows the log-loss for a while; see warmth.
var expectedLosses = []objective{
	{
		name: "log-loss", tasks: []model.Task{model.Binary},
		raw: one, base: logOdds, gradient: expectedGradient, loss: expectedLoss, link: sigmoidLink,
	},
	{
		name: "log-loss", tasks: []model.Task{model.Multiclass},
		raw: func(classes int) int { return classes }, base: logPriors,
		prepare: softmaxRows, gradient: expectedSoftmaxGradient, loss: expectedSoftmaxLoss, link: softmaxLink,
	},
}

// warmth is for how many rounds, times the learning rate, boosting for expected
// loss follows the log-loss with the same weights first: as far as a score can
// go in them, in log-odds. From the priors alone, rows are pushed to the side of
// the dear answer before anything is known about them, and where they are pushed
// far their gradient is gone; on development data (bench/quality/RESULTS.md) 6
// lost less money than 3 or 0. It does not hang on the number of rounds, so that
// a refit with the rounds that early stopping found goes the same way.
const warmth = 6.0

// objectivesFor is the loss that the settings ask for, and the one, if any, that
// the first rounds follow.
func objectivesFor(s *settings, task model.Task) (loss, warm *objective, err error) {
	loss, err = findObjective(s.objective, task)
	if err == nil && s.stakes == model.StakesExpected {
		for i := range expectedLosses {
			if slices.Contains(expectedLosses[i].tasks, task) {
				return &expectedLosses[i], loss, nil
			}
		}
	}
	return loss, nil, err
}

// objectiveChoices are the words that the parameter objective allows.
func objectiveChoices() []string {
	words := []string{"auto"}
	for i := range objectives {
		if !slices.Contains(words, objectives[i].name) {
			words = append(words, objectives[i].name)
		}
	}
	return words
}

// findObjective looks a loss up by name for a task; "auto" is the task's first.
func findObjective(name string, task model.Task) (*objective, error) {
	var fit []string
	for i := range objectives {
		o := &objectives[i]
		if !slices.Contains(o.tasks, task) {
			continue
		}
		if name == o.name || name == "auto" {
			return o, nil
		}
		fit = append(fit, o.name)
	}
	return nil, fmt.Errorf("objective %q does not fit the task %s; there is %s", name, task, strings.Join(fit, ", "))
}

func one(int) int { return 1 }

func identity(raw, out []float64) { copy(out, raw) }

func mean(t *target) []float64 {
	sum, weight := 0.0, 0.0
	for i, y := range t.y {
		w := t.weight(i)
		sum += w * y
		weight += w
	}
	return []float64{sum / weight}
}

func squaredGradient(t *target, score []float64, _, lo, hi int, g, _ []float64) {
	for i := lo; i < hi; i++ {
		g[i] = score[i] - t.y[i]
	}
}

func squaredLoss(t *target, i int, scores []float64) float64 {
	d := scores[0] - t.y[i]
	return d * d
}

func median(t *target) []float64 {
	return []float64{newQuantiler(t).of(t.y, t.w, 0.5)}
}

func absoluteGradient(t *target, score []float64, _, lo, hi int, g, _ []float64) {
	for i := lo; i < hi; i++ {
		switch d := score[i] - t.y[i]; {
		case d > 0:
			g[i] = 1
		case d < 0:
			g[i] = -1
		default:
			g[i] = 0
		}
	}
}

func absoluteLoss(t *target, i int, scores []float64) float64 {
	return math.Abs(scores[0] - t.y[i])
}

func quantile(t *target) []float64 {
	return []float64{newQuantiler(t).of(t.y, t.w, t.alpha)}
}

func quantileGradient(t *target, score []float64, _, lo, hi int, g, _ []float64) {
	for i := lo; i < hi; i++ {
		if t.y[i] > score[i] {
			g[i] = -t.alpha
		} else {
			g[i] = 1 - t.alpha
		}
	}
}

// quantileLoss is the pinball loss.
func quantileLoss(t *target, i int, scores []float64) float64 {
	d := t.y[i] - scores[0]
	if d > 0 {
		return t.alpha * d
	}
	return (t.alpha - 1) * d
}

// classWeights is the weight of each class. A class without rows gets the
// weight of half a row, so that its probability is small but not 0.
func classWeights(t *target) (weights []float64, total float64) {
	weights = make([]float64, t.classes)
	for i, y := range t.y {
		weights[int(y)] += t.weight(i)
	}
	for k, w := range weights {
		if w == 0 {
			weights[k] = 0.5
		}
		total += weights[k]
	}
	return weights, total
}

func logOdds(t *target) []float64 {
	w, _ := classWeights(t)
	return []float64{math.Log(w[1] / w[0])}
}

// logisticGradient: with p = 1/(1+exp(-score)), g = p - y and h = p(1-p).
func logisticGradient(t *target, score []float64, _, lo, hi int, g, h []float64) {
	for i := lo; i < hi; i++ {
		p := sigmoid(score[i])
		g[i] = p - t.y[i]
		h[i] = p * (1 - p)
	}
}

func logisticLoss(t *target, i int, scores []float64) float64 {
	z := scores[0]
	if t.y[i] == 0 {
		z = -z
	}
	// log(1+exp(-z)) without overflow.
	return math.Max(-z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

func sigmoidLink(raw, out []float64) {
	p := sigmoid(raw[0])
	out[0], out[1] = 1-p, p
}

func logPriors(t *target) []float64 {
	w, total := classWeights(t)
	for k := range w {
		w[k] = math.Log(w[k] / total)
	}
	return w
}

// softmaxRows fills t.prob.
func softmaxRows(t *target, score []float64, lo, hi int) {
	n := len(t.y)
	for i := lo; i < hi; i++ {
		top := math.Inf(-1)
		for k := range t.classes {
			top = math.Max(top, score[k*n+i])
		}
		sum := 0.0
		for k := range t.classes {
			e := math.Exp(score[k*n+i] - top)
			t.prob[k*n+i] = e
			sum += e
		}
		for k := range t.classes {
			t.prob[k*n+i] /= sum
		}
	}
}

// softmaxGradient has, as LightGBM, the factor K/(K-1) on the second
// derivative: the trees of the K classes move together and would otherwise
// take steps that are too long.
func softmaxGradient(t *target, _ []float64, k, lo, hi int, g, h []float64) {
	prob := t.prob[k*len(t.y):][:len(t.y)]
	factor := float64(t.classes) / float64(t.classes-1)
	class := float64(k)
	for i := lo; i < hi; i++ {
		p := prob[i]
		h[i] = factor * p * (1 - p)
		if t.y[i] == class {
			p--
		}
		g[i] = p
	}
}

func softmaxLoss(t *target, i int, scores []float64) float64 {
	top := slices.Max(scores)
	sum := 0.0
	for _, s := range scores {
		sum += math.Exp(s - top)
	}
	return math.Log(sum) + top - scores[int(t.y[i])]
}

// expectedGradient: with p the probability of class 1, the loss 1-p in rows of
// class 1 and p in others has the derivative p(1-p) by the score, less or more.
func expectedGradient(t *target, score []float64, _, lo, hi int, g, h []float64) {
	for i := lo; i < hi; i++ {
		p := sigmoid(score[i])
		h[i] = p * (1 - p)
		g[i] = h[i]
		if t.y[i] == 1 {
			g[i] = -h[i]
		}
	}
}

func expectedLoss(t *target, i int, scores []float64) float64 {
	z := scores[0]
	if t.y[i] == 1 {
		z = -z
	}
	return sigmoid(z)
}

// expectedSoftmaxGradient: with p the probabilities and q that of the row's
// class, the loss 1-q has the derivative q(p-1) by the class's own score and
// qp by others. The second derivative has the factor of softmaxGradient.
func expectedSoftmaxGradient(t *target, _ []float64, k, lo, hi int, g, h []float64) {
	n := len(t.y)
	prob := t.prob[k*n:][:n]
	factor := float64(t.classes) / float64(t.classes-1)
	class := float64(k)
	for i := lo; i < hi; i++ {
		p, own := prob[i], t.prob[int(t.y[i])*n+i]
		if t.y[i] == class {
			p--
		}
		g[i] = own * p
		h[i] = factor * math.Abs(g[i])
	}
}

func expectedSoftmaxLoss(t *target, i int, scores []float64) float64 {
	top := slices.Max(scores)
	sum := 0.0
	for _, s := range scores {
		sum += math.Exp(s - top)
	}
	return 1 - math.Exp(scores[int(t.y[i])]-top)/sum
}

func softmaxLink(raw, out []float64) {
	top, sum := slices.Max(raw), 0.0
	for k, s := range raw {
		e := math.Exp(s - top)
		out[k] = e
		sum += e
	}
	for k := range out {
		out[k] /= sum
	}
}
