package evaluate

import (
	"fmt"
	"math"
	"slices"

	"bespoke/value"
)

// Ceiling is the most that any better model, further column, label or reviewer
// could bring: the value of perfect information. Who knows it knows when to
// stop tuning.
type Ceiling struct {
	// Left is what a model that knows every outcome earns beyond this one, per
	// decision, on the held-out rows.
	Left Estimate `json:"left"`
	// Known is what the model itself expects that to be: the mean of its expected
	// value of perfect information. Where its chances are right it is about Left.
	Known Estimate `json:"known"`
	// Total is Left over all held-out rows, PerThousand for a thousand decisions,
	// PerMonth by the volume; 0 when no volume is known.
	Total       float64 `json:"total"`
	PerThousand float64 `json:"per_thousand"`
	PerMonth    float64 `json:"per_month"`
	// Half is the smallest share of the rows that holds half of Known: the rows in
	// which asking is worth most.
	Half float64 `json:"half"`
	// PerRow is the expected value of perfect information of every row.
	PerRow []float64 `json:"-"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// CeilingOf compares a choice (nil takes sheet.Choose) with a perfect model.
func CeilingOf(s *value.Sheet, choice []int, o Options) (*Ceiling, error) {
	choice, err := decided(s, choice, o)
	if err != nil {
		return nil, err
	}
	left := s.Perfect()
	for i, m := range s.Profit(choice) {
		left[i] -= m
	}
	c := &Ceiling{PerRow: s.EVPI(), Total: value.Sum(left)}
	if c.Left, err = Mean(left, o); err != nil {
		return nil, err
	}
	if c.Known, err = Mean(c.PerRow, o); err != nil {
		return nil, err
	}
	c.PerThousand, c.PerMonth = perThousand*c.Left.Mean, c.Left.Mean*o.Volume
	c.Half = halfOf(c.PerRow)
	c.Sentence = c.sentence(o)
	return c, nil
}

// halfOf is the smallest share of the values that make up half of their sum; 0
// when the sum is not above 0.
func halfOf(v []float64) float64 {
	half := value.Sum(v) / 2
	if half <= 0 {
		return 0
	}
	sorted := slices.Clone(v)
	slices.Sort(sorted)
	slices.Reverse(sorted)
	sum, k := 0.0, 0
	for k < len(sorted) && sum < half {
		sum += sorted[k]
		k++
	}
	return float64(k) / float64(len(v))
}

func (c *Ceiling) sentence(o Options) string {
	if c.Left.Mean <= 0 {
		return "A perfect model would earn no more than this one on these rows."
	}
	out := fmt.Sprintf("A perfect model would earn at most %s more per 1,000 decisions (%s)", amount(c.PerThousand, o.Currency), c.Left.Interval.say(perThousand))
	if o.Volume > 0 {
		out += fmt.Sprintf(", which is %s a month", amount(c.PerMonth, o.Currency))
	}
	known := amount(perThousand*c.Known.Mean, o.Currency)
	if c.Known.Mean <= c.Left.Mean {
		out += fmt.Sprintf("; of that the model itself knows %s", known)
	} else {
		out += fmt.Sprintf("; the model itself expects to miss even %s", known)
	}
	if c.Half > 0 {
		out += fmt.Sprintf(", half of it in %s %% of the rows", value.Round(100*c.Half))
	}
	return out + "."
}

// Savings are the costs saved as a share of the costs of the better constant
// action: 1 - cost / least cost of one action for all, with cost = -money
// (Bahnsen, Aouada and Ottersten 2014; reference A.2). It is the figure of the
// literature, and only means something where the payoffs are costs. Shifting
// all payoffs by the same amount changes it; Policy.Captured, the share of what
// a perfect model would add to the baseline, does not change.
type Savings struct {
	// Share is at most 1; 0 is no better than the constant, below 0 worse. nil
	// when the better constant costs nothing, and Note then says so.
	Share    *float64  `json:"share,omitempty"`
	Interval *Interval `json:"interval,omitempty"`
	// Perfect is the share that a perfect model would save, nil with Share.
	Perfect *float64 `json:"perfect,omitempty"`
	// Cost is per decision, with the cost per decision; ConstantCost is that of
	// the better constant policy, called Constant, such as "always refuse".
	Cost         float64 `json:"cost"`
	ConstantCost float64 `json:"constant_cost"`
	Constant     string  `json:"constant,omitempty"`
	Note         string  `json:"note,omitempty"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// SavingsOf computes the savings of a choice (nil takes sheet.Choose). In each
// resample the better constant is found anew, and resamples in which it costs
// nothing are left out; Interval is nil when these are more than the interval
// leaves out at one end.
func SavingsOf(s *value.Sheet, choice []int, o Options) (*Savings, error) {
	choice, err := decided(s, choice, o)
	if err != nil {
		return nil, err
	}
	money := s.Profit(choice)
	out := &Savings{Cost: -average(money)}
	best, total := s.BestConstant()
	if best < 0 {
		out.Note = "no action can be taken without a model, so that there are no savings"
		out.Sentence = "No action can be taken without a model, so that there are no savings to speak of."
		return out, nil
	}
	out.Constant, out.ConstantCost = s.Always(best).Name, -total/float64(s.Rows)
	if out.ConstantCost <= 0 {
		out.Note = fmt.Sprintf("%s costs nothing, so that nothing can be saved; see the share captured", out.Constant)
		out.Sentence = fmt.Sprintf("Savings are not defined: “%s” earns %s per decision and costs nothing.", out.Constant, amount(-out.ConstantCost, o.Currency))
		return out, nil
	}
	share, perfect := 1-out.Cost/out.ConstantCost, 1+average(s.Perfect())/out.ConstantCost
	out.Share, out.Perfect = &share, &perfect
	out.Interval = savingsInterval(s, money, o)
	out.Sentence = out.sentence()
	return out, nil
}

// savingsInterval resamples the money of the choice and of the constants.
func savingsInterval(s *value.Sheet, money []float64, o Options) *Interval {
	columns := [][]float64{money}
	for _, a := range s.Constants() {
		columns = append(columns, s.Always(a).Money)
	}
	shares := bootstrap(columns, o, func(m []float64) float64 {
		most := slices.Max(m[1:])
		if most >= 0 {
			return math.NaN()
		}
		return 1 - m[0]/most
	})
	return definedInterval(shares, o)
}

func (s *Savings) sentence() string {
	word, share := "saves", *s.Share
	if share < 0 {
		word, share = "wastes", -share
	}
	out := fmt.Sprintf("The model %s %s %% of what “%s” costs", word, value.Round(100*share), s.Constant)
	if s.Interval != nil {
		sign := 1.0
		if word == "wastes" {
			sign = -1
		}
		i := Interval{Low: min(sign*s.Interval.Low, sign*s.Interval.High), High: max(sign*s.Interval.Low, sign*s.Interval.High), Level: s.Interval.Level}
		out += fmt.Sprintf(" (%s)", i.say(100))
	}
	return out + fmt.Sprintf("; a perfect one would save %s %%.", value.Round(100**s.Perfect))
}
