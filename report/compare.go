package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bespoke/evaluate"
	"bespoke/web"
)

// choices is the comparison that the product is about, on one section of the
// page: which model each side picks and why, what each earns, where the
// difference comes from, and in which rows they do other things.
func (r *Result) choices() []web.Block {
	e := r.Evaluate
	blocks := []web.Block{
		web.Heading("Technology-driven against scenario-driven"),
		web.Paragraph(r.pickedBecause()),
		r.comparison(),
		web.Paragraph(e.Comparison.Sentence + " " + r.comesFrom()),
		web.Grid{r.choiceChart(), r.decomposition()},
	}
	if e.Crossing != nil {
		blocks = append(blocks, web.Paragraph(e.Crossing.Sentence))
		blocks = append(blocks, r.crossing()...)
	}
	return blocks
}

// pickedBecause says what each side takes and how it decides.
func (r *Result) pickedBecause() string {
	c := r.Evaluate.Comparison
	outcome := "acts on its most probable outcome"
	if !r.Data.Task.Classes() {
		outcome = "takes its number for certain"
	}
	best := "the best"
	if !c.Higher {
		best = "the lowest"
	}
	out := fmt.Sprintf("The technology-driven side takes the candidate with %s %s, %s, and %s. ", best, c.Title, the(c.Lines[0].Model), outcome)
	if c.SameModel {
		return out + "The scenario-driven side takes the same one, because it also earns most, and lets it take the action with the most expected money in each row."
	}
	because := "the one that earns most on out-of-fold rows"
	switch s := r.Search; {
	case s.Student != nil && s.Student.Taken:
		because = fmt.Sprintf("since the committee itself breaks a limit, and %s", s.Student.Reason)
	case s.Committee != nil && s.Committee.Taken && s.Committee.Intercepts != nil:
		because = fmt.Sprintf("made of some of the %d that earn as much as the most because it has less loss than their mean, by more than noise, on folds that took no part in the fit", s.Equals)
	case s.Committee != nil && s.Committee.Taken && s.Committee.Nested != nil:
		because = fmt.Sprintf("drawn from the %d that earn as much as the most because it has less loss than any of them on folds that took no part in drawing", s.Equals)
	case s.Committee != nil && s.Committee.Taken:
		because = fmt.Sprintf("drawn from the %d that earn as much as the most because its loss is lower than that of any of them", s.Equals)
	case s.Equals > 1:
		because = fmt.Sprintf("the one with the best loss among the %d that earn as much as the most", s.Equals)
	}
	return out + fmt.Sprintf("The scenario-driven side takes %s, %s, and lets it take the action with the most expected money in each row.", the(c.Lines[2].Model), because)
}

// comesFrom splits the difference.
func (r *Result) comesFrom() string {
	c := r.Evaluate.Comparison
	if c.SameModel || c.Difference.Mean == 0 {
		return ""
	}
	per, unit := r.period()
	part := func(d evaluate.Difference) string {
		out := web.Quantity{Value: d.Mean * per, Unit: r.currency(), Signed: true}.String()
		if !d.Significant {
			out += " (not significant)"
		}
		return out
	}
	return fmt.Sprintf("Of it, %s %s come from deciding by money and %s from the other model.", part(c.ByRule), unit, part(c.ByModel))
}

// choiceNames are the lines of a comparison as people read them.
var choiceNames = [3]string{"technology-driven", "same model, decided by money", "scenario-driven"}

