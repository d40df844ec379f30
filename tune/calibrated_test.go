package tune

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bespoke/calibrate"
	"bespoke/train"
)

func someCalibration(t testing.TB) *train.Calibration {
	t.Helper()
	predictions := []float64{.9, .1, .2, .8, .6, .4, .3, .7, .5, .5, .1, .9}
	m, err := calibrate.Fit("sigmoid", predictions, []float64{0, 1, 0, 1, 1, 0}, 2)
	if err != nil {
		t.Fatal(err)
	}
	return &train.Calibration{Map: m, Scores: []calibrate.Score{{Name: "none", LogLoss: .5}, {Name: "sigmoid", LogLoss: .4, Chosen: true}}, Predictions: predictions}
}

// A calibration reads back as it was.
func TestCalibrationRoundTrip(t *testing.T) {
	c := someCalibration(t)
	data, err := encodeCalibration(c)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeCalibration(data, len(c.Predictions))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(c.Predictions, back.Predictions); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(c.Scores, back.Scores); d != "" {
		t.Error(d)
	}
	a, b := []float64{.3, .7}, []float64{.3, .7}
	c.Map.Apply(a)
	back.Map.Apply(b)
	if a[0] != b[0] || a[1] != b[1] {
		t.Errorf("the map gives %v, read back %v", a, b)
	}
	if _, err := decodeCalibration(data, len(c.Predictions)+2); err == nil {
		t.Error("read back for more rows than there are")
	}
}

// FuzzCalibration: no bytes make reading panic.
func FuzzCalibration(f *testing.F) {
	data, err := encodeCalibration(someCalibration(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, 12)
	f.Add(data[:20], 12)
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255}, 0)
	f.Fuzz(func(t *testing.T, data []byte, predictions int) {
		if predictions < 0 || predictions > 1000 {
			return
		}
		if c, err := decodeCalibration(data, predictions); err == nil && len(c.Predictions) != predictions {
			t.Errorf("%d predictions, want %d", len(c.Predictions), predictions)
		}
	})
}
