package value_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bespoke/model"
	"bespoke/profit"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

func beta(a, b float64) scenario.Param {
	return scenario.Param{Uncertain: &scenario.Distribution{Beta: []float64{a, b}}}
}

// churn is the retention offer of the EMPC measure: lifetime value 200, an
// incentive of 10 when it is accepted, 1 for the contact.
func churn(accept scenario.Param) value.Config {
	return value.Config{
		Task: model.Binary, Outcomes: []string{"stays", "leaves"}, Currency: "EUR",
		Value: scenario.Value{
			Params: map[string]scenario.Param{"accept": accept, "lifetime": scenario.Known(200)},
			Actions: scenario.Actions{
				action("offer", "stays", "-10 - 1", "leaves", "accept * (lifetime - 10) - 1"),
				action("leave", "", "0"),
			},
		},
	}
}

// credit is the loan of the EMPCS measure, beside granting to all.
func credit() value.Config {
	lost := scenario.Param{Uncertain: &scenario.Distribution{Uniform: []float64{0, 1}, Points: []scenario.Point{{Value: 0, Chance: .55}, {Value: 1, Chance: .1}}}}
	return value.Config{
		Task: model.Binary, Outcomes: []string{"good", "bad"},
		Value: scenario.Value{
			Params:  map[string]scenario.Param{"lost": lost},
			Actions: scenario.Actions{action("refuse", "good", "-.2644", "bad", "lost"), action("grant", "", "0")},
		},
	}
}

// rowsOf is a table of n rows and nothing in them.
func rowsOf(t testing.TB, n int) *table.Table {
	t.Helper()
	tb, err := table.New(table.NewNumber("row", make([]float64, n)))
	if err != nil {
		t.Fatal(err)
	}
	return tb
}

// isotonic are the chances of class 1 that pooling adjacent violators gives for
// scores in order, as predictions of two classes.
func isotonic(truth []float64) []float64 {
	var sums, counts []float64
	for _, y := range truth {
		sums, counts = append(sums, y), append(counts, 1)
		for n := len(sums); n > 1 && sums[n-2]*counts[n-1] >= sums[n-1]*counts[n-2]; n = len(sums) {
			sums[n-2] += sums[n-1]
			counts[n-2] += counts[n-1]
			sums, counts = sums[:n-1], counts[:n-1]
		}
	}
	var out []float64
	for k, s := range sums {
		for range int(counts[k]) {
			out = append(out, 1-s/counts[k], s/counts[k])
		}
	}
	return out
}

