package profit

import (
	"fmt"
	"math"
)

// BestShare acts on the rows with the highest scores, equal scores together, as
// long as that pays in hindsight; gain is what acting on each row is worth.
// Profit is per row of all.
func BestShare(gain, score []float64) (MaximumProfit, error) {
	curve, ends, sorted, err := ranked(gain, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	n := float64(len(gain))
	out := MaximumProfit{Cut: math.Nextafter(sorted[0], math.Inf(1))}
	for k, c := range curve {
		if c/n > out.Profit {
			out = MaximumProfit{Profit: c / n, Share: float64(ends[k]) / n, Cut: sorted[ends[k]-1]}
		}
	}
	return out, nil
}

// ranked sums up gains in the order of descending scores, at the ends of runs
// of equal scores.
func ranked(gain, score []float64) (curve []float64, ends []int, sorted []float64, err error) {
	if len(gain) == 0 || len(gain) != len(score) {
		return nil, nil, nil, fmt.Errorf("profit: ranking: %d gains and %d scores, they must be equal and not 0", len(gain), len(score))
	}
	for i := range gain {
		if !finite(gain[i]) || !finite(score[i]) {
			return nil, nil, nil, fmt.Errorf("profit: ranking: row %d has the gain %v and the score %v, both must be finite", i+1, gain[i], score[i])
		}
	}
	order := descending(score)
	sorted, curve, ends = make([]float64, 0, len(order)), make([]float64, 0, len(order)), make([]int, 0, len(order))
	sum := 0.0
	for k, i := range order {
		sum += gain[i]
		sorted = append(sorted, score[i])
		if k+1 == len(order) || score[order[k+1]] != score[i] {
			curve, ends = append(curve, sum), append(ends, k+1)
		}
	}
	return curve, ends, sorted, nil
}

// AreaUnderProfit compares a ranking with the best one: the mean, over the
// shares of rows for which the best ranking still earns something, of the
// ranking's profit over the best one's (AUEPC; Rahman and others 2025). 1 is
// the best ranking; 0 where no row is worth acting on.
func AreaUnderProfit(gain, score []float64) (float64, error) {
	curve, ends, _, err := ranked(gain, score)
	if err != nil {
		return 0, err
	}
	var ratios []float64
	best, group, from, before := 0.0, 0, 0, 0.0
	for k, i := range descending(gain) {
		if best += gain[i]; best <= 0 {
			break
		}
		if k+1 > ends[group] {
			from, before = ends[group], curve[group]
			group++
		}
		// Equal scores are acted on together; in between lies the mean over their
		// orders, a straight line.
		at := before + (curve[group]-before)*float64(k+1-from)/float64(ends[group]-from)
		ratios = append(ratios, at/best)
	}
	switch len(ratios) {
	case 0:
		return 0, nil
	case 1:
		return ratios[0], nil
	}
	area := 0.0
	for k := 1; k < len(ratios); k++ {
		area += (ratios[k-1] + ratios[k]) / 2
	}
	return area / float64(len(ratios)-1), nil
}

// Lift is how many times as many ones the given share of rows with the highest
// scores holds as the same number of rows at random (Ling and Li 1998). The
// share is above 0 and at most 1, rounded to rows, at least one; of equal scores
// at the edge it takes the mean over their orders.
func Lift(label, score []float64, share float64) (float64, error) {
	if err := checkScores(label, score); err != nil {
		return 0, err
	}
	if !(share > 0 && share <= 1) {
		return 0, fmt.Errorf("profit: lift: the share %v must be above 0 and at most 1", share)
	}
	curve, ends, _, err := ranked(label, score)
	if err != nil {
		return 0, err
	}
	if curve[len(curve)-1] == 0 {
		return 0, fmt.Errorf("profit: lift: no row has the label 1")
	}
	n := float64(len(label))
	top := max(1, math.RoundToEven(share*n))
	k, from, before := 0, 0, 0.0
	for ; float64(ends[k]) < top; k++ {
		from, before = ends[k], curve[k]
	}
	found := before + (curve[k]-before)*(top-float64(from))/float64(ends[k]-from)
	return found / top / (curve[len(curve)-1] / n), nil
}
