package formula

import (
	"math"
	"time"

	"bespoke/internal/near"
	"bespoke/table"
)

const microsPerDay = 86400e6

// Block is the rows under evaluation and the memory for intermediate values. It
// serves every program of the scope that made it, and one goroutine.
type Block struct {
	// First is the row of lane 0, Lanes how many rows are evaluated at once, at
	// most Size.
	First, Lanes int
	// Truth and Prediction are one number per lane, where the scope knows them.
	Truth, Prediction []float64

	fields  []table.Field
	columns []*table.Column // by the scope's column index
	fill    []*Fallback     // likewise; nil where a missing cell is an error

	setting []float64 // of the uncertain parameters of the program at work

	size    int
	numbers [][]float64
	words   [][]string
	args    []float64 // of one function call
	top     int       // of numbers in use
	wordTop int       // of words in use
}

// NewBlock makes memory for evaluating the programs compiled so far on up to so
// many rows at once: a few hundred hide the calls and stay in the cache. fill
// says per column what stands in for missing cells; those of columns that are
// not listed have no value.
func (s *Scope) NewBlock(size int, fill map[string]Fallback) *Block {
	b := &Block{
		Lanes: size, size: size, fields: s.columns,
		columns: make([]*table.Column, len(s.columns)), fill: make([]*Fallback, len(s.columns)),
	}
	for i, f := range s.columns {
		if fb, ok := fill[f.Name]; ok {
			b.fill[i] = &fb
		}
	}
	return b
}

// Size is the most rows that the block takes at once.
func (b *Block) Size() int { return b.size }

// Bind finds the columns in a table and checks their kinds.
func (b *Block) Bind(t *table.Table) error {
	for i, f := range b.fields {
		c, ok := t.Column(f.Name)
		if !ok {
			return fail("", near.Offer(f.Name, t.Names()), "the payoffs read the column %q, which the rows do not have", f.Name)
		}
		if c.Kind != f.Kind {
			return fail("", "", "the payoffs read the column %q as %s, the rows have it as %s", f.Name, f.Kind, c.Kind)
		}
		b.columns[i] = c
	}
	return nil
}

// take lends memory for one number per lane; give takes the last back.
func (b *Block) take() []float64 {
	if b.top == len(b.numbers) {
		b.numbers = append(b.numbers, make([]float64, b.size))
	}
	b.top++
	return b.numbers[b.top-1][:b.Lanes]
}

func (b *Block) give() { b.top-- }

// TakeWords lends memory for one text per lane; GiveWords takes the last back.
func (b *Block) TakeWords() []string {
	if b.wordTop == len(b.words) {
		b.words = append(b.words, make([]string, b.size))
	}
	b.wordTop++
	return b.words[b.wordTop-1][:b.Lanes]
}

// GiveWords takes back what TakeWords lent last.
func (b *Block) GiveWords() { b.wordTop-- }

// eval evaluates numbers, times and truths.
func (n *node) eval(b *Block, out []float64) {
	if n.constant {
		for i := range out {
			out[i] = n.value
		}
		return
	}
	n.numbers(b, out)
}

// evalText evaluates text.
func (n *node) evalText(b *Block, out []string) {
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
	n := &node{kind: Number, name: name, column: -1}
	n.numbers = func(b *Block, out []float64) { copy(out, b.Truth) }
	if name == NamePrediction {
		n.numbers = func(b *Block, out []float64) { copy(out, b.Prediction) }
	}
	return n
}

// load reads a column, missing cells replaced where a fallback is known.
func load(at int, f table.Field) *node {
	n := &node{name: f.Name, column: at}
	switch f.Kind {
	case table.Number:
		n.kind, n.numbers = Number, func(b *Block, out []float64) {
			loadNumbers(b, at, out)
			if fb := b.fill[at]; fb != nil {
				replaceNaN(out, fb.Number)
			}
		}
	case table.Time:
		n.kind, n.numbers = Time, func(b *Block, out []float64) {
			loadTimes(b, at, out)
			if fb := b.fill[at]; fb != nil {
				replaceNaN(out, days(fb.Time))
			}
		}
	default:
		n.kind, n.texts = Text, func(b *Block, out []string) {
			loadTexts(b, at, out)
			if fb := b.fill[at]; fb != nil {
				replaceEmpty(out, fb.Text)
			}
		}
	}
	return n
}

func loadNumbers(b *Block, at int, out []float64) {
	copy(out, b.columns[at].Numbers[b.First:b.First+b.Lanes])
}

func loadTimes(b *Block, at int, out []float64) {
	for i, t := range b.columns[at].Times[b.First : b.First+b.Lanes] {
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

func loadTexts(b *Block, at int, out []string) {
	c := b.columns[at]
	if c.Kind == table.Text {
		copy(out, c.Texts[b.First:b.First+b.Lanes])
		return
	}
	for i, code := range c.Codes[b.First : b.First+b.Lanes] {
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
