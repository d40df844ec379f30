package trees

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke/model"
)

// onehot draws rows of one-hot columns, so many categories of so many levels each,
// in an order that tells nothing, with a number behind them.
func onehot(rows, categories, levels int, seed uint64) model.Training {
	r := rand.New(rand.NewPCG(seed, 21))
	cols := categories * levels
	at := r.Perm(cols)
	features := make([]model.Feature, cols+1)
	for j := range features {
		features[j].Name = fmt.Sprint("x", j)
	}
	in := model.Training{Task: model.Binary, Classes: []string{"no", "yes"}, X: model.NewMatrix(features, rows), Y: make([]float64, rows), Seed: 3, Threads: 2}
	effects := make([]float64, cols)
	for j := range effects {
		effects[j] = r.NormFloat64()
	}
	for i := range rows {
		x := in.X.Row(i)
		score := r.NormFloat64()
		for k := range categories {
			// Squared, so that some levels are rare.
			u := r.Float64()
			j := k*levels + int(u*u*float64(levels))
			x[at[j]] = 1
			score += effects[j]
		}
		x[cols] = r.NormFloat64()
		in.Y[i] = bit(score+x[cols] > 0)
	}
	return in
}

// sparse draws rows of what else may share: counts, missing values, levels and
// numbers, each of them usual in most rows.
func sparse(rows, cols int, seed uint64) model.Training {
	r := rand.New(rand.NewPCG(seed, 22))
	in := model.Training{Task: model.Regression, X: model.NewMatrix(make([]model.Feature, cols), rows), Y: make([]float64, rows), Seed: 3, Threads: 2}
	for j := range cols {
		in.X.Features[j].Name = fmt.Sprint("x", j)
		if j%4 == 2 {
			in.X.Features[j].Levels = 6
		}
	}
	for i := range rows {
		x := in.X.Row(i)
		for j := range x {
			switch j % 4 {
			case 1:
				x[j] = math.NaN()
			case 2:
				x[j] = 4
			case 3:
				x[j] = -2
			}
		}
		in.Y[i] = r.NormFloat64()
		j := r.IntN(cols)
		x[j] = float64(r.IntN(5))
		if j%4 == 0 && r.IntN(3) == 0 {
			x[j] = math.NaN()
		}
		in.Y[i] += float64(j%5) * (1 + x[j]*bit(x[j] == x[j]))
		if r.IntN(200) == 0 {
			x[r.IntN(cols)] = 3 // a conflict now and then
		}
		if math.IsNaN(in.Y[i]) {
			in.Y[i] = 0
		}
	}
	return in
}

func asView(in model.Training) model.Training {
	dense := in.X
	in.X = model.NewView(dense.Features, dense.Rows, func(lo int, out *model.Matrix) {
		copy(out.Values, dense.Values[lo*dense.Cols():])
	})
	return in
}

// TestSharingChangesNothing: without conflicts the model has the bytes that it has
// when every column is kept apart, for any number of threads.
func TestSharingChangesNothing(t *testing.T) {
	weighted := onehot(2000, 3, 8, 2)
	for i := range weighted.Y {
		weighted.Weights = append(weighted.Weights, 0.5+float64(i%7))
	}
	limited := onehot(2000, 3, 8, 3)
	limited.Interactions = [][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8}, {6, 7, 8, 9, 10, 11, 12, 24}}
	for _, c := range []struct {
		name   string
		in     model.Training
		params model.Params
	}{
		{"one-hot", onehot(3000, 5, 10, 1), model.Params{"rounds": 12.0}},
		{"few columns a tree", onehot(3000, 5, 10, 4), model.Params{"rounds": 12.0, "feature_fraction": 0.3}},
		{"penalties", onehot(2000, 5, 10, 5), model.Params{"rounds": 6.0, "lambda_l1": 1.0, "min_child_samples": 1.0}},
		{"weights", weighted, model.Params{"rounds": 8.0}},
		{"interactions", limited, model.Params{"rounds": 8.0}},
		{"a view", asView(onehot(3000, 4, 6, 6)), model.Params{"rounds": 5.0}},
		{"counts, levels and missing values", sparse(6000, 40, 7), model.Params{"rounds": 12.0, "min_data_in_bin": 1.0}},
		{"more rows than edges are found by", onehot(edgeSample+9000, 2, 4, 8), model.Params{"rounds": 2.0}},
		{"a large view", asView(onehot(edgeSample+9000, 2, 4, 8)), model.Params{"rounds": 2.0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			apart := model.Params{"exclusive": "apart"}
			for k, v := range c.params {
				apart[k] = v
			}
			want := saved(t, fit(t, apart, c.in))
			for _, threads := range []int{1, 2, 3} {
				c.in.Threads = threads
				if saved(t, fit(t, c.params, c.in)) != want {
					t.Errorf("%d threads: the model differs from that of columns kept apart", threads)
				}
			}
		})
	}
}

func sharedSettings(conflicts float64) settings {
	return settings{maxBins: 255, minInBin: 3, exclusive: true, conflicts: conflicts}
}

// TestOneHotColumnsShare: one-hot columns take a store per category.
func TestOneHotColumnsShare(t *testing.T) {
	in := onehot(5000, 6, 9, 11)
	d := binnedOf(in.X, nil, sharedSettings(0), 2)
	if !d.shared || len(d.stores) != 7 {
		t.Errorf("%d stores of %d columns, want 7", len(d.stores), len(d.cols))
	}
	number := 4 * wideSpan // cells of the quad of the number
	if cells := binnedOf(in.X, nil, settings{maxBins: 255, minInBin: 3}, 2).cells; 4*(d.cells-number) > cells-number {
		t.Errorf("a histogram of %d cells, want less than a quarter of %d, but for %d of the number", d.cells, cells, number)
	}
	// Every bin can be read back from the store.
	for j := range d.cols {
		c := &d.cols[j]
		for i := range in.X.Rows {
			b := int(c.bin(in.X.Row(i)[c.feature]))
			stored := int(d.stores[c.store].bins[i])
			if other := b == c.usual && c.with > 0; !other && stored != c.stored(b) || other && stored >= c.base && stored < c.base+c.cells()-1 {
				t.Fatalf("column %d row %d: bin %d is stored as %d", j, i, b, stored)
			}
		}
	}
}

