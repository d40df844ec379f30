package bundle

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Card is the model card: what a person needs to know before trusting the
// bundle, and what monitoring holds it to. It holds no time of its making, so
// that the same run gives the same bytes.
type Card struct {
	// Name and About are the scenario's.
	Name  string `json:"name"`
	About string `json:"about,omitempty"`
	// Model is the chosen model in words, and Reason why it was chosen.
	Model  string `json:"model"`
	Reason string `json:"reason,omitempty"`
	// IntendedUse says what the bundle is for, NotFor what it is not for.
	IntendedUse []string `json:"intended_use,omitempty"`
	NotFor      []string `json:"not_for,omitempty"`
	// Currency is the unit of all money, such as EUR.
	Currency string `json:"currency,omitempty"`
	// Data are the sources that were read.
	Data []Data `json:"data,omitempty"`
	// Splits say which rows served for what.
	Splits []Split `json:"splits,omitempty"`
	// Promise is the profit that monitoring compares with; nil without a value
	// section.
	Promise *Promise `json:"promise,omitempty"`
	// Figures are the held-out results.
	Figures []Figure `json:"figures,omitempty"`
	// Limits are the scenario's limits with what was measured.
	Limits []Limit `json:"limits,omitempty"`
	// Findings are what the checks of the data found.
	Findings []Finding `json:"findings,omitempty"`
	// Caveats are known weaknesses, in sentences.
	Caveats []string `json:"caveats,omitempty"`
	// Seed is the scenario's seed.
	Seed uint64 `json:"seed"`
}

// Data is one source of rows.
type Data struct {
	Source  string `json:"source"`
	SHA256  string `json:"sha256,omitempty"`
	Rows    int    `json:"rows"`
	Columns int    `json:"columns"`
	// Licence is under which terms the data may be used; empty when not known.
	Licence string `json:"licence,omitempty"`
}

// Split is a set of rows with its use.
type Split struct {
	// Name is learn, validate or test.
	Name string `json:"name"`
	Rows int    `json:"rows"`
	// How says how the rows were chosen, such as "random, stratified by class".
	How string `json:"how,omitempty"`
}

// Promise is the profit per decision on held-out rows.
type Promise struct {
	// PerDecision is the mean, in the card's currency, after the cost per
	// decision; Low and High bound it at Confidence.
	PerDecision float64 `json:"per_decision"`
	Low         float64 `json:"low"`
	High        float64 `json:"high"`
	// Confidence is the level of the interval, from 0 to 1.
	Confidence float64 `json:"confidence"`
	// Rows is how many held-out decisions it rests on.
	Rows int `json:"rows"`
}

// Figure is one held-out result.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Low and High are its interval; nil where none was made.
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
	// Unit is a currency, "share", or empty for a plain number.
	Unit string `json:"unit,omitempty"`
	Note string `json:"note,omitempty"`
}

// Limit is one of the scenario's limits.
type Limit struct {
	Name     string `json:"name"`
	Allowed  string `json:"allowed"`
	Measured string `json:"measured"`
	Passed   bool   `json:"passed"`
}

// Finding is what a check of the data found.
type Finding struct {
	// Where names columns or rows.
	Where string `json:"where,omitempty"`
	// Rule is the check that found it.
	Rule string `json:"rule"`
	Rows int    `json:"rows,omitempty"`
	// Action is what was done about it.
	Action string `json:"action,omitempty"`
}

// Markdown is the card as text for people.
func (c Card) Markdown() string {
	var w strings.Builder
	fmt.Fprintf(&w, "# %s\n", oneLine(c.Name))
	if c.About != "" {
		fmt.Fprintf(&w, "\n%s\n", oneLine(c.About))
	}
	fmt.Fprintf(&w, "\n## Model\n\n%s", oneLine(c.Model))
	if c.Reason != "" {
		fmt.Fprintf(&w, ": %s", oneLine(c.Reason))
	}
	w.WriteString("\n")
	bullets(&w, "Intended use", c.IntendedUse)
	bullets(&w, "Not for", c.NotFor)
	if p := c.Promise; p != nil {
		fmt.Fprintf(&w, "\n## Promise\n\nProfit per decision on %d held-out rows: %s %s (%s to %s at %s).\n",
			p.Rows, number(p.PerDecision), oneLine(c.Currency), number(p.Low), number(p.High), percent(p.Confidence))
	}
	grid(&w, "Figures", []string{"figure", "value", "interval", "note"}, c.Figures, func(f Figure) []string {
		interval := ""
		if f.Low != nil && f.High != nil {
			interval = number(*f.Low) + " to " + number(*f.High)
		}
		return []string{f.Name, strings.TrimSpace(number(f.Value) + " " + f.Unit), interval, f.Note}
	})
	grid(&w, "Data", []string{"source", "rows", "columns", "licence", "SHA-256"}, c.Data, func(d Data) []string {
		licence := d.Licence
		if licence == "" {
			licence = "not known"
		}
		return []string{d.Source, strconv.Itoa(d.Rows), strconv.Itoa(d.Columns), licence, d.SHA256}
	})
	grid(&w, "Splits", []string{"rows for", "rows", "how"}, c.Splits, func(s Split) []string {
		return []string{s.Name, strconv.Itoa(s.Rows), s.How}
	})
	grid(&w, "Limits", []string{"limit", "allowed", "measured", "kept"}, c.Limits, func(l Limit) []string {
		kept := "no"
		if l.Passed {
			kept = "yes"
		}
		return []string{l.Name, l.Allowed, l.Measured, kept}
	})
	grid(&w, "Findings in the data", []string{"where", "rule", "rows", "action"}, c.Findings, func(f Finding) []string {
		return []string{f.Where, f.Rule, strconv.Itoa(f.Rows), f.Action}
	})
	bullets(&w, "Caveats", c.Caveats)
	fmt.Fprintf(&w, "\nSeed %d.\n", c.Seed)
	return w.String()
}

func bullets(w *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n## %s\n\n", title)
	for _, l := range lines {
		fmt.Fprintf(w, "- %s\n", oneLine(l))
	}
}

// grid writes a table; an empty one is left out.
func grid[T any](w *strings.Builder, title string, head []string, rows []T, cells func(T) []string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\n## %s\n\n| %s |\n|%s\n", title, strings.Join(head, " | "), strings.Repeat(" --- |", len(head)))
	for _, r := range rows {
		w.WriteString("|")
		for _, c := range cells(r) {
			fmt.Fprintf(w, " %s |", strings.ReplaceAll(oneLine(c), "|", `\|`))
		}
		w.WriteString("\n")
	}
}

// oneLine keeps text from breaking out of its place in the card.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// number writes four significant digits, or all of a whole number.
func number(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	if a := math.Abs(x); a >= 1000 && a < 1e15 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

func percent(p float64) string { return strconv.FormatFloat(p*100, 'g', 4, 64) + "%" }
