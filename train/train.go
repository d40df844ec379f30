// Package train turns a candidate and rows into a fitted solution, and makes
// the out-of-fold predictions by which candidates are compared.
//
// Whatever is learnt (features, model, rounds of early stopping) is learnt from
// the training rows of the fold alone, so that a prediction is always of a row
// that took no part in it.
package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"bespoke/features"
	"bespoke/model"
	"bespoke/solution"
	"bespoke/table"
)

// Problem is what is to be learnt, without saying by which model.
type Problem struct {
	// Table has the target and the features, by role.
	Table *table.Table
	Task  model.Task
	// Target is the target column's name.
	Target string
	// Outcomes are the class names by index; nil for regression and rankings.
	Outcomes []string
	// Y is the target by row: class indices, or numbers.
	Y []float64
	// Monotone maps columns to +1 or -1; see features.Options.
	Monotone map[string]int8
	// Extras are features beside the default ones, by encoding of the model; see
	// features.Options and MeasureGains.
	Extras map[model.Encoding][]features.Extra
	// Wide, when not nil, has text read by very many words, for models that read
	// the sparse part of a matrix; see features.Options.
	Wide *features.Wide
	// Interactions are lists of columns that may act together; see
	// model.Training.Interactions. Columns that no feature is made of do not
	// matter; candidates whose model can not keep to them are not fitted.
	Interactions [][]string
	// Forward is true when rows are in order of time, so that early stopping
	// watches the latest rows instead of random ones.
	Forward bool
	// Stakes are the money at stake by row, in any one unit; nil without payoffs
	// and for regression. Those of rows that are never learnt from do not matter.
	// Candidates whose parameters ask for stakes cannot be fitted without.
	Stakes []float64
	// Query is the column of queries, Queries are the numbers of the rows'
	// queries and Top is how many of the first rows of a query count; Rank sets
	// them, for a ranking alone. Rows of one query are in one fold. Models learn
	// the grades as numbers, and those that know how to, their order in queries.
	Query   string
	Queries []int32
	Top     int
	// Seed fixes every random choice.
	Seed uint64
	// Entries are the models there are.
	Entries []model.Entry
	// Actions is how many actions the payoffs choose from, for MemoryOf; 0 without
	// payoffs.
	Actions int
	// Limit is limits.memory in bytes, 0 for none. CrossFit refuses a candidate
	// that needs more on its own.
	Limit int64

	// said is what a teacher says of rows, Outputs values per row of the table; NaN
	// where it says nothing. See Hear.
	said  []float64
	slots chan struct{} // see Bound
	each  int
}

// NewProblem reads outcomes and target values from the table's target column,
// which must have no missing values: a category for classes, else a number. A
// ranking needs its Queries beside it.
func NewProblem(t *table.Table, task model.Task, entries []model.Entry, seed uint64) (*Problem, error) {
	targets := t.ByRole(table.Target)
	if len(targets) != 1 {
		return nil, fmt.Errorf("train: problem: the table has %d target columns, want 1", len(targets))
	}
	c := targets[0]
	p := &Problem{Table: t, Task: task, Target: c.Name, Seed: seed, Entries: entries, Y: make([]float64, t.Rows())}
	if task.Classes() {
		p.Outcomes = c.Levels
	}
	want := table.Category
	if !task.Classes() {
		want = table.Number
	}
	if c.Kind != want {
		return nil, fmt.Errorf("train: problem: target %q is a %s column, a %s task wants a %s", c.Name, c.Kind, task, want)
	}
	for i := range p.Y {
		if c.Missing(i) {
			return nil, fmt.Errorf("train: problem: target %q is missing in row %d", c.Name, i)
		}
		if !task.Classes() {
			p.Y[i] = c.Numbers[i]
		} else {
			p.Y[i] = float64(c.Codes[i])
		}
	}
	return p, nil
}

// Outputs is the number of values a prediction has.
func (p *Problem) Outputs() int {
	if !p.Task.Classes() {
		return 1
	}
	return len(p.Outcomes)
}

