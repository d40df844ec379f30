package profit

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
