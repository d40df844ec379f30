package profit_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"bespoke/profit"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %.17g, want %.17g (within %g)", what, got, want, tolerance)
	}
}

// The eight rows of reference A.5; the values were computed with empulse and
// EMP-PY, which agree.
func TestMaximumProfitOfEightRows(t *testing.T) {
	y := []float64{0, 1, 0, 1, 0, 1, 0, 1}
	s := []float64{.1, .2, .3, .4, .5, .7, .8, .9}
	churn, err := profit.DefaultChurnOffer().Expected(y, s)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EMPC", churn.Profit, 23.875593418348124, 1e-12)
	near(t, "EMPC share", churn.Share, .8743700763487141, 1e-14)
	near(t, "EMPC cut", churn.Cut, .2, 0)
	known, err := profit.DefaultChurnOffer().At(y, s, .3)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "MPC", known.Profit, 23.875, 1e-12)
	credit, err := profit.DefaultCreditLoan().Expected(y, s)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EMPCS", credit.Profit, .0974701705, 5e-11)
	near(t, "EMPCS share", credit.Share, .324345, 5e-7)
	loss, err := profit.DefaultCreditLoan().At(y, s, .275)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "MPCS", loss.Profit, .03835, 1e-12)
	lead, err := profit.DefaultAcquisitionLead().Best(y, s)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "MPA", lead.Profit, 3706.25, 1e-9)
	// EMPA was computed with 30 digits from its definition; empulse agrees to 1e-13.
	lead, err = profit.DefaultAcquisitionLead().Expected(y, s, profit.DefaultContribution())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EMPA", lead.Profit, 3706.25000000527706, 1e-10)
	near(t, "EMPA share", lead.Share, .874999999794774643, 1e-14)
	partners := profit.AcquisitionLead{Contact: 1500, Sales: 900, Direct: .4, Commission: .2}
	lead, err = partners.Expected(y, s, profit.DefaultContribution())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EMPA with partners", lead.Profit, 2029.684790912017, 1e-10)
	near(t, "EMPA with partners, share", lead.Share, .864023212781839143, 1e-13)
	gains, err := profit.DefaultBusinessOffer().Costs([]float64{100, 200, 150, 300, 120, 250, 180, 220}).Gains(y)
	if err != nil {
		t.Fatal(err)
	}
	business, err := profit.BestShare(gains, s)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EMPB", business.Profit, 18.61875, 1e-12)
	area, err := profit.AreaUnderProfit(gains, s)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "AUEPC", area, .5711851766660253, 1e-14)
}

func TestRankings(t *testing.T) {
	gain := []float64{3, -1, 2, -5}
	for _, c := range []struct {
		name                string
		score               []float64
		profit, share, area float64
	}{
		{"best", []float64{.9, .5, .7, .1}, 5.0 / 4, .5, 1},
		{"all equal", []float64{1, 1, 1, 1}, 0, 0, (-.25/3/2 + -.5/5 + -.75/4/2) / 2},
		{"worst", []float64{.1, .5, .3, .9}, 0, 0, (-5.0/3/2 + -6.0/5 + -4.0/4/2) / 2},
	} {
		b, err := profit.BestShare(gain, c.score)
		if err != nil {
			t.Fatal(err)
		}
		area, err := profit.AreaUnderProfit(gain, c.score)
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.name+" profit", b.Profit, c.profit, 1e-15)
		near(t, c.name+" share", b.Share, c.share, 0)
		near(t, c.name+" area", area, c.area, 1e-15)
	}
	if area, err := profit.AreaUnderProfit([]float64{-1}, []float64{1}); err != nil || area != 0 {
		t.Errorf("nothing to earn: %v, %v", area, err)
	}
	if area, err := profit.AreaUnderProfit([]float64{2, -3}, []float64{2, 1}); err != nil || area != 1 {
		t.Errorf("one point: %v, %v", area, err)
	}
	for _, bad := range [][2][]float64{{nil, nil}, {{1}, {1, 2}}, {{math.NaN()}, {1}}, {{1}, {math.Inf(1)}}} {
		if _, err := profit.BestShare(bad[0], bad[1]); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}

