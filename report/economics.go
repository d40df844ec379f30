package report

import (
	"fmt"
	"math"
	"strings"

	"bespoke/economics"
	"bespoke/value"
	"bespoke/web"
)

// Latency is how long one decision takes on this machine. It differs from run
// to run, so that nothing in a bundle may depend on it.
type Latency struct {
	// Rows is how many decisions were timed, one by one.
	Rows int `json:"rows"`
	// Mean and P95 are in seconds.
	Mean float64 `json:"mean"`
	P95  float64 `json:"p95"`
}

// String is "18 µs, 19 of 20 within 25 µs".
func (l Latency) String() string {
	return fmt.Sprintf("%s, 19 of 20 within %s", span(l.Mean), span(l.P95))
}

// span writes seconds for people.
func span(seconds float64) string {
	switch {
	case seconds >= 1:
		return value.Round(seconds) + " s"
	case seconds >= 1e-3:
		return value.Round(1e3*seconds) + " ms"
	}
	return value.Round(1e6*seconds) + " µs"
}

// leading is how many sentences stand above the figures.
const leading = 2

// chapterEconomics says what the model brings and costs as a business.
func (r *Result) chapterEconomics() *web.Chapter {
	e := r.Economics
	if e == nil {
		return nil
	}
	c := &web.Chapter{Stage: "economics", Title: "What does it bring, what does it cost?", Lead: strings.Join(e.Sentences[:min(leading, len(e.Sentences))], " ")}
	if figures := r.economicsFigures(); len(figures) > 0 {
		c.Blocks = append(c.Blocks, figures)
	}
	if len(e.Sentences) > leading {
		c.Blocks = append(c.Blocks, web.Paragraph(strings.Join(e.Sentences[leading:], " ")))
	}
	if e.PerMonth != nil && e.Horizon >= 1 {
		c.Blocks = append(c.Blocks, r.cashChart())
	}
	c.Blocks = append(c.Blocks, r.economicsTable())
	if e.Staff != nil {
		c.Blocks = append(c.Blocks, staffTable(e.Staff))
	}
	return c
}

func (r *Result) economicsFigures() web.Figures {
	e := r.Economics
	money := func(label, per string, v economics.Range) web.Figure {
		tone := web.Neutral
		switch {
		case v.Low > 0:
			tone = web.Good
		case v.High < 0:
			tone = web.Bad
		}
		return web.Figure{Label: label, Per: per, Tone: tone, Zero: true, Value: web.Quantity{Value: v.Mean, Interval: r.ranged(v), Unit: r.currency(), Signed: true}}
	}
	var out web.Figures
	if e.PerMonth != nil {
		out = append(out, money("Brought a month", "after all costs", *e.PerMonth))
	} else {
		out = append(out, money("Contributed by 1,000 decisions", "after what each costs", economics.Range{Mean: perThousand * e.Contribution.Mean, Low: perThousand * e.Contribution.Low, High: perThousand * e.Contribution.High}))
	}
	if e.PresentValue != nil {
		out = append(out, money("Worth now", fmt.Sprintf("over %s at %s interest a year", months(e.Horizon), value.Round(100*e.Interest)+" %"), *e.PresentValue))
	}
	if e.Setup > 0 && e.PerMonth != nil {
		out = append(out, paybackFigure(e))
	}
	if e.BreakEven != nil && *e.BreakEven > 0 {
		f := web.Figure{Label: "Pays from", Value: web.Quantity{Value: *e.BreakEven, Unit: "decisions"}, Per: "a month"}
		if e.BreakEvenLow != nil {
			f.Per += fmt.Sprintf("; at the low end of the interval from %s", web.Quantity{Value: *e.BreakEvenLow})
		} else {
			f.Per += "; at the low end of the interval from no number at all"
		}
		out = append(out, f)
	}
	return out
}

func paybackFigure(e *economics.Economics) web.Figure {
	f := web.Figure{Label: "Setup earned back", Value: web.Quantity{Value: math.NaN()}, Per: "never, at the mean", Tone: web.Bad}
	if e.Payback == nil {
		return f
	}
	f.Value, f.Tone, f.Per = web.Quantity{Value: *e.Payback, Unit: "months", Decimals: web.Auto}, web.Neutral, "at the low end of the interval never"
	if e.PaybackLow != nil {
		f.Per = fmt.Sprintf("at the low end of the interval after %s", months(*e.PaybackLow))
	}
	return f
}

// ranged is a range with the confidence of the economics.
func (r *Result) ranged(v economics.Range) *web.Interval {
	return &web.Interval{Low: v.Low, High: v.High, Level: r.Economics.Level}
}

