package additive

import (
	"math"
	"slices"

	"bespoke/model"
)

// tile is how many rows are worked on at a time, so that their gradients stay
// in the nearest cache.
const tile = 512

// base is the best constant raw score: the mean, the log-odds, or the logarithm
// of the share of each class. A class without rows counts as half a row.
func base(in model.Training) []float64 {
	if in.Task == model.Regression {
		mean, total := 0.0, 0.0
		for i, y := range in.Y {
			w := weightOf(in.Weights, i)
			total += w
			mean += (y - mean) * (w / total)
		}
		return []float64{mean}
	}
	shares := make([]float64, len(in.Classes))
	total := 0.0
	for i, y := range in.Y {
		shares[int(y)] += weightOf(in.Weights, i)
	}
	for k := range shares {
		if shares[k] == 0 {
			shares[k] = 0.5
		}
		total += shares[k]
	}
	if in.Task == model.Binary {
		return []float64{math.Log(shares[1] / shares[0])}
	}
	for k := range shares {
		shares[k] = math.Log(shares[k] / total)
	}
	return shares
}

// gradients writes the derivatives of the loss by raw output k for the rows lo
// to hi-1, times their weights: for squared error g = score - y with h = 1
// (half of the squared distance), for log-loss g = p - y and h = p (1 - p).
// With three or more classes h has the factor K/(K-1), since the curves of the
// K classes move together and would otherwise go too far.
func (b *booster) gradients(k, lo, hi int) {
	g, h := b.g[:hi-lo], b.h[:hi-lo]
	y, score := b.y[lo:hi], b.score[k*b.n+lo:k*b.n+hi]
	switch b.task {
	case model.Regression:
		for i, s := range score {
			g[i] = s - y[i]
		}
	case model.Binary:
		for i, s := range score {
			p := 1 / (1 + exp(-s))
			g[i] = p - y[i]
			h[i] = p * (1 - p)
		}
	default:
		factor := float64(b.k) / float64(b.k-1)
		for i, p := range b.prob[k*tile : k*tile+hi-lo] {
			g[i], h[i] = p, factor*p*(1-p)
			if int(y[i]) == k {
				g[i] = p - 1
			}
		}
	}
	if b.w == nil {
		return
	}
	for i, w := range b.w[lo:hi] {
		g[i] *= w
		h[i] *= w
	}
}

// softmax fills prob for the rows lo to hi-1.
func (b *booster) softmax(lo, hi int) {
	for i := lo; i < hi; i++ {
		top, sum := math.Inf(-1), 0.0
		for k := range b.k {
			top = math.Max(top, b.score[k*b.n+i])
		}
		for k := range b.k {
			e := exp(b.score[k*b.n+i] - top)
			b.prob[k*tile+i-lo] = e
			sum += e
		}
		for k := range b.k {
			b.prob[k*tile+i-lo] /= sum
		}
	}
}

// loss is the squared distance or the log-loss of row i of n whose raw scores
// stand output after output.
func loss(task model.Task, y float64, score []float64, i, n int) float64 {
	switch task {
	case model.Regression:
		d := score[i] - y
		return d * d
	case model.Binary:
		z := score[i]
		if y == 0 {
			z = -z
		}
		return math.Max(-z, 0) + math.Log1p(exp(-math.Abs(z)))
	}
	top, sum := math.Inf(-1), 0.0
	for at := i; at < len(score); at += n {
		top = math.Max(top, score[at])
	}
	for at := i; at < len(score); at += n {
		sum += exp(score[at] - top)
	}
	return math.Log(sum) + top - score[int(y)*n+i]
}

// link turns raw scores into a prediction.
func link(task model.Task, raw, out []float64) {
	switch task {
	case model.Regression:
		out[0] = raw[0]
	case model.Binary:
		p := 1 / (1 + math.Exp(-raw[0]))
		out[0], out[1] = 1-p, p
	default:
		top, sum := slices.Max(raw), 0.0
		for k, s := range raw {
			out[k] = math.Exp(s - top)
			sum += out[k]
		}
		for k := range out {
			out[k] /= sum
		}
	}
}

// expParts is into how many steps exp cuts a doubling.
const expParts = 64

// powers[i] is 2 to the power of i/expParts.
var powers = func() (t [expParts]float64) {
	for i := range t {
		t[i] = math.Exp2(float64(i) / expParts)
	}
	return t
}()

// exp is e to the power of x with a relative error below 1e-13, at a third of
// the time of math.Exp: training needs it for every row and step. Beyond 700 it
// stays at its value there.
func exp(x float64) float64 {
	x = min(max(x, -700), 700)
	n := math.RoundToEven(x * (expParts / math.Ln2))
	r := x - n*(math.Ln2/expParts)
	i := int(n)
	scale := math.Float64frombits(uint64(i>>6+1023) << 52)
	return scale * powers[i&(expParts-1)] * (1 + r*(1+r*(1.0/2+r*(1.0/6+r*(1.0/24)))))
}
