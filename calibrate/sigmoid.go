package calibrate

import (
	"errors"
	"fmt"
	"math"
)

// sigmoidMethod fits a line to the log-odds.
var sigmoidMethod = method{
	name: "sigmoid",
	fit: func(p, y []float64, classes int) fitted {
		return &sigmoid{Curves: fitCurves(p, y, classes, fitLine)}
	},
	empty: func(int) fitted { return new(sigmoid) },
}

// sigmoid is Platt's map: J. Platt, Probabilistic outputs for support vector
// machines and comparisons to regularized likelihood methods, 1999. It is
// fitted to the log-odds of the prediction, so that a model that is right
// already keeps its predictions (slope 1, shift 0).
type sigmoid struct {
	// Curves has one line for class 1 of a binary task, else one per class.
	Curves []line `json:"curves"`
}

// line maps log-odds z to the log-odds Slope*z + Shift.
type line struct {
	Slope float64 `json:"slope"` // not negative: the order of predictions stays
	Shift float64 `json:"shift"`
}

func (l line) at(p float64) float64 { return logistic(l.Slope*logit(p) + l.Shift) }

// fitLine fits Platt's map of p to y, which is 0 or 1. A slope that would turn
// the order of predictions round becomes 0: the map is then the base rate.
func fitLine(p, y []float64) line {
	z := make([]float64, len(p))
	for i, q := range p {
		z[i] = logit(q)
	}
	t := smoothed(y)
	if w := fitLogistic([][]float64{z}, t); w[0] > 0 {
		return line{Slope: w[0], Shift: w[1]}
	}
	return line{Shift: fitLogistic(nil, t)[0]}
}

// smoothed replaces the outcomes 0 and 1 by Platt's targets 1/(n0+2) and
// (n1+1)/(n1+2), so that no map becomes infinitely steep.
func smoothed(y []float64) []float64 {
	ones := 0.0
	for _, k := range y {
		ones += k
	}
	zeros := float64(len(y)) - ones
	t := make([]float64, len(y))
	for i, k := range y {
		t[i] = 1 / (zeros + 2)
		if k == 1 {
			t[i] = (ones + 1) / (ones + 2)
		}
	}
	return t
}

// fitLogistic finds the weights of the columns, and last the shift, under which
// the logistic of their sum has the least cross-entropy with the targets t, by
// Newton's method with halving of steps that do not help: H.-T. Lin, C.-J. Lin
// and R. C. Weng, A note on Platt's probabilistic outputs for support vector
// machines, Machine Learning 68, 2007.
func fitLogistic(columns [][]float64, t []float64) []float64 {
	d := len(columns) + 1
	w := make([]float64, d)
	loss := logisticLoss(columns, t, w)
	for range 100 {
		gradient, hessian := logisticSlope(columns, t, w)
		largest := 0.0
		for j := range d {
			hessian[j][j] += 1e-12 // as in the note: never singular
			largest = max(largest, math.Abs(gradient[j]))
		}
		if largest <= 1e-12*float64(len(t)) {
			break
		}
		step := solve(hessian, gradient)
		moved := false
		for share := 1.0; share > 1e-10; share /= 2 {
			next := make([]float64, d)
			for j := range w {
				next[j] = w[j] - share*step[j]
			}
			if l := logisticLoss(columns, t, next); l < loss {
				w, loss, moved = next, l, true
				break
			}
		}
		if !moved {
			break
		}
	}
	return w
}

// sumAt is the weighted sum of row i.
func sumAt(columns [][]float64, w []float64, i int) float64 {
	z := w[len(columns)]
	for j, c := range columns {
		z += w[j] * c[i]
	}
	return z
}

// logisticLoss is the summed cross-entropy.
func logisticLoss(columns [][]float64, t, w []float64) float64 {
	loss := 0.0
	for i := range t {
		z := sumAt(columns, w, i)
		loss += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) - t[i]*z
	}
	return loss
}

// logisticSlope is the first and second derivative of logisticLoss.
func logisticSlope(columns [][]float64, t, w []float64) (gradient []float64, hessian [][]float64) {
	d := len(w)
	gradient, hessian = make([]float64, d), make([][]float64, d)
	for j := range hessian {
		hessian[j] = make([]float64, d)
	}
	x := make([]float64, d)
	x[d-1] = 1
	for i := range t {
		for j, c := range columns {
			x[j] = c[i]
		}
		q := logistic(sumAt(columns, w, i))
		for j := range x {
			gradient[j] += (q - t[i]) * x[j]
			for k := range x {
				hessian[j][k] += q * (1 - q) * x[j] * x[k]
			}
		}
	}
	return gradient, hessian
}

// solve solves a symmetric positive definite system of at most a few unknowns
// by elimination; it overwrites a.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	x := append([]float64(nil), b...)
	for k := range n {
		for i := k + 1; i < n; i++ {
			f := a[i][k] / a[k][k]
			for j := k; j < n; j++ {
				a[i][j] -= f * a[k][j]
			}
			x[i] -= f * x[k]
		}
	}
	for k := n - 1; k >= 0; k-- {
		for j := k + 1; j < n; j++ {
			x[k] -= a[k][j] * x[j]
		}
		x[k] /= a[k][k]
	}
	return x
}

// Name is "sigmoid".
func (m *sigmoid) Name() string { return sigmoidMethod.name }

// Apply moves the row along the fitted lines.
func (m *sigmoid) Apply(p []float64) { applyCurves(m.Curves, p) }

func (m *sigmoid) classes() int { return classesOf(len(m.Curves)) }

func (m *sigmoid) check(classes int) error {
	for _, l := range m.Curves {
		if err := checkNumbers(l.Slope, l.Shift); err != nil {
			return err
		}
		if l.Slope < 0 {
			return errors.New("a slope is negative, want 0 or more")
		}
	}
	return checkCurves(len(m.Curves), classes)
}

func (m *sigmoid) describe() string {
	if len(m.Curves) == 1 {
		return fmt.Sprintf("Log-odds are multiplied by %.3g and moved by %+.3g.", m.Curves[0].Slope, m.Curves[0].Shift)
	}
	return fmt.Sprintf("The log-odds of each of %d classes are scaled and moved, then brought to a sum of 1.", len(m.Curves))
}
