package profit

import "fmt"

// NetBenefit is TP/n - FP/n * t/(1-t) when rows with a chance of at least the
// threshold t are acted on (decision curve analysis; Vickers and Elkin 2006):
// the profit of the payoffs 1 for a true and -t/(1-t) for a false alarm.
func NetBenefit(label, chance []float64, threshold float64) (float64, error) {
	if err := checkThreshold(label, chance, threshold); err != nil {
		return 0, err
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

// NetBenefitAmong is the net benefit among people of whom a share of prevalence
// has label 1, when the rows were sampled by label (a case-control study): the
// rates of true and false alarms are the rows', their weights the people's.
func NetBenefitAmong(prevalence float64, label, chance []float64, threshold float64) (float64, error) {
	if err := checkThreshold(label, chance, threshold); err != nil {
		return 0, err
	}
	var ones, zeros, tp, fp float64
	for i, y := range label {
		ones += y
		zeros += 1 - y
		if chance[i] >= threshold {
			tp += y
			fp += 1 - y
		}
	}
	if ones == 0 || zeros == 0 || !(prevalence >= 0 && prevalence <= 1) {
		return 0, fmt.Errorf("profit: net benefit: a prevalence of %v, %v ones and %v zeros: it must be from 0 to 1, and both labels occur", prevalence, ones, zeros)
	}
	return prevalence*tp/ones - (1-prevalence)*fp/zeros*threshold/(1-threshold), nil
}

// NetBenefitOfAll is the net benefit of acting on all rows.
func NetBenefitOfAll(prevalence, threshold float64) float64 {
	return prevalence - (1-prevalence)*threshold/(1-threshold)
}

// AvoidedActions is how many actions per row a net benefit avoids beside acting
// on all rows, without missing a 1 more: the difference of the net benefits
// divided by the odds of the threshold, which must be above 0 and below 1.
func AvoidedActions(benefit, benefitOfAll, threshold float64) float64 {
	return (benefit - benefitOfAll) * (1 - threshold) / threshold
}

func checkThreshold(label, chance []float64, threshold float64) error {
	if err := checkScores(label, chance); err != nil {
		return err
	}
	if !(threshold >= 0 && threshold < 1) {
		return fmt.Errorf("profit: net benefit: the threshold %v must be from 0 to below 1", threshold)
	}
	return nil
}
