package trees

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"bespoke/model"
)

// objectivesFile is what testdata/objectives.py writes.
type objectivesFile struct {
	X       [][]*float64         `json:"x"`
	Queries []int32              `json:"queries"`
	Targets map[string][]float64 `json:"targets"`
	Cases   []struct {
		Name         string       `json:"name"`
		Target       string       `json:"target"`
		Params       model.Params `json:"params"`
		Interactions [][]int      `json:"interactions"`
		Predictions  []float64    `json:"predictions"`
	} `json:"cases"`
}

func (f *objectivesFile) training(target string) model.Training {
	features := make([]model.Feature, len(f.X[0]))
	for j := range features {
		features[j].Name = fmt.Sprint("x", j)
	}
	in := model.Training{X: model.NewMatrix(features, len(f.X)), Y: f.Targets[target], Groups: f.Queries, Threads: 2}
	for i, row := range f.X {
		for j, v := range row {
			in.X.Row(i)[j] = math.NaN()
			if v != nil {
				in.X.Row(i)[j] = *v
			}
		}
	}
	return in
}

// TestObjectivesAreLightGBMs compares predictions after several rounds with the
// committed ones. They may differ by 1e-4 of their size: LightGBM keeps
// gradients as float32, and looks the sigmoid of lambdarank up in a table.
func TestObjectivesAreLightGBMs(t *testing.T) {
	compareObjectives(t, "testdata/objectives.json")
}

// TestObjectivesAreLiveLightGBMs does the same with the LightGBM of the Python
// that BESPOKE_PEERS names.
func TestObjectivesAreLiveLightGBMs(t *testing.T) {
	python := os.Getenv("BESPOKE_PEERS")
	if python == "" {
		t.Skip("BESPOKE_PEERS does not name a Python with LightGBM")
	}
	at := filepath.Join(t.TempDir(), "objectives.json")
	if out, err := exec.Command(python, "testdata/objectives.py", at).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	compareObjectives(t, at)
}

func compareObjectives(t *testing.T, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file objectivesFile
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			in := file.training(c.Target)
			in.Interactions = c.Interactions
			if c.Params["objective"] != "lambdarank" {
				in.Groups = nil // of rows in queries, auto would learn the order
			}
			got := predictions(fit(t, c.Params, in), in.X)
			worst, at := 0.0, 0
			for i, want := range c.Predictions {
				if d := math.Abs(got[i]-want) / (1 + math.Abs(want)); d > worst {
					worst, at = d, i
				}
			}
			if worst > 1e-4 {
				t.Errorf("prediction %d is %v, want %v", at, got[at], c.Predictions[at])
			}
		})
	}
}

// TestLogarithmicModels: the prediction of a model of counts is e to its raw
// output, also after it was saved; other models of numbers are not logarithmic.
func TestLogarithmicModels(t *testing.T) {
	in := learnable(model.Regression, 300, 3, 51)
	for i, y := range in.Y {
		in.Y[i] = math.Exp(y / 10)
	}
	for name, want := range map[string]bool{"poisson": true, "gamma": true, "tweedie": true, "huber": false, "squared": false} {
		m, err := Load([]byte(saved(t, fit(t, model.Params{"objective": name, "rounds": 5}, in))))
		if err != nil {
			t.Fatal(err)
		}
		raw, out := []float64{0}, []float64{0}
		m.Raw(in.X.Row(3), raw)
		m.Predict(in.X.Row(3), out)
		if want {
			raw[0] = math.Exp(raw[0])
		}
		if model.IsLogarithmic(m) != want || raw[0] != out[0] {
			t.Errorf("%s: logarithmic %v, prediction %v by raw output %v", name, model.IsLogarithmic(m), out[0], raw[0])
		}
	}
}

// TestRobustLossesBearOutliers: where one target in thirty is wrong by a
// thousand, errors on other rows are far below those of squared error, although
// delta is small beside the spread of the targets.
func TestRobustLossesBearOutliers(t *testing.T) {
	in, test := learnable(model.Regression, 2_000, 4, 52), learnable(model.Regression, 1_000, 4, 53)
	for i := 0; i < len(in.Y); i += 30 {
		in.Y[i] += 1000 * float64(1-i%4)
	}
	mean := func(p model.Params) (sum float64) {
		for i, y := range predictions(fit(t, p, in), test.X) {
			sum += math.Abs(y-test.Y[i]) / float64(len(test.Y))
		}
		return sum
	}
	squared := mean(nil)
	for _, name := range []string{"huber", "fair"} {
		if got := mean(model.Params{"objective": name, "delta": 0.5}); got > squared/10 {
			t.Errorf("%s: mean error %v, of squared %v", name, got, squared)
		}
	}
}
