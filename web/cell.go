package web

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
	// Decimals is how many decimals are shown; Auto picks them by size.
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
