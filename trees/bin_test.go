package trees

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke/model"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestCut(t *testing.T) {
	ones := func(n int) []float64 { return slices.Repeat([]float64{1}, n) }
	up := func(n int) (v []float64) {
		for i := range n {
			v = append(v, float64(i))
		}
		return v
	}
	for _, c := range []struct {
		name  string
		v, n  []float64
		most  int
		least float64
		want  []float64
	}{
		{"nothing", nil, nil, 10, 3, nil},
		{"one value", []float64{4}, []float64{9}, 10, 3, nil},
		{"each its own", up(4), []float64{3, 3, 3, 3}, 10, 3, []float64{0.5, 1.5, 2.5}},
		{"rare ones together", up(6), []float64{1, 1, 1, 5, 1, 1}, 10, 3, []float64{2.5, 3.5}},
		{"even shares", up(12), ones(12), 4, 1, []float64{2.5, 5.5, 8.5}},
		// 20 rows for 4 bins: the heavy value closes its bin and three bins are
		// left to share the other 10 rows.
		{"a heavy value", up(11), []float64{1, 1, 1, 1, 1, 10, 1, 1, 1, 1, 1}, 4, 1, []float64{3.5, 5.5, 8.5}},
		{"a heavy value is alone", up(9), []float64{1, 1, 1, 1, 12, 1, 1, 1, 1}, 3, 1, []float64{3.5, 4.5}},
		// 12 rows in bins of 5 and more make 2.
		{"few rows make few bins", up(12), ones(12), 8, 5, []float64{5.5}},
		{"neighbouring numbers", []float64{1, math.Nextafter(1, 2)}, []float64{5, 5}, 8, 3, []float64{1}},
		{"far numbers", []float64{-math.MaxFloat64, math.MaxFloat64}, []float64{5, 5}, 8, 3, []float64{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, cut(c.v, c.n, c.most, c.least)); d != "" {
				t.Errorf("edges (-want +got):\n%s", d)
			}
		})
	}
}

// TestBinsFollowEdges: bins rise with the value, and a value is in or below
// bin b exactly when it is at most the edge of b, which is what training and
// prediction both build on.
func TestBinsFollowEdges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64Range(-3, 3), rapid.Float64Range(-1e300, 1e300), rapid.Map(rapid.IntRange(-4, 4), func(i int) float64 { return float64(i) }))
		values := rapid.SliceOfN(number, 1, 400).Draw(t, "values")
		for i := range values {
			values[i] += 0 // as bundle does
		}
		b := binner{maxBins: rapid.IntRange(2, 255).Draw(t, "bins"), min: float64(rapid.IntRange(1, 5).Draw(t, "least"))}
		var r radix
		distinct, counts := r.distinct(values)
		c := column{}
		c.setEdges(cut(distinct, counts, b.maxBins, b.min))
		if c.bins > b.maxBins || !slices.IsSorted(c.edges) {
			t.Fatalf("%d bins of at most %d, edges %v", c.bins, b.maxBins, c.edges)
		}
		used := map[uint16]bool{}
		for _, x := range append(values, number.Draw(t, "new")) {
			bin := c.bin(x)
			used[bin] = true
			for e, edge := range c.edges {
				if (x <= edge) != (int(bin) <= e) {
					t.Fatalf("%v is in bin %d, edge %d is %v", x, bin, e, edge)
				}
			}
		}
		if len(used) < c.bins {
			t.Fatalf("%d of %d bins are used", len(used), c.bins)
		}
	})
}

func TestRadixSortsAsSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.OneOf(rapid.Float64(), rapid.Map(rapid.IntRange(-9, 9), func(i int) float64 { return float64(i) }))).Draw(t, "values")
		values = append(values, math.NaN(), math.NaN())
		for i := range values {
			values[i] += 0
		}
		var r radix
		r.distinct([]float64{3, 1, 2}) // what was there before must not matter
		got, counts := r.distinct(values)
		want := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
		slices.Sort(want)
		few, times, all := few(values)
		if all != (len(got) <= fewValues) || all && (!slices.Equal(few, got) || !slices.Equal(times, counts)) {
			t.Fatalf("few: %v %v %v, want %v %v", few, times, all, got, counts)
		}
		var back []float64
		for i, v := range got {
			if i > 0 && !(got[i-1] < v) {
				t.Fatalf("%v after %v", v, got[i-1])
			}
			back = append(back, slices.Repeat([]float64{v}, int(counts[i]))...)
		}
		if !slices.Equal(back, want) {
			t.Fatalf("got %v, want %v", back, want)
		}
	})
}

