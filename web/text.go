package web

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Text writes the document for a terminal of the given width in columns (at
// least 40; 0 means 80). Without color no escape sequence is written; the
// caller asks for color only on a terminal and when NO_COLOR is not set.
// Control characters in the document are made visible, so that a column's name
// cannot steer the terminal. Folds show their summary alone.
func Text(w io.Writer, doc Document, columns int, color bool) error {
	if columns <= 0 {
		columns = 80
	}
	t := &textWriter{w: bufio.NewWriter(w), width: max(columns, 40), color: color}
	t.document(doc)
	return t.w.Flush()
}

// textWriter writes lines. Errors stay in the buffered writer until Flush.
type textWriter struct {
	w     *bufio.Writer
	width int
	color bool
}

// Styles as ANSI parameters.
const (
	plain = ""
	bold  = "1"
	dim   = "2"
	green = "32"
	amber = "33"
	red   = "31"
)

func (t *textWriter) document(doc Document) {
	t.line(t.paint(bold, clean(doc.Title)))
	t.wrap("", doc.Subtitle, dim)
	if doc.Verdict != "" {
		t.line("")
		t.wrap("", doc.Verdict, ansi(doc.Tone, bold))
	}
	if len(doc.Headline) > 0 {
		t.line("")
		t.figures(doc.Headline)
	}
	if len(doc.Gates) > 0 {
		t.line("")
		t.gates(doc.Gates)
	}
	for _, c := range inOrder(doc.Chapters) {
		t.chapter(c)
	}
	if len(doc.Facts)+len(doc.Footer) > 0 {
		t.line("")
		t.line(t.paint(dim, strings.Repeat("─", t.width)))
		var facts []string
		for _, f := range doc.Facts {
			facts = append(facts, f.Name+" "+f.Value)
		}
		t.wrap("", strings.Join(facts, " · "), dim)
		t.wrap("", doc.Footer, dim)
	}
}

func (t *textWriter) chapter(c Chapter) {
	t.line("")
	head := clean(c.Stage)
	rule := max(t.width-wide(head)-4, 0)
	t.line(t.paint(dim, "── ") + t.paint(bold, head) + t.paint(dim, " "+strings.Repeat("─", rule)))
	t.wrap("", c.Title, bold)
	t.wrap("", c.Lead, plain)
	t.blocks(c.Blocks)
}

func (t *textWriter) blocks(blocks []Block) {
	for _, b := range blocks {
		// A grid is its blocks, one below the other.
		if g, ok := b.(Grid); ok {
			t.blocks(g)
			continue
		}
		t.line("")
		t.block(b)
	}
}

func (t *textWriter) block(b Block) {
	switch b := b.(type) {
	case Figures:
		t.figures(b)
	case Paragraph:
		t.wrap("", string(b), plain)
	case Heading:
		t.wrap("", string(b), bold)
	case Facts:
		t.facts(b)
	case Callout:
		t.item(b.Tone, strings.TrimPrefix(b.Title+". "+b.Text, ". "))
	case Code:
		t.code(b)
	case Findings:
		t.findings(b)
	case Gates:
		t.gates(b)
	case Table:
		t.table(b)
	case Chart:
		t.chart(b)
	case Fold:
		t.wrap("", "▸ "+b.Summary+" (in the report)", dim)
	}
}

// figures are lines of label, number and interval under each other.
func (t *textWriter) figures(figures []Figure) {
	label, number := 0, 0
	for _, f := range figures {
		label, number = max(label, wide(clean(f.Label))), max(number, wide(clean(f.Value.String())))
	}
	label = min(label, t.width/2)
	for _, f := range figures {
		value := clean(f.Value.String())
		line := pad(cut(clean(f.Label), label), label) + "  " +
			strings.Repeat(" ", number-wide(value)) + t.paint(ansi(f.Tone, bold), value)
		rest := f.Per
		if r := f.Value.Range(); r != "" {
			rest = strings.TrimSuffix(r+", "+f.Per, ", ")
		}
		rest = clean(rest)
		if room := t.width - label - number - 4; wide(rest) > room {
			t.line(line)
			t.wrap("    ", rest, dim)
			continue
		}
		if rest != "" {
			line += "  " + t.paint(dim, rest)
		}
		t.line(line)
	}
}

func (t *textWriter) facts(facts []Fact) {
	name := 0
	for _, f := range facts {
		name = max(name, min(wide(clean(f.Name)), t.width/2))
	}
	for _, f := range facts {
		t.line(t.paint(dim, pad(cut(clean(f.Name), name), name)) + "  " + cut(clean(f.Value), t.width-name-2))
	}
}

func (t *textWriter) gates(gates []Gate) {
	for _, g := range gates {
		text := g.Name
		if g.Status != Passed {
			text += " (" + string(g.Status) + ")"
		}
		if g.Sentence != "" {
			text += ": " + g.Sentence
		}
		t.item(g.Status.tone(), text)
	}
}

func (t *textWriter) findings(findings []Finding) {
	for _, f := range findings {
		text := f.Message
		if f.Rows > 0 {
			text += " [" + f.rows() + "]"
		}
		if f.Action != "" {
			text += " → " + f.Action
		}
		t.item(f.Severity, text+" ("+f.Rule+")")
	}
}

func (t *textWriter) code(c Code) {
	if c.Title != "" {
		t.line(t.paint(dim, clean(c.Title)))
	}
	for line := range strings.Lines(strings.TrimRight(c.Text, "\n")) {
		// Code is there to be copied: it is not cut.
		t.line("    " + clean(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "  ")))
	}
}

