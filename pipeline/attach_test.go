package pipeline_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/pipeline"
)

// Payoffs from a file are worth what the same payoffs are worth as expressions,
// and other payoffs need no training again.
func TestPayoffsFromAFile(t *testing.T) {
	tab := tabletest.Loans(400, 5)
	byFormula := write(t, loans, "loans.csv", tab)
	scenario := loans[:strings.Index(loans, "value:")] + "value: {file: payoffs.csv}\n" + loans[strings.Index(loans, "limits:"):]
	byFile := write(t, scenario, "loans.csv", tab)
	amount, _ := tab.Column("amount")
	payoffs := func(loss float64) {
		text := "grant.good,grant.bad,refuse\n"
		for _, a := range amount.Numbers {
			if a != a {
				text += ",,0\n"
				continue
			}
			text += fmt.Sprintf("%v,%v,0\n", 0.15*a, -loss*a)
		}
		if err := os.WriteFile(filepath.Join(byFile, "payoffs.csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	payoffs(0.5)
	want, err := pipeline.Check(context.Background(), pipeline.Options{Path: byFormula})
	if err != nil {
		t.Fatal(err)
	}
	got, err := pipeline.Check(context.Background(), pipeline.Options{Path: byFile})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := want.Need.Perfect.PerDecision, got.Need.Perfect.PerDecision; !near(a, b) {
		t.Errorf("a perfect model earns %v by formula and %v by file", a, b)
	}
	first := run(t, pipeline.Options{Path: byFile, Trials: 4})
	if first.Search.Reused != 0 || len(first.Scenario.Value.Actions) != 2 {
		t.Errorf("first run: %d trials reused, %d actions", first.Search.Reused, len(first.Scenario.Value.Actions))
	}
	payoffs(0.9)
	second := run(t, pipeline.Options{Path: byFile, Trials: 4})
	if money := forMoney(second); second.Search.Reused != len(second.Search.Trials)-money {
		t.Errorf("with other payoffs %d of %d trials were reused, %d are trained for money", second.Search.Reused, len(second.Search.Trials), money)
	}
	if first.Need.Constants[0] == second.Need.Constants[0] {
		t.Error("other payoffs made no difference")
	}
}

func near(a, b float64) bool { return a-b < 1e-9*(1+a) && b-a < 1e-9*(1+a) }

func TestPayoffFileErrors(t *testing.T) {
	scenario := loans[:strings.Index(loans, "value:")] + "value: {file: payoffs.csv}\n" + loans[strings.Index(loans, "limits:"):]
	for text, want := range map[string]string{
		"grant.good,grant.bad,refuse\n" + strings.Repeat("1,2,0\n", 7):     "scenario.yaml:12:15: value.file: ",
		"grant.good,grant.bad,refuse\n" + strings.Repeat("1,much,0\n", 60): `the column "grant.bad" is category`,
		"grant.good,grant.bad\n" + strings.Repeat("1,2\n", 60):             "make 1 action, at least 2 are needed",
		"grant.good,refuse\n" + strings.Repeat("1,0\n", 60):                `no payoff for the outcome "bad"`,
	} {
		dir := write(t, scenario, "loans.csv", tabletest.Loans(60, 5))
		if err := os.WriteFile(filepath.Join(dir, "payoffs.csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := pipeline.Check(context.Background(), pipeline.Options{Path: dir})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text[:20], err, want)
		}
	}
}
