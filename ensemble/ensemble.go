// Package ensemble averages fitted models: the weighted mean of their raw
// outputs as one model that is saved, loaded, explained and served like any
// other. A stack is the same with weights that need not sum to 1 and a constant
// beside them (Wolpert 1992; Breiman 1996).
//
// The mean is taken where contributions add up: of the numbers for regression,
// of log-odds for two classes, of scores for more. The attributions of the mean
// are then exactly the mean of the members' attributions. See
// docs/decisions/0009 for what was measured against averaging probabilities.
//
// The members read one joint row of features (features.Join), each its own
// consecutive part of it:
//
//	joint, starts, err := features.Join(first.Features, second.Features)
//	mean, err := ensemble.New([]ensemble.Member{
//		{Model: first.Model, Start: starts[0], Weight: 1},
//		{Model: second.Model, Start: starts[1], Weight: 1},
//	})
package ensemble

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"bespoke/model"
)

// Name is the name of a mean, by which it is loaded.
const Name = "ensemble.mean.v1"

// Member is one of the averaged models.
type Member struct {
	// Model is no mean itself: means do not nest.
	Model model.Raw
	// Start is where the features that the member reads begin in the joint row.
	Start int
	// Weight is the member's share of the mean. New takes any positive numbers
	// and divides them by their sum; NewStack takes them as they are.
	Weight float64
}

// Model is the weighted mean of its members. It is immutable and safe for
// concurrent use.
type Model struct {
	members []part
	// intercepts are added to the raw outputs of a stack; nil in a mean.
	intercepts []float64
	outputs    int
	inputs     int
	scratch    sync.Pool // of *[]float64 with two lists of raw outputs
}

// part is a checked member.
type part struct {
	Member
	end int // of the features it reads
}

var _ model.Raw = (*Model)(nil)

// New averages fitted models that answer the same question. It is an error when
// there is none, when their predictions differ in length, or when the members'
// parts of the row do not fit together: each begins where those before it end,
// or covers exactly the part of one of them.
func New(members []Member) (*Model, error) {
	sum := 0.0
	for i, m := range members {
		if !(m.Weight > 0) || math.IsInf(m.Weight, 0) {
			return nil, fmt.Errorf("ensemble: mean: member %d: weight %v must be positive and finite", i+1, m.Weight)
		}
		sum += m.Weight
	}
	shares := slices.Clone(members)
	for i := range shares {
		shares[i].Weight /= sum
	}
	m, err := join(shares, nil)
	if err != nil {
		return nil, fmt.Errorf("ensemble: mean: %w", err)
	}
	return m, nil
}

// NewStack adds up fitted models that answer the same question: its raw outputs
// are the intercepts plus the members' raw outputs times their weights, which
// are positive and finite and need not sum to 1. There is one finite intercept
// per raw output (model.RawOutputs). Errors are as of New.
func NewStack(members []Member, intercepts []float64) (*Model, error) {
	if len(intercepts) == 0 {
		return nil, errors.New("ensemble: stack: there are no intercepts; one per raw output is needed")
	}
	m, err := join(members, slices.Clone(intercepts))
	if err != nil {
		return nil, fmt.Errorf("ensemble: stack: %w", err)
	}
	return m, nil
}

// join checks members whose weights sum to 1, or of a stack where there are
// intercepts.
func join(members []Member, intercepts []float64) (*Model, error) {
	if len(members) == 0 {
		return nil, errors.New("there are no members; at least 1 is needed")
	}
	m := &Model{intercepts: intercepts}
	sum := 0.0
	for i, member := range members {
		p, err := m.part(member)
		if err != nil {
			return nil, fmt.Errorf("member %d: %w", i+1, err)
		}
		m.members = append(m.members, p)
		m.inputs, m.outputs = max(m.inputs, p.end), p.Model.Outputs()
		sum += member.Weight
	}
	raw := model.RawOutputs(m.outputs)
	switch {
	case intercepts == nil && !(math.Abs(sum-1) <= 1e-9):
		return nil, fmt.Errorf("the weights sum to %v, not 1", sum)
	case intercepts != nil && len(intercepts) != raw:
		return nil, fmt.Errorf("there are %d intercepts, want one per raw output: %d", len(intercepts), raw)
	}
	for i, v := range intercepts {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("intercept %d: %v must be finite", i+1, v)
		}
	}
	m.scratch.New = func() any {
		s := make([]float64, 2*raw)
		return &s
	}
	return m, nil
}

