package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	// vector is how many bytes a register has.
	vector = 64
	// greater is the predicate of VCMPPD that is false for NaN, above that of
	// VPCMPUB.
	greater, above = 0x1e, 6
)

// rank writes the kernel that turns the numbers of a row into ranks: how many
// thresholds each is above of. It counts among the last of each sixteen, which
// says among which sixteen to count then.
func rank() {
	begin("rankRow", "writes the ranks of the numbers of a row.",
		"func(numbers *uint32, count int, edges *float64, row *float64, ranks *byte)")
	n, count := Load(Param("numbers"), GP64()), Load(Param("count"), GP64())
	edges, row, ranks := Load(Param("edges"), GP64()), Load(Param("row"), GP64()), Load(Param("ranks"), GP64())
	at, p, rank, more := GP64(), GP64(), GP64(), GP64()
	x := ZMM()
	low, high := K(), K()
	tally := func(into reg.GPVirtual) {
		VCMPPD(U8(greater), Mem{Base: p}, x, low)
		VCMPPD(U8(greater), Mem{Base: p, Disp: vector}, x, high)
		KUNPCKBW(low, high, low)
		KMOVW(low, into.As32())
		POPCNTL(into.As32(), into.As32())
	}
	Label("number")
	MOVL(Mem{Base: n}, at.As32())
	VBROADCASTSD(Mem{Base: row, Index: at, Scale: 8}, x)
	MOVL(Mem{Base: n, Disp: 4}, p.As32())
	LEAQ(Mem{Base: edges, Index: p, Scale: 8}, p)
	XORL(rank.As32(), rank.As32())
	CMPL(Mem{Base: n, Disp: 12}, U8(0))
	JEQ(LabelRef("last"))
	tally(rank)
	SHLL(U8(4), rank.As32())
	LEAQ(Mem{Base: p, Index: rank, Scale: 8, Disp: 2 * vector}, p)
	Label("last")
	tally(more)
	ADDL(more.As32(), rank.As32())
	keep(n, ranks, rank, x.AsX(), at, more)
	ADDQ(U8(16), n)
	DECQ(count)
	JNZ(LabelRef("number"))
	VZEROUPPER()
	RET()
}

// test writes the kernel that makes 64 tests per step. Seven bits of a slot are
// enough for a permutation of two registers; the eighth says of which two. With
// sets, the bytes found are tested for bits too.
func test(name string, wide, sets bool) {
	begin(name, "makes the tests of some steps and writes a word of outcomes for each.",
		"func(tests *byte, steps int, ranks *byte, right *uint64)")
	tests, steps := Load(Param("tests"), GP64()), Load(Param("steps"), GP64())
	ranks, right := Load(Param("ranks"), GP64()), Load(Param("right"), GP64())
	var tables [4]reg.VecVirtual
	for i := range tables {
		if i < 2 || wide {
			tables[i] = ZMM()
			VMOVDQU64(Mem{Base: ranks, Disp: vector * i}, tables[i])
		}
	}
	found, others := ZMM(), ZMM()
	out, more := K(), K()
	bytes := 2 * vector
	Label("step")
	VMOVDQU64(Mem{Base: tests}, found)
	if wide {
		VPMOVB2M(found, more)
		VMOVDQA64(found, others)
		VPERMI2B(tables[3], tables[2], others)
	}
	VPERMI2B(tables[1], tables[0], found)
	if wide {
		VPBLENDMB(others, found, more, found)
	}
	VPCMPUB(U8(above), Mem{Base: tests, Disp: vector}, found, out)
	if sets {
		VPTESTMB(Mem{Base: tests, Disp: bytes}, found, more)
		KORQ(more, out, out)
		bytes += vector
	}
	KMOVQ(out, Mem{Base: right})
	ADDQ(U8(8), right)
	ADDQ(U32(bytes), tests)
	DECQ(steps)
	JNZ(LabelRef("step"))
	VZEROUPPER()
	RET()
}

// join writes the kernel that adds the outcomes of the tests on categories, eight
// steps at a time.
func join() {
	begin("join", "adds the outcomes of tests on categories, eight words at a time.",
		"func(right *uint64, eights int, outcomes *uint64, starts *uint32, features int)")
	right, eights := Load(Param("right"), GP64()), Load(Param("eights"), GP64())
	outcomes, starts, features := Load(Param("outcomes"), GP64()), Load(Param("starts"), GP64()), Load(Param("features"), GP64())
	i, at := GP64(), GP64()
	all := ZMM()
	Label("eight")
	VMOVDQU64(Mem{Base: right}, all)
	XORL(i.As32(), i.As32())
	Label("feature")
	MOVL(Mem{Base: starts, Index: i, Scale: 4}, at.As32())
	VPORQ(Mem{Base: outcomes, Index: at, Scale: 8}, all, all)
	INCQ(i)
	CMPQ(i, features)
	JNE(LabelRef("feature"))
	VMOVDQU64(all, Mem{Base: right})
	ADDQ(U8(vector), right)
	ADDQ(U8(vector), outcomes)
	DECQ(eights)
	JNZ(LabelRef("eight"))
	VZEROUPPER()
	RET()
}

// leaves writes the kernel that strikes out leaves and finds the first that is
// left: the lowest bit.
func leaves(name, width string, deep bool) {
	begin(name, "strikes out leaves, with masks of "+width+" bits, and finds the first that is left in each tree.",
		"func(masks *uint32, steps int, right *uint64, bases *uint32, places *uint32)")
	masks, steps := Load(Param("masks"), GP64()), Load(Param("steps"), GP64())
	right, bases, places := Load(Param("right"), GP64()), Load(Param("bases"), GP64()), Load(Param("places"), GP64())
	left := make([]reg.VecVirtual, 4)
	lanes := 16
	if deep {
		left, lanes = make([]reg.VecVirtual, 8), 8
	}
	for i := range left {
		left[i] = ZMM()
		VPTERNLOGD(U8(0xff), left[i], left[i], left[i])
	}
	TESTQ(steps, steps)
	JEQ(LabelRef("found"))
	Label("step")
	for i, l := range left {
		k, mask := K(), Mem{Base: masks, Disp: vector * i}
		outcome := Mem{Base: right, Disp: lanes / 8 * i}
		if deep {
			KMOVB(outcome, k)
			VPANDQ(mask, l, k, l)
		} else {
			KMOVW(outcome, k)
			VPANDD(mask, l, k, l)
		}
	}
	ADDQ(U8(8), right)
	ADDQ(U32(vector*len(left)), masks)
	DECQ(steps)
	JNZ(LabelRef("step"))
	Label("found")
	zero, one := ZMM(), ZMM()
	VPXORQ(zero, zero, zero)
	for i, l := range left {
		if deep {
			VPSUBQ(l, zero, one)
			VPANDQ(l, one, one)
			VPLZCNTQ(one, one)
			VPMOVQD(one, one.AsY())
			y := YMM()
			VMOVDQU(Mem{Base: bases, Disp: 4 * lanes * i}, y)
			VPSUBD(one.AsY(), y, y)
			VMOVDQU(y, Mem{Base: places, Disp: 4 * lanes * i})
			continue
		}
		VPSUBD(l, zero, one)
		VPANDD(l, one, one)
		VPLZCNTD(one, one)
		z := ZMM()
		VMOVDQU32(Mem{Base: bases, Disp: 4 * lanes * i}, z)
		VPSUBD(one, z, z)
		VMOVDQU32(z, Mem{Base: places, Disp: 4 * lanes * i})
	}
	VZEROUPPER()
	RET()
}
