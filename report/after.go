package report

import (
	"cmp"
	"fmt"
	"slices"

	"bespoke/evaluate"
	"bespoke/explain"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/web"
)

// chapterTrain shows the trials.
func (r *Result) chapterTrain() *web.Chapter {
	s := r.Search
	if s == nil {
		return nil
	}
	tech, best := s.Trials[s.Technology], s.Chosen()
	c := &web.Chapter{Stage: "train", Title: "What came of the trials?"}
	switch {
	case !r.hasMoney():
		c.Lead = fmt.Sprintf("The most accurate of %d candidates is %s.", len(s.Trials), tech.Candidate.Label)
	case tech == best:
		c.Lead = fmt.Sprintf("The most accurate of %d candidates, %s, also earns most.", len(s.Trials), best.Candidate.Label)
	default:
		c.Lead = fmt.Sprintf("The most accurate candidate is %s; the one that earns most is %s.", tech.Candidate.Label, best.Candidate.Label)
	}
	c.Lead += r.equals()
	if r.hasMoney() {
		c.Blocks = append(c.Blocks, r.trialChart())
	}
	if k := s.Committee; k != nil && k.Taken {
		c.Blocks = append(c.Blocks, r.members())
	}
	c.Blocks = append(c.Blocks, r.leaderboard())
	c.Blocks = append(c.Blocks, r.searched()...)
	return c
}

// equals says how the scenario's choice was made among those that earn alike,
// without payoffs among those that are as good by the metric.
func (r *Result) equals() string {
	s := r.Search
	out, by := "", "money"
	if !r.hasMoney() {
		by = r.metric().Title
	}
	if s.Equals > 1 {
		out = fmt.Sprintf(" %d candidates could not be told apart by %s", s.Equals, by)
	}
	switch k := s.Committee; {
	case s.Student != nil && s.Student.Taken:
		return out + fmt.Sprintf(". What is bundled is %s, which breaks a limit (%s): %s.", s.Student.Candidate.Label, s.Student.Teacher.Dropped, s.Student.Reason)
	case k != nil && k.Taken && (out == "" || !r.hasMoney()):
		return fmt.Sprintf(" What is bundled is the %s: %s.", k.Label(), k.Reason)
	case k != nil && k.Taken:
		return out + fmt.Sprintf("; the %s of %d of them was taken: %s.", k.Kind(), len(k.Members), k.Reason)
	case out == "":
		return ""
	case k != nil:
		return out + fmt.Sprintf("; among them the one with the best loss was taken. A mean of %d of them was looked at: %s.", len(k.Members), k.Reason)
	}
	return out + "; among them the one with the best loss was taken."
}

// members lists what the committee is made of.
func (r *Result) members() web.Block {
	s := r.Search
	t := web.Table{
		Title:   "What the mean is made of",
		Columns: []web.Column{{Title: "Candidate"}, {Title: "share", Number: true, Unit: "%", Decimals: 0}, {Title: "loss alone", Number: true, Decimals: web.Auto}},
		Note:    "Each was learnt again from all development rows. Averaged are their numbers, or for classes their log-odds, so that the reasons of a row are the mean of their reasons.",
	}
	if s.Committee.Intercepts != nil {
		t.Title, t.Columns[1] = "What the stack is made of", web.Column{Title: "weight", Number: true, Decimals: web.Auto}
		t.Note = "Each was learnt again from all development rows. The stack adds up their numbers, or for classes their log-odds, times these weights and with a constant, so that the reasons of a row are the sum of their reasons times the weights."
	}
	for _, m := range s.Committee.Members {
		k := s.Trials[m.Trial]
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{web.Str(k.Candidate.Label), web.Num(m.Weight), web.Num(k.Loss)}})
	}
	return t
}

func (r *Result) hasMoney() bool { return r.Scenario.Value != nil }

// metric is the metric that the technology-driven choice is made by.
func (r *Result) metric() evaluate.Metric {
	m, err := evaluate.MetricFor(r.Scenario.Evaluate.Metric, r.Data.Task)
	if err != nil { // the run could not have got here
		return evaluate.Metric{Title: "metric"}
	}
	return m.At(r.Scenario.Evaluate.First())
}

// heldOutRows counts what the figures are from.
func (r *Result) heldOutRows() string {
	e := r.Evaluate
	out := web.Count(e.Rows, "held-out row")
	if e.Queries > 0 {
		out += " of " + web.Count(e.Queries, "query")
	}
	return out
}

