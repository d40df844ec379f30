package trees

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"bespoke/model"
)

// seedForest is what the random numbers of a forest's trees are for; the tree's
// number is added.
const seedForest = 3 << 32

// mostTarget bounds targets, so that sums over trees stay finite.
const mostTarget = 1e300

// planter grows a forest. While trees grow it is only read, but for the places
// of the tree that grows.
type planter struct {
	name     string
	p        model.Params
	in       model.Training
	order    []int32 // different rows by content; all below counts in this order
	cols     []column
	bins     [][]uint8   // column after column
	middle   [][]float64 // the mean value in each bin of a number
	y        []float64   // numbers from -1 to 1, or classes
	mean, to float64     // a number is mean + to*y
	weight   []float64   // nil when all are 1
	heap     []float64   // weights added up
	try      int
	sums     int // how many sums a cell has beside its weight: 1, or one per class
	least    float64
	together []uint64 // the sets of features that each column is in; nil without
	grown    []grown
}

// grown is a tree with what is kept of it until the forest is whole.
type grown struct {
	tree   Tree
	shares []float64
	bag    []uint64 // one bit per row that it learnt from
}

// plant fits a forest.
func plant(ctx context.Context, name string, p model.Params, in model.Training) (*Forest, error) {
	if err := in.Check(model.Native); err != nil {
		return nil, err
	}
	if err := checkFeatures(in); err != nil {
		return nil, err
	}
	for _, f := range in.X.Features {
		if f.Monotone != 0 {
			return nil, fmt.Errorf("feature %q is monotone; a mean of trees with drawn splits cannot promise that", f.Name)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g := &planter{name: name, p: p, in: in, sums: 1, least: p.Number("min_rows"), grown: make([]grown, p.Int("trees"))}
	team := newTeam(in.Threads)
	defer team.close()
	g.sort()
	if err := g.targets(); err != nil {
		return nil, err
	}
	g.bin(team)
	var err error
	if g.together, err = togetherMasks(in, g.cols); err != nil {
		return nil, err
	}
	g.try = g.tries()
	if err := g.growAll(ctx, team); err != nil {
		return nil, err
	}
	return g.forest(team), nil
}

// sort orders the rows by a hash of what they hold, so that draws do not hang on
// the order in which they were given, and makes equal rows one that weighs as
// much, so that weights and repetitions give the same.
func (g *planter) sort() {
	keys := make([]uint64, g.in.X.Rows)
	g.order = make([]int32, g.in.X.Rows)
	for i := range keys {
		h := uint64(len(g.in.X.Features))
		for _, x := range g.in.X.Row(i) {
			h = mix(h, x)
		}
		keys[i], g.order[i] = mix(h, g.in.Y[i]), int32(i)
	}
	slices.SortFunc(g.order, func(a, b int32) int {
		switch {
		case keys[a] < keys[b]:
			return -1
		case keys[a] > keys[b]:
			return 1
		}
		return int(a) - int(b)
	})
	weigh := func(r int32) float64 {
		if g.in.Weights == nil {
			return 1
		}
		return g.in.Weights[r]
	}
	kept := 0
	for _, r := range g.order {
		if kept > 0 && keys[r] == keys[g.order[kept-1]] && g.same(r, g.order[kept-1]) {
			g.weight[kept-1] += weigh(r)
			continue
		}
		g.order[kept] = r
		g.weight = append(g.weight, weigh(r))
		kept++
	}
	g.order = g.order[:kept]
}

// same says whether two rows hold the same.
func (g *planter) same(a, b int32) bool {
	equal := func(x, y float64) bool { return x == y || (x != x && y != y) }
	return g.in.Y[a] == g.in.Y[b] && slices.EqualFunc(g.in.X.Row(int(a)), g.in.X.Row(int(b)), equal)
}

// mix adds a number to a hash.
func mix(h uint64, x float64) uint64 {
	b := math.Float64bits(x + 0) // -0 becomes 0
	if x != x {
		b = 1
	}
	h = (h ^ b) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// targets reads the targets and adds up the weights in the order of rows.
func (g *planter) targets() error {
	n := len(g.order)
	g.y, g.heap = make([]float64, n), make([]float64, n)
	total := 0.0
	for i, r := range g.order {
		g.y[i] = g.in.Y[r]
		total += g.weight[i]
		g.heap[i] = total
	}
	if slices.Max(g.weight) == 1 && slices.Min(g.weight) == 1 {
		g.weight = nil
	}
	if math.IsInf(total, 0) {
		return errors.New("the weights are too large to be added up")
	}
	g.mean, g.to = 0, 1
	if g.in.Task != model.Regression {
		if len(g.in.Classes) > 2 {
			g.sums = len(g.in.Classes)
		}
		return nil
	}
	for i, y := range g.y {
		if math.Abs(y) > mostTarget {
			return fmt.Errorf("target of row %d is %v; at most %v is possible", g.order[i], y, mostTarget)
		}
		g.mean += (y - g.mean) / float64(i+1)
	}
	reach := 0.0
	for _, y := range g.y {
		reach = max(reach, math.Abs(y-g.mean))
	}
	if reach > 0 {
		g.to = reach
	}
	for i, y := range g.y {
		g.y[i] = (y - g.mean) / g.to
	}
	return nil
}

// bin finds the columns and the bins of all rows.
func (g *planter) bin(t *team) {
	s := settings{maxBins: g.p.Int("max_bins"), minInBin: 1}
	g.cols = newBinner(g.in.X, g.in.Weights, &s, g.in.Seed).columns(t)
	g.bins = make([][]uint8, len(g.cols))
	g.middle = make([][]float64, len(g.cols))
	x := g.in.X
	t.run(len(g.cols), func(_, j int) {
		c := &g.cols[j]
		bins := make([]uint8, len(g.order))
		middle, count := make([]float64, 256), make([]float64, 256)
		for i, r := range g.order {
			v := x.Values[int(r)*len(x.Features)+c.feature]
			b := c.bin(v)
			bins[i] = uint8(b)
			if v == v {
				count[b]++
				middle[b] += (v - middle[b]) / count[b]
			}
		}
		g.bins[j], g.middle[j] = bins, middle
	})
}

// growAll grows the trees, each on one goroutine.
func (g *planter) growAll(ctx context.Context, t *team) error {
	crew := make([]*gardener, t.threads)
	var failed atomic.Bool
	var told sync.Mutex
	done := 0
	t.run(len(g.grown), func(worker, tree int) {
		if failed.Load() || ctx.Err() != nil {
			failed.Store(true)
			return
		}
		if crew[worker] == nil {
			crew[worker] = newGardener(g)
		}
		if !crew[worker].grow(ctx, tree) {
			failed.Store(true)
			return
		}
		if g.in.Progress != nil {
			told.Lock()
			done++
			g.in.Progress(done, len(g.grown))
			told.Unlock()
		}
	})
	if failed.Load() {
		return ctx.Err()
	}
	return nil
}

// forest puts the trees together.
func (g *planter) forest(t *team) *Forest {
	f := &Forest{name: g.name, task: g.in.Task, classes: len(g.in.Classes)}
	for _, x := range g.in.X.Features {
		f.features = append(f.features, Feature{Name: x.Name, Levels: x.Levels})
	}
	for i := range g.grown {
		f.trees = append(f.trees, g.grown[i].tree)
		f.shares = append(f.shares, g.grown[i].shares...)
		g.grown[i].shares = nil
	}
	f.prepare()
	if g.p.Choice("out_of_bag") == "yes" {
		g.outOfBag(f, t)
	}
	return f
}

// item is a row that a tree learns from.
type item struct {
	row, class int32
	w, wy      float64
}

// plot is a node that waits to be split.
type plot struct {
	at     int32
	depth  int
	lo, hi int
	// together are the sets of features that may still be used below it.
	together uint64
}

// gardener grows one tree after the other in the same memory.
type gardener struct {
	g       *planter
	r       *rand.Rand
	items   []item
	spare   []item
	counts  []int32
	columns []int32
	plots   []plot
	nodes   []Node
	words   grower // of which only describe and its sets are used
	leaves  []float64

	// The node being split: its sums, the cells of one column (a weight and the
	// sums for each bin), those bins that have rows, and the sums of the left
	// side that is tried.
	sum, cells, left []float64
	list             []uint8
	ranked           []ranked
	// shares has the mean target, or the share of each class, of the tree's rows
	// in each bin of a category, column after column; nil for numbers.
	shares       [][]float64
	best         split
	lefts, score float64 // of best: the weight on the left, and what it is worth
}

// ranked is a level with the number by which levels are put in order.
type ranked struct {
	by  float64
	bin uint8
}

func newGardener(g *planter) *gardener {
	v := &gardener{
		g: g, counts: make([]int32, len(g.order)), columns: make([]int32, len(g.cols)),
		sum: make([]float64, 1+g.sums), left: make([]float64, 1+g.sums), cells: make([]float64, 256*(1+g.sums)),
	}
	v.shares = make([][]float64, len(g.cols))
	for j := range v.shares {
		if c := &g.cols[j]; c.levels > 0 {
			v.shares[j] = make([]float64, c.cells()*g.sums)
		}
	}
	return v
}

// grow grows a tree; false when the context ended.
func (v *gardener) grow(ctx context.Context, tree int) bool {
	v.r = rand.New(rand.NewPCG(v.g.in.Seed, seedForest+uint64(tree)))
	v.draw()
	v.order()
	for j := range v.columns {
		v.columns[j] = int32(j)
	}
	v.nodes, v.words.sets, v.leaves = append(v.nodes[:0], Node{}), v.words.sets[:0], v.leaves[:0]
	v.plots = append(v.plots[:0], plot{hi: len(v.items), together: math.MaxUint64})
	for len(v.plots) > 0 {
		if ctx.Err() != nil {
			return false
		}
		next := v.plots[len(v.plots)-1]
		v.plots = v.plots[:len(v.plots)-1]
		v.plant(next)
	}
	v.keep(&v.g.grown[tree])
	return true
}

// keep copies the tree that has grown.
func (v *gardener) keep(out *grown) {
	out.tree = Tree{Nodes: slices.Clone(v.nodes)}
	if len(v.words.sets) > 0 {
		out.tree.Sets = slices.Clone(v.words.sets)
	}
	if v.g.sums > 1 {
		// Shares were written in the order of growth; they are kept in that of
		// nodes. Until then a leaf's value is their position.
		for i := range out.tree.Nodes {
			if n := &out.tree.Nodes[i]; n.Leaf() {
				at := int(n.Value) * v.g.sums
				out.shares = append(out.shares, v.leaves[at:at+v.g.sums]...)
				n.Value = 0
			}
		}
	}
	if v.g.p.Choice("out_of_bag") == "yes" {
		out.bag = make([]uint64, (len(v.counts)+63)/64)
		for i, c := range v.counts {
			if c > 0 {
				out.bag[i/64] |= 1 << (i % 64)
			}
		}
	}
}

// plant makes a leaf of a plot, or a split with two plots.
func (v *gardener) plant(p plot) {
	items := v.items[p.lo:p.hi]
	pure := v.total(items)
	n := &v.nodes[p.at]
	*n = Node{Feature: -1, Cover: v.sum[0]}
	if v.g.sums == 1 {
		n.Value = v.g.mean + v.g.to*(v.sum[1]/v.sum[0])
		if v.g.in.Task == model.Binary {
			n.Value = min(1, max(0, n.Value))
		}
	}
	depth := v.g.p.Int("max_depth")
	if pure || v.sum[0] < 2*v.g.least || (depth > 0 && p.depth >= depth) || !v.search(items, p.together) {
		v.leaf(n)
		return
	}
	lefts := v.divide(items)
	c := &v.g.cols[v.best.col]
	n.Feature, n.Left, n.Right = int32(c.feature), int32(len(v.nodes)), int32(len(v.nodes)+1)
	n.Gain = max(0, v.score-v.value(v.sum)) * v.g.to * v.g.to
	v.words.describe(n, c, &v.best)
	left := n.Left // n is gone with the next line
	if v.g.together != nil {
		p.together &= v.g.together[v.best.col]
	}
	v.nodes = append(v.nodes, Node{}, Node{})
	v.plots = append(v.plots,
		plot{left + 1, p.depth + 1, p.lo + lefts, p.hi, p.together},
		plot{left, p.depth + 1, p.lo, p.lo + lefts, p.together})
}

// leaf finishes a leaf.
func (v *gardener) leaf(n *Node) {
	if v.g.sums == 1 {
		return
	}
	n.Value = float64(len(v.leaves) / v.g.sums)
	for _, s := range v.sum[1:] {
		v.leaves = append(v.leaves, s/v.sum[0])
	}
}

// total adds up a node's rows and says whether all have the same target.
func (v *gardener) total(items []item) (pure bool) {
	clear(v.sum)
	pure = true
	y := v.g.y
	first := y[items[0].row]
	for i := range items {
		it := &items[i]
		v.sum[0] += it.w
		if v.g.sums == 1 {
			v.sum[1] += it.wy
		} else {
			v.sum[1+it.class] += it.w
		}
		pure = pure && y[it.row] == first
	}
	return pure
}

// value is by how much the squared error of the rows falls when they get their
// mean instead of 0, which for classes is, but for constants, the Gini
// impurity with the sign turned.
func (v *gardener) value(sum []float64) float64 {
	s := 0.0
	for _, x := range sum[1:] {
		s += x * x
	}
	return s / sum[0]
}

// divide moves the rows that go left to the front and returns their number.
func (v *gardener) divide(items []item) int {
	c := &v.g.cols[v.best.col]
	bins := v.g.bins[v.best.col]
	var goes [256]bool
	for b := range c.bins {
		if c.levels > 0 {
			goes[b] = v.best.set[b/64]>>(b%64)&1 == 1
		} else {
			goes[b] = b <= int(v.best.bin)
		}
	}
	if c.missing && c.levels == 0 {
		goes[c.bins] = v.best.missingLeft
	}
	v.spare = v.spare[:0]
	lefts := 0
	for i := range items {
		if goes[bins[items[i].row]] {
			items[lefts] = items[i]
			lefts++
		} else {
			v.spare = append(v.spare, items[i])
		}
	}
	copy(items[lefts:], v.spare)
	return lefts
}

// search finds the best split among some columns, drawn anew; false when there
// is none. Columns of which the node has one bin do not count, as long as no
// split was found, and those that no set has together with all columns on the
// way to the node are passed over.
func (v *gardener) search(items []item, together uint64) bool {
	v.best, v.score = split{}, -1
	tried := 0
	for k := range v.columns {
		if tried >= v.g.try && v.score >= 0 {
			break
		}
		other := k + v.r.IntN(len(v.columns)-k)
		v.columns[k], v.columns[other] = v.columns[other], v.columns[k]
		if c := v.columns[k]; v.g.together == nil || v.g.together[c]&together != 0 {
			tried++
			v.tryColumn(int(c), items)
		}
	}
	return v.score >= 0
}
