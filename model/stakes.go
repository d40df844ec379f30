package model

import (
	"errors"
	"fmt"
	"slices"
)

// StakesParam is the parameter by which a model is trained for money. A model
// that has it honours Training.Stakes; one that has not is never given any.
const StakesParam = "stakes"

// The choices of StakesParam.
const (
	// StakesNone learns probabilities; stakes are not looked at.
	StakesNone = "none"
	// StakesWeights multiplies the log-loss of each row by its stake.
	StakesWeights = "weights"
	// StakesExpected minimises the expected loss of money: the stake of each
	// row times one minus the probability of its class.
	StakesExpected = "expected"
)

// Stakes is the row of StakesParam in a model's table of parameters.
func Stakes() Param {
	return Param{
		Name: StakesParam, Default: StakesNone, Choices: []string{StakesNone, StakesWeights, StakesExpected},
		Doc: "How the money at stake in a row enters the loss of a model of classes: not at all, as weights of the log-loss, or as expected loss, stake x (1 - probability of the row's class).",
	}
}

// WantsStakes says whether resolved parameters ask for Training.Stakes.
func (p Params) WantsStakes() bool {
	use, ok := p[StakesParam].(string)
	return ok && use != StakesNone
}

// leastStake is the least weight of a row, as a share of the mean stake. Rows
// in which nothing is at stake would have none, but a weight must be positive,
// a class all of whose rows have none must not vanish, and they still tell
// about the other rows: what they have in common with them is learnt at a
// hundredth of the price.
const leastStake = 0.01

// Staked gives the rows as a model with the choice use of StakesParam learns
// from them: with stakes multiplied into the weights, those of the validation
// rows as well. Under StakesNone it gives them without stakes. The rows must
// have passed Check. Asking for stakes of a number, or where there are none,
// is an error.
func (t Training) Staked(use string) (Training, error) {
	if use == StakesNone {
		t.Stakes = nil
		return t, nil
	}
	if t.Task == Regression {
		return t, fmt.Errorf("model: parameter %s: %q needs classes; for a %s it must be %q", StakesParam, use, t.Task, StakesNone)
	}
	if t.Stakes == nil || t.Valid != nil && t.Valid.Stakes == nil {
		return t, errors.New("model: parameter " + StakesParam + ": " + use + " needs the stake of each row, which payoffs give; there are none")
	}
	t.Weights = t.stakedWeights()
	if t.Valid != nil {
		v := *t.Valid
		v.Weights = v.stakedWeights()
		t.Valid = &v
	}
	return t, nil
}

// stakedWeights is the stake of each row times its weight.
func (t Training) stakedWeights() []float64 {
	out := slices.Clone(t.Stakes)
	for i, s := range out {
		out[i] = max(s, leastStake)
		if t.Weights != nil {
			out[i] *= t.Weights[i]
		}
	}
	return out
}
