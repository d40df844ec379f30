// Package bundletest makes small real bundles for tests: fitted on rows drawn
// with a fixed seed, in well under a second, with every part that a bundle may
// have. The tests of bundle, serve and monitor share them.
package bundletest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"bespoke/bundle"
	"bespoke/calibrate"
	"bespoke/features"
	"bespoke/formula"
	"bespoke/internal/jsonlit"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/value"
	"bespoke/zoo"
)

// Case is a bundle with rows it has not seen.
type Case struct {
	Bundle bundle.Bundle
	// Rows are raw rows in the solution's schema, Truth their outcomes: class
	// indices or numbers.
	Rows  *table.Table
	Truth []float64
}

// Learnt and Held are how many rows the bundles are fitted on and how many
// Case.Rows has.
const (
	Learnt = 600
	Held   = 300
)

// Lender decides whether to grant a loan: two outcomes, payoffs that read the
// amount, a review, and columns of every kind with missing values.
func Lender(tb testing.TB) Case {
	tb.Helper()
	return known(tb, lender)
}

// Each bundle is fitted once in a test binary; nobody may change it.
var (
	lender    = sync.OnceValues(makeLender)
	booster   = sync.OnceValues(func() (Case, error) { return lend("trees.boost.v1") })
	prices    = sync.OnceValues(makePrices)
	undecided = sync.OnceValues(makeUndecided)
)

func known(tb testing.TB, build func() (Case, error)) Case {
	tb.Helper()
	c, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Booster is the lender with boosted trees in place of logistic regression.
func Booster(tb testing.TB) Case {
	tb.Helper()
	return known(tb, booster)
}

// Again fits the lender's bundle anew, to see that the same bytes come of it.
func Again() (Case, error) { return makeLender() }

func makeLender() (Case, error) { return lend("linear.logistic.v1") }

func lend(name string) (Case, error) {
	t, y := Loans(Learnt+Held, 7, 0)
	spec := Spec{
		Name: "lender", Task: model.Binary, Model: name, Outcomes: []string{"good", "bad"},
		Value: &scenario.Value{
			Actions: scenario.Actions{
				{Name: "grant", Payoffs: []scenario.Payoff{{Outcome: "good", Money: "0.12 * amount"}, {Outcome: "bad", Money: "-0.6 * amount"}}},
				{Name: "refuse", Payoffs: []scenario.Payoff{{Money: "0"}}},
			},
			Review: &scenario.Review{Cost: 25, Accuracy: scenario.Accuracy{Same: 0.95}},
		},
	}
	return spec.fit(t, y)
}

// Prices decides whether to buy at a price: a regression with payoffs.
func Prices(tb testing.TB) Case {
	tb.Helper()
	return known(tb, prices)
}

func makePrices() (Case, error) {
	rng := rand.New(rand.NewPCG(11, 0))
	n := Learnt + Held
	size, district, y := make([]float64, n), make([]int32, n), make([]float64, n)
	for i := range n {
		size[i] = math.Round(30 + 120*rng.Float64())
		district[i] = int32(rng.IntN(3))
		y[i] = math.Round(1000*size[i]*(1+0.3*float64(district[i])) + 10000*rng.NormFloat64())
	}
	t := must(table.New(table.NewNumber("size", size), table.NewCategory("district", district, []string{"north", "old town", "harbour"})))
	spec := Spec{
		Name: "prices", Task: model.Regression, Model: "linear.ridge.v1",
		Value: &scenario.Value{Actions: scenario.Actions{
			{Name: "buy", Payoffs: []scenario.Payoff{{Money: "truth - 1000 * size"}}},
			{Name: "leave", Payoffs: []scenario.Payoff{{Money: "0"}}},
		}},
	}
	return spec.fit(t, y)
}

// Undecided predicts one of three outcomes and has no payoffs.
func Undecided(tb testing.TB) Case {
	tb.Helper()
	return known(tb, undecided)
}

func makeUndecided() (Case, error) {
	rng := rand.New(rand.NewPCG(13, 0))
	n := Learnt + Held
	x, y := make([]float64, n), make([]float64, n)
	for i := range n {
		x[i] = rng.NormFloat64()
		y[i] = float64(min(2, int(math.Abs(x[i])*1.5)))
	}
	spec := Spec{Name: "undecided", Task: model.Multiclass, Model: "linear.logistic.v1", Outcomes: []string{"low", "middle", "high"}}
	return spec.fit(must(table.New(table.NewNumber("x", x))), y)
}

// Loans draws rows for the lender with their outcomes (1 is bad). shift moves
// amounts and jobs away from those of shift 0, as drift does.
func Loans(n int, seed uint64, shift float64) (*table.Table, []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	amount, months := make([]float64, n), make([]float64, n)
	job, phone := make([]int32, n), make([]int32, n)
	opened, note, y := make([]int64, n), make([]string, n), make([]float64, n)
	day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		amount[i] = math.Round(100 * math.Exp(3+0.8*rng.NormFloat64()+shift))
		months[i] = float64(6 * (1 + rng.IntN(8)))
		job[i] = int32(min(3, int(4*math.Pow(rng.Float64(), 1+2*shift))))
		phone[i] = int32(rng.IntN(2))
		opened[i] = day.AddDate(0, 0, rng.IntN(700)).UnixMicro()
		note[i] = []string{"", "paid late twice", "regular customer", "no record of income"}[rng.IntN(4)]
		score := -1.6 + 0.03*months[i] + 0.5*float64(job[i]) - 0.6*float64(phone[i]) + 0.2*math.Log(amount[i]/2000)
		if note[i] == "paid late twice" {
			score++
		}
		if rng.Float64() < 1/(1+math.Exp(-score)) {
			y[i] = 1
		}
		if rng.IntN(20) == 0 {
			months[i] = math.NaN()
		}
		if rng.IntN(20) == 0 {
			job[i] = -1
		}
		if rng.IntN(40) == 0 {
			opened[i] = table.MissingTime
		}
	}
	return must(table.New(
		table.NewNumber("amount", amount), table.NewNumber("months", months),
		table.NewCategory("job", job, []string{"clerk", "smith", "farmer", "artist"}),
		table.NewCategory("phone", phone, []string{"none", "yes"}),
		table.NewTime("opened", opened), table.NewText("note", note),
	)), y
}

