package profit

import "gonum.org/v1/gonum/mathext"

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
