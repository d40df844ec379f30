package evaluate

import (
	"fmt"
	"math"
)

// Rule picks one of several trials by their mean money per decision, by trial.
type Rule func(means []float64) int

// MostMoney picks the trial with the most money, the first of several.
func MostMoney(means []float64) int {
	best := 0
	for k, m := range means {
		if m > means[best] {
			best = k
		}
	}
	return best
}

// WithinNoise makes the rule that takes, among the trials whose money is at most
// so many standard errors below the most, the one with the lowest loss: the most
// of many noisy sums is mostly luck. The error is that of the paired difference
// to the most, over all rows. loss is one number per trial, such as its log
// loss; it is not resampled, so that the optimism of this rule leaves out the
// luck in the loss. money must be fit for Select.
func WithinNoise(money [][]float64, loss []float64, errors float64, o Options) Rule {
	w := gatherWide(money, o)
	noise := make([][]float64, len(money))
	for a := range noise {
		noise[a] = make([]float64, len(money))
		for b := range a {
			noise[a][b] = standardError(w.difference(a, b), w.count)
			noise[b][a] = noise[a][b]
		}
	}
	return func(means []float64) int {
		most := MostMoney(means)
		chosen := most
		for k, m := range means {
			if means[most]-m <= errors*noise[most][k] && loss[k] < loss[chosen] {
				chosen = k
			}
		}
		return chosen
	}
}

// Picked is the trial that a rule picked, and what it is worth when the luck
// of having been picked is taken away.
type Picked struct {
	// Trial is its number, Mean its money per decision on the rows that picked.
	Trial int     `json:"trial"`
	Mean  float64 `json:"mean"`
	// Optimism is by how much Mean is too high per decision, because the same
	// rows picked and reported. Corrected is the rest, with its interval, which is
	// rather too wide, since it stems from the rows left out of the resamples.
	Optimism  float64  `json:"optimism"`
	Corrected Estimate `json:"corrected"`
}

// Selection says how much of the money of the best of many trials is luck. It
// concerns the rows that chose; figures of test rows need no such correction.
type Selection struct {
	Trials int `json:"trials"`
	Rows   int `json:"rows"`
	// Most is the trial with the most money, Chosen the one of the rule in force.
	Most   Picked `json:"most"`
	Chosen Picked `json:"chosen"`
	// P is the two-sided p-value of every trial's difference to the most, by
	// trial, by Student's t of the units; PAdjusted allows for their number
	// (Holm). Both are 1 for the most itself.
	P         []float64 `json:"p"`
	PAdjusted []float64 `json:"p_adjusted"`
	// Equal is how many other trials cannot be told from the most after allowing
	// for their number, EqualAlone how many in a comparison of two.
	Equal      int `json:"equal"`
	EqualAlone int `json:"equal_alone"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// Select takes the money per row of every trial, by trial, on the same
// out-of-fold rows, and the rule that chose among them; nil is MostMoney. The
// optimism is that of bootstrap bias correction (Tsamardinos, Greasidou and
// Borboudakis 2018): the rule picks on the rows drawn into a resample, and the
// rows left out of it report. The rule is called from several goroutines.
//
// It fails without trials, for trials of different rows or money that is not
// finite, and when the rows are of one group, so that none is ever left out.
func Select(money [][]float64, rule Rule, o Options) (*Selection, error) {
	if err := checkTrials(money, o); err != nil {
		return nil, err
	}
	if rule == nil {
		rule = MostMoney
	}
	w := gatherWide(money, o)
	means := make([]float64, len(money))
	for k, m := range money {
		means[k] = average(m)
	}
	s := &Selection{Trials: len(money), Rows: len(money[0])}
	most, chosen := make([]*float64, o.Resamples), make([]*float64, o.Resamples)
	w.resample(o, true, func(b int, in, out []float64) {
		if out != nil {
			most[b], chosen[b] = &out[MostMoney(in)], &out[rule(in)]
		}
	})
	var err error
	if s.Most, err = picked(MostMoney(means), means, most, o); err != nil {
		return nil, err
	}
	if s.Chosen, err = picked(rule(means), means, chosen, o); err != nil {
		return nil, err
	}
	s.tell(w, o)
	s.Sentence = s.sentence(o)
	return s, nil
}

func checkTrials(money [][]float64, o Options) error {
	if len(money) == 0 {
		return fmt.Errorf("evaluate: selection: there are no trials")
	}
	for k, m := range money {
		if len(m) != len(money[0]) || !allFinite(m) {
			return fmt.Errorf("evaluate: selection: trial %d has the money of %d rows, want %d finite numbers", k+1, len(m), len(money[0]))
		}
	}
	return o.Validate(len(money[0]))
}

// picked corrects the mean of a trial by the money of what was picked in each
// resample, on the rows left out.
func picked(trial int, means []float64, outside []*float64, o Options) (Picked, error) {
	var left []float64
	for _, v := range outside {
		if v != nil {
			left = append(left, *v)
		}
	}
	if len(left) == 0 {
		return Picked{}, fmt.Errorf("evaluate: optimism: no resample leaves out a row; at least 2 groups of rows are needed")
	}
	p := Picked{Trial: trial, Mean: means[trial], Corrected: Estimate{Mean: average(left), Interval: percentile(left, o.Level)}}
	p.Optimism = p.Mean - p.Corrected.Mean
	return p, nil
}

// tell compares every trial with the most.
func (s *Selection) tell(w wide, o Options) {
	s.P = make([]float64, s.Trials)
	others := make([]float64, 0, s.Trials)
	for k := range s.P {
		s.P[k] = 1
		if k != s.Most.Trial {
			s.P[k] = studentP(w.difference(s.Most.Trial, k), w.count)
			others = append(others, s.P[k])
		}
	}
	adjusted := Holm(others)
	s.PAdjusted = make([]float64, s.Trials)
	next := 0
	for k := range s.P {
		if k == s.Most.Trial {
			s.PAdjusted[k] = 1
			continue
		}
		s.PAdjusted[k] = adjusted[next]
		next++
		if s.P[k] >= 1-o.Level {
			s.EqualAlone++
		}
		if s.PAdjusted[k] >= 1-o.Level {
			s.Equal++
		}
	}
}

func (s *Selection) sentence(o Options) string {
	if s.Trials == 1 {
		return "Only one candidate was tried, so that nothing was picked by luck."
	}
	out := fmt.Sprintf("%d candidates were compared; ", s.Trials)
	if luck := s.Most.Optimism; luck > 0 {
		out += fmt.Sprintf("the most of them looks %s better than it is, by luck alone", thousand(luck, o.Currency))
	} else {
		out += "the most of them owes nothing to luck"
	}
	switch s.Equal {
	case 0:
		out += "; every other one earns less, as these rows can tell"
	case 1:
		out += "; 1 other cannot be told from it"
	default:
		out += fmt.Sprintf("; %d others cannot be told from it", s.Equal)
	}
	if c := s.Chosen; c.Trial != s.Most.Trial {
		word, truly := "less", s.Most.Corrected.Mean-c.Corrected.Mean
		if truly < 0 {
			word = "more"
		}
		out += fmt.Sprintf(". The one chosen looks %s worse than the most, and brings %s %s once luck is taken away",
			thousand(s.Most.Mean-c.Mean, o.Currency), amount(perThousand*math.Abs(truly), o.Currency), word)
	}
	return out + "."
}
