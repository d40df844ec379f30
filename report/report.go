// Package report holds what a run found out, as plain data, and draws it: as a
// web.Document, which is written as a page and printed on a terminal. It
// computes no figure itself: package pipeline fills a Result from the stages,
// and every chapter here shows the part of one stage.
//
//	r := &report.Result{Scenario: s, Data: d, Need: n}
//	err := web.Render(w, r.Document())
package report

import (
	"bespoke/design"
	"bespoke/economics"
	"bespoke/evaluate"
	"bespoke/explain"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/train"
	"bespoke/tune"
	"bespoke/value"
)

// Result is everything a run found out, as plain data: it is what report.json
// holds and what the report is drawn from. A part is nil when its stage was not
// reached.
type Result struct {
	Version  string            `json:"version"`
	Scenario scenario.Scenario `json:"scenario"`
	Data     *Data             `json:"data,omitempty"`
	Need     *value.Need       `json:"need,omitempty"`
	// Sensitivity says which numbers the answer rests on; nil without payoffs.
	Sensitivity *value.Sensitivity `json:"sensitivity,omitempty"`
	// Warnings are what is allowed in the payoffs but probably not meant.
	Warnings []value.Warning `json:"warnings,omitempty"`
	Design   *design.Plan    `json:"design,omitempty"`
	// Gains are the steps of derived features that were tried; nil where the
	// scenario asks for none.
	Gains    []train.Gain  `json:"gains,omitempty"`
	Search   *tune.Outcome `json:"search,omitempty"`
	Evaluate *Evaluation   `json:"evaluate,omitempty"`
	// Costs are what each trial of the search took, by its number; nil where that
	// is not known. They differ from run to run.
	Costs []*train.Cost `json:"costs,omitempty"`
	// Latency is how long a decision takes, Economics what the model brings and
	// costs; nil without payoffs.
	Latency   *Latency             `json:"latency,omitempty"`
	Economics *economics.Economics `json:"economics,omitempty"`
	Explain   *Explanation         `json:"explain,omitempty"`
	Bundle    *Packed              `json:"bundle,omitempty"`
	// Gates are those that were reached, in order.
	Gates []Gate `json:"gates"`
}

// Gate is the answer of a gate with the stage it stands at.
type Gate struct {
	Stage string `json:"stage"`
	value.Gate
}

// Data says what was read and how it was split.
type Data struct {
	Task model.Task `json:"task"`
	// Query is the column of queries of a ranking and Queries how many there
	// are; empty and 0 for other tasks.
	Query    string   `json:"query,omitempty"`
	Queries  int      `json:"queries,omitempty"`
	Target   string   `json:"target"`
	Outcomes []string `json:"outcomes,omitempty"`
	Rows     int      `json:"rows"`
	Columns  int      `json:"columns"`
	Sources  []Source `json:"sources"`
	// Development and Test are the numbers of rows; Folds cut Development.
	Development int             `json:"development"`
	Test        int             `json:"test"`
	Folds       int             `json:"folds"`
	SplitBy     string          `json:"split_by"`
	Findings    []table.Finding `json:"findings"`
	Profile     table.Profile   `json:"profile"`
}

