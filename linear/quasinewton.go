package linear

import "math"

// quasiNewton minimises value(theta) + sum_i lasso_i |theta_i| by projected
// scaled subgradients (Schmidt 2010, chapter 2): an orthant-wise method whose
// limited memory sees only the weights that are not held at zero. Where every
// lasso is 0 it is plain L-BFGS (Nocedal 1980). value must be smooth; where it
// is not convex, a nearby local minimum is found, since moves along which it
// curves downward are not remembered. All arithmetic is sequential, so the path
// is the same on any machine with the same value function.
type quasiNewton struct {
	value      func(theta, gradient []float64) float64
	lasso      []float64
	iterations int
	tolerance  float64 // on the largest slope
	step       func(done int) error

	steps, changes [][]float64 // the last moves of theta and of the gradient
	free           []bool      // weights that the recursion moves
}

const (
	memory     = 12    // moves remembered
	sufficient = 1e-4  // share of the predicted decrease that must come true
	halvings   = 50    // of the step before giving up on a direction
	noise      = 4e-16 // relative rounding error of a value
	tiny       = 1e-14 // least cosine between a move and its change of gradient
	patience   = 8     // steps without visible decrease before stopping
)

// minimise starts at theta and leaves the best point there.
func (q *quasiNewton) minimise(theta []float64) (iterations int, converged bool, err error) {
	n := len(theta)
	q.free = make([]bool, n)
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
		q.direction(theta, slope, direction)
		g, ok := q.search(theta, slope, direction, f, next, nextGradient)
		if !ok {
			if len(q.steps) == 0 {
				return done, false, nil // not even downhill helps: rounding is all that is left
			}
			q.steps, q.changes = nil, nil
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

// direction writes a step downhill. Weights away from zero, and those without
// lasso, follow the two-loop recursion restricted to themselves; weights that
// the lasso is about to release follow their slope. Without lasso this is the
// plain two-loop recursion.
func (q *quasiNewton) direction(theta, slope, out []float64) {
	for i, s := range slope {
		q.free[i] = q.lasso[i] == 0 || theta[i] != 0
		out[i] = -s
	}
	var alpha, curvature [memory]float64
	scale, scaled := 1.0, false
	for m := len(q.steps) - 1; m >= 0; m-- {
		s, y := q.steps[m], q.changes[m]
		curvature[m] = q.freeDot(s, y)
		if !(curvature[m] > tiny*math.Sqrt(q.freeDot(s, s)*q.freeDot(y, y))) {
			curvature[m] = 0
			continue
		}
		if !scaled { // the newest move tells the size of a step
			scale, scaled = curvature[m]/q.freeDot(y, y), true
		}
		alpha[m] = q.freeDot(s, out) / curvature[m]
		q.freeAxpy(-alpha[m], y, out)
	}
	for i := range out {
		out[i] *= scale
	}
	for m := range q.steps {
		if curvature[m] > 0 {
			beta := q.freeDot(q.changes[m], out) / curvature[m]
			q.freeAxpy(alpha[m]-beta, q.steps[m], out)
		}
	}
}

func (q *quasiNewton) freeDot(a, b []float64) float64 {
	sum := 0.0
	for i, f := range q.free {
		if f {
			sum += a[i] * b[i]
		}
	}
	return sum
}

func (q *quasiNewton) freeAxpy(f float64, x, y []float64) {
	for i, free := range q.free {
		if free {
			y[i] += f * x[i]
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
	if len(q.steps) == memory {
		q.steps, q.changes = q.steps[1:], q.changes[1:]
	}
	if dot(s, y) > tiny*math.Sqrt(dot(s, s)*dot(y, y)) {
		q.steps, q.changes = append(q.steps, s), append(q.changes, y)
	}
}

func largest(x []float64) float64 {
	top := 0.0
	for _, v := range x {
		top = max(top, math.Abs(v))
	}
	return top
}
