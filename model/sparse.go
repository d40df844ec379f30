package model

import (
	"fmt"
	"math"
)

// Sparse is the part of a Matrix of which nearly every value is 0: words of a
// text, ids, the levels of many categories. Only the other values are kept, row
// after row, each with its column (compressed sparse rows). A value that is not
// kept is 0; none is missing. Values are of single precision, which is more than
// counts, indicators and tf-idf weights need, so that one takes 8 bytes in all.
type Sparse struct {
	// Features describes the columns; all are numbers (Levels 0).
	Features []Feature
	// Starts has one number more than there are rows, from 0 on: the entries of
	// row i are those from Starts[i] to Starts[i+1]-1. It never falls.
	Starts []int
	// Columns are the columns of the entries, counted from 0 and rising within
	// each row, and Values their values, which are finite.
	Columns []uint32
	Values  []float32
}

// SparseRow is the sparse part of one row: rising columns and their values.
type SparseRow struct {
	Columns []uint32
	Values  []float32
}

// Below returns the entries of the columns below n.
func (r SparseRow) Below(n int) SparseRow {
	k := len(r.Columns)
	for k > 0 && int(r.Columns[k-1]) >= n {
		k--
	}
	return SparseRow{r.Columns[:k], r.Values[:k]}
}

// NewSparse makes a sparse part without rows, to be filled by Append.
func NewSparse(features []Feature) *Sparse { return &Sparse{Features: features, Starts: []int{0}} }

// Rows is the number of rows.
func (s *Sparse) Rows() int { return len(s.Starts) - 1 }

// Row returns the entries of row i as a view.
func (s *Sparse) Row(i int) SparseRow {
	lo, hi := s.Starts[i], s.Starts[i+1]
	return SparseRow{s.Columns[lo:hi:hi], s.Values[lo:hi:hi]}
}

// Append adds a row. It copies the entries, and allocates only while the part
// grows beyond what it has ever held; see Reset.
func (s *Sparse) Append(row SparseRow) {
	s.Columns = append(s.Columns, row.Columns...)
	s.Values = append(s.Values, row.Values...)
	s.End()
}

// Add adds an entry to the row that End will end. Columns must be added in
// rising order.
func (s *Sparse) Add(column uint32, value float32) {
	s.Columns, s.Values = append(s.Columns, column), append(s.Values, value)
}

// End ends a row: the entries added since the row before are its own.
func (s *Sparse) End() { s.Starts = append(s.Starts, len(s.Columns)) }

// Reset removes all rows and keeps the memory.
func (s *Sparse) Reset() {
	s.Starts, s.Columns, s.Values = append(s.Starts[:0], 0), s.Columns[:0], s.Values[:0]
}

// Take copies the given rows into a new part.
func (s *Sparse) Take(rows []int) *Sparse {
	n := 0
	for _, r := range rows {
		n += s.Starts[r+1] - s.Starts[r]
	}
	out := &Sparse{
		Features: s.Features, Starts: make([]int, 1, len(rows)+1),
		Columns: make([]uint32, 0, n), Values: make([]float32, 0, n),
	}
	for _, r := range rows {
		out.Append(s.Row(r))
	}
	return out
}

// check verifies everything but the number of rows.
func (s *Sparse) check() error {
	if len(s.Starts) == 0 || s.Starts[0] != 0 {
		return fmt.Errorf("sparse part: it has %d starts of rows; the first must be there and be 0", len(s.Starts))
	}
	n := len(s.Columns)
	if len(s.Values) != n || s.Starts[s.Rows()] != n {
		return fmt.Errorf("sparse part: %d columns and %d values of entries, and rows end at %d; they must be equal", n, len(s.Values), s.Starts[s.Rows()])
	}
	if len(s.Features) > math.MaxInt32 {
		return fmt.Errorf("sparse part: %d columns; there may be %d", len(s.Features), math.MaxInt32)
	}
	for i := range s.Rows() {
		if s.Starts[i] > s.Starts[i+1] || s.Starts[i+1] > n {
			return fmt.Errorf("sparse part: row %d begins at entry %d and ends at %d of %d; no row ends before it begins", i, s.Starts[i], s.Starts[i+1], n)
		}
		if err := s.checkRow(i); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sparse) checkRow(i int) error {
	row, next := s.Row(i), 0
	for k, c := range row.Columns {
		if int(c) >= len(s.Features) || int(c) < next {
			return fmt.Errorf("sparse part: row %d has column %d where it must be from %d to %d: columns rise within a row", i, c, next, len(s.Features)-1)
		}
		next = int(c) + 1
		if x := float64(row.Values[k]); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("feature %q of row %d is %v; a value of the sparse part must be finite", s.Features[c].Name, i, x)
		}
	}
	return nil
}

// Wide is a Fitted whose rows may have a sparse part. The methods of Raw and
// Fitted take all of its values as 0.
type Wide interface {
	Raw
	// SparseInputs is the number of sparse columns that the model reads; 0 when
	// it learnt from rows without a sparse part.
	SparseInputs() int
	// PredictWide is Predict for a row with a sparse part; columns from
	// SparseInputs on are left out. It does not allocate.
	PredictWide(row []float64, sparse SparseRow, out []float64)
	// RawWide is Raw for a row with a sparse part.
	RawWide(row []float64, sparse SparseRow, out []float64)
}

// SparseInputs is the number of sparse columns that a model reads.
func SparseInputs(m Fitted) int {
	if w, ok := m.(Wide); ok {
		return w.SparseInputs()
	}
	return 0
}

// PredictRow predicts row i of x with its sparse part, where both the matrix
// and the model have one. It does not allocate.
func PredictRow(m Fitted, x *Matrix, i int, out []float64) {
	if x.Sparse != nil {
		if w, ok := m.(Wide); ok {
			w.PredictWide(x.Row(i), x.Sparse.Row(i), out)
			return
		}
	}
	m.Predict(x.Row(i), out)
}
