package profit_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/profit"
)

// The numbers are those of reference A.5.
func TestQini(t *testing.T) {
	u := profit.Uplift{Outcome: []float64{1, 0, 1, 1, 0, 0, 1, 0, 1, 0}}
	for _, c := range "1101010010" {
		u.Treated = append(u.Treated, c == '1')
	}
	got, err := u.Qini([]float64{.9, .8, .7, .6, .5, .4, .3, .2, .1, .05})
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{0, 1, 1, -1, -1, .5, 0, -2.0 / 3, 0, .5, 1} {
		near(t, "Qini", got[k], want, 1e-12)
	}
	score := []float64{.9, .8, .7, .6, .5, .4, .3, .2, .1, .05}
	curve, err := u.Cumulative(score)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{0, 1, 1, -1.5, -4.0 / 3, 5.0 / 6, 0, -7.0 / 6, 0, .9, 2} {
		near(t, "cumulative", curve[k], want, 1e-12)
	}
	qini, cumulative, err := u.Coefficients(score)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Qini coefficient", qini, -.2252252252252252, 1e-13)
	near(t, "cumulative coefficient", cumulative, -.36197916666666663, 1e-13)
	effect, deviation, err := u.Top(score, .6)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "top", effect, 0, 1e-15)
	near(t, "top's standard error", deviation, math.Sqrt(.25/3+.25), 1e-15)
}

// In a random log, the estimated money of a policy is its true money up to
// noise.
func TestUpliftMoney(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	const n = 20000
	u := profit.Uplift{}
	treat := make([]bool, n)
	truth := 0.0
	for i := range n {
		gains := r.Float64() < .5
		chance := .2 + .6*r.Float64()
		treated := r.Float64() < chance
		p := .1
		if gains && treated {
			p = .4
		}
		y := 0.0
		if r.Float64() < p {
			y = 1
		}
		u.Outcome, u.Treated, u.Chance = append(u.Outcome, y), append(u.Treated, treated), append(u.Chance, chance)
		treat[i] = gains
		if gains {
			truth += (.4*10 - 1) / n
		} else {
			truth += .1 * 10 / n
		}
	}
	money, err := u.Money(treat, 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	mean, squares := 0.0, 0.0
	for _, m := range money {
		mean += m / n
		squares += m * m / n
	}
	near(t, "money", mean, truth, 4*math.Sqrt((squares-mean*mean)/n))
}

func TestUpliftErrors(t *testing.T) {
	u := profit.Uplift{Outcome: []float64{1}, Treated: []bool{true}, Chance: []float64{1}}
	if _, err := u.Qini(nil); err == nil {
		t.Error("no rows: no error")
	}
	if _, err := u.Money([]bool{true}, 1, 0); err == nil {
		t.Error("treated for certain: no error")
	}
	u.Chance = nil
	if _, err := u.Money([]bool{true}, 1, 0); err == nil {
		t.Error("no chance: no error")
	}
	if _, err := u.Gains(1, 0); err == nil {
		t.Error("gains without chance: no error")
	}
	two := profit.Uplift{Outcome: []float64{1, 0}, Treated: []bool{true, false}}
	for name, f := range map[string]func() error{
		"amount": func() error {
			_, _, err := profit.Uplift{Outcome: []float64{2, 0}, Treated: two.Treated}.Coefficients([]float64{1, 2})
			return err
		},
		"score": func() error { _, err := two.Qini([]float64{1, math.NaN()}); return err },
		"few":   func() error { _, _, err := two.Top([]float64{1, 2}, 1); return err },
		"share": func() error { _, _, err := two.Top([]float64{1, 2}, 0); return err },
		"flat": func() error {
			_, _, err := profit.Uplift{Outcome: []float64{0, 0}, Treated: two.Treated}.Coefficients([]float64{1, 2})
			return err
		},
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	u.Outcome[0] = math.NaN()
	if _, err := u.Qini([]float64{1}); err == nil {
		t.Error("NaN: no error")
	}
}

// Equal scores are one step of the curves: the order of the rows cannot matter.
func TestCurvesOfEqualScores(t *testing.T) {
	u := profit.Uplift{Outcome: []float64{1, 0, 1, 1}, Treated: []bool{true, false, false, true}}
	turned := profit.Uplift{Outcome: []float64{1, 1, 0, 1}, Treated: []bool{true, false, false, true}}
	for name, curve := range map[string]func(profit.Uplift, []float64) ([]float64, error){"Qini": profit.Uplift.Qini, "cumulative": profit.Uplift.Cumulative} {
		a, err := curve(u, []float64{3, 2, 2, 1})
		if err != nil {
			t.Fatal(err)
		}
		b, err := curve(turned, []float64{3, 2, 2, 1})
		if err != nil {
			t.Fatal(err)
		}
		for k := range a {
			near(t, name, a[k], b[k], 0)
		}
		near(t, name, a[2], (a[1]+a[3])/2, 1e-15)
	}
}

// What the policy that treats some earns is the money of treating none and the
// gains of those treated.
func TestUpliftGains(t *testing.T) {
	u := profit.Uplift{Outcome: []float64{1, 0, 1, 2}, Treated: []bool{true, false, false, true}, Chance: []float64{.3, .5, .2, .9}}
	gains, err := u.Gains(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	treat := []bool{true, true, false, true}
	money, err := u.Money(treat, 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	none, err := u.Money(make([]bool, 4), 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range money {
		want := none[i]
		if treat[i] {
			want += gains[i]
		}
		near(t, "money", money[i], want, 1e-12)
	}
}
