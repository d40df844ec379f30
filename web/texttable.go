package web

import "strings"

// textCell is a cell of a table in a terminal.
type textCell struct {
	text, style string
}

// table writes a table with aligned columns. When it is too wide, the widest
// text column is narrowed first; numbers are never cut.
func (t *textWriter) table(tab Table) {
	t.wrap("", tab.Title, bold)
	if len(tab.Columns) == 0 {
		return
	}
	rows := t.cells(tab.settled())
	widths := make([]int, len(tab.Columns))
	for _, r := range rows {
		for i, c := range r {
			widths[i] = max(widths[i], wide(c.text))
		}
	}
	t.narrow(tab, widths)
	for k, r := range rows {
		var b strings.Builder
		for i, c := range r {
			if i > 0 {
				b.WriteString("  ")
			}
			text := cut(c.text, widths[i])
			space := strings.Repeat(" ", max(widths[i]-wide(text), 0))
			if tab.Columns[i].Number {
				b.WriteString(space + t.paint(c.style, text))
			} else {
				b.WriteString(t.paint(c.style, text) + space)
			}
		}
		t.line(b.String())
		if k == 0 {
			t.line(t.paint(dim, strings.Repeat("─", min(t.width, sum(widths)+2*(len(widths)-1)))))
		}
	}
	t.wrap("", tab.Note, dim)
}

// cells writes out head and rows; intervals stand behind their numbers.
func (t *textWriter) cells(tab Table) [][]textCell {
	head := make([]textCell, len(tab.Columns))
	for i, c := range tab.Columns {
		head[i] = textCell{clean(strings.TrimSpace(c.Title + " " + c.Unit)), dim}
	}
	rows := [][]textCell{head}
	for _, r := range tab.Rows {
		row := make([]textCell, len(tab.Columns))
		for i, c := range tab.Columns {
			if i >= len(r.Cells) {
				continue
			}
			cell := r.Cells[i]
			text := cell.Text
			if c.Number && text == "" {
				q := c.quantity(cell)
				text = q.number(q.Value)
				if ends := q.ends(); ends != "" {
					text += " [" + ends + "]"
				}
			}
			style := ansi(cell.Tone, "")
			if r.Chosen {
				style = ansi(cell.Tone, bold)
			}
			row[i] = textCell{clean(text), style}
		}
		switch {
		case r.Badge != "":
			row[0].text = clean(row[0].text + " (" + r.Badge + ")")
		case r.Chosen:
			row[0].text += " *"
		}
		rows = append(rows, row)
	}
	return rows
}

// narrow takes columns off the widest text columns until the table fits or
// none is left to take from.
func (t *textWriter) narrow(tab Table, widths []int) {
	const least = 8
	for excess := sum(widths) + 2*(len(widths)-1) - t.width; excess > 0; excess-- {
		widest := -1
		for i, c := range tab.Columns {
			if !c.Number && widths[i] > least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

func sum(n []int) int {
	total := 0
	for _, v := range n {
		total += v
	}
	return total
}