// The expected maximum profits are the money of deciding with the parameters
// known, when the chances are those of the convex hull: reference A.5. The error
// falls with the square of the number of points.
func TestExpectedMaximumProfit(t *testing.T) {
	truth := []float64{0, 1, 0, 1, 0, 1, 0, 1}
	score := []float64{.1, .2, .3, .4, .5, .7, .8, .9}
	empc, err := profit.DefaultChurnOffer().Expected(truth, score)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "EMPC", empc.Profit, 23.875593418348124, 1e-12)
	for _, c := range []struct {
		name           string
		config         value.Config
		want           float64
		points         int
		relative, left float64
	}{
		{"EMPC", churn(beta(6, 14)), 23.875593418348124, 0, 1e-3, 1e-12},
		{"EMPC", churn(beta(6, 14)), 23.875593418348124, 4096, 1e-5, 1e-12},
		{"EMPCS", credit(), .0974701705, 0, 1e-3, 1e-9},
		{"EMPCS", credit(), .0974701705, 4096, 1e-5, 1e-9},
	} {
		c.config.Points = c.points
		r, err := compile(t, c.config).Revealed(rowsOf(t, 8), isotonic(truth), truth, 2)
		if err != nil {
			t.Fatal(err)
		}
		// The points are means of bins, so that the maximum, which is convex, is
		// never too large.
		if !(r.Known <= c.want+c.left && r.Known >= c.want*(1-c.relative)) {
			t.Errorf("%s with %d points: %.12f, want %.12f within %g of it and not above", c.name, c.points, r.Known, c.want, c.relative)
		}
		t.Logf("%s with %d points: relative error %.2g", c.name, c.points, (c.want-r.Known)/c.want)
		if !(r.Worth >= -1e-12) || math.Abs(r.Worth-(r.Known-r.Chosen)) > 1e-15 || r.Low > r.Chosen || r.High < r.Chosen {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}

func TestRevealedSentence(t *testing.T) {
	truth := []float64{0, 1, 0, 1, 0, 1, 0, 1}
	c := churn(beta(1, 3))
	c.Value.Params["lifetime"] = scenario.Known(40)
	r, err := compile(t, c).Revealed(rowsOf(t, 8), isotonic(truth), truth, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := "The decisions earn 0.813 EUR each, from -0.0553 EUR to 2.2 EUR in 90 % of what accept may turn out to be; knowing it before deciding would add 0.371 EUR per decision."
	if r.Sentence != want || r.Settings != 64 || r.Rows != 8 {
		t.Errorf("%+v", r)
	}
	if r, err := compile(t, churn(scenario.Known(.3))).Revealed(rowsOf(t, 8), isotonic(truth), truth, 1); r != nil || err != nil {
		t.Errorf("nothing is uncertain: %+v, %v", r, err)
	}
	c = churn(scenario.Known(.3))
	c.Value.Params["unused"] = beta(1, 1)
	if r, err := compile(t, c).Revealed(rowsOf(t, 8), isotonic(truth), truth, 1); r != nil || err != nil {
		t.Errorf("what is uncertain is not in use: %+v, %v", r, err)
	}
	if _, err := compile(t, churn(beta(6, 14))).Revealed(rowsOf(t, 8), nil, truth, 1); err == nil {
		t.Error("revealed without predictions")
	}
}

// Quantiles and moments from scipy 1.16.
func TestUncertain(t *testing.T) {
	c := churn(beta(6, 14))
	c.Value.Params["normal"] = scenario.Param{Unit: "EUR", Uncertain: &scenario.Distribution{Normal: []float64{10, 2}}}
	c.Value.Params["mixed"] = credit().Value.Params["lost"]
	c.Value.Params["dice"] = scenario.Param{Uncertain: &scenario.Distribution{Points: []scenario.Point{{Value: 3, Chance: .25}, {Value: 1, Chance: .5}, {Value: 2, Chance: .25}}}}
	want := []value.Uncertain{
		{Name: "accept", Text: "beta(6, 14)", Mean: .3, SD: .1, Low: 0.147469565559241, Median: 0.29322017994366456, High: 0.47579711042141004},
		{Name: "dice", Text: "1 with 50%, 2 with 25%, 3 with 25%", Mean: 1.75, SD: math.Sqrt(.6875), Low: 1, Median: 1, High: 3},
		{Name: "mixed", Text: "0 with 55%, 1 with 10%, else uniform(0, 1)", Mean: .275, SD: math.Sqrt(.1 + .35/3 - .275*.275), Low: 0, Median: 0, High: 1},
		{Name: "normal", Text: "normal(10, 2)", Unit: "EUR", Mean: 10, SD: 2, Low: 6.710292746097053, Median: 10, High: 13.289707253902945},
	}
	close := cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) <= 1e-12*(1+math.Abs(x)) })
	if d := cmp.Diff(want, compile(t, c).Uncertain(), close); d != "" {
		t.Error(d)
	}
	if got := compile(t, churn(scenario.Known(1))).Uncertain(); len(got) != 0 {
		t.Error(got)
	}
}

