package pipeline

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"bespoke/ensemble"
	"bespoke/evaluate"
	"bespoke/model"
	"bespoke/runs"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/train"
	"bespoke/tune"
)

// This file lets the chosen model learn again in other circumstances: from fewer
// rows, which shows what more rows would bring, and without a column, which
// shows what the column brings. Both are counted on the held-out rows, which
// chose nothing.

// lineup is what a choice learnt from: the models that it is the mean or the
// stack of, or that a distilled one listened to.
type lineup struct {
	members []member
	// intercepts are those of a stack; nil for a mean.
	intercepts []float64
	// student is the candidate that learns what the members say together; nil
	// where they are the choice themselves.
	student *member
}

// member is one of the models of a lineup.
type member struct {
	candidate model.Candidate
	weight    float64
	rounds    int
}

// lineup lists the models of a choice.
func (out *Learnt) lineup(c *Choice) lineup {
	team := c.Committee
	if c.Student != nil {
		team = c.Student.Teacher
	}
	if team == nil {
		return lineup{members: []member{{c.Trial.Candidate, 1, c.Trial.Rounds}}}
	}
	all := out.teacher(team)
	if c.Student != nil {
		all.student = &member{c.Student.Candidate, 1, c.Student.Rounds}
	}
	return all
}

// teacher lists the models of a committee.
func (out *Learnt) teacher(c *tune.Committee) lineup {
	all := lineup{members: make([]member, len(c.Members)), intercepts: c.Intercepts}
	for i, m := range c.Members {
		t := out.Search.Trials[m.Trial]
		all.members[i] = member{t.Candidate, m.Weight, t.Rounds}
	}
	return all
}

func (g lineup) weights() []float64 {
	out := make([]float64, len(g.members))
	for i, m := range g.members {
		out[i] = m.weight
	}
	return out
}

// relearnt is what a choice that learnt again predicts, calibrated.
type relearnt struct {
	// test are the held-out rows.
	test []float64
	// rows and outOfFold are those of the rows it learnt from.
	rows      []int
	outOfFold []float64
}

// relearn learns the members of a choice again as the choice was learnt: its
// members, their calibration by out-of-fold predictions, their mean.
func (l Learning) relearn(ctx context.Context, p *train.Problem, split table.Split, team lineup) (*relearnt, error) {
	if team.student != nil {
		return l.relearnStudent(ctx, p, split, team)
	}
	var parts []*solution.Solution
	var predictions [][]float64
	var mean *train.OutOfFold
	for _, m := range team.members {
		o, err := p.CrossFit(ctx, m.candidate, split, l.Threads)
		if err != nil {
			return nil, err
		}
		mean, predictions = o, append(predictions, o.Predictions)
		fitted, err := p.Fit(ctx, m.candidate, split.Development, train.Options{Threads: l.Threads, Rounds: o.Rounds})
		if err != nil {
			return nil, err
		}
		parts = append(parts, fitted.Solution)
	}
	if len(predictions) > 1 {
		mean.Predictions = ensemble.Combine(predictions, team.weights(), team.intercepts, p.Outputs())
	}
	return l.calibrated(p, team, parts, mean)
}

// relearnStudent is relearn of a distilled model.
func (l Learning) relearnStudent(ctx context.Context, p *train.Problem, split table.Split, team lineup) (*relearnt, error) {
	heard, err := l.heard(ctx, p, team, split.Development, func(_ int, m member) (*train.Fitted, error) {
		return p.Fit(ctx, m.candidate, split.Development, train.Options{Threads: l.Threads})
	})
	if err != nil {
		return nil, err
	}
	parts, own, err := l.listen(ctx, heard, split, *team.student)
	if err != nil {
		return nil, err
	}
	return l.calibrated(p, team, parts, own)
}

// calibrated predicts the held-out rows by what was learnt again.
func (l Learning) calibrated(p *train.Problem, team lineup, parts []*solution.Solution, mean *train.OutOfFold) (*relearnt, error) {
	s, err := team.joined(parts)
	if err != nil {
		return nil, err
	}
	c, err := p.Calibrate(mean)
	if err != nil {
		return nil, err
	}
	s.Calibration = c.Map
	test, err := s.Predict(p.Table.View(l.Split.Test), l.Threads)
	return &relearnt{test: test, rows: mean.Rows, outOfFold: c.Predictions}, err
}

// listen lets a student learn once more what the members say. Its out-of-fold
// predictions are for calibration: unlike those that it was chosen by they have
// heard a little of the rows that they predict, since the members learnt from
// them.
func (l Learning) listen(ctx context.Context, heard *train.Problem, split table.Split, student member) ([]*solution.Solution, *train.OutOfFold, error) {
	own, err := heard.CrossFit(ctx, student.candidate, split, l.Threads)
	if err != nil {
		return nil, nil, err
	}
	fitted, err := heard.Fit(ctx, student.candidate, split.Development, train.Options{Threads: l.Threads, Rounds: own.Rounds})
	if err != nil {
		return nil, nil, err
	}
	return []*solution.Solution{fitted.Solution}, own, nil
}

