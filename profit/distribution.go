package profit

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Distribution is of an uncertain parameter, in the form that an expected
// maximum profit needs.
type Distribution interface {
	// Below is the probability of values up to v, and their part of the mean:
	// E[x; x <= v]. At +Inf they are 1 and the mean.
	Below(v float64) (probability, moment float64)
	// Check says what is wrong with the parameters.
	Check() error
}

// Beta is the distribution of a share with the density x^(Alpha-1)
// (1-x)^(Beta-1) up to a constant; both are above 0.
type Beta struct{ Alpha, Beta float64 }

// Below uses that x times the density is, up to the mean, that of a Beta with
// one more Alpha.
func (b Beta) Below(v float64) (probability, moment float64) {
	v = min(max(v, 0), 1)
	mean := b.Alpha / (b.Alpha + b.Beta)
	return mathext.RegIncBeta(b.Alpha, b.Beta, v), mean * mathext.RegIncBeta(b.Alpha+1, b.Beta, v)
}

// Check wants both parameters above 0.
func (b Beta) Check() error {
	if !(b.Alpha > 0 && b.Beta > 0) || !finite(b.Alpha) || !finite(b.Beta) {
		return fmt.Errorf("beta distribution: the parameters %v and %v must be above 0", b.Alpha, b.Beta)
	}
	return nil
}

// Gamma is the distribution of an amount above 0 with the mean Shape*Scale;
// both are above 0.
type Gamma struct{ Shape, Scale float64 }

// Below uses that x times the density is, up to the mean, that of a Gamma with
// one more Shape.
func (g Gamma) Below(v float64) (probability, moment float64) {
	mean := g.Shape * g.Scale
	if math.IsInf(v, 1) {
		return 1, mean
	}
	x := max(v, 0) / g.Scale
	return mathext.GammaIncReg(g.Shape, x), mean * mathext.GammaIncReg(g.Shape+1, x)
}

// Check wants both parameters above 0.
func (g Gamma) Check() error {
	if !(g.Shape > 0 && g.Scale > 0) || !finite(g.Shape) || !finite(g.Scale) {
		return fmt.Errorf("gamma distribution: the shape %v and the scale %v must be above 0", g.Shape, g.Scale)
	}
	return nil
}

// Uniform gives every number from Low to High the same chance; Low is below
// High.
type Uniform struct{ Low, High float64 }

// Below is linear, and its moment quadratic.
func (u Uniform) Below(v float64) (probability, moment float64) {
	v = min(max(v, u.Low), u.High)
	width := u.High - u.Low
	return (v - u.Low) / width, (v - u.Low) * (v + u.Low) / 2 / width
}

// Check wants an interval.
func (u Uniform) Check() error {
	if !(u.Low < u.High) || !finite(u.Low) || !finite(u.High) {
		return fmt.Errorf("uniform distribution: %v must be below %v", u.Low, u.High)
	}
	return nil
}

// Normal is the bell curve; Deviation is above 0.
type Normal struct{ Mean, Deviation float64 }

// Below uses that the density's slope is the density times the distance from
// the mean.
func (n Normal) Below(v float64) (probability, moment float64) {
	z := (v - n.Mean) / n.Deviation
	probability = math.Erfc(-z/math.Sqrt2) / 2
	density := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
	return probability, n.Mean*probability - n.Deviation*density
}

// Check wants a deviation above 0.
func (n Normal) Check() error {
	if !(n.Deviation > 0) || !finite(n.Deviation) || !finite(n.Mean) {
		return fmt.Errorf("normal distribution: the mean %v must be finite and the deviation %v above 0", n.Mean, n.Deviation)
	}
	return nil
}

// Point is a number that is certain.
type Point float64

// Below is all or nothing.
func (p Point) Below(v float64) (probability, moment float64) {
	if v < float64(p) {
		return 0, 0
	}
	return 1, float64(p)
}

// Check wants a finite number.
func (p Point) Check() error {
	if !finite(float64(p)) {
		return fmt.Errorf("point: %v must be finite", float64(p))
	}
	return nil
}

// Mixture draws from one of its parts.
type Mixture []Part

// Part is one of the distributions of a mixture, with its chance.
type Part struct {
	Chance float64
	Of     Distribution
}

// Below is the parts' weighted sum.
func (m Mixture) Below(v float64) (probability, moment float64) {
	for _, part := range m {
		p, e := part.Of.Below(v)
		probability += part.Chance * p
		moment += part.Chance * e
	}
	return probability, moment
}

// Check wants chances that sum to 1.
func (m Mixture) Check() error {
	sum := 0.0
	for _, part := range m {
		if !(part.Chance >= 0) {
			return fmt.Errorf("mixture: the chance %v must not be below 0", part.Chance)
		}
		sum += part.Chance
		if err := part.Of.Check(); err != nil {
			return fmt.Errorf("mixture: %w", err)
		}
	}
	if !(math.Abs(sum-1) <= 1e-9) {
		return fmt.Errorf("mixture: the chances sum to %v, want 1", sum)
	}
	return nil
}
