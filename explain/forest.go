package explain

import (
	"fmt"
	"math"

	"bespoke/model"
	"bespoke/trees"
)

// mostForest bounds the nodes of a forest, once per raw output, that is
// attributed: each takes about 140 bytes, and a row visits all of them.
const mostForest = 1 << 19

// forestModel attributes forests. Their trees add up to the prediction p, on
// which contributions phi are found as for any trees (TreeModel). A raw output
// of classes is a function f of p, the log-odds or the logarithm, and what the
// trees say is carried over in proportion,
//
//	phi_j (f(p) - f(base)) / (p - base)
//
// the rescale rule of Chen, Lundberg and Lee, "Explaining a series of models by
// propagating Shapley values", 2022. The sum is then exact, and the order and the
// signs of contributions are those on the scale of probabilities.
type forestModel struct {
	forest *trees.Forest
	sum    *TreeModel
	base   []float64
}

func newForest(f *trees.Forest) (*forestModel, error) {
	outputs := model.RawOutputs(f.Outputs())
	if f.Nodes() > mostForest/outputs {
		return nil, fmt.Errorf("explain: %d nodes for each of %d outputs; at most %d are walked through for a row: %w", f.Nodes(), outputs, mostForest, ErrNoAttribution)
	}
	scores, err := f.Scores()
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	sum, err := Trees(scores)
	if err != nil {
		return nil, err
	}
	out := &forestModel{forest: f, sum: sum}
	for _, p := range sum.base {
		out.base = append(out.base, out.raw(p))
	}
	return out, nil
}

// raw is the raw output that belongs to a prediction. Probabilities count as at
// least 1e-16, as in the forest itself.
func (f *forestModel) raw(p float64) float64 {
	switch {
	case f.forest.Outputs() == 1:
		return p
	case f.forest.Outputs() == 2:
		return math.Log(max(p, leastShare)) - math.Log(max(1-p, leastShare))
	}
	return math.Log(max(p, leastShare))
}

const leastShare = 1e-16

// slope is the derivative of raw.
func (f *forestModel) slope(p float64) float64 {
	switch {
	case f.forest.Outputs() == 1:
		return 1
	case f.forest.Outputs() == 2:
		return 1/max(p, leastShare) + 1/max(1-p, leastShare)
	}
	return 1 / max(p, leastShare)
}

func (f *forestModel) New() *Attribution {
	a := f.sum.New()
	copy(a.Base, f.base)
	return a
}

func (f *forestModel) Attribute(row []float64, a *Attribution) {
	f.sum.Attribute(row, a)
	if f.forest.Outputs() == 1 {
		return
	}
	features := a.Features
	for k := range a.Raw {
		base, moved := f.sum.base[k], 0.0
		phi := a.Phi[k*features : (k+1)*features]
		for _, v := range phi {
			moved += v
		}
		factor := f.slope(base)
		if math.Abs(moved) > leastMove {
			factor = (f.raw(base+moved) - f.base[k]) / moved
		}
		for j := range phi {
			phi[j] *= factor
		}
	}
	f.forest.Raw(row, a.Raw)
	a.certify()
}

// leastMove is below which distance of probabilities their ratio is rounding.
const leastMove = 1e-9
