package exclusive_test

import (
	"math"
	"math/bits"
	"slices"
	"testing"

	"bespoke/internal/exclusive"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rowSet makes the bits of some rows.
func rowSet(rows int, at ...int) []uint64 {
	out := make([]uint64, (rows+63)/64)
	for _, i := range at {
		out[i/64] |= 1 << (i % 64)
	}
	return out
}

func TestGroupsOfOneHotData(t *testing.T) {
	const rows = 130
	var columns []exclusive.Column
	for level := range 3 { // of a category
		var at []int
		for i := range rows {
			if i%3 == level {
				at = append(at, i)
			}
		}
		columns = append(columns, exclusive.Column{Away: rowSet(rows, at...), Cells: 1})
	}
	columns = append(
		columns,
		exclusive.Column{Away: rowSet(rows, 0, 1, 2), Cells: 1},  // away with each of them
		exclusive.Column{Away: rowSet(rows, 64, 65), Cells: 1},   // fits the one before
		exclusive.Column{Away: rowSet(rows, 2, 129), Cells: 100}, // conflicts once with that group
	)
	for _, c := range []struct {
		name            string
		most, conflicts int
		want            [][]int
	}{
		{"no conflict", 256, 0, [][]int{{0, 1, 2}, {3, 4}, {5}}},
		{"one conflict", 256, 1, [][]int{{0, 1, 2}, {3, 4, 5}}},
		{"no room", 3, 1, [][]int{{0, 1}, {2, 3}, {4}, {5}}},
	} {
		if d := cmp.Diff(c.want, exclusive.Groups(columns, rows, c.most, c.conflicts)); d != "" {
			t.Errorf("%s: groups (-want +got):\n%s", c.name, d)
		}
	}
}

// TestGroupsKeepTheirPromise: every column is in one group, which has room for it
// and no more conflicts than allowed, also when they are counted another way.
func TestGroupsKeepTheirPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(1, 300).Draw(t, "rows")
		columns := make([]exclusive.Column, rapid.IntRange(0, 40).Draw(t, "columns"))
		for i := range columns {
			at := rapid.SliceOfN(rapid.IntRange(0, rows-1), 0, 20).Draw(t, "away")
			columns[i] = exclusive.Column{Away: rowSet(rows, at...), Cells: rapid.IntRange(1, 30).Draw(t, "cells")}
		}
		most, conflicts := rapid.IntRange(31, 256).Draw(t, "most"), rapid.IntRange(0, 3).Draw(t, "conflicts")
		var all, firsts []int
		for _, group := range exclusive.Groups(columns, rows, most, conflicts) {
			if !slices.IsSorted(group) {
				t.Fatalf("group %v does not rise", group)
			}
			all, firsts = append(all, group...), append(firsts, group[0])
			counters := make([]int, len(group))
			exclusive.Conflicts(counters, make([]uint64, (rows+63)/64), func(k int) []uint64 { return columns[group[k]].Away })
			cells, sum := 1, 0
			for k, at := range group {
				cells += columns[at].Cells
				sum += counters[k]
			}
			if cells > most || sum > conflicts {
				t.Fatalf("group %v has %d cells of %d and %d conflicts of %d", group, cells, most, sum, conflicts)
			}
			if kept := exclusive.Keep(group, counters, conflicts); !slices.Equal(kept, group) {
				t.Fatalf("group %v: %v are kept", group, kept)
			}
		}
		slices.Sort(all)
		for i := range columns {
			if len(all) != len(columns) || all[i] != i {
				t.Fatalf("columns in groups: %v, want each of %d once", all, len(columns))
			}
		}
		if !slices.IsSorted(firsts) {
			t.Fatalf("first columns %v do not rise", firsts)
		}
	})
}

func TestKeep(t *testing.T) {
	if d := cmp.Diff([]int{4, 7, 9}, exclusive.Keep([]int{4, 5, 7, 8, 9}, []int{0, 3, 2, 1, 0}, 2)); d != "" {
		t.Errorf("kept (-want +got):\n%s", d)
	}
}

func TestOutside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64Range(-3, 3), rapid.Map(rapid.IntRange(-2, 2), func(i int) float64 { return float64(i) }), rapid.Just(math.NaN()))
		values := rapid.SliceOf(number).Draw(t, "values")
		lo, hi := float64(rapid.IntRange(-3, 1).Draw(t, "lo")), float64(rapid.IntRange(-1, 3).Draw(t, "hi"))
		want := exclusive.Where(values, func(x float64) bool { return !(lo < x && x <= hi) })
		got := exclusive.Outside(values, lo, hi)
		if !slices.Equal(got, want) {
			t.Fatalf("got %x, want %x", got, want)
		}
		n := 0
		for _, w := range got {
			n += bits.OnesCount64(w)
		}
		if exclusive.Count(got) != n {
			t.Fatalf("count %d, want %d", exclusive.Count(got), n)
		}
	})
}
