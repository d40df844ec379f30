package profit

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
