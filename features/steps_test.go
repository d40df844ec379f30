package features_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"bespoke/features"
	"bespoke/model"
	"bespoke/table"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func micros(t *testing.T, s string) int64 {
	t.Helper()
	if s == "" {
		return table.MissingTime
	}
	at, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func TestDateParts(t *testing.T) {
	var when []int64
	for _, s := range []string{"2024-01-01 00:00", "2024-02-29 12:00", "2023-12-31 18:30", ""} {
		when = append(when, micros(t, s))
	}
	c := table.NewTime("d", when)
	_, x := fitOne(t, c, nil, features.Options{}, features.StepPlan{Step: "date"})
	nan := math.NaN()
	// 2024-01-01 was a Monday, 2024-02-29 a Thursday, 2023-12-31 a Sunday.
	want := [][]float64{
		{2024, 1, 0, 0, 5.5 / 24},
		{2024, 2, 3, 12, 59 + 17.5/24},
		{2023, 12, 6, 18, 0},
		{nan, nan, nan, nan, nan},
	}
	for i, w := range want {
		for j := range w {
			if got := x.Row(i)[j]; !(math.Abs(got-w[j]) < 1e-9 || math.IsNaN(got) && math.IsNaN(w[j])) {
				t.Errorf("row %d: %v, want %v", i, x.Row(i), w)
			}
		}
	}

	f, x := fitOne(t, c, nil, features.Options{}, features.StepPlan{Step: "date", Params: model.Params{"cyclic": "yes"}})
	at := slices.IndexFunc(f.Features(), func(f model.Feature) bool { return f.Name == "d (hour sine)" })
	if x.Row(1)[at] > 1e-15 || math.Abs(x.Row(1)[at+1]+1) > 1e-15 {
		t.Errorf("noon is %v, %v on the circle, want 0, -1", x.Row(1)[at], x.Row(1)[at+1])
	}

	day := table.NewTime("d", []int64{micros(t, "2024-05-06 00:00"), micros(t, "2024-05-13 00:00")})
	f, _ = fitOne(t, day, nil, features.Options{}, features.StepPlan{Step: "date"})
	if len(f.Features()) != 1 || f.Features()[0].Name != "d (elapsed days)" {
		t.Errorf("two Mondays of one month: features %v, want the elapsed days only", f.Features())
	}
	// Times at the ends of the range must not trip the calendar.
	for _, extreme := range []int64{math.MaxInt64, math.MinInt64 + 1} {
		if v := apply(t, f, newTable(t, table.NewTime("d", []int64{extreme}))).Values[0]; math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("time %d becomes %v", extreme, v)
		}
	}
}

// auc is the share of pairs of a 1 and a 0 that scores order rightly, ties
// counting half.
func auc(scores, y []float64) float64 {
	order := make([]int, len(y))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if scores[a] < scores[b] {
			return -1
		} else if scores[a] > scores[b] {
			return 1
		}
		return 0
	})
	ranks, ones := 0.0, 0.0
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && scores[order[j]] == scores[order[i]] {
			j++
		}
		for _, row := range order[i:j] {
			if y[row] == 1 {
				ranks += float64(i+j+1) / 2
				ones++
			}
		}
		i = j
	}
	zeros := float64(len(y)) - ones
	return (ranks - ones*(ones+1)/2) / (ones * zeros)
}

