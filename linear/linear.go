// Package linear holds the linear models: logistic regression for two or more
// classes, ridge regression and elastic net. They are the models whose every
// coefficient can be read aloud, and the yardstick that a more complicated
// model has to beat.
//
// What each minimises is written at its entry, in the definitions that
// scikit-learn uses, so that a strength found elsewhere means the same here.
// The intercept is never penalised. Features must be Dense: finite numbers. All
// models also read a sparse part (model.Sparse) of as many columns as one likes;
// it is never made dense, and its features count as any others.
//
// The files are the steps: moments (means and deviations of the features),
// solve (choice of the way, back to raw units), gram (products of features),
// direct (ridge in closed form), descent (elastic net by coordinate descent),
// loss (value and gradient for all else), wide (products of a sparse part),
// quasinewton (the minimiser of a loss) and fitted (the model that comes out). Sums over rows are made in fixed blocks
// and added in order, so that the number of threads does not change a bit.
package linear

import (
	"context"
	"fmt"
	"slices"

	"bespoke/model"
)

// The names of the entries, versioned because saved models carry them.
const (
	logisticName   = "linear.logistic.v1"
	ridgeName      = "linear.ridge.v1"
	elasticNetName = "linear.elasticnet.v1"
)

// Logistic is logistic regression, binary or multinomial. With class weights
// folded into the row weights s_i it minimises
//
//	C * sum_i s_i loss(y_i, x_i) + (1-l1_ratio)/2 * ||w||^2 + l1_ratio * ||w||_1
//
// where loss is the negative log-probability of the row's class under
// p = 1/(1+exp(-b-w.x)) for two classes and p = softmax(b_k + w_k.x) for more:
// the objective of scikit-learn's LogisticRegression with the same C and
// l1_ratio. Under stakes "expected" loss is instead 1 - p of the row's class,
// which is not convex; its minimum is looked for from the minimum of the
// log-loss with the same weights. It is the objective of Höppner and others,
// "Instance-dependent cost-sensitive learning for detecting transfer fraud"
// (2022), who penalise by lasso. The intercepts of several classes are reported with mean zero.
// A class that no row has ends with a probability near zero; a target in which
// only one class occurs is an error.
var Logistic = model.Entry{
	Name:      logisticName,
	Title:     "logistic regression",
	Summary:   "Logistic regression with ridge, lasso or mixed penalty; every coefficient is an odds ratio.",
	Tasks:     []model.Task{model.Binary, model.Multiclass},
	Encoding:  model.Dense,
	Separates: true,
	Sparse:    true,
	Params:    logisticParams,
	Fit:       fitLogistic,
	Load:      loadLogistic,
}

// Ridge is least squares with a quadratic penalty. With row weights s_i it
// minimises
//
//	sum_i s_i (y_i - b - w.x_i)^2 + alpha * ||w||^2
//
// the objective of scikit-learn's Ridge with the same alpha.
var Ridge = model.Entry{
	Name:      ridgeName,
	Title:     "ridge regression",
	Summary:   "Linear regression with ridge penalty; solved exactly.",
	Tasks:     []model.Task{model.Regression},
	Encoding:  model.Dense,
	Separates: true,
	Sparse:    true,
	Params:    ridgeParams,
	Fit:       fitRidge,
	Load:      loadRidge,
}

// ElasticNet is least squares with a mixed penalty, which sets coefficients of
// useless features to exactly zero. With row weights s_i and S their sum it
// minimises
//
//	1/(2S) * sum_i s_i (y_i - b - w.x_i)^2 + a * (l1_ratio * u * ||w||_1 + (1-l1_ratio)/2 * ||w||^2)
//
// with a = alpha. Under target_scale "raw" u is 1: the objective of
// scikit-learn's ElasticNet with the same alpha and l1_ratio. Under "unit" u
// is the standard deviation of the target, which gives the model that fitting
// the target in units of its deviation would give, so that a strength means
// the same for a price in cents and a price in millions.
var ElasticNet = model.Entry{
	Name:      elasticNetName,
	Title:     "elastic net",
	Summary:   "Linear regression with mixed lasso and ridge penalty; drops useless features.",
	Tasks:     []model.Task{model.Regression},
	Encoding:  model.Dense,
	Separates: true,
	Sparse:    true,
	Params:    elasticNetParams,
	Fit:       fitElasticNet,
	Load:      loadElasticNet,
}

var logisticParams = []model.Param{
	{
		Name: "c", Doc: "Inverse strength of the penalty against the summed loss; smaller shrinks more.",
		Default: 1.0, Min: 1e-10, Max: 1e10, Search: &model.Range{Low: 1e-3, High: 100, Log: true},
	},
	{
		Name: "l1_ratio", Doc: "Share of the penalty that is lasso (sets coefficients to zero); the rest is ridge.",
		Default: 0.0, Min: 0, Max: 1, Search: &model.Range{Low: 0, High: 1},
	},
	iterationsParam, toleranceParam, model.Stakes(),
}

