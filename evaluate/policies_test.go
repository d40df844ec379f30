package evaluate_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bespoke/evaluate"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// credit is the out-of-fold file of credit-g.
type credit struct {
	Bad          string    `json:"bad"`
	Chance       []float64 `json:"chance"`
	FalseAlarms  int       `json:"false_alarms"`
	Missed       int       `json:"missed"`
	Cost         float64   `json:"cost"`
	ExpectedCost float64   `json:"expected_cost"`
	AUC          float64   `json:"auc"`
}

func creditHeld(t *testing.T) (evaluate.Held, credit) {
	t.Helper()
	var c credit
	read(t, "credit-g-oof.json", &c)
	h := evaluate.Held{Task: model.Binary, Outcomes: []string{"good", "bad"}}
	for i, p := range c.Chance {
		h.Truth = append(h.Truth, float64(c.Bad[i]-'0'))
		h.Predictions = append(h.Predictions, 1-p, p)
	}
	return h, c
}

// action writes an action with one payoff per outcome.
func action(name string, payoffs ...string) scenario.Action {
	a := scenario.Action{Name: name}
	for i := 0; i < len(payoffs); i += 2 {
		a.Payoffs = append(a.Payoffs, scenario.Payoff{Outcome: payoffs[i], Money: payoffs[i+1]})
	}
	return a
}

// lender are the costs 5 : 1 of German credit, as money.
func lender() value.Config {
	return value.Config{
		Task: model.Binary, Outcomes: []string{"good", "bad"}, Target: "class", Today: "grant",
		Value: scenario.Value{Actions: scenario.Actions{
			action("grant", "good", "0", "bad", "-5"), action("refuse", "good", "-1", "bad", "0"),
		}},
	}
}

func sheet(t testing.TB, c value.Config, h evaluate.Held) *value.Sheet {
	t.Helper()
	p, err := value.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]float64, h.Rows())
	for i := range rows {
		rows[i] = float64(i)
	}
	tb, err := table.New(table.NewNumber("id", rows))
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Sheet(tb, h.Predictions, h.Truth, 2)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func options() evaluate.Options {
	o := evaluate.DefaultOptions()
	o.Currency, o.Volume = "DEM", 2000
	return o
}

func TestPoliciesOfGermanCredit(t *testing.T) {
	h, c := creditHeld(t)
	s := sheet(t, lender(), h)
	p, err := evaluate.ComparePolicies(s, nil, options())
	if err != nil {
		t.Fatal(err)
	}
	totals := map[string]float64{}
	var names []string
	for _, q := range p.Policies {
		totals[q.Name] = q.Total
		names = append(names, q.Name)
		near(t, q.Name+" per month", q.PerMonth, 2000*q.Mean, 1e-9)
	}
	if d := cmp.Diff([]string{"always grant", "always refuse", "today's rule", "model", "perfect model"}, names); d != "" {
		t.Fatal(d)
	}
	for name, want := range map[string]float64{"always grant": -1500, "always refuse": -700, "today's rule": -1500, "model": -c.Cost, "perfect model": 0} {
		near(t, name, totals[name], want, 1e-9)
	}
	m := p.Policies[p.Model]
	near(t, "granted", float64(m.Actions[0].Rows), 1000-float64(c.FalseAlarms)-(300-float64(c.Missed)), 0)
	near(t, "captured", *m.Captured, 1-c.Cost/700, 1e-12)
	near(t, "reachable", p.Reachable, .7, 1e-12)
	near(t, "left", p.Left, c.Cost/1000, 1e-12)
	near(t, "known", p.Known, c.ExpectedCost/1000, 1e-9)
	if p.Policies[p.Baseline].Name != "always refuse" || p.BestConstant != p.Baseline {
		t.Errorf("the baseline is %q", p.Policies[p.Baseline].Name)
	}
	if !m.VersusConstant.Significant || m.VersusToday == nil || m.CapturedInterval == nil {
		t.Errorf("the model: %+v", m)
	}
	if want := "The model earns 0.173 DEM more per decision than always refuse (95 % interval "; !strings.HasPrefix(p.Sentence, want) {
		t.Errorf("got %q, want %q...", p.Sentence, want)
	}
	if _, err := json.Marshal(p); err != nil {
		t.Error(err)
	}
}

