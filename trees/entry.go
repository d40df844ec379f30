package trees

import (
	"context"
	"fmt"

	"bespoke/model"
	"bespoke/objective"
)

const boostName = "trees.boost.v1"

// Boost is the entry of gradient boosted trees. Every default is LightGBM's.
// It reads native features: numbers with NaN for missing, categories as codes.
//
// Weights count as repetitions: a row of weight 2 is the same as the row given
// twice, also for min_child_samples and for the bin edges. Only with
// bagging_fraction below 1, where rows are drawn, this holds in distribution
// alone. Stakes, where the parameter stakes asks for them, are weights.
var Boost = model.Entry{
	Name:      boostName,
	Title:     "boosted trees",
	Summary:   "Gradient boosted decision trees on binned features, grown leaf by leaf; handles missing values and categories itself.",
	Tasks:     []model.Task{model.Regression, model.Binary, model.Multiclass},
	Encoding:  model.Native,
	Separates: true,
	Views:     true,
	Params:    boostParams,
	Stopping:  &model.Stopping{Rounds: "rounds", Patience: "patience"},
	Fit:       model.FitWith(Fit),
	Load:      model.LoadWith(Load),
}

// most is the upper bound of parameters that have no natural one.
const most = 1e12

var boostParams = []model.Param{
	{
		Name: "objective", Default: "auto", Choices: append([]string{"auto"}, objective.Names()...),
		Doc: "Loss to minimise: squared, absolute, quantile, huber or fair for numbers, poisson or tweedie for those not below 0, gamma for those above 0, lambdarank for grades within queries, log-loss for classes; auto is squared or log-loss, or lambdarank where rows have queries.",
	},
	{
		Name: "alpha", Default: 0.9, Min: 0.001, Max: 0.999,
		Doc: "Which quantile the objective quantile predicts; 0.5 is the median.",
	},
	{
		Name: "delta", Default: 1.0, Min: 1e-12, Max: most,
		Doc: "From which error on the objectives huber and fair count an error by its size instead of its square, in units of the target.",
	},
	{
		Name: "variance_power", Default: 1.5, Min: 1.01, Max: 1.99,
		Doc: "Power of the objective tweedie: the variance of a number is its mean to this power; near 1 is poisson, near 2 gamma.",
	},
	{
		Name: "leaf_values", Default: "best", Choices: []string{"best", "step"},
		Doc: "Whether leaves of the objectives absolute, quantile and huber get the best value for their rows or a step along the gradient, as those of all other objectives.",
	},
	{
		Name: "truncation", Default: 30.0, Min: 1, Max: 100000, Integer: true,
		Doc: "How many of the first rows of a query the objective lambdarank and its early stopping care for.",
	},
	{
		Name: "rank_norm", Default: "yes", Choices: []string{"yes", "no"},
		Doc: "Whether the objective lambdarank brings the gradients of each query to the same size.",
	},
	{
		Name: "rounds", Default: 100.0, Min: 0, Max: 100000, Integer: true,
		Doc:    "Number of boosting rounds; each adds one tree, or one per class when there are three or more.",
		Search: &model.Range{Low: 100, High: 1000, Log: true},
	},
	{
		Name: "patience", Default: 50.0, Min: 0, Max: 100000, Integer: true,
		Doc: "With validation rows: stop after this many rounds without a lower loss and keep the best; 0 never stops.",
	},
	{
		Name: "learning_rate", Default: 0.1, Min: 1e-6, Max: 1,
		Doc:    "Factor on the values of every tree's leaves.",
		Search: &model.Range{Low: 0.01, High: 0.15, Log: true},
	},
	{
		Name: "num_leaves", Default: 31.0, Min: 2, Max: 65536, Integer: true,
		Doc:    "Most leaves of one tree.",
		Search: &model.Range{Low: 3, High: 128, Log: true},
	},
	{
		Name: "max_depth", Default: -1.0, Min: -1, Max: 1000, Integer: true,
		Doc: "Most splits between the root and a leaf; 0 or -1 is no limit.",
	},
	{
		Name: "min_child_samples", Default: 20.0, Min: 0, Max: 1e9,
		Doc:    "Least number of training rows in a leaf, counted by weight.",
		Search: &model.Range{Low: 5, High: 100, Log: true},
	},
	{
		Name: "min_sum_hessian", Default: 1e-3, Min: 0, Max: most,
		Doc:    "Least sum of second derivatives of the loss in a leaf.",
		Search: &model.Range{Low: 1e-3, High: 10, Log: true},
	},
	{
		Name: "min_gain", Default: 0.0, Min: 0, Max: most,
		Doc: "Least gain of a split.",
	},
	{
		Name: "lambda_l1", Default: 0.0, Min: 0, Max: most,
		Doc:    "Weight of the absolute leaf values in the loss.",
		Search: &model.Range{Low: 1e-8, High: 10, Log: true},
	},
	{
		Name: "lambda_l2", Default: 0.0, Min: 0, Max: most,
		Doc:    "Weight of the squared leaf values in the loss.",
		Search: &model.Range{Low: 1e-8, High: 100, Log: true},
	},
	{
		Name: "sampling", Default: "bag", Choices: []string{"bag", "goss", "mvs"},
		Doc: "How the rows of a tree are drawn: bag by equal chance, goss all with large gradients and some of the others, mvs by chance in proportion to the gradient.",
	},
	{
		Name: "top_rate", Default: 0.2, Min: 0, Max: 1,
		Doc: "Share of the rows, those with the largest gradients, that sampling goss keeps.",
	},
	{
		Name: "other_rate", Default: 0.1, Min: 0.001, Max: 1,
		Doc: "Share of the rows that sampling goss draws from the others; with top_rate at most 1.",
	},
	{
		Name: "bagging_fraction", Default: 1.0, Min: 0.01, Max: 1,
		Doc:    "Share of the rows that a tree learns from, drawn without repetition; needs bagging_freq, but for sampling mvs.",
		Search: &model.Range{Low: 0.5, High: 1},
	},
	{
		Name: "bagging_freq", Default: 0.0, Min: 0, Max: 100000, Integer: true,
		Doc:    "Draw the rows anew every so many rounds; 0 uses all rows always.",
		Search: &model.Range{Low: 1, High: 1}, // without it bagging_fraction does nothing
	},
	{
		Name: "feature_fraction", Default: 1.0, Min: 0.01, Max: 1,
		Doc:    "Share of the features that a tree may split on, drawn for each tree.",
		Search: &model.Range{Low: 0.3, High: 1},
	},
	{
		Name: "max_bins", Default: 255.0, Min: 2, Max: 65535, Integer: true,
		Doc: "Most bins of a number, and up to 255 of a category; missing values have one more. Numbers that need more than 256 take 16 bits a row and more time.",
	},
	{
		Name: "exclusive", Default: "share", Choices: []string{"share", "apart"},
		Doc: "Whether features that are never away from their usual value in the same row, as those of one-hot data, share one histogram; the trees are the same, learnt in less time and memory.",
	},
	{
		Name: "conflict_rate", Default: 0.0, Min: 0, Max: 0.5,
		Doc: "In which share of the rows features with a common histogram may be away from their usual values together; such a row counts for the first of them only, so above 0 the trees are not the same.",
	},
	{
		Name: "min_data_in_bin", Default: 3.0, Min: 1, Max: 1e9,
		Doc: "Least number of rows in a bin, counted by weight; rarer categories are treated as missing.",
	},
	{
		Name: "max_cat_to_onehot", Default: 4.0, Min: 1, Max: 255, Integer: true,
		Doc: "Up to this many levels, missing counted as one, a category is split one level against the rest.",
	},
	{
		Name: "max_cat_threshold", Default: 32.0, Min: 1, Max: 255, Integer: true,
		Doc: "Most levels on the smaller side of a category split.",
	},
	{
		Name: "cat_smooth", Default: 10.0, Min: 0, Max: most,
		Doc:    "Added to the hessian when levels are ordered by their gradient; rarer levels stay on the right.",
		Search: &model.Range{Low: 1, High: 100, Log: true},
	},
	{
		Name: "cat_l2", Default: 10.0, Min: 0, Max: most,
		Doc:    "Added to lambda_l2 for splits on sets of levels.",
		Search: &model.Range{Low: 0.1, High: 100, Log: true},
	},
	{
		Name: "min_data_per_group", Default: 100.0, Min: 1, Max: 1e9,
		Doc: "Least number of rows, counted by weight, by which sets of levels that are tried differ.",
	},
	{
		Name: "boost_from_average", Default: "yes", Choices: []string{"yes", "no"},
		Doc: "Whether boosting begins at the best constant prediction instead of zero.",
	},
	model.Stakes(),
}

