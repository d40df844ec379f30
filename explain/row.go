package explain

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"bespoke/model"
	"bespoke/solution"
	"bespoke/table"
)

// Explainer gives the reasons of one solution. It is immutable and safe for
// concurrent use; each goroutine needs a Scratch.
type Explainer struct {
	solution   *solution.Solution
	attributor Attributor
	features   []model.Feature
	columns    table.Schema // the columns that features come from
	source     []int        // of each feature, an index into columns
	with       []int        // that of its second source, or the same again
	wide       *widePart    // nil where the model reads no sparse part
}

// Predicted stands, as an output, for the class with the highest probability.
const Predicted = -1

// Reasons say why a solution said what it said about one row: Raw is Base plus
// the amounts of the contributions plus Rest.
type Reasons struct {
	// Output is the index of the explained outcome, Outcome its name; 0 and ""
	// for regression. For binary it is always the positive outcome, 1.
	Output  int    `json:"output"`
	Outcome string `json:"outcome,omitempty"`
	// Unit says what Base, Raw and the amounts are measured in.
	Unit string `json:"unit"`
	// Base is the average over the training rows, Raw that of this row, as the
	// model gives it before calibration.
	Base float64 `json:"base"`
	Raw  float64 `json:"raw"`
	// Prediction is what came of Raw after calibration: the probability of the
	// outcome, or the number.
	Prediction float64 `json:"prediction"`
	// Contributions are the columns of the raw table that moved Raw most, the
	// largest magnitude first. Columns that moved nothing are left out.
	Contributions []Contribution `json:"contributions"`
	// Rest is the sum over the columns that are not listed, and Others how many
	// of them moved anything.
	Rest   float64 `json:"rest"`
	Others int     `json:"others"`
	// Gap is the distance between Raw and the sum, the certificate that the
	// explanation is that of this model: rounding noise, about 1e-12 of Raw.
	Gap float64 `json:"gap"`
}

// Contribution is what one column of the raw table added.
type Contribution struct {
	Column string `json:"column"`
	// Value is the row's value as text; "missing" where there is none.
	Value string `json:"value"`
	// Amount is in the unit of the Reasons.
	Amount float64 `json:"amount"`
}

// Scratch is reusable memory for one goroutine.
type Scratch struct {
	attribution *Attribution
	matrix      *model.Matrix
	prediction  []float64
	amounts     []float64 // per column
	order       []int
	reasons     Reasons
}

// New prepares the reasons of a solution. A model that has no exact method
// gives ErrNoAttribution.
func New(s *solution.Solution) (*Explainer, error) {
	e := &Explainer{solution: s, features: s.Features.Features()}
	var err error
	if e.attributor, err = Of(s.Model, len(e.features)); err != nil {
		return nil, err
	}
	at := map[string]int{}
	for _, f := range s.Features.Inputs() {
		at[f.Name] = len(e.columns)
		e.columns = append(e.columns, f)
	}
	for _, f := range e.features {
		i, ok := at[f.Source]
		if !ok {
			return nil, fmt.Errorf("explain: feature %q: its source %q is not among the columns the features read", f.Name, f.Source)
		}
		with := i
		if f.With != "" {
			if with, ok = at[f.With]; !ok {
				return nil, fmt.Errorf("explain: feature %q: its source %q is not among the columns the features read", f.Name, f.With)
			}
		}
		e.source, e.with = append(e.source, i), append(e.with, with)
	}
	if e.wide, err = wideOf(s.Model, e.attributor, s.Features.SparseFeatures(), at); err != nil {
		return nil, err
	}
	return e, nil
}

// NewScratch makes memory for one goroutine.
func (e *Explainer) NewScratch() *Scratch {
	return &Scratch{
		attribution: e.attributor.New(),
		matrix:      e.solution.Features.NewMatrix(1),
		prediction:  make([]float64, e.solution.Outputs()),
		amounts:     make([]float64, len(e.columns)),
		order:       make([]int, 0, len(e.columns)),
		reasons:     Reasons{Contributions: make([]Contribution, 0, len(e.columns))},
	}
}

// Row gives the reasons for a row of a table that has the columns the features
// read, of the same kinds and levels (table.Conform). output is the index of an
// outcome, or Predicted; regression and binary have one output only and ignore
// it. top limits how many contributions are listed; 0 lists all. The result
// belongs to the scratch and holds until its next use.
func (e *Explainer) Row(t *table.Table, row, output, top int, s *Scratch) (*Reasons, error) {
	if row < 0 || row >= t.Rows() {
		return nil, fmt.Errorf("explain: row %d: the table has rows 0 to %d", row, t.Rows()-1)
	}
	if err := e.solution.Features.ApplyRange(t, row, s.matrix); err != nil {
		return nil, fmt.Errorf("explain: row %d: %w", row, err)
	}
	model.PredictRow(e.solution.Model, s.matrix, 0, s.prediction)
	if e.solution.Calibration != nil {
		e.solution.Calibration.Apply(s.prediction)
	}
	return e.reasons(t, row, s.matrix, s.prediction, output, top, s)
}

