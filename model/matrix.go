package model

import (
	"errors"
	"fmt"
	"slices"
)

// Feature describes one column of a Matrix.
type Feature struct {
	// Name is unique in the matrix, such as "purpose=car" or "age".
	Name string `json:"name"`
	// Source is the table column it was made from, such as "purpose".
	Source string `json:"source"`
	// With is the second table column it was made from; empty for one.
	With string `json:"with,omitempty"`
	// Levels is the number of categories when values are codes 0..Levels-1
	// (NaN is missing or unseen); 0 for a number.
	Levels int `json:"levels,omitempty"`
	// Monotone is +1 or -1 when predictions must not fall or not rise in this
	// feature; 0 otherwise.
	Monotone int8 `json:"monotone,omitempty"`
}

// Matrix is the numeric view of rows that models read, stored row after row.
type Matrix struct {
	Features []Feature
	Rows     int
	// Values has Rows*len(Features) numbers; row i starts at i*len(Features).
	// It is nil in a matrix that NewView made, which is read with Block alone.
	Values []float64
	// Sparse holds further features, of which nearly all values are 0; nil where
	// there are none. It has as many rows. Only a model whose Entry has Sparse is
	// given one, and a view has none.
	Sparse *Sparse

	fill func(lo int, out *Matrix)
}

// NewView makes a matrix that holds no values: those of the rows from lo on are
// made by fill, which writes into out.Values, as often as they are read. It is
// called from several goroutines and must always give the same. Only a model
// whose Entry has Views is given one.
func NewView(features []Feature, rows int, fill func(lo int, out *Matrix)) *Matrix {
	return &Matrix{Features: features, Rows: rows, fill: fill}
}

// View says whether NewView made the matrix.
func (m *Matrix) View() bool { return m.fill != nil }

// Block returns the values of the rows lo to hi-1, row after row. They are those
// of Values or, in a view, are written into scratch, which grows as needed and
// belongs to one goroutine; they are valid until it is used again.
func (m *Matrix) Block(lo, hi int, scratch *Matrix) []float64 {
	c := len(m.Features)
	if m.fill == nil {
		return m.Values[lo*c : hi*c : hi*c]
	}
	scratch.Features, scratch.Rows = m.Features, hi-lo
	scratch.Values = slices.Grow(scratch.Values[:0], (hi-lo)*c)[:(hi-lo)*c]
	m.fill(lo, scratch)
	return scratch.Values
}

// NewMatrix makes a matrix of zeros.
func NewMatrix(features []Feature, rows int) *Matrix {
	return &Matrix{Features: features, Rows: rows, Values: make([]float64, rows*len(features))}
}

// Cols is the number of features, without those of the sparse part.
func (m *Matrix) Cols() int { return len(m.Features) }

// Row returns row i as a view.
func (m *Matrix) Row(i int) []float64 {
	c := len(m.Features)
	return m.Values[i*c : (i+1)*c : (i+1)*c]
}

// Take copies the given rows into a new matrix.
func (m *Matrix) Take(rows []int) *Matrix {
	out := NewMatrix(m.Features, len(rows))
	for i, r := range rows {
		copy(out.Row(i), m.Row(r))
	}
	if m.Sparse != nil {
		out.Sparse = m.Sparse.Take(rows)
	}
	return out
}

// Width is the number of features with those of the sparse part, which come
// last.
func (m *Matrix) Width() int {
	if m.Sparse == nil {
		return len(m.Features)
	}
	return len(m.Features) + len(m.Sparse.Features)
}

// Check verifies that the sizes agree, and that the sparse part, where there is
// one, holds what it promises.
func (m *Matrix) Check() error {
	if m.Sparse != nil {
		switch {
		case m.fill != nil:
			return errors.New("model: matrix: a view has no sparse part")
		case len(m.Sparse.Starts) != m.Rows+1:
			return fmt.Errorf("model: matrix: a sparse part with %d starts of rows for %d rows; there must be one more", len(m.Sparse.Starts), m.Rows)
		}
		if err := m.Sparse.check(); err != nil {
			return fmt.Errorf("model: matrix: %w", err)
		}
	}
	if m.fill != nil && m.Values == nil {
		return nil
	}
	if want := m.Rows * len(m.Features); len(m.Values) != want {
		return fmt.Errorf("model: matrix: %d values, want %d rows x %d features = %d", len(m.Values), m.Rows, len(m.Features), want)
	}
	return nil
}
