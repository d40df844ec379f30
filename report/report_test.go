package report

import (
	"bytes"
	"strings"
	"testing"

	"bespoke/economics"
	"bespoke/evaluate"
	"bespoke/scenario"
	"bespoke/value"
	"bespoke/web"
)

// printed is a document as a terminal shows it, on one line.
func printed(t *testing.T, doc web.Document) string {
	t.Helper()
	var out bytes.Buffer
	if err := web.Text(&out, doc, 200, false); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// says checks that a text holds every word, in order.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	rest := text
	for _, w := range words {
		_, after, found := strings.Cut(rest, w)
		if !found {
			t.Errorf("%q is not said in its place in\n%s", w, text)
			return
		}
		rest = after
	}
}

func pointer[T any](v T) *T { return &v }

// lender is a result with the figures of money that the chapters need.
func lender() *Result {
	d := evaluate.Difference{Mean: 3, Interval: evaluate.Interval{Low: 1, High: 5, Level: .95}, Significant: true}
	return &Result{
		Version: "test",
		Scenario: scenario.Scenario{
			Name: "loans", Need: scenario.Need{Currency: "EUR", Volume: scenario.Rate{Amount: 100, Per: "month"}},
			Value: &scenario.Value{},
		},
		Evaluate: &Evaluation{Rows: 50, Policies: &evaluate.Policies{Rows: 50, Policies: []evaluate.Policy{
			{Name: "do nothing (refuse)", Kind: evaluate.DoNothing}, {Name: "model", Kind: evaluate.Model, Mean: 3, VersusConstant: &d},
		}, Model: 1}},
	}
}

