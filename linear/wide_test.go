package linear_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bespoke/linear"
	"bespoke/model"
)

// mixed draws rows with two dense features and 40 sparse ones, of which a tenth
// are not 0, and the same rows with all features dense. The last column is full
// and constant, the one before it empty.
func mixed(task model.Task, rows int) (sparse, dense model.Training) {
	r := rand.New(rand.NewPCG(5, 5))
	const columns = 40
	features := matrix(make3(1)).Features[:2]
	var wide []model.Feature
	for c := range columns {
		name := "word " + string(rune('A'+c))
		wide = append(wide, model.Feature{Name: name, Source: "text"})
	}
	sparse = model.Training{Task: task, X: model.NewMatrix(features, rows), Y: make([]float64, rows), Threads: 2}
	sparse.X.Sparse = model.NewSparse(wide)
	switch task {
	case model.Binary:
		sparse.Classes = []string{"no", "yes"}
	case model.Multiclass:
		sparse.Classes = []string{"a", "b", "c"}
	}
	dense = sparse
	dense.X = model.NewMatrix(append(slices.Clone(features), wide...), rows)
	for i := range rows {
		x, all := sparse.X.Row(i), dense.X.Row(i)
		x[0], x[1] = r.NormFloat64(), 3+r.NormFloat64()
		copy(all, x)
		score := x[0] - x[1]/2
		for c := range columns {
			if c < columns-2 && r.IntN(10) == 0 || c == columns-1 {
				v := float32(1)
				if c < 20 {
					v = float32(r.IntN(16)+1) / 8
				}
				sparse.X.Sparse.Add(uint32(c), v)
				all[2+c] = float64(v)
				score += float64(v) * math.Sin(float64(c))
			}
		}
		sparse.X.Sparse.End()
		score += r.NormFloat64()
		switch task {
		case model.Regression:
			sparse.Y[i] = 20 + 5*score
		case model.Binary:
			sparse.Y[i] = math.Round(1 / (1 + math.Exp(-score)))
		default:
			sparse.Y[i] = min(max(math.Round(score+2), 0), 2)
		}
	}
	dense.Y = sparse.Y
	return sparse, dense
}

var wideCases = []struct {
	name   string
	entry  model.Entry
	task   model.Task
	params model.Params
}{
	{"ridge", linear.Ridge, model.Regression, model.Params{"alpha": 2}},
	{"elastic net", linear.ElasticNet, model.Regression, model.Params{"alpha": 0.1, "l1_ratio": 0.7}},
	{"lasso", linear.ElasticNet, model.Regression, model.Params{"alpha": 0.1, "l1_ratio": 1}},
	{"logistic", linear.Logistic, model.Binary, nil},
	{"logistic with lasso", linear.Logistic, model.Binary, model.Params{"c": 0.3, "l1_ratio": 1}},
	{"logistic with both", linear.Logistic, model.Binary, model.Params{"c": 0.3, "l1_ratio": 0.5}},
	{"three classes", linear.Logistic, model.Multiclass, nil},
	{"three classes with lasso", linear.Logistic, model.Multiclass, model.Params{"c": 0.5, "l1_ratio": 1}},
}