var ridgeParams = []model.Param{
	{
		Name: "alpha", Doc: "Strength of the penalty against the summed squared error; 0 is ordinary least squares.",
		Default: 1.0, Min: 0, Max: 1e12, Search: &model.Range{Low: 1e-3, High: 1e4, Log: true},
	},
	iterationsParam, toleranceParam,
}

var elasticNetParams = []model.Param{
	{
		Name: "alpha", Doc: "Strength of the penalty against half the mean squared error.",
		Default: 0.01, Min: 0, Max: 1e12, Search: &model.Range{Low: 1e-4, High: 1, Log: true},
	},
	{
		Name: "l1_ratio", Doc: "Share of the penalty that is lasso (sets coefficients to zero); the rest is ridge.",
		Default: 0.5, Min: 0, Max: 1, Search: &model.Range{Low: 0, High: 1},
	},
	{
		Name: "target_scale", Doc: "Units in which the lasso strength is measured: raw units of the target, or unit for its standard deviation.",
		Default: "raw", Choices: []string{"raw", "unit"},
	},
	iterationsParam, toleranceParam,
}

var iterationsParam = model.Param{
	Name: "max_iterations", Doc: "Most passes of the minimiser; it stops there even when not converged.",
	Default: 1000.0, Min: 1, Max: 1e6, Integer: true,
}

var toleranceParam = model.Param{
	Name: "tolerance", Doc: "Largest slope of the mean loss, per standard deviation of a feature, at which the minimiser stops.",
	Default: 1e-8, Min: 1e-14, Max: 0.1,
}

func fitLogistic(ctx context.Context, given model.Params, in model.Training) (model.Fitted, error) {
	p, err := prepare(ctx, logisticName, logisticParams, given, in)
	if err != nil {
		return nil, err
	}
	if only, ok := onlyClass(in); ok {
		return nil, fmt.Errorf("linear: %s: every row has class %q; at least two classes must occur", logisticName, only)
	}
	ratio, strength := p.params.Number("l1_ratio"), 1/(p.params.Number("c")*p.moments.sum)
	p.lasso, p.ridge = ratio*strength, (1-ratio)*strength
	p.expected = p.params.Choice(model.StakesParam) == model.StakesExpected
	return solve(ctx, p)
}

func fitRidge(ctx context.Context, given model.Params, in model.Training) (model.Fitted, error) {
	p, err := prepare(ctx, ridgeName, ridgeParams, given, in)
	if err != nil {
		return nil, err
	}
	p.ridge = p.params.Number("alpha") / p.moments.sum
	return solve(ctx, p)
}

func fitElasticNet(ctx context.Context, given model.Params, in model.Training) (model.Fitted, error) {
	p, err := prepare(ctx, elasticNetName, elasticNetParams, given, in)
	if err != nil {
		return nil, err
	}
	alpha, ratio := p.params.Number("alpha"), p.params.Number("l1_ratio")
	p.lasso, p.ridge = alpha*ratio, alpha*(1-ratio)
	if p.params.Choice("target_scale") == "unit" {
		p.lasso *= p.moments.targetDeviation
	}
	return solve(ctx, p)
}

// tasks lists what each entry can do, for the check before fitting; the
// entries themselves cannot be read there, since they refer to it.
var tasks = map[string][]model.Task{
	logisticName:   {model.Binary, model.Multiclass},
	ridgeName:      {model.Regression},
	elasticNetName: {model.Regression},
}

// prepare checks everything before a fit, puts stakes into the weights where
// the parameters ask for it, and measures the features. The penalties are left
// to the caller.
func prepare(ctx context.Context, name string, table []model.Param, given model.Params, in model.Training) (problem, error) {
	p := problem{name: name}
	var err error
	if p.params, err = model.Resolve(name, table, given); err != nil {
		return p, fmt.Errorf("linear: %w", err)
	}
	if !slices.Contains(tasks[name], in.Task) {
		return p, fmt.Errorf("linear: %s: task %s is none of %v", name, in.Task, tasks[name])
	}
	if err := in.CheckWide(model.Dense); err != nil {
		return p, fmt.Errorf("linear: %s: %w", name, err)
	}
	if err := ctx.Err(); err != nil {
		return p, fmt.Errorf("linear: %s: %w", name, err)
	}
	if p.params.WantsStakes() {
		if in, err = in.Staked(p.params.Choice(model.StakesParam)); err != nil {
			return p, fmt.Errorf("linear: %s: %w", name, err)
		}
	}
	p.in = in
	p.wide = newWide(in.X, p.outputs())
	if p.moments, err = measure(in, p.wide); err != nil {
		return p, fmt.Errorf("linear: %s: %w", name, err)
	}
	return p, nil
}

// onlyClass names the class that every row has, if there is one.
func onlyClass(in model.Training) (string, bool) {
	for _, y := range in.Y {
		if y != in.Y[0] {
			return "", false
		}
	}
	return in.Classes[int(in.Y[0])], true
}
