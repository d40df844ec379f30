package tune

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bespoke/model"
	"bespoke/train"

	"pgregory.net/rapid"
)

// Whatever the candidates, a fit is at the least loss: no intercept and no weight
// above 0 has a slope, no weight at 0 would lower the loss by rising. It is the
// same for any number of threads and for whatever stands in other rows.
func TestFitIsTheLeast(t *testing.T) {
	for _, task := range []model.Task{model.Regression, model.Binary, model.Multiclass} {
		rapid.Check(t, func(t *rapid.T) {
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
			b := noisyBlend(rng, task, 60, rapid.IntRange(1, 6).Draw(t, "pool"))
			in := b.on(b.rows[:50])
			l := in.fit(in.raw)
			if l == nil {
				t.Fatal("not finite")
			}
			f := &fitting{blend: in, raw: in.raw, means: make([]float64, len(in.raw)*b.width), theta: slices.Concat(l.weights, l.intercepts), frozen: make([]bool, len(in.raw))}
			slopes, _ := f.curve()
			for j, g := range slopes {
				weight := j < len(l.weights)
				if weight && l.weights[j] < 0 || (!weight || l.weights[j] > 1e-6) && math.Abs(g) > 1e-4 || weight && g < -1e-4 {
					t.Fatalf("%s: weights %v, intercepts %v, slopes %v", task, l.weights, l.intercepts, slopes)
				}
			}
			for _, raw := range b.raw {
				for i := 50 * b.width; i < len(raw); i++ {
					raw[i] = 99
				}
			}
			in.threads = 7
			if again := in.fit(in.raw); !slices.Equal(again.weights, l.weights) || !slices.Equal(again.intercepts, l.intercepts) {
				t.Fatalf("7 threads and other rows: %v, before %v", again, l)
			}
		})
	}
}

// noisyBlend is a pool of candidates that know something.
func noisyBlend(rng *rand.Rand, task model.Task, rows, pool int) *blend {
	k := 1
	if task != model.Regression {
		k = 1 + int(task)
	}
	b := &blend{task: task, width: model.RawOutputs(k), threads: 2}
	for i := range rows {
		b.y, b.rows = append(b.y, float64(rng.IntN(max(2, k)))), append(b.rows, i)
	}
	for range pool {
		raw := make([]float64, rows*b.width)
		for i := range raw {
			raw[i] = rng.NormFloat64()
			if b.width == 1 || i%b.width == int(b.y[i/b.width]) {
				raw[i] += 0.4 * b.y[i/b.width]
			}
		}
		b.raw = append(b.raw, raw)
	}
	b.sum = make([]float64, len(b.raw[0]))
	return b
}

// A sum of two that each know one part is found, and a constant column, a
// repeated one and one that only misleads get nothing that matters.
func TestFitFindsTheSum(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	b := &blend{task: model.Regression, width: 1, threads: 1, raw: make([][]float64, 5)}
	for i := range 5000 {
		one, two := rng.NormFloat64(), rng.NormFloat64()
		b.y, b.rows = append(b.y, 1e5*(one+two)+7e6), append(b.rows, i)
		for j, v := range []float64{1e5*one + 9e6, 1e5*two - 2e6, 5, 1e5*two - 2e6, -1e5 * one} {
			b.raw[j] = append(b.raw[j], v)
		}
	}
	b.sum = make([]float64, len(b.y))
	l := b.level(3)
	if math.Abs(l.weights[0]-1) > 1e-6 || math.Abs(l.weights[1]+l.weights[3]-1) > 1e-6 || l.weights[2] != 0 || l.weights[4] > 1e-6 || math.Abs(l.intercepts[0]) > 10 {
		t.Errorf("weights %v, intercept %v", l.weights, l.intercepts)
	}
	if one := b.level(1); one.members() != 1 {
		t.Errorf("at most one: %v", one.weights)
	}
}

