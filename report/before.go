package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
	"bespoke/web"
)

// chapterNeed answers whether there is money in it.
func (r *Result) chapterNeed() *web.Chapter {
	n := r.Need
	if n == nil {
		if r.Data == nil {
			return nil
		}
		if r.Data.Task == model.Ranking {
			return &web.Chapter{Stage: "need", Title: "Is there money in it at all?", Lead: "A ranking takes no actions, so that it has no money of its own. Models are chosen by a metric instead."}
		}
		return &web.Chapter{Stage: "need", Title: "Is there money in it at all?", Lead: "Nobody can say: the scenario has no value section. Models are chosen by a metric instead.", Blocks: []web.Block{
			web.Code{Title: "Add what right and wrong answers are worth", Language: "yaml", Text: r.valueTemplate()},
		}}
	}
	c := &web.Chapter{Stage: "need", Title: "Is there money in it at all?", Lead: n.Gate.Sentence}
	c.Blocks = append(c.Blocks, web.Figures(r.needFigures()), r.needTable(), r.payoffTable())
	c.Blocks = append(c.Blocks, r.sensitivity()...)
	if len(r.Warnings) > 0 {
		var found web.Findings
		for _, w := range r.Warnings {
			found = append(found, web.Finding{Severity: web.Warn, Rule: w.Path, Message: w.Message})
		}
		c.Blocks = append(c.Blocks, found)
	}
	if len(n.Filled) > 0 {
		var names []string
		for _, f := range n.Filled {
			names = append(names, fmt.Sprintf("`%s` (%s)", f.Column, web.Count(f.Rows, "row")))
		}
		c.Blocks = append(c.Blocks, web.Callout{Tone: web.Warn, Title: "Payoffs with missing values", Text: "Missing cells were replaced by the usual value of their column in " + strings.Join(names, ", ") + "."})
	}
	return c
}

// valueTemplate is a value section for the target's outcomes, ready to edit.
func (r *Result) valueTemplate() string {
	if r.Data.Task == model.Regression {
		return "value:\n  actions:\n    act:   100 - 2 * abs(truth - prediction)   # money when acting on the prediction\n    leave: 0\n"
	}
	var right, wrong []string
	for i, o := range r.Data.Outcomes {
		amount := "10"
		if i == 0 {
			amount = "-2"
		}
		right = append(right, fmt.Sprintf("%q: %s", o, amount))
		wrong = append(wrong, fmt.Sprintf("%q: 0", o))
	}
	return fmt.Sprintf("value:\n  actions:\n    act:   {%s}\n    leave: {%s}\n", strings.Join(right, ", "), strings.Join(wrong, ", "))
}

func (r *Result) needFigures() []web.Figure {
	n := r.Need
	out := []web.Figure{
		{Label: "A perfect model", Value: web.Quantity{Value: n.Perfect.PerDecision, Unit: r.currency(), Decimals: web.Auto}, Per: "per decision"},
		{Label: "Best without a model: " + n.Baseline.Name, Value: web.Quantity{Value: n.Baseline.PerDecision, Unit: r.currency(), Decimals: web.Auto}, Per: "per decision"},
	}
	room := web.Figure{Label: "The most a model can add", Value: web.Quantity{Value: n.Room, Unit: r.currency(), Decimals: web.Auto, Signed: true}, Per: "per decision", Tone: web.Good}
	if n.Volume > 0 {
		room.Value.Value, room.Per, room.Value.Decimals = n.RoomPerMonth, "a month, after all costs", 0
	}
	if room.Value.Value <= 0 {
		room.Tone = web.Bad
	}
	out = append(out, room)
	if n.PresentValue != nil && n.Setup > 0 {
		out = out[1:] // four are enough, and the table below has the perfect model
		worth := web.Figure{
			Label: "Worth now, with a perfect model", Per: fmt.Sprintf("over %s at %s interest a year, after the setup", months(n.Horizon), value.Round(100*n.Interest)+" %"),
			Value: web.Quantity{Value: *n.PresentValue, Unit: r.currency(), Signed: true}, Tone: sign(*n.PresentValue),
		}
		if n.Payback != nil {
			worth.Note = "The setup is earned back after " + months(*n.Payback) + "."
		}
		out = append(out, worth)
	}
	if n.Share > 0 {
		out = append(out, web.Figure{Label: "Needed to pay for itself", Value: web.Quantity{Value: n.Share, Unit: "%", Decimals: 1}, Per: "of what a perfect model adds"})
	}
	return out
}

