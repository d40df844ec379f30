package design_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bespoke/design"
	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/zoo"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// kinds are one table of facts for every kind of data that is treated in its
// own way.
var kinds = []struct {
	name  string
	facts design.Facts
}{
	{"few rows, two classes", design.Facts{Task: model.Binary, Rows: 800, Features: 20, Numbers: 7, Categories: 13, Rarest: 0.3}},
	{"many rows, two classes", design.Facts{Task: model.Binary, Rows: 40000, Features: 10, Numbers: 3, Categories: 7, Rarest: 0.12}},
	{"many columns, two classes", design.Facts{Task: model.Binary, Rows: 4000, Features: 500, Numbers: 500, Rarest: 0.4}},
	{"several classes", design.Facts{Task: model.Multiclass, Rows: 3000, Features: 60, Categories: 60, Rarest: 0.24}},
	{"few rows, two classes, stakes differ", design.Facts{Task: model.Binary, Rows: 800, Features: 20, Numbers: 7, Categories: 13, Rarest: 0.3, Staked: true, Stakes: 0.83}},
	{"several classes, stakes are equal", design.Facts{Task: model.Multiclass, Rows: 3000, Features: 60, Categories: 60, Rarest: 0.24, Staked: true}},
	{"few rows, number", design.Facts{Task: model.Regression, Rows: 1500, Features: 73, Numbers: 33, Categories: 40}},
	{"many rows, number", design.Facts{Task: model.Regression, Rows: 50000, Features: 9, Numbers: 6, Categories: 3}},
}

// The golden file shows what is proposed for each kind of data, with which
// parameters and why, and what is not.
func TestProposals(t *testing.T) {
	var got strings.Builder
	for _, k := range kinds {
		plan, err := design.Propose(k.facts, zoo.All, scenario.Design{})
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		fmt.Fprintf(&got, "%s (%s, %d rows x %d columns)\n", k.name, k.facts.Task, k.facts.Rows, k.facts.Features)
		for _, c := range plan.Candidates {
			params, err := json.Marshal(c.Params)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&got, "  %s: %s %s\n    %s\n", c.Label, c.Model, params, c.Reason)
		}
		for _, s := range plan.Skipped {
			fmt.Fprintf(&got, "  not %s: %s\n", s.Model, s.Reason)
		}
	}
	path := filepath.Join("testdata", "proposals.golden")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("proposals changed; if it is meant, run with -update:\n%s", diff)
	}
}

// Whatever the facts, the plan begins with the baseline, gives every candidate
// a label of its own and a reason, and keeps to parameters that exist.
func TestPlanIsSound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		f := design.Facts{
			Task:     rapid.SampledFrom([]model.Task{model.Binary, model.Multiclass, model.Regression}).Draw(r, "task"),
			Rows:     rapid.IntRange(0, 100000).Draw(r, "rows"),
			Features: rapid.IntRange(0, 1000).Draw(r, "features"),
		}
		if f.Task != model.Regression && rapid.Bool().Draw(r, "staked") {
			f.Staked, f.Stakes = true, rapid.Float64Range(0, 10).Draw(r, "stakes")
		}
		plan, err := design.Propose(f, zoo.All, scenario.Design{})
		if err != nil {
			r.Fatal(err)
		}
		if !strings.HasPrefix(plan.Candidates[0].Model, "baseline.") {
			r.Errorf("the first candidate is %q, not a baseline", plan.Candidates[0].Label)
		}
		if len(plan.Candidates) < 2 {
			r.Error("nothing but the baseline is proposed")
		}
		seen := map[string]bool{}
		for _, c := range plan.Candidates {
			if seen[c.Label] || c.Reason == "" {
				r.Errorf("candidate %q is there twice or has no reason", c.Label)
			}
			seen[c.Label] = true
			entry, err := zoo.Find(c.Model)
			if err != nil {
				r.Fatal(err)
			}
			money := c.Params.WantsStakes()
			if money && f.Stakes == 0 {
				r.Errorf("%q is trained for money where no row has more at stake than another", c.Label)
			}
			if money != (strings.Contains(c.Label, "stakes") || strings.Contains(c.Label, "expected loss")) {
				r.Errorf("label %q does not say whether it is trained for money", c.Label)
			}
			if _, err := model.Resolve(entry.Name, entry.Params, c.Params); err != nil || !entry.Handles(f.Task) {
				r.Errorf("%q does not fit its model or task: %v", c.Label, err)
			}
		}
		for _, s := range plan.Skipped {
			if s.Reason == "" {
				r.Errorf("%s is skipped without a reason", s.Model)
			}
		}
	})
}

