package table

// Severity says how much a finding matters.
type Severity string

// The severities, from least to most.
const (
	// Note is worth knowing; nothing is wrong.
	Note Severity = "note"
	// Warning may spoil the result; a person should look.
	Warning Severity = "warning"
	// Error would spoil the result; the action taken says what was done.
	Error Severity = "error"
)

// FindingRows is how many rows a finding lists at most.
const FindingRows = 20

// Finding is one thing found in the data: what, where, by which rule, and what
// was done about it.
type Finding struct {
	// Check is the name of the check or step that found it, such as
	// "duplicates" or "types".
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	// Column is the column it is about; empty when it is about rows.
	Column string `json:"column,omitempty"`
	// Message is one sentence with the figures.
	Message string `json:"message"`
	// Count is how many rows are concerned; 0 when it is not about rows.
	Count int `json:"count,omitempty"`
	// Rows are the first of them, at most FindingRows, counted from 1 in the
	// rows as they were read: row 1 is the first below the header, and records
	// that could not be read do not count.
	Rows []int `json:"rows,omitempty"`
	// Rule is the exact formula and threshold.
	Rule string `json:"rule"`
	// Action is what was done.
	Action string `json:"action"`
	// Suggestion is what a person may do; empty when nothing is to be done.
	Suggestion string `json:"suggestion,omitempty"`
}
