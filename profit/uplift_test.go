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
	u.Outcome[0] = math.NaN()
	if _, err := u.Qini([]float64{1}); err == nil {
		t.Error("NaN: no error")
	}
}
