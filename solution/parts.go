package solution

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"bespoke/calibrate"
	"bespoke/features"
	"bespoke/model"
	"bespoke/table"
	"bespoke/value"
	"bespoke/zoo"
)

// The names of the parts that a solution is saved as.
const (
	PartSolution    = "solution.json"
	PartFeatures    = "features.json"
	PartModel       = "model.bin"
	PartCalibration = "calibration.json"
	PartPayoffs     = "payoffs.json"
)

// format counts the changes of the saved form; older forms stay readable.
const format = 1

// header is the content of PartSolution.
type header struct {
	Format   int          `json:"format"`
	Task     model.Task   `json:"task"`
	Target   string       `json:"target"`
	Outcomes []string     `json:"outcomes,omitempty"`
	Schema   table.Schema `json:"schema"`
	Model    string       `json:"model"`
}

// Parts writes the solution as named pieces of data. PartCalibration and
// PartPayoffs are left out where the solution has none.
func (s *Solution) Parts() (map[string][]byte, error) {
	parts := map[string][]byte{}
	h := header{Format: format, Task: s.Task, Target: s.Target, Outcomes: s.Outcomes, Schema: s.Schema, Model: s.Model.Name()}
	put := func(name string, data []byte, err error) error {
		if err != nil {
			return fmt.Errorf("solution: save: %s: %w", name, err)
		}
		parts[name] = data
		return nil
	}
	head, err := json.Marshal(h)
	if err := put(PartSolution, head, err); err != nil {
		return nil, err
	}
	data, err := s.Features.MarshalJSON()
	if err := put(PartFeatures, data, err); err != nil {
		return nil, err
	}
	data, err = s.Model.MarshalBinary()
	if err := put(PartModel, data, err); err != nil {
		return nil, err
	}
	if s.Calibration != nil {
		data, err = calibrate.Marshal(s.Calibration)
		if err := put(PartCalibration, data, err); err != nil {
			return nil, err
		}
	}
	if s.Payoffs != nil {
		data, err = s.Payoffs.MarshalJSON()
		if err := put(PartPayoffs, data, err); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// Load reads what Parts wrote. The bytes are not trusted: whatever could make
// a later prediction fail is an error here.
func Load(parts map[string][]byte) (*Solution, error) {
	s, err := load(parts)
	if err != nil {
		return nil, fmt.Errorf("solution: load: %w", err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("solution: load: %w", err)
	}
	return s, nil
}

func load(parts map[string][]byte) (*Solution, error) {
	for _, need := range []string{PartSolution, PartFeatures, PartModel} {
		if _, ok := parts[need]; !ok {
			return nil, fmt.Errorf("part %q is missing", need)
		}
	}
	var h header
	if err := strict(parts[PartSolution], &h); err != nil {
		return nil, fmt.Errorf("%s: %w", PartSolution, err)
	}
	if h.Format != format {
		return nil, fmt.Errorf("%s: format %d is not known, this version reads %d", PartSolution, h.Format, format)
	}
	s := &Solution{Task: h.Task, Target: h.Target, Outcomes: h.Outcomes, Schema: h.Schema, Features: new(features.Fitted)}
	if err := s.Features.UnmarshalJSON(parts[PartFeatures]); err != nil {
		return nil, fmt.Errorf("%s: %w", PartFeatures, err)
	}
	entry, err := zoo.Find(h.Model)
	if err != nil {
		return nil, err
	}
	if s.Model, err = entry.Load(parts[PartModel]); err != nil {
		return nil, fmt.Errorf("%s: %w", PartModel, err)
	}
	if data, ok := parts[PartCalibration]; ok {
		if s.Calibration, err = calibrate.Unmarshal(data); err != nil {
			return nil, fmt.Errorf("%s: %w", PartCalibration, err)
		}
	}
	if data, ok := parts[PartPayoffs]; ok {
		if s.Payoffs, err = value.Load(data); err != nil {
			return nil, fmt.Errorf("%s: %w", PartPayoffs, err)
		}
	}
	return s, nil
}

// check verifies that the parts belong together by running one row whose
// values are all missing, with panics turned into errors.
func (s *Solution) check() (err error) {
	if want := max(1, len(s.Outcomes)); s.Outputs() != want {
		return fmt.Errorf("the model has %d outputs, the outcomes need %d", s.Outputs(), want)
	}
	have := map[string]table.Field{}
	for _, f := range s.Schema {
		if _, twice := have[f.Name]; twice {
			return fmt.Errorf("the schema has column %q twice", f.Name)
		}
		have[f.Name] = f
	}
	inputs := s.Features.Inputs()
	if s.Payoffs != nil {
		inputs = append(inputs[:len(inputs):len(inputs)], s.Payoffs.Columns()...)
	}
	for _, f := range inputs {
		if got, ok := have[f.Name]; !ok || got.Kind != f.Kind || len(got.Levels) != len(f.Levels) {
			return fmt.Errorf("the schema has no %s column %q with %d levels", f.Kind, f.Name, len(f.Levels))
		}
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the parts do not fit together: %v", r)
		}
	}()
	r := s.NewRow()
	if err := s.Features.Apply(r.Table, r.Features); err != nil {
		return err
	}
	s.predictMatrix(r.Features, r.Prediction)
	return nil
}

// strict decodes exactly one JSON value without unknown fields.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("data after the end")
	}
	return nil
}
