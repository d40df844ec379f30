//go:build !amd64

package histogram

const wide = false

func addFast([]int64, int, int, []uint32, []Entry) bool { return false }

// Prefetch does nothing on this processor.
func Prefetch([]int32, []int64, []uint32, int) {}

func subtractWide(_, _ *int64, _ int) {}

func mergeWide(_, _ *int64, _ int) {}

func walkUp(*int64, int, *int64, *float64) {}

func walkDown(*int64, int, *int64, *float64) {}
