package web

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode"

	"bespoke/internal/golden"

	"pgregory.net/rapid"
)

// printed is the document as a terminal shows it.
func printed(t testing.TB, doc Document, width int, color bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, doc, width, color); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextGolden(t *testing.T) {
	golden.Check(t, "testdata/sample-100.txt.golden", printed(t, sample(), 100, false))
	golden.Check(t, "testdata/sample-60.txt.golden", printed(t, sample(), 60, false))
	golden.Check(t, "testdata/sample-color.txt.golden", strings.ReplaceAll(printed(t, sample(), 100, true), "\x1b", "␛"))
}

func TestTextIsHarmless(t *testing.T) {
	for _, r := range printed(t, hostileDocument(), 80, false) {
		if unicode.IsControl(r) && r != '\n' {
			t.Fatalf("a control character %U came through", r)
		}
	}
	if !strings.Contains(printed(t, hostileDocument(), 80, true), "alert(1)") {
		t.Error("the text itself is gone")
	}
}

func TestTextFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(40, 160).Draw(t, "width")
		word := rapid.StringMatching(`[a-zäöü漢字é -]{0,60}`)
		doc := Document{
			Title: "t", Subtitle: word.Draw(t, "subtitle"),
			Headline: []Figure{{Label: word.Draw(t, "label"), Value: Quantity{Value: rapid.Float64Range(-1e6, 1e6).Draw(t, "value"), Unit: "EUR"}, Per: word.Draw(t, "per")}},
			Gates:    []Gate{{Name: word.Draw(t, "gate"), Sentence: word.Draw(t, "sentence")}},
			Chapters: []Chapter{{Stage: "need", Title: word.Draw(t, "title"), Blocks: []Block{
				Paragraph(word.Draw(t, "paragraph")),
				Facts{{word.Draw(t, "name"), word.Draw(t, "fact")}},
				Table{Columns: []Column{{Title: word.Draw(t, "head")}, {Title: "n", Number: true}}, Rows: []Row{{Cells: []Cell{Str(word.Draw(t, "cell")), Num(1)}, Chosen: true}}},
			}}},
		}
		var b bytes.Buffer
		if err := Text(&b, doc, width, false); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if w := wide(strings.TrimRight(line, "\n")); w > width {
				t.Fatalf("a line is %d columns wide, the terminal %d: %q", w, width, line)
			}
		}
	})
}

func TestTextReportsWriteErrors(t *testing.T) {
	if err := Text(fullDisk{}, sample(), 80, false); !errors.Is(err, errFull) {
		t.Errorf("got %v, want the error of the writer", err)
	}
}

func TestQuantity(t *testing.T) {
	in := func(low, high float64) *Interval { return &Interval{Low: low, High: high, Level: 0.95} }
	for _, c := range []struct {
		q          Quantity
		text, span string
	}{
		{Quantity{Value: 1234567.4, Unit: "EUR"}, "1,234,567 EUR", ""},
		{Quantity{Value: -1234.5, Decimals: 1}, "−1,234.5", ""},
		{Quantity{Value: 0.4567, Unit: "%", Decimals: 1, Interval: in(0.4, 0.51234)}, "45.7 %", "40.0 to 51.2 (95 %)"},
		{Quantity{Value: 3, Signed: true, Interval: in(-1, 7)}, "+3", "−1 to +7 (95 %)"},
		{Quantity{Value: -0.2, Signed: true}, "0", ""},
		{Quantity{Value: 0.000123456, Decimals: Auto}, "0.000123", ""},
		{Quantity{Value: 12.345, Decimals: Auto}, "12.3", ""},
		{Quantity{Value: 0, Decimals: Auto, Interval: in(-0.5, 0.25)}, "0.000", "−0.500 to 0.250 (95 %)"},
		{Quantity{Value: math.NaN(), Unit: "ms"}, "– ms", ""},
		{Quantity{Value: math.Inf(-1)}, "−∞", ""},
		{Quantity{Value: 999.5}, "1,000", ""},
		{Quantity{Value: 1e300, Decimals: 40}, decimal(1e300, 12, false), ""},
		{Quantity{Value: 1, Interval: &Interval{Low: 0, High: 2, Level: 0.999}}, "1", "0 to 2 (99.9 %)"},
		{Quantity{Value: 1, Interval: &Interval{Low: 0, High: 2}}, "1", "0 to 2"},
	} {
		if got := c.q.String(); got != c.text {
			t.Errorf("%+v: got %q, want %q", c.q, got, c.text)
		}
		if got := c.q.Range(); got != c.span {
			t.Errorf("%+v: got interval %q, want %q", c.q, got, c.span)
		}
	}
}

func TestColumnDecimals(t *testing.T) {
	column := func(unit string, values ...float64) string {
		tab := Table{Columns: []Column{{Title: "x", Number: true, Unit: unit, Decimals: Auto}}}
		for _, v := range values {
			tab.Rows = append(tab.Rows, Row{Cells: []Cell{Num(v)}})
		}
		var out []string
		for _, r := range viewTable(tab).Rows {
			out = append(out, r.Cells[0].Text)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct{ got, want string }{
		{column("", 5, 15.25, 95), "5.0 15.2 95.0"},
		{column("%", 0.05, 0.9512), "5.0 95.1"},
		{column("", 1200, 0.012, 0), "1,200 0.0120 0"},
		{column("", math.NaN(), 2), "– 2.00"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
