package features

import (
	"math"
	"slices"

	"bespoke/model"
)

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