func TestPoliciesHaveTheSameBitsForAnyThreads(t *testing.T) {
	h, _ := creditHeld(t)
	s := sheet(t, lender(), h)
	o := options()
	o.Resamples = 100
	o.Groups = make([]int, h.Rows())
	for i := range o.Groups {
		o.Groups[i] = i / 3
	}
	var first []byte
	for _, threads := range []int{1, 2, 5} {
		o.Threads = threads
		p, err := evaluate.ComparePolicies(s, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		m, err := evaluate.CheckMoney(s, nil, [2]float64{.9, 1.1}, o)
		if err != nil {
			t.Fatal(err)
		}
		curve, err := evaluate.CurveOfProfit(s, 20, o)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := evaluate.Scores(h, o)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal([]any{p, m, curve, scores})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if string(data) != string(first) {
			t.Errorf("%d threads give other figures than 1", threads)
		}
	}
}

func TestDoNothingStandsApart(t *testing.T) {
	h := evaluate.Held{Task: model.Binary, Outcomes: []string{"stay", "leave"}, Truth: []float64{0, 1, 1}, Predictions: []float64{.8, .2, .3, .7, .4, .6}}
	c := value.Config{
		Task: h.Task, Outcomes: h.Outcomes, PerDecision: .5,
		Value: scenario.Value{Actions: scenario.Actions{action("offer", "stay", "-10", "leave", "30"), action("leave alone", "", "0")}},
	}
	p, err := evaluate.ComparePolicies(sheet(t, c, h), nil, options())
	if err != nil {
		t.Fatal(err)
	}
	if q := p.Policies[0]; q.Kind != evaluate.DoNothing || q.Name != "do nothing (leave alone)" || q.Total != 0 {
		t.Errorf("do-nothing: %+v", q)
	}
	// Acting on the two who leave, at half a unit per decision of the model; the
	// constants cost nothing to decide.
	near(t, "model", p.Policies[p.Model].Total, 60-1.5, 1e-12)
	near(t, "perfect", p.Policies[len(p.Policies)-1].Total, 60-1.5, 1e-12)
	near(t, "always offer", p.Policies[1].Total, 50, 1e-12)
	if p.Policies[0].VersusToday != nil {
		t.Error("a difference to today's rule although there is none")
	}
}

// The perfect model is an upper bound, and every captured share is at most 1.
func TestPolicyProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h, c := drawCase(r)
		s := sheet(t, c, h)
		o := evaluate.DefaultOptions()
		o.Resamples = 100
		p, err := evaluate.ComparePolicies(s, nil, o)
		if err != nil {
			r.Fatal(err)
		}
		perfect := p.Policies[len(p.Policies)-1]
		for _, q := range p.Policies {
			if q.Kind != evaluate.Model && q.Kind != evaluate.Perfect {
				continue
			}
			if q.Total > perfect.Total+1e-9*math.Abs(perfect.Total) {
				r.Fatalf("%s earned %v, the perfect model %v", q.Name, q.Total, perfect.Total)
			}
			if q.Captured != nil && *q.Captured > 1+1e-9 {
				r.Fatalf("%s captured %v", q.Name, *q.Captured)
			}
		}
		if p.Left < -1e-9 || p.Known < -1e-9 {
			r.Fatalf("left %v, known %v", p.Left, p.Known)
		}
		if _, err := json.Marshal(p); err != nil {
			r.Fatal(err)
		}
	})
}

// drawCase draws rows and constant payoffs.
func drawCase(r *rapid.T) (evaluate.Held, value.Config) {
	k := rapid.IntRange(2, 4).Draw(r, "classes")
	h := evaluate.Held{Task: model.Binary}
	if k > 2 {
		h.Task = model.Multiclass
	}
	for c := range k {
		h.Outcomes = append(h.Outcomes, string(rune('a'+c)))
	}
	for range rapid.IntRange(1, 30).Draw(r, "rows") {
		h.Truth = append(h.Truth, float64(rapid.IntRange(0, k-1).Draw(r, "truth")))
		sum := 0.0
		row := make([]float64, k)
		for c := range row {
			row[c] = float64(rapid.IntRange(1, 9).Draw(r, "weight"))
			sum += row[c]
		}
		for _, w := range row {
			h.Predictions = append(h.Predictions, w/sum)
		}
	}
	var actions scenario.Actions
	for a := range rapid.IntRange(1, 3).Draw(r, "actions") {
		act := scenario.Action{Name: "do" + string(rune('0'+a))}
		for _, o := range h.Outcomes {
			act.Payoffs = append(act.Payoffs, scenario.Payoff{Outcome: o, Money: rapid.SampledFrom([]string{"0", "1", "-5", "2.5", "-0.1 * id"}).Draw(r, "money")})
		}
		actions = append(actions, act)
	}
	return h, value.Config{
		Task: h.Task, Outcomes: h.Outcomes, Schema: table.Schema{{Name: "id"}},
		PerDecision: float64(rapid.IntRange(0, 2).Draw(r, "cost")) / 10,
		Value:       scenario.Value{Actions: actions},
	}
}

