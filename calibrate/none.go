package calibrate

// noneMethod leaves predictions alone.
var noneMethod = method{
	name:  "none",
	fit:   func(_, _ []float64, classes int) fitted { return &none{k: classes} },
	empty: func(classes int) fitted { return &none{k: classes} },
}

// none leaves every prediction as it is, unless one is so near to 0 or 1 that a
// log-loss could be infinite.
type none struct {
	k int
}

// Name is "none".
func (m *none) Name() string { return noneMethod.name }

// Apply moves probabilities away from 0 and 1 and changes no others.
func (m *none) Apply(p []float64) {
	if len(p) != m.k || m.k < 2 {
		return
	}
	for _, q := range p {
		if q < lowest || q > 1-lowest {
			normalise(p)
			return
		}
	}
}

func (m *none) classes() int { return m.k }

func (m *none) check(int) error { return nil }

func (m *none) describe() string { return "Predictions are used as the model gives them." }