// economicsTable goes from the gain to what is left, line by line.
func (r *Result) economicsTable() web.Block {
	e := r.Economics
	monthly := e.Volume > 0
	t := web.Table{
		Title:   "From the gain to what is left",
		Columns: []web.Column{{Title: ""}, {Title: "per decision", Number: true, Unit: r.currency(), Decimals: web.Auto, Signed: true}},
		Note:    r.economicsNote(),
	}
	if monthly {
		t.Columns = append(t.Columns, web.Column{Title: "a month", Number: true, Unit: r.currency(), Decimals: 0, Signed: true})
	}
	add := func(name string, v economics.Range, interval, chosen bool) {
		row := web.Row{Cells: []web.Cell{web.Str(name), {Value: v.Mean}}, Chosen: chosen}
		if interval {
			row.Cells[1].Interval = r.ranged(v)
		}
		if monthly {
			m := economics.Range{Mean: v.Mean * e.Volume, Low: v.Low * e.Volume, High: v.High * e.Volume}
			cell := web.Cell{Value: m.Mean}
			if interval {
				cell.Interval = r.ranged(m)
			}
			row.Cells = append(row.Cells, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	cost := func(v float64) economics.Range { return economics.Range{Mean: -v} }
	add("earned beyond "+r.without(), e.Gain, true, false)
	if e.CostPerDecision > 0 {
		add("cost per decision", cost(e.CostPerDecision), false, false)
	}
	switch {
	case e.Serving > 1e-5*math.Abs(e.Contribution.Mean):
		add("processor time", cost(e.Serving), false, false)
	case e.Serving > 0:
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{web.Str("processor time"), web.Str("next to nothing")}})
	}
	add("contribution", e.Contribution, true, !monthly)
	if !monthly {
		return t
	}
	if e.FixedPerMonth > 0 {
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{web.Str("fixed costs"), web.Str(" "), web.Num(-e.FixedPerMonth)}})
	}
	t.Rows = append(t.Rows, web.Row{Chosen: true, Cells: []web.Cell{
		web.Str("left"), web.Str(" "), {Value: e.PerMonth.Mean, Interval: r.ranged(*e.PerMonth)},
	}})
	return t
}

// without is what is done without the model.
func (r *Result) without() string {
	p := r.Evaluate.Policies
	if p.Baseline < 0 {
		return "nothing"
	}
	return policyName(p.Policies[p.Baseline])
}

func (r *Result) economicsNote() string {
	e := r.Economics
	out := "What is earned was measured on held-out rows; whether later months are like them, no interval knows."
	if r.Latency != nil {
		out += fmt.Sprintf(" A decision takes %s on this machine", r.Latency)
		switch {
		case e.Serving == 0:
			out += "; give need.costs.compute to have it in the costs"
		case e.Processors > 0.01:
			out += fmt.Sprintf("; a month of them keeps %s processors busy", value.Round(e.Processors))
		case e.Processors > 0:
			out += "; one processor is hardly busy with a month of them"
		}
		out += "."
	}
	return out
}

func staffTable(s *economics.Staff) web.Block {
	return web.Table{
		Title: "People who review",
		Columns: []web.Column{
			{Title: "reviews a month", Number: true, Decimals: web.Auto},
			{Title: "minutes each", Number: true, Decimals: web.Auto},
			{Title: "hours a month", Number: true, Decimals: web.Auto},
			{Title: "full reviewers", Number: true, Decimals: 2},
			{Title: "people", Number: true, Decimals: 0},
		},
		Rows: []web.Row{{Cells: []web.Cell{web.Num(s.Reviews), web.Num(s.Minutes), web.Num(s.Work), web.Num(s.Reviewers), web.Num(float64(s.People))}}},
		Note: fmt.Sprintf("One reviewer reviews %s hours a month.", value.Round(s.Hours)),
	}
}

// mostMonths is how many points the chart of cash has at most.
const mostMonths = 48

// cashChart draws what has been earned by the end of each month, the setup
// first.
func (r *Result) cashChart() web.Block {
	e := r.Economics
	chart := web.Lines{
		Title: "Cash over " + months(e.Horizon), X: "month", Y: "cash", Unit: r.currency(), Zero: true,
		Caption: "Added up month by month, without interest. The band is the interval of what a month brings: if one month is at its low end, so are all.",
		Series:  []web.Line{{Name: "cash"}},
	}
	if e.Setup > 0 {
		chart.Caption = "After the setup, a" + strings.TrimPrefix(chart.Caption, "A")
	}
	steps := int(math.Min(mostMonths, math.Ceil(e.Horizon)))
	m := *e.PerMonth
	for k := range steps + 1 {
		month := e.Horizon * float64(k) / float64(steps)
		chart.Series[0].Points = append(chart.Series[0].Points, web.LinePoint{
			X: month, Y: month*m.Mean - e.Setup, Interval: r.ranged(economics.Range{Low: month*m.Low - e.Setup, High: month*m.High - e.Setup}),
		})
	}
	return chart.Chart()
}
