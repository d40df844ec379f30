package interchange

import (
	"fmt"
	"math"
)

// LightGBM's decision_type of a node is a sum of bits (tree.h of its source):
// 1 for a split of categories, 2 when missing goes left, and what is missing,
// times 4.
const (
	bitCategory = 1
	bitLeft     = 2
	missingNone = 0 // NaN is zero
	missingZero = 1 // NaN and zero
	missingNaN  = 2
)

// decision is one split of numbers in LightGBM's terms.
type decision struct {
	missing int
	left    bool // where what is missing goes
	at      float64
}

// missingLeft is where NaN goes.
func (d decision) missingLeft() bool {
	if d.missing == missingNone {
		return 0 <= d.at
	}
	return d.left
}

// zeroLeft is where the comparison sends numbers near zero; ok is false when the
// threshold cuts through them.
func (d decision) zeroLeft() (left, ok bool) {
	return d.at >= nearZero, d.at >= nearZero || d.at < -nearZero
}

// plain says whether the split does the same when zero is left to the
// comparison with the threshold.
func (d decision) plain() bool {
	left, ok := d.zeroLeft()
	return d.missing != missingZero || ok && left == d.left
}

// gone says whether the split does the same when zero is made NaN.
func (d decision) gone() bool {
	if d.missing == missingZero {
		return true
	}
	left, ok := d.zeroLeft()
	return ok && left == d.missingLeft()
}

// zeros decides for one feature whether zero must be made NaN before the row is
// predicted, so that every split of it does what LightGBM does.
func zeros(splits []decision) (asMissing bool, err error) {
	plain, gone := true, true
	for _, d := range splits {
		plain, gone = plain && d.plain(), gone && d.gone()
	}
	if !plain && !gone {
		return false, fmt.Errorf("zero counts as missing in some of its %d splits and as a number in others; train with one setting of zero_as_missing", len(splits))
	}
	return !plain, nil
}

// finite keeps a figure that is only told, not used, if it can be kept.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}
