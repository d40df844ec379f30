package features

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"bespoke/model"
)

// targetStep replaces a level by what the target was there.
var targetStep = Step{
	Name: "target",
	Summary: "A category becomes the mean target of its level, drawn towards the overall mean where rows are few; " +
		"training rows get the value learnt without their own fold.",
	Params: []model.Param{
		{
			Name: "shrink", Doc: "How strongly to draw towards the overall mean: bayes estimates it from the spread within and between levels, fixed uses rows.",
			Default: "bayes", Choices: []string{"bayes", "fixed"},
		},
		{Name: "rows", Doc: "With shrink fixed: how many rows the overall mean counts for.", Default: 10.0, Min: 0, Max: 1e9},
	},
	accepts:   []form{code},
	fit:       fitTarget,
	outOfFold: targetOutOfFold,
	empty:     func() step { return new(target) },
}

// target is a fitted target encoding.
type target struct {
	// Outputs names the values: empty for one (the positive class, or the
	// number), else one name per class.
	Outputs []string `json:"outputs,omitempty"`
	// Means has a row of values per code, and last a row for missing.
	Means []float64 `json:"means"`
	// Prior is the overall mean, which levels without training rows become.
	Prior []float64 `json:"prior"`

	levels int
}

// foldCount is how many folds out-of-fold encodings use.
const foldCount = 5

func fitTarget(b *block, p model.Params, in *training) (step, error) {
	s := new(target)
	if in.task == model.Multiclass {
		s.Outputs = in.outcomes
	}
	width := max(len(s.Outputs), 1)
	s.Means = make([]float64, (len(b.levels)+1)*width)
	s.Prior = make([]float64, width)
	for k := range width {
		e := encode(b, in.output(k), p, func(int) bool { return true })
		s.Prior[k] = e.prior
		for g := range e.means {
			s.Means[g*width+k] = e.means[g]
		}
	}
	return s, nil
}

// targetOutOfFold encodes each training row by the rows of the other folds, so
// that a model does not read a row's own target in its feature.
func targetOutOfFold(b *block, p model.Params, in *training) []float64 {
	width := 1
	if in.task == model.Multiclass {
		width = len(in.outcomes)
	}
	out := make([]float64, b.rows*width)
	for k := range width {
		y := in.output(k)
		for fold := range uint8(foldCount) {
			e := encode(b, y, p, func(i int) bool { return in.folds[i] != fold })
			for i, c := range b.values {
				if in.folds[i] == fold {
					out[i*width+k] = e.means[groupOf(c, len(b.levels))]
				}
			}
		}
	}
	return out
}

// output is the column of numbers that output k is about: the target itself,
// or 1 for the rows of class k (of class 1 in a binary task).
func (in *training) output(k int) []float64 {
	if in.task == model.Regression {
		return in.y
	}
	class := float64(k)
	if in.task == model.Binary {
		class = 1
	}
	out := make([]float64, len(in.y))
	for i, y := range in.y {
		if y == class {
			out[i] = 1
		}
	}
	return out
}

// groupOf is the group of a code; missing is a group of its own, the last.
func groupOf(c float64, levels int) int {
	if math.IsNaN(c) {
		return levels
	}
	return int(c)
}

// encoding is the shrunken means of the groups, and the mean of all rows.
type encoding struct {
	means []float64
	prior float64
}

// encode computes for each group g of the used rows
//
//	w*mean(g) + (1-w)*mean(all),  w = n(g) / (n(g) + m)
//
// the shrinkage of D. Micci-Barreca, A preprocessing scheme for
// high-cardinality categorical attributes in classification and prediction
// problems, SIGKDD Explorations 3(1), 2001, section 3. With shrink fixed, m is
// the parameter rows (the m-estimate); with bayes it is the variance within
// groups over the variance between them, both over all groups, because one
// level alone has too few rows to tell. A group without rows gets mean(all).
func encode(b *block, y []float64, p model.Params, use func(row int) bool) encoding {
	groups := len(b.levels) + 1
	count, mean := make([]float64, groups), make([]float64, groups)
	e := encoding{means: make([]float64, groups)}
	n := 0.0
	for i, c := range b.values {
		if use(i) {
			g := groupOf(c, len(b.levels))
			count[g]++
			mean[g] += y[i]
			e.prior += y[i]
			n++
		}
	}
	e.prior /= max(n, 1)
	for g := range mean {
		mean[g] /= max(count[g], 1)
	}
	m := p.Number("rows")
	if p.Choice("shrink") == "bayes" {
		within := 0.0
		for i, c := range b.values {
			if use(i) {
				d := y[i] - mean[groupOf(c, len(b.levels))]
				within += d * d
			}
		}
		m = shrinkage(count, mean, within, e.prior)
	}
	for g := range e.means {
		e.means[g] = e.prior
		if count[g] > 0 && !math.IsInf(m, 1) {
			w := count[g] / (count[g] + m)
			e.means[g] = w*mean[g] + (1-w)*e.prior
		}
	}
	return e
}

// shrinkage estimates the variance within groups over the variance between
// them from a one-way analysis of variance with unequal group sizes (S. R.
// Searle, G. Casella and C. E. McCulloch, Variance Components, 1992, section
// 3.6). It is +Inf when the groups do not differ by more than chance.
func shrinkage(count, mean []float64, within, all float64) float64 {
	n, groups, between, squares := 0.0, 0.0, 0.0, 0.0
	for g, c := range count {
		if c == 0 {
			continue
		}
		groups++
		n += c
		squares += c * c
		between += c * (mean[g] - all) * (mean[g] - all)
	}
	if groups < 2 || n <= groups {
		return math.Inf(1)
	}
	within /= n - groups
	size := (n - squares/n) / (groups - 1)
	spread := (between/(groups-1) - within) / size
	if !(spread > 0) {
		return math.Inf(1)
	}
	return within / spread
}

// assignFolds deals rows to folds so that each fold has about the same targets:
// rows are sorted by target, ties at random, and every foldCount neighbours go
// to different folds. Equal fold means keep a model from telling folds, and by
// them targets, apart.
func assignFolds(y []float64, seed uint64) []uint8 {
	rng := rand.New(rand.NewPCG(seed, 0x666f6c6473)) // "folds"
	order := rng.Perm(len(y))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(y[a], y[b]) })
	folds := make([]uint8, len(y))
	deal := []uint8{0, 1, 2, 3, 4}
	for at := 0; at < len(order); at += foldCount {
		rng.Shuffle(foldCount, func(i, j int) { deal[i], deal[j] = deal[j], deal[i] })
		for k, row := range order[at:min(at+foldCount, len(order))] {
			folds[row] = deal[k]
		}
	}
	return folds
}

func (s *target) bind(in shape) (shape, error) {
	width := max(len(s.Outputs), 1)
	if err := checkFinite("prior", s.Prior, width); err != nil {
		return shape{}, err
	}
	if err := checkFinite("means", s.Means, (len(in.levels)+1)*width); err != nil {
		return shape{}, err
	}
	s.levels = len(in.levels)
	out := shape{form: number}
	for _, name := range s.Outputs {
		out.features = append(out.features, in.made(" (target "+name+")"))
	}
	if len(s.Outputs) == 0 {
		out.features = append(out.features, in.made(" (target)"))
	}
	return out, nil
}

func (s *target) apply(v []float64) {
	g, width := groupOf(v[0], s.levels), len(s.Prior)
	copy(v[:width], s.Means[g*width:(g+1)*width])
}

func (s *target) describe() string {
	return fmt.Sprintf("the mean target of each of %d levels, drawn towards the overall %s", s.levels, list(s.Prior))
}
