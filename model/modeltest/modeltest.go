// Package modeltest is the suite that every model must pass. The test of
// package zoo runs it on every entry; a model of your own passes it with
//
//	func TestModel(t *testing.T) { modeltest.Run(t, mine.Entry) }
//
// The checks are about behaviour that the rest of the program builds on: that
// shapes and probabilities are right, that bad input is refused with a reason
// instead of a panic, that the same input gives the same bytes whatever the
// number of threads, that a saved model predicts the same bits, and that the
// model learns what can be learnt. Data are drawn from fixed seeds and small,
// so that a whole run takes seconds.
//
// Entries whose name begins with "baseline." are spared the one check that
// they must beat the baseline.
package modeltest

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"bespoke/model"
)

// Run checks an entry: its table of parameters, and its behaviour on each task
// that it handles.
func Run(t *testing.T, e model.Entry) {
	t.Helper()
	t.Run("entry", func(t *testing.T) { checkEntry(t, e) })
	t.Run("params", func(t *testing.T) { checkParams(t, e) })
	t.Run("load garbage", func(t *testing.T) { checkGarbage(t, e) })
	for _, task := range []model.Task{model.Regression, model.Binary, model.Multiclass} {
		if !e.Handles(task) {
			t.Run("refuses "+task.String(), func(t *testing.T) {
				refused(t, e, nil, learnable(e.Encoding, task, 40, 1), task.String())
			})
			continue
		}
		t.Run(task.String(), func(t *testing.T) {
			for _, c := range checks {
				t.Run(c.name, func(t *testing.T) { c.run(t, e, task) })
			}
		})
	}
}

// checks run for each task. Their names read as sentences about the model.
var checks = []struct {
	name string
	run  func(t *testing.T, e model.Entry, task model.Task)
}{
	{"predicts the right shapes", checkShapes},
	{"leaves its input alone", checkInputKept},
	{"treats missing values by its encoding", checkMissing},
	{"refuses bad targets", checkTargets},
	{"refuses bad rows", checkRows},
	{"bears one class", checkOneClass},
	{"bears one row", checkOneRow},
	{"bears constant columns", checkConstantColumns},
	{"takes weights as repetitions", checkWeights},
	{"counts the money at stake", checkStakes},
	{"keeps to interactions", checkInteractions},
	{"reads sparse rows or refuses them", checkSparse},
	{"does not hang on the order of rows", checkOrder},
	{"repeats its bytes", checkRepeats},
	{"gives the same bytes for any threads", checkThreads},
	{"saves and loads every bit", checkSaved},
	{"refuses damaged bytes", checkDamaged},
	{"predicts without allocating", checkAllocations},
	{"predicts concurrently", checkConcurrent},
	{"learns more than the baseline", checkLearns},
	{"stops when cancelled", checkCancelled},
	{"tells its progress", checkProgress},
}

var entryName = regexp.MustCompile(`^[a-z]+\.[a-z]+\.v[1-9][0-9]*$`)

func checkEntry(t *testing.T, e model.Entry) {
	if !entryName.MatchString(e.Name) {
		t.Errorf("name %q: want package.model.v1", e.Name)
	}
	if e.Title == "" {
		t.Error("title: want what people call the model")
	}
	if !sentence(e.Summary) {
		t.Errorf("summary %q: want one sentence", e.Summary)
	}
	if len(e.Tasks) == 0 {
		t.Error("handles no task")
	}
	if e.Encoding != model.Native && e.Encoding != model.Dense {
		t.Errorf("encoding %q: want %q or %q", e.Encoding, model.Native, model.Dense)
	}
	if e.Fit == nil || e.Load == nil {
		t.Fatal("Fit and Load must both be there")
	}
}

func sentence(s string) bool { return len(s) > 10 && strings.HasSuffix(s, ".") }

// checkParams verifies the table of parameters and that Fit holds to it.
func checkParams(t *testing.T, e model.Entry) {
	seen := map[string]bool{}
	in := learnable(e.Encoding, e.Tasks[0], 40, 1)
	for _, p := range e.Params {
		if seen[p.Name] {
			t.Errorf("parameter %s: listed twice", p.Name)
		}
		seen[p.Name] = true
		if !sentence(p.Doc) {
			t.Errorf("parameter %s: doc %q: want one sentence", p.Name, p.Doc)
		}
		if _, err := model.Resolve(e.Name, e.Params, model.Params{p.Name: p.Default}); err != nil {
			t.Errorf("parameter %s: its own default: %v", p.Name, err)
		}
		if s := p.Search; s != nil && (!(s.Low <= s.High) || s.Low < p.Min || s.High > p.Max || s.Log && s.Low <= 0) {
			t.Errorf("parameter %s: search range %+v does not lie within %v to %v", p.Name, *s, p.Min, p.Max)
		}
		for _, bad := range beyond(p) {
			refused(t, e, model.Params{p.Name: bad}, in, p.Name)
		}
	}
	refused(t, e, model.Params{"no_such_parameter": 1.0}, in, "no_such_parameter")
}

