package additive

import (
	"context"
	"math"
	"math/rand/v2"

	"bespoke/model"
)

// cell holds the sums of gradients and hessians of the rows in one cell.
type cell struct{ g, h float64 }

// term is a curve or a grid to be boosted.
type term struct {
	// features are the one or two features of the term.
	features []int
	// cells is the length of its values: bins of the feature, or groups of the
	// first times groups of the second.
	cells int
	// rows is the number of groups of the first feature of a pair, 0 for one
	// feature.
	rows int
	// category says that the bins have no order.
	category bool
	// bins has the cell of every training row.
	bins []uint16
}

// booster boosts the terms of one stage, features or pairs, in one bag.
type booster struct {
	s    *settings
	task model.Task
	// k is the number of raw outputs and n that of rows.
	k, n   int
	absent []bool // classes without rows, which get no curves
	terms  []term
	y, w   []float64 // w is nil when all are 1
	score  []float64 // output after output
	// bins, weights, hist, delta and values have one element per term; the last
	// three are for output k at k*len(terms).
	bins    [][]uint16
	weights [][]float64
	hist    [][]cell
	delta   [][]float64
	values  [][]float64
	find    finder
	held    *held

	g, h, prob []float64 // of one tile
}

// blockReach is how far the steps of one block of terms may go together: terms
// of a block look at the same gradients, so that gradients, the dearest part of
// a step, are needed once per block.
const blockReach = 0.4

// mostBlock is the most terms of a block.
const mostBlock = 8

// checkEvery is after how many rounds the rows left out are looked at.
const checkEvery = 5

// newBooster takes the rows, all of the training rows, with the number of times
// each is in the bag. score has their raw scores before the stage.
func newBooster(s *settings, in model.Training, terms []term, times, score []float64, absent []bool, stream uint64) *booster {
	b := &booster{s: s, task: in.Task, k: len(score) / len(in.Y), absent: absent, terms: terms}
	rows := make([]int32, 0, len(in.Y))
	plain := in.Weights == nil
	for i := range in.Y {
		if times == nil || times[i] > 0 {
			rows = append(rows, int32(i))
			plain = plain && (times == nil || times[i] == 1)
		}
	}
	b.n = len(rows)
	b.y = take(in.Y, rows)
	if !plain {
		b.w = make([]float64, b.n)
		for i, r := range rows {
			b.w[i] = weightOf(in.Weights, int(r)) * weightOf(times, int(r))
		}
	}
	b.score = make([]float64, 0, b.k*b.n)
	for k := range b.k {
		b.score = append(b.score, take(score[k*len(in.Y):(k+1)*len(in.Y)], rows)...)
	}
	for _, t := range terms {
		bins := take(t.bins, rows)
		b.bins = append(b.bins, bins)
		b.weights = append(b.weights, weigh(bins, b.w, t.cells))
	}
	for range b.k {
		for _, t := range terms {
			b.hist = append(b.hist, make([]cell, t.cells))
			b.delta = append(b.delta, make([]float64, t.cells))
			b.values = append(b.values, make([]float64, t.cells))
		}
	}
	b.g, b.h, b.prob = make([]float64, tile), make([]float64, tile), make([]float64, tile*b.k)
	for i := range b.h {
		b.h[i] = 1
	}
	b.find = newFinder(s, terms, rand.New(rand.NewPCG(s.seed, stream)))
	return b
}

func take[T any](from []T, rows []int32) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = from[r]
	}
	return out
}

// boost takes the rounds and leaves the best values.
func (b *booster) boost(ctx context.Context) error {
	if b.n == 0 || len(b.terms) == 0 {
		return nil
	}
	size := max(1, min(mostBlock, int(blockReach/b.s.rate)))
	best := keeper{patience: b.s.patience}
	if b.held == nil {
		best.patience = 0
	}
	best.look(b, 0)
	pending := [2]int{}
	for round := range b.s.rounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		b.find.random = round < b.s.smoothing
		moved := false
		for lo := 0; lo < len(b.terms); lo += size {
			block := [2]int{lo, min(len(b.terms), lo+size)}
			b.pass(pending, block)
			moved = b.steps(block) || moved
			pending = block
		}
		if !moved && !b.find.random {
			break // the next round would find the same: nothing
		}
		if best.look(b, round+1) {
			break
		}
	}
	best.restore(b)
	return nil
}

