package modeltest_test

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"bespoke/linear"
	"bespoke/model"
	"bespoke/model/modeltest"
)

// faults are models that break one promise each, with the check that has to
// notice. They wrap logistic regression, which breaks none.
var faults = []struct {
	name, noticed string
	fit           func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error)
	load          func(data []byte) (model.Fitted, error)
}{
	{name: "fills in missing values", noticed: "treats_missing_values", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		for i, v := range in.X.Values {
			if math.IsNaN(v) {
				in.X.Values[i] = 0
			}
		}
		return linear.Logistic.Fit(ctx, p, in)
	}},
	{name: "changes its input", noticed: "leaves_its_input_alone", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		m, err := linear.Logistic.Fit(ctx, p, in)
		if err == nil {
			in.X.Values[0]++
		}
		return m, err
	}},
	{name: "ignores weights", noticed: "takes_weights_as_repetitions", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		in.Weights = nil
		return linear.Logistic.Fit(ctx, p, in)
	}},
	{name: "ignores stakes", noticed: "counts_the_money_at_stake", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		if in.Stakes != nil && p[model.StakesParam] == model.StakesExpected {
			p, in.Stakes = nil, nil
		}
		return linear.Logistic.Fit(ctx, p, in)
	}},
	{name: "weighs by stakes unasked", noticed: "counts_the_money_at_stake", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		if in.Stakes != nil && p == nil {
			p = model.Params{model.StakesParam: model.StakesWeights}
		}
		return linear.Logistic.Fit(ctx, p, in)
	}},
	{name: "hangs on threads", noticed: "gives_the_same_bytes_for_any_threads", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		if in.Threads == 3 {
			p = model.Params{"c": 1.0000001}
		}
		return linear.Logistic.Fit(ctx, p, in)
	}},
	{name: "trains on the first rows", noticed: "does_not_hang_on_the_order_of_rows", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		if in.X != nil && in.X.Rows > 50 && len(in.Y) == in.X.Rows && in.Weights == nil {
			in.Y = in.Y[:50]
			in.X = &model.Matrix{Features: in.X.Features, Rows: 50, Values: in.X.Values[:50*in.X.Cols()]}
		}
		return linear.Logistic.Fit(ctx, p, in)
	}},
	{name: "ignores its context", noticed: "stops_when_cancelled", fit: func(_ context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		return linear.Logistic.Fit(context.Background(), p, in)
	}},
	{name: "is silent", noticed: "tells_its_progress", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		in.Progress = nil
		return linear.Logistic.Fit(ctx, p, in)
	}},
	{name: "panics on no rows", noticed: "refuses_bad_rows", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		_ = in.Y[0]
		return linear.Logistic.Fit(ctx, p, in)
	}},
	{name: "ignores parameters it does not know", noticed: "params", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		delete(p, "no_such_parameter")
		return linear.Logistic.Fit(ctx, p, in)
	}},
	{name: "learns nothing", noticed: "learns_more_than_the_baseline", fit: func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		if p == nil {
			p = model.Params{"c": 1e-9}
		}
		return linear.Logistic.Fit(ctx, p, in)
	}},
	{name: "allocates", noticed: "predicts_without_allocating", fit: wrap(func(m model.Fitted) model.Fitted { return allocating{m} })},
	{name: "probabilities above one", noticed: "predicts_the_right_shapes", fit: wrap(func(m model.Fitted) model.Fitted { return &lopsided{m} })},
	{name: "loads anything", noticed: "load_garbage", load: func(data []byte) (model.Fitted, error) {
		m, err := linear.Logistic.Load(data)
		if err != nil {
			return &linear.Model{}, nil
		}
		return m, nil
	}},
	{name: "forgives cut files", noticed: "refuses_damaged_bytes", load: func(data []byte) (model.Fitted, error) {
		if m, err := linear.Logistic.Load(data); err == nil {
			return m, nil
		}
		return linear.Logistic.Load(append(append([]byte(nil), data...), '}'))
	}},
	{name: "gives model and error", noticed: "load_garbage", load: func(data []byte) (model.Fitted, error) {
		m, err := linear.Logistic.Load(data)
		if err != nil {
			return (*linear.Model)(nil), err
		}
		return m, nil
	}},
	{name: "panics on damaged files", noticed: "load_garbage", load: func(data []byte) (model.Fitted, error) {
		m, err := linear.Logistic.Load(data)
		if err != nil {
			panic(err)
		}
		return m, nil
	}},
}

func wrap(with func(model.Fitted) model.Fitted) func(context.Context, model.Params, model.Training) (model.Fitted, error) {
	return func(ctx context.Context, p model.Params, in model.Training) (model.Fitted, error) {
		m, err := linear.Logistic.Fit(ctx, p, in)
		if err != nil {
			return nil, err
		}
		return with(m), nil
	}
}

type allocating struct{ model.Fitted }

func (a allocating) Predict(row, out []float64) {
	copied := append([]float64(nil), row...)
	sink.Store(&copied)
	a.Fitted.Predict(copied, out)
}

// sink keeps the compiler from putting the copy on the stack.
var sink atomic.Pointer[[]float64]

type lopsided struct{ model.Fitted }

func (l *lopsided) Predict(row, out []float64) {
	l.Fitted.Predict(row, out)
	out[0] += 1e-6
}

// TestFaultyModel is not a test of its own: TestSuiteNotices runs it in a
// process of its own, where the suite is meant to fail.
func TestFaultyModel(t *testing.T) {
	name := os.Getenv("MODELTEST_FAULT")
	if name == "" {
		t.Skip("runs only for TestSuiteNotices")
	}
	e := linear.Logistic
	for _, f := range faults {
		if f.name == name {
			if f.fit != nil {
				e.Fit = f.fit
			}
			if f.load != nil {
				e.Load = f.load
			}
		}
	}
	modeltest.Run(t, e)
}

func TestSuiteNotices(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run", "^TestFaultyModel$")
			cmd.Env = append(os.Environ(), "MODELTEST_FAULT="+f.name)
			out, err := cmd.CombinedOutput()
			var failed *exec.ExitError
			if !errors.As(err, &failed) {
				t.Fatalf("the suite passed it (%v):\n%s", err, out)
			}
			if !strings.Contains(string(out), "--- FAIL") || !strings.Contains(string(out), f.noticed) || strings.Contains(string(out), "goroutine ") {
				t.Errorf("the suite did not fail at %q:\n%s", f.noticed, out)
			}
		})
	}
}

func TestSuitePassesSoundModels(t *testing.T) {
	modeltest.Run(t, linear.Logistic)
}
