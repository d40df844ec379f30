package profit_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bespoke/profit"
)

// rows draws labels with both classes, and scores with ties.
func rows(t *rapid.T) (label, score []float64) {
	n := rapid.IntRange(2, 40).Draw(t, "rows")
	for i := range n {
		y := float64(rapid.IntRange(0, 1).Draw(t, "label"))
		if i < 2 {
			y = float64(i)
		}
		label = append(label, y)
		score = append(score, float64(rapid.IntRange(0, 12).Draw(t, "score"))/4-1)
	}
	return label, score
}

// law draws a distribution, and bounds outside of which it has no weight worth
// integrating.
func law(t *rapid.T) (d profit.Distribution, low, high float64) {
	positive := rapid.Float64Range(1.5, 9)
	switch rapid.IntRange(0, 3).Draw(t, "law") {
	case 0:
		return profit.Beta{Alpha: positive.Draw(t, "alpha"), Beta: positive.Draw(t, "beta")}, 0, 1
	case 1:
		g := profit.Gamma{Shape: positive.Draw(t, "shape"), Scale: positive.Draw(t, "scale")}
		return g, 0, g.Shape*g.Scale + 30*math.Sqrt(g.Shape)*g.Scale
	case 2:
		low := rapid.Float64Range(-3, 3).Draw(t, "low")
		width := positive.Draw(t, "width")
		return profit.Uniform{Low: low, High: low + width}, low, low + width
	default:
		n := profit.Normal{Mean: rapid.Float64Range(-2, 4).Draw(t, "mean"), Deviation: positive.Draw(t, "deviation")}
		return n, n.Mean - 9*n.Deviation, n.Mean + 9*n.Deviation
	}
}

// The closed form of the expectation is the sum of maximum profits over small
// steps of the parameter: a form that knows nothing of vertices and moments.
func TestExpectedIsTheMeanOfBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label, score := rows(t)
		d, low, high := law(t)
		constant := rapid.Float64Range(-3, 3).Draw(t, "constant")
		slope := rapid.Float64Range(.1, 5).Draw(t, "slope")
		loss := rapid.Float64Range(0, 5).Draw(t, "loss")
		r, err := profit.NewROC(label, score)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Expected(constant, slope, loss, d)
		if err != nil {
			t.Fatal(err)
		}
		const steps = 4000
		sum, share := 0.0, 0.0
		from, _ := d.Below(low)
		for k := range steps {
			middle := low + (high-low)*(float64(k)+.5)/steps
			to, _ := d.Below(low + (high-low)*float64(k+1)/steps)
			b := r.Best(constant+slope*middle, loss)
			sum += (to - from) * b.Profit
			share += (to - from) * b.Share
			from = to
		}
		size := 1 + math.Abs(constant) + slope*(high-low)
		if math.Abs(got.Profit-sum) > 1e-4*size || math.Abs(got.Share-share) > 5e-3 {
			t.Fatalf("%+v, by steps %v and %v", got, sum, share)
		}
	})
}

// With a parameter that is certain, the expectation is the maximum profit.
func TestExpectedOfAPointIsBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label, score := rows(t)
		v := rapid.Float64Range(-1, 2).Draw(t, "v")
		r, err := profit.NewROC(label, score)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Expected(-1, 3, 2, profit.Mixture{{Chance: .25, Of: profit.Point(v)}, {Chance: .75, Of: profit.Point(v)}})
		if err != nil {
			t.Fatal(err)
		}
		want := r.Best(3*v-1, 2)
		if math.Abs(got.Profit-want.Profit) > 1e-12 {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

// The hull and the ranking of rows by their gains are two ways to the same
// maximum.
func TestHullAndRankingAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label, score := rows(t)
		accept := rapid.Float64Range(0, 1).Draw(t, "accept")
		lost := rapid.Float64Range(0, 1).Draw(t, "lost")
		churn, credit, lead := profit.DefaultChurnOffer(), profit.DefaultCreditLoan(), profit.DefaultAcquisitionLead()
		lead.Contribution = rapid.Float64Range(0, 9000).Draw(t, "contribution")
		pursue, err := lead.Costs()
		if err != nil {
			t.Fatal(err)
		}
		for name, k := range map[string]struct {
			hull  func() (profit.MaximumProfit, error)
			costs profit.Costs
		}{
			"churn":       {func() (profit.MaximumProfit, error) { return churn.At(label, score, accept) }, churn.Costs(accept)},
			"credit":      {func() (profit.MaximumProfit, error) { return credit.At(label, score, lost) }, credit.Costs(lost)},
			"acquisition": {func() (profit.MaximumProfit, error) { return lead.Best(label, score) }, pursue},
		} {
			a, err := k.hull()
			if err != nil {
				t.Fatal(err)
			}
			b, err := k.costs.Best(label, score)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(a.Profit-b.Profit) > 1e-9 {
				t.Fatalf("%s: %+v by hull, %+v by ranking", name, a, b)
			}
		}
	})
}

