package tune

import (
	"math"
	"slices"
	"testing"

	"bespoke/ensemble"
	"bespoke/model"

	"pgregory.net/rapid"
)

// drawnBlend draws a selection of some candidates on some rows and gives their
// predictions.
func drawnBlend(t *rapid.T, task model.Task, rows int) (*blend, [][]float64, int) {
	k := 1
	if task != model.Regression {
		k = 1 + int(task)
	}
	b := &blend{task: task, width: model.RawOutputs(k), threads: 2}
	for i := range rows {
		b.y, b.rows = append(b.y, float64(rapid.IntRange(0, max(1, k-1)).Draw(t, "y"))), append(b.rows, i)
	}
	var all [][]float64
	for range rapid.IntRange(2, 6).Draw(t, "pool") {
		p := predictions(t, task, rows)
		raw := make([]float64, rows*b.width)
		for i := range rows {
			ensemble.LogOdds(p[i*k:(i+1)*k], raw[i*b.width:(i+1)*b.width])
		}
		all, b.raw = append(all, p), append(b.raw, raw)
	}
	b.sum = make([]float64, len(b.raw[0]))
	return b, all, k
}

// Whatever the candidates, a selection gives shares of at most so many, is no
// worse on its own rows than the best of them where nothing was cut off, gives
// the same for any number of threads, and its losses are those of the mean as
// ensemble defines it.
func TestSelection(t *testing.T) {
	for _, task := range []model.Task{model.Regression, model.Binary, model.Multiclass} {
		rapid.Check(t, func(t *rapid.T) {
			const rows = 8
			b, all, k := drawnBlend(t, task, rows)
			members := rapid.IntRange(1, 6).Draw(t, "members")
			w, first := b.on(b.rows).bag(members)
			total, used := 0.0, 0
			for _, v := range w {
				if v < 0 {
					t.Fatalf("weights %v", w)
				}
				total += v
				used += btoi(v > 0)
			}
			if math.Abs(total-1) > 1e-12 || used == 0 || used > members {
				t.Fatalf("weights %v of at most %d members", w, members)
			}
			losses := make([]float64, len(all))
			for i, p := range all {
				losses[i] = lossOf(task, p, b.y)
			}
			best := slices.Min(losses)
			if losses[first] > best+1e-9 {
				t.Fatalf("began with %d of %v", first, losses)
			}
			mean := 0.0
			for _, l := range b.lossesOf(w) {
				mean += l / rows
			}
			if len(all) <= members && mean > best+1e-9 {
				t.Fatalf("weights %v have loss %v, one alone has %v", w, mean, best)
			}
			if want := lossOf(task, ensemble.Average(all, w, k), b.y); math.Abs(want-mean) > 1e-9 {
				t.Fatalf("%s: loss %v, want %v", task, mean, want)
			}
			b.threads = 5
			if again, _ := b.on(b.rows).bag(members); !slices.Equal(again, w) {
				t.Fatalf("5 threads: %v, 2 threads: %v", again, w)
			}
		})
	}
}

// A selection sees the rows that it is made on and no others.
func TestSelectionSeesItsRowsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, _, _ := drawnBlend(t, model.Binary, 8)
		in := b.rows[:5]
		before, _ := b.on(in).bag(4)
		for _, raw := range b.raw {
			for i := 5; i < 8; i++ {
				raw[i] = -raw[i] * 3
			}
		}
		if after, _ := b.on(in).bag(4); !slices.Equal(before, after) {
			t.Fatalf("%v, after other rows changed %v", before, after)
		}
	})
}

func TestLargest(t *testing.T) {
	if got := largest([]float64{1, 3, 0, 3, 1}, 3); !slices.Equal(got, []float64{1. / 7, 3. / 7, 0, 3. / 7, 0}) {
		t.Errorf("%v", got)
	}
	if got := largest([]float64{0, 2}, 5); !slices.Equal(got, []float64{0, 1}) {
		t.Errorf("%v", got)
	}
}

// Suggestions stay within the search ranges and depend on nothing but seed,
// number and trials.
func TestSuggest(t *testing.T) {
	entry := model.Entry{Name: "m", Title: "m", Params: []model.Param{
		{Name: "rate", Default: 0.1, Search: &model.Range{Low: 0.01, High: 1, Log: true}},
		{Name: "leaves", Default: 8.0, Integer: true, Search: &model.Range{Low: 2, High: 64, Log: true}},
		{Name: "share", Default: 1.0, Search: &model.Range{Low: 0.3, High: 1}},
		{Name: "fixed", Default: 0.0, Search: &model.Range{Low: 1, High: 1}},
	}}
	rapid.Check(t, func(t *rapid.T) {
		var past []*Trial
		for i := range rapid.IntRange(0, 40).Draw(t, "trials") {
			c := Draw([]model.Entry{entry}, 1, i)
			if i == 3 {
				c.Params = nil // as proposed with defaults
			}
			trial := &Trial{Number: i, Candidate: c, rung: &rung{mean: rapid.Float64Range(0, 1).Draw(t, "loss"), all: math.NaN()}}
			if rapid.Bool().Draw(t, "whole") {
				trial.rung.all = trial.rung.mean + 0.1
			}
			past = append(past, trial)
		}
		index := rapid.IntRange(0, 1000).Draw(t, "index")
		a, b := suggest([]model.Entry{entry}, 5, index, past), suggest([]model.Entry{entry}, 5, index, past)
		for _, p := range entry.Params {
			v, ok := a.Params[p.Name].(float64)
			if !ok || v < p.Search.Low || v > p.Search.High || v != b.Params[p.Name] || p.Integer && v != math.Trunc(v) {
				t.Fatalf("%s is %v and then %v", p.Name, a.Params[p.Name], b.Params[p.Name])
			}
		}
	})
}

// On a bowl, suggestions come nearer to its bottom than chance does.
func TestSuggestLearns(t *testing.T) {
	entry := model.Entry{Name: "m", Title: "m", Params: []model.Param{
		{Name: "x", Default: 0.5, Search: &model.Range{Low: 0, High: 1}},
		{Name: "y", Default: 0.5, Search: &model.Range{Low: 0, High: 1}},
		{Name: "z", Default: 0.5, Search: &model.Range{Low: 0, High: 1}},
	}}
	mean := func(next func(seed uint64, i int, past []*Trial) model.Candidate) float64 {
		total := 0.0
		for seed := range uint64(20) {
			var past []*Trial
			for i := range 60 {
				c := next(seed, i, past[:max(0, i-window+1)])
				loss := 0.0
				for _, v := range c.Params {
					loss += (v.(float64) - 0.3) * (v.(float64) - 0.3)
				}
				trial := &Trial{Candidate: c, rung: &rung{mean: loss, all: loss}}
				past = append(past, trial)
			}
			total += rank(past)[0].rung.all / 20
		}
		return total
	}
	entries := []model.Entry{entry}
	chance := mean(func(seed uint64, i int, _ []*Trial) model.Candidate { return Draw(entries, seed, i) })
	learnt := mean(func(seed uint64, i int, past []*Trial) model.Candidate { return suggest(entries, seed, i, past) })
	if learnt > chance/2 {
		t.Errorf("60 trials: best loss %v by suggestion, %v by chance", learnt, chance)
	}
	t.Logf("best loss %v by suggestion, %v by chance", learnt, chance)
}
