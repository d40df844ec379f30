package tune

import (
	"errors"
	"fmt"

	"bespoke/model"
	"bespoke/train"
)

// Student is a single model that learns what a committee says, for when the
// committee itself breaks a limit (Bucila, Caruana and Niculescu-Mizil 2006). It
// is judged like every trial, on out-of-fold rows; in each fold it has heard
// nothing of the rows that it predicts (train.Problem.Seen).
type Student struct {
	Candidate model.Candidate `json:"candidate"`
	// Teacher is the committee that broke a limit.
	Teacher *Committee `json:"teacher"`
	Judged
	// Rounds is the median over the folds of rounds kept.
	Rounds int `json:"rounds,omitempty"`
	// Alone is true when none of the single candidates that were looked at keeps
	// the limits.
	Alone bool `json:"alone,omitempty"`
	// Taken is true when the student is what the scenario takes.
	Taken bool `json:"taken"`
	// Reason says in a sentence why it is taken, or is not.
	Reason string `json:"reason"`
}

// studentModel is what a committee is distilled into.
const studentModel = "trees.boost.v1"

// Students are the candidates for a student of the committee, the largest first;
// which of them keeps the limits is for the caller to measure. Fewer rounds take
// larger steps.
func (c *Committee) Students() []model.Candidate {
	var out []model.Candidate
	for _, size := range []struct{ rounds, leaves, rate float64 }{
		{400, 16, 0.05}, {200, 16, 0.08}, {100, 16, 0.12}, {50, 12, 0.2}, {25, 8, 0.3}, {12, 8, 0.5}, {6, 6, 0.7},
	} {
		out = append(out, model.Candidate{
			Label: "distilled from a " + c.Label(), Model: studentModel,
			Params: model.Params{"rounds": size.rounds, "num_leaves": size.leaves, "learning_rate": size.rate, "min_child_samples": 10.0},
			Reason: fmt.Sprintf("learns in at most %.0f trees of %.0f leaves what the committee says, which breaks a limit", size.rounds, size.leaves),
		})
	}
	return out
}

// Enrol judges a student by its out-of-fold predictions and keeps it as
// o.Student, not taken yet; see SettleStudent. alone says that no single
// candidate keeps the limits.
func (o *Outcome) Enrol(c model.Candidate, teacher *Committee, out *train.OutOfFold, alone bool) error {
	if o.search == nil {
		return errors.New("tune: student: the outcome is not that of a search that ran")
	}
	st := &Student{Candidate: c, Teacher: teacher, Rounds: out.Rounds, Alone: alone}
	var err error
	if st.Judged, err = o.search.judge(out); err != nil {
		return fmt.Errorf("tune: %s: %w", c.Label, err)
	}
	o.Student = st
	return nil
}

// SettleStudent decides whether the student is taken instead of the trial
// Scenario, which keeps the limits unless the student is alone with that: where
// it has no more loss than that trial, and earns no less by more than noise or,
// without payoffs, has no worse metric.
func (o *Outcome) SettleStudent() {
	st, single := o.Student, o.Trials[o.Scenario]
	st.Taken = false
	switch {
	case st.Alone:
		st.Taken, st.Reason = true, "no single candidate that was looked at keeps the limits"
	case !(st.Loss <= single.Loss):
		st.Reason = fmt.Sprintf("its loss of %.4g is above the %.4g of the best single candidate within the limits", st.Loss, single.Loss)
	case st.money == nil && o.search.better(single.Metric, st.Metric):
		st.Reason = fmt.Sprintf("its metric of %.4g is worse than the %.4g of the best single candidate within the limits", st.Metric, single.Metric)
	case st.money != nil && !alike(single.money, st.money):
		st.Reason = "it earns less than the best single candidate within the limits, by more than noise"
	default:
		st.Taken = true
		st.Reason = fmt.Sprintf("its loss of %.4g is not above the %.4g of the best single candidate within the limits", st.Loss, single.Loss)
	}
}

// StudentTrial is the student as a trial, with a number behind those that were
// searched; nil where there is none.
func (o *Outcome) StudentTrial() *Trial {
	st := o.Student
	if st == nil {
		return nil
	}
	c := st.Candidate
	c.Reason = st.Reason
	return &Trial{Number: len(o.Trials), Candidate: c, Judged: st.Judged, Rounds: st.Rounds, Equal: st.Taken}
}
