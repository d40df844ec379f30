package tune_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"bespoke/tune"
)

// TestAgain: judging finished trials again gives what a search with the other
// judge gives, and leaves the first outcome alone.
func TestAgain(t *testing.T) {
	s := search(t, 7)
	first, err := s.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	before := text(t, first)
	bold := func(rows []int, predictions []float64) (tune.Score, error) {
		score, err := s.Judge(rows, predictions)
		for i, r := range rows { // sure answers count, right or wrong
			score.Money[i] = math.Round(10*predictions[2*i+int(s.Problem.Y[r])]) - 7
		}
		return score, err
	}
	again, err := first.Again(bold, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	other := search(t, 7)
	other.Judge = bold
	want := run(t, other)
	if got := text(t, again); got != want {
		t.Errorf("judged again:\n%s\nsearched:\n%s", got, want)
	}
	if text(t, first) != before || before == want {
		t.Error("the first outcome was changed, or the other judge judges alike")
	}
	if money := again.Trials[again.Scenario].MoneyOf(); len(money) != len(s.Split.Development) {
		t.Errorf("money of %d rows", len(money))
	}
}

func text(t *testing.T, o *tune.Outcome) string {
	t.Helper()
	out, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
