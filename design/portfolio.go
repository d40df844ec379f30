package design

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"bespoke/model"
	"bespoke/scenario"
)

// learnt are parameters of boosted trees in the order in which they come near
// the best soonest on many data sets of at most 3000 rows; bench/portfolio made
// it.
//
//go:embed portfolio.json
var learnt []byte

// learntBelow is the number of rows below which the learnt list is used. With
// more, lists learnt on other sets were not better than the order of design's
// proposals (bench/portfolio/RESULTS.md).
const learntBelow = 4000

// portfolioModel is the model that the learnt list is of.
const portfolioModel = "trees.boost.v1"

// others are models that a guided search tries beside those that are proposed
// anyway: not to win alone, but since a mean of models that err in different ways
// has less loss (docs/decisions 0013). below is the number of rows from which
// they are not worth their time, or their size.
var others = []struct {
	model, label, reason string
	below                int
	monotone             bool // keeps to directions that the scenario asks for
}{
	{"trees.extra.v1", "extra trees", "errs in other ways than boosting, which helps a mean", learntBelow, false},
	{"additive.boost.v1", "additive model", "smooth effects and few pairs, which helps a mean and often wins where rows are few", 20_000, true},
}

// Portfolio puts the candidates of a plan in the order in which a guided search
// tries them: the baseline and the first other one, which is the simplest, then
// the list that was learnt on many data sets, where boosted trees are proposed at
// all, then further models, unless the scenario says which ones to use, then what
// else the plan has. What is in both is tried once. With many rows the order
// stays that of the plan. entries are the models as Narrow gives
// them. plan itself stays as it is.
func Portfolio(plan Plan, entries []model.Entry, wish scenario.Design) (Plan, error) {
	var list []struct {
		Params model.Params `json:"params"`
	}
	if err := json.Unmarshal(learnt, &list); err != nil {
		return Plan{}, fmt.Errorf("design: portfolio: %w", err)
	}
	out := plan
	out.Candidates = slices.Clone(plan.Candidates)
	add := func(c model.Candidate) {
		entry, _ := find(entries, c.Model)
		out.join(c, entry)
	}
	if plan.Facts.Rows < learntBelow {
		out.Candidates = out.Candidates[:min(2, len(out.Candidates))]
		if slices.ContainsFunc(plan.Candidates, func(c model.Candidate) bool { return c.Model == portfolioModel }) {
			for i, l := range list {
				add(model.Candidate{
					Label: fmt.Sprintf("boosted trees, learnt %d", i+1), Model: portfolioModel, Params: l.Params,
					Reason: "does well soon on many data sets",
				})
			}
		}
	}
	for _, o := range others {
		entry, ok := find(entries, o.model)
		fits := plan.Facts.Rows < o.below && (o.monotone || !plan.Facts.Monotone)
		if ok && fits && entry.Handles(plan.Facts.Task) && len(wish.Models) == 0 && !excluded(o.model, wish) {
			add(model.Candidate{Label: o.label, Model: o.model, Reason: o.reason})
		}
	}
	for _, c := range plan.Candidates {
		add(c)
	}
	return out, nil
}
