package calibrate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// isotonicMethod follows the observed shares wherever they rise.
var isotonicMethod = method{
	name: "isotonic",
	fit: func(p, y []float64, classes int) fitted {
		return &isotonic{Curves: fitCurves(p, y, classes, fitStairs)}
	},
	empty: func(int) fitted { return new(isotonic) },
}

// isotonic is the rising map with the least squared error: B. Zadrozny and C.
// Elkan, Transforming classifier scores into accurate multiclass probability
// estimates, KDD 2002. Between the fitted points it is linear.
type isotonic struct {
	// Curves has one map for class 1 of a binary task, else one per class.
	Curves []stairs `json:"curves"`
}

// stairs is a piecewise linear map through the points (X, Y). Outside it is
// constant.
type stairs struct {
	X []float64 `json:"x"` // strictly rising
	Y []float64 `json:"y"` // rising, from 0 to 1
	// Edge bounds the result to Edge to 1-Edge.
	Edge float64 `json:"edge"`
}

func (s stairs) at(p float64) float64 {
	if math.IsNaN(p) {
		return p
	}
	i := sort.SearchFloat64s(s.X, p)
	share := 0.0 // of the way from point i-1 to point i
	switch {
	case i == len(s.X):
		i--
	case i > 0 && s.X[i] != p:
		share = (p - s.X[i-1]) / (s.X[i] - s.X[i-1])
	}
	q := s.Y[i]
	if share > 0 {
		q = min(s.Y[i-1]+share*(s.Y[i]-s.Y[i-1]), q)
	}
	return min(max(q, s.Edge), 1-s.Edge)
}

// run is some neighbouring predictions that share one value.
type run struct {
	low, high   float64 // predictions
	sum, weight float64 // of outcomes
}

func (r run) mean() float64 { return r.sum / r.weight }

// fitStairs pools adjacent violators: predictions in rising order, equal ones
// as one; wherever the mean outcome falls, neighbours are joined. No share is
// surer than so many rows can tell: with n rows it stays 1/(n+2) away from 0
// and 1 (the rule of succession).
func fitStairs(p, y []float64) stairs {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	var runs []run
	for at := 0; at < len(order); {
		r := run{low: p[order[at]], high: p[order[at]]}
		for ; at < len(order) && p[order[at]] == r.low; at++ {
			r.sum += y[order[at]]
			r.weight++
		}
		for len(runs) > 0 && runs[len(runs)-1].mean() >= r.mean() {
			last := runs[len(runs)-1]
			runs = runs[:len(runs)-1]
			r = run{low: last.low, high: r.high, sum: last.sum + r.sum, weight: last.weight + r.weight}
		}
		runs = append(runs, r)
	}
	s := stairs{Edge: 1 / (float64(len(p)) + 2)}
	for _, r := range runs {
		s.X, s.Y = append(s.X, r.low), append(s.Y, r.mean())
		if r.high > r.low {
			s.X, s.Y = append(s.X, r.high), append(s.Y, r.mean())
		}
	}
	return s
}

// Name is "isotonic".
func (m *isotonic) Name() string { return isotonicMethod.name }

// Apply moves the row along the fitted points.
func (m *isotonic) Apply(p []float64) { applyCurves(m.Curves, p) }

func (m *isotonic) classes() int { return classesOf(len(m.Curves)) }

func (m *isotonic) check(classes int) error {
	for _, s := range m.Curves {
		if len(s.X) == 0 || len(s.X) != len(s.Y) {
			return fmt.Errorf("%d x and %d y, want at least 1 and as many", len(s.X), len(s.Y))
		}
		if err := errors.Join(checkNumbers(s.X...), checkNumbers(s.Y...)); err != nil {
			return err
		}
		if !(s.Edge >= 0 && s.Edge <= 0.5) {
			return fmt.Errorf("edge is %v, want 0 to 0.5", s.Edge)
		}
		for i := range s.X {
			if i > 0 && (s.X[i] <= s.X[i-1] || s.Y[i] < s.Y[i-1]) || s.Y[i] < 0 || s.Y[i] > 1 {
				return fmt.Errorf("point %d (%v, %v) does not rise, or is not from 0 to 1", i, s.X[i], s.Y[i])
			}
		}
	}
	return checkCurves(len(m.Curves), classes)
}

func (m *isotonic) describe() string {
	points := 0
	for _, s := range m.Curves {
		points += len(s.X)
	}
	return fmt.Sprintf("Predictions follow the observed shares along %d points.", points)
}
