//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package spill

import "os"

func allocate(f *os.File, bytes int64) error { return fill(f, bytes) }
