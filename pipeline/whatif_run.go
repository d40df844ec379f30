package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"

	"bespoke/evaluate"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/tune"
)

// WhatIfOptions say which run to look at and what to change.
type WhatIfOptions struct {
	// Path is a scenario file, a folder with a scenario.yaml, or the folder of a
	// run.
	Path string
	// Dir is the run's folder; by default "run" beside the scenario.
	Dir string
	// Changes are looked at one by one, after the scenario as it is.
	Changes []scenario.WhatIf
	// Threads is how many goroutines may work at once; 0 uses every processor.
	Threads int
	// Version is the program's version; runs of another one are refused.
	Version string
}

// WhatIf looks at a finished run under other needs and payoffs. Nothing is
// trained and nothing written: the finished trials of the run's folder are
// judged again, and what was predicted for the held-out rows is decided again.
// Where a scenario file is given, its need and value sections are the scenario
// as it is; all else must be as in the run.
func WhatIf(ctx context.Context, o WhatIfOptions) (*WhatIfs, error) {
	if len(o.Changes) == 0 {
		return nil, errors.New("pipeline: what if: no change is given")
	}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	file, result, dir, err := finished(o)
	if err != nil {
		return nil, err
	}
	f := &flow{
		options: Options{Threads: o.Threads, Version: o.Version}, file: file,
		scenario: result.Scenario, result: &Result{Version: o.Version, Scenario: result.Scenario},
	}
	if f.store, err = runs.View(dir); err != nil {
		return nil, err
	}
	defer func() { _ = f.store.Close() }() // it was only read
	if err := f.read(ctx); err != nil {
		return nil, f.placed(err)
	}
	if err := f.recall(ctx, result); err != nil {
		return nil, err
	}
	return f.whatIfs(file, o.Changes)
}

// finished finds the scenario, what the run found out, and the run's folder.
func finished(o WhatIfOptions) (*scenario.File, *Result, string, error) {
	if _, err := os.Stat(filepath.Join(o.Path, ReportData)); err == nil {
		result, err := readFinished(o.Path, o.Version)
		if err != nil {
			return nil, nil, "", err
		}
		text, err := scenario.Render(result.Scenario)
		if err != nil {
			return nil, nil, "", err
		}
		file, err := scenario.Parse(filepath.Join(filepath.Dir(filepath.Clean(o.Path)), scenario.FileName), text)
		return file, result, o.Path, err
	}
	file, err := scenario.Load(o.Path)
	if err != nil {
		return nil, nil, "", err
	}
	dir := o.Dir
	if dir == "" {
		dir = runs.DefaultDir(filepath.Clean(file.Path))
	}
	result, err := readFinished(dir, o.Version)
	if err != nil {
		return nil, nil, "", err
	}
	if key := otherwise(file.Scenario, result.Scenario); key != "" {
		return nil, nil, "", file.Wrap(key, "is another one than in the finished run", "`bespoke run` the scenario as it is now, then ask again")
	}
	return file, result, dir, nil
}

// readFinished reads a run's result and checks that there is something to look
// at.
func readFinished(dir, version string) (*Result, error) {
	r, err := ReadResult(dir)
	switch {
	case err != nil:
		return nil, err
	case r.Version != version:
		return nil, fmt.Errorf("pipeline: what if: the run in %q was made by bespoke %s, this is %s; run it again", dir, r.Version, version)
	case r.Evaluate == nil || r.Search == nil:
		return nil, fmt.Errorf("pipeline: what if: the run in %q was stopped before it chose a model; run it again", dir)
	case r.Scenario.Value == nil:
		return nil, fmt.Errorf("pipeline: what if: the run in %q has no value section, so there is no money to look at", dir)
	}
	return r, nil
}

// otherwise is the first part of the scenario that training depends on and
// that is not as in the run; empty when there is none.
func otherwise(now, run scenario.Scenario) string {
	// Through JSON, as the run's scenario was, so that empty and missing agree.
	for _, part := range []struct {
		key      string
		now, run any
	}{{"data", now.Data, run.Data}, {"design", now.Design, run.Design}, {"evaluate.metric", now.Evaluate.Metric, run.Evaluate.Metric}, {"seed", now.Seed, run.Seed}} {
		a, errA := json.Marshal(part.now)
		b, errB := json.Marshal(part.run)
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			return part.key
		}
	}
	return ""
}

