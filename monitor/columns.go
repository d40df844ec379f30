package monitor

import (
	"cmp"
	"slices"

	"bespoke/table"
)

// column counts the values of one column in the bins of its reference.
type column struct {
	field     table.Field
	known     bool // the reference has the column
	reference table.ColumnProfile
	rows      int   // of the reference
	bin       []int // of each level
	counts    []int
	missing   int
	seen      int
	unseen    int
	spellings map[string]int
}

func newColumn(f table.Field, reference table.Profile) *column {
	c := &column{field: f, rows: reference.Rows}
	p, ok := reference.Column(f.Name)
	if !ok || p.Kind != f.Kind {
		return c
	}
	c.known, c.reference, c.counts = true, p, make([]int, p.Bins.Len())
	for _, l := range f.Levels {
		c.bin = append(c.bin, p.Bins.OfLevel(l))
	}
	return c
}

// count takes in the value of a one-row column.
func (c *column) count(from *table.Column) {
	c.seen++
	if from.Missing(0) {
		c.missing++
	}
	if !c.known {
		return
	}
	b := c.reference.Bins
	switch {
	case from.Missing(0):
		c.counts[len(c.counts)-1]++
	case c.field.Kind == table.Number:
		c.counts[b.OfNumber(from.Numbers[0])]++
	case c.field.Kind == table.Time:
		c.counts[b.OfTime(from.Times[0])]++
	case c.field.Kind == table.Text:
		c.counts[b.OfLevel(from.Texts[0])]++
	default:
		c.counts[c.bin[from.Codes[0]]]++
	}
}

func (c *column) countNumber(x float64) {
	c.seen++
	if c.known {
		c.counts[c.reference.Bins.OfNumber(x)]++
	}
}

func (c *column) countLevel(code int) {
	c.seen++
	if c.known {
		c.counts[c.bin[code]]++
	}
}

// mostSpellings bounds how many different unseen spellings are remembered.
const mostSpellings = 1000

// countUnseen takes in a spelling that training had not: it belongs to the bin
// of the rare ones.
func (c *column) countUnseen(literal []byte) {
	c.seen++
	c.unseen++
	if c.known {
		c.counts[len(c.reference.Bins.Levels)]++
	}
	if c.spellings == nil {
		c.spellings = map[string]int{}
	}
	spelling := plain(literal)
	if spelling == "" { // true or false
		spelling = string(literal)
	}
	if _, there := c.spellings[spelling]; there || len(c.spellings) < mostSpellings {
		c.spellings[spelling]++
	}
}

// drifts judges the columns that the reference knows.
func drifts(columns []*column, confidence float64, least int) []Drift {
	out := []Drift{}
	for _, c := range columns {
		if !c.known {
			continue
		}
		d := Drift{
			Column: c.field.Name, Kind: c.field.Kind.String(), Shift: Compare(c.reference.Bins.Counts, c.counts, confidence),
			Unseen: c.unseen, Spellings: c.common(5),
		}
		if c.seen > 0 {
			d.Missing = float64(c.missing) / float64(c.seen)
		}
		if c.rows > 0 {
			d.MissingReference = float64(c.reference.Missing) / float64(c.rows)
		}
		out = append(out, d)
	}
	judge(out, confidence, least)
	return out
}

// common are the most frequent unseen spellings.
func (c *column) common(most int) []string {
	var all []string
	for s := range c.spellings {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(c.spellings[b], c.spellings[a]), cmp.Compare(a, b))
	})
	return all[:min(most, len(all))]
}

// Table measures the drift of a table's columns from a reference, such as
// Bundle.Profile: the same figures as in a report, for rows that were not
// decided one by one.
func Table(reference table.Profile, t *table.Table, opt Options) ([]Drift, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	var columns []*column
	for _, c := range t.Columns() {
		w := newColumn(c.Field(), reference)
		if w.known {
			w.counts = w.reference.Bins.Count(c)
		}
		w.seen = c.Len()
		for i := range c.Len() {
			if c.Missing(i) {
				w.missing++
			}
		}
		columns = append(columns, w)
	}
	return drifts(columns, opt.Confidence, opt.MinRows), nil
}
