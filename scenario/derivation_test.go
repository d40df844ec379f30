package scenario_test

import (
	"testing"
	"time"

	"bespoke/scenario"
)

// Features are derived without being asked for where the budget is a time.
func TestDerivation(t *testing.T) {
	minute := scenario.Budget{Time: scenario.Duration(time.Minute)}
	for _, c := range []struct {
		name     string
		features *scenario.Features
		budget   scenario.Budget
		auto     bool
	}{
		{"trials", nil, scenario.Budget{Trials: 40}, false},
		{"time", nil, minute, true},
		{"time, off", &scenario.Features{Derive: "off"}, minute, false},
		{"time, one excluded", &scenario.Features{Exclude: []string{"ratio"}}, minute, true},
		{"trials, auto", &scenario.Features{Derive: "auto"}, scenario.Budget{Trials: 40}, true},
	} {
		s := scenario.Scenario{Features: c.features, Budget: c.budget}
		got := s.Derivation()
		if got.Auto() != c.auto {
			t.Errorf("%s: %v, want %v", c.name, got.Auto(), c.auto)
		}
		if c.features != nil && got.Excludes("ratio") != c.features.Excludes("ratio") {
			t.Errorf("%s: what is excluded was lost", c.name)
		}
	}
}