func binnedOf(x *model.Matrix, w []float64, s settings, threads int) *binned {
	team := newTeam(threads)
	defer team.close()
	return newBinned(x, newBinner(x, w, &s, 1).columns(team), team)
}

func TestCategoryBins(t *testing.T) {
	x := model.NewMatrix([]model.Feature{{Name: "a", Levels: 7}}, 0)
	for code, n := range []int{2, 9, 0, 12, 3, 1, 9} {
		x.Values = append(x.Values, slices.Repeat([]float64{float64(code)}, n)...)
	}
	x.Rows = len(x.Values)
	d := binnedOf(x, nil, settings{maxBins: 255, minInBin: 3}, 1)
	c := d.cols[0]
	// The most frequent first, equal ones by code; 0 and 5 are too rare.
	if diff := cmp.Diff([]int32{3, 1, 6, 4}, c.level); diff != "" || !c.missing {
		t.Errorf("levels (-want +got):\n%s missing bin: %v", diff, c.missing)
	}
	if diff := cmp.Diff([]uint8{4, 1, 4, 0, 3, 4, 2}, c.binOf); diff != "" {
		t.Errorf("bins of codes (-want +got):\n%s", diff)
	}
	if d := binnedOf(x, nil, settings{maxBins: 2, minInBin: 3}, 1); d.cols[0].bins != 2 {
		t.Errorf("%d bins, want max_bins 2", d.cols[0].bins)
	}
}

// TestColumnsLeftOut: features that say nothing take no place.
func TestColumnsLeftOut(t *testing.T) {
	x := model.NewMatrix([]model.Feature{{Name: "constant"}, {Name: "missing"}, {Name: "useful"}, {Name: "level", Levels: 3}, {Name: "half"}}, 40)
	for i := range x.Rows {
		half := math.NaN()
		if i%2 == 0 {
			half = 1
		}
		copy(x.Row(i), []float64{7, math.NaN(), float64(i), 2, half})
	}
	d := binnedOf(x, nil, settings{maxBins: 255, minInBin: 3}, 2)
	var kept []int
	for _, c := range d.cols {
		kept = append(kept, c.feature)
	}
	if diff := cmp.Diff([]int{2, 4}, kept); diff != "" {
		t.Errorf("features kept (-want +got):\n%s", diff)
	}
}

// TestWeightedBinsAreRepeatedBins: weight 3 cuts as three rows do.
func TestWeightedBinsAreRepeatedBins(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	once := noise(700, 3)
	once.Features[2].Levels = 30
	thrice := model.NewMatrix(once.Features, 0)
	w := make([]float64, once.Rows)
	for i := range w {
		once.Row(i)[2] = float64(r.IntN(30))
		w[i] = float64(1 + r.IntN(3))
		for range int(w[i]) {
			thrice.Values = append(thrice.Values, once.Row(i)...)
			thrice.Rows++
		}
	}
	s := settings{maxBins: 60, minInBin: 5}
	a, b := binnedOf(once, w, s, 1), binnedOf(thrice, nil, s, 2)
	for j := range a.cols {
		if !slices.Equal(a.cols[j].edges, b.cols[j].edges) || !slices.Equal(a.cols[j].level, b.cols[j].level) {
			t.Errorf("column %d: edges %v levels %v, want %v %v", j, a.cols[j].edges, a.cols[j].level, b.cols[j].edges, b.cols[j].level)
		}
	}
}

// TestManyRowsAreSampled: edges come from a part of the rows, and missing
// values outside of it still get their bin.
func TestManyRowsAreSampled(t *testing.T) {
	x := noise(edgeSample+50_000, 1)
	last := 0
	s := settings{maxBins: 255, minInBin: 3}
	sample := newBinner(x, nil, &s, 3).sample
	if len(sample) != edgeSample || !slices.IsSorted(sample) {
		t.Fatalf("%d rows, sorted %v; want %d rising", len(sample), slices.IsSorted(sample), edgeSample)
	}
	for _, r := range sample {
		if int(r) > last+1 {
			break
		}
		last = int(r)
	}
	x.Values[last+1] = math.NaN() // not in the sample
	d := binnedOf(x, nil, s, 2)
	if c := d.cols[0]; !c.missing || c.bins != 255 {
		t.Errorf("missing %v, %d bins; want true, 255", c.missing, c.bins)
	}
	counts := make([]int, 256)
	for _, b := range d.stores[0].bins {
		counts[b]++
	}
	for b, n := range counts[:255] {
		if want := x.Rows / 255; n < want*7/10 || n > want*13/10 {
			t.Errorf("bin %d has %d rows, want about %d", b, n, want)
		}
	}
}
