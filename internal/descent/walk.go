package descent

import (
	"math"
	"slices"
	"sync"
)

const (
	// together is how many trees are walked in step.
	together = 16
	// onStack is how long a prepared row can be and lie on the stack.
	onStack = 1024
	// perWord is how many levels of a category a word of a prepared row stands for.
	perWord = 63
)

// ways are trees laid out to be walked. A test "x > threshold" is made on whole
// numbers in the order of the floats, so that one comparison and its carry lead to
// the child. NaN needs no test of its own: each feature has two slots in a prepared
// row, one in which NaN is above and one in which it is below all numbers.
//
// A category has a slot for each 63 of its levels, with one bit set: that of the
// row's level, or the last bit for any other. A test ands it with the levels that
// go right. A set with levels in several words is tested by as many nodes, one
// under the other, each of which leads left or to the next.
type ways struct {
	// words has pairs of children: the two thresholds and then, for each of them,
	// the slot that is looked at (lower half) and where its own children begin
	// (upper half). A leaf looks at slot 0, where no value is above another, and
	// leads to itself; its threshold is its value.
	words []uint64
	roots []uint32
	count int
	// stride is how many words of a prepared row a slot has: the number, and, when
	// some feature is a category, the level.
	stride int
	// size is how many words a prepared row has.
	size int
	// inputs are the features that are looked at.
	inputs []input
	pool   sync.Pool
}

// input says where a feature's slots are.
type input struct {
	feature, slot int
	// levels is nil for a number.
	levels *codes
}

// path is a tree while it is laid out.
type path struct {
	w *ways
	// input has the place of each feature in w.inputs.
	input map[int]int
	// place is where a node stands; also has further places of the left children
	// of sets of several words.
	place []uint32
	also  map[int][]uint32
}

// newWays lays the trees out; it returns nil when there are too many nodes.
func newWays(count int, tree func(i int) []Node) *ways {
	w := &ways{count: count, stride: 1}
	p := path{w: w, input: map[int]int{}}
	for i := range count {
		p.look(tree(i))
	}
	w.number()
	for i := range count {
		p.add(tree(i))
		if len(w.words) > math.MaxUint32/2 {
			return nil
		}
	}
	for len(w.roots)%together != 0 {
		p.add([]Node{{Leaf: true}})
	}
	w.pool.New = func() any {
		row := make([]uint64, w.size)
		return &row
	}
	return w
}

// look finds the features that a tree looks at and, when it is called for all
// trees, their slots.
func (p *path) look(nodes []Node) {
	w := p.w
	for i := range nodes {
		n := &nodes[i]
		if n.Leaf {
			continue
		}
		at, ok := p.input[n.Feature]
		if !ok {
			at = len(w.inputs)
			p.input[n.Feature] = at
			w.inputs = append(w.inputs, input{feature: n.Feature})
		}
		if len(n.Set) == 0 {
			continue
		}
		if w.inputs[at].levels == nil {
			w.inputs[at].levels = &codes{feature: n.Feature}
			w.stride = 2
		}
		w.inputs[at].levels.take(n.Set)
	}
}

// number gives the inputs their slots.
func (w *ways) number() {
	w.size = w.stride // slot 0 is the leaves'
	for i := range w.inputs {
		in := &w.inputs[i]
		in.slot = w.size
		slots := 2
		if in.levels != nil {
			in.levels.close()
			slots = max(1, (in.levels.count+perWord-1)/perWord)
		}
		w.size += slots * w.stride
	}
}

// add lays out a tree: the root in a pair of its own, then the pairs of children.
func (p *path) add(nodes []Node) {
	w := p.w
	p.place, p.also = slices.Grow(p.place[:0], len(nodes))[:len(nodes)], nil
	p.place[0] = w.pair()
	w.roots = append(w.roots, p.place[0])
	var places []uint32
	for i := range nodes {
		n := &nodes[i]
		places = append(append(places[:0], p.place[i]), p.also[i]...)
		switch {
		case n.Leaf:
			for _, at := range places {
				w.words[at] = math.Float64bits(n.Value)
				w.words[at+2] = uint64(at) << 32
			}
		case len(n.Set) > 0:
			p.category(n, places)
		default:
			slot := w.inputs[p.input[n.Feature]].slot
			if !n.MissingRight {
				slot += w.stride
			}
			left := w.split(places, key(n.Threshold), slot)
			p.place[n.Left], p.place[n.Right] = left, left+1
		}
	}
}