// The points are the means of bins, by numerical integration with scipy.
func TestPoints(t *testing.T) {
	for name, c := range map[string]struct {
		param scenario.Param
		want  []float64
	}{
		"beta":    {beta(6, 14), []float64{0.17848692724356174, 0.2608913924697501, 0.32756807211162153, 0.433053608175066}},
		"normal":  {scenario.Param{Uncertain: &scenario.Distribution{Normal: []float64{10, 2}}}, []float64{7.457787418527147, 9.350674338261394, 10.649325661738605, 12.542212581472867}},
		"uniform": {scenario.Param{Uncertain: &scenario.Distribution{Uniform: []float64{-1, 3}}}, []float64{-.5, .5, 1.5, 2.5}},
	} {
		config := churn(c.param)
		config.Points = 4
		for k, s := range compile(t, config).Grid() {
			near(t, fmt.Sprint(name, k), s.Values["accept"], c.want[k], 1e-9)
			near(t, name+" chance", s.Weight, .25, 1e-12)
		}
	}
}

func drawDistribution(r *rapid.T, label string) *scenario.Distribution {
	u := &scenario.Distribution{}
	pair := func(low, high float64) []float64 {
		return []float64{rapid.Float64Range(low, high).Draw(r, label), rapid.Float64Range(low, high).Draw(r, label)}
	}
	switch rapid.IntRange(0, 3).Draw(r, label+" shape") {
	case 0:
		u.Beta = []float64{math.Exp(rapid.Float64Range(-5, 12).Draw(r, "a")), math.Exp(rapid.Float64Range(-5, 12).Draw(r, "b"))}
	case 1:
		u.Normal = pair(.5, 20)
	case 2:
		u.Uniform = pair(-20, 20)
		if u.Uniform[0] >= u.Uniform[1] {
			u.Uniform[1] = u.Uniform[0] + 1
		}
	}
	left := 1.0
	for k := range rapid.IntRange(0, 2).Draw(r, "points") {
		chance := rapid.Float64Range(.01, .45).Draw(r, "chance")
		u.Points = append(u.Points, scenario.Point{Value: float64(k), Chance: scenario.Percent(chance)})
		left -= chance
	}
	if u.Beta == nil && u.Normal == nil && u.Uniform == nil {
		u.Points = append(u.Points, scenario.Point{Value: 7, Chance: scenario.Percent(left)})
	}
	return u
}

// The grid has the chances of a distribution, its mean, and points within the
// range of its values; what is linear in every parameter keeps its mean.
func TestGridKeepsTheMean(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(r, "parameters")
		params := map[string]scenario.Param{}
		product := "1"
		for k := range n {
			name := string(rune('a' + k))
			params[name] = scenario.Param{Uncertain: drawDistribution(r, name)}
			product += " * " + name
		}
		c := churn(scenario.Known(1))
		c.Value.Params = params
		c.Value.Actions = scenario.Actions{action("offer", "", product), action("leave", "", "0")}
		p, err := value.Compile(c)
		if err != nil {
			r.Fatal(err)
		}
		s, err := p.Sheet(rowsOf(t, 1), nil, []float64{0}, 1)
		if err != nil {
			r.Fatal(err)
		}
		total, mean, scale := 0.0, 0.0, 0.0
		for _, g := range p.Grid() {
			v := 1.0
			for _, x := range g.Values {
				v *= x
			}
			total, mean, scale = total+g.Weight, mean+g.Weight*v, scale+g.Weight*math.Abs(v)
		}
		if math.Abs(total-1) > 1e-9 || math.Abs(mean-s.Realised[0]) > 1e-7*(1+scale) || len(p.Grid()) > 256 {
			r.Fatalf("%d settings with the chance %v and the mean %v, want 1 and %v", len(p.Grid()), total, mean, s.Realised[0])
		}
		for _, u := range p.Uncertain() {
			if !(u.Low <= u.Median && u.Median <= u.High && u.SD >= 0) {
				r.Fatalf("%+v", u)
			}
		}
	})
}

