package tune

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"bespoke/model"

	"gonum.org/v1/gonum/stat"
)

// A guided search is cut into steps. One step fits a new candidate on its first
// fold, or cross-fits one to the end that did well there. What step n does
// follows from the seed and from the results of the steps up to n - window,
// whatever else is finished: so a number of trials gives the same bytes on any
// number of threads, and after any interruption.

// window is how many steps may be at work at once.
const window = 4

// step is a piece of work.
type step struct {
	// of is the number of the trial; -1 where the search only waits for others.
	of int
	// whole is true for all folds, false for the first one.
	whole bool
	// begun is the trial as it was before: the candidate, and what the first fold
	// said where that was fitted.
	begun Trial
	// result is nil until the step is done.
	result *Trial
	reused bool
}

// guide decides on steps and keeps their results.
type guide struct {
	*Search
	deadline time.Time // zero without one
	inside   int       // goroutines within a step

	mu sync.Mutex
	// moved wakes those who wait for steps to finish.
	moved *sync.Cond
	steps []*step
	// Below finished every step is done.
	finished int
	// started is how many trials there are; whole are those that were asked to be
	// cross-fitted.
	started int
	whole   map[int]bool
	// cut is true when the clock ended a step.
	cut     bool
	failure error
}

// guided makes the trials of a guided search, and says how many steps that took
// and how many trials came from the journal.
func (s *Search) guided(ctx context.Context, deadline time.Time) (trials []*Trial, steps, reused int, err error) {
	workers := min(max(1, s.Threads), window)
	g := &guide{Search: s, deadline: deadline, inside: max(1, s.Threads/workers), whole: map[int]bool{}}
	g.moved = sync.NewCond(&g.mu)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for st := g.take(); st != nil; st = g.take() {
				g.do(ctx, st)
			}
		})
	}
	wg.Wait()
	if g.failure != nil {
		return nil, 0, 0, g.failure
	}
	// Steps behind one that the clock cut are left out, although they may be done:
	// the trials are those of a search of that number of steps.
	done := g.steps[:g.finished]
	for len(done) > 0 && done[len(done)-1].of < 0 {
		done = done[:len(done)-1]
	}
	trials = known(done)
	if err := g.close(ctx, trials); err != nil {
		return nil, 0, 0, err
	}
	for _, t := range trials {
		if t.Failed == "" && t.outOfFold == nil {
			t.Stopped = s.stopped(t, trials)
			if err := s.note(ctx, t, s.key(t.Candidate), t.rung.out.Cost); err != nil {
				return nil, 0, 0, err
			}
		}
	}
	for _, st := range done {
		reused += btoi(st.reused && (!st.whole || st.begun.rung == nil))
	}
	return trials, len(done), reused, nil
}

// close cross-fits the best trial of the first fold where the clock left no time
// for it: otherwise little time would leave only the simplest candidates. That
// is all by which a search may outlast its time.
func (g *guide) close(ctx context.Context, trials []*Trial) error {
	order := climbers(trials)
	if len(order) == 0 || order[0].outOfFold != nil {
		return nil
	}
	_, err := g.finish(ctx, order[0], order[0].rung.before(), max(1, g.Threads))
	return err
}

// fewest is how many trials are cross-fitted whatever the first fold and the
// clock say: the baseline and the simplest candidate.
func (s *Search) fewest() int { return min(2, len(s.Candidates)) }

// take gives the next step once everything that it depends on is finished; nil
// at the end.
func (g *guide) take() *step {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.moved.Broadcast()
	for {
		late := !g.deadline.IsZero() && time.Now().After(g.deadline) && g.started >= g.fewest()
		if g.failure != nil || g.cut || late || g.Steps > 0 && len(g.steps) >= g.Steps {
			return nil
		}
		visible := max(0, len(g.steps)-window+1)
		if g.finished < visible {
			g.moved.Wait()
			continue
		}
		st := g.decide(visible)
		if st == nil {
			return nil
		}
		g.steps = append(g.steps, st)
		if st.of >= 0 {
			return st
		}
		g.advance()
	}
}

// decide says what the next step is, from the results of the first visible ones;
// nil when nothing is left to do.
func (g *guide) decide(visible int) *step {
	past := known(g.steps[:visible])
	waiting := slices.ContainsFunc(g.steps[visible:], func(st *step) bool { return st.of >= 0 })
	last := g.started >= g.total()
	if t := promoted(past, g.whole, last && !waiting); t != nil {
		g.whole[t.Number] = true
		return &step{of: t.Number, whole: true, begun: *t}
	}
	switch {
	case !last:
		i := g.started
		g.started++
		st := &step{of: i, whole: i < g.fewest(), begun: Trial{Number: i, Candidate: g.next(i, past)}}
		g.whole[i] = st.whole
		return st
	case waiting:
		return &step{of: -1}
	}
	return nil
}

// next is candidate number i.
func (g *guide) next(i int, past []*Trial) model.Candidate {
	if i < len(g.Candidates) {
		return g.Candidates[i]
	}
	return suggest(g.Models, g.Problem.Seed, i, past)
}

// known are the trials by what the steps found out last, in order of number.
func known(steps []*step) []*Trial {
	var out []*Trial
	for _, st := range steps {
		switch {
		case st.of == len(out):
			out = append(out, st.result)
		case st.of >= 0:
			out[st.of] = st.result
		}
	}
	return out
}

// do makes a step and notes what came of it.
func (g *guide) do(ctx context.Context, st *step) {
	within, cancel := ctx, context.CancelFunc(func() {})
	if !g.deadline.IsZero() && st.of >= g.fewest() {
		within, cancel = context.WithDeadline(ctx, g.deadline)
	}
	defer cancel()
	t := st.begun
	var err error
	if t.rung == nil {
		st.reused, err = g.first(within, &t, g.inside)
	}
	if err == nil && st.whole && t.Failed == "" {
		var again bool
		again, err = g.finish(within, &t, t.rung.before(), g.inside)
		st.reused = again && (st.reused || st.begun.rung != nil)
		if err == nil && t.Failed == "" {
			t.rung = t.rung.done(stat.Mean(g.losses(t.outOfFold.Rows, t.outOfFold.Predictions), nil))
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.moved.Broadcast()
	switch {
	case err != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		g.cut = true
		return
	case err != nil:
		if g.failure == nil {
			g.failure = err
		}
		return
	}
	st.result = &t
	g.advance()
	if told := t; st.begun.rung == nil {
		told.Stopped = ""
		g.tell(&told, st.of+1, g.total())
	}
}

// advance moves finished past the steps that are done.
func (g *guide) advance() {
	for g.finished < len(g.steps) && (g.steps[g.finished].result != nil || g.steps[g.finished].of < 0) {
		g.finished++
	}
}
