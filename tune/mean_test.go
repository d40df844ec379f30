package tune_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"bespoke/ensemble"
	"bespoke/model"
	"bespoke/tune"
)

// several is a search of five candidates of which no one is the best in all.
func several(t *testing.T) *tune.Search {
	t.Helper()
	s := search(t, 0)
	s.Models, s.Candidates = nil, s.Candidates[:1]
	for i := range 4 {
		s.Candidates = append(s.Candidates, model.Candidate{
			Label: "trees", Model: "trees.boost.v1",
			Params: model.Params{"rounds": 60.0, "learning_rate": 0.1, "num_leaves": float64(3 + i), "feature_fraction": 0.3},
		})
	}
	return s
}

// The committee is the mean of its members' predictions, calibrated and judged
// as they were.
func TestCommittee(t *testing.T) {
	s := several(t)
	o, err := s.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c := o.Committee
	if c == nil || len(c.Members) < 2 || len(c.Members) > 5 || c.Members[0].Trial != o.Scenario {
		t.Fatalf("committee %+v; want 2 to 5 members, the first trial %d", c, o.Scenario)
	}
	var predictions [][]float64
	var weights []float64
	total := 0.0
	for _, m := range c.Members {
		predictions, weights = append(predictions, o.Trials[m.Trial].OutOfFold().Predictions), append(weights, m.Weight)
		total += m.Weight
		if !o.Trials[m.Trial].Equal {
			t.Errorf("trial %d earns less than the most and is a member", m.Trial)
		}
	}
	if math.Abs(total-1) > 1e-15 {
		t.Errorf("weights sum to %v", total)
	}
	for i, p := range ensemble.Average(predictions, weights, 2) {
		if c.OutOfFold().Predictions[i] != p {
			t.Fatalf("prediction %d is %v, want %v", i, c.OutOfFold().Predictions[i], p)
		}
	}
	score, err := s.Judge(c.OutOfFold().Rows, c.Calibrated().Predictions)
	if err != nil || score.Loss != c.Loss {
		t.Errorf("loss %v, judged again %v, %v", c.Loss, score.Loss, err)
	}
	if want := c.Loss < o.Trials[o.Scenario].Loss; c.Taken != want || !strings.Contains(c.Reason, "loss") {
		t.Errorf("taken %v with loss %v against %v: %s", c.Taken, c.Loss, o.Trials[o.Scenario].Loss, c.Reason)
	}
}

func TestNoCommittee(t *testing.T) {
	for _, most := range []int{0, 1} {
		s := several(t)
		s.Committee = most
		o, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o.Committee != nil {
			t.Errorf("at most %d members: committee %+v", most, o.Committee)
		}
	}
}

// A committee that loses in loss, money or, without payoffs, in the metric is
// shown and not taken.
func TestCommitteeThatLoses(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		spoil        func(*tune.Score)
	}{
		{"loss", "is not below", func(s *tune.Score) { s.Loss = 9 }},
		{"money", "earns less", func(s *tune.Score) {
			for i := range s.Money {
				s.Money[i] -= 2
			}
		}},
		{"metric", "metric of 9 is worse", func(s *tune.Score) { s.Metric, s.Money = 9, nil }},
	} {
		s := several(t)
		honest, calls := s.Judge, 0
		s.Threads = 1
		s.Judge = func(rows []int, predictions []float64) (tune.Score, error) {
			score, err := honest(rows, predictions)
			if c.name == "metric" {
				score.Money = nil
			}
			if calls++; calls == 6 { // after the five trials
				score.Loss = 0
				c.spoil(&score)
			}
			return score, err
		}
		o, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if k := o.Committee; k == nil || k.Taken || !strings.Contains(k.Reason, c.reason) {
			t.Errorf("%s: committee %+v, want one that is not taken because it %s", c.name, k, c.reason)
		}
	}
}