// TestConflictsAreFoundInAllRows: two columns that are away together in one row,
// which is not among those that edges are found by, do not share unless conflicts
// are allowed.
func TestConflictsAreFoundInAllRows(t *testing.T) {
	x := model.NewMatrix([]model.Feature{{Name: "a"}, {Name: "b"}, {Name: "c"}}, edgeSample+5000)
	s := sharedSettings(0)
	sample := newBinner(x, nil, &s, 1).sample
	conflict := 0
	for _, in := slices.BinarySearch(sample, int32(conflict)); in; _, in = slices.BinarySearch(sample, int32(conflict)) {
		conflict++
	}
	for i := range x.Rows {
		x.Row(i)[i%6%3] = bit(i%2 == 0)
	}
	copy(x.Row(conflict), []float64{1, 0, 1})
	for _, c := range []struct {
		rate float64
		want int
	}{{0, 2}, {1e-4, 1}} {
		if d := binnedOf(x, nil, sharedSettings(c.rate), 3); len(d.stores) != c.want {
			t.Errorf("conflict rate %v: %d stores, want %d", c.rate, len(d.stores), c.want)
		}
	}
}

// TestConflictsAllowed: more columns share, and the model is nearly as good and the
// same for any number of threads.
func TestConflictsAllowed(t *testing.T) {
	in := sparse(6000, 40, 9)
	exact, near := binnedOf(in.X, nil, sharedSettings(0), 1), binnedOf(in.X, nil, sharedSettings(0.02), 1)
	if len(near.stores) >= len(exact.stores) {
		t.Errorf("%d stores, want less than %d", len(near.stores), len(exact.stores))
	}
	p := model.Params{"rounds": 40.0, "conflict_rate": 0.02}
	m := fit(t, p, in)
	in.Threads = 1
	if saved(t, fit(t, p, in)) != saved(t, m) {
		t.Error("the model depends on the number of threads")
	}
	if got, want := loss(t, m, in), loss(t, fit(t, model.Params{"rounds": 40.0}, in), in); got > 1.1*want {
		t.Errorf("loss %v, want about %v", got, want)
	}
}

// TestManyBins: with a bin for each of 3000 values the first split is the best of
// all that rows allow, and nothing depends on threads or on how rows are given.
func TestManyBins(t *testing.T) {
	const rows = 9000
	r := rand.New(rand.NewPCG(5, 5))
	in := model.Training{Task: model.Regression, X: model.NewMatrix([]model.Feature{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d", Levels: 400}}, rows), Y: make([]float64, rows), Seed: 1}
	for i := range rows {
		x := in.X.Row(i)
		x[0], x[1], x[2], x[3] = math.Floor(3000*r.Float64()), r.NormFloat64(), float64(r.IntN(9)), float64(r.IntN(400))
		if r.IntN(20) == 0 {
			x[1] = math.NaN()
		}
		in.Y[i] = 4*bit(x[0] > 1234) + 0.01*x[0] + bit(x[1] != x[1]) + 0.1*r.NormFloat64()
	}
	p := model.Params{"rounds": 12.0, "max_bins": 65535.0, "min_data_in_bin": 1.0}
	in.Threads = 1
	m := fit(t, p, in)
	want := saved(t, m)
	for _, threads := range []int{2, 3} {
		in.Threads = threads
		if saved(t, fit(t, p, in)) != want || saved(t, fit(t, p, asView(in))) != want {
			t.Errorf("the model differs with %d threads", threads)
		}
	}
	root := m.Trees[0].Nodes[0]
	if best := bestGain(in, 0, 20); root.Feature != 0 || math.Abs(root.Gain-best) > 1e-9*best {
		t.Errorf("split on %d with gain %v, want on 0 with %v", root.Feature, root.Gain, best)
	}
	d := binnedOf(in.X, nil, settings{maxBins: 65535, minInBin: 1, exclusive: true}, 2)
	for j, deep := range []bool{true, true, false, false} {
		if got := d.stores[d.cols[j].store].deep != nil; got != deep {
			t.Errorf("column %d has bins of 16 bits: %v, want %v", j, got, deep)
		}
	}
	if d.cols[3].bins != mostLevels {
		t.Errorf("%d levels have a bin, want %d", d.cols[3].bins, mostLevels)
	}
}

// bestGain tries every threshold of a feature on squared error.
func bestGain(in model.Training, feature, least int) float64 {
	order := make([]int, len(in.Y))
	mean := 0.0
	for i, y := range in.Y {
		order[i] = i
		mean += y / float64(len(in.Y))
	}
	value := func(i int) float64 { return in.X.Row(order[i])[feature] }
	slices.SortFunc(order, func(a, b int) int {
		return int(in.X.Row(a)[feature] - in.X.Row(b)[feature])
	})
	best, sum := 0.0, 0.0
	for i := range len(order) - least {
		sum += in.Y[order[i]] - mean
		if n := float64(i + 1); i+1 >= least && value(i) < value(i+1) {
			best = max(best, sum*sum/n+sum*sum/(float64(len(order))-n))
		}
	}
	return best
}
