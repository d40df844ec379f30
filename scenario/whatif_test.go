package scenario_test

import (
	"strings"
	"testing"

	"bespoke/scenario"
)

const loans = `scenario: loans
need: {volume: 2000 / month}
data: {source: a.csv, target: class}
value:
  params: {loss: 60%}
  actions:
    grant: {good: 0.12 * amount, bad: -loss * amount, no. 3: 0}
    refuse: {good: 0, bad: 0, no. 3: 0}
`

func TestSet(t *testing.T) {
	f, err := scenario.Parse("loans.yaml", []byte(loans))
	if err != nil {
		t.Fatal(err)
	}
	var settings []scenario.Setting
	for _, text := range []string{
		"value.actions.grant.bad = age < 30 ? -2 * amount : -amount", "value.params.loss=120%", "value.actions.refuse.no. 3=-7",
		"value.review={cost: 15, accuracy: 0.9}", "need.costs.fixed=100 / day",
	} {
		s, err := scenario.ParseSetting(text)
		if err != nil {
			t.Fatal(err)
		}
		settings = append(settings, s)
	}
	changed, err := f.Set(settings...)
	if err != nil {
		t.Fatal(err)
	}
	v := changed.Scenario.Value
	if got := v.Actions[0].Payoffs[1].Money; got != "age < 30 ? -2 * amount : -amount" {
		t.Errorf("the payoff is %q", got)
	}
	if v.Params["loss"].Value != 1.2 || v.Actions[1].Payoffs[2].Money != "-7" || v.Review.Cost != 15 || changed.Scenario.Need.Costs.Fixed.Amount != 100 {
		t.Errorf("not all was changed: %+v", changed.Scenario)
	}
	if v := f.Scenario.Value; v.Params["loss"].Value != 0.6 || v.Review != nil || v.Actions[0].Payoffs[1].Money != "-loss * amount" {
		t.Errorf("the file itself was changed: %+v", v)
	}
	again, err := f.Set()
	if err != nil || len(again.Scenario.Value.Actions) != 2 {
		t.Errorf("without settings: %+v, %v", again, err)
	}
}

func TestSetRefuses(t *testing.T) {
	f, err := scenario.Parse("loans.yaml", []byte(loans))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"value.actons.grant.bad=1":    `did you mean "actions"?`,
		"value.actions.grant.bat=1":   `did you mean "bad"?`,
		"data.target=x":               "cannot be changed without training again",
		"value=1":                     "cannot be changed without training again",
		"value.params.loss":           "write PATH=VALUE",
		"value.params.loss=":          "has no value",
		"value.params.loss=much":      "instead of a number",
		"need.volume=12":              "lacks a period",
		"value.review={cost: 1":       "--set value.review",
		"value.review={cost: -1}":     "must be 0 or more",
		"value.actions.refuse.ugly=1": `has no outcome "ugly"`,
		"need.bogus=1":                "unknown key",
	} {
		s, err := scenario.ParseSetting(text)
		if err == nil {
			_, err = f.Set(s)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}
