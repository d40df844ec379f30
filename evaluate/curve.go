package evaluate

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"bespoke/calibrate"
	"bespoke/model"
	"bespoke/profit"
	"bespoke/value"
)

// sortedBy lists the rows by ascending value, earlier rows first among equals.
func sortedBy(v []float64) []int {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(v[a], v[b]) })
	return order
}

// ProfitPoint is the profit of acting on the rows where acting is expected to
// be worth most.
type ProfitPoint struct {
	// Share of the rows acted on, from 0 to 1.
	Share float64 `json:"share"`
	// Mean is realised money per row over all rows, after the cost per decision;
	// Low and High are its interval, point by point.
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Gain is the expected gain of acting on the last row acted on; at share 0
	// that of the first row left out.
	Gain float64 `json:"gain"`
}

// ProfitCurve is the profit by the share of rows acted on, best first.
type ProfitCurve struct {
	// Reference is the action that the other rows get.
	Reference string        `json:"reference"`
	Points    []ProfitPoint `json:"points"`
	// Chosen is the share for which the model expects acting to be worth it.
	Chosen float64 `json:"chosen"`
	// Best is the index of the point with the most profit in hindsight.
	Best int `json:"best"`
	// Level is the confidence of the band.
	Level float64 `json:"level"`
}

// curveWork bounds rows times resamples behind the band of a profit curve.
const curveWork = 100_000_000

// referenceOf is the action that a profit curve starts from: the one that does
// nothing, else the constant that brought most of those that the limits allow in
// every row; -1 when there is none.
func referenceOf(s *value.Sheet) int {
	if d := s.DoNothing(); d >= 0 {
		return d
	}
	best, most := -1, 0.0
	for _, a := range s.Constants() {
		if always := s.Always(a); always.Shares[a] > 1-1e-9 {
			if sum := value.Sum(always.Money); best < 0 || sum > most {
				best, most = a, sum
			}
		}
	}
	return best
}

// CurveOfProfit sorts the rows by the expected gain of the best other action
// over a reference action (the one that does nothing, else the best constant)
// and sums up realised money as ever more rows are acted on. points is the
// number of steps, at least 1; the curve has one point more. Reviews and limits
// are left out. It fails when there is only one action or none can be the reference.
func CurveOfProfit(s *value.Sheet, points int, o Options) (*ProfitCurve, error) {
	if _, err := decided(s, nil, o); err != nil {
		return nil, err
	}
	reference := referenceOf(s)
	if reference < 0 || points < 1 {
		return nil, fmt.Errorf("evaluate: profit curve: no action can be taken without a model, or %d points", points)
	}
	gain, action := s.Advantage(reference)
	if gain == nil {
		return nil, fmt.Errorf("evaluate: profit curve: there is only one action")
	}
	order := sortedBy(gain)
	slices.Reverse(order)
	base, added := s.Profit(s.Constant(reference)), s.Profit(action)
	for i := range added {
		added[i] -= base[i]
	}
	c := &ProfitCurve{Reference: s.Actions[reference], Level: o.Level}
	c.Points = profitAt(order, base, added, nil, points)
	for k := range c.Points {
		last := max(0, int(math.Round(c.Points[k].Share*float64(len(order))))-1)
		c.Points[k].Gain = gain[order[last]]
		if c.Points[k].Mean > c.Points[c.Best].Mean {
			c.Best = k
		}
	}
	for _, g := range gain {
		if g > 0 {
			c.Chosen += 1 / float64(len(gain))
		}
	}
	c.band(order, base, added, o)
	return c, nil
}

// profitAt sums up money along the order. weight is how often each row counts;
// nil counts each once.
func profitAt(order []int, base, added []float64, weight []int32, points int) []ProfitPoint {
	n := len(order)
	total, rows := 0.0, 0
	for i, b := range base {
		w := 1
		if weight != nil {
			w = int(weight[i])
		}
		total += float64(w) * b
		rows += w
	}
	out := make([]ProfitPoint, points+1)
	out[0].Mean = total / float64(rows)
	k, seen := 1, 0
	for _, i := range order {
		w := 1
		if weight != nil {
			w = int(weight[i])
		}
		for ; w > 0; w-- {
			total += added[i]
			seen++
			for k <= points && seen >= int(math.Round(float64(k)*float64(rows)/float64(points))) {
				out[k].Share, out[k].Mean = float64(seen)/float64(rows), total/float64(rows)
				k++
			}
		}
	}
	for ; k <= points && n > 0; k++ {
		out[k].Share, out[k].Mean = 1, total/float64(rows)
	}
	return out
}

