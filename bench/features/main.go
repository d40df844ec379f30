// Command features measures what steps of derived features bring: each alone,
// and those that train.MeasureGains keeps, on outer folds that took no part in
// keeping them.
//
//	go run ./bench/features -scenario DIR/scenario.yaml > DIR/figures.json
//
// features.py writes the scenarios and makes the tables of RESULTS.md.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"bespoke/data"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/train"
	"bespoke/zoo"

	"gonum.org/v1/gonum/stat"
)

// steps are the names that a scenario may force.
var steps = []string{"target", "cross", "group", "sum", "difference", "product", "ratio", "cycles", "between", "topics", "spellings", "n-grams"}

const (
	outerFolds = 5
	innerFolds = 3
	seed       = 1
)

// figures is what is written, as JSON.
type figures struct {
	Rows    int `json:"rows"`
	Columns int `json:"columns"`
	// Alone are the gains of each step alone on the outer folds.
	Alone []train.Gain `json:"alone"`
	// Auto has one entry per encoding.
	Auto []auto `json:"auto"`
	// Seconds of the whole measurement.
	Seconds float64 `json:"seconds"`
}

// auto is what the kept steps brought on rows that did not choose them.
type auto struct {
	Encoding model.Encoding `json:"encoding"`
	Before   float64        `json:"before"`
	After    float64        `json:"after"`
	Gain     float64        `json:"gain"`
	Error    float64        `json:"error"`
	// Kept says in how many of the outer folds each step was kept.
	Kept map[string]int `json:"kept"`
}

func main() {
	path := flag.String("scenario", "", "scenario file")
	threads := flag.Int("threads", 1, "goroutines that work at once")
	flag.Parse()
	f, err := measure(context.Background(), *path, *threads)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, path string, threads int) (*figures, error) {
	file, err := scenario.Load(path)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	loaded, err := data.Read(ctx, file.Scenario.Data, file.Dir, data.Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	p, err := train.NewProblem(loaded.Table, loaded.Task, zoo.All, seed)
	if err != nil {
		return nil, err
	}
	all := make([]int, loaded.Table.Rows())
	for i := range all {
		all[i] = i
	}
	out := &figures{Rows: len(all), Columns: len(loaded.Table.ByRole(table.Feature))}
	outer := deal(p, all, outerFolds)
	for _, e := range []model.Encoding{model.Native, model.Dense} {
		for _, step := range steps {
			gains, err := p.MeasureGains(ctx, &scenario.Features{Derive: "off", Force: []string{step}}, e, outer, threads)
			if err != nil {
				return nil, err
			}
			out.Alone = append(out.Alone, gains...)
		}
		a, err := nested(ctx, p, e, outer, threads)
		if err != nil {
			return nil, err
		}
		out.Auto = append(out.Auto, *a)
	}
	out.Seconds = time.Since(begin).Seconds()
	return out, nil
}

// nested lets the steps be chosen outside of each outer fold and measures them
// inside.
func nested(ctx context.Context, p *train.Problem, e model.Encoding, outer table.Split, threads int) (*auto, error) {
	a := &auto{Encoding: e, Kept: map[string]int{}}
	var before, after, falls []float64
	for f := range outer.Folds {
		rows := outer.Training(f)
		gains, err := p.MeasureGains(ctx, &scenario.Features{Derive: "auto"}, e, deal(p, rows, innerFolds), threads)
		if err != nil {
			return nil, err
		}
		for _, g := range gains {
			if g.Kept {
				a.Kept[g.Step]++
			}
		}
		own := *p
		without, err := own.QuickLosses(ctx, e, rows, outer.Folds[f], threads)
		if err != nil {
			return nil, err
		}
		own.Extras = train.KeptOf(gains)
		with, err := own.QuickLosses(ctx, e, rows, outer.Folds[f], threads)
		if err != nil {
			return nil, err
		}
		before, after = append(before, without...), append(after, with...)
	}
	for i := range before {
		falls = append(falls, before[i]-after[i])
	}
	a.Before, a.After = stat.Mean(before, nil), stat.Mean(after, nil)
	mean, deviation := stat.MeanStdDev(falls, nil)
	a.Gain, a.Error = mean, deviation/math.Sqrt(float64(len(falls)))
	return a, nil
}

// deal cuts the rows into folds that have the outcomes, or the ranges of the
// number, evenly.
func deal(p *train.Problem, rows []int, k int) table.Split {
	s := table.Split{By: "outer fold", Development: rows, Folds: make([][]int, k)}
	order := slices.Clone(rows)
	rng := rand.New(rand.NewPCG(seed, uint64(k)))
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Y[a], p.Y[b]) })
	for at := 0; at < len(order); at += k {
		group := order[at:min(at+k, len(order))]
		for j, to := range rng.Perm(k)[:len(group)] {
			s.Folds[to] = append(s.Folds[to], group[j])
		}
	}
	for _, rows := range s.Folds {
		slices.Sort(rows)
	}
	return s
}
