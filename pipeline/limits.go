package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"bespoke/ensemble"
	"bespoke/model"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/train"
	"bespoke/tune"
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

// alone gives the choice that is one model: the best single candidate within the
// limits, or where a committee broke them its student, if that is as good.
func (l Learning) alone(ctx context.Context, out *Learnt) (*Choice, error) {
	single, kept, err := l.feasible(ctx, out)
	if err != nil || out.dropped == nil {
		return single, err
	}
	student, err := l.distil(ctx, out, !kept)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil { // the single candidate is there all the same
		l.Report.Warn("train", fmt.Sprintf("the %s could not be distilled: %v", out.dropped.Label(), err))
		return single, nil
	}
	if out.Student = student; student == nil || !student.Student.Taken {
		return single, nil
	}
	return student, nil
}

// distil makes the largest student of the dropped committee that keeps the
// limits, and settles whether it is taken; nil where none keeps them. How large
// one is shows when it is learnt from all development rows, which takes little
// beside hearing the committee fold by fold. Committees of rankings are not
// distilled: a student would learn their scores, not their order.
func (l Learning) distil(ctx context.Context, out *Learnt, alone bool) (*Choice, error) {
	if l.Task == model.Ranking {
		return nil, nil
	}
	heard, err := l.heard(ctx, out.Problem, out.teacher(out.dropped), l.Split.Development, func(i int, _ member) (*train.Fitted, error) {
		return l.fit(ctx, out, out.Search.Trials[out.dropped.Members[i].Trial])
	})
	if err != nil {
		return nil, err
	}
	for _, c := range out.dropped.Students() {
		if err := heard.Fits(c, l.Split); err != nil {
			return nil, err
		}
		fitted, err := heard.Fit(ctx, c, l.Split.Development, train.Options{Threads: l.Threads, Rounds: c.Params.Int("rounds")})
		if err != nil {
			return nil, err
		}
		limits, err := measure(l.Scenario.Limits, fitted.Solution, l.Table, l.Split.Development)
		if err != nil {
			return nil, err
		}
		if brokenLimits(limits) != "" {
			continue
		}
		choice, err := l.student(ctx, out, heard, c, alone)
		if err != nil || choice != nil {
			return choice, err
		}
	}
	l.Report.Warn("train", fmt.Sprintf("the %s is not distilled: no student keeps the limits", out.dropped.Label()))
	return nil, nil
}

// student cross-fits a candidate for a student and learns it from all
// development rows; nil where with calibration and payoffs it breaks a limit.
func (l Learning) student(ctx context.Context, out *Learnt, heard *train.Problem, c model.Candidate, alone bool) (*Choice, error) {
	l.Report.Tell(runs.Event{Stage: "train", Message: c.Label + ": " + c.Reason})
	o, err := l.crossDistil(ctx, out, out.dropped, c)
	if err != nil {
		return nil, err
	}
	before := out.Search.Student
	if err := out.Search.Enrol(c, out.dropped, o, alone); err != nil {
		return nil, err
	}
	st := out.Search.Student
	fitted, err := heard.Fit(ctx, c, l.Split.Development, train.Options{Threads: l.Threads, Rounds: st.Rounds})
	if err != nil {
		return nil, err
	}
	choice, err := l.complete(out, &Choice{Trial: out.Search.StudentTrial(), Student: st, Rounds: fitted.Rounds}, *fitted.Solution)
	if err != nil {
		return nil, err
	}
	limits, err := measure(l.Scenario.Limits, choice.Solution, l.Table, l.Split.Development)
	if err != nil {
		return nil, err
	}
	if brokenLimits(limits) != "" {
		out.Search.Student = before
		return nil, nil
	}
	out.Search.SettleStudent()
	choice.Trial = out.Search.StudentTrial()
	return choice, nil
}

