package evaluate_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bespoke/evaluate"
)

// course draws lessons on 1/8 to all of 8000 rows whose money follows a law,
// with noise that rows share and some of each repeat's own; perfect earns 1.
func course(r *rand.Rand, rows int, noise float64, law func(share float64) float64) ([]evaluate.Lesson, []float64) {
	shared, perfect := make([]float64, rows), make([]float64, rows)
	for i := range shared {
		shared[i] = r.NormFloat64()
		perfect[i] = 1 + shared[i]
	}
	var out []evaluate.Lesson
	for _, share := range []float64{.125, .25, .5, 1} {
		l := evaluate.Lesson{Rows: int(8000 * share)}
		repeats := 4
		if share == 1 {
			repeats = 1
		}
		for range repeats {
			money := make([]float64, rows)
			of := noise * r.NormFloat64()
			for i := range money {
				money[i] = law(share) + shared[i] + of + 10*noise*r.NormFloat64()
			}
			l.Money = append(l.Money, money)
		}
		out = append(out, l)
	}
	return out, perfect
}

func TestLearningCurve(t *testing.T) {
	law := func(share float64) float64 { return .5 - .2*math.Pow(share, -.5) }
	lessons, perfect := course(rand.New(rand.NewPCG(3, 3)), 2000, .002, law)
	l, err := evaluate.Learn(lessons, perfect, options())
	if err != nil {
		t.Fatal(err)
	}
	want := .2 * (1 - math.Sqrt(.5))
	near(t, "twice the rows", l.Doubling.Mean, want, .012)
	near(t, "last doubling", l.Last.Mean, .2*(math.Sqrt(2)-1), .005)
	near(t, "a month", l.PerMonth, 2000*l.Doubling.Mean, 1e-9)
	if !l.Doubling.Interval.Includes(want) || !l.Told || l.LastRows != 4000 || len(l.Points) != 4 {
		t.Errorf("%+v", l)
	}
	for _, p := range l.Points {
		// Pairing takes the noise that rows share out of the differences.
		if width := p.Missing.Interval.High - p.Missing.Interval.Low; width > .5*(p.Estimate.Interval.High-p.Estimate.Interval.Low) {
			t.Errorf("%d rows: differences are not paired: %+v", p.Rows, p)
		}
	}
	if last := l.Points[3]; last.Missing.Mean != 0 || last.Missing.Interval.High != 0 || last.Spread != 0 || l.Points[0].Spread == 0 {
		t.Errorf("%+v", last)
	}
	if !strings.HasPrefix(l.Sentence, "Twice the rows would bring about ") || !strings.Contains(l.Sentence, "DEM more per 1,000 decisions (95 % interval ") || !strings.Contains(l.Sentence, "a perfect model would bring no more than ") {
		t.Error(l.Sentence)
	}
	t.Log(l.Sentence)
	one, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Threads = 3
	if l, err = evaluate.Learn(lessons, perfect, o); err != nil {
		t.Fatal(err)
	}
	if three, err := json.Marshal(l); err != nil || string(three) != string(one) {
		t.Errorf("other figures with 3 threads: %v", err)
	}
}

// Of flat curves, hardly any may be told to rise: 100 draws.
func TestFlatLearningCurves(t *testing.T) {
	o := options()
	o.Resamples, o.Threads = 200, 2
	told := 0
	for draw := range uint64(100) {
		lessons, perfect := course(rand.New(rand.NewPCG(draw, 5)), 200, .02, func(float64) float64 { return .3 })
		l, err := evaluate.Learn(lessons, perfect, o)
		if err != nil {
			t.Fatal(err)
		}
		if l.Told {
			told++
		} else if !strings.HasPrefix(l.Sentence, "Twice the rows would bring nothing that these rows can tell (") {
			t.Error(l.Sentence)
		}
	}
	t.Logf("%d of 100 flat curves were told to rise", told)
	if told > 8 {
		t.Errorf("%d of 100 flat curves were told to rise", told)
	}
}

func TestLearningProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, 20).Draw(r, "rows")
		money := rapid.SliceOfN(rapid.Float64Range(-10, 10), n, n)
		var lessons []evaluate.Lesson
		perfect := make([]float64, n)
		for k := range rapid.IntRange(2, 5).Draw(r, "sizes") {
			l := evaluate.Lesson{Rows: 10 << k}
			for range rapid.IntRange(1, 3).Draw(r, "repeats") {
				m := money.Draw(r, "money")
				for i, v := range m {
					perfect[i] = max(perfect[i], v)
				}
				l.Money = append(l.Money, m)
			}
			lessons = append(lessons, l)
		}
		o := evaluate.DefaultOptions()
		o.Resamples = 100
		l, err := evaluate.Learn(lessons, perfect, o)
		if err != nil {
			r.Fatal(err)
		}
		room := 0.0
		for _, p := range perfect {
			room += p / float64(n)
		}
		if l.Doubling.Mean < 0 || l.Doubling.Interval.Low < 0 || l.Curve.At(2) > room+1e-9 {
			r.Fatalf("%+v of at most %v", l, room)
		}
		if _, err := json.Marshal(l); err != nil {
			r.Fatal(err)
		}
	})
}

func TestBrokenLessons(t *testing.T) {
	one := evaluate.Lesson{Rows: 5, Money: [][]float64{{1, 2}}}
	more := evaluate.Lesson{Rows: 9, Money: [][]float64{{1, 2}}}
	for name, lessons := range map[string][]evaluate.Lesson{
		"one size":   {one},
		"descending": {more, one},
		"no repeat":  {one, {Rows: 9}},
		"other rows": {one, {Rows: 9, Money: [][]float64{{1}}}},
		"missing":    {one, {Rows: 9, Money: [][]float64{{1, math.NaN()}}}},
	} {
		if _, err := evaluate.Learn(lessons, []float64{3, 3}, evaluate.DefaultOptions()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := evaluate.Learn([]evaluate.Lesson{one, more}, []float64{3, 3}, evaluate.DefaultOptions()); err != nil {
		t.Error(err)
	}
}
