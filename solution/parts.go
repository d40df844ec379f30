package solution

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"bespoke/calibrate"
	"bespoke/features"
	"bespoke/internal/strictjson"
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
	Query    string       `json:"query,omitempty"`
	Outcomes []string     `json:"outcomes,omitempty"`
	Schema   table.Schema `json:"schema"`
	Model    string       `json:"model"`
	// Parts holds the SHA-256 of every other part, so that parts of two
	// solutions cannot be mixed.
	Parts map[string]string `json:"parts"`
}

// Parts writes the solution as named pieces of data. PartCalibration and
// PartPayoffs are left out where the solution has none.
func (s *Solution) Parts() (map[string][]byte, error) {
	writers := []struct {
		name  string
		write func() ([]byte, error)
	}{
		{PartFeatures, s.Features.MarshalJSON},
		{PartModel, s.Model.MarshalBinary},
	}
	add := func(name string, write func() ([]byte, error)) {
		writers = append(writers, struct {
			name  string
			write func() ([]byte, error)
		}{name, write})
	}
	if s.Calibration != nil {
		add(PartCalibration, func() ([]byte, error) { return calibrate.Marshal(s.Calibration) })
	}
	if s.Payoffs != nil {
		add(PartPayoffs, s.Payoffs.MarshalJSON)
	}
	parts, sums := map[string][]byte{}, map[string]string{}
	for _, w := range writers {
		data, err := w.write()
		if err != nil {
			return nil, fmt.Errorf("solution: save: %s: %w", w.name, err)
		}
		parts[w.name], sums[w.name] = data, digest(data)
	}
	head, err := json.Marshal(header{
		Format: format, Task: s.Task, Target: s.Target, Query: s.Query, Outcomes: s.Outcomes, Schema: s.Schema, Model: s.Model.Name(), Parts: sums,
	})
	if err != nil {
		return nil, fmt.Errorf("solution: save: %s: %w", PartSolution, err)
	}
	parts[PartSolution] = head
	return parts, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
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
	if _, ok := parts[PartSolution]; !ok {
		return nil, fmt.Errorf("part %q is missing", PartSolution)
	}
	var h header
	if err := strictjson.Decode(parts[PartSolution], &h); err != nil {
		return nil, fmt.Errorf("%s: %w", PartSolution, err)
	}
	if h.Format != format {
		return nil, fmt.Errorf("%s: format %d is not known, this version reads %d", PartSolution, h.Format, format)
	}
	if err := h.verify(parts); err != nil {
		return nil, err
	}
	s := &Solution{Task: h.Task, Target: h.Target, Query: h.Query, Outcomes: h.Outcomes, Schema: h.Schema, Features: new(features.Fitted)}
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

// verify checks that the parts are those that were saved together.
func (h header) verify(parts map[string][]byte) error {
	for _, need := range []string{PartFeatures, PartModel} {
		if h.Parts[need] == "" {
			return fmt.Errorf("%s: lists no part %q", PartSolution, need)
		}
	}
	for _, name := range []string{PartFeatures, PartModel, PartCalibration, PartPayoffs} {
		data, there := parts[name]
		switch want, listed := h.Parts[name]; {
		case listed && !there:
			return fmt.Errorf("part %q is missing", name)
		case there && !listed:
			return fmt.Errorf("part %q does not belong to this solution", name)
		case there && digest(data) != want:
			return fmt.Errorf("part %q was changed, or belongs to another solution", name)
		}
	}
	return nil
}

// check verifies that the parts belong together by running one row whose
// values are all missing, with panics turned into errors.
func (s *Solution) check() (err error) {
	if want := max(1, len(s.Outcomes)); s.Outputs() != want {
		return fmt.Errorf("the model has %d outputs, the outcomes need %d", s.Outputs(), want)
	}
	if reads, made := model.SparseInputs(s.Model), len(s.Features.SparseFeatures()); reads > made {
		return fmt.Errorf("the model reads a sparse part of %d columns, the features make %d", reads, made)
	}
	if (s.Query != "") != (s.Task == model.Ranking) || s.Task == model.Ranking && len(s.Outcomes) > 0 {
		return fmt.Errorf("the task %s with the query %q and %d outcomes; a ranking has a query and no outcomes, others have none", s.Task, s.Query, len(s.Outcomes))
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
		got, ok := have[f.Name]
		if ok && f.Kind == table.Text && got.Kind == table.Category {
			continue // rows can be grouped by what a model reads
		}
		if !ok || got.Kind != f.Kind || len(got.Levels) != len(f.Levels) {
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
