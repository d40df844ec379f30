// Command portfolio measures many candidates on one data set that portfolio.py
// has written, for the list of candidates that the guided search tries first.
//
//	go run ./bench/portfolio -scenario DIR/scenario.yaml -out DIR/trials.json
//
// Measured are the proposals of design and candidates drawn from the search
// ranges of boosted trees, the same ones on every set, out of fold.
package main

import (
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
	"bespoke/design"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/train"
	"bespoke/tune"
	"bespoke/zoo"
)

// Trial is a candidate with what it did; it is written as JSON.
type Trial struct {
	Candidate model.Candidate `json:"candidate"`
	// Loss is log-loss, or the root of the mean squared error, out of fold.
	Loss float64 `json:"loss"`
	// Seconds is how long the fits took.
	Seconds float64 `json:"seconds"`
}

func main() {
	path := flag.String("scenario", "", "scenario file")
	out := flag.String("out", "", "file to write the trials to, as JSON")
	draws := flag.Int("draws", 40, "candidates drawn from the search ranges")
	most := flag.Int("rows", 3000, "most rows to use")
	folds := flag.Int("folds", 3, "folds that the rows are dealt to")
	use := flag.Int("use", 2, "folds that are predicted")
	flag.Parse()
	if err := run(context.Background(), *path, *out, *draws, *most, *folds, *use); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, path, out string, draws, most, folds, use int) error {
	file, err := scenario.Load(path)
	if err != nil {
		return err
	}
	loaded, err := data.Read(ctx, file.Scenario.Data, file.Dir, data.Options{Threads: 1})
	if err != nil {
		return err
	}
	p, err := train.NewProblem(loaded.Table, loaded.Task, zoo.All, 1)
	if err != nil {
		return err
	}
	split := deal(p.Y, most, folds)
	split.Folds = split.Folds[:use]
	candidates, err := pool(loaded, p, draws)
	if err != nil {
		return err
	}
	var trials []Trial
	for _, c := range candidates {
		begin := time.Now()
		o, err := p.CrossFit(ctx, c, split, 1)
		if err != nil {
			return fmt.Errorf("portfolio: %s: %w", c.Label, err)
		}
		trials = append(trials, Trial{Candidate: c, Loss: loss(p, o), Seconds: time.Since(begin).Seconds()})
	}
	text, err := json.MarshalIndent(trials, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, text, 0o600)
}

// pool lists the candidates: what design proposes for many rows, then draws.
func pool(loaded *data.Loaded, p *train.Problem, draws int) ([]model.Candidate, error) {
	facts := design.FactsOf(loaded.Table, p.Task, p.Y, len(p.Outcomes), nil)
	facts.Rows = 1 << 20
	plan, err := design.Propose(facts, zoo.All, scenario.Design{})
	if err != nil {
		return nil, err
	}
	trees, err := zoo.Find("trees.boost.v1")
	if err != nil {
		return nil, err
	}
	out := plan.Candidates
	for i := range draws {
		out = append(out, tune.Draw([]model.Entry{trees}, 2026, i))
	}
	return out, nil
}

// deal deals at most most rows to folds, at random.
func deal(y []float64, most, folds int) table.Split {
	s := table.Split{By: "chance", Folds: make([][]int, folds)}
	rows := rand.New(rand.NewPCG(1, 0xf01d)).Perm(len(y))
	rows = rows[:min(len(rows), most)]
	slices.SortStableFunc(rows, func(a, b int) int { // each outcome evenly
		switch {
		case y[a] < y[b]:
			return -1
		case y[a] > y[b]:
			return 1
		}
		return 0
	})
	for i, r := range rows {
		s.Folds[i%folds] = append(s.Folds[i%folds], r)
	}
	for _, f := range s.Folds {
		slices.Sort(f)
	}
	s.Development = slices.Clone(rows)
	slices.Sort(s.Development)
	return s
}

func loss(p *train.Problem, o *train.OutOfFold) float64 {
	total, k := 0.0, p.Outputs()
	for i, r := range o.Rows {
		if p.Task == model.Regression {
			total += (o.Predictions[i] - p.Y[r]) * (o.Predictions[i] - p.Y[r])
		} else {
			total -= math.Log(max(1e-15, o.Predictions[i*k+int(p.Y[r])]))
		}
	}
	total /= float64(len(o.Rows))
	if p.Task == model.Regression {
		return math.Sqrt(total)
	}
	return total
}
