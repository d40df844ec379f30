//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package spill

import "errors"

// possible says whether files can be mapped.
const possible = false

func mapFile(string, int64) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmap([]byte) error { return nil }

func putAway([]byte) {}

func residentFiles() (int64, bool) { return 0, false }
