package evaluate_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bespoke/evaluate"
)

// The example of R's p.adjust(c(.01, .04, .03, .005), "holm").
func TestHolm(t *testing.T) {
	for k, got := range evaluate.Holm([]float64{.01, .04, .03, .005}) {
		near(t, "adjusted", got, []float64{.03, .06, .06, .02}[k], 1e-15)
	}
}

func TestHolmProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(r, "p")
		got := evaluate.Holm(p)
		for i, a := range got {
			if a < p[i] || a > 1 || a > p[i]*float64(len(p)) && !slices.ContainsFunc(p, func(q float64) bool { return q < p[i] }) {
				r.Fatalf("%v became %v among %d", p[i], a, len(p))
			}
			for j, b := range got {
				if p[i] < p[j] && a > b {
					r.Fatalf("the order of %v and %v is turned: %v, %v", p[i], p[j], a, b)
				}
			}
		}
		more := evaluate.Holm(append(slices.Clone(p), .5))
		for i, a := range got {
			if more[i] < a {
				r.Fatalf("another comparison makes %v out of %v", more[i], a)
			}
		}
	})
}

// Twenty differences of pure noise and one that is real: some of the noise is
// significant alone, and nothing of it survives.
func TestCompareMany(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 5))
	zero := make([]float64, 400)
	var all []*evaluate.Difference
	for _, row := range noise(r, 60, 400) {
		if len(all) == 0 {
			for i := range row {
				row[i] += .5
			}
		}
		d, err := evaluate.Paired(row, zero, evaluate.DefaultOptions())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &d)
	}
	f := evaluate.CompareMany(all...)
	if f.Comparisons != 60 || f.Surviving != 1 || f.Alone < 2 || f.Alone > 8 {
		t.Errorf("%+v", f)
	}
	if *all[0].PAdjusted > 1e-10 {
		t.Errorf("ten standard errors have p = %v", *all[0].PAdjusted)
	}
	if !strings.HasSuffix(f.Sentence, ", 1 after allowing for their number.") {
		t.Error(f.Sentence)
	}
	if f := evaluate.CompareMany(); f.Sentence != "" || f.Comparisons != 0 {
		t.Errorf("none: %+v", f)
	}
}

func TestDropColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	with := noise(r, 1, 500)[0]
	less := func(by float64) []float64 {
		out := make([]float64, len(with))
		for i, v := range with {
			out[i] = v - by + .1*r.NormFloat64()
		}
		return out
	}
	d, err := evaluate.DropColumns([]string{"noise", "age", "leak", "same"}, with, [][]float64{less(0), less(.3), less(-.1), with}, options())
	if err != nil {
		t.Fatal(err)
	}
	if d.Columns[0].Column != "age" || d.Columns[3].Column != "leak" || !d.Columns[0].Told || !d.Columns[3].Told || d.Columns[1].Told || d.Columns[2].Told {
		t.Errorf("%+v", d.Columns)
	}
	near(t, "age", d.Columns[0].PerThousand, 300, 10)
	near(t, "a month", d.Columns[0].PerMonth, 600, 20)
	if !strings.HasPrefix(d.Sentence, "1 of 4 columns can be told to bring money; age the most, ") {
		t.Error(d.Sentence)
	}
	if !strings.Contains(d.Sentence, "without leak the model would earn ") {
		t.Error(d.Sentence)
	}
	if _, err := json.Marshal(d); err != nil {
		t.Error(err)
	}
	nothing, err := evaluate.DropColumns([]string{"same"}, with, [][]float64{with}, options())
	if err != nil {
		t.Fatal(err)
	}
	if nothing.Sentence != "Leaving out any single column loses nothing that these rows can tell." {
		t.Error(nothing.Sentence)
	}
	for name, without := range map[string][][]float64{"none": nil, "short": {with[:3]}} {
		if _, err := evaluate.DropColumns([]string{"a"}, with, without, options()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
