package design

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"bespoke/model"
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

// Portfolio puts the candidates of a plan in the order in which a guided search
// tries them: the baseline and the first other one, which is the simplest, then
// the list that was learnt on many data sets, where boosted trees are proposed at
// all, then what else the plan has. What is in both is tried once. With many
// rows the order stays that of the plan. entries are the models as Narrow gives
// them. plan itself stays as it is.
func Portfolio(plan Plan, entries []model.Entry) (Plan, error) {
	var list []struct {
		Params model.Params `json:"params"`
	}
	if err := json.Unmarshal(learnt, &list); err != nil {
		return Plan{}, fmt.Errorf("design: portfolio: %w", err)
	}
	if plan.Facts.Rows >= learntBelow {
		return plan, nil
	}
	out := plan
	out.Candidates = slices.Clone(plan.Candidates[:min(2, len(plan.Candidates))])
	add := func(c model.Candidate) {
		entry, _ := find(entries, c.Model)
		c = within(c, entry)
		if !slices.ContainsFunc(out.Candidates, func(have model.Candidate) bool { return same(c, have, entry) }) {
			out.Candidates = append(out.Candidates, c)
		}
	}
	if slices.ContainsFunc(plan.Candidates, func(c model.Candidate) bool { return c.Model == portfolioModel }) {
		for i, l := range list {
			add(model.Candidate{
				Label: fmt.Sprintf("boosted trees, learnt %d", i+1), Model: portfolioModel, Params: l.Params,
				Reason: "does well soon on many data sets",
			})
		}
	}
	for _, c := range plan.Candidates {
		add(c)
	}
	return out, nil
}
