package scenario_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bespoke/scenario"
)

// texts draws any text that a scenario may hold, with a preference for what
// YAML takes for something else.
func texts() *rapid.Generator[string] {
	tricky := rapid.SampledFrom([]string{
		"yes", "no", "null", "~", "true", "0", "-5", "1e3", "1_000", "0x1F", ".inf", "2024-01-01", "a: b", "a #b", "# a", "- a", "-", "?", "? a", "[a]", "{a: b}",
		"&a", "*a", "!a", "|", ">", "'", `"`, "it's", `say "x"`, "a\nb", "a\n", "\na", " a", "a ", "\t", "%a", "@a", "`a`", "a,b", "...", "---", "=", "<<", "<0", "0<=X<200",
		"x > 1 ? 2 : 3", "c:\\temp", "é", "日本", "a\u00a0b", "\u2028", "\ufeff", "a\u0085b", "\U0001F600", "a:", ":a", "a::b", "a;b", "%", "12:30:00", "$x", "${X}", "(a)",
	})
	anything := rapid.StringOfN(rapid.Rune(), 1, 12, -1)
	return rapid.OneOf(tricky, anything).Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
}

func numbers(low, high float64) *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64Range(low, high), rapid.SampledFrom([]float64{low, high, (low + high) / 2}))
}

// scenarios draws valid scenarios.
func scenarios() *rapid.Generator[scenario.Scenario] {
	return rapid.Custom(func(t *rapid.T) scenario.Scenario {
		s := scenario.Default()
		s.Name = rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9_-]{0,63}`).Draw(t, "name")
		s.About = maybe(t, "about", texts())
		s.Need = needs(t)
		s.Data = datas(t)
		if rapid.Bool().Draw(t, "has value") {
			s.Value = values(t)
		}
		s.Design.Models = rapid.SliceOfN(rapid.StringMatching(`[a-z.]{1,9}`), 0, 3).Draw(t, "models")
		s.Design.Exclude = rapid.SliceOfN(rapid.StringMatching(`[A-Z]{1,9}`), 0, 3).Draw(t, "exclude")
		s.Design.Params = modelParams(t, s.Design.Models)
		s.Design.Committee = rapid.IntRange(1, 20).Draw(t, "committee")
		s.Evaluate = scenario.Evaluate{
			Learning:    rapid.IntRange(0, 20).Draw(t, "learning"),
			Metric:      rapid.SampledFrom([]string{"", "auc", "r2"}).Draw(t, "metric"),
			Bootstrap:   rapid.IntRange(100, 100000).Draw(t, "bootstrap"),
			Confidence:  scenario.Percent(numbers(0.5, 0.999).Draw(t, "confidence")),
			Calibration: [2]float64{numbers(1e-9, 1).Draw(t, "low"), numbers(1, 1e9).Draw(t, "high")},
		}
		s.Explain = scenario.Explain{Repeats: rapid.IntRange(1, 100).Draw(t, "repeats"), Rows: rapid.IntRange(0, 1000).Draw(t, "rows"), Drop: rapid.IntRange(0, 100).Draw(t, "drop")}
		s.Limits = scenario.Limits{
			Latency: scenario.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "latency")),
			Size:    scenario.Size(rapid.Int64Range(0, math.MaxInt64).Draw(t, "size")),
			Memory:  scenario.Size(rapid.SampledFrom([]int64{0, 1, 1e3, 1 << 10, 1e9, 3 << 40}).Draw(t, "memory")),
		}
		if rapid.Bool().Draw(t, "by time") {
			s.Budget = scenario.Budget{Time: scenario.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "time"))}
		} else {
			s.Budget = scenario.Budget{Trials: rapid.IntRange(1, 100000).Draw(t, "trials")}
		}
		s.Budget.Search = rapid.SampledFrom([]string{"", "draw", "guided"}).Draw(t, "search")
		s.Seed = rapid.Uint64().Draw(t, "seed")
		return s
	})
}

// modelParams draws parameters of the models, and of some model where none is
// named.
func modelParams(t *rapid.T, models []string) scenario.ModelParams {
	if len(models) == 0 {
		models = []string{"some.model.v1"}
	}
	number := rapid.Map(rapid.Float64Range(-1e12, 1e12), func(x float64) any { return x })
	word := rapid.Map(texts(), func(s string) any { return s })
	allowed := rapid.OneOf(
		rapid.SliceOfN(number, 1, 1), rapid.SliceOfN(word, 1, 1), rapid.SliceOfNDistinct(word, 1, 4, rapid.ID), rapid.SliceOfNDistinct(number, 3, 5, rapid.ID),
		rapid.Map(rapid.Float64Range(0, 1e6), func(x float64) []any { return []any{-x, x} }),
	)
	one := rapid.Map(allowed, func(values []any) scenario.Allowed { return values })
	return rapid.MapOfN(rapid.SampledFrom(models), rapid.MapOfN(texts(), one, 0, 3), 0, 2).Draw(t, "params")
}

func maybe(t *rapid.T, label string, g *rapid.Generator[string]) string {
	if rapid.Bool().Draw(t, "has "+label) {
		return g.Draw(t, label)
	}
	return ""
}

func rates(t *rapid.T, label string, low float64) scenario.Rate {
	if !rapid.Bool().Draw(t, "has "+label) {
		return scenario.Rate{}
	}
	return scenario.Rate{Amount: numbers(low, 1e18).Draw(t, label), Per: rapid.SampledFrom([]string{"hour", "day", "week", "month", "year"}).Draw(t, label+" per")}
}

func needs(t *rapid.T) scenario.Need {
	return scenario.Need{
		Currency: maybe(t, "currency", rapid.StringMatching(`[\pL\p{Sc}%]{1,3}`)),
		Volume:   rates(t, "volume", 1e-9),
		Costs:    scenario.Costs{Fixed: rates(t, "fixed", 0), PerDecision: numbers(0, 1e6).Draw(t, "per decision")},
		Today:    maybe(t, "today", texts()),
		Interest: scenario.Percent(numbers(0, 1).Draw(t, "interest")), Horizon: scenario.Span(numbers(1e-3, 600).Draw(t, "horizon")),
	}
}

func datas(t *rapid.T) scenario.Data {
	d := scenario.Data{Target: "the target", Positive: maybe(t, "positive", texts()), Missing: rapid.SliceOfN(texts(), 0, 3).Draw(t, "missing")}
	if n := rapid.IntRange(0, 2).Draw(t, "interactions"); n > 0 {
		d.Interactions = rapid.SliceOfN(rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,4}x`), 1, 3, rapid.ID), n, n).Draw(t, "lists")
	}
	switch rapid.IntRange(0, 2).Draw(t, "source") {
	case 0:
		d.Source.Path = texts().Draw(t, "path")
	case 1:
		d.Source = scenario.Source{Path: "a.xlsx", Sheet: maybe(t, "sheet", texts())}
	case 2:
		d.Source = scenario.Source{Query: texts().Draw(t, "query"), Connection: rapid.SampledFrom([]string{"", "postgres://u:${P}@h/d", "host=h password=${P}"}).Draw(t, "connection")}
	}
	d.Split = scenario.Split{Test: scenario.Percent(numbers(0.05, 0.5).Draw(t, "test")), Folds: rapid.IntRange(2, 20).Draw(t, "folds")}
	switch rapid.IntRange(0, 2).Draw(t, "by") {
	case 0:
		d.Split.By.Time = texts().Draw(t, "time")
	case 1:
		d.Split.By.Group = texts().Draw(t, "group")
	}
	d.Columns = rapid.MapOfN(texts(), rapid.Custom(func(t *rapid.T) scenario.Column {
		c := scenario.Column{
			Kind: rapid.SampledFrom([]string{"", "number", "text"}).Draw(t, "kind"),
			Role: rapid.SampledFrom([]string{"", "feature", "ignored"}).Draw(t, "role"),
		}
		if c.Kind != "text" && c.Role != "ignored" {
			c.Monotone = rapid.SampledFrom([]string{"", "up", "down"}).Draw(t, "monotone")
		}
		return c
	}), 0, 3).Draw(t, "columns")
	return d
}

