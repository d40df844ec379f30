// Package runs holds the record of a run on disk: what went in, what came out,
// and every finished piece of work, so that a run that was killed at any moment
// goes on where it stopped.
//
// A run lives in one folder:
//
//	record.json    what the run was made from and how it ended; holds nothing
//	               of the clock or the machine, so that equal runs have equal bytes
//	timings.json   clock and machine: when, how long, on what
//	journal.jsonl  finished pieces of work (trials, stage results), each under
//	               the hash of everything it was made from
//	lock           held while a process uses the folder
//	...            the outputs of the stages, written whole or not at all
//
// The journal answers "was this very piece of work done before?": a result is
// stored under a content key (KeyOf) of its inputs, so that a second run with
// one option changed reuses all that the option does not touch.
//
//	run, err := runs.Open(dir, runs.Key{Version: v, Scenario: text, Seed: 1, Inputs: inputs})
//	defer run.Close()
//	done := run.Stage("train")
//	score, reused, err := runs.Once(ctx, run, "trial", runs.KeyOf(params, dataHash), func() (Score, error) { ... })
//	done(err)
//	err = run.Finish(runs.Done, "")
package runs

import (
	"log/slog"
	"path/filepath"
	"time"
)

// Names of the files that the package itself keeps in a run's folder.
const (
	RecordFile  = "record.json"
	TimingsFile = "timings.json"
	JournalFile = "journal.jsonl"
	LockFile    = "lock"
)

// DefaultDir is the folder of the run of a scenario file: "run" beside it.
func DefaultDir(scenarioFile string) string {
	return filepath.Join(filepath.Dir(scenarioFile), "run")
}

// Event is one piece of news from a running stage, for progress bars and logs.
// Events are for people: nothing in a result may depend on them.
type Event struct {
	// Stage is the stage's name, such as "train".
	Stage string
	// Message says in a few words what happened or is going on.
	Message string
	// Done out of Total steps are finished; Total 0 means that the number of
	// steps is not known or does not matter.
	Done, Total int
	// Level says how much the news matters; slog.LevelDebug is for detail that
	// only --verbose shows.
	Level slog.Level
	// Time is when it happened.
	Time time.Time
}

// Reporter is told of events as they happen. It may be called from several
// goroutines at once and must return quickly. A nil Reporter is allowed: use
// Tell, which ignores it.
type Reporter func(Event)

// Tell sends an event, filling in the time; a nil Reporter ignores it.
func (r Reporter) Tell(e Event) {
	if r == nil {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	r(e)
}

// Step tells that done of total steps of a stage are finished.
func (r Reporter) Step(stage, message string, done, total int) {
	r.Tell(Event{Stage: stage, Message: message, Done: done, Total: total})
}

// Warn tells of something that the user should know but that stops nothing.
func (r Reporter) Warn(stage, message string) {
	r.Tell(Event{Stage: stage, Message: message, Level: slog.LevelWarn})
}
