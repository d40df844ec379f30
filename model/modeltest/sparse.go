package modeltest

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke/model"
)

// wordy gives learnable rows a sparse part of 30 columns, three of which say
// what the strong feature says.
func wordy(in model.Training, seed uint64) model.Training {
	r := rand.New(rand.NewPCG(seed, 0x737061727365))
	features := make([]model.Feature, 30)
	for c := range features {
		features[c] = model.Feature{Name: "text~" + string(rune('a'+c)), Source: "text"}
	}
	x := *in.X
	x.Sparse = model.NewSparse(features)
	for i := range x.Rows {
		for c := range features {
			told := c < 3 && in.X.Row(i)[0] > float64(c)-1
			if told || r.IntN(12) == 0 {
				x.Sparse.Add(uint32(c), float32(r.IntN(4)+1)/4)
			}
		}
		x.Sparse.End()
	}
	in.X = &x
	return in
}

// checkSparse holds a model that says it reads a sparse part to that, and any
// other to refusing one.
func checkSparse(t *testing.T, e model.Entry, task model.Task) {
	in := wordy(learnable(e.Encoding, task, 300, 41), 41)
	if !e.Sparse {
		refused(t, e, nil, in, "sparse")
		return
	}
	m := mustFit(t, e, in)
	w, ok := m.(model.Wide)
	if !ok || w.SparseInputs() != 30 {
		t.Fatalf("it does not read the sparse part: model.Wide %v", ok)
	}
	want := predictWide(t, m, task, in.X)
	if none := predictAll(t, m, task, in.X); distance(none, want) == 0 {
		t.Error("the sparse part changes no prediction")
	}
	alone := mustFit(t, e, learnable(e.Encoding, task, 300, 41))
	if alone.(model.Wide).SparseInputs() != 0 {
		t.Error("a model that learnt without a sparse part says that it reads one")
	}
	sameBits(t, "without a sparse part", predictWide(t, alone, task, in.X), predictAll(t, alone, task, in.X))

	data := mustSave(t, m)
	for _, threads := range []int{1, 3, 7} {
		again := in
		again.Threads = threads
		sameBytes(t, "other threads", mustSave(t, mustFit(t, e, again)), data)
	}
	loaded, err := tryLoad(e, data)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	sameBits(t, "predictions of the loaded model", predictWide(t, loaded, task, in.X), want)
	if cut, err := tryLoad(e, bytes.Replace(data, []byte("AA"), nil, 1)); err == nil {
		predictWide(t, cut, task, in.X)
	}
	out, i := make([]float64, m.Outputs()), 0
	if n := testing.AllocsPerRun(200, func() { model.PredictRow(m, in.X, i%300, out); i++ }); n != 0 {
		t.Errorf("PredictWide makes %v allocations per row; want 0", n)
	}
	checkSparseWeights(t, e, in)
	checkSparseRefused(t, e, task)
}

// checkSparseWeights verifies that a row of weight 2 counts as two rows.
func checkSparseWeights(t *testing.T, e model.Entry, in model.Training) {
	var rows []int
	in.Weights = make([]float64, in.X.Rows)
	for i := range in.Weights {
		in.Weights[i] = 1 + float64(i%2)
		rows = append(rows, slices.Repeat([]int{i}, 1+i%2)...)
	}
	repeated := take(in, rows)
	repeated.Weights = nil
	a, b := predictWide(t, mustFit(t, e, in), in.Task, in.X), predictWide(t, mustFit(t, e, repeated), in.Task, in.X)
	if d := distance(a, b); d > 1e-6*(1+math.Abs(b[0])) {
		t.Errorf("predictions with weights and with repeated rows differ by %v on average", d)
	}
}

func checkSparseRefused(t *testing.T, e model.Entry, task model.Task) {
	for names, spoil := range map[string]func(s *model.Sparse){
		"text~a":      func(s *model.Sparse) { s.Values[slices.Index(s.Columns, 0)] = float32(math.Inf(1)) },
		"column 30":   func(s *model.Sparse) { s.Columns[0] = 30 },
		"starts":      func(s *model.Sparse) { s.Starts = s.Starts[:20] },
		"end at":      func(s *model.Sparse) { s.Columns = s.Columns[:len(s.Columns)-1] },
		"ends before": func(s *model.Sparse) { s.Starts[4] = s.Starts[3] - 1 },
	} {
		in := wordy(learnable(e.Encoding, task, 40, 42), 42)
		spoil(in.X.Sparse)
		refused(t, e, nil, in, names)
	}
}

// predictWide is predictAll with the sparse part.
func predictWide(t *testing.T, m model.Fitted, task model.Task, x *model.Matrix) []float64 {
	t.Helper()
	return predictEach(t, m, task, x.Rows, func(i int, out []float64) { model.PredictRow(m, x, i, out) })
}
