package design_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bespoke/design"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/zoo"

	"github.com/google/go-cmp/cmp"
)

// held are limits of every form on boosted trees.
var held = scenario.Design{
	Models: []string{"trees.boost.v1"},
	Params: scenario.ModelParams{"trees.boost.v1": {
		"num_leaves": {15.0}, "learning_rate": {0.05, 0.2}, "rounds": {100.0, 50.0, 200.0}, "sampling": {"goss"}, "leaf_values": {"step", "best"}, "max_bins": {15.0, 255.0},
	}},
}

func param(t *testing.T, entries []model.Entry, name, param string) model.Param {
	t.Helper()
	for _, e := range entries {
		i := slices.IndexFunc(e.Params, func(p model.Param) bool { return p.Name == param })
		if e.Name == name && i >= 0 {
			return e.Params[i]
		}
	}
	t.Fatalf("no %s of %s", param, name)
	return model.Param{}
}

// One value fixes, two numbers bound, and other lists are what may be chosen
// from; every one is searched, and nothing else changes.
func TestNarrow(t *testing.T) {
	before := param(t, zoo.All, "trees.boost.v1", "num_leaves")
	entries, err := design.Narrow(zoo.All, held)
	if err != nil {
		t.Fatal(err)
	}
	type limits struct {
		Low, High float64
		Values    []float64
		Choices   []string
		Search    model.Range
	}
	for name, want := range map[string]limits{
		"num_leaves":    {Low: 15, High: 15, Search: model.Range{Low: 15, High: 15, Log: true}},
		"learning_rate": {Low: 0.05, High: 0.2, Search: model.Range{Low: 0.05, High: 0.2, Log: true}},
		"rounds":        {Low: 50, High: 200, Values: []float64{50, 100, 200}, Search: model.Range{Low: 50, High: 200, Log: true}},
		"max_bins":      {Low: 15, High: 255, Search: model.Range{Low: 15, High: 255, Log: true}},
		"sampling":      {Choices: []string{"goss"}},
		"leaf_values":   {Choices: []string{"step", "best"}},
	} {
		p := param(t, entries, "trees.boost.v1", name)
		if diff := cmp.Diff(want, limits{p.Min, p.Max, p.Values, p.Choices, *p.Search}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if diff := cmp.Diff(before, param(t, zoo.All, "trees.boost.v1", "num_leaves")); diff != "" {
		t.Errorf("the table of all models changed: %s", diff)
	}
	if diff := cmp.Diff(param(t, zoo.All, "linear.ridge.v1", "alpha"), param(t, entries, "linear.ridge.v1", "alpha")); diff != "" {
		t.Errorf("another model changed: %s", diff)
	}
}

// What does not fit the models names the place, what is allowed and what may
// have been meant.
func TestNarrowRefuses(t *testing.T) {
	for _, c := range []struct {
		model, param     string
		allowed          scenario.Allowed
		path, msg, hints string
	}{
		{"trees.bost.v1", "rounds", scenario.Allowed{5.0}, "design.params.trees.bost.v1", `there is no model "trees.bost.v1"`, `did you mean "trees.boost.v1"?`},
		{"trees.boost.v1", "num_leves", scenario.Allowed{5.0}, "design.params.trees.boost.v1.num_leves", `trees.boost.v1 has no parameter "num_leves"`, `did you mean "num_leaves"?`},
		{"trees.boost.v1", "monotone", scenario.Allowed{"up"}, "design.params.trees.boost.v1.monotone", "no parameter", "data.columns.NAME.monotone"},
		{"linear.ridge.v1", "zzzzzz", scenario.Allowed{1.0}, "design.params.linear.ridge.v1.zzzzzz", "no parameter", "there are alpha, max_iterations, tolerance"},
		{"trees.boost.v1", "num_leaves", scenario.Allowed{1.0}, "design.params.trees.boost.v1.num_leaves", "1 must be from 2 to 65536", "by default 31. Most leaves of one tree."},
		{"trees.boost.v1", "num_leaves", scenario.Allowed{3.0, 7.5}, "design.params.trees.boost.v1.num_leaves[1]", "7.5 must be a whole number", "Most leaves"},
		{"trees.boost.v1", "learning_rate", scenario.Allowed{"fast"}, "design.params.trees.boost.v1.learning_rate", "fast (string) must be a number", "by default 0.1"},
		{"trees.boost.v1", "sampling", scenario.Allowed{"gos", "bag"}, "design.params.trees.boost.v1.sampling[0]", "gos is none of bag, goss, mvs", `did you mean "goss"?`},
		{"trees.boost.v1", "sampling", scenario.Allowed{1.0}, "design.params.trees.boost.v1.sampling", "1 is none of bag, goss, mvs", "by default bag"},
	} {
		wish := scenario.Design{Params: scenario.ModelParams{c.model: {c.param: c.allowed}}}
		for _, err := range []error{second(design.Narrow(zoo.All, wish)), second(design.Propose(kinds[0].facts, zoo.All, wish))} {
			var wrong *design.ParamsError
			if !errors.As(err, &wrong) || len(wrong.Problems) != 1 {
				t.Fatalf("%+v gave %v", wish.Params, err)
			}
			p := wrong.Problems[0]
			if p.Path != c.path || !strings.Contains(p.Msg, c.msg) || !strings.Contains(p.Hint, c.hints) || !strings.HasPrefix(err.Error(), "design: params: ") {
				t.Errorf("%v: %+v; want %q, %q, %q", err, p, c.path, c.msg, c.hints)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Everything that is proposed, and learnt on other sets, is brought within the
// limits and can be fitted; what becomes the same is tried once.
func TestProposalsKeepToParams(t *testing.T) {
	for _, f := range []design.Facts{{Task: model.Binary, Rows: 800, Features: 10}, {Task: model.Regression, Rows: 9000, Features: 10}, {Task: model.Binary, Rows: 3000, Features: 10, Stakes: 1, Staked: true}} {
		entries, err := design.Narrow(zoo.All, held)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := design.Propose(f, zoo.All, held)
		if err != nil {
			t.Fatal(err)
		}
		if plan, err = design.Portfolio(plan, entries, held); err != nil {
			t.Fatal(err)
		}
		table := entries[slices.IndexFunc(entries, func(e model.Entry) bool { return e.Name == "trees.boost.v1" })].Params
		seen := map[string]bool{}
		for _, c := range plan.Candidates {
			if c.Model != "trees.boost.v1" {
				continue
			}
			if _, err := model.Resolve(c.Model, table, c.Params); err != nil {
				t.Errorf("%s: %v", c.Label, err)
			}
			if c.Params["num_leaves"] != 15.0 || c.Params["sampling"] != "goss" || !strings.Contains(c.Reason, "design.params makes it ") {
				t.Errorf("%s: %+v, %q", c.Label, c.Params, c.Reason)
			}
			if key := string(must(c.Params)); seen[key] {
				t.Errorf("%s is tried twice", c.Label)
			} else {
				seen[key] = true
			}
		}
		if len(seen) < 2 {
			t.Errorf("%+v: %d candidates", f, len(seen))
		}
	}
	all := scenario.Design{Params: scenario.ModelParams{"trees.boost.v1": {}}}
	for _, p := range param0(t) {
		all.Params["trees.boost.v1"][p.Name] = scenario.Allowed{p.Default}
	}
	plan, err := design.Propose(kinds[0].facts, zoo.All, all)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, c := range plan.Candidates {
		if c.Model == "trees.boost.v1" {
			count++
		}
	}
	if count != 1 {
		t.Errorf("%d candidates of a model all of whose parameters are fixed", count)
	}
	if !slices.ContainsFunc(plan.Skipped, func(s design.Skipped) bool {
		return strings.Contains(s.Reason, "within design.params it is the same as ")
	}) {
		t.Errorf("no reason for what was left out: %+v", plan.Skipped)
	}
}

func param0(t *testing.T) []model.Param {
	t.Helper()
	e, err := zoo.Find("trees.boost.v1")
	if err != nil {
		t.Fatal(err)
	}
	return e.Params
}

// Without limits nothing is touched, and limits of a model that is not tried say
// so.
func TestParamsOfOthers(t *testing.T) {
	f := kinds[0].facts
	plain, err := design.Propose(f, zoo.All, scenario.Design{})
	if err != nil {
		t.Fatal(err)
	}
	other, err := design.Propose(f, zoo.All, scenario.Design{Params: scenario.ModelParams{"trees.forest.v1": {"trees": {50.0}}, "linear.ridge.v1": {"alpha": {1.0}}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain.Candidates, other.Candidates); diff != "" {
		t.Error(diff)
	}
	for _, want := range []design.Skipped{
		{Model: "trees.forest.v1", Reason: "design.params names it, but it is tried only where design.models names it"},
		{Model: "linear.ridge.v1", Reason: "design.params names it, but it does not do the task binary"},
	} {
		if !slices.Contains(other.Skipped, want) {
			t.Errorf("%+v is not among %+v", want, other.Skipped)
		}
	}
	named, err := design.Propose(f, zoo.All, scenario.Design{Models: []string{"trees.forest.v1"}, Params: scenario.ModelParams{"trees.forest.v1": {"trees": {50.0}}}})
	if err != nil {
		t.Fatal(err)
	}
	if c := named.Candidates[len(named.Candidates)-1]; c.Model != "trees.forest.v1" || c.Params["trees"] != 50.0 {
		t.Errorf("a named model: %+v", c)
	}
}
