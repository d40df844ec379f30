package runs

import "runtime/debug"

// heapShare is which part of a limit on memory the Go heap may fill; the rest is
// for DuckDB, for stacks and for what the collector has not given back yet.
const heapShare = 0.85

// LimitMemory makes the garbage collector work harder rather than let the
// process grow beyond the bytes, and returns what ends that; with 0 nothing is
// limited. A limit that the environment variable GOMEMLIMIT has set below stays.
// What is in use is never refused: whether work fits is estimated before it
// begins.
func LimitMemory(bytes int64) (end func()) {
	before := debug.SetMemoryLimit(-1)
	limit := int64(heapShare * float64(bytes))
	if bytes <= 0 || limit >= before {
		return func() {}
	}
	debug.SetMemoryLimit(limit)
	return func() { debug.SetMemoryLimit(before) }
}
