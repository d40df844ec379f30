package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"bespoke/model"
	"bespoke/table"
)

// Distillation: a model learns what a teacher, here several models together,
// says of the rows instead of their targets (Bucila, Caruana and
// Niculescu-Mizil 2006; Hinton, Vinyals and Dean 2015, section 2). The teacher
// speaks of rows that it did not learn from (Dao, Kamath, Syrgkanis and Mackey
// 2021, section 4): of those it learnt from a flexible teacher repeats little but
// the targets.

// leastShare is the least probability that is learnt from.
const leastShare = 1e-6

// Hear is the problem in which models learn what the teacher says of its rows;
// of others they learn the target. For numbers what is said takes the place of
// the target. For classes a row is learnt from once per class, with the
// probabilities as weights, so that what is minimised is the cross-entropy of
// the teacher's probabilities and the model's. Steps of features still see the
// targets. Candidates that ask for stakes cannot be fitted.
func (p *Problem) Hear(teacher *OutOfFold) *Problem {
	out, k := *p, p.Outputs()
	out.said = make([]float64, k*len(p.Y))
	for i := range out.said {
		out.said[i] = math.NaN()
	}
	for i, r := range teacher.Rows {
		copy(out.said[r*k:(r+1)*k], teacher.Predictions[i*k:(i+1)*k])
	}
	return &out
}

// soften has the rows of the table learnt from as the teacher says.
func (p *Problem) soften(in *model.Training, rows []int) {
	k := p.Outputs()
	if k == 1 {
		in.Y = slices.Clone(in.Y)
		for i, r := range rows {
			if !math.IsNaN(p.said[r]) {
				in.Y[i] = p.said[r]
			}
		}
		return
	}
	var from []int
	var y, weights []float64
	add := func(row int, class, weight float64) {
		from, y, weights = append(from, row), append(y, class), append(weights, weight)
	}
	for i, r := range rows {
		said := p.said[r*k : (r+1)*k]
		if math.IsNaN(said[0]) {
			add(i, in.Y[i], 1)
			continue
		}
		for class, share := range said {
			if share > leastShare {
				add(i, float64(class), share)
			}
		}
	}
	in.X, in.Y, in.Weights = repeated(in.X, from), y, weights
}

// repeated is the matrix of the rows, which do not fall.
func repeated(x *model.Matrix, rows []int) *model.Matrix {
	if !x.View() {
		return x.Take(rows)
	}
	return model.NewView(x.Features, len(rows), func(lo int, out *model.Matrix) {
		from := rows[lo : lo+out.Rows]
		if len(from) == 0 {
			return
		}
		var scratch model.Matrix
		block, cols := x.Block(from[0], from[len(from)-1]+1, &scratch), x.Cols()
		for i, r := range from {
			copy(out.Values[i*cols:(i+1)*cols], block[(r-from[0])*cols:])
		}
	})
}

// Nested gives for every fold what a candidate says of the rows of the other
// folds without having seen either: rows of fold g are predicted by a model that
// learnt neither from fold g nor from the fold that the answer is for. A model
// that learns from these answers has heard nothing of that fold. own are the
// out-of-fold predictions of the candidate; in a split by time they are the
// answer for every fold, since what is learnt from there is older than what is
// predicted. There must be three folds or more.
func (p *Problem) Nested(ctx context.Context, c model.Candidate, split table.Split, own *OutOfFold, threads int) ([]*OutOfFold, error) {
	out := make([]*OutOfFold, len(split.Folds))
	if split.Forward {
		for f := range out {
			out[f] = own
		}
		return out, nil
	}
	if len(out) < 3 {
		return nil, fmt.Errorf("train: nested predictions: %d folds, at least 3 are needed", len(out))
	}
	var pairs [][2]int
	for f := range out {
		inner := split
		inner.Folds = slices.Delete(slices.Clone(split.Folds), f, f+1)
		out[f] = NewOutOfFold(inner, p.Outputs())
		for g := range f {
			pairs = append(pairs, [2]int{g, f})
		}
	}
	errs := make([]error, len(pairs))
	slots, inside := make(chan struct{}, max(1, threads)), max(1, threads/len(pairs))
	var wg sync.WaitGroup
	for i, pair := range pairs {
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = p.pair(ctx, c, split, pair, out, inside)
			<-slots
		})
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

// pair fits a candidate without two folds and predicts each for the other.
func (p *Problem) pair(ctx context.Context, c model.Candidate, split table.Split, pair [2]int, out []*OutOfFold, threads int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	threads, leave := p.enter(threads)
	defer leave()
	rows := without(split.Training(pair[0]), slices.Sorted(slices.Values(split.Folds[pair[1]])))
	fitted, err := p.Fit(ctx, c, rows, Options{Threads: threads})
	if err != nil {
		return err
	}
	k := p.Outputs()
	for i, f := range pair {
		predictions, err := fitted.Solution.Predict(p.Table.View(split.Folds[f]), threads)
		if err != nil {
			return err
		}
		to := out[pair[1-i]]
		at := places(to.Rows)
		for j, r := range split.Folds[f] {
			copy(to.Predictions[int(at[r])*k:], predictions[j*k:(j+1)*k])
		}
	}
	return nil
}

// Distil cross-fits a candidate that learns in each fold what the fold's teacher
// says, as Nested gives it.
func (p *Problem) Distil(ctx context.Context, c model.Candidate, split table.Split, teachers []*OutOfFold, threads int) (*OutOfFold, error) {
	folds := map[int]*FoldOut{}
	for f := range split.Folds {
		var err error
		if folds[f], err = p.Hear(teachers[f]).Fold(ctx, c, split, f, threads); err != nil {
			return nil, fmt.Errorf("train: distil: fold %d: %w", f+1, err)
		}
	}
	return p.Complete(ctx, c, split, folds, threads)
}