// Scores count by their order only, no measure exceeds that of the labels
// themselves, and maximum profits are never below doing nothing.
func TestMeasuresOfRankings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label, score := rows(t)
		moved := make([]float64, len(score))
		for i, s := range score {
			moved[i] = math.Exp(s) - 7
		}
		for name, f := range map[string]func(s []float64) (profit.MaximumProfit, error){
			"churn":  func(s []float64) (profit.MaximumProfit, error) { return profit.DefaultChurnOffer().Expected(label, s) },
			"credit": func(s []float64) (profit.MaximumProfit, error) { return profit.DefaultCreditLoan().Expected(label, s) },
			"acquisition": func(s []float64) (profit.MaximumProfit, error) {
				return profit.DefaultAcquisitionLead().Expected(label, s, profit.DefaultContribution())
			},
		} {
			a, err := f(score)
			if err != nil {
				t.Fatal(err)
			}
			b, err := f(moved)
			if err != nil {
				t.Fatal(err)
			}
			most, err := f(label)
			if err != nil {
				t.Fatal(err)
			}
			if a.Profit != b.Profit || a.Share != b.Share {
				t.Fatalf("%s: %+v, and %+v of the same order", name, a, b)
			}
			if a.Profit < -1e-12 || a.Profit > most.Profit+1e-12 {
				t.Fatalf("%s: %v, the labels themselves make %v", name, a.Profit, most.Profit)
			}
		}
	})
}

// Decide is the cheaper choice for every row, so no other policy expects less.
func TestDecideIsCheapest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cost := rapid.Float64Range(-5, 5)
		c := profit.Costs{
			TP: []float64{cost.Draw(t, "TP")}, FN: []float64{cost.Draw(t, "FN")},
			FP: []float64{cost.Draw(t, "FP")}, TN: []float64{cost.Draw(t, "TN")},
		}
		p := rapid.Float64Range(0, 1).Draw(t, "chance")
		act, err := c.Decide([]float64{p})
		if err != nil {
			t.Fatal(err)
		}
		expected := func(act float64) float64 {
			return p*(act*c.TP[0]+(1-act)*c.FN[0]) + (1-p)*(act*c.FP[0]+(1-act)*c.TN[0])
		}
		if expected(act[0]) > expected(1-act[0])+1e-12 {
			t.Fatalf("%+v at %v: decided %v", c, p, act[0])
		}
		if cut, ok := c.Cutoff(0); ok && math.Abs(p-cut) > 1e-9 && (p > cut) != (act[0] == 1) {
			t.Fatalf("%+v at %v: decided %v, the cut-off is %v", c, p, act[0], cut)
		}
	})
}

func TestParametersAreChecked(t *testing.T) {
	label, score := []float64{0, 1}, []float64{.2, .4}
	r, err := profit.NewROC(label, score)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"offer above the customer's value": func() error {
			_, err := profit.ChurnOffer{Lifetime: 5, Incentive: 10, Alpha: 1, Beta: 1}.Expected(label, score)
			return err
		},
		"acceptance": func() error {
			_, err := profit.ChurnOffer{Lifetime: 200, Incentive: 10, Alpha: -1, Beta: 1}.Expected(label, score)
			return err
		},
		"chances above 1": func() error {
			_, err := profit.CreditLoan{NoLoss: .8, FullLoss: .3, Return: .1}.Expected(label, score)
			return err
		},
		"commission":  func() error { _, err := profit.AcquisitionLead{Commission: 2}.Best(label, score); return err },
		"gamma":       func() error { _, err := r.Expected(0, 1, 0, profit.Gamma{}); return err },
		"uniform":     func() error { _, err := r.Expected(0, 1, 0, profit.Uniform{Low: 1}); return err },
		"normal":      func() error { _, err := r.Expected(0, 1, 0, profit.Normal{}); return err },
		"point":       func() error { _, err := r.Expected(0, 1, 0, profit.Point(math.NaN())); return err },
		"mixture":     func() error { _, err := r.Expected(0, 1, 0, profit.Mixture{}); return err },
		"falling":     func() error { _, err := r.Expected(0, -1, 0, profit.Point(1)); return err },
		"infinite":    func() error { _, err := profit.Costs{FP: []float64{math.Inf(1)}}.Decide(score); return err },
		"lift share":  func() error { _, err := profit.Lift(label, score, 0); return err },
		"lift labels": func() error { _, err := profit.Lift([]float64{0, 0}, score, 1); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Sorting by digits is stable sorting by comparison.
func TestLargeRankings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(300, 700).Draw(t, "rows")
		steps := rapid.SampledFrom([]float64{2, 50, 1e9}).Draw(t, "steps")
		scale := rapid.SampledFrom([]float64{1e-300, 1, 1e290}).Draw(t, "scale")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		label, score := make([]float64, n), make([]float64, n)
		for i := range n {
			label[i] = float64(i % 2)
			score[i] = math.Round((r.Float64()-.5)*steps) * scale // -0 among them
		}
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
		// The Qini curve of rows that are sorted already is that of the rows.
		u, sorted := profit.Uplift{Outcome: label}, profit.Uplift{}
		for range n {
			u.Treated = append(u.Treated, r.IntN(2) == 0)
		}
		falling := make([]float64, n)
		for k, i := range order {
			sorted.Outcome, sorted.Treated = append(sorted.Outcome, label[i]), append(sorted.Treated, u.Treated[i])
			falling[k] = score[i]
		}
		effect, _, err := u.Top(score, .5)
		if err != nil {
			t.Fatal(err)
		}
		half := profit.Uplift{Outcome: sorted.Outcome[:n/2], Treated: sorted.Treated[:n/2]}
		want, _, err := half.Top(make([]float64, n/2), 1)
		if err != nil {
			t.Fatal(err)
		}
		if effect != want {
			t.Fatalf("the top half's effect is %v, want %v", effect, want)
		}
		a, err := u.Qini(score)
		if err != nil {
			t.Fatal(err)
		}
		b, err := sorted.Qini(falling)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a, b) {
			t.Fatal("the curve depends on the order of rows with other scores")
		}
	})
}
