package profit

import (
	"cmp"
	"fmt"
	"slices"
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

// Qini is the curve of Radcliffe: at k, over the k cases with the highest
// scores, the outcomes of the treated less those of the others scaled to as
// many, Y_t - Y_c N_t / N_c. It has one point more than there are cases, and is
// Y_t where no other case is among the k yet. Equal scores keep the order of
// the rows. The area under it is not given: published normalisations disagree.
func (u Uplift) Qini(score []float64) ([]float64, error) {
	if err := u.check(len(score)); err != nil {
		return nil, err
	}
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	out := make([]float64, len(score)+1)
	var treated, others, nTreated, nOthers float64
	for k, i := range order {
		if u.Treated[i] {
			treated += u.Outcome[i]
			nTreated++
		} else {
			others += u.Outcome[i]
			nOthers++
		}
		out[k+1] = treated
		if nOthers > 0 {
			out[k+1] -= others * nTreated / nOthers
		}
	}
	return out, nil
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
