package descent

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// numbers are values and thresholds that are easy to get wrong.
var numbers = []float64{0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 2.5, -2.5}

// wood says what trees grow makes: features below categories are categories of
// the given number of levels, and thresholds are drawn from so many.
type wood struct{ features, categories, levels, thresholds int }

func (w wood) number(r *rand.Rand) float64 {
	if r.IntN(2) == 0 {
		return numbers[r.IntN(len(numbers))]
	}
	return float64(r.IntN(w.thresholds)) - float64(w.thresholds/2)
}

// grow makes a tree of the given number of leaves.
func (w wood) grow(r *rand.Rand, leaves int) []Node {
	nodes := []Node{{Leaf: true, Value: r.NormFloat64()}}
	for len(nodes) < 2*leaves-1 {
		at := len(nodes) - 1 - r.IntN(min(len(nodes), 3))
		if !nodes[at].Leaf {
			continue
		}
		n := Node{Feature: r.IntN(w.features), Left: len(nodes), Right: len(nodes) + 1}
		if r.IntN(2) == 0 {
			n.Left, n.Right = n.Right, n.Left
		}
		if n.Feature < w.categories {
			n.Set = make([]uint64, 1+r.IntN(1+w.levels/64))
			for i := range n.Set {
				n.Set[i] = r.Uint64() & r.Uint64() & (1<<min(w.levels, 63) - 1)
			}
		} else {
			n.Threshold, n.MissingRight = w.number(r), r.IntN(2) == 0
		}
		nodes[at] = n
		nodes = append(nodes, Node{Leaf: true, Value: r.NormFloat64()}, Node{Leaf: true, Value: r.NormFloat64()})
	}
	return nodes
}

// row makes a row with missing values, levels in no set and extreme numbers.
func (w wood) row(r *rand.Rand) []float64 {
	row := make([]float64, w.features)
	for j := range row {
		switch {
		case r.IntN(6) == 0:
			row[j] = math.NaN()
		case j < w.categories && r.IntN(4) > 0:
			row[j] = float64(r.IntN(w.levels+3)) - 1 + r.Float64()/2
		default:
			row[j] = w.number(r)
		}
	}
	return row
}

// leaf is the value of a tree by its definition.
func leaf(nodes []Node, row []float64) float64 {
	n := &nodes[0]
	for !n.Leaf {
		x := row[n.Feature]
		right := x > n.Threshold || x != x && n.MissingRight
		if size := 64 * len(n.Set); size > 0 {
			right = !(x >= 0 && x < float64(size)) || n.Set[int(x)/64]>>(int(x)%64)&1 == 0
		}
		if right {
			n = &nodes[n.Right]
		} else {
			n = &nodes[n.Left]
		}
	}
	return n.Value
}

// layouts are the ways in which trees can be laid out.
func layouts(trees [][]Node) map[string]*Trees {
	tree := func(i int) []Node { return trees[i] }
	all := map[string]*Trees{"chosen": New(len(trees), tree), "ways": {ways: newWays(len(trees), tree)}}
	for narrow, has := range map[bool]bool{false: hasWide, true: hasNarrow} {
		if has {
			if b := newBits(len(trees), tree, narrow); b != nil {
				all[fmt.Sprintf("bits, narrow is %v", narrow)] = &Trees{bits: b}
			}
		}
	}
	return all
}

// TestAllLayoutsAreTheDefinition compares all ways down with the definition.
func TestAllLayoutsAreTheDefinition(t *testing.T) {
	used := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		w := wood{features: rapid.IntRange(1, 300).Draw(t, "features")}
		w.categories = rapid.IntRange(0, w.features).Draw(t, "categories") * r.IntN(2)
		w.levels = rapid.IntRange(1, 300).Draw(t, "levels")
		w.thresholds = rapid.SampledFrom([]int{1, 20, 200, 1000}).Draw(t, "thresholds")
		leaves := rapid.SampledFrom([]int{1, 2, 32, 33, 64, 100}).Draw(t, "leaves")
		trees := make([][]Node, rapid.IntRange(1, 150).Draw(t, "trees"))
		for i := range trees {
			trees[i] = w.grow(r, 1+r.IntN(leaves))
		}
		row := w.row(r)
		outputs := rapid.IntRange(1, 3).Draw(t, "outputs")
		want := make([]float64, outputs)
		for i, nodes := range trees {
			want[i%outputs] += leaf(nodes, row)
		}
		for name, all := range layouts(trees) {
			used[name]++
			got := make([]float64, outputs)
			all.AddTo(got, row)
			for k := range got {
				if got[k] != want[k] {
					t.Fatalf("%s, output %d: %v, want %v", name, k, got[k], want[k])
				}
			}
			if name == "ways" {
				sameInGo(t, all.ways, row)
			}
		}
	})
	t.Logf("layouts tested: %v", used)
}

// sameInGo compares the assembly with the Go code.
func sameInGo(t *rapid.T, w *ways, row []float64) {
	to := make([]uint64, w.size)
	w.prepare(to, row)
	var fast, plain [most]uint32
	roots := w.roots[:min(most, len(w.roots))]
	w.walk(to, roots, &fast)
	w.walkPlain(to, roots, &plain)
	if fast != plain {
		t.Fatalf("assembly: %v, Go: %v", fast, plain)
	}
}

