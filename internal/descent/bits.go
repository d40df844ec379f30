package descent

import (
	"math"
	"slices"
	"unsafe"
)

const (
	// side is how many trees stand side by side in a block.
	side = 64
	// mostLeaves is how many leaves a tree can have, with AVX2 half of it.
	mostLeaves = 64
	// mostEdges is how many thresholds a feature can have, as ranks are bytes.
	mostEdges = 255
	// mostRanks is how many slots for ranks there can be, with AVX2 half of it; one more is for ranks
	// that no test looks at.
	mostRanks = 256
	// mostFlags is how many levels a category with a byte of flags can have.
	mostFlags = 7
	// mostCategories is how many other features can be categories, mostRight how many
	// words the outcomes of their tests can take.
	mostCategories, mostRight = 128, 1 << 19
	// line is how many words of 64 bits a line of the cache has.
	line = 8
)

// bits are trees of which all tests are made. Node i of 64 trees is one step of a
// block: the tests of the 64 nodes give a word of 64 bits, and those that are 1,
// where the row goes right, strike out the leaves to the left of the node.
type bits struct {
	count   int
	numbers []ranked
	// edges are the thresholds of the numbers: sixteen, or sixteen and then the
	// sixteen times sixteen of which they are the last.
	edges []float64
	// flags are the categories of few levels. They have a slot with one bit set: that
	// of the row's level, or the last one.
	flags []flagged
	// levels are the other categories; right has, for each of their levels and then
	// for all others, which tests lead right, as words bits.
	levels []codes
	right  []uint64
	words  int
	// inputs is one more than the last feature that is looked at.
	inputs int
	blocks []block
	// tests has, per step, 64 slots of ranks, 64 ranks that must be exceeded and,
	// when there are flags, 64 times the flags that go right: width bytes. masks has
	// the leaves that stay, 32 or 64 bits for each tree.
	width int
	tests []byte
	masks []uint32
	// bases is where the leaves of a tree begin in leaves, and their highest
	// number in a mask on top. leaves are values, as bits.
	bases  []uint32
	leaves []uint64
	// wide says that slots of more than 7 bits are looked at, narrow that the
	// kernels are those of AVX2, for which there are no deep blocks.
	wide, narrow bool
}

// block is where the steps of 64 trees are.
type block struct {
	steps, tests, masks, word int
	// deep says that the masks have 64 bits.
	deep bool
}

// ranked is a feature that is a number. The kernels know where its fields are.
type ranked struct {
	feature, edges uint32
	// low and high are the slots of ranks in which NaN is below and above all
	// thresholds.
	low, high uint16
	// tiers is 1 when there are more than sixteen thresholds, else 0.
	tiers uint32
}

// flagged is a category of few levels.
type flagged struct {
	codes
	slot int
}

// scheme finds out how bits can be laid out.
type scheme struct {
	b *bits
	// leaves and ranks are mostLeaves and mostRanks for the kernels.
	leaves, ranks int
	// number has the places of features in b.numbers, level those in sets, and flag
	// and wide those of sets in b.flags and b.levels, or -1.
	number, level map[int]int
	sets          []codes
	flag, wide    []int
	// edges are the thresholds of each number in rising order.
	edges [][]float64
	slots int
	// first is where the outcomes of a category begin in b.right.
	first []int
	// order numbers the leaves of a tree from left to right.
	order ordered
}

// newBits lays the trees out, or returns nil when they do not keep to the limits.
func newBits(count int, tree func(i int) []Node, narrow bool) *bits {
	s := scheme{b: &bits{count: count, narrow: narrow}, leaves: mostLeaves, ranks: mostRanks, number: map[int]int{}, level: map[int]int{}}
	if narrow {
		s.leaves, s.ranks = mostLeaves/2, mostRanks/2
	}
	for i := range count {
		if !s.look(tree(i)) {
			return nil
		}
	}
	s.categories()
	if s.slots > s.ranks || len(s.b.levels) > mostCategories || !s.thresholds() {
		return nil
	}
	steps := s.blocks(count, tree)
	if !s.outcomes() {
		return nil
	}
	b := s.b
	b.tests = aligned[byte](b.width * steps)
	for i := range count {
		s.place(i, tree(i))
	}
	return b
}

// look notes the features of a tree and their thresholds and levels.
func (s *scheme) look(nodes []Node) bool {
	if (len(nodes)+1)/2 > s.leaves {
		return false
	}
	for i := range nodes {
		n := &nodes[i]
		if n.Leaf {
			continue
		}
		s.b.inputs = max(s.b.inputs, n.Feature+1)
		if len(n.Set) > 0 {
			at, ok := s.level[n.Feature]
			if !ok {
				at = len(s.sets)
				s.level[n.Feature] = at
				s.sets = append(s.sets, codes{feature: n.Feature})
			}
			s.sets[at].take(n.Set)
			continue
		}
		at, ok := s.number[n.Feature]
		if !ok {
			at = len(s.edges)
			s.number[n.Feature] = at
			s.edges = append(s.edges, nil)
			s.b.numbers = append(s.b.numbers, ranked{feature: uint32(n.Feature), low: mostRanks, high: mostRanks})
		}
		s.edges[at] = append(s.edges[at], n.Threshold)
		slot := &s.b.numbers[at].low
		if n.MissingRight {
			slot = &s.b.numbers[at].high
		}
		if *slot == mostRanks {
			*slot = uint16(s.slots)
			s.slots++
		}
		if s.slots > s.ranks {
			return false
		}
	}
	return true
}

