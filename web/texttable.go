package web

import "strings"

// textCell is a cell of a table in a terminal.
type textCell struct {
	text, style string
}

// table writes a table with aligned columns. In one that is too wide, heads and
// then texts take several lines; numbers are never broken.
func (t *textWriter) table(tab Table) {
	t.wrap("", tab.Title, bold)
	if len(tab.Columns) == 0 {
		return
	}
	rows := t.cells(tab.settled())
	widths := t.widths(tab, rows)
	for k, r := range rows {
		t.row(tab, widths, r)
		if k == 0 {
			t.line(t.paint(dim, strings.Repeat("─", min(t.width, sum(widths)+2*(len(widths)-1)))))
		}
	}
	t.wrap("", tab.Note, dim)
}

// row writes one row of a table; a cell that is wider than its column takes
// several lines.
func (t *textWriter) row(tab Table, widths []int, cells []textCell) {
	parts, height := make([][]string, len(cells)), 1
	for i, c := range cells {
		parts[i] = []string{c.text}
		if wide(c.text) > widths[i] {
			parts[i] = fold(c.text, widths[i])
		}
		height = max(height, len(parts[i]))
	}
	for k := range height {
		var b strings.Builder
		for i, c := range cells {
			if i > 0 {
				b.WriteString("  ")
			}
			text := ""
			if k < len(parts[i]) {
				text = parts[i][k]
			}
			space := strings.Repeat(" ", max(widths[i]-wide(text), 0))
			if tab.Columns[i].Number {
				b.WriteString(space + t.paint(c.style, text))
			} else {
				b.WriteString(t.paint(c.style, text) + space)
			}
		}
		t.line(b.String())
	}
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

// widths gives each column as many columns of the terminal as its widest cell
// has. In a table that is too wide, heads of numbers are broken first, then the
// widest texts down to single words, and at last words are cut.
func (t *textWriter) widths(tab Table, rows [][]textCell) []int {
	widths, least := make([]int, len(tab.Columns)), make([]int, len(tab.Columns))
	for k, r := range rows {
		for i, c := range r {
			widths[i] = max(widths[i], wide(c.text))
			if tab.Columns[i].Number && k > 0 {
				least[i] = max(least[i], wide(c.text))
				continue
			}
			for _, word := range strings.Fields(c.text) {
				least[i] = max(least[i], min(wide(word), 24))
			}
		}
	}
	excess := sum(widths) + 2*(len(widths)-1) - t.width
	excess = narrow(widths, excess, func(i int) bool { return tab.Columns[i].Number && widths[i] > least[i] })
	excess = narrow(widths, excess, func(i int) bool { return !tab.Columns[i].Number && widths[i] > least[i] })
	narrow(widths, excess, func(i int) bool { return !tab.Columns[i].Number && widths[i] > 8 })
	return widths
}

// narrow takes the excess off the widest columns that may still give, and says
// what is left of it.
func narrow(widths []int, excess int, may func(i int) bool) int {
	for ; excess > 0; excess-- {
		widest := -1
		for i := range widths {
			if may(i) && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return excess
}

func sum(n []int) int {
	total := 0
	for _, v := range n {
		total += v
	}
	return total
}
