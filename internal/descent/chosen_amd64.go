package descent

import "golang.org/x/sys/cpu"

var (
	// hasWide says that the processor has what the kernels of bits with registers
	// of 512 bits need.
	hasWide = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512CD &&
		cpu.X86.HasAVX512VBMI && cpu.X86.HasPOPCNT
	// hasNarrow says that it has what those with 256 bits need.
	hasNarrow = cpu.X86.HasAVX2
)

// walk finds the leaves of some trees, a multiple of together.
func (w *ways) walk(row []uint64, roots []uint32, places *[most]uint32) {
	if w.stride > 1 {
		walkSets(&w.words[0], &row[0], &roots[0], len(roots)/together, &places[0])
		return
	}
	walkNumbers(&w.words[0], &row[0], &roots[0], len(roots)/together, &places[0])
}
