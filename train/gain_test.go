package train_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/train"
)

// couple is a table whose outcome hangs on whether two numbers are large or
// small together and on whether two categories are equal, neither of which a sum
// of single columns can say; a text holds codes whose first letters count.
func couple(t *testing.T, n int) *table.Table {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 5))
	debt, income, noise := make([]float64, n), make([]float64, n), make([]float64, n)
	left, right, class := make([]int32, n), make([]int32, n), make([]int32, n)
	codes := make([]string, n)
	for i := range n {
		debt[i], income[i], noise[i] = 100*rng.Float64(), 20+100*rng.Float64(), rng.Float64()
		left[i], right[i] = int32(rng.IntN(3)), int32(rng.IntN(3))
		codes[i] = fmt.Sprintf("%s%04d", []string{"qx", "vw"}[rng.IntN(2)], rng.IntN(10000))
		score := 0.0
		if (debt[i] > 50) == (income[i] > 70) {
			score += 0.3
		}
		if left[i] == right[i] {
			score += 0.3
		}
		if codes[i][0] == 'q' {
			score += 0.3
		}
		if rng.Float64() < 0.05+score {
			class[i] = 1
		}
	}
	levels := []string{"a", "b", "c"}
	tab, err := table.New(
		table.NewNumber("debt", debt), table.NewNumber("income", income), table.NewNumber("noise", noise),
		table.NewCategory("left", left, levels), table.NewCategory("right", right, levels), table.NewText("code", codes),
		table.NewCategory("class", class, []string{"good", "bad"}).As(table.Target),
	)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestGains(t *testing.T) {
	p := problem(t, couple(t, 900), model.Binary)
	split := tabletest.Split(900, 3)
	gains, err := p.MeasureGains(context.Background(), &scenario.Features{Derive: "auto", Exclude: []string{"group", "n-grams"}}, model.Dense, split, 2)
	if err != nil {
		t.Fatal(err)
	}
	var steps, kept []string
	for _, g := range gains {
		steps = append(steps, g.Step)
		if g.Kept {
			kept = append(kept, g.Step)
			if !(g.Gain > g.Error && g.Error > 0 && g.After < g.Before && len(g.Extras) > 0) {
				t.Errorf("%s is kept with %+v", g.Step, g)
			}
		}
	}
	if want := []string{"cross", "group", "sum", "difference", "product", "ratio", "topics", "spellings", "n-grams"}; !slices.Equal(steps, want) {
		t.Errorf("tried %q, want %q: there are no times, and what is left out is said", steps, want)
	}
	if gains[1].Reason != "the scenario leaves it out" || gains[1].Kept {
		t.Errorf("an excluded step: %+v", gains[1])
	}
	if !slices.Contains(kept, "cross") || !slices.Contains(kept, "spellings") || !slices.Contains(kept, "product") {
		t.Errorf("kept %q; the outcome hangs on a cross, a product and letters", kept)
	}
	again, err := p.MeasureGains(context.Background(), &scenario.Features{Derive: "auto", Exclude: []string{"group", "n-grams"}}, model.Dense, split, 1)
	if err != nil || !reflect.DeepEqual(gains, again) {
		t.Errorf("one thread gives other gains than two: %v", err)
	}
	// What was kept reaches every model of the encoding, and pays.
	line := model.Candidate{Label: "line", Model: "linear.logistic.v1"}
	before, err := p.CrossFit(context.Background(), line, split, 2)
	if err != nil {
		t.Fatal(err)
	}
	p.Extras = train.KeptOf(gains)
	after, err := p.CrossFit(context.Background(), line, split, 2)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := logLoss(p, after), logLoss(p, before); a > b-0.05 {
		t.Errorf("log-loss %.4f with what was kept, %.4f without", a, b)
	}
	data, err := json.Marshal(gains)
	if err != nil {
		t.Fatal(err)
	}
	var read []train.Gain
	if err := json.Unmarshal(data, &read); err != nil || !reflect.DeepEqual(read, gains) {
		t.Errorf("gains do not survive JSON: %v", err)
	}
}

// Gains are measured on development rows alone: what the held-out rows hold
// changes nothing.
func TestGainsIgnoreTestRows(t *testing.T) {
	tab := couple(t, 600)
	p := problem(t, tab, model.Binary)
	split := tabletest.Split(600, 3)
	wish := &scenario.Features{Derive: "auto", Exclude: []string{"topics", "spellings", "n-grams"}}
	before, err := p.MeasureGains(context.Background(), wish, model.Native, split, 2)
	if err != nil {
		t.Fatal(err)
	}
	debt, _ := tab.Column("debt")
	for _, r := range split.Test {
		p.Y[r], debt.Numbers[r] = 1-p.Y[r], 1e6
	}
	after, err := p.MeasureGains(context.Background(), wish, model.Native, split, 2)
	if err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("held-out rows changed the gains: %v", err)
	}
}

