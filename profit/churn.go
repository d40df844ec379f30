package profit

import "fmt"

// ChurnOffer are the parameters of the maximum profit measures for churn
// (Verbraken, Verbeke and Baesens 2013). Money is in one currency.
type ChurnOffer struct {
	// Lifetime is the customer lifetime value, Incentive the cost of the offer
	// when accepted (below Lifetime), Contact the cost of making it.
	Lifetime, Incentive, Contact float64
	// Alpha and Beta shape the Beta distribution of the chance that a churner
	// accepts.
	Alpha, Beta float64
}

// DefaultChurnOffer are the parameters of the paper: 200, 10, 1, Beta(6, 14).
func DefaultChurnOffer() ChurnOffer {
	return ChurnOffer{Lifetime: 200, Incentive: 10, Contact: 1, Alpha: 6, Beta: 14}
}

func (o ChurnOffer) check() error {
	if !(o.Incentive >= 0 && o.Contact >= 0 && o.Incentive < o.Lifetime) || !finite(o.Lifetime) || !finite(o.Contact) {
		return fmt.Errorf("profit: churn offer: the incentive %v must be from 0 to below the lifetime value %v, and the contact %v not below 0", o.Incentive, o.Lifetime, o.Contact)
	}
	return nil
}

// Expected is the expected maximum profit for churn (EMPC): the mean over the
// chance of acceptance of the profit at the best cut-off for that chance.
func (o ChurnOffer) Expected(label, score []float64) (MaximumProfit, error) {
	if err := o.check(); err != nil {
		return MaximumProfit{}, err
	}
	r, err := NewROC(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	return r.Expected(-o.Contact, o.Lifetime-o.Incentive, o.Incentive+o.Contact, Beta{Alpha: o.Alpha, Beta: o.Beta})
}

// At is the maximum profit for churn (MPC) at a known chance of acceptance.
func (o ChurnOffer) At(label, score []float64, accept float64) (MaximumProfit, error) {
	r, err := NewROC(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	return r.Best(accept*(o.Lifetime-o.Incentive)-o.Contact, o.Incentive+o.Contact), nil
}

// Costs are those of making the offer at a known chance of acceptance.
func (o ChurnOffer) Costs(accept float64) Costs {
	return Costs{TP: []float64{o.Contact - accept*(o.Lifetime-o.Incentive)}, FP: []float64{o.Incentive + o.Contact}}
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

// Costs are those of making the offer to customers of the given lifetime
// values. Their Loss is the expected cost of churn, their Gains the input of
// BestShare (then EMPB) and AreaUnderProfit (then AUEPC).
func (o BusinessOffer) Costs(lifetime []float64) Costs {
	c := Costs{TP: make([]float64, len(lifetime)), FP: make([]float64, len(lifetime))}
	for i, v := range lifetime {
		c.TP[i] = o.Contact - o.Accept*(1-o.Incentive)*v
		c.FP[i] = o.Contact + o.Incentive*v
	}
	return c
}
