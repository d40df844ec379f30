package trees

import (
	"context"
	"errors"
	"fmt"
	"math"

	"bespoke/model"
	"bespoke/objective"
)

// Fit learns boosted trees with the given parameters; Boost says what they
// are. Rows of one class only, targets that the objective can not have, monotone constraints on categories or for three
// and more classes, and whatever Training.Check refuses are errors. Features
// that have the same value in all rows, or none, are never split on. Where
// nothing can be split (one row, constant features) the model is the best
// constant.
func Fit(ctx context.Context, params model.Params, in model.Training) (*Model, error) {
	return FitWith(ctx, params, in, nil)
}

// FitWith is Fit for a loss of the caller's own, such as one made by
// objective.Objective.With, in place of the one that the parameter objective
// names. Its name must be that of a loss of the package objective for the task,
// by whose link the model predicts, also after it was loaded; and stakes must
// not be asked for. With no loss it is Fit.
func FitWith(ctx context.Context, params model.Params, in model.Training, own *objective.Objective) (*Model, error) {
	s, err := resolve(params)
	if err != nil {
		return nil, err
	}
	s.own = own
	b, err := newBooster(&s, in)
	if err != nil {
		return nil, fmt.Errorf("trees: fit: %w", err)
	}
	defer b.team.close()
	if err := b.boost(ctx); err != nil {
		return nil, fmt.Errorf("trees: fit: %w", err)
	}
	b.model.countGain()
	b.model.prepare(b.obj)
	return b.model, nil
}

// booster is the state of one Fit.
type booster struct {
	s   *settings
	in  model.Training
	obj *objective.Objective
	// now is the loss whose gradient the current round follows: warm, if there
	// is one, in the first rounds.
	now, warm *objective.Objective
	// tgt is of the rows to learn from, watched of those for early stopping.
	tgt, watched objective.Target
	team         *team
	data         *binned
	grow         *grower
	scale        scale
	model        *Model

	// score is the raw scores of the training rows, output after output; gh and
	// the sums by block are made of g and h for one output at a time.
	score, g, h []float64
	sums        [][2]float64
	absent      []bool // classes without rows, which get no trees
	output      int    // that gradients are computed for
	// in and out of the bag; out is nil when all rows are in.
	bag, out []int32
	sampler  sampler
	quantile *objective.Quantiler
	applied  *Tree

	valid *validation

	prepareTask, gradientTask, wholeTask, leafTask, outTask func(worker, task int)
}

func newBooster(s *settings, in model.Training) (*booster, error) {
	if err := in.Check(model.Native); err != nil {
		return nil, err
	}
	if err := checkFeatures(in); err != nil {
		return nil, err
	}
	obj, warm, err := objectivesFor(s, in.Task, in.Groups != nil)
	if err != nil {
		return nil, err
	}
	if in, err = in.Staked(s.stakes); err != nil {
		return nil, err
	}
	b := &booster{s: s, in: in, obj: obj, warm: warm}
	b.tgt = *objective.NewTarget(in, s.loss)
	if in.Task != model.Regression {
		if b.absent, err = absentClasses(in); err != nil {
			return nil, err
		}
	}
	if err := b.obj.Ready(&b.tgt); err != nil {
		return nil, err
	}
	if b.sampler.use = s.sampling != "bag"; b.sampler.use && obj.Renew != nil {
		return nil, fmt.Errorf("sampling %q does not fit the objective %q, whose leaves are quantiles of rows drawn alike; leaf_values must be \"step\" or sampling \"bag\"", s.sampling, obj.Name)
	}
	if in.Valid != nil {
		b.watched = *objective.NewTarget(*in.Valid, s.loss)
		if err := obj.Ready(&b.watched); err != nil {
			return nil, fmt.Errorf("validation rows: %w", err)
		}
	}
	if err := b.start(); err != nil {
		return nil, err
	}
	b.team = newTeam(in.Threads)
	cols := newBinner(in.X, in.Weights, s, in.Seed).columns(b.team)
	b.data = newBinned(in.X, cols, b.team)
	b.grow = newGrower(s, b.data, b.team)
	if b.grow.together, err = togetherMasks(in, b.data.cols); err != nil {
		return nil, err
	}
	b.scale.scaleWeights(in.Weights, in.X.Rows, obj.Constant && !b.sampler.use)
	b.allocate()
	return b, nil
}

