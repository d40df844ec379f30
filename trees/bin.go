package trees

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sort"

	"bespoke/model"
	"bespoke/objective"
)

// edgeSample is from how many rows at most the bin edges of numbers are found,
// as in LightGBM.
const edgeSample = 200_000

// column says how one feature of the matrix becomes bins. Bins 0 to bins-1 are
// intervals of numbers in rising order, or category levels from the most
// frequent on; bin number bins, when missing is true, is for NaN and for
// levels too rare for a bin of their own.
type column struct {
	feature  int
	bins     int
	missing  bool
	monotone int8
	// edges[b] is the largest number of bin b; the last bin has none.
	edges []float64
	// search is edges with +Inf behind, so that a search needs no end check.
	search []float64
	// half is the first step of that search.
	half int
	// levels is the number of category codes, 0 for a number; level[b] is the
	// code of bin b and binOf[code] the bin of a code.
	levels int
	level  []int32
	binOf  []uint8
	sharing
}

// cells is how many cells of a histogram the column takes.
func (c *column) cells() int {
	if c.missing {
		return c.bins + 1
	}
	return c.bins
}

// bin is the bin of a value. A number without missing bin is never NaN.
func (c *column) bin(x float64) uint16 {
	if x != x {
		return uint16(c.bins)
	}
	if c.levels > 0 {
		return uint16(c.binOf[int(x)])
	}
	b := 0
	for step := c.half; step > 0; step >>= 1 {
		if x > c.search[b+step-1] {
			b += step
		}
	}
	return uint16(b)
}

// binner finds the columns of a matrix.
type binner struct {
	x       *model.Matrix
	w       []float64
	maxBins int
	min     float64
	// shares says that columns may share a store; of conflicts see settings.
	shares    bool
	conflicts float64
	// sample are the rows that numbers are looked at in, nil for all.
	sample []int32
	// seen is what a view was read once for, nil for other matrices.
	seen *seen
}

func newBinner(x *model.Matrix, w []float64, s *settings, seed uint64) *binner {
	b := &binner{x: x, w: w, maxBins: s.maxBins, min: s.minInBin, shares: s.exclusive, conflicts: s.conflicts}
	if x.Rows > edgeSample {
		b.sample = make([]int32, 0, edgeSample)
		draw(rand.New(rand.NewPCG(seed, seedEdges)), x.Rows, edgeSample, func(row int) {
			b.sample = append(b.sample, int32(row))
		}, nil)
	}
	if x.View() {
		b.seen = b.look()
	}
	return b
}

// together is how many features are read at once: the eight float64 of a cache
// line.
const together = 8

// mostLevels is how many levels of a category have a bin of their own.
const mostLevels = 255

// columns finds the columns of all features, several at once. A feature that
// has the same bin in all rows is left out.
func (b *binner) columns(t *team) []column {
	features := b.x.Cols()
	found := make([]column, features)
	scratch := make([]binScratch, t.threads)
	t.run((features+together-1)/together, func(worker, task int) {
		lo, hi := task*together, min(features, (task+1)*together)
		b.read(&scratch[worker], lo, found[lo:hi])
	})
	kept := found[:0]
	for i := range found {
		if found[i].cells() >= 2 {
			kept = append(kept, found[i])
		}
	}
	b.share(t, kept)
	return kept
}

// binScratch is the memory of one worker.
type binScratch struct {
	values []float64
	pairs  []objective.Pair
	radix  radix
}

// read finds the columns of the features from first on.
func (b *binner) read(s *binScratch, first int, found []column) {
	n, f := b.x.Rows, b.x.Cols()
	missing, values := [together]bool{}, b.x.Values
	if b.seen != nil {
		values = b.seen.sample
		copy(missing[:], b.seen.missing[first:first+len(found)])
	} else {
		for i := range n {
			for j, x := range values[i*f+first : i*f+first+len(found)] {
				if x != x {
					missing[j] = true
				}
			}
		}
	}
	rows := n
	if b.sample != nil {
		rows = len(b.sample)
	}
	s.values = slices.Grow(s.values[:0], rows*len(found))[:rows*len(found)]
	for i := range rows {
		at := i
		if b.sample != nil && b.seen == nil {
			at = int(b.sample[i])
		}
		for j, x := range values[at*f+first : at*f+first+len(found)] {
			s.values[j*rows+i] = x + 0 // -0 becomes 0
		}
	}
	for j := range found {
		c := &found[j]
		*c = column{feature: first + j, missing: missing[j], monotone: b.x.Features[first+j].Monotone}
		read := s.values[j*rows : (j+1)*rows]
		if levels := b.x.Features[first+j].Levels; levels > 0 {
			b.category(c, levels)
			b.settle(c, read, nil, nil)
			continue
		}
		values, counts := b.distinct(s, read)
		c.setEdges(cut(values, counts, b.maxBins, b.min))
		if len(values) == 0 {
			c.bins = 0
		}
		b.settle(c, read, values, counts)
	}
}

