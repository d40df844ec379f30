package modeltest

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"bespoke/model"
)

// Models that choose among nearly equal steps (where to split, which rows to
// draw) may end a little elsewhere when rows are given in another order, or
// twice instead of with weight two.
const (
	// orderShare is how far another order of rows may move predictions, as a
	// share of their spread.
	orderShare = 0.05
	// weightShare is how far weights may be from repetitions, as a share of
	// what repeating does at all. A model that ignores weights has 1; boosted
	// trees that fit few rows to the end have 0.3, the others under 0.01.
	weightShare = 0.4
)

// spreadOf is the mean absolute distance of predictions from their mean.
func spreadOf(p []float64, outputs int) float64 {
	sum := 0.0
	for k := range outputs {
		mean, n := 0.0, float64(len(p)/outputs)
		for i := k; i < len(p); i += outputs {
			mean += p[i] / n
		}
		for i := k; i < len(p); i += outputs {
			sum += max(p[i]-mean, mean-p[i]) / float64(len(p))
		}
	}
	return sum
}

func checkWeights(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 300, 12)
	in.Weights = make([]float64, in.X.Rows)
	var repeated []int
	r := rand.New(rand.NewPCG(12, 1))
	for i, y := range in.Y {
		n := 1 + r.IntN(2)
		if y >= 1 && (task != model.Regression || y > 50) {
			n += 3
		}
		in.Weights[i] = float64(n)
		for range n {
			repeated = append(repeated, i)
		}
	}
	test := learnable(e.Encoding, task, 200, 13)
	weighted := predictAll(t, mustFit(t, e, in), task, test.X)
	in.Weights = nil
	plain := predictAll(t, mustFit(t, e, in), task, test.X)
	twice := predictAll(t, mustFit(t, e, take(in, repeated)), task, test.X)
	effect := distance(plain, twice)
	if effect < 1e-3 {
		t.Fatalf("repeating rows moves predictions by %v only: the check would show nothing", effect)
	}
	if d := distance(weighted, twice); d > weightShare*effect {
		t.Errorf("weights and repetitions differ by %v, repetitions and none by %v", d, effect)
	}
}

func checkOrder(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 300, 14)
	test := learnable(e.Encoding, task, 200, 15)
	want := predictAll(t, mustFit(t, e, in), task, test.X)
	shuffled := take(in, rand.New(rand.NewPCG(14, 1)).Perm(in.X.Rows))
	got := predictAll(t, mustFit(t, e, shuffled), task, test.X)
	if d, s := distance(got, want), spreadOf(want, in.Outputs()); d > orderShare*s+1e-9 {
		t.Errorf("rows in another order move predictions by %v, their spread is %v", d, s)
	}
}

func checkLearns(t *testing.T, e model.Entry, task model.Task) {
	train, test := learnable(e.Encoding, task, 1200, 16), learnable(e.Encoding, task, 400, 17)
	got := lossOf(task, predictAll(t, mustFit(t, e, train), task, test.X), test.Y)
	base := baseline(task, train, test)
	if strings.HasPrefix(e.Name, "baseline.") {
		if got > 1.2*base {
			t.Errorf("loss %v on new rows; a constant has %v", got, base)
		}
		return
	}
	if got > 0.7*base {
		t.Errorf("loss %v on new rows; a constant has %v and this can be learnt", got, base)
	}
}

func checkCancelled(t *testing.T, e model.Entry, task model.Task) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	in := learnable(e.Encoding, task, 100, 18)
	if m, err := tryFit(ctx, e, nil, in); !errors.Is(err, context.Canceled) || m != nil {
		t.Errorf("fit with a cancelled context: model %v, error %v; want no model and context.Canceled", m, err)
	}
	// Cancelled on the way: an error of the context, or the model was done
	// before it could look.
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	in.Progress = func(int, int) { cancel() }
	if _, err := tryFit(ctx, e, nil, in); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("fit cancelled on the way: %v; want context.Canceled", err)
	}
	late, done := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer done()
	in.Progress = nil
	if _, err := tryFit(late, e, nil, in); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("fit after its deadline: %v; want context.DeadlineExceeded", err)
	}
}

func checkProgress(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 100, 19)
	calls, last, all := 0, -1, 0
	in.Progress = func(done, total int) {
		if calls++; calls == 1 {
			all = total
		}
		if done < last || done < 0 || done > total || total != all || total < 1 {
			t.Errorf("progress call %d: %d of %d after %d of %d", calls, done, total, last, all)
		}
		last = done
	}
	mustFit(t, e, in)
	if calls == 0 {
		t.Error("progress was never told")
	}
}
