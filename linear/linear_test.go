package linear_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"bespoke/linear"
	"bespoke/model"
)

var entries = map[string]model.Entry{
	linear.Logistic.Name:   linear.Logistic,
	linear.Ridge.Name:      linear.Ridge,
	linear.ElasticNet.Name: linear.ElasticNet,
}

// peers is testdata/sklearn.json; the script beside it says how it was made.
type peers struct {
	Tolerance  float64
	Reason     string
	Near, Far  [][]float64
	Binary     []float64
	Three      []float64
	Number     []float64
	RowWeights []float64 `json:"row_weights"`
	Cases      []struct {
		Name, Entry, Data, Target string
		Weighted                  bool
		Params                    model.Params
		Weights                   [][]float64
		Intercepts                []float64
	}
}

func TestCoefficientsOfScikitLearn(t *testing.T) {
	raw, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var f peers
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Cases) < 14 || f.Reason == "" {
		t.Fatalf("testdata/sklearn.json: %d cases, reason %q", len(f.Cases), f.Reason)
	}
	for _, c := range f.Cases {
		t.Run(c.Name, func(t *testing.T) {
			in := model.Training{X: matrix(map[string][][]float64{"near": f.Near, "far": f.Far}[c.Data]), Threads: 2}
			switch c.Target {
			case "binary":
				in.Task, in.Y, in.Classes = model.Binary, f.Binary, []string{"no", "yes"}
			case "three":
				in.Task, in.Y, in.Classes = model.Multiclass, f.Three, []string{"a", "b", "c"}
			default:
				in.Task, in.Y = model.Regression, f.Number
			}
			if c.Weighted {
				in.Weights = f.RowWeights
			}
			got := fit(t, entries[c.Entry], c.Params, in)
			if n, ok := got.Converged(); !ok {
				t.Errorf("not converged after %d iterations", n)
			}
			weights, intercepts := got.Coefficients()
			for k := range c.Weights {
				for j, want := range c.Weights[k] {
					near(t, "weight", weights[k][j], want, f.Tolerance)
				}
				near(t, "intercept", intercepts[k], c.Intercepts[k], f.Tolerance)
			}
		})
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*max(1, math.Abs(want))) {
		t.Errorf("%s %v, want %v (off by %.2g)", what, got, want, got-want)
	}
}

func matrix(rows [][]float64) *model.Matrix {
	features := make([]model.Feature, len(rows[0]))
	for j := range features {
		name := "x" + string(rune('0'+j%10)) + strings.Repeat("'", j/10)
		features[j] = model.Feature{Name: name, Source: name}
	}
	m := model.NewMatrix(features, len(rows))
	for i, r := range rows {
		copy(m.Row(i), r)
	}
	return m
}

func fit(t *testing.T, e model.Entry, p model.Params, in model.Training) *linear.Model {
	t.Helper()
	m, err := e.Fit(context.Background(), p, in)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*linear.Model)
}
