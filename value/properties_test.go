package value_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// drawn is a random decision problem with constant payoffs and its rows.
type drawn struct {
	money       [][]float64 // action, outcome
	predictions []float64
	truth       []float64
	review      *scenario.Review
	capacity    scenario.Capacities
	table       *table.Table
}

func drawProblem(r *rapid.T) drawn {
	var d drawn
	k := rapid.IntRange(2, 4).Draw(r, "outcomes")
	for range rapid.IntRange(1, 4).Draw(r, "actions") {
		row := make([]float64, k)
		for o := range row {
			row[o] = float64(rapid.IntRange(-8, 8).Draw(r, "money"))
		}
		d.money = append(d.money, row)
	}
	n := rapid.IntRange(1, 40).Draw(r, "rows")
	for range n {
		sum, row := 0.0, make([]float64, k)
		for o := range row {
			row[o] = float64(rapid.IntRange(0, 9).Draw(r, "weight")) + 0.25
			sum += row[o]
		}
		for _, w := range row {
			d.predictions = append(d.predictions, w/sum)
		}
		d.truth = append(d.truth, float64(rapid.IntRange(0, k-1).Draw(r, "truth")))
	}
	if rapid.Bool().Draw(r, "reviewed") {
		d.review = &scenario.Review{
			Cost:     float64(rapid.IntRange(0, 6).Draw(r, "review cost")) / 2,
			Accuracy: scenario.Accuracy{Same: float64(rapid.IntRange(0, 4).Draw(r, "accuracy")) / 4},
		}
	}
	t, err := table.New(table.NewNumber("row", make([]float64, n)))
	if err != nil {
		r.Fatal(err)
	}
	d.table = t
	return d
}

// payoffs compiles the problem with its payoffs changed.
func (d drawn) payoffs(r *rapid.T, change func(a, o int, v float64) float64) *value.Payoffs {
	var actions scenario.Actions
	var outcomes []string
	for o := range d.money[0] {
		outcomes = append(outcomes, fmt.Sprintf("o%d", o))
	}
	for a, row := range d.money {
		act := scenario.Action{Name: fmt.Sprintf("a%d", a)}
		for o, v := range row {
			act.Payoffs = append(act.Payoffs, scenario.Payoff{Outcome: outcomes[o], Money: fmt.Sprint(change(a, o, v))})
		}
		actions = append(actions, act)
	}
	task := model.Binary
	if len(outcomes) > 2 {
		task = model.Multiclass
	}
	p, err := value.Compile(value.Config{
		Task: task, Outcomes: outcomes, Schema: d.table.Schema(), Volume: scenario.Rate{Amount: float64(len(d.truth)), Per: "month"},
		Value: scenario.Value{Actions: actions, Review: d.review, Capacity: d.capacity},
	})
	if err != nil {
		r.Fatal(err)
	}
	return p
}

// sheet evaluates the problem with its payoffs changed.
func (d drawn) sheet(r *rapid.T, change func(a, o int, v float64) float64) *value.Sheet {
	s, err := d.payoffs(r, change).Sheet(d.table, d.predictions, d.truth, 2)
	if err != nil {
		r.Fatal(err)
	}
	return s
}

func same(_, _ int, v float64) float64 { return v }

func close(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(a)) }

// Doubling all money doubles expectations and profit and changes no decision.
func TestScalingPayoffs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		d.review = nil // its cost would have to be scaled as well
		a, b := d.sheet(r, same), d.sheet(r, func(_, _ int, v float64) float64 { return 4 * v })
		if !slices.Equal(a.Choose(), b.Choose()) || !slices.Equal(a.Best(), b.Best()) || !slices.Equal(a.Certain(), b.Certain()) {
			r.Fatalf("four times the money is decided otherwise: %v, %v", a.Choose(), b.Choose())
		}
		for i, v := range a.Expected {
			if 4*v != b.Expected[i] {
				r.Fatalf("expected %v and %v", v, b.Expected[i])
			}
		}
		x, y := a.Profit(a.Choose()), b.Profit(b.Choose())
		for i := range x {
			if 4*x[i] != y[i] {
				r.Fatalf("profit %v and %v", x[i], y[i])
			}
		}
	})
}

