package explain

import (
	"fmt"
	"math"

	"bespoke/additive"
	"bespoke/ensemble"
	"bespoke/linear"
	"bespoke/model"
	"bespoke/trees"
	"bespoke/zoo"
)

// Attributor splits a model's raw outputs into contributions of its features,
// exactly. Raw outputs are the number for regression, the log-odds of class 1
// for binary, and one score per class (softmax gives the probabilities) for
// more classes. An Attributor is immutable and safe for concurrent use.
type Attributor interface {
	// New makes memory for the attribution of one row after another.
	New() *Attribution
	// Attribute fills a for a row of features. It does not allocate.
	Attribute(row []float64, a *Attribution)
}

// Attribution is the raw output of one row as a sum: for output k
//
//	Raw[k] = Base[k] + sum over features j of Phi[k*Features+j]
//
// It is memory that Attribute refills and belongs to one goroutine.
type Attribution struct {
	// Features is how many features a row has.
	Features int
	// Base is what the model says, on average over its training rows, when it
	// knows nothing of the row; one per raw output.
	Base []float64
	// Phi holds the contributions, output after output.
	Phi []float64
	// Columns are the columns of the sparse part that the row has entries in, and
	// Entries their contributions, output after output; Absent is what a row
	// without any lacks against the average row, one per raw output. All are
	// empty for a model that reads no sparse part; else they belong to the sum.
	Columns []uint32
	Entries []float64
	Absent  []float64
	// Raw is what the model itself computed, one per raw output.
	Raw []float64
	// Gap is the certificate: the largest distance over the outputs between
	// Raw and the sum.
	Gap float64

	walk    walk           // of the trees
	members []*Attribution // of a mean
}

// Of returns the attributor of a model whose rows have the given number of
// features. A model without an exact method gives ErrNoAttribution.
//
// Linear models: phi_j = w_j (x_j - mean_j) with the means of the training
// rows, the SHAP value of a linear model when features are taken as
// independent. Trees: path-dependent SHAP values, see Trees; forests: those of
// their predictions, carried over to raw outputs in proportion. Additive models:
// the row's value in the feature's curve, and half of its value in each pair
// with the feature; base is the intercept. The baseline: all zero. A mean of models: the mean of its members' contributions.
func Of(m model.Fitted, features int) (Attributor, error) {
	var inputs int
	var out Attributor
	switch m := m.(type) {
	case *linear.Model:
		inputs, out = m.Inputs(), newLinear(m)
	case *trees.Model:
		t, err := Trees(m)
		if err != nil {
			return nil, err
		}
		inputs, out = len(m.Features), t
	case *trees.Forest:
		t, err := newForest(m)
		if err != nil {
			return nil, err
		}
		inputs, out = m.Inputs(), t
	case *additive.Model:
		inputs, out = m.Inputs(), additiveModel{m}
	case *ensemble.Model:
		mean, err := newMean(m)
		if err != nil {
			return nil, err
		}
		inputs, out = m.Inputs(), mean
	case *zoo.Constant:
		inputs, out = features, newConstant(m, features)
	default:
		return nil, fmt.Errorf("explain: attribution of %s: %w", m.Name(), ErrNoAttribution)
	}
	if inputs != features {
		return nil, fmt.Errorf("explain: attribution of %s: rows have %d features; the model reads %d", m.Name(), features, inputs)
	}
	return out, nil
}

func newAttribution(base []float64, features int) *Attribution {
	return &Attribution{
		Features: features, Base: append([]float64(nil), base...),
		Phi: make([]float64, len(base)*features), Raw: make([]float64, len(base)),
	}
}

// certify computes the gap.
func (a *Attribution) certify() {
	a.Gap = 0
	for k, raw := range a.Raw {
		sum := a.Base[k]
		for _, phi := range a.Phi[k*a.Features : (k+1)*a.Features] {
			sum += phi
		}
		for _, v := range a.Entries[k*len(a.Columns) : (k+1)*len(a.Columns)] {
			sum += v
		}
		if a.Absent != nil {
			sum += a.Absent[k]
		}
		a.Gap = max(a.Gap, math.Abs(raw-sum)) // max keeps a NaN
	}
}

// linearModel attributes linear models.
type linearModel struct {
	model   *linear.Model
	weights [][]float64
	base    []float64
}

func newLinear(m *linear.Model) *linearModel {
	weights, intercepts := m.Coefficients()
	base := append([]float64(nil), intercepts...)
	for k, w := range weights {
		for j, mean := range m.Means() {
			base[k] += w[j] * mean
		}
	}
	out := &linearModel{model: m, weights: weights, base: base}
	if m.SparseInputs() > 0 {
		for k, v := range out.absent(make([]int, m.SparseInputs()), 1) {
			base[k] -= v
		}
	}
	return out
}

func (l *linearModel) New() *Attribution {
	return newAttribution(l.base, l.model.Inputs()).lack(l, l.model.SparseInputs())
}

func (l *linearModel) Attribute(row []float64, a *Attribution) {
	a.hold(nil)
	l.dense(row, a)
	l.model.Raw(row, a.Raw)
	a.certify()
}

// dense fills the contributions of the features that are no part of a sparse one.
func (l *linearModel) dense(row []float64, a *Attribution) {
	means := l.model.Means()
	for k, w := range l.weights {
		phi := a.Phi[k*a.Features : (k+1)*a.Features]
		for j := range phi {
			phi[j] = w[j] * (row[j] - means[j])
		}
	}
}

// additiveModel attributes additive models, which are sums of contributions
// already.
type additiveModel struct{ model *additive.Model }

func (m additiveModel) New() *Attribution {
	return newAttribution(m.model.Intercept, m.model.Inputs())
}

func (m additiveModel) Attribute(row []float64, a *Attribution) {
	m.model.Contributions(row, a.Phi)
	m.model.Raw(row, a.Raw)
	a.certify()
}

// constant attributes the baseline: nothing contributes.
type constant struct {
	raw      []float64
	features int
}

func newConstant(m *zoo.Constant, features int) *constant {
	raw := make([]float64, model.RawOutputs(m.Outputs()))
	m.Raw(nil, raw)
	return &constant{raw, features}
}

func (c *constant) New() *Attribution { return newAttribution(c.raw, c.features) }

func (c *constant) Attribute(_ []float64, a *Attribution) {
	clear(a.Phi)
	copy(a.Raw, c.raw)
	a.certify()
}
