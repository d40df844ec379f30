package explain_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"bespoke/explain"
	"bespoke/model"
	"bespoke/trees"

	"pgregory.net/rapid"
)

// peers is testdata/trees.json; the script beside it says how it was made.
type peers struct {
	Cases []struct {
		Name              string
		Outputs, Features int
		Tolerance         float64
		Reason            string
		Trees             [][]peerNode
		Rows              [][]*float64
		Phi               [][][]float64
		Base              []float64
		Raw               [][]float64
		Pairs             [][]float64
	}
}

type peerNode struct {
	Value, Cover, Threshold float64
	Feature, Left           *int32
	MissingLeft             bool `json:"missing_left"`
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// modelOf builds a model of trees as if it had been trained here.
func modelOf(t testing.TB, outputs, features int, all []trees.Tree) *trees.Model {
	t.Helper()
	m := &trees.Model{Task: model.Regression, Objective: "squared", Base: make([]float64, outputs), Trees: all}
	switch {
	case outputs > 1:
		m.Task, m.Objective, m.Classes = model.Multiclass, "log-loss", outputs
	}
	for j := range features {
		m.Features = append(m.Features, trees.Feature{Name: "f" + strconv.Itoa(j)})
	}
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := trees.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func treeOf(nodes []peerNode) trees.Tree {
	var out trees.Tree
	for _, n := range nodes {
		node := trees.Node{Feature: -1, Value: n.Value, Cover: n.Cover, Threshold: n.Threshold, MissingLeft: n.MissingLeft}
		if n.Feature != nil {
			node.Feature, node.Left, node.Right = *n.Feature, *n.Left, *n.Left+1
		}
		out.Nodes = append(out.Nodes, node)
	}
	return out
}

func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.15g, want %.15g (off by %.2g)", what, got, want, got-want)
	}
}

func TestTreesAgreeWithPeers(t *testing.T) {
	var p peers
	readJSON(t, "testdata/trees.json", &p)
	if len(p.Cases) != 3 {
		t.Fatalf("%d cases", len(p.Cases))
	}
	for _, c := range p.Cases {
		t.Run(c.Name, func(t *testing.T) {
			var all []trees.Tree
			for _, nodes := range c.Trees {
				all = append(all, treeOf(nodes))
			}
			e, err := explain.Trees(modelOf(t, c.Outputs, c.Features, all))
			if err != nil {
				t.Fatal(err)
			}
			a := e.New()
			for k, want := range c.Base {
				near(t, "base", a.Base[k], want, c.Tolerance)
			}
			for i, r := range c.Rows {
				row := rowOf(r)
				e.Attribute(row, a)
				if a.Gap > 1e-12 {
					t.Errorf("row %d: gap %v", i, a.Gap)
				}
				for k := range c.Outputs {
					near(t, "raw output", a.Raw[k], c.Raw[i][k], c.Tolerance)
					for j, want := range c.Phi[i][k] {
						near(t, "phi of feature "+strconv.Itoa(j), a.Phi[k*c.Features+j], want, c.Tolerance)
					}
				}
			}
			if c.Pairs != nil {
				got := e.Pairs(rowOf(c.Rows[0]), 0)
				for i := range c.Pairs {
					for j, want := range c.Pairs[i] {
						near(t, "pair", got[i*c.Features+j], want, c.Tolerance)
					}
				}
			}
		})
	}
}

// rowOf reads null as missing.
func rowOf(r []*float64) []float64 {
	out := make([]float64, len(r))
	for j, v := range r {
		if out[j] = math.NaN(); v != nil {
			out[j] = *v
		}
	}
	return out
}

// The numbers of the reference for row 0 of the diabetes tree.
func TestDiabetesNumbers(t *testing.T) {
	var p peers
	readJSON(t, "testdata/trees.json", &p)
	c := p.Cases[0]
	e, err := explain.Trees(modelOf(t, 1, 10, []trees.Tree{treeOf(c.Trees[0])}))
	if err != nil {
		t.Fatal(err)
	}
	row, a := rowOf(c.Rows[0]), e.New()
	e.Attribute(row, a)
	near(t, "base", a.Base[0], 152.133484162896, 1e-9)
	near(t, "prediction", a.Raw[0], 208.571428571429, 1e-9)
	want := map[int]float64{0: -.597413433458, 2: 22.754728911289, 6: 1.611301815156, 8: 32.669327115546}
	diagonal := map[int]float64{0: -.867398350502, 2: 31.222894389428, 6: 4.028254537889, 8: 39.885222127397}
	pairs, total := e.Pairs(row, 0), 0.0
	for j := range 10 {
		near(t, "phi", a.Phi[j], want[j], 1e-9)
		near(t, "main effect", pairs[j*10+j], diagonal[j], 1e-9)
		for i := range 10 {
			total += pairs[i*10+j]
		}
	}
	near(t, "sum of the pairs", total, 56.43794440853264, 1e-9)
}