// Deciding uses the money expected over the parameters, however they enter.
func TestExpectedOverTheGrid(t *testing.T) {
	tb := loans(t).Take([]int{0, 1, 2})
	for _, money := range []string{
		"a * amount", "a * b * amount - b", "a * a * amount", "a > .3 ? amount : b", "max(a, b) * amount", "amount / (1 + a)",
		`let x = a * amount; purpose == "car" ? x * b : x - b`, "a ** 2 + b", "a * (1 - a)", "(a + b) * (a - b)", "pv(a, 12, amount)", "(amount ?? a) * b",
		"exp(-a)", "a - a", "-a + +b",
	} {
		c := oneAction(tb.Schema(), money)
		c.Value.Params = map[string]scenario.Param{"a": beta(6, 14), "b": {Uncertain: &scenario.Distribution{Normal: []float64{2, 1}}}}
		p := compile(t, c)
		s, err := p.Sheet(tb, nil, []float64{0, 0, 0}, 2)
		if err != nil {
			t.Errorf("%s: %v", money, err)
			continue
		}
		want := make([]float64, 3)
		for _, g := range p.Grid() {
			at, err := p.At(g.Values)
			if err != nil {
				t.Fatal(err)
			}
			one, err := at.Sheet(tb, nil, []float64{0, 0, 0}, 1)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range one.Realised {
				want[i] += g.Weight * v
			}
		}
		for i, v := range s.Realised {
			near(t, money, v, want[i], 1e-9*(1+math.Abs(want[i])))
		}
		part, err := p.At(map[string]float64{"a": .25})
		if err != nil || len(part.Grid()) != 16 || len(part.Uncertain()) != 1 {
			t.Errorf("%s: %v, %d settings of the other parameter, want 16", money, err, len(part.Grid()))
		}
	}
}

// What has no value in one setting is an error that names it.
func TestUncertainRowError(t *testing.T) {
	tb := loans(t).Take([]int{0, 1, 2})
	c := oneAction(tb.Schema(), "amount / floor(a)")
	c.Value.Params = map[string]scenario.Param{"a": {Uncertain: &scenario.Distribution{Uniform: []float64{-2, 4}}}}
	_, err := compile(t, c).Sheet(tb, nil, []float64{0, 0, 0}, 1)
	want := "value: value.actions.act: `amount / floor(a)` divides by zero where a is 0.0156 in row 1; 3 of 3 rows have no value"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestUncertainErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(c *value.Config)
		path   string
		want   string
	}{
		{"beta", func(c *value.Config) { c.Value.Params["accept"] = beta(0, 1) }, "value.params.accept", "beta needs two numbers above 0 and at most 1e+08, got 0 and 1"},
		{"huge beta", func(c *value.Config) { c.Value.Params["accept"] = beta(1, 1e9) }, "value.params.accept", "at most 1e+08"},
		{"short", func(c *value.Config) { c.Value.Params["accept"].Uncertain.Beta = []float64{1} }, "value.params.accept", "needs two finite numbers, got [1]"},
		{"two", func(c *value.Config) { c.Value.Params["accept"].Uncertain.Normal = []float64{1, 1} }, "value.params.accept", "more than one of beta, normal, uniform"},
		{"normal", func(c *value.Config) {
			*c.Value.Params["accept"].Uncertain = scenario.Distribution{Normal: []float64{1, 0}}
		}, "value.params.accept", "a standard deviation above 0"},
		{"uniform", func(c *value.Config) {
			*c.Value.Params["accept"].Uncertain = scenario.Distribution{Uniform: []float64{1, 1}}
		}, "value.params.accept", "a higher highest value"},
		{"chances", func(c *value.Config) {
			*c.Value.Params["accept"].Uncertain = scenario.Distribution{Points: []scenario.Point{{Value: 1, Chance: .5}}}
		}, "value.params.accept", "sum to 0.5, they must sum to 1"},
		{"nothing left", func(c *value.Config) {
			c.Value.Params["accept"].Uncertain.Points = []scenario.Point{{Value: 1, Chance: 1}}
		}, "value.params.accept", "leaves nothing for beta(6, 14)"},
		{"bad chance", func(c *value.Config) {
			c.Value.Params["accept"].Uncertain.Points = []scenario.Point{{Value: 1, Chance: -1}}
		}, "value.params.accept", "must be above 0% and at most 100%"},
		{"too many", func(c *value.Config) {
			for _, n := range []string{"a", "b", "c", "d"} {
				c.Value.Params[n] = beta(1, 1)
			}
		}, "value.params", "5 parameters are uncertain, at most 4 are allowed (give the least important ones a known value)"},
		{"too many points", func(c *value.Config) { c.Points = 5000 }, "value.params", "at most 4096"},
		{"too many combinations", func(c *value.Config) { c.Value.Params["other"], c.Points = beta(1, 1), 300 }, "value.params", "300 points for each of 2 uncertain parameters are more than 65536 combinations"},
		{"too few points", func(c *value.Config) {
			c.Value.Params["accept"].Uncertain.Points = []scenario.Point{{Value: 1, Chance: .1}, {Value: 2, Chance: .1}}
			c.Points = 2
		}, "value.params.accept", "has 2 points, at most 1 are allowed beside 0 other uncertain parameters"},
		{"rule", func(c *value.Config) { c.Today = `accept > .5 ? "offer" : "leave"` }, "need.today", "is text and depends on accept, which is uncertain (use numbers that are known)"},
	} {
		config := churn(beta(6, 14))
		c.change(&config)
		_, err := value.Compile(config)
		var e *value.Error
		if !errors.As(err, &e) || e.Path != c.path || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s: %s", c.name, err, c.path, c.want)
		}
	}
	if _, err := compile(t, churn(beta(6, 14))).At(map[string]float64{"lifetime": 1}); err == nil || !strings.Contains(err.Error(), "value.params.lifetime: is not an uncertain parameter") {
		t.Error(err)
	}
}

