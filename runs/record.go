package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// format is the version of the layout of the folder. A folder of a later
// format is refused rather than misread.
const format = 1

// State is how a run ended.
type State string

// The states.
const (
	// Running is the state of a run that has not ended. In a folder that no
	// process holds it means that the run was killed; opening it goes on.
	Running State = "running"
	// Done means that every stage finished.
	Done State = "done"
	// Stopped means that a gate stopped the run.
	Stopped State = "stopped"
	// Failed means that a stage returned an error.
	Failed State = "failed"
)

// Key is everything that decides what a run gives: two runs with equal keys
// give the same bytes.
type Key struct {
	// Version is the version of the program. Results of one version are never
	// reused by another.
	Version string
	// Scenario is the text of the resolved scenario, every default filled in.
	Scenario string
	// Seed fixes the random choices.
	Seed uint64
	// Inputs are the files or query results that were read.
	Inputs []Input
}

// Hash is the hash of the key, in hex.
func (k Key) Hash() string {
	return KeyOf(k.Version, k.Scenario, k.Seed, k.Inputs)
}

// Input is a file that went into a run.
type Input struct {
	// Name is the name as the scenario gives it, with forward slashes, never
	// an absolute path of one machine.
	Name string `json:"name"`
	// Bytes is the size.
	Bytes int64 `json:"bytes"`
	// SHA256 is the hash of the content, in hex.
	SHA256 string `json:"sha256"`
}

// Record is the content of record.json. It is the same for equal runs: clock
// and machine are in Timings.
type Record struct {
	// Format is the version of the folder's layout.
	Format int `json:"format"`
	// Key is the hash of what the run was made from (Key.Hash).
	Key     string `json:"key"`
	Version string `json:"version"`
	Seed    uint64 `json:"seed"`
	// ScenarioSHA256 is the hash of Scenario, in hex.
	ScenarioSHA256 string `json:"scenario_sha256"`
	// Scenario is the text of the resolved scenario.
	Scenario string  `json:"scenario"`
	Inputs   []Input `json:"inputs"`
	// State says how the run ended, Reason why when it is not Done.
	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"`
	// Stages are the stages begun so far, in order.
	Stages []StageRecord `json:"stages"`
	// Outputs are the files that the run vouches for, by name.
	Outputs []Input `json:"outputs"`
}

// StageRecord is a stage of a record.
type StageRecord struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	// Reason is the error of a failed stage.
	Reason string `json:"reason,omitempty"`
}

// Timings is the content of timings.json: the part of the record that differs
// from run to run and from machine to machine.
type Timings struct {
	Format int `json:"format"`
	// Key is the hash of what the run was made from, as in Record.
	Key  string `json:"key"`
	Host Host   `json:"host"`
	// Started is when this process opened the run.
	Started time.Time `json:"started"`
	// Ended is when Finish was called; zero before.
	Ended time.Time `json:"ended,omitzero"`
	// Resumed is whether an earlier process had begun the same run.
	Resumed bool `json:"resumed"`
	// Reused and Computed count the pieces of work taken from the journal and
	// those done anew by this process.
	Reused   int           `json:"reused"`
	Computed int           `json:"computed"`
	Stages   []StageTiming `json:"stages"`
}

// StageTiming is how long a stage took in this process.
type StageTiming struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// Read reads the record and the timings in a folder without locking it, for
// showing a run. A folder without a record gives an error that matches
// fs.ErrNotExist.
func Read(dir string) (Record, Timings, error) {
	var rec Record
	var tim Timings
	if err := readJSON(filepath.Join(dir, RecordFile), &rec); err != nil {
		return rec, tim, err
	}
	if rec.Format > format {
		return rec, tim, fmt.Errorf("runs: reading record: folder %q has format %d, this program knows up to %d; use a newer program or another folder", dir, rec.Format, format)
	}
	// Timings are only decoration: a run killed between the two writes has none.
	if err := readJSON(filepath.Join(dir, TimingsFile), &tim); err != nil && !errors.Is(err, os.ErrNotExist) {
		return rec, tim, err
	}
	return rec, tim, nil
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("runs: reading record: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("runs: reading record: %q is not a record of a run: %w", path, err)
	}
	return nil
}
