package report

import (
	"fmt"
	"math"

	"bespoke/evaluate"
	"bespoke/model"
	"bespoke/table"
	"bespoke/web"
)

// perThousand is the number of decisions that money in charts is per.
const perThousand = 1000

// Document draws the result as a report. It works on a result that a gate cut
// short: chapters of stages not reached are left out.
func (r *Result) Document() web.Document {
	doc := web.Document{
		Title: r.Scenario.Name, Subtitle: r.Scenario.About,
		Facts:  r.facts(),
		Footer: fmt.Sprintf("Made by bespoke %s from `%s`. Equal scenario, data and seed give equal figures.", r.Version, r.Scenario.Name),
	}
	doc.Verdict, doc.Tone = r.verdict()
	doc.Headline = r.headline()
	for _, g := range r.Gates {
		doc.Gates = append(doc.Gates, gate(g))
	}
	for _, chapter := range []func() *web.Chapter{
		r.chapterNeed, r.chapterData, r.chapterDesign, r.chapterTrain, r.chapterEvaluate, r.chapterEconomics, r.chapterExplain, r.chapterBundle,
	} {
		if c := chapter(); c != nil {
			doc.Chapters = append(doc.Chapters, *c)
		}
	}
	return doc
}

func (r *Result) facts() []web.Fact {
	var out []web.Fact
	if d := r.Data; d != nil {
		out = append(out, web.Fact{Name: "rows", Value: fmt.Sprintf("%d (%d held out)", d.Rows, d.Test)})
	}
	if s := r.Search; s != nil {
		out = append(out, web.Fact{Name: "trials", Value: fmt.Sprint(len(s.Trials))})
		if !s.Reproducible {
			out = append(out, web.Fact{Name: "reproducible", Value: "no: the budget is a time"})
		}
	}
	out = append(out, web.Fact{Name: "seed", Value: fmt.Sprint(r.Scenario.Seed)}, web.Fact{Name: "version", Value: "bespoke " + r.Version})
	if b := r.Bundle; b != nil && b.Hash != "" {
		out = append(out, web.Fact{Name: "bundle", Value: b.Hash[:12]})
	}
	return out
}

// currency is the unit of money.
func (r *Result) currency() string {
	if c := r.Scenario.Need.Currency; c != "" {
		return c
	}
	return "money"
}

// verdict is the answer of the whole run in one sentence.
func (r *Result) verdict() (string, web.Tone) {
	for _, g := range r.Gates {
		if g.Stage == "need" && !g.Passed {
			return g.Sentence, web.Bad
		}
	}
	switch e := r.Evaluate; {
	case e == nil && r.Need != nil:
		return r.Need.Gate.Sentence, web.Good
	case e == nil:
		return "The data was read and checked.", web.Neutral
	case e.Policies == nil:
		return r.verdictByMetric(), web.Neutral
	default:
		return r.verdictByMoney()
	}
}

func (r *Result) verdictByMetric() string {
	for _, s := range r.Evaluate.Scenario.Scores {
		if s.Value != nil {
			if r.Data.Task == model.Ranking {
				return fmt.Sprintf("The best model, %s, reaches %s %.4g on held-out queries.", r.Evaluate.Scenario.Candidate.Label, s.Title, *s.Value)
			}
			return fmt.Sprintf("The best model, %s, reaches %s %.4g on held-out rows. What that is worth cannot be said without a value section.", r.Evaluate.Scenario.Candidate.Label, s.Title, *s.Value)
		}
	}
	return "A model was made; the held-out rows define no metric."
}

// verdictByMoney compares the model with the best that is done without one. A
// gain over a rule that a constant action beats would be easy praise.
func (r *Result) verdictByMoney() (string, web.Tone) {
	p := r.Evaluate.Policies
	if p.Baseline < 0 {
		return p.Sentence, web.Neutral
	}
	m, base := p.Policies[p.Model], p.Policies[p.Baseline]
	d := versus(m, base)
	if d == nil {
		return p.Sentence, web.Neutral
	}
	per, unit := r.period()
	amount := web.Quantity{Value: math.Abs(d.Mean) * per, Unit: r.currency()}
	more := "more"
	if d.Mean < 0 {
		more = "less"
	}
	sentence := fmt.Sprintf("Deciding by the model earns %s %s %s than %s", amount, more, unit, policyName(base))
	if base.Kind != evaluate.Today {
		sentence += ", the best without one"
	}
	switch {
	case !d.Significant:
		return r.verdictOpen(sentence, base), web.Warn
	case d.Mean < 0:
		return sentence + ".", web.Bad
	}
	return sentence + ".", web.Good
}

// verdictOpen is the verdict where the gain over the best without a model may
// be chance: what is certain is said first.
func (r *Result) verdictOpen(sentence string, base evaluate.Policy) string {
	p := r.Evaluate.Policies
	d := p.Policies[p.Model].VersusToday
	if base.Kind == evaluate.Today || d == nil || !d.Significant || d.Mean < 0 {
		return sentence + "; the held-out rows are too few to tell that from chance."
	}
	per, unit := r.period()
	return fmt.Sprintf("Deciding by the model earns %s more %s than today's rule; whether it also beats %s, %s cannot tell.",
		web.Quantity{Value: d.Mean * per, Unit: r.currency()}, unit, policyName(base), web.Count(p.Rows, "held-out row"))
}

