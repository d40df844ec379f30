// Package exclusive finds columns that can share one histogram, as those of
// one-hot data do: columns that are (almost) never away from their usual value in
// the same row. Of such columns the bin of a row in one says that it has the usual
// bin in all others, so one array of bins holds them all.
//
// It is the greedy bundling of Ke and others, "LightGBM: a highly efficient
// gradient boosting decision tree", 2017, section 4, algorithm 3, with conflicts
// counted exactly. Package trees says which columns may share, lays out their
// bins and takes their histograms apart.
package exclusive

import "math/bits"

// Column is a column that may share a histogram.
type Column struct {
	// Away has a bit for each row, the first row lowest, which is 1 where the row is
	// not in the column's usual bin. All columns have the same number of words.
	Away []uint64
	// Cells is how many bins the column has beside the usual one, 1 or more.
	Cells int
}

// mostTries is how many groups at most a column is compared with, the newest
// first: columns of one category usually stand together, and the work for wide
// data stays in proportion to the columns.
const mostTries = 1000

// group are columns that share.
type group struct {
	columns   []int
	away      []uint64 // rows in which any of them is away
	count     int      // of those rows
	cells     int
	conflicts int
}

// Groups puts each column into a group, which has the positions of its columns in
// rising order; groups are in the order of their first columns. The columns of a
// group have together at most most bins, a common one for "all are usual" counted
// as one, and at most conflicts times a column joins a group that is away in the
// same row: 0 means that no two columns of a group are ever away together.
func Groups(columns []Column, rows, most, conflicts int) [][]int {
	var groups []*group
	var words []int32
	for i := range columns {
		c := &columns[i]
		count := 0
		words = words[:0]
		for w, x := range c.Away {
			if x != 0 {
				words = append(words, int32(w))
				count += bits.OnesCount64(x)
			}
		}
		joined := false
		for tries := 0; tries < min(mostTries, len(groups)) && !joined; tries++ {
			g := groups[len(groups)-1-tries]
			room := conflicts - g.conflicts
			if g.cells+c.Cells > most || g.count+count-rows > room {
				continue
			}
			if n := shared(g.away, c.Away, words, room); n <= room {
				g.join(i, c, words, count, n)
				joined = true
			}
		}
		if !joined {
			g := &group{away: make([]uint64, len(c.Away)), cells: 1}
			g.join(i, c, words, count, 0)
			groups = append(groups, g)
		}
	}
	out := make([][]int, len(groups))
	for i, g := range groups {
		out[i] = g.columns
	}
	return out
}

// shared counts the rows that both have, as far as most and one.
func shared(a, b []uint64, words []int32, most int) int {
	n := 0
	for _, w := range words {
		if x := a[w] & b[w]; x != 0 {
			if n += bits.OnesCount64(x); n > most {
				return n
			}
		}
	}
	return n
}

func (g *group) join(at int, c *Column, words []int32, count, conflicts int) {
	for _, w := range words {
		g.away[w] |= c.Away[w]
	}
	g.columns = append(g.columns, at)
	g.count += count - conflicts
	g.cells += c.Cells
	g.conflicts += conflicts
}

// Conflicts counts for each column of a group in how many of some rows it is away
// where a column before it is, and adds that to its counter. away gives the bits of
// column number k, as Column.Away has them; they need not outlive the next call.
// union is memory for as many words.
func Conflicts(counters []int, union []uint64, away func(k int) []uint64) {
	clear(union)
	for k := range counters {
		for w, x := range away(k) {
			counters[k] += bits.OnesCount64(x & union[w])
			union[w] |= x
		}
	}
}

// Keep is the columns of a group that stay together by their conflicts in all rows,
// which are at most most when added up.
func Keep(group, counters []int, most int) []int {
	var together []int
	for k, at := range group {
		if counters[k] <= most {
			most -= counters[k]
			together = append(together, at)
		}
	}
	return together
}

// Outside gives the bits of the values that are not above lo and at most hi; NaN is
// outside.
func Outside(values []float64, lo, hi float64) []uint64 {
	out := make([]uint64, (len(values)+63)/64)
	for w := range out {
		word := uint64(0)
		for k, x := range values[w*64 : min(len(values), w*64+64)] {
			if !(x > lo && x <= hi) {
				word |= 1 << k
			}
		}
		out[w] = word
	}
	return out
}

// Where gives the bits of the values that are away.
func Where(values []float64, away func(x float64) bool) []uint64 {
	out := make([]uint64, (len(values)+63)/64)
	for i, x := range values {
		if away(x) {
			out[i/64] |= 1 << (i % 64)
		}
	}
	return out
}

// Count is how many bits are 1.
func Count(set []uint64) int {
	n := 0
	for _, x := range set {
		n += bits.OnesCount64(x)
	}
	return n
}