func (c *column) setEdges(edges []float64) {
	c.edges = edges
	c.bins = len(edges) + 1
	size := 1 << bits.Len(uint(len(edges)))
	c.search = make([]float64, size)
	for i := copy(c.search, edges); i < size; i++ {
		c.search[i] = math.Inf(1)
	}
	c.half = size / 2
}

// distinct returns the different values that are not NaN in rising order, with
// the weight of each.
func (b *binner) distinct(s *binScratch, values []float64) (distinct, counts []float64) {
	if b.w == nil {
		if distinct, counts, all := few(values); all {
			return distinct, counts
		}
		return s.radix.distinct(values)
	}
	s.pairs = s.pairs[:0]
	for i, x := range values {
		row := i
		if b.sample != nil {
			row = int(b.sample[i])
		}
		if x == x {
			s.pairs = append(s.pairs, objective.Pair{Value: x, Weight: b.w[row]})
		}
	}
	slices.SortFunc(s.pairs, objective.Pair.Compare)
	for _, p := range s.pairs {
		if n := len(distinct); n == 0 || distinct[n-1] != p.Value {
			distinct, counts = append(distinct, p.Value), append(counts, 0)
		}
		counts[len(counts)-1] += p.Weight
	}
	return distinct, counts
}

// fewValues is how many different values are looked for before all are sorted.
const fewValues = 8

// few is radix.distinct for values of which few differ, such as those of one-hot
// columns, that need no sorting; false when there are more.
func few(values []float64) (distinct, counts []float64, all bool) {
	var seen [fewValues]float64
	var times [fewValues]int
	n := 0
	for _, x := range values {
		if x != x {
			continue
		}
		at := 0
		for at < n && seen[at] != x {
			at++
		}
		if at == n {
			if n == fewValues {
				return nil, nil, false
			}
			seen[n] = x
			n++
		}
		times[at]++
	}
	distinct = slices.Clone(seen[:n])
	slices.Sort(distinct)
	for _, x := range distinct {
		counts = append(counts, float64(times[slices.Index(seen[:n], x)]))
	}
	return distinct, counts, true
}

// cut chooses the edges between distinct values v with weights n so that bins
// are about equally heavy: at most most bins, each of weight least or more
// where that is possible. When there are few values each gets its own bin;
// otherwise a value heavier than the mean bin gets its own and the rest share
// what remains evenly, the method of LightGBM.
func cut(v, n []float64, most int, least float64) []float64 {
	if len(v) < 2 {
		return nil
	}
	if len(v) <= most {
		return cutFew(v, n, least)
	}
	total := 0.0
	for _, w := range n {
		total += w
	}
	most = max(1, min(most, int(total/least)))
	mean := total / float64(most)
	heavy := make([]bool, len(v))
	bins, rest := most, total
	for i, w := range n {
		if w >= mean {
			heavy[i] = true
			bins--
			rest -= w
		}
	}
	share := func() float64 {
		if bins <= 0 {
			return math.Inf(1)
		}
		return rest / float64(bins)
	}
	goal, sum := share(), 0.0
	var edges []float64
	for i := 0; i+1 < len(v) && len(edges)+1 < most; i++ {
		if !heavy[i] {
			rest -= n[i]
		}
		sum += n[i]
		if !heavy[i] && sum < goal && !(heavy[i+1] && sum >= math.Max(1, goal/2)) {
			continue
		}
		edges = append(edges, between(v[i], v[i+1]))
		sum = 0
		if !heavy[i] {
			bins--
			goal = share()
		}
	}
	return edges
}

func cutFew(v, n []float64, least float64) []float64 {
	var edges []float64
	sum := 0.0
	for i := range len(v) - 1 {
		if sum += n[i]; sum >= least {
			edges = append(edges, between(v[i], v[i+1]))
			sum = 0
		}
	}
	return edges
}

// between is a number from a up to but not including b, the middle if it can
// be told apart.
func between(a, b float64) float64 {
	m := a/2 + b/2
	if m >= a && m < b {
		return m
	}
	return a
}