// Adding the same money to every action under an outcome moves the money of all
// policies alike: what a policy gains over another and the value of information
// stay.
func TestShiftingPayoffs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		shift := make([]float64, len(d.money[0]))
		for o := range shift {
			shift[o] = float64(rapid.IntRange(-5, 5).Draw(r, "shift"))
		}
		a, b := d.sheet(r, same), d.sheet(r, func(_, o int, v float64) float64 { return v + shift[o] })
		for i := range d.truth {
			n := len(a.Actions)
			gainA, gainB := a.Expected[i*n:(i+1)*n], b.Expected[i*n:(i+1)*n]
			if !close(slices.Max(gainA)-gainA[0], slices.Max(gainB)-gainB[0]) || !close(a.EVPI()[i], b.EVPI()[i]) {
				r.Fatalf("row %d: gains %v and %v, EVPI %v and %v", i, gainA, gainB, a.EVPI()[i], b.EVPI()[i])
			}
			left := func(s *value.Sheet) float64 { return s.Perfect()[i] - s.Profit(s.Constant(0))[i] }
			if !close(left(a), left(b)) {
				r.Fatalf("row %d: left on the table %v and %v", i, left(a), left(b))
			}
		}
	})
}

// The order of actions matters only where they are worth the same.
func TestPermutingActions(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		if d.review != nil {
			// A reviewer who is wrong takes the first of the actions that are best
			// for what was seen, so that their order does matter.
			d.review.Accuracy.Same = 1
		}
		order := rapid.Permutation(indexes(len(d.money))).Draw(r, "order")
		turned := d
		turned.money = nil
		for _, a := range order {
			turned.money = append(turned.money, d.money[a])
		}
		a, b := d.sheet(r, same), turned.sheet(r, same)
		x, y := a.Promise(a.Choose()), b.Promise(b.Choose())
		for i := range x {
			if !close(x[i], y[i]) || !close(a.Perfect()[i], b.Perfect()[i]) || !close(a.EVPI()[i], b.EVPI()[i]) {
				r.Fatalf("row %d: promise %v and %v", i, x[i], y[i])
			}
		}
		for i := range x {
			for k, from := range order {
				if a.Expected[i*len(a.Actions)+from] != b.Expected[i*len(b.Actions)+k] {
					r.Fatalf("row %d: action %d is worth something else", i, from)
				}
			}
		}
	})
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// No policy beats the perfect model, the choice has the most expected money,
// and information is never worth less than nothing.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		s := d.sheet(r, same)
		choice, perfect, promise := s.Choose(), s.Perfect(), s.Promise(s.Choose())
		for i := range d.truth {
			for a := range s.Actions {
				if s.Realised[i*len(s.Actions)+a] > perfect[i]+1e-9 {
					r.Fatalf("row %d: action %d brought %v, perfect %v", i, a, s.Realised[i*len(s.Actions)+a], perfect[i])
				}
				if v := s.Expected[i*len(s.Actions)+a]; v > promise[i] && a != s.Review() {
					r.Fatalf("row %d: action %d is expected to bring %v, the chosen %d %v", i, a, v, choice[i], promise[i])
				}
			}
			if s.EVPI()[i] < -1e-9 {
				r.Fatalf("row %d: EVPI %v", i, s.EVPI()[i])
			}
			// A person is worth at most perfect information less the cost.
			if s.Review() >= 0 && s.Expected[i*len(s.Actions)+s.Review()] > s.Ideal()[i]-d.review.Cost+1e-9 {
				r.Fatalf("row %d: a review beats perfect information", i)
			}
		}
	})
}

