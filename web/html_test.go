package web

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"bespoke/internal/golden"
)

// hostile is text that must stay text wherever it stands.
const hostile = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>`<!-- {{.}} \x1b[31m"

// rendered is the page of a document.
func rendered(t *testing.T, doc Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, doc); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// scripts are the chart scripts and their licences, which goldens leave out.
var scripts = regexp.MustCompile(`(?s)<script type="text/plain" id="licences">.*`)

func TestRenderGolden(t *testing.T) {
	golden.Check(t, "testdata/sample.html.golden", scripts.ReplaceAllString(rendered(t, sample()), "…"))
}

func TestRenderIsSmallAndAlone(t *testing.T) {
	page := rendered(t, sample())
	if len(page) > 1_500_000 {
		t.Errorf("the page has %d bytes, at most 1,500,000 are allowed", len(page))
	}
	bare := rendered(t, Document{Title: "no charts"})
	if len(bare) > 60_000 {
		t.Errorf("a page without charts has %d bytes; it must not carry the chart scripts", len(bare))
	}
	head := scripts.ReplaceAllString(page, "")
	if m := regexp.MustCompile(`(?:src|href)="(?:https?:)?//[^"]*"|@import|url\(`).FindAllString(head, -1); len(m) > 0 {
		t.Errorf("the page refers to %q", m)
	}
	if strings.Contains(page, "sourceMappingURL") {
		t.Error("the page refers to a source map")
	}
	for _, name := range []string{"University of Washington", "Mike Bostock", "Joachim Wester"} {
		if !strings.Contains(page, name) {
			t.Errorf("the page lacks the licence of %s", name)
		}
	}
}

// TestScriptsAreUnmodified holds the embedded scripts against the files of the
// npm packages that assets/vega/LICENCES.txt names.
func TestScriptsAreUnmodified(t *testing.T) {
	for name, want := range map[string]string{
		"vega.min.js":       "8f6a3587cf8d4f42c7e08120e3eb05d067e746d554e39d2dcf52acc0bd5ba28f",
		"vega-lite.min.js":  "83e215e84e308ee8688fa6503ba0f1cf8a3c05c0d61df2841a0b92bf86809e00",
		"vega-embed.min.js": "b1455caba2fb1a72fb46025ba0ba1316e2dbc7f0dd40a3f6040172bf9c08ba91",
	} {
		data, err := assets.ReadFile("assets/vega/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); got != want {
			t.Errorf("%s has hash %s, want %s", name, got, want)
		}
	}
}

func TestRenderRepeats(t *testing.T) {
	first := rendered(t, sample())
	for range 3 {
		if rendered(t, sample()) != first {
			t.Fatal("the same document gives other bytes")
		}
	}
}

// hostileDocument has hostile text in every place that takes text.
func hostileDocument() Document {
	h := hostile
	table := Table{Title: h, Note: h, Columns: []Column{{Title: h, Help: h, Unit: h}, {Title: h, Number: true, Unit: h}}, Rows: []Row{{Cells: []Cell{Str(h), Mark(h, Bad)}, Badge: h, Chosen: true}, {}, {Cells: []Cell{Str(h), Num(1)}}}}
	figure := Figure{Label: h, Value: Quantity{Value: 1, Unit: h}, Per: h, Note: h}
	gate := Gate{Stage: h, Name: h, Status: GateStatus(h), Sentence: h}
	return Document{
		Title: h, Subtitle: h, Verdict: h, Footer: h, Facts: []Fact{{h, h}}, Headline: []Figure{figure}, Gates: []Gate{gate},
		Chapters: []Chapter{{Stage: h, Title: h, Lead: h, Blocks: []Block{
			Figures{figure},
			Paragraph(h), Heading(h),
			Facts{{h, h}},
			Callout{Warn, h, h},
			Code{h, "yaml", h + ": " + h + " # " + h},
			Code{h, h, h},
			Findings{{Bad, h, h, 1, h}},
			Gates{gate},
			table,
			Fold{h, []Block{Paragraph(h)}},
			Grid{Paragraph(h)},
			Chart{Title: h, Caption: h, Alt: h, Data: table, Spec: object{"data": object{"values": list{object{h: h}}}}},
			Policies{Title: h, Unit: h, Per: h, Rows: []Policy{{Name: h}}}.Chart(),
		}}},
	}
}

