package value

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// This file holds the yardsticks of the literature that need nothing but
// labels, scores and costs. They are for comparing with other tools and
// papers; the Sheet is the general form. In all of them label 1 is the case of
// interest (a churner, a bad loan), and money is per row on average.

// Costs are the four costs of a row of a binary decision, positive for money
// lost. Each is one number per row, or one for all.
type Costs struct {
	// TP is the cost of acting on a 1, FN of missing it, FP of acting on a 0,
	// TN of leaving it alone. nil is 0.
	TP, FN, FP, TN []float64
}

func at(v []float64, i int) float64 {
	switch len(v) {
	case 0:
		return 0
	case 1:
		return v[0]
	}
	return v[i]
}

// check verifies labels, chances and the lengths of the costs.
func (c Costs) check(label, chance []float64) error {
	if err := checkScores(label, chance); err != nil {
		return err
	}
	for k, v := range [][]float64{c.TP, c.FN, c.FP, c.TN} {
		name := [...]string{"TP", "FN", "FP", "TN"}[k]
		if len(v) > 1 && len(v) != len(label) {
			return fmt.Errorf("value: costs: %d costs %s, want one for all or one for each of %d rows", len(v), name, len(label))
		}
	}
	return nil
}

// Loss is the mean cost per row when row i is acted on with chance act[i]: 0 or
// 1 for a decision, a probability for its expectation (reference A.2, Cost_i).
func (c Costs) Loss(label, act []float64) (float64, error) {
	if err := c.check(label, act); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, y := range label {
		a := act[i]
		sum += y*(a*at(c.TP, i)+(1-a)*at(c.FN, i)) + (1-y)*(a*at(c.FP, i)+(1-a)*at(c.TN, i))
	}
	return sum / float64(len(label)), nil
}

// Savings is 1 - Loss / the smaller loss of acting on all and on none: 1 is
// perfect where right decisions cost nothing, 0 is no better than a constant,
// below 0 is worse. It fails where the better constant costs nothing.
func (c Costs) Savings(label, act []float64) (float64, error) {
	loss, err := c.Loss(label, act)
	if err != nil {
		return 0, err
	}
	all, none := c.constants(label)
	least := math.Min(all, none)
	if least == 0 {
		return 0, fmt.Errorf("value: savings: the better constant policy costs 0, so there is nothing to save")
	}
	return 1 - loss/least, nil
}

// constants are the losses of acting on all and on none.
func (c Costs) constants(label []float64) (all, none float64) {
	for i, y := range label {
		all += y*at(c.TP, i) + (1-y)*at(c.FP, i)
		none += y*at(c.FN, i) + (1-y)*at(c.TN, i)
	}
	n := float64(len(label))
	return all / n, none / n
}

// Cutoff is the chance of label 1 in row i above which acting costs less
// (Elkan 2001): (FP-TN) / (FP-TN + FN-TP). ok is false where acting is always
// or never better.
func (c Costs) Cutoff(i int) (chance float64, ok bool) {
	act, wait := at(c.FP, i)-at(c.TN, i), at(c.FN, i)-at(c.TP, i)
	if act <= 0 || wait <= 0 {
		return 0, false
	}
	return act / (act + wait), true
}