// joined is the mean or the stack of the parts, or the only one.
func (g lineup) joined(parts []*solution.Solution) (*solution.Solution, error) {
	switch {
	case g.student != nil || len(parts) == 1 && g.intercepts == nil:
		return parts[0], nil
	case g.intercepts != nil:
		return solution.Stack(parts, g.weights(), g.intercepts)
	}
	return solution.Mean(parts, g.weights())
}

// remembered is relearn, or what an earlier run in the folder learnt; name and
// key say in which circumstances.
func (l Learning) remembered(ctx context.Context, key string, p *train.Problem, split table.Split, team lineup) (*relearnt, error) {
	rows := train.NewOutOfFold(split, 0).Rows
	k := p.Outputs()
	all, err := l.kept(ctx, key, func() ([]float64, error) {
		r, err := l.relearn(ctx, p, split, team)
		if err != nil {
			return nil, err
		}
		return append(r.test, r.outOfFold...), nil
	})
	if err != nil {
		return nil, err
	}
	if want := k * (len(l.Split.Test) + len(rows)); len(all) != want {
		return nil, fmt.Errorf("pipeline: learn again: %d predictions, want %d", len(all), want)
	}
	cut := k * len(l.Split.Test)
	return &relearnt{test: all[:cut], rows: rows, outOfFold: all[cut:]}, nil
}

// kept gives numbers from the run's folder, or makes and keeps them.
func (l Learning) kept(ctx context.Context, key string, work func() ([]float64, error)) ([]float64, error) {
	if l.Store == nil {
		return work()
	}
	data, _, err := runs.OnceFile(ctx, l.Store, "again/"+key[:16]+".f64", key, func() ([]byte, error) {
		numbers, err := work()
		return appendNumbers(nil, numbers), err
	})
	return numbersIn(data), err
}

func appendNumbers(to []byte, numbers []float64) []byte {
	for _, x := range numbers {
		to = binary.LittleEndian.AppendUint64(to, math.Float64bits(x))
	}
	return to
}

