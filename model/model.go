// Package model states the contract that every model meets: what it is given
// (Matrix, Training), what it must give back (Fitted), and how it is listed
// (Entry, Param). The packages linear, neighbours, trees and zoo fulfil it;
// model/modeltest is the suite that each of them must pass.
//
// Adding a model is one file that makes an Entry and one line in zoo.All.
package model

import (
	"context"
	"fmt"
	"slices"
)

// Task is the kind of question a model answers.
type Task uint8

// The tasks.
const (
	Regression Task = iota // one number
	Binary                 // two classes; class 1 is the second of Training.Classes
	Multiclass             // three or more classes
	// Ranking puts the rows of a query in order, by one number, the score: rows
	// that are more relevant are to have more of it. No model is given this task:
	// train hands it the grades of the rows as a Regression with Training.Groups.
	Ranking
)

// Classes says whether the task has outcomes, and a prediction is a probability
// for each, instead of a number.
func (t Task) Classes() bool { return t == Binary || t == Multiclass }

// String is the task's name.
func (t Task) String() string {
	switch t {
	case Regression:
		return "regression"
	case Binary:
		return "binary"
	case Multiclass:
		return "multiclass"
	case Ranking:
		return "ranking"
	}
	return fmt.Sprintf("task(%d)", uint8(t))
}

// MarshalText writes the task's name.
func (t Task) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a task's name.
func (t *Task) UnmarshalText(b []byte) error {
	for _, k := range []Task{Regression, Binary, Multiclass, Ranking} {
		if k.String() == string(b) {
			*t = k
			return nil
		}
	}
	return fmt.Errorf("model: task: %q is none of regression, binary, multiclass, ranking", b)
}

// Encoding says in which form a model wants its features.
type Encoding string

// The encodings.
const (
	// Native keeps numbers with NaN for missing and categories as codes
	// (Feature.Levels > 0), for models that handle both themselves.
	Native Encoding = "native"
	// Dense is numbers only: imputed, one-hot or target-encoded,
	// standardised; never NaN.
	Dense Encoding = "dense"
)

// Training is everything a model learns from. Nothing in it may be changed by
// the model.
type Training struct {
	Task Task
	// X holds the features, one row per example, those of its sparse part behind
	// the others.
	X *Matrix
	// Y is the target: a class index for Binary and Multiclass, else a number.
	Y []float64
	// Weights are one positive number per row; nil means 1 for all.
	Weights []float64
	// Stakes are one number of 0 or more per row: the money at stake in it, in
	// units of the mean of the rows to learn from. Only a model with the
	// parameter StakesParam is given any, and only when that asks for it; nil
	// means none.
	Stakes []float64
	// Groups are one number per row: rows with the same number belong to the
	// same query and are to be ranked among each other, by targets that are
	// grades. Only objectives of ranking look at them; nil means none.
	Groups []int32
	// Interactions are sets of positions of features. A prediction must then be
	// a sum of parts each of which depends on features of one set alone, so that
	// what a feature does depends on no feature it shares no set with. A feature
	// may be in several sets; those in none are together in one more. nil means
	// that all may interact. A model that adds up single features (a linear one)
	// meets any. The sum is that of raw outputs (see Raw), or that of predictions,
	// as with means of trees.
	Interactions [][]int
	// Classes are the outcome names, by class index; nil for Regression.
	Classes []string
	// Valid holds rows for early stopping; nil means none.
	Valid *Training
	// Seed fixes every random choice.
	Seed uint64
	// Threads is how many goroutines may work at once (at least 1). The
	// result must not depend on it.
	Threads int
	// Progress, when not nil, is told of steps done out of a total.
	Progress func(done, total int)
}

// Outputs is the number of values a prediction has: one for regression, the
// number of classes otherwise.
func (t Training) Outputs() int {
	if t.Task == Regression {
		return 1
	}
	return len(t.Classes)
}

// Together says whether two features, by position, may interact: whether some set
// of Interactions has both, or none has either.
func (t Training) Together(a, b int) bool {
	if t.Interactions == nil {
		return true
	}
	inSets := false
	for _, set := range t.Interactions {
		hasA, hasB := slices.Contains(set, a), slices.Contains(set, b)
		if hasA && hasB {
			return true
		}
		inSets = inSets || hasA || hasB
	}
	return !inSets
}

