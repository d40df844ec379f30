package runs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNotDone is the error of Once and OnceFile in a View for work that no run
// in the folder has finished.
var ErrNotDone = errors.New("no run in this folder has done it")

// View opens the run in a folder to read what it has finished. Once and
// OnceFile then give finished work and ErrNotDone for any other; nothing is
// written and nothing locked, so that a run that goes on there is not
// disturbed. A folder without a run gives an error that matches fs.ErrNotExist.
func View(dir string) (*Run, error) {
	fail := func(err error) error { return fmt.Errorf("runs: viewing %q: %w", dir, err) }
	record, timings, err := Read(dir)
	if err != nil {
		return nil, fail(err)
	}
	r := &Run{dir: dir, record: record, timings: timings, view: true}
	if r.journal, err = viewJournal(filepath.Join(dir, JournalFile)); err != nil {
		return nil, fail(err)
	}
	return r, nil
}

// viewJournal opens the journal at path to read it; a torn tail stays, since
// another process may be writing it.
func viewJournal(path string) (*Journal, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("runs: opening journal: %w", err)
	}
	j := &Journal{file: f, index: make(map[entryID]span), limit: maxLine}
	j.end, err = scan(f, func(at span, e entry, whole bool) {
		if whole {
			j.put(entryID{e.Kind, e.Key}, at)
		}
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("runs: opening journal: %w", err), f.Close())
	}
	return j, nil
}
