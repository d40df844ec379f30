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
	differ := false
	for k := range width {
		y := in.output(k)
		e := encode(b, y, strength(b, y, p), func(int) bool { return true })
		s.Prior[k] = e.prior
		for g := range e.mean {
			s.Means[g*width+k] = e.mean[g]
			differ = differ || e.mean[g] != e.prior
		}
	}
	if !differ {
		return nil, noInformationError("the target does not differ between the levels by more than chance")
	}
	return s, nil
}

// targetOutOfFold encodes each training row by the rows of the other folds, so
// that a model does not read a row's own target in its feature. The folds share
// the strength of shrinkage: it is one number of all rows, and with one per
// fold the encodings of the folds would not be comparable.
func targetOutOfFold(b *block, p model.Params, in *training) []float64 {
	width := 1
	if in.task == model.Multiclass {
		width = len(in.outcomes)
	}
	out := make([]float64, b.rows*width)
	for k := range width {
		y := in.output(k)
		m := strength(b, y, p)
		for fold := range uint8(foldCount) {
			e := encode(b, y, m, func(i int) bool { return in.folds[i] != fold })
			for i, c := range b.values {
				if in.folds[i] == fold {
					out[i*width+k] = e.mean[groupOf(c, len(b.levels))]
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

// groupMeans are the means of the groups and of all rows.
type groupMeans struct {
	count, mean []float64
	prior       float64
}

// meansOf takes the means over the rows that are used.
func meansOf(b *block, y []float64, use func(row int) bool) groupMeans {
	groups := len(b.levels) + 1
	e := groupMeans{count: make([]float64, groups), mean: make([]float64, groups)}
	n := 0.0
	for i, c := range b.values {
		if use(i) {
			g := groupOf(c, len(b.levels))
			e.count[g]++
			e.mean[g] += y[i]
			e.prior += y[i]
			n++
		}
	}
	e.prior /= max(n, 1)
	for g := range e.mean {
		e.mean[g] /= max(e.count[g], 1)
	}
	return e
}

// encode draws the mean of each group g towards the mean of all:
//
//	w*mean(g) + (1-w)*mean(all),  w = n(g) / (n(g) + m)
//
// the shrinkage of D. Micci-Barreca, A preprocessing scheme for
// high-cardinality categorical attributes in classification and prediction
// problems, SIGKDD Explorations 3(1), 2001, section 3. A group without rows
// gets the mean of all.
func encode(b *block, y []float64, m float64, use func(row int) bool) groupMeans {
	e := meansOf(b, y, use)
	for g, n := range e.count {
		w := 0.0
		if n > 0 && !math.IsInf(m, 1) {
			w = n / (n + m)
		}
		e.mean[g] = w*e.mean[g] + (1-w)*e.prior
	}
	return e
}

// strength is the m of encode. With shrink fixed it is the parameter rows (the
// m-estimate); with bayes it is the variance within groups over the variance
// between them, both over all groups because one level alone has too few rows
// to tell. The variances come from a one-way analysis of variance with unequal
// group sizes (S. R. Searle, G. Casella and C. E. McCulloch, Variance
// Components, 1992, section 3.6). It is +Inf when the groups differ by no more
// than two standard errors of what chance gives.
func strength(b *block, y []float64, p model.Params) float64 {
	if p.Choice("shrink") == "fixed" {
		return p.Number("rows")
	}
	e := meansOf(b, y, func(int) bool { return true })
	within := 0.0
	for i, c := range b.values {
		d := y[i] - e.mean[groupOf(c, len(b.levels))]
		within += d * d
	}
	n, groups, between, squares := 0.0, 0.0, 0.0, 0.0
	for g, c := range e.count {
		if c > 0 {
			groups++
			n += c
			squares += c * c
			between += c * (e.mean[g] - e.prior) * (e.mean[g] - e.prior)
		}
	}
	if groups < 2 || n <= groups {
		return math.Inf(1)
	}
	within /= n - groups
	between /= groups - 1
	chance := 1 + 2*math.Sqrt(2/(groups-1)+2/(n-groups)) // of between/within
	if !(between > within*chance) {
		return math.Inf(1)
	}
	size := (n - squares/n) / (groups - 1)
	return within * size / (between - within)
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
