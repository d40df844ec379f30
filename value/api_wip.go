package value

import (
	"errors"

	"bespoke/scenario"
	"bespoke/table"
)

type node struct{ constant bool }

func strict(data []byte, into any) error { return errors.New("not built yet") }

// Error is a payoff that cannot be compiled, or not evaluated in a row.
type Error struct {
	// Path is the place in the scenario, such as "value.actions.grant.bad".
	Path string
	// Msg says what was found and what is allowed.
	Msg string
	// Hint is the nearest known name or the next step; may be empty.
	Hint string
	// Row is the first row concerned, counted from 1; 0 when no row is.
	Row int
}

// Error is "value: path: message (hint)".
func (e *Error) Error() string { return "value: " + e.Path + ": " + e.Msg }

// Fallback stands in for a missing cell.
type Fallback struct {
	// Number is for number columns.
	Number float64 `json:"number,omitempty"`
	// Text is for category and text columns.
	Text string `json:"text,omitempty"`
	// Time is for time columns, in microseconds since 1970 UTC.
	Time int64 `json:"time,omitempty"`
}

// Fallbacks takes from training rows the median of number and time columns and
// the most frequent value of category and text columns.
func Fallbacks(t *table.Table, columns []table.Field) map[string]Fallback { return nil }

// Spread describes the true number given the predicted one.
type Spread struct {
	// Form is "additive" (truth = prediction + point) or "ratio" (truth =
	// prediction * point).
	Form string `json:"form"`
	// Points are equally likely.
	Points []float64 `json:"points"`
}

// FitSpread learns the spread from held-out rows and chooses the form that
// fits better.
func FitSpread(prediction, truth []float64) (*Spread, error) { return nil, errors.New("not built yet") }

// Compile checks the configuration.
func Compile(c Config) (*Payoffs, error) { return nil, errors.New("not built yet") }

// Filled says how many missing cells of a column were replaced.
type Filled struct {
	Column string `json:"column"`
	Rows   int    `json:"rows"`
}

// Sheet is the money of every action for every row.
type Sheet struct {
	// Actions are the names; the number of an action is its index.
	Actions []string
	Rows    int
	// Expected is the expected money by row*len(Actions)+action, before the
	// cost per decision; nil without predictions.
	Expected []float64
	// Realised is the money given the true outcome, likewise; nil without truth.
	Realised []float64
	// PerDecision is subtracted by Profit.
	PerDecision float64
	// Filled lists the columns whose missing cells were replaced.
	Filled []Filled
}

// Sheet evaluates rows. predictions is rows x outputs (nil: unknown), truth
// class indices or numbers (nil: unknown).
func (p *Payoffs) Sheet(t *table.Table, predictions, truth []float64, threads int) (*Sheet, error) {
	return nil, errors.New("not built yet")
}

// Choose is the action with most expected money per row, ties to the first in
// file order; review must beat the others by the review price.
func (s *Sheet) Choose() []int { return nil }

// Profit is the realised money per row of a choice, less the cost per decision.
func (s *Sheet) Profit(choice []int) []float64 { return nil }

// Money is the realised money per row of a choice that needs no model.
func (s *Sheet) Money(choice []int) []float64 { return nil }

// Promise is the expected money per row of a choice, less the cost per decision.
func (s *Sheet) Promise(choice []int) []float64 { return nil }

// Best is the choice of a perfect model; Perfect is its money, less the cost
// per decision.
func (s *Sheet) Best() []int { return nil }

// Perfect is the money of a perfect model per row, less the cost per decision.
func (s *Sheet) Perfect() []float64 { return nil }

// Certain is the choice that takes the most probable outcome (or the predicted
// number) for certain: what accuracy-driven teams do.
func (s *Sheet) Certain() []int { return nil }

// Constant is the choice of one action for all rows.
func (s *Sheet) Constant(action int) []int { return nil }

// Constants lists the actions that need no model.
func (s *Sheet) Constants() []int { return nil }

// Today is the choice of today's rule; nil when none is known.
func (s *Sheet) Today() []int { return nil }

// DoNothing is the action whose payoffs are all zero, or -1.
func (s *Sheet) DoNothing() int { return -1 }

// EVPI is the expected value of perfect information per row.
func (s *Sheet) EVPI() []float64 { return nil }

// Take is the sheet of some rows.
func (s *Sheet) Take(rows []int) *Sheet { return nil }

// ReviewShare is the share of rows that reviewers can take, from 0 to 1.
func (p *Payoffs) ReviewShare() float64 { return 1 }

// ReviewPrice is the shadow price at which at most the share is reviewed.
func (s *Sheet) ReviewPrice(share float64) float64 { return 0 }

// ChooseWithin is Choose with at most so many reviews.
func (s *Sheet) ChooseWithin(reviews int) (choice []int, shadowPrice float64) { return nil, 0 }

// Scratch is the memory of deciding one row after another.
type Scratch struct{}

// NewScratch makes memory for one goroutine.
func (p *Payoffs) NewScratch() *Scratch { return &Scratch{} }

// Decision is the best action for one row.
type Decision struct {
	// Action is its number, Name its name.
	Action int
	Name   string
	// Money is the expected money less the cost per decision.
	Money float64
	// Expected is the expected money of every action before the cost per
	// decision. It belongs to the Scratch.
	Expected []float64
	// EVPI is the expected value of perfect information of the row.
	EVPI float64
}

// Decide decides one row.
func (p *Payoffs) Decide(t *table.Table, row int, prediction []float64, s *Scratch) (Decision, error) {
	return Decision{}, errors.New("not built yet")
}

// Examine adds to Warnings what rows show: dominated actions.
func (p *Payoffs) Examine(t *table.Table, threads int) ([]Warning, error) { return nil, nil }

// Gate is the answer of one gate.
type Gate struct {
	// Name is need, calibration and so on.
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	// Sentence says the verdict and its reason in plain words.
	Sentence string   `json:"sentence"`
	Figures  []Figure `json:"figures,omitempty"`
}

// Figure is a named number with its unit.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
}

// Need answers whether there is money in it at all.
func (p *Payoffs) Need(t *table.Table, truth []float64, need scenario.Need, threads int) (*Need, error) {
	return nil, errors.New("not built yet")
}

// Need is the answer of the need gate.
type Need struct {
	Gate Gate `json:"gate"`
}
