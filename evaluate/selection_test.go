package evaluate_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bespoke/evaluate"
)

// noise draws the money of trials that are all worth the same, 0.
func noise(r *rand.Rand, trials, rows int) [][]float64 {
	out := make([][]float64, trials)
	for k := range out {
		out[k] = make([]float64, rows)
		for i := range out[k] {
			out[k][i] = r.NormFloat64()
		}
	}
	return out
}

// The largest of T independent means of standard normal rows is too high by the
// mean of the largest of T normals, over the root of n: 0.846 for 3, 1.867 for
// 20 and 2.746 for 200. The correction must find it without being told.
func TestOptimismOfTheMost(t *testing.T) {
	const rows, draws = 300, 40
	r := rand.New(rand.NewPCG(4, 4))
	o := evaluate.DefaultOptions()
	o.Resamples, o.Threads = 200, 2
	before := 0.0
	for _, c := range []struct {
		trials int
		most   float64
	}{{1, 0}, {3, .846}, {20, 1.867}, {200, 2.746}} {
		optimism := 0.0
		for range draws {
			s, err := evaluate.Select(noise(r, c.trials, rows), nil, o)
			if err != nil {
				t.Fatal(err)
			}
			optimism += s.Most.Optimism * math.Sqrt(rows) / draws
			near(t, "parts", s.Most.Mean-s.Most.Optimism, s.Most.Corrected.Mean, 1e-12)
		}
		t.Logf("%d trials: optimism %.3f, true %.3f", c.trials, optimism, c.most)
		near(t, "optimism", optimism, c.most, .05+.25*c.most)
		if optimism < before-.05 {
			t.Errorf("%d trials have less optimism than fewer", c.trials)
		}
		before = optimism
	}
}

// Trials that are the same but for the last one, which is better for certain.
func TestSelectionTellsTrialsApart(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 4))
	base := noise(r, 1, 2000)[0]
	money := make([][]float64, 40)
	for k := range money {
		money[k] = make([]float64, len(base))
		for i, v := range base {
			money[k][i] = v + .1*r.NormFloat64()
			if k < 8 {
				money[k][i] -= .2
			}
		}
	}
	o := options()
	s, err := evaluate.Select(money, func([]float64) int { return 11 }, o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Equal < 28 || s.Equal > 31 || s.EqualAlone > s.Equal || s.Most.Trial < 8 || s.Chosen.Trial != 11 {
		t.Errorf("%d of 31 equal, %d alone, the most is trial %d", s.Equal, s.EqualAlone, s.Most.Trial)
	}
	for k := range 8 {
		if s.PAdjusted[k] > .001 {
			t.Errorf("trial %d earns 0.2 less and has p = %v", k, s.PAdjusted[k])
		}
	}
	if math.Abs(s.Chosen.Optimism) > s.Most.Optimism {
		t.Errorf("a trial chosen without the rows is optimistic: %+v", s.Chosen)
	}
	if !strings.HasPrefix(s.Sentence, "40 candidates were compared; the most of them looks ") || !strings.Contains(s.Sentence, "better than it is, by luck alone; ") || !strings.Contains(s.Sentence, "The one chosen looks ") {
		t.Error(s.Sentence)
	}
	one, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	o.Threads = 5
	again, err := evaluate.Select(money, func([]float64) int { return 11 }, o)
	if err != nil {
		t.Fatal(err)
	}
	if many, err := json.Marshal(again); err != nil || string(many) != string(one) {
		t.Errorf("other figures with 5 threads: %v", err)
	}
	t.Log(s.Sentence)
}

// Among trials that are worth the same, taking the one with the lowest loss
// within the noise owes less to luck than taking the most money; a trial far
// below is not taken for its loss.
func TestWithinNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 4))
	o := evaluate.DefaultOptions()
	o.Resamples, o.Threads = 200, 2
	loss := make([]float64, 30)
	for k := range loss {
		loss[k] = float64(len(loss) - k)
	}
	most, chosen := 0.0, 0.0
	for range 20 {
		money := noise(r, 30, 300)
		for i := range money[29] {
			money[29][i] -= 1
		}
		s, err := evaluate.Select(money, evaluate.WithinNoise(money, loss, 2, o), o)
		if err != nil {
			t.Fatal(err)
		}
		if s.Chosen.Trial < 20 || s.Chosen.Trial == 29 {
			t.Errorf("trial %d was chosen", s.Chosen.Trial)
		}
		most, chosen = most+s.Most.Optimism, chosen+s.Chosen.Optimism
	}
	if chosen > most/3 {
		t.Errorf("optimism of the rule %v, of the most %v", chosen, most)
	}
	t.Logf("optimism of the rule %v, of the most %v", chosen, most)
}

func TestSelectionOfOne(t *testing.T) {
	s, err := evaluate.Select([][]float64{{1, 2, 3}}, nil, evaluate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	if s.Equal != 0 || s.Most.Mean != 2 || !strings.HasPrefix(s.Sentence, "Only one") {
		t.Errorf("%+v", s)
	}
}

func TestBrokenSelections(t *testing.T) {
	o := evaluate.DefaultOptions()
	together := o
	together.Groups = []int{4, 4}
	for name, f := range map[string]func() error{
		"no trials":  func() error { _, err := evaluate.Select(nil, nil, o); return err },
		"no rows":    func() error { _, err := evaluate.Select([][]float64{{}}, nil, o); return err },
		"other rows": func() error { _, err := evaluate.Select([][]float64{{1, 2}, {1}}, nil, o); return err },
		"missing":    func() error { _, err := evaluate.Select([][]float64{{1, math.NaN()}}, nil, o); return err },
		"one group":  func() error { _, err := evaluate.Select([][]float64{{1, 2}}, nil, together); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	money := noise(rand.New(rand.NewPCG(1, 1)), 200, 20000)
	o := evaluate.DefaultOptions()
	o.Threads = 2
	for b.Loop() {
		if _, err := evaluate.Select(money, nil, o); err != nil {
			b.Fatal(err)
		}
	}
}
