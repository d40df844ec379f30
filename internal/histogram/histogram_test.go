package histogram

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// whenFast skips a test where there is no assembly to compare with.
func whenFast(t *testing.T) {
	if !wide {
		t.Skip("this processor runs the Go code alone; there is nothing to compare")
	}
}

// TestAddIsAddingUp compares all kernels with a double loop.
func TestAddIsAddingUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		lanes := rapid.IntRange(1, 4).Draw(t, "lanes")
		span := rapid.SampledFrom([]int{1, 5, 16, 100, 256}).Draw(t, "span")
		width := rapid.IntRange(1, 16).Draw(t, "width")
		rows := make([]Entry, rapid.IntRange(0, 300).Draw(t, "rows"))
		bins := make([]uint32, 500*width)
		for i := range bins {
			for lane := range 4 {
				bins[i] |= uint32(r.IntN(span)) << (8 * lane)
			}
		}
		start := make([]int64, 2*span*4)
		for i := range start {
			start[i] = r.Int64() >> 2
		}
		want := slices.Clone(start)
		for i := range rows {
			rows[i] = Entry{r.Int64() >> 2, r.Int64() >> 2, r.IntN(500) * width}
			for lane := range lanes {
				cell := want[2*(span*lane+int(bins[rows[i].At]>>(8*lane)&255)):]
				cell[0] += rows[i].G
				cell[1] += rows[i].H
			}
		}
		for _, chosen := range kernels() {
			got := slices.Clone(start)
			chosen.use(func() { Add(got, span, lanes, bins, rows) })
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", chosen.name, got, want)
			}
		}
	})
}

func TestAddDeepIsAddingUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4))
		cells := rapid.SampledFrom([]int{1, 257, 65536}).Draw(t, "cells")
		bins := make([]uint16, 300)
		for i := range bins {
			bins[i] = uint16(r.IntN(cells))
		}
		got, want := make([]int64, 2*cells), make([]int64, 2*cells)
		rows := make([]Entry, rapid.IntRange(0, 200).Draw(t, "rows"))
		for i := range rows {
			rows[i] = Entry{r.Int64() >> 8, r.Int64() >> 8, r.IntN(len(bins))}
			want[2*int(bins[rows[i].At])] += rows[i].G
			want[2*int(bins[rows[i].At])+1] += rows[i].H
		}
		if AddDeep(got, bins, rows); !slices.Equal(got, want) {
			t.Fatal("the sums differ from those of a plain loop")
		}
	})
}

// TestWalkIsTheSame compares the assembly with Go to the bit, ties, empty bins
// and sides that never have enough among them.
func TestWalkIsTheSame(t *testing.T) {
	whenFast(t)
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		values := make([]int64, 2*rapid.IntRange(1, 260).Draw(t, "cells"))
		q := Query{
			Mask: -1, MinWeight: 1, MinHessian: 1,
			Shift: uint64(rapid.SampledFrom([]int{0, 9, 20}).Draw(t, "shift")),
			L2:    rapid.SampledFrom([]float64{0, 1, 1e6}).Draw(t, "l2"),
		}
		if q.Shift > 0 {
			q.Mask = 1<<q.Shift - 1
		}
		few := rapid.Bool().Draw(t, "few")
		q.MinWeight += int64(rapid.IntRange(0, 40).Draw(t, "least"))
		q.MinHessian += int64(rapid.IntRange(0, 40).Draw(t, "leastHessian"))
		var g, h int64
		for i := 0; i < len(values); i += 2 {
			if r.IntN(3) == 0 {
				continue
			}
			values[i], values[i+1] = r.Int64()>>12, int64(1+r.IntN(1<<20))<<q.Shift
			if q.Shift > 0 { // the sum of weights fits below the hessian
				values[i+1] += 1 + r.Int64N(1<<q.Shift/300+1)
			}
			if few { // equal scores
				values[i], values[i+1] = int64(r.IntN(3)-1), 1|1<<q.Shift
			}
			g += values[i]
			h += values[i+1]
		}
		q.MaxWeight, q.MaxHessian = h&q.Mask-q.MinWeight, h>>q.Shift-q.MinHessian
		q.TotalG, q.TotalH = float64(g), float64(h>>q.Shift)+2*q.L2
		for _, down := range []bool{false, true} {
			want := walkPlain(values, down, &q)
			if got := walkWide(values, down, &q); got != want {
				t.Fatalf("down %v: %+v, want %+v\n%+v\n%v", down, got, want, q, values)
			}
		}
	})
}

func TestSubtractAndMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for cells := range 40 {
		into, part := make([]int64, 2*cells+2), make([]int64, 2*cells)
		for i := range into {
			into[i] = r.Int64() >> 2
		}
		for i := range part {
			part[i] = r.Int64() >> 2
		}
		start := slices.Clone(into)
		Merge(into, part)
		for i, x := range part {
			if into[i] != start[i]+x {
				t.Fatalf("%d cells: word %d is %d, want %d", cells, i, into[i], start[i]+x)
			}
		}
		Subtract(into, part)
		if !slices.Equal(into, start) {
			t.Fatalf("%d cells: %v, want %v", cells, into, start)
		}
	}
}

func TestPrefetchChangesNothing(*testing.T) {
	rows := []int32{0, 2, 1}
	Prefetch(rows, make([]int64, 6), make([]uint32, 9), 3)
	Prefetch(nil, nil, nil, 3)
}
