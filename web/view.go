package web

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// The types of this file are what the page's templates see: the document with
// every number written out and every place in a drawing worked out.

type pageView struct {
	Document
	Gates      []gateView
	Figures    []figureView
	Nav        []navView
	Chapters   []chapterView
	Light      template.CSS
	Dark       template.CSS
	Style      template.CSS
	Themes     template.JS
	Scripts    []template.JS
	Licences   string
	HasCharts  bool
	chartCount int
}

type navView struct {
	ID, Stage string
	Number    int
	Status    GateStatus
}

type chapterView struct {
	Chapter
	ID     string
	Number int
	Gates  []gateView
	Blocks []blockView
}

type gateView struct {
	Gate
	// Href is the chapter of the gate, empty when there is none.
	Href string
	Tone Tone
}

// blockView is any block; Kind says which of the fields is filled.
type blockView struct {
	Kind     string
	Text     string
	Figures  []figureView
	Facts    []Fact
	Callout  Callout
	Code     codeView
	Findings []findingView
	Gates    []gateView
	Table    tableView
	Chart    chartView
	Summary  string
	Blocks   []blockView
}

type figureView struct {
	Label, Number, Unit, Per, Range, Note string
	Tone                                  Tone
	Whisker                               *whiskerView
}

// whiskerView places an interval on a line from 0 to 100 percent.
type whiskerView struct {
	Low, Width, At, Zero string
	HasZero              bool
}

type codeView struct {
	Title, Language string
	Spans           []span
}

type findingView struct {
	Finding
	RowsText string
}

type tableView struct {
	Title, Note string
	Sortable    bool
	// Wide says that a phone shows the rows as cards.
	Wide bool
	Head []headView
	Rows []rowView
}

type headView struct {
	Title, Unit, Help, Class string
	Whisker                  bool
}

type rowView struct {
	Chosen bool
	Cells  []cellView
}

type cellView struct {
	Text, Range, Sort, Class, Badge string
	// Label is the column's title where rows may be shown as cards.
	Label      string
	Whisker    *whiskerView
	HasWhisker bool
}

type chartView struct {
	ID, Title, Caption, Alt string
	Spec                    template.JS
	HasSpec                 bool
	Data                    tableView
	HasData                 bool
}

// view works out the whole page.
func view(doc Document) (*pageView, error) {
	p := &pageView{Document: doc}
	for _, f := range doc.Headline {
		p.Figures = append(p.Figures, viewFigure(f))
	}
	chapters := inOrder(doc.Chapters)
	ids := chapterIDs(chapters)
	for i, c := range chapters {
		v := chapterView{Chapter: c, ID: ids[i], Number: i + 1}
		nav := navView{ID: ids[i], Stage: c.Stage, Number: i + 1}
		for _, g := range doc.Gates {
			if g.Stage == c.Stage {
				v.Gates = append(v.Gates, viewGate(g, ""))
				nav.Status = worse(nav.Status, g.Status)
			}
		}
		var err error
		if v.Blocks, err = p.blocks(c.Blocks); err != nil {
			return nil, err
		}
		p.Chapters, p.Nav = append(p.Chapters, v), append(p.Nav, nav)
	}
	for _, g := range doc.Gates {
		href := ""
		if i := slices.IndexFunc(chapters, func(c Chapter) bool { return c.Stage == g.Stage }); i >= 0 {
			href = "#" + ids[i]
		}
		p.Gates = append(p.Gates, viewGate(g, href))
	}
	p.HasCharts = p.chartCount > 0
	return p, nil
}

// inOrder sorts chapters by Stages, the others after them as given.
func inOrder(chapters []Chapter) []Chapter {
	rank := func(c Chapter) int {
		if i := slices.Index(Stages, c.Stage); i >= 0 {
			return i
		}
		return len(Stages)
	}
	sorted := slices.Clone(chapters)
	slices.SortStableFunc(sorted, func(a, b Chapter) int { return rank(a) - rank(b) })
	return sorted
}

