// Package calibrate maps a model's probabilities to probabilities that can be
// trusted with money: when it says 20 %, one in five should happen.
//
// Fit learns one Map on rows the model did not train on; Choose compares all
// methods by cross-validated log-loss and keeps the simplest one that is not
// worse than the best by more than noise. Curve shows how good the result is.
//
// The methods are one file each (sigmoid.go, isotonic.go, ...) and one line
// each in the table of methods. Each of them keeps the order of predictions of
// a binary model. With three or more classes, temperature scales all of them
// together, while sigmoid, beta and isotonic treat each class against the rest
// and bring the sum back to 1, as scikit-learn does.
//
//	m, scores, err := calibrate.Choose(valid, y, 2, seed)
//	m.Apply(prediction) // in place
package calibrate

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"bespoke/internal/strictjson"
)

// Map is a fitted calibration. It is immutable and safe for concurrent use.
type Map interface {
	// Name is the method's name.
	Name() string
	// Apply replaces the K class probabilities of one row by calibrated ones
	// that sum to 1, none of them exactly 0 or 1. It does not allocate. A slice
	// of another length than the map was fitted for is left as it is, and so is
	// the single number of a regression.
	Apply(p []float64)
}

// fitted is what this package's maps can do beside Map.
type fitted interface {
	Map
	// check says what in the numbers could make Apply fail, for a map of so
	// many classes.
	check(classes int) error
	// classes is the number of probabilities the map was fitted for.
	classes() int
	// describe puts the map into words.
	describe() string
}

// method is one line of the table of methods.
type method struct {
	name  string
	fit   func(p, y []float64, classes int) fitted
	empty func(classes int) fitted
}

// methods is the table of methods, simplest first: that order decides between
// methods that are equally good. Adding a method is one file and one line.
var methods = []method{
	noneMethod,
	temperatureMethod,
	sigmoidMethod,
	betaMethod,
	isotonicMethod,
}

// Names lists the methods, simplest first.
func Names() []string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.name
	}
	return names
}

// lookup finds a method of the table.
func lookup(name string) (method, error) {
	for _, m := range methods {
		if m.name == name {
			return m, nil
		}
	}
	return method{}, fmt.Errorf("method %q is none of %s", name, strings.Join(Names(), ", "))
}

// Fit learns the named method (see Names) from the rows of p, row-major
// len(y) x classes, and the class indices y. With classes 1 (regression) only
// "none" can be fitted.
func Fit(name string, p, y []float64, classes int) (Map, error) {
	m, err := lookup(name)
	if err != nil {
		return nil, fmt.Errorf("calibrate: fit: %w", err)
	}
	if classes == 1 && name == noneMethod.name {
		return m.empty(1), nil
	}
	if err := checkRows(p, y, classes); err != nil {
		return nil, fmt.Errorf("calibrate: fit %s: %w", name, err)
	}
	f := m.fit(p, y, classes)
	if err := f.check(classes); err != nil {
		return nil, fmt.Errorf("calibrate: fit %s: %w", name, err)
	}
	return f, nil
}

// checkRows says what is wrong with predictions and outcomes.
func checkRows(p, y []float64, classes int) error {
	if classes < 2 {
		return fmt.Errorf("%d classes, want at least 2", classes)
	}
	if len(y) == 0 || len(p) != len(y)*classes {
		return fmt.Errorf("%d probabilities and %d outcomes of %d classes, want at least one row and %d probabilities", len(p), len(y), classes, len(y)*classes)
	}
	for i, k := range y {
		if !(k >= 0 && k < float64(classes) && k == math.Trunc(k)) {
			return fmt.Errorf("row %d: outcome %v is not a class index below %d", i+1, k, classes)
		}
		sum := 0.0
		for _, q := range p[i*classes : (i+1)*classes] {
			if !(q >= 0 && q <= 1) {
				return fmt.Errorf("row %d: probability %v is not from 0 to 1", i+1, q)
			}
			sum += q
		}
		if !(math.Abs(sum-1) < 1e-6) {
			return fmt.Errorf("row %d: the probabilities sum to %v, want 1", i+1, sum)
		}
	}
	return nil
}

// lowest is the smallest probability that a map gives, so that no log-loss is
// infinite and no money is bet on a certainty; 1-lowest is the largest.
const lowest = 1e-9

// inside moves a probability away from 0 and 1. NaN stays NaN.
func inside(p float64) float64 { return min(max(p, lowest), 1-lowest) }

// logit is the log-odds of a probability moved away from 0 and 1.
func logit(p float64) float64 {
	p = inside(p)
	return math.Log(p) - math.Log1p(-p)
}

