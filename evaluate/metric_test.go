package evaluate_test

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bespoke/evaluate"
	"bespoke/model"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %.17g, want %.17g (within %g)", what, got, want, tolerance)
	}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestMetricsAgreeWithScikitLearn(t *testing.T) {
	var in struct {
		Cases []struct {
			Name        string             `json:"name"`
			Task        model.Task         `json:"task"`
			Outcomes    []string           `json:"outcomes"`
			Truth       []float64          `json:"truth"`
			Predictions []float64          `json:"predictions"`
			Metrics     map[string]float64 `json:"metrics"`
			Confusion   [][]int            `json:"confusion"`
		} `json:"cases"`
	}
	read(t, "metrics.json", &in)
	for _, c := range in.Cases {
		t.Run(c.Name, func(t *testing.T) {
			h := evaluate.Held{Task: c.Task, Outcomes: c.Outcomes, Truth: c.Truth, Predictions: c.Predictions}
			scores, err := evaluate.Scores(h, evaluate.DefaultOptions())
			if err != nil {
				t.Fatal(err)
			}
			if len(scores) != len(c.Metrics) {
				t.Errorf("%d metrics, scikit-learn gave %d", len(scores), len(c.Metrics))
			}
			for _, s := range scores {
				if s.Value == nil {
					t.Fatalf("%s: no value: %s", s.Name, s.Note)
				}
				want, ok := c.Metrics[s.Name]
				if !ok {
					t.Fatalf("%s: not in the file", s.Name)
				}
				near(t, s.Name, *s.Value, want, 1e-12*math.Max(1, math.Abs(want)))
			}
			if c.Task == model.Regression {
				return
			}
			m, err := evaluate.Confuse(h)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.Confusion, m.Counts); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestMetricFor(t *testing.T) {
	for _, c := range []struct {
		name string
		task model.Task
		want string
	}{
		{"", model.Binary, "auc"},
		{"", model.Multiclass, "auc"},
		{"", model.Regression, "rmse"},
		{"f1", model.Multiclass, "f1"},
		{"mape", model.Regression, "mape"},
	} {
		m, err := evaluate.MetricFor(c.name, c.task)
		if err != nil || m.Name != c.want {
			t.Errorf("%q for %v: got %q, %v; want %q", c.name, c.task, m.Name, err, c.want)
		}
	}
	_, err := evaluate.MetricFor("auc", model.Regression)
	if err == nil || !strings.Contains(err.Error(), "rmse, mae, r2, mape") {
		t.Errorf("AUC of numbers: %v", err)
	}
}

func TestUndefinedMetrics(t *testing.T) {
	one := evaluate.Held{Task: model.Binary, Outcomes: []string{"a", "b"}, Truth: []float64{0, 0}, Predictions: []float64{.7, .3, .6, .4}}
	scores, err := evaluate.Scores(one, evaluate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	if scores[0].Name != "auc" || scores[0].Value != nil || scores[0].Note == "" {
		t.Errorf("AUC of one class: %+v", scores[0])
	}
	if _, err := json.Marshal(scores); err != nil {
		t.Error(err)
	}
	same := evaluate.Held{Truth: []float64{3, 3}, Predictions: []float64{3, 4}}
	m, err := evaluate.MetricFor("r2", model.Regression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Of(same); err == nil {
		t.Error("R² of a constant target: no error")
	}
}

func TestBrokenRows(t *testing.T) {
	two := []string{"a", "b"}
	for name, h := range map[string]evaluate.Held{
		"no rows":     {Task: model.Binary, Outcomes: two},
		"one class":   {Task: model.Binary, Outcomes: two[:1], Truth: []float64{0}, Predictions: []float64{1}},
		"sizes":       {Task: model.Binary, Outcomes: two, Truth: []float64{0}, Predictions: []float64{1}},
		"class":       {Task: model.Binary, Outcomes: two, Truth: []float64{2}, Predictions: []float64{1, 0}},
		"half class":  {Task: model.Binary, Outcomes: two, Truth: []float64{.5}, Predictions: []float64{1, 0}},
		"nan truth":   {Truth: []float64{math.NaN()}, Predictions: []float64{1}},
		"nan":         {Truth: []float64{1}, Predictions: []float64{math.NaN()}},
		"probability": {Task: model.Binary, Outcomes: two, Truth: []float64{0}, Predictions: []float64{1.5, -.5}},
	} {
		if h.Check() == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := evaluate.Scores(h, evaluate.DefaultOptions()); err == nil {
			t.Errorf("%s: scored", name)
		}
	}
}

// AUC depends on the order of scores only, and turning the scores round turns
// the area round.
func TestAUCProperties(t *testing.T) {
	m, err := evaluate.MetricFor("auc", model.Binary)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "rows")
		h := evaluate.Held{Task: model.Binary, Outcomes: []string{"a", "b"}}
		squared, turned := h, h
		for i := range n {
			p := float64(rapid.IntRange(0, 8).Draw(t, "score")) / 8
			y := float64(i % 2)
			if i > 1 {
				y = float64(rapid.IntRange(0, 1).Draw(t, "truth"))
			}
			h.Truth = append(h.Truth, y)
			h.Predictions = append(h.Predictions, 1-p, p)
			squared.Predictions = append(squared.Predictions, 1-p*p, p*p)
			turned.Predictions = append(turned.Predictions, p, 1-p)
		}
		squared.Truth, turned.Truth = h.Truth, h.Truth
		a, err1 := m.Of(h)
		b, err2 := m.Of(squared)
		c, err3 := m.Of(turned)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		if a != b || math.Abs(a+c-1) > 1e-12 {
			t.Fatalf("AUC %v, of squared scores %v, of turned scores %v", a, b, c)
		}
		pairs, wins := 0.0, 0.0
		for i, y := range h.Truth {
			for j, z := range h.Truth {
				if y == 1 && z == 0 {
					pairs++
					switch p, q := h.Row(i)[1], h.Row(j)[1]; {
					case p > q:
						wins++
					case p == q:
						wins += .5
					}
				}
			}
		}
		if math.Abs(a-wins/pairs) > 1e-12 {
			t.Fatalf("AUC %v, by pairs %v", a, wins/pairs)
		}
	})
}