// chartRows is up to how many rows the data of a chart is worth showing in a
// terminal; more is better read in the report.
const chartRows = 8

func (t *textWriter) chart(c Chart) {
	t.wrap("", c.Title, bold)
	if n := len(c.Data.Rows); n == 0 || n > chartRows {
		t.wrap("", c.Alt, plain)
		return
	}
	data := c.Data
	data.Title = ""
	t.table(data)
}

// item is a marked line of a list.
func (t *textWriter) item(tone Tone, text string) {
	mark := map[Tone]string{Good: "✓", Warn: "!", Bad: "✗", Neutral: "·"}[tone]
	lines := fold(clean(text), t.width-2)
	for i, l := range lines {
		if i == 0 {
			t.line(t.paint(ansi(tone, bold), mark) + " " + l)
		} else {
			t.line("  " + l)
		}
	}
}

// wrap writes running text; an empty one writes nothing.
func (t *textWriter) wrap(indent, text, style string) {
	for _, l := range fold(clean(text), t.width-len(indent)) {
		t.line(indent + t.paint(style, l))
	}
}

func (t *textWriter) line(s string) {
	_, _ = t.w.WriteString(strings.TrimRight(s, " ") + "\n") // the error comes back from Flush
}

func (t *textWriter) paint(style, s string) string {
	if !t.color || style == "" || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// ansi adds the colour of a tone to a style.
func ansi(tone Tone, style string) string {
	c := map[Tone]string{Good: green, Warn: amber, Bad: red}[tone]
	return strings.Trim(style+";"+c, ";")
}

// clean makes text safe for a terminal: control and invisible formatting
// characters become visible boxes, line breaks spaces, backquotes go, and the
// typographic minus becomes the one that people can search for.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '`':
			return -1
		case r == '−':
			return '-'
		case r == '\n', r == '\t', r == '\r', r == '\u00a0', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return '\ufffd'
		}
		return r
	}, s)
}

// wide is how many columns a text takes in a terminal.
func wide(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case slices.Contains([]width.Kind{width.EastAsianWide, width.EastAsianFullwidth}, width.LookupRune(r).Kind()):
			n += 2
		default:
			n++
		}
	}
	return n
}

// pad fills up with spaces on the right.
func pad(s string, columns int) string { return s + strings.Repeat(" ", max(columns-wide(s), 0)) }

// cut shortens a text to a number of columns, with an ellipsis.
func cut(s string, columns int) string {
	if wide(s) <= columns {
		return s
	}
	n := 0
	for i, r := range s {
		w := wide(string(r))
		if n+w > columns-1 {
			return s[:i] + "…"
		}
		n += w
	}
	return s
}

// fold breaks text at spaces into lines; a word that is too long is cut.
func fold(s string, columns int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		word = cut(word, columns)
		switch {
		case line == "":
			line = word
		case wide(line)+1+wide(word) <= columns:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
