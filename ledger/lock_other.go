//go:build !unix

package ledger

import (
	"os"
	"path/filepath"
)

// lockDir takes the folder's writer lock. Removing an open file fails on these
// systems, so a lock that can be removed was left by a process that is gone.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, "LOCK")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, ErrLocked
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, ErrLocked
	}
	return f, nil
}
