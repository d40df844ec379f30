package evaluate

import (
	"errors"
	"math"
)

func rmse(h Held) (float64, error) {
	return math.Sqrt(squares(h) / float64(h.Rows())), nil
}

func squares(h Held) float64 {
	sum := 0.0
	for i, y := range h.Truth {
		d := y - h.Predictions[i]
		sum += d * d
	}
	return sum
}

func mae(h Held) (float64, error) {
	sum := 0.0
	for i, y := range h.Truth {
		sum += math.Abs(y - h.Predictions[i])
	}
	return sum / float64(h.Rows()), nil
}

func r2(h Held) (float64, error) {
	mean := average(h.Truth)
	spread := 0.0
	for _, y := range h.Truth {
		spread += (y - mean) * (y - mean)
	}
	if spread == 0 {
		return 0, errors.New("all rows have the same number")
	}
	return 1 - squares(h)/spread, nil
}

// mape divides by the spacing of float64 at 1 where the truth is 0, as
// scikit-learn does.
func mape(h Held) (float64, error) {
	sum := 0.0
	for i, y := range h.Truth {
		sum += math.Abs(y-h.Predictions[i]) / math.Max(math.Abs(y), 0x1p-52)
	}
	return sum / float64(h.Rows()), nil
}