// settings are the resolved parameters in the types that the steps read.
type settings struct {
	objective                     string
	loss                          objective.Settings
	stepped                       bool
	own                           *objective.Objective // of FitWith, else nil
	rounds, patience              int
	rate                          float64
	leaves, depth                 int
	minChild, minHessian, minGain float64
	l1, l2                        float64
	sampling                      string
	topRate, otherRate            float64
	bagging                       float64
	baggingFreq                   int
	featureFraction               float64
	maxBins                       int
	minInBin                      float64
	exclusive                     bool
	conflicts                     float64
	onehot, maxCat                int
	catSmooth, catL2, minGroup    float64
	fromAverage                   bool
	stakes                        string
}

func resolve(params model.Params) (settings, error) {
	p, err := model.Resolve(boostName, boostParams, params)
	if err != nil {
		return settings{}, fmt.Errorf("trees: parameters: %w", err)
	}
	if top, other := p.Number("top_rate"), p.Number("other_rate"); top+other > 1 {
		return settings{}, fmt.Errorf("trees: parameters: top_rate %v and other_rate %v must add up to at most 1", top, other)
	}
	return settings{
		objective: p.Choice("objective"), loss: lossSettings(p), stepped: p.Choice("leaf_values") == "step",
		rounds: p.Int("rounds"), patience: p.Int("patience"), rate: p.Number("learning_rate"),
		leaves: p.Int("num_leaves"), depth: p.Int("max_depth"),
		minChild: p.Number("min_child_samples"), minHessian: p.Number("min_sum_hessian"), minGain: p.Number("min_gain"),
		l1: p.Number("lambda_l1"), l2: p.Number("lambda_l2"),
		sampling: p.Choice("sampling"), topRate: p.Number("top_rate"), otherRate: p.Number("other_rate"),
		bagging: p.Number("bagging_fraction"), baggingFreq: p.Int("bagging_freq"), featureFraction: p.Number("feature_fraction"),
		maxBins: p.Int("max_bins"), minInBin: p.Number("min_data_in_bin"),
		exclusive: p.Choice("exclusive") == "share", conflicts: p.Number("conflict_rate"),
		onehot: p.Int("max_cat_to_onehot"), maxCat: p.Int("max_cat_threshold"),
		catSmooth: p.Number("cat_smooth"), catL2: p.Number("cat_l2"), minGroup: p.Number("min_data_per_group"),
		fromAverage: p.Choice("boost_from_average") == "yes",
		stakes:      p.Choice(model.StakesParam),
	}, nil
}

