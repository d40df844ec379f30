package value_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// thousand are 1000 loans of which 300 go bad: German credit.
func thousand(t *testing.T) (*table.Table, []float64) {
	t.Helper()
	truth := make([]float64, 1000)
	for i := range 300 {
		truth[i] = 1
	}
	tb, err := table.New(table.NewNumber("row", make([]float64, 1000)))
	if err != nil {
		t.Fatal(err)
	}
	return tb, truth
}

func TestNeed(t *testing.T) {
	tb, truth := thousand(t)
	for _, c := range []struct {
		name     string
		change   func(c *value.Config, n *scenario.Need)
		passes   bool
		sentence string
		check    func(n *value.Need) map[string][2]float64
	}{
		{
			"volume and costs", func(c *value.Config, n *scenario.Need) {
				c.PerDecision = .02
				n.Volume, n.Costs.Fixed = scenario.Rate{Amount: 2000, Per: "month"}, scenario.Rate{Amount: 4800, Per: "year"}
			}, true,
			"A perfect model would earn 960 DEM a month more than “always refuse” after its costs; a real one must capture 31.4 % of that gain to pay for itself.",
			func(n *value.Need) map[string][2]float64 {
				return map[string][2]float64{
					"perfect": {n.Perfect.PerDecision, .7}, "baseline": {n.Baseline.PerDecision, 0}, "room": {n.Room, .68},
					"per month": {n.RoomPerMonth, 960}, "share": {n.Share, (.02 + 400.0/2000) / .7}, "break even": {n.BreakEven, 400 / .68},
				}
			},
		},
		{
			"fixed costs too high", func(_ *value.Config, n *scenario.Need) {
				n.Volume, n.Costs.Fixed = scenario.Rate{Amount: 100, Per: "month"}, scenario.Rate{Amount: 12000, Per: "year"}
			}, false,
			"Even a perfect model would lose 930 DEM a month: it would earn 70 DEM more than “always refuse”, but costs 1,000 DEM; it would pay from 1,429 decisions a month.",
			func(n *value.Need) map[string][2]float64 {
				return map[string][2]float64{"share": {n.Share, 10 / .7}}
			},
		},
		{
			"each decision too dear", func(c *value.Config, _ *scenario.Need) { c.PerDecision = 1 }, false,
			"Even a perfect model would lose money: it would earn 0.7 DEM more per decision than “always refuse”, but each decision costs 1 DEM.", nil,
		},
		{
			"no volume", func(*value.Config, *scenario.Need) {}, true,
			"A perfect model would earn 0.7 DEM more per decision than “always refuse”.", nil,
		},
		{
			"fixed without volume", func(_ *value.Config, n *scenario.Need) { n.Costs.Fixed = scenario.Rate{Amount: 1400, Per: "month"} }, true,
			"A perfect model would earn 0.7 DEM more per decision than “always refuse”; with fixed costs of 1,400 DEM a month it pays from 2,000 decisions a month (give need.volume to decide).", nil,
		},
		{
			"nothing to decide", func(c *value.Config, _ *scenario.Need) { c.Value.Actions[0] = action("grant", "good", "1", "bad", "1") }, false,
			"Even a perfect model would earn nothing beyond “always grant”: the best action is the same whatever happens.", nil,
		},
		{
			"today is better", func(c *value.Config, n *scenario.Need) {
				c.Today = `row == 1 ? "grant" : "refuse"`
				c.Schema = table.Schema{{Name: "row"}}
				c.Value.Actions[1] = action("refuse", "", "0")
			}, true, "A perfect model would earn 0.7 DEM more per decision than today's rule.", nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := value.Config{
				Task: model.Binary, Outcomes: []string{"good", "bad"},
				Value: scenario.Value{Actions: scenario.Actions{action("grant", "good", "1", "bad", "-5"), action("refuse", "", "0")}},
			}
			need := scenario.Need{Currency: "DEM"}
			c.change(&config, &need)
			n, err := compile(t, config).Need(tb, truth, need, 2)
			if err != nil {
				t.Fatal(err)
			}
			if n.Gate.Passed != c.passes || n.Gate.Sentence != c.sentence {
				t.Errorf("passed %v: %s\nwant   %v: %s", n.Gate.Passed, n.Gate.Sentence, c.passes, c.sentence)
			}
			if c.check != nil {
				for name, v := range c.check(n) {
					near(t, name, v[0], v[1], 1e-9)
				}
			}
			if _, err := json.Marshal(n); err != nil {
				t.Error(err)
			}
		})
	}
}

