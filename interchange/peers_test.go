package interchange

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bespoke/model"
	"bespoke/trees"
)

// answer is what another program says about a few rows; testdata/make.py says
// how it was asked.
type answer struct {
	Rows       [][]any     `json:"rows"`
	Raw        [][]float64 `json:"raw"`
	Exact      [][]float64 `json:"exact"`
	Prediction [][]float64 `json:"prediction"`
}

// row is row i with missing values as NaN.
func (a answer) row(i int) []float64 {
	row := make([]float64, len(a.Rows[i]))
	for j, x := range a.Rows[i] {
		switch x := x.(type) {
		case nil:
			row[j] = math.NaN()
		case float64:
			row[j] = x
		case string: // "inf" and "-inf", which JSON has no number for
			row[j] = math.Inf(map[bool]int{true: -1, false: 1}[x == "-inf"])
		}
	}
	return row
}

// peers is the Python with the peers: the one that BESPOKE_PEERS names, or that
// of `make peers`.
func peers(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts Python")
	}
	python := os.Getenv("BESPOKE_PEERS")
	if home, err := os.UserHomeDir(); python == "" && err == nil {
		python = filepath.Join(home, ".cache", "bespoke-peers", "bin", "python")
	}
	if err := exec.Command(python, "-c", "import lightgbm, xgboost").Run(); err != nil {
		t.Skipf("%s has no LightGBM and XGBoost (%v); `make peers` gets them, or BESPOKE_PEERS names a Python that has them", python, err)
	}
	return python
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func readAnswers(t testing.TB, folder string) map[string]answer {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "answers.json"))
	if err != nil {
		t.Fatal(err)
	}
	var answers map[string]answer
	if err := json.Unmarshal(data, &answers); err != nil {
		t.Fatal(err)
	}
	return answers
}

func readFile(name string, data []byte) (*Import, error) {
	if strings.HasPrefix(name, "lightgbm") {
		return ReadLightGBM(data)
	}
	return ReadXGBoost(data)
}

// TestGolden: models of LightGBM and XGBoost answer as they did there.
func TestGolden(t *testing.T) { sameAnswers(t, "testdata") }

// TestLive is TestGolden with models that the real packages make now.
func TestLive(t *testing.T) {
	python := peers(t)
	for _, seed := range []string{"1", "2"} {
		folder := t.TempDir()
		run(t, python, "testdata/make.py", folder, seed)
		sameAnswers(t, folder)
	}
}

func sameAnswers(t *testing.T, folder string) {
	for name, a := range readAnswers(t, folder) {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			m, err := readFile(name, data)
			if err != nil {
				t.Fatal(err)
			}
			sameAsPeer(t, name, m, a)
		})
	}
}

func sameAsPeer(t *testing.T, name string, m *Import, a answer) {
	t.Helper()
	raw, out := make([]float64, len(m.Model.Base)), make([]float64, m.Model.Outputs())
	for i := range a.Rows {
		row := a.row(i)
		m.Prepare(row)
		m.Model.Raw(row, raw)
		m.Model.Predict(row, out)
		want := a.Prediction[i]
		given := out
		if m.Model.Task == model.Binary {
			given = out[1:]
		}
		switch {
		case strings.HasPrefix(name, "lightgbm-forest"): // the mean is taken leaf by leaf
			near(t, "raw score", i, []float64{raw[0] * float64(m.Model.Rounds())}, a.Raw[i], 1e-12)
			near(t, "prediction", i, given, want, 1e-12)
		case strings.HasPrefix(name, "lightgbm"):
			if !slices.Equal(raw, a.Raw[i]) {
				t.Fatalf("row %d %v: raw scores %v, want %v", i, a.row(i), raw, a.Raw[i])
			}
			near(t, "prediction", i, given, want, 1e-12)
		default:
			// XGBoost's own sums are of float32: 24 bits, a handful of terms.
			for k, x := range raw {
				if a.Exact != nil && math.Abs(x-m.Model.Base[k]-a.Exact[i][k]) > 1e-12*(1+math.Abs(x)) {
					t.Fatalf("row %d %v: the leaves add up to %v, want %v", i, a.row(i), x-m.Model.Base[k], a.Exact[i][k])
				}
				if math.Abs(x-a.Raw[i][k]) > 1e-6*(1+math.Abs(x)) {
					t.Fatalf("row %d: raw score %v, want %v", i, x, a.Raw[i][k])
				}
			}
			for k, x := range want {
				if m.Objective != "binary:logitraw" && math.Abs(given[k]-x) > 2e-6*(1+math.Abs(x)) { // logitraw predicts raw scores
					t.Fatalf("row %d: prediction %v, want %v", i, given, want)
				}
			}
		}
	}
}

// near compares with a tolerance relative to the expected number.
func near(t *testing.T, what string, row int, got, want []float64, tolerance float64) {
	t.Helper()
	for k := range want {
		if !(math.Abs(got[k]-want[k]) <= tolerance*math.Abs(want[k])) {
			t.Fatalf("row %d: %s %v, want %v", row, what, got, want)
		}
	}
}

// TestLightGBMPredictsOurs: what LightGBM makes of the models that were written
// has our bits in raw scores, and predictions within 1e-12.
func TestLightGBMPredictsOurs(t *testing.T) {
	python := peers(t)
	folder := t.TempDir()
	cases := map[string]*trees.Model{}
	for i, c := range ourModels(t) {
		name := fmt.Sprintf("ours-%02d-%s.txt", i, c.Task)
		cases[name] = c
		text, _, err := WriteLightGBM(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		rows := ourRows(c, uint64(i))
		lines, err := json.Marshal(rows)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(folder, name), text)
		put(t, filepath.Join(folder, name+".rows.json"), lines)
	}
	run(t, python, "testdata/predict.py", folder)
	answers := readAnswers(t, folder)
	if len(answers) != len(cases) {
		t.Fatalf("%d answers for %d models", len(answers), len(cases))
	}
	for name, m := range cases {
		sameAsPeer(t, "lightgbm "+name, &Import{Model: m}, answers[name])
	}
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