func TestTargetEncodingDoesNotLeak(t *testing.T) {
	const n = 5000
	for _, shrink := range []model.Params{{"shrink": "fixed", "rows": 1}, {"shrink": "fixed", "rows": 0}, {"shrink": "fixed", "rows": 20}} {
		rng := rand.New(rand.NewPCG(11, 1))
		codes, levels, y := make([]int32, n), make([]string, 1000), make([]float64, n)
		for i := range levels {
			levels[i] = fmt.Sprint(i)
		}
		for i := range n {
			codes[i], y[i] = int32(rng.IntN(len(levels))), float64(rng.IntN(2))
		}
		c := table.NewCategory("c", codes, levels)
		f, x := fitOne(t, c, y, features.Options{Task: model.Binary, Classes: 2, Seed: 3}, features.StepPlan{Step: "target", Params: shrink})
		// The standard error of an AUC of 0.5 with 2500 of each class is 0.0082.
		if got := auc(x.Values, y); math.Abs(got-0.5) > 3*0.0082 {
			t.Errorf("%v: the out-of-fold encoding of a random target has AUC %.3f, want 0.5", shrink, got)
		}
		if got := auc(apply(t, f, newTable(t, c)).Values, y); got < 0.65 {
			t.Errorf("%v: with its own rows the AUC is %.3f; the test would not notice a leak", shrink, got)
		}
		// Nor may the folds betray it: with a fold's rows the mean target should be
		// all but equal in all.
		byValue := map[float64][2]float64{}
		for i, v := range x.Values {
			s := byValue[v]
			byValue[v] = [2]float64{s[0] + y[i], s[1] + 1}
		}
		explained := 0.0
		for _, s := range byValue {
			explained += s[1] * (s[0]/s[1] - 0.5) * (s[0]/s[1] - 0.5)
		}
		// One degree of freedom per distinct value; five standard deviations of
		// that chi-square are allowed.
		df := float64(len(byValue))
		if most := 0.25 * (df + 5*math.Sqrt(2*df)); explained > most {
			t.Errorf("%v: distinct encodings explain %.1f of the target's variation, chance at most %.1f", shrink, explained, most)
		}
	}
}

// The same for the classes of more than two, for a cross of two columns, and for
// a number.
func TestTargetEncodingDoesNotLeakOtherwise(t *testing.T) {
	const n = 5000
	for _, c := range []struct {
		task    model.Task
		classes int
	}{{model.Multiclass, 3}, {model.Regression, 0}} {
		rng := rand.New(rand.NewPCG(12, 1))
		left, right, levels, y := make([]int32, n), make([]int32, n), make([]string, 30), make([]float64, n)
		for i := range levels {
			levels[i] = fmt.Sprint(i)
		}
		for i := range n {
			left[i], right[i], y[i] = int32(rng.IntN(30)), int32(rng.IntN(30)), rng.NormFloat64()
			if c.classes > 0 {
				y[i] = float64(rng.IntN(c.classes))
			}
		}
		tab := newTable(t, table.NewCategory("left", left, levels), table.NewCategory("right", right, levels))
		plan := &features.Plan{Encoding: model.Native, Columns: []features.ColumnPlan{
			{Column: "left", With: "right", Steps: []features.StepPlan{
				{Step: "cross", Params: model.Params{"rows": 1}}, {Step: "target", Params: model.Params{"shrink": "fixed", "rows": 1}},
			}},
			{Column: "right", Drop: true},
			{Column: "left", Drop: true},
		}}
		f, x := mustFit(t, tab, y, features.Options{Encoding: model.Native, Task: c.task, Classes: c.classes, Seed: 3, Plan: plan})
		own := apply(t, f, tab)
		for k := range x.Cols() {
			is := make([]float64, n) // class k, or above the middle
			for i := range n {
				if c.classes > 0 && y[i] == float64(k) || c.classes == 0 && y[i] > 0 {
					is[i] = 1
				}
			}
			column := func(m *model.Matrix) []float64 {
				out := make([]float64, n)
				for i := range out {
					out[i] = m.Row(i)[k]
				}
				return out
			}
			if got := auc(column(x), is); math.Abs(got-0.5) > 3*0.0087 {
				t.Errorf("%v, output %d: the out-of-fold encoding of a random target has AUC %.3f, want 0.5", c.task, k, got)
			}
			if got := auc(column(own), is); got < 0.65 {
				t.Errorf("%v, output %d: with its own rows the AUC is %.3f; the test would not notice a leak", c.task, k, got)
			}
		}
	}
}

