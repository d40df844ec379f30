package additive

import (
	"math"

	"bespoke/model"
)

// What a stream of random numbers is for: the second half of its seed. Bags are
// added to the last ones.
const (
	streamEdges = 1
	streamMains = 1 << 32
	streamPairs = 2 << 32
)

// mix is the finisher of SplitMix64 (Steele, Lea, Flood, "Fast splittable
// pseudorandom number generators", 2014): every bit of x moves every bit of the
// result.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// increment is the step of SplitMix64.
const increment = 0x9e3779b97f4a7c15

// keys gives a number per row that hangs only on the seed and on what the row
// holds, so that equal rows have equal keys.
func keys(in model.Training) []uint64 {
	out := make([]uint64, in.X.Rows)
	for i := range out {
		k := mix(in.Seed + increment)
		for _, v := range in.X.Row(i) {
			k = mix(k + increment ^ bitsOf(v))
		}
		out[i] = mix(k + increment ^ bitsOf(in.Y[i]))
	}
	return out
}

// bitsOf is equal for numbers that are equal, and for all NaN.
func bitsOf(v float64) uint64 {
	if v != v {
		return 1
	}
	return math.Float64bits(v + 0)
}

// draw is a number from 0 up to but not including 1 for a row and a bag.
func draw(key uint64, bag int) float64 {
	return float64(mix(key+uint64(bag+1)*increment)>>11) / (1 << 53)
}

// drawn is how often each row is in a bag; rows with 0 are left out. At least
// one row is left out and at least one drawn where rows differ.
func (s *settings) drawn(keys []uint64, bag int) []float64 {
	out := make([]float64, len(keys))
	least, most := 1.0, 0.0
	for _, k := range keys {
		u := draw(k, bag)
		least, most = min(least, u), max(most, u)
	}
	for i, k := range keys {
		switch u := draw(k, bag); {
		case s.bootstrap && u > least:
			out[i] = poisson(u)
		case !s.bootstrap && u > max(least, min(s.leftOut, math.Nextafter(most, 0))):
			out[i] = 1
		}
	}
	return out
}

// poisson is the quantile of a Poisson variable with mean 1: how often a row is
// in a bootstrap sample of very many.
func poisson(u float64) float64 {
	n, p := 0.0, math.Exp(-1)
	for sum := p; u >= sum && n < 20; sum += p {
		n++
		p /= n
	}
	return n
}
