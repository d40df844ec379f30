// Command calibration measures the ways to calibrate on outer folds that
// calibration.py has written. For each outer fold and each of a few models it
// predicts the other rows out of fold and the fold's rows by a model of all the
// others, as a run does; fits every method on the former; and writes the
// latter, as each method makes them, for calibration.py to judge.
//
//	go run ./bench/calibration -scenario DIR/scenario.yaml -folds DIR/folds.txt > out.jsonl
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"bespoke/calibrate"
	"bespoke/data"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/train"
	"bespoke/zoo"
)

// candidates are a model that is honest by nature, one with the regular trees
// that the search chooses most often, and one that is too sure of itself.
var candidates = []model.Candidate{
	{Label: "logistic", Model: "linear.logistic.v1"},
	{Label: "shallow trees", Model: "trees.boost.v1", Params: model.Params{
		"rounds": 150.0, "learning_rate": 0.08, "num_leaves": 6.0, "bagging_fraction": 0.7, "bagging_freq": 1.0, "feature_fraction": 0.5,
	}},
	{Label: "deep trees", Model: "trees.boost.v1"},
}

// line is one model in one outer fold.
type line struct {
	Fold   int    `json:"fold"`
	Model  string `json:"model"`
	Chosen string `json:"chosen"`
	// Rows are numbers from 1, as read.
	Rows []int     `json:"rows"`
	Y    []float64 `json:"y"`
	// P has rows x classes probabilities by method.
	P       map[string][]float64 `json:"p"`
	Seconds map[string]float64   `json:"seconds"`
}

// mean averages what several maps make of a row.
type mean []mapper

func (m mean) Apply(p []float64) {
	sum := make([]float64, len(p))
	for _, one := range m {
		row := slices.Clone(p)
		one.Apply(row)
		for k, v := range row {
			sum[k] += v / float64(len(m))
		}
	}
	copy(p, sum)
}

type mapper interface{ Apply(p []float64) }

func main() {
	path := flag.String("scenario", "", "scenario file")
	folds := flag.String("folds", "", "file with the outer fold of each data row, one a line, from 0")
	threads := flag.Int("threads", 2, "goroutines that work at once")
	flag.Parse()
	if err := run(context.Background(), *path, *folds, *threads); err != nil {
		fmt.Fprintln(os.Stderr, "calibration:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, path, foldsPath string, threads int) error {
	file, err := scenario.Load(path)
	if err != nil {
		return err
	}
	s := file.Scenario
	loaded, err := data.Read(ctx, s.Data, file.Dir, data.Options{Threads: threads})
	if err != nil {
		return err
	}
	text, err := os.ReadFile(foldsPath)
	if err != nil {
		return err
	}
	words := strings.Fields(string(text))
	outer := make([]int, loaded.Table.Rows())
	for i := range outer {
		if outer[i], err = strconv.Atoi(words[loaded.Row(i)-1]); err != nil {
			return err
		}
	}
	p, err := train.NewProblem(loaded.Table, loaded.Task, zoo.All, s.Seed)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	enc := json.NewEncoder(out)
	for f := range slices.Max(outer) + 1 {
		split := splitOf(p.Y, outer, f, s.Data.Split.Folds, s.Seed)
		for _, c := range candidates {
			l, err := measure(ctx, p, c, split, threads)
			if err != nil {
				return fmt.Errorf("fold %d, %s: %w", f, c.Label, err)
			}
			l.Fold = f
			for _, r := range split.Test {
				l.Rows = append(l.Rows, loaded.Row(r))
			}
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// splitOf deals the rows outside the outer fold to inner folds, each class
// evenly.
func splitOf(y []float64, outer []int, f, inner int, seed uint64) table.Split {
	s := table.Split{By: "outer fold", Folds: make([][]int, inner)}
	for i, g := range outer {
		if g == f {
			s.Test = append(s.Test, i)
		} else {
			s.Development = append(s.Development, i)
		}
	}
	order := slices.Clone(s.Development)
	rng := rand.New(rand.NewPCG(seed, uint64(f)))
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	slices.SortStableFunc(order, func(a, b int) int { return int(y[a] - y[b]) })
	for k, r := range order {
		s.Folds[k%inner] = append(s.Folds[k%inner], r)
	}
	for _, rows := range s.Folds {
		slices.Sort(rows)
	}
	return s
}

func measure(ctx context.Context, p *train.Problem, c model.Candidate, split table.Split, threads int) (*line, error) {
	o, err := p.CrossFit(ctx, c, split, threads)
	if err != nil {
		return nil, err
	}
	fitted, err := p.Fit(ctx, c, split.Development, train.Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	raw, err := fitted.Solution.Predict(p.Table.Take(split.Test), threads)
	if err != nil {
		return nil, err
	}
	k := p.Outputs()
	y := make([]float64, len(o.Rows))
	for i, r := range o.Rows {
		y[i] = p.Y[r]
	}
	l := &line{Model: c.Label, P: map[string][]float64{}, Seconds: map[string]float64{}}
	for _, r := range split.Test {
		l.Y = append(l.Y, p.Y[r])
	}
	ways := waysTo(o, y, k, len(split.Folds), p.Seed, &l.Chosen)
	for name, fit := range ways {
		begin := time.Now()
		m, err := fit()
		if err != nil {
			return nil, err
		}
		out := slices.Clone(raw)
		for i := 0; i < len(out); i += k {
			m.Apply(out[i : i+k])
		}
		l.P[name], l.Seconds[name] = out, time.Since(begin).Seconds()
	}
	return l, nil
}

// waysTo are the methods by name, fitted on out-of-fold predictions; chosen is
// set to the name of the one that a run would take.
func waysTo(o *train.OutOfFold, y []float64, k, folds int, seed uint64, chosen *string) map[string]func() (mapper, error) {
	ways := map[string]func() (mapper, error){
		"chosen": func() (mapper, error) {
			m, _, err := calibrate.Choose(o.Predictions, y, k, seed)
			if err == nil {
				*chosen = m.Name()
			}
			return m, err
		},
		"least log-loss": func() (mapper, error) {
			_, scores, err := calibrate.Choose(o.Predictions, y, k, seed)
			if err != nil {
				return nil, err
			}
			best := slices.MinFunc(scores, func(a, b calibrate.Score) int { return cmp.Compare(a.LogLoss, b.LogLoss) })
			return calibrate.Fit(best.Name, o.Predictions, y, k)
		},
		"mean of four": func() (mapper, error) {
			var m mean
			for _, name := range calibrate.Names()[1:] {
				one, err := calibrate.Fit(name, o.Predictions, y, k)
				if err != nil {
					return nil, err
				}
				m = append(m, one)
			}
			return m, nil
		},
		"venn-abers": func() (mapper, error) { return fitVennMap(o.Predictions, y, k, nil, 1), nil },
		"cross venn-abers": func() (mapper, error) {
			return fitVennMap(o.Predictions, y, k, o.Fold, folds), nil
		},
	}
	for _, name := range calibrate.Names() {
		ways[name] = func() (mapper, error) { return calibrate.Fit(name, o.Predictions, y, k) }
	}
	return ways
}
