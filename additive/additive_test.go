package additive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bespoke/additive"
	"bespoke/model"
	"bespoke/model/modeltest"
)

func TestComplies(t *testing.T) { modeltest.Run(t, additive.Boost) }

// waves draws rows whose target is a wave of the first number, a step of the
// second, a bonus of a category, and a product of two more numbers.
func waves(task model.Task, rows int, seed uint64) model.Training {
	r := rand.New(rand.NewPCG(seed, 1))
	x := model.NewMatrix([]model.Feature{{Name: "wave"}, {Name: "step"}, {Name: "kind", Levels: 4}, {Name: "left"}, {Name: "right"}}, rows)
	in := model.Training{Task: task, X: x, Y: make([]float64, rows), Seed: 5, Threads: 2}
	if task == model.Binary {
		in.Classes = []string{"no", "yes"}
	}
	for i := range rows {
		row := x.Row(i)
		row[0], row[1], row[2], row[3], row[4] = r.Float64()*6, r.Float64(), float64(r.IntN(4)), r.NormFloat64(), r.NormFloat64()
		if r.IntN(10) == 0 {
			row[1] = math.NaN()
		}
		score := truth(row)
		if task == model.Regression {
			in.Y[i] = score + 0.2*r.NormFloat64()
		} else if 1/(1+math.Exp(-2*score)) > r.Float64() {
			in.Y[i] = 1
		}
	}
	return in
}

func truth(row []float64) float64 {
	score := math.Sin(row[0]) + []float64{0, 0.5, -0.5, 1}[int(row[2])]
	switch {
	case math.IsNaN(row[1]):
		score += 0.7
	case row[1] > 0.5:
		score++
	}
	if (row[3] > 0) == (row[4] > 0) {
		return score + 0.6
	}
	return score - 0.6
}

