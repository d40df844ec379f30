package tune

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"bespoke/model"

	"gonum.org/v1/gonum/stat/distuv"
)

// The tree-structured Parzen estimator: candidates are drawn from a density of
// the good trials l and the one with the largest l/g is taken, g being the
// density of the other trials (Bergstra, Bardenet, Bengio and Kegl 2011,
// "Algorithms for Hyper-Parameter Optimization", section 4). The densities are
// over all parameters of a model at once (Falkner, Klein and Hutter 2018,
// "BOHB", section 3.2), as shares of their search ranges, and each is mixed with
// the uniform one, which counts as one more trial.
const (
	// goodShare of the trials seen are good, at least fewestGood.
	goodShare, fewestGood = 0.15, 2
	// suggestAfter trials of a model it is used; before, chance draws.
	suggestAfter = 10
	// chanceEvery so many trials chance draws all the same.
	chanceEvery = 5
	// suggestions are drawn from l to take one.
	suggestions = 24
	// width of a kernel on one trial, as a share of the range; with n trials and d
	// parameters it is width * n^(-1/(d+4)), Scott's rule.
	kernelWidth = 0.2
)

// suggestStream keeps the suggestions' random numbers apart from the draws'.
const suggestStream = 0x79e0_0000_0000

// suggest proposes candidate number index from the finished trials of past,
// which are all that it depends on beside the seed and the number.
func suggest(entries []model.Entry, seed uint64, index int, past []*Trial) model.Candidate {
	chance := Draw(entries, seed, index)
	if index%chanceEvery == 0 {
		return chance
	}
	rng := rand.New(rand.NewPCG(seed, suggestStream+uint64(index)))
	ranked := rank(past)
	good := min(len(ranked), max(fewestGood, int(math.Ceil(goodShare*float64(len(ranked))))))
	entry := pickEntry(rng, entries, ranked[:good])
	space := spaceOf(entry)
	var l, g [][]float64
	for i, t := range ranked {
		switch {
		case t.Candidate.Model != entry.Name:
		case i < good:
			l = append(l, space.point(t.Candidate.Params))
		default:
			g = append(g, space.point(t.Candidate.Params))
		}
	}
	if len(space) == 0 || len(l) == 0 || len(l)+len(g) < suggestAfter {
		return chance
	}
	point := space.most(rng, parzen(l, len(space)), parzen(g, len(space)))
	return model.Candidate{
		Label: fmt.Sprintf("%s #%d", entry.Title, index+1), Model: entry.Name, Params: space.params(entry, point),
		Reason: fmt.Sprintf("suggested by the best %d of %d trials", good, len(ranked)),
	}
}

// rank lists the trials from the best on, by their loss over all folds; where
// only the first fold is known, by its loss and how much more or less other
// trials have over all folds than there.
func rank(past []*Trial) []*Trial {
	out := climbers(past)
	shift, n := 0.0, 0.0
	for _, t := range out {
		if !math.IsNaN(t.rung.all) {
			shift += t.rung.all - t.rung.mean
			n++
		}
	}
	expected := func(t *Trial) float64 {
		if math.IsNaN(t.rung.all) {
			return t.rung.mean + shift/max(1, n)
		}
		return t.rung.all
	}
	slices.SortStableFunc(out, func(a, b *Trial) int { return cmp.Compare(expected(a), expected(b)) })
	return out
}

// pickEntry draws a model: by its weight, and once more for each good trial.
func pickEntry(rng *rand.Rand, entries []model.Entry, good []*Trial) model.Entry {
	weights, total := make([]int, len(entries)), 0
	for i, e := range entries {
		weights[i] = weight(e)
		for _, t := range good {
			weights[i] += btoi(t.Candidate.Model == e.Name)
		}
		total += weights[i]
	}
	at := rng.IntN(total)
	for i := range entries {
		if at -= weights[i]; at < 0 {
			return entries[i]
		}
	}
	return entries[len(entries)-1]
}

// space are the parameters that are searched, without those of one value.
type space []model.Param

func spaceOf(e model.Entry) space {
	var out space
	for _, p := range e.Params {
		if p.Varies() {
			out = append(out, p)
		}
	}
	return out
}

// point gives parameters as shares of their search ranges, 0 to 1.
func (s space) point(params model.Params) []float64 {
	out := make([]float64, len(s))
	for i, p := range s {
		out[i] = shareAt(p, params[p.Name])
	}
	return out
}

// params gives the candidate's parameters at a point.
func (s space) params(e model.Entry, point []float64) model.Params {
	out := model.Params{}
	for _, p := range e.Params {
		if p.Search != nil {
			out[p.Name] = valueAt(p, 0) // of those with one value
		}
	}
	for i, p := range s {
		out[p.Name] = valueAt(p, point[i])
	}
	unwatched(e, out)
	return out
}

// most is the point among draws from l with the largest l/g.
func (s space) most(rng *rand.Rand, l, g density) []float64 {
	var best []float64
	top := math.Inf(-1)
	for range suggestions {
		point := l.draw(rng, len(s))
		if score := l.log(point) - g.log(point); score > top {
			best, top = point, score
		}
	}
	return best
}

// density is a mean of kernels on points of the unit cube and the uniform one.
type density struct {
	points [][]float64
	width  float64
}

func parzen(points [][]float64, parameters int) density {
	return density{points, kernelWidth * math.Pow(float64(max(1, len(points))), -1/float64(parameters+4))}
}

// draw draws a point.
func (d density) draw(rng *rand.Rand, parameters int) []float64 {
	out := make([]float64, parameters)
	at := rng.IntN(len(d.points) + 1)
	for i := range out {
		u := rng.Float64()
		if at == len(d.points) {
			out[i] = u
			continue
		}
		n := distuv.Normal{Mu: d.points[at][i], Sigma: d.width}
		low, high := n.CDF(0), n.CDF(1)
		out[i] = min(1, max(0, n.Quantile(low+u*(high-low))))
	}
	return out
}

// log is the logarithm of the density at a point.
func (d density) log(point []float64) float64 {
	terms := make([]float64, 1, len(d.points)+1) // the uniform one is 0
	for _, p := range d.points {
		sum := 0.0
		for i, x := range point {
			n := distuv.Normal{Mu: p[i], Sigma: d.width}
			sum += n.LogProb(x) - math.Log(n.CDF(1)-n.CDF(0))
		}
		terms = append(terms, sum)
	}
	return logSum(terms) - math.Log(float64(len(terms)))
}
