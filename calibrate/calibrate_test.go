package calibrate_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"bespoke/calibrate"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustFit(t testing.TB, name string, p, y []float64, classes int) calibrate.Map {
	t.Helper()
	m, err := calibrate.Fit(name, p, y, classes)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func flat(rows [][]float64) []float64 {
	var out []float64
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

// sharpened draws n rows of true probabilities, outcomes, and predictions that
// are the true ones raised to a power.
func sharpened(n, classes int, power float64, seed uint64) (p, y []float64) {
	rng := rand.New(rand.NewPCG(seed, 9))
	for range n {
		row, sum := make([]float64, classes), 0.0
		for k := range row {
			row[k] = math.Exp(1.5 * rng.NormFloat64())
			sum += row[k]
		}
		at, outcome := rng.Float64()*sum, classes-1
		for k, q := range row {
			if at < q {
				outcome = k
				break
			}
			at -= q
		}
		total := 0.0
		for k := range row {
			row[k] = math.Pow(row[k]/sum, power)
			total += row[k]
		}
		for k := range row {
			row[k] /= total
		}
		p, y = append(p, row...), append(y, float64(outcome))
	}
	return p, y
}

func TestEqualsScikitLearn(t *testing.T) {
	data, err := os.ReadFile("testdata/peers.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Name    string                 `json:"name"`
			Classes int                    `json:"classes"`
			P       [][]float64            `json:"p"`
			Y       []float64              `json:"y"`
			Fresh   [][]float64            `json:"fresh"`
			Want    map[string][][]float64 `json:"want"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	tolerance := map[string]float64{
		"isotonic":    1e-12, // the same sums; rounding only
		"sigmoid":     2e-6,  // the peer stops its search at a slope of 1e-6
		"temperature": 1e-6,  // the peer looks for the lowest loss, which float64 tells to about 1e-8
	}
	for _, c := range file.Cases {
		for name, want := range c.Want {
			t.Run(c.Name+"/"+name, func(t *testing.T) {
				m := mustFit(t, name, flat(c.P), c.Y, c.Classes)
				for i, row := range c.Fresh {
					got := slices.Clone(row)
					m.Apply(got)
					for k := range got {
						if math.Abs(got[k]-want[i][k]) > tolerance[name] {
							t.Fatalf("row %d: %v becomes %v, want %v", i, row, got, want[i])
						}
					}
				}
			})
		}
	}
}

func TestMapsGiveProbabilitiesInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		classes := rapid.IntRange(2, 4).Draw(rt, "classes")
		power := rapid.SampledFrom([]float64{0.3, 1, 3, -1}).Draw(rt, "power") // -1 predicts the contrary
		n := rapid.IntRange(1, 60).Draw(rt, "rows")
		p, y := sharpened(n, classes, power, rapid.Uint64Range(0, 99).Draw(rt, "seed"))
		if rapid.Bool().Draw(rt, "certain") { // exact zeros and ones
			clear(p[:classes])
			p[0] = 1
		}
		if rapid.Bool().Draw(rt, "one class") {
			for i := range y {
				y[i] = 0
			}
		}
		name := rapid.SampledFrom(calibrate.Names()).Draw(rt, "method")
		m, err := calibrate.Fit(name, p, y, classes)
		if err != nil {
			rt.Fatal(err)
		}
		rows := [][]float64{}
		for i := range n {
			rows = append(rows, p[i*classes:(i+1)*classes])
		}
		for k := range classes {
			certain := make([]float64, classes)
			certain[k] = 1
			rows = append(rows, certain)
		}
		slices.SortFunc(rows, func(a, b []float64) int { return cmpFloat(a[1], b[1]) })
		last := 0.0
		for _, row := range rows {
			got, sum := slices.Clone(row), 0.0
			m.Apply(got)
			for _, q := range got {
				if !(q > 0 && q < 1) {
					rt.Fatalf("%s: %v becomes %v, want numbers between 0 and 1", name, row, got)
				}
				sum += q
			}
			if math.Abs(sum-1) > 1e-12 {
				rt.Fatalf("%s: %v becomes %v, whose sum is %v", name, row, got, sum)
			}
			if classes == 2 {
				if got[1] < last {
					rt.Fatalf("%s: %v becomes %v, less than %v before it", name, row, got[1], last)
				}
				last = got[1]
			}
		}
	})
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestIsotonicIsIdempotent(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, y := sharpened(rapid.IntRange(2, 80).Draw(rt, "rows"), 2, 2, rapid.Uint64Range(0, 99).Draw(rt, "seed"))
		once := slices.Clone(p)
		m := mustFit(t, "isotonic", p, y, 2)
		for i := range y {
			m.Apply(once[2*i : 2*i+2])
		}
		twice := slices.Clone(once)
		m = mustFit(t, "isotonic", once, y, 2)
		for i := range y {
			m.Apply(twice[2*i : 2*i+2])
			if math.Abs(twice[2*i]-once[2*i]) > 1e-12 {
				rt.Fatalf("row %d: %v, calibrated again %v", i, once[2*i], twice[2*i])
			}
		}
	})
}

func TestMapsUndoWhatWasDone(t *testing.T) {
	// With many rows every method but none must come near the probabilities that
	// the outcomes were drawn from, and none must leave them alone.
	for _, classes := range []int{2, 3} {
		truth, _ := sharpened(6000, classes, 1, 4)
		p, y := sharpened(6000, classes, 2, 4)
		for _, name := range calibrate.Names() {
			m := mustFit(t, name, p, y, classes)
			distance := 0.0
			row := make([]float64, classes)
			for i := range y {
				copy(row, p[i*classes:(i+1)*classes])
				m.Apply(row)
				for k := range row {
					distance += math.Abs(row[k] - truth[i*classes+k])
				}
			}
			distance /= float64(len(truth))
			// One-vs-rest maps cannot undo a power over three classes exactly.
			near := distance < map[int]float64{2: 0.02, 3: 0.03}[classes]
			if near != (name != "none") {
				t.Errorf("%s of %d classes: mean distance %.4f from the truth", name, classes, distance)
			}
		}
	}
}

func TestTemperatureFindsThePower(t *testing.T) {
	p, y := sharpened(10000, 3, 2, 4)
	if got := calibrate.Describe(mustFit(t, "temperature", p, y, 3)); !strings.Contains(got, "more modest") || !strings.Contains(got, "multiplied by 0.5") && !strings.Contains(got, "multiplied by 0.49") {
		t.Errorf("%q, want about 0.5", got)
	}
}

func TestBetaBendsTheEndsApart(t *testing.T) {
	// The truth is p^2: log-odds 2 ln p - ln(1-p) - ln(1+p), far from any line in
	// log-odds but near a beta curve.
	rng := rand.New(rand.NewPCG(8, 8))
	var p, y []float64
	for range 20000 {
		q := rng.Float64()
		p = append(p, 1-q, q)
		outcome := 0.0
		if rng.Float64() < q*q {
			outcome = 1
		}
		y = append(y, outcome)
	}
	away := func(name string) float64 {
		m, worst := mustFit(t, name, p, y, 2), 0.0
		for _, q := range []float64{0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98} {
			row := []float64{1 - q, q}
			m.Apply(row)
			worst = max(worst, math.Abs(row[1]-q*q))
		}
		return worst
	}
	if beta, sigmoid := away("beta"), away("sigmoid"); beta > 0.02 || sigmoid < 1.5*beta {
		t.Errorf("beta is at most %.4f away from the truth, sigmoid %.4f", beta, sigmoid)
	}
}

func TestSigmoidOfBadModels(t *testing.T) {
	p, y := sharpened(3000, 2, -1, 2) // the contrary of the truth
	ones := 0.0
	for _, k := range y {
		ones += k
	}
	for _, name := range []string{"sigmoid", "beta"} {
		m := mustFit(t, name, p, y, 2)
		for _, q := range []float64{0, 0.1, 0.9, 1} {
			row := []float64{1 - q, q}
			m.Apply(row)
			if share := ones / 3000; math.Abs(row[1]-share) > 1e-3 {
				t.Errorf("%s: %v becomes %v, want the base rate %v", name, q, row[1], share)
			}
		}
	}
}

func TestApplyLeavesOtherRowsAlone(t *testing.T) {
	p, y := sharpened(50, 3, 1, 1)
	for _, name := range calibrate.Names() {
		for _, row := range [][]float64{{0.5, 0.5}, {7}, nil} {
			got := slices.Clone(row)
			mustFit(t, name, p, y, 3).Apply(got)
			if !slices.Equal(got, row) {
				t.Errorf("%s for 3 classes changes %v to %v", name, row, got)
			}
		}
	}
	number := []float64{-3.5}
	mustFit(t, "none", nil, nil, 1).Apply(number)
	if number[0] != -3.5 {
		t.Errorf("none changes a regression's number to %v", number[0])
	}
	exact := []float64{0.1, 0.2, 0.7}
	mustFit(t, "none", p, y, 3).Apply(exact)
	if !slices.Equal(exact, []float64{0.1, 0.2, 0.7}) {
		t.Errorf("none changes ordinary probabilities to %v", exact)
	}
}

func TestApplyDoesNotAllocate(t *testing.T) {
	for _, classes := range []int{2, 5} {
		p, y := sharpened(200, classes, 2, 1)
		for _, name := range calibrate.Names() {
			m, row := mustFit(t, name, p, y, classes), make([]float64, classes)
			if n := testing.AllocsPerRun(100, func() {
				copy(row, p)
				m.Apply(row)
			}); n != 0 {
				t.Errorf("%s of %d classes: %v allocations per row, want 0", name, classes, n)
			}
		}
	}
}

func TestFitErrors(t *testing.T) {
	good, y := []float64{0.4, 0.6, 0.7, 0.3}, []float64{1, 0}
	for _, c := range []struct {
		name, method string
		p, y         []float64
		classes      int
		want         string
	}{
		{"method", "plat", good, y, 2, `method "plat" is none of none, temperature, sigmoid, beta, isotonic`},
		{"classes", "sigmoid", good, y, 1, "1 classes, want at least 2"},
		{"sizes", "sigmoid", good[:3], y, 2, "3 probabilities and 2 outcomes of 2 classes"},
		{"no rows", "sigmoid", nil, nil, 2, "want at least one row"},
		{"outcome", "isotonic", good, []float64{1, 2}, 2, "row 2: outcome 2 is not a class index below 2"},
		{"half outcome", "isotonic", good, []float64{0.5, 1}, 2, "row 1: outcome 0.5"},
		{"missing outcome", "isotonic", good, []float64{math.NaN(), 1}, 2, "row 1: outcome NaN"},
		{"not a probability", "none", []float64{0.4, 0.6, 1.7, -0.7}, y, 2, "row 2: probability 1.7 is not from 0 to 1"},
		{"missing", "none", []float64{0.4, 0.6, math.NaN(), 0.5}, y, 2, "row 2: probability NaN"},
		{"sum", "beta", []float64{0.4, 0.6, 0.7, 0.7}, y, 2, "row 2: the probabilities sum to 1.4, want 1"},
	} {
		_, err := calibrate.Fit(c.method, c.p, c.y, c.classes)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "calibrate: fit") {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	if _, _, err := calibrate.Choose(good[:3], y, 2, 1); err == nil || !strings.HasPrefix(err.Error(), "calibrate: choose: 3 probabilities") {
		t.Errorf("choose: error %v", err)
	}
}

func TestChoose(t *testing.T) {
	bowed := func(n int) (p, y []float64) { // the truth is p^3, with a step
		rng := rand.New(rand.NewPCG(3, 3))
		for range n {
			q, share := rng.Float64(), 0.05
			if q > 0.4 {
				share = 0.6
			}
			outcome := 0.0
			if rng.Float64() < share {
				outcome = 1
			}
			p, y = append(p, 1-q, q), append(y, outcome)
		}
		return p, y
	}
	for _, c := range []struct {
		name    string
		classes int
		data    func() (p, y []float64)
		want    string
	}{
		{"calibrated already", 2, func() (p, y []float64) { return sharpened(2000, 2, 1, 6) }, "none"},
		{"calibrated already, three classes", 3, func() (p, y []float64) { return sharpened(2000, 3, 1, 6) }, "none"},
		{"overconfident", 2, func() (p, y []float64) { return sharpened(2000, 2, 2, 6) }, "temperature"},
		{"overconfident, three classes", 3, func() (p, y []float64) { return sharpened(2000, 3, 2, 6) }, "temperature"},
		{"stepped", 2, func() (p, y []float64) { return bowed(2500) }, "isotonic"},
		{"few rows", 2, func() (p, y []float64) { return sharpened(19, 2, 5, 6) }, "none"},
		{"one row", 2, func() (p, y []float64) { return sharpened(1, 2, 5, 6) }, "none"},
		{"a little overconfident, few rows", 2, func() (p, y []float64) { return sharpened(60, 2, 1.1, 6) }, "none"},
		{"regression", 1, func() (p, y []float64) { return []float64{3, 4}, []float64{2, 5} }, "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, y := c.data()
			m, scores, err := calibrate.Choose(p, y, c.classes, 1)
			if err != nil {
				t.Fatal(err)
			}
			if m.Name() != c.want {
				t.Errorf("%s chosen, want %s: %+v", m.Name(), c.want, scores)
			}
			for _, s := range scores {
				if s.Chosen != (s.Name == c.want) || s.Chosen != (s.Note != "") {
					t.Errorf("score %+v while %s is wanted", s, c.want)
				}
			}
			_, again, err := calibrate.Choose(p, y, c.classes, 1)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(scores, again); diff != "" {
				t.Errorf("the same seed scores otherwise:\n%s", diff)
			}
		})
	}
}

func TestChosenIsFittedOnAllRows(t *testing.T) {
	p, y := sharpened(1000, 2, 2, 6)
	m, _, err := calibrate.Choose(p, y, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, b := slices.Clone(p[:2]), slices.Clone(p[:2])
	m.Apply(a)
	mustFit(t, m.Name(), p, y, 2).Apply(b)
	if !slices.Equal(a, b) {
		t.Errorf("%v, fitted on all rows %v", a, b)
	}
}
