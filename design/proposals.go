package design

import (
	"fmt"

	"bespoke/model"
)

// proposal is a candidate that may be worth a trial. fit says with which
// parameters and why, or why not.
type proposal struct {
	label string
	model string
	fit   func(f Facts) (params model.Params, reason string, useful bool)
}

// always proposes with fixed parameters and one reason.
func always(params model.Params, reason string) func(Facts) (model.Params, string, bool) {
	return func(Facts) (model.Params, string, bool) { return params, reason, true }
}

// proposals are tried in this order, from the simplest on. A new kind of
// candidate is one entry here.
var proposals = []proposal{
	{"baseline", "baseline.prior.v1", always(nil, "what is known without looking at the row; everything else must beat it")},
	{"logistic regression", "linear.logistic.v1", always(nil, "simple, fast, every coefficient can be read; often enough")},
	{"logistic regression, strong ridge", "linear.logistic.v1", fewRows(model.Params{"c": 0.05}, "more shrinkage")},
	{"ridge regression", "linear.ridge.v1", always(nil, "simple, fast, every coefficient can be read; often enough")},
	{"elastic net", "linear.elasticnet.v1", always(nil, "drops columns that do not help")},
	{"boosted trees, small", "trees.boost.v1", fitSmallTrees},
	{"boosted trees", "trees.boost.v1", fitTrees},
	{"boosted trees, slow and regular", "trees.boost.v1", fitSlowTrees},
	{"boosted trees, stopped early", "trees.boost.v1", fitStoppedTrees},
	{"boosted trees of depth 1", "trees.boost.v1", always(
		model.Params{"rounds": 300.0, "patience": 0.0, "learning_rate": 0.1, "num_leaves": 2.0},
		"a sum of one-column effects: as readable as a table, no interactions")},
}

// shrinkBelow is the number of rows per feature under which stronger
// shrinkage is worth a trial.
const shrinkBelow = 50

func fewRows(params model.Params, what string) func(Facts) (model.Params, string, bool) {
	return func(f Facts) (model.Params, string, bool) {
		per := float64(f.Rows) / float64(max(1, f.Features))
		if per > shrinkBelow {
			return nil, fmt.Sprintf("%s is not needed with %.0f rows per column", what, per), false
		}
		return params, fmt.Sprintf("%s for %d rows and %d columns", what, f.Rows, f.Features), true
	}
}

func fitSmallTrees(f Facts) (model.Params, string, bool) {
	return model.Params{"rounds": 60.0, "patience": 0.0, "learning_rate": 0.1, "num_leaves": 8.0},
		fmt.Sprintf("60 trees of 8 leaves: little to overfit on %d rows, small and quick to serve", f.Rows), true
}

func fitTrees(Facts) (model.Params, string, bool) {
	return model.Params{"rounds": 150.0, "patience": 0.0},
		"interactions, missing values and categories without preparation", true
}

func fitSlowTrees(f Facts) (model.Params, string, bool) {
	leaves := 15.0
	if f.Rows > 20000 {
		leaves = 63
	}
	return model.Params{
		"rounds": 400.0, "patience": 0.0, "learning_rate": 0.03, "num_leaves": leaves,
		"feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1.0, "lambda_l2": 5.0,
	}, "small steps on samples of rows and columns, which averages noise away", true
}

// stopRows is the number of rows from which holding some back for early
// stopping costs less than it brings.
const stopRows = 2000

func fitStoppedTrees(f Facts) (model.Params, string, bool) {
	if f.Rows < stopRows {
		return nil, fmt.Sprintf("early stopping would take rows away from %d", f.Rows), false
	}
	return model.Params{"rounds": 2000.0, "patience": 50.0, "learning_rate": 0.05},
		"finds the number of rounds by itself on rows kept apart", true
}
