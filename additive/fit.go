package additive

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"bespoke/model"
)

const (
	// mostTarget bounds targets of numbers, so that their squares stay finite.
	mostTarget = 1e150
	// mostLevels bounds the category codes of a feature.
	mostLevels = 1 << 20
)

// Fit learns an additive model with the given parameters; Boost says what they
// are. Monotone constraints on categories or for three and more classes, and
// whatever Training.Check refuses are errors. Rows of one class only, one row or
// constant features give the best constant.
//
// The steps are those of the explainable boosting machine: curves of features
// are boosted in turn with small steps, so that none takes what belongs to
// another (Lou, Caruana, Gehrke 2012, Intelligible models for classification and
// regression; Nori and others 2019, InterpretML); then pairs are chosen and
// boosted on what is left (Lou and others 2013, Accurate intelligible models
// with pairwise interactions). The mean over the bags is purified, made monotone
// where a feature asks for it, and centred.
func Fit(ctx context.Context, params model.Params, in model.Training) (*Model, error) {
	s, err := resolve(params, in)
	if err != nil {
		return nil, err
	}
	m, err := fit(ctx, &s, in)
	if err != nil {
		return nil, fmt.Errorf("additive: fit: %w", err)
	}
	return m, nil
}

func fit(ctx context.Context, s *settings, in model.Training) (*Model, error) {
	if err := in.Check(model.Native); err != nil {
		return nil, err
	}
	if err := checkFeatures(in); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := &fitter{ctx: ctx, s: s, in: in, base: base(in)}
	if err := f.prepare(); err != nil {
		return nil, err
	}
	if err := f.boost(); err != nil {
		return nil, err
	}
	return f.join()
}

func checkFeatures(in model.Training) error {
	if in.X.Rows > math.MaxInt32-1 {
		return fmt.Errorf("%d rows; at most %d are possible", in.X.Rows, math.MaxInt32-1)
	}
	for _, f := range in.X.Features {
		switch {
		case f.Levels > mostLevels:
			return fmt.Errorf("feature %q has %d levels; at most %d are possible", f.Name, f.Levels, mostLevels)
		case f.Monotone == 0:
		case f.Levels > 0:
			return fmt.Errorf("feature %q is a category; only numbers can be monotone", f.Name)
		case in.Task == model.Multiclass:
			return fmt.Errorf("feature %q is monotone; with %d classes there is no single prediction that could rise or fall", f.Name, len(in.Classes))
		}
	}
	if in.Task == model.Regression {
		for i, y := range in.Y {
			if math.Abs(y) > mostTarget {
				return fmt.Errorf("target of row %d is %v; it must lie within plus and minus %v", i, y, mostTarget)
			}
		}
	}
	return nil
}

// fitter is the state of one Fit.
type fitter struct {
	ctx  context.Context
	s    *settings
	in   model.Training
	base []float64
	// start is base for every row, output after output; startValid the same for
	// the rows of Training.Valid.
	start, startValid []float64
	absent            []bool
	columns           []Column
	mains, pairs      []term
	// weights of all rows in the cells of mains and pairs.
	weights, pairWeights [][]float64
	keys                 []uint64
	bags                 []bag

	mutex sync.Mutex
	done  int
}

// bag is what one sample of the rows has learnt: the values of output k and
// term t at k*terms+t.
type bag struct{ mains, pairs [][]float64 }

// each runs n tasks on the threads there are and returns the first error in
// their order. A task must not depend on others.
func (f *fitter) each(n int, run func(i int) error) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	failed := make([]error, n)
	for range min(f.s.threads, n) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				failed[i] = run(i)
			}
		})
	}
	wait.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// tell reports one more of the parts of the work: two per bag.
