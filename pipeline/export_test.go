package pipeline

import "math"

// KeepAllOnDisk makes runs with limits.memory keep any columns on disk, until end
// is called.
func KeepAllOnDisk() (end func()) {
	before := inMemory
	inMemory = math.MaxInt64
	return func() { inMemory = before }
}
