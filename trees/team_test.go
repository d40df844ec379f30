package trees

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestTeamDoesEveryTaskOnce runs many short lists, with pauses in which
// helpers fall asleep, and more threads than processors.
func TestTeamDoesEveryTaskOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 40} {
		team := newTeam(threads)
		for round := range 300 {
			tasks := round % 50
			done := make([]int32, tasks)
			busy := make([]int32, threads)
			team.run(tasks, func(worker, task int) {
				if atomic.AddInt32(&busy[worker], 1) != 1 {
					t.Errorf("worker %d has two tasks at a time", worker)
				}
				atomic.AddInt32(&done[task], 1)
				atomic.AddInt32(&busy[worker], -1)
			})
			for task, n := range done {
				if n != 1 {
					t.Fatalf("%d threads: task %d of %d was done %d times", threads, task, tasks, n)
				}
			}
			if round%60 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		team.close()
	}
}