// NetBenefit is TP/n - FP/n * t/(1-t) when rows with a chance of at least the
// threshold t are acted on (decision curve analysis): the profit of the payoffs
// 1 for a true and -t/(1-t) for a false alarm.
func NetBenefit(label, chance []float64, threshold float64) (float64, error) {
	if err := checkScores(label, chance); err != nil {
		return 0, err
	}
	if !(threshold >= 0 && threshold < 1) {
		return 0, fmt.Errorf("value: net benefit: the threshold %v must be from 0 to below 1", threshold)
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

func checkScores(label, score []float64) error {
	if len(label) == 0 || len(label) != len(score) {
		return fmt.Errorf("value: scores: %d labels and %d scores, they must be equal and not 0", len(label), len(score))
	}
	for i, y := range label {
		if y != 0 && y != 1 {
			return fmt.Errorf("value: scores: row %d has the label %v, it must be 0 or 1", i+1, y)
		}
		if !finite(score[i]) {
			return fmt.Errorf("value: scores: row %d has the score %v, it must be finite", i+1, score[i])
		}
	}
	return nil
}

// MaximumProfit is a profit with the share of rows acted on and the score of
// the last of them.
type MaximumProfit struct {
	Profit float64 `json:"profit"`
	Share  float64 `json:"share"`
	Cut    float64 `json:"cut"`
}

// ChurnOffer are the parameters of the maximum profit measures for churn
// (Verbraken, Verbeke and Baesens 2013). Money is in one currency.
type ChurnOffer struct {
	// Lifetime is the customer lifetime value, Incentive the cost of the offer
	// when accepted, Contact the cost of making it.
	Lifetime, Incentive, Contact float64
	// Alpha and Beta shape the Beta distribution of the chance that a churner
	// accepts.
	Alpha, Beta float64
}

// DefaultChurnOffer are the parameters of the paper: 200, 10, 1, Beta(6, 14).
func DefaultChurnOffer() ChurnOffer {
	return ChurnOffer{Lifetime: 200, Incentive: 10, Contact: 1, Alpha: 6, Beta: 14}
}

// Expected is the expected maximum profit for churn (EMPC): the mean over the
// chance of acceptance of the profit at the best cut-off for that chance. It is
// exact: a sum over the vertices of the ROC's convex hull.
func (o ChurnOffer) Expected(label, score []float64) (MaximumProfit, error) {
	h, err := newHull(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	delta, phi := o.Incentive/o.Lifetime, o.Contact/o.Lifetime
	steps := h.steps(func(k int) float64 {
		d0, d1 := h.cases[k]-h.cases[k-1], h.others[k]-h.others[k-1]
		return (h.pi1*(delta+phi)*d1 + h.pi0*phi*d0) / (h.pi0 * (1 - delta) * d0)
	})
	a, b := o.Alpha, o.Beta
	out, share := 0.0, 0.0
	for k := range h.cases {
		from, to := steps[k], steps[k+1]
		weight := mathext.RegIncBeta(a, b, to) - mathext.RegIncBeta(a, b, from)
		first := a / (a + b) * (mathext.RegIncBeta(a+1, b, to) - mathext.RegIncBeta(a+1, b, from))
		out += (1-delta)*h.pi0*h.cases[k]*first - (phi*h.pi0*h.cases[k]+(delta+phi)*h.pi1*h.others[k])*weight
		share += (h.pi0*h.cases[k] + h.pi1*h.others[k]) * weight
	}
	return MaximumProfit{Profit: o.Lifetime * out, Share: share, Cut: h.cut(share)}, nil
}

// At is the maximum profit for churn (MPC) at a known chance of acceptance.
func (o ChurnOffer) At(label, score []float64, accept float64) (MaximumProfit, error) {
	h, err := newHull(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	gain := accept*(o.Lifetime-o.Incentive) - o.Contact
	return h.best(gain, o.Incentive+o.Contact), nil
}

// CreditLoan are the parameters of the maximum profit measures for credit
// scoring (Verbraken and others 2014). Profit is a share of the loan.
type CreditLoan struct {
	// NoLoss is the chance that a default costs nothing, FullLoss that it costs
	// the whole loan; otherwise the share lost is uniform.
	NoLoss, FullLoss float64
	// Return is the return on a good loan.
	Return float64
}

// DefaultCreditLoan are the parameters of the paper: 0.55, 0.1, 0.2644.
func DefaultCreditLoan() CreditLoan { return CreditLoan{NoLoss: 0.55, FullLoss: 0.1, Return: 0.2644} }

// Expected is the expected maximum profit for credit scoring (EMPCS); label 1
// is a default, and acting is refusing.
func (c CreditLoan) Expected(label, score []float64) (MaximumProfit, error) {
	h, err := newHull(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	steps := h.steps(func(k int) float64 {
		return h.pi1 * c.Return * (h.others[k] - h.others[k-1]) / (h.pi0 * (h.cases[k] - h.cases[k-1]))
	})
	out, share := 0.0, 0.0
	for k := range h.cases {
		from, to := steps[k], steps[k+1]
		out += (to*to-from*from)/2*h.pi0*h.cases[k] - (to-from)*c.Return*h.pi1*h.others[k]
		share += (to - from) * (h.pi0*h.cases[k] + h.pi1*h.others[k])
	}
	full := h.best(1, c.Return)
	uniform := 1 - c.NoLoss - c.FullLoss
	share = uniform*share + c.FullLoss*full.Share
	return MaximumProfit{Profit: uniform*out + c.FullLoss*full.Profit, Share: share, Cut: h.cut(share)}, nil
}

// At is the maximum profit for credit scoring (MPCS) at a known share lost.
func (c CreditLoan) At(label, score []float64, lost float64) (MaximumProfit, error) {
	h, err := newHull(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	return h.best(lost, c.Return), nil
}

// AcquisitionLead are the parameters of the maximum profit measure for customer
// acquisition (MPA); label 1 is a lead that becomes a customer.
type AcquisitionLead struct {
	// Contribution is what a customer brings, Contact what reaching a lead
	// costs, Sales what the own sales force costs per customer.
	Contribution, Contact, Sales float64
	// Direct is the share of leads that the own sales force handles; the others
	// go to partners, who keep Commission as a share of the contribution.
	Direct, Commission float64
}

// DefaultAcquisitionLead are 8000, 50, 500, all direct, a commission of 0.1.
func DefaultAcquisitionLead() AcquisitionLead {
	return AcquisitionLead{Contribution: 8000, Contact: 50, Sales: 500, Direct: 1, Commission: 0.1}
}

// Best is the maximum profit (MPA).
func (a AcquisitionLead) Best(label, score []float64) (MaximumProfit, error) {
	h, err := newHull(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	own, partner := a.Contribution-a.Sales-a.Contact, (1-a.Commission)*a.Contribution-a.Contact
	return h.best(a.Direct*own+(1-a.Direct)*partner, a.Contact), nil
}

// BusinessOffer is a retention offer whose cost is a share of each customer's
// lifetime value (Janssens and others 2022).
type BusinessOffer struct {
	// Incentive is the cost of the offer as a share of the lifetime value,
	// Contact what making it costs, Accept the mean chance that a churner accepts.
	Incentive, Contact, Accept float64
}

// DefaultBusinessOffer are 0.05, 15 and the mean of a Beta(6, 14), 0.3.
func DefaultBusinessOffer() BusinessOffer {
	return BusinessOffer{Incentive: 0.05, Contact: 15, Accept: 0.3}
}

// Gains are what contacting each customer is worth, given who churns and the
// lifetime values: the input of BestShare (then EMPB) and AreaUnderProfit (then
// AUEPC).
func (o BusinessOffer) Gains(label, lifetime []float64) ([]float64, error) {
	if err := checkScores(label, lifetime); err != nil {
		return nil, err
	}
	out := make([]float64, len(label))
	for i, y := range label {
		out[i] = -o.Incentive*lifetime[i] - o.Contact
		if y == 1 {
			out[i] = o.Accept*(1-o.Incentive)*lifetime[i] - o.Contact
		}
	}
	return out, nil
}

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
		return nil, nil, nil, fmt.Errorf("value: ranking: %d gains and %d scores, they must be equal and not 0", len(gain), len(score))
	}
	order := make([]int, len(gain))
	for i := range order {
		order[i] = i
		if !finite(gain[i]) || !finite(score[i]) {
			return nil, nil, nil, fmt.Errorf("value: ranking: row %d has the gain %v and the score %v, both must be finite", i+1, gain[i], score[i])
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
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
	perfect := slices.Clone(gain)
	slices.SortFunc(perfect, func(a, b float64) int { return cmp.Compare(b, a) })
	var ratios []float64
	best, group, from, before := 0.0, 0, 0, 0.0
	for k, g := range perfect {
		if best += g; best <= 0 {
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

// hull is the upper convex hull of the ROC: at vertex k the share of cases and
// of others acted on, both from 0 to 1.
type hull struct {
	cases, others []float64
	pi0, pi1      float64 // prior share of cases and of others
	sorted        []float64
}

func newHull(label, score []float64) (*hull, error) {
	if err := checkScores(label, score); err != nil {
		return nil, err
	}
	order := make([]int, len(label))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	positives := 0.0
	for _, y := range label {
		positives += y
	}
	negatives := float64(len(label)) - positives
	if positives == 0 || negatives == 0 {
		return nil, fmt.Errorf("value: maximum profit: all rows have the label %v, both are needed", label[0])
	}
	h := &hull{cases: []float64{0}, others: []float64{0}, pi0: positives / float64(len(label)), pi1: negatives / float64(len(label))}
	tp, fp := 0.0, 0.0
	for k, i := range order {
		h.sorted = append(h.sorted, score[i])
		tp += label[i]
		fp += 1 - label[i]
		if k+1 == len(order) || score[order[k+1]] != score[i] {
			h.add(tp/positives, fp/negatives)
		}
	}
	return h, nil
}

// add appends a point of the ROC and drops the vertices below the hull.
func (h *hull) add(y, x float64) {
	for n := len(h.cases); n >= 2; n = len(h.cases) {
		cross := (h.others[n-1]-h.others[n-2])*(y-h.cases[n-2]) - (h.cases[n-1]-h.cases[n-2])*(x-h.others[n-2])
		if cross < 0 {
			break
		}
		h.cases, h.others = h.cases[:n-1], h.others[:n-1]
	}
	h.cases, h.others = append(h.cases, y), append(h.others, x)
}

// steps are the parameter values between which vertex k is the best: steps[k]
// to steps[k+1], from 0 to 1. A step without further cases is never worth it.
func (h *hull) steps(equal func(k int) float64) []float64 {
	out := make([]float64, len(h.cases)+1)
	out[len(h.cases)] = 1
	for k := 1; k < len(h.cases); k++ {
		out[k] = 1
		if h.cases[k] > h.cases[k-1] {
			out[k] = math.Min(1, math.Max(0, equal(k)))
		}
	}
	return out
}

// best is the largest gain*pi0*cases - loss*pi1*others over the vertices.
func (h *hull) best(gain, loss float64) MaximumProfit {
	out := MaximumProfit{Cut: math.Inf(1)}
	for k := range h.cases {
		p := gain*h.pi0*h.cases[k] - loss*h.pi1*h.others[k]
		if k == 0 || p > out.Profit {
			out.Profit, out.Share = p, h.pi0*h.cases[k]+h.pi1*h.others[k]
		}
	}
	out.Cut = h.cut(out.Share)
	return out
}

// cut is the score of the last row acted on when the share is; just above the
// largest score when none is.
func (h *hull) cut(share float64) float64 {
	k := int(math.Ceil(share*float64(len(h.sorted)) - 1e-9))
	if k <= 0 {
		return math.Nextafter(h.sorted[0], math.Inf(1))
	}
	return h.sorted[min(k, len(h.sorted))-1]
}
