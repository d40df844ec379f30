package interchange

import (
	"fmt"

	"bespoke/ensemble"
	"bespoke/features"
	"bespoke/solution"
	"bespoke/trees"
)

// Exported is the model of a solution as LightGBM's text.
type Exported struct {
	// Text is the file.
	Text []byte `json:"-"`
	// Format is "LightGBM v4".
	Format string `json:"format"`
	// Target is what is predicted, and Output says what the file's prediction
	// is. Outcomes are the names of the classes by index.
	Target   string   `json:"target"`
	Outcomes []string `json:"outcomes,omitempty"`
	Output   string   `json:"output"`
	// Features are what a row of the file's input holds, in order.
	Features []ExportedFeature `json:"features"`
	// Columns are the steps that make these features of the columns of a table.
	Columns []features.StepInfo `json:"columns"`
	// Left says in sentences what of the solution is not in the file.
	Left []string `json:"not_in_the_file"`
}

// ExportedFeature is one feature of an exported model.
type ExportedFeature struct {
	// Name is the name in the file, Feature that in the solution, and Column the
	// column that it is made of.
	Name    string `json:"name"`
	Feature string `json:"feature"`
	Column  string `json:"column"`
	// Kind is number or category; Levels are the levels with the codes 0, 1, ...
	Kind   string   `json:"kind"`
	Levels []string `json:"levels,omitempty"`
}

// Export writes the tree model of a solution as LightGBM's text; see
// WriteLightGBM. A solution whose model is no trees.Model is an error that says
// how to train one that is.
func Export(s *solution.Solution) (*Exported, error) {
	m, err := treesOf(s)
	if err != nil {
		return nil, fmt.Errorf("interchange: export: %w", err)
	}
	list := s.Features.Features()
	levels := make([][]string, len(list))
	for i, f := range list {
		if f.Levels > 0 {
			levels[i] = s.Features.LevelNames(i)
		}
	}
	text, names, err := WriteLightGBM(m, levels)
	if err != nil {
		return nil, err
	}
	out := &Exported{Text: text, Format: "LightGBM v4", Target: s.Target, Outcomes: s.Outcomes, Columns: s.Features.Describe()}
	for i, f := range list {
		e := ExportedFeature{Name: names[i], Feature: f.Name, Column: f.Source, Kind: "number", Levels: levels[i]}
		if f.Levels > 0 {
			e.Kind = "category"
		}
		out.Features = append(out.Features, e)
	}
	switch len(s.Outcomes) {
	case 0:
		out.Output = fmt.Sprintf("the number %s", s.Target)
	case 2:
		out.Output = fmt.Sprintf("the probability that %s is %s", s.Target, s.Outcomes[1])
	default:
		out.Output = fmt.Sprintf("the probabilities of the outcomes of %s, in their order", s.Target)
	}
	out.Left = left(s)
	return out, nil
}

func treesOf(s *solution.Solution) (*trees.Model, error) {
	switch m := s.Model.(type) {
	case *trees.Model:
		if len(m.Features) != len(s.Features.Features()) {
			return nil, fmt.Errorf("the model reads %d features, the steps make %d", len(m.Features), len(s.Features.Features()))
		}
		return m, nil
	case *ensemble.Model:
		return nil, fmt.Errorf("the model is a mean of %d models, and LightGBM's file holds one of trees; train again with design.models: [trees.boost.v1] and design.committee: 1", len(m.Members()))
	}
	return nil, fmt.Errorf("the model %q is not of trees, which LightGBM's file holds; train again with design.models: [trees.boost.v1] and design.committee: 1", s.Model.Name())
}

// left says what of a solution LightGBM's file does not hold.
func left(s *solution.Solution) []string {
	out := []string{"The feature steps: the file reads features, not raw columns. Columns lists the steps."}
	if s.Calibration != nil {
		out = append(out, fmt.Sprintf("The calibration (%s): the file's probabilities are those before it.", s.Calibration.Name()))
	}
	if s.Payoffs != nil {
		out = append(out, "The payoffs: the file predicts, it decides nothing.")
	}
	return append(out, "The scenario, the model card and the reference for drift.")
}