func TestBayesDropsALevelThatTellsNothing(t *testing.T) {
	const n = 4000
	rng := rand.New(rand.NewPCG(5, 1))
	noise, zip := many(n, 300), many(n, 300)
	rng.Shuffle(n, func(i, j int) { noise.Codes[i], noise.Codes[j] = noise.Codes[j], noise.Codes[i] })
	noise.Name, zip.Name = "noise", "zip"
	y := make([]float64, n)
	for i := range y {
		y[i] = 10*float64(zip.Codes[i]%7) + rng.NormFloat64()
	}
	f, x := mustFit(t, newTable(t, noise, zip), y, features.Options{Encoding: model.Native})
	var names []string
	for _, feature := range f.Features() {
		names = append(names, feature.Name)
	}
	if diff := cmp.Diff([]string{"noise (frequency)", "zip (target)", "zip (frequency)"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i := range 50 {
		if got, want := x.Row(i)[1], 10*float64(zip.Codes[i]%7); math.Abs(got-want) > 2 {
			t.Errorf("row %d: encoded %v, the mean there is %v", i, got, want)
		}
	}
	if first := f.Describe()[0]; !first.Dropped || !strings.Contains(first.Reason, "does not differ between the levels") {
		t.Errorf("dropped %v with reason %q", first.Dropped, first.Reason)
	}
}

func TestTargetOfClasses(t *testing.T) {
	codes := []int32{0, 0, 0, 0, 1, 1, 1, 1, 1, 1}
	y := []float64{0, 0, 0, 1, 2, 2, 2, 2, 2, 1}
	f, x := fitOne(t, table.NewCategory("c", codes, []string{"a", "b"}), y,
		features.Options{Task: model.Multiclass, Classes: 3, Outcomes: []string{"red", "green", "blue"}},
		features.StepPlan{Step: "target", Params: model.Params{"shrink": "fixed", "rows": 0}})
	if got := f.Features()[2].Name; got != "c (target blue)" || len(f.Features()) != 3 {
		t.Errorf("features %v, want one per class", f.Features())
	}
	got := apply(t, f, newTable(t, table.NewCategory("c", []int32{0, 1, -1}, []string{"a", "b"})))
	want := [][]float64{{0.75, 0.25, 0}, {0, 1.0 / 6, 5.0 / 6}, {0.3, 0.2, 0.5}}
	compare(t, "classes", got, want, 1e-15) // rounding of a division
	for i := range x.Rows {
		if sum := x.Row(i)[0] + x.Row(i)[1] + x.Row(i)[2]; math.Abs(sum-1) > 1e-12 {
			t.Errorf("row %d: out-of-fold shares %v, want a sum of 1", i, x.Row(i))
		}
	}
}

func TestTextTerms(t *testing.T) {
	// Each pair must give the same features, by lower case, separators and the
	// rule for scripts without spaces.
	for _, pair := range [][2]string{
		{"Good FOOD", "good food"},
		{"good--food!", " good\tfood"},
		{"ÄRGER im CAFÉ", "ärger im café"},
		{"東京", "東 京"},
		{"good \xff food", "good food"},
	} {
		f, x := fitOne(t, table.NewText("x", []string{pair[0], pair[1], "other words"}), nil, features.Options{},
			features.StepPlan{Step: "tf-idf", Params: model.Params{"rows": 1}})
		if len(f.Features()) < 5 || !slices.Equal(x.Row(0), x.Row(1)) {
			t.Errorf("%q gives %v, %q gives %v; want the same", pair[0], x.Row(0), pair[1], x.Row(1))
		}
	}
	f, x := fitOne(t, table.NewText("x", []string{"b a", "a b", "a b c", "", "?!"}), nil, features.Options{}, features.StepPlan{Step: "tf-idf"})
	var names []string
	for _, feature := range f.Features() {
		names = append(names, feature.Name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"x~a", "x~a b", "x~b"}, names); diff != "" {
		t.Errorf("terms in two rows or more (-want +got):\n%s", diff)
	}
	if !slices.Equal(x.Row(3), []float64{0, 0, 0}) || !slices.Equal(x.Row(4), []float64{0, 0, 0}) {
		t.Errorf("texts without words give %v and %v, want zeros", x.Row(3), x.Row(4))
	}
	tab := newTable(t, table.NewText("x", []string{"", "one", "two"}), table.NewNumber("n", []float64{1, 2, 3}))
	f, _ = mustFit(t, tab, make([]float64, 3), features.Options{Encoding: model.Dense})
	if info := f.Describe()[0]; !info.Dropped || info.Reason != "Left out: no word is in 2 training rows." {
		t.Errorf("a text without common words: %+v", info)
	}
}

func TestTextIsBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	texts := make([]string, 4000)
	for i := range texts {
		for range 20 {
			texts[i] += fmt.Sprintf("w%d ", int(5000*rng.Float64()*rng.Float64()))
		}
	}
	f, x := mustFit(t, newTable(t, table.NewText("x", texts)), make([]float64, len(texts)), features.Options{Encoding: model.Native})
	if len(f.Features()) != 256 {
		t.Errorf("%d features, want 256", len(f.Features()))
	}
	for i := range 100 {
		length := 0.0
		for _, v := range x.Row(i) {
			length += v * v
		}
		if length != 0 && math.Abs(length-1) > 1e-12 {
			t.Errorf("row %d has length %v, want 1", i, length)
		}
	}
}

// anyNumber draws ordinary and awful numbers.
func anyNumber() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Float64(),
		rapid.Float64Range(-100, 100),
		rapid.SampledFrom([]float64{0, 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324, 1e-300}),
	)
}

