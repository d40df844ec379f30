package pipeline

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/train"
	"bespoke/value"
	"bespoke/web"
	"bespoke/zoo"
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
		size, err := s.Bytes()
		if err != nil {
			return nil, err
		}
		out = append(out, Limit{Name: "size", Allowed: l.Size.String(), Measured: web.Bytes(size), Passed: scenario.Size(size) <= l.Size})
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

// latencySample is how many rows latency is measured on.
const latencySample = 500

// latency is the 95th percentile of deciding one row.
func latency(s *solution.Solution, rows *table.Table) (time.Duration, error) {
	all, err := s.Times(rows, latencySample)
	if err != nil {
		return 0, err
	}
	return all[len(all)*95/100], nil
}

// memory says before anything is learnt whether a trial fits into
// limits.memory, and stops where none does.
func (f *flow) memory() error {
	limit := int64(f.scenario.Limits.Memory)
	if limit == 0 {
		return nil
	}
	p, err := f.learning().problem()
	if err != nil {
		return err
	}
	least, two := int64(math.MaxInt64), int64(0)
	for _, e := range zoo.All {
		if d := f.scenario.Design; !e.Handles(p.Task) || isBaseline(e.Name) || slices.Contains(d.Exclude, e.Name) ||
			len(d.Models) > 0 && !slices.Contains(d.Models, e.Name) {
			continue
		}
		m := p.MemoryOf(e, f.split)
		least, two = min(least, m.Peak(1, 1)), max(two, m.Peak(2, 2))
	}
	if least == math.MaxInt64 {
		return nil // design says what is wrong
	}
	if two > limit {
		f.result.Data.Findings = append(f.result.Data.Findings, table.Finding{
			Check: "memory", Severity: table.Note,
			Message: fmt.Sprintf("a run takes about %s of memory with one trial at a time, up to %s with two at once; limits.memory is %s", web.Bytes(least), web.Bytes(two), web.Bytes(limit)),
			Rule:    "an estimate from rows, columns and models", Action: "fewer trials are learnt at once; a model that does not fit on its own is left out with the reason",
			Suggestion: "a higher limits.memory, or fewer rows or columns, lets more be learnt at once",
		})
	}
	f.tell("data", "a run takes about %s of memory, one trial at a time; limits.memory is %s", web.Bytes(least), web.Bytes(limit))
	return f.stop("data", value.Gate{
		Name: "memory", Passed: least <= limit,
		Sentence: fmt.Sprintf("A run with %s to learn from and %s takes about %s of memory even with one trial at a time; limits.memory allows %s.",
			web.Count(len(f.split.Development), "row"), web.Count(len(p.Table.ByRole(table.Feature)), "column"), web.Bytes(least), web.Bytes(limit)),
	}, "raise limits.memory, or read fewer rows or columns with data.source.query")
}

// threads is on how many threads test rows are evaluated and explained within
// limits.memory.
func (f *flow) threads() int {
	limit, trials := int64(f.scenario.Limits.Memory), 1
	if limit == 0 || f.learnt == nil {
		return f.options.Threads
	}
	if f.learnt.Search != nil {
		trials = len(f.learnt.Search.Trials)
	}
	m := f.learnt.Problem.MemoryOf(model.Entry{}, f.split)
	return m.Threads(trials, f.options.Threads, limit)
}

func isBaseline(name string) bool { return strings.HasPrefix(name, "baseline.") }

// bound sees to it that no more trials are learnt at once than fit into
// limits.memory, and that a trial that does not fit on its own says so.
func (l Learning) bound(p *train.Problem, candidates []model.Candidate, trials int) {
	limit := int64(l.Scenario.Limits.Memory)
	if limit == 0 {
		return
	}
	p.Limit = limit
	atOnce := l.Threads
	for _, c := range candidates {
		if e, err := zoo.Find(c.Model); err == nil {
			if n := p.MemoryOf(e, l.Split).AtOnce(trials, atOnce, limit); n > 0 {
				atOnce = n
			} else if p.MemoryOf(e, l.Split).Peak(1, 1) <= limit {
				atOnce = 1
			}
		}
	}
	if atOnce < l.Threads {
		l.Report.Warn("train", fmt.Sprintf("%s at once instead of %d, so that they stay within the %s of limits.memory; fewer rows or columns would let more run", web.Count(atOnce, "fit"), l.Threads, web.Bytes(limit)))
		p.Bound(atOnce, l.Threads)
	}
}
