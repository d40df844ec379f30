package model_test

import (
	"slices"
	"strings"
	"testing"

	"bespoke/model"

	"github.com/google/go-cmp/cmp"
)

// sparse is three rows of four columns: {0: 1, 2: 0.5}, {}, {3: -2}.
func sparse() *model.Sparse {
	s := model.NewSparse([]model.Feature{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}})
	s.Append(model.SparseRow{Columns: []uint32{0, 2}, Values: []float32{1, 0.5}})
	s.End()
	s.Add(3, -2)
	s.End()
	return s
}

func TestSparse(t *testing.T) {
	s := sparse()
	if s.Rows() != 3 {
		t.Fatalf("%d rows", s.Rows())
	}
	if d := cmp.Diff(model.SparseRow{Columns: []uint32{3}, Values: []float32{-2}}, s.Row(2)); d != "" {
		t.Error(d)
	}
	taken := s.Take([]int{2, 1, 0, 2})
	if d := cmp.Diff([]int{0, 1, 1, 3, 4}, taken.Starts); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]uint32{3, 0, 2, 3}, taken.Columns); d != "" {
		t.Error(d)
	}
	s.Reset()
	if s.Rows() != 0 || len(s.Columns) != 0 || cap(s.Columns) == 0 {
		t.Errorf("after Reset: %+v", s)
	}
}

func TestMatrixWithSparse(t *testing.T) {
	in := training()
	in.X.Sparse = sparse()
	if in.X.Width() != 6 || in.X.Cols() != 2 {
		t.Errorf("%d features, %d without the sparse part", in.X.Width(), in.X.Cols())
	}
	if err := in.CheckWide(model.Native); err != nil {
		t.Error(err)
	}
	if err := in.Check(model.Native); err == nil || !strings.Contains(err.Error(), "sparse part of 4 columns") {
		t.Errorf("a model that reads none: %v", err)
	}
	if got := in.X.Take([]int{2, 0}).Sparse; got == nil || !slices.Equal(got.Columns, []uint32{3, 0, 2}) {
		t.Errorf("taken rows have the sparse part %+v", got)
	}
	for want, spoil := range map[string]func(s *model.Sparse){
		"begins at entry 2 and ends at 1": func(s *model.Sparse) { s.Starts[2] = 1 },
		"0 starts of rows":                func(s *model.Sparse) { s.Starts = nil },
		"it has 4 starts":                 func(s *model.Sparse) { s.Starts[0] = 1 },
		"row 0 has column 0":              func(s *model.Sparse) { s.Columns[1] = 0 },
		"row 2 has column 4":              func(s *model.Sparse) { s.Columns[2] = 4 },
		"rows end at 3":                   func(s *model.Sparse) { s.Values = s.Values[:2] },
		"ends at 9 of 3":                  func(s *model.Sparse) { s.Starts[1] = 9 },
	} {
		in.X.Sparse = sparse()
		spoil(in.X.Sparse)
		if err := in.CheckWide(model.Native); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	view := model.NewView(in.X.Features, 3, nil)
	view.Sparse = sparse()
	if err := view.Check(); err == nil {
		t.Error("a view with a sparse part: want an error")
	}
}