// logistic is the probability of log-odds.
func logistic(z float64) float64 {
	if z < 0 {
		e := math.Exp(z)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-z))
}

// normalise brings non-negative values to a sum of 1, none of them 0; all
// alike when they are all 0.
func normalise(p []float64) {
	sum := 0.0
	for _, q := range p {
		sum += q
	}
	if sum == 0 {
		sum = 1
	}
	total := 0.0
	for k := range p {
		p[k] = inside(p[k] / sum)
		total += p[k]
	}
	for k := range p {
		p[k] /= total
	}
}

// curve is a map of one class's probability, for methods that treat each class
// against the rest.
type curve interface {
	at(p float64) float64
}

// applyCurves maps a row: class 1 of a binary task by the one curve, otherwise
// each class by its own.
func applyCurves[C curve](curves []C, p []float64) {
	switch {
	case len(curves) == 1 && len(p) == 2:
		q := inside(curves[0].at(p[1]))
		p[0], p[1] = 1-q, q
	case len(curves) > 1 && len(curves) == len(p):
		for k, c := range curves {
			p[k] = c.at(p[k])
		}
		normalise(p)
	}
}

// fitCurves fits the curve of class 1 of a binary task, otherwise one per class.
func fitCurves[C curve](p, y []float64, classes int, fit func(p, y []float64) C) []C {
	first := 0
	if classes == 2 {
		first = 1
	}
	var curves []C
	q, is := make([]float64, len(y)), make([]float64, len(y))
	for k := first; k < classes; k++ {
		for i := range y {
			q[i], is[i] = p[i*classes+k], 0
			if y[i] == float64(k) {
				is[i] = 1
			}
		}
		curves = append(curves, fit(q, is))
	}
	return curves
}

// checkCurves says whether there are as many curves as the classes need.
func checkCurves(curves, classes int) error {
	if classes < 2 {
		return fmt.Errorf("%d classes, want at least 2", classes)
	}
	want := classes
	if classes == 2 {
		want = 1
	}
	if curves != want {
		return fmt.Errorf("%d curves for %d classes, want %d", curves, classes, want)
	}
	return nil
}

// classesOf is the number of classes of so many curves.
func classesOf(curves int) int {
	if curves == 1 {
		return 2
	}
	return curves
}

// checkNumbers is an error when a number is not finite.
func checkNumbers(values ...float64) error {
	for _, x := range values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%v is not a finite number", x)
		}
	}
	return nil
}

// storedFormat and storedVersion head the form on disk. A later version reads
// every earlier one.
const (
	storedFormat  = "bespoke.calibration"
	storedVersion = 1
)

// mostClasses bounds what a stored map may claim.
const mostClasses = 1 << 16

// stored is the form on disk.
type stored struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	Method  string          `json:"method"`
	Classes int             `json:"classes"`
	Fitted  json.RawMessage `json:"fitted"`
}

// Marshal writes a map of this package as versioned JSON.
func Marshal(m Map) ([]byte, error) {
	f, ok := m.(fitted)
	if !ok {
		return nil, fmt.Errorf("calibrate: write: %T is not a map of this package", m)
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("calibrate: write: %w", err)
	}
	return json.Marshal(stored{Format: storedFormat, Version: storedVersion, Method: f.Name(), Classes: f.classes(), Fitted: raw})
}

// Unmarshal reads what Marshal wrote. It trusts nothing: anything that Apply
// could stumble over is an error.
func Unmarshal(data []byte) (Map, error) {
	var in stored
	if err := strictjson.Decode(data, &in); err != nil {
		return nil, fmt.Errorf("calibrate: read: %w", err)
	}
	if in.Format != storedFormat || in.Version != storedVersion {
		return nil, fmt.Errorf("calibrate: read: format %q version %d, want %q version %d", in.Format, in.Version, storedFormat, storedVersion)
	}
	if in.Classes < 1 || in.Classes > mostClasses {
		return nil, fmt.Errorf("calibrate: read: %d classes, want 1 to %d", in.Classes, mostClasses)
	}
	m, err := lookup(in.Method)
	if err != nil {
		return nil, fmt.Errorf("calibrate: read: %w", err)
	}
	f := m.empty(in.Classes)
	if err := strictjson.Decode(in.Fitted, f); err != nil {
		return nil, fmt.Errorf("calibrate: read %s: %w", in.Method, err)
	}
	if err := f.check(in.Classes); err != nil {
		return nil, fmt.Errorf("calibrate: read %s: %w", in.Method, err)
	}
	return f, nil
}

// Describe puts a map of this package into a sentence for the report.
func Describe(m Map) string {
	if f, ok := m.(fitted); ok {
		return f.describe()
	}
	return m.Name()
}
