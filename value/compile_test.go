package value_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bespoke/formula"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// action writes an action; payoffs alternate outcome and money.
func action(name string, payoffs ...string) scenario.Action {
	a := scenario.Action{Name: name}
	for i := 0; i < len(payoffs); i += 2 {
		a.Payoffs = append(a.Payoffs, scenario.Payoff{Outcome: payoffs[i], Money: payoffs[i+1]})
	}
	return a
}

// lender is a lender with payoffs per row.
func lender(schema table.Schema) value.Config {
	return value.Config{
		Schema: schema, Task: model.Binary, Outcomes: []string{"good", "bad"}, Target: "class", Today: "grant",
		Value: scenario.Value{Actions: scenario.Actions{
			action("grant", "good", "0.12 * amount", "bad", "-0.6 * amount"),
			action("refuse", "", "0"),
		}},
	}
}

func TestCompileErrors(t *testing.T) {
	schema := loans(t).Schema()
	number := func(c *value.Config, actions ...scenario.Action) {
		c.Task, c.Outcomes, c.Target, c.Today = model.Regression, nil, "amount", ""
		c.Value.Actions = actions
	}
	for _, c := range []struct {
		name   string
		change func(c *value.Config)
		path   string
		want   string
	}{
		{"no actions", func(c *value.Config) { c.Value.Actions = nil }, "value.actions", "has no action"},
		{"no name", func(c *value.Config) { c.Value.Actions[0].Name = "" }, "value.actions", "an action has no name"},
		{"twice", func(c *value.Config) { c.Value.Actions[1].Name = "grant" }, "value.actions.grant", "appears twice"},
		{"review as a name", func(c *value.Config) {
			c.Value.Actions[1].Name = "review"
			c.Value.Review = &scenario.Review{Accuracy: scenario.Accuracy{Same: 1}}
		}, "value.actions.review", `"review" is the name of asking a person`},
		{"unknown outcome", func(c *value.Config) { c.Value.Actions[0] = action("grant", "god", "1", "bad", "0") }, "value.actions.grant.god", `"god" is no outcome of "class" (did you mean "good"?)`},
		{"missing outcome", func(c *value.Config) { c.Value.Actions[0] = action("grant", "good", "1") }, "value.actions.grant", `has no payoff for the outcome "bad" (add bad: 0 if it is worth nothing)`},
		{"outcome twice", func(c *value.Config) { c.Value.Actions[0] = action("grant", "good", "1", "good", "0") }, "value.actions.grant.good", "appears twice"},
		{"mixed", func(c *value.Config) { c.Value.Actions[0] = action("grant", "good", "1", "", "0") }, "value.actions.grant", "mixes both"},
		{"no payoffs", func(c *value.Config) { c.Value.Actions[0] = action("grant") }, "value.actions.grant", `has no payoff for the outcome "good"`},
		{"expression", func(c *value.Config) { c.Value.Actions[0] = action("grant", "good", "1", "bad", "-amonut") }, "value.actions.grant.bad", `no column or parameter "amonut" (did you mean "amount"?)`},
		{"text", func(c *value.Config) { c.Value.Actions[0] = action("grant", "", "purpose") }, "value.actions.grant", "`purpose` is text, a payoff must be a number"},
		{"comparison", func(c *value.Config) { c.Value.Actions[0] = action("grant", "", "amount > 1") }, "value.actions.grant", "`amount > 1` is true or false, a payoff must be a number (write amount > 1 ? 1 : 0)"},
		{"one outcome", func(c *value.Config) { c.Outcomes = []string{"good"} }, "data.target", "has 1 outcomes, at least 2 are needed"},
		{"same outcomes", func(c *value.Config) { c.Outcomes = []string{"good", "good"} }, "data.target", `outcome "good" appears twice`},
		{"param nan", func(c *value.Config) { c.Value.Params = map[string]scenario.Param{"x": scenario.Known(math.NaN())} }, "value.params.x", "is NaN, it must be a finite number"},
		{"param column", func(c *value.Config) { c.Value.Params = map[string]scenario.Param{"amount": scenario.Known(1)} }, "value.params.amount", "a column has the same name"},
		{"param word", func(c *value.Config) { c.Value.Params = map[string]scenario.Param{"a-b": scenario.Known(1)} }, "value.params.a-b", "cannot be written in an expression"},
		{"param reserved", func(c *value.Config) { c.Value.Params = map[string]scenario.Param{"truth": scenario.Known(1)} }, "value.params.truth", "has a meaning of its own"},
		{"review cost", func(c *value.Config) {
			c.Value.Review = &scenario.Review{Cost: -1, Accuracy: scenario.Accuracy{Same: 1}}
		}, "value.review.cost", "is -1, it must be 0 or more"},
		{"review accuracy", func(c *value.Config) { c.Value.Review = &scenario.Review{Accuracy: scenario.Accuracy{Same: 1.2}} }, "value.review.accuracy", "is 1.2, it must be from 0 to 1"},
		{"review capacity", func(c *value.Config) {
			c.Value.Review = &scenario.Review{Accuracy: scenario.Accuracy{Same: 1}, Capacity: scenario.Rate{Amount: -3}}
		}, "value.review.capacity", "is -3, it must be 0 or more"},
		{"today unknown", func(c *value.Config) { c.Today = "grnt" }, "need.today", `"grnt" is no action (did you mean "grant"?)`},
		{"today unknown with hyphen", func(c *value.Config) { c.Today = "grant-all" }, "need.today", `"grant-all" is no action`},
		{"today branch", func(c *value.Config) { c.Today = `amount > 5 ? "refuse" : "grnat"` }, "need.today", `"grnat" is no action (did you mean "grant"?)`},
		{"today number", func(c *value.Config) { c.Today = "amount * 2" }, "need.today", "it must give an action's name"},
		{"today column", func(c *value.Config) { c.Today = "amount > 5" }, "need.today", "it must give an action's name"},
		{"per decision", func(c *value.Config) { c.PerDecision = -1 }, "need.costs.per_decision", "is -1, it must be 0 or more"},
		{"volume", func(c *value.Config) { c.Volume.Amount = math.Inf(1) }, "need.volume", "is +Inf"},
		{"review price", func(c *value.Config) {
			c.Value.Review = &scenario.Review{Accuracy: scenario.Accuracy{Same: 1}}
			c.Prices = value.Prices{"review": math.Inf(1)}
		}, "value.capacity.review", "shadow price +Inf"},
		{"fill", func(c *value.Config) { c.Fill = map[string]formula.Fallback{"amount": {Number: math.NaN()}} }, "fill.amount", "is NaN"},
		{"number with outcome", func(c *value.Config) { number(c, action("buy", "high", "1")) }, "value.actions.buy.high", `a predicted number has no outcome "high" (write one expression, which may use "truth" and "prediction")`},
		{"number with two", func(c *value.Config) { number(c, action("buy", "", "1", "", "2")) }, "value.actions.buy", "has 2 payoffs, a predicted number needs one"},
		{"number's target", func(c *value.Config) { number(c, action("buy", "", "amount * 2")) }, "value.actions.buy", `"amount" is the target (write "truth" for the true number`},
		{"number's outcomes", func(c *value.Config) { number(c, action("buy", "", "1")); c.Outcomes = []string{"a"} }, "data.target", "a number has no list of outcomes, got a"},
		{"today predicts", func(c *value.Config) {
			number(c, action("buy", "", "truth"), action("pass", "", "0"))
			c.Today = `prediction > 5 ? "buy" : "pass"`
		}, "need.today", "uses a model's prediction"},
		{"spread form", func(c *value.Config) {
			number(c, action("buy", "", "truth"))
			c.Spread = &value.Spread{Form: "other", Points: []float64{1}}
		}, "spread", `form "other" is none of additive, ratio`},
		{"spread points", func(c *value.Config) {
			number(c, action("buy", "", "truth"))
			c.Spread = &value.Spread{Form: value.Ratio}
		}, "spread", "has 0 points"},
		{"spread nan", func(c *value.Config) {
			number(c, action("buy", "", "truth"))
			c.Spread = &value.Spread{Form: value.Ratio, Points: []float64{math.NaN()}}
		}, "spread", "the point NaN is not finite"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := lender(schema)
			c.change(&config)
			_, err := value.Compile(config)
			var e *value.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if e.Path != c.path || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q at %q, want %q at %q", err, e.Path, c.want, c.path)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	schema := loans(t).Schema()
	messages := func(ws []value.Warning) string {
		var out []string
		for _, w := range ws {
			out = append(out, w.Path+": "+w.Message)
		}
		return strings.Join(out, "\n")
	}
	for _, c := range []struct {
		name   string
		change func(c *value.Config)
		want   string
	}{
		{"fine", func(*value.Config) {}, ""},
		{"dominated", func(c *value.Config) { c.Value.Actions[0] = action("grant", "good", "-1", "bad", "0") }, "value.actions.grant: grant is worth no more than refuse under any outcome, so it is never chosen; check the signs"},
		{"equal", func(c *value.Config) { c.Value.Actions[0] = action("grant", "", "0") }, "value.actions.refuse: refuse is worth no more than grant under any outcome, so it is never chosen; check the signs"},
		{"spelling", func(c *value.Config) { c.Today = `purpose == "cra" ? "grant" : "refuse"` }, `need.today: no row has "cra" in the column "purpose"; did you mean "car"?`},
		{"single", func(c *value.Config) { c.Value.Actions = c.Value.Actions[:1] }, "value.actions: grant is the only action, so there is nothing to decide; the money then only measures the predictions"},
		{"capacity", func(c *value.Config) {
			c.Value.Review = &scenario.Review{Accuracy: scenario.Accuracy{Same: 1}, Capacity: scenario.Rate{Amount: 5, Per: "day"}}
		}, "value.review.capacity: the capacity has no effect without need.volume, which says how many decisions it is for"},
		{"guessing", func(c *value.Config) { c.Value.Review = &scenario.Review{Accuracy: scenario.Accuracy{Same: .4}} }, "value.review.accuracy: a reviewer who is right in 0.4 of the rows is worse than guessing among 2 outcomes"},
	} {
		config := lender(schema)
		c.change(&config)
		p, err := value.Compile(config)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if d := cmp.Diff(c.want, messages(p.Warnings())); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestExamineFindsDominatedRows(t *testing.T) {
	tb := loans(t).Take([]int{0, 1, 2})
	c := lender(tb.Schema())
	c.Value.Actions[0] = action("grant", "good", "amount - 250.5", "bad", "rate")
	p, err := value.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Examine(tb, 2)
	if err != nil {
		t.Fatal(err)
	}
	// Row 1: 749.5 and .01, refusing is dominated; row 2: 0 and 0, equal, so the
	// later action is; row 3: -250.5 and -.5, granting is.
	want := []value.Warning{
		{Path: "value.actions.grant", Message: "in 1 of 3 rows grant is worth no more than another action (mostly refuse) under any outcome, so it is never chosen there"},
		{Path: "value.actions.refuse", Message: "in 2 of 3 rows refuse is worth no more than another action (mostly grant) under any outcome, so it is never chosen there"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSaveAndLoad(t *testing.T) {
	tb := loans(t)
	c := lender(tb.Schema())
	c.Value.Params = map[string]scenario.Param{"margin": scenario.Known(0.12)}
	c.Value.Actions[0] = action("grant", "good", "margin * amount", "bad", `purpose == "car" ? -0.6 * amount : -amount`)
	c.Value.Review = &scenario.Review{Cost: 15, Accuracy: scenario.Accuracy{Same: 0.98}, Capacity: scenario.Rate{Amount: 50, Per: "month"}}
	c.Volume = scenario.Rate{Amount: 2000, Per: "month"}
	c.PerDecision, c.Prices = 0.02, value.Prices{"review": 3.5}
	p, err := value.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	p, err = p.WithFill(formula.Fallbacks(tb, p.Columns()))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	q, err := value.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p.Config(), q.Config()); d != "" {
		t.Error(d)
	}
	again, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(data) {
		t.Error("saving what was loaded gives other bytes")
	}
	predictions := []float64{.9, .1, .2, .8, .5, .5, .7, .3}
	a, err := p.Sheet(tb, predictions, []float64{0, 1, 0, 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := q.Sheet(tb, predictions, []float64{0, 1, 0, 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a.Expected, b.Expected); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(a.Realised, b.Realised); d != "" {
		t.Error(d)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, data := range map[string]string{
		"empty":    "",
		"garbage":  "{",
		"format":   `{"format": 99, "config": {}}`,
		"unknown":  `{"format": 1, "extra": 1, "config": {}}`,
		"trailing": `{"format": 1, "config": {}} {}`,
		"nothing":  `{"format": 1, "config": {}}`,
	} {
		if _, err := value.Load([]byte(data)); err == nil || !strings.HasPrefix(err.Error(), "value: load: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	p, err := value.Compile(lender(loans(f).Schema()))
	if err != nil {
		f.Fatal(err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format":1,"config":{"task":"binary","outcomes":["a","b"],"currency":"EUR","units":{"x":"EUR"},"value":{"params":{"p":{"unit":"EUR","uncertain":{"beta":[6,14],"points":[{"value":0,"chance":0.5}]}}},"actions":[{"name":"a","payoffs":[{"money":"p * p / p"}]},{"name":"b","payoffs":[{"money":"-60 EUR"}]}]}}}`))
	f.Add([]byte(`{"format":1,"config":{"task":"regression","value":{"actions":[{"name":"a","payoffs":[{"money":"truth"}]}]},"spread":{"form":"ratio","points":[1]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := value.Load(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := value.Load(again); err != nil {
			t.Fatalf("saved payoffs cannot be loaded: %v", err)
		}
	})
}