// A fifth more or less of each number, by hand: 1400 good of 2000 decisions a
// month are worth 1 each to a perfect lender, fixed costs are 1200. Six sevenths
// of what there is make it nothing.
func TestSensitivity(t *testing.T) {
	tb, truth := thousand(t)
	c := value.Config{
		Task: model.Binary, Outcomes: []string{"good", "bad"},
		Value: scenario.Value{
			Params:  map[string]scenario.Param{"margin": scenario.Known(1), "unused": scenario.Known(3)},
			Actions: scenario.Actions{action("grant", "good", "margin", "bad", "-5"), action("refuse", "", "0")},
		},
	}
	need := scenario.Need{Volume: scenario.Rate{Amount: 2000, Per: "month"}, Costs: scenario.Costs{Fixed: scenario.Rate{Amount: 1200, Per: "month"}}}
	p := compile(t, c)
	got, err := p.Sensitivity(tb, truth, need, .2, 2)
	if err != nil {
		t.Fatal(err)
	}
	less, more, margin := -1./7, 1./6, 6./7
	want := []value.Swing{
		{Name: "value.params.margin", Low: .8*1400 - 1200, High: 1.2*1400 - 1200, Flips: true, Turns: &less, At: &margin},
		{Name: "value.actions.grant.good", Low: .8*1400 - 1200, High: 1.2*1400 - 1200, Flips: true, Turns: &less},
		{Name: "need.volume", Low: .8*1400 - 1200, High: 1.2*1400 - 1200, Flips: true, Turns: &less},
		{Name: "need.costs.fixed", Low: 1400 - .8*1200, High: 1400 - 1.2*1200, Flips: true, Turns: &more, Above: true},
	}
	// A part in 4,000 of a stride is how exactly a turning point is found.
	if d := cmp.Diff(want, got.Swings, cmpopts.EquateApprox(0, 5e-4), cmpopts.IgnoreUnexported(value.Swing{})); d != "" {
		t.Error(d)
	}
	if got.Measure != "per month" || got.Base != 200 || got.Rows != 1000 || got.Of != 1000 {
		t.Errorf("got %+v", got)
	}
	const says = "The answer turns when value.params.margin is 14.3 % smaller, or when value.actions.grant.good is 14.3 % smaller, or when need.volume is 14.3 % smaller; one other number turns it further off."
	if got.Sentence != says {
		t.Errorf("got  %s\nwant %s", got.Sentence, says)
	}
	if _, err := p.Sensitivity(tb, truth, need, 1, 1); err == nil {
		t.Error("a share of 1: no error")
	}
}

// With a loss so large that nobody lends without a model, only the costs of the
// model turn the answer; a loss ten times as large does not.
func TestSensitivityOfLimitsAndSetup(t *testing.T) {
	tb, truth := thousand(t)
	month := func(v float64) scenario.Rate { return scenario.Rate{Amount: v, Per: "month"} }
	c := value.Config{
		Task: model.Binary, Outcomes: []string{"good", "bad"}, Volume: month(2000),
		Value: scenario.Value{
			Actions:  scenario.Actions{action("grant", "good", "1", "bad", "-5"), action("refuse", "", "0")},
			Capacity: scenario.Capacities{{Name: "grant", Most: month(500)}},
		},
	}
	need := scenario.Need{Volume: month(2000), Costs: scenario.Costs{Setup: 4000}, Horizon: 10}
	p := compile(t, c)
	got, err := p.Sensitivity(tb, truth, need, .2, 2)
	if err != nil {
		t.Fatal(err)
	}
	swing := map[string]value.Swing{}
	for _, s := range got.Swings {
		swing[s.Name] = s
	}
	if got.Measure != "present value" || math.Abs(got.Base-1000) > 1e-9 {
		t.Errorf("got %+v", got)
	}
	for _, c := range []struct {
		name      string
		low, high float64
		turns     float64
	}{
		{"value.capacity.grant", 0, 2000, -.2},
		{"need.costs.setup", 1800, 200, .25},
		{"need.horizon", 0, 2000, -.2},
		{"value.actions.grant.good", 0, 2000, -.2},
	} {
		s := swing[c.name]
		if s.Turns == nil || math.Abs(s.Low-c.low) > 1e-6 || math.Abs(s.High-c.high) > 1e-6 || math.Abs(*s.Turns-c.turns) > 5e-4 {
			t.Errorf("%s: %+v, want %+v", c.name, s, c)
		}
	}
	for _, none := range []string{"need.volume", "value.actions.grant.bad", "need.interest"} {
		if s, ok := swing[none]; ok {
			t.Errorf("%+v moves nothing", s)
		}
	}
}

