package explain

import "bespoke/trees"

// Pairs splits the contributions to one raw output of a row further, into main
// effects and interactions of two features: a matrix of features x features,
// row after row, that is symmetric and whose row j sums to Phi of feature j.
// Off the diagonal stands half of the SHAP interaction value of the pair, so
// that the sum over the matrix is Raw - Base; with the notation of TreeModel
//
//	pair_ij = sum over leaves of V (o_i - z_i) (o_j - z_j) sum_q w_q prod_{l != i,j} (p_q o_l + (1 - p_q) z_l)
//
// It costs the square of the depth per leaf and allocates: it is meant for
// looking at one row, not for serving. It is nil when there is no such output.
func (t *TreeModel) Pairs(row []float64, output int) []float64 {
	if output < 0 || output >= len(t.base) {
		return nil
	}
	a := t.New()
	t.Attribute(row, a)
	n := a.Features
	p := pairWalk{row: row, n: n, out: make([]float64, n*n), at: make([]int, n)}
	for i := output; i < len(t.model.Trees); i += len(t.base) {
		p.tree, p.edges = &t.model.Trees[i], t.edges[i]
		p.down(0)
	}
	for i := range n {
		own := a.Phi[output*n+i]
		for j := range n {
			own -= p.out[i*n+j] // 0 on the diagonal so far
		}
		p.out[i*n+i] = own
	}
	return p.out
}

// pairWalk visits every leaf with the list of distinct features on its path.
type pairWalk struct {
	tree  *trees.Tree
	edges []edge
	row   []float64
	n     int
	out   []float64
	path  []known
	at    []int // 1 + the place of each feature in path, 0 when it is not there
}

// known is what a path says about one feature: o and z.
type known struct {
	feature int
	met     bool
	z       float64
}

// less is o - z.
func (k known) less() float64 {
	if k.met {
		return 1 - k.z
	}
	return -k.z
}

func (p *pairWalk) down(node int32) {
	n := &p.tree.Nodes[node]
	if n.Leaf() {
		p.leaf(n.Value)
		return
	}
	left := p.tree.GoesLeft(n, p.row)
	p.edge(n.Left, int(n.Feature), left)
	p.edge(n.Right, int(n.Feature), !left)
}

func (p *pairWalk) edge(child int32, feature int, taken bool) {
	z := p.edges[child].z
	if seen := p.at[feature]; seen > 0 {
		kept := p.path[seen-1]
		p.path[seen-1] = known{feature, kept.met && taken, z}
		p.down(child)
		p.path[seen-1] = kept
		return
	}
	p.path = append(p.path, known{feature, taken, z})
	p.at[feature] = len(p.path)
	p.down(child)
	p.path = p.path[:len(p.path)-1]
	p.at[feature] = 0
}

// leaf adds half of every pair on both sides of the diagonal.
func (p *pairWalk) leaf(value float64) {
	for _, k := range p.path {
		if !k.met && k.z == 0 {
			return // no coalition ever comes here
		}
	}
	var all product
	for q := range all {
		all[q] = weights[q]
		for _, k := range p.path {
			all[q] *= factor(k.met, k.z, q)
		}
	}
	for i, a := range p.path {
		for _, b := range p.path[:i] {
			sum := 0.0
			for q, h := range all {
				sum += h / (factor(a.met, a.z, q) * factor(b.met, b.z, q))
			}
			half := value * a.less() * b.less() * sum / 2
			p.out[a.feature*p.n+b.feature] += half
			p.out[b.feature*p.n+a.feature] += half
		}
	}
}
