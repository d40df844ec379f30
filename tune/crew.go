package tune

import (
	"context"
	"math"
	"sync"
	"time"

	"bespoke/model"
)

// crew works through the trials of a drawn search on several goroutines.
type crew struct {
	*Search
	deadline time.Time // zero without one
	inside   int       // goroutines within a trial

	mu sync.Mutex
	// trials are nil while they are at work.
	trials             []*Trial
	next, done, reused int
	failure            error
}

// drawn makes the trials and says how many of them came from the journal.
func (s *Search) drawn(ctx context.Context, deadline time.Time) ([]*Trial, int, error) {
	workers := min(max(1, s.Threads), s.total())
	c := &crew{Search: s, deadline: deadline, inside: max(1, s.Threads/workers)}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i, ok := c.take(); ok; i, ok = c.take() {
				t, again, err := c.trial(ctx, i, c.inside)
				c.note(i, t, again, err)
			}
		})
	}
	wg.Wait()
	return c.trials, c.reused, c.failure
}

// total is how many trials there are at most.
func (s *Search) total() int {
	most := len(s.Candidates)
	switch {
	case s.Budget.Time > 0 && len(s.Models) > 0:
		return math.MaxInt32
	case s.Budget.Time > 0:
		return most
	case s.Budget.Guided() && len(s.Models) > 0:
		return max(s.Budget.Trials, s.fewest())
	case s.Budget.Guided():
		return min(most, max(s.Budget.Trials, s.fewest()))
	case len(s.Models) > 0:
		return max(s.Budget.Trials, most)
	}
	return most
}

// candidate is number i of a drawn search.
func (s *Search) candidate(i int) model.Candidate {
	if i < len(s.Candidates) {
		return s.Candidates[i]
	}
	return Draw(s.Models, s.Problem.Seed, i)
}

// take gives the number of the next trial. All candidates are tried, whatever
// the clock says.
func (c *crew) take() (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := !c.deadline.IsZero() && time.Now().After(c.deadline)
	if c.failure != nil || c.next >= c.total() || late && c.next >= len(c.Candidates) {
		return 0, false
	}
	c.next++
	c.trials = append(c.trials, nil)
	return c.next - 1, true
}

// note notes a trial that is done.
func (c *crew) note(i int, t *Trial, again bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trials[i] = t
	c.done++
	c.reused += btoi(again)
	if err != nil && c.failure == nil {
		c.failure = err
	}
	if err == nil {
		c.tell(t, c.done, c.total())
	}
}