func forestEntry(name, title, summary, rows string) model.Entry {
	params := forestParams(rows)
	return model.Entry{
		Name: name, Title: title, Summary: summary,
		Tasks:     []model.Task{model.Regression, model.Binary, model.Multiclass},
		Encoding:  model.Native,
		Separates: true,
		Params:    params,
		Fit: func(ctx context.Context, given model.Params, in model.Training) (model.Fitted, error) {
			p, err := model.Resolve(name, params, given)
			if err != nil {
				return nil, fmt.Errorf("trees: parameters: %w", err)
			}
			f, err := plant(ctx, name, p, in)
			if err != nil {
				return nil, fmt.Errorf("trees: fit: %w", err)
			}
			return f, nil
		},
		Load: func(data []byte) (model.Fitted, error) {
			f, err := LoadForest(data)
			if err != nil {
				return nil, err
			}
			if f.name != name {
				return nil, fmt.Errorf("trees: load: %q is another model; this one is %q", f.name, name)
			}
			return f, nil
		},
	}
}

func forestParams(rows string) []model.Param {
	return []model.Param{
		{
			Name: "trees", Default: 200.0, Min: 1, Max: 10000, Integer: true,
			Doc: "Number of trees; more are never worse, and cost time and memory in proportion.",
		},
		{
			Name: "max_features", Default: 0.0, Min: 0, Max: 1,
			Doc:    "Share of the features that are tried for a split; 0 is the square root of their number for classes, and for numbers a third of it in a random forest and all with random thresholds, where each level of a category counts as a feature.",
			Search: &model.Range{Low: 0.1, High: 1},
		},
		{
			Name: "min_rows", Default: 2.0, Min: 1, Max: 1e9,
			Doc:    "Least number of rows in a leaf, counted by weight and as often as they were drawn.",
			Search: &model.Range{Low: 1, High: 50, Log: true},
		},
		{
			Name: "max_depth", Default: 0.0, Min: 0, Max: 1000, Integer: true,
			Doc: "Most splits between the root and a leaf; 0 is no limit.",
		},
		{
			Name: "rows", Default: rows, Choices: []string{"bootstrap", "share", "all"},
			Doc: "Rows of a tree: as many as there are drawn with repetition, a share of them without, or all.",
		},
		{
			Name: "row_share", Default: 0.632, Min: 0.01, Max: 1,
			Doc: "Share of the rows that a tree learns from when rows is share.",
		},
		{
			Name: "max_bins", Default: 255.0, Min: 2, Max: 255, Integer: true,
			Doc: "Most bins of a feature; missing values have one more.",
		},
		{
			Name: "out_of_bag", Default: "no", Choices: []string{"no", "yes"},
			Doc: "Whether to measure the squared error on rows that a tree has not seen, averaged over those trees.",
		},
	}
}
