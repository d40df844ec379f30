package features

import (
	"math"
	"slices"

	"bespoke/model"
)

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
