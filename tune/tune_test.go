package tune_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/train"
	"bespoke/tune"
	"bespoke/zoo"
)

// search makes a search over the sample loans whose judge takes log-loss as
// metric and, as money, 1 for a right and -2 for a wrong most probable class.
func search(t *testing.T, trials int) *tune.Search {
	t.Helper()
	p, err := train.NewProblem(tabletest.Loans(300, 5), model.Binary, zoo.All, 9)
	if err != nil {
		t.Fatal(err)
	}
	trees, err := zoo.Find("trees.boost.v1")
	if err != nil {
		t.Fatal(err)
	}
	trees.Params = append([]model.Param(nil), trees.Params...)
	for i, param := range trees.Params { // keep the test quick
		if param.Name == "rounds" {
			trees.Params[i].Search = &model.Range{Low: 5, High: 20, Log: true}
		}
	}
	return &tune.Search{
		Problem: p, Split: tabletest.Split(300, 3),
		Candidates: []model.Candidate{{Label: "baseline", Model: "baseline.prior.v1"}, {Label: "logistic", Model: "linear.logistic.v1"}},
		Models:     []model.Entry{trees}, Budget: scenario.Budget{Trials: trials}, Threads: 2, Key: "test", Committee: 5,
		Judge: func(rows []int, predictions []float64) (tune.Score, error) {
			s := tune.Score{Money: make([]float64, len(rows))}
			for i, r := range rows {
				y := int(p.Y[r])
				s.Loss -= math.Log(math.Max(1e-15, predictions[2*i+y])) / float64(len(rows))
				s.Money[i] = 1
				if predictions[2*i+y] < 0.5 {
					s.Money[i] = -2
				}
			}
			s.Metric = s.Loss
			return s, nil
		},
	}
}

