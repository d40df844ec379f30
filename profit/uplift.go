package profit

import (
	"fmt"
	"math"
)

// Uplift is a log of cases that were treated or not at random, for judging who
// should be treated. Scores say who is thought to gain most.
type Uplift struct {
	// Outcome is what happened, such as 1 for a purchase or an amount.
	Outcome []float64
	// Treated says who was treated.
	Treated []bool
	// Chance is the chance with which each case was treated when the log was
	// made; one number holds for all. Only Money needs it.
	Chance []float64
}

func (u Uplift) check(rows int) error {
	if rows == 0 || len(u.Outcome) != rows || len(u.Treated) != rows {
		return fmt.Errorf("profit: uplift: %d outcomes and %d treatments for %d rows, they must be equal and not 0", len(u.Outcome), len(u.Treated), rows)
	}
	for i, y := range u.Outcome {
		if !finite(y) {
			return fmt.Errorf("profit: uplift: row %d has the outcome %v, it must be finite", i+1, y)
		}
	}
	return nil
}

// Qini is the curve of Radcliffe (2007): at k, over the k cases with the
// highest scores, the outcomes of the treated less those of the others scaled to
// as many, Y_t - Y_c N_t / N_c. It has one point more than there are cases, and
// is Y_t where no other case is among the k yet. Between the ends of a run of
// equal scores it is straight.
func (u Uplift) Qini(score []float64) ([]float64, error) {
	return u.curve(score, func(t, c arm) float64 {
		if c.cases == 0 {
			return t.sum
		}
		return t.sum - c.sum*t.cases/c.cases
	})
}

// Cumulative is the curve that Devriendt, Guns and Verbeke (2020) call uplift
// curve: at k, the difference of the mean outcomes of the treated and the others
// among the k cases with the highest scores, times k. A mean over no cases is 0.
// Between the ends of a run of equal scores it is straight.
func (u Uplift) Cumulative(score []float64) ([]float64, error) {
	return u.curve(score, func(t, c arm) float64 { return (t.mean() - c.mean()) * (t.cases + c.cases) })
}

// arm sums up the treated, or the others.
type arm struct{ sum, cases float64 }

func (a arm) mean() float64 {
	if a.cases == 0 {
		return 0
	}
	return a.sum / a.cases
}

func (a *arm) add(outcome float64) {
	a.sum += outcome
	a.cases++
}

// curve evaluates at on the first cases by descending score.
func (u Uplift) curve(score []float64, at func(treated, others arm) float64) ([]float64, error) {
	order, err := u.order(score)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(score)+1)
	var treated, others arm
	from := 0
	for k, i := range order {
		if u.Treated[i] {
			treated.add(u.Outcome[i])
		} else {
			others.add(u.Outcome[i])
		}
		if k+1 < len(order) && score[order[k+1]] == score[i] {
			continue
		}
		to := k + 1
		out[to] = at(treated, others)
		for m := from + 1; m < to; m++ {
			out[m] = out[from] + (out[to]-out[from])*float64(m-from)/float64(to-from)
		}
		from = to
	}
	return out, nil
}

// order lists the cases by descending score.
func (u Uplift) order(score []float64) ([]int, error) {
	if err := u.check(len(score)); err != nil {
		return nil, err
	}
	for i, s := range score {
		if !finite(s) {
			return nil, fmt.Errorf("profit: uplift: row %d has the score %v, it must be finite", i+1, s)
		}
	}
	return descending(score), nil
}

// Coefficients are the areas between the curves and the straight lines to
// their ends, as shares of those of the best curves. Outcomes must be 0 or 1.
// They are for comparing with other tools, not for publishing: definitions of
// the best curve disagree, and a model can beat it. These are those of
// scikit-uplift 0.5.1, with negative effects.
func (u Uplift) Coefficients(score []float64) (qini, cumulative float64, err error) {
	if err := u.check(len(score)); err != nil {
		return 0, 0, err
	}
	spared, wasted := 0.0, 0.0 // ones without treatment, treated zeros
	for i, y := range u.Outcome {
		switch {
		case y != 0 && y != 1:
			return 0, 0, fmt.Errorf("profit: uplift: row %d has the outcome %v, coefficients need 0 or 1", i+1, y)
		case y == 1 && !u.Treated[i]:
			spared++
		case y == 0 && u.Treated[i]:
			wasted++
		}
	}
	effect, order := make([]float64, len(score)), make([]float64, len(score))
	for i, y := range u.Outcome {
		t := 0.0
		if u.Treated[i] {
			t = 1
		}
		effect[i], order[i] = y*t-y*(1-t), t
		if spared > wasted {
			order[i] = y
		}
		if y == t {
			order[i] += 2
		}
	}
	if qini, err = coefficient(u.Qini, score, effect); err != nil {
		return 0, 0, err
	}
	cumulative, err = coefficient(u.Cumulative, score, order)
	return qini, cumulative, err
}