// A setup must come back within the horizon, with interest.
func TestNeedOfSetup(t *testing.T) {
	tb, truth := thousand(t)
	c := value.Config{
		Task: model.Binary, Outcomes: []string{"good", "bad"}, PerDecision: .02,
		Value: scenario.Value{Actions: scenario.Actions{action("grant", "good", "1", "bad", "-5"), action("refuse", "", "0")}},
	}
	need := scenario.Need{
		Currency: "DEM", Volume: scenario.Rate{Amount: 2000, Per: "month"}, Interest: .08, Horizon: 36,
		Costs: scenario.Costs{Fixed: scenario.Rate{Amount: 400, Per: "month"}, Setup: 9600},
	}
	n, err := compile(t, c).Need(tb, truth, need, 1)
	if err != nil {
		t.Fatal(err)
	}
	rate := math.Pow(1.08, 1./12) - 1
	worth := -9600.0
	for k := 1; k <= 36; k++ {
		worth += 960 / math.Pow(1+rate, float64(k))
	}
	near(t, "present value", *n.PresentValue, worth, 1e-6)
	near(t, "payback", *n.Payback, 10, 1e-9)
	if n.Gate.Sentence != "A perfect model would earn 960 DEM a month more than “always refuse” after its costs and earn back its setup in 10 months; a real one must capture 52.8 % of that gain to pay for itself within 36 months." {
		t.Error(n.Gate.Sentence)
	}
	// A model that captures just that much is worth nothing now.
	months, ok := n.PaybackAt(n.Share)
	gain := (n.Share*.7-.02)*2000 - 400
	near(t, "payback of a real model", months, 9600/gain, 1e-9)
	near(t, "worth of it", value.PresentValue(9600, gain, value.Monthly(.08), 36), 0, 1e-6)
	if !ok {
		t.Error("a real model never pays back")
	}
	if _, ok := n.PaybackAt(.2); ok {
		t.Error("a fifth of the gain does not pay the running costs")
	}
	near(t, "break even", n.BreakEven, (400+9600/((worth+9600)/960))/.68, 1e-6)
	need.Costs.Setup = 50000
	if n, err = compile(t, c).Need(tb, truth, need, 1); err != nil {
		t.Fatal(err)
	}
	if n.Gate.Passed || n.Gate.Sentence != "Even a perfect model would not earn back its setup of 50,000 DEM: the 960 DEM a month that it would earn more than “always refuse” are worth 30,762 DEM now, over 36 months at 8 % interest a year." {
		t.Errorf("passed %v: %s", n.Gate.Passed, n.Gate.Sentence)
	}
}

// Payoffs that read the prediction need a model, so they are no constant
// policy; with no other the baseline is doing without.
func TestNeedOfNumbers(t *testing.T) {
	tb, err := table.New(table.NewNumber("asking", []float64{100, 200}))
	if err != nil {
		t.Fatal(err)
	}
	c := value.Config{Task: model.Regression, Schema: tb.Schema(), Value: scenario.Value{Actions: scenario.Actions{
		action("bid", "", "truth > 0.9 * prediction ? truth - 0.9 * prediction : 0"),
	}}}
	n, err := compile(t, c).Need(tb, []float64{110, 190}, scenario.Need{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "perfect", n.Perfect.PerDecision, 15, 1e-12)
	if n.Baseline.Name != "doing without" || len(n.Constants) != 0 {
		t.Errorf("baseline %+v of %+v", n.Baseline, n.Constants)
	}
}

func TestNeedErrors(t *testing.T) {
	tb, truth := thousand(t)
	p := compile(t, value.Config{
		Task: model.Binary, Outcomes: []string{"good", "bad"},
		Value: scenario.Value{Actions: scenario.Actions{action("grant", "", "1")}},
	})
	for want, f := range map[string]func() error{
		"no rows with a known outcome": func() error { _, err := p.Need(tb.Take(nil), nil, scenario.Need{}, 1); return err },
		"the outcomes are needed":      func() error { _, err := p.Need(tb, nil, scenario.Need{}, 1); return err },
		"999 true outcomes":            func() error { _, err := p.Need(tb, truth[1:], scenario.Need{}, 1); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestEconomics(t *testing.T) {
	if m, ok := value.Payback(1200, 100); !ok || m != 12 {
		t.Errorf("payback %v, %v", m, ok)
	}
	if _, ok := value.Payback(1, 0); ok {
		t.Error("paid back by nothing")
	}
	if m, ok := value.Payback(0, -1); !ok || m != 0 {
		t.Error("nothing to pay back")
	}
	npv := -1000.0
	for k := 1; k <= 12; k++ {
		npv += 100 / math.Pow(1.01, float64(k))
	}
	near(t, "net present value", value.PresentValue(1000, 100, .01, 12), npv, 1e-9)
	near(t, "without interest", value.PresentValue(1000, 100, 0, 12), 200, 1e-12)
}

func TestRound(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", -0.5: "-0.5", 0.12345: "0.123", 12.345: "12.3", 123.45: "123", 999.4: "999", 999.6: "1,000",
		1234567.8: "1,234,568", -1234: "-1,234", 0.000012345: "0.0000123", 1e-20: "0", 100: "100", 250: "250",
	} {
		if got := value.Round(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
}

func TestSum(t *testing.T) {
	v := []float64{1e16, 1, -1e16}
	near(t, "sum", value.Sum(v), 1, 0)
}
