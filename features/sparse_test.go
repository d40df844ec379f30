package features_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"bespoke/features"
	"bespoke/model"
	"bespoke/table"
	"bespoke/text"
)

var reviews = []string{
	"good service and good food", "bad service", "", "good food", "the food was bad and the service was bad", "unique", "good good good",
}

// twoTexts has two columns of text beside a number.
func twoTexts(t *testing.T) (*table.Table, []float64) {
	t.Helper()
	back := slices.Clone(reviews)
	slices.Reverse(back)
	return newTable(t,
		table.NewText("review", reviews), table.NewNumber("n", []float64{1, 2, 3, 4, 5, 6, 7}), table.NewText("reply", back),
	), []float64{1, 0, 1, 1, 0, 0, 1}
}

func wideOptions() features.Options {
	return features.Options{Encoding: model.Dense, Task: model.Binary, Classes: 2, Sparse: true, Wide: &features.Wide{Of: text.Words}}
}

// What is fitted, saved and loaded, and applied to one row, gives the same
// entries: those of the tf-idf step, column after column of the table.
func TestSparseText(t *testing.T) {
	tab, y := twoTexts(t)
	f, x := mustFit(t, tab, y, wideOptions())
	if x.Sparse == nil || x.Check() != nil || x.Sparse.Rows() != len(y) || x.Width() != x.Cols()+len(f.SparseFeatures()) {
		t.Fatalf("sparse part %+v: %v", x.Sparse, x.Check())
	}
	if x.Cols() != 1 || f.SparseFeatures()[0].Source != "review" {
		t.Errorf("%d dense features, want the number alone; the first sparse one is of %q", x.Cols(), f.SparseFeatures()[0].Source)
	}
	dense, d := mustFit(t, tab, y, features.Options{Encoding: model.Dense, Task: model.Binary, Classes: 2})
	at := map[string]int{}
	for j, feature := range dense.Features() {
		at[feature.Name] = j
	}
	for i := range y {
		row, sum := x.Sparse.Row(i), 0.0
		for k, c := range row.Columns {
			want := d.Row(i)[at[f.SparseFeatures()[c].Name]]
			if float32(want) != row.Values[k] {
				t.Errorf("row %d, %s: %v, tf-idf gives %v", i, f.SparseFeatures()[c].Name, row.Values[k], want)
			}
			sum += want
		}
		all := 0.0
		for j, feature := range dense.Features() {
			if feature.Source != "n" {
				all += d.Row(i)[j]
			}
		}
		if all-sum > 1e-12 || sum-all > 1e-12 {
			t.Errorf("row %d: entries sum to %v, tf-idf to %v", i, sum, all)
		}
	}

	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	loaded := new(features.Fitted)
	if err := json.Unmarshal(data, loaded); err != nil {
		t.Fatal(err)
	}
	one := loaded.NewMatrix(1)
	for i := range y {
		if err := loaded.ApplyRange(tab, i, one); err != nil {
			t.Fatal(err)
		}
		if got, want := one.Sparse.Row(0), x.Sparse.Row(i); !slices.Equal(got.Columns, want.Columns) || !slices.Equal(got.Values, want.Values) {
			t.Errorf("row %d: %v, in training %v", i, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { _ = loaded.ApplyRange(tab, 4, one) }); n != 0 {
		t.Errorf("Apply makes %v allocations, want 0", n)
	}
}

func TestSparseOptions(t *testing.T) {
	tab, y := twoTexts(t)
	opt := wideOptions()
	opt.Wide = &features.Wide{Of: text.Characters, Size: 7}
	if f, _ := mustFit(t, tab, y, opt); len(f.SparseFeatures()) != 14 || !strings.Contains(f.SparseFeatures()[0].Name, "~~") {
		t.Errorf("%d features of 2 texts, the first %q; want 7 runs of characters each", len(f.SparseFeatures()), f.SparseFeatures()[0].Name)
	}
	opt.Sparse = false // of a model that reads none
	f, x := mustFit(t, tab, y, opt)
	if len(f.SparseFeatures()) > 0 || x.Sparse != nil {
		t.Error("a model that reads no sparse part is given one")
	}
	plan, err := features.NewPlan(tab, wideOptions())
	if err != nil {
		t.Fatal(err)
	}
	opt.Plan = &plan
	if _, _, err := features.Fit(tab, y, opt); err == nil || !strings.Contains(err.Error(), "does not read") {
		t.Errorf("a plan with a sparse part for a model that reads none: %v", err)
	}
	opt.Sparse = true
	plan.Columns[0].Steps = append(plan.Columns[0].Steps, features.StepPlan{Step: "standardise"})
	if _, _, err := features.Fit(tab, y, opt); err == nil || !strings.Contains(err.Error(), "must be the only one") {
		t.Errorf("a step behind terms: %v", err)
	}
	good, _ := mustFit(t, tab, y, wideOptions())
	if err := good.Apply(tab, model.NewMatrix(good.Features(), len(y))); err == nil || !strings.Contains(err.Error(), "NewMatrix") {
		t.Errorf("a matrix without a sparse part: %v", err)
	}
}

// Equal sparse parts are one in a joint row; two different ones are refused.
func TestJoinSparse(t *testing.T) {
	tab, y := twoTexts(t)
	f, x := mustFit(t, tab, y, wideOptions())
	native, _ := mustFit(t, tab, y, features.Options{Encoding: model.Native, Task: model.Binary, Classes: 2})
	joint, starts, err := features.Join(native, f, f)
	if err != nil {
		t.Fatal(err)
	}
	out := joint.NewMatrix(len(y))
	if err := joint.Apply(tab, out); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(out.Sparse.Columns, x.Sparse.Columns) || starts[1] != len(native.Features()) || starts[2] != starts[1] {
		t.Errorf("parts begin at %v; the entries are those of the part: %v", starts, slices.Equal(out.Sparse.Columns, x.Sparse.Columns))
	}
	opt := wideOptions()
	opt.Wide.Of = text.Characters
	other, _ := mustFit(t, tab, y, opt)
	if _, _, err := features.Join(f, other); err == nil || !strings.Contains(err.Error(), "another sparse part") {
		t.Errorf("two sparse parts: %v", err)
	}
}