// band resamples rows or groups and takes percentiles at every point.
func (c *ProfitCurve) band(order []int, base, added []float64, o Options) {
	n, points := len(order), len(c.Points)-1
	resamples := min(o.Resamples, max(100, curveWork/n))
	of, m := unitOf(n, maxUnits, o)
	at := make([][]float64, points+1)
	for k := range at {
		at[k] = make([]float64, resamples)
	}
	forEach(resamples, o.Threads, func(b int) {
		pick := draws(o.Seed, b, m)
		times := make([]int32, m)
		for range m {
			times[pick()]++
		}
		weight := make([]int32, n)
		for i, u := range of {
			weight[i] = times[u]
		}
		for k, p := range profitAt(order, base, added, weight, points) {
			at[k][b] = p.Mean
		}
	})
	for k := range c.Points {
		i := percentile(at[k], o.Level)
		c.Points[k].Low, c.Points[k].High = i.Low, i.High
	}
}

// LiftBin is a share of the rows, those with the highest scores first.
type LiftBin struct {
	Rows int `json:"rows"`
	// Positives have the class, Rate is their share of Rows.
	Positives int     `json:"positives"`
	Rate      float64 `json:"rate"`
	// Lift is Rate over the rate of all rows.
	Lift float64 `json:"lift"`
	// Captured is the share of all positives in this and the bins before.
	Captured float64 `json:"captured"`
	// Score is the lowest probability in the bin.
	Score float64 `json:"score"`
}

// Lift sorts the rows by the probability of a class and counts how many have it
// in each of the bins (10 for deciles). It fails for regression, an unknown
// class, or when no row has the class.
func Lift(h Held, class, bins int) ([]LiftBin, error) {
	if !h.Task.Classes() || class < 0 || class >= len(h.Outcomes) || bins < 1 {
		return nil, fmt.Errorf("evaluate: lift: class %d of %d outcomes in %d bins", class, len(h.Outcomes), bins)
	}
	if err := h.Check(); err != nil {
		return nil, err
	}
	label, chance := h.is(class), h.chance(class)
	positives := value.Sum(label)
	if positives == 0 {
		return nil, fmt.Errorf("evaluate: lift: no row has the outcome %q", h.Outcomes[class])
	}
	order := sortedBy(chance)
	slices.Reverse(order)
	n := len(order)
	bins = min(bins, n)
	out := make([]LiftBin, bins)
	found := 0
	for b := range out {
		for _, i := range order[b*n/bins : (b+1)*n/bins] {
			out[b].Rows++
			out[b].Positives += int(label[i])
			out[b].Score = chance[i]
		}
		found += out[b].Positives
		out[b].Rate = float64(out[b].Positives) / float64(out[b].Rows)
		out[b].Lift = out[b].Rate / (positives / float64(n))
		out[b].Captured = float64(found) / positives
	}
	return out, nil
}

// Calibration is how far predicted chances of one class can be trusted.
type Calibration struct {
	Outcome string          `json:"outcome"`
	Bins    []calibrate.Bin `json:"bins"`
	// Error is the mean distance between predicted and observed, by rows.
	Error float64 `json:"error"`
}

// Calibrations compares predicted chances with observed shares in about equally
// full bins: for the positive class of Binary, for every class of Multiclass.
func Calibrations(h Held, bins int) ([]Calibration, error) {
	if !h.Task.Classes() {
		return nil, fmt.Errorf("evaluate: calibration: is not defined for regression")
	}
	if err := h.Check(); err != nil {
		return nil, err
	}
	var out []Calibration
	for c, name := range h.Outcomes {
		if h.Task == model.Binary && c == 0 {
			continue
		}
		curve := calibrate.Curve(h.chance(c), h.is(c), bins)
		out = append(out, Calibration{Outcome: name, Bins: curve, Error: calibrate.ExpectedError(curve)})
	}
	return out, nil
}

// BenefitPoint is the net benefit at one threshold.
type BenefitPoint struct {
	// Threshold is the chance from which on somebody would act: the odds of it are
	// what a false alarm costs in units of a hit.
	Threshold float64 `json:"threshold"`
	// Model and All are net benefits per row, in hits: of acting from the
	// threshold on, and of acting on all rows. That of acting on none is 0.
	Model float64 `json:"model"`
	All   float64 `json:"all"`
	// Low and High are the interval of Model.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Told says that the interval of Model less the better of All and 0 lies above
	// 0.
	Told bool `json:"told"`
}

