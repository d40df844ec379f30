// Command gen writes the assembly of package descent with avo. It is a module of
// its own, so that avo is no dependency of the product:
//
//	go generate ./internal/descent
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	walk()
	Generate()
}

// walk writes the descent of one row through eight trees at a time. The carry of
// the comparison is the child's place in its pair, so that there is no branch but
// the one that ends the group.
func walk() {
	TEXT("walkEight", NOSPLIT, "func(words, row *uint64, roots *uint32, groups int, values *uint64)")
	Pragma("noescape")
	Doc("walkEight leads a row through groups of eight trees and writes their values.")
	words, row := Load(Param("words"), GP64()), Load(Param("row"), GP64())
	var at [8]reg.GPVirtual
	for i := range at {
		at[i] = GP64()
	}
	roots := GP64()
	Label("group")
	Load(Param("roots"), roots)
	for i := range at {
		MOVL(Mem{Base: roots, Disp: 4 * i}, at[i].As32())
	}
	Label("level")
	any, slot, next := GP32(), GP64(), GP64()
	XORL(any, any)
	for i := range at {
		p := at[i]
		MOVQ(Mem{Base: words, Index: p, Scale: 8, Disp: 16}, next)
		MOVQ(Mem{Base: words, Index: p, Scale: 8}, p)
		MOVL(next.As32(), slot.As32())
		ORL(slot.As32(), any)
		SHRQ(U8(32), next)
		CMPQ(p, Mem{Base: row, Index: slot, Scale: 8})
		ADCQ(U8(0), next)
		MOVQ(next, p)
	}
	TESTL(any, any)
	JNZ(LabelRef("level"))
	values := GP64()
	Load(Param("values"), values)
	for i, p := range at {
		MOVQ(Mem{Base: words, Index: p, Scale: 8}, p)
		MOVQ(p, Mem{Base: values, Disp: 8 * i})
	}
	ADDQ(U8(64), NewParamAddr("values", 32))
	ADDQ(U8(32), NewParamAddr("roots", 16))
	DECQ(NewParamAddr("groups", 24))
	JNZ(LabelRef("group"))
	RET()
}