func TestRenderEscapes(t *testing.T) {
	page := scripts.ReplaceAllString(rendered(t, hostileDocument()), "")
	for _, bad := range []string{"<script>alert", "<img src=x", "alert(1)</script>", "<!-- {{"} {
		if i := strings.Index(page, bad); i >= 0 {
			t.Errorf("the page holds %q: …%s…", bad, page[max(0, i-80):min(len(page), i+80)])
		}
	}
	// Every script element is one of the page's own.
	for _, m := range regexp.MustCompile(`<script[^>]*>`).FindAllString(page, -1) {
		if m != `<script type="application/json" class="spec">` {
			t.Errorf("an unknown script element %q", m)
		}
	}
	if !strings.Contains(page, `\u003c/script\u003e\u003cscript\u003ealert(1)`) {
		t.Error("the chart's data do not hold the hostile text in its escaped form")
	}
}

func TestRenderErrors(t *testing.T) {
	for _, c := range []struct {
		name, want string
		doc        Document
	}{
		{"nil block", "web: rendering: a block is nil", Document{Chapters: []Chapter{{Blocks: []Block{nil}}}}},
		{"nil block in a fold", "web: rendering: a block is nil", Document{Chapters: []Chapter{{Blocks: []Block{Fold{"x", []Block{nil}}}}}}},
		{"specification", `web: rendering chart "loss": the specification cannot be written as JSON`, Document{Chapters: []Chapter{{Blocks: []Block{Chart{Title: "loss", Spec: object{"x": math.NaN()}}}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			err := Render(&b, c.doc)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if b.Len() > 0 {
				t.Errorf("%d bytes were written all the same", b.Len())
			}
		})
	}
	if err := Render(fullDisk{}, sample()); !errors.Is(err, errFull) {
		t.Errorf("got %v, want the error of the writer", err)
	}
}

var errFull = errors.New("disk full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestChaptersInOrder(t *testing.T) {
	doc := Document{Chapters: []Chapter{{Stage: "own"}, {Stage: "bundle"}, {Stage: "need"}, {Stage: "need"}, {Stage: "Größe <x>"}, {Stage: "<>"}}}
	page := rendered(t, doc)
	var got []string
	for _, m := range regexp.MustCompile(`<section class="chapter" id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		got = append(got, m[1])
	}
	want := "need chapter-2 bundle own gre-x chapter-6"
	want = strings.Replace(want, "gre-x", "grex", 1)
	if strings.Join(got, " ") != want {
		t.Errorf("chapters are %q, want %q", got, want)
	}
}

func TestWhisker(t *testing.T) {
	w := whisker(5, &Interval{Low: 0, High: 10}, -10, 10, true)
	if w == nil || w.At != "75.00%" || w.Low != "50.00%" || w.Width != "50.00%" || !w.HasZero || w.Zero != "50.00%" {
		t.Errorf("got %+v", w)
	}
	for _, bad := range []*whiskerView{
		whisker(math.NaN(), nil, 0, 1, false), whisker(1, nil, 1, 1, false), whisker(1, &Interval{Low: math.Inf(-1), High: 2}, 0, 1, false),
	} {
		if bad != nil {
			t.Errorf("drawn although it cannot be: %+v", bad)
		}
	}
}

func TestYAMLSpans(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"key: value", "[key:key]: value"},
		{"  - key:", "  - [key:key]:"},
		{`a: "x # y" # note`, `[key:a]: "x # y" [comment:# note]`},
		{"# all", "[comment:# all]"},
		{"grant: {good: 1}", "[key:grant]: {good: 1}"},
		{"http://x", "http://x"},
		{"", ""},
	} {
		var b strings.Builder
		for _, s := range spans("yaml", c.line) {
			if s.Class != "" {
				s.Text = "[" + s.Class + ":" + s.Text + "]"
			}
			b.WriteString(s.Text)
		}
		if b.String() != c.want {
			t.Errorf("%q: got %q, want %q", c.line, b.String(), c.want)
		}
	}
}
