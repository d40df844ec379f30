package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bespoke/evaluate"
	"bespoke/scenario"
	"bespoke/value"
	"bespoke/web"
)

// WhatIfs are the figures of a run under other needs and payoffs, without
// training again.
type WhatIfs struct {
	// Scenario is the scenario's name.
	Scenario string `json:"scenario"`
	Currency string `json:"currency,omitempty"`
	// Rows is the number of held-out rows behind every figure but Elsewhere.
	Rows int `json:"rows"`
	// Cases are the scenario as it is, and each change of it.
	Cases []WhatIfCase `json:"cases"`
}

// WhatIfCase is what one change of need and value brings. Everything that was
// learnt stays as it is: candidates that were trained for money were trained
// for the payoffs of the run.
type WhatIfCase struct {
	// Name says what is different; Set are the changes, none for the scenario as
	// it is.
	Name string             `json:"name"`
	Set  []scenario.Setting `json:"set,omitempty"`
	// Volume is decisions per month; 0 when not known.
	Volume float64 `json:"volume"`
	// Need is the need question under the change.
	Need *value.Need `json:"need"`
	// Model is the bundled model, deciding by the changed payoffs; Technology the
	// most accurate model acting on its most probable outcome; Constant the best
	// action for all rows, nil when every action needs a model.
	Model      WhatIfPolicy  `json:"model"`
	Technology WhatIfPolicy  `json:"technology"`
	Constant   *WhatIfPolicy `json:"constant,omitempty"`
	// VersusTechnology and VersusConstant are the paired differences of Model to
	// the two.
	VersusTechnology evaluate.Difference  `json:"versus_technology"`
	VersusConstant   *evaluate.Difference `json:"versus_constant,omitempty"`
	// Choice is the number of the trial that would be chosen on out-of-fold rows,
	// Label its name.
	Choice int    `json:"choice"`
	Label  string `json:"label"`
	// Elsewhere is what that trial earns more per decision than the bundled one
	// on out-of-fold rows, which are the rows that chose it; nil when it is the
	// bundled one.
	Elsewhere *evaluate.Difference `json:"elsewhere,omitempty"`
	// Sentence says the result in words.
	Sentence string `json:"sentence"`
}

// WhatIfPolicy is one way of deciding under a change, on the held-out rows.
type WhatIfPolicy struct {
	Name string `json:"name"`
	// Mean is money per decision, after the cost per decision where a model
	// decides.
	Mean     float64           `json:"mean"`
	Interval evaluate.Interval `json:"interval"`
	// PerMonth is Mean by the volume; 0 when no volume is known.
	PerMonth float64 `json:"per_month"`
	// Actions counts the rows by action.
	Actions []evaluate.ActionCount `json:"actions"`
}

// per is the number of decisions that money is per, with its name.
func (w WhatIfCase) per() (decisions float64, name string) {
	if w.Volume > 0 {
		return w.Volume, "a month"
	}
	return perThousand, "per 1,000 decisions"
}

// Say puts the case into words; currency may be empty.
func (w WhatIfCase) Say(currency string) string {
	per, unit := w.per()
	money := func(v float64) string { return strings.TrimSpace(value.Round(v*per) + " " + currency) }
	out := fmt.Sprintf("The bundled model brings %s %s, which is ", money(w.Model.Mean), unit)
	if w.Constant != nil {
		out += against(*w.VersusConstant, money, "“"+w.Constant.Name+"”") + " and "
	}
	out += against(w.VersusTechnology, money, "the technology-driven choice") + "."
	if !w.Need.Gate.Passed {
		out = "Not even a perfect model would pay its costs. " + out
	}
	if w.Elsewhere == nil {
		return out
	}
	return fmt.Sprintf("%s Another candidate would be chosen, %s: on the rows that chose it, it earns %s; run again to get it.",
		out, the(w.Label), against(*w.Elsewhere, money, "the bundled one"))
}

// against says a difference in words.
func against(d evaluate.Difference, money func(float64) string, other string) string {
	if d.Mean == 0 && d.Interval.Low == 0 && d.Interval.High == 0 {
		return "as much as " + other
	}
	word := "more than"
	if d.Mean < 0 {
		word = "less than"
	}
	out := fmt.Sprintf("%s %s %s", money(math.Abs(d.Mean)), word, other)
	if !d.Significant {
		out += " (not significant)"
	}
	return out
}

// Document draws the cases for a terminal or a page of their own.
func (w *WhatIfs) Document() web.Document {
	doc := web.Document{Title: w.Scenario, Subtitle: "what if", Verdict: w.verdict()}
	doc.Chapters = []web.Chapter{{Stage: "evaluate", Title: "What if?", Blocks: w.blocks()[1:]}}
	return doc
}