func TestScalersKeepOrderAndStayFinite(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		train := rapid.SliceOfN(anyNumber(), 2, 30).Draw(rt, "train")
		fresh := rapid.SliceOfN(anyNumber(), 1, 30).Draw(rt, "fresh")
		name := rapid.SampledFrom([]string{"standardise", "robust", "min-max", "yeo-johnson"}).Draw(rt, "step")
		clip := rapid.SampledFrom([]float64{0, 3}).Draw(rt, "clip")
		plan := &features.Plan{Encoding: model.Dense, Columns: []features.ColumnPlan{{Column: "x", Steps: []features.StepPlan{
			{Step: "impute", Params: model.Params{"indicator": "always", "with": rapid.SampledFrom([]string{"mean", "median", "most-frequent"}).Draw(rt, "with")}},
			{Step: name, Params: model.Params{"clip": clip}},
		}}}}
		tab := newTableOf(t, table.NewNumber("x", train))
		f, _, err := features.Fit(tab, make([]float64, len(train)), features.Options{Encoding: model.Dense, Plan: plan})
		if err != nil {
			rt.Fatal(err)
		}
		all := newTableOf(t, table.NewNumber("x", append(fresh, train...)))
		out := model.NewMatrix(f.Features(), all.Rows())
		if err := f.Apply(all, out); err != nil {
			rt.Fatal(err)
		}
		x := all.Columns()[0].Numbers
		bound := 1e12
		if clip > 0 {
			bound = clip
		}
		for i := range x {
			if v := out.Row(i)[0]; !(math.Abs(v) <= bound) {
				rt.Fatalf("%v becomes %v, want a number up to %v", x[i], v, bound)
			}
			absent := math.IsNaN(x[i]) || math.IsInf(x[i], 0)
			if flag := out.Row(i)[1]; flag != 0 && flag != 1 || (flag == 1) != absent {
				rt.Fatalf("%v has indicator %v", x[i], flag)
			}
			for j := range i {
				if x[j] < x[i] && !absent && !math.IsInf(x[j], 0) && out.Row(j)[0] > out.Row(i)[0] {
					rt.Fatalf("%v < %v, but %v > %v", x[j], x[i], out.Row(j)[0], out.Row(i)[0])
				}
			}
		}
	})
}

func TestRowOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tab, y := mixed(t, 80, rapid.Uint64Range(0, 50).Draw(rt, "seed"))
		order := rapid.Permutation(indices(80)).Draw(rt, "order")
		z := make([]float64, len(y))
		for i, row := range order {
			z[i] = y[row]
		}
		opt := features.Options{Encoding: model.Native, Task: model.Binary, Classes: 2}
		f, _, err := features.Fit(tab, y, opt)
		if err != nil {
			rt.Fatal(err)
		}
		g, _, err := features.Fit(tab.Take(order), z, opt)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(f.Features(), g.Features()); diff != "" {
			rt.Fatalf("other features (-want +got):\n%s", diff)
		}
		a, b := apply(t, f, tab), apply(t, g, tab)
		for i := range a.Values {
			if x, z := a.Values[i], b.Values[i]; !(agree(x, z, 1e-12) || math.IsNaN(x) && math.IsNaN(z)) {
				rt.Fatalf("value %d: %v, with other row order %v", i, x, z)
			}
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
