package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"bespoke/model"
	"bespoke/table"
)

// Distillation: a model learns what a teacher, here several models together,
// says of the rows that both learn from instead of their targets (Bucila, Caruana
// and Niculescu-Mizil 2006; Hinton, Vinyals and Dean 2015, section 2). What it says
// of rows that it did not learn from taught less: docs/decisions 0011.

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

// Seen gives for every fold what a candidate that learnt from the split's training
// rows of the fold says of those rows. A model that learns from these answers has
// heard nothing of the fold, which out-of-fold predictions do not give: those of
// one fold are by models that learnt from the others. Only Rows and Predictions
// are filled.
func (p *Problem) Seen(ctx context.Context, c model.Candidate, split table.Split, threads int) ([]*OutOfFold, error) {
	if err := p.Fits(c, split); err != nil {
		return nil, err
	}
	out, errs := make([]*OutOfFold, len(split.Folds)), make([]error, len(split.Folds))
	slots, inside := make(chan struct{}, max(1, threads)), max(1, threads/len(split.Folds))
	var wg sync.WaitGroup
	for f := range out {
		slots <- struct{}{}
		wg.Go(func() {
			out[f], errs[f] = p.seen(ctx, c, split.Training(f), inside)
			<-slots
		})
	}
	wg.Wait()
	for f, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("train: seen rows: fold %d: %w", f+1, err)
		}
	}
	return out, nil
}

// seen is what a candidate says of the rows that it learnt from.
func (p *Problem) seen(ctx context.Context, c model.Candidate, rows []int, threads int) (*OutOfFold, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	threads, leave := p.enter(threads)
	defer leave()
	fitted, err := p.Fit(ctx, c, rows, Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	predictions, err := fitted.Solution.Predict(p.Table.View(rows), threads)
	return &OutOfFold{Rows: rows, Predictions: predictions}, err
}

// Distil cross-fits a candidate that learns in each fold what the fold's teacher
// says, as Seen gives it.
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