// crossDistil gets the out-of-fold predictions of a student from the run's
// folder, or makes them: the members of the committee learn without each fold
// once more, so that the student of a fold hears nothing of its rows.
func (l Learning) crossDistil(ctx context.Context, out *Learnt, teacher *tune.Committee, c model.Candidate) (*train.OutOfFold, error) {
	team := out.teacher(teacher)
	o := train.NewOutOfFold(l.Split, out.Problem.Outputs())
	all, err := l.kept(ctx, runs.KeyOf(l.Key, "student", team.key(), stakesOf(out.Problem, team), c.Model, c.Params), func() ([]float64, error) {
		teachers, err := l.teachers(ctx, out, teacher, team)
		if err != nil {
			return nil, err
		}
		o, err := out.Problem.Distil(ctx, c, l.Split, teachers, l.Threads)
		if err != nil {
			return nil, err
		}
		return append([]float64{float64(o.Rounds)}, o.Predictions...), nil
	})
	if err != nil {
		return nil, err
	}
	if want := 1 + len(o.Predictions); len(all) != want {
		return nil, fmt.Errorf("pipeline: distil: %d numbers of a student, want %d", len(all), want)
	}
	o.Rounds, o.Predictions = int(all[0]), all[1:]
	return o, nil
}

// teachers are what the committee says for each fold of the rows that its
// members learnt from there.
func (l Learning) teachers(ctx context.Context, out *Learnt, teacher *tune.Committee, team lineup) ([]*train.OutOfFold, error) {
	said := make([][][]float64, len(l.Split.Folds)) // by fold and member
	for i, m := range team.members {
		l.Report.Tell(event("train", "hearing "+m.candidate.Label, i+1, len(team.members)))
		seen, err := l.seen(ctx, out.Problem, m)
		if err != nil {
			return nil, err
		}
		for f := range seen {
			said[f] = append(said[f], seen[f])
		}
	}
	all := make([]*train.OutOfFold, len(said))
	for f := range all {
		all[f] = &train.OutOfFold{Rows: l.Split.Training(f), Predictions: teacher.Combined(said[f], out.Problem.Outputs())}
	}
	return all, nil
}

// seen is train.Problem.Seen, the predictions of each fold, or what an earlier
// run in the folder has kept of it.
func (l Learning) seen(ctx context.Context, p *train.Problem, m member) ([][]float64, error) {
	all, err := l.kept(ctx, runs.KeyOf(l.Key, "seen", m.candidate.Model, m.candidate.Params, stakesOf(p, lineup{members: []member{m}})), func() ([]float64, error) {
		seen, err := p.Seen(ctx, m.candidate, l.Split, l.Threads)
		var numbers []float64
		for _, o := range seen {
			numbers = append(numbers, o.Predictions...)
		}
		return numbers, err
	})
	if err != nil {
		return nil, err
	}
	var out [][]float64
	for f := range l.Split.Folds {
		n := len(l.Split.Training(f)) * p.Outputs()
		if n > len(all) {
			return nil, fmt.Errorf("pipeline: distil: %d predictions are missing", n-len(all))
		}
		out, all = append(out, all[:n:n]), all[n:]
	}
	return out, nil
}

// heard is the problem in which a student learns what the members of a lineup,
// learnt from all development rows, say of them.
func (l Learning) heard(ctx context.Context, p *train.Problem, team lineup, rows []int, fit func(i int, m member) (*train.Fitted, error)) (*train.Problem, error) {
	var said [][]float64
	for i, m := range team.members {
		fitted, err := fit(i, m)
		if err != nil {
			return nil, err
		}
		predictions, err := fitted.Solution.Predict(p.Table.View(rows), l.Threads)
		if err != nil {
			return nil, err
		}
		said = append(said, predictions)
	}
	return p.Hear(&train.OutOfFold{Rows: rows, Predictions: ensemble.Combine(said, team.weights(), team.intercepts, p.Outputs())}), ctx.Err()
}

// stakesOf is what learning the members depends on where one is trained for
// money; nil where none is.
func stakesOf(p *train.Problem, team lineup) []float64 {
	for _, m := range team.members {
		if m.candidate.Params.WantsStakes() {
			return p.Stakes
		}
	}
	return nil
}
