package design

import (
	"fmt"
	"maps"

	"bespoke/model"
)

// proposal is a candidate that may be worth a trial. fit says with which
// parameters and why, or why not.
type proposal struct {
	label string
	model string
	fit   func(f Facts) (params model.Params, reason string, useful bool)
	// staked is true for what is trained for money, which only payoffs allow.
	staked bool
}

// always proposes with fixed parameters and one reason.
func always(params model.Params, reason string) func(Facts) (model.Params, string, bool) {
	return func(Facts) (model.Params, string, bool) { return params, reason, true }
}

// proposals are tried in this order, from the simplest on. A new kind of
// candidate is one entry here. The trees are a ladder: each step has more leaves
// than the one before, since how many are right depends on how much noise there
// is, and that only trying shows. What was tried to find the steps is in
// bench/quality/RESULTS.md.
var proposals = []proposal{
	{label: "baseline", model: "baseline.prior.v1", fit: always(nil, "what is known without looking at the row; everything else must beat it")},
	{label: "logistic regression", model: "linear.logistic.v1", fit: always(nil, "simple, fast, every coefficient can be read; often enough")},
	{label: "logistic regression, strong ridge", model: "linear.logistic.v1", fit: fewRows(model.Params{"c": 0.1}, "more shrinkage")},
	{label: "ridge regression", model: "linear.ridge.v1", fit: always(nil, "simple, fast, every coefficient can be read; often enough")},
	{label: "elastic net", model: "linear.elasticnet.v1", fit: always(model.Params{"target_scale": "unit"}, "drops columns that do not help")},
	{label: "boosted trees of depth 1", model: "trees.boost.v1", fit: always(sampled(400, 0.1, 2), "a sum of one-column effects: as readable as a table, no interactions")},
	{label: "boosted trees, small", model: "trees.boost.v1", fit: fitSmallTrees},
	{label: "boosted trees, shallow", model: "trees.boost.v1", fit: always(sampled(400, 0.03, 6), "a few columns at a time, in small steps: for noisy outcomes")},
	{label: "boosted trees, slow and regular", model: "trees.boost.v1", fit: always(sampled(400, 0.03, 15), "small steps on samples of rows and columns, which averages noise away")},
	{label: "boosted trees, wide", model: "trees.boost.v1", fit: always(sampled(400, 0.03, 31), "finer interactions, where there is less noise")},
	{label: "boosted trees, deep", model: "trees.boost.v1", fit: enoughRows("deep trees", sampled(800, 0.05, 63), "many fine steps, where nearly everything can be known")},
	{label: "boosted trees, stopped early", model: "trees.boost.v1", fit: enoughRows("early stopping", stopped(), "finds the number of rounds by itself on rows kept apart")},
	{label: "logistic regression, weighted by stakes", model: "linear.logistic.v1", fit: forMoney(nil, model.StakesWeights), staked: true},
	{label: "boosted trees, shallow, weighted by stakes", model: "trees.boost.v1", fit: forMoney(sampled(400, 0.03, 6), model.StakesWeights), staked: true},
	{label: "logistic regression, for expected loss", model: "linear.logistic.v1", fit: forMoney(nil, model.StakesExpected), staked: true},
	{label: "boosted trees, shallow, for expected loss", model: "trees.boost.v1", fit: forMoney(sampled(400, 0.03, 6), model.StakesExpected), staked: true},
}

// rankings are tried where rows are to be put in order within queries: what
// predicts the relevance of each row by itself, since that is often nearly as
// good and can be read, and trees that learn the order (LambdaMART).
var rankings = []proposal{
	{label: "baseline", model: "baseline.prior.v1", fit: always(nil, "every order is as good as any other; everything else must beat it")},
	{label: "ridge regression of the relevance", model: "linear.ridge.v1", fit: always(nil, "scores each row by itself: simple, fast, every coefficient can be read; often enough")},
	{label: "boosted trees of the relevance", model: "trees.boost.v1", fit: always(relevance(), "scores each row by itself, by trees")},
	{label: "ranking trees, small", model: "trees.boost.v1", fit: always(model.Params{"objective": "lambdarank", "rounds": 60.0, "patience": 0.0, "learning_rate": 0.1, "num_leaves": 8.0}, "learn the order within queries with little to overfit; small and quick to serve")},
	{label: "ranking trees, shallow", model: "trees.boost.v1", fit: always(ordered(sampled(400, 0.03, 6)), "a few columns at a time, in small steps: for noisy relevance")},
	{label: "ranking trees, slow and regular", model: "trees.boost.v1", fit: always(ordered(sampled(400, 0.03, 15)), "small steps on samples of rows and columns, which averages noise away")},
	{label: "ranking trees, wide", model: "trees.boost.v1", fit: always(ordered(sampled(400, 0.03, 31)), "finer interactions, where there is less noise")},
	{label: "ranking trees, stopped early", model: "trees.boost.v1", fit: enoughRows("early stopping", ordered(stopped()), "find the number of rounds by themselves on queries kept apart")},
}

// ordered are trees that learn the order of rows within queries.
func ordered(p model.Params) model.Params {
	p["objective"] = "lambdarank"
	return p
}

// relevance are trees that learn the relevance as a number.
func relevance() model.Params {
	p := sampled(400, 0.03, 15)
	p["objective"] = "squared"
	return p
}

// proposalsFor lists what may be tried for a task.
func proposalsFor(t model.Task) []proposal {
	if t == model.Ranking {
		return rankings
	}
	return proposals
}

// sampled are boosted trees each of which sees a part of the rows and columns
// and has its leaves shrunk.
func sampled(rounds, rate, leaves float64) model.Params {
	return model.Params{
		"rounds": rounds, "patience": 0.0, "learning_rate": rate, "num_leaves": leaves,
		"feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1.0, "lambda_l2": 5.0,
	}
}

// stopped are boosted trees that watch rows kept apart.
func stopped() model.Params {
	p := sampled(3000, 0.05, 31)
	p["patience"] = 50.0
	return p
}

// forMoney trains with the money at stake in each row, where rows differ in it.
func forMoney(params model.Params, use string) func(Facts) (model.Params, string, bool) {
	return func(f Facts) (model.Params, string, bool) {
		if f.Stakes == 0 {
			return nil, "training for money: every row has the same at stake, so that it would be training for probabilities", false
		}
		staked := model.Params{model.StakesParam: use}
		maps.Copy(staked, params)
		how := "each row counts by what a wrong answer costs in it"
		if use == model.StakesExpected {
			how = "learns to lose least, and probabilities only afterwards, by calibration"
		}
		return staked, fmt.Sprintf("%s; stakes deviate by %.0f %% of their mean", how, 100*f.Stakes), true
	}
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

// manyRows is the number of rows from which deep trees do not only learn rows
// by heart, and holding some back for early stopping costs less than it brings.
const manyRows = 2000

func enoughRows(what string, params model.Params, reason string) func(Facts) (model.Params, string, bool) {
	return func(f Facts) (model.Params, string, bool) {
		if f.Rows < manyRows {
			return nil, fmt.Sprintf("%s: %d rows are too few, it takes %d", what, f.Rows, manyRows), false
		}
		return params, reason, true
	}
}