func fit(t testing.TB, p model.Params, in model.Training) *additive.Model {
	t.Helper()
	m, err := additive.Fit(t.Context(), p, in)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func saved(t testing.TB, m *additive.Model) []byte {
	t.Helper()
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func shape(t testing.TB, m *additive.Model, name string) additive.Shape {
	t.Helper()
	for _, s := range m.Shapes() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no shape %q", name)
	return additive.Shape{}
}

// The curves are those that the data were drawn from, up to a constant, and the
// pair that matters is found first.
func TestFindsTheCurves(t *testing.T) {
	in := waves(model.Regression, 3000, 1)
	m := fit(t, nil, in)
	raw, loss := make([]float64, 1), 0.0
	test := waves(model.Regression, 1000, 2)
	for i := range test.X.Rows {
		m.Raw(test.X.Row(i), raw)
		d := raw[0] - truth(test.X.Row(i))
		loss += d * d / 1000
	}
	if rmse := math.Sqrt(loss); rmse > 0.15 {
		t.Errorf("distance from the truth %v; the noise is 0.2", rmse)
	}
	at := slices.IndexFunc(m.Terms, func(t additive.Term) bool { return len(t.Features) == 2 })
	if at < 0 || m.TermName(at) != "left x right" {
		t.Errorf("the first pair is %q", m.TermName(at))
	}
	step := shape(t, m, "step")
	v, n := step.Values[0], len(step.Values[0])
	if jump := v[n*3/4] - v[n/4]; math.Abs(jump-1) > 0.15 {
		t.Errorf("step of %v, want 1", jump)
	}
	if missing := v[n-1] - v[n/4]; math.Abs(missing-0.7) > 0.15 {
		t.Errorf("missing values are worth %v, want 0.7", missing)
	}
	if len(step.Errors[0]) != n || step.Errors[0][n/4] <= 0 || step.Errors[0][n/4] > 0.3 {
		t.Errorf("errors of the step: %v", step.Errors[0])
	}
	kind := shape(t, m, "kind")
	for c, codes := range kind.Sides[0].Codes[:4] {
		want := []float64{0, 0.5, -0.5, 1}[codes[0]] - 0.25
		if math.Abs(kind.Values[0][c]-want) > 0.1 {
			t.Errorf("category %d is worth %v, want %v", codes[0], kind.Values[0][c], want)
		}
	}
}

// Every curve, and every row and column of a grid, has the weighted mean zero,
// so that the intercept is the mean raw score of the training rows.
func TestCentred(t *testing.T) {
	for _, task := range []model.Task{model.Regression, model.Binary} {
		in := waves(task, 800, 3)
		in.Weights = make([]float64, 800)
		for i := range in.Weights {
			in.Weights[i] = float64(1 + i%3)
		}
		m := fit(t, model.Params{"bags": 3.0}, in)
		raw, sum, total := make([]float64, 1), 0.0, 0.0
		for i := range in.X.Rows {
			m.Raw(in.X.Row(i), raw)
			sum += in.Weights[i] * raw[0]
			total += in.Weights[i]
		}
		if math.Abs(sum/total-m.Intercept[0]) > 1e-9 {
			t.Errorf("%s: intercept %v, mean score %v", task, m.Intercept[0], sum/total)
		}
		for i, term := range m.Terms {
			if mean := weighted(term.Values[0], term.Weights, 0, 1, len(term.Weights)); math.Abs(mean) > 1e-9 {
				t.Errorf("%s: %s has the mean %v", task, m.TermName(i), mean)
			}
			if len(term.Features) == 1 {
				continue
			}
			columns := shape(t, m, m.TermName(i)).Sides[1].Cells
			rows := len(term.Weights) / columns
			for r := range rows {
				if mean := weighted(term.Values[0], term.Weights, r*columns, 1, columns); math.Abs(mean) > 1e-8 {
					t.Errorf("%s: row %d of %s has the mean %v", task, r, m.TermName(i), mean)
				}
			}
			for c := range columns {
				if mean := weighted(term.Values[0], term.Weights, c, columns, rows); math.Abs(mean) > 1e-8 {
					t.Errorf("%s: column %d of %s has the mean %v", task, c, m.TermName(i), mean)
				}
			}
		}
	}
}

func weighted(values, weights []float64, from, step, n int) float64 {
	sum, total := 0.0, 0.0
	for i := range n {
		sum += weights[from+i*step] * values[from+i*step]
		total += weights[from+i*step]
	}
	if total == 0 {
		return 0
	}
	return sum / total
}

// Contributions sum to the raw score, also with more features than Raw keeps
// bins of.
func TestContributions(t *testing.T) {
	wide := model.Training{Task: model.Regression, X: model.NewMatrix(make([]model.Feature, 300), 60), Y: make([]float64, 60), Threads: 2}
	r := rand.New(rand.NewPCG(4, 4))
	for i := range wide.X.Values {
		wide.X.Values[i] = r.NormFloat64()
	}
	for i := range wide.Y {
		wide.Y[i] = wide.X.Row(i)[0] * wide.X.Row(i)[299]
	}
	for _, in := range []model.Training{waves(model.Regression, 500, 4), wide} {
		m := fit(t, model.Params{"bags": 2.0, "rounds": 60.0}, in)
		raw, phi := make([]float64, 1), make([]float64, m.Inputs())
		for i := range 50 {
			m.Raw(in.X.Row(i), raw)
			m.Contributions(in.X.Row(i), phi)
			sum := m.Intercept[0]
			for _, p := range phi {
				sum += p
			}
			if math.Abs(sum-raw[0]) > 1e-12 {
				t.Fatalf("row %d: %v, the parts sum to %v", i, raw[0], sum)
			}
		}
		if n := testing.AllocsPerRun(50, func() { m.Contributions(in.X.Row(0), phi) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func TestMonotone(t *testing.T) {
	in := waves(model.Binary, 1500, 6)
	for way := int8(-1); way <= 1; way += 2 {
		in.X.Features[0].Monotone = way
		m := fit(t, model.Params{"bags": 3.0}, in)
		row, raw := []float64{0, 0.3, 1, 1, -1}, make([]float64, 1)
		last := math.Inf(-int(way))
		for x := -1.0; x < 7; x += 0.01 {
			row[0] = x
			if m.Raw(row, raw); (raw[0]-last)*float64(way) < 0 {
				t.Fatalf("way %d: from %v to %v at %v", way, last, raw[0], x)
			}
			last = raw[0]
		}
		for i, term := range m.Terms {
			if len(term.Features) == 2 && term.Features[0] == 0 {
				t.Errorf("a feature with a direction is in the pair %s", m.TermName(i))
			}
		}
	}
	in.X.Features[0].Monotone, in.X.Features[2].Monotone = 0, 1
	if _, err := additive.Fit(t.Context(), nil, in); err == nil || !strings.Contains(err.Error(), `"kind" is a category`) {
		t.Errorf("a monotone category: %v", err)
	}
}

// The order of the rows, and weights instead of repetitions, change nothing but
// rounding.
func TestRowsHaveNoPlace(t *testing.T) {
	in := waves(model.Binary, 400, 7)
	for _, p := range []model.Params{{"bags": 3.0}, {"bags": 2.0, "sample": "bootstrap"}} {
		m := fit(t, p, in)
		mixed := in
		rows := rand.New(rand.NewPCG(7, 7)).Perm(400)
		mixed.X, mixed.Y = in.X.Take(rows), make([]float64, 400)
		for i, r := range rows {
			mixed.Y[i] = in.Y[r]
		}
		near(t, in.X, m, fit(t, p, mixed))

		double, weighted := in, in
		rows = rows[:0]
		weighted.Weights = make([]float64, 400)
		for i := range 400 {
			weighted.Weights[i] = float64(1 + i%3)
			rows = append(rows, slices.Repeat([]int{i}, 1+i%3)...)
		}
		double.X, double.Y = in.X.Take(rows), make([]float64, len(rows))
		for i, r := range rows {
			double.Y[i] = in.Y[r]
		}
		near(t, in.X, fit(t, p, weighted), fit(t, p, double))
	}
}

func near(t *testing.T, x *model.Matrix, a, b *additive.Model) {
	t.Helper()
	one, two, far := make([]float64, 1), make([]float64, 1), 0.0
	for i := range x.Rows {
		a.Raw(x.Row(i), one)
		b.Raw(x.Row(i), two)
		far += math.Abs(one[0]-two[0]) / float64(x.Rows)
	}
	// Rounding may turn a step between cuts that are equally good.
	if far > 1e-3 {
		t.Errorf("scores differ by %v", far)
	}
}

// Early stopping uses the validation rows that are given, and without stopping
// all rounds are taken.
func TestStopping(t *testing.T) {
	in, valid := waves(model.Regression, 400, 8), waves(model.Regression, 200, 9)
	p := model.Params{"bags": 1.0, "rounds": 300.0}
	own := saved(t, fit(t, p, in))
	in.Valid = &valid
	given := saved(t, fit(t, p, in))
	if bytes.Equal(own, given) {
		t.Error("validation rows changed nothing")
	}
	// Targets that have nothing to do with the rows: the best is no step at all.
	noise := valid
	noise.Y = make([]float64, 200)
	r := rand.New(rand.NewPCG(9, 9))
	for i := range noise.Y {
		noise.Y[i] = 3 * r.NormFloat64()
	}
	in.Valid = &noise
	if m, all := fit(t, p, in), fit(t, model.Params{"bags": 1.0, "rounds": 300.0, "patience": 0.0}, in); strength(m) > strength(all)/2 {
		t.Errorf("stopped at strength %v, unstopped %v", strength(m), strength(all))
	}
}

func strength(m *additive.Model) float64 {
	sum := 0.0
	for _, s := range m.Shapes() {
		sum += s.Strength
	}
	return sum
}

func TestPairsAreAskedFor(t *testing.T) {
	in := waves(model.Regression, 500, 10)
	for want, p := range map[int]float64{0: 0, 1: 1, 3: 3} {
		m, pairs := fit(t, model.Params{"bags": 2.0, "pairs": p}, in), 0
		for _, term := range m.Terms {
			if len(term.Features) == 2 {
				pairs++
			}
		}
		if pairs != want {
			t.Errorf("%d pairs, want %d", pairs, want)
		}
	}
}

func TestHugeTargets(t *testing.T) {
	in := waves(model.Regression, 100, 11)
	for i := range in.Y {
		in.Y[i] *= 1e140
	}
	m := fit(t, model.Params{"bags": 2.0, "rounds": 50.0}, in)
	if _, err := additive.Load(saved(t, m)); err != nil {
		t.Error(err)
	}
	in.Y[3] = 1e200
	if _, err := additive.Fit(t.Context(), nil, in); err == nil || !strings.Contains(err.Error(), "target of row 3") {
		t.Errorf("a target of 1e200: %v", err)
	}
}

func TestEdit(t *testing.T) {
	in := waves(model.Binary, 600, 12)
	m := fit(t, model.Params{"bags": 2.0}, in)
	before := saved(t, m)
	row, other := slices.Clone(in.X.Row(0)), slices.Clone(in.X.Row(0))
	row[2], other[2] = 1, 2
	cell := slices.IndexFunc(shape(t, m, "kind").Sides[0].Codes, func(c []int32) bool { return len(c) > 0 && c[0] == 1 })
	edited, err := m.Edit(
		additive.Edit{Features: []string{"kind"}, Cells: []int{cell}, Value: 9, Reason: "a test"},
		additive.Edit{Features: []string{"left", "right"}, Drop: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, saved(t, m)) {
		t.Error("the model itself was changed")
	}
	pair := func(x []float64) float64 { // what the dropped term said
		only, err := m.Edit(additive.Edit{Features: []string{"left", "right"}, Drop: true})
		if err != nil {
			t.Fatal(err)
		}
		return score(m, x) - score(only, x)
	}
	if d := score(edited, other) - (score(m, other) - pair(other)); math.Abs(d) > 1e-12 {
		t.Errorf("a row in another cell moved by %v", d)
	}
	was := shape(t, m, "kind").Values[0][cell]
	if d := score(edited, row) - (score(m, row) - pair(row) - was + 9); math.Abs(d) > 1e-9 {
		t.Errorf("the row of the cell is off by %v", d)
	}
	kind := shape(t, edited, "kind")
	if mean := weighted(kind.Values[0], kind.Weights, 0, 1, len(kind.Weights)); math.Abs(mean) > 1e-12 {
		t.Errorf("mean %v after the edit", mean)
	}
	loaded, err := additive.Load(saved(t, edited))
	if err != nil || len(loaded.Edits) != 2 || loaded.Edits[0].Reason != "a test" || score(loaded, row) != score(edited, row) {
		t.Errorf("loaded: %+v, %v", loaded, err)
	}
	for want, e := range map[string]additive.Edit{
		`no term of ["nothing"]`: {Features: []string{"nothing"}, Drop: true},
		"output 1":               {Features: []string{"kind"}, Output: 1, Cells: []int{0}},
		"cell 99":                {Features: []string{"kind"}, Cells: []int{99}},
		"neither cells":          {Features: []string{"kind"}},
		"at once":                {Features: []string{"kind"}, Drop: true, Cells: []int{1}},
		"must be finite":         {Features: []string{"kind"}, Cells: []int{1}, Value: math.NaN()},
	} {
		if got, err := m.Edit(e); err == nil || got != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q", e, err, want)
		}
	}
}

func score(m *additive.Model, row []float64) float64 {
	raw := make([]float64, 1)
	m.Raw(row, raw)
	return raw[0]
}

// spoiled are changes of a saved model that Load must notice.
var spoiled = map[string]func(m map[string]any){
	"another model":        func(m map[string]any) { m["model"] = "linear.ridge.v1" },
	"another task":         func(m map[string]any) { m["task"] = "binary" },
	"classes of a number":  func(m map[string]any) { m["classes"] = 2 },
	"no intercept":         func(m map[string]any) { m["intercept"] = []float64{} },
	"edges that fall":      func(m map[string]any) { column(m, 0)["edges"].([]any)[3] = -1e9 },
	"an edge too many":     func(m map[string]any) { column(m, 0)["edges"] = append(column(m, 0)["edges"].([]any), 1e9) },
	"many bins":            func(m map[string]any) { column(m, 0)["bins"] = 1e5 },
	"a code of no level":   func(m map[string]any) { column(m, 2)["codes"].([]any)[0] = 4 },
	"a code twice":         func(m map[string]any) { column(m, 2)["codes"].([]any)[0] = column(m, 2)["codes"].([]any)[1] },
	"many levels":          func(m map[string]any) { column(m, 2)["levels"] = 1 << 30 },
	"a direction of two":   func(m map[string]any) { column(m, 0)["monotone"] = 2 },
	"groups without order": func(m map[string]any) { column(m, 3)["groups"].([]any)[2] = 60 },
	"no groups":            func(m map[string]any) { column(m, 3)["groups"] = []any{} },
	"few groups":           func(m map[string]any) { column(m, 3)["groups"] = column(m, 3)["groups"].([]any)[1:] },
	"a term of no feature": func(m map[string]any) { term(m, 0)["features"] = []int{} },
	"a term of three":      func(m map[string]any) { term(m, 0)["features"] = []int{0, 1, 2} },
	"a feature too far":    func(m map[string]any) { term(m, 0)["features"] = []int{5} },
	"a term twice":         func(m map[string]any) { m["terms"] = append(m["terms"].([]any), term(m, 0)) },
	"a value too few":      func(m map[string]any) { term(m, 0)["values"] = [][]float64{{1}} },
	"an output too many":   func(m map[string]any) { term(m, 0)["values"] = append(term(m, 0)["values"].([]any), []any{}) },
	"a negative weight":    func(m map[string]any) { term(m, 0)["weights"].([]any)[0] = -1 },
	"an error too few":     func(m map[string]any) { term(m, 0)["errors"] = [][]float64{{}} },
	"values without end": func(m map[string]any) {
		term(m, 0)["values"].([]any)[0].([]any)[0] = 1.7e308
		m["intercept"] = []float64{1.7e308}
	},
	"a field of others": func(m map[string]any) { m["more"] = 1 },
}

func column(m map[string]any, j int) map[string]any { return m["columns"].([]any)[j].(map[string]any) }

func term(m map[string]any, i int) map[string]any { return m["terms"].([]any)[i].(map[string]any) }

func TestLoadRefuses(t *testing.T) {
	data := saved(t, fit(t, model.Params{"bags": 2.0, "rounds": 40.0}, waves(model.Regression, 300, 13)))
	for name, spoil := range spoiled {
		var m map[string]any
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		spoil(m)
		bad, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := additive.Load(bad); err == nil || got != nil {
			t.Errorf("%s: model %v, error %v; want an error", name, got != nil, err)
		}
	}
}

// FuzzLoad: bytes give an error, or a model that predicts without panic and
// saves to the same meaning.
func FuzzLoad(f *testing.F) {
	p := model.Params{"bags": 2.0, "rounds": 10.0, "max_bins": 4.0, "pairs": 2.0, "pair_bins": 2.0}
	for _, task := range []model.Task{model.Regression, model.Binary} {
		f.Add(saved(f, fit(f, p, waves(task, 100, 14))))
	}
	f.Add([]byte(`{"model":"additive.boost.v1","task":"multiclass","classes":3,"intercept":[1,2,3],"columns":[{"name":"a","bins":2,"edges":[0.5]}],"terms":[{"features":[0],"values":[[1,2,3],[1,2,3],[1,2,3]],"weights":[1,1,0]}]}`))
	f.Add([]byte(`{"model":"additive.boost.v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := additive.Load(data)
		if err != nil {
			if m != nil {
				t.Fatal("an error and a model")
			}
			return
		}
		row, out, phi := make([]float64, m.Inputs()), make([]float64, m.Outputs()), make([]float64, m.Inputs()*len(m.Intercept))
		for _, x := range []float64{0, -1, 1e300, math.NaN(), math.Inf(1)} {
			for j := range row {
				row[j] = x
			}
			m.Predict(row, out)
			m.Contributions(row, phi)
		}
		m.Shapes()
		b := saved(t, m)
		again, err := additive.Load(b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, saved(t, again)) {
			t.Fatal("saved again: other bytes")
		}
	})
}

func BenchmarkFit(b *testing.B) {
	in := waves(model.Binary, 5000, 15)
	for b.Loop() {
		if _, err := additive.Fit(context.Background(), nil, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRaw(b *testing.B) {
	in := waves(model.Binary, 2000, 16)
	m := fit(b, model.Params{"bags": 2.0}, in)
	raw, i := make([]float64, 1), 0
	for b.Loop() {
		m.Raw(in.X.Row(i%2000), raw)
		i++
	}
}
