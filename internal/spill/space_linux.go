package spill

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// allocate takes the space of a new file without writing it, where the file
// system can do that.
func allocate(f *os.File, bytes int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, 0, bytes)
	if unsupported(err) {
		return fill(f, bytes)
	}
	return err
}

// unsupported says whether the file system refuses a way of taking space.
func unsupported(err error) bool {
	return errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL)
}
