package evaluate

import (
	"fmt"
	"math"
	"slices"

	"bespoke/value"
)

// MoneyCheck compares the money that a policy was expected to bring with what
// it brought: whether the promise can be trusted.
type MoneyCheck struct {
	Rows int `json:"rows"`
	// Expected and Realised are means per decision, after the cost per decision.
	Expected float64 `json:"expected"`
	Realised float64 `json:"realised"`
	// Difference is Realised - Expected, row by row.
	Difference Difference `json:"difference"`
	// Ratio is Realised / Expected and RatioInterval its interval; nil when
	// Expected is 0, and the interval also when the rows cannot tell its sign.
	// Both sides are resampled together: holding Expected fixed gives the interval
	// of Realised - Expected over Expected, which is right only near a ratio of 1.
	Ratio         *float64  `json:"ratio,omitempty"`
	RatioInterval *Interval `json:"ratio_interval,omitempty"`
	// LossExpected and LossRealised are what the policy falls short of a model
	// that knows every outcome: expected by the model, and in truth. They are
	// never negative and, unlike money, do not change when a payoff is shifted by
	// the same amount for all actions. LossRatio and LossInterval are nil when
	// LossExpected is 0, or cannot be told from it.
	LossExpected float64   `json:"loss_expected"`
	LossRealised float64   `json:"loss_realised"`
	LossRatio    *float64  `json:"loss_ratio,omitempty"`
	LossInterval *Interval `json:"loss_interval,omitempty"`
	// Bins compare the two over rows sorted by expected money.
	Bins []MoneyBin `json:"bins"`
	// Gate fails when the whole interval of LossRatio lies above the allowed
	// range: the model loses more than it promised. Losing less is said, and
	// passes. The ratio of losses is used, not that of money: where payoffs of
	// both signs nearly cancel, a ratio of money is large for nothing.
	Gate value.Gate `json:"gate"`
}

// MoneyBin is a tenth of the rows.
type MoneyBin struct {
	Rows     int     `json:"rows"`
	Expected float64 `json:"expected"`
	Realised float64 `json:"realised"`
}

// CheckMoney compares promised with realised money of a choice (nil takes
// sheet.Choose). allowed is the range of the ratio, such as 0.9 to 1.1. With
// few rows the interval is wide; the gate then passes and its sentence says
// that the rows cannot tell.
func CheckMoney(s *value.Sheet, choice []int, allowed [2]float64, o Options) (*MoneyCheck, error) {
	choice, err := decided(s, choice, o)
	if err != nil {
		return nil, err
	}
	if !(allowed[0] <= allowed[1]) {
		return nil, fmt.Errorf("evaluate: money: the allowed range %v to %v is empty", allowed[0], allowed[1])
	}
	promised, realised := s.Promise(choice), s.Profit(choice)
	d, err := Paired(realised, promised, o)
	if err != nil {
		return nil, err
	}
	c := &MoneyCheck{
		Rows: s.Rows, Expected: average(promised), Realised: average(realised), Difference: d,
	}
	short, missed := s.Loss(choice)
	c.LossExpected, c.LossRealised = math.Max(0, average(short)), average(missed)
	if c.Expected != 0 {
		ratio := c.Realised / c.Expected
		c.Ratio = &ratio
		c.RatioInterval = ratioInterval(realised, promised, o)
	}
	if c.LossExpected > 0 {
		if c.LossInterval = ratioInterval(missed, short, o); c.LossInterval != nil {
			ratio := c.LossRealised / c.LossExpected
			c.LossRatio = &ratio
		}
	}
	c.Bins = moneyBins(promised, realised)
	c.gate(allowed, o)
	return c, nil
}

// ratioInterval is the interval of mean(a) / mean(b), both resampled together.
// Resamples in which the mean of b is 0 or has another sign than on all rows
// have no ratio that means anything (see definedInterval).
func ratioInterval(a, b []float64, o Options) *Interval {
	sign := average(b)
	ratios := bootstrap([][]float64{a, b}, o, func(m []float64) float64 {
		if m[1]*sign <= 0 {
			return math.NaN()
		}
		return m[0] / m[1]
	})
	return definedInterval(ratios, o)
}

// definedInterval is the interval of a statistic that is NaN where a resample
// does not define it; nil when more resamples are such than the interval leaves
// out at one end.
func definedInterval(statistic []float64, o Options) *Interval {
	valid := slices.DeleteFunc(slices.Clone(statistic), math.IsNaN)
	undefined := len(statistic) - len(valid)
	if float64(undefined) > (1-o.Level)/2*float64(len(statistic)) {
		return nil
	}
	i := percentile(valid, o.Level)
	return &i
}

func moneyBins(promised, realised []float64) []MoneyBin {
	order := sortedBy(promised)
	bins := min(10, len(order))
	out := make([]MoneyBin, bins)
	for b := range out {
		from, to := b*len(order)/bins, (b+1)*len(order)/bins
		for _, i := range order[from:to] {
			out[b].Expected += promised[i] / float64(to-from)
			out[b].Realised += realised[i] / float64(to-from)
		}
		out[b].Rows = to - from
	}
	return out
}

func (c *MoneyCheck) gate(allowed [2]float64, o Options) {
	g := &c.Gate
	g.Name, g.Passed = "calibration", true
	g.Figures = []value.Figure{
		{Name: "promised per decision", Value: c.Expected, Unit: o.Currency},
		{Name: "realised per decision", Value: c.Realised, Unit: o.Currency},
	}
	promise := fmt.Sprintf("The model promised %s per decision and brought %s", amount(c.Expected, o.Currency), amount(c.Realised, o.Currency))
	if c.LossRatio == nil {
		g.Sentence = promise + "; what it expected to miss cannot be told from nothing, so there is no ratio."
		return
	}
	ratio, i := *c.LossRatio, *c.LossInterval
	g.Figures = append(g.Figures, value.Figure{Name: "loss against a perfect model, realised / expected", Value: ratio})
	says := fmt.Sprintf("%s; it fell short of a perfect model by %s times what it expected (%s %% interval %s to %s, allowed %s to %s)",
		promise, value.Round(ratio), value.Round(100*i.Level), value.Round(i.Low), value.Round(i.High), value.Round(allowed[0]), value.Round(allowed[1]))
	switch {
	case i.Low > allowed[1]:
		g.Passed = false
		g.Sentence = says + ": its money cannot be trusted."
	case i.High < allowed[0]:
		g.Sentence = says + ": better than promised, its probabilities are too cautious."
	case i.Low >= allowed[0] && i.High <= allowed[1]:
		g.Sentence = says + "."
	default:
		g.Sentence = fmt.Sprintf("%s: as far as %d rows can tell.", says, c.Rows)
	}
}
