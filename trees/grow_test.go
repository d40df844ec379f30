package trees

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestLostHistogramsAreBuiltAgain: a tree grown with room for two histograms,
// where most are built from the rows again, is the tree grown with all. This
// is also the test that subtracting gives what direct summing gives.
func TestLostHistogramsAreBuiltAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v, s := drawTwin(rt, 6)
		s.leaves, s.minChild, s.minHessian = rapid.IntRange(3, 20).Draw(rt, "leaves"), 1, 0
		g, want := growTwin(t, v, s, 1)
		g.pool.hists, g.pool.owner, g.pool.use = g.pool.hists[:2], g.pool.owner[:2], g.pool.use[:2]
		for i := range g.rows {
			g.rows[i] = int32(i)
		}
		got, err := g.grow(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatalf("tree with two histograms (-want +got):\n%s", d)
		}
	})
}

// TestTreeIsConsistent checks what a tree says of itself against the rows.
func TestTreeIsConsistent(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v, s := drawTwin(rt, 6)
		s.leaves, s.depth = rapid.IntRange(2, 20).Draw(rt, "leaves"), rapid.IntRange(0, 4).Draw(rt, "depth")
		_, tree := growTwin(t, v, s, 1)
		if leaves := (len(tree.Nodes) + 1) / 2; leaves > s.leaves {
			rt.Fatalf("%d leaves, at most %d are allowed", leaves, s.leaves)
		}
		rows := make([]int, v.x.Rows)
		for i := range rows {
			rows[i] = i
		}
		checkNode(rt, v, s, &tree, 0, rows, 0)
	})
}

func checkNode(t *rapid.T, v *twin, s *settings, tree *Tree, at int32, rows []int, depth int) {
	n := &tree.Nodes[at]
	g, h, w := 0.0, 0.0, 0.0
	for _, r := range rows {
		g += v.g[r]
		h += v.h[r]
		w += v.w[r]
	}
	if n.Cover != w {
		t.Fatalf("node %d: cover %v, want %v", at, n.Cover, w)
	}
	if at > 0 && (w < s.minChild || h < s.minHessian*(1-1e-9)) {
		t.Fatalf("node %d: weight %v hessian %v, at least %v and %v are asked for", at, w, h, s.minChild, s.minHessian)
	}
	if s.depth > 0 && depth > s.depth {
		t.Fatalf("node %d: depth %d, at most %d is allowed", at, depth, s.depth)
	}
	if n.Leaf() {
		want := -math.Copysign(math.Max(0, math.Abs(g)-s.l1), g) / (h + s.l2)
		if math.Abs(n.Value-want) > 1e-7*(1+math.Abs(want)) {
			t.Fatalf("node %d: value %v, want %v", at, n.Value, want)
		}
		return
	}
	if n.Left <= at || n.Right != n.Left+1 || n.Gain <= 0 {
		t.Fatalf("node %d: children %d %d, gain %v", at, n.Left, n.Right, n.Gain)
	}
	var left, right []int
	for _, r := range rows {
		if tree.GoesLeft(n, v.x.Row(r)) {
			left = append(left, r)
		} else {
			right = append(right, r)
		}
	}
	checkNode(t, v, s, tree, n.Left, left, depth+1)
	checkNode(t, v, s, tree, n.Right, right, depth+1)
}

// TestDivisionKeepsOrder: rows go where the split says and stay in order, with
// more rows than a block and several threads.
func TestDivisionKeepsOrder(t *testing.T) {
	x := noise(3*block+17, 2)
	x.Features[1].Levels = 40
	r := rand.New(rand.NewPCG(8, 8))
	for i := range x.Rows {
		x.Row(i)[1] = float64(r.IntN(40))
	}
	s := &settings{leaves: 2, maxBins: 255, minInBin: 3}
	team := newTeam(3)
	defer team.close()
	d := newBinned(x, newBinner(x, nil, s, 1).columns(team), team)
	g := newGrower(s, d, team)
	for i := range x.Rows {
		g.rows = append(g.rows, int32(i))
	}
	by := split{col: 1, set: [4]uint64{0b1011}}
	lo, hi := 5, x.Rows-3
	lefts := g.divide.run(lo, hi, &d.cols[1], &by)
	var want, right []int32
	for i := lo; i < hi; i++ {
		if b := d.stores[1].bins[i]; b == 0 || b == 1 || b == 3 {
			want = append(want, int32(i))
		} else {
			right = append(right, int32(i))
		}
	}
	if lefts != len(want) {
		t.Fatalf("%d left, want %d", lefts, len(want))
	}
	want = append(append([]int32{0, 1, 2, 3, 4}, want...), right...)
	want = append(want, int32(hi), int32(hi+1), int32(hi+2))
	if d := cmp.Diff(want, g.rows); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
}