func checkFeatures(in model.Training) error {
	if in.X.Rows > math.MaxInt32-1 {
		return fmt.Errorf("%d rows; at most %d are possible", in.X.Rows, math.MaxInt32-1)
	}
	if in.X.Cols() > mostFeatures {
		return fmt.Errorf("%d features; at most %d are possible", in.X.Cols(), mostFeatures)
	}
	for _, f := range in.X.Features {
		switch {
		case f.Levels > maxSaveLevels:
			return fmt.Errorf("feature %q has %d levels; at most %d are possible", f.Name, f.Levels, maxSaveLevels)
		case f.Monotone == 0:
		case f.Levels > 0:
			return fmt.Errorf("feature %q is a category; only numbers can be monotone", f.Name)
		case in.Task == model.Multiclass:
			return fmt.Errorf("feature %q is monotone; with %d classes there is no single prediction that could rise or fall", f.Name, len(in.Classes))
		}
	}
	return nil
}

// absentClasses says which classes have no row; one class alone is an error.
func absentClasses(in model.Training) ([]bool, error) {
	absent := make([]bool, len(in.Classes))
	for k := range absent {
		absent[k] = true
	}
	for _, y := range in.Y {
		absent[int(y)] = false
	}
	present, last := 0, 0
	for k, a := range absent {
		if !a {
			present, last = present+1, k
		}
	}
	if present < 2 {
		return nil, fmt.Errorf("every row is of class %q; at least two classes must occur", in.Classes[last])
	}
	return absent, nil
}

// start makes the model without trees.
func (b *booster) start() error {
	m := &Model{Task: b.in.Task, Objective: b.obj.Name, Classes: len(b.in.Classes)}
	for _, f := range b.in.X.Features {
		m.Features = append(m.Features, Feature{Name: f.Name, Levels: f.Levels})
	}
	m.Base = make([]float64, b.obj.Raw(len(b.in.Classes)))
	if b.s.fromAverage {
		m.Base = b.obj.Base(&b.tgt)
	}
	for _, x := range m.Base {
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return errors.New("the targets or weights are too large to be added up")
		}
	}
	b.model = m
	return nil
}

func (b *booster) allocate() {
	n, k := b.in.X.Rows, len(b.model.Base)
	b.score = make([]float64, n*k)
	for i := range b.score {
		b.score[i] = b.model.Base[i/n]
	}
	b.g = make([]float64, n)
	if !b.obj.Constant || b.sampler.use {
		b.h = make([]float64, n)
	}
	b.sums = make([][2]float64, blocks(n))
	if b.obj.Renew != nil {
		b.quantile = objective.NewQuantiler(&b.tgt)
	}
	b.grow.gh = make([]cell, n)
	b.grow.rows = make([]int32, n)
	b.bag = make([]int32, n)
	for i := range b.bag {
		b.bag[i] = int32(i)
	}
	b.grow.use = make([]bool, len(b.data.cols))
	b.prepareTask, b.gradientTask, b.wholeTask = b.prepareBlock, b.gradientBlock, b.wholeBlock
	b.leafTask, b.outTask = b.addLeaf, b.addOut
	if b.in.Valid != nil {
		b.valid = newValidation(b)
	}
}

// boost runs the rounds.
func (b *booster) boost(ctx context.Context) error {
	k := len(b.model.Base)
	best, bestRound := math.Inf(1), 0
	if b.valid != nil {
		best = b.valid.loss()
	}
	for round := range b.s.rounds {
		grown, err := b.round(ctx, round)
		if err != nil {
			return err
		}
		if b.in.Progress != nil {
			b.in.Progress(round+1, b.s.rounds)
		}
		if !grown && !b.sampled() {
			// The next round would find the same: nothing.
			b.model.Trees = b.model.Trees[:len(b.model.Trees)-k]
			break
		}
		if b.valid == nil || b.s.patience == 0 {
			continue
		}
		if loss := b.valid.loss(); loss < best {
			best, bestRound = loss, round+1
		} else if round+1-bestRound >= b.s.patience {
			break
		}
	}
	if b.valid != nil && b.s.patience > 0 {
		b.model.Trees = b.model.Trees[:min(len(b.model.Trees), bestRound*k)]
	}
	return nil
}