func numbersIn(data []byte) []float64 {
	out := make([]float64, len(data)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
	return out
}

// earned is the money per held-out row when a choice that learnt again decides.
func (l Learning) earned(out *Learnt, r *relearnt) ([]float64, error) {
	p := out.Problem
	learnt := l.Table.View(r.rows)
	payoffs, err := l.settleOn(out.Payoffs, learnt, evaluate.Held{Task: p.Task, Outcomes: p.Outcomes, Truth: pick(p.Y, r.rows), Predictions: r.outOfFold})
	if err != nil {
		return nil, err
	}
	s, err := payoffs.Sheet(l.Table.View(l.Split.Test), r.test, pick(p.Y, l.Split.Test), l.Threads)
	if err != nil {
		return nil, err
	}
	return s.Profit(s.Within(s.Choose())), nil
}

// shares of the rows that the learning curve learns from, beside all of them.
var shares = []float64{1. / 8, 1. / 4, 1. / 2}

// fewestLessons is how many rows a share must have to be worth a try.
const fewestLessons = 40

// lessons makes the learning curve of the scenario's choice: repeats draws of
// each share of the development rows. full is the money per held-out row of the
// choice itself, perfect that of a perfect model. It is nil where the rows are
// too few for two sizes.
func (l Learning) lessons(ctx context.Context, out *Learnt, full, perfect []float64, o evaluate.Options) (*evaluate.Learning, error) {
	repeats := l.Scenario.Evaluate.Learning
	team := out.lineup(out.Scenario)
	var lessons []evaluate.Lesson
	for k, share := range shares {
		if repeats == 0 || share*float64(len(l.Split.Development)) < fewestLessons {
			continue
		}
		lesson := evaluate.Lesson{}
		for r := range repeats {
			split := thinned(l.Split, share, l.Scenario.Seed, k*100+r)
			money, err := l.lesson(ctx, out, runs.KeyOf(l.Key, "learning", share, r, team.key()), out.Problem, split, team)
			if err != nil && ctx.Err() == nil {
				// So few rows may lack an outcome, or what a model needs at least.
				l.Report.Warn("evaluate", fmt.Sprintf("the learning curve leaves out a share of 1/%.0f: %v", 1/share, err))
				lesson.Money = nil
				break
			}
			if err != nil {
				return nil, err
			}
			lesson.Rows = len(split.Development)
			lesson.Money = append(lesson.Money, money)
			l.Report.Tell(event("evaluate", "learning curve", k*repeats+r+1, len(shares)*repeats))
		}
		if lesson.Money != nil {
			lessons = append(lessons, lesson)
		}
	}
	if len(lessons) == 0 {
		return nil, nil
	}
	lessons = append(lessons, evaluate.Lesson{Rows: len(l.Split.Development), Money: [][]float64{full}})
	return evaluate.Learn(lessons, perfect, o)
}

func (l Learning) lesson(ctx context.Context, out *Learnt, key string, p *train.Problem, split table.Split, team lineup) ([]float64, error) {
	r, err := l.remembered(ctx, key, p, split, team)
	if err != nil {
		return nil, err
	}
	return l.earned(out, r)
}

// key is what learning the models depends on.
func (g lineup) key() string {
	var parts []any
	for _, m := range g.members {
		parts = append(parts, m.candidate.Model, m.candidate.Params, m.weight)
	}
	if g.intercepts != nil {
		parts = append(parts, g.intercepts)
	}
	if g.student != nil {
		parts = append(parts, "student", g.student.candidate.Model, g.student.candidate.Params)
	}
	return runs.KeyOf(parts...)
}

// thinned keeps a share of the rows of every fold, drawn by seed and draw; their
// order stays.
func thinned(s table.Split, share float64, seed uint64, draw int) table.Split {
	rng := rand.New(rand.NewPCG(seed, 0x1e55_0000+uint64(draw)))
	kept := map[int]bool{}
	keep := func(rows []int) []int {
		n := max(1, int(math.Round(share*float64(len(rows)))))
		out := rng.Perm(len(rows))[:min(n, len(rows))]
		slices.Sort(out)
		for k, i := range out {
			out[k] = rows[i]
			kept[rows[i]] = true
		}
		return out
	}
	out := s
	out.Folds = make([][]int, len(s.Folds))
	for f, rows := range s.Folds {
		out.Folds[f] = keep(rows)
	}
	if len(s.First) > 0 {
		out.First = keep(s.First)
	}
	out.Development = nil
	for _, r := range s.Development {
		if kept[r] {
			out.Development = append(out.Development, r)
		}
	}
	return out
}

// dropped values columns by learning again without each of them, from all
// development rows and for as many rounds; calibration and payoffs stay those of
// the choice. full is the money per held-out row with all columns. It is nil
// without columns.
func (l Learning) dropped(ctx context.Context, out *Learnt, columns []string, full []float64, o evaluate.Options) (*evaluate.DroppedColumns, error) {
	var without [][]float64
	team := out.lineup(out.Scenario)
	for k, name := range columns {
		p, err := blind(out.Problem, name)
		if err != nil {
			return nil, err
		}
		predictions, err := l.kept(ctx, runs.KeyOf(l.Key, "without", name, team.key()), func() ([]float64, error) {
			return l.refitted(ctx, p, out.Scenario.Solution, team)
		})
		if err != nil {
			return nil, err
		}
		sheet, err := out.Scenario.Solution.Payoffs.Sheet(l.Table.View(l.Split.Test), predictions, pick(p.Y, l.Split.Test), l.Threads)
		if err != nil {
			return nil, err
		}
		without = append(without, sheet.Profit(sheet.Within(sheet.Choose())))
		l.Report.Tell(event("explain", "without "+name, k+1, len(columns)))
	}
	if without == nil {
		return nil, nil
	}
	return evaluate.DropColumns(columns, full, without, o)
}

// refitted learns the models from all development rows and predicts the
// held-out rows, calibrated as the solution is.
func (l Learning) refitted(ctx context.Context, p *train.Problem, like *solution.Solution, team lineup) ([]float64, error) {
	learners := team.members
	if team.student != nil {
		heard, err := l.heard(ctx, p, team, l.Split.Development, func(_ int, m member) (*train.Fitted, error) {
			return p.Fit(ctx, m.candidate, l.Split.Development, train.Options{Threads: l.Threads, Rounds: m.rounds})
		})
		if err != nil {
			return nil, err
		}
		p, learners = heard, []member{*team.student}
	}
	var parts []*solution.Solution
	for _, m := range learners {
		fitted, err := p.Fit(ctx, m.candidate, l.Split.Development, train.Options{Threads: l.Threads, Rounds: m.rounds})
		if err != nil {
			return nil, err
		}
		parts = append(parts, fitted.Solution)
	}
	s, err := team.joined(parts)
	if err != nil {
		return nil, err
	}
	s.Calibration = like.Calibration
	return s.Predict(p.Table.View(l.Split.Test), l.Threads)
}

// blind is a problem whose models do not read a column.
func blind(p *train.Problem, name string) (*train.Problem, error) {
	columns := slices.Clone(p.Table.Columns())
	for i, c := range columns {
		if c.Name == name {
			columns[i] = c.As(table.Info)
		}
	}
	t, err := table.New(columns...)
	if err != nil {
		return nil, err
	}
	out := *p
	out.Table = t
	out.Monotone = map[string]int8{}
	for column, sign := range p.Monotone {
		if column != name {
			out.Monotone[column] = sign
		}
	}
	return &out, nil
}