func (r *Result) needTable() web.Block {
	n := r.Need
	t := web.Table{
		Title:   "What is earned without any model, and with a perfect one",
		Columns: []web.Column{{Title: "Way of deciding"}, {Title: "per decision", Number: true, Unit: r.currency(), Decimals: 2}},
		Note:    fmt.Sprintf("From %s with known outcome, before the costs of a model.", web.Count(n.Rows, "row")),
	}
	if n.Volume > 0 {
		t.Columns = append(t.Columns, web.Column{Title: "a month", Number: true, Unit: r.currency(), Decimals: 0})
	}
	add := func(name string, perDecision, perMonth float64, chosen bool) {
		row := web.Row{Cells: []web.Cell{web.Str(name), web.Num(perDecision)}, Chosen: chosen}
		if n.Volume > 0 {
			row.Cells = append(row.Cells, web.Num(perMonth))
		}
		t.Rows = append(t.Rows, row)
	}
	for _, p := range n.Constants {
		add(p.Name, p.PerDecision, p.PerMonth, false)
	}
	if n.Today != nil {
		add("today's rule: "+r.Scenario.Need.Today, n.Today.PerDecision, n.Today.PerMonth, false)
	}
	add("a perfect model", n.Perfect.PerDecision, n.Perfect.PerMonth, true)
	return t
}

// payoffTable shows the value section as the customer wrote it.
func (r *Result) payoffTable() web.Block {
	t := web.Table{Title: "What each action is worth", Columns: []web.Column{{Title: "Action"}, {Title: "Outcome"}, {Title: "Money", Code: true}}}
	v := r.Scenario.Value
	for _, a := range v.Actions {
		for _, p := range a.Payoffs {
			outcome := p.Outcome
			if outcome == "" {
				outcome = "any"
			}
			t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{web.Str(a.Name), web.Str(outcome), web.Str(p.Money)}})
		}
	}
	if v.Review != nil {
		note := fmt.Sprintf("A person may be asked for %s a row and is right in %s", web.Quantity{Value: v.Review.Cost, Unit: r.currency(), Decimals: web.Auto}, right(v.Review.Accuracy))
		if v.Review.Capacity.Amount > 0 {
			note += ", at most " + v.Review.Capacity.String()
		}
		t.Note = note + "."
	}
	return t
}

// right says how often a reviewer is right.
func right(a scenario.Accuracy) string {
	share := func(v float64) web.Quantity { return web.Quantity{Value: v, Unit: "%", Decimals: 0} }
	if a.By == nil {
		return fmt.Sprintf("%s of cases", share(a.Same))
	}
	var parts []string
	for _, o := range slices.Sorted(maps.Keys(a.By)) {
		parts = append(parts, fmt.Sprintf("%s of “%s”", share(a.By[o]), o))
	}
	return strings.Join(parts, ", ")
}

// chapterData says what was read and found.
func (r *Result) chapterData() *web.Chapter {
	d := r.Data
	if d == nil {
		return nil
	}
	c := &web.Chapter{Stage: "data", Title: "Can this data teach it?"}
	what := fmt.Sprintf("%s: `%s`", taskName(d.Task), d.Target)
	if d.Task == model.Ranking {
		what = fmt.Sprintf("put the rows of each of %s (`%s`) in order: `%s`", web.Count(d.Queries, "query"), d.Query, d.Target)
	}
	c.Lead = fmt.Sprintf("%s and %s. The task is to %s. %s held out for the figures below; %s chose everything else.",
		web.Count(d.Rows, "row"), web.Count(d.Columns, "column"), what, web.Count(d.Test, "row")+" were", web.Count(d.Development, "other row"))
	var findings web.Findings
	for _, f := range d.Findings {
		message := f.Message
		if f.Suggestion != "" {
			message += " " + f.Suggestion
		}
		findings = append(findings, web.Finding{Severity: tone(f.Severity), Rule: f.Check, Message: message, Rows: f.Count, Action: f.Action})
	}
	if len(findings) > 0 {
		c.Blocks = append(c.Blocks, findings)
	} else {
		c.Blocks = append(c.Blocks, web.Callout{Tone: web.Good, Title: "No findings", Text: "Every check passed."})
	}
	if grid := r.histograms(); len(grid) > 0 {
		c.Blocks = append(c.Blocks, grid)
	}
	c.Blocks = append(c.Blocks, web.Fold{Summary: "All columns", Blocks: []web.Block{columnTable(d.Profile)}})
	return c
}

// histograms draws the target and the columns that matter most.
func (r *Result) histograms() web.Grid {
	names := []string{r.Data.Target}
	if r.Explain != nil {
		for _, i := range r.Explain.Importances {
			if len(names) < 4 && i.Column != r.Data.Target {
				names = append(names, i.Column)
			}
		}
	}
	var out web.Grid
	for _, name := range names {
		p, ok := r.Data.Profile.Column(name)
		if !ok || p.Count == 0 {
			continue
		}
		h := web.Histogram{Title: name, Axis: name}
		switch {
		case p.Numbers != nil && p.Kind == table.Number:
			h.Edges = p.Numbers.Histogram.Edges
			h.Series = []web.HistogramSeries{{Counts: floats(p.Numbers.Histogram.Counts)}}
		case len(p.Top) > 0 && p.Kind == table.Category:
			var counts []float64
			for _, v := range p.Top {
				h.Labels = append(h.Labels, v.Value)
				counts = append(counts, float64(v.Count))
			}
			h.Series = []web.HistogramSeries{{Counts: counts}}
		default:
			continue
		}
		out = append(out, h.Chart())
	}
	return out
}