// chapterEvaluate shows what the choices earn on held-out rows.
func (r *Result) chapterEvaluate() *web.Chapter {
	e := r.Evaluate
	if e == nil {
		return nil
	}
	c := &web.Chapter{Stage: "evaluate", Title: "What does it earn?"}
	c.Lead = fmt.Sprintf("All figures are from %s that took no part in choosing anything.", r.heldOutRows())
	if e.Policies != nil {
		c.Lead += " " + e.Policies.Sentence
		c.Blocks = append(c.Blocks, r.policyChart(), r.actions())
		c.Blocks = append(c.Blocks, r.choices()...)
		if e.WhatIf != nil {
			c.Blocks = append(c.Blocks, e.WhatIf.blocks()...)
		}
		c.Blocks = append(c.Blocks, r.scarce()...)
		c.Blocks = append(c.Blocks, r.trust()...)
		c.Blocks = append(c.Blocks, r.ceiling()...)
	} else {
		c.Title = "How good is it?"
	}
	c.Blocks = append(c.Blocks, web.Heading("Quality"), r.scores())
	if e.Confusion != nil {
		grid := web.Grid{}
		for _, k := range e.Calibrations {
			if len(e.Calibrations) == 1 || len(grid) < 3 {
				grid = append(grid, calibrationChart(k))
			}
		}
		grid = append(grid, web.Confusion{Title: "Most probable outcome against what came", Actual: "outcome", Decided: "prediction", Rows: e.Confusion.Outcomes, Columns: e.Confusion.Outcomes, Counts: floatRows(e.Confusion.Counts)}.Chart())
		c.Blocks = append(c.Blocks, grid)
	}
	return c
}

func floatRows(v [][]int) [][]float64 {
	out := make([][]float64, len(v))
	for i := range v {
		out[i] = floats(v[i])
	}
	return out
}

func (r *Result) policyChart() web.Block {
	p := r.Evaluate.Policies
	chart := web.Policies{Title: "Ways of deciding, by what they earned", Unit: r.currency(), Per: "per 1,000 decisions", Caption: fmt.Sprintf("Means over %d held-out rows with bootstrap intervals. The perfect model knows every outcome: nothing can earn more.", p.Rows)}
	for _, q := range p.Policies {
		chart.Rows = append(chart.Rows, web.Policy{Name: q.Name, Money: q.Mean * perThousand, Interval: interval(q.Interval, perThousand), Chosen: q.Kind == evaluate.Model})
	}
	return chart.Chart()
}

// actions says what the model did and what each action brought.
func (r *Result) actions() web.Block {
	p := r.Evaluate.Policies
	t := web.Table{
		Title: "What the model did",
		Columns: []web.Column{
			{Title: "Action"},
			{Title: "rows", Number: true},
			{Title: "share", Number: true, Unit: "%", Decimals: 1},
			{Title: "brought per 1,000 decisions", Number: true, Unit: r.currency(), Decimals: 0, Signed: true},
		},
	}
	for _, a := range p.Policies[p.Model].Actions {
		n := float64(p.Rows)
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{
			web.Str(a.Action), web.Num(float64(a.Rows)), web.Num(float64(a.Rows) / n), web.Num(a.Money / n * perThousand),
		}})
	}
	return t
}

func (r *Result) profitCurve() web.Block {
	k := r.Evaluate.Curve
	p := web.ProfitCurve{
		Title: "Profit by the share of rows acted on, best first", Action: "not given “" + k.Reference + "”", Unit: r.currency(), Per: "per 1,000 decisions",
		Caption: "The band is the bootstrap interval, point by point. The mark is where the model stops by itself.",
	}
	for _, q := range k.Points {
		p.Points = append(p.Points, web.CurvePoint{Share: q.Share, Money: q.Mean * perThousand, Interval: &web.Interval{Low: q.Low * perThousand, High: q.High * perThousand, Level: k.Level}})
	}
	if r.Scenario.Value.Review != nil {
		p.Caption += " Reviews are left out of the curve; the model's own figure above has them."
	}
	p.Chosen = at(p.Points, k.Chosen)
	for _, q := range r.Evaluate.Policies.Policies {
		if q.Kind == evaluate.Today || q.Kind == evaluate.Perfect {
			p.References = append(p.References, web.Reference{Name: q.Name, Money: q.Mean * perThousand})
		}
	}
	return p.Chart()
}

