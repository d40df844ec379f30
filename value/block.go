package value

import (
	"fmt"
	"math"
	"slices"
	"time"

	"bespoke/table"
)

// Names of the two numbers that regression payoffs may use beside columns.
const (
	nameTruth      = "truth"
	namePrediction = "prediction"
)

const microsPerDay = 86400e6

// blockRows is how many rows are evaluated at once: enough to hide the calls,
// few enough for the intermediate values to stay in the cache.
const blockRows = 256

// block is the rows under evaluation and the memory for intermediate values.
// One block serves one goroutine.
type block struct {
	columns []*table.Column // by the payoffs' column index
	fill    []*Fallback     // likewise; nil where a missing cell is an error
	first   int             // the row of lane 0
	lanes   int
	// truth and prediction are one number per lane (regression).
	truth, prediction []float64

	size    int
	numbers [][]float64
	words   [][]string
	args    []float64 // of one function call
	top     int       // of numbers in use
	wordTop int       // of words in use
}

func newBlock(size, columns int) *block {
	return &block{size: size, columns: make([]*table.Column, columns), fill: make([]*Fallback, columns)}
}

// take lends memory for one number per lane; give takes the last back.
func (b *block) take() []float64 {
	if b.top == len(b.numbers) {
		b.numbers = append(b.numbers, make([]float64, b.size))
	}
	b.top++
	return b.numbers[b.top-1][:b.lanes]
}

func (b *block) give() { b.top-- }

func (b *block) takeWords() []string {
	if b.wordTop == len(b.words) {
		b.words = append(b.words, make([]string, b.size))
	}
	b.wordTop++
	return b.words[b.wordTop-1][:b.lanes]
}

func (b *block) giveWords() { b.wordTop-- }

// bind finds the columns in a table and checks their kinds.
func (p *Payoffs) bind(b *block, t *table.Table) error {
	for i, f := range p.columns {
		c, ok := t.Column(f.Name)
		if !ok {
			return fail("", nearest(f.Name, t.Names()), "the payoffs read the column %q, which the rows do not have", f.Name)
		}
		if c.Kind != f.Kind {
			return fail("", "", "the payoffs read the column %q as %s, the rows have it as %s", f.Name, f.Kind, c.Kind)
		}
		b.columns[i] = c
	}
	return nil
}

// eval evaluates numbers, times and truths.
func (n *node) eval(b *block, out []float64) {
	if n.constant {
		for i := range out {
			out[i] = n.value
		}
		return
	}
	n.numbers(b, out)
}

// evalText evaluates text.
func (n *node) evalText(b *block, out []string) {
	if n.constant {
		for i := range out {
			out[i] = n.word
		}
		return
	}
	n.texts(b, out)
}

// lanes reads truth or prediction.
func lanes(name string) *node {
	n := &node{kind: number, name: name, column: -1}
	n.numbers = func(b *block, out []float64) { copy(out, b.truth) }
	if name == namePrediction {
		n.numbers = func(b *block, out []float64) { copy(out, b.prediction) }
	}
	return n
}

// load reads a column, missing cells replaced where a fallback is known.
func load(at int, f table.Field) *node {
	n := &node{name: f.Name, column: at}
	switch f.Kind {
	case table.Number:
		n.kind, n.numbers = number, func(b *block, out []float64) {
			loadNumbers(b, at, out)
			if fb := b.fill[at]; fb != nil {
				replaceNaN(out, fb.Number)
			}
		}
	case table.Time:
		n.kind, n.numbers = moment, func(b *block, out []float64) {
			loadTimes(b, at, out)
			if fb := b.fill[at]; fb != nil {
				replaceNaN(out, days(fb.Time))
			}
		}
	default:
		n.kind, n.texts = text, func(b *block, out []string) {
			loadTexts(b, at, out)
			if fb := b.fill[at]; fb != nil {
				replaceEmpty(out, fb.Text)
			}
		}
	}
	return n
}

func loadNumbers(b *block, at int, out []float64) {
	copy(out, b.columns[at].Numbers[b.first:b.first+b.lanes])
}

func loadTimes(b *block, at int, out []float64) {
	for i, t := range b.columns[at].Times[b.first : b.first+b.lanes] {
		out[i] = days(t)
	}
}

// days converts microseconds to days; a missing time becomes NaN.
func days(micros int64) float64 {
	if micros == table.MissingTime {
		return math.NaN()
	}
	return float64(micros) / microsPerDay
}

