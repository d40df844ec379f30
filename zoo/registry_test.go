package zoo_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"bespoke/internal/golden"
	"bespoke/model"
	"bespoke/zoo"
)

// TestRegistry shows every change of what can be set: a name that is gone or a
// default that moved breaks scenarios and saved runs.
func TestRegistry(t *testing.T) {
	golden.Check(t, "testdata/registry.golden", registry())
}

func registry() string {
	var b strings.Builder
	for _, e := range zoo.All {
		fmt.Fprintf(&b, "%s\n  %s\n  tasks %v, encoding %s\n", e.Name, e.Summary, e.Tasks, e.Encoding)
		for _, p := range e.Params {
			fmt.Fprintf(&b, "  %s: %s\n    %s\n", p.Name, limits(p), p.Doc)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestReference shows what scenarios may say in design.params.
func TestReference(t *testing.T) {
	golden.Check(t, "../docs/reference-models.md", reference())
}

func reference() string {
	var b strings.Builder
	b.WriteString(`<!-- Code generated from the tables of the models by go test ./zoo -update. DO NOT EDIT. -->

# The models and their parameters

A scenario may name the models to try (` + "`design.models`, `design.exclude`" + `) and say what their parameters may be (` + "`design.params`" + `):

` + "```yaml" + `
design:
  models: [trees.boost.v1]
  params:
    trees.boost.v1:
      num_leaves: 15              # fixed
      learning_rate: [0.02, 0.2]  # two numbers: from and to, both included
      max_depth: [3, 5, 8]        # more than two numbers: one of them
      sampling: [bag, goss]       # words: one of them
` + "```" + `

What is proposed is brought to the nearest allowed value, and the search looks at allowed values alone: over two numbers by ratio where the table below says so, or where it names no range of search, both are above 0 and the higher one is ten times the lower one or more. Words and lists of numbers are searched too, in their order. Without ` + "`design.params`" + ` a search looks only in the range that the table names under search; other parameters keep their defaults or what the proposals make them. Columns on which predictions must rise or fall and columns that may act together are said in the section data, for every model.

`)
	for _, e := range zoo.All {
		fmt.Fprintf(&b, "## %s\n\n%s Tasks: %s.%s\n\n| parameter | default | allowed | search | meaning |\n|---|---|---|---|---|\n", e.Name, e.Summary, tasks(e), separates(e))
		for _, p := range e.Params {
			fmt.Fprintf(&b, "| `%s` | `%v` | %s | %s | %s |\n", p.Name, p.Default, allowed(p), searched(p), p.Doc)
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func tasks(e model.Entry) string {
	names := make([]string, len(e.Tasks))
	for i, t := range e.Tasks {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

func separates(e model.Entry) string {
	if e.Separates {
		return " It keeps to `data.interactions`."
	}
	return ""
}

func allowed(p model.Param) string {
	if len(p.Choices) > 0 {
		return "`" + strings.Join(p.Choices, "`, `") + "`"
	}
	whole := ""
	if p.Integer {
		whole = ", whole"
	}
	return fmt.Sprintf("%v to %v%s", p.Min, p.Max, whole)
}

func searched(p model.Param) string {
	r := p.Search
	switch {
	case r == nil:
		return ""
	case r.Log:
		return fmt.Sprintf("%v to %v by ratio", r.Low, r.High)
	}
	return fmt.Sprintf("%v to %v", r.Low, r.High)
}

func limits(p model.Param) string {
	if len(p.Choices) > 0 {
		return fmt.Sprintf("%v, one of %s", p.Default, strings.Join(p.Choices, ", "))
	}
	s := fmt.Sprintf("%v, from %v to %v", p.Default, p.Min, p.Max)
	if p.Integer {
		s += ", whole"
	}
	if r := p.Search; r != nil {
		s += fmt.Sprintf(", search %v to %v", r.Low, r.High)
		if r.Log {
			s += " by ratio"
		}
	}
	return s
}

func TestFind(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range zoo.All {
		got, err := zoo.Find(e.Name)
		if err != nil || got.Name != e.Name || seen[e.Name] {
			t.Errorf("Find(%q): %q, %v, seen before %v", e.Name, got.Name, err, seen[e.Name])
		}
		seen[e.Name] = true
	}
	for written, want := range map[string]string{
		"linear.rigde.v1":   `did you mean "linear.ridge.v1"?`,
		"Linear.Logistic":   `did you mean "linear.logistic.v1"?`,
		"zzz":               "baseline.prior.v1, linear.logistic.v1",
		"":                  `"" is none of the models`,
		"baseline.prior.v2": `did you mean "baseline.prior.v1"?`,
	} {
		_, err := zoo.Find(written)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Find(%q): %v; want %q in it", written, err, want)
		}
	}
	if _, err := zoo.Find("zzz"); strings.Contains(err.Error(), "did you mean") {
		t.Errorf("Find proposes a name that is not near: %v", err)
	}
}

func TestBaselinesComeFirst(t *testing.T) {
	if !strings.HasPrefix(zoo.All[0].Name, "baseline.") {
		t.Errorf("the first model is %s; a baseline always comes first", zoo.All[0].Name)
	}
	for _, task := range []model.Task{model.Regression, model.Binary, model.Multiclass} {
		if !zoo.All[0].Handles(task) {
			t.Errorf("the baseline does not handle %s", task)
		}
	}
}

func TestPrior(t *testing.T) {
	x := model.NewMatrix([]model.Feature{{Name: "x", Source: "x"}}, 5)
	regression := model.Training{Task: model.Regression, X: x, Y: []float64{5, 1, 3, 9, 2}}
	weighted := regression
	weighted.Weights = []float64{1, 1, 1, 5, 2}
	even := regression
	even.Weights = []float64{1, 1, 1, 2, 1} // 1 2 3 | 5 ... balance: 3 below, 3 above
	classes := model.Training{Task: model.Multiclass, X: x, Y: []float64{0, 1, 1, 1, 0}, Classes: []string{"a", "b", "c"}}
	huge := regression
	huge.Y = []float64{math.MaxFloat64, math.MaxFloat64, math.MaxFloat64, math.MaxFloat64, math.MaxFloat64}
	for _, c := range []struct {
		name      string
		in        model.Training
		statistic string
		want      []float64
	}{
		{"mean", regression, "mean", []float64{4}},
		{"median", regression, "median", []float64{3}},
		{"weighted mean", weighted, "mean", []float64{5.8}},
		{"weighted median between two", weighted, "median", []float64{7}},
		{"median between two", even, "median", []float64{4}},
		{"class shares", classes, "mean", []float64{0.4, 0.6, 0}},
		{"largest numbers", huge, "mean", []float64{math.MaxFloat64}},
	} {
		m, err := zoo.Prior.Fit(t.Context(), model.Params{"statistic": c.statistic}, c.in)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got := make([]float64, m.Outputs())
		m.Predict([]float64{7}, got)
		for k := range c.want {
			if math.Abs(got[k]-c.want[k]) > 1e-14*max(1, c.want[k]) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
}

func TestLoad(t *testing.T) {
	m, err := zoo.Load("baseline.prior.v1", []byte(`{"model":"baseline.prior.v1","values":[0.25,0.75]}`))
	if err != nil || m.Outputs() != 2 {
		t.Fatalf("Load: %v, %v", m, err)
	}
	for _, bad := range []string{
		`{"model":"baseline.prior.v1","values":[0.25,0.7]}`,
		`{"model":"baseline.prior.v1","values":[1.5,-0.5]}`,
		`{"model":"baseline.prior.v1","values":[]}`,
		`{"model":"baseline.prior.v1","values":[1e400]}`,
		`{"model":"baseline.prior.v1","values":[1],"more":1}`,
		`{"model":"linear.ridge.v1","values":[1]}`,
	} {
		if m, err := zoo.Load("baseline.prior.v1", []byte(bad)); err == nil || m != nil {
			t.Errorf("Load of %s: %v, %v; want an error and no model", bad, m, err)
		}
	}
	if _, err := zoo.Load("no.such.v1", nil); err == nil {
		t.Error("Load of an unknown model: no error")
	}
}

// FuzzLoad feeds every entry's Load with bytes nobody vouches for: it may
// refuse them, but not panic, and what it accepts it must save again.
func FuzzLoad(f *testing.F) {
	in := model.Training{
		X:       &model.Matrix{Features: []model.Feature{{Name: "x", Source: "x"}}, Rows: 4, Values: []float64{0, 1, 2, 3}},
		Threads: 1,
	}
	for i, e := range zoo.All {
		for _, task := range e.Tasks {
			in.Task, in.Y, in.Classes = task, []float64{0, 1, 0, 1}, nil
			if task != model.Regression {
				in.Classes = []string{"a", "b", "c"}[:2+int(task)-int(model.Binary)]
			}
			m, err := e.Fit(f.Context(), nil, in)
			if err != nil {
				f.Fatal(err)
			}
			data, err := m.MarshalBinary()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(i, data)
		}
	}
	f.Fuzz(func(t *testing.T, i int, data []byte) {
		e := zoo.All[int(uint(i)%uint(len(zoo.All)))]
		m, err := e.Load(data)
		if err != nil {
			return
		}
		again, err := m.MarshalBinary()
		if err != nil {
			t.Fatalf("%s: loaded but not saved: %v", e.Name, err)
		}
		if !json.Valid(again) && !strings.HasPrefix(e.Name, "trees.") && !strings.HasPrefix(e.Name, "neighbours.") {
			t.Fatalf("%s: saved as %q", e.Name, again)
		}
		if _, err := e.Load(again); err != nil {
			t.Fatalf("%s: saved but not loaded: %v", e.Name, err)
		}
	})
}