// coefficient is the area of a ranking's curve over that of the best ranking,
// both above the line.
func coefficient(curve func([]float64) ([]float64, error), score, best []float64) (float64, error) {
	var areas [2]float64
	for k, s := range [][]float64{score, best} {
		c, err := curve(s)
		if err != nil {
			return 0, err
		}
		last := len(c) - 1
		areas[k] = (c[0] - c[last]) / 2 // trapezoids, less the line to the end
		for _, v := range c[1:] {
			areas[k] += v
		}
		areas[k] -= c[last] * float64(last) / 2
	}
	if areas[1] == 0 {
		return 0, fmt.Errorf("profit: uplift: the best ranking is no better than a random one, so there is no coefficient")
	}
	return areas[0] / areas[1], nil
}

// Top is the difference of the mean outcomes of the treated and the others
// among the given share of cases with the highest scores, with its standard
// error. The share is rounded down to cases; equal scores keep the order of the
// rows. There must be two cases of each arm among them.
func (u Uplift) Top(score []float64, share float64) (effect, deviation float64, err error) {
	order, err := u.order(score)
	if err != nil {
		return 0, 0, err
	}
	if !(share > 0 && share <= 1) {
		return 0, 0, fmt.Errorf("profit: uplift: the share %v must be above 0 and at most 1", share)
	}
	var arms [2]arm
	group := func(i int) int {
		if u.Treated[i] {
			return 1
		}
		return 0
	}
	top := order[:int(share*float64(len(order)))]
	for _, i := range top {
		arms[group(i)].add(u.Outcome[i])
	}
	if arms[0].cases < 2 || arms[1].cases < 2 {
		return 0, 0, fmt.Errorf("profit: uplift: the top %v has %v treated and %v other cases, want two of each", share, arms[1].cases, arms[0].cases)
	}
	for _, i := range top {
		a := arms[group(i)]
		d := u.Outcome[i] - a.mean()
		deviation += d * d / (a.cases * (a.cases - 1))
	}
	return arms[1].mean() - arms[0].mean(), math.Sqrt(deviation), nil
}

// Money is, per row, an unbiased estimate of what a policy earns: the outcome
// times its worth less the cost of treating, where the log happened to do what
// the policy wants, divided by the chance that it did (inverse propensity
// weighting); 0 elsewhere. Its mean is the policy's money per case, and a
// bootstrap over the rows gives the interval.
func (u Uplift) Money(treat []bool, worth, cost float64) ([]float64, error) {
	if err := u.check(len(treat)); err != nil {
		return nil, err
	}
	if len(u.Chance) != 1 && len(u.Chance) != len(treat) {
		return nil, fmt.Errorf("profit: uplift: %d chances of treatment, want one for all or one for each of %d rows", len(u.Chance), len(treat))
	}
	out := make([]float64, len(treat))
	for i, t := range treat {
		chance := at(u.Chance, i)
		if !(chance > 0 && chance < 1) {
			return nil, fmt.Errorf("profit: uplift: row %d was treated with chance %v, it must lie between 0 and 1", i+1, chance)
		}
		if t != u.Treated[i] {
			continue
		}
		out[i] = worth * u.Outcome[i] / (1 - chance)
		if t {
			out[i] = (worth*u.Outcome[i] - cost) / chance
		}
	}
	return out, nil
}

// Gains are, per row, an unbiased estimate of what treating earns beside not
// treating: the input of BestShare, which then finds the share to treat, and of
// AreaUnderProfit.
func (u Uplift) Gains(worth, cost float64) ([]float64, error) {
	n := len(u.Outcome)
	all := make([]bool, n)
	none, err := u.Money(all, worth, cost)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i] = true
	}
	out, err := u.Money(all, worth, cost)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i] -= none[i]
	}
	return out, nil
}
