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
	walk("walkNumbers", false)
	walk("walkSets", true)
	rank()
	test("test", false, false)
	test("testSets", false, true)
	test("testWide", true, false)
	test("testWideSets", true, true)
	join()
	leaves("leaves32", "32", false)
	leaves("leaves64", "64", true)
	rankNarrow()
	testNarrow("testNarrow", false)
	testNarrow("testNarrowSets", true)
	leavesNarrow()
	Generate()
}

const (
	// together is how many trees are walked in step, kept of them with their places
	// in registers and the others in memory.
	together, kept = 16, 8
)

// begin starts a function that keeps no pointer.
func begin(name, doc, signature string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + " " + doc)
}

// walk writes the descent of one row through some trees at a time. The carry of
// the comparison is the child's place in its pair, so that there is no branch but
// the one that ends the group. With sets a second test is made on the second word
// of the slot, and one of the two words is 0.
func walk(name string, sets bool) {
	begin(name, "leads a row through groups of trees and writes where their leaves are.",
		"func(words, row *uint64, roots *uint32, groups int, places *uint32)")
	words, row, places := Load(Param("words"), GP64()), Load(Param("row"), GP64()), Load(Param("places"), GP64())
	place := func(i int) Mem { return Mem{Base: places, Disp: 4 * i} }
	var at [kept]reg.GPVirtual
	for i := range at {
		at[i] = GP64()
	}
	any, slot, next := GP32(), GP64(), GP64()
	fetch := func(i int) reg.GPVirtual { // the place of tree i in a register
		if i < kept {
			return at[i]
		}
		MOVL(place(i), slot.As32())
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
		MOVL(slot.As32(), place(i))
	}
	Label("level")
	XORL(any, any)
	for i := range together {
		p, test := fetch(i), GP64()
		MOVQ(Mem{Base: words, Index: p, Scale: 8, Disp: 16}, next)
		MOVQ(Mem{Base: words, Index: p, Scale: 8}, test)
		MOVL(next.As32(), slot.As32())
		ORL(slot.As32(), any)
		SHRQ(U8(32), next)
		decide(test, Mem{Base: row, Index: slot, Scale: 8}, next, sets)
		if i < kept {
			MOVQ(next, p)
		} else {
			MOVL(next.As32(), place(i))
		}
	}
	TESTL(any, any)
	JNZ(LabelRef("level"))
	for i, p := range at {
		MOVL(p.As32(), place(i))
	}
	ADDQ(U8(4*together), places)
	ADDQ(U8(4*together), NewParamAddr("roots", 16))
	DECQ(NewParamAddr("groups", 24))
	JNZ(LabelRef("group"))
	RET()
}

// decide adds 1 to next for a test that leads right.
func decide(test reg.GPVirtual, row Mem, next reg.GPVirtual, sets bool) {
	CMPQ(test, row)
	ADCQ(U8(0), next)
	if sets {
		ANDQ(row.Offset(8), test)
		NEGQ(test)
		ADCQ(U8(0), next)
	}
}
