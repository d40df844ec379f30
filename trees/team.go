package trees

import (
	"runtime"
	"sync/atomic"
)

// team is a fixed number of goroutines that take tasks from a list together.
// Running tasks allocates nothing. Which worker takes which task is left to
// chance, so tasks must not depend on it.
//
// A tree needs a hundred short runs, and waking a sleeping thread may take
// longer than one of them. Helpers therefore look for work for a while before
// they go to sleep, and one that was woken too late is not waited for.
type team struct {
	threads int
	// fn, tasks and closed are written while no helper is running.
	fn     func(worker, task int)
	tasks  int64
	closed bool
	next   atomic.Int64
	help   []helper
	spins  int
}

// helper is the state of one goroutine of a team. Only the team's owner moves
// it to posted and back from there, only the goroutine to all others.
type helper struct {
	state atomic.Int32
	wake  chan struct{}  // one token for each move from asleep to posted
	_     [64 - 16]uint8 // helpers in cache lines of their own
}

const (
	looking int32 = iota // for work
	posted               // there is work that the helper has not seen yet
	running
	asleep
)

// lookTurns is how often a helper looks for work before it sleeps: some tens
// of microseconds.
const lookTurns = 30_000

// mostThreads bounds a team; every member has scratch memory.
const mostThreads = 256

// newTeam makes a team of the caller and threads-1 more goroutines, which live
// until close.
func newTeam(threads int) *team {
	t := &team{threads: min(max(1, threads), mostThreads)}
	if runtime.GOMAXPROCS(0) >= t.threads {
		t.spins = lookTurns // else looking would keep others from working
	}
	t.help = make([]helper, t.threads-1)
	for i := range t.help {
		t.help[i].wake = make(chan struct{}, 1)
		go t.serve(&t.help[i], i+1)
	}
	return t
}

// serve is the life of a helper.
func (t *team) serve(h *helper, worker int) {
	for turn := 0; ; turn++ {
		switch {
		case h.state.Load() == posted && h.state.CompareAndSwap(posted, running):
			if t.closed {
				return
			}
			t.work(worker)
			h.state.Store(looking)
			turn = 0
		case turn >= t.spins && h.state.CompareAndSwap(looking, asleep):
			<-h.wake
			turn = 0
		}
	}
}

// post tells a helper that there is work.
func (h *helper) post() {
	if h.state.CompareAndSwap(looking, posted) {
		return
	}
	if h.state.CompareAndSwap(asleep, posted) {
		h.wake <- struct{}{}
		return
	}
	h.post() // it went to sleep between the two
}

func (t *team) close() {
	t.closed = true
	for i := range t.help {
		t.help[i].post()
	}
}

// run calls fn for the tasks 0 to tasks-1 and returns when all are done. The
// worker is a number below threads that no two calls have at a time.
func (t *team) run(tasks int, fn func(worker, task int)) {
	helpers := t.help[:min(len(t.help), max(0, tasks-1))]
	if len(helpers) == 0 {
		for i := range tasks {
			fn(0, i)
		}
		return
	}
	t.fn, t.tasks = fn, int64(tasks)
	t.next.Store(0)
	for i := range helpers {
		helpers[i].post()
	}
	t.work(0)
	for i := range helpers {
		helpers[i].finish()
	}
}

// finish takes work back from a helper that has not begun, and waits for one
// that has.
func (h *helper) finish() {
	if h.state.CompareAndSwap(posted, looking) {
		return
	}
	for turn := 1; h.state.Load() == running; turn++ {
		if turn%1000 == 0 {
			runtime.Gosched()
		}
	}
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
