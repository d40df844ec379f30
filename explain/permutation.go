package explain

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"bespoke/table"

	"golang.org/x/sync/errgroup"
)

// Score is one way to count what bad predictions cost.
type Score struct {
	// Name is what people see, such as "log-loss" or "money".
	Name string
	// Unit is that of the figures, such as "nats per row".
	Unit string
	// Scale multiplies means over rows: 1 for a loss per row, 1000 for money
	// per 1,000 decisions.
	Scale float64
	// Losses gives one number per row for predictions (rows x outputs): what
	// the row costs under them, lower is better. It is called concurrently.
	Losses func(predictions []float64) ([]float64, error)
}

// Options steer Permutation.
type Options struct {
	// Columns are those that Importances shuffles; nil is every column that the
	// solution reads.
	Columns []string
	// Queries are the numbers of the rows' queries and Top how many of the first
	// rows of a query count; for a ranking alone.
	Queries []int32
	Top     int
	// Repeats is how often each column is shuffled; 0 means 5.
	Repeats int
	// Seed fixes the shuffles. Those of a column depend on the seed and its
	// name only, not on the other columns.
	Seed uint64
	// Threads is how many columns are worked on at once, at least 1; the
	// result does not depend on it.
	Threads int
	// Progress, when not nil, is told of columns done out of all; it is never
	// called concurrently.
	Progress func(done, total int)
}

// Importance is what shuffling one column costs.
type Importance struct {
	Column string `json:"column"`
	// Effects are in the order of the scores.
	Effects []Effect `json:"effects"`
}

// Effect is by how much one score gets worse when a column is shuffled: the
// column's worth to the model. Below zero the model would be better off
// without it.
type Effect struct {
	Score string `json:"score"`
	Unit  string `json:"unit"`
	Interval
}

const defaultRepeats = 5

// normal95 is the 97.5 % point of the normal distribution.
const normal95 = 1.959963984540054

// Permutation measures what each of the named columns is worth to the
// predictions (Breiman 2001): the column is shuffled over the rows of the raw
// table, everything is predicted anew, and each row's loss is compared with its
// loss before. The rows should be held-out ones.
//
// The estimate is the mean over rows of the paired difference, averaged over
// the repeats. A row counts twice in it, once with a foreign value and once as
// the giver of its own, so the interval is the normal one from the spread over
// rows of the sum of both differences (the projection of a two-sample
// U-statistic); it holds the noise of rows and of shuffles. A column that
// repeats what another one knows shows little: the model still has the other.
//
// predict gives rows x outputs predictions of a table; it is called
// concurrently. Importances are in the order of columns.
func Permutation(ctx context.Context, t *table.Table, columns []string, predict func(*table.Table) ([]float64, error), scores []Score, opt Options) ([]Importance, error) {
	if opt.Repeats == 0 {
		opt.Repeats = defaultRepeats
	}
	if opt.Repeats < 0 {
		return nil, fmt.Errorf("explain: permutation: %d repeats; at least 1 is needed", opt.Repeats)
	}
	p := &permutation{table: t, predict: predict, scores: scores, opt: opt}
	if err := p.start(columns); err != nil {
		return nil, fmt.Errorf("explain: permutation: %w", err)
	}
	out := make([]Importance, len(columns))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, opt.Threads))
	var done sync.Mutex
	finished := 0
	for i, name := range columns {
		group.Go(func() error {
			effects, err := p.column(ctx, name)
			if err != nil {
				return fmt.Errorf("explain: permutation: column %q: %w", name, err)
			}
			out[i] = Importance{name, effects}
			done.Lock()
			defer done.Unlock()
			if finished++; opt.Progress != nil {
				opt.Progress(finished, len(columns))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

type permutation struct {
	table   *table.Table
	predict func(*table.Table) ([]float64, error)
	scores  []Score
	opt     Options
	before  [][]float64 // per score, the losses of the rows as they are
}

// start checks the columns and computes the losses without shuffling.
func (p *permutation) start(columns []string) error {
	for _, name := range columns {
		if _, ok := p.table.Column(name); !ok {
			return fmt.Errorf("no column %q; there are %v", name, p.table.Names())
		}
	}
	if p.table.Rows() == 0 {
		return fmt.Errorf("there are 0 rows; at least 1 is needed")
	}
	var err error
	p.before, err = p.losses(p.table)
	return err
}

// losses predicts a table and gives per score one loss per row.
func (p *permutation) losses(t *table.Table) ([][]float64, error) {
	predictions, err := p.predict(t)
	if err != nil {
		return nil, err
	}
	out := make([][]float64, len(p.scores))
	for s, score := range p.scores {
		if out[s], err = score.Losses(predictions); err != nil {
			return nil, fmt.Errorf("%s: %w", score.Name, err)
		}
		if len(out[s]) != t.Rows() {
			return nil, fmt.Errorf("%s: %d losses for %d rows", score.Name, len(out[s]), t.Rows())
		}
	}
	return out, nil
}

// column measures one column over all repeats.
func (p *permutation) column(ctx context.Context, name string) ([]Effect, error) {
	rows := p.table.Rows()
	// Per score and row, summed over the repeats: what the row lost by a foreign
	// value, and what the rows lost that got its value.
	taken, given := make([][]float64, len(p.scores)), make([][]float64, len(p.scores))
	for s := range p.scores {
		taken[s], given[s] = make([]float64, rows), make([]float64, rows)
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	r := rand.New(rand.NewPCG(p.opt.Seed, h.Sum64()))
	for range p.opt.Repeats {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		order := r.Perm(rows)
		shuffled, err := withShuffled(p.table, name, order)
		if err != nil {
			return nil, err
		}
		after, err := p.losses(shuffled)
		if err != nil {
			return nil, err
		}
		for s := range p.scores {
			for i, loss := range after[s] {
				taken[s][i] += loss - p.before[s][i]
				given[s][order[i]] += loss - p.before[s][i]
			}
		}
	}
	effects := make([]Effect, len(p.scores))
	for s, score := range p.scores {
		factor := score.Scale / float64(p.opt.Repeats)
		effects[s] = Effect{Score: score.Name, Unit: score.Unit, Interval: interval(taken[s], given[s], factor)}
	}
	return effects, nil
}

// withShuffled is the table with one column in another order of rows.
func withShuffled(t *table.Table, name string, order []int) (*table.Table, error) {
	columns := slices.Clone(t.Columns())
	for i, c := range columns {
		if c.Name == name {
			columns[i] = c.Take(order)
		}
	}
	return table.New(columns...)
}

// interval is factor times the mean of taken, with the normal interval from the
// spread of taken plus given.
func interval(taken, given []float64, factor float64) Interval {
	n := float64(len(taken))
	mean, both, squares := 0.0, 0.0, 0.0
	for i, v := range taken { // Welford's updates
		mean += (v - mean) / float64(i+1)
		d := v + given[i] - both
		both += d / float64(i+1)
		squares += d * (v + given[i] - both)
	}
	half := 0.0
	if n > 1 {
		half = normal95 * math.Sqrt(squares/(n-1)/n) * math.Abs(factor)
	}
	mean *= factor
	return Interval{mean, mean - half, mean + half}
}