// verdict is what the changes do to the choice and to the gain, in a sentence.
func (w *WhatIfs) verdict() string {
	n, other, ahead, sure := len(w.Cases)-1, 0, 0, 0
	for _, c := range w.Cases[1:] {
		if c.Elsewhere != nil {
			other++
		}
		if c.VersusConstant == nil || c.VersusConstant.Mean > 0 {
			ahead++
		}
		if c.VersusConstant == nil || c.VersusConstant.Mean > 0 && c.VersusConstant.Significant {
			sure++
		}
	}
	out := "The same candidate would be chosen"
	switch {
	case other > 0 && n == 1:
		out = "Another candidate would be chosen"
	case other > 0:
		out = fmt.Sprintf("Another candidate would be chosen in %d of %s", other, web.Count(n, "case"))
	case n > 1:
		out += " in every case"
	}
	out += ", and the bundled model earns "
	switch {
	case n == 1 && ahead == 0:
		return out + "no more than the best action for all."
	case n == 1 && sure == 0:
		return out + "more than the best action for all, though not significantly."
	case n == 1:
		return out + "more than the best action for all."
	}
	return out + fmt.Sprintf("more than the best action for all in %d of %d, significantly in %d.", ahead, n, sure)
}

// monthly says whether every case knows its volume.
func (w *WhatIfs) monthly() bool {
	return !slices.ContainsFunc(w.Cases, func(c WhatIfCase) bool { return c.Volume <= 0 })
}

// per is the number of decisions that the money of a case is per in tables and
// charts, which need one unit for all.
func (w *WhatIfs) per(c WhatIfCase) float64 {
	if w.monthly() {
		return c.Volume
	}
	return perThousand
}

func (w *WhatIfs) unit() string {
	if w.monthly() {
		return "a month"
	}
	return "per 1,000 decisions"
}

// blocks are a heading, what each way of deciding earns, the gains, and the
// sentences.
func (w *WhatIfs) blocks() []web.Block {
	said := web.Table{Title: "In words", Columns: []web.Column{{Title: "Case"}, {Title: "What it says"}}}
	for _, c := range w.Cases {
		said.Rows = append(said.Rows, web.Row{Cells: []web.Cell{web.Str(c.Name), web.Str(c.Sentence)}})
	}
	return []web.Block{web.Heading("What if?"), w.chart(), w.table(), said}
}

func (w *WhatIfs) table() web.Block {
	money := func(title string, gain bool) web.Column {
		return web.Column{Title: title, Number: true, Unit: w.Currency, Decimals: 0, Signed: gain, Whisker: gain}
	}
	t := web.Table{
		Title: "What the bundled model adds, " + w.unit(),
		Columns: []web.Column{
			{Title: "Case"}, money("a perfect model adds", false), money("over the best action for all", true), money("over the technology-driven choice", true), {Title: "choice"},
		},
		Note: fmt.Sprintf("On %s, which the bundled model decides by the changed payoffs. A gain whose interval holds 0 is not significant. What a perfect model adds is before fixed costs.", web.Count(w.Rows, "held-out row")),
	}
	for i, c := range w.Cases {
		per := w.per(c)
		over, choice := web.Str("–"), web.Str("the same")
		if c.VersusConstant != nil {
			over = difference(*c.VersusConstant, per)
		}
		if c.Elsewhere != nil {
			choice = web.Mark("another", web.Warn)
		}
		t.Rows = append(t.Rows, web.Row{
			Cells:  []web.Cell{web.Str(c.Name), web.Num(c.Need.Room * per), over, difference(c.VersusTechnology, per), choice},
			Chosen: i == 0,
		})
	}
	return t
}

// difference is a cell with a paired difference, coloured where it is
// significant.
func difference(d evaluate.Difference, per float64) web.Cell {
	return web.Cell{Value: d.Mean * per, Interval: interval(d.Interval, per), Tone: toneOf(d)}
}

func (w *WhatIfs) chart() web.Block {
	chart := web.Cases{
		Title: "What each way of deciding earns in each case", Unit: w.Currency, Per: w.unit(),
		Ways:    []string{"bundled model", "technology-driven choice", "best action for all"},
		Caption: "The bar is the interval of the bundled model. Differences are surer than the bars suggest, because all decide the same rows.",
	}
	for _, c := range w.Cases {
		per := w.per(c)
		row := web.Case{Name: c.Name, Money: []float64{c.Model.Mean * per, c.Technology.Mean * per, math.NaN()}, Interval: interval(c.Model.Interval, per)}
		if c.Constant != nil {
			row.Money[2] = c.Constant.Mean * per
		}
		chart.Rows = append(chart.Rows, row)
	}
	return chart.Chart()
}