// at is the point of the curve nearest to a share.
func at(points []web.CurvePoint, share float64) *web.CurvePoint {
	for i := range points {
		if points[i].Share >= share {
			return &points[i]
		}
	}
	return nil
}

func (r *Result) moneyCalibration() web.Block {
	m := r.Evaluate.Money
	chart := web.Calibration{Title: "Money expected and money realised", Predicted: "expected per decision", Observed: "realised per decision", Unit: r.currency(), Caption: m.Gate.Sentence}
	for _, b := range m.Bins {
		chart.Bins = append(chart.Bins, web.CalibrationBin{Predicted: b.Expected, Observed: b.Realised, Rows: b.Rows})
	}
	return chart.Chart()
}

func calibrationChart(k evaluate.Calibration) web.Block {
	chart := web.Calibration{Title: "Can its probabilities of “" + k.Outcome + "” be trusted?", Predicted: "predicted", Observed: "observed", Unit: "%", Caption: fmt.Sprintf("Mean distance %.1f %%. Bars are 95 %% intervals.", 100*k.Error)}
	for _, b := range k.Bins {
		chart.Bins = append(chart.Bins, web.CalibrationBin{Predicted: b.Predicted, Observed: b.Observed, Rows: b.Count, Interval: &web.Interval{Low: b.From, High: b.To, Level: 0.95}})
	}
	return chart.Chart()
}

