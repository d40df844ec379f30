package tune_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"bespoke/model"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/tune"
)

// guided is the sample search with candidates from what finished trials showed.
// Some of the first ones are bad enough to be stopped.
func guided(t *testing.T, trials int) *tune.Search {
	t.Helper()
	s := search(t, trials)
	s.Budget.Search = "guided"
	for _, rate := range []float64{0.1, 0.001, 0.05, 0.0001, 0.2, 0.00001, 0.02, 1} {
		s.Candidates = append(s.Candidates, model.Candidate{
			Label: "trees", Model: "trees.boost.v1", Params: model.Params{"rounds": 10.0, "learning_rate": rate, "num_leaves": 4.0, "patience": 0.0},
		})
	}
	return s
}

func TestGuidedSearch(t *testing.T) {
	o, err := guided(t, 36).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	stopped, suggested := 0, 0
	for _, trial := range o.Trials {
		if trial.Stopped != "" {
			stopped++
			if !strings.HasPrefix(trial.Stopped, "after fold 1: ") || trial.OutOfFold() != nil || trial.MoneyOf() != nil {
				t.Errorf("trial %d, stopped %q, has figures", trial.Number, trial.Stopped)
			}
		}
		if strings.HasPrefix(trial.Candidate.Reason, "suggested by the best ") {
			suggested++
		}
	}
	if len(o.Trials) != 36 || stopped < 3 || suggested < 5 || !o.Reproducible {
		t.Errorf("%d trials, %d stopped, %d suggested, reproducible %v", len(o.Trials), stopped, suggested, o.Reproducible)
	}
	if out := o.Trials[o.Scenario].Out() + o.Trials[o.Technology].Out(); out != "" {
		t.Errorf("a choice is %s", out)
	}
	for _, i := range o.Ranked() {
		if o.Trials[i].Out() != "" {
			t.Errorf("ranked %d is %s", i, o.Trials[i].Out())
		}
	}
}

// The trials follow from the seed and the numbers, not from how many are at work
// at once; a larger budget begins with the candidates of a smaller one.
func TestGuidedThreadsDoNotMatter(t *testing.T) {
	one, four, more := guided(t, 30), guided(t, 30), guided(t, 33)
	one.Threads, four.Threads, more.Threads = 1, 4, 11
	a := run(t, one)
	if b := run(t, four); a != b {
		t.Errorf("1 thread:\n%s\n4 threads:\n%s", a, b)
	}
	labels := func(text string) (out []string) {
		var o tune.Outcome
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		for _, trial := range o.Trials[:30] {
			params, err := json.Marshal(trial.Candidate)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(params))
		}
		return out
	}
	if x, y := strings.Join(labels(a), "\n"), strings.Join(labels(run(t, more)), "\n"); x != y {
		t.Errorf("30 trials:\n%s\n33 trials:\n%s", x, y)
	}
}

// TestGuidedResume interrupts a guided search after every few trials and lets it
// go on: the outcome is that of an undisturbed search.
func TestGuidedResume(t *testing.T) {
	const trials = 28
	want := run(t, guided(t, trials))
	for after := 3; after < trials; after += 6 {
		dir := t.TempDir()
		store := open(t, dir)
		s := guided(t, trials)
		s.Store = store
		ctx, cancel := context.WithCancel(context.Background())
		var done atomic.Int64
		s.Report = func(runs.Event) {
			if done.Add(1) == int64(after) {
				cancel()
			}
		}
		if _, err := s.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted after %d trials: %v", after, err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		s = guided(t, trials)
		s.Store = open(t, dir)
		o, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want || o.Reused < after {
			t.Errorf("after an interruption at %d, %d reused:\n%s\nwant\n%s", after, o.Reused, got, want)
		}
		if err := s.Store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What a search by the clock did is repeated by its number of steps.
func TestGuidedByTheClockIsRepeated(t *testing.T) {
	for _, nap := range []int64{1, 30e6, 300e6} {
		s := guided(t, 0)
		s.Budget = scenario.Budget{Time: scenario.Duration(nap)}
		o, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o.Reproducible || len(o.Trials) < 2 || o.Steps < 2 {
			t.Fatalf("reproducible %v, %d trials, %d steps", o.Reproducible, len(o.Trials), o.Steps)
		}
		again := guided(t, 0)
		again.Budget, again.Steps, again.Threads = s.Budget, o.Steps, 3
		o.Reproducible = true
		got, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if want := run(t, again); string(got) != want {
			t.Errorf("by the clock:\n%s\nby steps:\n%s", got, want)
		}
	}
}
