package trees

import (
	"context"
	"math"
	"sort"

	"bespoke/model"
)

// leaf is a node of the growing tree that is not split, at least not yet.
type leaf struct {
	node
	// at is the position in Tree.Nodes.
	at int32
	// lo and hi bound its rows in grower.rows.
	lo, hi int
	depth  int
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
	// spans are the rows of every node, in the order of Tree.Nodes.
	spans []span
	nodes []Node
	sets  []uint64

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
	root := leaf{hi: len(g.rows), hist: -1}
	root.low, root.high = math.Inf(-1), math.Inf(1)
	for _, r := range g.rows {
		root.sum.add(g.gh[r])
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
	left.hi = parent.lo + lefts
	right.lo = left.hi
	right.hist = -1
	left.sum, right.sum = s.left, parent.sum.minus(s.left)
	left.out, right.out = s.leftOut, s.rightOut
	switch middle := middle(s.leftOut, s.rightOut); {
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
	lo, hi      int
	part, place func(worker, task int)
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
	v.bins = v.g.d.columns[s.col]
	clear(v.goes[:])
	for b := range c.bins {
		if c.levels > 0 {
			v.goes[b] = uint8(s.set[b/64] >> (b % 64) & 1)
		} else if b <= int(s.bin) {
			v.goes[b] = 1
		}
	}
	if c.missing && c.levels == 0 && s.missingLeft {
		v.goes[c.bins] = 1
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

func (v *division) partBlock(_, b int) {
	lo := v.lo + b*block
	rows := v.g.rows[lo:min(v.hi, lo+block)]
	left, right := v.left[lo:lo+len(rows)+1], v.right[lo:lo+len(rows)+1]
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

func (v *division) placeBlock(_, b int) {
	n := blocks(v.hi - v.lo)
	lo := v.lo + b*block
	size := min(v.hi, lo+block) - lo
	before := v.lefts[b]
	count := v.lefts[b+1] - before
	copy(v.g.rows[v.lo+before:], v.left[lo:lo+count])
	copy(v.g.rows[v.lo+v.lefts[n]+b*block-before:], v.right[lo:lo+size-count])
}

// draw chooses the rows of the tree.
func (v *gardener) draw() {
	g, n := v.g, len(v.g.order)
	clear(v.counts)
	times := 1.0 // what a row counts each time that it is drawn
	switch g.p.Choice("rows") {
	case "bootstrap":
		times = v.bootstrap()
	case "share":
		draw(v.r, n, max(1, int(math.Round(g.p.Number("row_share")*float64(n)))), func(i int) { v.counts[i] = 1 }, nil)
	default:
		for i := range v.counts {
			v.counts[i] = 1
		}
	}
	v.items = v.items[:0]
	for i, c := range v.counts {
		if c == 0 {
			continue
		}
		w := float64(c) * times
		if g.p.Choice("rows") != "bootstrap" && g.weight != nil {
			w = g.weight[i]
		}
		it := item{row: int32(i), w: w, wy: w * g.y[i]}
		if g.sums > 1 {
			it.class = int32(g.y[i])
		}
		v.items = append(v.items, it)
	}
}

// mostDraws bounds the draws of a bootstrap as a multiple of the rows, for
// weights that are large.
const mostDraws = 8

// bootstrap draws rows with repetition, by weight, as many as the weights sum
// to within bounds, and returns what each draw counts.
func (v *gardener) bootstrap() float64 {
	n := len(v.g.order)
	if v.g.weight == nil {
		for range n {
			v.counts[v.r.IntN(n)]++
		}
		return 1
	}
	total := v.g.heap[n-1]
	draws := int(math.Round(min(max(total, float64(n)), mostDraws*float64(n))))
	for range draws {
		at := sort.SearchFloat64s(v.g.heap, v.r.Float64()*total)
		v.counts[min(at, n-1)]++
	}
	return total / float64(draws)
}

// drawClass draws one of the classes that the node has rows of; the result is
// its place in a cell.
func (v *gardener) drawClass() int {
	n := 0
	for _, s := range v.sum[1:] {
		if s > 0 {
			n++
		}
	}
	n = v.r.IntN(n)
	for k, s := range v.sum[1:] {
		if s > 0 {
			if n == 0 {
				return 1 + k
			}
			n--
		}
	}
	return 1 // not reached
}

// tries is how many features are tried for a split.
func (g *planter) tries() int {
	n := float64(len(g.cols))
	share := g.p.Number("max_features") * n
	if share == 0 {
		switch {
		case g.in.Task != model.Regression:
			share = math.Floor(math.Sqrt(g.questions()))
		case g.name == forestName:
			share = g.questions() / 3
		default:
			share = n
		}
	}
	return max(1, min(len(g.cols), int(math.Round(share))))
}

// questions is how many features there are when a category counts as often as it
// has levels, which is how many columns it would be for a forest that knows none.
// With the root of the number of columns, the log-loss of a random forest on
// splice was 0.248 instead of 0.172, on mlc-churn 0.187 instead of 0.172; with a
// third of it, the error on diamonds was 580 instead of 546.
func (g *planter) questions() float64 {
	n := 0
	for i := range g.cols {
		n++
		if c := &g.cols[i]; c.levels > 0 {
			n += c.bins - 1
		}
	}
	return float64(n)
}