// drawParam draws a known or an uncertain parameter.
func drawParam(t *rapid.T) scenario.Param {
	unit := maybe(t, "unit", rapid.SampledFrom([]string{"EUR", "%", "EUR / month", "m*m"}))
	if rapid.Bool().Draw(t, "known") {
		return scenario.Param{Value: numbers(-1e18, 1e18).Draw(t, "value"), Unit: unit}
	}
	p := scenario.Param{Unit: unit, Uncertain: &scenario.Distribution{}}
	low := numbers(1e-9, 1e6).Draw(t, "low")
	pair := []float64{low, low + numbers(1e-3, 1e6).Draw(t, "more")}
	switch rapid.IntRange(0, 2).Draw(t, "distribution") {
	case 0:
		p.Uncertain.Beta = pair
	case 1:
		p.Uncertain.Normal = pair
	case 2:
		p.Uncertain.Uniform = pair
	}
	if rapid.Bool().Draw(t, "points") {
		p.Uncertain.Points = []scenario.Point{{Value: -1, Chance: 0.25}, {Value: low, Chance: scenario.Percent(numbers(0.01, 0.7).Draw(t, "chance"))}}
	}
	return p
}

// drawAccuracy draws how often a reviewer is right.
func drawAccuracy(t *rapid.T) scenario.Accuracy {
	chances := numbers(1e-9, 1)
	if rapid.Bool().Draw(t, "one accuracy") {
		return scenario.Accuracy{Same: chances.Draw(t, "accuracy")}
	}
	a := scenario.Accuracy{By: map[string]float64{"yes": chances.Draw(t, "accuracy"), "no: 1": chances.Draw(t, "accuracy")}}
	if rapid.Bool().Draw(t, "seen") {
		a.By["worn"], a.Seen = 0.75, map[string]map[string]float64{"worn": {"worn": 0.75, "yes": 0.25}}
	}
	return a
}