// Where the features lie changes the way to the minimum, not the minimum.
func TestSparseIsDense(t *testing.T) {
	for _, c := range wideCases {
		t.Run(c.name, func(t *testing.T) {
			sparse, dense := mixed(c.task, 700)
			weights := make([]float64, 700)
			for i := range weights {
				weights[i] = 0.5 + float64(i%4)
			}
			sparse.Weights, dense.Weights = weights, weights
			got, want := fit(t, c.entry, c.params, sparse), fit(t, c.entry, c.params, dense)
			a, ai := got.Coefficients()
			b, bi := want.Coefficients()
			if got.SparseInputs() != 40 || got.Inputs() != 2 || want.SparseInputs() != 0 {
				t.Fatalf("reads %d and %d features, want 2 and 40; %d, want 0", got.Inputs(), got.SparseInputs(), want.SparseInputs())
			}
			zeros := 0
			for k := range b {
				near(t, "intercept", ai[k], bi[k], 1e-5)
				for j, w := range b[k] {
					v := got.Wide()
					if j < 2 {
						near(t, "dense weight", a[k][j], w, 1e-5)
						continue
					}
					near(t, "sparse weight", v[(j-2)*len(b)+k], w, 1e-5)
					if w == 0 {
						zeros++
					}
				}
			}
			if want := 2 * len(b); zeros < want {
				t.Errorf("%d weights are 0, want at least %d: those of the constant columns", zeros, want)
			}
			x, y := make([]float64, got.Outputs()), make([]float64, want.Outputs())
			for i := range sparse.X.Rows {
				model.PredictRow(got, sparse.X, i, x)
				model.PredictRow(want, dense.X, i, y)
				for k := range x {
					near(t, "prediction", x[k], y[k], 1e-5)
				}
			}
		})
	}
}

// All features may be sparse.
func TestSparseAlone(t *testing.T) {
	in, _ := mixed(model.Binary, 400)
	in.X.Features, in.X.Values = nil, nil
	m := fit(t, linear.Logistic, nil, in)
	if _, ok := m.Converged(); !ok || m.Inputs() != 0 {
		t.Errorf("converged %v with %d dense features", ok, m.Inputs())
	}
}

func TestSparseRefuses(t *testing.T) {
	for want, spoil := range map[string]func(in *model.Training){
		`feature "word A" of row`: func(in *model.Training) { s := in.X.Sparse; s.Values[slices.Index(s.Columns, 0)] = float32(math.NaN()) },
		"must be from":            func(in *model.Training) { in.X.Sparse.Columns[0] = 40 },
		"3 starts of rows for 60": func(in *model.Training) { in.X.Sparse.Starts = in.X.Sparse.Starts[:3] },
		"sparse part: training has": func(in *model.Training) {
			v := *in
			v.X = in.X.Take([]int{0, 1})
			v.Y = in.Y[:2]
			v.X.Sparse = nil
			in.Valid = &v
		},
	} {
		in, _ := mixed(model.Regression, 60)
		spoil(&in)
		if m, err := linear.Ridge.Fit(t.Context(), nil, in); err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "sparse part;", "sparse part:"), want) {
			t.Errorf("model %v, error %v; want %q", m, err, want)
		}
	}
}

// Columns that came after training are left out, and a row without a sparse part
// is one of zeros.
func TestUnknownColumns(t *testing.T) {
	in, _ := mixed(model.Multiclass, 200)
	m := fit(t, linear.Logistic, nil, in)
	row := []float64{1, 2}
	got, want := make([]float64, 3), make([]float64, 3)
	m.PredictWide(row, model.SparseRow{Columns: []uint32{40, 1 << 31}, Values: []float32{1, 1}}, got)
	m.Predict(row, want)
	if !slices.Equal(got, want) {
		t.Errorf("unknown columns give %v, none %v", got, want)
	}
}

// Models of before the sparse part was there are read, and written as they were.
func TestLoadsModelsOfBefore(t *testing.T) {
	old := []byte(`{"model":"linear.ridge.v1","task":"regression","weights":[[2,-0.5]],"intercepts":[1],"means":[0,3],"deviations":[1,1],"iterations":1,"converged":true}`)
	m, err := linear.Ridge.Load(old)
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.MarshalBinary()
	if err != nil || !bytes.Equal(again, old) {
		t.Errorf("written again: %s, %v", again, err)
	}
	if _, err := linear.Ridge.Load(bytes.Replace(old, []byte(`true}`), []byte(`true,"wide":"AAAA"}`), 1)); err == nil {
		t.Error("3 bytes of weights: want an error")
	}
}