func run(t *testing.T, s *tune.Search) string {
	t.Helper()
	o, err := s.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestThreadsDoNotMatter(t *testing.T) {
	one, four := search(t, 8), search(t, 8)
	one.Threads, four.Threads = 1, 4
	if a, b := run(t, one), run(t, four); a != b {
		t.Errorf("1 thread:\n%s\n4 threads:\n%s", a, b)
	}
}

func open(t *testing.T, dir string) *runs.Run {
	t.Helper()
	r, err := runs.Open(dir, runs.Key{Version: "test", Scenario: "x", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestResume interrupts a search after every number of trials and lets it go
// on: the outcome is that of an undisturbed search, and no finished trial is
// made again.
func TestResume(t *testing.T) {
	const trials = 7
	want := run(t, search(t, trials))
	for after := 1; after < trials; after += 2 {
		dir := t.TempDir()
		store := open(t, dir)
		s := search(t, trials)
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
		s = search(t, trials)
		s.Store = open(t, dir)
		o, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o.Reused < after {
			t.Errorf("only %d trials reused after an interruption at %d", o.Reused, after)
		}
		got, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("after an interruption at %d:\n%s\nwant\n%s", after, got, want)
		}
		if err := s.Store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Other payoffs put other money at stake: what was trained for the old money is
// made again, what was trained for probabilities is not.
func TestOtherStakesAreOtherTrials(t *testing.T) {
	dir := t.TempDir()
	reused := func(change float64) int {
		s := search(t, 3)
		s.Candidates = append(s.Candidates, model.Candidate{
			Label: "weighted", Model: "linear.logistic.v1", Params: model.Params{model.StakesParam: model.StakesWeights},
		})
		s.Problem.Stakes = make([]float64, len(s.Problem.Y))
		for i, y := range s.Problem.Y {
			s.Problem.Stakes[i] = 1 + change*y
		}
		s.Store = open(t, dir)
		o, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range o.Trials {
			if trial.Failed != "" {
				t.Fatalf("%s failed: %s", trial.Candidate.Label, trial.Failed)
			}
		}
		if err := s.Store.Close(); err != nil {
			t.Fatal(err)
		}
		return o.Reused
	}
	if first, same, other := reused(1), reused(1), reused(2); first != 0 || same != 3 || other != 2 {
		t.Errorf("%d, %d and %d trials reused; want 0, 3 and 2", first, same, other)
	}
}

// A stored trial that was damaged is made again, not believed.
func TestDamagedTrialIsMadeAgain(t *testing.T) {
	dir := t.TempDir()
	s := search(t, 3)
	s.Store = open(t, dir)
	want := run(t, s)
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "trials", "*.f64"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%d stored trials, error %v", len(files), err)
	}
	if err := os.WriteFile(files[0], []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = search(t, 3)
	s.Store = open(t, dir)
	if got := run(t, s); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFailedCandidateDoesNotEndTheSearch(t *testing.T) {
	s := search(t, 2)
	s.Candidates = append(s.Candidates, model.Candidate{Label: "wrong", Model: "trees.boost.v1", Params: model.Params{"rounds": -1.0}})
	s.Models = nil
	o, err := s.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := o.Trials[2].Failed; !strings.Contains(got, "rounds") {
		t.Errorf("the failed trial says %q, want the parameter's name", got)
	}
	s = search(t, 1)
	s.Candidates, s.Models = []model.Candidate{{Label: "wrong", Model: "no.such"}}, nil
	if _, err := s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "no.such") {
		t.Errorf("a search in which all failed gave %v", err)
	}
}

// Where money cannot tell candidates apart, the proper loss decides; where it
// can, money does.
func TestChoice(t *testing.T) {
	s := search(t, 2)
	s.Models = nil
	calls := 0
	judge := func(moneyOfSecond float64) tune.Judge {
		calls = 0
		return func(rows []int, _ []float64) (tune.Score, error) {
			calls++
			score := tune.Score{Metric: float64(calls), Loss: float64(3 - calls), Money: make([]float64, len(rows))}
			for i := range score.Money {
				score.Money[i] = float64(i % 7)
				if calls == 2 {
					score.Money[i] += moneyOfSecond * float64(i%2)
				}
			}
			return score, nil
		}
	}
	s.Threads = 1
	for _, c := range []struct {
		money            float64
		scenario, equals int
	}{{-1, 0, 1}, {1, 1, 1}, {0, 1, 2}} {
		s.Judge = judge(c.money)
		o, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o.Technology != 0 || o.Scenario != c.scenario || o.Equals != c.equals {
			t.Errorf("second earns %+v: technology %d, scenario %d, equals %d; want 0, %d, %d", c.money, o.Technology, o.Scenario, o.Equals, c.scenario, c.equals)
		}
	}
}

// Money decides from two standard errors of the paired difference on.
func TestHowMuchMoreMoneyDecides(t *testing.T) {
	for _, c := range []struct {
		errors           float64
		scenario, equals int
	}{{1.5, 1, 2}, {2.5, 0, 1}, {-1.5, 1, 2}, {-2.5, 1, 1}} {
		s := search(t, 2)
		s.Models, s.Threads = nil, 1
		calls := 0
		// The first earns more by so many standard errors; the second has less loss.
		s.Judge = func(rows []int, _ []float64) (tune.Score, error) {
			calls++
			score := tune.Score{Loss: float64(3 - calls), Money: make([]float64, len(rows))}
			n := float64(len(rows))
			for i := range score.Money {
				score.Money[i] = float64(i % 5)
				if calls == 1 {
					swing := float64(1 - 2*(i%2)) // mean 0, deviation sqrt(n/(n-1))
					score.Money[i] += swing + c.errors/math.Sqrt(n-1)
				}
			}
			return score, nil
		}
		o, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o.Scenario != c.scenario || o.Equals != c.equals {
			t.Errorf("%v errors more money: chose %d with %d equal, want %d with %d", c.errors, o.Scenario, o.Equals, c.scenario, c.equals)
		}
	}
}

// Without money the metric decides from two standard errors of its differences
// by fold on, and among those that cannot be told apart the loss.
func TestMetricDecidesWithoutMoney(t *testing.T) {
	for _, c := range []struct {
		gaps             []float64 // of the first trial over the second, by fold
		scenario, equals int
	}{
		{[]float64{1, 2, 3}, 0, 1},                   // 2 of 0.58
		{[]float64{-1, 1, 2}, 1, 2},                  // 0.67 of 0.88
		{[]float64{math.NaN(), 2, 2.1}, 0, 1},        // a fold without a metric
		{[]float64{math.NaN(), math.NaN(), 5}, 0, 1}, // one fold says nothing of noise: the best of all rows
	} {
		s := search(t, 2)
		s.Models, s.Threads, s.HigherIsBetter, s.Committee = nil, 1, true, 1
		judged, asked := 0, 0
		s.Judge = func([]int, []float64) (tune.Score, error) {
			judged++
			return tune.Score{Metric: 10 - float64(judged), Loss: float64(3 - judged)}, nil
		}
		s.Metric = func([]int, []float64) (float64, error) {
			asked++
			if trial := (asked - 1) / 3; trial == 1 {
				return 0, nil
			}
			return c.gaps[asked-1], nil
		}
		o, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o.Technology != 0 || o.Scenario != c.scenario || o.Equals != c.equals {
			t.Errorf("gaps %v: technology %d, scenario %d, equals %d; want 0, %d, %d", c.gaps, o.Technology, o.Scenario, o.Equals, c.scenario, c.equals)
		}
	}
}

func TestTimeBudgetIsNotReproducible(t *testing.T) {
	s := search(t, 0)
	s.Budget = scenario.Budget{Time: 1}
	o, err := s.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if o.Reproducible || len(o.Trials) < len(s.Candidates) {
		t.Errorf("reproducible %v, %d trials; want false and at least the %d candidates", o.Reproducible, len(o.Trials), len(s.Candidates))
	}
}

// TestCostIsKept: a search that takes trials from the journal knows what they
// cost when they were made.
func TestCostIsKept(t *testing.T) {
	dir := t.TempDir()
	var made []*train.Cost
	for turn := range 2 {
		s := search(t, 4)
		s.Store = open(t, dir)
		o, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range o.Costs() {
			if c == nil || !(c.Fit > 0) || !(c.Row > 0) || c.Bytes < 100 {
				t.Fatalf("turn %d: trial %d cost %+v", turn, i, c)
			}
		}
		if turn == 0 {
			made = o.Costs()
		} else if d := cmp.Diff(made, o.Costs()); d != "" {
			t.Error(d)
		}
		if err := s.Store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