// category gives the most frequent levels a bin each. Like LightGBM it leaves
// out levels that are rarer than min_data_in_bin, but for the first two.
func (b *binner) category(c *column, levels int) {
	c.levels = levels
	counts := make([]float64, levels)
	if b.seen != nil {
		counts = b.seen.counts[c.feature]
	} else {
		b.count(counts, 0, b.x.Values[c.feature:])
	}
	order := make([]int32, 0, levels)
	for code, n := range counts {
		if n > 0 {
			order = append(order, int32(code))
		}
	}
	sort.SliceStable(order, func(i, j int) bool { return counts[order[i]] > counts[order[j]] })
	for c.bins < min(len(order), b.maxBins, mostLevels) && (c.bins < 2 || counts[order[c.bins]] >= b.min) {
		c.bins++
	}
	c.level = slices.Clone(order[:c.bins])
	c.missing = c.missing || c.bins < len(order)
	c.binOf = make([]uint8, levels)
	for code := range c.binOf {
		c.binOf[code] = uint8(c.bins)
	}
	for bin, code := range c.level {
		c.binOf[code] = uint8(bin)
	}
}

// count adds up the weights of the codes of a feature; values begins with its
// value in the row lo and goes to the end of the rows to count.
func (b *binner) count(counts []float64, lo int, values []float64) {
	f := b.x.Cols()
	for i := lo; len(values) > 0; i++ {
		if x := values[0]; x == x {
			if b.w == nil {
				counts[int(x)]++
			} else {
				counts[int(x)] += b.w[i]
			}
		}
		values = values[min(f, len(values)):]
	}
}

// radix sorts float64 by their bits, eleven at a time.
type radix struct {
	keys, spare []uint64
	counts      [6][2048]int32
}

// distinct returns the different values that are not NaN in rising order and
// how often each occurs.
func (r *radix) distinct(values []float64) (distinct, counts []float64) {
	r.keys = r.keys[:0]
	clear(r.counts[:])
	for _, x := range values {
		if x != x {
			continue
		}
		k := math.Float64bits(x)
		k ^= uint64(int64(k)>>63) | 1<<63 // unsigned order is now that of the numbers
		r.keys = append(r.keys, k)
		for d := range r.counts {
			r.counts[d][k>>(11*d)&2047]++
		}
	}
	r.sort()
	for i := 0; i < len(r.keys); {
		k, from := r.keys[i], i
		for i < len(r.keys) && r.keys[i] == k {
			i++
		}
		k ^= ^uint64(int64(k)>>63) | 1<<63
		distinct = append(distinct, math.Float64frombits(k))
		counts = append(counts, float64(i-from))
	}
	return distinct, counts
}

func (r *radix) sort() {
	n := len(r.keys)
	r.spare = slices.Grow(r.spare[:0], n)[:n]
	for d := range r.counts {
		counts := &r.counts[d]
		if n == 0 || int(counts[r.keys[0]>>(11*d)&2047]) == n {
			continue // all have the same digit
		}
		at := int32(0)
		for i, c := range counts {
			counts[i] = at
			at += c
		}
		for _, k := range r.keys {
			digit := k >> (11 * d) & 2047
			r.spare[counts[digit]] = k
			counts[digit]++
		}
		r.keys, r.spare = r.spare, r.keys
	}
}

// viewRows is how many rows of a view are read as one task.
const viewRows = 4096

// seen is what is kept of a view to find the bins by, so that it is read once
// for all features.
type seen struct {
	// missing says by feature whether any row has no value.
	missing []bool
	// counts are the weights by code of each category.
	counts [][]float64
	// sample are the values of the rows that numbers are looked at in.
	sample []float64
}

// look reads the view in the order of its rows, on which the last bits of sums
// of weights depend.
func (b *binner) look() *seen {
	f := b.x.Cols()
	rows := b.x.Rows
	if b.sample != nil {
		rows = len(b.sample)
	}
	s := &seen{missing: make([]bool, f), counts: make([][]float64, f), sample: make([]float64, 0, rows*f)}
	for j, feature := range b.x.Features {
		s.counts[j] = make([]float64, feature.Levels)
	}
	var scratch model.Matrix
	drawn := b.sample
	for lo := 0; lo < b.x.Rows; lo += viewRows {
		hi := min(b.x.Rows, lo+viewRows)
		values := b.x.Block(lo, hi, &scratch)
		for k := 0; k < len(values); k += f {
			for j, x := range values[k : k+f] {
				s.missing[j] = s.missing[j] || x != x
			}
		}
		for j, counts := range s.counts {
			if len(counts) > 0 {
				b.count(counts, lo, values[j:])
			}
		}
		if b.sample == nil {
			s.sample = append(s.sample, values...)
		}
		for ; len(drawn) > 0 && int(drawn[0]) < hi; drawn = drawn[1:] {
			k := (int(drawn[0]) - lo) * f
			s.sample = append(s.sample, values[k:k+f]...)
		}
	}
	return s
}
