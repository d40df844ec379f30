package trees

import (
	"context"
	"math"

	"bespoke/objective"
)

// leaf is a node of the growing tree that is not split, at least not yet.
type leaf struct {
	node
	// at is the position in Tree.Nodes.
	at int32
	// lo and hi bound its rows in grower.rows.
	lo, hi int
	depth  int
	// together are the sets of features that may still be used below it.
	together uint64
	// hist is its histogram in the pool, -1 for none.
	hist int
	// out is its value, without the learning rate.
	out  float64
	best split
}

// grower grows one tree after the other in the same memory.
type grower struct {
	s    *settings
	d    *binned
	team *team
	pool *pool
	find finder
	// gh has the gradient of every row of the data.
	gh []cell
	// rows are the rows the tree learns from, those of a leaf together.
	rows []int32
	// use says which columns the tree may split on.
	use    []bool
	leaves []leaf
	// together has the sets that each column is in; nil without constraints.
	together []uint64
	// spans are the rows of every node, in the order of Tree.Nodes.
	spans []span
	nodes []Node
	sets  []uint64

	// totals are the sums over the rows by block, made by total.
	totals []cell
	total  func(worker, task int)

	divide division
	search search
}

// span is a range of positions in grower.rows.
type span struct{ lo, hi int }

func newGrower(s *settings, d *binned, t *team) *grower {
	g := &grower{
		s: s, d: d, team: t,
		pool:   newPool(d.cells, s.leaves),
		leaves: make([]leaf, 0, s.leaves),
		spans:  make([]span, 0, 2*s.leaves-1),
		nodes:  make([]Node, 0, 2*s.leaves-1),
	}
	g.totals, g.total = make([]cell, blocks(d.rows)), g.totalBlock
	g.divide.init(g)
	g.search.init(g)
	return g
}

// grow makes a tree for g.rows: it splits the leaf with the largest gain again
// and again. The tree's values have the learning rate in them. A tree of one
// leaf means that there is nothing to split.
func (g *grower) grow(ctx context.Context) (Tree, error) {
	g.leaves, g.nodes, g.spans, g.sets = g.leaves[:0], g.nodes[:0], g.spans[:0], g.sets[:0]
	g.pool.reset()
	root := leaf{hi: len(g.rows), hist: -1, together: math.MaxUint64}
	root.low, root.high = math.Inf(-1), math.Inf(1)
	g.team.run(blocks(len(g.rows)), g.total)
	for _, part := range g.totals[:blocks(len(g.rows))] {
		root.sum.add(part)
	}
	if root.sum.h>>g.find.scale.shift > 0 {
		root.out = g.find.output(g.find.scale.gradient(root.sum), g.find.scale.hessian(root.sum), g.s.l2, &root.node)
	}
	g.addLeaf(root)
	g.search.leaf(0)
	for len(g.leaves) < g.s.leaves {
		next := g.nextLeaf()
		if next < 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return Tree{}, err
		}
		other := g.split(next)
		if len(g.leaves) < g.s.leaves {
			g.search.children(next, other)
		}
	}
	return g.tree(), nil
}

func (g *grower) totalBlock(_, task int) {
	var sum cell
	for _, r := range g.rows[task*block : min(len(g.rows), (task+1)*block)] {
		sum.add(g.gh[r])
	}
	g.totals[task] = sum
}

// addLeaf gives a leaf its node and its place in g.leaves.
func (g *grower) addLeaf(l leaf) {
	l.at = int32(len(g.nodes))
	g.nodes = append(g.nodes, Node{Feature: -1, Value: g.s.rate * l.out, Cover: g.find.scale.weight(l.sum)})
	g.spans = append(g.spans, span{l.lo, l.hi})
	if l.node.sum.h > 0 {
		g.find.open(&l.node)
	}
	g.leaves = append(g.leaves, l)
}

// nextLeaf is the leaf with the largest gain, the first of equal ones; -1 when
// no leaf can be split.
func (g *grower) nextLeaf() int {
	best, gain := -1, math.Max(0, g.s.minGain)
	for i := range g.leaves {
		if l := &g.leaves[i]; l.best.gain > gain {
			best, gain = i, l.best.gain
		}
	}
	return best
}

// split makes the leaf's best split. The left child takes the leaf's place and
// its histogram; the right child is a new leaf, whose number is returned.
func (g *grower) split(at int) int {
	parent := g.leaves[at]
	s := parent.best
	c := &g.d.cols[s.col]
	lefts := g.divide.run(parent.lo, parent.hi, c, &s)

	left, right := parent, parent
	left.best, right.best = split{}, split{}
	left.depth++
	right.depth++
	if g.together != nil {
		left.together &= g.together[s.col]
		right.together = left.together
	}
	left.hi = parent.lo + lefts
	right.lo = left.hi
	right.hist = -1
	left.sum, right.sum = s.left, parent.sum.minus(s.left)
	left.out, right.out = s.leftOut, s.rightOut
	switch middle := objective.Middle(s.leftOut, s.rightOut); {
	case c.monotone > 0:
		left.high, right.low = middle, middle
	case c.monotone < 0:
		left.low, right.high = middle, middle
	}

	n := &g.nodes[parent.at]
	n.Feature = int32(c.feature)
	n.Left, n.Right = int32(len(g.nodes)), int32(len(g.nodes)+1)
	n.Gain = s.gain
	g.describe(n, c, &s)
	// addLeaf appends; the left child then moves to its parent's place.
	g.addLeaf(left)
	g.leaves[at] = g.leaves[len(g.leaves)-1]
	g.leaves = g.leaves[:len(g.leaves)-1]
	g.addLeaf(right)
	return len(g.leaves) - 1
}

