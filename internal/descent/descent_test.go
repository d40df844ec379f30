package descent

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// numbers are values and thresholds that are easy to get wrong.
var numbers = []float64{0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 2.5, -2.5}

// grow makes a tree of about the given number of leaves.
func grow(r *rand.Rand, leaves, features int) []Node {
	nodes := []Node{{Leaf: true, Value: r.NormFloat64()}}
	for range leaves - 1 {
		at := len(nodes) - 1 - r.IntN(min(len(nodes), 3))
		if !nodes[at].Leaf {
			continue
		}
		nodes[at] = Node{
			Feature: r.IntN(features), Threshold: numbers[r.IntN(len(numbers))],
			MissingRight: r.IntN(2) == 0, Left: len(nodes),
		}
		nodes = append(nodes, Node{Leaf: true, Value: r.NormFloat64()}, Node{Leaf: true, Value: r.NormFloat64()})
	}
	return nodes
}

// leaf is the value of a tree by its definition.
func leaf(nodes []Node, row []float64) float64 {
	n := &nodes[0]
	for !n.Leaf {
		x, at := row[n.Feature], n.Left
		if x > n.Threshold || x != x && n.MissingRight {
			at++
		}
		n = &nodes[at]
	}
	return n.Value
}

// TestWalkIsTheDefinition compares all ways down with the definition.
func TestWalkIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		features := rapid.IntRange(1, 300).Draw(t, "features")
		trees := make([][]Node, rapid.IntRange(1, 150).Draw(t, "trees"))
		for i := range trees {
			trees[i] = grow(r, 1+r.IntN(40), features)
		}
		all := New(trees)
		if all == nil {
			t.Skip("more features than a prepared row has")
		}
		row := make([]float64, features)
		for j := range row {
			if row[j] = numbers[r.IntN(len(numbers))]; r.IntN(4) == 0 {
				row[j] = math.NaN()
			}
		}
		outputs := rapid.IntRange(1, 3).Draw(t, "outputs")
		got, want := make([]float64, outputs), make([]float64, outputs)
		for i, nodes := range trees {
			want[i%outputs] += leaf(nodes, row)
		}
		all.AddTo(got, row)
		for k := range got {
			if got[k] != want[k] {
				t.Fatalf("output %d: %v, want %v", k, got[k], want[k])
			}
		}
		var to prepared
		var fast, plain [most]uint64
		all.prepare(&to, row)
		roots := all.roots[:min(most, len(all.roots))]
		walk(all.words, &to, roots, &fast)
		walkPlain(all.words, &to, roots, &plain)
		if fast != plain {
			t.Fatalf("assembly: %v, Go: %v", fast, plain)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	if New(nil) != nil {
		t.Error("no trees: want nil")
	}
	nodes := make([]Node, 0, 2*mostFeatures+3)
	for f := range mostFeatures + 1 {
		nodes = append(nodes, Node{Feature: f, Left: 2*f + 1}, Node{Leaf: true})
	}
	nodes = append(nodes, Node{Leaf: true})
	if New([][]Node{nodes}) != nil {
		t.Errorf("%d features: want nil", mostFeatures+1)
	}
}

func TestAddToDoesNotAllocate(t *testing.T) {
	all := New([][]Node{grow(rand.New(rand.NewPCG(1, 2)), 31, 5)})
	row, out := make([]float64, 5), make([]float64, 1)
	if n := testing.AllocsPerRun(100, func() { all.AddTo(out, row) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
