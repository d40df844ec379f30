package value_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bespoke/formula"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

func compile(t testing.TB, c value.Config) *value.Payoffs {
	t.Helper()
	p, err := value.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSheetByHand(t *testing.T) {
	tb := loans(t).Take([]int{0, 1, 2})
	c := lender(tb.Schema())
	c.PerDecision = 0.5
	c.Today = `purpose == "car" ? "refuse" : "grant"`
	c.Value.Review = &scenario.Review{Cost: 2, Accuracy: scenario.Accuracy{Same: 0.9}}
	p := compile(t, c)
	s, err := p.Sheet(tb, []float64{.9, .1, .4, .6, .5, .5}, []float64{0, 1, 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"grant", "refuse", "review"}, s.Actions); d != "" {
		t.Fatal(d)
	}
	// Amounts 1000, 250.5, 0. Granting is worth 120 or -600, 30.06 or -150.3, 0.
	// A reviewer who sees good grants, who sees bad refuses, right in 9 of 10.
	expected := []float64{
		.9*120 - .1*600, 0, .9*(.9*120) + .1*(.1*-600) - 2,
		.4*30.06 - .6*150.3, 0, .4*(.9*30.06) + .6*(.1*-150.3) - 2,
		0, 0, -2,
	}
	realised := []float64{120, 0, .9*120 - 2, -150.3, 0, .1*-150.3 - 2, 0, 0, -2}
	for i := range expected {
		near(t, "expected", s.Expected[i], expected[i], 1e-12)
		near(t, "realised", s.Realised[i], realised[i], 1e-12)
	}
	for name, c := range map[string]struct{ got, want []int }{
		"choose":   {s.Choose(), []int{2, 1, 0}},
		"best":     {s.Best(), []int{0, 1, 0}},
		"certain":  {s.Certain(), []int{0, 1, 0}},
		"today":    {s.Today(), []int{1, 0, 0}},
		"constant": {s.Constant(1), []int{1, 1, 1}},
		"all":      {s.Constants(), []int{0, 1}},
	} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	profit, money, perfect := s.Profit(s.Choose()), s.Money(s.Today()), s.Perfect()
	for i := range 3 {
		near(t, "profit", profit[i], realised[3*i+s.Choose()[i]]-.5, 1e-12)
		near(t, "today's money", money[i], realised[3*i+s.Today()[i]], 1e-12)
		near(t, "perfect", perfect[i], []float64{120, 0, 0}[i]-.5, 1e-12)
		near(t, "EVPI", s.EVPI()[i], []float64{.9*120 - 48, .4 * 30.06, 0}[i], 1e-12)
	}
	if a, total := s.BestConstant(); a != 1 || total != 0 {
		t.Errorf("best constant %d with %v, want refusing with 0", a, total)
	}
	if s.DoNothing() != 1 || s.Review() != 2 {
		t.Errorf("do nothing %d, review %d", s.DoNothing(), s.Review())
	}
}

// What cannot be computed is an error that names payoff, row and reason.
func TestRowErrors(t *testing.T) {
	tb := loans(t)
	for _, c := range []struct {
		name, money, today, want string
		row                      int
	}{
		{"missing", "amount * 2", "", "value: value.actions.act: `amount * 2`: the column \"amount\" is missing in 1 of 4 rows, first in row 4 (write amount ?? value, or let missing cells be filled)", 4},
		{"missing in a condition", `purpose == "car" ? 1 : 2`, "", "the column \"purpose\" is missing in 1 of 4 rows, first in row 4", 4},
		{"missing time", "year(opened)", "", "the column \"opened\" is missing in 1 of 4 rows, first in row 4", 4},
		{"division", "10 / (rate - 0.01)", "", "value: value.actions.act: `10 / (rate - 0.01)` divides by zero in row 1", 1},
		{"inner division", "1 + 10 / rate", "", "value: value.actions.act: `1 + 10 / rate`: `10 / rate` divides by zero in row 2", 2},
		{"many", "log(rate - 1)", "", "takes the logarithm of a number that is not above zero in row 1; 4 of 4 rows have no value", 1},
		{"hidden by min", "min(1 / rate, 5)", "", "`1 / rate` divides by zero in row 2", 2},
		{"hidden by a comparison", "1 / rate > 3 ? 1 : 0", "", "`1 / rate` divides by zero in row 2", 2},
		{"remainder", "1 % rate", "", "`1 % rate` divides by zero in row 2", 2},
		{"power", "rate ** 0.5", "", "`rate ** 0.5` is not a finite number in row 3", 3},
		{"overflow", "exp(amount)", "", "`exp(amount)` is not a finite number in row 1", 1},
		{"today", "1", `note`, "value: need.today: row 1 gives \"Paid late\", which is no action (the actions are act)", 1},
		{"today missing", "1", `missing(note) ? note : "act"`, "value: need.today: `missing(note) ? note : \"act\"`: the column \"note\" is missing in 1 of 4 rows, first in row 4", 4},
	} {
		config := oneAction(tb.Schema(), c.money)
		config.Today = c.today
		_, err := compile(t, config).Sheet(tb, nil, []float64{0, 1, 0, 1}, 1)
		var e *value.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an *Error", c.name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || e.Row != c.row {
			t.Errorf("%s:\n got %s (row %d)\nwant %s (row %d)", c.name, err, e.Row, c.want, c.row)
		}
	}
}

