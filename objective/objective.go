// Package objective holds the losses that models minimise: for each the best
// constant, the derivatives by the raw score, the loss of a row, and the link
// from raw scores to a prediction. Boosted trees and whatever else learns by
// gradients share them.
//
// The files are kinds of losses:
//
//	objective.go  the type Objective, the target, the table and how it is searched
//	numbers.go    squared, absolute and quantile loss of a number
//	robust.go     Huber and fair loss, which large errors move little
//	counts.go     Poisson, gamma and Tweedie deviance of numbers not below 0
//	classes.go    log-loss of two and of more classes
//	expected.go   expected loss of money, for classes with stakes
//	ranking.go    LambdaMART, the order of rows within queries
//	measure.go    how good an order of rows within queries is
//	custom.go     losses that another package makes
//	quantile.go   weighted quantiles
//
// Everything is a function of the rows alone: sums over rows go in the order of
// rows, and nothing depends on the number of threads.
package objective

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bespoke/model"
)

// Objective is one loss. Raw scores stand output after output: the score of row
// i and output k is score[k*rows+i]. Functions over rows lo to hi-1 are called
// for several ranges at once, so they write nothing outside of their rows.
//
// A value is never changed once it is in use.
type Objective struct {
	// Name is written in saved models; a model is loaded with the link of the
	// objective of this name (see Find).
	Name string
	// Tasks are what it is for.
	Tasks []model.Task
	// Constant says that the second derivative is 1 for every row, times the
	// row's weight; Gradient then leaves h alone.
	Constant bool
	// Logarithmic says that the link is the exponential function: the raw score
	// is the logarithm of the predicted number.
	Logarithmic bool
	// Raw is the number of raw outputs for a number of classes (0 for numbers).
	Raw func(classes int) int
	// Check, when not nil, says why the target does not fit, and readies it. It
	// is called once for each target before anything else.
	Check func(t *Target) error
	// Base is the constant raw score to begin with, one number per raw output;
	// the best one, unless the loss says otherwise.
	Base func(t *Target) []float64
	// Scratch, when not nil, is how many numbers per row Prepare keeps in
	// Target.Scratch.
	Scratch func(classes int) int
	// Prepare, when not nil, is called before the gradients of a round.
	Prepare func(t *Target, score []float64, lo, hi int)
	// Gradient writes the first and second derivatives of the loss of each row
	// by the raw score k, without the weights. Where the second derivative is
	// no useful length of a step, h is a bound of it; each loss says so.
	Gradient func(t *Target, score []float64, k, lo, hi int, g, h []float64)
	// Loss is the loss of row i, without its weight. scores has one raw score
	// per output.
	Loss func(t *Target, i int, scores []float64) float64
	// Total, when not nil, is the mean loss of all rows, for losses that are not
	// a sum over rows; Loss is then nil. scores has one raw score per row.
	Total func(t *Target, scores []float64) float64
	// Renew, when not nil, says that the best value of a leaf is this quantile
	// of the residuals y-score in it.
	Renew func(t *Target) float64
	// Refine, when not nil, turns that quantile, for the given rows and their
	// scores, into a better value.
	Refine func(t *Target, score []float64, rows []int32, quantile float64) float64
	// Link turns raw scores into a prediction; both may be the same slice.
	Link func(raw, out []float64)
}

// Fits says whether the objective is for the task.
func (o *Objective) Fits(task model.Task) bool { return slices.Contains(o.Tasks, task) }

// Stepped is the objective without Renew: leaves are then gradient steps.
func (o *Objective) Stepped() *Objective {
	if o.Renew == nil {
		return o
	}
	out := *o
	out.Renew, out.Refine = nil, nil
	return &out
}

// Settings are the numbers that some losses need. The zero value fits none of
// them; Defaults gives the usual ones.
type Settings struct {
	// Alpha is which quantile the loss "quantile" predicts, within 0 and 1.
	Alpha float64
	// Delta is the error from which on the losses "huber" and "fair" grow by
	// its size instead of by its square, in units of the target; above 0.
	Delta float64
	// Power is the variance power of the loss "tweedie": the variance of a
	// number is its mean to this power times a constant. Between 1 and 2.
	Power float64
	// Truncation is how many of the first rows of a query the loss "lambdarank"
	// cares for, 1 or more.
	Truncation int
	// Plain leaves out the normalisation of "lambdarank" by query.
	Plain bool
}

// Defaults are the settings that LightGBM has, but for Delta, which is 1 there
// for the fair and 0.9 for the Huber loss.
func Defaults() Settings {
	return Settings{Alpha: 0.9, Delta: 1, Power: 1.5, Truncation: 30}
}

// Target is what an objective is measured against.
type Target struct {
	// Y are the targets by row: class indices, or numbers.
	Y []float64
	// Weights are positive, nil when all are 1.
	Weights []float64
	// Classes is the number of classes, 0 for numbers.
	Classes int
	// Groups are the queries of the rows, for ranking; else nil.
	Groups []int32
	// Settings are the numbers that the loss needs.
	Settings
	// Scratch is what Prepare leaves for Gradient: Objective.Scratch numbers
	// per row.
	Scratch []float64

	queries *queries // of Groups, made by the check of a ranking
}

// NewTarget is the target of rows to learn from.
func NewTarget(in model.Training, s Settings) *Target {
	return &Target{Y: in.Y, Weights: in.Weights, Classes: len(in.Classes), Groups: in.Groups, Settings: s}
}

// Weight is the weight of row i.
func (t *Target) Weight(i int) float64 {
	if t.Weights == nil {
		return 1
	}
	return t.Weights[i]
}

// Ready checks the target and makes its scratch memory.
func (o *Objective) Ready(t *Target) error {
	if o.Check != nil {
		if err := o.Check(t); err != nil {
			return fmt.Errorf("objective: %s: %w", o.Name, err)
		}
	}
	if o.Scratch != nil {
		t.Scratch = make([]float64, len(t.Y)*o.Scratch(t.Classes))
	}
	return nil
}

// table is the list of losses. The first one of a task is its usual one; a new
// loss is a new row.
var table = []*Objective{
	squared, absolute, quantile, logistic, softmax,
	huber, fair, poisson, gamma, tweedie, lambdarank,
}

// Names lists the objectives, each name once.
func Names() []string {
	var names []string
	for _, o := range table {
		if !slices.Contains(names, o.Name) {
			names = append(names, o.Name)
		}
	}
	return names
}

// Find looks a loss up by name for a task; "auto" is the task's usual one. The
// error lists the names that fit.
func Find(name string, task model.Task) (*Objective, error) {
	var fit []string
	for _, o := range table {
		if !o.Fits(task) {
			continue
		}
		if name == o.Name || name == "auto" {
			return o, nil
		}
		fit = append(fit, o.Name)
	}
	return nil, fmt.Errorf("objective %q does not fit the task %s; there is %s", name, task, strings.Join(fit, ", "))
}

var numbers = []model.Task{model.Regression}

func one(int) int { return 1 }

func identity(raw, out []float64) { copy(out, raw) }

// mostLog bounds the logarithm of a prediction, so that it is finite.
const mostLog = 700

func expLink(raw, out []float64) { out[0] = math.Exp(math.Min(raw[0], mostLog)) }
