package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/value"
	"bespoke/web"
)

// limits measures the chosen solution. Latency depends on the machine, so that
// what is recorded in the bundle is only whether it was kept.
func (f *flow) limits(s *solution.Solution) ([]Limit, *value.Gate, error) {
	out, err := measure(f.scenario.Limits, s, f.table, f.split.Test)
	if err != nil || len(out) == 0 {
		return nil, nil, err
	}
	g := value.Gate{Name: "limits", Passed: true}
	for _, limit := range out {
		if g.Sentence != "" {
			g.Sentence += "; "
		}
		g.Sentence += say(limit)
		g.Passed = g.Passed && limit.Passed
	}
	return out, &g, nil
}

// measure measures what the scenario limits, on the given rows of the table.
func measure(l scenario.Limits, s *solution.Solution, t *table.Table, rows []int) ([]Limit, error) {
	var out []Limit
	if l.Latency > 0 {
		p95, err := latency(s, t.Take(rows[:min(len(rows), latencySample)]))
		if err != nil {
			return nil, err
		}
		out = append(out, Limit{Name: "latency", Allowed: l.Latency.String(), Measured: p95.Round(100 * time.Nanosecond).String(), Passed: p95 <= time.Duration(l.Latency)})
	}
	if l.Size > 0 {
		size, err := size(s)
		if err != nil {
			return nil, err
		}
		out = append(out, Limit{Name: "size", Allowed: l.Size.String(), Measured: web.Bytes(int64(size)), Passed: size <= l.Size})
	}
	return out, nil
}

// say is a limit in a few words.
func say(l Limit) string {
	return fmt.Sprintf("%s %s of %s allowed", l.Name, l.Measured, l.Allowed)
}

// brokenLimits names the limits that were broken; empty when none was.
func brokenLimits(limits []Limit) string {
	var broken []string
	for _, l := range limits {
		if !l.Passed {
			broken = append(broken, say(l))
		}
	}
	return strings.Join(broken, "; ")
}

// size is the number of bytes of the solution's parts.
func size(s *solution.Solution) (scenario.Size, error) {
	parts, err := s.Parts()
	if err != nil {
		return 0, err
	}
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	return scenario.Size(total), nil
}

// latencySample is how many rows latency is measured on.
const latencySample = 500

// latency is the 95th percentile of deciding one row.
func latency(s *solution.Solution, rows *table.Table) (time.Duration, error) {
	all, err := spans(s, rows)
	if err != nil {
		return 0, err
	}
	return all[len(all)*95/100], nil
}

// spans are the times of deciding rows one by one, the shortest first.
func spans(s *solution.Solution, rows *table.Table) ([]time.Duration, error) {
	conformed, _, err := rows.Conform(s.Schema)
	if err != nil {
		return nil, err
	}
	r := s.NewRow()
	var out []time.Duration
	for i := range latencySample {
		r.Fill(conformed, i%conformed.Rows())
		begin := time.Now()
		if err := s.Decide(r); err != nil {
			return nil, err
		}
		out = append(out, time.Since(begin))
	}
	slices.Sort(out)
	return out, nil
}
