package linear

import (
	"context"
	"fmt"

	"bespoke/model"
)

// problem is one penalised fit: the mean weighted loss plus
// lasso*||w||_1 + ridge/2*||w||^2, with w in raw units of the features.
type problem struct {
	name         string
	in           model.Training
	params       model.Params
	moments      *moments
	wide         *wide // nil without a sparse part
	lasso, ridge float64
	// expected says that the loss of a row is one minus the probability of its
	// class instead of minus the logarithm of it.
	expected bool
}

// solution is what a minimiser found in standardised units: for each raw output
// the weights, then the intercept.
type solution struct {
	theta      []float64
	iterations int
	converged  bool
}

// directFeatures is the largest number of features for which the matrix of
// their products is formed; its cost grows with the square, that of solving
// with the cube.
const directFeatures = 1500

// outputs is the number of raw outputs.
func (p *problem) outputs() int {
	if p.in.Task == model.Multiclass {
		return len(p.in.Classes)
	}
	return 1
}

// features is the number of features, those of the sparse part last.
func (p *problem) features() int { return p.in.X.Width() }

// iterations is the most passes of the minimiser in all: where it starts from
// another minimum it runs twice.
func (p *problem) iterations() int {
	if p.expected {
		return 2 * p.params.Int("max_iterations")
	}
	return p.params.Int("max_iterations")
}

// unit is the unit in which the target is minimised.
func (p *problem) unit() float64 {
	if p.in.Task == model.Regression && p.moments.targetDeviation > 0 {
		return p.moments.targetDeviation
	}
	return 1
}

// penalties returns the strengths for weights that are multiplied by scales.
func (p *problem) penalties(scales []float64) (lasso, ridge []float64) {
	lasso, ridge = make([]float64, len(scales)), make([]float64, len(scales))
	for j, d := range scales {
		lasso[j] = p.lasso / d / p.unit()
		ridge[j] = p.ridge / d / d
	}
	return lasso, ridge
}

// solve picks the minimiser, runs it and returns the model in raw units.
func solve(ctx context.Context, p problem) (model.Fitted, error) {
	s, err := minimise(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("linear: %s: %w", p.name, err)
	}
	m := p.raw(s)
	for k, w := range m.weights {
		for j, v := range append([]float64{m.intercepts[k]}, w...) {
			if !finite(v) {
				return nil, fmt.Errorf("linear: %s: coefficient %d of output %d became %v; scale the features or raise the penalty", p.name, j, k, v)
			}
		}
	}
	for at, v := range m.wide {
		if !finite(v) {
			return nil, fmt.Errorf("linear: %s: coefficient %d of the sparse part became %v; scale the features or raise the penalty", p.name, at/len(m.weights), v)
		}
	}
	if p.in.Progress != nil {
		total := p.iterations()
		p.in.Progress(total, total)
	}
	return m, nil
}

func minimise(ctx context.Context, p problem) (solution, error) {
	n := p.features()
	switch {
	case p.in.Task == model.Regression && p.moments.targetDeviation == 0:
		return solution{theta: make([]float64, n+1), converged: true}, nil
	case p.in.Task == model.Regression && n <= directFeatures && p.wide == nil:
		g, err := gramOf(ctx, p)
		if err != nil {
			return solution{}, err
		}
		if p.lasso == 0 {
			if theta, ok := g.direct(p); ok {
				return solution{theta: append(theta, 0), iterations: 1, converged: true}, nil
			}
			break // features repeat each other and nothing penalises them
		}
		return g.descend(ctx, p)
	}
	return newLoss(p).minimise(ctx)
}

// raw turns standardised weights into a model on the raw features.
func (p *problem) raw(s solution) *Model {
	dense := p.in.X.Cols()
	m := &Model{
		name: p.name, task: p.in.Task, means: p.moments.means[:dense:dense], deviations: p.moments.deviations[:dense:dense],
		iterations: s.iterations, converged: s.converged,
	}
	for _, v := range p.moments.means[dense:] {
		m.wideMeans = append(m.wideMeans, float32(v))
	}
	n := p.features()
	for k := range p.outputs() {
		theta := s.theta[k*(n+1) : (k+1)*(n+1)]
		w := make([]float64, n)
		b := theta[n] * p.unit()
		if p.in.Task == model.Regression {
			b += p.moments.targetMean
		}
		for j := range w {
			w[j] = theta[j] * p.unit() / p.moments.scales[j]
			b -= w[j] * p.moments.means[j]
		}
		m.weights, m.intercepts = append(m.weights, w[:dense:dense]), append(m.intercepts, b)
		m.keep(k, p.outputs(), w[dense:])
	}
	if k := len(m.intercepts); k > 1 {
		centre(m.intercepts)
	}
	return m
}

// centre subtracts the mean: softmax does not change when the same number is
// added to every score, so one of the equal models has to be chosen.
func centre(x []float64) {
	mean := 0.0
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for i := range x {
		x[i] -= mean
	}
}