// drawCapacities draws one limit of each form.
func drawCapacities(t *rapid.T, action string, amounts *rapid.Generator[string]) scenario.Capacities {
	all := scenario.Capacities{
		{Name: action, Most: scenario.Rate{Amount: numbers(1e-9, 1e9).Draw(t, "most"), Per: "hour"}},
		{Name: "a budget", Most: scenario.Rate{Amount: 5, Per: "week"}, Uses: []scenario.Use{{Action: action, Amount: amounts.Draw(t, "amount")}}},
		{Name: action, Top: rapid.IntRange(1, 9).Draw(t, "top"), Per: maybe(t, "per", texts())},
	}
	k := rapid.IntRange(0, 2).Draw(t, "limit")
	return all[k : k+1]
}

func values(t *rapid.T) *scenario.Value {
	v := &scenario.Value{Params: rapid.MapOfN(rapid.StringMatching(`[a-z][a-z0-9_]{0,3}x`), rapid.Custom(drawParam), 0, 3).Draw(t, "params")}
	outcomes := rapid.SliceOfNDistinct(texts(), 1, 3, rapid.ID).Draw(t, "outcomes")
	money := rapid.OneOf(texts(), rapid.SampledFrom([]string{"0", "-5", "0.12 * credit_amount", "007", "1e3"}))
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`\pL[\pL0-9_ -]{0,8}x`), 2, 4, rapid.ID).Draw(t, "actions")
	for _, name := range names {
		a := scenario.Action{Name: name}
		if rapid.Bool().Draw(t, "one payoff") {
			a.Payoffs = []scenario.Payoff{{Money: money.Draw(t, "money")}}
		} else {
			for _, o := range outcomes {
				a.Payoffs = append(a.Payoffs, scenario.Payoff{Outcome: o, Money: money.Draw(t, "money")})
			}
		}
		v.Actions = append(v.Actions, a)
	}
	if rapid.Bool().Draw(t, "has review") {
		v.Review = &scenario.Review{Cost: numbers(0, 1e6).Draw(t, "cost"), Accuracy: drawAccuracy(t), Capacity: rates(t, "capacity", 1e-9)}
	}
	if rapid.Bool().Draw(t, "has capacity") {
		v.Capacity = drawCapacities(t, names[0], money)
	}
	return v
}

// Whatever a scenario holds, the printed file says the same.
func TestRenderThenParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scenarios().Draw(t, "scenario")
		text, err := scenario.Render(s)
		if err != nil {
			t.Fatalf("not rendered: %v", err)
		}
		f, err := scenario.Parse("x.yaml", text)
		if err != nil {
			t.Fatalf("not read back: %v\n%s", err, text)
		}
		if diff := cmp.Diff(s, f.Scenario, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-scenario +read)\n%s\n%s", diff, text)
		}
	})
}

// A scenario survives JSON too: it is kept in records of runs and in bundles.
func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scenarios().Draw(t, "scenario")
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back scenario.Scenario
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(s, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-scenario +read)\n%s", diff)
		}
	})
}

// Each unit's text is read back as exactly the same value.
func TestUnitsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := scenario.Percent(rapid.Float64Range(0, 1).Draw(t, "share"))
		var q scenario.Percent
		if err := q.UnmarshalText([]byte(p.String())); err != nil || p != q {
			t.Fatalf("share %v: %q is read as %v (%v)", float64(p), p, float64(q), err)
		}
		d := scenario.Duration(rapid.Int64Min(0).Draw(t, "duration"))
		var e scenario.Duration
		if err := e.UnmarshalText([]byte(d.String())); err != nil || d != e {
			t.Fatalf("duration %d: %q is read as %d (%v)", d, d, e, err)
		}
		s := scenario.Size(rapid.Int64Min(0).Draw(t, "size"))
		var u scenario.Size
		if err := u.UnmarshalText([]byte(s.String())); err != nil || s != u {
			t.Fatalf("size %d: %q is read as %d (%v)", s, s, u, err)
		}
		r := scenario.Rate{Amount: rapid.Float64Min(0).Draw(t, "amount"), Per: "week"}
		var v scenario.Rate
		if err := v.UnmarshalText([]byte(r.String())); err != nil || r != v {
			t.Fatalf("rate %v is read as %v (%v)", r, v, err)
		}
	})
}
