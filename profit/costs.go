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

// check verifies labels, chances and the costs.
func (c Costs) check(label, chance []float64) error {
	if err := checkScores(label, chance); err != nil {
		return err
	}
	for k, v := range [][]float64{c.TP, c.FN, c.FP, c.TN} {
		name := [...]string{"TP", "FN", "FP", "TN"}[k]
		if len(v) > 1 && len(v) != len(label) {
			return fmt.Errorf("profit: costs: %d costs %s, want one for all or one for each of %d rows", len(v), name, len(label))
		}
		for i, x := range v {
			if !finite(x) {
				return fmt.Errorf("profit: costs: row %d has the cost %v (%s), it must be finite", i+1, x, name)
			}
		}
	}
	return nil
}

// Loss is the mean cost per row when row i is acted on with chance act[i]: 0 or
// 1 for a decision, a probability for its expectation (Correa Bahnsen and others
// 2014).
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

// LogLoss is the mean of the costs weighted by the logarithms of the chances
// in place of the chances, for training rather than for reading (Höppner and
// others 2022 call the loss without logarithms AEC). With the costs -1 for TP
// and TN and 0 otherwise it is the log-loss, in nats. Chances are kept 2^-52
// away from 0 and 1.
func (c Costs) LogLoss(label, chance []float64) (float64, error) {
	if err := c.check(label, chance); err != nil {
		return 0, err
	}
	const edge = 0x1p-52
	sum := 0.0
	for i, y := range label {
		p := min(max(chance[i], edge), 1-edge)
		one, zero := math.Log(p), math.Log(1-p)
		sum += y*(one*at(c.TP, i)+zero*at(c.FN, i)) + (1-y)*(one*at(c.FP, i)+zero*at(c.TN, i))
	}
	return sum / float64(len(label)), nil
}

// Savings is 1 - Loss / the smaller loss of acting on all and on none: 1 is
// perfect where right decisions cost nothing, 0 is no better than a constant,
// below 0 is worse. It fails where the better constant does not cost anything.
func (c Costs) Savings(label, act []float64) (float64, error) {
	if err := c.check(label, act); err != nil {
		return 0, err
	}
	all, none := c.constants(label)
	return c.over(label, act, math.Min(all, none), "the better constant policy")
}

// SavingsOver is 1 - Loss / the loss of another policy, given as act is; one
// number holds for all rows.
func (c Costs) SavingsOver(label, act, other []float64) (float64, error) {
	if len(other) == 1 && len(label) > 1 {
		one := other[0]
		other = make([]float64, len(label))
		for i := range other {
			other[i] = one
		}
	}
	loss, err := c.Loss(label, other)
	if err != nil {
		return 0, err
	}
	return c.over(label, act, loss, "the other policy")
}

// over fails for a base of 0 or less: a share of it would mean nothing, and
// below 0 the sign would turn.
func (c Costs) over(label, act []float64, base float64, who string) (float64, error) {
	loss, err := c.Loss(label, act)
	if err != nil {
		return 0, err
	}
	if !(base > 0) {
		return 0, fmt.Errorf("profit: savings: %s costs %v per row, and there is something to save only above 0", who, base)
	}
	return 1 - loss/base, nil
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
// or never better, or better below a chance.
func (c Costs) Cutoff(i int) (chance float64, ok bool) {
	act, wait := at(c.FP, i)-at(c.TN, i), at(c.FN, i)-at(c.TP, i)
	if act <= 0 || wait <= 0 {
		return 0, false
	}
	return act / (act + wait), true
}

// Decide is 1 for each row where acting costs less in expectation, else 0. It
// compares expectations, and so is right also where the costs have no Cutoff.
func (c Costs) Decide(chance []float64) ([]float64, error) {
	if err := c.check(make([]float64, len(chance)), chance); err != nil {
		return nil, err
	}
	out := make([]float64, len(chance))
	for i, p := range chance {
		if p*(at(c.FN, i)-at(c.TP, i)) > (1-p)*(at(c.FP, i)-at(c.TN, i)) {
			out[i] = 1
		}
	}
	return out, nil
}

// Gains are what acting on each row is worth beside leaving it alone, given the
// labels.
func (c Costs) Gains(label []float64) ([]float64, error) {
	if err := c.check(label, label); err != nil {
		return nil, err
	}
	out := make([]float64, len(label))
	for i, y := range label {
		out[i] = y*(at(c.FN, i)-at(c.TP, i)) + (1-y)*(at(c.TN, i)-at(c.FP, i))
	}
	return out, nil
}

// Best is the maximum profit (MP; Verbraken, Verbeke and Baesens 2013): the
// profit per row, which is the loss with its sign turned, at the best cut-off
// in hindsight.
// Every row keeps its own costs.
func (c Costs) Best(label, score []float64) (MaximumProfit, error) {
	gains, err := c.Gains(label)
	if err != nil {
		return MaximumProfit{}, err
	}
	out, err := BestShare(gains, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	_, none := c.constants(label)
	out.Profit -= none
	return out, nil
}
