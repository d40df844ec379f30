package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// walker holds the registers of a walk over bins, eight at a time.
type walker struct {
	down bool
	// of the loop
	values, n reg.GPVirtual
	first     reg.GPVirtual // 16 bits: which words of the block exist
	k         [2]reg.OpmaskVirtual
	// numbers of the search, in every lane
	minWeight, maxWeight, minHessian, maxHessian, mask reg.VecVirtual
	shift                                              reg.VecVirtual
	l2, totalG, totalH                                 reg.VecVirtual
	// how to get gradients and hessians out of two vectors of cells, and the
	// last lane into all
	toG, toH, last, zero reg.VecVirtual
	// what came before the block
	carryG, carryH, at reg.VecVirtual
	// the best of each lane
	best, bestAt, bestG, bestH reg.VecVirtual
	able                       reg.GPVirtual
}

// walk writes the search of the best threshold of a column, up or down the bins.
func walk(down bool) {
	name := "walkUp"
	if down {
		name = "walkDown"
	}
	TEXT(name, NOSPLIT, "func(values *int64, n int, q *int64, out *float64)")
	Pragma("noescape")
	Doc(name + " is Walk for n bins; out gets the best of each of eight lanes.")
	w := &walker{down: down}
	w.load()
	w.order()
	Label("block")
	w.masks()
	g, h := w.sums()
	w.judge(g, h)
	Label("next")
	eight := GP64()
	MOVQ(U64(8), eight)
	step := ZMM()
	VPBROADCASTQ(eight, step)
	VPADDQ(step, w.at, w.at)
	if !down {
		ADDQ(U8(128), w.values)
	} else {
		SUBQ(U8(128), w.values)
	}
	SUBQ(U8(8), w.n)
	JG(LabelRef("block"))
	Label("end")
	w.store()
	VZEROUPPER()
	RET()
}

// load reads the arguments.
func (w *walker) load() {
	w.values, w.n = Load(Param("values"), GP64()).(reg.GPVirtual), Load(Param("n"), GP64()).(reg.GPVirtual)
	q := Load(Param("q"), GP64())
	for i, to := range []*reg.VecVirtual{&w.minWeight, &w.maxWeight, &w.minHessian, &w.maxHessian, &w.mask, &w.shift, &w.l2, &w.totalG, &w.totalH} {
		*to = ZMM()
		VPBROADCASTQ(Mem{Base: q, Disp: 8 * i}, *to)
	}
	for _, to := range []*reg.VecVirtual{&w.zero, &w.carryG, &w.carryH, &w.best, &w.bestAt, &w.bestG, &w.bestH} {
		*to = ZMM()
		VPXORQ(*to, *to, *to)
	}
	w.able = GP64()
	XORQ(w.able, w.able)
	w.k = [2]reg.OpmaskVirtual{K(), K()}
}

// order sets the vectors that take cells apart: going down, the last cell is the
// first lane.
func (w *walker) order() {
	lanes := func(name string, f func(i int) int) reg.VecVirtual {
		if w.down {
			name += "Down"
		}
		data := GLOBL(name, RODATA|NOPTR)
		for i := range 8 {
			DATA(8*i, U64(f(i)))
		}
		v := ZMM()
		VMOVDQU64(data, v)
		return v
	}
	cell := func(i int) int {
		if w.down {
			return 7 - i
		}
		return i
	}
	w.toG = lanes("takeG", func(i int) int { return 2 * cell(i) })
	w.toH = lanes("takeH", func(i int) int { return 2*cell(i) + 1 })
	w.last = lanes("takeLast", func(int) int { return 7 })
	w.at = lanes("count", func(i int) int { return i })
	if w.down { // values is where the block begins
		SUBQ(U8(8), w.n)
		back := GP64()
		MOVQ(w.n, back)
		SHLQ(U8(4), back)
		ADDQ(back, w.values)
		ADDQ(U8(8), w.n)
	}
}