// TestEconomics: the chapter goes from the gain to what is left, says what the
// low end means, and draws cash from the setup to the horizon.
func TestEconomics(t *testing.T) {
	need := scenario.Need{
		Currency: "EUR", Volume: scenario.Rate{Amount: 100, Per: "month"}, Interest: .08, Horizon: 12,
		Costs: scenario.Costs{Fixed: scenario.Rate{Amount: 50, Per: "month"}, PerDecision: .5, Setup: 1000, Compute: scenario.Rate{Amount: 3600, Per: "hour"}},
	}
	e, err := economics.Of(need, &scenario.Review{Minutes: 30, Hours: 10}, economics.Measured{
		Gain: economics.Range{Mean: 3, Low: .4, High: 5}, Level: .95, Seconds: .1, ReviewShare: .5,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := lender()
	r.Economics, r.Latency = e, &Latency{Rows: 500, Mean: .1, P95: .2}
	c := r.chapterEconomics()
	text := printed(t, web.Document{Title: "x", Chapters: []web.Chapter{*c}})
	says(
		t, text, "Each decision contributes 2.9 EUR", "0.1 EUR for serving", "Brought a month +240 EUR", "-20 to +440",
		"Worth now", "Setup earned back 4.17 months", "at the low end of the interval never", "Pays from 48 decisions a month; at the low end of the interval from 457",
		"earned beyond doing nothing +3.50", "cost per decision -0.5", "processor time -0.1", "contribution +2.90", "fixed costs -50", "left * +240",
		"100 ms, 19 of 20 within 200 ms", "People who review", "3",
	)
	for _, b := range c.Blocks {
		chart, ok := b.(web.Chart)
		if !ok {
			continue
		}
		rows := chart.Data.Rows
		first, last := rows[0].Cells[2], rows[len(rows)-1].Cells[2]
		if len(rows) != 13 || first.Value != -1000 || last.Value != 12*240-1000 || last.Interval.Low != 12*-20-1000 {
			t.Errorf("%d months of cash from %+v to %+v", len(rows), first, last)
		}
	}
	r.Economics = nil
	if r.chapterEconomics() != nil {
		t.Error("a chapter without figures")
	}
}

// TestSensitivity: numbers that would be called the same keep their sections.
func TestSensitivity(t *testing.T) {
	r := lender()
	r.Sensitivity = &value.Sensitivity{Share: .2, Measure: "per month", Base: 10, Sentence: "The answer turns.", Swings: []value.Swing{
		{Name: "value.params.interest", Low: 5, High: 15, Turns: pointer(-.4), At: pointer(.015)},
		{Name: "need.interest", Low: 9, High: 11},
		{Name: "value.actions.call.yes", Low: 8, High: -2, Flips: true, Turns: pointer(.1), Above: true},
		{Name: "value.params.accepts", Low: 8, High: 9, At: pointer(.3), Above: true},
	}}
	text := printed(t, web.Document{Title: "x", Chapters: []web.Chapter{{Stage: "need", Title: "x", Blocks: r.sensitivity()}}})
	says(
		t, text, "The answer turns.", "-20 %", "+20 %", "value.params.interest 5.00 15.0", "0.015, 40.0 % smaller", "need.interest", "nowhere",
		"call.yes", "10.0 % larger", "accepts", "0.3 or larger",
	)
}

// TestScarce: what is limited and what is uncertain, with what more of it or
// knowing it would be worth.
func TestScarce(t *testing.T) {
	r := lender()
	r.Evaluate.Usage = []value.Usage{{Resource: "call", Used: 5, Limit: 10, Limited: true, Price: 2.5}, {Resource: "budget", Used: 7}}
	r.Evaluate.Uncertain = []value.Uncertain{{Name: "accepts", Text: "beta(6, 14)", Mean: .3, Low: .15, High: .48}, {Name: "term", Text: "normal(12, 2)", Unit: "months", Mean: 12, Low: 8, High: 15}}
	r.Evaluate.Revealed = &value.Revealed{Sentence: "Knowing pays.", Alone: []value.Worth{{Name: "accepts", Worth: .2, Changed: .04}, {Name: "term", Worth: -.1}}}
	text := printed(t, web.Document{Title: "x", Chapters: []web.Chapter{{Stage: "evaluate", Title: "x", Blocks: r.scarce()}}})
	says(
		t, text, "What is scarce", "call 5.00 10.0 50 2.50", "budget 7.00 no limit nothing", "What is not known for certain", "Knowing pays.",
		"accepts beta(6, 14) 0.3", "0.15 to 0.48 20.0 4.0", "term normal(12, 2) months 12.0", "8 to 15 nothing",
	)
	if blocks := lender().scarce(); blocks != nil {
		t.Errorf("%d blocks where nothing is scarce or uncertain", len(blocks))
	}
}

// TestWhatIfSays: what is not significant is said so, and so is a choice that
// would be another one.
func TestWhatIfSays(t *testing.T) {
	difference := func(mean, low, high float64) evaluate.Difference {
		return evaluate.Difference{Mean: mean, Interval: evaluate.Interval{Low: low, High: high, Level: .95}, Significant: low > 0 || high < 0}
	}
	w := WhatIfCase{
		Need: &value.Need{Gate: value.Gate{Passed: true}}, Model: WhatIfPolicy{Mean: 2}, Constant: &WhatIfPolicy{Name: "always refuse"},
		VersusConstant: pointer(difference(2, -1, 5)), VersusTechnology: difference(-1, -2, -.5),
	}
	want := "The bundled model brings 2,000 EUR per 1,000 decisions, which is 2,000 EUR more than “always refuse” (not significant) and 1,000 EUR less than the technology-driven choice."
	if got := w.Say("EUR"); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	w.Volume, w.Label, w.Elsewhere = 10, "mean of 3 candidates", pointer(difference(.5, .1, .9))
	w.Need.Gate.Passed, w.VersusTechnology = false, evaluate.Difference{}
	want = "Not even a perfect model would pay its costs. The bundled model brings 20 EUR a month, which is 20 EUR more than “always refuse” (not significant) and as much as the technology-driven choice. " +
		"Another candidate would be chosen, the mean of 3 candidates: on the rows that chose it, it earns 5 EUR more than the bundled one; run again to get it."
	if got := w.Say("EUR"); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// TestUnfinished: a result that a gate cut short is drawn as far as it goes.
func TestUnfinished(t *testing.T) {
	r := &Result{Version: "test", Scenario: scenario.Default()}
	if text := printed(t, r.Document()); !strings.Contains(text, "The data was read and checked.") {
		t.Errorf("an empty result says %q", text)
	}
}
