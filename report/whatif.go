package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bespoke/evaluate"
	"bespoke/scenario"
	"bespoke/value"
)

// WhatIfs are the figures of a run under other needs and payoffs, without
// training again.
type WhatIfs struct {
	// Scenario is the scenario's name.
	Scenario string `json:"scenario"`
	Currency string `json:"currency,omitempty"`
	// Rows is the number of held-out rows behind every figure but Elsewhere.
	Rows int `json:"rows"`
	// Cases are the scenario as it is, and each change of it.
	Cases []WhatIfCase `json:"cases"`
}

// WhatIfCase is what one change of need and value brings. Everything that was
// learnt stays as it is: candidates that were trained for money were trained
// for the payoffs of the run.
type WhatIfCase struct {
	// Name says what is different; Set are the changes, none for the scenario as
	// it is.
	Name string             `json:"name"`
	Set  []scenario.Setting `json:"set,omitempty"`
	// Volume is decisions per month; 0 when not known.
	Volume float64 `json:"volume"`
	// Need is the need question under the change.
	Need *value.Need `json:"need"`
	// Model is the bundled model, deciding by the changed payoffs; Technology the
	// most accurate model acting on its most probable outcome; Constant the best
	// action for all rows, nil when every action needs a model.
	Model      WhatIfPolicy  `json:"model"`
	Technology WhatIfPolicy  `json:"technology"`
	Constant   *WhatIfPolicy `json:"constant,omitempty"`
	// VersusTechnology and VersusConstant are the paired differences of Model to
	// the two.
	VersusTechnology evaluate.Difference  `json:"versus_technology"`
	VersusConstant   *evaluate.Difference `json:"versus_constant,omitempty"`
	// Choice is the number of the trial that would be chosen on out-of-fold rows,
	// Label its name.
	Choice int    `json:"choice"`
	Label  string `json:"label"`
	// Elsewhere is what that trial earns more per decision than the bundled one
	// on out-of-fold rows, which are the rows that chose it; nil when it is the
	// bundled one.
	Elsewhere *evaluate.Difference `json:"elsewhere,omitempty"`
	// Sentence says the result in words.
	Sentence string `json:"sentence"`
}

// WhatIfPolicy is one way of deciding under a change, on the held-out rows.
type WhatIfPolicy struct {
	Name string `json:"name"`
	// Mean is money per decision, after the cost per decision where a model
	// decides.
	Mean     float64           `json:"mean"`
	Interval evaluate.Interval `json:"interval"`
	// PerMonth is Mean by the volume; 0 when no volume is known.
	PerMonth float64 `json:"per_month"`
	// Actions counts the rows by action.
	Actions []evaluate.ActionCount `json:"actions"`
}

// per is the number of decisions that money is per, with its name.
func (w WhatIfCase) per() (decisions float64, name string) {
	if w.Volume > 0 {
		return w.Volume, "a month"
	}
	return perThousand, "per 1,000 decisions"
}

// Say puts the case into words; currency may be empty.
func (w WhatIfCase) Say(currency string) string {
	per, unit := w.per()
	money := func(v float64) string { return strings.TrimSpace(value.Round(v*per) + " " + currency) }
	out := fmt.Sprintf("The bundled model brings %s %s", money(w.Model.Mean), unit)
	if w.Constant != nil {
		out += fmt.Sprintf(", %s “%s”", against(*w.VersusConstant, money), w.Constant.Name)
	}
	out += fmt.Sprintf(" and %s the technology-driven choice", against(w.VersusTechnology, money))
	if !w.Need.Gate.Passed {
		out = "Not even a perfect model would pay its costs. " + out
	}
	if w.Elsewhere == nil {
		return out + "."
	}
	return fmt.Sprintf("%s. %s would be chosen instead: on the rows that chose it, it earns %s the bundled one; run again to get it.",
		out, capital(w.Label), against(*w.Elsewhere, money))
}

// against says a difference in words, up to the name of what it is to.
func against(d evaluate.Difference, money func(float64) string) string {
	word := "more than"
	if d.Mean < 0 {
		word = "less than"
	}
	out := money(math.Abs(d.Mean)) + " " + word
	switch {
	case d.Mean == 0 && d.Interval.Low == 0 && d.Interval.High == 0:
		return "as much as"
	case !d.Significant:
		return "not significantly different (" + money(d.Mean) + ") from"
	}
	return out
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Differs says whether any change would have another trial chosen.
func (w *WhatIfs) Differs() bool {
	return slices.ContainsFunc(w.Cases, func(c WhatIfCase) bool { return c.Elsewhere != nil })
}
