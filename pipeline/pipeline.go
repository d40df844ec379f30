// Package pipeline is the flow: the stages as one ordered list, from a
// scenario file to a bundle and a report. It is the only package that knows
// every stage; they exchange nouns through it.
//
// Finished trials are kept in the run's folder (package runs), so that a run
// that was killed goes on where it stopped, and a run with other payoffs judges
// the trained candidates again without training them again.
//
//	result, err := pipeline.Run(ctx, pipeline.Options{Path: "examples/credit-g"})
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"bespoke/data"
	"bespoke/design"
	"bespoke/evaluate"
	"bespoke/internal/position"
	"bespoke/internal/spill"
	"bespoke/report"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
	"bespoke/zoo"
)

// Options say what to run and how.
type Options struct {
	// Path is a scenario file, or a folder with a scenario.yaml.
	Path string
	// Dir is the run's folder; by default "run" beside the scenario.
	Dir string
	// Threads is how many goroutines may work at once; 0 uses every processor.
	Threads int
	// Force goes on after a gate that would stop.
	Force bool
	// Fresh forgets what earlier runs in the folder have finished.
	Fresh bool
	// Trials, when positive, replaces the scenario's budget.
	Trials int
	// Version is the program's version, for records.
	Version string
	// Report, when not nil, is told of progress.
	Report runs.Reporter
}

// GateError says that a gate stopped the flow.
type GateError struct {
	// Stage is where: data, need, evaluate or bundle.
	Stage string
	// Sentence says why in plain words.
	Sentence string
	// Hint says how to go on.
	Hint string
}

// Error is "pipeline: stopped at the need gate: ...".
func (e *GateError) Error() string {
	return fmt.Sprintf("pipeline: stopped at the %s gate: %s", e.Stage, e.Sentence)
}

// stage is one step of the flow.
type stage struct {
	name string
	do   func(*flow, context.Context) error
}

// checking are the steps that need no training; running adds the rest.
var (
	checking = []stage{
		{"data", (*flow).readOnly},
		{"need", (*flow).need},
	}
	running = []stage{
		{"data", (*flow).readAndOpen},
		{"need", (*flow).need},
		{"train", (*flow).learn},
		{"evaluate", (*flow).evaluate},
		{"explain", (*flow).explain},
		{"bundle", (*flow).pack},
	}
)

// flow is the state that the stages of one run fill in.
type flow struct {
	options  Options
	file     *scenario.File
	scenario scenario.Scenario
	store    *runs.Run   // nil while checking
	disk     *spill.Disk // of large columns; nil without limits.memory
	table    *table.Table
	split    table.Split
	truth    []float64
	queries  []int32 // by row, of a ranking alone
	loaded   *data.Loaded
	learnt   *Learnt
	// The two choices on the test rows; the scenario's is bundled.
	heldOut, technology evaluate.Contender
	blocks              *evaluate.Blocks // of the test rows of a split by time
	result              *Result
}

// Check reads the scenario and the data and answers the need question, without
// training. A gate that would stop a run is a *GateError beside the result.
func Check(ctx context.Context, o Options) (*Result, error) {
	f, err := newFlow(o)
	if err != nil {
		return nil, err
	}
	defer runs.LimitMemory(int64(f.scenario.Limits.Memory))()
	f.keepOnDisk(os.TempDir())
	err = f.run(ctx, checking)
	return f.settled(errors.Join(err, f.disk.Close()))
}

// Run does the whole flow and writes bundle and report into the run's folder.
// When a gate stops it, the result holds what was found until then and the
// error is a *GateError; the report is written all the same.
func Run(ctx context.Context, o Options) (result *Result, err error) {
	f, err := newFlow(o)
	if err != nil {
		return nil, err
	}
	f.keepOnDisk(f.dir())
	defer func() {
		err = errors.Join(err, f.disk.Close())
		if f.store != nil {
			err = errors.Join(err, f.store.Close())
		}
	}()
	defer runs.LimitMemory(int64(f.scenario.Limits.Memory))()
	runErr := f.run(ctx, running)
	var gate *GateError
	if f.store != nil && (runErr == nil || errors.As(runErr, &gate)) {
		runErr = errors.Join(runErr, f.write())
	}
	return f.settled(errors.Join(runErr, f.finish(runErr)))
}