// categories says how each of them is tested.
func (s *scheme) categories() {
	b := s.b
	b.width = 2 * side
	for i := range s.sets {
		c := &s.sets[i]
		c.close()
		s.flag, s.wide = append(s.flag, -1), append(s.wide, -1)
		if c.count > mostFlags {
			s.wide[i] = len(b.levels)
			b.levels = append(b.levels, *c)
			continue
		}
		s.flag[i] = len(b.flags)
		b.flags = append(b.flags, flagged{*c, s.slots})
		s.slots++
		b.width = 3 * side
	}
}

// thresholds lays them out.
func (s *scheme) thresholds() bool {
	s.b.wide = s.slots > 128
	for i := range s.edges {
		slices.Sort(s.edges[i])
		s.edges[i] = slices.Compact(s.edges[i])
		e := s.edges[i]
		if len(e) > mostEdges {
			return false
		}
		n := &s.b.numbers[i]
		n.edges = uint32(len(s.b.edges))
		if len(e) > 16 {
			n.tiers = 1
			for t := range 16 {
				s.b.edges = append(s.b.edges, edge(e, 16*t+15))
			}
		}
		for t := range (len(e) + 15) / 16 * 16 {
			s.b.edges = append(s.b.edges, edge(e, t))
		}
	}
	edges := aligned[float64](len(s.b.edges))
	copy(edges, s.b.edges)
	s.b.edges = edges
	return true
}

// edge is threshold number i, infinity behind the last.
func edge(edges []float64, i int) float64 {
	if i < len(edges) {
		return edges[i]
	}
	return math.Inf(1)
}

// blocks finds how many steps the blocks have, and lays out the leaves. It returns
// the steps of all.
func (s *scheme) blocks(count int, tree func(i int) []Node) int {
	b := s.b
	all, masks := 0, 0
	for lo := 0; lo < count; lo += side {
		most := 0
		for i := lo; i < min(count, lo+side); i++ {
			most = max(most, len(tree(i))/2)
		}
		k := block{steps: most, tests: b.width * all, masks: masks, word: b.words, deep: most >= 32}
		b.blocks = append(b.blocks, k)
		all += most
		masks += side * k.width() * most
		b.words += (most + line - 1) / line * line
	}
	b.masks = aligned[uint32](masks)
	for i := range b.masks {
		b.masks[i] = math.MaxUint32
	}
	b.bases = make([]uint32, len(b.blocks)*side)
	return all
}

// width is how many words of 32 bits a mask has.
func (k *block) width() int {
	if k.deep {
		return 2
	}
	return 1
}

// outcomes makes room for the outcomes of tests on categories. Other levels go
// right everywhere.
func (s *scheme) outcomes() bool {
	b, rows := s.b, 0
	for i := range b.levels {
		s.first = append(s.first, rows)
		rows += b.levels[i].count + 1
	}
	if rows > 0 && b.words > mostRight/rows {
		return false
	}
	b.right = aligned[uint64](rows * b.words)
	return true
}

// place lays out tree number i.
func (s *scheme) place(i int, nodes []Node) {
	b := s.b
	k, lane := &b.blocks[i/side], i%side
	s.order.number(nodes)
	b.bases[i] = uint32(len(b.leaves)) + uint32(32*k.width()-1)
	at := len(b.leaves)
	b.leaves = append(b.leaves, make([]uint64, (len(nodes)+1)/2)...)
	step := 0
	for j := range nodes {
		n := &nodes[j]
		if n.Leaf {
			b.leaves[at+s.order.first[j]] = math.Float64bits(n.Value)
			continue
		}
		test := b.tests[k.tests+b.width*step:]
		if len(n.Set) > 0 {
			test[side+lane] = math.MaxUint8
			if at := s.flag[s.level[n.Feature]]; at >= 0 {
				test[lane], test[2*side+lane] = byte(b.flags[at].slot), b.flags[at].right(n.Set)
			} else {
				s.category(n, k.word+step, uint64(1)<<lane)
			}
		} else {
			at := s.number[n.Feature]
			slot := b.numbers[at].low
			if n.MissingRight {
				slot = b.numbers[at].high
			}
			rank, _ := slices.BinarySearch(s.edges[at], n.Threshold)
			test[lane], test[side+lane] = byte(slot), byte(rank)
		}
		stay := ^(uint64(1)<<s.order.first[n.Right] - uint64(1)<<s.order.first[j])
		mask := b.masks[k.masks+side*k.width()*step+lane*k.width():]
		mask[0] = uint32(stay)
		if k.deep {
			mask[1] = uint32(stay >> 32)
		}
		step++
	}
	for ; step < k.steps; step++ {
		b.tests[k.tests+b.width*step+side+lane] = math.MaxUint8
	}
}

