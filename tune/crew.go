package tune

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"bespoke/model"
)

// crew works through the trials of a search on several goroutines.
type crew struct {
	*Search
	deadline time.Time // zero without one
	inside   int       // goroutines within a trial

	mu sync.Mutex
	// moved wakes those who wait for trials to finish.
	moved *sync.Cond
	// trials are nil while they are at work.
	trials []*Trial
	// Below finished every trial is done; done and reused count all.
	next, finished, done, reused int
	// cut is true when the clock ended a trial.
	cut     bool
	failure error
}

// work makes the trials and says how many of them came from the journal.
func (s *Search) work(ctx context.Context, deadline time.Time) ([]*Trial, int, error) {
	workers := min(max(1, s.Threads), s.total())
	if s.Budget.Guided() {
		workers = min(workers, window)
	}
	c := &crew{Search: s, deadline: deadline, inside: max(1, s.Threads/workers)}
	c.moved = sync.NewCond(&c.mu)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i, past, ok := c.take(); ok; i, past, ok = c.take() {
				c.one(ctx, i, past)
			}
		})
	}
	wg.Wait()
	// Where the clock cut a trial, later ones that were done already are left
	// out: the trials are those of a search with that number of trials.
	return c.trials[:c.finished], c.reused, c.failure
}

// total is how many trials there are at most.
func (s *Search) total() int {
	switch {
	case s.Budget.Time > 0 && len(s.Models) > 0:
		return math.MaxInt32
	case s.Budget.Guided() && s.Budget.Trials > 0 && len(s.Models) > 0:
		return max(s.Budget.Trials, s.fewest())
	case s.Budget.Guided() && s.Budget.Trials > 0:
		return min(len(s.Candidates), max(s.Budget.Trials, s.fewest()))
	case len(s.Models) == 0:
		return len(s.Candidates)
	}
	return max(s.Budget.Trials, len(s.Candidates))
}

// fewest is how many trials are made whatever the clock says.
func (s *Search) fewest() int {
	if s.Budget.Guided() {
		return min(2, len(s.Candidates))
	}
	return len(s.Candidates)
}

// candidate is number i of the search.
func (s *Search) candidate(i int, past []*Trial) model.Candidate {
	switch {
	case i < len(s.Candidates):
		return s.Candidates[i]
	case s.Budget.Guided():
		return suggest(s.Models, s.Problem.Seed, i, past)
	}
	return Draw(s.Models, s.Problem.Seed, i)
}

// take gives the number of the next trial and the finished ones that it may
// learn from, once they are finished.
func (c *crew) take() (i int, past []*Trial, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		late := !c.deadline.IsZero() && time.Now().After(c.deadline)
		if c.failure != nil || c.cut || c.next >= c.total() || late && c.next >= c.fewest() {
			c.moved.Broadcast()
			return 0, nil, false
		}
		visible := max(0, c.next-window+1)
		if !c.Budget.Guided() || c.finished >= visible {
			c.next++
			c.trials = append(c.trials, nil)
			if c.Budget.Guided() {
				past = c.trials[:visible:visible]
			}
			return c.next - 1, past, true
		}
		c.moved.Wait()
	}
}

// one makes a trial and notes it.
func (c *crew) one(ctx context.Context, i int, past []*Trial) {
	within, cancel := ctx, context.CancelFunc(func() {})
	if c.Budget.Guided() && !c.deadline.IsZero() && i >= c.fewest() {
		within, cancel = context.WithDeadline(ctx, c.deadline)
	}
	defer cancel()
	t, again, err := c.trial(within, i, past, c.inside)
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.moved.Broadcast()
	c.done++
	switch {
	case err != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		c.cut = true
		return
	case err != nil:
		if c.failure == nil {
			c.failure = err
		}
		return
	}
	c.trials[i] = t
	if again {
		c.reused++
	}
	for c.finished < len(c.trials) && c.trials[c.finished] != nil {
		c.finished++
	}
	c.tell(t, c.done, c.total())
}
