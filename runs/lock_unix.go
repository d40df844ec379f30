//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package runs

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// acquire takes the lock of a folder, or says who has it. The lock belongs to
// the open file: the kernel drops it when the process ends however it ends, so
// that a lock file without a holder is never stale.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := os.ReadFile(path) // only for the message
		return nil, errors.Join(fmt.Errorf("%w (process %s)", ErrBusy, orUnknown(strings.TrimSpace(string(holder)))), f.Close())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// release lets go of the lock. The file stays: removing it would let two
// processes lock two files of the same name.
func release(f *os.File, _ string) error { return f.Close() }

func writePID(f *os.File) error {
	_, err := fmt.Fprintf(f, "%d\n", os.Getpid())
	return err
}

// syncDir makes a rename in the folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
