package value

import (
	"fmt"
	"math"
	"testing"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
)

func TestQuick(t *testing.T) {
	tb, _ := table.New(table.NewNumber("amount", []float64{100, 200, math.NaN(), 0}), table.NewCategory("job", []int32{0, 1, -1, 0}, []string{"clerk", "smith"}))
	p, err := Compile(Config{Value: scenario.Value{Actions: scenario.Actions{
		{Name: "grant", Payoffs: []scenario.Payoff{{Outcome: "good", Money: `0.12 * amount`}, {Outcome: "bad", Money: `job == "clerk" ? -0.6 * amount : 10/amount`}}},
		{Name: "refuse", Payoffs: []scenario.Payoff{{Money: "0"}}},
	}, Review: &scenario.Review{Cost: 1, Accuracy: .9}}, Schema: tb.Schema(), Task: model.Binary, Outcomes: []string{"good", "bad"}, Today: `job == "clrk" ? "grant" : "refuse"`, Fill: map[string]Fallback{"job": {Text: "smith"}, "amount": {Number: 0}}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(p.Warnings())
	pr := []float64{.9, .1, .5, .5, .2, .8, .3, .7}
	s, err := p.Sheet(tb, pr, []float64{0, 1, 0, 1}, 2)
	fmt.Println(err)
	tb2 := tb.Take([]int{0, 1})
	s, err = p.Sheet(tb2, pr[:4], []float64{0, 1}, 2)
	fmt.Printf("%+v %v\n", s, err)
	for _, m := range []string{"amont", "1/0", "amount +", "job*2", "foo(1)", "amount > 2", "max()", "1 + (2", `job == ""`, "#", "amount.x", "{a:1}", "map([1],#)", "true"} {
		c := p.Config()
		c.Value.Actions = scenario.Actions{{Name: "a", Payoffs: []scenario.Payoff{{Money: m}}}}
		c.Today = ""
		_, err := Compile(c)
		fmt.Println(err)
	}
}

func BenchmarkSheet(b *testing.B) {
	n := 1000000
	a := make([]float64, n)
	pr := make([]float64, 2*n)
	tr := make([]float64, n)
	for i := range a {
		a[i] = float64(i % 1000)
		pr[2*i] = float64(i%100) / 100
		pr[2*i+1] = 1 - pr[2*i]
		tr[i] = float64(i % 2)
	}
	tb, _ := table.New(table.NewNumber("amount", a))
	p, err := Compile(Config{Value: scenario.Value{Actions: scenario.Actions{
		{Name: "grant", Payoffs: []scenario.Payoff{{Outcome: "good", Money: `0.12 * amount`}, {Outcome: "bad", Money: `-0.6 * amount`}}},
		{Name: "half", Payoffs: []scenario.Payoff{{Outcome: "good", Money: `min(0.06 * amount, 50)`}, {Outcome: "bad", Money: `-0.3 * amount`}}},
		{Name: "refuse", Payoffs: []scenario.Payoff{{Money: "0"}}},
	}}, Schema: tb.Schema(), Task: model.Binary, Outcomes: []string{"good", "bad"}})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("sheet", func(b *testing.B) {
		for b.Loop() {
			s, err := p.Sheet(tb, pr, tr, 2)
			if err != nil {
				b.Fatal(err)
			}
			s.Choose()
		}
	})
	b.Run("decide", func(b *testing.B) {
		b.ReportAllocs()
		sc := p.NewScratch()
		i := 0
		for b.Loop() {
			i++
			r := i % n
			if _, err := p.Decide(tb, r, pr[2*r:2*r+2], sc); err != nil {
				b.Fatal(err)
			}
		}
	})
}
