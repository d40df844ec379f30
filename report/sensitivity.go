package report

import (
	"fmt"
	"math"
	"strings"

	"bespoke/value"
	"bespoke/web"
)

// mostSwings is how many numbers the tornado shows.
const mostSwings = 8

// sensitivity draws which numbers the answer rests on, and where it turns.
func (r *Result) sensitivity() []web.Block {
	s := r.Sensitivity
	if s == nil || len(s.Swings) == 0 {
		return nil
	}
	chart := web.Tornado{
		Title: "What if one of the numbers is wrong?", Unit: r.currency(), Per: measured(s.Measure), Share: s.Share, Base: s.Base,
		Caption: fmt.Sprintf("What a perfect model adds, with each number %s smaller and larger and the others as they are; an uncertain one from its low to its high end.", web.Quantity{Value: s.Share, Unit: "%"}),
	}
	t := web.Table{
		Columns: []web.Column{
			{Title: "Number", Code: true},
			{Title: "smaller", Number: true, Unit: r.currency(), Decimals: web.Auto},
			{Title: "larger", Number: true, Unit: r.currency(), Decimals: web.Auto},
			{Title: "The answer turns at"},
		},
	}
	names := shorts(s.Swings)
	for i, w := range s.Swings {
		turn := turning(w)
		if i < mostSwings {
			chart.Rows = append(chart.Rows, web.Swing{Name: names[i], Low: w.Low, High: w.High, Note: turn})
		}
		cell := web.Str(turn)
		if w.Flips {
			cell.Tone = web.Warn
		}
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{web.Str(w.Name), web.Num(w.Low), web.Num(w.High), cell}})
	}
	blocks := []web.Block{web.Paragraph(s.Sentence), chart.Chart()}
	if len(s.Swings) > mostSwings {
		blocks = append(blocks, web.Fold{Summary: fmt.Sprintf("All %d numbers", len(s.Swings)), Blocks: []web.Block{t}})
	}
	return blocks
}

// measured is what the figures of a sensitivity are, as small print.
func measured(measure string) string {
	switch measure {
	case "per month":
		return "a month"
	case "present value":
		return "in all, as a present value"
	}
	return measure
}

// shorts are the names of the numbers without their sections, in full where two
// would be called the same.
func shorts(swings []value.Swing) []string {
	times := map[string]int{}
	for _, w := range swings {
		times[short(w.Name)]++
	}
	out := make([]string, len(swings))
	for i, w := range swings {
		if out[i] = short(w.Name); times[out[i]] > 1 {
			out[i] = w.Name
		}
	}
	return out
}

// short is a number's name without the section that it stands in.
func short(name string) string {
	for _, section := range []string{"value.params.", "value.actions.", "value.", "need.costs.", "need."} {
		if rest, ok := strings.CutPrefix(name, section); ok {
			return rest
		}
	}
	return name
}

// turning says where the answer turns.
func turning(w value.Swing) string {
	direction := "smaller"
	if w.Above {
		direction = "larger"
	}
	switch {
	case w.Turns != nil && w.At != nil:
		return fmt.Sprintf("%s, %s %s", value.Round(*w.At), web.Quantity{Value: math.Abs(*w.Turns), Unit: "%", Decimals: web.Auto}, direction)
	case w.Turns != nil:
		return fmt.Sprintf("%s %s", web.Quantity{Value: math.Abs(*w.Turns), Unit: "%", Decimals: web.Auto}, direction)
	case w.At != nil:
		return fmt.Sprintf("%s or %s", value.Round(*w.At), direction)
	}
	return "nowhere"
}

// months is a number of months in words: "7 months", "2.5 months", "3 years".
func months(n float64) string {
	switch {
	case n == 1:
		return "1 month"
	case n == 12:
		return "1 year"
	case n >= 24 && math.Mod(n, 12) == 0:
		return fmt.Sprintf("%.0f years", n/12)
	}
	return value.Round(n) + " months"
}