// recall brings back what the run learnt: its trials from the journal, its two
// choices, and what they predicted for the held-out rows.
func (f *flow) recall(ctx context.Context, r *Result) error {
	if !slices.Equal(f.result.Data.Sources, r.Data.Sources) || f.result.Data.Test != r.Data.Test {
		return errors.New("pipeline: what if: the data is not that of the run any more; run it again")
	}
	l := f.learning()
	l.Store, l.Key = f.store, f.trialKey()
	if l.Scenario.Budget = r.Scenario.Budget; l.Scenario.Budget.Guided() {
		l.steps = r.Search.Steps
	} else {
		l.Scenario.Budget = scenario.Budget{Trials: len(r.Search.Trials)}
	}
	var err error
	if f.learnt, err = l.try(ctx); err != nil {
		return fmt.Errorf("pipeline: what if: %w; run it again", err)
	}
	search := f.learnt.Search
	for i, t := range search.Trials {
		if i >= len(r.Search.Trials) || r.Search.Trials[i] == nil || t.Out() != "" && r.Search.Trials[i].Out() == "" {
			return fmt.Errorf("pipeline: what if: the candidate %q is not in the run's folder; run it again", t.Candidate.Label)
		}
		t.Dropped = r.Search.Trials[i].Dropped
	}
	search.Scenario, search.Technology = r.Search.Scenario, r.Search.Technology
	if err := recallCommittee(search, r.Search.Committee); err != nil {
		return err
	}
	if err := l.recallStudent(ctx, f.learnt, r.Search.Student); err != nil {
		return err
	}
	if most := len(search.Trials); min(search.Scenario, search.Technology) < 0 || max(search.Scenario, search.Technology) >= most || search.Chosen().Candidate.Label != r.Evaluate.Scenario.Candidate.Label {
		return errors.New("pipeline: what if: the run's choice is not among its candidates; run it again")
	}
	if f.heldOut, err = f.recallPredictions(r.Evaluate.Scenario); err != nil {
		return err
	}
	if f.technology, err = f.recallPredictions(r.Evaluate.Technology); err != nil {
		return err
	}
	if f.heldOut.Sheet, err = f.resheet(l, f.learnt, f.heldOut, search.Chosen()); err != nil {
		return err
	}
	return f.block(f.heldOut)
}

// recallCommittee takes over whether the run's committee was the choice.
func recallCommittee(search *tune.Outcome, run *tune.Committee) error {
	now := search.Committee
	if run != nil && now != nil && len(run.Members) < len(now.Members) {
		// A limit was broken with more.
		if _, err := search.Fewer(len(run.Members)); err != nil {
			return err
		}
		now = search.Committee
	}
	if run == nil && now == nil {
		return nil
	}
	if run == nil || now == nil || !slices.Equal(run.Members, now.Members) {
		return errors.New("pipeline: what if: the run's mean of candidates is not what its trials give; run it again")
	}
	now.Taken, now.Dropped, now.Reason = run.Taken, run.Dropped, run.Reason
	return nil
}

// recallStudent brings back the student of a committee.
func (l Learning) recallStudent(ctx context.Context, out *Learnt, run *tune.Student) error {
	if run == nil {
		return nil
	}
	if run.Teacher == nil || slices.ContainsFunc(run.Teacher.Members, func(m tune.Member) bool { return m.Trial < 0 || m.Trial >= len(out.Search.Trials) }) {
		return errors.New("pipeline: what if: the run's distilled model has no teacher; run it again")
	}
	o, err := l.crossDistil(ctx, out, run.Teacher, run.Candidate)
	if err != nil {
		return fmt.Errorf("pipeline: what if: %w; run it again", err)
	}
	if err := out.Search.Enrol(run.Candidate, run.Teacher, o, run.Alone); err != nil {
		return err
	}
	out.Search.Student.Taken, out.Search.Student.Reason = run.Taken, run.Reason
	return nil
}

// keepPredictions stores what the two choices predict for the held-out rows,
// under the hash of the numbers.
func (f *flow) keepPredictions(e *Evaluation) error {
	for _, k := range []struct {
		of   evaluate.Contender
		into *Chosen
	}{{f.heldOut, &e.Scenario}, {f.technology, &e.Technology}} {
		data := appendNumbers(nil, k.of.Held.Predictions)
		k.into.Predictions = "predictions/" + runs.HashBytes(data, "").SHA256[:16] + ".f64"
		if f.store == nil {
			continue
		}
		if err := f.store.WriteFile(k.into.Predictions, data); err != nil {
			return err
		}
	}
	return nil
}

// recallPredictions reads what keepPredictions wrote.
func (f *flow) recallPredictions(c Chosen) (evaluate.Contender, error) {
	out := evaluate.Contender{Label: c.Candidate.Label}
	out.Held = evaluate.Held{Task: f.result.Data.Task, Outcomes: f.result.Data.Outcomes, Truth: pick(f.truth, f.split.Test)}
	missing := fmt.Errorf("pipeline: what if: the predictions of %s are not in the run's folder; run it again", c.Candidate.Label)
	if c.Predictions == "" || !filepath.IsLocal(c.Predictions) {
		return out, missing
	}
	data, err := os.ReadFile(f.store.Path(c.Predictions))
	if err != nil || len(data) != 8*out.Held.Width()*out.Held.Rows() || "predictions/"+runs.HashBytes(data, "").SHA256[:16]+".f64" != c.Predictions {
		return out, missing
	}
	out.Held.Predictions = numbersIn(data)
	return out, nil
}
