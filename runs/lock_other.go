//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package runs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// acquire takes the lock of a folder where the system has no flock: the lock
// is the existence of the file, so that after a kill the user must remove it.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		holder, _ := os.ReadFile(path) // only for the message
		return nil, fmt.Errorf("%w (process %s; if it no longer runs, remove %q)", ErrBusy, orUnknown(strings.TrimSpace(string(holder))), path)
	}
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	return f, err
}

func release(f *os.File, path string) error { return errors.Join(f.Close(), os.Remove(path)) }

// syncDir does nothing: renames need no second sync here.
func syncDir(string) error { return nil }
