package text

import (
	"math"
	"slices"
)

// Entries appends what Apply writes but for the zeros: the places of the text's
// terms in the vocabulary, rising, and their weights, scaled to length 1. It
// takes time by the length of the text, whatever the size of the vocabulary, and
// allocates only where the slices must grow.
func (v *Vocabulary) Entries(text string, places []uint32, weights []float32) ([]uint32, []float32) {
	from := len(places)
	t := v.termsOf(text)
	for hash, ok := t.next(); ok; hash, ok = t.next() {
		if k, ok := v.feature[v.bucket(hash)]; ok {
			places = append(places, uint32(k))
		}
	}
	slices.Sort(places[from:])
	length := 0.0
	at, end := from, len(weights)
	for i := from; i < len(places); {
		n := i
		for n < len(places) && places[n] == places[i] {
			n++
		}
		x := float64(n-i) * v.Weights[places[i]]
		length += x * x
		weights = append(weights, float32(n-i))
		places[at] = places[i]
		at, i = at+1, n
	}
	length = math.Sqrt(length)
	for i, p := range places[from:at] {
		weights[end+i] = float32(float64(weights[end+i]) * v.Weights[p] / length)
	}
	return places[:at], weights
}
