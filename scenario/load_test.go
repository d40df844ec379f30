package scenario_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/internal/position"
	"bespoke/scenario"
)

const small = "scenario: s\ndata:\n  source: d.csv\n  target: y\nvalue:\n  actions:\n    grant: {good: 1, bad: amont * 2}\n    refuse: 0\n"

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, scenario.FileName)
	if err := os.WriteFile(path, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, given := range []string{path, dir} { // a folder stands for its scenario.yaml
		f, err := scenario.Load(given)
		if err != nil {
			t.Fatal(err)
		}
		if f.Path != path || f.Dir != dir || string(f.Text) != small || f.Scenario.Data.Target != "y" {
			t.Errorf("Load(%q) = %+v", given, f)
		}
		if got, want := f.Resolve("data/x.csv"), filepath.Join(dir, "data", "x.csv"); got != want {
			t.Errorf("Resolve = %q, want %q", got, want)
		}
		if got := f.Resolve("/x.csv"); got != "/x.csv" {
			t.Errorf("Resolve of an absolute path = %q", got)
		}
	}
	if _, err := scenario.Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := scenario.Load(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without a scenario: %v", err)
	}
	huge := filepath.Join(dir, "huge.yaml")
	if err := os.WriteFile(huge, bytes.Repeat([]byte("#"), position.MaxBytes+100), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Load(huge); len(scenario.Problems(err)) != 1 || scenario.Problems(err)[0].Code != "Y0001" {
		t.Errorf("a huge file: %v", err)
	}
}

func TestWrapGivesPlaces(t *testing.T) {
	f, err := scenario.Parse("s.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{"value.actions.grant.bad", "s.yaml:7:27"},
		{"value.actions.grant", "s.yaml:7:5"},
		{"value.actions.refuse.bad", "s.yaml:8:13"}, // one payoff for every outcome
		{"value.review.cost", "s.yaml:5:1"},         // not there: its section
		{"need.today", "s.yaml:1:1"},
		{"", "s.yaml:1:1"},
	} {
		if got := f.At(c.path).String(); got != c.want {
			t.Errorf("At(%q) = %s, want %s", c.path, got, c.want)
		}
	}
	err = f.Wrap("value.actions.grant.bad", `no column "amont"`, `did you mean "amount"?`)
	want := "s.yaml:7:27: value.actions.grant.bad: no column \"amont\" (S0401)\n  note: did you mean \"amount\"?"
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	var p *position.Error
	if !errors.As(fmt.Errorf("check: %w", err), &p) || p.Excerpt() != "     7 |     grant: {good: 1, bad: amont * 2}\n       |                           ^" {
		t.Errorf("excerpt %q", p.Excerpt())
	}
	if got := scenario.Problems(err); len(got) != 1 || got[0] != p {
		t.Errorf("Problems = %v", got)
	}
	if got := scenario.Problems(fs.ErrNotExist); got != nil {
		t.Errorf("Problems of another error = %v", got)
	}
}

func TestExpand(t *testing.T) {
	env := map[string]string{"USER": "risk", "PASS": "s3${USER}", "EMPTY": ""}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	s := scenario.Source{Connection: "postgres://${USER}:${PASS}@db/${EMPTY}x?a=$USER"}
	got, err := s.Expand(lookup)
	if want := "postgres://risk:s3${USER}@db/x?a=$USER"; err != nil || got != want { // values are not expanded again
		t.Errorf("Expand = %q, %v, want %q", got, err, want)
	}
	s.Connection += "${NONE}${NEITHER}"
	if _, err = s.Expand(lookup); err == nil || !strings.Contains(err.Error(), "NONE, NEITHER") || strings.Contains(err.Error(), "s3") {
		t.Errorf("unset variables: %v", err)
	}
}

// The variables of a connection stay as they are until they are used.
func TestSecretsStayOut(t *testing.T) {
	t.Setenv("PGPASSWORD", "hunter2")
	src := "scenario: s\ndata:\n  source: {connection: 'postgres://u:${PGPASSWORD}@h/d', query: SELECT 1}\n  target: y\n"
	f, err := scenario.Parse("s.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	text, err := scenario.Render(f.Scenario)
	if err != nil || strings.Contains(string(text), "hunter2") || !strings.Contains(string(text), "${PGPASSWORD}") {
		t.Errorf("rendered (%v):\n%s", err, text)
	}
	for _, secret := range []string{
		"postgres://u:hunter2@h/d", "postgres://u:x${P}@h/d", "host=h password=hunter2", "postgres://h/d?user=u&password=hunter2", "PASSWORD = 'hunter2'",
	} {
		s := f.Scenario
		s.Data.Source.Connection = secret
		if p := scenario.Problems(s.Validate()); len(p) != 1 || p[0].Code != "S0304" || strings.Contains(p[0].Error(), "hunter2") {
			t.Errorf("%q: %v", secret, p)
		}
	}
	for _, fine := range []string{"postgres://u@h/d", "postgres://h:5432/d", "postgres://u:${P}@h/d", "host=h password=${P} user=u", "postgres://u:@h/d", "host=h"} {
		s := f.Scenario
		s.Data.Source.Connection = fine
		if err := s.Validate(); err != nil {
			t.Errorf("%q: %v", fine, err)
		}
	}
}

// Programs that put a scenario together get the same checks as files.
func TestValidate(t *testing.T) {
	valid := func() scenario.Scenario {
		s := scenario.Default()
		s.Name, s.Data.Target, s.Data.Source.Path = "s", "y", "d.csv"
		s.Value = &scenario.Value{Actions: scenario.Actions{
			{Name: "grant", Payoffs: []scenario.Payoff{{Outcome: "good", Money: "1"}, {Outcome: "bad", Money: "-5"}}},
			{Name: "refuse", Payoffs: []scenario.Payoff{{Money: "0"}}},
		}}
		return s
	}
	if err := valid().Validate(); err != nil {
		t.Fatal(err)
	}
	inf := math.Inf(1)
	for _, c := range []struct {
		name, want string
		change     func(s *scenario.Scenario)
	}{
		{"default alone", "scenario: is missing (S0104)", func(s *scenario.Scenario) { s.Name = "" }},
		{"rate without period", `need.volume: "" is not a period (S0201)`, func(s *scenario.Scenario) { s.Need.Volume.Amount = 5 }},
		{"infinite number", "need.costs.per_decision: must be a finite number, got +Inf (S0206)", func(s *scenario.Scenario) { s.Need.Costs.PerDecision = inf }},
		{"infinite parameter", "value.params.a: must be a finite number, got +Inf (S0206)", func(s *scenario.Scenario) { s.Value.Params = map[string]scenario.Param{"a": scenario.Known(inf)} }},
		{"infinite rate", "need.volume: must be a finite number, got +Inf / day (S0206)", func(s *scenario.Scenario) { s.Need.Volume = scenario.Rate{Amount: inf, Per: "day"} }},
		{"no split", "data.split.test: must be from 5% to 50%, got 0% (S0206)", func(s *scenario.Scenario) { s.Data.Split.Test = 0 }},
		{"not UTF-8", `about: "\xff" is not text in UTF-8 (S0208)`, func(s *scenario.Scenario) { s.About = "\xff" }},
		{"only spaces", "need.today: holds only spaces (S0103)", func(s *scenario.Scenario) { s.Need.Today = " \n" }},
		{"no budget", "budget: has neither trials nor time (S0302)", func(s *scenario.Scenario) { s.Budget = scenario.Budget{} }},
		{"no actions", "value.actions: is missing (S0104)", func(s *scenario.Scenario) { s.Value.Actions = nil }},
		{"nameless action", "value.actions: an action has no name (S0208)", func(s *scenario.Scenario) { s.Value.Actions[1].Name = "" }},
		{"twice the same action", "value.actions.grant: the action is there twice (S0303)", func(s *scenario.Scenario) { s.Value.Actions[1].Name = "grant" }},
		{"no payoff", "value.actions.refuse: has no payoff (S0303)", func(s *scenario.Scenario) { s.Value.Actions[1].Payoffs = nil }},
		{"empty money", "value.actions.refuse: has no money (S0103)", func(s *scenario.Scenario) { s.Value.Actions[1].Payoffs[0].Money = " " }},
		{"mixed payoffs", "value.actions.grant: mixes a payoff for every outcome with others (S0303)", func(s *scenario.Scenario) { s.Value.Actions[0].Payoffs[1].Outcome = "" }},
		{"outcome twice", "value.actions.grant.good: the outcome is there twice (S0303)", func(s *scenario.Scenario) { s.Value.Actions[0].Payoffs[1].Outcome = "good" }},
		{"empty column name", "data.columns: a column has an empty name (S0208)", func(s *scenario.Scenario) { s.Data.Columns = map[string]scenario.Column{"": {Kind: "text"}} }},
		{"negative limit", "limits.latency: must be above 0, got -1ns (S0206)", func(s *scenario.Scenario) { s.Limits.Latency = -1 }},
		{"review", "value.review.accuracy: must be above 0 and at most 1, got 0 (S0206)", func(s *scenario.Scenario) { s.Value.Review = &scenario.Review{Cost: 0} }},
	} {
		s := valid()
		c.change(&s)
		err := s.Validate()
		if err == nil {
			t.Errorf("%s: accepted", c.name)
			continue
		}
		if got, _, _ := strings.Cut(err.Error(), "\n"); got != c.want || len(scenario.Problems(err)) != 1 {
			t.Errorf("%s: got %v, want %s alone", c.name, err, c.want)
		}
		if _, err := scenario.Render(s); err == nil {
			t.Errorf("%s: rendered", c.name)
		}
	}
}

func TestUnits(t *testing.T) {
	type text interface {
		UnmarshalText(b []byte) error
		String() string
	}
	for _, c := range []struct {
		unit     text
		in, want string
	}{
		{new(scenario.Rate), "2000/month", "2000 / month"},
		{new(scenario.Rate), " 1.5e3  /  week ", "1500 / week"},
		{new(scenario.Rate), "0.1 / day", "0.1 / day"},
		{new(scenario.Rate), "1e300 / year", "1e+300 / year"},
		{new(scenario.Percent), "20%", "20%"},
		{new(scenario.Percent), "0.2", "20%"},
		{new(scenario.Percent), "12.5 %", "12.5%"},
		{new(scenario.Percent), "0.07", "7%"}, // 0.07 * 100 is not 7 in floating point
		{new(scenario.Percent), "99.9%", "99.9%"},
		{new(scenario.Percent), "0", "0%"},
		{new(scenario.Percent), "1", "100%"},
		{new(scenario.Duration), "5ms", "5ms"},
		{new(scenario.Duration), "600s", "10m"},
		{new(scenario.Duration), "1h", "1h"},
		{new(scenario.Duration), "90m", "1h30m"},
		{new(scenario.Duration), "3600.5s", "1h0m0.5s"},
		{new(scenario.Duration), "1500us", "1.5ms"},
		{new(scenario.Duration), "0s", "0s"},
		{new(scenario.Size), "20MB", "20MB"},
		{new(scenario.Size), "20 MiB", "20MiB"},
		{new(scenario.Size), "1.5GB", "1500MB"},
		{new(scenario.Size), "1000kB", "1MB"},
		{new(scenario.Size), "1025B", "1025B"},
		{new(scenario.Size), "0B", "0B"},
	} {
		if err := c.unit.UnmarshalText([]byte(c.in)); err != nil || c.unit.String() != c.want {
			t.Errorf("%T: %q is %v (%v), want %s", c.unit, c.in, c.unit, err, c.want)
		}
	}
	for _, c := range []struct {
		unit text
		in   []string
	}{
		{new(scenario.Rate), []string{"2000", "/ month", "2000 /", "2000 / Month", "2000 / month / day", "1e999 / day", "inf / day", "0x10 / day", "2 000 / day"}},
		{new(scenario.Percent), []string{"", "%", "20", "120%", "-1%", "-0.1", "1.1", "nan", "20%%", "1e999%", "1e99999999999999999999%"}},
		{new(scenario.Duration), []string{"", "5", "0", "ms", "-5ms", "5 ms", "5d", "1e3s", "9999999h"}},
		{new(scenario.Size), []string{"", "20", "MB", "20mb", "-1MB", "1e3MB", "0.3B", "20 M B", "9999999999999TB", ".5MB"}},
	} {
		for _, in := range c.in {
			err := c.unit.UnmarshalText([]byte(in))
			if err == nil {
				t.Errorf("%T: %q is accepted as %v", c.unit, in, c.unit)
			} else if !strings.HasPrefix(err.Error(), "scenario: ") {
				t.Errorf("%T: %q: error %v", c.unit, in, err)
			}
		}
	}
}

func TestPerMonth(t *testing.T) {
	for _, c := range []struct {
		rate scenario.Rate
		want float64
	}{
		{scenario.Rate{Amount: 2000, Per: "month"}, 2000},
		{scenario.Rate{Amount: 12000, Per: "year"}, 1000},
		{scenario.Rate{Amount: 12, Per: "day"}, 365.2425},
		{scenario.Rate{Amount: 84, Per: "week"}, 365.2425},
		{scenario.Rate{}, 0},
	} {
		if got := c.rate.PerMonth(); got != c.want {
			t.Errorf("%v: %v a month, want %v", c.rate, got, c.want)
		}
	}
}

func ExampleParse() {
	_, err := scenario.Parse("scenario.yaml", []byte(`
scenario: credit-g
data:
  source: data/credit-g.csv
  target: class
  split: {test: 20}
value:
  actons:
    grant:  {good: 1, bad: -5}
    refuse: {good: 0, bad: 0}
`))
	fmt.Println(err)
	// Output:
	// scenario.yaml:6:17: data.split.test: 20 is more than the whole (S0202)
	//   note: write 20% or 0.2
	// scenario.yaml:8:3: value.actons: unknown key (S0101)
	//   note: did you mean "actions"? allowed: params, file, actions, review, capacity
}

func ExampleRender() {
	f, err := scenario.Parse("scenario.yaml", []byte("scenario: small\ndata: {source: d.csv, target: y}\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := scenario.Render(f.Scenario)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Join(strings.Split(string(text), "\n")[8:14], "\n"))
	// Output:
	// # Says where the rows come from and how they are split.
	// data:
	//   source: d.csv
	//   target: y
	//   split: {test: 20%, by: random, folds: 5}
	//   # not set: positive, query, columns, interactions, missing
}

// FuzzParse: no input makes reading panic; every refusal has a code and a
// place; what is accepted is valid and survives printing.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*.bad.yaml", "testdata/*.good.yaml", "testdata/*.good.txt"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds %s (%v)", pattern, err)
		}
		for _, path := range files {
			src, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := scenario.Parse("f.yaml", src)
		if err != nil {
			if file != nil {
				t.Fatal("a file beside an error")
			}
			for _, p := range scenario.Problems(err) {
				if p.Code == "" || p.Msg == "" || p.Code == "Y0009" {
					t.Fatalf("problem %+v", p)
				}
				p.Excerpt()
			}
			if len(scenario.Problems(err)) == 0 {
				t.Fatalf("error without problems: %v", err)
			}
			return
		}
		if err := file.Scenario.Validate(); err != nil {
			t.Fatalf("accepted, but not valid: %v", err)
		}
		text, err := scenario.Render(file.Scenario)
		if err != nil {
			t.Fatalf("accepted, but not rendered: %v", err)
		}
		again, err := scenario.Parse("g.yaml", text)
		if err != nil {
			t.Fatalf("rendered, but not read back: %v\n%s", err, text)
		}
		if twice, err := scenario.Render(again.Scenario); err != nil || !bytes.Equal(text, twice) {
			t.Fatalf("rendered twice (%v):\n%s\n%s", err, text, twice)
		}
	})
}
