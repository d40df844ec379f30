package interchange

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// seeds are the golden models and a few broken ones.
func seeds(f *testing.F, pattern string) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no %s in testdata (%v)", pattern, err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		text := string(data)
		if end := strings.Index(text, "\nparameters:"); end > 0 { // nobody reads them
			text = text[:end]
		}
		f.Add([]byte(text))
		f.Add([]byte(text[:len(text)/2]))
	}
}

// predictable: what was read predicts any row without a panic.
func predictable(t *testing.T, m *Import) {
	t.Helper()
	if len(m.Columns) != len(m.Model.Features) {
		t.Fatalf("%d columns, %d features", len(m.Columns), len(m.Model.Features))
	}
	if len(m.Columns) > 1<<12 {
		return
	}
	row, out := make([]float64, len(m.Columns)), make([]float64, m.Model.Outputs())
	for _, x := range []float64{0, math.NaN(), -1, 3, 1e300, math.Inf(1), math.Inf(-1)} {
		for j := range row {
			row[j] = x
		}
		m.Prepare(row)
		m.Model.Predict(row, out)
	}
	if _, _, err := WriteLightGBM(m.Model, nil); err != nil && !strings.Contains(err.Error(), "not finite") && !strings.Contains(err.Error(), "reads no features") {
		t.Fatal(err)
	}
}

func FuzzReadLightGBM(f *testing.F) {
	seeds(f, "lightgbm-*.txt")
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadLightGBM(data)
		if err != nil {
			return
		}
		predictable(t, m)
	})
}

func FuzzReadXGBoost(f *testing.F) {
	seeds(f, "xgboost-*.json")
	seeds(f, "xgboost-*.ubj")
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadXGBoost(data)
		if err != nil {
			return
		}
		predictable(t, m)
	})
}
