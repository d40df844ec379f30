// Package solution holds the customised solution: everything needed to go from
// a raw row to a decision, as one noun. Training makes it, evaluation and
// explanation read it, a bundle stores it and a server runs it.
//
// A solution is four fitted parts in the order in which a row passes them:
//
//	raw row -> features -> model -> calibration -> payoffs -> decision
//
// It runs the same code on a whole table (Predict) and on one row (Decide), so
// that what was promised on held-out rows is what a server does.
package solution

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"bespoke/calibrate"
	"bespoke/features"
	"bespoke/model"
	"bespoke/table"
	"bespoke/value"
)

// Solution goes from raw rows to decisions. It is safe for concurrent use.
type Solution struct {
	// Task is the kind of question.
	Task model.Task
	// Target is the name of the predicted column.
	Target string
	// Query is the column that says which rows are ranked among each other; empty
	// for other tasks. It is not in Schema: a score does not depend on it.
	Query string
	// Outcomes are the class names by index; nil for regression and ranking. In a binary
	// task index 1 is the positive outcome.
	Outcomes []string
	// Schema lists the columns a raw row must have: those the features read
	// and those the payoffs read. The target is not among them.
	Schema table.Schema
	// Features turn a row into the model's numbers.
	Features *features.Fitted
	// Model predicts.
	Model model.Fitted
	// Calibration corrects class probabilities; nil leaves them as they are.
	Calibration calibrate.Map
	// Payoffs decide; nil when the scenario has no value section.
	Payoffs *value.Payoffs
}

// Outputs is the number of values a prediction has.
func (s *Solution) Outputs() int { return s.Model.Outputs() }

// blockRows is how many rows one goroutine takes at a time.
const blockRows = 1024

// Predict gives the calibrated predictions of every row, row after row with
// Outputs values each: class probabilities or the number. The rows must have
// the columns of Schema; unseen categories count as missing.
func (s *Solution) Predict(t *table.Table, threads int) ([]float64, error) {
	rows, _, err := t.Conform(s.Features.Inputs())
	if err != nil {
		return nil, fmt.Errorf("solution: predict: %w", err)
	}
	k := s.Outputs()
	out := make([]float64, rows.Rows()*k)
	err = inBlocks(rows.Rows(), threads, func(from, to int) error {
		x := s.Features.NewMatrix(to - from)
		part, at := rows, from
		if rows.Large() {
			part, at = rows.Slice(from, to), 0
		}
		if err := s.Features.ApplyRange(part, at, x); err != nil {
			return fmt.Errorf("solution: predict: %w", err)
		}
		s.predictMatrix(x, out[from*k:to*k])
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// predictMatrix predicts the rows of x into out.
func (s *Solution) predictMatrix(x *model.Matrix, out []float64) {
	k := s.Outputs()
	for i := range x.Rows {
		p := out[i*k : (i+1)*k]
		model.PredictRow(s.Model, x, i, p)
		if s.Calibration != nil {
			s.Calibration.Apply(p)
		}
	}
}

// inBlocks calls work for consecutive ranges of rows on the given number of
// goroutines and returns the first error in row order.
func inBlocks(rows, threads int, work func(from, to int) error) error {
	blocks := (rows + blockRows - 1) / blockRows
	errs := make([]error, blocks)
	next := make(chan int, blocks)
	for b := range blocks {
		next <- b
	}
	close(next)
	var wg sync.WaitGroup
	for range max(1, min(threads, blocks)) {
		wg.Go(func() {
			for b := range next {
				errs[b] = work(b*blockRows, min((b+1)*blockRows, rows))
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Ranks gives each row its place among the rows of its query, from 1 for the
// highest score; of equal scores the earlier row stands first. queries are
// numbers, or names, that are the same for the rows of a query.
func Ranks[Q comparable](scores []float64, queries []Q) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	ranks, seen := make([]int, len(scores)), map[Q]int{}
	for _, i := range order {
		seen[queries[i]]++
		ranks[i] = seen[queries[i]]
	}
	return ranks
}
