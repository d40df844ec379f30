package formula

import (
	"slices"

	"bespoke/table"
)

// Fallback stands in for the missing cells of one column. Only the field of
// the column's kind is used.
type Fallback struct {
	// Number is for number columns.
	Number float64 `json:"number,omitempty"`
	// Text is for category and text columns.
	Text string `json:"text,omitempty"`
	// Time is for time columns, in microseconds since 1970 UTC.
	Time int64 `json:"time,omitempty"`
}

// Fallbacks takes from training rows what may stand in for missing cells: the
// lower median of number and time columns, the most frequent value of category
// and text columns (the first in alphabetical order when several are). Columns
// without any value are left out, so that their missing cells stay errors.
func Fallbacks(t *table.Table, columns []table.Field) map[string]Fallback {
	out := make(map[string]Fallback, len(columns))
	for _, f := range columns {
		c, ok := t.Column(f.Name)
		if !ok || c.Kind != f.Kind {
			continue
		}
		if fb, ok := fallback(c); ok {
			out[f.Name] = fb
		}
	}
	return out
}

func fallback(c *table.Column) (fb Fallback, ok bool) {
	var present []int
	for row := range c.Len() {
		if !c.Missing(row) {
			present = append(present, row)
		}
	}
	if len(present) == 0 {
		return fb, false
	}
	switch c.Kind {
	case table.Number:
		v := c.Take(present).Numbers
		slices.Sort(v)
		fb.Number = v[(len(v)-1)/2]
	case table.Time:
		v := c.Take(present).Times
		slices.Sort(v)
		fb.Time = v[(len(v)-1)/2]
	default:
		fb.Text = mostFrequent(c, present)
	}
	return fb, true
}

func mostFrequent(c *table.Column, rows []int) string {
	counts := make(map[string]int)
	best := ""
	for _, row := range rows {
		var v string
		if c.Kind == table.Text {
			v = c.Texts[row]
		} else {
			v = c.Levels[c.Codes[row]]
		}
		counts[v]++
	}
	for v, n := range counts {
		if best == "" || n > counts[best] || n == counts[best] && v < best {
			best = v
		}
	}
	return best
}