func TestAddVectors(t *testing.T) {
	w := wood{features: 5, levels: 3, categories: 2, thresholds: 9}
	r := rand.New(rand.NewPCG(3, 4))
	trees, vectors := make([][]Node, 70), []float64{}
	for i := range trees {
		trees[i] = w.grow(r, 30)
		for j := range trees[i] {
			trees[i][j].Value = float64(len(vectors))
			vectors = append(vectors, r.Float64(), r.Float64(), r.Float64())
		}
	}
	for name, all := range layouts(trees) {
		row, got, want := w.row(r), make([]float64, 3), make([]float64, 3)
		all.AddVectors(got, row, vectors)
		for _, nodes := range trees {
			at := int(leaf(nodes, row))
			for k := range want {
				want[k] += vectors[at+k]
			}
		}
		if [3]float64(got) != [3]float64(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestNoTrees(t *testing.T) {
	if New(0, nil) != nil {
		t.Error("no trees: want nil")
	}
}

// TestBitsKeepToTheirLimits: what is beyond a limit is laid out to be walked.
func TestBitsKeepToTheirLimits(t *testing.T) {
	chain := func(length int, node func(i int) Node) []Node {
		var nodes []Node
		for i := range length {
			n := node(i)
			n.Left, n.Right = 2*i+1, 2*i+2
			nodes = append(nodes, n, Node{Leaf: true})
		}
		nodes = append(nodes, Node{Leaf: true})
		return nodes
	}
	for _, c := range []struct {
		what   string
		length int
		trees  int
		node   func(tree, i int) Node
		fits   bool
	}{
		{"64 leaves", 63, 1, func(_, i int) Node { return Node{Threshold: float64(i)} }, true},
		{"65 leaves", 64, 1, func(_, i int) Node { return Node{Threshold: float64(i)} }, false},
		{"255 thresholds", 51, 5, func(tree, i int) Node { return Node{Threshold: float64(tree*51 + i)} }, true},
		{"256 thresholds", 32, 8, func(tree, i int) Node { return Node{Threshold: float64(tree*32 + i)} }, false},
		{"256 features", 32, 8, func(tree, i int) Node { return Node{Feature: tree*32 + i} }, true},
		{"288 features", 32, 9, func(tree, i int) Node { return Node{Feature: tree*32 + i} }, false},
		{"256 categories of 7 levels", 32, 8, func(tree, i int) Node { return Node{Feature: tree*32 + i, Set: []uint64{127}} }, true},
		{"288 categories of 7 levels", 32, 9, func(tree, i int) Node { return Node{Feature: tree*32 + i, Set: []uint64{127}} }, false},
		{"128 categories of 8 levels", 32, 4, func(tree, i int) Node { return Node{Feature: tree*32 + i, Set: []uint64{255}} }, true},
		{"160 categories of 8 levels", 32, 5, func(tree, i int) Node { return Node{Feature: tree*32 + i, Set: []uint64{255}} }, false},
		{"too many levels", 32, 640, func(tree, i int) Node { return Node{Feature: i, Set: []uint64{0, 0, math.MaxUint64}} }, false},
	} {
		tree := func(k int) []Node { return chain(c.length, func(i int) Node { return c.node(k, i) }) }
		if fits := newBits(c.trees, tree, false) != nil; fits != c.fits {
			t.Errorf("%s: fits is %v, want %v", c.what, fits, c.fits)
		}
	}
}

func TestAddToDoesNotAllocate(t *testing.T) {
	for _, w := range []wood{{5, 0, 1, 9}, {40, 5, 10, 9}, {2000, 900, 100, 9}} {
		r := rand.New(rand.NewPCG(1, 2))
		trees := make([][]Node, 100)
		for i := range trees {
			trees[i] = w.grow(r, 60)
		}
		row, out := w.row(r), make([]float64, 1)
		for name, all := range layouts(trees) {
			if n := testing.AllocsPerRun(100, func() { all.AddTo(out, row) }); n != 0 {
				t.Errorf("%v, %s: %v allocations, want none", w, name, n)
			}
		}
	}
}

func BenchmarkAddTo(b *testing.B) {
	for _, c := range []struct {
		wood
		leaves int
	}{{wood{57, 0, 1, 200}, 31}, {wood{57, 0, 1, 200}, 63}, {wood{60, 60, 5, 1}, 31}} {
		r := rand.New(rand.NewPCG(1, 2))
		trees, rows := make([][]Node, 500), make([][]float64, 64)
		for i := range trees {
			trees[i] = c.grow(r, c.leaves)
		}
		for i := range rows {
			rows[i] = c.row(r)
		}
		for name, all := range layouts(trees) {
			if name == "chosen" {
				continue
			}
			b.Run(fmt.Sprintf("%d categories, %d leaves, %s", c.categories, c.leaves, name), func(b *testing.B) {
				out := make([]float64, 1)
				for i := 0; b.Loop(); i++ {
					all.AddTo(out, rows[i%len(rows)])
				}
			})
		}
	}
}
