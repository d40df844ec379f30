package explain

import (
	"fmt"
	"math"

	"bespoke/trees"
)

// nodes is the number Q of Gauss-Legendre nodes. The integrand of a leaf is a
// polynomial of degree one less than the number of distinct features on its
// path, so Q nodes are exact for up to 2Q of them; beyond that the error stays
// far below rounding for trees of any depth that is grown.
const nodes = 8

// points and weights are the Gauss-Legendre rule on [0, 1]; points[q] and
// points[nodes-1-q] sum to 1. overRest is weights[q] / (1 - points[q]).
var (
	points = [nodes]float64{
		0.0198550717512318841582195657, 0.1016667612931866302042230318, 0.2372337950418355070911304754, 0.4082826787521750975302619288,
		0.5917173212478249024697380712, 0.7627662049581644929088695246, 0.8983332387068133697957769682, 0.9801449282487681158417804343,
	}
	weights = [nodes]float64{
		0.0506142681451881295762656771, 0.1111905172266872352721779972, 0.1568533229389436436689811010, 0.1813418916891809914825752247,
		0.1813418916891809914825752247, 0.1568533229389436436689811010, 0.1111905172266872352721779972, 0.0506142681451881295762656771,
	}
	overRest = product{
		weights[0] / points[7], weights[1] / points[6], weights[2] / points[5], weights[3] / points[4],
		weights[4] / points[3], weights[5] / points[2], weights[6] / points[1], weights[7] / points[0],
	}
)

// TreeModel attributes tree ensembles by path-dependent SHAP values: a
// coalition of features is worth the prediction in which unknown features go
// both ways in proportion to the training rows (cover) that did.
//
// For a leaf of value V, let o_j be 1 when the row meets every split on feature
// j along the path and else 0, and z_j the product of the shares of cover of
// those splits. With p, w the Gauss-Legendre nodes and weights on [0, 1]
//
//	phi_i = sum over leaves of V (o_i - z_i) sum_q w_q prod_{j != i} (p_q o_j + (1 - p_q) z_j)
//
// (arXiv 2605.04497). One walk through a tree keeps the products of the path
// on the way down and adds them up per edge on the way up, so a row costs
// nodes x Q multiplications whatever the depth. A feature that is split on
// again further down takes back, for the leaves below, what its upper edge will
// have counted for them.
type TreeModel struct {
	model *trees.Model
	base  []float64
	// edges[t][n] describes the edge into node n of tree t.
	edges [][]edge
}

// edge is the way from a split to one of its children.
type edge struct {
	z  float64 // z of the split's feature on the path down to here
	up int32   // the child end of the last edge above that splits on the same feature; -1
	// over is weight / (p + (1-p) z) per quadrature node: divisions are slow,
	// and every row needs these.
	over product
}

func newEdge(z float64, up int32) edge {
	e := edge{z: z, up: up}
	for q := range e.over {
		e.over[q] = weights[q] / factor(true, z, q)
	}
	return e
}

// maxDepth bounds the recursion, since a tree may come from a file. Trained
// trees stay far below it.
const maxDepth = 10000

// Trees returns the attributor of a tree ensemble. It fails when the covers
// cannot be shares of rows, and with ErrNoAttribution when a path has more than
// 10,000 splits.
func Trees(m *trees.Model) (*TreeModel, error) {
	t := &TreeModel{model: m, base: append([]float64(nil), m.Base...), edges: make([][]edge, len(m.Trees))}
	for i := range m.Trees {
		edges, mean, err := edgesOf(&m.Trees[i])
		if err != nil {
			return nil, fmt.Errorf("explain: tree %d: %w", i, err)
		}
		t.edges[i] = edges
		t.base[i%len(t.base)] += mean
	}
	return t, nil
}

// edgesOf describes the edges of a tree and returns its mean value over cover.
// Parents stand before their children in a tree's nodes.
func edgesOf(t *trees.Tree) (edges []edge, mean float64, err error) {
	edges = make([]edge, len(t.Nodes))
	parent := make([]int32, len(t.Nodes))
	share := make([]float64, len(t.Nodes)) // of all rows
	depth := make([]int, len(t.Nodes))
	parent[0], share[0] = -1, 1
	edges[0].up = -1
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.Leaf() {
			mean += n.Value * share[i]
			continue
		}
		if depth[i] == maxDepth {
			return nil, 0, fmt.Errorf("node %d: lies %d splits deep: %w", i, maxDepth, ErrNoAttribution)
		}
		left, right := t.Nodes[n.Left].Cover, t.Nodes[n.Right].Cover
		if !(left >= 0 && right >= 0) || math.IsInf(left+right, 0) {
			return nil, 0, fmt.Errorf("node %d: covers %v and %v of its children must not be negative", i, left, right)
		}
		ratio := 0.5 // no row came here: neither side is likelier
		if left+right > 0 {
			ratio = left / (left + right)
		}
		up := lastOn(t, parent, int32(i), n.Feature)
		z := 1.0
		if up >= 0 {
			z = edges[up].z
		}
		edges[n.Left], edges[n.Right] = newEdge(z*ratio, up), newEdge(z*(1-ratio), up)
		share[n.Left], share[n.Right] = share[i]*ratio, share[i]*(1-ratio)
		parent[n.Left], parent[n.Right] = int32(i), int32(i)
		depth[n.Left], depth[n.Right] = depth[i]+1, depth[i]+1
	}
	return edges, mean, nil
}

