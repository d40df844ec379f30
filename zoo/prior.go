package zoo

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sort"

	"bespoke/ensemble"
	"bespoke/internal/strictjson"
	"bespoke/model"
)

const priorName = "baseline.prior.v1"

// Prior is the baseline: the same prediction for every row. For classes it is
// their shares of the training rows by weight, for numbers the mean or the
// median. What a model earns more than this is what the features are worth.
var Prior = model.Entry{
	Name:      priorName,
	Title:     "baseline",
	Summary:   "Baseline that ignores the row: class shares, or the mean or median of the target.",
	Tasks:     []model.Task{model.Regression, model.Binary, model.Multiclass},
	Encoding:  model.Native,
	Separates: true,
	Views:     true,
	Params:    priorParams,
	Fit:       fitPrior,
	Load:      loadPrior,
}

var priorParams = []model.Param{{
	Name: "statistic", Doc: "What to predict for a number: mean or median of the training rows by weight; classes ignore it.",
	Default: "mean", Choices: []string{"mean", "median"},
}}

// Constant is a fitted Prior: the same prediction for every row. It is
// immutable and safe for concurrent use.
type Constant struct {
	values []float64
}

var _ model.Raw = (*Constant)(nil)

// Name is "baseline.prior.v1".
func (c *Constant) Name() string { return priorName }

// Outputs is the length of a prediction: 1 for regression, else the number of
// classes.
func (c *Constant) Outputs() int { return len(c.values) }

// Predict writes the constant into out; the row is not looked at.
func (c *Constant) Predict(_, out []float64) { copy(out, c.values) }

// Inputs is 0: the row is not looked at.
func (c *Constant) Inputs() int { return 0 }

// Raw writes the number, the log-odds of class 1, or the logarithm of the share
// of each class; a share of 0 counts as 1e-16.
func (c *Constant) Raw(_, out []float64) { ensemble.LogOdds(c.values, out) }

func fitPrior(ctx context.Context, given model.Params, in model.Training) (model.Fitted, error) {
	p, err := model.Resolve(priorName, priorParams, given)
	if err != nil {
		return nil, fmt.Errorf("zoo: %w", err)
	}
	if err := in.Check(model.Native); err != nil {
		return nil, fmt.Errorf("zoo: %s: %w", priorName, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("zoo: %s: %w", priorName, err)
	}
	var values []float64
	switch {
	case in.Task != model.Regression:
		values = shares(in)
	case p.Choice("statistic") == "median":
		values = []float64{median(in)}
	default:
		values = []float64{mean(in)}
	}
	if in.Progress != nil {
		in.Progress(1, 1)
	}
	return &Constant{values}, nil
}

func weight(in model.Training, row int) float64 {
	if in.Weights == nil {
		return 1
	}
	return in.Weights[row]
}

func shares(in model.Training) []float64 {
	out := make([]float64, len(in.Classes))
	total := 0.0
	for i, y := range in.Y {
		out[int(y)] += weight(in, i)
		total += weight(in, i)
	}
	for k := range out {
		out[k] /= total
	}
	return out
}

// mean runs as an update, so that large targets cannot overflow a sum.
func mean(in model.Training) float64 {
	m, total := 0.0, 0.0
	for i, y := range in.Y {
		w := weight(in, i)
		total += w
		m += (y/2 - m/2) * (w / total) * 2
	}
	return m
}

// median is the target at which the weights below and above balance; the mean
// of two neighbours where the balance falls between them.
func median(in model.Training) float64 {
	order := make([]int, len(in.Y))
	total := 0.0
	for i := range order {
		order[i] = i
		total += weight(in, i)
	}
	sort.SliceStable(order, func(a, b int) bool { return in.Y[order[a]] < in.Y[order[b]] })
	below := 0.0
	for k, i := range order {
		below += weight(in, i)
		switch {
		case below > total/2:
			return in.Y[i]
		case below == total/2 && k+1 < len(order):
			return in.Y[i]/2 + in.Y[order[k+1]]/2
		}
	}
	return in.Y[order[len(order)-1]]
}

// savedPrior is the form of a Constant on disk.
type savedPrior struct {
	Model  string    `json:"model"`
	Values []float64 `json:"values"`
}

// MarshalBinary writes the model as JSON; numbers keep every bit.
func (c *Constant) MarshalBinary() ([]byte, error) {
	out, err := json.Marshal(savedPrior{priorName, c.values})
	if err != nil {
		return nil, fmt.Errorf("zoo: saving %s: %w", priorName, err)
	}
	return out, nil
}

func loadPrior(data []byte) (model.Fitted, error) {
	var s savedPrior
	if err := strictjson.Decode(data, &s); err != nil {
		return nil, fmt.Errorf("zoo: loading %s: %w", priorName, err)
	}
	if s.Model != priorName {
		return nil, fmt.Errorf("zoo: loading %s: %q is another model", priorName, s.Model)
	}
	if err := checkValues(s.Values); err != nil {
		return nil, fmt.Errorf("zoo: loading %s: %w", priorName, err)
	}
	return &Constant{s.Values}, nil
}

// checkValues verifies that there is one number, or that several are
// probabilities.
func checkValues(values []float64) error {
	if len(values) == 1 {
		return nil
	}
	sum := 0.0
	for _, v := range values {
		if v < 0 {
			return fmt.Errorf("share %v must not be negative", v)
		}
		sum += v
	}
	if math.Abs(sum-1) > 1e-9 { // also when there is none
		return fmt.Errorf("%d shares sum to %v, not 1", len(values), sum)
	}
	return nil
}