// masks says which words of the block are there.
func (w *walker) masks() {
	bits := GP64()
	MOVQ(U64(0xffff), bits)
	CMPQ(w.n, U8(8))
	JGE(LabelRef("whole"))
	count := GP64()
	MOVQ(U64(8), count)
	SUBQ(w.n, count)
	SHLQ(U8(1), count)
	if w.down {
		SHLXQ(count, bits, bits)
	} else {
		SHRXQ(count, bits, bits)
	}
	Label("whole")
	KMOVB(bits.As32(), w.k[0])
	SHRQ(U8(8), bits)
	KMOVB(bits.As32(), w.k[1])
}

// sums are the running sums of the block's cells with all before.
func (w *walker) sums() (g, h reg.VecVirtual) {
	a, b := ZMM(), ZMM()
	VMOVDQU64_Z(Mem{Base: w.values}, w.k[0], a)
	VMOVDQU64_Z(Mem{Base: w.values, Disp: 64}, w.k[1], b)
	g, h = ZMM(), ZMM()
	VMOVDQA64(w.toG, g)
	VMOVDQA64(w.toH, h)
	VPERMI2Q(b, a, g)
	VPERMI2Q(b, a, h)
	for _, v := range []reg.VecVirtual{g, h} {
		for _, by := range []int{1, 2, 4} {
			moved := ZMM()
			VALIGNQ(U8(8-by), w.zero, v, moved)
			VPADDQ(moved, v, v)
		}
	}
	VPADDQ(w.carryG, g, g)
	VPADDQ(w.carryH, h, h)
	VPERMQ(g, w.last, w.carryG)
	VPERMQ(h, w.last, w.carryH)
	return g, h
}

// judge scores the thresholds that leave enough on both sides and keeps the best
// of each lane.
func (w *walker) judge(g, h reg.VecVirtual) {
	weight, hessian := ZMM(), ZMM()
	VPANDQ(w.mask, h, weight)
	VPSRAVQ(w.shift, h, hessian)
	// Intel's numbers of the comparisons.
	const atLeast, atMost, greater = 5, 2, 30
	k := K()
	VPCMPQ(U8(atLeast), w.minWeight, weight, k)
	VPCMPQ(U8(atLeast), w.minHessian, hessian, k, k)
	VPCMPQ(U8(atMost), w.maxWeight, weight, k, k)
	VPCMPQ(U8(atMost), w.maxHessian, hessian, k, k)
	KORTESTB(k, k)
	JNZ(LabelRef("some"))
	// Sums only grow: when there were some before, there are none behind.
	TESTQ(w.able, w.able)
	JNZ(LabelRef("end"))
	JMP(LabelRef("next"))
	Label("some")
	MOVQ(U64(1), w.able)

	gd, rest, hd, other, d := ZMM(), ZMM(), ZMM(), ZMM(), ZMM()
	VCVTQQ2PD(hessian, hd)
	VCVTQQ2PD(g, gd)
	VADDPD(w.l2, hd, hd)
	VSUBPD(hd, w.totalH, other)
	VSUBPD(gd, w.totalG, rest)
	VMULPD(other, gd, d)
	VMULPD(hd, rest, rest)
	VSUBPD(rest, d, d)
	VMULPD(d, d, d)
	VMULPD(other, hd, other)
	VDIVPD(other, d, d)
	VCMPPD(U8(greater), w.best, d, k, k)
	VMOVDQA64(d, k, w.best)
	VMOVDQA64(w.at, k, w.bestAt)
	VMOVDQA64(g, k, w.bestG)
	VMOVDQA64(h, k, w.bestH)
}

// store writes what was found.
func (w *walker) store() {
	out := Load(Param("out"), GP64())
	for i, v := range []reg.VecVirtual{w.best, w.bestAt, w.bestG, w.bestH} {
		VMOVDQU64(v, Mem{Base: out, Disp: 64 * i})
	}
	MOVQ(w.able, Mem{Base: out, Disp: 256})
}
