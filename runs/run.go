package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrBusy is the error of Open when another process uses the folder.
var ErrBusy = errors.New("another process is using this run")

// ErrStopped marks the error of a stage that a gate stopped: wrap it, and the
// record says Stopped instead of Failed.
var ErrStopped = errors.New("stopped by a gate")

// Run is a folder that this process holds. It is safe for concurrent use.
type Run struct {
	dir      string
	lock     *os.File
	journal  *Journal
	previous *Record
	view     bool // for reading only

	mu      sync.Mutex
	record  Record
	timings Timings
	closed  bool
}

// Open makes or reopens the run in a folder and locks it; a folder in use
// gives ErrBusy. What an earlier run left in the journal is kept whatever its
// key was, because each entry is valid for the content key it is stored under;
// Fresh forgets it. Half-written files of a killed process are removed.
func Open(dir string, key Key) (*Run, error) { return open(dir, key, false) }

// Fresh is Open that first forgets all earlier work in the folder.
func Fresh(dir string, key Key) (*Run, error) { return open(dir, key, true) }

func open(dir string, key Key, fresh bool) (*Run, error) {
	fail := func(err error) error { return fmt.Errorf("runs: opening %q: %w", dir, err) }
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fail(err)
	}
	lock, err := acquire(filepath.Join(dir, LockFile))
	if err != nil {
		return nil, fail(err)
	}
	r := &Run{dir: dir, lock: lock}
	if err := r.prepare(key, fresh); err != nil {
		return nil, errors.Join(fail(err), r.Close())
	}
	return r, nil
}

