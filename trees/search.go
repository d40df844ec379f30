package trees

import (
	"math"

	"bespoke/internal/histogram"
)

// search finds the best splits of leaves: it builds the histogram of the
// smaller of two children, gets the other by subtraction and walks over both.
type search struct {
	g *grower
	// spare are histograms of the workers but the first, for sums over parts of
	// the rows.
	spare [][]cell
	// found are the best splits per task of the leaves being searched.
	found [2][]split
	// cells are, for each worker, the histogram of a column of a shared store.
	cells [][]cell

	// What the tasks work on.
	rows                    []int32
	parts                   int
	hist                    []cell
	use                     []bool
	wanted                  []bool // by store
	merge                   int    // how many of spare to add
	leaves                  [2]*leaf
	hists                   [2][]cell
	chunk                   int
	byRows, byColumns, scan func(worker, task int)
}

const (
	// serialWork is below how many additions to a histogram, or visits of
	// bins, waking the other workers costs more than it saves.
	serialWork = 1 << 13
	// quadTask is how many quads of a panel make a task of accumulation.
	quadTask = 8
)

func (v *search) init(g *grower) {
	v.g = g
	for i := range v.found {
		v.found[i] = make([]split, len(g.d.cols))
	}
	if v.narrow() {
		for range g.team.threads - 1 {
			v.spare = append(v.spare, make([]cell, g.d.cells))
		}
	}
	if v.wanted = make([]bool, len(g.d.stores)); g.d.shared {
		v.cells = make([][]cell, g.team.threads)
		for i := range v.cells {
			v.cells[i] = make([]cell, wideSpan)
		}
	}
	v.byRows, v.byColumns, v.scan = v.sumRows, v.sumColumns, v.scanColumns
}

// narrow says that there are too few columns to share them out evenly.
func (v *search) narrow() bool {
	return v.g.team.threads > 1 && len(v.g.d.panels) < 2*v.g.team.threads
}

// leaf searches one leaf without a sibling.
func (v *search) leaf(at int) {
	l := &v.g.leaves[at]
	if !v.splittable(l) {
		return
	}
	v.own(at)
	v.build(l)
	v.run(l, nil)
}

// children searches two new leaves; the first may have its parent's histogram.
func (v *search) children(first, second int) {
	g := v.g
	a, b := &g.leaves[first], &g.leaves[second]
	if !v.splittable(a) && !v.splittable(b) {
		v.release(a)
		return
	}
	small, large := a, b
	smallAt, largeAt := first, second
	if b.hi-b.lo < a.hi-a.lo {
		small, large = b, a
		smallAt, largeAt = second, first
	}
	if a.hist < 0 {
		// The parent's histogram had to be given up.
		v.leaf(first)
		v.leaf(second)
		return
	}
	parent := a.hist
	a.hist = -1
	large.hist = parent
	g.pool.owner[parent] = int32(largeAt)
	v.own(smallAt)
	// What its parent could not be split on a child can not either.
	copy(g.pool.use[small.hist], g.pool.use[parent])
	g.forbid(small)
	v.build(small)
	v.run(small, large)
}

// splittable says whether any split of the leaf could be allowed.
func (v *search) splittable(l *leaf) bool {
	f := &v.g.find
	deep := v.g.s.depth > 0 && l.depth >= v.g.s.depth
	return !deep && len(v.g.d.cols) > 0 && l.hi-l.lo >= 2 &&
		(l.sum.h&f.scale.mask)/2 >= f.minWeight && (l.sum.h>>f.scale.shift)/2 >= f.minHessian
}

// own gives the leaf a histogram, taking it from the leaf with the smallest
// gain when none is free. Two leaves at a time are safe: those being searched
// have no gain yet and are passed over.
func (v *search) own(at int) {
	p := v.g.pool
	victim, least := -1, math.Inf(1)
	for i, owner := range p.owner {
		if owner < 0 {
			victim = i
			break
		}
		if l := &v.g.leaves[owner]; l.best.gain > 0 && (victim < 0 || l.best.gain < least) {
			victim, least = i, l.best.gain
		}
	}
	if owner := p.owner[victim]; owner >= 0 {
		v.g.leaves[owner].hist = -1
	}
	if p.hists[victim] == nil {
		p.hists[victim] = make([]cell, v.g.d.cells)
		p.use[victim] = make([]bool, len(v.g.d.cols))
	}
	copy(p.use[victim], v.g.use)
	p.owner[victim] = int32(at)
	v.g.leaves[at].hist = victim
	v.g.forbid(&v.g.leaves[at])
}

func (v *search) release(l *leaf) {
	if l.hist >= 0 {
		v.g.pool.owner[l.hist] = -1
		l.hist = -1
	}
}

// build sums the leaf's rows into its histogram.
func (v *search) build(l *leaf) {
	v.rows = v.g.rows[l.lo:l.hi]
	v.hist, v.use = v.g.pool.hists[l.hist], v.g.pool.use[l.hist]
	v.merge = 0
	v.want()
	work := len(v.rows) * len(v.g.d.stores)
	switch threads := v.g.team.threads; {
	case threads == 1 || work < serialWork:
		v.parts = 1
		v.sumRows(0, 0)
	case v.spare != nil && work > 4*threads*v.g.d.cells:
		v.parts, v.merge = threads, threads-1
		v.g.team.run(threads, v.byRows)
	default:
		tasks := 0
		for p := range v.g.d.panels {
			tasks += v.tasks(p)
		}
		v.g.team.run(tasks, v.byColumns)
	}
}

// want finds the stores of which some column is in use.
func (v *search) want() {
	clear(v.wanted)
	for j, used := range v.use {
		if used {
			v.wanted[v.g.d.cols[j].store] = true
		}
	}
}

