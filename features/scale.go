package features

import (
	"fmt"
	"math"
	"slices"

	"bespoke/model"
)

// standardiseStep brings numbers to mean 0 and standard deviation 1.
var standardiseStep = Step{
	Name:    "standardise",
	Summary: "Subtracts the mean and divides by the standard deviation of the training rows.",
	Params: []model.Param{
		clipParam("Bound of the result on both sides, in standard deviations; 0 means none."),
	},
	accepts: []form{number},
	fit: func(b *block, p model.Params, _ *training) (step, error) {
		s := &scaler{Clip: p.Number("clip"), words: scalerWords}
		for j := range b.numbers() {
			mean, deviation := meanAndDeviation(b.present(j))
			s.Center = append(s.Center, mean)
			s.Scale = append(s.Scale, divisor(deviation))
		}
		return s, nil
	},
	empty: func() step { return &scaler{words: scalerWords} },
}

const scalerWords = "mean %s becomes 0, standard deviation %s becomes 1"

// scaler is a fitted standardise, robust or min-max step: (x - Center) / Scale.
type scaler struct {
	Center []float64 `json:"center"`
	// Scale is positive; 1 where the training rows do not vary.
	Scale []float64 `json:"scale"`
	// Clip bounds the result on both sides; 0 means limit.
	Clip float64 `json:"clip,omitempty"`

	words string // of describe, with two %s
}

// meanAndDeviation computes the mean and the standard deviation (divided by n)
// of values. The deviation is 0 where they do not vary beyond rounding, by the
// rule of scikit-learn's StandardScaler. Values up to the largest float64 are
// handled: they are divided by their greatest size first.
func meanAndDeviation(values []float64) (mean, deviation float64) {
	n := float64(len(values))
	if n == 0 {
		return 0, 0
	}
	unit := 1.0
	for _, x := range values {
		if a := math.Abs(x); a > 1e150 && a > unit {
			unit = a
		}
	}
	sum := 0.0
	for _, x := range values {
		sum += x / unit
	}
	mean = sum / n
	square, rest := 0.0, 0.0
	for _, x := range values {
		d := x/unit - mean
		square += d * d
		rest += d
	}
	const eps = 0x1p-52
	variance := (square - rest*rest/n) / n
	rounding := n * mean * eps
	if !(variance > n*eps*variance+rounding*rounding) {
		return mean * unit, 0
	}
	return mean * unit, math.Sqrt(variance) * unit
}

// divisor makes a scale safe to divide by: 1 where there is no variation that
// a float64 could hold.
func divisor(scale float64) float64 {
	if !(scale > 1e-300) || math.IsInf(scale, 0) {
		return 1
	}
	return scale
}

func (s *scaler) bind(in shape) (shape, error) {
	if err := checkFinite("center", s.Center, in.numbers()); err != nil {
		return shape{}, err
	}
	if err := checkScale("scale", s.Scale, in.numbers()); err != nil {
		return shape{}, err
	}
	return in, checkClip(s.Clip)
}

func (s *scaler) apply(v []float64) {
	for j, center := range s.Center {
		v[j] = clipped((v[j]-center)/s.Scale[j], s.Clip)
	}
}

func (s *scaler) describe() string {
	return fmt.Sprintf(s.words, list(s.Center), list(s.Scale)) + clipWords(s.Clip)
}

// clipWords tells of a bound.
func clipWords(clip float64) string {
	if clip == 0 {
		return ""
	}
	return fmt.Sprintf(", bounded at ±%.4g", clip)
}

// robustStep scales numbers by quartiles, which outliers do not move.
var robustStep = Step{
	Name:    "robust",
	Summary: "Subtracts the median and divides by the distance between the quartiles of the training rows.",
	Params: []model.Param{
		clipParam("Bound of the result on both sides, in quartile distances; 0 means none."),
	},
	accepts: []form{number},
	fit: func(b *block, p model.Params, _ *training) (step, error) {
		s := &scaler{Clip: p.Number("clip"), words: robustWords}
		for j := range b.numbers() {
			center, scale := medianAndRange(b.present(j))
			s.Center = append(s.Center, center)
			s.Scale = append(s.Scale, scale)
		}
		return s, nil
	},
	empty: func() step { return &scaler{words: robustWords} },
}

const robustWords = "median %s becomes 0, quartile distance %s becomes 1"

// medianAndRange computes the median and the distance of the quartiles, 1 where
// that is 0. It sorts the values.
func medianAndRange(values []float64) (median, distance float64) {
	if len(values) == 0 {
		return 0, 1
	}
	slices.Sort(values)
	median = quantile(values, 0.5)
	distance = quantile(values, 0.75) - quantile(values, 0.25)
	// Like scikit-learn: a distance that is rounding error counts as none. One
	// that overflows can only come from values that no scaling helps.
	if !(distance >= 10*0x1p-52) || math.IsInf(distance, 0) {
		return median, 1
	}
	return median, distance
}

// quantile interpolates linearly between the two values around the quantile q
// of sorted values, as numpy does by default.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	share, step := at-float64(low), sorted[low+1]-sorted[low]
	if math.IsInf(step, 0) {
		return sorted[low]*(1-share) + sorted[low+1]*share
	}
	return sorted[low] + step*share
}

// minMaxStep brings numbers into the interval from 0 to 1.
var minMaxStep = Step{
	Name:    "min-max",
	Summary: "The smallest value of the training rows becomes 0, the largest 1.",
	Params: []model.Param{
		clipParam("Bound of the result on both sides; 0 means none."),
	},
	accepts: []form{number},
	fit: func(b *block, p model.Params, _ *training) (step, error) {
		s := &scaler{Clip: p.Number("clip"), words: minMaxWords}
		for j := range b.numbers() {
			low, distance := 0.0, 1.0
			if present := b.present(j); len(present) > 0 {
				low = slices.Min(present)
				distance = slices.Max(present) - low
			}
			if !(distance >= 10*0x1p-52) || math.IsInf(distance, 0) {
				distance = 1
			}
			s.Center = append(s.Center, low)
			s.Scale = append(s.Scale, distance)
		}
		return s, nil
	},
	empty: func() step { return &scaler{words: minMaxWords} },
}

const minMaxWords = "smallest %s becomes 0, a distance of %s becomes 1"
