package train

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"bespoke/calibrate"
	"bespoke/model"
	"bespoke/table"
)

// OutOfFold are predictions of rows by models that did not learn from them.
type OutOfFold struct {
	// Rows are the predicted rows, rising: those of all folds.
	Rows []int
	// Fold is the fold of each row of Rows.
	Fold []int
	// Predictions has Outputs values per row of Rows, uncalibrated.
	Predictions []float64
	// Rounds is the median over the folds of the rounds kept, 0 when the model
	// has none.
	Rounds int
	// Cost is what it took; zero where the predictions were not made just now.
	Cost Cost
}

// CrossFit predicts every row of the split's folds by a model that learnt from
// the split's training rows of that fold. The folds are worked on in parallel;
// the result does not depend on how many at once.
func (p *Problem) CrossFit(ctx context.Context, c model.Candidate, split table.Split, threads int) (*OutOfFold, error) {
	return p.Complete(ctx, c, split, nil, threads)
}

// FoldOut is what a model that did not learn from a fold predicts for it.
type FoldOut struct {
	// Predictions has Outputs values per row of the fold, uncalibrated.
	Predictions []float64
	// Rounds is how many rounds the model kept; 0 when it has none.
	Rounds int
	// Cost is what it took; zero where the predictions were not made just now.
	Cost Cost
}

// Complete is CrossFit where some folds, by number from 0, have been predicted
// before by the same candidate; the result is the same bits.
func (p *Problem) Complete(ctx context.Context, c model.Candidate, split table.Split, before map[int]*FoldOut, threads int) (*OutOfFold, error) {
	if err := p.Fits(c, split); err != nil {
		return nil, err
	}
	k := p.Outputs()
	out := NewOutOfFold(split, k)
	at := places(out.Rows)
	rounds := make([]int, len(split.Folds))
	costs := make([]Cost, len(split.Folds))
	errs := make([]error, len(split.Folds))
	slots := make(chan struct{}, max(1, threads))
	inside, measured := max(1, threads/len(split.Folds)), sized(len(split.Folds), before)
	var wg sync.WaitGroup
	for f := range split.Folds {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if errs[f] = ctx.Err(); errs[f] != nil {
				return
			}
			fold := before[f]
			if fold == nil {
				if fold, errs[f] = p.fold(ctx, c, split, f, inside, f == measured); errs[f] != nil {
					return
				}
			}
			rounds[f], costs[f] = fold.Rounds, fold.Cost
			for i, r := range split.Folds[f] {
				copy(out.Predictions[int(at[r])*k:], fold.Predictions[i*k:(i+1)*k])
			}
		})
	}
	wg.Wait()
	for f, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("train: cross-fit: fold %d: %w", f+1, err)
		}
	}
	slices.Sort(rounds)
	out.Rounds = rounds[len(rounds)/2]
	out.Cost = together(costs)
	return out, nil
}

// NewOutOfFold is an OutOfFold of the rows of the split with predictions of zero,
// outputs values per row, to be filled.
func NewOutOfFold(split table.Split, outputs int) *OutOfFold {
	out := &OutOfFold{Rows: slices.Concat(split.Folds...)}
	slices.Sort(out.Rows)
	out.Fold = make([]int, len(out.Rows))
	at := places(out.Rows)
	for f, rows := range split.Folds {
		for _, r := range rows {
			out.Fold[at[r]] = f
		}
	}
	out.Predictions = make([]float64, len(out.Rows)*outputs)
	return out
}

// places gives for every row where it stands in rows, which rise.
func places(rows []int) []int32 {
	if len(rows) == 0 {
		return nil
	}
	out := make([]int32, rows[len(rows)-1]+1)
	for i, r := range rows {
		out[r] = int32(i)
	}
	return out
}

// Fold predicts the rows of fold f, from 0, by a model that learnt from the
// split's training rows of that fold. Like CrossFit it refuses a candidate that
// needs more memory than there may be.
func (p *Problem) Fold(ctx context.Context, c model.Candidate, split table.Split, f, threads int) (*FoldOut, error) {
	if err := p.Fits(c, split); err != nil {
		return nil, err
	}
	return p.fold(ctx, c, split, f, threads, true)
}

// Fits says whether a candidate may be learnt at all: whether there is such a
// model, and whether it keeps to Limit.
func (p *Problem) Fits(c model.Candidate, split table.Split) error {
	entry, err := p.entry(c.Model)
	if err != nil {
		return err
	}
	return p.within(entry, split)
}

func (p *Problem) fold(ctx context.Context, c model.Candidate, split table.Split, f, threads int, size bool) (*FoldOut, error) {
	threads, leave := p.enter(threads)
	defer leave()
	begin := time.Now()
	fitted, err := p.Fit(ctx, c, split.Training(f), Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	took := time.Since(begin)
	held := p.Table.View(split.Folds[f])
	predictions, err := fitted.Solution.Predict(held, threads)
	if err != nil {
		return nil, err
	}
	cost, err := costOf(fitted.Solution, held, took, size)
	return &FoldOut{Predictions: predictions, Rounds: fitted.Rounds, Cost: cost}, err
}

// Calibration is a calibration learnt from out-of-fold predictions.
type Calibration struct {
	// Map is fitted on all out-of-fold rows; it goes into the solution. It is
	// nil for regression.
	Map calibrate.Map
	// Scores tell how each method did.
	Scores []calibrate.Score
	// Predictions are the out-of-fold predictions, those of each fold
	// calibrated by a map that was fitted on the other folds, so that money
	// counted on them is honest.
	Predictions []float64
}

// Calibrate chooses a calibration on out-of-fold predictions.
func (p *Problem) Calibrate(o *OutOfFold) (*Calibration, error) {
	if !p.Task.Classes() {
		return &Calibration{Predictions: o.Predictions}, nil
	}
	_, leave := p.enter(1) // it takes memory like a fit
	defer leave()
	y := pick(p.Y, o.Rows)
	k := p.Outputs()
	chosen, scores, err := calibrate.Choose(o.Predictions, y, k, p.Seed)
	if err != nil {
		return nil, fmt.Errorf("train: calibrate: %w", err)
	}
	out := &Calibration{Map: chosen, Scores: scores, Predictions: slices.Clone(o.Predictions)}
	for f := range slices.Max(o.Fold) + 1 {
		var others, mine []int
		for i, g := range o.Fold {
			if g == f {
				mine = append(mine, i)
			} else {
				others = append(others, i)
			}
		}
		m, err := calibrate.Fit(chosen.Name(), pickRows(o.Predictions, others, k), pick(y, others), k)
		if err != nil {
			return nil, fmt.Errorf("train: calibrate: fold %d: %w", f+1, err)
		}
		for _, i := range mine {
			m.Apply(out.Predictions[i*k : (i+1)*k])
		}
	}
	return out, nil
}

func pickRows(from []float64, rows []int, k int) []float64 {
	out := make([]float64, 0, len(rows)*k)
	for _, r := range rows {
		out = append(out, from[r*k:(r+1)*k]...)
	}
	return out
}
