package trees

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bespoke/model"
	"bespoke/model/modeltest"
)

func TestForestsComply(t *testing.T) {
	for _, e := range []model.Entry{RandomForest, ExtraTrees} {
		t.Run(e.Name, func(t *testing.T) { modeltest.Run(t, e) })
	}
}

func planted(t testing.TB, e model.Entry, p model.Params, in model.Training) *Forest {
	t.Helper()
	m, err := e.Fit(context.Background(), p, in)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Forest)
}

func bytesOf(t testing.TB, f *Forest) []byte {
	t.Helper()
	b, err := f.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var forests = []model.Entry{RandomForest, ExtraTrees}

// TestForestOrderAndRepetition: another order of rows gives the same bytes, and
// so do repeated rows and weights.
func TestForestOrderAndRepetition(t *testing.T) {
	for _, e := range forests {
		for _, task := range tasks {
			in := learnable(task, 300, 5, 41)
			want := bytesOf(t, planted(t, e, model.Params{"trees": 9}, in))
			order := rand.New(rand.NewPCG(41, 1)).Perm(300)
			if !bytes.Equal(want, bytesOf(t, planted(t, e, model.Params{"trees": 9}, take(in, order)))) {
				t.Errorf("%s, %s: another order of rows gives other bytes", e.Name, task)
			}
			in.Weights = make([]float64, 300)
			var often []int
			for i := range in.Weights {
				in.Weights[i] = float64(1 + i%3)
				for range 1 + i%3 {
					often = append(often, i)
				}
			}
			weighted := bytesOf(t, planted(t, e, model.Params{"trees": 9}, in))
			in.Weights = nil
			if !bytes.Equal(weighted, bytesOf(t, planted(t, e, model.Params{"trees": 9}, take(in, often)))) {
				t.Errorf("%s, %s: repeated rows and weights give other bytes", e.Name, task)
			}
		}
	}
}

// TestForestScores: the sum of trees that explanations walk through has the
// predictions as raw outputs.
func TestForestScores(t *testing.T) {
	for _, e := range forests {
		for _, task := range tasks {
			in := learnable(task, 300, 5, 42)
			f := planted(t, e, model.Params{"trees": 11}, in)
			m, err := f.Scores()
			if err != nil {
				t.Fatal(err)
			}
			x := strange(in)
			raw, out := make([]float64, len(m.Base)), make([]float64, f.Outputs())
			for i := range x.Rows {
				f.Predict(x.Row(i), out)
				m.Raw(x.Row(i), raw)
				want := out
				if task == model.Binary {
					want = out[1:]
				}
				for k := range raw {
					if math.Abs(raw[k]-want[k]) > 1e-12*max(1, math.Abs(want[k])) {
						t.Fatalf("%s, %s, row %d: scores %v, predicted %v", e.Name, task, i, raw, want)
					}
				}
			}
		}
	}
}

// TestForestLeaves: leaves hold the mean, or the shares, of the rows in them,
// and none has too few.
func TestForestLeaves(t *testing.T) {
	in := learnable(model.Multiclass, 400, 5, 43)
	f := planted(t, ExtraTrees, model.Params{"trees": 3, "min_rows": 7}, in)
	leaf := 0
	for i := range f.trees {
		tree := &f.trees[i]
		seen := map[*Node][]float64{}
		for r := range in.Y {
			n := &tree.Nodes[0]
			for !n.Leaf() {
				if tree.GoesLeft(n, in.X.Row(r)) {
					n = &tree.Nodes[n.Left]
				} else {
					n = &tree.Nodes[n.Right]
				}
			}
			if seen[n] == nil {
				seen[n] = make([]float64, 3)
			}
			seen[n][int(in.Y[r])]++
		}
		for j := range tree.Nodes {
			n := &tree.Nodes[j]
			if !n.Leaf() {
				continue
			}
			counts := seen[n]
			total := counts[0] + counts[1] + counts[2]
			if total < 7 || total != n.Cover {
				t.Fatalf("tree %d, node %d: %v rows, cover %v; want equal and at least 7", i, j, total, n.Cover)
			}
			for k, c := range counts {
				if got := f.shares[3*leaf+k]; math.Abs(got-c/total) > 1e-12 {
					t.Fatalf("tree %d, node %d: share %v of class %d, want %v", i, j, got, k, c/total)
				}
			}
			leaf++
		}
	}
}

// TestForestOutOfBag: with rows drawn with repetition the error out of the bag
// is near that on new rows, and far from that on the rows learnt from.
func TestForestOutOfBag(t *testing.T) {
	for _, task := range tasks {
		in, test := learnable(task, 1500, 5, 44), learnable(task, 1500, 5, 45)
		f := planted(t, RandomForest, model.Params{"out_of_bag": "yes", "trees": 60}, in)
		got, rows := f.OutOfBag()
		fresh, known := squaredError(f, test), squaredError(f, in)
		if rows != 1500 || math.Abs(got-fresh) > 0.25*fresh || known > 0.7*got {
			t.Errorf("%s: %v out of the bag on %d rows, %v on new rows, %v on known ones", task, got, rows, fresh, known)
		}
		again, err := LoadForest(bytesOf(t, f))
		if err != nil {
			t.Fatal(err)
		}
		if e, n := again.OutOfBag(); e != got || n != rows {
			t.Errorf("%s: loaded with %v on %d rows, saved %v on %d", task, e, n, got, rows)
		}
	}
	if e, n := planted(t, ExtraTrees, model.Params{"out_of_bag": "yes", "trees": 4}, learnable(model.Binary, 50, 3, 46)).OutOfBag(); e != 0 || n != 0 {
		t.Errorf("all rows in every tree: error %v on %d rows; want none", e, n)
	}
}

func squaredError(f *Forest, in model.Training) float64 {
	sum, out := 0.0, make([]float64, f.Outputs())
	for i, y := range in.Y {
		f.Predict(in.X.Row(i), out)
		sum += squared(out, 1, y, f.classes)
	}
	return sum / float64(len(in.Y))
}

// TestForestSetsOfLevels: the best set of levels is found among all sets.
func TestForestSetsOfLevels(t *testing.T) {
	r := rand.New(rand.NewPCG(47, 1))
	for range 20 {
		in := model.Training{Task: model.Regression, Threads: 1, X: model.NewMatrix([]model.Feature{{Name: "c", Levels: 6}}, 60), Y: make([]float64, 60)}
		for i := range in.Y {
			in.X.Values[i], in.Y[i] = float64(r.IntN(6)), r.NormFloat64()
		}
		f := planted(t, RandomForest, model.Params{"trees": 1, "rows": "all", "max_depth": 1}, in)
		got, best := squaredError(f, in), math.Inf(1)
		for set := range 1 << 6 {
			best = min(best, errorOfSet(in, set))
		}
		if math.Abs(got-best) > 1e-9 {
			t.Errorf("squared error %v; the best of all sets has %v", got, best)
		}
	}
}

func errorOfSet(in model.Training, set int) float64 {
	var sum, count [2]float64
	for i, y := range in.Y {
		s := set >> int(in.X.Values[i]) & 1
		sum[s] += y
		count[s]++
	}
	out := 0.0
	for i, y := range in.Y {
		s := set >> int(in.X.Values[i]) & 1
		d := y - sum[s]/count[s]
		out += d * d
	}
	return out / float64(len(in.Y))
}

func TestForestRefuses(t *testing.T) {
	in := learnable(model.Binary, 50, 3, 48)
	in.X.Features[0].Monotone = 1
	if m, err := RandomForest.Fit(context.Background(), nil, in); err == nil || m != nil || !strings.Contains(err.Error(), "x0") {
		t.Errorf("a monotone feature: model %v, error %v; want one that names it", m, err)
	}
	in = learnable(model.Regression, 50, 3, 48)
	in.Y[7] = -1e301
	if m, err := RandomForest.Fit(context.Background(), nil, in); err == nil || m != nil || !strings.Contains(err.Error(), "row 7") {
		t.Errorf("a target too large: model %v, error %v; want one that names its row", m, err)
	}
	data := bytesOf(t, planted(t, ExtraTrees, model.Params{"trees": 2}, learnable(model.Binary, 50, 3, 48)))
	if m, err := RandomForest.Load(data); err == nil || m != nil {
		t.Errorf("extremely randomised trees as a random forest: model %v, error %v", m, err)
	}
}

// FuzzLoadForest: bytes give an error, or a forest that predicts what its task
// allows and saves to the same bytes.
func FuzzLoadForest(f *testing.F) {
	for _, e := range forests {
		for _, task := range tasks {
			f.Add(bytesOf(f, planted(f, e, model.Params{"trees": 3, "max_depth": 3}, learnable(task, 150, 3, 49))))
		}
	}
	f.Add([]byte(forestMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := LoadForest(data)
		if err != nil {
			if m != nil {
				t.Fatal("an error and a forest")
			}
			return
		}
		row, out := make([]float64, m.Inputs()), make([]float64, m.Outputs())
		for _, x := range []float64{0, -1, 1e300, math.NaN()} {
			for j := range row {
				row[j] = x
			}
			m.Predict(row, out)
			sum := 0.0
			for _, p := range out {
				sum += p
				if m.classes > 0 && !(p >= 0 && p <= 1) {
					t.Fatalf("predicted %v", out)
				}
			}
			if m.classes > 0 && math.Abs(sum-1) > 1e-6 {
				t.Fatalf("predicted %v", out)
			}
		}
		b := bytesOf(t, m)
		again, err := LoadForest(b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, bytesOf(t, again)) {
			t.Fatal("saved again: other bytes")
		}
	})
}