// sampled says whether rounds differ in rows or features by chance.
func (b *booster) sampled() bool {
	return b.out != nil || b.sampler.use || b.s.featureFraction < 1
}

// round adds a tree per output and says whether any of them has a split.
func (b *booster) round(ctx context.Context, round int) (grown bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	b.drawRows(round)
	if b.now = b.obj; b.warm != nil && float64(round)*b.s.rate < warmth {
		b.now = b.warm
	}
	if b.obj.Prepare != nil {
		b.team.run(len(b.sums), b.prepareTask)
	}
	for k := range b.model.Base {
		tree := Tree{Nodes: []Node{{Feature: -1}}}
		if b.absent == nil || len(b.model.Base) == 1 || !b.absent[k] {
			if tree, err = b.tree(ctx, k, round*len(b.model.Base)+k); err != nil {
				return false, err
			}
		}
		grown = grown || len(tree.Nodes) > 1
		b.model.Trees = append(b.model.Trees, tree)
	}
	return grown, nil
}

// tree grows tree number at for output k and adds its values to the scores.
func (b *booster) tree(ctx context.Context, k, at int) (Tree, error) {
	if err := b.gradients(k, at); err != nil {
		return Tree{}, err
	}
	b.drawColumns(at)
	b.grow.find = newFinder(b.s, b.scale, b.bounded())
	b.grow.rows = b.grow.rows[:copy(b.grow.rows[:cap(b.grow.rows)], b.bag)]
	tree, err := b.grow.grow(ctx)
	if err != nil {
		return Tree{}, err
	}
	if len(tree.Nodes) == 1 {
		tree.Nodes[0].Value = 0
		return tree, nil
	}
	if b.obj.Renew != nil {
		b.renew(&tree)
	}
	for i := range tree.Nodes {
		if n := &tree.Nodes[i]; math.IsInf(n.Value, 0) || math.IsNaN(n.Value) || math.IsInf(n.Gain, 0) {
			return Tree{}, fmt.Errorf("a leaf has the value %v; the targets or weights are too large or too small", n.Value)
		}
	}
	b.sampler.learn(b, &tree, k)
	b.apply(&tree, k)
	return tree, nil
}

// apply adds the tree's values to the scores of output k.
func (b *booster) apply(tree *Tree, k int) {
	b.applied, b.output = tree, k
	b.team.run(len(b.grow.leaves), b.leafTask)
	if b.out != nil {
		b.team.run(blocks(len(b.out)), b.outTask)
	}
	if b.valid != nil {
		b.valid.add(tree, k)
	}
}

func (b *booster) bounded() bool {
	for i := range b.data.cols {
		if b.data.cols[i].monotone != 0 {
			return true
		}
	}
	return false
}

// mostGradient bounds the sum of gradients so that gains, which have its square,
// stay finite.
const mostGradient = 1e150

// gradients fills grow.gh for output k and tree number tree.
func (b *booster) gradients(k, tree int) error {
	b.output = k
	b.team.run(len(b.sums), b.gradientTask)
	g, h := 0.0, 0.0
	for _, s := range b.sums {
		g += s[0]
		h += s[1]
	}
	if b.sampler.use && g < mostGradient {
		g, h = b.drawByGradient(tree, g, h)
	}
	if !(g < mostGradient) {
		return fmt.Errorf("the gradients add up to %v; the targets or weights are too large", g)
	}
	b.scale.scaleSums(g, h)
	b.team.run(len(b.sums), b.wholeTask)
	return nil
}

func (b *booster) prepareBlock(_, task int) {
	b.obj.Prepare(&b.tgt, b.score, task*block, min(b.in.X.Rows, (task+1)*block))
}

