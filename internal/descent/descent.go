// Package descent leads rows down decision trees: the inner loop of prediction.
//
// There are two layouts, which find the same leaves and add them up in the same
// order, so that a prediction has the same bits with either.
//
// bits.go is for trees of at most 64 leaves on processors with AVX-512 and byte
// permutations (VBMI), or of at most 32 on those with AVX2. All tests of all trees
// are made, 64 with one instruction (or 32 with some), on ranks of one byte; the tests that lead right then strike out the leaves to
// their left, and the first leaf that is left is the one. It is QuickScorer
// (Lucchese and others, SIGIR 2015) with the trees side by side as in RapidScorer
// (Ye and others, KDD 2018), where those have the rows.
//
// walk.go is for all others. Sixteen trees are walked in step, since one tree
// alone would mostly wait for memory; on amd64 that is done in assembly, which
// finds the same leaves as the Go code (see gen and the tests).
package descent

import (
	"math"
	"slices"
)

//go:generate sh -c "cd gen && go run . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg descent"

// Node is a node of a tree as it is handed in. The first is the root.
type Node struct {
	// Leaf nodes have a Value and nothing else.
	Leaf  bool
	Value float64
	// A row goes left when the feature's value is at most Threshold, and when it
	// is NaN unless MissingRight.
	Feature      int
	Threshold    float64
	MissingRight bool
	// Set, unless empty, makes the feature a category: a row goes left when bit
	// c%64 of word c/64 is 1, where c is the value without its fraction. Values that
	// are NaN, below 0 or beyond the set go right.
	Set []uint64
	// Left and Right are the positions of the children, behind their parent. A
	// node has one parent.
	Left, Right int
}

// Trees are trees laid out for prediction. They are safe for concurrent use.
type Trees struct {
	// One of them is there.
	bits *bits
	ways *ways
}

// most is how many leaves are found before their values are added up.
const most = 64

// New lays out count trees. It calls tree for the nodes of each, more than once;
// the nodes of a call are not looked at after the next one. It returns nil when
// there are no trees, or more nodes than 32 bits can count.
func New(count int, tree func(i int) []Node) *Trees {
	if count == 0 {
		return nil
	}
	if hasWide || hasNarrow {
		if b := newBits(count, tree, !hasWide); b != nil {
			return &Trees{bits: b}
		}
	}
	if w := newWays(count, tree); w != nil {
		return &Trees{ways: w}
	}
	return nil
}

// AddTo adds the value of tree number i for the row to out[i%len(out)], for all
// trees in turn. The row has all features of the trees. It does not allocate.
func (t *Trees) AddTo(out, row []float64) { t.add(&sum{out: out}, row) }

// AddVectors is AddTo for trees whose leaves stand for vectors of len(out)
// numbers: a leaf's value is where its vector begins in vectors.
func (t *Trees) AddVectors(out, row, vectors []float64) { t.add(&sum{out: out, vectors: vectors}, row) }

func (t *Trees) add(s *sum, row []float64) {
	if t.bits != nil {
		t.bits.add(s, row)
		return
	}
	t.ways.add(s, row)
}

// sum adds up values as they come.
type sum struct {
	out []float64
	// next is the output that the next value is for.
	next    int
	vectors []float64
}

// add adds the values, as bits, at some places.
func (s *sum) add(values []uint64, places []uint32) {
	switch {
	case s.vectors != nil:
		for _, at := range places {
			at := int(math.Float64frombits(values[at]))
			for k, x := range s.vectors[at : at+len(s.out)] {
				s.out[k] += x
			}
		}
	case len(s.out) == 1:
		total := s.out[0]
		for _, at := range places {
			total += math.Float64frombits(values[at])
		}
		s.out[0] = total
	default:
		k := s.next
		for _, at := range places {
			s.out[k] += math.Float64frombits(values[at])
			if k++; k == len(s.out) {
				k = 0
			}
		}
		s.next = k
	}
}

// codes are the levels of a category that some set has, numbered in their order.
type codes struct {
	feature int
	used    []uint64
	// number is by level, and -1 for levels in no set.
	number []int32
	count  int
}

// take notes the levels of a set.
func (c *codes) take(set []uint64) {
	for len(c.used) < len(set) {
		c.used = append(c.used, 0)
	}
	for i, w := range set {
		c.used[i] |= w
	}
}

// close numbers the levels; take is not called any more.
func (c *codes) close() {
	size := 0
	each(c.used, func(level int) { size = level + 1 })
	c.number = slices.Repeat([]int32{-1}, size)
	each(c.used, func(level int) {
		c.number[level] = int32(c.count)
		c.count++
	})
	c.used = nil
}

// of is the number of a level, -1 when it is in no set.
func (c *codes) of(x float64) int {
	if x >= 0 && x < float64(len(c.number)) {
		return int(c.number[int(x)])
	}
	return -1
}

// each calls f with the levels of a set in their order.
func each(set []uint64, f func(level int)) {
	for i, w := range set {
		for j := range 64 {
			if w>>j&1 == 1 {
				f(64*i + j)
			}
		}
	}
}
