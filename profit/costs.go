package profit

import (
	"fmt"
	"math"
)

// Costs are the four costs of a row of a binary decision, positive for money
// lost. Each is one number per row, or one for all.
type Costs struct {
	// TP is the cost of acting on a 1, FN of missing it, FP of acting on a 0,
	// TN of leaving it alone. nil is 0.
	TP, FN, FP, TN []float64
}

func at(v []float64, i int) float64 {
	switch len(v) {
	case 0:
		return 0
	case 1:
		return v[0]
	}
	return v[i]
}

// check verifies labels, chances and the lengths of the costs.
func (c Costs) check(label, chance []float64) error {
	if err := checkScores(label, chance); err != nil {
		return err
	}
	for k, v := range [][]float64{c.TP, c.FN, c.FP, c.TN} {
		name := [...]string{"TP", "FN", "FP", "TN"}[k]
		if len(v) > 1 && len(v) != len(label) {
			return fmt.Errorf("profit: costs: %d costs %s, want one for all or one for each of %d rows", len(v), name, len(label))
		}
	}
	return nil
}

// Loss is the mean cost per row when row i is acted on with chance act[i]: 0 or
// 1 for a decision, a probability for its expectation (reference A.2, Cost_i).
func (c Costs) Loss(label, act []float64) (float64, error) {
	if err := c.check(label, act); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, y := range label {
		a := act[i]
		sum += y*(a*at(c.TP, i)+(1-a)*at(c.FN, i)) + (1-y)*(a*at(c.FP, i)+(1-a)*at(c.TN, i))
	}
	return sum / float64(len(label)), nil
}

// Savings is 1 - Loss / the smaller loss of acting on all and on none: 1 is
// perfect where right decisions cost nothing, 0 is no better than a constant,
// below 0 is worse. It fails where the better constant costs nothing.
func (c Costs) Savings(label, act []float64) (float64, error) {
	loss, err := c.Loss(label, act)
	if err != nil {
		return 0, err
	}
	all, none := c.constants(label)
	least := math.Min(all, none)
	if least == 0 {
		return 0, fmt.Errorf("profit: savings: the better constant policy costs 0, so there is nothing to save")
	}
	return 1 - loss/least, nil
}

// constants are the losses of acting on all and on none.
func (c Costs) constants(label []float64) (all, none float64) {
	for i, y := range label {
		all += y*at(c.TP, i) + (1-y)*at(c.FP, i)
		none += y*at(c.FN, i) + (1-y)*at(c.TN, i)
	}
	n := float64(len(label))
	return all / n, none / n
}

// Cutoff is the chance of label 1 in row i above which acting costs less
// (Elkan 2001): (FP-TN) / (FP-TN + FN-TP). ok is false where acting is always
// or never better.
func (c Costs) Cutoff(i int) (chance float64, ok bool) {
	act, wait := at(c.FP, i)-at(c.TN, i), at(c.FN, i)-at(c.TP, i)
	if act <= 0 || wait <= 0 {
		return 0, false
	}
	return act / (act + wait), true
}
