package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// half is how many bytes a register of AVX2 has.
const half = 32

// every writes a register of which all bytes, or all words of 32 bits, are the
// same.
func every(x uint32) reg.VecVirtual {
	r, v := GP32(), YMM()
	MOVL(U32(x), r)
	VMOVD(r, v.AsX())
	VPBROADCASTD(v.AsX(), v)
	return v
}

// rankNarrow is rank with AVX2. The sum of four comparisons, each 0 or -1 in four
// lanes, counts sixteen.
func rankNarrow() {
	begin("rankRowNarrow", "is rankRow with AVX2.",
		"func(numbers *uint32, count int, edges *float64, row *float64, ranks *byte)")
	n, count := Load(Param("numbers"), GP64()), Load(Param("count"), GP64())
	edges, row, ranks := Load(Param("edges"), GP64()), Load(Param("row"), GP64()), Load(Param("ranks"), GP64())
	at, p, rank, more := GP64(), GP64(), GP64(), GP64()
	x, sum, one := YMM(), YMM(), YMM()
	tally := func(into reg.GPVirtual) {
		VCMPPD(U8(greater), Mem{Base: p}, x, sum)
		for i := 1; i < 4; i++ {
			VCMPPD(U8(greater), Mem{Base: p, Disp: half * i}, x, one)
			VPADDQ(one, sum, sum)
		}
		VEXTRACTI128(U8(1), sum, one.AsX())
		VPADDQ(one.AsX(), sum.AsX(), sum.AsX())
		VPSHUFD(U8(0xee), sum.AsX(), one.AsX())
		VPADDQ(one.AsX(), sum.AsX(), sum.AsX())
		VMOVQ(sum.AsX(), into)
		NEGQ(into)
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
	SHLQ(U8(4), rank)
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

// keep writes a rank to its two slots; NaN, for which nothing was counted, is
// above all in the second.
func keep(n, ranks reg.Register, rank reg.GPVirtual, x reg.Register, at, nan reg.GPVirtual) {
	MOVWLZX(Mem{Base: n, Disp: 8}, at.As32())
	MOVB(rank.As8(), Mem{Base: ranks, Index: at, Scale: 1})
	XORL(nan.As32(), nan.As32())
	VUCOMISD(x, x)
	SETPS(nan.As8())
	NEGL(nan.As32())
	ORL(nan.As32(), rank.As32())
	MOVWLZX(Mem{Base: n, Disp: 10}, at.As32())
	MOVB(rank.As8(), Mem{Base: ranks, Index: at, Scale: 1})
}

// testNarrow is test with AVX2. The permutation is eight shuffles of sixteen
// bytes; a shuffle gives 0 for an index of 128 and more, which saturation makes of
// all that are not in its sixteen.
func testNarrow(name string, sets bool) {
	begin(name, "makes the tests of some steps, with AVX2, and writes a word of outcomes for each.",
		"func(tests *byte, steps int, ranks *byte, right *uint64)")
	tests, steps := Load(Param("tests"), GP64()), Load(Param("steps"), GP64())
	ranks, right := Load(Param("ranks"), GP64()), Load(Param("right"), GP64())
	var tables [8]reg.VecVirtual
	for i := range tables {
		tables[i] = YMM()
		VBROADCASTI128(Mem{Base: ranks, Disp: 16 * i}, tables[i])
	}
	sixteen, limit := every(0x10101010), every(0x70707070)
	slot, index, found, more := YMM(), YMM(), YMM(), YMM()
	out := GP32()
	bytes := 2 * vector
	if sets {
		bytes += vector
	}
	Label("step")
	for side := range 2 {
		at := func(part int) Mem { return Mem{Base: tests, Disp: part*vector + side*half} }
		VMOVDQU(at(0), slot)
		for i, table := range tables {
			VPADDUSB(limit, slot, index)
			if i == 0 {
				VPSHUFB(index, table, found)
			} else {
				VPSHUFB(index, table, index)
				VPOR(index, found, found)
			}
			if i < len(tables)-1 {
				VPSUBB(sixteen, slot, slot)
			}
		}
		VPSUBUSB(at(1), found, index)
		if sets {
			VPAND(at(2), found, found)
			VPOR(found, index, index)
		}
		VPXOR(more, more, more)
		VPCMPEQB(more, index, index)
		VPMOVMSKB(index, out)
		NOTL(out)
		MOVL(out, Mem{Base: right, Disp: 4 * side})
	}
	ADDQ(U8(8), right)
	ADDQ(U32(bytes), tests)
	DECQ(steps)
	JNZ(LabelRef("step"))
	VZEROUPPER()
	RET()
}

// leavesNarrow is leaves with AVX2, for masks of 32 bits. The number of the lowest
// bit is the exponent of that bit as a float.
func leavesNarrow() {
	begin("leavesNarrow", "is leaves32 with AVX2.",
		"func(masks *uint32, steps int, right *uint64, bases *uint32, places *uint32)")
	masks, steps := Load(Param("masks"), GP64()), Load(Param("steps"), GP64())
	right, bases, places := Load(Param("right"), GP64()), Load(Param("bases"), GP64()), Load(Param("places"), GP64())
	var left [8]reg.VecVirtual
	for i := range left {
		left[i] = YMM()
		VPCMPEQD(left[i], left[i], left[i])
	}
	select8, zero, lane := YMM(), YMM(), YMM()
	one := GP64()
	MOVQ(U64(0x8040201008040201), one)
	VMOVQ(one, select8.AsX())
	VPMOVZXBD(select8.AsX(), select8)
	VPXOR(zero, zero, zero)
	TESTQ(steps, steps)
	JEQ(LabelRef("found"))
	Label("step")
	for i, l := range left {
		VPBROADCASTB(Mem{Base: right, Disp: i}, lane)
		VPAND(select8, lane, lane)
		VPCMPEQD(zero, lane, lane)
		VPOR(Mem{Base: masks, Disp: half * i}, lane, lane)
		VPAND(lane, l, l)
	}
	ADDQ(U8(8), right)
	ADDQ(U32(half*len(left)), masks)
	DECQ(steps)
	JNZ(LabelRef("step"))
	Label("found")
	bias := every(127 + 31)
	for i, l := range left {
		VPSUBD(l, zero, lane)
		VPAND(l, lane, lane)
		VCVTDQ2PS(lane, lane)
		VPSLLD(U8(1), lane, lane)
		VPSRLD(U8(24), lane, lane)
		VPADDD(Mem{Base: bases, Disp: half * i}, lane, lane)
		VPSUBD(bias, lane, lane)
		VMOVDQU(lane, Mem{Base: places, Disp: half * i})
	}
	VZEROUPPER()
	RET()
}
