package objective

import (
	"math"
	"slices"

	"bespoke/model"
)

// logistic is the log-loss of two classes: minus the logarithm of the
// probability of the row's class.
var logistic = &Objective{
	Name: "log-loss", Tasks: []model.Task{model.Binary},
	Raw: one, Base: logOdds, Gradient: logisticGradient, Loss: logisticLoss, Link: sigmoidLink,
}

// softmax is the log-loss of three and more classes.
var softmax = &Objective{
	Name: "log-loss", Tasks: []model.Task{model.Multiclass},
	Raw: perClass, Base: logPriors, Scratch: perClass,
	Prepare: softmaxRows, Gradient: softmaxGradient, Loss: softmaxLoss, Link: softmaxLink,
}

func perClass(classes int) int { return classes }

// classWeights is the weight of each class. A class without rows gets the
// weight of half a row, so that its probability is small but not 0.
func classWeights(t *Target) (weights []float64, total float64) {
	weights = make([]float64, t.Classes)
	for i, y := range t.Y {
		weights[int(y)] += t.Weight(i)
	}
	for k, w := range weights {
		if w == 0 {
			weights[k] = 0.5
		}
		total += weights[k]
	}
	return weights, total
}

func logOdds(t *Target) []float64 {
	w, _ := classWeights(t)
	return []float64{math.Log(w[1] / w[0])}
}

// logisticGradient: with p = 1/(1+exp(-score)), g = p - y and h = p(1-p).
func logisticGradient(t *Target, score []float64, _, lo, hi int, g, h []float64) {
	for i := lo; i < hi; i++ {
		p := sigmoid(score[i])
		g[i] = p - t.Y[i]
		h[i] = p * (1 - p)
	}
}

func logisticLoss(t *Target, i int, scores []float64) float64 {
	z := scores[0]
	if t.Y[i] == 0 {
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

func logPriors(t *Target) []float64 {
	w, total := classWeights(t)
	for k := range w {
		w[k] = math.Log(w[k] / total)
	}
	return w
}

// softmaxRows fills t.Scratch.
func softmaxRows(t *Target, score []float64, lo, hi int) {
	n := len(t.Y)
	for i := lo; i < hi; i++ {
		top := math.Inf(-1)
		for k := range t.Classes {
			top = math.Max(top, score[k*n+i])
		}
		sum := 0.0
		for k := range t.Classes {
			e := math.Exp(score[k*n+i] - top)
			t.Scratch[k*n+i] = e
			sum += e
		}
		for k := range t.Classes {
			t.Scratch[k*n+i] /= sum
		}
	}
}

// softmaxGradient has, as LightGBM, the factor K/(K-1) on the second
// derivative: the trees of the K classes move together and would otherwise
// take steps that are too long.
func softmaxGradient(t *Target, _ []float64, k, lo, hi int, g, h []float64) {
	prob := t.Scratch[k*len(t.Y):][:len(t.Y)]
	factor := float64(t.Classes) / float64(t.Classes-1)
	class := float64(k)
	for i := lo; i < hi; i++ {
		p := prob[i]
		h[i] = factor * p * (1 - p)
		if t.Y[i] == class {
			p--
		}
		g[i] = p
	}
}

func softmaxLoss(t *Target, i int, scores []float64) float64 {
	top := slices.Max(scores)
	sum := 0.0
	for _, s := range scores {
		sum += math.Exp(s - top)
	}
	return math.Log(sum) + top - scores[int(t.Y[i])]
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
