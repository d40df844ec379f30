package value_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// One row decided alone gives the bits of the same row in a table.
func TestDecideEqualsSheet(t *testing.T) {
	tb, c, predictions, _ := big(t, 700)
	p := compile(t, c)
	p, err := p.WithPrices(value.Prices{"review": 2})
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Sheet(tb, predictions, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	choice, promise, evpi := s.Choose(), s.Promise(s.Choose()), s.EVPI()
	scratch := p.NewScratch()
	seen := map[string]int{}
	for i := range tb.Rows() {
		d, err := p.Decide(tb, i, predictions[3*i:3*i+3], scratch)
		if err != nil {
			t.Fatal(err)
		}
		if d.Action != choice[i] || d.Name != s.Actions[choice[i]] || d.Money != promise[i] || d.EVPI != evpi[i] {
			t.Fatalf("row %d: got %+v, the sheet has action %d for %v, EVPI %v", i, d, choice[i], promise[i], evpi[i])
		}
		for a, v := range d.Expected {
			if v != s.Expected[i*len(s.Actions)+a] {
				t.Fatalf("row %d: expected %v", i, d.Expected)
			}
		}
		seen[d.Name]++
	}
	if len(seen) < 3 {
		t.Errorf("the rows are all alike: %v", seen)
	}
}

func TestDecideNumbersEqualsSheet(t *testing.T) {
	tb, c, predictions := houses(t)
	p := compile(t, c)
	s, err := p.Sheet(tb, predictions, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	scratch := p.NewScratch()
	for i := range tb.Rows() {
		d, err := p.Decide(tb, i, predictions[i:i+1], scratch)
		if err != nil {
			t.Fatal(err)
		}
		if d.Action != s.Choose()[i] || d.Money != s.Promise(s.Choose())[i] || d.EVPI != s.EVPI()[i] {
			t.Fatalf("row %d: got %+v, the sheet %v", i, d, s.Expected[i*len(s.Actions):(i+1)*len(s.Actions)])
		}
	}
}

func TestDecideDoesNotAllocate(t *testing.T) {
	tb, c, predictions, _ := big(t, 10)
	for name, change := range map[string]func(*value.Config){
		"columns": func(*value.Config) {},
		"constant": func(c *value.Config) {
			c.Value.Actions = scenario.Actions{action("a", "", "1"), action("b", "good", "2", "late", "1", "bad", "-3")}
		},
		"resources": func(c *value.Config) {
			c.Volume = scenario.Rate{Amount: 100, Per: "month"}
			c.Value.Capacity = scenario.Capacities{
				{Name: "budget", Most: scenario.Rate{Amount: 5000, Per: "month"}, Uses: []scenario.Use{{Action: "grant", Amount: "amount"}, {Action: "half", Amount: "amount / 2"}}},
				{Name: "refuse", Top: 3, Per: "kind"},
			}
			c.Prices = value.Prices{"budget": .01, "review": 1}
		},
		"words": func(c *value.Config) {
			c.Value.Actions[0] = action("grant", "", `kind in ["old", "new"] and max(amount, 5, 7) > 1 ? round(amount, 1) : 0`)
		},
	} {
		c := c
		c.Today = ""
		c.Value.Actions = slices.Clone(c.Value.Actions)
		change(&c)
		p := compile(t, c)
		scratch := p.NewScratch()
		decide := func() {
			if _, err := p.Decide(tb, 3, predictions[9:12], scratch); err != nil {
				t.Fatal(err)
			}
		}
		decide()
		if n := testing.AllocsPerRun(100, decide); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestDecideNumbersDoesNotAllocate(t *testing.T) {
	tb, c, predictions := houses(t)
	p := compile(t, c)
	scratch := p.NewScratch()
	decide := func() {
		if _, err := p.Decide(tb, 3, predictions[3:4], scratch); err != nil {
			t.Fatal(err)
		}
	}
	decide()
	if n := testing.AllocsPerRun(100, decide); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDecideErrors(t *testing.T) {
	tb := loans(t)
	p := compile(t, lender(tb.Schema()))
	scratch := p.NewScratch()
	for _, c := range []struct {
		name       string
		row        int
		prediction []float64
		want       string
	}{
		{"width", 0, []float64{1}, "a prediction of 1 numbers, want 2"},
		{"row", 9, []float64{1, 0}, "row 9 of a table with 4 rows"},
		{"sum", 0, []float64{1, 1}, "they must be from 0 to 1 and sum to 1"},
		{"missing", 3, []float64{1, 0}, `the column "amount" is missing`},
	} {
		if _, err := p.Decide(tb, c.row, c.prediction, scratch); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		// An error does not spoil the next row.
		if d, err := p.Decide(tb, 0, []float64{1, 0}, scratch); err != nil || d.Money != 120 || d.Gain != 120 {
			t.Errorf("after %s: %+v, %v", c.name, d, err)
		}
	}
	one := tb.Take([]int{3})
	if _, err := p.Decide(one, 0, []float64{1, 0}, scratch); err == nil || strings.Contains(err.Error(), "rows") {
		t.Errorf("the error of a single row speaks of rows: %v", err)
	}
}

// The closed-form cut-off divides the chances exactly where the action with the
// most expected money changes.
func TestCutoffProperties(t *testing.T) {
	tb, err := table.New(table.NewNumber("x", []float64{1}))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		money := func(what string) string {
			return rapid.SampledFrom([]string{"0", "1", "-5", "2.5 * x", "-0.75", "7"}).Draw(r, what)
		}
		p := compile(t, value.Config{Schema: tb.Schema(), Task: model.Binary, Outcomes: []string{"no", "yes"}, Value: scenario.Value{Actions: scenario.Actions{
			action("a", "no", money("a no"), "yes", money("a yes")), action("b", "no", money("b no"), "yes", money("b yes")),
		}}})
		scratch := p.NewScratch()
		c, ok, err := p.Cutoff(tb, 0, scratch)
		if err != nil || !ok {
			r.Fatal(ok, err)
		}
		chance := rapid.Float64Range(0, 1).Draw(r, "chance")
		d, err := p.Decide(tb, 0, []float64{1 - chance, chance}, scratch)
		if err != nil {
			r.Fatal(err)
		}
		want := c.Below
		if chance > c.At {
			want = c.Above
		}
		if c.Always >= 0 {
			want = c.Always
		}
		// At the cut-off itself both are equal, up to rounding.
		if d.Action != want && math.Abs(d.Expected[0]-d.Expected[1]) > 1e-12 {
			r.Fatalf("chance %v: action %d of %v, the cut-off %+v says %d", chance, d.Action, d.Expected, c, want)
		}
		if c.Always < 0 && !(c.At > 0 && c.At < 1) {
			r.Fatalf("cut-off %+v", c)
		}
	})
}

// Five to one: refuse above one sixth.
func TestCutoffOfCredit(t *testing.T) {
	tb := loans(t)
	c := lender(tb.Schema())
	c.Value.Actions = scenario.Actions{action("grant", "good", "1", "bad", "-5"), action("refuse", "", "0")}
	p := compile(t, c)
	got, ok, err := p.Cutoff(tb, 0, p.NewScratch())
	if err != nil || !ok || got != (value.Cutoff{Outcome: 1, At: 1.0 / 6, Above: 1, Below: 0, Always: -1}) {
		t.Errorf("got %+v, %v, %v", got, ok, err)
	}
	c.Value.Actions = append(c.Value.Actions, action("third", "", "0"))
	p = compile(t, c)
	if _, ok, _ := p.Cutoff(tb, 0, p.NewScratch()); ok {
		t.Error("a cut-off between three actions")
	}
}
