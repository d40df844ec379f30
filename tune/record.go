package tune

import (
	"context"
	"math"

	"bespoke/model"
	"bespoke/runs"
	"bespoke/train"
)

// record is what the journal says about a finished trial, for people and
// programs that look at a run's folder; a search that goes on reads the cost
// back from it and nothing else. The scores are those of the moment when the
// trial was finished: with other payoffs the same trial earns other money.
type record struct {
	Number    int             `json:"number"`
	Candidate model.Candidate `json:"candidate"`
	Seed      uint64          `json:"seed"`
	Folds     int             `json:"folds"`
	Rounds    int             `json:"rounds,omitempty"`
	Failed    string          `json:"failed,omitempty"`
	Stopped   string          `json:"stopped,omitempty"`
	// Metric to MoneyError are as in Judged; nil where they are not defined.
	Metric      *float64 `json:"metric,omitempty"`
	Loss        *float64 `json:"loss,omitempty"`
	Money       *float64 `json:"money,omitempty"`
	MoneyError  *float64 `json:"money_error,omitempty"`
	Calibration string   `json:"calibration,omitempty"`
	train.Cost
	// Memory is the most memory that the whole process had held when the trial
	// was finished, in bytes; 0 where the system does not tell.
	Memory int64 `json:"memory_bytes,omitempty"`
}

// note writes a finished trial to the journal, or reads what an earlier run
// wrote about it, and fills in its cost.
func (s *Search) note(ctx context.Context, t *Trial, key string, cost train.Cost) error {
	r := record{
		Number: t.Number, Candidate: t.Candidate, Seed: s.Problem.Seed, Folds: len(s.Split.Folds), Rounds: t.Rounds,
		Failed: t.Failed, Stopped: t.Stopped, Calibration: t.Calibration, Cost: cost, Memory: runs.PeakMemory(),
	}
	if t.Out() == "" {
		r.Metric, r.Loss = defined(t.Metric), defined(t.Loss)
	}
	if t.money != nil {
		r.Money, r.MoneyError = defined(t.Money), defined(t.MoneyError)
	}
	if s.Store != nil {
		kind := "trial"
		if t.Stopped != "" {
			kind = "stopped trial" // a longer search may still finish it
		}
		var err error
		if r, _, err = runs.Once(ctx, s.Store, kind, key, func() (record, error) { return r, nil }); err != nil {
			return err
		}
	}
	if r.Cost != (train.Cost{}) {
		t.Cost = &r.Cost
	}
	return nil
}

// defined is a number as JSON can hold it.
func defined(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// Costs are the costs of the trials by number, nil where one is not known.
func (o *Outcome) Costs() []*train.Cost {
	out := make([]*train.Cost, len(o.Trials))
	for i, t := range o.Trials {
		out[i] = t.Cost
	}
	return out
}