// lastOn finds the lowest node on the path from the root to node whose parent
// splits on the feature, or -1.
func lastOn(t *trees.Tree, parent []int32, node, feature int32) int32 {
	for ; parent[node] >= 0; node = parent[node] {
		if t.Nodes[parent[node]].Feature == feature {
			return node
		}
	}
	return -1
}

// New makes memory for the attribution of one row after another.
func (t *TreeModel) New() *Attribution {
	a := newAttribution(t.base, len(t.model.Features))
	most := 0
	for _, e := range t.edges {
		most = max(most, len(e))
	}
	a.walk.met = make([]bool, most)
	return a
}

// Attribute fills a for a row of features. It does not allocate.
func (t *TreeModel) Attribute(row []float64, a *Attribution) {
	clear(a.Phi)
	w := &a.walk
	w.row = row
	for i := range t.model.Trees {
		k := i % len(t.base)
		w.tree, w.edges, w.phi = &t.model.Trees[i], t.edges[i], a.Phi[k*a.Features:(k+1)*a.Features]
		path := product{1, 1, 1, 1, 1, 1, 1, 1}
		w.down(0, &path)
	}
	t.model.Raw(row, a.Raw)
	a.certify()
}

// product holds, per quadrature node, a product of the factors
// p o_j + (1-p) z_j of the distinct features on a path.
type product [nodes]float64

// walk is one pass of a row through a tree.
type walk struct {
	tree  *trees.Tree
	edges []edge
	row   []float64
	phi   []float64
	met   []bool // o of the edge into each node
}

// down visits a node to which path leads, replaces path by the sum over the
// leaves below of value times product, and adds what the edges below
// contribute.
func (w *walk) down(node int32, path *product) {
	n := &w.tree.Nodes[node]
	if n.Leaf() {
		for q := range path {
			path[q] *= n.Value
		}
		return
	}
	left, right := *path, *path
	goesLeft := w.tree.GoesLeft(n, w.row)
	w.edge(n.Left, n.Feature, goesLeft, &left)
	w.edge(n.Right, n.Feature, !goesLeft, &right)
	for q := range path {
		path[q] = left[q] + right[q]
	}
}

// edge follows one edge: path is the product above it and becomes the sum over
// the leaves below. taken says whether the row goes this way.
func (w *walk) edge(child, feature int32, taken bool, path *product) {
	e := &w.edges[child]
	met := taken && (e.up < 0 || w.met[e.up])
	w.met[child] = met
	if !met && e.z == 0 { // no coalition ever comes here
		*path = product{}
		return
	}
	for q := range path {
		path[q] *= factor(met, e.z, q)
	}
	if e.up < 0 {
		w.down(child, path)
		w.phi[feature] += e.part(met, path)
		return
	}
	up, metUp := &w.edges[e.up], w.met[e.up]
	for q := range path {
		path[q] /= factor(metUp, up.z, q)
	}
	w.down(child, path)
	w.phi[feature] += e.part(met, path) - up.part(metUp, path)
}

// factor is p o + (1-p) z at a quadrature node.
func factor(met bool, z float64, q int) float64 {
	f := points[nodes-1-q] * z
	if met {
		f += points[q]
	}
	return f
}

// part is (o - z) times the integral of sum over the edge's factor.
func (e *edge) part(met bool, sum *product) float64 {
	if !met { // (0 - z) / ((1 - p) z) is -1 / (1 - p)
		return -inner(&overRest, sum)
	}
	return (1 - e.z) * inner(&e.over, sum)
}

// inner is the inner product, added up as a tree: a chain of additions would
// wait for itself.
func inner(a, b *product) float64 {
	return ((a[0]*b[0] + a[1]*b[1]) + (a[2]*b[2] + a[3]*b[3])) + ((a[4]*b[4] + a[5]*b[5]) + (a[6]*b[6] + a[7]*b[7]))
}
