package value_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

func warnings(p *value.Payoffs) string {
	var lines []string
	for _, w := range p.Warnings() {
		lines = append(lines, w.Path+": "+w.Message)
	}
	return strings.Join(lines, "\n")
}

func TestWarningsOfConstants(t *testing.T) {
	two := []string{"good", "bad"}
	three := []string{"low", "middle", "high"}
	for _, c := range []struct {
		name     string
		outcomes []string
		value    scenario.Value
		want     string
	}{
		{"sound", two, scenario.Value{Actions: scenario.Actions{action("grant", "good", "1", "bad", "-5"), action("refuse", "", "0")}}, ""},
		{"mixture", two, scenario.Value{Actions: scenario.Actions{
			action("grant", "good", "10", "bad", "-10"), action("half", "good", "3", "bad", "-4"), action("refuse", "", "0"),
		}}, "value.actions.half: half is best for no chances of the outcomes: grant in 35 % of such rows and refuse in 65 % of such rows would be worth at least 0.5 more, whatever happens, so it is never chosen"},
		{"mixture of three", three, scenario.Value{Actions: scenario.Actions{
			action("a", "low", "9", "middle", "0", "high", "0"), action("b", "low", "0", "middle", "9", "high", "0"),
			action("c", "low", "0", "middle", "0", "high", "9"), action("d", "", "2"),
		}}, "value.actions.d: d is best for no chances of the outcomes: a in 33.3 % of such rows and b in 33.3 % of such rows and c in 33.3 % of such rows would be worth at least 1 more, whatever happens, so it is never chosen"},
		{"no mixture", three, scenario.Value{Actions: scenario.Actions{
			action("a", "low", "9", "middle", "0", "high", "0"), action("b", "low", "0", "middle", "9", "high", "0"),
			action("c", "low", "0", "middle", "0", "high", "9"), action("d", "", "4"),
		}}, ""},
		{"review too dear", two, scenario.Value{
			Actions: scenario.Actions{action("grant", "good", "1", "bad", "-5"), action("refuse", "", "0")},
			Review:  &scenario.Review{Cost: 1, Accuracy: scenario.Accuracy{Same: 1}},
		}, "value.review: a review can never pay: it costs 1, and brings at most 0.833 even where the outcome is most open"},
		{"review that pays", two, scenario.Value{
			Actions: scenario.Actions{action("grant", "good", "1", "bad", "-5"), action("refuse", "", "0")},
			Review:  &scenario.Review{Cost: .8, Accuracy: scenario.Accuracy{Same: 1}},
		}, ""},
		{"reviewer who errs", two, scenario.Value{
			Actions: scenario.Actions{action("grant", "good", "1", "bad", "-5"), action("refuse", "", "0")},
			Review:  &scenario.Review{Cost: .8, Accuracy: scenario.Accuracy{Same: .9}},
		}, "value.review: a review can never pay: it costs 0.8, and brings at most 0.667 even where the outcome is most open"},
		{"unused parameter", two, scenario.Value{
			Params:  map[string]scenario.Param{"margin": scenario.Known(1), "used": scenario.Known(2)},
			Actions: scenario.Actions{action("grant", "good", "used", "bad", "-5"), action("refuse", "", "0")},
		}, "value.params.margin: no expression uses it, so that it changes nothing; check the spelling where it was meant"},
	} {
		p := compile(t, value.Config{Task: model.Multiclass, Outcomes: c.outcomes, Value: c.value})
		if got := warnings(p); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// With two outcomes the best action changes only where two are equal, so that
// those chances show which actions are ever best.
func TestNeverBest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		money := make([][2]float64, rapid.IntRange(2, 6).Draw(r, "actions"))
		var actions scenario.Actions
		for a := range money {
			for o := range money[a] {
				money[a][o] = float64(rapid.IntRange(-9, 9).Draw(r, "money"))
			}
			actions = append(actions, action(fmt.Sprint("a", a), "no", fmt.Sprint(money[a][0]), "yes", fmt.Sprint(money[a][1])))
		}
		chances := []float64{0, 1}
		for a := range money {
			for b := range a {
				d0, d1 := money[a][0]-money[b][0], money[a][1]-money[b][1]
				if p := d0 / (d0 - d1); p > 0 && p < 1 {
					chances = append(chances, p)
				}
			}
		}
		p, err := value.Compile(value.Config{Task: model.Binary, Outcomes: []string{"no", "yes"}, Value: scenario.Value{Actions: actions}})
		if err != nil {
			r.Fatal(err)
		}
		said := warnings(p)
		for a := range money {
			best := math.Inf(-1) // the lead over the best other action, at most
			for _, p := range chances {
				lead := math.Inf(1)
				for b := range money {
					if b != a {
						lead = math.Min(lead, (1-p)*(money[a][0]-money[b][0])+p*(money[a][1]-money[b][1]))
					}
				}
				best = math.Max(best, lead)
			}
			name := fmt.Sprintf("value.actions.a%d: ", a)
			if strings.Contains(said, name+fmt.Sprintf("a%d is best for no chances", a)) && best > -1e-9 {
				r.Fatalf("a%d of %v is best somewhere\n%s", a, money, said)
			}
			if !strings.Contains(said, name) && best < -1e-9 {
				r.Fatalf("a%d of %v is never best\n%s", a, money, said)
			}
		}
	})
}

