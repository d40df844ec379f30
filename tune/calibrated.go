package tune

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"bespoke/calibrate"
	"bespoke/internal/strictjson"
	"bespoke/runs"
	"bespoke/train"
)

// calibration chooses and fits the calibration of out-of-fold predictions.
func (s *Search) calibration(o *train.OutOfFold) (*train.Calibration, error) {
	for _, p := range o.Predictions {
		if math.IsNaN(p) || math.IsInf(p, 0) {
			return nil, errors.New("it predicts numbers that are not finite")
		}
	}
	return s.Problem.Calibrate(o)
}

// calibrated gets the calibration of a trial from the journal or makes it: it
// takes most of the time of judging finished trials again. key is that of the
// trial's predictions.
func (s *Search) calibrated(ctx context.Context, key string, o *train.OutOfFold) (*train.Calibration, error) {
	if s.Store == nil || s.Problem.Outputs() == 1 {
		return s.calibration(o)
	}
	var fresh *train.Calibration
	data, _, err := runs.OnceFile(ctx, s.Store, "trials/"+key[:16]+".cal", key, func() ([]byte, error) {
		var err error
		if fresh, err = s.calibration(o); err != nil {
			return nil, err
		}
		return encodeCalibration(fresh)
	})
	if err != nil || fresh != nil {
		return fresh, err
	}
	return decodeCalibration(data, len(o.Predictions))
}

// learnt is the part of a calibration beside its predictions.
type learnt struct {
	Map    json.RawMessage   `json:"map"`
	Scores []calibrate.Score `json:"scores"`
}

// encodeCalibration writes the map and the scores as JSON behind its length, and
// the predictions as little-endian numbers of 8 bytes.
func encodeCalibration(c *train.Calibration) ([]byte, error) {
	m, err := calibrate.Marshal(c.Map)
	if err != nil {
		return nil, err
	}
	head, err := json.Marshal(learnt{Map: m, Scores: c.Scores})
	if err != nil {
		return nil, err
	}
	out := append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...)
	for _, p := range c.Predictions {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(p))
	}
	return out, nil
}

func decodeCalibration(data []byte, predictions int) (*train.Calibration, error) {
	const size = 8
	if len(data) < size {
		return nil, fmt.Errorf("tune: calibration: %d bytes, at least %d are needed", len(data), size)
	}
	head := binary.LittleEndian.Uint64(data)
	if rest := uint64(len(data) - size); head > rest || rest-head != uint64(predictions)*size {
		return nil, fmt.Errorf("tune: calibration: %d bytes do not hold %d predictions", len(data), predictions)
	}
	var l learnt
	if err := strictjson.Decode(data[size:size+head], &l); err != nil {
		return nil, fmt.Errorf("tune: calibration: %w", err)
	}
	c := &train.Calibration{Scores: l.Scores, Predictions: make([]float64, predictions)}
	var err error
	if c.Map, err = calibrate.Unmarshal(l.Map); err != nil {
		return nil, fmt.Errorf("tune: calibration: %w", err)
	}
	for i := range c.Predictions {
		c.Predictions[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[size+int(head)+size*i:]))
	}
	return c, nil
}