func TestInfiniteCell(t *testing.T) {
	tb, err := table.New(table.NewNumber("amount", []float64{1, math.Inf(1)}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = compile(t, oneAction(tb.Schema(), "amount * 2")).Sheet(tb, nil, []float64{0, 1}, 1)
	if err == nil || !strings.Contains(err.Error(), "the column \"amount\" is +Inf in row 2") {
		t.Error(err)
	}
}

// Missing cells of filled columns get the fallback and are counted.
func TestFill(t *testing.T) {
	tb := loans(t)
	c := oneAction(tb.Schema(), `amount + (purpose == "car" ? 1 : 0) + (note == "Paid late" ? 10 : 0) + year(opened)`)
	p := compile(t, c)
	fill := formula.Fallbacks(tb, p.Columns())
	want := map[string]formula.Fallback{"amount": {Number: 250.5}, "purpose": {Text: "car"}, "note": {Text: "Paid late"}, "opened": {Time: 0}}
	if d := cmp.Diff(want, fill); d != "" {
		t.Fatal(d)
	}
	p, err := p.WithFill(fill)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Sheet(tb, nil, []float64{0, 0, 0, 0}, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "filled", s.Realised[3], 250.5+1+10+1970, 1e-12)
	near(t, "not filled", s.Realised[1], 250.5+1970, 1e-12)
	var columns []string
	for _, f := range s.Filled {
		columns = append(columns, f.Column)
		near(t, f.Column, float64(f.Rows), 1, 0)
	}
	if d := cmp.Diff([]string{"amount", "purpose", "note", "opened"}, columns); d != "" {
		t.Error(d)
	}
	empty := tb.Take([]int{3})
	if got := formula.Fallbacks(empty, p.Columns()); len(got) != 0 {
		t.Errorf("fallbacks of columns without values: %v", got)
	}
}

func TestSheetInputs(t *testing.T) {
	tb := loans(t).Take([]int{0, 1})
	p := compile(t, lender(tb.Schema()))
	good := []float64{.5, .5, .5, .5}
	for _, c := range []struct {
		name               string
		predictions, truth []float64
		want               string
	}{
		{"sizes", []float64{1}, nil, "1 predictions, want 2 rows x 2"},
		{"truth sizes", good, []float64{1}, "1 true outcomes, want 2"},
		{"sum", []float64{.5, .5, .5, .6}, nil, "row 2 has the probabilities [0.5 0.6], they must be from 0 to 1 and sum to 1"},
		{"negative", []float64{1.5, -.5, .5, .5}, nil, "row 1 has the probabilities"},
		{"nan", []float64{math.NaN(), 1, .5, .5}, nil, "row 1 has the probabilities"},
		{"class", good, []float64{0, 2}, "row 2 has the true class 2, it must be from 0 to 1"},
		{"half a class", good, []float64{.5, 0}, "row 1 has the true class 0.5"},
		{"nan class", good, []float64{0, math.NaN()}, "row 2 has the true class NaN"},
	} {
		_, err := p.Sheet(tb, c.predictions, c.truth, 1)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	other, err := table.New(table.NewCategory("amount", []int32{0, 0}, []string{"much"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Sheet(other, good, nil, 1); err == nil || !strings.Contains(err.Error(), `the payoffs read the column "amount" as number, the rows have it as category`) {
		t.Error(err)
	}
	none, err := table.New(table.NewNumber("amonut", []float64{1, 2}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Sheet(none, good, nil, 1); err == nil || !strings.Contains(err.Error(), `did you mean "amonut"?`) {
		t.Error(err)
	}
	s, err := p.Sheet(tb, nil, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	if s.Choose() != nil || s.Profit(nil) != nil || s.Perfect() != nil || s.EVPI() != nil || s.Best() != nil {
		t.Error("a sheet without predictions and truth knows money")
	}
	empty, err := p.Sheet(tb.Take(nil), []float64{}, []float64{}, 4)
	if err != nil || empty.Rows != 0 || len(empty.Choose()) != 0 {
		t.Errorf("no rows: %+v, %v", empty, err)
	}
}

// big draws n rows with payoffs that read two columns.
func big(t testing.TB, n int) (*table.Table, value.Config, []float64, []float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(n)))
	amount, codes := make([]float64, n), make([]int32, n)
	predictions, truth := make([]float64, 0, 3*n), make([]float64, n)
	for i := range n {
		amount[i] = 1000 * r.Float64()
		codes[i] = int32(r.IntN(2))
		a, b := r.Float64(), r.Float64()
		lo, hi := min(a, b), max(a, b)
		predictions = append(predictions, lo, hi-lo, 1-hi)
		truth[i] = float64(r.IntN(3))
	}
	tb, err := table.New(table.NewNumber("amount", amount), table.NewCategory("kind", codes, []string{"new", "old"}))
	if err != nil {
		t.Fatal(err)
	}
	return tb, value.Config{
		Schema: tb.Schema(), Task: model.Multiclass, Outcomes: []string{"good", "late", "bad"},
		Today: `kind == "old" ? "grant" : "refuse"`, PerDecision: 0.1,
		Value: scenario.Value{
			Actions: scenario.Actions{
				action("grant", "good", "0.12 * amount", "late", "0.05 * amount - 10", "bad", "-0.6 * amount"),
				action("half", "good", "min(0.06 * amount, 40)", "late", "0.02 * amount", "bad", "-0.3 * amount"),
				action("refuse", "", "0"),
			},
			Review: &scenario.Review{Cost: 5, Accuracy: scenario.Accuracy{Same: .95}},
		},
	}, predictions, truth
}

func TestSheetHasTheSameBitsForAnyThreads(t *testing.T) {
	tb, c, predictions, truth := big(t, 2051)
	p := compile(t, c)
	one, err := p.Sheet(tb, predictions, truth, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{0, 2, 3, 16} {
		many, err := p.Sheet(tb, predictions, truth, threads)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(one, many, cmp.AllowUnexported(value.Sheet{}), cmpopts.IgnoreFields(value.Sheet{}, "limits")); d != "" {
			t.Errorf("%d threads: %s", threads, d)
		}
	}
	// An error names the same first row whoever met it.
	c.Value.Actions[2] = action("refuse", "", "1 / (amount - amount)")
	bad := compile(t, c)
	_, want := bad.Sheet(tb, predictions, truth, 1)
	for range 5 {
		if _, err := bad.Sheet(tb, predictions, truth, 4); err == nil || err.Error() != want.Error() {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if !strings.Contains(want.Error(), "in row 1; 2051 of 2051 rows have no value") {
		t.Error(want)
	}
}

func TestTake(t *testing.T) {
	tb, c, predictions, truth := big(t, 300)
	s, err := compile(t, c).Sheet(tb, predictions, truth, 2)
	if err != nil {
		t.Fatal(err)
	}
	rows := []int{7, 7, 299, 0}
	part := s.Take(rows)
	all, got := s.Profit(s.Choose()), part.Profit(part.Choose())
	for k, i := range rows {
		if got[k] != all[i] || part.Best()[k] != s.Best()[i] || part.Certain()[k] != s.Certain()[i] || part.Today()[k] != s.Today()[i] || part.EVPI()[k] != s.EVPI()[i] || part.Perfect()[k] != s.Perfect()[i] {
			t.Errorf("row %d of the part is not row %d of the whole", k, i)
		}
	}
}

// budgeted limits what the second and third action spend.
func budgeted(c value.Config) value.Config {
	c.Value.Review = nil
	c.Volume = scenario.Rate{Amount: 1000, Per: "month"}
	c.Value.Capacity = scenario.Capacities{{
		Name: "budget", Most: scenario.Rate{Amount: 50_000, Per: "month"}, Uses: []scenario.Use{{Action: "grant", Amount: "amount"}, {Action: "half", Amount: "0.5 * amount"}},
	}}
	return c
}

// BenchmarkSheet evaluates and decides 1M rows with three actions: without a
// limit, at the price of a limited budget, and within it.
func BenchmarkSheet(b *testing.B) {
	tb, c, predictions, truth := big(b, 1_000_000)
	c.Value.Review = nil
	priced := budgeted(c)
	priced.Prices = value.Prices{"budget": .03}
	for _, w := range []struct {
		name   string
		config value.Config
		choose func(s *value.Sheet) []int
	}{
		{"free", c, (*value.Sheet).Choose},
		{"price", priced, (*value.Sheet).Choose},
		{"within", budgeted(c), func(s *value.Sheet) []int { return s.ChooseWithin(nil).Choice }},
	} {
		p := compile(b, w.config)
		b.Run(w.name, func(b *testing.B) {
			for b.Loop() {
				s, err := p.Sheet(tb, predictions, truth, 2)
				if err != nil {
					b.Fatal(err)
				}
				if len(w.choose(s)) != tb.Rows() {
					b.Fatal("no choice")
				}
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	tb, c, predictions, _ := big(b, 1000)
	priced := budgeted(c)
	priced.Prices = value.Prices{"budget": .03}
	for _, w := range []struct {
		name   string
		config value.Config
	}{{"review", c}, {"price", priced}} {
		p := compile(b, w.config)
		b.Run(w.name, func(b *testing.B) {
			scratch := p.NewScratch()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i = (i + 1) % 1000
				if _, err := p.Decide(tb, i, predictions[3*i:3*i+3], scratch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSensitivity(b *testing.B) {
	tb, c, _, truth := big(b, 1_000_000)
	c = budgeted(c)
	need := scenario.Need{Volume: c.Volume, Costs: scenario.Costs{Fixed: scenario.Rate{Amount: 1000, Per: "month"}}}
	p := compile(b, c)
	for b.Loop() {
		if _, err := p.Sensitivity(tb, truth, need, .2, 2); err != nil {
			b.Fatal(err)
		}
	}
}
