package value_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// callCentre are six customers who may buy: a call costs 1 and brings the
// column worth if the customer buys.
func callCentre(t testing.TB) (*table.Table, value.Config, []float64, []float64) {
	t.Helper()
	tb, err := table.New(
		table.NewNumber("worth", []float64{10, 10, 20, 20, 30, 10}),
		table.NewNumber("minutes", []float64{5, 5, 30, 5, 5, 10}),
		table.NewText("branch", []string{"north", "south", "north", "north", "south", ""}),
	)
	if err != nil {
		t.Fatal(err)
	}
	chances := []float64{.5, .3, .4, .1, .3, .02} // expected gains 4, 2, 7, 1, 8, -0.8
	var predictions []float64
	for _, p := range chances {
		predictions = append(predictions, 1-p, p)
	}
	return tb, value.Config{
		Schema: tb.Schema(), Task: model.Binary, Outcomes: []string{"no", "yes"}, Volume: scenario.Rate{Amount: 60, Per: "month"},
		Value: scenario.Value{
			Actions:  scenario.Actions{action("leave", "", "0"), action("call", "no", "-1", "yes", "worth - 1")},
			Capacity: scenario.Capacities{{Name: "call", Most: scenario.Rate{Amount: 20, Per: "month"}}},
		},
	}, predictions, []float64{1, 0, 1, 0, 1, 0}
}