// describe writes the test of a split in terms of the feature's values.
func (g *grower) describe(n *Node, c *column, s *split) {
	if c.levels == 0 {
		n.MissingLeft = s.missingLeft
		n.Threshold = math.MaxFloat64 // every number goes left, only NaN right
		if int(s.bin) < len(c.edges) {
			n.Threshold = c.edges[s.bin]
		}
		return
	}
	n.Set = int32(len(g.sets))
	for b, code := range c.level {
		if s.set[b/64]>>(b%64)&1 == 0 {
			continue
		}
		for len(g.sets) <= int(n.Set+code/64) {
			g.sets = append(g.sets, 0)
		}
		g.sets[n.Set+code/64] |= 1 << (code % 64)
	}
	n.SetLen = int32(len(g.sets)) - n.Set
}

// tree copies what has grown.
func (g *grower) tree() Tree {
	t := Tree{Nodes: append([]Node(nil), g.nodes...)}
	if len(g.sets) > 0 {
		t.Sets = append([]uint64(nil), g.sets...)
	}
	return t
}

// division moves the rows of a leaf to its children. The order of rows within
// a child stays as it was, so it does not depend on the blocks.
type division struct {
	g           *grower
	left, right []int32 // scratch, as long as the rows
	lefts       []int   // per block
	goes        [256]uint8
	bins        []uint8
	deep        []uint16 // in place of bins
	// Of a split by deep: the last bin that goes left, the bin of missing values,
	// and whether that goes left.
	last, missing uint16
	missingLeft   bool
	lo, hi        int
	part, place   func(worker, task int)
}

func (v *division) init(g *grower) {
	v.g = g
	v.left, v.right = make([]int32, g.d.rows+1), make([]int32, g.d.rows+1)
	v.lefts = make([]int, blocks(g.d.rows)+1)
	v.part, v.place = v.partBlock, v.placeBlock
}

// run divides the rows from lo to hi-1 and returns how many went left.
func (v *division) run(lo, hi int, c *column, s *split) int {
	v.lo, v.hi = lo, hi
	st := &v.g.d.stores[c.store]
	v.bins, v.deep = st.bins, st.deep
	v.last, v.missing, v.missingLeft = s.bin, uint16(c.bins), s.missingLeft
	if v.deep == nil {
		v.direct(c, s)
	}
	n := blocks(hi - lo)
	v.g.team.run(n, v.part)
	// The number of lefts per block becomes where they begin.
	sum := 0
	for b := range n {
		v.lefts[b], sum = sum, sum+v.lefts[b]
	}
	v.lefts[n] = sum
	v.g.team.run(n, v.place)
	return sum
}

// direct says for each bin of the column's store where it goes.
func (v *division) direct(c *column, s *split) {
	clear(v.goes[:])
	left := func(b int) uint8 {
		switch {
		case c.levels > 0 && b < c.bins:
			return uint8(s.set[b/64] >> (b % 64) & 1)
		case b < c.bins && b <= int(s.bin), b == c.bins && c.levels == 0 && s.missingLeft:
			return 1
		}
		return 0
	}
	if c.with > 0 && left(c.usual) == 1 {
		for b := range v.goes {
			v.goes[b] = 1 // where another column is away
		}
	}
	for b := range c.cells() {
		v.goes[c.stored(b)] = left(b)
	}
}

func (v *division) partBlock(_, b int) {
	lo := v.lo + b*block
	rows := v.g.rows[lo:min(v.hi, lo+block)]
	left, right := v.left[lo:lo+len(rows)+1], v.right[lo:lo+len(rows)+1]
	if v.deep != nil {
		v.lefts[b] = v.partDeep(rows, left, right)
		return
	}
	l, r := 0, 0
	for _, row := range rows {
		// Both are written and one counted: cheaper than a branch that is
		// wrong half of the time.
		left[l], right[r] = row, row
		goes := int(v.goes[v.bins[row]])
		l += goes
		r += 1 - goes
	}
	v.lefts[b] = l
}

// partDeep is partBlock for bins of 16 bits, which are always those of numbers.
func (v *division) partDeep(rows, left, right []int32) int {
	l, r := 0, 0
	for _, row := range rows {
		left[l], right[r] = row, row
		goes, bin := 0, v.deep[row]
		if bin <= v.last && bin != v.missing || bin == v.missing && v.missingLeft {
			goes = 1
		}
		l += goes
		r += 1 - goes
	}
	return l
}

func (v *division) placeBlock(_, b int) {
	n := blocks(v.hi - v.lo)
	lo := v.lo + b*block
	size := min(v.hi, lo+block) - lo
	before := v.lefts[b]
	count := v.lefts[b+1] - before
	copy(v.g.rows[v.lo+before:], v.left[lo:lo+count])
	copy(v.g.rows[v.lo+v.lefts[n]+b*block-before:], v.right[lo:lo+size-count])
}
