package linear

import (
	"context"
	"math"

	"bespoke/model"
)

// loss is the smooth part of a problem as a function of the scaled weights
// theta (per raw output: features, then intercept), with its gradient.
type loss struct {
	problem
	n, k   int       // features with those of the sparse part, raw outputs
	dense  int       // features without them
	scales []float64 // theta = scale * weight
	lasso  []float64 // per theta
	ridge  []float64
	raw    []float64 // weights and intercept of the raw features
	// parts has, per block, the loss, then per raw output the gradient of the
	// dense features and the intercept in raw units, then one number per output.
	parts [][]float64
	// money says that the expected loss is minimised now, see problem.expected.
	money bool
}

func newLoss(p problem) *loss {
	l := &loss{problem: p, n: p.features(), k: p.outputs(), dense: p.in.X.Cols()}
	l.scales = make([]float64, l.n)
	for j, d := range p.moments.scales {
		l.scales[j] = math.Sqrt(d*d + p.ridge/l.steepest())
	}
	l.lasso, l.ridge = p.penalties(l.scales)
	l.raw = make([]float64, l.k*(l.n+1))
	count, _ := blocksOf(p.in.X.Rows)
	l.parts = make([][]float64, count)
	for b := range l.parts {
		l.parts[b] = make([]float64, 1+l.k*(l.dense+1)+l.k)
	}
	return l
}

// steepest bounds the curvature of one row's loss in its raw outputs.
func (l *loss) steepest() float64 {
	switch l.in.Task {
	case model.Regression:
		return 1
	case model.Binary:
		return 0.25
	}
	return 0.5
}

// minimise runs the quasi-Newton method from zero. It works on weights times
// scales, which makes the penalised loss about equally steep in all of them,
// and returns standardised weights. The expected loss, which is not convex and
// flat far from zero, is minimised from where the log-loss ends.
func (l *loss) minimise(ctx context.Context) (solution, error) {
	s := solution{theta: make([]float64, len(l.raw))}
	err := l.descend(ctx, &s)
	if err == nil && l.expected {
		l.money = true
		err = l.descend(ctx, &s)
	}
	for k := range l.k {
		for j := range l.n {
			l.output(s.theta, k)[j] *= l.moments.scales[j] / l.scales[j]
		}
	}
	return s, err
}

// descend minimises from the solution on and adds up its iterations.
func (l *loss) descend(ctx context.Context, s *solution) error {
	strengths := make([]float64, len(l.raw))
	for k := range l.k {
		copy(strengths[k*(l.n+1):], l.lasso)
	}
	before := s.iterations
	q := quasiNewton{
		value: l.value, lasso: strengths, iterations: l.params.Int("max_iterations"), tolerance: l.params.Number("tolerance"),
		step: func(done int) error {
			if l.in.Progress != nil {
				l.in.Progress(before+done, l.iterations())
			}
			return ctx.Err()
		},
	}
	done, converged, err := q.minimise(s.theta)
	s.iterations, s.converged = before+done, converged
	return err
}

// value computes the mean weighted loss plus the ridge penalty at theta and
// writes its gradient.
func (l *loss) value(theta, gradient []float64) float64 {
	l.toRaw(theta)
	if l.wide != nil {
		l.wide.load(l.raw, l.k, l.n+1, l.dense)
	}
	count, size := blocksOf(l.in.X.Rows)
	own := 1 + l.k*(l.dense+1)
	parallel(l.in.Threads, count, func(b int) {
		part := l.parts[b]
		clear(part)
		for i := b * size; i < min((b+1)*size, l.in.X.Rows); i++ {
			l.add(i, part[:own], part[own:])
		}
	})
	f := 0.0
	clear(gradient)
	for _, part := range l.parts {
		f += part[0]
		for k := range l.k {
			from, to := part[1+k*(l.dense+1):][:l.dense+1], l.output(gradient, k)
			axpy(1, from[:l.dense], to)
			to[l.n] += from[l.dense]
		}
	}
	if l.wide != nil {
		l.wide.gather(l.in.Threads, gradient, l.k, l.n+1, l.dense)
	}
	return f/l.moments.sum + l.toStandard(theta, gradient)
}

// toRaw fills raw from theta: w = theta/scale, b = theta_b - w.mean.
func (l *loss) toRaw(theta []float64) {
	for k := range l.k {
		from, to := l.output(theta, k), l.output(l.raw, k)
		b := from[l.n]
		for j := range l.n {
			to[j] = from[j] / l.scales[j]
			b -= to[j] * l.moments.means[j]
		}
		to[l.n] = b
	}
}

// toStandard turns the summed raw gradient into that of the mean loss in
// theta, adds the ridge penalty's gradient and returns the penalty.
func (l *loss) toStandard(theta, gradient []float64) float64 {
	penalty := 0.0
	for k := range l.k {
		t, g := l.output(theta, k), l.output(gradient, k)
		g[l.n] /= l.moments.sum
		for j := range l.n {
			if l.moments.deviations[j] == 0 {
				g[j] = 0 // a constant feature: what is left is rounding noise
				continue
			}
			g[j] = (g[j]/l.moments.sum-l.moments.means[j]*g[l.n])/l.scales[j] + l.ridge[j]*t[j]
			penalty += l.ridge[j] * t[j] * t[j] / 2
		}
	}
	return penalty
}

func (l *loss) output(all []float64, k int) []float64 { return all[k*(l.n+1) : (k+1)*(l.n+1)] }

// add puts one row's loss into part[0] and its gradient behind it; z is scratch
// for one number per raw output.
func (l *loss) add(row int, part, z []float64) {
	x, y, w := l.in.X.Row(row), l.in.Y[row], weightOf(l.in, row)
	for k := range z {
		o := l.output(l.raw, k)
		z[k] = o[l.n] + dot(x, o)
	}
	if l.wide != nil {
		l.wide.add(row, z)
	}
	switch {
	case l.money:
		part[0] += w * expectedLoss(z, int(y))
	case l.in.Task == model.Regression:
		r := z[0] - (y-l.moments.targetMean)/l.unit()
		part[0] += w * r * r / 2
		z[0] = r
	case l.in.Task == model.Binary:
		part[0] += w * (softplus(z[0]) - y*z[0])
		z[0] = sigmoid(z[0]) - y
	default:
		own := z[int(y)]
		part[0] += w * (softmax(z) - own)
		z[int(y)]--
	}
	for k, r := range z {
		g := part[1+k*(l.dense+1):][:l.dense+1]
		axpy(w*r, x, g)
		g[l.dense] += w * r
		if l.wide != nil {
			l.wide.residuals[row*l.k+k] = w * r
		}
	}
}

// expectedLoss is one minus the probability of class y and turns the raw
// outputs z into its derivatives: with p the probabilities and own that of the
// class, own*(p_k - 1) for the class and own*p_k for the others.
func expectedLoss(z []float64, y int) float64 {
	if len(z) == 1 {
		p := sigmoid(z[0])
		z[0] = p * (1 - p)
		if y == 1 {
			z[0], p = -z[0], 1-p
		}
		return p
	}
	softmax(z)
	own := z[y]
	z[y]--
	for k := range z {
		z[k] *= own
	}
	return 1 - own
}

// softplus is log(1+exp(x)) without overflow.
func softplus(x float64) float64 {
	return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}