func floats(v []int) []float64 {
	out := make([]float64, len(v))
	for i, n := range v {
		out[i] = float64(n)
	}
	return out
}

func columnTable(p table.Profile) web.Block {
	t := web.Table{Columns: []web.Column{
		{Title: "Column", Code: true},
		{Title: "Kind"},
		{Title: "Role"},
		{Title: "Missing", Number: true, Unit: "%", Decimals: 1},
		{Title: "Distinct", Number: true},
		{Title: "Typical"},
	}}
	for _, c := range p.Columns {
		missing := 0.0
		if p.Rows > 0 {
			missing = float64(c.Missing) / float64(p.Rows)
		}
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{
			web.Str(c.Name), web.Str(c.Kind.String()), web.Str(c.Role.String()), web.Num(missing), web.Num(float64(c.Distinct)), web.Str(typical(c)),
		}})
	}
	return t
}

func typical(c table.ColumnProfile) string {
	switch {
	case c.Kind == table.Number && c.Numbers != nil:
		q := map[float64]float64{}
		for _, v := range c.Numbers.Quantiles {
			q[v.P] = v.Value
		}
		return fmt.Sprintf("%.4g (half from %.4g to %.4g)", q[0.5], q[0.25], q[0.75])
	case len(c.Top) > 0:
		return fmt.Sprintf("%s (%d)", c.Top[0].Value, c.Top[0].Count)
	}
	return ""
}

// chapterDesign lists what was proposed and why.
func (r *Result) chapterDesign() *web.Chapter {
	d := r.Design
	if d == nil {
		return nil
	}
	c := &web.Chapter{Stage: "design", Title: "What was tried, and why?"}
	c.Lead = fmt.Sprintf("%s were proposed for %s and %s; the rest of the budget was drawn from their search ranges.", web.Count(len(d.Candidates), "candidate"), web.Count(d.Facts.Rows, "row"), web.Count(d.Facts.Features, "column"))
	t := web.Table{Columns: []web.Column{{Title: "Candidate"}, {Title: "Model", Code: true}, {Title: "Why"}}}
	for _, k := range d.Candidates {
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{web.Str(k.Label), web.Str(k.Model), web.Str(k.Reason)}})
	}
	c.Blocks = append(c.Blocks, t)
	if len(r.Gains) > 0 {
		c.Blocks = append(c.Blocks, r.gains())
	}
	if len(d.Skipped) > 0 {
		s := web.Table{Title: "Left out", Columns: []web.Column{{Title: "Model", Code: true}, {Title: "Why"}}}
		for _, k := range d.Skipped {
			s.Rows = append(s.Rows, web.Row{Cells: []web.Cell{web.Str(k.Model), web.Str(k.Reason)}})
		}
		c.Blocks = append(c.Blocks, s)
	}
	return c
}

// gains shows what steps of derived features brought on the development rows.
func (r *Result) gains() web.Table {
	loss := "log-loss"
	if d := r.Data; d != nil && !d.Task.Classes() {
		loss = "squared error"
	}
	t := web.Table{
		Title: "Derived features",
		Columns: []web.Column{
			{Title: "Step", Code: true},
			{Title: "For"},
			{Title: "Loss before", Number: true, Decimals: web.Auto, Help: "Mean out-of-fold " + loss + " of a quick model without the step, beside those kept before it."},
			{Title: "after", Number: true, Decimals: web.Auto},
			{Title: "Gain", Number: true, Decimals: web.Auto, Signed: true, Whisker: true},
			{Title: "Error", Number: true, Decimals: web.Auto, Help: "Standard error of the gain, paired over rows."},
			{Title: "Kept"},
		},
		Note: "A step is kept where the out-of-fold " + loss + " of a quick model falls by more than its standard error; whiskers show it. Held-out rows took no part.",
	}
	names := map[model.Encoding]string{model.Native: "trees", model.Dense: "linear models"}
	for _, g := range r.Gains {
		cells := []web.Cell{
			web.Str(g.Step), web.Str(names[g.Encoding]), web.Num(g.Before), web.Num(g.After),
			web.Est(g.Gain, g.Gain-g.Error, g.Gain+g.Error), web.Num(g.Error), web.Str("no"),
		}
		if g.Before == 0 && g.After == 0 { // not measured
			for i := 2; i < 6; i++ {
				cells[i] = web.Str("")
			}
		}
		last := &cells[len(cells)-1]
		if g.Kept {
			last.Text = "yes"
		}
		if g.Reason != "" {
			last.Text += ": " + g.Reason
		}
		t.Rows = append(t.Rows, web.Row{Cells: cells})
	}
	return t
}