// comparison is the table of the two choices, with the step between them.
func (r *Result) comparison() web.Block {
	c := r.Evaluate.Comparison
	t := web.Table{
		Columns: []web.Column{
			{Title: "Choice"},
			{Title: "Model"},
			{Title: "Acts on"},
			{Title: c.Title, Number: true, Decimals: web.Auto},
			{Title: "money per 1,000 decisions", Number: true, Unit: r.currency(), Decimals: 0, Whisker: true},
		},
		Note: "The line between the two shows how much comes from deciding by money alone.",
	}
	monthly := r.Scenario.Need.Volume.PerMonth() > 0
	if monthly {
		t.Columns = append(t.Columns, web.Column{Title: "a month", Number: true, Unit: r.currency(), Decimals: 0})
	}
	for i, l := range c.Lines {
		if l.Rule == evaluate.ByOutcome && !r.Data.Task.Classes() {
			l.Rule = "predicted number"
		}
		row := web.Row{
			Cells:  []web.Cell{web.Str(choiceNames[i]), web.Str(l.Model), web.Str(l.Rule), web.Num(l.Metric), web.Est(l.Mean*perThousand, l.Interval.Low*perThousand, l.Interval.High*perThousand)},
			Chosen: i == 2,
		}
		if monthly {
			row.Cells = append(row.Cells, web.Num(l.PerMonth))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// choiceChart draws what the lines of the comparison earn.
func (r *Result) choiceChart() web.Block {
	c := r.Evaluate.Comparison
	per, unit := r.period()
	chart := web.Policies{
		Title: "What each choice earns", Unit: r.currency(), Per: unit,
		Caption: fmt.Sprintf("Means over %d held-out rows with bootstrap intervals.", r.Evaluate.Rows),
	}
	for i, l := range c.Lines {
		chart.Rows = append(chart.Rows, web.Policy{Name: choiceNames[i], Money: l.Mean * per, Interval: interval(l.Interval, per), Chosen: i == 2})
	}
	return chart.Chart()
}

// decomposition draws how the technology-driven money becomes the
// scenario-driven money.
func (r *Result) decomposition() web.Block {
	c := r.Evaluate.Comparison
	per, unit := r.period()
	w := web.Waterfall{
		Title: "Where the difference comes from", Axis: "money " + unit, Unit: r.currency(), Up: web.Good,
		Start: choiceNames[0], End: choiceNames[2], Base: c.Lines[0].Mean * per,
		Caption: "Deciding by money with the same model, then the other model. " + verdictOn(c.Difference),
	}
	w.Reasons = []web.Reason{{Name: "deciding by money", Effect: c.ByRule.Mean * per}}
	if !c.SameModel {
		w.Reasons = append(w.Reasons, web.Reason{Name: "another model", Effect: c.ByModel.Mean * per})
	}
	return w.Chart()
}

// verdictOn says whether a difference may be chance.
func verdictOn(d evaluate.Difference) string {
	if d.Significant {
		return "The whole difference is significant."
	}
	return "The whole difference is not significant: it may be chance."
}

// mostCrossed is up to how many actions the crossing is drawn as a picture.
const mostCrossed = 5

// crossing shows how many rows get which pair of actions, and the money of
// each pair.
func (r *Result) crossing() []web.Block {
	k := r.Evaluate.Crossing
	t := web.Table{
		Title: "What the two do with the same rows",
		Columns: []web.Column{
			{Title: "Technology-driven"},
			{Title: "Scenario-driven"},
			{Title: "rows", Number: true},
			{Title: "technology brought", Number: true, Unit: r.currency(), Decimals: 0},
			{Title: "scenario brought", Number: true, Unit: r.currency(), Decimals: 0},
			{Title: "difference", Number: true, Unit: r.currency(), Decimals: 0, Signed: true},
		},
		Note: fmt.Sprintf("Totals over the %d held-out rows.", k.Rows),
	}
	widest := math.Inf(-1)
	for _, c := range k.Cells {
		if c.Technology != c.Scenario {
			widest = math.Max(widest, math.Abs(c.Difference))
		}
	}
	for _, c := range k.Cells {
		t.Rows = append(t.Rows, web.Row{
			Cells: []web.Cell{
				web.Str(c.Technology), web.Str(c.Scenario), web.Num(float64(c.Rows)),
				web.Num(c.TechnologyMoney), web.Num(c.ScenarioMoney),
				{Value: c.Difference, Tone: sign(c.Difference)},
			},
			Chosen: c.Technology != c.Scenario && math.Abs(c.Difference) == widest,
		})
	}
	if len(k.Actions) > mostCrossed {
		return []web.Block{t}
	}
	return []web.Block{t, r.crossingChart()}
}

// sign is the tone of a gain or a loss.
func sign(v float64) web.Tone {
	switch {
	case v > 0:
		return web.Good
	case v < 0:
		return web.Bad
	}
	return web.Neutral
}

// crossingChart draws the actions that occur on either side.
func (r *Result) crossingChart() web.Block {
	k := r.Evaluate.Crossing
	chart := web.Confusion{
		Title: "Rows by action, and what the scenario's action adds", Actual: "technology-driven", Decided: "scenario-driven", Unit: r.currency(),
		Caption: "Where both take the same action nothing is added.",
	}
	for _, a := range k.Actions {
		if slices.ContainsFunc(k.Cells, func(c evaluate.CrossCell) bool { return c.Technology == a }) {
			chart.Rows = append(chart.Rows, a)
		}
		if slices.ContainsFunc(k.Cells, func(c evaluate.CrossCell) bool { return c.Scenario == a }) {
			chart.Columns = append(chart.Columns, a)
		}
	}
	for _, a := range chart.Rows {
		counts, money := make([]float64, len(chart.Columns)), make([]float64, len(chart.Columns))
		for _, c := range k.Cells {
			if c.Technology == a {
				at := slices.Index(chart.Columns, c.Scenario)
				counts[at], money[at] = float64(c.Rows), c.Difference
			}
		}
		chart.Counts, chart.Money = append(chart.Counts, counts), append(chart.Money, money)
	}
	return chart.Chart()
}

// the is a model's label in a sentence.
func the(label string) string {
	if strings.HasPrefix(label, "mean of ") {
		return "the " + label
	}
	return label
}