// Fitted is a model that has learnt. It is safe for concurrent use.
type Fitted interface {
	// Name is the name of the Entry that made it and that can load it.
	Name() string
	// Outputs is the length of a prediction.
	Outputs() int
	// Predict writes the prediction for one row of features into out, which
	// has length Outputs: class probabilities that sum to 1, or the number.
	// It does not allocate.
	Predict(row, out []float64)
	// MarshalBinary writes the model as data; Entry.Load reads it back and
	// predicts the same bits.
	MarshalBinary() ([]byte, error)
}

// Linear is a Fitted that can show its coefficients on the features it was
// given.
type Linear interface {
	Fitted
	// Coefficients returns one row per raw output (one for regression and
	// binary, one per class for multiclass) of one weight per feature, and the
	// intercept of each raw output. Raw outputs are log-odds for classes.
	Coefficients() (weights [][]float64, intercepts []float64)
}

// Rounds is a Fitted that was stopped early and can say after how many rounds,
// so that a refit on all rows can use the same number.
type Rounds interface {
	Fitted
	// Rounds is how many boosting rounds or epochs were kept.
	Rounds() int
}

// Entry lists a model: its name, what it is for and how to fit and load it.
type Entry struct {
	// Name is versioned once released, such as "trees.boost.v1".
	Name string
	// Title is what people call it, such as "boosted trees".
	Title string
	// Summary says in one sentence what the model is.
	Summary  string
	Tasks    []Task
	Encoding Encoding
	// Views is true for a model that reads Training.X with Matrix.Block alone,
	// so that many rows need not be in memory as numbers. Training.Valid.X
	// always is.
	Views bool
	// Sparse is true for a model that reads the sparse part of Training.X; what
	// it makes is a Wide.
	Sparse bool
	// Params is the table of what may be set, with defaults and ranges.
	Params []Param
	// Separates says that Fit keeps to Training.Interactions.
	Separates bool
	// Stopping names the parameters of early stopping; nil when the model has
	// no rounds.
	Stopping *Stopping
	// Fit learns from the rows. It validates params first, honours ctx and
	// never panics.
	Fit func(ctx context.Context, params Params, in Training) (Fitted, error)
	// Load reads what MarshalBinary wrote. It never trusts the bytes.
	Load func(data []byte) (Fitted, error)
}

// FitWith is an Entry.Fit from a function that gives a model of one type: where
// it fails there is no model, not one that is nil.
func FitWith[M Fitted](fit func(ctx context.Context, params Params, in Training) (M, error)) func(context.Context, Params, Training) (Fitted, error) {
	return func(ctx context.Context, params Params, in Training) (Fitted, error) {
		m, err := fit(ctx, params, in)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
}

// LoadWith is an Entry.Load from a function that gives a model of one type, as
// FitWith is.
func LoadWith[M Fitted](load func(data []byte) (M, error)) func(data []byte) (Fitted, error) {
	return func(data []byte) (Fitted, error) {
		m, err := load(data)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
}

// Handles says whether the model can do the task. What predicts a number can
// rank: by the predicted grade.
func (e Entry) Handles(t Task) bool {
	if t == Ranking {
		t = Regression
	}
	for _, k := range e.Tasks {
		if k == t {
			return true
		}
	}
	return false
}

// Stopping names the two parameters by which training controls rounds.
type Stopping struct {
	// Rounds is the parameter with the largest number of rounds.
	Rounds string
	// Patience is the parameter that, when positive, stops after so many
	// rounds without progress on Training.Valid.
	Patience string
}

// Candidate is a model with parameters that design proposes and tune tries.
type Candidate struct {
	// Label is what people see, such as "boosted trees, small".
	Label string `json:"label"`
	// Model is the name of an Entry.
	Model string `json:"model"`
	// Params are those that differ from the entry's defaults.
	Params Params `json:"params,omitempty"`
	// Reason says why this candidate is worth a trial here.
	Reason string `json:"reason"`
}