// chapterIDs makes link targets: the stage's word, made unique and harmless.
func chapterIDs(chapters []Chapter) []string {
	ids := make([]string, len(chapters))
	seen := map[string]bool{"top": true}
	for i, c := range chapters {
		id := strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
				return r
			case r >= 'A' && r <= 'Z':
				return r + 'a' - 'A'
			}
			return -1
		}, c.Stage)
		if id == "" || seen[id] {
			id = fmt.Sprintf("chapter-%d", i+1)
		}
		seen[id], ids[i] = true, id
	}
	return ids
}

// worse is the status to show when a stage has several gates.
func worse(a, b GateStatus) GateStatus {
	order := []GateStatus{"", Skipped, Passed, Warned, Stopped}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

func viewGate(g Gate, href string) gateView {
	return gateView{Gate: g, Href: href, Tone: g.Status.tone()}
}

func viewFigure(f Figure) figureView {
	q := f.Value
	v := figureView{
		Label: f.Label, Number: q.number(q.Value), Unit: q.Unit, Per: f.Per, Range: q.Range(), Note: f.Note, Tone: f.Tone,
	}
	if q.Interval != nil {
		low, high := spread(q.Value, q.Interval)
		if f.Zero {
			low, high = math.Min(low, 0), math.Max(high, 0)
		}
		v.Whisker = whisker(q.Value, q.Interval, low, high, f.Zero) // a scale of its own
	}
	return v
}

// spread is the smallest range that holds a value and its interval.
func spread(v float64, in *Interval) (low, high float64) {
	low, high = v, v
	if in != nil {
		low, high = math.Min(low, in.Low), math.Max(high, in.High)
	}
	return low, high
}

// whisker places an interval on a scale; nil when it cannot be drawn.
func whisker(v float64, in *Interval, low, high float64, zero bool) *whiskerView {
	l, h := v, v
	if in != nil {
		l, h = in.Low, in.High
	}
	if !(high > low) || !finite(low) || !finite(high) || !finite(v) || !finite(l) || !finite(h) {
		return nil
	}
	at := func(x float64) float64 { return 100 * (x - low) / (high - low) }
	percent := func(x float64) string { return fmt.Sprintf("%.2f%%", x) }
	w := &whiskerView{Low: percent(at(l)), Width: percent(max(at(h)-at(l), 0)), At: percent(at(v))}
	if zero && low <= 0 && high >= 0 {
		w.HasZero, w.Zero = true, percent(at(0))
	}
	return w
}

func (p *pageView) blocks(in []Block) ([]blockView, error) {
	var out []blockView
	for _, b := range in {
		v, err := p.block(b)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (p *pageView) block(b Block) (v blockView, err error) {
	if b == nil {
		return blockView{}, fmt.Errorf("web: rendering: a block is nil; leave it out")
	}
	v.Kind = b.kind()
	switch b := b.(type) {
	case Figures:
		for _, f := range b {
			v.Figures = append(v.Figures, viewFigure(f))
		}
	case Paragraph:
		v.Text = string(b)
	case Heading:
		v.Text = string(b)
	case Facts:
		v.Facts = b
	case Callout:
		v.Callout = b
	case Code:
		v.Code = codeView{Title: b.Title, Language: b.Language, Spans: spans(b.Language, b.Text)}
	case Findings:
		for _, f := range b {
			v.Findings = append(v.Findings, findingView{Finding: f, RowsText: f.rows()})
		}
	case Gates:
		for _, g := range b {
			v.Gates = append(v.Gates, viewGate(g, ""))
		}
	case Table:
		v.Table = viewTable(b)
	case Chart:
		v.Chart, err = p.chart(b)
	case Fold:
		v.Summary = b.Summary
		v.Blocks, err = p.blocks(b.Blocks)
	case Grid:
		v.Blocks, err = p.blocks(b)
	}
	return v, err
}