func TestCallCentre(t *testing.T) {
	tb, c, predictions, truth := callCentre(t)
	p := compile(t, c)
	s, err := p.Sheet(tb, predictions, truth, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Two of six rows can be called: the third best gain is what one more is worth.
	prices := s.Prices()
	if d := cmp.Diff(value.Prices{"call": 4}, prices, cmpopts.EquateApprox(0, 1e-12)); d != "" {
		t.Error(d)
	}
	if got, want := s.Choose(), []int{1, 1, 1, 1, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("without a price: %v, want %v", got, want)
	}
	if got, want := s.Within(s.Choose()), []int{0, 0, 1, 0, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("taken back to the limit: %v, want %v", got, want)
	}
	a := s.ChooseWithin(nil)
	if want := []int{0, 0, 1, 0, 1, 0}; !slices.Equal(a.Choice, want) || !a.Feasible {
		t.Errorf("within the limit: %+v, want %v", a, want)
	}
	near(t, "expected", a.Expected, 15, 1e-12)
	near(t, "bound", a.Bound, 15, 1e-12)
	near(t, "price of the next call", a.Prices["call"], 4, 1e-12)
	near(t, "worth of the last call", a.Shadow["call"], 7, 1e-12)
	if p, err = p.WithPrices(prices); err != nil {
		t.Fatal(err)
	}
	if s, err = p.Sheet(tb, predictions, truth, 1); err != nil {
		t.Fatal(err)
	}
	if got, want := s.Choose(), []int{0, 0, 1, 0, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("at the price: %v, want %v", got, want)
	}
	want := []value.Usage{{Resource: "call", Used: 2, PerDecision: 1. / 3, Limit: 2, Limited: true, Price: prices["call"]}}
	if d := cmp.Diff(want, s.Usage(s.Choose()), cmpopts.EquateApprox(0, 1e-12)); d != "" {
		t.Error(d)
	}
	if u := s.Usage([]int{1, 1, 1, 0, 0, 0}); !u[0].Over() {
		t.Errorf("three calls of two are not too many: %+v", u)
	}
	// A model that knows who buys calls the two customers of 20 and 30.
	if got, want := s.Best(), []int{0, 0, 1, 0, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("perfect: %v, want %v", got, want)
	}
	near(t, "perfect", value.Sum(s.Perfect()), 48, 1e-12)
	// Somebody without a model calls a third of the customers by lot.
	always := s.Always(1)
	near(t, "a third of all calls", value.Sum(always.Money), (60.-6)/3, 1e-12)
	if d := cmp.Diff([]float64{2. / 3, 1. / 3}, always.Shares, cmpopts.EquateApprox(0, 1e-12)); d != "" || always.Name != "call as often as the limits allow" {
		t.Errorf("%s %s", always.Name, d)
	}
	if got := s.Always(0); got.Name != "always leave" || value.Sum(got.Money) != 0 {
		t.Errorf("got %+v", got)
	}
	if a, total := s.BestConstant(); a != 1 || math.Abs(total-18) > 1e-12 {
		t.Errorf("best constant %d with %v", a, total)
	}
}

// The need gate compares what the limits allow.
func TestNeedWithinLimits(t *testing.T) {
	tb, c, _, truth := callCentre(t)
	n, err := compile(t, c).Need(tb, truth, scenario.Need{Currency: "EUR", Volume: c.Volume}, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "perfect", n.Perfect.PerDecision, 8, 1e-12)
	near(t, "baseline", n.Baseline.PerDecision, 3, 1e-12)
	if want := "A perfect model would earn 300 EUR a month more than “call as often as the limits allow”."; n.Gate.Sentence != want {
		t.Errorf("got %q\nwant %q", n.Gate.Sentence, want)
	}
}

// A budget in minutes buys the rows with the most money per minute; the row
// that needs 30 minutes is left out although it gains second most.
func TestBudget(t *testing.T) {
	tb, c, predictions, truth := callCentre(t)
	c.Value.Capacity = scenario.Capacities{{Name: "desk", Most: scenario.Rate{Amount: 150, Per: "month"}, Uses: []scenario.Use{{Action: "call", Amount: "minutes"}}}}
	p := compile(t, c)
	s, err := p.Sheet(tb, predictions, truth, 1)
	if err != nil {
		t.Fatal(err)
	}
	a := s.ChooseWithin(nil) // 15 minutes: 8/5, 4/5, 2/5; the next is 7/30
	if want := []int{1, 1, 0, 0, 1, 0}; !slices.Equal(a.Choice, want) {
		t.Errorf("got %v, want %v", a.Choice, want)
	}
	near(t, "price of a minute", a.Prices["desk"], 7./30, 1e-12)
	near(t, "worth of the last minute", a.Shadow["desk"], .4, 1e-12)
	if p, err = p.WithPrices(s.Prices()); err != nil {
		t.Fatal(err)
	}
	scratch := p.NewScratch()
	for i, want := range a.Choice {
		d, err := p.Decide(tb, i, predictions[2*i:2*i+2], scratch)
		if err != nil || d.Action != want {
			t.Errorf("row %d alone: %+v, %v, want %d", i, d, err, want)
		}
		if d.Gain < 0 {
			t.Errorf("row %d gains %v by its action", i, d.Gain)
		}
	}
	if got := p.Columns(); !slices.ContainsFunc(got, func(f table.Field) bool { return f.Name == "minutes" }) {
		t.Errorf("the columns %v lack what an amount reads", got)
	}
}

// In each branch the best row is called; a row without a branch is a group of
// its own.
func TestTop(t *testing.T) {
	tb, c, predictions, _ := callCentre(t)
	predictions[10], predictions[11] = 0.5, 0.5
	c.Value.Capacity = scenario.Capacities{{Name: "call", Top: 1, Per: "branch"}}
	p := compile(t, c)
	s, err := p.Sheet(tb, predictions, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []int{0, 0, 1, 0, 1, 1}
	if got := s.Choose(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !p.HasTop() || p.HasLimits() || !s.Limited() {
		t.Error("a top is not seen")
	}
	batch, scratch := p.NewBatch(), p.NewScratch()
	for range 2 { // a batch can be used again
		batch.Reset()
		for i := range tb.Rows() {
			if _, err := p.Decide(tb, i, predictions[2*i:2*i+2], scratch); err != nil {
				t.Fatal(err)
			}
			if err := batch.Add(tb, i, scratch); err != nil {
				t.Fatal(err)
			}
		}
		if got := batch.Choose(); !slices.Equal(got, want) {
			t.Errorf("row after row: %v, want %v", got, want)
		}
	}
	half := s.Take([]int{3, 1})
	if got := half.Choose(); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("two rows of two branches: %v", got)
	}
	// By lot one of three rows of the north is called and one of two of the south.
	s, err = p.Sheet(tb, nil, []float64{1, 1, 1, 1, 1, 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "by lot", value.Sum(s.Always(1).Money), (9.+19+19)/3+(9.+29)/2+9, 1e-12)
	near(t, "perfect", value.Sum(s.Perfect()), 19+29+9, 1e-12)
}

func TestCapacityErrors(t *testing.T) {
	tb, base, _, _ := callCentre(t)
	month := scenario.Rate{Amount: 5, Per: "month"}
	for _, c := range []struct {
		name       string
		capacity   scenario.Capacities
		path, want string
	}{
		{"no action", scenario.Capacities{{Name: "cal", Most: month}}, "value.capacity.cal", `"cal" is no action (did you mean "call"?)`},
		{"uses", scenario.Capacities{{Name: "x", Most: month, Uses: []scenario.Use{{Action: "cal", Amount: "1"}}}}, "value.capacity.x.uses.cal", `"cal" is no action (did you mean "call"?)`},
		{"twice", scenario.Capacities{{Name: "call", Most: month}, {Name: "call", Most: month}}, "value.capacity.call", "appears twice"},
		{"action twice", scenario.Capacities{{Name: "x", Most: month, Uses: []scenario.Use{{Action: "call", Amount: "1"}, {Action: "call", Amount: "2"}}}}, "value.capacity.x.uses.call", "the action is there twice"},
		{"negative", scenario.Capacities{{Name: "call", Most: scenario.Rate{Amount: -5, Per: "month"}}}, "value.capacity.call.most", "is -5, it must be 0 or more"},
		{"negative amount", scenario.Capacities{{Name: "x", Most: month, Uses: []scenario.Use{{Action: "call", Amount: "-1"}}}}, "value.capacity.x.uses.call", "is -1, it must be 0 or more"},
		{"text", scenario.Capacities{{Name: "x", Most: month, Uses: []scenario.Use{{Action: "call", Amount: "branch"}}}}, "value.capacity.x.uses.call", "`branch` is text, an amount must be a number"},
		{"unknown column", scenario.Capacities{{Name: "x", Most: month, Uses: []scenario.Use{{Action: "call", Amount: "minute"}}}}, "value.capacity.x.uses.call", `did you mean "minutes"?`},
		{"top of nothing", scenario.Capacities{{Name: "cal", Top: 2}}, "value.capacity.cal", `"cal" is no action`},
		{"top column", scenario.Capacities{{Name: "call", Top: 2, Per: "brunch"}}, "value.capacity.call.per", `there is no column "brunch" (did you mean "branch"?)`},
		{"both", scenario.Capacities{{Name: "call", Top: 2, Most: month}}, "value.capacity.call", "has both top and most"},
	} {
		config := base
		config.Value.Capacity = c.capacity
		_, err := value.Compile(config)
		var e *value.Error
		if !errors.As(err, &e) || e.Path != c.path || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s: %s", c.name, err, c.path, c.want)
		}
	}
	config := base
	config.Value.Review = &scenario.Review{Accuracy: scenario.Accuracy{Same: 1}, Capacity: month}
	config.Value.Capacity = scenario.Capacities{{Name: "review", Most: month}}
	if _, err := value.Compile(config); err == nil || !strings.Contains(err.Error(), "value.review.capacity limits reviews already") {
		t.Errorf("two limits for reviews: %v", err)
	}
	config = base
	config.Prices = value.Prices{"calls": 1}
	if _, err := value.Compile(config); err == nil || !strings.Contains(err.Error(), "is no resource") {
		t.Errorf("a price of nothing: %v", err)
	}
	config = base
	config.Value.Capacity = scenario.Capacities{{Name: "x", Most: month, Uses: []scenario.Use{{Action: "call", Amount: "minutes - 10"}}}}
	want := "`minutes - 10` is -5 in row 1, an amount must be 0 or more"
	if _, err := compile(t, config).Sheet(tb, nil, make([]float64, 6), 1); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a negative amount in a row: %v", err)
	}
	config.Volume = scenario.Rate{}
	p := compile(t, config)
	if w := p.Warnings(); len(w) != 1 || w[0].Path != "value.capacity.x.most" || !strings.Contains(w[0].Message, "no effect without need.volume") {
		t.Errorf("without a volume: %v", w)
	}
}

// What a reviewer decides uses the resource that the decision uses: here the
// reviewer, who is right in 9 of 10 rows, calls whom they think buys.
func TestReviewersUseResources(t *testing.T) {
	tb, c, predictions, _ := callCentre(t)
	c.Value.Review = &scenario.Review{Cost: .5, Accuracy: scenario.Accuracy{Same: .9}}
	c.Value.Capacity[0].Uses = []scenario.Use{{Action: "call", Amount: "1"}, {Action: "review", Amount: "0.25"}}
	p := compile(t, c)
	s, err := p.Sheet(tb, predictions, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	u := s.Usage([]int{2, 0, 0, 0, 0, 1}) // a chance of .5 to buy
	near(t, "calls", u[0].Used, 1+.25+.5*.9+.5*.1, 1e-12)
	near(t, "reviews", u[1].Used, 1, 1e-12)
	if u[1].Resource != "review" || u[1].Limited {
		t.Errorf("got %+v", u)
	}
	// At a price of 8 the reviewer calls only where worth - 1 > 8.
	if p, err = p.WithPrices(value.Prices{"call": 10}); err != nil {
		t.Fatal(err)
	}
	if s, err = p.Sheet(tb, predictions, nil, 1); err != nil {
		t.Fatal(err)
	}
	near(t, "calls at a price", s.Usage([]int{2, 0, 0, 0, 0, 0})[0].Used, .25, 1e-12)
	near(t, "money at a price", s.Expected[2], -.5, 1e-12)
	near(t, "calls of 30", s.Usage([]int{0, 0, 0, 0, 2, 0})[0].Used, .25+.3*.9+.7*.1, 1e-12)
}

// limited draws a problem with a resource that the second action and the
// reviewer's decisions take from.
func limited(r *rapid.T) drawn {
	d := drawProblem(r)
	for len(d.money) < 2 {
		d.money = append(d.money, make([]float64, len(d.money[0])))
	}
	amount := rapid.SampledFrom([]string{"1", "2", "row", "1 + row"}).Draw(r, "amount")
	values := make([]float64, len(d.truth))
	for i := range values {
		values[i] = float64(rapid.IntRange(0, 3).Draw(r, "row"))
	}
	t, err := table.New(table.NewNumber("row", values))
	if err != nil {
		r.Fatal(err)
	}
	d.table = t
	d.capacity = scenario.Capacities{{
		Name: "budget", Most: scenario.Rate{Amount: float64(rapid.IntRange(1, len(d.truth)).Draw(r, "most")), Per: "month"},
		Uses: []scenario.Use{{Action: "a1", Amount: amount}},
	}}
	if d.review != nil && rapid.Bool().Draw(r, "short of reviewers") {
		d.review.Capacity = scenario.Rate{Amount: float64(rapid.IntRange(1, len(d.truth)).Draw(r, "reviews")), Per: "month"}
	}
	return d
}

// Within limits: no choice that keeps to them brings more than the perfect
// model, the best choice of a perfect model keeps to them, expected money stays
// below its bound, and constants by lot keep to them on average.
func TestBoundsWithinLimits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := limited(r)
		s := d.sheet(r, same)
		a := s.ChooseWithin(nil)
		for _, choice := range [][]int{a.Choice, s.Within(s.Choose()), s.Within(s.Certain()), s.Best()} {
			for _, u := range s.Usage(choice) {
				if u.Over() {
					r.Fatalf("the choice %v uses too much: %+v", choice, u)
				}
			}
			// What reviewers use is counted as expected, which may be less than it
			// turns out to be.
			if got, most := value.Sum(s.Profit(choice)), value.Sum(s.Perfect()); d.review == nil && got > most+1e-9 {
				r.Fatalf("the choice %v brings %v, a perfect model %v", choice, got, most)
			}
			if got := value.Sum(s.Promise(choice)); got > a.Bound+1e-9 {
				r.Fatalf("the choice %v is expected to bring %v, at most %v", choice, got, a.Bound)
			}
		}
		for _, c := range s.Constants() {
			always := s.Always(c)
			near := 0.0
			for _, share := range always.Shares {
				near += share
			}
			if !close(near, 1) || value.Sum(always.Money) > value.Sum(s.Perfect())+1e-9 {
				r.Fatalf("action %d by lot: %+v, a perfect model brings %v", c, always, value.Sum(s.Perfect()))
			}
		}
	})
}