func TestBrokenComparisons(t *testing.T) {
	h, _ := creditHeld(t)
	s := sheet(t, lender(), h)
	blind := *s
	blind.Realised = nil
	for name, f := range map[string]func() error{
		"no truth": func() error { _, err := evaluate.ComparePolicies(&blind, nil, options()); return err },
		"choice":   func() error { _, err := evaluate.ComparePolicies(s, []int{1}, options()); return err },
		"short":    func() error { _, err := evaluate.ComparePolicies(s, make([]int, 999), options()); return err },
		"unknown": func() error {
			c := make([]int, 1000)
			c[3] = 7
			_, err := evaluate.ComparePolicies(s, c, options())
			return err
		},
		"range":  func() error { _, err := evaluate.CheckMoney(s, nil, [2]float64{2, 1}, options()); return err },
		"points": func() error { _, err := evaluate.CurveOfProfit(s, 0, options()); return err },
		"lift":   func() error { _, err := evaluate.Lift(h, 2, 10); return err },
		"metric": func() error {
			_, err := evaluate.Compare("rmse", evaluate.Contender{Held: h, Sheet: s}, evaluate.Contender{Held: h, Sheet: s}, options())
			return err
		},
		"other rows": func() error {
			_, err := evaluate.Compare("", evaluate.Contender{Held: h, Sheet: s}, evaluate.Contender{Held: h, Sheet: s.Take([]int{1})}, options())
			return err
		},
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Nobody can call more often than there are calls: the model's choice is taken
// back to the limit, the constant policy draws lots, and the perfect model keeps
// to it as well.
func TestPoliciesKeepToLimits(t *testing.T) {
	tb, err := table.New(table.NewNumber("worth", []float64{10, 10, 20, 20, 30, 10}))
	if err != nil {
		t.Fatal(err)
	}
	p, err := value.Compile(value.Config{
		Schema: tb.Schema(), Task: model.Binary, Outcomes: []string{"no", "yes"}, Volume: scenario.Rate{Amount: 60, Per: "month"},
		Value: scenario.Value{
			Actions: scenario.Actions{
				{Name: "leave", Payoffs: []scenario.Payoff{{Money: "0"}}},
				{Name: "call", Payoffs: []scenario.Payoff{{Outcome: "no", Money: "-1"}, {Outcome: "yes", Money: "worth - 1"}}},
			},
			Capacity: scenario.Capacities{{Name: "call", Most: scenario.Rate{Amount: 20, Per: "month"}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	predictions := []float64{.5, .5, .7, .3, .6, .4, .9, .1, .7, .3, .98, .02}
	s, err := p.Sheet(tb, predictions, []float64{1, 0, 1, 0, 1, 0}, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := evaluate.ComparePolicies(s, nil, evaluate.Options{Resamples: 100, Level: .9, Seed: 1, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"do nothing (leave)": 0, "call as often as the limits allow": 3, "model": 8, "perfect model": 8}
	for _, q := range got.Policies {
		if m, ok := want[q.Name]; !ok || math.Abs(q.Mean-m) > 1e-12 {
			t.Errorf("%s earns %v, want %v", q.Name, q.Mean, m)
		}
		if calls := q.Actions[1].Rows; calls != 2 && q.Action != 0 {
			t.Errorf("%s calls %d of 2", q.Name, calls)
		}
	}
	if _, err := evaluate.CurveOfProfit(s, 3, evaluate.Options{Resamples: 100, Level: .9, Seed: 1, Threads: 1}); err != nil {
		t.Error(err)
	}
}
