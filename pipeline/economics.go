package pipeline

import (
	"time"

	"bespoke/economics"
	"bespoke/evaluate"
	"bespoke/model"
	"bespoke/report"
	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/value"
)

// economics says what the bundled model brings beyond the best that is done
// without it, and what it costs, with the time that a decision takes here.
func (f *flow) economics(e *Evaluation, o evaluate.Options) error {
	p := e.Policies
	if p.Baseline < 0 {
		return nil
	}
	m, base := p.Policies[p.Model], p.Policies[p.Baseline]
	gain := m.VersusConstant
	if base.Kind == evaluate.Today {
		gain = m.VersusToday
	}
	if gain == nil {
		return nil
	}
	latency, err := timed(f.learnt.Scenario.Solution, f.table.Take(f.split.Test[:min(len(f.split.Test), latencySample)]))
	if err != nil {
		return err
	}
	f.result.Latency = latency
	measured := economics.Measured{
		// A percentile interval of a skewed gain may leave out the mean.
		Gain:  economics.Range{Mean: gain.Mean, Low: min(gain.Interval.Low, gain.Mean), High: max(gain.Interval.High, gain.Mean)},
		Level: o.Level, Seconds: latency.Mean,
	}
	for _, a := range m.Actions {
		if a.Action == value.ReviewAction && f.scenario.Value.Review != nil {
			measured.ReviewShare = float64(a.Rows) / float64(p.Rows)
		}
	}
	f.result.Economics, err = economics.Of(f.scenario.Need, f.scenario.Value.Review, measured)
	return err
}

// timed measures how long deciding one row takes.
func timed(s *solution.Solution, rows *table.Table) (*report.Latency, error) {
	spans, err := s.Times(rows, latencySample)
	if err != nil {
		return nil, err
	}
	total := time.Duration(0)
	for _, d := range spans {
		total += d
	}
	return &report.Latency{Rows: len(spans), Mean: total.Seconds() / float64(len(spans)), P95: spans[len(spans)*95/100].Seconds()}, nil
}

// Compile compiles a scenario's payoffs for a table; nil without a value
// section. A payoff that is wrong is a *value.Error.
func Compile(s scenario.Scenario, schema table.Schema, task model.Task, outcomes []string) (*value.Payoffs, error) {
	if s.Value == nil {
		return nil, nil
	}
	return value.Compile(value.Config{
		Value: *s.Value, Today: s.Need.Today, PerDecision: s.Need.Costs.PerDecision, Volume: s.Need.Volume,
		Schema: schema, Task: task, Outcomes: outcomes, Target: s.Data.Target, Currency: s.Need.Currency, Units: units(s.Data.Columns),
	})
}

// units are what the numbers of columns count, where the scenario says so.
func units(columns map[string]scenario.Column) map[string]string {
	var out map[string]string
	for name, c := range columns {
		if c.Unit == "" {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[name] = c.Unit
	}
	return out
}
