package tune

import (
	"fmt"
	"math"
	"math/rand/v2"

	"bespoke/model"
)

// Draw draws candidate number index from the models' search ranges. It depends
// on seed and index alone, so that trials can run in any order, on any number of
// threads, and be resumed. There must be an entry with a search range.
func Draw(entries []model.Entry, seed uint64, index int) model.Candidate {
	rng := rand.New(rand.NewPCG(seed, uint64(index)))
	entry := entries[weighted(rng, entries)]
	params := model.Params{}
	for _, p := range entry.Params {
		if p.Search != nil {
			params[p.Name] = draw(rng, p)
		}
	}
	unwatched(entry, params)
	return model.Candidate{
		Label: fmt.Sprintf("%s #%d", entry.Title, index+1), Model: entry.Name, Params: params,
		Reason: "drawn from the search ranges",
	}
}

// unwatched turns early stopping off where the search does not look for the best
// patience: rounds are searched instead (docs/decisions 0003).
func unwatched(entry model.Entry, params model.Params) {
	if entry.Stopping == nil {
		return
	}
	if _, searched := params[entry.Stopping.Patience]; !searched {
		params[entry.Stopping.Patience] = 0.0
	}
}

// treeWeight is how many times more often a model with rounds is drawn: it has
// many more parameters that matter.
const treeWeight = 5

func weighted(rng *rand.Rand, entries []model.Entry) int {
	total := 0
	for _, e := range entries {
		total += weight(e)
	}
	at := rng.IntN(total)
	for i, e := range entries {
		if at -= weight(e); at < 0 {
			return i
		}
	}
	return len(entries) - 1
}

func weight(e model.Entry) int {
	if e.Stopping != nil {
		return treeWeight
	}
	return 1
}

// draw takes one value of the parameter's search range.
func draw(rng *rand.Rand, p model.Param) any { return valueAt(p, rng.Float64()) }

// valueAt is the value at a share u, 0 to 1, of the way through the parameter's
// search range, rounded to four significant digits so that reports can print
// what was used. Where only some values are allowed, each has an equal part of
// the way.
func valueAt(p model.Param, u float64) any {
	if n := p.Options(); n > 0 {
		return p.Option(min(n-1, int(u*float64(n))))
	}
	low, high := p.Search.Low, p.Search.High
	v := low + u*(high-low)
	if p.Search.Log {
		v = low * math.Pow(high/low, u)
	}
	if p.Integer {
		return math.Round(v)
	}
	return min(high, max(low, significant(v)))
}

// shareAt is where on its way valueAt gives the value, 0 to 1: what is not set
// stands at the default, what is outside at the nearer end.
func shareAt(p model.Param, v any) float64 {
	if v == nil {
		v = p.Default
	}
	v = p.Nearest(v)
	for i := range p.Options() {
		if p.Option(i) == v {
			return (float64(i) + 0.5) / float64(p.Options())
		}
	}
	x, _ := v.(float64)
	low, high := p.Search.Low, p.Search.High
	x = min(high, max(low, x))
	if p.Search.Log {
		return math.Log(x/low) / math.Log(high/low)
	}
	return (x - low) / (high - low)
}

func significant(v float64) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}