// At any prices: one row decided alone gives the bits of the sheet, information
// is worth nothing or more, and a choice at these prices loses nothing against
// any other after rent.
func TestPricesProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := limited(r)
		prices := value.Prices{"budget": float64(rapid.IntRange(0, 8).Draw(r, "price")) / 4}
		if d.review != nil {
			prices["review"] = float64(rapid.IntRange(0, 8).Draw(r, "price of a review")) / 4
		}
		p, err := d.payoffs(r, same).WithPrices(prices)
		if err != nil {
			r.Fatal(err)
		}
		s, err := p.Sheet(d.table, d.predictions, d.truth, 2)
		if err != nil {
			r.Fatal(err)
		}
		choice, evpi := s.Choose(), s.EVPI()
		expected, realised := s.Loss(choice)
		k, scratch := len(d.money[0]), p.NewScratch()
		for i := range d.truth {
			got, err := p.Decide(d.table, i, d.predictions[i*k:(i+1)*k], scratch)
			if err != nil {
				r.Fatal(err)
			}
			if got.Action != choice[i] || got.EVPI != evpi[i] || got.Money != s.Promise(choice)[i] || got.Gain < -1e-9 {
				r.Fatalf("row %d alone: %+v, in the sheet %d, EVPI %v", i, got, choice[i], evpi[i])
			}
			// A person costs nothing less than their price, so that EVPI bounds the gain.
			if evpi[i] < -1e-9 || expected[i] < -1e-9 && choice[i] != s.Review() || realised[i] < -1e-9 && choice[i] != s.Review() {
				r.Fatalf("row %d: EVPI %v, loss expected %v, realised %v", i, evpi[i], expected[i], realised[i])
			}
			for a := range s.Actions {
				other := slices.Clone(choice)
				other[i] = a
				if e, _ := s.Loss(other); e[i] < expected[i]-1e-9 {
					r.Fatalf("row %d: action %d loses %v, the chosen %d %v", i, a, e[i], choice[i], expected[i])
				}
			}
		}
	})
}