// benefitRounding is what the net benefit of acting on all rows may differ by
// when it is summed in another way.
const benefitRounding = 1e-12

// BenefitCurve is a decision curve (Vickers and Elkin 2006): what the model is
// worth for everybody who acts on the positive class, whatever their trade-off
// between false alarms and hits. At the cut-off of a scenario with constant
// payoffs it is money in units of a hit.
type BenefitCurve struct {
	// Outcome is the positive class.
	Outcome string         `json:"outcome"`
	Points  []BenefitPoint `json:"points"`
	// Better counts the points at which the model beats acting on all and on none,
	// From and To are the first and the last of them; 0 when there is none.
	Better int     `json:"better"`
	From   float64 `json:"from"`
	To     float64 `json:"to"`
	// Level is the confidence of the band.
	Level float64 `json:"level"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// CurveOfBenefit computes the decision curve of a binary task at the given
// thresholds, from 0 to below 1 and ascending; nil takes 0.01 to 0.99. Values
// are those of profit.NetBenefit. It fails for other tasks.
func CurveOfBenefit(h Held, thresholds []float64, o Options) (*BenefitCurve, error) {
	if h.Task != model.Binary {
		return nil, fmt.Errorf("evaluate: decision curve: it is defined for binary tasks only")
	}
	if err := h.Check(); err != nil {
		return nil, err
	}
	if err := o.Validate(h.Rows()); err != nil {
		return nil, err
	}
	if thresholds == nil {
		for k := 1; k < 100; k++ {
			thresholds = append(thresholds, float64(k)/100)
		}
	}
	c := &BenefitCurve{Outcome: h.Outcomes[1], Level: o.Level, Points: make([]BenefitPoint, len(thresholds))}
	label, chance := h.is(1), h.chance(1)
	prevalence := average(label)
	for k, t := range thresholds {
		if k > 0 && t <= thresholds[k-1] {
			return nil, fmt.Errorf("evaluate: decision curve: the threshold %v does not ascend", t)
		}
		b, err := profit.NetBenefit(label, chance, t)
		if err != nil {
			return nil, err
		}
		p := BenefitPoint{Threshold: t, Model: b, All: profit.NetBenefitOfAll(prevalence, t)}
		c.Points[k] = p
		if b > math.Max(0, p.All)+benefitRounding {
			if c.Better == 0 {
				c.From = t
			}
			c.Better, c.To = c.Better+1, t
		}
	}
	c.band(label, chance, o)
	c.Sentence = c.sentence()
	return c, nil
}

// band resamples the hits and false alarms of every threshold, and the
// positives, together.
func (c *BenefitCurve) band(label, chance []float64, o Options) {
	w := newWide(len(label), 2*len(c.Points)+1, o)
	last := w.width - 1
	for i, y := range label {
		sums := w.row(i)
		sums[last] += y
		for k, p := range c.Points {
			if chance[i] < p.Threshold {
				break
			}
			sums[2*k] += y
			sums[2*k+1] += 1 - y
		}
	}
	models, gains := make([][]float64, len(c.Points)), make([][]float64, len(c.Points))
	for k := range models {
		models[k], gains[k] = make([]float64, o.Resamples), make([]float64, o.Resamples)
	}
	w.resample(o, false, func(b int, in, _ []float64) {
		for k, p := range c.Points {
			benefit := in[2*k] - in[2*k+1]*p.Threshold/(1-p.Threshold)
			models[k][b] = benefit
			gains[k][b] = benefit - math.Max(0, profit.NetBenefitOfAll(in[last], p.Threshold))
		}
	})
	for k := range c.Points {
		i := percentile(models[k], o.Level)
		c.Points[k].Low, c.Points[k].High = i.Low, i.High
		c.Points[k].Told = percentile(gains[k], o.Level).Low > benefitRounding
	}
}

func (c *BenefitCurve) sentence() string {
	if c.Better == 0 {
		return fmt.Sprintf("At none of %s is acting by the chance of %s better than acting on all or on none.", counted(len(c.Points), "threshold"), c.Outcome)
	}
	told := 0
	for _, p := range c.Points {
		if p.Told {
			told++
		}
	}
	return fmt.Sprintf("Acting by the chance of %s beats acting on all and on none at %d of %s, from %s to %s; at %d of them by more than chance.",
		c.Outcome, c.Better, counted(len(c.Points), "threshold"), value.Round(c.From), value.Round(c.To), told)
}