func must(t *table.Table, err error) *table.Table {
	if err != nil { // the columns are made here
		panic(err)
	}
	return t
}

// Spec is what a Case is fitted from: a model of the zoo with its defaults.
type Spec struct {
	Name     string
	Task     model.Task
	Model    string
	Outcomes []string
	Value    *scenario.Value
}

// Make fits a case on the first two thirds of the rows; y holds class indices
// or numbers.
func Make(s Spec, t *table.Table, y []float64) (Case, error) { return s.fit(t, y) }

const perDecision = 0.5

func (s Spec) fit(t *table.Table, y []float64) (Case, error) {
	rows := make([]int, t.Rows())
	for i := range rows {
		rows[i] = i
	}
	cut := 2 * len(rows) / 3
	learn, held := t.Take(rows[:cut]), t.Take(rows[cut:])
	sol, err := s.solve(learn, y[:cut])
	if err != nil {
		return Case{}, err
	}
	c := Case{Rows: held, Truth: y[cut:]}
	c.Bundle, err = s.bundle(sol, learn, held, c.Truth)
	return c, err
}

func (s Spec) solve(learn *table.Table, y []float64) (*solution.Solution, error) {
	entry, err := zoo.Find(s.Model)
	if err != nil {
		return nil, err
	}
	steps, x, err := features.Fit(learn, y, features.Options{Encoding: entry.Encoding, Task: s.Task, Classes: len(s.Outcomes), Outcomes: s.Outcomes, Seed: 1})
	if err != nil {
		return nil, err
	}
	fitted, err := entry.Fit(context.Background(), nil, model.Training{Task: s.Task, X: x, Y: y, Classes: s.Outcomes, Seed: 1, Threads: 1})
	if err != nil {
		return nil, err
	}
	sol := &solution.Solution{Task: s.Task, Target: "outcome", Outcomes: s.Outcomes, Schema: steps.Inputs(), Features: steps, Model: fitted}
	if s.Task == model.Binary {
		// A bundle calibrates on rows it has not learnt from; here it only has
		// to have the part.
		p, err := sol.Predict(learn, 1)
		if err != nil {
			return nil, err
		}
		if sol.Calibration, err = calibrate.Fit("isotonic", p, y, len(s.Outcomes)); err != nil {
			return nil, err
		}
	}
	if s.Value == nil {
		return sol, nil
	}
	config := value.Config{Value: *s.Value, PerDecision: perDecision, Schema: learn.Schema(), Task: s.Task, Outcomes: s.Outcomes, Target: "outcome"}
	payoffs, err := value.Compile(config)
	if err != nil {
		return nil, err
	}
	if payoffs, err = payoffs.WithFill(formula.Fallbacks(learn, payoffs.Columns())); err != nil {
		return nil, err
	}
	if s.Task == model.Regression {
		p, err := sol.Predict(learn, 1)
		if err != nil {
			return nil, err
		}
		spread, err := value.FitSpread(p, y)
		if err != nil {
			return nil, err
		}
		if payoffs, err = payoffs.WithSpread(spread); err != nil {
			return nil, err
		}
	}
	return sol.Complete(learn.Schema(), payoffs), nil
}