// Being able to ask a person never lowers the expected money of the choice.
func TestReviewNeverLowersExpectedMoney(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		if d.review == nil {
			d.review = &scenario.Review{Cost: 1, Accuracy: scenario.Accuracy{Same: .75}}
		}
		with := d.sheet(r, same)
		alone := d
		alone.review = nil
		without := alone.sheet(r, same)
		x, y := without.Promise(without.Choose()), with.Promise(with.Choose())
		for i := range x {
			if y[i] < x[i] {
				r.Fatalf("row %d: %v without and %v with a person", i, x[i], y[i])
			}
		}
		// Nor does a person with little time.
		time := rapid.IntRange(0, len(d.truth)).Draw(r, "reviews")
		if got := with.ChooseWithin(map[string]float64{"review": float64(time)}).Expected; got < value.Sum(x)-1e-9 {
			r.Fatalf("%v without a person, %v with %d reviews", value.Sum(x), got, time)
		}
	})
}

// Perfect predictions are decided perfectly.
func TestPerfectPredictionsArePerfect(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		k := len(d.money[0])
		d.predictions = make([]float64, len(d.truth)*k)
		for i, y := range d.truth {
			d.predictions[i*k+int(y)] = 1
		}
		s := d.sheet(r, same)
		got, want := s.Profit(s.Choose()), s.Perfect()
		for i := range got {
			if got[i] != want[i] {
				r.Fatalf("row %d: %v, perfect %v", i, got[i], want[i])
			}
		}
		if !slices.Equal(s.Best(), s.Certain()) {
			r.Fatalf("best %v, certain %v", s.Best(), s.Certain())
		}
	})
}

// The shadow price is the finite difference: what the expected money of the
// choice loses when one review less is possible.
func TestShadowPrice(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		capacity := rapid.IntRange(1, len(d.truth)).Draw(r, "capacity")
		d.review = &scenario.Review{Cost: 0.5, Accuracy: scenario.Accuracy{Same: 1}, Capacity: scenario.Rate{Amount: float64(capacity), Per: "month"}}
		s := d.sheet(r, same)
		total := func(reviews int) (float64, float64, int) {
			a := s.ChooseWithin(map[string]float64{"review": float64(reviews)})
			used := 0
			for _, x := range a.Choice {
				if x == s.Review() {
					used++
				}
			}
			if !close(a.Expected, a.Bound) || !close(a.Expected, value.Sum(s.Promise(a.Choice))) {
				r.Fatalf("got %+v, promised %v", a, value.Sum(s.Promise(a.Choice)))
			}
			return a.Expected, a.Shadow["review"], used
		}
		money, shadow, used := total(capacity)
		if used > capacity {
			r.Fatalf("%d reviews with a capacity of %d", used, capacity)
		}
		free, _, wanted := total(len(d.truth))
		if wanted > capacity {
			less, _, _ := total(capacity - 1)
			if !close(money-less, shadow) {
				r.Fatalf("shadow price %v, difference %v", shadow, money-less)
			}
		}
		if wanted <= capacity && (shadow != 0 || !close(free, money)) {
			r.Fatalf("capacity is not short, but the shadow price is %v", shadow)
		}
		// The prices learnt on these rows hold them to the capacity, when each
		// decides alone and together, and leave no review out that earns more.
		p, err := d.payoffs(r, same).WithPrices(s.Prices())
		if err != nil {
			r.Fatal(err)
		}
		priced, err := p.Sheet(d.table, d.predictions, d.truth, 1)
		if err != nil {
			r.Fatal(err)
		}
		use := priced.Usage(priced.Choose())
		if use[0].Over() || !close(use[0].Limit, float64(capacity)) || use[0].Price != s.Prices()["review"] {
			r.Fatalf("at its price %v a review is used like this: %+v", s.Prices(), use)
		}
		if within := priced.Within(priced.Choose()); !slices.Equal(within, priced.Choose()) {
			r.Fatalf("a choice within the limits was changed to %v", within)
		}
		if v := value.Sum(priced.Promise(priced.Choose())); v > money+1e-9 || wanted > capacity && use[0].Used < float64(capacity) && v < money-shadow*float64(capacity)-1e-9 {
			r.Fatalf("alone the rows earn %v, together %v", v, money)
		}
	})
}
