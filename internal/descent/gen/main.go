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

const (
	// together is how many trees are walked in step, kept of them with their places
	// in registers and the others in memory.
	together, kept = 16, 8
)

// walk writes the descent of one row through some trees at a time. The carry of
// the comparison is the child's place in its pair, so that there is no branch but
// the one that ends the group.
func walk() {
	TEXT("walkGroups", NOSPLIT, "func(words, row *uint64, roots *uint32, groups int, values *uint64)")
	Pragma("noescape")
	Doc("walkGroups leads a row through groups of trees and writes their values.")
	words, row, values := Load(Param("words"), GP64()), Load(Param("row"), GP64()), Load(Param("values"), GP64())
	place := func(i int) Mem { return Mem{Base: values, Disp: 8 * i} }
	var at [kept]reg.GPVirtual
	for i := range at {
		at[i] = GP64()
	}
	any, slot, next := GP32(), GP64(), GP64()
	fetch := func(i int) reg.GPVirtual { // the place of tree i in a register
		if i < kept {
			return at[i]
		}
		MOVQ(place(i), slot)
		return slot
	}
	Label("group")
	roots := next
	Load(Param("roots"), roots)
	for i, p := range at {
		MOVL(Mem{Base: roots, Disp: 4 * i}, p.As32())
	}
	for i := kept; i < together; i++ {
		MOVL(Mem{Base: roots, Disp: 4 * i}, slot.As32())
		MOVQ(slot, place(i))
	}
	Label("level")
	XORL(any, any)
	for i := range together {
		p := fetch(i)
		MOVQ(Mem{Base: words, Index: p, Scale: 8, Disp: 16}, next)
		threshold := GP64()
		MOVQ(Mem{Base: words, Index: p, Scale: 8}, threshold)
		MOVL(next.As32(), slot.As32())
		ORL(slot.As32(), any)
		SHRQ(U8(32), next)
		CMPQ(threshold, Mem{Base: row, Index: slot, Scale: 8})
		ADCQ(U8(0), next)
		if i < kept {
			MOVQ(next, p)
		} else {
			MOVQ(next, place(i))
		}
	}
	TESTL(any, any)
	JNZ(LabelRef("level"))
	for i := range together {
		p := fetch(i)
		MOVQ(Mem{Base: words, Index: p, Scale: 8}, p)
		MOVQ(p, place(i))
	}
	ADDQ(U8(8*together), values)
	ADDQ(U8(4*together), NewParamAddr("roots", 16))
	DECQ(NewParamAddr("groups", 24))
	JNZ(LabelRef("group"))
	RET()
}