// part checks a member against those before it.
func (m *Model) part(member Member) (part, error) {
	if _, nested := member.Model.(*Model); nested {
		return part{}, errors.New("it is a mean itself; means do not nest")
	}
	if model.IsLogarithmic(member.Model) {
		return part{}, errors.New("its raw output is the logarithm of the number it predicts; only raw outputs on the scale of the target can be averaged")
	}
	reads, outputs := member.Model.Inputs(), member.Model.Outputs()
	p := part{Member: member, end: member.Start + reads}
	switch {
	case m.intercepts == nil && !(member.Weight > 0 && member.Weight <= 1):
		return part{}, fmt.Errorf("weight %v must be above 0 and at most 1", member.Weight)
	case !(member.Weight > 0) || math.IsInf(member.Weight, 0):
		return part{}, fmt.Errorf("weight %v must be positive and finite", member.Weight)
	}
	if len(m.members) > 0 && outputs != m.outputs {
		return part{}, fmt.Errorf("its predictions have length %d, those before it %d", outputs, m.outputs)
	}
	shared := slices.ContainsFunc(m.members, func(q part) bool { return q.Start == p.Start && q.end == p.end })
	if n := model.SparseInputs(member.Model); n > 0 && m.SparseInputs() > 0 && n != m.SparseInputs() {
		return part{}, fmt.Errorf("it reads a sparse part of %d columns, one before it one of %d; they must share it", n, m.SparseInputs())
	}
	if reads > 0 && member.Start != m.inputs && !shared {
		return part{}, fmt.Errorf("it reads features %d to %d; it must begin at %d or read what another does", p.Start, p.end, m.inputs)
	}
	if reads == 0 && member.Start != 0 {
		return part{}, fmt.Errorf("it reads no feature and begins at %d; it must begin at 0", member.Start)
	}
	return p, nil
}

// Name is "ensemble.mean.v1".
func (m *Model) Name() string { return Name }

// Outputs is the length of a prediction: 1 for regression, else the number of
// classes.
func (m *Model) Outputs() int { return m.outputs }

// Inputs is the number of features that a joint row must have.
func (m *Model) Inputs() int { return m.inputs }

// Intercepts are added to the raw outputs of a stack, one each; nil for a mean.
func (m *Model) Intercepts() []float64 { return slices.Clone(m.intercepts) }

// Members lists the averaged models; their weights sum to 1 but in a stack.
func (m *Model) Members() []Member {
	out := make([]Member, len(m.members))
	for i, p := range m.members {
		out[i] = p.Member
	}
	return out
}

// Raw writes the weighted mean of the members' raw outputs into out, or the
// stack's. It does not allocate.
func (m *Model) Raw(row, out []float64) {
	s := m.scratch.Get().(*[]float64)
	m.add(row, *s)
	copy(out, *s)
	m.scratch.Put(s)
}

// Predict writes the number, or the probabilities that belong to the mean of the
// raw outputs, into out. It does not allocate.
func (m *Model) Predict(row, out []float64) {
	s := m.scratch.Get().(*[]float64)
	m.add(row, *s)
	link((*s)[:len(*s)/2], out)
	m.scratch.Put(s)
}

// add writes the weighted mean, or the stack, into the first half of s; the
// second half is memory for the members.
func (m *Model) add(row, s []float64) {
	sum, one := s[:len(s)/2], s[len(s)/2:]
	clear(sum)
	copy(sum, m.intercepts)
	for i := range m.members {
		p := &m.members[i]
		p.Model.Raw(row[p.Start:p.end], one)
		for k, v := range one {
			sum[k] += p.Weight * v
		}
	}
}

// link turns raw outputs into a prediction.
func link(raw, out []float64) {
	switch len(out) {
	case 1:
		out[0] = raw[0]
	case 2:
		p := sigmoid(raw[0])
		out[0], out[1] = 1-p, p
	default:
		softmax(raw, out)
	}
}

// sigmoid is 1/(1+exp(-x)) without overflow.
func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// softmax turns scores into probabilities.
func softmax(raw, out []float64) {
	top, sum := slices.Max(raw), 0.0
	for k, v := range raw {
		out[k] = math.Exp(v - top)
		sum += out[k]
	}
	for k := range out {
		out[k] /= sum
	}
}

// LogOdds writes into raw the raw outputs that belong to a prediction: the
// number, the log-odds of class 1, or the logarithms of the probabilities. It is
// for predictions that were kept without their raw outputs. A probability of 0
// counts as 1e-16, about as much as rounding hides beside 1.
func LogOdds(prediction, raw []float64) {
	switch len(prediction) {
	case 1:
		raw[0] = prediction[0]
	case 2:
		raw[0] = logarithm(prediction[1]) - logarithm(prediction[0])
	default:
		for k, p := range prediction {
			raw[k] = logarithm(p)
		}
	}
}

func logarithm(p float64) float64 {
	if p == 0 {
		p = 1e-16
	}
	return math.Log(p)
}

// Average gives the mean of several models' predictions as New gives it of the
// models: all are lists of predictions of the same rows with the given number of
// outputs each, and weights sum to 1.
func Average(predictions [][]float64, weights []float64, outputs int) []float64 {
	return Combine(predictions, weights, nil, outputs)
}

// Combine is Average with the weights and intercepts of a stack, as NewStack
// takes them; without intercepts it is Average.
func Combine(predictions [][]float64, weights, intercepts []float64, outputs int) []float64 {
	mean := make([]float64, len(predictions[0]))
	k := model.RawOutputs(outputs)
	sum, one := make([]float64, k), make([]float64, k)
	for at := 0; at < len(mean); at += outputs {
		clear(sum)
		copy(sum, intercepts)
		for i, p := range predictions {
			LogOdds(p[at:at+outputs], one)
			for j, v := range one {
				sum[j] += weights[i] * v
			}
		}
		link(sum, mean[at:at+outputs])
	}
	return mean
}

// FromRaw writes into prediction what raw outputs stand for; see LogOdds, which
// is the way back.
func FromRaw(raw, prediction []float64) { link(raw, prediction) }
