package profit

import "fmt"

// AcquisitionLead are the parameters of the maximum profit measures for customer
// acquisition; label 1 is a lead that becomes a customer.
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

// DefaultContribution is Gamma distributed with the shape 12 and the mean 8000.
func DefaultContribution() Gamma { return Gamma{Shape: 12, Scale: 1 / 0.0015} }

// kept is the share of a contribution that stays, and spent what a customer
// costs.
func (a AcquisitionLead) kept() (share, spent float64, err error) {
	if !(a.Direct >= 0 && a.Direct <= 1 && a.Commission >= 0 && a.Commission <= 1 && a.Contact >= 0) {
		return 0, 0, fmt.Errorf("profit: acquisition: the direct share %v and the commission %v must be from 0 to 1, and the contact %v not below 0", a.Direct, a.Commission, a.Contact)
	}
	return a.Direct + (1-a.Direct)*(1-a.Commission), a.Direct*a.Sales + a.Contact, nil
}

// Best is the maximum profit for acquisition (MPA).
func (a AcquisitionLead) Best(label, score []float64) (MaximumProfit, error) {
	share, spent, err := a.kept()
	if err != nil {
		return MaximumProfit{}, err
	}
	r, err := NewROC(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	return r.Best(share*a.Contribution-spent, a.Contact), nil
}

// Expected is the expected maximum profit for acquisition (EMPA): the mean of
// Best over an uncertain contribution, in place of the known one.
func (a AcquisitionLead) Expected(label, score []float64, contribution Distribution) (MaximumProfit, error) {
	share, spent, err := a.kept()
	if err != nil {
		return MaximumProfit{}, err
	}
	r, err := NewROC(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	return r.Expected(-spent, share, a.Contact, contribution)
}

// Costs are those of pursuing leads.
func (a AcquisitionLead) Costs() (Costs, error) {
	share, spent, err := a.kept()
	return Costs{TP: []float64{spent - share*a.Contribution}, FP: []float64{a.Contact}}, err
}
