package tune

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/stat"
)

// choose fills in the two choices.
func (s *Search) choose(o *Outcome) error {
	best, most := -1, -1
	for i, t := range o.Trials {
		if t.Failed != "" {
			continue
		}
		if best < 0 || s.better(t.Metric, o.Trials[best].Metric) {
			best = i
		}
		if t.money != nil && (most < 0 || t.Money > o.Trials[most].Money) {
			most = i
		}
	}
	if best < 0 {
		return errors.New("tune: search: every candidate failed; the first: " + o.Trials[0].Failed)
	}
	o.Technology, o.Scenario = best, best
	if most >= 0 {
		o.Scenario, o.Equals = chooseMoney(o.Trials, most)
	}
	return nil
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

// chooseMoney takes, among the trials whose money cannot be told from the
// most, the one with the lowest proper loss: the largest of many noisy sums is
// mostly luck. Two trials cannot be told apart when the mean of their paired
// row differences is at most noiseErrors of its standard errors.
func chooseMoney(trials []*Trial, most int) (chosen, equals int) {
	chosen = most
	difference := make([]float64, len(trials[most].money))
	for i, t := range trials {
		if t.money == nil {
			continue
		}
		for r := range difference {
			difference[r] = trials[most].money[r] - t.money[r]
		}
		gap, noise := meanError(difference)
		if gap > noiseErrors*noise {
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

// meanError is the mean and its standard error.
func meanError(x []float64) (mean, err float64) {
	mean, sd := stat.MeanStdDev(x, nil)
	if len(x) < 2 {
		return mean, 0
	}
	return mean, sd / math.Sqrt(float64(len(x)))
}