// A model that is never proposed is tried, with its defaults, when the scenario
// names it, and only then.
func TestNamedWithoutProposal(t *testing.T) {
	const name = "additive.boost.v1"
	for _, k := range kinds {
		plan, err := design.Propose(k.facts, zoo.All, scenario.Design{Models: []string{name, name}})
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		want := []model.Candidate{plan.Candidates[0], {Label: "additive model", Model: name, Reason: "the scenario names it"}}
		if diff := cmp.Diff(want, plan.Candidates); diff != "" || plan.Candidates[0].Model != "baseline.prior.v1" {
			t.Errorf("%s: %s", k.name, diff)
		}
		plan, err = design.Propose(k.facts, zoo.All, scenario.Design{Models: []string{name, "trees.boost.v1"}, Exclude: []string{name}})
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		if slices.Contains(labels(plan), name) {
			t.Errorf("%s: tried though the scenario leaves it out", k.name)
		}
	}
	entry, err := zoo.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	entry.Tasks = []model.Task{model.Regression}
	prior := zoo.All[0]
	plan, err := design.Propose(kinds[0].facts, []model.Entry{prior, entry}, scenario.Design{Models: []string{name}})
	if err != nil || len(plan.Candidates) != 1 || !slices.Contains(plan.Skipped, design.Skipped{Model: name, Reason: "it does not do the task binary"}) {
		t.Errorf("a model for numbers, named for classes: %+v, %v", plan, err)
	}
}