// calendar is the time that a number of days since 1970 stands for.
func calendar(days float64) time.Time {
	return time.UnixMicro(int64(math.Round(days * microsPerDay))).UTC()
}

func loadTexts(b *block, at int, out []string) {
	c := b.columns[at]
	if c.Kind == table.Text {
		copy(out, c.Texts[b.first:b.first+b.lanes])
		return
	}
	for i, code := range c.Codes[b.first : b.first+b.lanes] {
		if code < 0 {
			out[i] = ""
			continue
		}
		out[i] = c.Levels[code]
	}
}

func replaceNaN(out []float64, by float64) {
	for i, v := range out {
		if v != v {
			out[i] = by
		}
	}
}

func replaceEmpty(out []string, by string) {
	for i, v := range out {
		if v == "" {
			out[i] = by
		}
	}
}

// Fallback stands in for the missing cells of one column. Only the field of
// the column's kind is used.
type Fallback struct {
	// Number is for number columns.
	Number float64 `json:"number,omitempty"`
	// Text is for category and text columns.
	Text string `json:"text,omitempty"`
	// Time is for time columns, in microseconds since 1970 UTC.
	Time int64 `json:"time,omitempty"`
}

// Fallbacks takes from training rows what may stand in for missing cells: the
// lower median of number and time columns, the most frequent value of category
// and text columns (the first in alphabetical order when several are). Columns
// without any value are left out, so that their missing cells stay errors.
func Fallbacks(t *table.Table, columns []table.Field) map[string]Fallback {
	out := make(map[string]Fallback, len(columns))
	for _, f := range columns {
		c, ok := t.Column(f.Name)
		if !ok || c.Kind != f.Kind {
			continue
		}
		if fb, ok := fallback(c); ok {
			out[f.Name] = fb
		}
	}
	return out
}

func fallback(c *table.Column) (fb Fallback, ok bool) {
	var present []int
	for row := range c.Len() {
		if !c.Missing(row) {
			present = append(present, row)
		}
	}
	if len(present) == 0 {
		return fb, false
	}
	switch c.Kind {
	case table.Number:
		v := c.Take(present).Numbers
		slices.Sort(v)
		fb.Number = v[(len(v)-1)/2]
	case table.Time:
		v := c.Take(present).Times
		slices.Sort(v)
		fb.Time = v[(len(v)-1)/2]
	default:
		fb.Text = mostFrequent(c, present)
	}
	return fb, true
}

func mostFrequent(c *table.Column, rows []int) string {
	counts := make(map[string]int)
	best := ""
	for _, row := range rows {
		var v string
		if c.Kind == table.Text {
			v = c.Texts[row]
		} else {
			v = c.Levels[c.Codes[row]]
		}
		counts[v]++
	}
	for v, n := range counts {
		if best == "" || n > counts[best] || n == counts[best] && v < best {
			best = v
		}
	}
	return best
}

// cause is why an expression has no value in a row.
type cause struct {
	// column is the column whose cell is missing; empty for other causes.
	column string
	text   string
}

// fault finds the innermost part without a value in the one row of the block,
// or nil when the expression has one.
func fault(n *node, b *block) *cause {
	if n.constant || n.defined(b) {
		return nil
	}
	args := n.args
	if n.name == opChoice {
		var c [1]float64
		n.args[0].eval(b, c[:])
		switch c[0] {
		case 1:
			args = n.args[1:2]
		case 0:
			args = n.args[2:3]
		default:
			args = n.args[:1]
		}
	}
	for _, a := range args {
		if c := fault(a, b); c != nil {
			return c
		}
	}
	if n.column >= 0 {
		return n.columnFault(b)
	}
	if why, ok := reasons[n.name]; ok {
		return &cause{text: fmt.Sprintf("%#q %s", n.source, why)}
	}
	return &cause{text: fmt.Sprintf("%#q is not a finite number", n.source)}
}

func (n *node) columnFault(b *block) *cause {
	c := b.columns[n.column]
	if c.Missing(b.first) {
		return &cause{column: c.Name, text: fmt.Sprintf("the column %q is missing", c.Name)}
	}
	return &cause{text: fmt.Sprintf("the column %q is %v", c.Name, c.Value(b.first))}
}

// defined says whether the node has a value in the one row of the block.
func (n *node) defined(b *block) bool {
	if n.kind == text {
		var out [1]string
		n.evalText(b, out[:])
		return out[0] != ""
	}
	var out [1]float64
	n.eval(b, out[:])
	return finite(out[0])
}

// finite says whether a value is neither NaN nor infinite.
func finite(v float64) bool { return v-v == 0 }
