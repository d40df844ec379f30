package linear

import "math"

// quasiNewton minimises value(theta) + sum_i lasso_i |theta_i| by the
// orthant-wise limited-memory method of Andrew and Gao (2007); where every
// lasso is 0 it is plain L-BFGS (Nocedal 1980). value must be smooth and
// convex. All arithmetic is sequential, so the path is the same on any machine
// with the same value function.
type quasiNewton struct {
	value      func(theta, gradient []float64) float64
	lasso      []float64
	iterations int
	tolerance  float64 // on the largest slope
	step       func(done int) error

	steps, changes [][]float64 // the last moves of theta and of the gradient
	curvatures     []float64   // their inner products
}

const (
	memory     = 12    // moves remembered
	sufficient = 1e-4  // share of the predicted decrease that must come true
	halvings   = 50    // of the step before giving up on a direction
	noise      = 4e-16 // relative rounding error of a value
	patience   = 8     // steps without visible decrease before stopping
)

// minimise starts at theta and leaves the best point there.
func (q *quasiNewton) minimise(theta []float64) (iterations int, converged bool, err error) {
	n := len(theta)
	gradient, slope, direction := make([]float64, n), make([]float64, n), make([]float64, n)
	next, nextGradient := make([]float64, n), make([]float64, n)
	f := q.value(theta, gradient) + q.penalty(theta)
	idle := 0
	for done := range q.iterations {
		if err := q.step(done); err != nil {
			return done, false, err
		}
		q.slope(theta, gradient, slope)
		if largest(slope) <= q.tolerance {
			return done, true, nil
		}
		q.direction(slope, direction)
		g, ok := q.search(theta, slope, direction, f, next, nextGradient)
		if !ok {
			if len(q.steps) == 0 {
				return done, false, nil // not even downhill helps: rounding is all that is left
			}
			q.steps, q.changes, q.curvatures = nil, nil, nil
			continue
		}
		idle++
		if g < f-noise*math.Abs(f) {
			idle = 0
		}
		q.remember(theta, next, gradient, nextGradient)
		f = g
		copy(theta, next)
		copy(gradient, nextGradient)
		if idle == patience {
			q.slope(theta, gradient, slope)
			return done + 1, largest(slope) <= math.Sqrt(q.tolerance), nil
		}
	}
	return q.iterations, false, nil
}

func (q *quasiNewton) penalty(theta []float64) float64 {
	sum := 0.0
	for i, l := range q.lasso {
		if l > 0 {
			sum += l * math.Abs(theta[i])
		}
	}
	return sum
}

// slope writes the subgradient of least size: zero where the lasso holds a
// weight at zero.
func (q *quasiNewton) slope(theta, gradient, out []float64) {
	for i, g := range gradient {
		l := q.lasso[i]
		switch {
		case l == 0:
			out[i] = g
		case theta[i] > 0:
			out[i] = g + l
		case theta[i] < 0:
			out[i] = g - l
		default:
			out[i] = soft(g, l)
		}
	}
}

// direction writes minus the approximate inverse curvature times the slope (the
// two-loop recursion); coordinates that would move uphill stay.
func (q *quasiNewton) direction(slope, out []float64) {
	for i, s := range slope {
		out[i] = -s
	}
	var alpha [memory]float64
	for m := len(q.steps) - 1; m >= 0; m-- {
		alpha[m] = dot(q.steps[m], out) / q.curvatures[m]
		axpy(-alpha[m], q.changes[m], out)
	}
	if last := len(q.steps) - 1; last >= 0 {
		scale := q.curvatures[last] / dot(q.changes[last], q.changes[last])
		for i := range out {
			out[i] *= scale
		}
	}
	for m := range q.steps {
		beta := dot(q.changes[m], out) / q.curvatures[m]
		axpy(alpha[m]-beta, q.steps[m], out)
	}
	for i, s := range slope {
		if q.lasso[i] > 0 && out[i]*s >= 0 {
			out[i] = 0
		}
	}
}

// search halves the step along direction until the value has fallen enough,
// and writes the point and its gradient. Weights under the lasso may reach zero
// but not change sign within a step.
func (q *quasiNewton) search(theta, slope, direction []float64, f float64, next, gradient []float64) (value float64, ok bool) {
	if !(dot(slope, direction) < 0) {
		return f, false
	}
	step := 1.0
	if len(q.steps) == 0 {
		step = 1 / max(1, math.Sqrt(dot(direction, direction)))
	}
	for range halvings {
		gain := 0.0
		for i, d := range direction {
			next[i] = theta[i] + step*d
			if q.lasso[i] > 0 && next[i]*orthant(theta[i], slope[i]) < 0 {
				next[i] = 0
			}
			gain += slope[i] * (next[i] - theta[i])
		}
		value = q.value(next, gradient) + q.penalty(next)
		if value <= f+sufficient*min(gain, 0)+noise*math.Abs(f) {
			return value, true
		}
		step /= 2
	}
	return f, false
}

// orthant is the sign that a weight under the lasso may have in a step.
func orthant(theta, slope float64) float64 {
	if theta != 0 {
		return theta
	}
	return -slope
}

// remember keeps a move when it shows positive curvature.
func (q *quasiNewton) remember(theta, next, gradient, nextGradient []float64) {
	s, y := make([]float64, len(theta)), make([]float64, len(theta))
	if len(q.steps) == memory { // reuse the oldest
		s, y = q.steps[0], q.changes[0]
	}
	for i := range s {
		s[i], y[i] = next[i]-theta[i], nextGradient[i]-gradient[i]
	}
	c := dot(s, y)
	keep := c > 1e-14*math.Sqrt(dot(s, s)*dot(y, y))
	if len(q.steps) == memory {
		q.steps, q.changes, q.curvatures = q.steps[1:], q.changes[1:], q.curvatures[1:]
	}
	if keep {
		q.steps, q.changes, q.curvatures = append(q.steps, s), append(q.changes, y), append(q.curvatures, c)
	}
}

func largest(x []float64) float64 {
	top := 0.0
	for _, v := range x {
		top = max(top, math.Abs(v))
	}
	return top
}