// Bundles from before resources had prices keep theirs.
func TestReviewPriceOfOldBundles(t *testing.T) {
	_, c, _, _ := callCentre(t)
	c.Value.Capacity, c.Value.Review = nil, &scenario.Review{Cost: 1, Accuracy: scenario.Accuracy{Same: 1}}
	text, err := json.Marshal(compile(t, c))
	if err != nil {
		t.Fatal(err)
	}
	old := strings.Replace(string(text), `"config":{`, `"config":{"review_price":2.5,`, 1)
	p, err := value.Load([]byte(old))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(value.Prices{"review": 2.5}, p.Config().Prices); d != "" {
		t.Error(d)
	}
}

// Rows are grouped by the spelling of a category, so that later rows may belong
// to customers that no training row had.
func TestTopByCategory(t *testing.T) {
	tb, c, predictions, _ := callCentre(t)
	category, err := table.New(tb.Columns()[0], tb.Columns()[1], table.NewCategory("branch", []int32{0, 1, 0, 0, 1, -1}, []string{"north", "south"}))
	if err != nil {
		t.Fatal(err)
	}
	c.Schema = category.Schema()
	c.Value.Capacity = scenario.Capacities{{Name: "call", Top: 1, Per: "branch"}}
	p := compile(t, c)
	for _, rows := range []*table.Table{tb, category} {
		s, err := p.Sheet(rows, predictions, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := s.Choose(), []int{0, 0, 1, 0, 1, 0}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	for _, f := range p.Columns() {
		if f.Name == "branch" && (f.Kind != table.Text || f.Levels != nil) {
			t.Errorf("the column of groups is %+v", f)
		}
	}
}

// A predicted number with a budget and a reviewer: one row alone gives the bits
// of the sheet, and a reviewer's bids are paid from the budget.
func TestNumbersWithBudget(t *testing.T) {
	tb, c, predictions := houses(t)
	n := float64(tb.Rows())
	c.Volume = scenario.Rate{Amount: n, Per: "month"}
	c.Value.Capacity = scenario.Capacities{{Name: "bid", Most: scenario.Rate{Amount: n / 4, Per: "month"}}}
	p := compile(t, c)
	truth := make([]float64, tb.Rows())
	for i, v := range predictions {
		truth[i] = v * (1 + .05*float64(i%5-2))
	}
	s, err := p.Sheet(tb, predictions, truth, 2)
	if err != nil {
		t.Fatal(err)
	}
	if p, err = p.WithPrices(s.Prices()); err != nil {
		t.Fatal(err)
	}
	if s, err = p.Sheet(tb, predictions, truth, 2); err != nil {
		t.Fatal(err)
	}
	choice, scratch := s.Choose(), p.NewScratch()
	for i, want := range choice {
		d, err := p.Decide(tb, i, predictions[i:i+1], scratch)
		if err != nil || d.Action != want || d.EVPI != s.EVPI()[i] {
			t.Fatalf("row %d alone: %+v, %v, want %d", i, d, err, want)
		}
		if used := scratch.Used(d.Action)[0]; want == s.Review() && !(used >= 0 && used <= 1) {
			t.Errorf("row %d: a review bids %v times", i, used)
		}
	}
	for _, u := range s.Usage(s.Within(choice)) {
		if u.Over() {
			t.Errorf("too much: %+v", u)
		}
	}
	if got, most := value.Sum(s.Profit(s.Within(s.Certain()))), value.Sum(s.Perfect()); got > most {
		t.Errorf("certain %v, perfect %v", got, most)
	}
}
