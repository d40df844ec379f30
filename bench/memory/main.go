// Command memory reads a table of bench/memory/generate.py and learns boosted
// trees from it as a run does, and prints after each stage the most memory that
// the process has held until then.
//
//	go run ./bench/memory [-limit 4294967296] [-threads 2] [-rounds 10] [-folds 2] [-quick] FILE
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"bespoke/data"
	"bespoke/model"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/train"
	"bespoke/web"
	"bespoke/zoo"
)

func main() {
	limit := flag.Int64("limit", 0, "limits.memory in bytes; 0 is none")
	threads := flag.Int("threads", 2, "goroutines at once")
	rounds := flag.Float64("rounds", 10, "boosting rounds at most")
	folds := flag.Int("folds", 2, "folds")
	quick := flag.Bool("quick", false, "leave the profile and the calibration out, which take time more than memory")
	flag.Parse()
	b := &bench{begin: time.Now(), threads: *threads, limit: *limit, quick: *quick}
	if err := b.run(flag.Arg(0), *rounds, *folds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type bench struct {
	begin   time.Time
	threads int
	limit   int64
	quick   bool
}

// tell prints what was held until the end of a stage, and what is held now.
func (b *bench) tell(stage string) {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	fmt.Printf("%-24s peak %9s   heap %9s   %6.1f s\n", stage, web.Bytes(runs.PeakMemory()), web.Bytes(int64(now.HeapAlloc)), time.Since(b.begin).Seconds())
}

func (b *bench) run(path string, rounds float64, folds int) error {
	ctx := context.Background()
	defer runs.LimitMemory(b.limit)()
	d := scenario.Data{
		Source: scenario.Source{Path: path}, Target: "answer", Positive: "yes",
		Split: scenario.Split{Test: 0.2, Folds: folds},
	}
	loaded, err := data.Read(ctx, d, ".", data.Options{Threads: b.threads, Memory: b.limit})
	if err != nil {
		return err
	}
	b.tell("read")
	split, err := data.Split(loaded.Table, d.Split, d.Target, 1)
	if err != nil {
		return err
	}
	checked, err := data.Check(loaded, d, split, 1, b.threads)
	if err != nil {
		return err
	}
	split = checked.Split
	b.tell("split and checks")
	if !b.quick {
		profile := table.ProfileOf(checked.Table)
		b.tell(fmt.Sprintf("profile of %d columns", len(profile.Columns)))
	}
	return b.learn(ctx, loaded, checked.Table, split, rounds)
}

func (b *bench) learn(ctx context.Context, loaded *data.Loaded, t *table.Table, split table.Split, rounds float64) error {
	p, err := train.NewProblem(t, loaded.Task, zoo.All, 1)
	if err != nil {
		return err
	}
	c := model.Candidate{Label: "boosted trees", Model: "trees.boost.v1", Params: model.Params{"rounds": rounds}}
	entry, err := zoo.Find(c.Model)
	if err != nil {
		return err
	}
	m := p.MemoryOf(entry, split)
	fmt.Printf("estimate: %s with one fit at a time, %s with %d at once\n", web.Bytes(m.Peak(1, 1)), web.Bytes(m.Peak(1, b.threads)), b.threads)
	o, err := p.CrossFit(ctx, c, split, b.threads)
	if err != nil {
		return err
	}
	b.tell("cross-fit")
	if !b.quick {
		if _, err = p.Calibrate(o); err != nil {
			return err
		}
		b.tell("calibration")
	}
	fitted, err := p.Fit(ctx, c, split.Development, train.Options{Threads: b.threads, Rounds: o.Rounds})
	if err != nil {
		return err
	}
	b.tell("all development rows")
	if _, err := fitted.Solution.Predict(t.Take(split.Test), b.threads); err != nil {
		return err
	}
	b.tell("prediction of test rows")
	return nil
}