func labels(plan design.Plan) []string {
	var out []string
	for _, c := range plan.Candidates {
		out = append(out, c.Model)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestWishes(t *testing.T) {
	facts := kinds[0].facts
	for _, c := range []struct {
		name string
		wish scenario.Design
		want []string
	}{
		{"all", scenario.Design{}, []string{"baseline.prior.v1", "linear.logistic.v1", "trees.boost.v1"}},
		{"models", scenario.Design{Models: []string{"trees.boost.v1"}}, []string{"baseline.prior.v1", "trees.boost.v1"}},
		{"exclude", scenario.Design{Exclude: []string{"trees.boost.v1"}}, []string{"baseline.prior.v1", "linear.logistic.v1"}},
		{"the baseline stays", scenario.Design{Exclude: []string{"baseline.prior.v1"}}, []string{"baseline.prior.v1", "linear.logistic.v1", "trees.boost.v1"}},
	} {
		plan, err := design.Propose(facts, zoo.All, c.wish)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, labels(plan)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// Stakes that are all equal, but for rounding, weigh nothing; without payoffs
// there are none.
func TestFactsOfStakes(t *testing.T) {
	tab := tabletest.Loans(6, 1)
	y := make([]float64, 6)
	for _, c := range []struct {
		stakes []float64
		staked bool
		want   float64
	}{
		{nil, false, 0},
		{[]float64{0.3, 0.1 + 0.2, 0.3, 0.3, 0.3, 0.3}, true, 0},
		{make([]float64, 6), true, 0},
		{[]float64{1, 1, 1, 5, 5, 5}, true, math.Sqrt(4*6/5.0) / 3},
	} {
		f := design.FactsOf(tab, model.Binary, y, 2, c.stakes)
		if f.Staked != c.staked || math.Abs(f.Stakes-c.want) > 1e-12 {
			t.Errorf("stakes %v: staked %v, deviation %v; want %v, %v", c.stakes, f.Staked, f.Stakes, c.staked, c.want)
		}
	}
}

func TestSkippedReasons(t *testing.T) {
	plan, err := design.Propose(kinds[0].facts, zoo.All, scenario.Design{Exclude: []string{"linear.logistic.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []design.Skipped{
		{Model: "linear.logistic.v1", Reason: "the scenario leaves it out"},
		{Model: "trees.boost.v1", Reason: "deep trees: 800 rows are too few, it takes 2000"},
		{Model: "trees.boost.v1", Reason: "early stopping: 800 rows are too few, it takes 2000"},
	}
	if diff := cmp.Diff(want, plan.Skipped); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownModels(t *testing.T) {
	for _, wish := range []scenario.Design{{Models: []string{"trees.bost.v1"}}, {Exclude: []string{"trees.bost.v1"}}} {
		_, err := design.Propose(kinds[0].facts, zoo.All, wish)
		if err == nil {
			t.Fatalf("%+v was taken", wish)
		}
		for _, want := range []string{`"trees.bost.v1"`, "trees.boost.v1", "linear.logistic.v1"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not name %s", err, want)
			}
		}
	}
}

// A model that is known but cannot do the task leaves nothing when there is no
// baseline in the table.
func TestNothingLeft(t *testing.T) {
	trees, err := zoo.Find("trees.boost.v1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = design.Propose(kinds[0].facts, []model.Entry{trees}, scenario.Design{Exclude: []string{"trees.boost.v1"}})
	if err == nil || !strings.Contains(err.Error(), "no model left") {
		t.Errorf("a plan without candidates gave %v", err)
	}
}

// Plans do not share memory: a caller may change the parameters of one.
func TestPlansAreSeparate(t *testing.T) {
	one, err := design.Propose(kinds[0].facts, zoo.All, scenario.Design{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range one.Candidates {
		for name := range c.Params {
			c.Params[name] = math.NaN()
		}
	}
	two, err := design.Propose(kinds[0].facts, zoo.All, scenario.Design{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range two.Candidates {
		for name, v := range c.Params {
			if x, ok := v.(float64); ok && math.IsNaN(x) {
				t.Errorf("%s: %s was changed through another plan", c.Label, name)
			}
		}
	}
}

func TestFactsOf(t *testing.T) {
	missing := math.NaN()
	tab, err := table.New(
		table.NewNumber("age", []float64{1, missing, 3, 4}),
		table.NewCategory("job", []int32{0, 1, -1, 0}, []string{"a", "b"}),
		table.NewText("note", []string{"x", "", "y", "z"}),
		table.NewNumber("key", []float64{1, 2, 3, 4}).As(table.Identifier),
		table.NewCategory("class", []int32{0, 0, 0, 1}, []string{"no", "yes"}).As(table.Target),
	)
	if err != nil {
		t.Fatal(err)
	}
	got := design.FactsOf(tab, model.Binary, []float64{0, 0, 0, 1}, 2, nil)
	want := design.Facts{Task: model.Binary, Rows: 4, Features: 3, Numbers: 1, Categories: 1, Texts: 1, Missing: 3.0 / 12, Rarest: 0.25}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	prices := tabletest.Prices(50, 1)
	f := design.FactsOf(prices, model.Regression, make([]float64, 50), 0, nil)
	if f.Rarest != 0 || f.Rows != 50 || f.Features != len(prices.ByRole(table.Feature)) {
		t.Errorf("facts of a regression: %+v", f)
	}
}

// What nothing proposes is tried when the scenario names it, and only then.
func TestNamedModels(t *testing.T) {
	f := kinds[0].facts
	usual, err := design.Propose(f, zoo.All, scenario.Design{})
	if err != nil {
		t.Fatal(err)
	}
	proposed := func(p design.Plan, name string) bool {
		return slices.ContainsFunc(p.Candidates, func(c model.Candidate) bool { return c.Model == name })
	}
	for _, name := range []string{"trees.forest.v1", "trees.extra.v1", "neighbours.knn.v1"} {
		if proposed(usual, name) {
			t.Errorf("%s is proposed though nobody names it", name)
		}
		plan, err := design.Propose(f, zoo.All, scenario.Design{Models: []string{name, "trees.boost.v1"}})
		if err != nil || !proposed(plan, name) || !proposed(plan, "trees.boost.v1") {
			t.Errorf("%s is named and not proposed: %v", name, err)
		}
		if plan, err = design.Propose(f, zoo.All, scenario.Design{Models: []string{name}, Exclude: []string{name}}); err == nil && proposed(plan, name) {
			t.Errorf("%s is excluded and proposed", name)
		}
	}
}
