package table

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func mixed(t *testing.T) *Table {
	t.Helper()
	out, err := New(
		NewNumber("n", []float64{1, math.NaN(), 3, 4, 5}).As(Feature),
		NewCategory("c", []int32{0, 1, -1, 1, 0}, []string{"x", "y"}).As(Target),
		NewText("t", []string{"a", "", "b", "c", "d"}).As(Info),
		NewTime("w", []int64{7, MissingTime, 5, 4, 3}).As(Feature),
	)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A view gives what a copy gives, in every way of asking.
func TestViewIsLikeTake(t *testing.T) {
	all := mixed(t)
	rows := []int{4, 1, 1, 0}
	copied, view := all.Take(rows), all.view(rows, 0)
	if copied.Large() || !view.Large() || all.View(rows).Large() {
		t.Error("only a large selection is a view")
	}
	same := func(what string, a, b *Table) {
		t.Helper()
		if a.Rows() != b.Rows() {
			t.Errorf("%s: %d rows, the view has %d", what, a.Rows(), b.Rows())
		}
		if d := cmp.Diff(a.Columns(), b.Columns(), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: %s", what, d)
		}
		if d := cmp.Diff(a.Schema(), b.Schema()); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
	same("as it is", copied, view)
	same("taken", copied.Take([]int{3, 0}), view.Take([]int{3, 0}))
	same("viewed again", copied.Take([]int{3, 0}), view.view([]int{3, 0}, 0))
	same("sliced", copied.Slice(1, 3), view.Slice(1, 3))
	same("without", copied.Without("n", "t"), view.Without("n", "t"))
	same("without all", copied.Without("n", "c", "t", "w"), view.Without("n", "c", "t", "w"))
	for _, schema := range []Schema{all.Schema(), {{Name: "w", Kind: Time, Role: Info}}, {{Name: "c", Kind: Category, Levels: []string{"y"}}}, {{Name: "c", Kind: Text}}} {
		a, doneA, err := copied.Conform(schema)
		b, doneB, errB := view.Conform(schema)
		if err != nil || errB != nil {
			t.Fatal(err, errB)
		}
		same("conformed", a, b)
		if d := cmp.Diff(doneA, doneB); d != "" {
			t.Error(d)
		}
	}
	a, err := copied.Select("t", "n")
	b, errB := view.Select("t", "n")
	if err != nil || errB != nil {
		t.Fatal(err, errB)
	}
	same("selected", a, b)
	if _, err := view.Select("q"); err == nil {
		t.Error("a column that is not there was selected")
	}
	if d := cmp.Diff(copied.ByRole(Feature), view.ByRole(Feature), cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(ProfileOf(copied), ProfileOf(view)); d != "" {
		t.Error(d)
	}
	c, _ := view.Column("n")
	if again, _ := view.Column("n"); c != again {
		t.Error("a column that is held was made again")
	}
}

func TestViewRefusesRowsOutside(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("row 5 of 5 was taken")
		}
	}()
	mixed(t).view([]int{0, 5}, 0)
}
