//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package spill

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// possible says whether files can be mapped.
const possible = true

// mapFile maps a new file without a name. All its space is taken at once: a
// page that finds no space later would end the process.
func mapFile(folder string, bytes int64) ([]byte, error) {
	f, err := os.CreateTemp(folder, "column-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // the map keeps the file
	if err := os.Remove(f.Name()); err != nil {
		return nil, err
	}
	if err := allocate(f, bytes); err != nil {
		return nil, err
	}
	return unix.Mmap(int(f.Fd()), 0, int(bytes), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

// fill takes the space by writing zeros.
func fill(f *os.File, bytes int64) error {
	zeros := make([]byte, min(bytes, 1<<20))
	for bytes > 0 {
		n, err := f.Write(zeros[:min(bytes, int64(len(zeros)))])
		if err != nil {
			return err
		}
		bytes -= int64(n)
	}
	return nil
}

func unmap(b []byte) error { return unix.Munmap(b) }

// putAway drops the pages from the process. They are the file's: changed ones
// are written by the system, and nothing is lost.
func putAway(b []byte) {
	_ = unix.Madvise(b, unix.MADV_DONTNEED) // only advice
}

// residentFiles is how many bytes of mapped files are in the process's memory;
// false where the system does not say.
func residentFiles() (int64, bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(text))
	if len(fields) < 3 {
		return 0, false
	}
	pages, err := strconv.ParseInt(fields[2], 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}