// An uncertain parameter swings between the ends of what it may be.
func TestSensitivityToUncertain(t *testing.T) {
	c := churn(scenario.Param{Uncertain: &scenario.Distribution{Uniform: []float64{0, 1}}})
	p := compile(t, c)
	truth := []float64{1, 1, 0, 0}
	tornado, err := p.Sensitivity(rowsOf(t, 4), truth, scenario.Need{}, .2, 1)
	if err != nil {
		t.Fatal(err)
	}
	at := func(accept float64) float64 {
		q, err := p.At(map[string]float64{"accept": accept})
		if err != nil {
			t.Fatal(err)
		}
		n, err := q.Need(rowsOf(t, 4), truth, scenario.Need{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		return n.Room
	}
	for _, s := range tornado.Swings {
		if s.Name == "value.params.accept" {
			near(t, "low", s.Low, at(.05), 1e-9)
			near(t, "high", s.High, at(.95), 1e-9)
			return
		}
	}
	t.Errorf("no swing of accept in %+v", tornado)
}

func TestUncertainSaves(t *testing.T) {
	p := compile(t, credit())
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	q, err := value.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p.Uncertain(), q.Uncertain()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(p.Grid(), q.Grid()); d != "" {
		t.Error(d)
	}
}

// Knowing one parameter is worth no more than knowing all of them when the
// chances are right, and never less than nothing.
func TestWorthOfKnowing(t *testing.T) {
	truth := []float64{0, 1, 0, 1, 0, 1, 0, 1}
	c := churn(beta(1, 3))
	c.Value.Params["lifetime"] = scenario.Param{Uncertain: &scenario.Distribution{Uniform: []float64{0, 100}}}
	r, err := compile(t, c).Revealed(rowsOf(t, 8), isotonic(truth), truth, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Alone) != 2 || r.Settings != 256 {
		t.Fatalf("%+v", r)
	}
	for _, a := range r.Alone {
		if !(a.Worth >= -1e-9 && a.Worth <= r.Worth+1e-9) {
			t.Errorf("knowing %s alone is worth %v, both %v", a.Name, a.Worth, r.Worth)
		}
	}
	if !(r.Worth > .01) || r.Alone[0].Worth < r.Alone[1].Worth || !strings.Contains(r.Sentence, "knowing them before deciding would add") {
		t.Errorf("%+v", r)
	}
}