func (f *fitter) tell() {
	if f.in.Progress == nil {
		return
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.done++
	f.in.Progress(f.done, 2*f.s.bags)
}

// prepare bins the rows.
func (f *fitter) prepare() error {
	x := f.in.X
	f.columns = make([]Column, x.Cols())
	bins := make([][]uint16, x.Cols())
	weights := make([][]float64, x.Cols())
	err := f.each(x.Cols(), func(j int) error {
		c := newColumn(x, f.in.Weights, j, f.s)
		f.columns[j], bins[j] = c, c.bins(x, j)
		weights[j] = weigh(bins[j], f.in.Weights, c.cells())
		return f.ctx.Err()
	})
	if err != nil {
		return err
	}
	f.absent = make([]bool, len(f.base))
	constant := f.in.Task != model.Regression && f.countClasses() < 2
	for j := range f.columns {
		occupied := 0
		for _, w := range weights[j] {
			if w > 0 {
				occupied++
			}
		}
		if occupied < 2 || constant {
			continue
		}
		f.mains = append(f.mains, term{features: []int{j}, cells: f.columns[j].cells(), category: f.columns[j].Levels > 0, bins: bins[j]})
		f.weights = append(f.weights, weights[j])
	}
	f.keys = keys(f.in)
	f.start = constants(f.base, len(f.in.Y))
	if f.in.Valid != nil {
		f.startValid = constants(f.base, len(f.in.Valid.Y))
	}
	f.bags = make([]bag, f.s.bags)
	return nil
}

// countClasses says how many classes occur and marks the others absent.
func (f *fitter) countClasses() int {
	seen := make([]bool, len(f.in.Classes))
	n := 0
	for _, y := range f.in.Y {
		if !seen[int(y)] {
			seen[int(y)] = true
			n++
		}
	}
	if len(f.base) > 1 {
		for k := range f.absent {
			f.absent[k] = !seen[k]
		}
	}
	return n
}

func constants(base []float64, n int) []float64 {
	out := make([]float64, 0, n*len(base))
	for _, b := range base {
		out = append(out, slices.Repeat([]float64{b}, n)...)
	}
	return out
}

// boost learns the curves of all bags, chooses the pairs and learns those.
func (f *fitter) boost() error {
	valid := f.validBins(f.mains)
	err := f.each(len(f.bags), func(i int) error {
		times := f.times(i)
		b := newBooster(f.s, f.in, f.mains, times, f.start, f.absent, streamMains+uint64(i))
		b.held = f.held(f.mains, valid, times, f.start, f.startValid)
		if err := b.boost(f.ctx); err != nil {
			return err
		}
		f.bags[i].mains = b.values
		f.tell()
		return nil
	})
	if err != nil {
		return err
	}
	most := f.s.pairs
	if most < 0 {
		most = 2 * len(f.mains)
	}
	if f.pairs, err = f.choosePairs(most); err != nil {
		return err
	}
	for _, t := range f.pairs {
		f.pairWeights = append(f.pairWeights, weigh(t.bins, f.in.Weights, t.cells))
	}
	mains, valid := valid, f.validBins(f.pairs)
	return f.each(len(f.bags), func(i int) error {
		defer f.tell()
		if len(f.pairs) == 0 {
			return nil
		}
		return f.boostPairs(i, mains, valid)
	})
}

// boostPairs learns the pairs of a bag on top of its curves. mains and valid are
// the cells of the validation rows.
func (f *fitter) boostPairs(i int, mains, valid [][]uint16) error {
	times := f.times(i)
	start, startValid := slices.Clone(f.start), slices.Clone(f.startValid)
	bins := make([][]uint16, len(f.mains))
	for t, m := range f.mains {
		bins[t] = m.bins
	}
	addSteps(start, bins, f.bags[i].mains, 0, len(start))
	if f.in.Valid != nil {
		addSteps(startValid, mains, f.bags[i].mains, 0, len(startValid))
	}
	b := newBooster(f.s, f.in, f.pairs, times, start, f.absent, streamPairs+uint64(i))
	b.held = f.held(f.pairs, valid, times, start, startValid)
	if err := b.boost(f.ctx); err != nil {
		return err
	}
	f.bags[i].pairs = b.values
	return nil
}

// times is how often each row is in bag i; nil is once each. Bags are alike
// where there is one and nothing needs rows that are left out.
func (f *fitter) times(i int) []float64 {
	if f.s.bags == 1 && !f.s.bootstrap && (f.in.Valid != nil || f.s.patience == 0) {
		return nil
	}
	return f.s.drawn(f.keys, i)
}

// held are the rows by which a bag stops: the validation rows, or those that the
// bag leaves out.
func (f *fitter) held(terms []term, valid [][]uint16, times, start, startValid []float64) *held {
	switch {
	case f.s.patience == 0:
		return nil
	case f.in.Valid != nil:
		return newHeld(*f.in.Valid, valid, nil, startValid)
	case times == nil:
		return nil
	}
	bins := make([][]uint16, len(terms))
	for t := range terms {
		bins[t] = terms[t].bins
	}
	return newHeld(f.in, bins, times, start)
}

// validBins gives the cells of the validation rows in the terms.
func (f *fitter) validBins(terms []term) [][]uint16 {
	if f.in.Valid == nil {
		return nil
	}
	x := f.in.Valid.X
	out := make([][]uint16, len(terms))
	for t := range terms {
		first := &f.columns[terms[t].features[0]]
		out[t] = first.bins(x, terms[t].features[0])
		if terms[t].rows == 0 {
			continue
		}
		second := &f.columns[terms[t].features[1]]
		other := second.bins(x, terms[t].features[1])
		for i, b := range out[t] {
			out[t][i] = uint16(first.Groups[b]*second.groups() + second.Groups[other[i]])
		}
	}
	return out
}