// Options control one fit.
type Options struct {
	// Threads is how many goroutines may work at once; at least 1.
	Threads int
	// Rounds, when positive, fixes the rounds of a model that would stop early.
	Rounds int
	// Progress, when not nil, is told of rounds done out of a total.
	Progress func(done, total int)
}

// Fitted is the outcome of one fit: a solution without calibration and
// payoffs, and the rounds it took.
type Fitted struct {
	Solution *solution.Solution
	// Rounds is how many rounds the model kept; 0 when it has none.
	Rounds int
}

// Fit learns a candidate from the given rows of the problem's table.
func (p *Problem) Fit(ctx context.Context, c model.Candidate, rows []int, opt Options) (*Fitted, error) {
	entry, err := p.entry(c.Model)
	if err != nil {
		return nil, err
	}
	if err := p.suits(entry); err != nil {
		return nil, fmt.Errorf("train: %s: %w", c.Label, err)
	}
	params, watch, err := p.stopping(entry, c, rows, opt)
	if err != nil {
		return nil, fmt.Errorf("train: %s: %w", c.Label, err)
	}
	learn := without(rows, watch)
	learnt := p.Table.View(learn)
	y := pick(p.Y, learn)
	steps, x, err := features.Fit(learnt, y, features.Options{
		Encoding: entry.Encoding, Task: p.learnt(), Classes: len(p.Outcomes), Monotone: p.Monotone, Seed: p.Seed, Extras: p.extras(entry.Encoding),
		Views: entry.Views, Sparse: entry.Sparse, Wide: p.Wide,
	})
	if err != nil {
		return nil, fmt.Errorf("train: %s: %w", c.Label, err)
	}
	if x == nil {
		if x, err = applied(steps, learnt); err != nil {
			return nil, fmt.Errorf("train: %s: %w", c.Label, err)
		}
	}
	in := model.Training{
		Task: p.learnt(), X: x, Y: y, Classes: p.Outcomes, Seed: p.Seed, Threads: max(1, opt.Threads), Progress: opt.Progress,
		Groups: p.queriesOf(learn), Interactions: p.together(x.Features),
	}
	if len(watch) > 0 {
		if in.Valid, err = p.watched(steps, watch); err != nil {
			return nil, fmt.Errorf("train: %s: %w", c.Label, err)
		}
	}
	if params.WantsStakes() {
		p.stake(&in, learn, watch)
	}
	if p.said != nil {
		if params.WantsStakes() {
			return nil, fmt.Errorf("train: %s: a candidate that is trained for money cannot learn from a teacher", c.Label)
		}
		p.soften(&in, learn)
		if in.Valid != nil {
			p.soften(in.Valid, watch)
		}
	}
	fitted, err := entry.Fit(ctx, params, in)
	if err != nil {
		return nil, fmt.Errorf("train: %s: %w", c.Label, err)
	}
	out := &Fitted{Solution: &solution.Solution{
		Task: p.Task, Target: p.Target, Query: p.Query, Outcomes: p.Outcomes, Schema: steps.Inputs(), Features: steps, Model: fitted,
	}}
	if r, ok := fitted.(model.Rounds); ok {
		out.Rounds = r.Rounds()
	}
	return out, nil
}

// suits says why a model cannot do what the problem asks for.
func (p *Problem) suits(entry model.Entry) error {
	switch {
	case len(p.Interactions) > 0 && !entry.Separates:
		return fmt.Errorf("%s can not keep to data.interactions: it lets all columns act together", entry.Name)
	case p.Task == model.Ranking && len(p.Queries) != len(p.Y):
		return fmt.Errorf("%d query numbers for %d rows; a ranking needs one per row", len(p.Queries), len(p.Y))
	}
	return nil
}

