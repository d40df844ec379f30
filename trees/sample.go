package trees

import (
	"math"
	"math/rand/v2"
)

// What a stream of random numbers is for; it is the second half of its seed.
// Rounds and trees are added to the ones that are drawn anew.
const (
	seedEdges    = 1
	seedRows     = 1 << 32
	seedFeatures = 2 << 32
)

// draw chooses k of the numbers 0 to n-1, each set with the same chance, and
// calls in for those chosen and out, when not nil, for the others, in rising
// order (selection sampling).
func draw(r *rand.Rand, n, k int, in, out func(i int)) {
	for i := range n {
		if r.Float64()*float64(n-i) < float64(k) {
			in(i)
			k--
		} else if out != nil {
			out(i)
		}
	}
}

// drawRows chooses the bag of a round.
func (b *booster) drawRows(round int) {
	if b.s.baggingFreq == 0 || b.s.bagging == 1 || round%b.s.baggingFreq != 0 {
		return
	}
	n := b.in.X.Rows
	k := max(1, int(b.s.bagging*float64(n)))
	b.bag = b.bag[:0]
	if b.out == nil {
		b.out = make([]int32, 0, n)
	}
	b.out = b.out[:0]
	draw(rand.New(rand.NewPCG(b.in.Seed, seedRows+uint64(round))), n, k,
		func(i int) { b.bag = append(b.bag, int32(i)) },
		func(i int) { b.out = append(b.out, int32(i)) })
}

// drawColumns chooses the columns of a tree.
func (b *booster) drawColumns(tree int) {
	n := len(b.grow.use)
	k := n
	if b.s.featureFraction < 1 {
		k = min(n, max(1, int(math.Round(b.s.featureFraction*float64(n)))))
	}
	if k == n {
		for i := range b.grow.use {
			b.grow.use[i] = true
		}
		return
	}
	draw(rand.New(rand.NewPCG(b.in.Seed, seedFeatures+uint64(tree))), n, k,
		func(i int) { b.grow.use[i] = true },
		func(i int) { b.grow.use[i] = false })
}
