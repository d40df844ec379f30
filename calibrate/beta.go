package calibrate

import (
	"errors"
	"fmt"
	"math"
)

// betaMethod treats high and low predictions differently.
var betaMethod = method{
	name: "beta",
	fit: func(p, y []float64, classes int) fitted {
		return &beta{Curves: fitCurves(p, y, classes, fitBow)}
	},
	empty: func(int) fitted { return new(beta) },
}

// beta is beta calibration: M. Kull, T. Silva Filho and P. Flach, Beta
// calibration: a well-founded and easily implemented improvement on logistic
// calibration for binary classifiers, AISTATS 2017. It can bend predictions
// near 0 and near 1 by different amounts.
type beta struct {
	// Curves has one curve for class 1 of a binary task, else one per class.
	Curves []bow `json:"curves"`
}

// bow maps p to the log-odds Low*ln(p) - High*ln(1-p) + Shift.
type bow struct {
	Low   float64 `json:"low"`  // not negative
	High  float64 `json:"high"` // not negative
	Shift float64 `json:"shift"`
}

func (b bow) at(p float64) float64 {
	p = inside(p)
	return logistic(b.Low*math.Log(p) - b.High*math.Log1p(-p) + b.Shift)
}

// fitBow fits the curve of p to y, which is 0 or 1. As in the paper, a negative
// coefficient is taken out and the others fitted again, so that the order of
// predictions stays; the targets are Platt's, so that no curve is infinitely
// steep.
func fitBow(p, y []float64) bow {
	low, high := make([]float64, len(p)), make([]float64, len(p))
	for i, q := range p {
		q = inside(q)
		low[i], high[i] = math.Log(q), -math.Log1p(-q)
	}
	t := smoothed(y)
	w := fitLogistic([][]float64{low, high}, t)
	if w[0] >= 0 && w[1] >= 0 {
		return bow{Low: w[0], High: w[1], Shift: w[2]}
	}
	if w[0] < 0 {
		if v := fitLogistic([][]float64{high}, t); v[0] > 0 {
			return bow{High: v[0], Shift: v[1]}
		}
	}
	if w[1] < 0 {
		if v := fitLogistic([][]float64{low}, t); v[0] > 0 {
			return bow{Low: v[0], Shift: v[1]}
		}
	}
	return bow{Shift: fitLogistic(nil, t)[0]}
}

// Name is "beta".
func (m *beta) Name() string { return betaMethod.name }

// Apply moves the row along the fitted curves.
func (m *beta) Apply(p []float64) { applyCurves(m.Curves, p) }

func (m *beta) classes() int { return classesOf(len(m.Curves)) }

func (m *beta) check(classes int) error {
	for _, b := range m.Curves {
		if err := checkNumbers(b.Low, b.High, b.Shift); err != nil {
			return err
		}
		if b.Low < 0 || b.High < 0 {
			return errors.New("a coefficient is negative, want 0 or more")
		}
	}
	return checkCurves(len(m.Curves), classes)
}

func (m *beta) describe() string {
	if len(m.Curves) == 1 {
		b := m.Curves[0]
		return fmt.Sprintf("Low predictions are bent by %.3g, high ones by %.3g, and all moved by %+.3g in log-odds.", b.Low, b.High, b.Shift)
	}
	return fmt.Sprintf("The predictions of each of %d classes are bent near 0 and 1, then brought to a sum of 1.", len(m.Curves))
}
