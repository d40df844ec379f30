package tune

import (
	"context"
	"fmt"
	"math"
	"slices"

	"bespoke/model"
	"bespoke/runs"
	"bespoke/train"

	"gonum.org/v1/gonum/stat"
)

// This file holds what a guided search decides from its finished trials: trial i
// sees those up to i - window, whichever are finished beside them. It follows
// from the seed and the numbers alone, so that a budget of trials gives the same
// bytes on any number of threads up to window at once, and after any
// interruption.

// window is how many trials of a guided search may be at work at once.
const window = 8

// eta is one over the share of candidates that successive halving goes on with
// after the first fold.
const eta = 3

// fewestPast is how many trials must have been seen before one is stopped.
const fewestPast = 2 * eta

// rungErrors is by how many standard errors of the paired rows a candidate must
// be behind the best in the first fold to be stopped there.
const rungErrors = 1

// rungFold is the number of the fold that candidates begin with: the first, or
// where rows are in order of time the last, which learns from most rows.
func (s *Search) rungFold() int {
	if s.Split.Forward {
		return len(s.Split.Folds) - 1
	}
	return 0
}

// rung predicts the first fold, notes the losses of its rows in the trial, and
// gives what Complete needs not to learn it again.
func (s *Search) rung(ctx context.Context, key string, t *Trial, threads int) (map[int]*train.FoldOut, bool, error) {
	f := s.rungFold()
	var fold *train.FoldOut
	reused := false
	learn := func() (err error) {
		fold, err = s.Problem.Fold(ctx, t.Candidate, s.Split, f, threads)
		return err
	}
	if s.Store == nil {
		if err := learn(); err != nil {
			return nil, false, err
		}
	} else {
		data, again, err := runs.OnceFile(ctx, s.Store, "trials/"+key[:16]+".one", runs.KeyOf(key, f), func() ([]byte, error) {
			if err := learn(); err != nil {
				return nil, err
			}
			return encode(&train.OutOfFold{Predictions: fold.Predictions, Rounds: fold.Rounds}), nil
		})
		if err != nil {
			return nil, false, err
		}
		o := &train.OutOfFold{Predictions: make([]float64, len(s.Split.Folds[f])*s.Problem.Outputs())}
		if err := decode(data, o); err != nil {
			return nil, false, err
		}
		fold, reused = &train.FoldOut{Predictions: o.Predictions, Rounds: o.Rounds}, again
	}
	t.rung = s.losses(s.Split.Folds[f], fold.Predictions)
	return map[int]*train.FoldOut{f: fold}, reused, nil
}

// losses is the proper loss of each row: log-loss in nats, or the squared error.
func (s *Search) losses(rows []int, predictions []float64) []float64 {
	out, k := make([]float64, len(rows)), s.Problem.Outputs()
	for i, r := range rows {
		y := s.Problem.Y[r]
		if s.Problem.Task == model.Regression {
			out[i] = (predictions[i] - y) * (predictions[i] - y)
		} else {
			out[i] = -math.Log(max(1e-15, predictions[i*k+int(y)]))
		}
	}
	return out
}

// stop says why a candidate is not worth the other folds; empty when it is. It
// is the asynchronous form of successive halving (Li, Jamieson, Rostamizadeh,
// Gonina, Ben-tzur, Hardt, Recht and Talwalkar 2020, "A System for Massively
// Parallel Hyperparameter Tuning", section 3) with one rung: those go on that
// are among the first third of the trials seen. Unlike there, one that cannot be
// told from the best goes on as well: on few rows ranks are mostly luck.
func (s *Search) stop(t *Trial, past []*Trial) string {
	mean := stat.Mean(t.rung, nil)
	if math.IsNaN(mean) {
		return "" // the judge says what is wrong
	}
	var best *Trial
	seen, ahead := 0, 0
	for _, p := range past {
		if p.rung == nil || math.IsNaN(stat.Mean(p.rung, nil)) {
			continue
		}
		seen++
		if stat.Mean(p.rung, nil) <= mean {
			ahead++
		}
		if best == nil || stat.Mean(p.rung, nil) < stat.Mean(best.rung, nil) {
			best = p
		}
	}
	if seen < fewestPast || ahead < (seen+eta-1)/eta {
		return ""
	}
	behind := slices.Clone(t.rung)
	for i := range behind {
		behind[i] -= best.rung[i]
	}
	gap, noise := meanError(behind)
	if gap <= rungErrors*noise {
		return ""
	}
	return fmt.Sprintf("after fold %d: %d of %d before it had less loss there, and it is %.4g behind the best, with a standard error of %.2g", s.rungFold()+1, ahead, seen, gap, noise)
}
