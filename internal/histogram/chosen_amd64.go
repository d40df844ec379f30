package histogram

import "golang.org/x/sys/cpu"

var (
	// wide says that the processor has what the kernels of 512 bits need.
	wide = cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && cpu.X86.HasBMI2
	// narrow says that it has what those of 128 bits need.
	narrow = cpu.X86.HasAVX2
)

// addFast is Add in assembly; it returns false when there is none.
func addFast(hist []int64, span, lanes int, bins []uint32, rows []Entry) bool {
	h, b, r, n := &hist[0], &bins[0], &rows[0].G, len(rows)
	span *= 16
	switch {
	case wide && lanes == 4:
		add4Fields(h, span, b, r, n)
	case wide && lanes == 3:
		add3Fields(h, span, b, r, n)
	case wide && lanes == 2:
		add2Fields(h, span, b, r, n)
	case !narrow:
		return false
	case lanes == 4:
		add4(h, span, b, r, n)
	case lanes == 3:
		add3(h, span, b, r, n)
	case lanes == 2:
		add2(h, span, b, r, n)
	case lanes == 1:
		add1(h, span, b, r, n)
	}
	return true
}

// Prefetch asks for the shares (two words each) and bins (width for each row)
// of some rows, so that they are near when they are read.
func Prefetch(rows []int32, shares []int64, bins []uint32, width int) {
	if narrow && len(rows) > 0 {
		prefetchRows(&rows[0], len(rows), &shares[0], &bins[0], 4*width)
	}
}