// category notes for which levels a test leads right.
func (s *scheme) category(n *Node, word int, bit uint64) {
	b := s.b
	at := s.wide[s.level[n.Feature]]
	row := func(number int) []uint64 { return b.right[(s.first[at]+number)*b.words:] }
	for number := range b.levels[at].count + 1 {
		row(number)[word] |= bit
	}
	each(n.Set, func(level int) { row(b.levels[at].of(float64(level)))[word] &^= bit })
}

// right are the flags that go right.
func (f *flagged) right(set []uint64) byte {
	right := byte(math.MaxUint8)
	each(set, func(level int) { right &^= 1 << f.of(float64(level)) })
	return right
}

// ordered has the number of the first leaf under each node, the leaves numbered
// from left to right.
type ordered struct{ first, leaves []int }

func (o *ordered) number(nodes []Node) {
	o.first = slices.Grow(o.first[:0], len(nodes))[:len(nodes)]
	o.leaves = slices.Grow(o.leaves[:0], len(nodes))[:len(nodes)]
	for i := len(nodes) - 1; i >= 0; i-- { // children stand behind their parents
		o.leaves[i] = 1
		if n := &nodes[i]; !n.Leaf {
			o.leaves[i] = o.leaves[n.Left] + o.leaves[n.Right]
		}
	}
	o.first[0] = 0
	for i := range nodes {
		if n := &nodes[i]; !n.Leaf {
			o.first[n.Left] = o.first[i]
			o.first[n.Right] = o.first[i] + o.leaves[n.Left]
		}
	}
}

// aligned makes room that begins with a line of the cache, so that 64 bytes are
// not read from two.
func aligned[T byte | uint32 | uint64 | float64](n int) []T {
	var t T
	per := 8 * line / int(unsafe.Sizeof(t))
	all := make([]T, n+2*per)
	skip := 0
	for uintptr(unsafe.Pointer(&all[skip]))%(8*line) != 0 {
		skip++
	}
	return all[skip : skip+n : skip+n]
}

// add adds the values of all trees for a row.
func (b *bits) add(s *sum, row []float64) {
	row = row[:b.inputs:len(row)]
	var ranks [mostRanks + side]byte
	switch {
	case len(b.numbers) == 0:
	case b.narrow:
		rankRowNarrow(&b.numbers[0].feature, len(b.numbers), &b.edges[0], &row[0], &ranks[0])
	default:
		rankRow(&b.numbers[0].feature, len(b.numbers), &b.edges[0], &row[0], &ranks[0])
	}
	for i := range b.flags {
		f := &b.flags[i]
		flag := f.of(row[f.feature])
		if flag < 0 {
			flag = mostFlags
		}
		ranks[f.slot] = 1 << flag
	}
	var starts [mostCategories]uint32
	at := 0
	for i := range b.levels {
		c := &b.levels[i]
		number := c.of(row[c.feature])
		if number < 0 {
			number = c.count
		}
		starts[i] = uint32((at + number) * b.words)
		at += c.count + 1
	}
	var places [side]uint32
	for i := range b.blocks {
		b.find(i, &ranks, &starts, &places)
		s.add(b.leaves, places[:min(side, b.count-i*side)])
	}
}

// find finds the leaves of a block.
func (b *bits) find(i int, ranks *[mostRanks + side]byte, starts *[mostCategories]uint32, places *[side]uint32) {
	k := &b.blocks[i]
	var right [mostLeaves]uint64
	if k.steps > 0 {
		b.test(&b.tests[k.tests], k.steps, &ranks[0], &right[0])
		if len(b.levels) > 0 {
			b.join(&right, k, starts)
		}
	}
	masks := unsafe.SliceData(b.masks[k.masks:])
	switch {
	case b.narrow:
		leavesNarrow(masks, k.steps, &right[0], &b.bases[i*side], &places[0])
	case k.deep:
		leaves64(masks, k.steps, &right[0], &b.bases[i*side], &places[0])
	default:
		leaves32(masks, k.steps, &right[0], &b.bases[i*side], &places[0])
	}
}

// join adds the outcomes of tests on categories.
func (b *bits) join(right *[mostLeaves]uint64, k *block, starts *[mostCategories]uint32) {
	if !b.narrow {
		join(&right[0], (k.steps+line-1)/line, &b.right[k.word], &starts[0], len(b.levels))
		return
	}
	for _, start := range starts[:len(b.levels)] {
		for i, w := range b.right[int(start)+k.word:][:k.steps] {
			right[i] |= w
		}
	}
}

func (b *bits) test(tests *byte, steps int, ranks *byte, right *uint64) {
	switch {
	case b.narrow && len(b.flags) > 0:
		testNarrowSets(tests, steps, ranks, right)
	case b.narrow:
		testNarrow(tests, steps, ranks, right)
	case b.wide && len(b.flags) > 0:
		testWideSets(tests, steps, ranks, right)
	case b.wide:
		testWide(tests, steps, ranks, right)
	case len(b.flags) > 0:
		testSets(tests, steps, ranks, right)
	default:
		test(tests, steps, ranks, right)
	}
}
