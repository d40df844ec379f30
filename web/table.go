package web

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Table is rows under titled columns. On the page a click on a column's title
// sorts.
type Table struct {
	// Title stands above the table.
	Title   string
	Columns []Column
	Rows    []Row
	// Note is small print below.
	Note string
}

// Column says how a column of a table is shown.
type Column struct {
	// Title is the column's head.
	Title string
	// Help explains the column; shown when the pointer rests on the title and
	// read by screen readers.
	Help string
	// Number sets the column right-aligned with Unit and Decimals for its
	// cells.
	Number bool
	// Unit is shown once, in the head; "%" shows the cells times 100.
	Unit string
	// Decimals is how many decimals are shown; Auto picks them by the size of
	// the column's largest number, or for each cell where that would round
	// others to nothing.
	Decimals int
	// Signed asks for a plus sign before positive numbers.
	Signed bool
	// Whisker draws the cells' intervals beside the numbers on one scale for
	// the whole column.
	Whisker bool
	// Code sets the cells in a fixed-width face: column names, rules.
	Code bool
}

// Row is one row of a table.
type Row struct {
	Cells []Cell
	// Chosen highlights the row.
	Chosen bool
	// Badge is a word or two after the first cell, such as "chosen".
	Badge string
}

// Cell is one cell. Make it with Str, Num, Est or Mark.
type Cell struct {
	// Text is shown in text columns, and in number columns instead of Value
	// when it is not empty.
	Text string
	// Value is the number of a number column; NaN shows a dash.
	Value float64
	// Interval belongs to Value; nil when there is none.
	Interval *Interval
	// Tone colours the cell.
	Tone Tone
}

// Str is a cell of text.
func Str(text string) Cell { return Cell{Text: text} }

// Num is a cell with a number.
func Num(value float64) Cell { return Cell{Value: value} }

// Est is a cell with an estimate and its interval.
func Est(value, low, high float64) Cell {
	return Cell{Value: value, Interval: &Interval{Low: low, High: high}}
}

// Mark is a cell of text with a tone.
func Mark(text string, tone Tone) Cell { return Cell{Text: text, Tone: tone} }

// scale is the range that holds every interval of a column, for its whiskers,
// and whether zero is worth a mark on it. Columns of gains and losses hold
// zero always.
func (t Table) scale(col int) (low, high float64, zero bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, r := range t.Rows {
		if col >= len(r.Cells) || r.Cells[col].Text != "" {
			continue
		}
		l, h := spread(r.Cells[col].Value, r.Cells[col].Interval)
		if finite(l) && finite(h) {
			low, high = math.Min(low, l), math.Max(high, h)
		}
	}
	zero = low <= 0 && high >= 0 || t.Columns[col].Signed
	if zero {
		low, high = math.Min(low, 0), math.Max(high, 0)
	}
	pad := (high - low) * 0.04
	return low - pad, high + pad, zero
}

// settled is the table with Auto decimals decided for each column.
func (t Table) settled() Table {
	t.Columns = slices.Clone(t.Columns)
	for i, c := range t.Columns {
		if !c.Number || c.Decimals != Auto {
			continue
		}
		least, most := math.Inf(1), 0.0
		for _, r := range t.Rows {
			if i < len(r.Cells) && r.Cells[i].Text == "" && finite(r.Cells[i].Value) && r.Cells[i].Value != 0 {
				least, most = math.Min(least, math.Abs(r.Cells[i].Value)), math.Max(most, math.Abs(r.Cells[i].Value))
			}
		}
		if c.Unit == "%" {
			least, most = 100*least, 100*most
		}
		if d := digits(most, Auto); least*math.Pow10(d) >= 0.5 {
			t.Columns[i].Decimals = d
		}
	}
	return t
}

// viewTable writes out a table for the page. Short rows are filled with empty
// cells; cells beyond the columns are left out.
func viewTable(t Table) tableView {
	t = t.settled()
	v := tableView{Title: t.Title, Note: t.Note, Sortable: len(t.Rows) > 2, Wide: len(t.Columns) > 3}
	for _, c := range t.Columns {
		h := headView{Title: c.Title, Unit: c.Unit, Help: c.Help, Whisker: c.Whisker}
		if c.Number {
			h.Class = "num"
		}
		v.Head = append(v.Head, h)
	}
	for _, r := range t.Rows {
		row := rowView{Chosen: r.Chosen}
		for i := range t.Columns {
			var cell Cell
			if i < len(r.Cells) {
				cell = r.Cells[i]
			} else {
				cell.Text = " "
			}
			c := t.viewCell(i, cell)
			if v.Wide {
				c.Label = strings.TrimSpace(t.Columns[i].Title + " " + t.Columns[i].Unit)
			}
			row.Cells = append(row.Cells, c)
		}
		if r.Badge != "" && len(row.Cells) > 0 {
			row.Cells[0].Badge = r.Badge
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

func (t Table) viewCell(col int, cell Cell) cellView {
	c := t.Columns[col]
	v := cellView{Text: cell.Text, Sort: cell.Text, HasWhisker: c.Whisker}
	var class []string
	if c.Number {
		class = append(class, "num")
	}
	if c.Code {
		class = append(class, "code")
	}
	if cell.Tone != Neutral {
		class = append(class, string(cell.Tone))
	}
	if strings.TrimSpace(cell.Text) == "" && (!c.Number || cell.Text != "") {
		class = append(class, "blank")
	}
	v.Class = strings.Join(class, " ")
	if !c.Number || cell.Text != "" {
		return v
	}
	q := c.quantity(cell)
	v.Text, v.Range = q.number(q.Value), q.ends()
	v.Sort = strconv.FormatFloat(cell.Value, 'g', -1, 64)
	if c.Whisker {
		low, high, zero := t.scale(col)
		v.Whisker = whisker(cell.Value, cell.Interval, low, high, zero)
	}
	return v
}
