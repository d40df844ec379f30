package pipeline

import "bespoke/report"

// What a run found out is data of package report; these are its names here.
type (
	// Result is everything a run found out: see report.Result.
	Result = report.Result
	// Gate is the answer of a gate with the stage it stands at.
	Gate = report.Gate
	// Data says what was read and how it was split.
	Data = report.Data
	// Source is a file that was read.
	Source = report.Source
	// Evaluation holds the figures of the held-out rows.
	Evaluation = report.Evaluation
	// Chosen is a choice with its held-out metrics.
	Chosen = report.Chosen
	// Explanation says what the bundled solution depends on.
	Explanation = report.Explanation
	// Explained is one held-out row with its reasons.
	Explained = report.Explained
	// Packed says what was bundled.
	Packed = report.Packed
	// Limit is one of the scenario's limits with what was measured.
	Limit = report.Limit
	// WhatIfs are the figures of a run under other needs and payoffs.
	WhatIfs = report.WhatIfs
	// WhatIfCase is what one change brings.
	WhatIfCase = report.WhatIfCase
)
