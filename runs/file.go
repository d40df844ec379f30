package runs

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Replace writes a file so that a reader sees either the old content or the
// new one, never a part, even when the process is killed or the machine stops:
// it writes a temporary file beside the target, syncs it, renames it over the
// target and syncs the folder. Missing folders are made. When write returns an
// error the target is untouched and the error is returned wrapped.
func Replace(path string, write func(w io.Writer) error) (err error) {
	fail := func(err error) error { return fmt.Errorf("runs: writing %q: %w", filepath.Base(path), err) }
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			// The first error is the one to tell; what is left is rubbish
			// that the next Open sweeps away.
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fail(err)
		}
	}()
	buf := bufio.NewWriterSize(f, 64<<10)
	if err := write(buf); err != nil {
		return err
	}
	if err := buf.Flush(); err != nil {
		return err
	}
	// CreateTemp makes files that only their owner can read; outputs are for
	// sharing.
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// tempPrefix marks files that Replace had not finished when it was killed.
const tempPrefix = ".bespoke-part-"

// sweep removes what killed processes left half-written in a folder that is
// locked by this process.
func sweep(dir string) error {
	return filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.Type().IsRegular() && len(e.Name()) > len(tempPrefix) && e.Name()[:len(tempPrefix)] == tempPrefix {
			return os.Remove(path)
		}
		return nil
	})
}