// found is an outcome of a search over numbers with the given predictions of
// rows in five folds.
func found(y []float64, predictions ...[]float64) (*Search, *Outcome) {
	rows, fold := make([]int, len(y)), make([]int, len(y))
	for i := range rows {
		rows[i], fold[i] = i, i%5
	}
	s := &Search{Problem: &train.Problem{Task: model.Regression, Y: y}, Committee: 5, Threads: 2}
	s.Budget.Search = "guided"
	s.Judge = func(rows []int, predictions []float64) (Score, error) {
		total := 0.0
		for i, r := range rows {
			total += (predictions[i] - y[r]) * (predictions[i] - y[r]) / float64(len(rows))
		}
		return Score{Metric: math.Sqrt(total), Loss: math.Sqrt(total)}, nil
	}
	o := &Outcome{search: s}
	for i, p := range predictions {
		trial := &Trial{Number: i, Candidate: model.Candidate{Label: "c" + string(rune('0'+i))}}
		trial.Judged, _ = s.judge(&train.OutOfFold{Rows: rows, Fold: fold, Predictions: p})
		o.Trials = append(o.Trials, trial)
	}
	return s, o
}

// A stack is taken where the mean cannot say the same, and not where the mean is
// all there is to say; both have the judgement of rows that did not choose.
func TestStackPays(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var sum, noisy, one, two, a, b []float64
	for range 500 {
		x, z := rng.NormFloat64(), rng.NormFloat64()
		one, two, sum = append(one, x), append(two, z), append(sum, x+z+0.1*rng.NormFloat64())
		a, b, noisy = append(a, x), append(b, z), append(noisy, (x+z)/2+0.3*rng.NormFloat64())
	}
	s, o := found(sum, one, two)
	if err := s.choose(o); err != nil {
		t.Fatal(err)
	}
	c := o.Committee
	if c == nil || !c.Taken || c.Kind() != "stack" || c.Stack.Loss > 0.12 || c.Stack.Mean < 0.5 || c.Beside.Kind() != "mean" || c.Nested.Mean != c.Stack.Loss {
		t.Fatalf("%+v, %+v; want a stack that is taken", c, c.Stack)
	}
	for _, m := range c.Members {
		if math.Abs(m.Weight-1) > 0.05 {
			t.Errorf("weights %+v, want 1 and 1", c.Members)
		}
	}
	if math.Abs(c.Loss-c.Stack.Loss) > 1e-12 {
		t.Errorf("judged by rows that took part in the fit: loss %v, without %v", c.Loss, c.Stack.Loss)
	}
	if label := o.Chosen().Candidate.Label; label != "stack of 2 candidates" || !strings.Contains(o.Shares()[0], "(times ") {
		t.Errorf("chosen %q of %q", label, o.Shares())
	}
	s, o = found(noisy, a, b)
	if err := s.choose(o); err != nil {
		t.Fatal(err)
	}
	if c := o.Committee; c == nil || c.Kind() != "mean" || !c.Taken || c.Stack == nil || c.Beside == nil || c.Beside.Kind() != "stack" || !strings.Contains(c.Stack.Reason, "not better") {
		t.Errorf("%+v; want a mean that is taken, beside a stack that is not better", c)
	}
}

// A student is taken where it is no worse than the best single trial, or where
// no single one keeps the limits.
func TestStudentSettles(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var y, one, good, bad []float64
	for range 200 {
		x := rng.NormFloat64()
		y, one = append(y, x), append(one, x+0.5*rng.NormFloat64())
		good, bad = append(good, x+0.3*rng.NormFloat64()), append(bad, x+rng.NormFloat64())
	}
	_, o := found(y, one)
	teacher := &Committee{Members: []Member{{0, 0.5}, {0, 0.5}}}
	for _, c := range []struct {
		said   []float64
		alone  bool
		taken  bool
		reason string
	}{{good, false, true, "is not above"}, {bad, false, false, "is above"}, {bad, true, true, "no single candidate"}} {
		out := *o.Trials[0].outOfFold
		out.Predictions = c.said
		if err := o.Enrol(teacher.Students()[0], teacher, &out, c.alone); err != nil {
			t.Fatal(err)
		}
		o.SettleStudent()
		trial := o.StudentTrial()
		if o.Student.Taken != c.taken || !strings.Contains(trial.Candidate.Reason, c.reason) || trial.Number != 1 || trial.Candidate.Label != "distilled from a mean of 2 candidates" {
			t.Errorf("%+v; want taken %v since it %q", o.Student, c.taken, c.reason)
		}
		if chosen := o.Chosen().Number; (chosen == 1) != c.taken {
			t.Errorf("chosen is %d", chosen)
		}
	}
}
