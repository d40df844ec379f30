package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"bespoke/pipeline"
	"bespoke/tune"
)

// studied is what study.py reads beside the numbers.
type studied struct {
	// Development and Test are row numbers from 1; Inner is the inner fold of
	// each development row.
	Development []int         `json:"development"`
	Inner       []int         `json:"inner"`
	Test        []int         `json:"test"`
	Trials      []*tune.Trial `json:"trials"`
}

// record refits every trial of the fold's search and writes, trial after trial,
// four lists of numbers: out-of-fold predictions of the development rows, raw
// and calibrated, and predictions of the test rows, raw and calibrated. A
// failed trial is left out.
func (b *bench) record(ctx context.Context, f int, l pipeline.Learning, learnt *pipeline.Learnt) error {
	var out studied
	test := l.Table.Take(l.Split.Test)
	var numbers []byte
	add := func(predictions []float64, outputs int) {
		for _, v := range positive(predictions, outputs) {
			numbers, _ = binary.Append(numbers, binary.LittleEndian, v) // a float64 always fits
		}
	}
	for i, t := range learnt.Search.Trials {
		if t.Out() != "" {
			continue
		}
		choice, err := l.Refit(ctx, learnt, i)
		if err != nil {
			return err
		}
		s := choice.Solution
		calibrated, err := s.Predict(test, b.threads)
		if err != nil {
			return err
		}
		s.Calibration = nil
		raw, err := s.Predict(test, b.threads)
		if err != nil {
			return err
		}
		for _, p := range [][]float64{t.OutOfFold().Predictions, t.Calibrated().Predictions, raw, calibrated} {
			add(p, s.Outputs())
		}
		out.Trials, out.Inner = append(out.Trials, t), t.OutOfFold().Fold
	}
	for _, r := range l.Split.Development {
		out.Development = append(out.Development, b.loaded.Row(r))
	}
	for _, r := range l.Split.Test {
		out.Test = append(out.Test, b.loaded.Row(r))
	}
	text, err := json.Marshal(out)
	if err != nil {
		return err
	}
	name := filepath.Join(b.study, fmt.Sprintf("fold-%d", f))
	if err := os.WriteFile(name+".json", text, 0o600); err != nil {
		return err
	}
	return os.WriteFile(name+".bin", numbers, 0o600)
}