// drawTree makes a tree of random splits, with repeated features on a path,
// category splits and nodes that no training row reached.
func drawTree(r *rand.Rand, features, splits int, deep bool) trees.Tree {
	tree := trees.Tree{Nodes: []trees.Node{{Feature: -1, Cover: float64(1 + r.IntN(1000))}}}
	leaves := []int{0}
	for range splits {
		at := r.IntN(len(leaves))
		if deep {
			at = len(leaves) - 1
		}
		i := leaves[at]
		leaves = append(leaves[:at], leaves[at+1:]...)
		n := &tree.Nodes[i]
		n.Feature, n.Left, n.Right = int32(r.IntN(features)), int32(len(tree.Nodes)), int32(len(tree.Nodes)+1)
		if n.Feature == 0 { // feature 0 is a category
			n.Set, n.SetLen = int32(len(tree.Sets)), 1
			tree.Sets = append(tree.Sets, r.Uint64()&15)
		} else {
			n.Threshold, n.MissingLeft = r.NormFloat64(), r.IntN(2) == 0
		}
		left := math.Round(n.Cover * r.Float64())
		leaves = append(leaves, len(tree.Nodes), len(tree.Nodes)+1)
		tree.Nodes = append(tree.Nodes, trees.Node{Feature: -1, Cover: left}, trees.Node{Feature: -1, Cover: n.Cover - left})
	}
	for _, l := range leaves {
		tree.Nodes[l].Value = 10 * r.NormFloat64()
	}
	return tree
}

func drawRow(r *rand.Rand, features int) []float64 {
	row := make([]float64, features)
	for j := range row {
		row[j] = r.NormFloat64()
		if r.IntN(6) == 0 {
			row[j] = math.NaN()
		}
	}
	row[0] = float64(r.IntN(5))
	return row
}

func randomModel(r *rand.Rand, outputs, features, count, splits int, deep bool) *trees.Model {
	m := &trees.Model{Task: model.Regression, Base: make([]float64, outputs), Features: make([]trees.Feature, features)}
	for range count * outputs {
		m.Trees = append(m.Trees, drawTree(r, features, splits, deep))
	}
	return m
}

// loadedModel makes a model that can predict of one built by hand.
func loadedModel(t testing.TB, m *trees.Model) *trees.Model {
	t.Helper()
	m.Objective = "squared"
	if len(m.Base) > 1 {
		m.Task, m.Classes, m.Objective = model.Multiclass, len(m.Base), "log-loss"
	}
	if len(m.Features) > 0 {
		m.Features[0].Levels = 4
	}
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	out, err := trees.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// expected is the definition: the mean prediction of a tree when only the
// features in the set are known and all others go both ways by cover.
func expected(t *trees.Tree, node int32, row []float64, set uint) float64 {
	n := &t.Nodes[node]
	switch {
	case n.Leaf():
		return n.Value
	case set>>uint(n.Feature)&1 == 1 && t.GoesLeft(n, row):
		return expected(t, n.Left, row, set)
	case set>>uint(n.Feature)&1 == 1:
		return expected(t, n.Right, row, set)
	}
	left, right := t.Nodes[n.Left].Cover, t.Nodes[n.Right].Cover
	share := 0.5
	if left+right > 0 {
		share = left / (left + right)
	}
	return share*expected(t, n.Left, row, set) + (1-share)*expected(t, n.Right, row, set)
}

// enumerate is the twin: SHAP values and interactions by all subsets.
func enumerate(m *trees.Model, row []float64, output int) (phi, pairs []float64) {
	n := len(m.Features)
	worth := make([]float64, 1<<n)
	for set := range worth {
		for i := output; i < len(m.Trees); i += len(m.Base) {
			worth[set] += expected(&m.Trees[i], 0, row, uint(set))
		}
	}
	factorial := make([]float64, n+1)
	factorial[0] = 1
	for i := 1; i <= n; i++ {
		factorial[i] = factorial[i-1] * float64(i)
	}
	phi, pairs = make([]float64, n), make([]float64, n*n)
	for set := range worth {
		s := bits.OnesCount(uint(set))
		for i := range n {
			if set>>i&1 == 1 {
				continue
			}
			phi[i] += factorial[s] * factorial[n-s-1] / factorial[n] * (worth[set|1<<i] - worth[set])
			for j := range n {
				if j == i || set>>j&1 == 1 {
					continue
				}
				d := worth[set|1<<i|1<<j] - worth[set|1<<i] - worth[set|1<<j] + worth[set]
				pairs[i*n+j] += factorial[s] * factorial[n-s-2] / factorial[n-1] * d / 2
			}
		}
	}
	for i := range n {
		own := phi[i]
		for j := range n {
			own -= pairs[i*n+j]
		}
		pairs[i*n+i] = own
	}
	return phi, pairs
}

func TestTreesAgreeWithEnumeration(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		features := rapid.IntRange(1, 8).Draw(rt, "features")
		outputs := rapid.SampledFrom([]int{1, 3}).Draw(rt, "outputs")
		m := loadedModel(t, randomModel(r, outputs, features, rapid.IntRange(0, 3).Draw(rt, "trees"), rapid.IntRange(0, 30).Draw(rt, "splits"), rapid.Bool().Draw(rt, "deep")))
		e, err := explain.Trees(m)
		if err != nil {
			rt.Fatal(err)
		}
		a, row := e.New(), drawRow(r, features)
		e.Attribute(row, a)
		if !(a.Gap < 1e-9) {
			rt.Fatalf("gap %v", a.Gap)
		}
		for k := range outputs {
			phi, pairs := enumerate(m, row, k)
			got := e.Pairs(row, k)
			for i := range features {
				if d := a.Phi[k*features+i] - phi[i]; !(math.Abs(d) < 1e-9) {
					rt.Fatalf("output %d, feature %d: phi %v, by enumeration %v", k, i, a.Phi[k*features+i], phi[i])
				}
				for j := range features {
					if d := got[i*features+j] - pairs[i*features+j]; !(math.Abs(d) < 1e-9) {
						rt.Fatalf("output %d, pair %d %d: %v, by enumeration %v", k, i, j, got[i*features+j], pairs[i*features+j])
					}
				}
			}
		}
	})
}

