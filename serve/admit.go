package serve

import (
	"context"
	"errors"
	"time"
)

// admission bounds how many requests are held and how many compute.
//
// A request first takes a place, without waiting: when there is none, the
// server is overloaded and says so at once, which is cheaper for both sides
// than a queue that only grows. After its body was read it waits for a worker,
// no longer than its own deadline.
type admission struct {
	places  chan struct{}
	workers chan struct{}
}

// retryAfter is what an overloaded server asks clients to wait.
const retryAfter = time.Second

var errBusy = errors.New("the server has as many requests as it can take")

func newAdmission(o Options) admission {
	return admission{places: make(chan struct{}, o.MaxInFlight), workers: make(chan struct{}, o.Workers)}
}

// place takes a place or fails at once.
func (a admission) place() error {
	select {
	case a.places <- struct{}{}:
		return nil
	default:
		return errBusy
	}
}

func (a admission) leave() { <-a.places }

// worker waits for a worker until ctx ends.
func (a admission) worker(ctx context.Context) error {
	select {
	case a.workers <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a admission) done() { <-a.workers }

func (a admission) inFlight() int { return len(a.places) }

// waiting is about how many requests have a place but no worker.
func (a admission) waiting() int { return max(0, len(a.places)-len(a.workers)) }
