package trees

import (
	"math"
	"sync"

	"bespoke/model"
)

// fast holds all trees of a model in one run of 16-byte steps. A child pair is
// adjacent, so one position is enough and a comparison picks the child without
// a branch that the processor could mispredict. A leaf leads to itself, so
// several trees can be walked in step until all of them have arrived; what one
// tree waits for from memory then overlaps with the others.
type fast struct {
	steps []step
	// values are the leaves' values, by position in steps.
	values []float64
	// roots is where each tree begins in steps.
	roots []uint32
	sets  []uint64
	link  func(raw, out []float64)
}

// step is a node for prediction. what is the feature with the flags in its
// upper bits; for a leaf it is some feature. For a category, at holds the
// position and length of its set as bits.
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
		steps:  make([]step, 0, nodes),
		values: make([]float64, 0, nodes),
		roots:  make([]uint32, 0, len(m.Trees)),
		sets:   make([]uint64, 0, words),
		link:   obj.link,
	}
	for i := range m.Trees {
		t := &m.Trees[i]
		root, set := uint32(len(f.steps)), int32(len(f.sets))
		f.roots = append(f.roots, root)
		f.sets = append(f.sets, t.Sets...)
		for j := range t.Nodes {
			f.steps = append(f.steps, t.Nodes[j].step(root, set, uint32(len(f.steps))))
			f.values = append(f.values, t.Nodes[j].Value)
		}
	}
	m.fast = f
}

