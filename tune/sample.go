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
	if s := entry.Stopping; s != nil {
		params[s.Patience] = 0.0
	}
	return model.Candidate{
		Label: fmt.Sprintf("%s #%d", entry.Title, index+1), Model: entry.Name, Params: params,
		Reason: "drawn from the search ranges",
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
func draw(rng *rand.Rand, p model.Param) float64 { return valueAt(p, rng.Float64()) }

// valueAt is the value at a share u, 0 to 1, of the way through the parameter's
// search range, rounded to four significant digits so that reports can print
// what was used.
func valueAt(p model.Param, u float64) float64 {
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

func significant(v float64) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}
