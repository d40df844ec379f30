package profit

import (
	"fmt"
	"math"
)

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
	r, err := NewROC(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	return r.Expected(0, 1, c.Return, Mixture{
		{c.NoLoss, Point(0)}, {c.FullLoss, Point(1)}, {1 - c.NoLoss - c.FullLoss, Uniform{0, 1}},
	})
}

// At is the maximum profit for credit scoring (MPCS) at a known share lost.
func (c CreditLoan) At(label, score []float64, lost float64) (MaximumProfit, error) {
	r, err := NewROC(label, score)
	if err != nil {
		return MaximumProfit{}, err
	}
	return r.Best(lost, c.Return), nil
}

// Costs are those of refusing at a known share lost, as shares of the loan,
// beside granting to all.
func (c CreditLoan) Costs(lost float64) Costs {
	return Costs{TP: []float64{-lost}, FP: []float64{c.Return}}
}

// CreditLine says what lines of credit bring and cost (Correa Bahnsen, Aouada
// and Ottersten 2014, section III). Label 1 is a default, and acting is
// refusing.
type CreditLine struct {
	// Rate is what a customer pays, Funding what the lender pays, both per
	// month and as shares, above 0; Term is in months.
	Rate, Funding, Term float64
	// Incomes bounds the line by a multiple of the monthly income, Most by an
	// amount.
	Incomes, Most float64
	// LossGivenDefault is the share of the line lost in a default.
	LossGivenDefault float64
}

// DefaultCreditLine are the parameters of the paper for European consumer
// credit: 4.79 % and 2.94 % a year, 24 months, 3 incomes, 25000, 75 %.
func DefaultCreditLine() CreditLine {
	return CreditLine{Rate: .0479 / 12, Funding: .0294 / 12, Term: 24, Incomes: 3, Most: 25000, LossGivenDefault: .75}
}

// Lines are the amounts that would be lent, given monthly incomes (above 0) and
// what share of them goes to debts already: the least of a multiple of the
// income, an amount, and what the rest of the income can pay back.
func (c CreditLine) Lines(income, debt []float64) ([]float64, error) {
	if len(income) == 0 || len(income) != len(debt) {
		return nil, fmt.Errorf("profit: credit lines: %d incomes and %d debts, they must be equal and not 0", len(income), len(debt))
	}
	if !(c.Rate > 0 && c.Funding > 0 && c.Term > 0 && c.Incomes > 0 && c.Most > 0) {
		return nil, fmt.Errorf("profit: credit lines: the parameters %+v must be above 0", c)
	}
	out := make([]float64, len(income))
	for i, v := range income {
		if !(v > 0) || !finite(v) || !finite(debt[i]) {
			return nil, fmt.Errorf("profit: credit lines: row %d has the income %v and the debt %v, the income must be above 0 and both finite", i+1, v, debt[i])
		}
		paid := min(c.annuity(c.Incomes*v), v*(1-debt[i]))
		out[i] = min(c.Incomes*v, c.Most, present(paid, c.Rate, c.Term))
	}
	return out, nil
}

// annuity is the monthly payment for a line.
func (c CreditLine) annuity(line float64) float64 {
	grown := math.Pow(1+c.Rate, c.Term)
	return line * c.Rate * grown / (grown - 1)
}

// present is the present value of a monthly payment.
func present(payment, rate, months float64) float64 {
	return payment / rate * (1 - math.Pow(1+rate, -months))
}

// Costs are a default's loss where a line is granted (FN), and where a good
// customer is refused (FP) the profit forgone, less what an average customer
// who takes the place brings, of whom a share of bad defaults.
func (c CreditLine) Costs(income, debt []float64, bad float64) (Costs, error) {
	lines, err := c.Lines(income, debt)
	if err != nil {
		return Costs{}, err
	}
	profit := func(line float64) float64 { return present(c.annuity(line), c.Funding, c.Term) - line }
	mean := 0.0
	for _, l := range lines {
		mean += l
	}
	mean /= float64(len(lines))
	other := (1-bad)*profit(mean) - bad*c.LossGivenDefault*mean
	out := Costs{FN: make([]float64, len(lines)), FP: make([]float64, len(lines))}
	for i, l := range lines {
		out.FN[i] = c.LossGivenDefault * l
		out.FP[i] = max(0, profit(l)-other)
	}
	return out, nil
}