// step is the node for prediction; self is its own position.
func (n *Node) step(root uint32, set int32, self uint32) step {
	if n.Leaf() {
		// No number is larger and missing does not lead right: the way is self.
		return step{at: math.Inf(1), what: flagLeaf, left: self}
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

// next is the position after s for a row. A leaf is its own next.
func (f *fast) next(s step, row []float64) uint32 {
	if s.what&flagCategory != 0 {
		return s.left + f.categoryRight(s.at, row[s.what&maskFeature])
	}
	return s.number(row)
}

// number is next for a step that is not a category.
func (s step) number(row []float64) uint32 {
	x := row[s.what&maskFeature]
	var above, missing uint32
	if x > s.at {
		above = 1
	}
	if x != x {
		missing = s.what / flagMissRight & 1
	}
	return s.left + (above | missing)
}

// categoryRight is 0 when the code x is in the set, else 1.
func (f *fast) categoryRight(set float64, x float64) uint32 {
	bits := math.Float64bits(set)
	if inSet(f.sets[bits>>32:][:uint32(bits)], x) {
		return 0
	}
	return 1
}

// value is what the tree with the given root adds for the row.
func (f *fast) value(root uint32, row []float64) float64 {
	for {
		s := f.steps[root]
		if s.what&flagLeaf != 0 {
			return f.values[root]
		}
		root = f.next(s, row)
	}
}

// trees4 is value for four trees at a time.
func (f *fast) trees4(roots [4]uint32, row []float64) [4]float64 {
	a, b, c, d := roots[0], roots[1], roots[2], roots[3]
	for {
		sa, sb, sc, sd := f.steps[a], f.steps[b], f.steps[c], f.steps[d]
		if sa.what&sb.what&sc.what&sd.what&flagLeaf != 0 {
			return [4]float64{f.values[a], f.values[b], f.values[c], f.values[d]}
		}
		if (sa.what|sb.what|sc.what|sd.what)&flagCategory != 0 {
			a, b, c, d = f.next(sa, row), f.next(sb, row), f.next(sc, row), f.next(sd, row)
			continue
		}
		a, b, c, d = sa.number(row), sb.number(row), sc.number(row), sd.number(row)
	}
}

// rows4 is value for four rows at a time.
func (f *fast) rows4(root uint32, ra, rb, rc, rd []float64) [4]float64 {
	a, b, c, d := root, root, root, root
	for {
		sa, sb, sc, sd := f.steps[a], f.steps[b], f.steps[c], f.steps[d]
		if sa.what&sb.what&sc.what&sd.what&flagLeaf != 0 {
			return [4]float64{f.values[a], f.values[b], f.values[c], f.values[d]}
		}
		if (sa.what|sb.what|sc.what|sd.what)&flagCategory != 0 {
			a, b, c, d = f.next(sa, ra), f.next(sb, rb), f.next(sc, rc), f.next(sd, rd)
			continue
		}
		a, b, c, d = sa.number(ra), sb.number(rb), sc.number(rc), sd.number(rd)
	}
}

// Inputs is the number of features that a row must have.
func (m *Model) Inputs() int { return len(m.Features) }

// Raw writes the raw scores of one row into out, whose length is len(m.Base):
// the number for regression, the log-odds of class 1 for binary, one score per
// class for multiclass. It does not allocate. The row must have one value per
// feature, in the order of m.Features.
func (m *Model) Raw(row, out []float64) {
	copy(out, m.Base)
	f := &m.fast
	k, roots := 0, f.roots
	add := func(v float64) {
		out[k] += v
		if k++; k == len(m.Base) {
			k = 0
		}
	}
	for ; len(roots) >= 4; roots = roots[4:] {
		for _, v := range f.trees4([4]uint32(roots), row) {
			add(v)
		}
	}
	for _, root := range roots {
		add(f.value(root, row))
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
		out := scores[t%k:]
		i := lo
		for ; i+4 <= hi; i += 4 {
			for j, v := range m.fast.rows4(root, x.Row(i), x.Row(i+1), x.Row(i+2), x.Row(i+3)) {
				out[(i-lo+j)*k] += v
			}
		}
		for ; i < hi; i++ {
			out[(i-lo)*k] += m.fast.value(root, x.Row(i))
		}
	}
}

// viewRows is how many rows of a view are read as one task.
const viewRows = 4096

// seen is what is kept of a view to find the bins by, so that it is read once
// for all features.
type seen struct {
	// missing says by feature whether any row has no value.
	missing []bool
	// counts are the weights by code of each category.
	counts [][]float64
	// sample are the values of the rows that numbers are looked at in.
	sample []float64
}

// look reads the view in the order of its rows, on which the last bits of sums
// of weights depend.
func (b *binner) look() *seen {
	f := b.x.Cols()
	rows := b.x.Rows
	if b.sample != nil {
		rows = len(b.sample)
	}
	s := &seen{missing: make([]bool, f), counts: make([][]float64, f), sample: make([]float64, 0, rows*f)}
	for j, feature := range b.x.Features {
		s.counts[j] = make([]float64, feature.Levels)
	}
	var scratch model.Matrix
	drawn := b.sample
	for lo := 0; lo < b.x.Rows; lo += viewRows {
		hi := min(b.x.Rows, lo+viewRows)
		values := b.x.Block(lo, hi, &scratch)
		for k := 0; k < len(values); k += f {
			for j, x := range values[k : k+f] {
				s.missing[j] = s.missing[j] || x != x
			}
		}
		for j, counts := range s.counts {
			if len(counts) > 0 {
				b.count(counts, lo, values[j:])
			}
		}
		if b.sample == nil {
			s.sample = append(s.sample, values...)
		}
		for ; len(drawn) > 0 && int(drawn[0]) < hi; drawn = drawn[1:] {
			k := (int(drawn[0]) - lo) * f
			s.sample = append(s.sample, values[k:k+f]...)
		}
	}
	return s
}

// addOutOfView is addOut where the features of the rows, which rise, are those
// of a view.
func (b *booster) addOutOfView(score []float64, rows []int32) {
	var scratch model.Matrix
	f := b.in.X.Cols()
	for len(rows) > 0 {
		lo := int(rows[0])
		hi := min(lo+viewRows, int(rows[len(rows)-1])+1)
		values := b.in.X.Block(lo, hi, &scratch)
		for ; len(rows) > 0 && int(rows[0]) < hi; rows = rows[1:] {
			k := (int(rows[0]) - lo) * f
			score[rows[0]] += b.applied.value(values[k : k+f])
		}
	}
}
