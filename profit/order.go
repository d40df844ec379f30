package profit

import (
	"cmp"
	"math"
	"slices"
)

// A ranking is sorted once for each measure, and sorting is nearly all that a
// measure costs. Large rankings are sorted by digits of the numbers' bits.
const (
	digitBits  = 11
	digits     = 6 // of 64 bits
	fewForBits = 300
)

// descending lists the rows by descending number; equal numbers keep the order
// of the rows. Numbers must be finite.
func descending(v []float64) []int {
	if len(v) < fewForBits {
		out := make([]int, len(v))
		for i := range out {
			out[i] = i
		}
		slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(v[b], v[a]) })
		return out
	}
	keys, spare := make([]keyed, len(v)), make([]keyed, len(v))
	var counts [digits][1 << digitBits]int
	for i, x := range v {
		k := fallingBits(x)
		keys[i] = keyed{k, i}
		for d := range counts {
			counts[d][k>>(d*digitBits)&(1<<digitBits-1)]++
		}
	}
	for d := range counts {
		shift := d * digitBits
		if counts[d][keys[0].key>>shift&(1<<digitBits-1)] == len(keys) {
			continue // all have the same digit
		}
		at := 0
		for k, n := range counts[d] {
			counts[d][k] = at
			at += n
		}
		for _, k := range keys {
			digit := k.key >> shift & (1<<digitBits - 1)
			spare[counts[d][digit]] = k
			counts[d][digit]++
		}
		keys, spare = spare, keys
	}
	out := make([]int, len(keys))
	for i, k := range keys {
		out[i] = k.row
	}
	return out
}

type keyed struct {
	key uint64
	row int
}

// fallingBits falls when the number rises; 0 and -0 are one number.
func fallingBits(x float64) uint64 {
	bits := math.Float64bits(x + 0)
	if bits>>63 == 1 {
		return bits
	}
	return ^bits &^ (1 << 63)
}