func (s Spec) bundle(sol *solution.Solution, learn, held *table.Table, truth []float64) (bundle.Bundle, error) {
	b := bundle.Bundle{
		Manifest: bundle.Manifest{Bespoke: "test", Name: s.Name},
		Solution: sol,
		Scenario: []byte("scenario: " + s.Name + "\n"),
		Profile:  table.ProfileOf(learn),
		Card: bundle.Card{
			Name: s.Name, About: "Rows drawn for tests.", Model: s.Model, Reason: "It is small.", Currency: "EUR",
			IntendedUse: []string{"Tests."}, Caveats: []string{"The rows are not real."}, Seed: 1,
			Data:   []bundle.Data{{Source: "drawn", Rows: learn.Rows() + held.Rows(), Columns: len(learn.Columns()), Licence: "Apache-2.0"}},
			Splits: []bundle.Split{{Name: "learn", Rows: learn.Rows()}, {Name: "test", Rows: held.Rows()}},
		},
	}
	predictions, err := sol.Predict(held, 1)
	if err != nil {
		return b, err
	}
	var choice []int
	if sol.Payoffs != nil {
		sheet, err := sol.Payoffs.Sheet(held, predictions, truth, 1)
		if err != nil {
			return b, err
		}
		choice = sheet.Choose()
		b.Card.Promise = promise(sheet.Profit(choice))
	}
	b.Predictions, err = bundle.ProfilePredictions(sol, predictions, choice)
	return b, err
}

func promise(profit []float64) *bundle.Promise {
	n := float64(len(profit))
	mean, squares := 0.0, 0.0
	for _, p := range profit {
		mean += p / n
	}
	for _, p := range profit {
		squares += (p - mean) * (p - mean)
	}
	half := 1.96 * math.Sqrt(squares/(n-1)/n)
	return &bundle.Promise{PerDecision: mean, Low: mean - half, High: mean + half, Confidence: 0.95, Rows: len(profit)}
}

// Sealed is the case's bundle as it comes from a file, with its manifest.
func (c Case) Sealed(tb testing.TB) *bundle.Bundle {
	tb.Helper()
	data, _, err := bundle.Encode(c.Bundle)
	if err != nil {
		tb.Fatal(err)
	}
	b, err := bundle.Decode(data)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// JSON is a row as the JSON object that a client would send.
func JSON(t *table.Table, row int) []byte {
	out := []byte{'{'}
	for i, c := range t.Columns() {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(jsonlit.AppendString(out, c.Name), ':')
		switch v := c.Value(row).(type) {
		case nil:
			out = append(out, "null"...)
		case float64:
			out = jsonlit.AppendNumber(out, v)
		case string:
			out = jsonlit.AppendString(out, v)
		case time.Time:
			out = jsonlit.AppendString(out, v.Format(time.RFC3339))
		default:
			panic(fmt.Sprintf("a %T in a table", v)) // Value gives nothing else
		}
	}
	return append(out, '}')
}
