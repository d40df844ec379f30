package trees

import (
	"math"
	"sync"

	"bespoke/model"
)

// fast holds all trees of a model in one run of 16-byte steps. A child pair is
// adjacent, so one position is enough and a comparison picks the child without
// a branch that the processor could mispredict.
type fast struct {
	steps []step
	// roots is where each tree begins in steps.
	roots []int32
	sets  []uint64
	link  func(raw, out []float64)
}

// step is a node for prediction. what is the feature with the flags in its
// upper bits. For a leaf, at holds the value; for a category, the position and
// length of its set as bits.
type step struct {
	at   float64
	what uint32
	left uint32
}

const (
	flagLeaf      = 1 << 31
	flagCategory  = 1 << 30
	flagMissRight = 1 << 29
	maskFeature   = flagMissRight - 1
)

// prepare lays the trees out for prediction. Fit and Load call it last.
func (m *Model) prepare(obj *objective) {
	nodes, words := 0, 0
	for i := range m.Trees {
		nodes += len(m.Trees[i].Nodes)
		words += len(m.Trees[i].Sets)
	}
	f := fast{
		steps: make([]step, 0, nodes),
		roots: make([]int32, 0, len(m.Trees)),
		sets:  make([]uint64, 0, words),
		link:  obj.link,
	}
	for i := range m.Trees {
		t := &m.Trees[i]
		root, set := uint32(len(f.steps)), int32(len(f.sets))
		f.roots = append(f.roots, int32(root))
		f.sets = append(f.sets, t.Sets...)
		for j := range t.Nodes {
			f.steps = append(f.steps, t.Nodes[j].step(root, set))
		}
	}
	m.fast = f
}

func (n *Node) step(root uint32, set int32) step {
	if n.Leaf() {
		return step{at: n.Value, what: flagLeaf}
	}
	s := step{at: n.Threshold, what: uint32(n.Feature), left: root + uint32(n.Left)}
	if n.SetLen > 0 {
		s.what |= flagCategory
		s.at = math.Float64frombits(uint64(uint32(n.Set+set))<<32 | uint64(uint32(n.SetLen)))
	} else if !n.MissingLeft {
		s.what |= flagMissRight
	}
	return s
}

// value is what the tree with the given root adds for the row.
func (f *fast) value(root int32, row []float64) float64 {
	s := f.steps[root]
	for {
		if s.what&(flagLeaf|flagCategory) != 0 {
			if s.what&flagLeaf != 0 {
				return s.at
			}
			s = f.steps[s.left+f.categoryRight(s, row)]
			continue
		}
		x := row[s.what&maskFeature]
		var above, missing uint32
		if x > s.at {
			above = 1
		}
		if x != x {
			missing = s.what / flagMissRight & 1
		}
		s = f.steps[s.left+(above|missing)]
	}
}

// categoryRight is 0 when the row's code is in the set of the split, else 1.
func (f *fast) categoryRight(s step, row []float64) uint32 {
	bits := math.Float64bits(s.at)
	set := f.sets[bits>>32:]
	if inSet(set[:uint32(bits)], row[s.what&maskFeature]) {
		return 0
	}
	return 1
}

// Margins writes the raw scores of one row into out, whose length is
// len(m.Base): the number for regression, the log-odds of class 1 for binary,
// one score per class for multiclass. It does not allocate. The row must have
// one value per feature, in the order of m.Features.
func (m *Model) Margins(row, out []float64) {
	copy(out, m.Base)
	f := &m.fast
	if len(m.Base) == 1 {
		sum := m.Base[0]
		for _, root := range f.roots {
			sum += f.value(root, row)
		}
		out[0] = sum
		return
	}
	k := 0
	for _, root := range f.roots {
		out[k] += f.value(root, row)
		if k++; k == len(m.Base) {
			k = 0
		}
	}
}

// Predict writes the prediction for one row into out, which has length
// Outputs: the number, or one probability per class. It does not allocate. The
// row must have one value per feature, in the order of m.Features.
func (m *Model) Predict(row, out []float64) {
	raw := out[:len(m.Base)]
	m.Margins(row, raw)
	m.fast.link(raw, out)
}

// batch is how many rows go through a tree before the next tree is taken, so
// that the tree stays in the nearest cache.
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
			scores := make([]float64, batch*raw)
			for b := t; b < blocks; b += threads {
				lo, hi := b*batch, min(x.Rows, (b+1)*batch)
				m.margins(x, lo, hi, scores)
				for i := lo; i < hi; i++ {
					m.fast.link(scores[(i-lo)*raw:(i-lo+1)*raw], out[i*o:(i+1)*o])
				}
			}
		})
	}
	wait.Wait()
}

// margins writes the raw scores of rows lo to hi-1 into scores, row after row.
func (m *Model) margins(x *model.Matrix, lo, hi int, scores []float64) {
	k := len(m.Base)
	for i := range hi - lo {
		copy(scores[i*k:(i+1)*k], m.Base)
	}
	for t, root := range m.fast.roots {
		for i := lo; i < hi; i++ {
			scores[(i-lo)*k+t%k] += m.fast.value(root, x.Row(i))
		}
	}
}