// beyond lists values that a parameter must not take.
func beyond(p model.Param) []any {
	if len(p.Choices) > 0 {
		return []any{"no such choice", 1.0, nil}
	}
	out := []any{"text", math.NaN(), math.Inf(1), math.Nextafter(p.Min, math.Inf(-1)), math.Nextafter(p.Max, math.Inf(1))}
	if p.Integer && p.Min+0.5 <= p.Max {
		out = append(out, p.Min+0.5)
	}
	return out
}

// refused verifies that Fit gives an error that names what is wrong.
func refused(t *testing.T, e model.Entry, p model.Params, in model.Training, names string) {
	t.Helper()
	m, err := tryFit(context.Background(), e, p, in)
	switch {
	case err == nil:
		t.Errorf("fit with %v: no error; want one that names %q", p, names)
	case m != nil:
		t.Errorf("fit with %v: an error and a model; want no model", p)
	case !strings.Contains(err.Error(), names):
		t.Errorf("fit with %v: error %q does not name %q", p, err, names)
	case strings.HasPrefix(err.Error(), "panic"):
		t.Errorf("fit with %v: %v", p, err)
	}
}

// tryFit turns a panic of Fit into an error that begins with "panic".
func tryFit(ctx context.Context, e model.Entry, p model.Params, in model.Training) (m model.Fitted, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("panic in Fit of %s: %v", e.Name, r)
		}
	}()
	return e.Fit(ctx, p, in)
}

// mustFit fits with default parameters.
func mustFit(t *testing.T, e model.Entry, in model.Training) model.Fitted {
	t.Helper()
	m, err := tryFit(context.Background(), e, nil, in)
	if err != nil {
		t.Fatalf("fit: %v", err)
	}
	if m.Name() != e.Name {
		t.Fatalf("fitted model calls itself %q; its entry is %q", m.Name(), e.Name)
	}
	if m.Outputs() != in.Outputs() {
		t.Fatalf("fitted model has %d outputs; want %d", m.Outputs(), in.Outputs())
	}
	return m
}

func mustSave(t *testing.T, m model.Fitted) []byte {
	t.Helper()
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatalf("save: %v", err)
	}
	return data
}

// predictAll predicts every row, without any sparse part, and verifies that each
// is a valid prediction.
func predictAll(t *testing.T, m model.Fitted, task model.Task, x *model.Matrix) []float64 {
	t.Helper()
	return predictEach(t, m, task, x.Rows, func(i int, out []float64) { m.Predict(x.Row(i), out) })
}

// predictEach predicts that many rows by predict and verifies that each is a
// valid prediction.
func predictEach(t *testing.T, m model.Fitted, task model.Task, rows int, predict func(i int, out []float64)) []float64 {
	t.Helper()
	k := m.Outputs()
	out := make([]float64, rows*k)
	for i := range rows {
		p := out[i*k : (i+1)*k : (i+1)*k]
		for j := range p {
			p[j] = math.NaN() // so that an output left unwritten shows
		}
		predict(i, p)
		if err := valid(task, p); err != nil {
			t.Fatalf("prediction of row %d: %v", i, err)
		}
	}
	return out
}

// valid says what is wrong with a prediction, if anything.
func valid(task model.Task, p []float64) error {
	sum := 0.0
	for _, v := range p {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%v is not finite", p)
		}
		if task != model.Regression && (v < 0 || v > 1) {
			return fmt.Errorf("%v: probabilities lie from 0 to 1", p)
		}
		sum += v
	}
	if task != model.Regression && math.Abs(sum-1) > 1e-9 {
		return fmt.Errorf("%v sums to %v; want 1", p, sum)
	}
	return nil
}

// sameBits verifies that two runs of numbers agree in every bit.
func sameBits(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Fatalf("%s: number %d is %v, want %v to the bit", what, i, got[i], want[i])
		}
	}
}

func sameBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s: saved bytes differ (%d and %d bytes)", what, len(got), len(want))
	}
}

// distance is the mean absolute difference of two runs of predictions.
func distance(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += math.Abs(a[i] - b[i])
	}
	return sum / float64(len(a))
}