func (b *booster) gradientBlock(_, task int) {
	lo, hi := task*block, min(b.in.X.Rows, (task+1)*block)
	if b.h != nil && b.now.Constant {
		for i := lo; i < hi; i++ {
			b.h[i] = 1
		}
	}
	b.now.Gradient(&b.tgt, b.score, b.output, lo, hi, b.g, b.h)
	b.sums[task] = [2]float64{weightedSum(b.g, b.tgt.Weights, lo, hi), weightedSum(b.h, b.tgt.Weights, lo, hi)}
}

func (b *booster) wholeBlock(_, task int) {
	lo, hi := task*block, min(b.in.X.Rows, (task+1)*block)
	if b.tgt.Weights == nil {
		var h []float64
		if b.h != nil {
			h = b.h[lo:hi]
		}
		b.scale.rows(b.grow.gh[lo:hi], b.g[lo:hi], h)
		return
	}
	for i := lo; i < hi; i++ {
		h := 0.0
		if b.h != nil {
			h = b.h[i]
		}
		b.grow.gh[i] = b.scale.row(b.g[i], h, b.tgt.Weight(i))
	}
}

// scores are the raw scores of the current output.
func (b *booster) scores() []float64 {
	n := b.in.X.Rows
	return b.score[b.output*n : (b.output+1)*n]
}

func (b *booster) addLeaf(_, at int) {
	l := &b.grow.leaves[at]
	value, score := b.applied.Nodes[l.at].Value, b.scores()
	for _, r := range b.grow.rows[l.lo:l.hi] {
		score[r] += value
	}
}

func (b *booster) addOut(_, task int) {
	score, rows := b.scores(), b.out[task*block:min(len(b.out), (task+1)*block)]
	if b.in.X.View() {
		b.addOutOfView(score, rows)
		return
	}
	for _, r := range rows {
		score[r] += b.applied.value(b.in.X.Row(int(r)))
	}
}

// value is what the tree adds to the raw score of a row.
func (t *Tree) value(row []float64) float64 { return t.Nodes[t.leaf(row)].Value }

// leaf is the position of the row's leaf.
func (t *Tree) leaf(row []float64) int32 {
	at := int32(0)
	for {
		n := &t.Nodes[at]
		if n.Leaf() {
			return at
		}
		if at = n.Right; t.GoesLeft(n, row) {
			at = n.Left
		}
	}
}

// validation follows the loss on rows that are not learnt from.
type validation struct {
	b      *booster
	x      *model.Matrix
	score  []float64 // row after row
	sums   [][2]float64
	tree   *Tree
	output int

	addTask, lossTask func(worker, task int)
}

func newValidation(b *booster) *validation {
	in := b.in.Valid
	k := len(b.model.Base)
	v := &validation{
		b: b, x: in.X,
		score: make([]float64, in.X.Rows*k),
		sums:  make([][2]float64, blocks(in.X.Rows)),
	}
	for i := range v.score {
		v.score[i] = b.model.Base[i%k]
	}
	v.addTask, v.lossTask = v.addBlock, v.lossBlock
	return v
}

// add adds a tree's values to the scores of output k.
func (v *validation) add(t *Tree, k int) {
	v.tree, v.output = t, k
	v.b.team.run(len(v.sums), v.addTask)
}

func (v *validation) addBlock(_, task int) {
	k := len(v.b.model.Base)
	for i := task * block; i < min(v.x.Rows, (task+1)*block); i++ {
		v.score[i*k+v.output] += v.tree.value(v.x.Row(i))
	}
}

// loss is the weighted mean loss, added up in fixed blocks.
func (v *validation) loss() float64 {
	if total := v.b.obj.Total; total != nil {
		return total(&v.b.watched, v.score)
	}
	v.b.team.run(len(v.sums), v.lossTask)
	loss, weight := 0.0, 0.0
	for _, s := range v.sums {
		loss += s[0]
		weight += s[1]
	}
	return loss / weight
}

func (v *validation) lossBlock(_, task int) {
	k := len(v.b.model.Base)
	sum := [2]float64{}
	for i := task * block; i < min(v.x.Rows, (task+1)*block); i++ {
		w := v.b.watched.Weight(i)
		sum[0] += w * v.b.obj.Loss(&v.b.watched, i, v.score[i*k:(i+1)*k])
		sum[1] += w
	}
	v.sums[task] = sum
}