// keeper keeps the values that were best on the rows left out.
type keeper struct {
	patience, round int
	loss            float64
	values          [][]float64
}

// look compares after a round and says whether it is time to stop.
func (p *keeper) look(b *booster, round int) bool {
	if p.patience == 0 || round%checkEvery != 0 {
		return false
	}
	loss := b.held.loss(b)
	if p.values == nil {
		for _, v := range b.values {
			p.values = append(p.values, make([]float64, len(v)))
		}
		p.loss = math.Inf(1)
	}
	if loss < p.loss {
		p.loss, p.round = loss, round
		for i, v := range b.values {
			copy(p.values[i], v)
		}
	}
	return round-p.round >= p.patience
}

func (p *keeper) restore(b *booster) {
	if p.patience > 0 {
		b.values = p.values
	}
}

// pass adds the last block's steps to the scores and fills the histograms of
// the next, in one walk over the rows.
func (b *booster) pass(last, next [2]int) {
	t := len(b.terms)
	for k := range b.k {
		for at := next[0]; at < next[1]; at++ {
			b.clear(b.hist[k*t+at], b.weights[at])
		}
	}
	for lo := 0; lo < b.n; lo += tile {
		hi := min(b.n, lo+tile)
		for k := range b.k {
			addSteps(b.score[k*b.n+lo:k*b.n+hi], b.bins[last[0]:last[1]], b.delta[k*t+last[0]:k*t+last[1]], lo, hi)
		}
		if b.task == model.Multiclass {
			b.softmax(lo, hi)
		}
		for k := range b.k {
			if b.absent[k] {
				continue
			}
			b.gradients(k, lo, hi)
			hist, bins := b.hist[k*t+next[0]:k*t+next[1]], b.bins[next[0]:next[1]]
			if b.task == model.Regression {
				sumGradients(hist, bins, lo, hi, b.g)
			} else {
				sumBoth(hist, bins, lo, hi, b.g, b.h)
			}
		}
	}
}

// clear empties a histogram. With squared error the hessian of a cell is its
// weight.
func (b *booster) clear(hist []cell, weights []float64) {
	clear(hist)
	if b.task == model.Regression {
		for i, w := range weights {
			hist[i].h = w
		}
	}
}

// steps finds the steps of a block and adds them to the values.
func (b *booster) steps(block [2]int) (moved bool) {
	t := len(b.terms)
	for k := range b.k {
		for at := block[0]; at < block[1]; at++ {
			delta := b.delta[k*t+at]
			clear(delta)
			if b.absent[k] {
				continue
			}
			if b.find.step(&b.terms[at], b.hist[k*t+at], b.weights[at], delta) {
				moved = true
				for i, d := range delta {
					b.values[k*t+at][i] += d
				}
			}
		}
	}
	return moved
}

// addSteps adds to each score of the rows lo to hi-1 the values of its cells,
// four terms at a time.
func addSteps(score []float64, bins [][]uint16, values [][]float64, lo, hi int) {
	for len(bins) >= 4 {
		v0, v1, v2, v3 := values[0], values[1], values[2], values[3]
		b0, b1, b2, b3 := bins[0][lo:hi], bins[1][lo:hi], bins[2][lo:hi], bins[3][lo:hi]
		b0, b1, b2, b3 = b0[:len(score)], b1[:len(score)], b2[:len(score)], b3[:len(score)]
		for i, s := range score {
			score[i] = s + ((v0[b0[i]] + v1[b1[i]]) + (v2[b2[i]] + v3[b3[i]]))
		}
		bins, values = bins[4:], values[4:]
	}
	for t, b := range bins {
		v := values[t]
		for i, c := range b[lo:hi] {
			score[i] += v[c]
		}
	}
}