// category lays out the tests of a set.
func (p *path) category(n *Node, places []uint32) {
	in := &p.w.inputs[p.input[n.Feature]]
	left := make([]uint64, max(1, (in.levels.count+perWord-1)/perWord))
	each(n.Set, func(level int) {
		c := in.levels.of(float64(level))
		left[c/perWord] |= 1 << (c % perWord)
	})
	last, found := 0, false
	for i, levels := range left {
		if levels != 0 {
			last = i
		}
	}
	for i, levels := range left[:last+1] {
		if levels == 0 && i < last {
			continue
		}
		pair := p.w.split(places, ^levels, in.slot+i*p.w.stride)
		if found {
			p.extra(n.Left, pair)
		} else {
			p.place[n.Left], found = pair, true
		}
		places = []uint32{pair + 1}
	}
	p.place[n.Right] = places[0]
}

// extra notes a further place of a node.
func (p *path) extra(node int, at uint32) {
	if p.also == nil {
		p.also = map[int][]uint32{}
	}
	p.also[node] = append(p.also[node], at)
}

// split writes a test in the given places and returns its new pair of children.
func (w *ways) split(places []uint32, test uint64, slot int) uint32 {
	left := w.pair()
	for _, at := range places {
		w.words[at] = test
		w.words[at+2] = uint64(left)<<32 | uint64(slot)
	}
	return left
}

func (w *ways) pair() uint32 {
	at := len(w.words)
	w.words = append(w.words, 0, 0, 0, 0)
	return uint32(at)
}

// key is a whole number in the order of the floats, never 0 or the largest.
func key(x float64) uint64 {
	b := math.Float64bits(x + 0) // -0 becomes 0
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// prepare writes a row as it is walked with. Words that it does not write are 0.
func (w *ways) prepare(to []uint64, row []float64) {
	for i := range w.inputs {
		in := &w.inputs[i]
		x := row[in.feature]
		if in.levels != nil {
			w.level(to[in.slot:], in.levels, x)
			continue
		}
		above, below := key(x), key(x)
		if x != x {
			above, below = math.MaxUint64, 0
		}
		to[in.slot], to[in.slot+w.stride] = above, below
	}
}

func (w *ways) level(to []uint64, levels *codes, x float64) {
	c := levels.of(x)
	for at, lo := 1, 0; lo == 0 || lo < levels.count; at, lo = at+w.stride, lo+perWord {
		if c >= lo && c < lo+perWord {
			to[at] = 1 << (c - lo)
		} else {
			to[at] = 1 << perWord
		}
	}
}

// add adds the values of all trees for a row.
func (w *ways) add(s *sum, row []float64) {
	var stack [onStack]uint64
	to := stack[:]
	if w.size > onStack {
		p := w.pool.Get().(*[]uint64)
		defer w.pool.Put(p)
		to = *p
	}
	w.prepare(to, row)
	var places [most]uint32
	for lo := 0; lo < w.count; lo += most {
		n := min(most, len(w.roots)-lo)
		w.walk(to, w.roots[lo:lo+n], &places)
		s.add(w.words, places[:min(n, w.count-lo)])
	}
}

// walkPlain finds the leaves of some trees, a multiple of together.
func (w *ways) walkPlain(row []uint64, roots []uint32, places *[most]uint32) {
	for i := 0; i+4 <= len(roots); i += 4 {
		a, b, c, d := roots[i], roots[i+1], roots[i+2], roots[i+3]
		for {
			var sa, sb, sc, sd uint64
			a, sa = w.step(row, a)
			b, sb = w.step(row, b)
			c, sc = w.step(row, c)
			d, sd = w.step(row, d)
			if sa|sb|sc|sd == 0 {
				break
			}
		}
		places[i], places[i+1], places[i+2], places[i+3] = a, b, c, d
	}
}

// step is where a node leads, and the slot it looked at.
func (w *ways) step(row []uint64, at uint32) (next uint32, slot uint64) {
	link := w.words[at+2]
	slot = link & math.MaxUint32
	next = uint32(link >> 32)
	if w.words[at] < row[slot] {
		next++
	}
	if w.stride > 1 && w.words[at]&row[slot+1] != 0 {
		next++
	}
	return next, slot
}
