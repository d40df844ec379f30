//go:build !amd64

package descent

const hasWide, hasNarrow = false, false

func (w *ways) walk(row []uint64, roots []uint32, places *[most]uint32) {
	w.walkPlain(row, roots, places)
}

// Without kernels there are no bits, and none of these is called.

func rankRow(*uint32, int, *float64, *float64, *byte) {}

func rankRowNarrow(*uint32, int, *float64, *float64, *byte) {}

func test(*byte, int, *byte, *uint64) {}

func testSets(*byte, int, *byte, *uint64) {}

func testWide(*byte, int, *byte, *uint64) {}

func testWideSets(*byte, int, *byte, *uint64) {}

func testNarrow(*byte, int, *byte, *uint64) {}

func testNarrowSets(*byte, int, *byte, *uint64) {}

func join(*uint64, int, *uint64, *uint32, int) {}

func leaves32(*uint32, int, *uint64, *uint32, *uint32) {}

func leaves64(*uint32, int, *uint64, *uint32, *uint32) {}

func leavesNarrow(*uint32, int, *uint64, *uint32, *uint32) {}
