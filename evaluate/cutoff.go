package evaluate

import (
	"fmt"
	"math"
	"slices"

	"bespoke/model"
	"bespoke/value"
)

// TunedCutoff is the best single cut-off in hindsight, beside deciding each row
// by its expected money, which needs no tuning: for two actions that is the
// closed-form cut-off of the row (Elkan 2001).
type TunedCutoff struct {
	// Outcome is the one whose chance is compared; from the cut-off up Above is
	// done, below it Below.
	Outcome string `json:"outcome"`
	Above   string `json:"above"`
	Below   string `json:"below"`
	// Cutoff is a chance; 0 does Above in every row, more than 1 in none.
	Cutoff float64 `json:"cutoff"`
	// Mean is money per decision with it, after the cost per decision, on the rows
	// that tuned it. Optimism is by how much that is too high, Corrected the rest.
	Mean      float64  `json:"mean"`
	Optimism  float64  `json:"optimism"`
	Corrected Estimate `json:"corrected"`
	// Own is the money per decision of deciding by expected money, without
	// reviews.
	Own Estimate `json:"own"`
	// Gain is Mean less that of Own in hindsight, GainCorrected what tuning really
	// brings: the mean over resamples that tune the cut-off on the rows drawn and
	// count the rows left out. Its interval is rather too wide for that.
	Gain          float64  `json:"gain"`
	GainCorrected Estimate `json:"gain_corrected"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// TuneCutoff finds the best cut-off on the chance of the second outcome and its
// optimism by the out-of-bag bootstrap: Mean less the mean money, on the rows
// left out of a resample, of the cut-off tuned on the rows drawn (Tsamardinos,
// Greasidou and Borboudakis 2018). Payoffs may be constant or differ by row. It
// is nil without an error where a single cut-off means nothing: the task is not
// binary, or there are not two actions besides review.
func TuneCutoff(s *value.Sheet, h Held, o Options) (*TunedCutoff, error) {
	if _, err := decided(s, nil, o); err != nil {
		return nil, err
	}
	if err := h.Check(); err != nil {
		return nil, err
	}
	if h.Rows() != s.Rows {
		return nil, fmt.Errorf("evaluate: cut-off: %d held-out rows, the sheet has %d", h.Rows(), s.Rows)
	}
	acts := make([]int, 0, 2)
	for a := range s.Actions {
		if a != s.Review() {
			acts = append(acts, a)
		}
	}
	if h.Task != model.Binary || len(acts) != 2 {
		return nil, nil
	}
	u := newTuning(s, h, acts)
	c := &TunedCutoff{Outcome: h.Outcomes[1], Above: s.Actions[u.above], Below: s.Actions[u.below]}
	if err := c.fill(u, o); err != nil {
		return nil, err
	}
	c.Sentence = c.sentence(o)
	return c, nil
}

// tuning are the rows by descending chance.
type tuning struct {
	above, below int
	order        []int
	chance       []float64
	// base is the money of Below, gain what Above adds to it, own what deciding by
	// expected money earns.
	base, gain, own []float64
}

func newTuning(s *value.Sheet, h Held, acts []int) *tuning {
	u := &tuning{below: acts[0], above: acts[1], chance: h.chance(1), base: make([]float64, s.Rows), gain: make([]float64, s.Rows), own: make([]float64, s.Rows)}
	width := len(s.Actions)
	added := 0.0
	for i := range u.gain {
		if h.Truth[i] == 1 {
			added += s.Realised[i*width+u.above] - s.Realised[i*width+u.below]
		}
	}
	if added < 0 {
		u.above, u.below = u.below, u.above
	}
	for i := range u.gain {
		above, below := i*width+u.above, i*width+u.below
		u.base[i] = s.Realised[below] - s.PerDecision
		u.gain[i] = s.Realised[above] - s.Realised[below]
		u.own[i] = u.base[i]
		if e := s.Expected[above] - s.Expected[below]; e > 0 || e == 0 && u.above < u.below {
			u.own[i] += u.gain[i]
		}
	}
	u.order = sortedBy(u.chance)
	slices.Reverse(u.order)
	return u
}

// best is how many rows of the order get Above when that earns most, the fewest
// of several, and what is earned beyond Below; weight is how often each row
// counts.
func (u *tuning) best(weight func(row int) float64) (first int, earned float64) {
	sum := 0.0
	for k, i := range u.order {
		sum += weight(i) * u.gain[i]
		last := k+1 == len(u.order) || u.chance[u.order[k+1]] != u.chance[i]
		if last && sum > earned {
			first, earned = k+1, sum
		}
	}
	return first, earned
}

// cutoff is half way between the last row that gets Above and the next one.
func (u *tuning) cutoff(first int) float64 {
	switch first {
	case 0:
		return math.Nextafter(math.Max(1, u.chance[u.order[0]]), 2)
	case len(u.order):
		return 0
	}
	return (u.chance[u.order[first-1]] + u.chance[u.order[first]]) / 2
}

func (c *TunedCutoff) fill(u *tuning, o Options) error {
	n := len(u.order)
	first, earned := u.best(func(int) float64 { return 1 })
	c.Cutoff, c.Mean = u.cutoff(first), average(u.base)+earned/float64(n)
	var err error
	if c.Own, err = Mean(u.own, o); err != nil {
		return err
	}
	c.Gain = c.Mean - c.Own.Mean
	tuned, gained := u.outside(o)
	p, err := picked(0, []float64{c.Mean}, tuned, o)
	if err != nil {
		return err
	}
	c.Optimism, c.Corrected = p.Optimism, p.Corrected
	if p, err = picked(0, []float64{c.Gain}, gained, o); err != nil {
		return err
	}
	c.GainCorrected = p.Corrected
	return nil
}

// outside tunes the cut-off on the rows of every resample, and gives its money
// per row left out and the difference to deciding by expected money; nil where
// no row is left out.
func (u *tuning) outside(o Options) (tuned, gained []*float64) {
	n := len(u.order)
	o.Resamples = min(o.Resamples, max(100, curveWork/n))
	of, m := unitOf(n, maxUnits, o)
	tuned, gained = make([]*float64, o.Resamples), make([]*float64, o.Resamples)
	forEach(o.Resamples, o.Threads, func(b int) {
		pick := draws(o.Seed, b, m)
		times := make([]float64, m)
		for range m {
			times[pick()]++
		}
		first, _ := u.best(func(row int) float64 { return times[of[row]] })
		rows, money, own := 0.0, 0.0, 0.0
		for k, i := range u.order {
			if times[of[i]] > 0 {
				continue
			}
			rows++
			own += u.own[i]
			money += u.base[i]
			if k < first {
				money += u.gain[i]
			}
		}
		if rows > 0 {
			mean, gain := money/rows, (money-own)/rows
			tuned[b], gained[b] = &mean, &gain
		}
	})
	return tuned, gained
}

func (c *TunedCutoff) sentence(o Options) string {
	out := fmt.Sprintf("In hindsight the best single cut-off is %s", value.Round(c.Cutoff))
	if math.Abs(c.Gain) <= 1e-9*math.Abs(c.Mean) {
		return out + "; even on the rows that tuned it, it earns what deciding each row by its expected money earns."
	}
	if c.Gain < 0 {
		return out + fmt.Sprintf("; even on the rows that tuned it, it earns %s than deciding each row by its expected money.", moreOrLess(c.Gain, o.Currency))
	}
	out += fmt.Sprintf(", and it earns %s than deciding each row by its expected money", moreOrLess(c.Gain, o.Currency))
	if luck := c.Gain - c.GainCorrected.Mean; luck > 0 {
		out += fmt.Sprintf("; luck alone makes it look %s better than it is", amount(perThousand*luck, o.Currency))
	}
	i := c.GainCorrected.Interval
	if i.Includes(0) {
		return out + fmt.Sprintf(", so that tuning it brings nothing that these rows can tell (%s).", i.say(perThousand))
	}
	return out + fmt.Sprintf(", so that tuning it really earns %s (%s).", moreOrLess(c.GainCorrected.Mean, o.Currency), i.say(perThousand))
}

// moreOrLess is "3 DEM more per 1,000 decisions".
func moreOrLess(v float64, currency string) string {
	word := " more"
	if v < 0 {
		word = " less"
	}
	return amount(perThousand*math.Abs(v), currency) + word + " per 1,000 decisions"
}
