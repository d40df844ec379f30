package pipeline

import (
	"context"
	"fmt"
	"os"
	"strings"

	"bespoke/bundle"
	"bespoke/evaluate"
	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/value"
	"bespoke/web"
)

// pack measures the limits and writes the bundle. A bundle whose money did not
// come as promised, or that breaks a limit, is written only when forced.
func (f *flow) pack(context.Context) error {
	s := f.learnt.Scenario.Solution
	limits, gate, err := f.limits(s)
	if err != nil {
		return err
	}
	f.result.Bundle = &Packed{Limits: limits}
	if gate != nil {
		f.pass("bundle", *gate)
		if err := f.stop("bundle", *gate, "Loosen the limit, or write the bundle all the same with --force."); err != nil {
			return err
		}
	}
	if m := f.result.Evaluate.Money; m != nil {
		if err := f.stop("evaluate", m.Gate, "Look at the calibration in the report; more rows or another split may help. The bundle is written with --force."); err != nil {
			return err
		}
	}
	b, err := f.bundled(s, limits)
	if err != nil {
		return err
	}
	path := f.store.Path(f.scenario.Name + ".bespoke")
	manifest, err := bundle.Write(path, b)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f.result.Bundle.Path, f.result.Bundle.Hash, f.result.Bundle.Bytes = path, manifest.Hash, info.Size()
	f.tell("bundle", "%s, %s", path, web.Bytes(info.Size()))
	return f.store.AddOutput(f.scenario.Name + ".bespoke")
}

// bundled collects what goes into the bundle.
func (f *flow) bundled(s *solution.Solution, limits []Limit) (bundle.Bundle, error) {
	text, err := scenario.Render(f.scenario)
	if err != nil {
		return bundle.Bundle{}, err
	}
	inputs := make([]string, len(s.Schema))
	for i, field := range s.Schema {
		inputs[i] = field.Name
	}
	raw, err := f.table.View(f.split.Development).Select(inputs...)
	if err != nil {
		return bundle.Bundle{}, err
	}
	var choice []int
	if f.heldOut.Sheet != nil {
		choice = f.heldOut.Sheet.Choose()
	}
	predictions, err := bundle.ProfilePredictions(s, f.heldOut.Held.Predictions, choice)
	if err != nil {
		return bundle.Bundle{}, err
	}
	return bundle.Bundle{
		Manifest: bundle.Manifest{Bespoke: f.options.Version, Name: f.scenario.Name},
		Solution: s, Scenario: text, Profile: table.ProfileOf(raw), Predictions: predictions, Card: f.card(limits),
	}, nil
}

// card writes the model card.
func (f *flow) card(limits []Limit) bundle.Card {
	r := f.result
	c := bundle.Card{
		Name: f.scenario.Name, About: f.scenario.About, Currency: f.scenario.Need.Currency, Seed: f.scenario.Seed,
		Model: r.Evaluate.Scenario.Candidate.Label, Reason: f.reason(),
		IntendedUse: []string{fmt.Sprintf("Deciding rows like those it was evaluated on: %s.", strings.TrimSuffix(f.about(), "."))},
		NotFor:      []string{"Rows from another population or time than the data below without looking at drift first.", "Decisions about people without the review that law and fairness ask for: no fairness was tested."},
		Splits: []bundle.Split{
			{Name: "development", Rows: r.Data.Development, How: fmt.Sprintf("%d folds chose model, calibration and thresholds", r.Data.Folds)},
			{Name: "test", Rows: r.Data.Test, How: r.Data.SplitBy},
		},
	}
	for _, s := range r.Data.Sources {
		c.Data = append(c.Data, bundle.Data{Source: s.Name, SHA256: s.SHA256, Rows: r.Data.Rows, Columns: r.Data.Columns})
	}
	for _, l := range limits {
		// What a clock measured would make equal runs differ.
		measured := l.Measured
		if l.Name == "latency" {
			measured = "kept"
			if !l.Passed {
				measured = "broken"
			}
		}
		c.Limits = append(c.Limits, bundle.Limit{Name: l.Name, Allowed: l.Allowed, Measured: measured, Passed: l.Passed})
	}
	for _, d := range r.Data.Findings {
		if d.Severity != table.Note {
			c.Findings = append(c.Findings, bundle.Finding{Where: d.Column, Rule: d.Check, Rows: d.Count, Action: d.Action})
		}
	}
	f.cardFigures(&c)
	return c
}

// about is the scenario's sentence, or the target where it has none.
func (f *flow) about() string {
	if f.scenario.About != "" {
		return f.scenario.About
	}
	return "predicting " + f.scenario.Data.Target
}

func (f *flow) reason() string {
	t, search := f.learnt.Scenario.Trial, f.learnt.Search
	if st := f.learnt.Scenario.Student; st != nil {
		return fmt.Sprintf("%s, which breaks a limit (%s): %s", st.Candidate.Label, st.Teacher.Dropped, st.Reason)
	}
	if f.learnt.Scenario.Committee != nil {
		return fmt.Sprintf("%s of %d on out-of-fold rows, %s: %s", t.Candidate.Label, len(search.Trials), t.Candidate.Reason, strings.Join(search.Shares(), ", "))
	}
	if f.learnt.Payoffs == nil {
		return fmt.Sprintf("best %s of %d candidates on out-of-fold rows; %d could not be told apart by it, of which it has the best loss",
			f.learnt.Metric.Title, len(search.Trials), search.Equals)
	}
	return fmt.Sprintf("most money of %d candidates on out-of-fold rows (%s per decision); %d could not be told apart by money, of which it has the best loss",
		len(search.Trials), value.Round(t.Money), search.Equals)
}

func (f *flow) cardFigures(c *bundle.Card) {
	e := f.result.Evaluate
	for _, s := range e.Scenario.Scores {
		if s.Value != nil {
			c.Figures = append(c.Figures, figure(s.Title, *s.Value, s.Interval, ""))
		}
	}
	if e.Policies == nil {
		c.Caveats = append(c.Caveats, "The scenario has no value section, so the model was chosen by a metric and not by money.")
		return
	}
	for _, p := range e.Policies.Policies {
		c.Figures = append(c.Figures, figure("profit per decision: "+p.Name, p.Mean, &p.Interval, c.Currency))
	}
	m := e.Policies.Policies[e.Policies.Model]
	c.Promise = &bundle.Promise{PerDecision: m.Mean, Low: m.Interval.Low, High: m.Interval.High, Confidence: m.Interval.Level, Rows: e.Rows}
	if !e.Comparison.Difference.Significant {
		c.Caveats = append(c.Caveats, "The gain over the most accurate model is not significant on the held-out rows.")
	}
	if !e.Money.Gate.Passed {
		c.Caveats = append(c.Caveats, e.Money.Gate.Sentence)
	}
}

func figure(name string, v float64, i *evaluate.Interval, unit string) bundle.Figure {
	out := bundle.Figure{Name: name, Value: v, Unit: unit}
	if i != nil {
		out.Low, out.High = &i.Low, &i.High
	}
	return out
}