// Source is a file that was read.
type Source struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Evaluation holds the figures of the held-out rows.
type Evaluation struct {
	Rows int `json:"rows"`
	// Queries is how many queries of a ranking the rows are of; else 0.
	Queries int `json:"queries,omitempty"`
	// Technology and Scenario are the two choices; Scenario is bundled.
	Technology Chosen `json:"technology"`
	Scenario   Chosen `json:"scenario"`
	// Confusion, Calibrations and Lift are those of the scenario choice; nil
	// for regression.
	Confusion    *evaluate.Confusion    `json:"confusion,omitempty"`
	Calibrations []evaluate.Calibration `json:"calibrations,omitempty"`
	Lift         []evaluate.LiftBin     `json:"lift,omitempty"`
	// The money figures are nil without a value section.
	Policies   *evaluate.Policies    `json:"policies,omitempty"`
	Comparison *evaluate.Comparison  `json:"comparison,omitempty"`
	Money      *evaluate.MoneyCheck  `json:"money,omitempty"`
	Curve      *evaluate.ProfitCurve `json:"curve,omitempty"`
	// Crossing says in which rows the two choices do other things.
	Crossing *evaluate.Crossing `json:"crossing,omitempty"`
	// Blocks says how rows in order of time were resampled; nil for other splits.
	Blocks *evaluate.Blocks `json:"blocks,omitempty"`
	// Selection says how much of the most money of many trials is luck; nil with
	// a single one.
	Selection *evaluate.Selection `json:"selection,omitempty"`
	// Cutoff is the best single cut-off in hindsight with its optimism, Benefit
	// the decision curve; nil where they are not defined.
	Cutoff  *evaluate.TunedCutoff  `json:"cutoff,omitempty"`
	Benefit *evaluate.BenefitCurve `json:"benefit,omitempty"`
	// Learning says what more rows would bring; nil where it was not asked for or
	// the rows are too few.
	Learning *evaluate.Learning `json:"learning,omitempty"`
	// Usage is what the model's decisions take of what is limited, Desk what its
	// reviews bring; nil without limits and without a review.
	Usage []value.Usage     `json:"usage,omitempty"`
	Desk  *value.ReviewDesk `json:"desk,omitempty"`
	// Uncertain are the uncertain parameters, Revealed what knowing them would
	// bring; nil where all are known.
	Uncertain []value.Uncertain `json:"uncertain,omitempty"`
	Revealed  *value.Revealed   `json:"revealed,omitempty"`
	// WhatIf are the changes that evaluate.whatif asks for; nil without any.
	WhatIf *WhatIfs `json:"whatif,omitempty"`
}

// Chosen is a choice with its held-out metrics.
type Chosen struct {
	Trial       int             `json:"trial"`
	Candidate   model.Candidate `json:"candidate"`
	Rounds      int             `json:"rounds,omitempty"`
	Calibration string          `json:"calibration,omitempty"`
	// Predictions is the file in the run's folder that holds what was predicted
	// for the held-out rows.
	Predictions string           `json:"predictions,omitempty"`
	Scores      []evaluate.Score `json:"scores"`
}

// Explanation says what the bundled solution depends on.
type Explanation struct {
	Importances []explain.Importance `json:"importances"`
	// Dropped says in money what the most important columns bring, by learning
	// without each; nil without payoffs.
	Dropped      *evaluate.DroppedColumns `json:"dropped,omitempty"`
	Summary      *explain.Summary         `json:"summary,omitempty"`
	Coefficients *explain.Coefficients    `json:"coefficients,omitempty"`
	Curves       *explain.Curves          `json:"curves,omitempty"`
	Rows         []Explained              `json:"rows,omitempty"`
	// Note says why a part is missing.
	Note string `json:"note,omitempty"`
}

// Explained is one held-out row with its reasons.
type Explained struct {
	// Row is the row's number in the table as it was read, from 1.
	Row int `json:"row"`
	// Truth is the outcome or number that came.
	Truth string `json:"truth"`
	// Action is what was decided; empty without payoffs.
	Action  string          `json:"action,omitempty"`
	Money   float64         `json:"money,omitempty"`
	Reasons explain.Reasons `json:"reasons"`
}

// Packed says what was bundled.
type Packed struct {
	Path   string  `json:"path"`
	Hash   string  `json:"hash"`
	Bytes  int64   `json:"bytes"`
	Limits []Limit `json:"limits"`
}

// Limit is one of the scenario's limits with what was measured.
type Limit struct {
	Name     string `json:"name"`
	Allowed  string `json:"allowed"`
	Measured string `json:"measured"`
	Passed   bool   `json:"passed"`
}
