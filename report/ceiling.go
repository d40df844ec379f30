package report

import (
	"bespoke/evaluate"
	"bespoke/web"
)

// trust says how far the figures of money can be believed: the curve by share,
// promised against realised money, the decision curve, and what many
// comparisons do to them.
func (r *Result) trust() []web.Block {
	e := r.Evaluate
	blocks := []web.Block{web.Heading("How far can it be trusted?")}
	if e.Curve != nil {
		blocks = append(blocks, r.profitCurve())
	}
	blocks = append(blocks, r.moneyCalibration())
	if e.Benefit != nil {
		blocks = append(blocks, web.Paragraph(e.Benefit.Sentence), benefitChart(e.Benefit))
	}
	var notes []string
	if e.Blocks != nil {
		notes = append(notes, e.Blocks.Sentence)
	}
	if e.Cutoff != nil {
		notes = append(notes, e.Cutoff.Sentence)
	}
	if s := e.Policies.Family.Sentence; s != "" {
		notes = append(notes, s)
	}
	if e.Selection != nil {
		notes = append(notes, r.selectionNote())
	}
	if s := e.Policies.Savings; s != nil && s.Share != nil {
		notes = append(notes, s.Sentence)
	}
	for _, n := range notes {
		blocks = append(blocks, web.Paragraph(n))
	}
	return blocks
}

// selectionNote says how much of the candidates' money is luck.
func (r *Result) selectionNote() string {
	return r.Evaluate.Selection.Sentence + " The figures of held-out rows above need no such correction."
}

// benefitChart draws the decision curve.
func benefitChart(b *evaluate.BenefitCurve) web.Block {
	chart := web.Lines{
		Title: "Decision curve: net benefit at every trade-off", X: "chance of “" + b.Outcome + "” from which on one would act", Y: "net benefit per row, in hits", Zero: true,
		Caption: "At a threshold t, a false alarm costs t/(1-t) hits. Acting on none is 0. The band is the interval of the model.",
		Series:  []web.Line{{Name: "model"}, {Name: "acting on all"}},
	}
	least := 0.0 // of what is worth looking at
	for _, p := range b.Points {
		least = min(least, p.Low)
	}
	for _, p := range b.Points {
		chart.Series[0].Points = append(chart.Series[0].Points, web.LinePoint{X: p.Threshold, Y: p.Model, Interval: &web.Interval{Low: p.Low, High: p.High, Level: b.Level}})
		if p.All >= least-0.1 {
			chart.Series[1].Points = append(chart.Series[1].Points, web.LinePoint{X: p.Threshold, Y: p.All})
		}
	}
	return chart.Chart()
}

// ceiling says what is left to gain: by a better model or more columns at most
// what a perfect one earns, by more rows what the learning curve tells.
func (r *Result) ceiling() []web.Block {
	e := r.Evaluate
	c := e.Policies.Ceiling
	if c == nil {
		return nil
	}
	blocks := []web.Block{web.Heading("When to stop tuning"), web.Paragraph(c.Sentence)}
	per, unit := r.period()
	figures := web.Figures{{
		Label: "Left for any better model", Per: unit + ", at most", Zero: true,
		Value: web.Quantity{Value: c.Left.Mean * per, Interval: interval(c.Left.Interval, per), Unit: r.currency()},
	}, {
		Label: "That the model itself knows of", Per: unit, Note: "What knowing each outcome would be worth by its own chances.",
		Value: web.Quantity{Value: c.Known.Mean * per, Interval: interval(c.Known.Interval, per), Unit: r.currency()},
	}}
	l := e.Learning
	if l == nil {
		return append(blocks, figures)
	}
	figures = append(figures, web.Figure{
		Label: "Twice the rows would bring", Per: unit + ", roughly", Zero: true,
		Value: web.Quantity{Value: l.Doubling.Mean * per, Interval: interval(l.Doubling.Interval, per), Unit: r.currency(), Signed: true},
	})
	return append(blocks, figures, web.Paragraph(l.Sentence), r.learningChart())
}

// learningChart draws the learning curve and, beyond its last point, where the
// power law goes.
func (r *Result) learningChart() web.Block {
	l := r.Evaluate.Learning
	per, unit := r.period()
	chart := web.Lines{
		Title: "Money by the number of rows to learn from", X: "training rows", Y: "money " + unit, Unit: r.currency(),
		Series:  []web.Line{{Name: "measured"}, {Name: "if it goes on like this"}},
		Caption: "Means over repeats on the same held-out rows, with intervals. Beyond the last point a power law, fitted to few points, is all there is.",
	}
	for _, p := range l.Points {
		chart.Series[0].Points = append(chart.Series[0].Points, web.LinePoint{X: float64(p.Rows), Y: p.Estimate.Mean * per, Interval: interval(p.Estimate.Interval, per)})
	}
	last := l.Points[len(l.Points)-1]
	for _, times := range []float64{1, 1.25, 1.5, 1.75, 2} {
		p := web.LinePoint{X: float64(last.Rows) * times, Y: (last.Estimate.Mean + l.Curve.At(times) - l.Curve.At(1)) * per}
		at, part := last.Estimate.Mean, times-1
		p.Interval = &web.Interval{Low: (at + part*l.Doubling.Interval.Low) * per, High: (at + part*l.Doubling.Interval.High) * per, Level: l.Doubling.Interval.Level}
		chart.Series[1].Points = append(chart.Series[1].Points, p)
	}
	return chart.Chart()
}

// dropped draws what each column is worth to a model trained without it.
func (r *Result) dropped() web.Block {
	d := r.Explain.Dropped
	per, unit := r.period()
	chart := web.Importance{
		Title: "Worth in money when trained without it", Measure: "lost " + unit + " without the column", Unit: r.currency(), Decimals: web.Auto,
		Caption: d.Sentence + " What two columns share is credited to neither, since each can stand in for the other.",
	}
	for i, c := range d.Columns {
		if i < mostBars {
			chart.Rows = append(chart.Rows, web.ImportanceRow{Name: c.Column, Value: c.Difference.Mean * per, Interval: interval(c.Difference.Interval, per)})
		}
	}
	return chart.Chart()
}