func TestMaximumProfitOfAThousandRows(t *testing.T) {
	y, s := make([]float64, 1000), make([]float64, 1000)
	positives := 0.0
	for i := range y {
		s[i] = float64(i*7919%1009) / 1009
		if float64(i*104729%1013)/1013 < s[i] {
			y[i] = 1
		}
		positives += y[i]
	}
	near(t, "positives", positives, 499, 0)
	churn, err := profit.DefaultChurnOffer().Expected(y, s)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EMPC", churn.Profit, 23.256940199899468, 1e-11)
	known, err := profit.DefaultChurnOffer().At(y, s, .3)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "MPC", known.Profit, 23.121, 1e-11)
	credit, err := profit.DefaultCreditLoan().Expected(y, s)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EMPCS", credit.Profit, .09931143890997265, 1e-14)
	loss, err := profit.DefaultCreditLoan().At(y, s, .275)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "MPCS", loss.Profit, .0704448, 5e-8)
	lead, err := profit.DefaultAcquisitionLead().Expected(y, s, profit.DefaultContribution())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EMPA", lead.Profit, 3693.95000044438111, 1e-9)
	near(t, "EMPA share", lead.Share, .970999936597879611, 1e-14)
}

// Reference A.5: labels give cost 3 and savings .5, probabilities 1.05 on
// average and .3.
func TestSavings(t *testing.T) {
	y := []float64{0, 1, 1, 0}
	c := profit.Costs{FP: []float64{4, 1, 2, 2}, FN: []float64{1, 3, 3, 1}}
	for _, k := range []struct {
		name          string
		act           []float64
		loss, savings float64
	}{
		{"labels", []float64{0, 1, 0, 0}, 3.0 / 4, .5},
		{"probabilities", []float64{.2, .9, .1, .2}, 1.05, .3},
		{"perfect", y, 0, 1},
		{"all", []float64{1, 1, 1, 1}, 1.5, 0},
	} {
		loss, err := c.Loss(y, k.act)
		if err != nil {
			t.Fatal(err)
		}
		saved, err := c.Savings(y, k.act)
		if err != nil {
			t.Fatal(err)
		}
		near(t, k.name+" loss", loss, k.loss, 1e-15)
		near(t, k.name+" savings", saved, k.savings, 1e-15)
	}
	if at, ok := (profit.Costs{FP: []float64{1}, FN: []float64{5}}).Cutoff(0); !ok || math.Abs(at-1.0/6) > 1e-16 {
		t.Errorf("cut-off of 1:5 is %v, want one sixth", at)
	}
	if _, ok := (profit.Costs{FP: []float64{1}, FN: []float64{5}, TN: []float64{2}}).Cutoff(0); ok {
		t.Error("a cut-off although acting on a 0 costs less than leaving it alone")
	}
}

func TestScoresAreChecked(t *testing.T) {
	for name, f := range map[string]func() error{
		"lengths": func() error { _, err := profit.NetBenefit([]float64{0}, nil, .5); return err },
		"labels":  func() error { _, err := profit.NetBenefit([]float64{2}, []float64{.5}, .5); return err },
		"nan":     func() error { _, err := profit.NetBenefit([]float64{1}, []float64{math.NaN()}, .5); return err },
		"one":     func() error { _, err := profit.NetBenefit([]float64{1}, []float64{.5}, 1); return err },
		"class": func() error {
			_, err := profit.DefaultChurnOffer().Expected([]float64{1, 1}, []float64{.5, .6})
			return err
		},
		"costs": func() error {
			_, err := profit.Costs{FP: []float64{1, 2, 3}}.Loss([]float64{1, 1}, []float64{.5, .6})
			return err
		},
		"free": func() error { _, err := profit.Costs{}.Savings([]float64{1, 0}, []float64{.5, .6}); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

type decisionCurveFile struct {
	Cancer     string    `json:"cancer"`
	Chance     []float64 `json:"chance"`
	Thresholds []float64 `json:"thresholds"`
	NetBenefit []float64 `json:"net_benefit"`
	All        []float64 `json:"all"`
}

func readDecisionCurve(t *testing.T) (in decisionCurveFile) {
	t.Helper()
	data, err := os.ReadFile("testdata/decision-curve.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func decisionCurve(t *testing.T) (label, chance []float64) {
	in := readDecisionCurve(t)
	for _, c := range in.Cancer {
		label = append(label, float64(c-'0'))
	}
	return label, in.Chance
}

// The net benefits are those of dcurves (reference A.5), printed to six digits.
func TestNetBenefit(t *testing.T) {
	in := readDecisionCurve(t)
	label, chance := decisionCurve(t)
	prevalence := 0.0
	for _, y := range label {
		prevalence += y / float64(len(label))
	}
	for k, at := range in.Thresholds {
		got, err := profit.NetBenefit(label, chance, at)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "net benefit", got, in.NetBenefit[k], 5e-7)
		near(t, "net benefit of all", profit.NetBenefitOfAll(prevalence, at), in.All[k], 5e-7)
	}
}
