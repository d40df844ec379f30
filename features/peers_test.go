package features_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"bespoke/features"
	"bespoke/model"
	"bespoke/table"
)

// peers is testdata/peers.json, written by testdata/peers.py.
type peers struct {
	Scalers []struct {
		Step      string    `json:"step"`
		Name      string    `json:"name"`
		Train     []float64 `json:"train"`
		Fresh     []float64 `json:"fresh"`
		WantTrain []float64 `json:"want_train"`
		WantFresh []float64 `json:"want_fresh"`
	} `json:"scalers"`
	Impute []struct {
		With  string      `json:"with"`
		Train []*float64  `json:"train"`
		Want  [][]float64 `json:"want"`
	} `json:"impute"`
	OneHot struct {
		Levels    []string    `json:"levels"`
		Codes     []int32     `json:"codes"`
		Fresh     []int32     `json:"fresh"`
		Want      [][]float64 `json:"want"`
		WantFresh [][]float64 `json:"want_fresh"`
	} `json:"onehot"`
	Target []struct {
		Task    string      `json:"task"`
		Classes int         `json:"classes"`
		Rows    float64     `json:"rows"`
		Codes   []int32     `json:"codes"`
		Y       []float64   `json:"y"`
		Fresh   []int32     `json:"fresh"`
		Want    [][]float64 `json:"want"`
	} `json:"target"`
	Text struct {
		Train     []string    `json:"train"`
		Fresh     []string    `json:"fresh"`
		Terms     []string    `json:"terms"`
		Want      [][]float64 `json:"want"`
		WantFresh [][]float64 `json:"want_fresh"`
	} `json:"text"`
}

