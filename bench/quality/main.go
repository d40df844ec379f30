// Command quality measures the complete choice of Bespoke on outer folds that
// quality.py has written: for each outer fold it designs, searches, calibrates
// and refits on the other rows, with inner folds of their own, and then
// predicts and decides the rows of the fold, once.
//
//	go run ./bench/quality -scenario DIR/scenario.yaml -folds DIR/folds.txt -out DIR/ours.csv
//
// With -candidate one fixed candidate is fitted instead, without search and
// calibration, to compare a model with the same model of another tool.
//
// Rows to learn from are those that the peers get: findings of the data checks
// change roles of columns, but no row is left out.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bespoke/data"
	"bespoke/model"
	"bespoke/pipeline"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/train"
	"bespoke/zoo"
)

func main() {
	var b bench
	flag.StringVar(&b.scenario, "scenario", "", "scenario file")
	flag.StringVar(&b.folds, "folds", "", "file with the outer fold of each data row, one a line, from 0")
	flag.StringVar(&b.out, "out", "", "file to write the predictions to, as CSV")
	flag.StringVar(&b.summary, "summary", "", "file to write what was chosen and how long it took, as JSON")
	flag.StringVar(&b.candidate, "candidate", "", "a fixed candidate as JSON: {\"model\": name, \"params\": {...}}")
	flag.StringVar(&b.study, "study", "", "folder to write the predictions of every trial to, for study.py")
	flag.StringVar(&b.second, "second", "", "file to write what mean, stack and student say of the fold to, as JSON, for bench/stack")
	flag.IntVar(&b.only, "fold", -1, "the only outer fold to do; by default all")
	flag.IntVar(&b.threads, "threads", 2, "goroutines that work at once")
	flag.Parse()
	if err := b.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// bench is one measurement: what was asked and what was read.
type bench struct {
	scenario, folds, out, summary, candidate, study, second string
	threads, only                                           int

	file   *scenario.File
	loaded *data.Loaded
	fold   []int // by table row
	others []Others
}

// Summary is written as JSON.
type Summary struct {
	Folds []Fold `json:"folds"`
}

// Fold says what happened in one outer fold.
type Fold struct {
	Fold int `json:"fold"`
	// Seconds and CPU are of choosing, learning, predicting and deciding.
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu"`
	Trials  int     `json:"trials"`
	// Stopped is how many of them a guided search stopped after one fold.
	Stopped int `json:"stopped,omitempty"`
	// Scenario and Technology name the two choices.
	Scenario   string `json:"scenario"`
	Technology string `json:"technology"`
	// Members are the shares of the scenario's choice where it is a mean.
	Members []string `json:"members,omitempty"`
	// Equals is how many trials could not be told from the one chosen.
	Equals      int    `json:"equals,omitempty"`
	Calibration string `json:"calibration,omitempty"`
	// Params are the parameters of the scenario's choice.
	Params model.Params `json:"params,omitempty"`
}

// held is what is known about the rows of one outer fold.
type held struct {
	rows   []int
	number []float64 // probability of the positive outcome, or the number
	// technology is the same by the technology-driven choice.
	technology []float64
	action     []string // nil without payoffs
}

func (b *bench) run(ctx context.Context) error {
	if err := b.read(ctx); err != nil {
		return err
	}
	var summary Summary
	lines := []string{"row,fold,number,technology,action"}
	for f := range slices.Max(b.fold) + 1 {
		if b.only >= 0 && f != b.only {
			continue
		}
		begin, cpu := time.Now(), processor()
		h, fold, err := b.outer(ctx, f)
		if err != nil {
			return fmt.Errorf("quality: fold %d: %w", f, err)
		}
		fold.Fold, fold.Seconds, fold.CPU = f, time.Since(begin).Seconds(), processor()-cpu
		summary.Folds = append(summary.Folds, fold)
		fmt.Fprintf(os.Stderr, "fold %d: %s, %.1f s\n", f, fold.Scenario, fold.Seconds)
		lines = append(lines, b.lines(f, h)...)
	}
	if err := os.WriteFile(b.out, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	if b.second != "" {
		text, err := json.MarshalIndent(b.others, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(b.second, append(text, '\n'), 0o600); err != nil {
			return err
		}
	}
	if b.summary == "" {
		return nil
	}
	text, err := json.MarshalIndent(summary, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(b.summary, text, 0o600)
}

// read reads the data and the fold of each row.
func (b *bench) read(ctx context.Context) error {
	var err error
	if b.file, err = scenario.Load(b.scenario); err != nil {
		return err
	}
	if b.loaded, err = data.Read(ctx, b.file.Scenario.Data, b.file.Dir, data.Options{Threads: b.threads}); err != nil {
		return err
	}
	text, err := os.ReadFile(b.folds)
	if err != nil {
		return err
	}
	words := strings.Fields(string(text))
	if len(words) != b.loaded.Read {
		return fmt.Errorf("quality: %d folds for %d rows", len(words), b.loaded.Read)
	}
	b.fold = make([]int, b.loaded.Table.Rows())
	for i := range b.fold {
		if b.fold[i], err = strconv.Atoi(words[b.loaded.Row(i)-1]); err != nil {
			return fmt.Errorf("quality: folds: %w", err)
		}
	}
	return nil
}

// outer learns from the rows outside the fold and predicts those inside.
func (b *bench) outer(ctx context.Context, f int) (held, Fold, error) {
	split := b.split(f)
	if b.candidate != "" {
		return b.fixed(ctx, split)
	}
	s := b.file.Scenario
	checked, err := data.Check(b.loaded, s.Data, split, s.Seed, b.threads)
	if err != nil {
		return held{}, Fold{}, err
	}
	l := pipeline.Learning{Scenario: s, Table: checked.Table, Task: b.loaded.Task, Split: split, Threads: b.threads}
	learnt, err := pipeline.Learn(ctx, l)
	if err != nil {
		return held{}, Fold{}, err
	}
	if b.study != "" {
		if err := b.record(ctx, f, l, learnt); err != nil {
			return held{}, Fold{}, err
		}
	}
	if b.second != "" {
		if err := b.compare(ctx, f, l, learnt); err != nil {
			return held{}, Fold{}, err
		}
	}
	h, err := b.decide(checked.Table, split.Test, learnt)
	chosen := learnt.Scenario.Trial
	var members []string
	if learnt.Scenario.Committee != nil {
		members = learnt.Search.Shares()
	}
	stopped := 0
	for _, t := range learnt.Search.Trials {
		if t.Stopped != "" {
			stopped++
		}
	}
	return h, Fold{
		Stopped: stopped,
		Trials:  len(learnt.Search.Trials), Scenario: chosen.Candidate.Label, Technology: learnt.Technology.Trial.Candidate.Label,
		Equals: learnt.Search.Equals, Calibration: chosen.Calibration, Params: chosen.Candidate.Params, Members: members,
	}, err
}

// decide predicts and decides the rows of the fold.
func (b *bench) decide(t *table.Table, rows []int, learnt *pipeline.Learnt) (held, error) {
	h, test := held{rows: rows}, t.Take(rows)
	s := learnt.Scenario.Solution
	predictions, err := s.Predict(test, b.threads)
	if err != nil {
		return h, err
	}
	h.number = positive(predictions, s.Outputs())
	if s.Payoffs != nil {
		sheet, err := s.Payoffs.Sheet(test, predictions, nil, b.threads)
		if err != nil {
			return h, err
		}
		for _, a := range sheet.Choose() {
			h.action = append(h.action, sheet.Actions[a])
		}
	}
	if predictions, err = learnt.Technology.Solution.Predict(test, b.threads); err != nil {
		return h, err
	}
	h.technology = positive(predictions, s.Outputs())
	return h, nil
}

// fixed fits the candidate alone.
func (b *bench) fixed(ctx context.Context, split table.Split) (held, Fold, error) {
	c := model.Candidate{Label: "fixed"}
	if err := json.Unmarshal([]byte(b.candidate), &c); err != nil {
		return held{}, Fold{}, fmt.Errorf("quality: candidate: %w", err)
	}
	p, err := train.NewProblem(b.loaded.Table, b.loaded.Task, zoo.All, b.file.Scenario.Seed)
	if err != nil {
		return held{}, Fold{}, err
	}
	fitted, err := p.Fit(ctx, c, split.Development, train.Options{Threads: b.threads})
	if err != nil {
		return held{}, Fold{}, err
	}
	predictions, err := fitted.Solution.Predict(b.loaded.Table.Take(split.Test), b.threads)
	number := positive(predictions, p.Outputs())
	return held{rows: split.Test, number: number, technology: number}, Fold{Trials: 1, Scenario: c.Label, Technology: c.Label}, err
}

// positive is the second of two probabilities of each row, or the number.
func positive(predictions []float64, outputs int) []float64 {
	var out []float64
	for i := outputs - 1; i < len(predictions); i += outputs {
		out = append(out, predictions[i])
	}
	return out
}

const innerStream = 0x1f01d // keeps the inner folds' random numbers apart

// split holds the rows of the outer fold out and deals the others to inner
// folds: each outcome evenly, and for a number each range of it.
func (b *bench) split(f int) table.Split {
	s := table.Split{By: "outer fold", Folds: make([][]int, b.file.Scenario.Data.Split.Folds)}
	for i, g := range b.fold {
		if g == f {
			s.Test = append(s.Test, i)
		} else {
			s.Development = append(s.Development, i)
		}
	}
	order := slices.Clone(s.Development)
	rng := rand.New(rand.NewPCG(b.file.Scenario.Seed, innerStream+uint64(f)))
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	target, _ := b.loaded.Table.Column(b.loaded.Target)
	level := func(r int) float64 {
		if target.Kind == table.Category {
			return float64(target.Codes[r])
		}
		return target.Numbers[r]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch d := level(a) - level(b); {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	// Each group of neighbours goes to all folds, in random order.
	k := len(s.Folds)
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

// lines are the rows of the CSV, in order of the table.
func (b *bench) lines(f int, h held) []string {
	out := make([]string, len(h.rows))
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for i, r := range h.rows {
		out[i] = fmt.Sprintf("%d,%d,%s,%s,", b.loaded.Row(r), f, number(h.number[i]), number(h.technology[i]))
		if h.action != nil {
			out[i] += h.action[i]
		}
	}
	return out
}

// processor is the seconds that this process has had of all processors.
func processor() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
