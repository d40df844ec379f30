// Package monitor says whether a bundle still earns what it promised.
//
// It reads the ledger of decisions, joins the outcomes that have come in since,
// and answers three questions: is the realised money what was expected when
// deciding, and what evaluation promised (money.go); do the rows still look like
// those it learnt from (drift.go); are there values it has never seen
// (columns.go). Every figure carries an interval or the limit it is judged by,
// and every alarm names its rule (alarms.go).
//
//	report, err := monitor.Run(b, "decisions", monitor.Default())
//	fmt.Print(report.Text())
//
// The report depends on nothing but the bundle, the ledger and the options, so
// that anybody can compute it again: the bins of drift and the promise travel
// in the bundle. Memory grows with the number of outcomes, not of decisions.
package monitor

import (
	"errors"
	"fmt"
	"time"

	"bespoke/bundle"
	"bespoke/ledger"
)

// Window is the length of the periods that a report is divided into.
type Window string

// The windows. Weeks begin on Monday; all are in UTC.
const (
	Day   Window = "day"
	Week  Window = "week"
	Month Window = "month"
)

// Options set what a report covers and when it raises an alarm.
type Options struct {
	// Window divides the report by time of decision.
	Window Window
	// From and To bound the time of decision: From is included, To is not. The
	// zero time means without bound.
	From, To time.Time
	// Outcomes are outcomes from elsewhere, such as a file. They go before
	// those of the ledger where both know a decision.
	Outcomes *ledger.Outcomes
	// Key is a column of the rows by whose value outcomes may be joined where a
	// decision has no key of its own; empty means none.
	Key string
	// Confidence is the level of intervals, and 1 - Confidence the share of
	// false alarms; from 0.5 to 0.999.
	Confidence float64
	// MinRows is how many rows an alarm must rest on; at least 2.
	MinRows int
}

// Default covers everything, by week, at 95 %, with alarms from 100 rows.
func Default() Options { return Options{Window: Week, Confidence: 0.95, MinRows: 100} }

// Validate says which option is out of range.
func (o Options) Validate() error {
	switch {
	case o.Window != Day && o.Window != Week && o.Window != Month:
		return fmt.Errorf("monitor: options: window: %q is none of day, week, month", o.Window)
	case !(o.Confidence >= 0.5 && o.Confidence <= 0.999):
		return fmt.Errorf("monitor: options: confidence: %v must be from 0.5 to 0.999", o.Confidence)
	case o.MinRows < 2:
		return fmt.Errorf("monitor: options: min rows: %d must be at least 2", o.MinRows)
	case !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To):
		return fmt.Errorf("monitor: options: from: %v must be before to, %v", o.From, o.To)
	}
	return nil
}

// Report is what monitoring found. It round-trips through JSON.
type Report struct {
	// Scenario, Bundle and Currency say what was watched.
	Scenario string `json:"scenario"`
	Bundle   string `json:"bundle"`
	Currency string `json:"currency,omitempty"`
	// First and Last are the times of the first and last decision.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Decisions counts what was read.
	Decisions Counts `json:"decisions"`
	// Ledger is what the reader met, with torn and damaged lines.
	Ledger ledger.Stats `json:"ledger"`
	// Money compares promised, expected and realised money.
	Money Money `json:"money"`
	// Usage is what the decisions took of what the scenario limits.
	Usage []Usage `json:"usage,omitempty"`
	// Windows divide it by time, oldest first; those without a decision are
	// left out.
	Windows []Period `json:"windows"`
	// Columns is the drift of every input, the one that moved most first.
	Columns []Drift `json:"columns"`
	// Predictions is the drift of what the bundle predicted and decided; empty
	// when the bundle has no reference for it.
	Predictions []Drift `json:"predictions,omitempty"`
	// Alarms are what needs a look, the gravest first.
	Alarms []Alarm `json:"alarms"`
	// Confidence and MinRows are those of the options.
	Confidence float64 `json:"confidence"`
	MinRows    int     `json:"min_rows"`
}

// Counts says what became of the decisions in the ledger.
type Counts struct {
	// Made is how many decisions of this bundle lie in the period.
	Made int `json:"made"`
	// Matured is how many of them have an outcome that could be used.
	Matured int `json:"matured"`
	// Share is Matured over Made; 0 when none was made.
	Share float64 `json:"share"`
	// OtherBundles is how many decisions other bundles made; they are left out.
	OtherBundles int `json:"other_bundles,omitempty"`
	// OtherTimes is how many lie outside the period; they are left out.
	OtherTimes int `json:"other_times,omitempty"`
	// Unreadable is how many decisions had inputs or a prediction that this
	// bundle does not understand; only their expected money is counted.
	Unreadable int `json:"unreadable,omitempty"`
	// UnknownOutcomes is how many outcomes are no outcome of this bundle, with
	// the first of them.
	UnknownOutcomes int    `json:"unknown_outcomes,omitempty"`
	FirstUnknown    string `json:"first_unknown,omitempty"`
	// Unpriced is how many outcomes could not be turned into money, with the
	// reason of the first.
	Unpriced      int    `json:"unpriced,omitempty"`
	FirstUnpriced string `json:"first_unpriced,omitempty"`
}

// Run makes a report of the decisions that a bundle made, from the ledger in a
// folder.
func Run(b *bundle.Bundle, dir string, opt Options) (*Report, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	if b.Solution.Payoffs == nil {
		return nil, errors.New("monitor: the bundle has no payoffs, so it made no decisions to watch")
	}
	late, err := gather(dir)
	if err != nil {
		return nil, err
	}
	w := newWatch(b, opt, late)
	stats, err := each(dir, w.record)
	if err != nil {
		return nil, err
	}
	w.price()
	r := w.report()
	r.Ledger = stats
	r.Alarms = alarms(r)
	return r, nil
}
