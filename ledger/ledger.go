// Package ledger keeps what was decided, and what came of it, on disk.
//
// A ledger is a folder of segments, files named 00000001.jsonl and so on. A
// segment is text, one JSON object a line: first a header, then decisions and
// outcomes in the order in which they were appended. The last member of every
// line is "crc", the CRC-32C of the bytes before it, so that a line is both
// checked and still plain JSON that other programs read. Lines are only ever
// added at the end, and a segment that was left behind by a crash is never
// touched again.
//
// One process writes (Open takes a lock), any number read at the same time
// (OpenReader). A crash can tear only the lines that were being written: the
// reader leaves them out and counts them in Stats.Torn. What Append acknowledged
// under SyncBatch is on the disk.
//
//	w, err := ledger.Open("decisions", ledger.Default())
//	err = w.Append(ctx, ledger.Record{Decision: &d})
//
//	r, err := ledger.OpenReader("decisions")
//	for r.Next() {
//		if d := r.Record().Decision; d != nil { ... }
//	}
//	err = r.Err()
//
// Outcomes that arrive in a file of their own, keyed by decision or by a
// column, are read by ReadOutcomes.
package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Format is the number of the segment format that this version writes. Readers
// refuse a segment with a greater one.
const Format = 1

// MaxLine is the most bytes that one line may have, its end included.
const MaxLine = 8 << 20

// Decision is one decision as it was made, with everything needed to judge it
// later.
type Decision struct {
	// ID names the decision; see IDs. It sorts by time.
	ID string `json:"id"`
	// Key is the caller's own name of the case, such as a loan number, by
	// which outcomes may be joined; empty when the caller gave none.
	Key string `json:"key,omitempty"`
	// Time is when it was decided, in UTC to the microsecond.
	Time time.Time `json:"time"`
	// Bundle is the content hash of the bundle that decided.
	Bundle string `json:"bundle"`
	// Inputs is a JSON object of the row's raw values by column: numbers,
	// texts as they were sent (also spellings unknown to the model) and null.
	Inputs json.RawMessage `json:"inputs"`
	// Prediction is the calibrated probability of every outcome, in the
	// bundle's order, or one number for a regression.
	Prediction []float64 `json:"prediction"`
	// Action is the name of the action taken.
	Action string `json:"action"`
	// Expected is the expected money of the action taken, before Cost.
	Expected float64 `json:"expected"`
	// Actions is the expected money of every possible action, in the bundle's
	// order.
	Actions []ActionMoney `json:"actions,omitempty"`
	// Cost is what making the decision cost, in money (a positive number is a
	// loss).
	Cost float64 `json:"cost,omitempty"`
}

// ActionMoney is the expected money of one possible action.
type ActionMoney struct {
	Name     string  `json:"name"`
	Expected float64 `json:"expected"`
}

// Outcome is what came of a decision. Where several outcomes name the same
// decision, the last one appended holds.
type Outcome struct {
	// ID is the decision's; empty where Key is given.
	ID string `json:"id,omitempty"`
	// Key is the caller's own name of the case; empty where ID is given.
	Key string `json:"key,omitempty"`
	// Time is when the outcome became known, in UTC; the zero time means not
	// known.
	Time time.Time `json:"time"`
	// Value is the outcome's name, or a number as text for a regression.
	Value string `json:"value"`
}

// Record is one line of a ledger: exactly one of its members is not nil.
type Record struct {
	Decision *Decision
	Outcome  *Outcome
}

// ErrClosed is returned by a Writer that was closed.
var ErrClosed = errors.New("ledger: append: the ledger is closed")

// ErrLocked is returned by Open when another process writes the ledger.
var ErrLocked = errors.New("another process writes this ledger; one writer at a time is allowed")

// check says what is wrong with a record before it is written.
func (r Record) check() error {
	switch {
	case r.Decision != nil && r.Outcome == nil:
		return r.Decision.check()
	case r.Outcome != nil && r.Decision == nil:
		return r.Outcome.check()
	}
	return errors.New("ledger: append: a record must hold either a decision or an outcome")
}

func (d *Decision) check() error {
	if d.ID == "" {
		return errors.New("ledger: append: a decision must have an id")
	}
	for i, p := range d.Prediction {
		if !finite(p) {
			return fmt.Errorf("ledger: append: decision %s: prediction[%d] is %v, it must be finite", d.ID, i, p)
		}
	}
	if !finite(d.Expected) || !finite(d.Cost) {
		return fmt.Errorf("ledger: append: decision %s: expected is %v and cost %v, they must be finite", d.ID, d.Expected, d.Cost)
	}
	for _, a := range d.Actions {
		if !finite(a.Expected) {
			return fmt.Errorf("ledger: append: decision %s: action %q is expected to bring %v, it must be finite", d.ID, a.Name, a.Expected)
		}
	}
	return nil
}

func (o *Outcome) check() error {
	if (o.ID == "") == (o.Key == "") {
		return fmt.Errorf("ledger: append: an outcome must have either an id or a key, got id %q and key %q", o.ID, o.Key)
	}
	if o.Value == "" {
		return fmt.Errorf("ledger: append: outcome of %q must have a value", o.ID+o.Key)
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
