package calibrate

import (
	"fmt"
	"math"
)

// temperatureMethod makes all predictions bolder or more modest.
var temperatureMethod = method{
	name: "temperature",
	fit: func(p, y []float64, classes int) fitted {
		return &temperature{Sharpness: fitSharpness(p, y, classes), k: classes}
	},
	empty: func(classes int) fitted { return &temperature{k: classes} },
}

// temperature raises the probabilities to a power and brings the sum back to 1:
// C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern
// neural networks, ICML 2017, section 4.2. The order of the classes stays.
type temperature struct {
	// Sharpness is that power, one over the temperature of the paper: above 1
	// makes predictions bolder, below 1 more modest.
	Sharpness float64 `json:"sharpness"`

	k int
}

// The bounds of Sharpness: beyond them every prediction is about certain, or
// about the same.
const (
	leastSharp = 0.01
	mostSharp  = 20.0
)

// fitSharpness finds the power with the least log-loss. The loss is convex in
// it, so the root of its slope is bracketed and halved, with Newton's step
// where that stays in the bracket.
func fitSharpness(p, y []float64, classes int) float64 {
	logs := make([]float64, len(p))
	for i, q := range p {
		logs[i] = math.Log(inside(q))
	}
	low, high, s := leastSharp, mostSharp, 1.0
	for range 200 {
		slope, bend := sharpnessSlope(logs, y, classes, s)
		if slope < 0 {
			low = s
		} else {
			high = s
		}
		next := s - slope/bend
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		if math.Abs(next-s) <= 1e-14*s {
			break
		}
		s = next
	}
	return s
}

// sharpnessSlope is the first and second derivative of the summed log-loss.
func sharpnessSlope(logs, y []float64, classes int, s float64) (slope, bend float64) {
	for i, k := range y {
		row := logs[i*classes : (i+1)*classes]
		top := math.Inf(-1)
		for _, l := range row {
			top = max(top, l)
		}
		total, first, second := 0.0, 0.0, 0.0
		for _, l := range row {
			d := l - top
			e := math.Exp(s * d)
			total += e
			first += e * d
			second += e * d * d
		}
		mean := first / total
		slope += mean - (row[int(k)] - top)
		bend += second/total - mean*mean
	}
	return slope, bend
}

// Name is "temperature".
func (m *temperature) Name() string { return temperatureMethod.name }

// Apply makes the row bolder or more modest.
func (m *temperature) Apply(p []float64) {
	if len(p) != m.k {
		return
	}
	if m.k == 2 {
		// One number decides, so that the map is monotone to the last bit.
		q := inside(logistic(m.Sharpness * logit(p[1])))
		p[0], p[1] = 1-q, q
		return
	}
	top := 0.0
	for k, q := range p {
		p[k] = inside(q)
		top = max(top, p[k])
	}
	for k, q := range p {
		p[k] = math.Exp(m.Sharpness * math.Log(q/top))
	}
	normalise(p)
}

func (m *temperature) classes() int { return m.k }

func (m *temperature) check(classes int) error {
	if classes < 2 {
		return fmt.Errorf("%d classes, want at least 2", classes)
	}
	if !(m.Sharpness >= leastSharp && m.Sharpness <= mostSharp) {
		return fmt.Errorf("sharpness is %v, want %v to %v", m.Sharpness, leastSharp, mostSharp)
	}
	return nil
}

func (m *temperature) describe() string {
	what := "bolder"
	if m.Sharpness < 1 {
		what = "more modest"
	}
	return fmt.Sprintf("All predictions are made %s: their log-odds are multiplied by %.3g.", what, m.Sharpness)
}