// sumRows sums one part of the rows over all columns.
func (v *search) sumRows(_, part int) {
	d := v.g.d
	hist := v.hist
	if part > 0 {
		hist = v.spare[part-1]
	}
	rows := v.rows[part*len(v.rows)/v.parts : (part+1)*len(v.rows)/v.parts]
	for i := range d.panels {
		p := &d.panels[i]
		v.clear(hist, p, 0, p.width)
		d.accumulate(hist, p, 0, p.width, v.wanted, rows, v.g.gh)
	}
}

// clear empties the histograms of some quads of a panel.
func (v *search) clear(hist []cell, p *panel, lo, hi int) {
	for i := range v.g.d.quads[p.first+lo : p.first+hi] {
		q := &v.g.d.quads[p.first+lo+i]
		for _, s := range q.stores[:q.lanes] {
			st := &v.g.d.stores[s]
			clear(hist[st.offset : st.offset+st.cells])
		}
	}
}

// tasks is the number of tasks for panel p when columns are shared out.
func (v *search) tasks(p int) int {
	return (v.g.d.panels[p].width + v.perTask() - 1) / v.perTask()
}

func (v *search) perTask() int {
	if v.narrow() {
		return 1
	}
	return quadTask
}

// sumColumns sums all rows over some columns.
func (v *search) sumColumns(_, task int) {
	d := v.g.d
	i := 0
	for task >= v.tasks(i) {
		task -= v.tasks(i)
		i++
	}
	p := &d.panels[i]
	lo := task * v.perTask()
	hi := min(p.width, lo+v.perTask())
	v.clear(v.hist, p, lo, hi)
	d.accumulate(v.hist, p, lo, hi, v.wanted, v.rows, v.g.gh)
}

// run walks over the histograms of a leaf and, after subtracting, of its
// larger sibling if there is one, and sets their best splits. Leaves too small
// to be split find nothing, at little cost.
func (v *search) run(small, large *leaf) {
	g := v.g
	v.leaves = [2]*leaf{small, large}
	v.hists = [2][]cell{g.pool.hists[small.hist], nil}
	if large != nil {
		v.hists[1] = g.pool.hists[large.hist]
	}
	stores := len(g.d.stores)
	v.chunk = stores
	if g.d.cells*2 >= serialWork/8 {
		v.chunk = max(1, min(8, stores/(2*g.team.threads)))
	}
	tasks := (stores + v.chunk - 1) / v.chunk
	g.team.run(tasks, v.scan)
	for i, l := range v.leaves {
		if l == nil {
			continue
		}
		l.best = split{}
		for t := range v.found[i][:tasks] {
			if f := &v.found[i][t]; f.better(&l.best) {
				l.best = *f
			}
		}
		if !(l.best.gain > g.s.minGain) {
			l.best = split{}
			v.release(l)
		}
	}
}

func (v *search) scanColumns(worker, task int) {
	d := v.g.d
	best := [2]split{}
	for at := task * v.chunk; at < min(len(d.stores), (task+1)*v.chunk); at++ {
		if !v.wanted[at] {
			continue
		}
		st := &d.stores[at]
		lo, hi := st.offset, st.offset+st.cells
		small := v.hists[0][lo:hi]
		for _, other := range v.spare[:v.merge] {
			histogram.Merge(words(small), words(other[lo:hi]))
		}
		if v.hists[1] != nil {
			histogram.Subtract(words(v.hists[1][lo:hi]), words(small))
		}
		for _, col := range st.cols {
			if !v.use[col] {
				continue
			}
			for i, l := range v.leaves {
				if l != nil {
					v.try(&best[i], col, v.hists[i][lo:hi], l, worker)
				}
			}
		}
	}
	v.found[0][task], v.found[1][task] = best[0], best[1]
}

// try makes the best split of a leaf on a column the best if it is; hist is of its
// store. Of equal ones the first column's is kept, also where stores bring later
// columns first, so that the tree does not depend on what is shared.
func (v *search) try(best *split, col int32, hist []cell, l *leaf, worker int) {
	d := v.g.d
	c := &d.cols[col]
	if c.with > 0 {
		hist = c.apart(hist, l.sum, v.cells[worker])
	}
	if best.gain > 0 && col < best.col {
		var own split
		if !v.g.find.improve(&own, c, hist, &l.node) {
			v.g.pool.use[l.hist][col] = false
		}
		if own.col = col; own.better(best) {
			*best = own
		}
		return
	}
	gain := best.gain
	if !v.g.find.improve(best, c, hist, &l.node) {
		v.g.pool.use[l.hist][col] = false
	}
	if best.gain > gain {
		best.col = col
	}
}

// better says whether a split is to be preferred to another.
func (s *split) better(other *split) bool {
	return s.gain > other.gain || s.gain == other.gain && s.gain > 0 && s.col < other.col
}

// pool keeps the histograms of leaves that may still be split. There may be
// fewer than leaves: the leaf that is least likely to be split next then loses
// its own, which can be built again with the same bits.
type pool struct {
	hists [][]cell
	owner []int32 // the leaf that has it, -1 for none
	// use says, for each histogram, on which columns the leaf could be split;
	// the others are not filled in.
	use [][]bool
}

// histMemory bounds the bytes of all histograms; two are always kept.
const histMemory = 512 << 20

func newPool(cells, leaves int) *pool {
	n := max(2, min(leaves, histMemory/max(1, cells*16)))
	p := &pool{hists: make([][]cell, n), owner: make([]int32, n), use: make([][]bool, n)}
	for i := range p.owner {
		p.owner[i] = -1
	}
	return p
}

func (p *pool) reset() {
	for i := range p.owner {
		p.owner[i] = -1
	}
}