// sumGradients adds g to the cells of the rows lo to hi-1, four terms at a time:
// an addition to one of them need not wait for the addition before.
func sumGradients(hist [][]cell, bins [][]uint16, lo, hi int, g []float64) {
	g = g[:hi-lo]
	for len(bins) >= 4 {
		h0, h1, h2, h3 := hist[0], hist[1], hist[2], hist[3]
		b0, b1, b2, b3 := bins[0][lo:hi], bins[1][lo:hi], bins[2][lo:hi], bins[3][lo:hi]
		b0, b1, b2, b3 = b0[:len(g)], b1[:len(g)], b2[:len(g)], b3[:len(g)]
		for i, x := range g {
			h0[b0[i]].g += x
			h1[b1[i]].g += x
			h2[b2[i]].g += x
			h3[b3[i]].g += x
		}
		hist, bins = hist[4:], bins[4:]
	}
	for t, b := range bins {
		h := hist[t]
		for i, c := range b[lo:hi] {
			h[c].g += g[i]
		}
	}
}

// sumBoth is sumGradients for gradients and hessians.
func sumBoth(hist [][]cell, bins [][]uint16, lo, hi int, g, h []float64) {
	g, h = g[:hi-lo], h[:hi-lo]
	for len(bins) >= 4 {
		h0, h1, h2, h3 := hist[0], hist[1], hist[2], hist[3]
		b0, b1, b2, b3 := bins[0][lo:hi], bins[1][lo:hi], bins[2][lo:hi], bins[3][lo:hi]
		b0, b1, b2, b3 = b0[:len(g)], b1[:len(g)], b2[:len(g)], b3[:len(g)]
		for i, x := range g {
			y := h[i]
			c0, c1, c2, c3 := &h0[b0[i]], &h1[b1[i]], &h2[b2[i]], &h3[b3[i]]
			c0.g += x
			c0.h += y
			c1.g += x
			c1.h += y
			c2.g += x
			c2.h += y
			c3.g += x
			c3.h += y
		}
		hist, bins = hist[4:], bins[4:]
	}
	for t, b := range bins {
		to := hist[t]
		for i, c := range b[lo:hi] {
			to[c].g += g[i]
			to[c].h += h[i]
		}
	}
}

// held are rows that are not learnt from and whose loss says when to stop.
type held struct {
	task  model.Task
	y, w  []float64
	bins  [][]uint16
	start []float64 // raw scores before the stage, output after output
	score []float64
}

// newHeld takes the rows with times 0 of in; all of them when times is nil.
func newHeld(in model.Training, bins [][]uint16, times, score []float64) *held {
	rows := make([]int32, 0, len(in.Y))
	for i := range in.Y {
		if times == nil || times[i] == 0 {
			rows = append(rows, int32(i))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	h := &held{task: in.Task, y: take(in.Y, rows)}
	if in.Weights != nil {
		h.w = take(in.Weights, rows)
	}
	for _, b := range bins {
		h.bins = append(h.bins, take(b, rows))
	}
	for at := 0; at < len(score); at += len(in.Y) {
		h.start = append(h.start, take(score[at:at+len(in.Y)], rows)...)
	}
	h.score = make([]float64, len(h.start))
	return h
}

// loss is the mean loss under the booster's values.
func (h *held) loss(b *booster) float64 {
	n := len(h.y)
	copy(h.score, h.start)
	for k := range b.k {
		for lo := 0; lo < n; lo += tile {
			hi := min(n, lo+tile)
			addSteps(h.score[k*n+lo:k*n+hi], h.bins, b.values[k*len(b.terms):(k+1)*len(b.terms)], lo, hi)
		}
	}
	sum, total := 0.0, 0.0
	for i, y := range h.y {
		w := weightOf(h.w, i)
		sum += w * loss(h.task, y, h.score, i, n)
		total += w
	}
	return sum / total
}
