package additive

import (
	"fmt"

	"bespoke/model"
)

const boostName = "additive.boost.v1"

// The choices of the parameter sample.
const (
	sampleSubset    = "subset"
	sampleBootstrap = "bootstrap"
)

// Boost is the entry of the additive model. It reads native features: numbers
// with NaN for missing, categories as codes. Every step is centred, so that the
// intercept is the mean raw score of the training rows.
//
// Weights count as repetitions, exactly: bags are drawn by what a row holds and
// not by its place, so that a row of weight 2 and the row given twice fall into
// the same bags. For the same reason the order of rows does not matter.
//
// Each bag stops early by the rows that it leaves out, or by Training.Valid
// when there are any. The entry therefore has no model.Stopping: rows need not
// be held back for it, and learning again from all rows finds the rounds anew.
var Boost = model.Entry{
	Name:      boostName,
	Title:     "additive model",
	Summary:   "Sum of one curve per feature and of chosen pairs, boosted in turn on binned features; every part can be read and edited.",
	Tasks:     []model.Task{model.Regression, model.Binary, model.Multiclass},
	Encoding:  model.Native,
	Separates: true,
	Params:    boostParams,
	Fit:       model.FitWith(Fit),
	Load:      model.LoadWith(Load),
}

var boostParams = []model.Param{
	{
		Name: "rounds", Default: 4000.0, Min: 0, Max: 100000, Integer: true,
		Doc: "Most rounds over the features, and again over the pairs; each round takes one step per term.",
	},
	{
		Name: "patience", Default: 60.0, Min: 0, Max: 100000, Integer: true,
		Doc: "Stop a bag after this many rounds without a lower loss on the rows left out and keep the best; 0 takes all rounds.",
	},
	{
		Name: "learning_rate", Default: 0.04, Min: 1e-6, Max: 1,
		Doc: "Factor on the values of every step.",
	},
	{
		Name: "max_leaves", Default: 2.0, Min: 2, Max: 16, Integer: true,
		Doc: "Most intervals of bins in one step of a feature; a step of a pair has up to four cells.",
	},
	{
		Name: "min_rows", Default: 4.0, Min: 1, Max: 1e9,
		Doc: "Least number of training rows in an interval or cell of a step, counted by weight.",
	},
	{
		Name: "lambda_l2", Default: 0.0, Min: 0, Max: 1e12,
		Doc: "Weight of the squared values of a step in the loss.",
	},
	{
		Name: "max_bins", Default: 255.0, Min: 2, Max: 1024, Integer: true,
		Doc: "Most bins of a feature; missing values have one more, shared with categories too rare for their own.",
	},
	{
		Name: "cat_smooth", Default: 10.0, Min: 0, Max: 1e12,
		Doc: "Added to the hessian of a category when categories are ordered by their gradient.",
	},
	{
		Name: "smoothing_rounds", Default: 50.0, Min: 0, Max: 100000, Integer: true,
		Doc: "Number of first rounds whose intervals are drawn by chance, which smooths the curves.",
	},
	{
		Name: "bags", Default: 8.0, Min: 1, Max: 1000, Integer: true,
		Doc: "Number of models on samples of the rows that are averaged; their spread is the error of the curves.",
	},
	{
		Name: "sample", Default: sampleSubset, Choices: []string{sampleSubset, sampleBootstrap},
		Doc: "How a bag draws rows: subset leaves out a share, bootstrap draws with repetition and leaves out about a third.",
	},
	{
		Name: "left_out", Default: 0.15, Min: 0.01, Max: 0.9,
		Doc: "Share of the rows that a bag leaves out when sample is subset.",
	},
	{
		Name: "pairs", Default: -1.0, Min: -1, Max: 10000, Integer: true,
		Doc: "Number of pairs of features with a term of their own, the strongest first; -1 takes those stronger than chance, at most twice as many as features. Three and more classes have none.",
	},
	{
		Name: "pair_bins", Default: 64.0, Min: 2, Max: 64, Integer: true,
		Doc: "Most bins per side of a pair; few rows have fewer.",
	},
}

// settings are the resolved parameters in the types that the steps read.
type settings struct {
	rounds, patience int
	rate             float64
	leaves           int
	minRows, l2      float64
	maxBins          int
	catSmooth        float64
	smoothing        int
	bags             int
	bootstrap        bool
	leftOut          float64
	pairs, pairBins  int
	seed             uint64
	threads          int
}

func resolve(params model.Params, in model.Training) (settings, error) {
	p, err := model.Resolve(boostName, boostParams, params)
	if err != nil {
		return settings{}, fmt.Errorf("additive: parameters: %w", err)
	}
	return settings{
		rounds: p.Int("rounds"), patience: p.Int("patience"), rate: p.Number("learning_rate"),
		leaves: p.Int("max_leaves"), minRows: p.Number("min_rows"), l2: p.Number("lambda_l2"),
		maxBins: p.Int("max_bins"), catSmooth: p.Number("cat_smooth"), smoothing: p.Int("smoothing_rounds"),
		bags: p.Int("bags"), bootstrap: p.Choice("sample") == sampleBootstrap, leftOut: p.Number("left_out"),
		pairs: p.Int("pairs"), pairBins: p.Int("pair_bins"), seed: in.Seed, threads: max(1, in.Threads),
	}, nil
}
