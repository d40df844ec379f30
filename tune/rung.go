package tune

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"bespoke/model"
	"bespoke/runs"
	"bespoke/train"

	"gonum.org/v1/gonum/stat"
)

// Successive halving in its asynchronous form (Li, Jamieson, Rostamizadeh,
// Gonina, Ben-tzur, Hardt, Recht and Talwalkar 2020, "A System for Massively
// Parallel Hyperparameter Tuning", section 3) with one rung, the first fold:
// candidates that are among the first third there are cross-fitted to the end.
// Unlike there, one that cannot be told from the best goes on as well: on few
// rows ranks are mostly luck.
const (
	// eta is one over the share that goes on.
	eta = 3
	// fewestSeen is how many trials must have been seen before one goes on.
	fewestSeen = 4
	// rungErrors is by how many standard errors of the paired rows a candidate may
	// be behind the best and still not be told from it.
	rungErrors = 1
)

// rung is what a candidate did in its first fold.
type rung struct {
	fold int
	out  *train.FoldOut
	// losses is the proper loss of each row, mean their mean.
	losses []float64
	mean   float64
	// all is the mean loss over the rows of all folds; NaN where they are not
	// fitted.
	all float64
}

// before is what train.Problem.Complete needs not to fit the fold again.
func (r *rung) before() map[int]*train.FoldOut { return map[int]*train.FoldOut{r.fold: r.out} }

// done is the rung of a trial that was cross-fitted, without the predictions,
// which are not needed any more.
func (r *rung) done(all float64) *rung {
	out := *r
	out.out, out.all = nil, all
	return &out
}

// rungFold is the number of the fold that candidates begin with: the first, or
// where rows are in order of time the last, which learns from most rows.
func (s *Search) rungFold() int {
	if s.Split.Forward {
		return len(s.Split.Folds) - 1
	}
	return 0
}

// first fits the trial's candidate in its first fold. Only the end of the search
// itself is an error.
func (s *Search) first(ctx context.Context, t *Trial, threads int) (bool, error) {
	r := &rung{fold: s.rungFold(), all: math.NaN()}
	reused, err := s.firstFold(ctx, t, r, threads)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		t.Failed = err.Error()
		return reused, ctx.Err()
	}
	r.losses = s.losses(s.Split.Folds[r.fold], r.out.Predictions)
	if r.mean = stat.Mean(r.losses, nil); math.IsNaN(r.mean) {
		t.Failed = "it predicts numbers that are not finite"
	}
	t.rung = r
	return reused, nil
}

// firstFold gets the predictions of the first fold from the journal or makes
// them.
func (s *Search) firstFold(ctx context.Context, t *Trial, r *rung, threads int) (reused bool, err error) {
	learn := func() error {
		r.out, err = s.Problem.Fold(ctx, t.Candidate, s.Split, r.fold, threads)
		return err
	}
	if s.Store == nil {
		return false, learn()
	}
	key := s.key(t.Candidate)
	data, reused, err := runs.OnceFile(ctx, s.Store, "trials/"+key[:16]+".one", runs.KeyOf(key, r.fold), func() ([]byte, error) {
		if err := learn(); err != nil {
			return nil, err
		}
		return encode(&train.OutOfFold{Predictions: r.out.Predictions, Rounds: r.out.Rounds}), nil
	})
	if err != nil {
		return false, err
	}
	o := &train.OutOfFold{Predictions: make([]float64, len(s.Split.Folds[r.fold])*s.Problem.Outputs())}
	if err := decode(data, o); err != nil {
		return false, err
	}
	var cost train.Cost // not known of a fold that an earlier process learnt
	if r.out != nil {
		cost = r.out.Cost
	}
	r.out = &train.FoldOut{Predictions: o.Predictions, Rounds: o.Rounds, Cost: cost}
	return reused, nil
}

// losses is the proper loss of each row: log-loss in nats, or the squared error;
// of a ranking it is that of each query.
func (s *Search) losses(rows []int, predictions []float64) []float64 {
	if s.Problem.Task == model.Ranking {
		orders, err := s.Problem.Orders(rows)
		if err != nil {
			return []float64{math.NaN()} // without queries no candidate was fitted
		}
		return orders.Losses(predictions)
	}
	return s.Problem.Losses(rows, predictions)
}

// climbers are the trials that can be compared in the first fold, the best
// first.
func climbers(trials []*Trial) []*Trial {
	var out []*Trial
	for _, t := range trials {
		if t.Failed == "" && t.rung != nil {
			out = append(out, t)
		}
	}
	slices.SortStableFunc(out, func(a, b *Trial) int { return cmp.Compare(a.rung.mean, b.rung.mean) })
	return out
}

// promoted is the best trial that is worth the other folds and was not asked for
// yet; nil when there is none. last is true when no further trial will be seen.
func promoted(past []*Trial, asked map[int]bool, last bool) *Trial {
	order := climbers(past)
	if len(order) < fewestSeen && !last {
		return nil
	}
	for i, t := range order {
		if asked[t.Number] {
			continue
		}
		if i < max(1, len(order)/eta) || near(order[0], t) {
			return t
		}
		if i >= 2*len(order)/eta {
			break // what is far behind is not compared in detail
		}
	}
	return nil
}

// near says whether a trial cannot be told from the best in the first fold.
func near(best, t *Trial) bool {
	gap, noise := behind(best, t)
	return gap <= rungErrors*noise
}

// behind is how much more loss a trial has than another in the first fold, with
// its standard error.
func behind(best, t *Trial) (gap, noise float64) {
	difference := slices.Clone(t.rung.losses)
	for i := range difference {
		difference[i] -= best.rung.losses[i]
	}
	return meanError(difference)
}

// stopped says why a trial was not cross-fitted to the end.
func (s *Search) stopped(t *Trial, trials []*Trial) string {
	order := climbers(trials)
	at := slices.Index(order, t)
	out := fmt.Sprintf("after fold %d: it is number %d of %d there", s.rungFold()+1, at+1, len(order))
	if at > 0 {
		gap, noise := behind(order[0], t)
		out += fmt.Sprintf(", %.4g behind the best, with a standard error of %.2g", gap, noise)
	}
	if s.Budget.Time > 0 && (at < max(1, len(order)/eta) || near(order[0], t)) {
		out += "; the time was over before the other folds"
	}
	return out
}
