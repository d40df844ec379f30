package train_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/runs"
	"bespoke/table"
	"bespoke/train"
	"bespoke/zoo"
)

// wide is a table of rows x 28 numbers and an outcome.
func wide(t *testing.T, rows int) *train.Problem {
	t.Helper()
	r := rand.New(rand.NewPCG(8, 1))
	var columns []*table.Column
	for j := range 28 {
		values := make([]float64, rows)
		for i := range values {
			values[i] = r.NormFloat64()
		}
		columns = append(columns, table.NewNumber(fmt.Sprintf("x%d", j), values))
	}
	answer := make([]int32, rows)
	for i := range answer {
		if columns[0].Numbers[i] > r.NormFloat64() {
			answer[i] = 1
		}
	}
	all, err := table.New(append(columns, table.NewCategory("answer", answer, []string{"no", "yes"}).As(table.Target))...)
	if err != nil {
		t.Fatal(err)
	}
	return problem(t, all, model.Binary)
}

func boosted(t *testing.T) model.Entry {
	t.Helper()
	e, err := zoo.Find("trees.boost.v1")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const rowsToLearn = "BESPOKE_TEST_ROWS"

// What a process that learns really holds at most is within a factor of 1.5 of
// the estimate, in which the garbage collector is told to keep it.
func TestEstimateOfMemory(t *testing.T) {
	if rows, err := strconv.Atoi(os.Getenv(rowsToLearn)); err == nil {
		learnAndTell(t, rows)
		return
	}
	if testing.Short() {
		t.Skip("measures processes of its own, to which a race detector would add; without -short it runs")
	}
	if runs.PeakMemory() == 0 {
		t.Skip("this system does not tell how much memory a process has held")
	}
	for _, rows := range []int{200_000, 500_000} {
		own := exec.Command(os.Args[0], "-test.run=^TestEstimateOfMemory$", "-test.v")
		own.Env = append(os.Environ(), rowsToLearn+"="+strconv.Itoa(rows))
		out, err := own.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		_, told, _ := strings.Cut(string(out), "peak: ")
		var estimated, measured float64
		if _, err := fmt.Sscan(told, &estimated, &measured); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Logf("%d rows: estimated %.0f MB, measured %.0f MB", rows, estimated/1e6, measured/1e6)
		if ratio := measured / estimated; ratio > 1.5 || ratio < 1/1.5 {
			t.Errorf("%d rows: estimated %.0f MB, measured %.0f MB", rows, estimated/1e6, measured/1e6)
		}
	}
}

func learnAndTell(t *testing.T, rows int) {
	p := wide(t, rows)
	split := tabletest.Split(rows, 3)
	m := p.MemoryOf(boosted(t), split)
	m.Judge, m.Held, m.Explain, m.Each = 0, 0, 0, 0 // only learning is measured here
	estimated := m.Peak(1, 2)
	defer runs.LimitMemory(estimated)()
	c := model.Candidate{Model: "trees.boost.v1", Params: model.Params{"rounds": 2.0}}
	if _, err := p.CrossFit(context.Background(), c, split, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Fit(context.Background(), c, split.Development, train.Options{Threads: 2, Rounds: 2}); err != nil {
		t.Fatal(err)
	}
	fmt.Println("peak:", estimated, runs.PeakMemory())
}

func TestFitsWaitWhereMemoryIsShort(t *testing.T) {
	p := problem(t, tabletest.Loans(400, 3), model.Binary)
	split := tabletest.Split(400, 4)
	free := crossFit(t, p, small, 4)
	p.Bound(1, 2)
	if o := crossFit(t, p, small, 4); fmt.Sprint(o.Predictions) != fmt.Sprint(free.Predictions) {
		t.Error("waiting changes predictions")
	}
	m := p.MemoryOf(boosted(t), split)
	one, two := m.Peak(1, 1), m.Peak(1, 2)
	for limit, want := range map[int64]int{one - 1: 0, two: 2, two + 1: 2} {
		if got := m.AtOnce(1, 2, limit); got != want {
			t.Errorf("within %d bytes %d at once, want %d", limit, got, want)
		}
	}
	p.Limit = one - 1
	var large *train.TooLargeError
	if _, err := p.CrossFit(context.Background(), small, split, 2); !errors.As(err, &large) || large.Needed != one || !strings.Contains(err.Error(), "limits.memory") {
		t.Errorf("a fit that needs more than the limit gave %v", err)
	}
	if _, err := p.Fold(context.Background(), small, split, 0, 2); !errors.As(err, &large) {
		t.Errorf("a single fold that needs more than the limit gave %v", err)
	}
	p.Limit = one
	if _, err := p.CrossFit(context.Background(), small, split, 2); err != nil {
		t.Error(err)
	}
}
