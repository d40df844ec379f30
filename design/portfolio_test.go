package design_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"bespoke/design"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/zoo"
)

// A guided search tries the baseline, the simplest candidate, what was learnt,
// and then everything else that was proposed, each once; every candidate is one
// that its model accepts.
func TestPortfolio(t *testing.T) {
	for _, rows := range []int{500, 50000} {
		for _, task := range []model.Task{model.Regression, model.Binary, model.Multiclass} {
			plan, err := design.Propose(design.Facts{Task: task, Rows: rows, Features: 10}, zoo.All, scenario.Design{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := design.Portfolio(plan, zoo.All, scenario.Design{})
			if err != nil {
				t.Fatal(err)
			}
			seen, learnt := map[string]bool{}, ""
			for i, c := range got.Candidates {
				if i < 2 && c.Label != plan.Candidates[i].Label {
					t.Errorf("candidate %d is %s", i, c.Label)
				}
				if strings.Contains(c.Label, "learnt") {
					learnt += c.Label
				}
				entry, err := zoo.Find(c.Model)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := model.Resolve(c.Model, entry.Params, c.Params); err != nil {
					t.Errorf("%s: %v", c.Label, err)
				}
				key := c.Model + " " + string(must(c.Params))
				if seen[key] {
					t.Errorf("%s is tried twice", c.Label)
				}
				seen[key] = true
			}
			for _, c := range plan.Candidates {
				if !seen[c.Model+" "+string(must(c.Params))] {
					t.Errorf("%s was proposed and is not tried", c.Label)
				}
			}
			if rows > 4000 {
				if learnt != "" || len(got.Candidates) != len(plan.Candidates) {
					t.Errorf("with many rows: %+v", got.Candidates)
				}
				continue
			}
			if learnt == "" || !strings.Contains(got.Candidates[2].Label, "learnt 1") {
				t.Errorf("nothing learnt is tried third: %+v", got.Candidates[2])
			}
		}
	}
}

// Further models are tried where rows are few and the scenario does not say
// which models to use, or to leave out.
func TestPortfolioTriesOthers(t *testing.T) {
	const extra, additive, boosted = "trees.extra.v1", "additive.boost.v1", "trees.boost.v1"
	for _, c := range []struct {
		name string
		rows int
		wish scenario.Design
		want map[string]bool
		down bool // a column has a direction
	}{
		{"few rows", 500, scenario.Design{}, map[string]bool{extra: true, additive: true, boosted: true}, false},
		{"directions", 500, scenario.Design{}, map[string]bool{additive: true, boosted: true}, true},
		{"more rows", 10_000, scenario.Design{}, map[string]bool{additive: true, boosted: true}, false},
		{"many rows", 100_000, scenario.Design{}, map[string]bool{boosted: true}, false},
		{"one is left out", 500, scenario.Design{Exclude: []string{extra}}, map[string]bool{additive: true, boosted: true}, false},
		{"models are named", 500, scenario.Design{Models: []string{"linear.logistic.v1"}}, nil, false},
	} {
		plan, err := design.Propose(design.Facts{Task: model.Binary, Rows: c.rows, Features: 10, Monotone: c.down}, zoo.All, c.wish)
		if err != nil {
			t.Fatal(err)
		}
		got, err := design.Portfolio(plan, zoo.All, c.wish)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{extra, additive, boosted} {
			tried := slices.ContainsFunc(got.Candidates, func(c model.Candidate) bool { return c.Model == name })
			if tried != c.want[name] {
				t.Errorf("%s: %s is tried: %v", c.name, name, tried)
			}
		}
		for _, candidate := range got.Candidates {
			if candidate.Reason == "" {
				t.Errorf("%s: %s has no reason", c.name, candidate.Label)
			}
		}
	}
}

func must(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
