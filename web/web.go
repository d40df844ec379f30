// Package web turns the outcome of a run into something people read: one
// self-contained HTML file for a browser (Render), the same content for a
// terminal (Text), and charts as Vega-Lite specifications.
//
// It knows nothing of scenarios or models. The caller fills a Document, which
// is made of generic blocks (headline figures, tables, charts, gates,
// findings), and every renderer shows all of it:
//
//	doc := web.Document{Title: "credit-g", Verdict: "Lend to 61 % ...", Headline: figures, Gates: gates,
//		Chapters: []web.Chapter{{Stage: "need", Title: "Is there money in it?", Blocks: []web.Block{...}}}}
//	err := web.Render(w, doc)          // report.html
//	err = web.Text(os.Stdout, doc, 100, true)
//
// The page needs no network: scripts and styles are inside it, and its content
// security policy forbids loading anything. All text is escaped. Equal
// documents give equal bytes.
//
// Files: document.go and block.go are the nouns, cell.go the parts of tables,
// number.go how numbers are written, html.go and text.go the renderers,
// palette.go the colours, chart*.go one kind of chart each, assets/ the page.
package web

// Document is a whole report. The zero value renders as an empty page; every
// field but Title may be left out.
type Document struct {
	// Title is the name of the scenario or whatever the report is about.
	Title string
	// Subtitle says in a sentence what it is for.
	Subtitle string
	// Verdict is the answer of the whole report in one sentence, shown large.
	Verdict string
	// Tone colours the verdict.
	Tone Tone
	// Facts are small print under the title: rows, seed, version.
	Facts []Fact
	// Headline are the two to four numbers that matter most.
	Headline []Figure
	// Gates are what the run had to pass, in order.
	Gates []Gate
	// Chapters are shown in the order of Stages; chapters of other stages
	// follow in the order given.
	Chapters []Chapter
	// Footer is a last line, such as how to make the report again.
	Footer string
}

// Stages is the order of chapters and of the page's navigation.
var Stages = []string{"need", "data", "design", "train", "evaluate", "economics", "explain", "bundle", "serve", "monitor"}

// Chapter is one stage's part of the report.
type Chapter struct {
	// Stage is the stage's word, such as "need"; the page links to it by #need.
	Stage string
	// Title is the question that the stage answers.
	Title string
	// Lead is the answer in a sentence or two. Text between backquotes is set
	// as code.
	Lead string
	// Blocks are the content.
	Blocks []Block
}

// Tone says whether something is good news.
type Tone string

// The tones. They are shown by a mark as well as by colour.
const (
	Neutral Tone = ""
	Good    Tone = "good"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
)

// Fact is a name and a value in small print.
type Fact struct {
	Name, Value string
}

// Figure is a headline number.
type Figure struct {
	// Label says what the number is.
	Label string
	// Value is the number with its unit and interval. A Value that is NaN is
	// shown as a dash.
	Value Quantity
	// Per follows the unit in small print: "per 1,000 decisions".
	Per string
	// Note is a sentence under the number.
	Note string
	// Tone colours the number.
	Tone Tone
	// Zero asks for a mark at zero in the drawing of the interval, for money
	// that may be lost.
	Zero bool
}

// Quantity is a number as people read it.
type Quantity struct {
	// Value is the number.
	Value float64
	// Interval is the confidence interval; nil when there is none.
	Interval *Interval
	// Unit is written after the number: "EUR", "rows", "ms". The unit "%"
	// means that Value is a share, shown times 100.
	Unit string
	// Decimals is how many decimals are shown; Auto picks them by size.
	Decimals int
	// Signed asks for a plus sign before gains.
	Signed bool
}

// Auto as Quantity.Decimals shows about four significant digits.
const Auto = -1

// Interval is a confidence interval in the unit of the value it belongs to.
type Interval struct {
	Low, High float64
	// Level is the confidence, such as 0.95; 0 leaves it unsaid.
	Level float64
}

// Gate is something that a run must pass.
type Gate struct {
	// Stage is where the gate stands.
	Stage string
	// Name is what is asked in a few words.
	Name string
	// Status is the answer.
	Status GateStatus
	// Sentence gives the reason with its numbers.
	Sentence string
}

// GateStatus is the answer of a gate.
type GateStatus string

// The answers of a gate.
const (
	Passed  GateStatus = "passed"
	Warned  GateStatus = "warned"
	Stopped GateStatus = "stopped"
	// Skipped means that there was nothing to check.
	Skipped GateStatus = "skipped"
)

// tone is the colour of an answer.
func (s GateStatus) tone() Tone {
	switch s {
	case Passed:
		return Good
	case Warned:
		return Warn
	case Stopped:
		return Bad
	}
	return Neutral
}