// Decided gives the reasons for a row that Solution.Decide has just decided,
// without computing its features and prediction again. Otherwise it is as Row.
func (e *Explainer) Decided(r *solution.Row, output, top int, s *Scratch) (*Reasons, error) {
	return e.reasons(r.Table, 0, r.Features, r.Prediction, output, top, s)
}

func (e *Explainer) reasons(t *table.Table, row int, x *model.Matrix, prediction []float64, output, top int, s *Scratch) (*Reasons, error) {
	output, raw, err := e.output(output, prediction)
	if err != nil {
		return nil, err
	}
	a := s.attribution
	e.attribute(x, 0, a)
	e.group(a, raw, s.amounts)
	r := &s.reasons
	*r = Reasons{
		Output: output, Unit: e.unit(), Base: a.Base[raw], Raw: a.Raw[raw], Gap: a.Gap,
		Prediction: prediction[output], Contributions: r.Contributions[:0],
	}
	if e.solution.Task.Classes() {
		r.Outcome = e.solution.Outcomes[output]
	}
	s.rank()
	for i, c := range s.order {
		if top > 0 && i >= top {
			r.Rest += s.amounts[c]
			r.Others++
			continue
		}
		column, ok := t.Column(e.columns[c].Name)
		if !ok {
			return nil, fmt.Errorf("explain: the row has no column %q", e.columns[c].Name)
		}
		r.Contributions = append(r.Contributions, Contribution{Column: column.Name, Value: valueText(column, row), Amount: s.amounts[c]})
	}
	return r, nil
}

// output turns the wanted outcome into an index of predictions and one of raw
// outputs.
func (e *Explainer) output(want int, prediction []float64) (output, raw int, err error) {
	switch e.solution.Task {
	case model.Regression, model.Ranking:
		return 0, 0, nil
	case model.Binary:
		return 1, 0, nil
	}
	if want == Predicted {
		for k, p := range prediction {
			if p > prediction[output] {
				output = k
			}
		}
		return output, output, nil
	}
	if want < 0 || want >= len(prediction) {
		return 0, 0, fmt.Errorf("explain: outcome %d: it must be from 0 to %d, or %d for the predicted one", want, len(prediction)-1, Predicted)
	}
	return want, want, nil
}

func (e *Explainer) unit() string {
	switch e.solution.Task {
	case model.Regression:
		if model.IsLogarithmic(e.solution.Model) {
			return "log of " + e.solution.Target
		}
		return e.solution.Target
	case model.Binary:
		return "log-odds"
	}
	return "score"
}

// group adds up the contributions to a raw output per source column. That of a
// feature made of two columns counts half for each: what both bring together
// belongs to neither alone, and Shapley values share it equally.
func (e *Explainer) group(a *Attribution, raw int, amounts []float64) {
	clear(amounts)
	for j, phi := range a.Phi[raw*a.Features : (raw+1)*a.Features] {
		if e.source[j] == e.with[j] {
			amounts[e.source[j]] += phi
			continue
		}
		amounts[e.source[j]] += phi / 2
		amounts[e.with[j]] += phi / 2
	}
	if e.wide != nil {
		e.wide.group(a, raw, e.columns, amounts)
	}
}

// rank puts the columns with an amount in order of magnitude; equal ones stay
// in the order of the columns.
func (s *Scratch) rank() {
	s.order = s.order[:0]
	for c, v := range s.amounts {
		if v != 0 {
			s.order = append(s.order, c)
		}
	}
	slices.SortStableFunc(s.order, func(a, b int) int {
		return cmp.Compare(math.Abs(s.amounts[b]), math.Abs(s.amounts[a]))
	})
}

// textRunes is how much of a text is shown.
const textRunes = 40

// valueText is a cell as people write it.
func valueText(c *table.Column, row int) string {
	if c.Missing(row) {
		return "missing"
	}
	switch c.Kind {
	case table.Number:
		return strconv.FormatFloat(c.Numbers[row], 'g', -1, 64)
	case table.Category:
		return c.Levels[c.Codes[row]]
	case table.Time:
		at := time.UnixMicro(c.Times[row]).UTC()
		if at.Equal(at.Truncate(24 * time.Hour)) {
			return at.Format(time.DateOnly)
		}
		return at.Format(time.RFC3339)
	}
	text := strings.Join(strings.Fields(c.Texts[row]), " ")
	if utf8.RuneCountInString(text) <= textRunes {
		return text
	}
	return string([]rune(text)[:textRunes-1]) + "…"
}
