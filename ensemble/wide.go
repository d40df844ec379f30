package ensemble

import "bespoke/model"

var _ model.Wide = (*Model)(nil)

// SparseInputs is the number of columns of the sparse part that members read:
// the most of any of them, since all read the same part.
func (m *Model) SparseInputs() int {
	n := 0
	for i := range m.members {
		n = max(n, model.SparseInputs(m.members[i].Model))
	}
	return n
}

// RawWide is Raw for a row with a sparse part.
func (m *Model) RawWide(row []float64, sparse model.SparseRow, out []float64) {
	s := m.scratch.Get().(*[]float64)
	m.addWide(row, sparse, *s)
	copy(out, *s)
	m.scratch.Put(s)
}

// PredictWide is Predict for a row with a sparse part. It does not allocate.
func (m *Model) PredictWide(row []float64, sparse model.SparseRow, out []float64) {
	s := m.scratch.Get().(*[]float64)
	m.addWide(row, sparse, *s)
	link((*s)[:len(*s)/2], out)
	m.scratch.Put(s)
}

// addWide is add for a row with a sparse part: the raw outputs move by as much
// as those of the members that read it, times their weights.
func (m *Model) addWide(row []float64, sparse model.SparseRow, s []float64) {
	m.add(row, s)
	sum, one := s[:len(s)/2], s[len(s)/2:]
	for i := range m.members {
		p := &m.members[i]
		w, ok := p.Model.(model.Wide)
		if !ok || w.SparseInputs() == 0 {
			continue
		}
		w.RawWide(row[p.Start:p.end], sparse, one)
		for k, v := range one {
			sum[k] += p.Weight * v
		}
		w.Raw(row[p.Start:p.end], one)
		for k, v := range one {
			sum[k] -= p.Weight * v
		}
	}
}
