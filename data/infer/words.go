package infer

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"bespoke/table"
)

// The rule that tells texts from categories.
const (
	textWords    = 4    // mean words of a value
	textLength   = 40   // mean characters of a value
	textShare    = 0.2  // distinct over values, for long values
	textLevels   = 20   // distinct, for long values
	manyLevels   = 1000 // distinct, for short values
	mostDistinct = 0.5  // distinct over values, for short values
	keptLevels   = 200_000
)

// words makes a category or a text of the column.
func (w *worker) words() *table.Column {
	d, all := w.dictionary(keptLevels)
	if !all || d.isText() {
		return w.texts()
	}
	w.aboutWords(d)
	return d.column(w.raw.Name)
}

// dictionary holds the distinct spellings of a column and a code per row, by
// order of appearance.
type dictionary struct {
	codes     []int32
	spellings []string
	values    int // cells that are not missing
	words     int // of all values
	length    int // characters of all values
	spaced    int // values with spaces around them
	absent    tally
}

// dictionary collects at most so many spellings; all is false when there are
// more.
func (w *worker) dictionary(most int) (d *dictionary, all bool) {
	d = &dictionary{codes: make([]int32, w.rows)}
	code := make(map[string]int32)
	all = true
	w.raw.Text.Each(func(row int, cell []byte) bool {
		value := trim(cell)
		if w.missing.has(value) {
			d.codes[row] = -1
			if len(value) > 0 {
				d.absent.add(row, value)
			}
			return true
		}
		if len(value) != len(cell) {
			d.spaced++
		}
		d.values++
		k, known := code[string(value)]
		if !known {
			if len(d.spellings) == most {
				all = false
				return false
			}
			k = int32(len(d.spellings))
			s := string(value)
			code[s] = k
			d.spellings = append(d.spellings, s)
		}
		d.codes[row] = k
		return true
	})
	counts := make([]int, len(d.spellings))
	for _, k := range d.codes {
		if k >= 0 && int(k) < len(counts) {
			counts[k]++
		}
	}
	for i, s := range d.spellings {
		d.words += counts[i] * len(strings.Fields(s))
		d.length += counts[i] * len([]rune(s))
	}
	return d, all
}

// respell gives numbers the spelling that a model's levels have for them, so that
// 1.0 is the level 1.
func (d *dictionary) respell(levels []string) {
	known := make(map[string]bool, len(levels))
	for _, l := range levels {
		known[l] = true
	}
	code := make(map[string]int32, len(d.spellings))
	to := make([]int32, len(d.spellings))
	var out []string
	for i, s := range d.spellings {
		if x, ok := table.ParseNumber([]byte(s)); ok && !known[s] && !leadingZero([]byte(s)) {
			if label := NumberLabel(x); known[label] {
				s = label
			}
		}
		k, seen := code[s]
		if !seen {
			k = int32(len(out))
			code[s] = k
			out = append(out, s)
		}
		to[i] = k
	}
	for i, k := range d.codes {
		if k >= 0 {
			d.codes[i] = to[k]
		}
	}
	d.spellings = out
}

// isText says whether the spellings are texts rather than names of levels.
func (d *dictionary) isText() bool {
	n, distinct := float64(d.values), float64(len(d.spellings))
	if n == 0 {
		return false
	}
	long := float64(d.words) >= textWords*n || float64(d.length) >= textLength*n
	if long && distinct > textShare*n && distinct > textLevels {
		return true
	}
	if distinct == n && n > textLevels {
		return true // every row has its own: a name, never a level
	}
	return distinct > manyLevels && distinct > mostDistinct*n
}

// column makes a category of the dictionary, with levels in order of their
// spelling, so that codes do not depend on the order of rows.
func (d *dictionary) column(name string) *table.Column {
	order := make([]int32, len(d.spellings))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return compareSpellings(d.spellings[a], d.spellings[b]) })
	levels := make([]string, len(order))
	to := make([]int32, len(order))
	for i, k := range order {
		levels[i] = d.spellings[k]
		to[k] = int32(i)
	}
	codes := make([]int32, len(d.codes))
	for i, k := range d.codes {
		codes[i] = -1
		if k >= 0 {
			codes[i] = to[k]
		}
	}
	return table.NewCategory(name, codes, levels)
}

// compareSpellings orders numbers by value before words by spelling.
func compareSpellings(a, b string) int {
	x, xok := table.ParseNumber([]byte(a))
	y, yok := table.ParseNumber([]byte(b))
	switch {
	case xok && yok && x < y:
		return -1
	case xok && yok && x > y:
		return 1
	case xok && !yok:
		return -1
	case !xok && yok:
		return 1
	}
	return strings.Compare(a, b)
}

// aboutWords tells which spellings were taken as missing or trimmed.
func (w *worker) aboutWords(d *dictionary) {
	if d.absent.total > 0 {
		w.find(table.Finding{
			Check: "missing", Severity: table.Note, Count: d.absent.total, Rows: d.absent.rows,
			Message: fmt.Sprintf("%d cells of %q spell no value (%s)", d.absent.total, w.raw.Name, d.absent.String()),
			Rule:    "a cell is missing when it is empty or one of " + strings.Join(Missing, " ") + " or of data.missing", Action: "these values are missing",
		})
	}
	if d.spaced > 0 {
		w.find(table.Finding{
			Check: "spaces", Severity: table.Note, Count: d.spaced,
			Message: fmt.Sprintf("%d values of %q have spaces around them", d.spaced, w.raw.Name),
			Rule:    "levels are compared without surrounding spaces", Action: "the spaces were taken away",
		})
	}
}

// texts makes a text column. The values share one copy of their bytes per some
// thousand rows.
func (w *worker) texts() *table.Column {
	out := make([]string, w.rows)
	const part = 4096
	var arena bytes.Buffer
	ends := make([]int, 0, part)
	first := 0
	flush := func() {
		all := arena.String()
		start := 0
		for i, end := range ends {
			out[first+i] = all[start:end]
			start = end
		}
		first += len(ends)
		arena.Reset()
		ends = ends[:0]
	}
	w.raw.Text.Each(func(_ int, cell []byte) bool {
		if value := trim(cell); !w.missing.has(value) {
			arena.Write(value) // never fails
		}
		ends = append(ends, arena.Len())
		if len(ends) == part {
			flush()
		}
		return true
	})
	flush()
	return table.NewText(w.raw.Name, out)
}

// fromLabels makes a category or text column of ready labels, "" for missing.
func (w *worker) fromLabels(kind table.Kind, label func(row int) string) *table.Column {
	texts := make([]string, w.rows)
	for i := range texts {
		texts[i] = label(i)
	}
	if kind == table.Text {
		return table.NewText(w.raw.Name, texts)
	}
	d := &dictionary{codes: make([]int32, w.rows)}
	code := make(map[string]int32)
	for i, s := range texts {
		if s == "" {
			d.codes[i] = -1
			continue
		}
		k, known := code[s]
		if !known {
			k = int32(len(d.spellings))
			code[s] = k
			d.spellings = append(d.spellings, s)
		}
		d.codes[i] = k
	}
	return d.column(w.raw.Name)
}