func (r *Result) scores() web.Block {
	e := r.Evaluate
	t := web.Table{Columns: []web.Column{{Title: "Metric"}, {Title: "value", Number: true, Decimals: web.Auto}, {Title: "interval"}}}
	both := r.hasMoney() && (e.Technology.Trial != e.Scenario.Trial || e.Technology.Candidate.Model != e.Scenario.Candidate.Model)
	if both {
		t.Columns[1].Title = "scenario-driven"
		t.Columns = append(t.Columns, web.Column{Title: "technology-driven", Number: true, Decimals: web.Auto})
	}
	for i, s := range e.Scenario.Scores {
		row := web.Row{Cells: []web.Cell{web.Str(s.Title), scoreCell(s), web.Str("")}}
		if s.Interval != nil {
			row.Cells[2] = web.Str(fmt.Sprintf("%.4g to %.4g", s.Interval.Low, s.Interval.High))
		}
		if both {
			row.Cells = append(row.Cells, scoreCell(e.Technology.Scores[i]))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func scoreCell(s evaluate.Score) web.Cell {
	if s.Value == nil {
		return web.Str(s.Note)
	}
	return web.Num(*s.Value)
}

// chapterExplain shows what the model depends on.
func (r *Result) chapterExplain() *web.Chapter {
	x := r.Explain
	if x == nil {
		return nil
	}
	c := &web.Chapter{Stage: "explain", Title: "Why does it decide so?"}
	if len(x.Importances) > 0 {
		c.Lead = fmt.Sprintf("What counts most is `%s`.", x.Importances[0].Column)
		grid := web.Grid{}
		for k := len(x.Importances[0].Effects) - 1; k >= 0; k-- {
			grid = append(grid, importance(x.Importances, k))
		}
		c.Blocks = append(c.Blocks, grid)
	}
	if x.Dropped != nil {
		c.Blocks = append(c.Blocks, r.dropped())
	}
	if x.Summary != nil {
		c.Lead += fmt.Sprintf(" The reasons of single rows add up to the model's own output within %.1g.", x.Summary.Gap)
	}
	for i, row := range x.Rows {
		if i < mostWaterfalls {
			c.Blocks = append(c.Blocks, r.waterfall(row))
		}
	}
	if x.Coefficients != nil {
		c.Blocks = append(c.Blocks, web.Fold{Summary: "All coefficients", Blocks: []web.Block{coefficientTable(x.Coefficients)}})
	}
	if x.Curves != nil {
		c.Blocks = append(c.Blocks, curveBlocks(x.Curves)...)
	}
	if x.Note != "" {
		c.Blocks = append(c.Blocks, web.Callout{Tone: web.Warn, Title: "Not explained", Text: x.Note})
	}
	return c
}

// mostWaterfalls is how many single rows are drawn.
const mostWaterfalls = 3

// mostBars is how many columns an importance chart shows.
const mostBars = 12

func importance(all []explain.Importance, k int) web.Block {
	e := all[0].Effects[k]
	chart := web.Importance{Title: "Worth in " + e.Score, Measure: "lost when the column is shuffled, " + e.Unit, Decimals: web.Auto, Caption: "95 % intervals, on held-out rows. A column that repeats another shows little."}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b explain.Importance) int { return cmp.Compare(b.Effects[k].Value, a.Effects[k].Value) })
	for i, c := range sorted {
		if i < mostBars {
			v := c.Effects[k]
			chart.Rows = append(chart.Rows, web.ImportanceRow{Name: c.Column, Value: v.Value, Interval: &web.Interval{Low: v.Low, High: v.High, Level: 0.95}})
		}
	}
	return chart.Chart()
}

func (r *Result) waterfall(x Explained) web.Block {
	w := web.Waterfall{
		Title: fmt.Sprintf("Row %d: %s", x.Row, r.said(x)), Axis: x.Reasons.Unit, Decimals: web.Auto, Start: "average", End: "this row", Base: x.Reasons.Base,
		Caption: fmt.Sprintf("What came: %s. The parts add up to the model's output within %.1g.", x.Truth, x.Reasons.Gap),
	}
	for _, k := range x.Reasons.Contributions {
		w.Reasons = append(w.Reasons, web.Reason{Name: k.Column, Value: k.Value, Effect: k.Amount})
	}
	if x.Reasons.Others > 0 {
		w.Reasons = append(w.Reasons, web.Reason{Name: web.Count(x.Reasons.Others, "other column"), Effect: x.Reasons.Rest})
	}
	return w.Chart()
}

// said is what the solution said about a row.
func (r *Result) said(x Explained) string {
	s := fmt.Sprintf("%s %.6g", r.Data.Target, x.Reasons.Prediction)
	switch {
	case r.Data.Task == model.Ranking:
		s = fmt.Sprintf("score %.6g", x.Reasons.Prediction)
	case r.Data.Task.Classes():
		s = fmt.Sprintf("%.0f %% %s", 100*x.Reasons.Prediction, x.Reasons.Outcome)
	}
	if x.Action != "" {
		s += ", so: " + x.Action
	}
	return s
}

func coefficientTable(c *explain.Coefficients) web.Block {
	t := web.Table{Columns: []web.Column{
		{Title: "Feature", Code: true},
		{Title: "Output"},
		{Title: "Weight", Number: true, Decimals: 4, Signed: true},
		{Title: "per standard deviation", Number: true, Decimals: 4, Signed: true},
		{Title: "odds ratio", Number: true, Decimals: 3},
	}}
	for _, k := range c.Rows {
		row := web.Row{Cells: []web.Cell{web.Str(k.Feature), web.Str(k.Output), web.Num(k.Weight), web.Num(k.Standardised), web.Str("")}}
		if k.OddsRatio != 0 {
			row.Cells[4] = web.Num(k.OddsRatio)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// chapterBundle says what was packed and how to use it.
func (r *Result) chapterBundle() *web.Chapter {
	b := r.Bundle
	if b == nil {
		return nil
	}
	c := &web.Chapter{Stage: "bundle", Title: "What can be run?"}
	if b.Hash != "" {
		c.Lead = fmt.Sprintf("One file of %s holds everything needed to decide again; every part is hashed and nothing in it is code.", web.Bytes(b.Bytes))
		c.Blocks = append(c.Blocks,
			web.Facts{{Name: "file", Value: b.Path}, {Name: "content", Value: b.Hash}},
			web.Code{Title: "Use it", Language: "shell", Text: fmt.Sprintf("bespoke serve %[1]s        # decide over HTTP\nbespoke predict %[1]s rows.csv\nbespoke explain %[1]s rows.csv --row 1\nbespoke verify %[1]s\n", b.Path)})
	} else {
		c.Lead = "No bundle was written; the gate above says why."
	}
	if len(b.Limits) > 0 {
		t := web.Table{Title: "Limits", Columns: []web.Column{{Title: "Limit"}, {Title: "Measured"}, {Title: "Allowed"}}}
		for _, l := range b.Limits {
			mark := web.Mark(l.Measured, web.Good)
			if !l.Passed {
				mark = web.Mark(l.Measured, web.Bad)
			}
			t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{web.Str(l.Name), mark, web.Str(l.Allowed)}})
		}
		c.Blocks = append(c.Blocks, t)
	}
	if text, err := scenario.Render(r.Scenario); err == nil {
		c.Blocks = append(c.Blocks, web.Fold{Summary: "The scenario as it was understood", Blocks: []web.Block{web.Code{Title: scenario.FileName, Language: "yaml", Text: string(text)}}})
	}
	return c
}
