package tune

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// choose fills in the two choices, and the committee where there is one.
func (s *Search) choose(o *Outcome) error {
	best, most := -1, earnsMost(o.Trials)
	for i, t := range o.Trials {
		if t.Out() != "" {
			continue
		}
		if best < 0 || s.better(t.Metric, o.Trials[best].Metric) {
			best = i
		}
	}
	if best < 0 {
		return errors.New("tune: search: every candidate failed; the first: " + o.Trials[0].Failed)
	}
	o.Technology = best
	if most >= 0 {
		o.Scenario, o.Equals = leastLoss(o.Trials, most, func(t *Trial) bool {
			return t.money != nil && alike(o.Trials[most].money, t.money)
		})
	} else { // docs/decisions 0012
		o.Scenario, o.Equals = leastLoss(o.Trials, best, func(t *Trial) bool {
			return s.alikeMetric(&o.Trials[best].Judged, &t.Judged)
		})
	}
	return s.committee(o, most)
}

// earnsMost is the trial with the most money, the first of equals; -1 without
// payoffs.
func earnsMost(trials []*Trial) int {
	most := -1
	for i, t := range trials {
		if t.Out() == "" && t.money != nil && (most < 0 || t.Money > trials[most].Money) {
			most = i
		}
	}
	return most
}

// Ranked lists the trials that could be fitted in the order in which the
// scenario takes them: its choice, then those that cannot be told from the most
// money by their loss, then the others by money; without payoffs all by loss.
// It is for taking the next one where a limit drops the first.
func (o *Outcome) Ranked() []int {
	var order []int
	for i, t := range o.Trials {
		if t.Out() == "" {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := o.Trials[i], o.Trials[j]
		switch {
		case i == o.Scenario || j == o.Scenario:
			return cmp.Compare(btoi(j == o.Scenario), btoi(i == o.Scenario))
		case a.Equal != b.Equal:
			return cmp.Compare(btoi(b.Equal), btoi(a.Equal))
		case a.money == nil || a.Equal:
			return cmp.Compare(a.Loss, b.Loss)
		}
		return cmp.Compare(b.Money, a.Money)
	})
	return order
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *Search) better(a, b float64) bool {
	if math.IsNaN(b) {
		return !math.IsNaN(a)
	}
	if s.HigherIsBetter {
		return a > b
	}
	return a < b
}

// noiseErrors is how many standard errors a trial's money must be below the
// most to lose by it. One error is what a single comparison would ask for; the
// most of dozens is above its own mean by more. Measured in
// bench/quality/RESULTS.md.
const noiseErrors = 2

// leastLoss takes, among the trials that cannot be told from the best, the one
// with the lowest proper loss, and marks and counts them: the best of many noisy
// figures is mostly luck.
func leastLoss(trials []*Trial, best int, alike func(*Trial) bool) (chosen, equals int) {
	chosen = best
	for i, t := range trials {
		if t.Out() != "" || !alike(t) {
			continue
		}
		t.Equal = true
		equals++
		if t.Loss < trials[chosen].Loss {
			chosen = i
		}
	}
	return chosen, equals
}

// alike says whether the money of the same rows cannot be told from the most: the
// mean of the paired differences is at most noiseErrors of its standard errors.
func alike(most, money []float64) bool {
	gap, noise := paired(most, money)
	return gap <= noiseErrors*noise
}

// alikeMetric says whether a metric cannot be told from the best: the mean of the
// differences by fold is at most noiseErrors of its standard errors. A metric
// such as AUC is no mean over rows, so that rows have no differences of their
// own.
func (s *Search) alikeMetric(best, other *Judged) bool {
	if best == other {
		return true
	}
	if len(best.folds) != len(other.folds) {
		return false
	}
	var difference []float64
	for f, b := range best.folds {
		d := b - other.folds[f]
		if !s.HigherIsBetter {
			d = -d
		}
		if !math.IsNaN(d) { // a fold of one class has no AUC
			difference = append(difference, d)
		}
	}
	if len(difference) < 2 {
		return false
	}
	gap, noise := meanError(difference)
	return gap <= noiseErrors*noise
}

// paired is by how much figures of rows exceed others of the same rows on
// average, with the standard error.
func paired(figures, others []float64) (gap, noise float64) {
	difference := make([]float64, len(figures))
	for i := range difference {
		difference[i] = figures[i] - others[i]
	}
	return meanError(difference)
}

// meanError is the mean and its standard error.
func meanError(x []float64) (mean, err float64) {
	mean, sd := stat.MeanStdDev(x, nil)
	if len(x) < 2 {
		return mean, 0
	}
	return mean, sd / math.Sqrt(float64(len(x)))
}
