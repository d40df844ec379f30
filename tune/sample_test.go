package tune

import (
	"slices"
	"testing"

	"bespoke/design"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/zoo"

	"github.com/google/go-cmp/cmp"
)

// ranged are the entries that have something to draw.
func ranged() []model.Entry {
	var out []model.Entry
	for _, e := range zoo.All {
		if slices.ContainsFunc(e.Params, func(p model.Param) bool { return p.Search != nil }) {
			out = append(out, e)
		}
	}
	return out
}

// Every draw can be fitted, keeps to its ranges, and depends on seed and number
// alone.
func TestDraws(t *testing.T) {
	entries := ranged()
	drawn := map[string]int{}
	for i := range 300 {
		c := Draw(entries, 7, i)
		if diff := cmp.Diff(c, Draw(entries, 7, i)); diff != "" {
			t.Fatalf("draw %d differs when made again:\n%s", i, diff)
		}
		entry, err := zoo.Find(c.Model)
		if err != nil {
			t.Fatal(err)
		}
		drawn[c.Model]++
		if _, err := model.Resolve(entry.Name, entry.Params, c.Params); err != nil {
			t.Errorf("draw %d cannot be fitted: %v", i, err)
		}
		for _, p := range entry.Params {
			v, ok := c.Params[p.Name].(float64)
			switch {
			case p.Search == nil:
			case !ok:
				t.Errorf("draw %d has no %s", i, p.Name)
			case v < p.Search.Low || v > p.Search.High:
				t.Errorf("draw %d: %s is %v, outside of %v to %v", i, p.Name, v, p.Search.Low, p.Search.High)
			}
		}
		if s := entry.Stopping; s != nil && c.Params[s.Patience] != 0.0 {
			t.Errorf("draw %d stops early: what it learns would depend on rows kept apart", i)
		}
	}
	for _, e := range entries {
		if drawn[e.Name] == 0 {
			t.Errorf("%s was never drawn", e.Name)
		}
	}
	if cmp.Equal(Draw(entries, 7, 1), Draw(entries, 8, 1)) {
		t.Error("another seed draws the same")
	}
}

// A drawn share of rows has an effect only when rows are drawn at all.
func TestDrawnTreesSampleRows(t *testing.T) {
	trees, err := zoo.Find("trees.boost.v1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		p := Draw([]model.Entry{trees}, 3, i).Params
		if share, freq := p["bagging_fraction"].(float64), p["bagging_freq"].(float64); share < 1 && freq == 0 {
			t.Errorf("draw %d: a share %v of the rows that is never drawn", i, share)
		}
	}
}

// Draws and suggestions keep to what the scenario lets parameters be, also where
// these are a few values or words.
func TestLimitedDraws(t *testing.T) {
	entries, err := design.Narrow(zoo.All, scenario.Design{Params: scenario.ModelParams{"trees.boost.v1": {
		"num_leaves": {15.0}, "learning_rate": {0.02, 0.2}, "rounds": {50.0, 100.0, 200.0}, "sampling": {"bag", "mvs"}, "patience": {10.0, 20.0}, "lambda_l1": {0.0, 5.0},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	trees := entries[slices.IndexFunc(entries, func(e model.Entry) bool { return e.Name == "trees.boost.v1" })]
	space, seen := spaceOf(trees), map[any]bool{}
	check := func(params model.Params) {
		t.Helper()
		if _, err := model.Resolve(trees.Name, trees.Params, params); err != nil {
			t.Error(err)
		}
		if params["num_leaves"] != 15.0 || params["patience"] == 0.0 {
			t.Errorf("drawn: %+v", params)
		}
		seen[params["rounds"]], seen[params["sampling"]] = true, true
	}
	for i := range 100 {
		c := Draw([]model.Entry{trees}, 5, i)
		check(c.Params)
		point := space.point(c.Params)
		again := space.params(trees, point)
		check(again)
		for _, p := range space {
			if p.Options() > 0 && again[p.Name] != c.Params[p.Name] {
				t.Errorf("%s: %v, and %v after a way through the unit cube", p.Name, c.Params[p.Name], again[p.Name])
			}
		}
	}
	for _, want := range []any{50.0, 100.0, 200.0, "bag", "mvs"} {
		if !seen[want] {
			t.Errorf("%v was never drawn", want)
		}
	}
}

func TestSignificant(t *testing.T) {
	for _, c := range []struct{ in, want float64 }{{0, 0}, {0.0123456, 0.01235}, {123456, 123500}, {-0.00098765, -0.0009877}, {1, 1}} {
		if got := significant(c.in); got != c.want {
			t.Errorf("significant(%v) = %v, want %v", c.in, got, c.want)
		}
	}
}
