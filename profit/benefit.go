package profit

import "fmt"

// NetBenefit is TP/n - FP/n * t/(1-t) when rows with a chance of at least the
// threshold t are acted on (decision curve analysis): the profit of the payoffs
// 1 for a true and -t/(1-t) for a false alarm.
func NetBenefit(label, chance []float64, threshold float64) (float64, error) {
	if err := checkScores(label, chance); err != nil {
		return 0, err
	}
	if !(threshold >= 0 && threshold < 1) {
		return 0, fmt.Errorf("profit: net benefit: the threshold %v must be from 0 to below 1", threshold)
	}
	odds := threshold / (1 - threshold)
	sum := 0.0
	for i, y := range label {
		if chance[i] >= threshold {
			sum += y - (1-y)*odds
		}
	}
	return sum / float64(len(label)), nil
}

// NetBenefitOfAll is the net benefit of acting on all rows.
func NetBenefitOfAll(prevalence, threshold float64) float64 {
	return prevalence - (1-prevalence)*threshold/(1-threshold)
}