// With more outcomes no chances drawn may show a warning to be wrong.
func TestNeverBestOfMany(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n, states := rapid.IntRange(3, 6).Draw(r, "actions"), rapid.IntRange(2, 5).Draw(r, "outcomes")
		money := make([][]float64, n)
		var actions scenario.Actions
		var outcomes []string
		for o := range states {
			outcomes = append(outcomes, fmt.Sprint("o", o))
		}
		for a := range money {
			act := scenario.Action{Name: fmt.Sprint("a", a)}
			for o := range states {
				v := rapid.Float64Range(-1e6, 1e6).Draw(r, "money")
				money[a] = append(money[a], v)
				act.Payoffs = append(act.Payoffs, scenario.Payoff{Outcome: outcomes[o], Money: fmt.Sprint(v)})
			}
			actions = append(actions, act)
		}
		p, err := value.Compile(value.Config{Task: model.Multiclass, Outcomes: outcomes, Value: scenario.Value{Actions: actions}})
		if err != nil {
			r.Fatal(err)
		}
		never := make([]bool, n)
		for a := range money {
			never[a] = strings.Contains(warnings(p), fmt.Sprintf("value.actions.a%d: ", a))
		}
		for range 50 {
			chance := make([]float64, states)
			for o := range chance {
				chance[o] = -math.Log(1 - rapid.Float64Range(0, .999).Draw(r, "chance"))
			}
			most := [2]float64{math.Inf(-1), math.Inf(-1)} // of the others, and of those warned about
			for a := range money {
				v, kind := 0.0, 0
				for o, c := range chance {
					v += c * money[a][o]
				}
				if never[a] {
					kind = 1
				}
				most[kind] = math.Max(most[kind], v)
			}
			if most[1] > most[0]+1e-3 {
				r.Fatalf("an action that is never best is worth %v, the others %v, at %v\n%s", most[1], most[0], chance, warnings(p))
			}
		}
	})
}

func TestUnevenPayoffs(t *testing.T) {
	amounts := []float64{5, 10, 10, 10, -20, 0, 10, 11_000}
	tb, err := table.New(table.NewNumber("amount", amounts))
	if err != nil {
		t.Fatal(err)
	}
	c := value.Config{
		Schema: tb.Schema(), Task: model.Binary, Outcomes: []string{"good", "bad"},
		Value: scenario.Value{Actions: scenario.Actions{action("grant", "good", "0.1 * amount", "bad", "-min(abs(amount), 100) - 1"), action("refuse", "", "0")}},
	}
	got, err := compile(t, c).Examine(tb, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := value.Warning{
		Path:    "value.actions.grant.good",
		Message: "in row 8 it is 1,100, more than 1,000 times what it is in half of the rows (1), so that few rows decide the money; check that row, or bound the payoff with min or clamp",
	}
	var found []value.Warning
	for _, w := range got {
		if strings.Contains(w.Message, "half of the rows") {
			found = append(found, w)
		}
	}
	if len(found) != 1 || found[0] != want {
		t.Errorf("got %+v, want %+v", found, want)
	}
}

func TestUncertaintyThatChangesNothing(t *testing.T) {
	truth := []float64{0, 1, 0, 1, 0, 1, 0, 1}
	c := churn(beta(1, 3))
	c.Value.Params["lifetime"] = scenario.Known(40)
	r, err := compile(t, c).Revealed(rowsOf(t, 8), isotonic(truth), truth, 1)
	if err != nil {
		t.Fatal(err)
	}
	if w := r.Warnings(); len(w) != 0 || !(r.Alone[0].Changed > .1 && r.Alone[0].Changed < 1) {
		t.Errorf("%+v, %v", r.Alone, w)
	}
	c.Value.Params["accept"] = beta(6000, 14000)
	if r, err = compile(t, c).Revealed(rowsOf(t, 8), isotonic(truth), truth, 1); err != nil {
		t.Fatal(err)
	}
	if w := r.Warnings(); len(w) != 1 || w[0].Path != "value.params.accept" || r.Alone[0].Changed != 0 {
		t.Errorf("%+v, %v", r.Alone, w)
	}
}
