package trees

import (
	"math"
	"sync"

	"bespoke/internal/descent"
	"bespoke/model"
	"bespoke/objective"
)

// mostFeatures is how many features there can be, so that slots of rows have room
// in 32 bits.
const mostFeatures = 1<<29 - 1

// fast has the trees of a model laid out for prediction.
type fast struct {
	// trees is nil when there are none, or more nodes than it can count.
	trees *descent.Trees
	// values are what a forest's leaves add, by tree and node, where trees is nil.
	values [][]float64
	link   func(raw, out []float64)
}

// prepare lays the trees out for prediction. Fit and Load call it last.
func (m *Model) prepare(obj *objective.Objective) {
	m.fast = fast{trees: layOut(m.Trees, func(i, j int) float64 { return m.Trees[i].Nodes[j].Value }), link: obj.Link}
}

// layOut lays out trees with the value of each leaf, given by tree and node.
func layOut(trees []Tree, value func(i, j int) float64) *descent.Trees {
	var nodes []descent.Node
	return descent.New(len(trees), func(i int) []descent.Node {
		t := &trees[i]
		nodes = nodes[:0]
		for j := range t.Nodes {
			n := &t.Nodes[j]
			if n.Leaf() {
				nodes = append(nodes, descent.Node{Leaf: true, Value: value(i, j)})
				continue
			}
			nodes = append(nodes, descent.Node{
				Feature: int(n.Feature), Threshold: n.Threshold, MissingRight: !n.MissingLeft,
				Set: t.Sets[n.Set : n.Set+n.SetLen], Left: int(n.Left), Right: int(n.Right),
			})
		}
		return nodes
	})
}

// Inputs is the number of features that a row must have.
func (m *Model) Inputs() int { return len(m.Features) }

// Raw writes the raw scores of one row into out, whose length is len(m.Base):
// the number for regression, the log-odds of class 1 for binary, one score per
// class for multiclass. It does not allocate. The row must have one value per
// feature, in the order of m.Features.
func (m *Model) Raw(row, out []float64) {
	copy(out, m.Base)
	k := len(m.Base)
	if m.fast.trees != nil {
		m.fast.trees.AddTo(out[:k], row)
		return
	}
	for i := range m.Trees {
		out[i%k] += m.Trees[i].value(row)
	}
}

// Predict writes the prediction for one row into out, which has length
// Outputs: the number, or one probability per class. It does not allocate. The
// row must have one value per feature, in the order of m.Features.
func (m *Model) Predict(row, out []float64) {
	raw := out[:len(m.Base)]
	m.Raw(row, raw)
	m.fast.link(raw, out)
}

// batch is how many rows a goroutine takes at a time.
const batch = 128

// PredictAll writes the predictions for all rows of x into out, row after row,
// with the given number of goroutines. out has length x.Rows*Outputs. Each
// prediction has the same bits as Predict gives.
func (m *Model) PredictAll(x *model.Matrix, out []float64, threads int) {
	o, raw := m.Outputs(), len(m.Base)
	blocks := (x.Rows + batch - 1) / batch
	threads = max(1, min(threads, blocks))
	var wait sync.WaitGroup
	for t := range threads {
		wait.Go(func() {
			scores := make([]float64, raw)
			for b := t; b < blocks; b += threads {
				for i := b * batch; i < min(x.Rows, (b+1)*batch); i++ {
					m.Raw(x.Row(i), scores)
					m.fast.link(scores, out[i*o:(i+1)*o])
				}
			}
		})
	}
	wait.Wait()
}

// prepare lays the trees out for prediction. Fit and LoadForest call it last.
func (f *Forest) prepare() {
	values := f.values()
	f.fast = fast{trees: layOut(f.trees, func(i, j int) float64 { return values[i][j] })}
	if f.fast.trees == nil {
		f.fast.values = values
	}
}

// values are what the leaves add, by tree and node; for three classes and more,
// where their shares begin.
func (f *Forest) values() [][]float64 {
	values := make([][]float64, len(f.trees))
	leaf := 0
	for i := range f.trees {
		nodes := f.trees[i].Nodes
		values[i] = make([]float64, len(nodes))
		for j := range nodes {
			values[i][j] = nodes[j].Value
			if f.multi() && nodes[j].Leaf() {
				values[i][j] = float64(leaf * f.classes)
				leaf++
			}
		}
	}
	return values
}

// Predict writes the prediction for one row into out, which has length Outputs:
// the number, or one probability per class. It does not allocate.
func (f *Forest) Predict(row, out []float64) {
	clear(out)
	switch {
	case f.fast.trees == nil:
		for i := range f.trees {
			f.add(f.fast.values[i][f.trees[i].leaf(row)], out)
		}
	case f.multi():
		f.fast.trees.AddVectors(out, row, f.shares)
	default:
		f.fast.trees.AddTo(out[len(out)-1:], row)
	}
	count := float64(len(f.trees))
	for k := range out {
		out[k] /= count
	}
	if f.classes == 2 {
		out[0] = 1 - out[1]
	}
}

// add adds what a leaf says to the sums.
func (f *Forest) add(value float64, out []float64) {
	if !f.multi() {
		out[len(out)-1] += value
		return
	}
	at := int(value)
	for k, s := range f.shares[at : at+f.classes] {
		out[k] += s
	}
}

// Raw writes the number, the log-odds of class 1, or the logarithm of the
// probability of each class; a probability of 0 counts as 1e-16. It does not
// allocate.
func (f *Forest) Raw(row, out []float64) {
	if f.classes == 2 {
		var p [2]float64
		f.Predict(row, p[:])
		out[0] = math.Log(max(p[1], leastShare)) - math.Log(max(p[0], leastShare))
		return
	}
	f.Predict(row, out)
	if f.multi() {
		for k, p := range out {
			out[k] = math.Log(max(p, leastShare))
		}
	}
}

const leastShare = 1e-16

// outOfBag measures the error on rows that trees have not learnt from, in fixed
// blocks of rows.
func (g *planter) outOfBag(f *Forest, t *team) {
	n, values := len(g.order), f.values()
	sums, counts := make([][2]float64, blocks(n)), make([]int, blocks(n))
	t.run(blocks(n), func(_, task int) {
		out := make([]float64, f.Outputs())
		for i := task * block; i < min(n, (task+1)*block); i++ {
			clear(out)
			row, trees := g.in.X.Row(int(g.order[i])), 0.0
			for k := range g.grown {
				if g.grown[k].bag[i/64]>>(i%64)&1 == 0 {
					f.add(values[k][f.trees[k].leaf(row)], out)
					trees++
				}
			}
			if trees == 0 {
				continue
			}
			counts[task]++
			w := 1.0
			if g.weight != nil {
				w = g.weight[i]
			}
			sums[task][0] += w * squared(out, trees, g.in.Y[g.order[i]], f.classes)
			sums[task][1] += w
		}
	})
	total, weight := 0.0, 0.0
	for b := range sums {
		total += sums[b][0]
		weight += sums[b][1]
		f.bagRows += counts[b]
	}
	if f.bagRows > 0 {
		f.bagError = total / weight
	}
}

// squared is the squared error of a prediction that is a sum over trees.
func squared(out []float64, trees, y float64, classes int) float64 {
	if classes == 0 {
		d := out[0]/trees - y
		return d * d
	}
	sum := 0.0
	if classes == 2 {
		out[0] = trees - out[1]
	}
	for k, p := range out {
		d := p / trees
		if k == int(y) {
			d--
		}
		sum += d * d
	}
	return sum
}