// together turns lists of columns into sets of the features made of them.
func (p *Problem) together(features []model.Feature) (sets [][]int) {
	for _, columns := range p.Interactions {
		var set []int
		for j := range features {
			f := &features[j]
			if slices.Contains(columns, f.Source) && (f.With == "" || slices.Contains(columns, f.With)) {
				set = append(set, j)
			}
		}
		if set != nil {
			sets = append(sets, set)
		}
	}
	return sets
}

// stake hands the stakes of the rows over, in units of the mean stake of those
// that are learnt from: the rows that early stopping watches, like any others
// that are held out, must not decide what a stake means.
func (p *Problem) stake(in *model.Training, learn, watch []int) {
	if p.Stakes == nil {
		return // the model says what is missing
	}
	in.Stakes = pick(p.Stakes, learn)
	mean := 0.0
	for _, s := range in.Stakes {
		mean += s / float64(len(learn))
	}
	if mean == 0 {
		mean = 1 // the model says that nothing is at stake
	}
	if in.Valid != nil {
		in.Valid.Stakes = pick(p.Stakes, watch)
		divide(in.Valid.Stakes, mean)
	}
	divide(in.Stakes, mean)
}

func divide(x []float64, by float64) {
	for i := range x {
		x[i] /= by
	}
}

func (p *Problem) entry(name string) (model.Entry, error) {
	i := slices.IndexFunc(p.Entries, func(e model.Entry) bool { return e.Name == name })
	if i < 0 {
		return model.Entry{}, fmt.Errorf("train: fit: no model %q", name)
	}
	return p.Entries[i], nil
}

// watchShare is the share of a fit's own rows that early stopping watches.
const watchShare = 0.15

// fewestWatched is the least number of rows worth watching; below it a model
// runs all its rounds.
const fewestWatched = 30

// stopping resolves the candidate's parameters and decides which of the rows
// early stopping watches. With Rounds given nothing is watched: the refit on
// all rows takes the rounds that the folds found.
func (p *Problem) stopping(e model.Entry, c model.Candidate, rows []int, opt Options) (model.Params, []int, error) {
	params, err := model.Resolve(e.Name, e.Params, c.Params)
	if err != nil || e.Stopping == nil || params.Number(e.Stopping.Patience) == 0 {
		return params, nil, err
	}
	if opt.Rounds > 0 {
		params[e.Stopping.Rounds] = float64(opt.Rounds)
		params[e.Stopping.Patience] = 0.0
		return params, nil, nil
	}
	n := int(watchShare * float64(len(rows)))
	if n < fewestWatched {
		params[e.Stopping.Patience] = 0.0
		return params, nil, nil
	}
	order := slices.Clone(rows)
	if !p.Forward {
		rng := rand.New(rand.NewPCG(p.Seed, 0x7a7c4))
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	watch := order[len(order)-n:]
	if p.Task == model.Ranking {
		watch = p.wholeQueries(rows, watch)
	}
	if len(watch) == 0 {
		params[e.Stopping.Patience] = 0.0
	}
	slices.Sort(watch)
	return params, watch, nil
}

func (p *Problem) watched(steps *features.Fitted, rows []int) (*model.Training, error) {
	conformed, _, err := p.Table.View(rows).Conform(steps.Inputs())
	if err != nil {
		return nil, err
	}
	x := steps.NewMatrix(len(rows))
	if err := apply(steps, conformed, x); err != nil {
		return nil, err
	}
	return &model.Training{Task: p.learnt(), X: x, Y: pick(p.Y, rows), Classes: p.Outcomes, Groups: p.queriesOf(rows)}, nil
}

func pick(from []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for i, r := range rows {
		out[i] = from[r]
	}
	return out
}

// without gives the rows that are not in drop; drop must be sorted.
func without(rows, drop []int) []int {
	if len(drop) == 0 {
		return rows
	}
	out := make([]int, 0, len(rows)-len(drop))
	for _, r := range rows {
		if _, found := slices.BinarySearch(drop, r); !found {
			out = append(out, r)
		}
	}
	return out
}