func readPeers(t *testing.T) peers {
	t.Helper()
	data, err := os.ReadFile("testdata/peers.json")
	if err != nil {
		t.Fatal(err)
	}
	var p peers
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// fitOne fits a plan of one column with the given steps, Native so that any
// shape may come out.
func fitOne(t *testing.T, c *table.Column, y []float64, opt features.Options, steps ...features.StepPlan) (*features.Fitted, *model.Matrix) {
	t.Helper()
	if y == nil {
		y = make([]float64, c.Len())
	}
	opt.Encoding = model.Native
	opt.Plan = &features.Plan{Encoding: model.Native, Columns: []features.ColumnPlan{{Column: c.Name, Steps: steps}}}
	f, x, err := features.Fit(newTable(t, c), y, opt)
	if err != nil {
		t.Fatal(err)
	}
	return f, x
}

func newTable(t *testing.T, columns ...*table.Column) *table.Table {
	t.Helper()
	tab, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func apply(t *testing.T, f *features.Fitted, tab *table.Table) *model.Matrix {
	t.Helper()
	out := model.NewMatrix(f.Features(), tab.Rows())
	if err := f.Apply(tab, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// agree says whether a and b agree within tol, relative above 1.
func agree(a, b, tol float64) bool {
	return math.Abs(a-b) <= tol*max(1, math.Abs(b))
}

func compare(t *testing.T, what string, got *model.Matrix, want [][]float64, tol float64) {
	t.Helper()
	if got.Rows != len(want) {
		t.Fatalf("%s: %d rows, want %d", what, got.Rows, len(want))
	}
	for i, w := range want {
		for j := range w {
			if len(got.Row(i)) != len(w) || !agree(got.Row(i)[j], w[j], tol) {
				t.Fatalf("%s: row %d: %v, want %v", what, i, got.Row(i), w)
			}
		}
	}
}

func rows(values []float64) [][]float64 {
	out := make([][]float64, len(values))
	for i, x := range values {
		out[i] = []float64{x}
	}
	return out
}

func TestScalersEqualScikitLearn(t *testing.T) {
	for _, c := range readPeers(t).Scalers {
		t.Run(c.Step+"/"+c.Name, func(t *testing.T) {
			f, x := fitOne(t, table.NewNumber("x", c.Train), nil, features.Options{}, features.StepPlan{Step: c.Step})
			// The sums are the same up to their order: rounding only. Yeo-Johnson's
			// power is the place where a likelihood is highest, which float64 can
			// tell to about 1e-8; far outside the training rows a power makes more
			// of that, hence the wider tolerance there.
			tol, tolFresh := 1e-11, 1e-11
			if c.Step == "yeo-johnson" {
				tol, tolFresh = 1e-6, 2e-6
			}
			if c.Name == "large offset" {
				// One part in 1e9 varies: seven digits are lost on both sides, and
				// more in a power, whose likelihood is then all but flat.
				tol, tolFresh = max(1e-7, 10*tol), max(1e-7, 10*tolFresh)
			}
			compare(t, "train", x, rows(c.WantTrain), tol)
			compare(t, "fresh", apply(t, f, newTable(t, table.NewNumber("x", c.Fresh))), rows(c.WantFresh), tolFresh)
		})
	}
}

func TestImputeEqualsScikitLearn(t *testing.T) {
	for _, c := range readPeers(t).Impute {
		x := make([]float64, len(c.Train))
		for i, v := range c.Train {
			x[i] = math.NaN()
			if v != nil {
				x[i] = *v
			}
		}
		_, got := fitOne(t, table.NewNumber("x", x), nil, features.Options{},
			features.StepPlan{Step: "impute", Params: model.Params{"with": c.With}})
		compare(t, c.With, got, c.Want, 1e-14) // one sum of nine numbers
	}
}

func TestOneHotEqualsScikitLearn(t *testing.T) {
	c := readPeers(t).OneHot
	f, x := fitOne(t, table.NewCategory("c", c.Codes, c.Levels), nil, features.Options{}, features.StepPlan{Step: "one-hot"})
	compare(t, "train", x, c.Want, 0)
	compare(t, "fresh", apply(t, f, newTable(t, table.NewCategory("c", c.Fresh, c.Levels))), c.WantFresh, 0)
}

func TestTargetEqualsScikitLearn(t *testing.T) {
	for _, c := range readPeers(t).Target {
		levels := make([]string, 7) // level 6 is in no training row
		for i := range levels {
			levels[i] = fmt.Sprint("level ", i)
		}
		opt := features.Options{Classes: c.Classes}
		if err := opt.Task.UnmarshalText([]byte(c.Task)); err != nil {
			t.Fatal(err)
		}
		f, _ := fitOne(t, table.NewCategory("c", c.Codes, levels), c.Y, opt,
			features.StepPlan{Step: "target", Params: model.Params{"shrink": "fixed", "rows": c.Rows}})
		compare(t, c.Task, apply(t, f, newTable(t, table.NewCategory("c", c.Fresh, levels))), c.Want, 1e-12) // rounding of sums
	}
}

func TestTextEqualsScikitLearn(t *testing.T) {
	c := readPeers(t).Text
	f, x := fitOne(t, table.NewText("x", c.Train), nil, features.Options{},
		features.StepPlan{Step: "tf-idf", Params: model.Params{"rows": 1.0, "features": 1000.0, "bits": 18.0}})
	if len(f.Features()) != len(c.Terms) {
		t.Fatalf("%d features, want %d: %v", len(f.Features()), len(c.Terms), c.Terms)
	}
	at := make([]int, len(c.Terms)) // of the peer's feature, by ours
	for j, feature := range f.Features() {
		at[j] = slices.Index(c.Terms, feature.Name[len("x~"):])
		if at[j] < 0 {
			t.Fatalf("feature %q is none of %q", feature.Name, c.Terms)
		}
	}
	for what, pair := range map[string]struct {
		got  *model.Matrix
		want [][]float64
	}{"train": {x, c.Want}, "fresh": {apply(t, f, newTable(t, table.NewText("x", c.Fresh))), c.WantFresh}} {
		ordered := make([][]float64, len(pair.want))
		for i, w := range pair.want {
			for _, k := range at {
				ordered[i] = append(ordered[i], w[k])
			}
		}
		compare(t, what, pair.got, ordered, 1e-12) // rounding of logarithm and norm
	}
}