// policyName is how a policy is called in a sentence.
func policyName(p evaluate.Policy) string {
	switch p.Kind {
	case evaluate.Today:
		return "today's rule"
	case evaluate.DoNothing:
		return "doing nothing"
	}
	return "“" + p.Name + "”"
}

// versus is the paired difference of the model's policy to a reference.
func versus(m, reference evaluate.Policy) *evaluate.Difference {
	if reference.Kind == evaluate.Today {
		return m.VersusToday
	}
	return m.VersusConstant
}

// period is the number of decisions that headline money is per, with its name:
// a month where the volume is known, else a thousand.
func (r *Result) period() (decisions float64, name string) {
	if v := r.Scenario.Need.Volume.PerMonth(); v > 0 {
		return v, "a month"
	}
	return perThousand, "per 1,000 decisions"
}

func interval(i evaluate.Interval, times float64) *web.Interval {
	return &web.Interval{Low: i.Low * times, High: i.High * times, Level: i.Level}
}

// headline is the two to four numbers that matter most.
func (r *Result) headline() []web.Figure {
	e := r.Evaluate
	switch {
	case e == nil && r.Need != nil:
		return r.needFigures()
	case e == nil:
		return nil
	case e.Policies == nil:
		return r.scoreFigures()
	}
	per, unit := r.period()
	var out []web.Figure
	p := e.Policies
	m := p.Policies[p.Model]
	gain := func(label string, d evaluate.Difference) {
		out = append(out, web.Figure{Label: label, Value: web.Quantity{Value: d.Mean * per, Interval: interval(d.Interval, per), Unit: r.currency(), Signed: true}, Per: unit, Tone: toneOf(d), Zero: true})
	}
	if p.BestConstant >= 0 && m.VersusConstant != nil {
		gain("Gained over "+policyName(p.Policies[p.BestConstant]), *m.VersusConstant)
	}
	if m.VersusToday != nil && !r.todayIsConstant() {
		gain("Gained over today's rule", *m.VersusToday)
	}
	c := e.Comparison.Difference
	gain("Over the technology-driven choice", c)
	if m.Captured != nil && len(out) < 3 {
		q := web.Quantity{Value: *m.Captured, Unit: "%", Decimals: 0}
		if m.CapturedInterval != nil {
			q.Interval = interval(*m.CapturedInterval, 1)
		}
		out = append(out, web.Figure{Label: "Of all the money there is", Value: q, Per: "of what a perfect model adds"})
	}
	promised := web.Quantity{Value: e.Money.Expected * per, Unit: r.currency()}
	out = append(out, web.Figure{
		Label: "Brought on held-out rows", Value: web.Quantity{Value: m.Mean * per, Interval: interval(m.Interval, per), Unit: r.currency()},
		Per: unit + ", promised " + promised.String(), Zero: true,
	})
	return out
}

// todayIsConstant says whether today's rule is the best constant policy.
func (r *Result) todayIsConstant() bool {
	p := r.Evaluate.Policies
	for _, q := range p.Policies {
		if q.Kind == evaluate.Today {
			return p.BestConstant >= 0 && q.Mean == p.Policies[p.BestConstant].Mean && q.Interval == p.Policies[p.BestConstant].Interval
		}
	}
	return false
}

// toneOf says whether a difference is good news: only a significant one is.
func toneOf(d evaluate.Difference) web.Tone {
	switch {
	case !d.Significant:
		return web.Neutral
	case d.Mean > 0:
		return web.Good
	}
	return web.Bad
}

func (r *Result) scoreFigures() []web.Figure {
	var out []web.Figure
	for _, s := range r.Evaluate.Scenario.Scores {
		if s.Value == nil || len(out) == 4 {
			continue
		}
		q := web.Quantity{Value: *s.Value, Decimals: web.Auto}
		if s.Interval != nil {
			q.Interval = interval(*s.Interval, 1)
		}
		out = append(out, web.Figure{Label: s.Title, Value: q})
	}
	return out
}

func gate(g Gate) web.Gate {
	out := web.Gate{Stage: g.Stage, Name: gateNames[g.Name], Status: web.Passed, Sentence: g.Sentence}
	if out.Name == "" {
		out.Name = g.Name
	}
	if !g.Passed {
		out.Status = web.Stopped
	}
	return out
}

// gateNames say in a few words what a gate asks.
var gateNames = map[string]string{
	"need": "Money in it", "data": "Data fit to learn from", "calibration": "Money as promised", "limits": "Within the limits",
}

// tone translates severities.
func tone(s table.Severity) web.Tone {
	switch s {
	case table.Error:
		return web.Bad
	case table.Warning:
		return web.Warn
	}
	return web.Neutral
}

func taskName(t model.Task) string {
	return map[model.Task]string{
		model.Regression: "predict a number", model.Binary: "tell two outcomes apart", model.Multiclass: "tell several outcomes apart",
	}[t]
}
