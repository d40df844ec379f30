package tune

import (
	"errors"
	"fmt"
)

// Again judges the trials of a finished search by another judge, such as one
// with other payoffs, and makes both choices anew, as a search with that judge
// would. No trial is trained or calibrated again, and the outcome itself stays
// as it is. Trials that failed stay failed; those that were dropped for a limit
// stay marked, and it is the caller who passes over them. The error is that of
// a search of which every trial failed. metric is as Search.Metric.
func (o *Outcome) Again(judge Judge, metric Metric, higherIsBetter bool) (*Outcome, error) {
	search := *o.search
	search.Judge, search.Metric, search.HigherIsBetter = judge, metric, higherIsBetter
	out := &Outcome{Trials: make([]*Trial, len(o.Trials)), Reproducible: o.Reproducible, Steps: o.Steps, search: &search}
	for i, t := range o.Trials {
		again := *t
		again.Equal = false
		out.Trials[i] = &again
		if t.Out() != "" {
			continue
		}
		var err error
		if again.Judged, err = search.score(t.outOfFold, t.calibration); err != nil {
			again.Failed = err.Error()
		}
		again.Dropped = t.Dropped
	}
	return out, errors.Join(out.follow(o.Student), search.choose(out))
}

// follow judges the student of another outcome once more; whether it is taken is
// for SettleStudent to say, once the caller has passed over what was dropped.
func (o *Outcome) follow(st *Student) error {
	if st == nil {
		return nil
	}
	again := *st
	again.Taken = false
	var err error
	if again.Judged, err = o.search.score(st.outOfFold, st.calibration); err != nil {
		return fmt.Errorf("tune: %s: %w", st.Candidate.Label, err)
	}
	o.Student = &again
	return nil
}

// MoneyOf is the profit of each out-of-fold row; nil without payoffs.
func (j *Judged) MoneyOf() []float64 { return j.money }
