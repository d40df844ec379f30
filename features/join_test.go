package features_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"bespoke/features"
	"bespoke/model"
	"bespoke/table"
)

// A joint row is the rows of its parts, one after the other; equal parts share
// their place, and what is saved and loaded does the same to the bit.
func TestJoin(t *testing.T) {
	tab, y := mixed(t, 80, 5)
	var parts []*features.Fitted
	for _, e := range []model.Encoding{model.Dense, model.Native, model.Dense} {
		f, _ := mustFit(t, tab, y, features.Options{Encoding: e, Task: model.Binary, Classes: 2, Seed: 4})
		parts = append(parts, f)
	}
	joint, starts, err := features.Join(parts...)
	if err != nil {
		t.Fatal(err)
	}
	dense, native := len(parts[0].Features()), len(parts[1].Features())
	if !slices.Equal(starts, []int{0, dense, 0}) || len(joint.Features()) != dense+native || joint.Encoding() != model.Native {
		t.Fatalf("parts begin at %v of %d features as %q; they have %d and %d", starts, len(joint.Features()), joint.Encoding(), dense, native)
	}
	names := map[string]bool{}
	for _, f := range joint.Features() {
		if names[f.Name] {
			t.Errorf("two features are called %q", f.Name)
		}
		names[f.Name] = true
	}
	loaded := new(features.Fitted)
	data, err := json.Marshal(joint)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, loaded); err != nil {
		t.Fatal(err)
	}
	other, _ := mixed(t, 30, 6)
	for _, f := range []*features.Fitted{joint, loaded} {
		got := applied(t, f, other)
		for i, p := range parts {
			want := applied(t, p, other)
			for r := range other.Rows() {
				for j, w := range want.Row(r) {
					if v := got.Row(r)[starts[i]+j]; math.Float64bits(v) != math.Float64bits(w) {
						t.Fatalf("part %d, row %d, %s: %v, alone %v", i, r, p.Features()[j].Name, v, w)
					}
				}
			}
		}
	}
	out, row := model.NewMatrix(joint.Features(), 1), other.Take([]int{3})
	conformed, _, err := row.Conform(joint.Inputs())
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _ = joint.Apply(conformed, out) }); n != 0 {
		t.Errorf("Apply makes %v allocations, want 0", n)
	}
}

func applied(t *testing.T, f *features.Fitted, tab *table.Table) *model.Matrix {
	t.Helper()
	conformed, _, err := tab.Conform(f.Inputs())
	if err != nil {
		t.Fatal(err)
	}
	x := model.NewMatrix(f.Features(), tab.Rows())
	if err := f.Apply(conformed, x); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestJoinErrors(t *testing.T) {
	fit := func(levels ...string) *features.Fitted {
		tab, err := table.New(table.NewCategory("job", []int32{0, 1, 0, 1, 1, 0}, levels))
		if err != nil {
			t.Fatal(err)
		}
		f, _ := mustFit(t, tab, []float64{0, 1, 0, 1, 1, 0}, features.Options{Encoding: model.Native, Task: model.Binary, Classes: 2})
		return f
	}
	if _, _, err := features.Join(fit("a", "b"), fit("a", "c")); err == nil || !strings.Contains(err.Error(), `column "job"`) {
		t.Errorf("other levels: %v", err)
	}
	if _, _, err := features.Join(); err == nil {
		t.Error("nothing was joined")
	}
}
