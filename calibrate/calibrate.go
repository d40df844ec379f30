// Package calibrate maps a model's probabilities to probabilities that can be
// trusted with money: when it says 20 %, one in five should happen.
//
// Fit learns one Map on rows the model did not train on; Choose compares all
// methods by cross-validated log-loss and keeps the simplest one that is not
// worse than the best by more than noise. Curve shows how good the result is.
//
// The methods are one file each (sigmoid.go, isotonic.go, ...) and one line
// each in the table of methods.
package calibrate

import "errors"

// Map is a fitted calibration. It is immutable and safe for concurrent use.
type Map interface {
	// Name is the method's name.
	Name() string
	// Apply replaces the K class probabilities of one row by calibrated ones
	// that sum to 1, none of them exactly 0 or 1. It does not allocate. A slice
	// of another length than the map was fitted for is left as it is.
	Apply(p []float64)
}

// Score is how one method did in Choose.
type Score struct {
	Name string `json:"name"`
	// LogLoss is the cross-validated mean log-loss, in nats per row.
	LogLoss float64 `json:"log_loss"`
	// Gain is the log-loss of "none" minus LogLoss; GainError is its standard
	// error over the rows.
	Gain      float64 `json:"gain"`
	GainError float64 `json:"gain_error"`
	// Chosen marks the method that Choose returned.
	Chosen bool `json:"chosen"`
	// Note says why a method could not be fitted, or why it was chosen.
	Note string `json:"note,omitempty"`
}

// Fit learns the named method (see Names) from the rows of p, row-major
// len(y) x classes, and the class indices y. With classes 1 (regression) only
// "none" can be fitted.
func Fit(name string, p, y []float64, classes int) (Map, error) {
	return nil, errors.New("calibrate: being written")
}

// Names lists the methods, simplest first.
func Names() []string { return nil }

// Choose fits the method with the best cross-validated log-loss on all rows.
func Choose(p, y []float64, classes int, seed uint64) (Map, []Score, error) {
	return nil, nil, errors.New("calibrate: being written")
}

// Marshal writes a map as versioned JSON.
func Marshal(m Map) ([]byte, error) { return nil, errors.New("calibrate: being written") }

// Unmarshal reads what Marshal wrote; anything that Apply could stumble over is
// an error.
func Unmarshal(data []byte) (Map, error) { return nil, errors.New("calibrate: being written") }

// Bin is one bin of a calibration curve.
type Bin struct {
	// Low and High are the smallest and largest prediction in the bin.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Predicted is the mean prediction, Observed the share of y = 1.
	Predicted float64 `json:"predicted"`
	Observed  float64 `json:"observed"`
	// Count is the number of rows.
	Count int `json:"count"`
	// From and To are the 95 % Wilson interval of Observed.
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// Curve sorts the rows by prediction into about equally full bins and compares
// the mean prediction p of each with the share of y = 1.
func Curve(p, y []float64, bins int) []Bin { return nil }

// ExpectedError is the expected calibration error of a curve: the mean distance
// between prediction and share, weighted by rows.
func ExpectedError(curve []Bin) float64 { return 0 }
