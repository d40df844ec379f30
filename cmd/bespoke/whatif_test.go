package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWhatIf: the same answer from the scenario, its folder, the run and the
// bundle; each value of --vary is a case with what is set.
func TestWhatIf(t *testing.T) {
	dir := ran(t)
	want := must(t, "whatif", dir, "--set", "value.actions.refuse=-1").out
	for _, word := range []string{"What if?", "as it is", "refuse = -1", "a month", "technology-driven"} {
		if !strings.Contains(want, word) {
			t.Errorf("the answer does not say %q:\n%s", word, want)
		}
	}
	for _, of := range []string{filepath.Join(dir, "scenario.yaml"), filepath.Join(dir, "run"), bundleOf(dir)} {
		if got := must(t, "whatif", of, "--set", "value.actions.refuse=-1").out; got != want {
			t.Errorf("whatif %s prints\n%s\nwant\n%s", of, got, want)
		}
	}
	varied := must(t, "whatif", dir, "--set", "need.volume=50 / month", "--vary", "value.actions.refuse=-1,min(-2, -3)", "--json").out
	cases, _ := values(t, varied)[0]["cases"].([]any)
	if len(cases) != 3 {
		t.Fatalf("%d cases", len(cases))
	}
	last, _ := cases[2].(map[string]any)
	if last["name"] != "refuse = min(-2, -3)" || last["volume"] != 50.0 {
		t.Errorf("the last case is %v with a volume of %v", last["name"], last["volume"])
	}
	a := bespoke("whatif", dir, "--set", "value.actions.grant.bda=1")
	if a.code != exitFailed || !strings.Contains(a.errOut, `did you mean "bad"?`) {
		t.Errorf("a misspelt outcome gives %d, %q", a.code, a.errOut)
	}
	a = bespoke("whatif", dir, "--set", "value.actions.grant.bad=-amuont")
	if a.code != exitFailed || !strings.Contains(a.errOut, "--set value.actions.grant.bad") || strings.Contains(a.errOut, "scenario: loans") {
		t.Errorf("a misspelt column gives %d, %q", a.code, a.errOut)
	}
}

func TestListed(t *testing.T) {
	for text, want := range map[string][]string{
		"1": {"1"}, "0.4,0.5": {"0.4", "0.5"}, "min(a, b),2": {"min(a, b)", "2"}, `x == "a,b" ? 1 : 2,3`: {`x == "a,b" ? 1 : 2`, "3"},
		"{cost: 1, accuracy: 1},{cost: 2, accuracy: 1}": {"{cost: 1, accuracy: 1}", "{cost: 2, accuracy: 1}"},
	} {
		if got := listed(text); !slices.Equal(got, want) {
			t.Errorf("%q is cut into %q, want %q", text, got, want)
		}
	}
}