// settled gives the result beside errors that leave one.
func (f *flow) settled(err error) (*Result, error) {
	var gate *GateError
	if err != nil && !errors.As(err, &gate) {
		return nil, err
	}
	return f.result, err
}

func newFlow(o Options) (*flow, error) {
	file, err := scenario.Load(o.Path)
	if err != nil {
		return nil, err
	}
	if _, err := design.Narrow(zoo.All, file.Scenario.Design); err != nil {
		return nil, placedParams(file, err)
	}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	f := &flow{options: o, file: file, scenario: file.Scenario}
	if o.Trials > 0 {
		f.scenario.Budget = scenario.Budget{Trials: o.Trials, Search: f.scenario.Budget.Search}
	}
	f.result = &Result{Version: o.Version, Scenario: f.scenario}
	return f, nil
}

func (f *flow) run(ctx context.Context, stages []stage) error {
	for _, s := range stages {
		if err := ctx.Err(); err != nil {
			return err
		}
		var ended func(error)
		if f.store != nil {
			ended = f.store.Stage(s.name)
		}
		err := s.do(f, ctx)
		if ended != nil {
			ended(err)
		}
		if err != nil {
			return f.placed(err)
		}
	}
	return nil
}

// settings are the values of a scenario that stages find wrong when they meet
// the data. Their errors begin with the stage and what was being done, which is
// also the value's path: "data: target: no column ...".
var settings = []string{"data.target", "data.query", "data.positive", "data.source", "data.columns", "data.interactions", "data.split", "value.file", "design.models", "evaluate.metric"}

// placed gives errors about values of the scenario their place in its file.
func (f *flow) placed(err error) error {
	var payoff *value.Error
	if errors.As(err, &payoff) && payoff.Path != "" {
		return f.file.Wrap(payoff.Path, payoff.Msg, payoff.Hint)
	}
	for _, path := range settings {
		if msg, about := strings.CutPrefix(err.Error(), strings.ReplaceAll(path, ".", ": ")+": "); about {
			return f.file.Wrap(path, msg, "")
		}
	}
	return err
}

// placedParams gives every problem of design.params its place in the file.
func placedParams(file *scenario.File, err error) error {
	var wrong *design.ParamsError
	if !errors.As(err, &wrong) {
		return err
	}
	var list position.List
	for _, p := range wrong.Problems {
		list = append(list, scenario.Problems(file.Wrap(p.Path, p.Msg, p.Hint))...)
	}
	list.Sort()
	return list.Err()
}

// tell reports news of a stage.
func (f *flow) tell(stage, format string, args ...any) {
	f.options.Report.Tell(runs.Event{Stage: stage, Message: fmt.Sprintf(format, args...)})
}

// stop is the error of a gate, unless the caller forces the flow on.
func (f *flow) stop(stage string, g value.Gate, hint string) error {
	if g.Passed || f.options.Force {
		return nil
	}
	return &GateError{Stage: stage, Sentence: g.Sentence, Hint: hint}
}

// What a run found out is data of package report; these are its names here.
type (
	// Result is everything a run found out: see report.Result.
	Result = report.Result
	// Gate is the answer of a gate with the stage it stands at.
	Gate = report.Gate
	// Data says what was read and how it was split.
	Data = report.Data
	// Source is a file that was read.
	Source = report.Source
	// Evaluation holds the figures of the held-out rows.
	Evaluation = report.Evaluation
	// Chosen is a choice with its held-out metrics.
	Chosen = report.Chosen
	// Explanation says what the bundled solution depends on.
	Explanation = report.Explanation
	// Explained is one held-out row with its reasons.
	Explained = report.Explained
	// Packed says what was bundled.
	Packed = report.Packed
	// Limit is one of the scenario's limits with what was measured.
	Limit = report.Limit
	// WhatIfs are the figures of a run under other needs and payoffs.
	WhatIfs = report.WhatIfs
	// WhatIfCase is what one change brings.
	WhatIfCase = report.WhatIfCase
)