func TestForcedGains(t *testing.T) {
	p := problem(t, couple(t, 400), model.Binary)
	split := tabletest.Split(400, 3)
	wish := &scenario.Features{Derive: "off", Force: []string{"sum", "between"}}
	gains, err := p.MeasureGains(context.Background(), wish, model.Native, split, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(gains) != 2 || gains[0].Step != "sum" || !gains[0].Kept || gains[1].Kept || gains[1].Reason != "there are no columns for it" {
		t.Errorf("forced steps: %+v", gains)
	}
	if k := train.KeptOf(gains); len(k[model.Native]) != 3 || k[model.Dense] != nil {
		t.Errorf("kept %v, want the three sums of three numbers, for trees alone", k)
	}
	// A column that is taken away takes its derived features along.
	p.Extras = train.KeptOf(gains)
	p.Table = p.Table.Without("income")
	fitted, err := p.Fit(context.Background(), small, split.Development, train.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range fitted.Solution.Features.Features() {
		if f.With != "" {
			names = append(names, f.Name)
		}
	}
	if len(names) != 1 || strings.Contains(names[0], "income") {
		t.Errorf("derived features without income: %q", names)
	}
}

// A wish for a direction is kept by what is derived: what has none is not tried.
func TestGainsKeepDirections(t *testing.T) {
	p := problem(t, couple(t, 400), model.Binary)
	p.Monotone = map[string]int8{"debt": 1, "income": -1}
	gains, err := p.MeasureGains(context.Background(), &scenario.Features{Derive: "off", Force: []string{"sum", "difference", "product", "ratio"}}, model.Native, tabletest.Split(400, 3), 2)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, g := range gains {
		counts[g.Step] = len(g.Extras)
	}
	// debt - income keeps both, debt + income neither; products and ratios are
	// left with nothing.
	if want := map[string]int{"sum": 2, "difference": 3, "product": 0, "ratio": 0}; !reflect.DeepEqual(counts, want) {
		t.Errorf("tried %v, want %v", counts, want)
	}
}

// Columns that may not act together are not combined; those in no list may be.
func TestGainsKeepColumnsApart(t *testing.T) {
	p := problem(t, couple(t, 400), model.Binary)
	p.Interactions = [][]string{{"debt", "left"}, {"income", "left"}}
	gains, err := p.MeasureGains(context.Background(), &scenario.Features{Derive: "off", Force: []string{"group", "sum", "cross"}}, model.Native, tabletest.Split(400, 3), 2)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, g := range gains {
		for _, e := range g.Extras {
			seen[strings.Join(e.Columns, " ")] = true
		}
	}
	for pair, want := range map[string]bool{"left debt": true, "right noise": true, "debt income": false, "income debt": false, "left right": false, "right debt": false, "left noise": false} {
		if seen[pair] != want {
			t.Errorf("columns %q combined: %v, want %v", pair, seen[pair], want)
		}
	}
}

// Every step that a scenario may name is tried, in that order.
func TestScenarioNamesTheSteps(t *testing.T) {
	p := problem(t, couple(t, 300), model.Binary)
	var got []string
	gains, err := p.MeasureGains(context.Background(), &scenario.Features{Derive: "auto", Exclude: scenario.DerivedSteps}, model.Native, tabletest.Split(300, 3), 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gains {
		got = append(got, g.Step)
	}
	if !slices.Equal(got, scenario.DerivedSteps) {
		t.Errorf("steps %q, a scenario may name %q", got, scenario.DerivedSteps)
	}
}

func TestGainErrors(t *testing.T) {
	p := problem(t, couple(t, 300), model.Binary)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.MeasureGains(ctx, &scenario.Features{Derive: "auto"}, model.Dense, tabletest.Split(300, 3), 2); err == nil {
		t.Error("a cancelled measurement gives no error")
	}
}

// An end with the cause ErrLate ends measuring, not the search.
func TestLateGains(t *testing.T) {
	p := problem(t, couple(t, 300), model.Binary)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(train.ErrLate)
	gains, err := p.MeasureGains(ctx, &scenario.Features{Derive: "auto"}, model.Native, tabletest.Split(300, 3), 2)
	if err != nil || len(train.KeptOf(gains)) != 0 {
		t.Errorf("too late: %+v, %v", gains, err)
	}
}