// prepare reads what is there and writes the record of a run that has begun.
func (r *Run) prepare(key Key, fresh bool) error {
	old, _, err := Read(r.dir)
	switch {
	case err == nil:
		r.previous = &old
	case errors.Is(err, fs.ErrNotExist):
	case old.Format > format:
		return err
	default:
		// A record that cannot be read is not worth more than the run that is
		// about to replace it: the journal has its own checksums.
	}
	if err := sweep(r.dir); err != nil {
		return err
	}
	journal := filepath.Join(r.dir, JournalFile)
	if fresh {
		if err := os.Remove(journal); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if r.journal, err = openJournal(journal); err != nil {
		return err
	}
	hash := key.Hash()
	r.record = Record{
		Format: format, Key: hash, Version: key.Version, Seed: key.Seed,
		ScenarioSHA256: HashBytes([]byte(key.Scenario), "").SHA256, Scenario: key.Scenario,
		Inputs: append([]Input{}, key.Inputs...), State: Running,
		Stages: []StageRecord{}, Outputs: []Input{},
	}
	r.timings = Timings{
		Format: format, Key: hash, Host: ThisHost(), Started: time.Now().UTC(),
		Resumed: r.Resumed(), Stages: []StageTiming{},
	}
	return r.save()
}

// save writes record.json and timings.json. The caller holds mu or is alone.
func (r *Run) save() error {
	switch {
	case r.view:
		return errors.New("the run was opened to be read")
	case r.closed:
		return errors.New("the run is closed") // the folder may be another's by now
	}
	for _, f := range []struct {
		name string
		v    any
	}{{RecordFile, r.record}, {TimingsFile, r.timings}} {
		data, err := json.MarshalIndent(f.v, "", "  ")
		if err != nil {
			return err
		}
		if err := writeAll(filepath.Join(r.dir, f.name), append(data, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func writeAll(path string, data []byte) error {
	return Replace(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Dir is the folder.
func (r *Run) Dir() string { return r.dir }

// Journal is the list of finished pieces of work.
func (r *Run) Journal() *Journal { return r.journal }

// Resumed says whether an earlier process began this very run (the same key)
// and did not bring it to Done.
func (r *Run) Resumed() bool {
	return r.previous != nil && r.previous.Key == r.record.Key && r.previous.State != Done
}

// Previous is the record that was in the folder before Open; false when there
// was none.
func (r *Run) Previous() (Record, bool) {
	if r.previous == nil {
		return Record{}, false
	}
	return *r.previous, true
}

// Record is a copy of the record as it is now.
func (r *Run) Record() Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.record
	c.Inputs, c.Stages, c.Outputs = slices.Clone(c.Inputs), slices.Clone(c.Stages), slices.Clone(c.Outputs)
	return c
}

// Timings is a copy of the timings as they are now.
func (r *Run) Timings() Timings {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.timings
	c.Stages = slices.Clone(c.Stages)
	return c
}

// Stage notes that a stage begins and returns the function to call with the
// stage's error, or nil, when it ends. Record and timings are saved at both
// ends; a failure to save them is told by Finish, not lost.
func (r *Run) Stage(name string) (done func(error)) {
	start := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	i := len(r.record.Stages)
	r.record.Stages = append(r.record.Stages, StageRecord{Name: name, State: Running})
	_ = r.save() // Finish saves again and returns the error
	return func(err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		s := &r.record.Stages[i]
		s.State = Done
		if err != nil {
			s.State, s.Reason = stateOf(err), err.Error()
		}
		r.timings.Stages = append(r.timings.Stages, StageTiming{Name: name, Seconds: time.Since(start).Seconds()})
		_ = r.save()
	}
}

// stateOf is the state that an error brings.
func stateOf(err error) State {
	switch {
	case err == nil:
		return Done
	case errors.Is(err, ErrStopped):
		return Stopped
	}
	return Failed
}

// End is Finish with the state that an error, or none, brings.
func (r *Run) End(err error) error {
	if err == nil {
		return r.Finish(Done, "")
	}
	return r.Finish(stateOf(err), err.Error())
}

// Finish notes how the run ended and why, and saves the record.
func (r *Run) Finish(state State, reason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.State, r.record.Reason = state, reason
	r.timings.Ended = time.Now().UTC()
	if err := r.save(); err != nil {
		return fmt.Errorf("runs: finishing: %w", err)
	}
	return nil
}

// Close lets go of the folder. A run that was not finished stays Running on
// disk and is resumed by the next Open. Closing twice does nothing.
func (r *Run) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	var err error
	if r.journal != nil {
		err = r.journal.close()
	}
	if r.view {
		return err
	}
	return errors.Join(err, release(r.lock, filepath.Join(r.dir, LockFile)))
}

// Path is where the output of that name is or will be. Names are relative,
// with forward slashes, and stay inside the folder.
func (r *Run) Path(name string) string {
	return filepath.Join(r.dir, filepath.FromSlash(name))
}

// check refuses names that leave the folder or that the package keeps for
// itself.
func (r *Run) check(name string) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) || strings.HasPrefix(filepath.Base(name), tempPrefix) {
		return fmt.Errorf("runs: writing output: %q must be a relative name inside the run's folder", name)
	}
	if slices.Contains([]string{RecordFile, TimingsFile, JournalFile, LockFile, "."}, filepath.ToSlash(filepath.Clean(name))) {
		return fmt.Errorf("runs: writing output: %q is kept by the run itself, choose another name", name)
	}
	return nil
}

// writable refuses names that check refuses, and any in a View.
func (r *Run) writable(name string) error {
	if r.view {
		return fmt.Errorf("runs: writing output %q: the run was opened to be read", name)
	}
	return r.check(name)
}

// WriteFile writes an output whole or not at all (see Replace).
func (r *Run) WriteFile(name string, data []byte) error {
	if err := r.writable(name); err != nil {
		return err
	}
	return writeAll(r.Path(name), data)
}

// CreateFile is WriteFile for content that is written piece by piece.
func (r *Run) CreateFile(name string, write func(w io.Writer) error) error {
	if err := r.writable(name); err != nil {
		return err
	}
	return Replace(r.Path(name), write)
}

// AddOutput lists a file of the folder, with its hash, in the record. Only
// outputs whose bytes are the same in equal runs belong there: a report with
// measured times does not.
func (r *Run) AddOutput(name string) error {
	if err := r.check(name); err != nil {
		return err
	}
	in, err := HashFile(r.Path(name), name)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at, found := slices.BinarySearchFunc(r.record.Outputs, in.Name, func(o Input, name string) int { return strings.Compare(o.Name, name) })
	if found {
		r.record.Outputs[at] = in
	} else {
		r.record.Outputs = slices.Insert(r.record.Outputs, at, in)
	}
	if err := r.save(); err != nil {
		return fmt.Errorf("runs: listing output %q: %w", name, err)
	}
	return nil
}

// count notes a piece of work in the timings.
func (r *Run) count(reused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if reused {
		r.timings.Reused++
	} else {
		r.timings.Computed++
	}
}

// Once gives the result of a piece of work, doing it only if no run in this
// folder has finished it before. The kind names the sort of work ("trial"), the
// key is KeyOf everything the work depends on; the program's version is mixed
// in here. The result always went through JSON, so that a resumed run
// sees exactly what the first one saw; it must therefore be of exported fields
// without NaN or infinities. Work that fails is not stored. ctx is asked before
// the work begins.
//
// Two goroutines that ask for the same key at once may both do the work.
func Once[T any](ctx context.Context, r *Run, kind, key string, work func() (T, error)) (result T, reused bool, err error) {
	key = KeyOf(r.record.Version, key)
	raw, ok, err := r.journal.raw(entryID{kind, key})
	if err != nil {
		return result, false, err
	}
	if ok {
		if err := json.Unmarshal(raw, &result); err == nil {
			r.count(true)
			return result, true, nil
		}
		// The type changed without a new version: do the work again.
		var zero T
		result = zero
	}
	if err := r.mayWork(ctx, kind); err != nil {
		return result, false, err
	}
	fresh, err := work()
	if err != nil {
		return result, false, err
	}
	if raw, err = json.Marshal(fresh); err != nil {
		return result, false, fmt.Errorf("runs: keeping the result of %s: it cannot be stored as JSON: %w", kind, err)
	}
	if err := r.journal.appendRaw(kind, key, raw); err != nil {
		return result, false, err
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return result, false, fmt.Errorf("runs: keeping the result of %s: it does not read back: %w", kind, err)
	}
	r.count(false)
	return result, false, nil
}

// OnceFile is Once for a result that is a file, such as a trained model. The
// journal holds its hash; a file that is missing or was changed is made again.
func OnceFile(ctx context.Context, r *Run, name, key string, work func() ([]byte, error)) (data []byte, reused bool, err error) {
	if err := r.check(name); err != nil {
		return nil, false, err
	}
	const kind = "file"
	key = KeyOf(r.record.Version, name, key)
	var want Input
	if ok, err := r.journal.Get(kind, key, &want); ok && err == nil {
		if data, err := os.ReadFile(r.Path(name)); err == nil && HashBytes(data, name) == want {
			r.count(true)
			return data, true, nil
		}
	}
	if err := r.mayWork(ctx, name); err != nil {
		return nil, false, err
	}
	if data, err = work(); err != nil {
		return nil, false, err
	}
	if err := r.WriteFile(name, data); err != nil {
		return nil, false, err
	}
	// Only now, so that an entry never names a file that is not there.
	if err := r.journal.Append(kind, key, HashBytes(data, name)); err != nil {
		return nil, false, err
	}
	r.count(false)
	return data, false, nil
}

// mayWork says why a piece of work that is not there must not be done.
func (r *Run) mayWork(ctx context.Context, what string) error {
	if r.view {
		return fmt.Errorf("runs: reading %q: %w", what, ErrNotDone)
	}
	return ctx.Err()
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