// More distinct features on a path than the quadrature is exact for: the gap
// must stay at rounding.
func TestDeepTrees(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	m := loadedModel(t, randomModel(r, 1, 60, 5, 200, true))
	e, err := explain.Trees(m)
	if err != nil {
		t.Fatal(err)
	}
	a := e.New()
	for i := range 50 {
		if e.Attribute(drawRow(r, 60), a); !(a.Gap < 1e-9) {
			t.Errorf("row %d: gap %v", i, a.Gap)
		}
	}
}

func TestAttributeAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	e, err := explain.Trees(loadedModel(t, randomModel(r, 3, 12, 10, 30, false)))
	if err != nil {
		t.Fatal(err)
	}
	a, row := e.New(), drawRow(r, 12)
	if n := testing.AllocsPerRun(100, func() { e.Attribute(row, a) }); n != 0 {
		t.Errorf("%v allocations per row", n)
	}
}

func TestTreesRefuseOddCovers(t *testing.T) {
	for _, cover := range []float64{-1, math.Inf(1), math.NaN()} {
		m := randomModel(rand.New(rand.NewPCG(6, 6)), 1, 3, 1, 5, false)
		m.Trees[0].Nodes[1].Cover = cover
		if _, err := explain.Trees(m); err == nil {
			t.Errorf("cover %v: no error", cover)
		}
	}
}

// A tree from a file may be a chain of any length: it must not end the program.
func TestTreesRefuseEndlessPaths(t *testing.T) {
	chain := func(splits int) *trees.Model {
		m := &trees.Model{Task: model.Regression, Base: []float64{0}, Features: make([]trees.Feature, 1), Trees: make([]trees.Tree, 1)}
		nodes := []trees.Node{{Feature: -1, Cover: 1}}
		for i := range splits {
			at := &nodes[len(nodes)-1]
			at.Feature, at.Left, at.Right, at.Threshold = 0, int32(len(nodes)), int32(len(nodes)+1), float64(i)
			nodes = append(nodes, trees.Node{Feature: -1, Value: 1}, trees.Node{Feature: -1, Cover: 1})
		}
		m.Trees[0].Nodes = nodes
		return m
	}
	if _, err := explain.Trees(chain(10001)); !errors.Is(err, explain.ErrNoAttribution) {
		t.Errorf("10,001 splits on a path: %v; want ErrNoAttribution", err)
	}
	m := chain(3000)
	m.Objective = "squared"
	m.Features[0].Name = "x"
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if m, err = trees.Load(data); err != nil {
		t.Fatal(err)
	}
	e, err := explain.Trees(m)
	if err != nil {
		t.Fatal(err)
	}
	a := e.New()
	for _, x := range []float64{-1, 1500, 9999} {
		if e.Attribute([]float64{x}, a); !(a.Gap < 1e-9) {
			t.Errorf("x = %v: gap %v", x, a.Gap)
		}
	}
}

func BenchmarkAttribute(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 7))
	e, err := explain.Trees(loadedModel(b, randomModel(r, 1, 20, 100, 30, false)))
	if err != nil {
		b.Fatal(err)
	}
	a, row := e.New(), drawRow(r, 20)
	b.ReportAllocs()
	for b.Loop() {
		e.Attribute(row, a)
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x6578706c61696e)) }
