package trees

import (
	"sync"
	"sync/atomic"
)

// team is a fixed number of goroutines that take tasks from a list together.
// Running tasks allocates nothing. Which worker takes which task is left to
// chance, so tasks must not depend on it.
type team struct {
	threads int
	fn      func(worker, task int)
	tasks   int64
	next    atomic.Int64
	start   []chan struct{}
	done    sync.WaitGroup
}

// mostThreads bounds a team; every member has scratch memory.
const mostThreads = 256

// newTeam makes a team of the caller and threads-1 more goroutines, which live
// until close.
func newTeam(threads int) *team {
	t := &team{threads: min(max(1, threads), mostThreads)}
	t.start = make([]chan struct{}, t.threads-1)
	for i := range t.start {
		t.start[i] = make(chan struct{}, 1)
		go func() {
			for range t.start[i] {
				t.work(i + 1)
				t.done.Done()
			}
		}()
	}
	return t
}

func (t *team) close() {
	for _, c := range t.start {
		close(c)
	}
}

// run calls fn for the tasks 0 to tasks-1 and returns when all are done. The
// worker is a number below threads that no two calls have at a time.
func (t *team) run(tasks int, fn func(worker, task int)) {
	helpers := min(t.threads, tasks) - 1
	if helpers < 1 {
		for i := range tasks {
			fn(0, i)
		}
		return
	}
	t.fn, t.tasks = fn, int64(tasks)
	t.next.Store(0)
	t.done.Add(helpers)
	for _, c := range t.start[:helpers] {
		c <- struct{}{}
	}
	t.work(0)
	t.done.Wait()
}

func (t *team) work(worker int) {
	for {
		i := t.next.Add(1) - 1
		if i >= t.tasks {
			return
		}
		t.fn(worker, int(i))
	}
}

// block is how many rows one task has when rows are shared out.
const block = 4096

func blocks(rows int) int { return (rows + block - 1) / block }
