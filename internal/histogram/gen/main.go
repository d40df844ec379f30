// Command gen writes the assembly of package histogram with avo. It is a module
// of its own, so that avo is no dependency of the product:
//
//	go generate ./internal/histogram
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	for lanes := 1; lanes <= 4; lanes++ {
		add(lanes, false)
		add(lanes, true)
	}
	prefetch()
	arithmetic("subtractWide", "subtractWide is Subtract.", func(a, b, out reg.VecVirtual) { VPSUBQ(b, a, out) })
	arithmetic("mergeWide", "mergeWide is Merge.", func(a, b, out reg.VecVirtual) { VPADDQ(b, a, out) })
	walk(false)
	walk(true)
	Generate()
}

// add writes the kernel that adds rows to the histograms of some columns. The
// byte offset of a cell is sixteen times its bin. With fields, PDEP makes the
// offsets of all four columns at once; it is fast wherever there is AVX-512.
func add(lanes int, fields bool) {
	name := "add" + string(rune('0'+lanes))
	if fields {
		name += "Fields"
	}
	TEXT(name, NOSPLIT, "func(hist *int64, span int, bins *uint32, rows *int64, n int)")
	Pragma("noescape")
	Doc(name + " adds n rows to the histograms of a quad's first columns, span bytes apart.")
	hist := [4]reg.GPVirtual{Load(Param("hist"), GP64()).(reg.GPVirtual)}
	span := Load(Param("span"), GP64())
	bins, rows := Load(Param("bins"), GP64()), Load(Param("rows"), GP64())
	n := Load(Param("n"), GP64())
	for i := 1; i < lanes; i++ {
		hist[i] = GP64()
		MOVQ(hist[i-1], hist[i])
		ADDQ(span, hist[i])
	}
	mask := GP64()
	if fields {
		MOVQ(U64(0x0ff00ff00ff00ff0), mask)
	}
	Label("loop")
	at, b, share := GP64(), GP64(), XMM()
	MOVQ(Mem{Base: rows, Disp: 16}, at)
	VMOVDQU(Mem{Base: rows}, share)
	MOVL(Mem{Base: bins, Index: at, Scale: 4}, b.As32())
	if fields {
		PDEPQ(mask, b, b)
	}
	for i := range lanes {
		cell := GP64()
		if fields {
			field(cell, b, i, lanes)
		} else {
			MOVBLZX(b.As8(), cell.As32())
			SHLL(U8(4), cell.As32())
			if i < lanes-1 {
				SHRL(U8(8), b.As32())
			}
		}
		sum, to := XMM(), Mem{Base: hist[i], Index: cell, Scale: 1}
		VPADDQ(to, share, sum)
		VMOVDQU(sum, to)
	}
	ADDQ(U8(24), rows)
	DECQ(n)
	JNZ(LabelRef("loop"))
	RET()
}

// field takes the next 16 bits of b.
func field(cell, b reg.GPVirtual, i, lanes int) {
	MOVWLZX(b.As16(), cell.As32())
	if i < lanes-1 {
		SHRQ(U8(16), b)
	}
}

// prefetch asks for the lines that some rows will need, into the second cache.
func prefetch() {
	TEXT("prefetchRows", NOSPLIT, "func(rows *int32, n int, shares *int64, bins *uint32, width int)")
	Pragma("noescape")
	Doc("prefetchRows asks for the shares and bins of n rows, width bytes of bins per row.")
	rows, n := Load(Param("rows"), GP64()), Load(Param("n"), GP64())
	shares, bins, width := Load(Param("shares"), GP64()), Load(Param("bins"), GP64()), Load(Param("width"), GP64())
	Label("loop")
	r, at := GP64(), GP64()
	MOVLQSX(Mem{Base: rows}, r)
	MOVQ(r, at)
	IMULQ(width, at)
	SHLQ(U8(4), r)
	PREFETCHT1(Mem{Base: shares, Index: r, Scale: 1})
	PREFETCHT1(Mem{Base: bins, Index: at, Scale: 1})
	ADDQ(U8(4), rows)
	DECQ(n)
	JNZ(LabelRef("loop"))
	RET()
}

// arithmetic writes a loop over words, n of them, an even number.
func arithmetic(name, doc string, do func(a, b, out reg.VecVirtual)) {
	TEXT(name, NOSPLIT, "func(into, part *int64, n int)")
	Pragma("noescape")
	Doc(doc)
	into, part := Load(Param("into"), GP64()), Load(Param("part"), GP64())
	n := Load(Param("n"), GP64())
	for _, step := range []struct {
		words int
		vec   func() reg.VecVirtual
		load  func(Op, Op)
	}{
		{8, ZMM, func(a, b Op) { VMOVDQU64(a, b) }},
		{2, XMM, func(a, b Op) { VMOVDQU(a, b) }},
	} {
		loop, end := "loop"+string(rune('0'+step.words)), "end"+string(rune('0'+step.words))
		Label(loop)
		CMPQ(n, U8(step.words))
		JLT(LabelRef(end))
		a, b := step.vec(), step.vec()
		step.load(Mem{Base: into}, a)
		step.load(Mem{Base: part}, b)
		do(a, b, a)
		step.load(a, Mem{Base: into})
		ADDQ(U8(8*step.words), into)
		ADDQ(U8(8*step.words), part)
		SUBQ(U8(step.words), n)
		JMP(LabelRef(loop))
		Label(end)
	}
	VZEROUPPER()
	RET()
}
