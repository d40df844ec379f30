// Package descent leads rows down decision trees: the inner loop of prediction.
//
// A test "x > threshold" is made on whole numbers in the order of the floats, so
// that one comparison and its carry lead to the child. NaN needs no test of its
// own: each feature has two slots in a prepared row, one in which NaN is above
// and one in which it is below all numbers. Sixteen trees are walked in step, since
// one tree alone would mostly wait for memory; on amd64 that is done in assembly,
// which finds the same leaves as the Go code (see gen and the tests).
package descent

import "math"

//go:generate sh -c "cd gen && go run . -out ../walk_amd64.s -stubs ../walk_amd64.go -pkg descent"

// Node is a node of a tree as it is handed in.
type Node struct {
	// Leaf nodes have a Value and nothing else.
	Leaf  bool
	Value float64
	// A row goes left when the feature's value is at most Threshold, and when it
	// is NaN unless MissingRight. Left is the position of the left child; the right
	// child stands behind it, and both behind their parent.
	Feature      int
	Threshold    float64
	MissingRight bool
	Left         int
}

const (
	// mostFeatures bounds the features that trees may look at, as a prepared row
	// lies on the stack.
	mostFeatures = 256
	// together is how many trees are walked in step.
	together = 16
	// most is how many values are found before they are added up.
	most = 64
)

// Trees are trees laid out for prediction. They are safe for concurrent use once
// the last one is added.
type Trees struct {
	// words has pairs of children: the two thresholds and then, for each of them,
	// the slot that is looked at (lower half) and where its own children begin
	// (upper half). A leaf looks at slot 0, where no value is above another, and
	// leads to itself; its threshold is its value.
	words []uint64
	roots []uint32
	count int
	// slot is the first slot of each feature that is looked at; features lists
	// them.
	slot     map[int]uint32
	features []int32
}

// New takes trees; it returns nil when there are none, or when they look at more
// features than a prepared row has.
func New(trees [][]Node) *Trees {
	t := &Trees{slot: map[int]uint32{}, count: len(trees)}
	for _, nodes := range trees {
		t.add(nodes)
	}
	for len(t.roots)%together != 0 {
		t.add([]Node{{Leaf: true}})
	}
	if len(t.features) > mostFeatures || t.count == 0 || len(t.words) > math.MaxUint32/2 {
		return nil
	}
	return t
}

// add lays out a tree: the root in a pair of its own, then the pairs of children.
func (t *Trees) add(nodes []Node) {
	place := make([]uint32, len(nodes))
	place[0] = t.pair()
	t.roots = append(t.roots, place[0])
	for i := range nodes {
		n := &nodes[i]
		at := place[i]
		if n.Leaf {
			t.words[at] = math.Float64bits(n.Value)
			t.words[at+2] = uint64(at) << 32
			continue
		}
		left := t.pair()
		place[n.Left], place[n.Left+1] = left, left+1
		slot := t.slotOf(n.Feature)
		if !n.MissingRight {
			slot++
		}
		t.words[at] = key(n.Threshold)
		t.words[at+2] = uint64(left)<<32 | uint64(slot)
	}
}

func (t *Trees) pair() uint32 {
	at := len(t.words)
	t.words = append(t.words, 0, 0, 0, 0)
	return uint32(at)
}

func (t *Trees) slotOf(feature int) uint32 {
	slot, ok := t.slot[feature]
	if !ok {
		slot = uint32(1 + 2*len(t.features))
		t.slot[feature] = slot
		t.features = append(t.features, int32(feature))
	}
	return slot
}

// key is a whole number in the order of the floats, never 0 or the largest.
func key(x float64) uint64 {
	b := math.Float64bits(x + 0) // -0 becomes 0
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// prepared is a row as it is walked with.
type prepared [1 + 2*mostFeatures]uint64

func (t *Trees) prepare(to *prepared, row []float64) {
	for i, f := range t.features {
		x := row[f]
		above, below := key(x), key(x)
		if x != x {
			above, below = math.MaxUint64, 0
		}
		to[1+2*i], to[2+2*i] = above, below
	}
}

// AddTo adds the value of tree number i for the row to out[i%len(out)], for all
// trees in turn. It does not allocate.
func (t *Trees) AddTo(out, row []float64) {
	var to prepared
	t.prepare(&to, row)
	var values [most]uint64
	k := 0
	for lo := 0; lo < t.count; lo += most {
		n := min(most, len(t.roots)-lo)
		walk(t.words, &to, t.roots[lo:lo+n], &values)
		for _, v := range values[:min(n, t.count-lo)] {
			out[k] += math.Float64frombits(v)
			if k++; k == len(out) {
				k = 0
			}
		}
	}
}

// walkPlain finds the leaves of some trees, a multiple of together.
func walkPlain(words []uint64, row *prepared, roots []uint32, values *[most]uint64) {
	for i := 0; i+4 <= len(roots); i += 4 {
		a, b, c, d := roots[i], roots[i+1], roots[i+2], roots[i+3]
		for {
			var sa, sb, sc, sd uint64
			a, sa = step(words, row, a)
			b, sb = step(words, row, b)
			c, sc = step(words, row, c)
			d, sd = step(words, row, d)
			if sa|sb|sc|sd == 0 {
				break
			}
		}
		values[i], values[i+1], values[i+2], values[i+3] = words[a], words[b], words[c], words[d]
	}
}

// step is where a node leads, and the slot it looked at.
func step(words []uint64, row *prepared, at uint32) (next uint32, slot uint64) {
	w := words[at+2]
	slot = w & math.MaxUint32
	next = uint32(w >> 32)
	if words[at] < row[slot] {
		next++
	}
	return next, slot
}
