package infer

import (
	"bytes"
	"fmt"
	"math"

	"bespoke/table"
)

// tolerated is the share of the values that may not fit the kind of the others.
const tolerated = 0.005

// inferred finds the kind of a column of spellings and converts it.
func (w *worker) inferred() *table.Column {
	n := w.numbers(false)
	if n.values == 0 {
		return table.NewNumber(w.raw.Name, n.out) // nothing is there; the check for constants says so
	}
	if n.fits() && n.zeros == 0 {
		w.aboutNumbers(n)
		return table.NewNumber(w.raw.Name, n.out)
	}
	if c := w.times(false); c != nil {
		return c
	}
	if n.zeros > 0 && n.fits() {
		w.find(table.Finding{
			Check: "types", Severity: table.Note, Count: n.zeros,
			Message: fmt.Sprintf("%q holds whole numbers with leading zeros; they are codes, not numbers", w.raw.Name),
			Rule:    "a whole number of two or more digits that begins with 0", Action: "read as category or text",
			Suggestion: fmt.Sprintf("if they are numbers, set data.columns.%s.kind to number", w.raw.Name),
		})
	}
	w.aboutMixture(n)
	return w.words()
}

// numbered is a column read as numbers, and what did not fit.
type numbered struct {
	out      []float64
	values   int // cells that are not missing
	good     int
	zeros    int // whole numbers with leading zeros
	infinite int
	bad      tally
	given    bool // the attempt was given up before the end
}

// fits says whether the column may be called a number.
func (n *numbered) fits() bool {
	return !n.given && n.good > 0 && float64(n.bad.total) <= tolerated*float64(n.values)
}

// numbers reads the cells as numbers. Unless the kind is forced it gives up as
// soon as too many are not.
func (w *worker) numbers(forced bool) *numbered {
	n := &numbered{out: make([]float64, w.rows)}
	most := int(tolerated * float64(w.rows))
	w.raw.Text.Each(func(row int, cell []byte) bool {
		x, ok := table.ParseNumber(cell)
		if !ok || w.missing.own {
			cell = trim(cell)
			x, ok = table.ParseNumber(cell)
		}
		if ok && !(w.missing.own && w.missing.has(cell)) {
			n.values++
			n.good++
			n.out[row] = x
			if leadingZero(cell) {
				n.zeros++
			}
			return true
		}
		n.out[row] = math.NaN()
		if w.missing.has(cell) {
			return true
		}
		n.values++
		if infinite(cell) {
			n.infinite++
			n.good++
			return true
		}
		n.bad.add(row, cell)
		if !forced && n.bad.total > most {
			n.given = true
			return n.good == 0 && row < 1000 // enough to tell a mixture
		}
		return true
	})
	return n
}

// leadingZero says whether a number is written like a code: 007.
func leadingZero(cell []byte) bool {
	return len(cell) > 1 && cell[0] == '0' && cell[1] >= '0' && cell[1] <= '9' && bytes.IndexByte(cell, '.') < 0
}

// infinite recognises spellings of an infinite or overflowing number.
func infinite(cell []byte) bool {
	if c := cell[0]; c != 'i' && c != 'I' && c != '+' && c != '-' && (c < '0' || c > '9') && c != 0xe2 {
		return false // most words, quickly
	}
	s := bytes.TrimLeft(bytes.ToLower(cell), "+-")
	switch string(s) {
	case "inf", "infinity", "∞", "1.#inf":
		return true
	}
	// What begins like a number and is one but for its size.
	if len(s) < 4 || s[0] < '0' || s[0] > '9' {
		return false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && c != '.' && c != 'e' && c != '+' {
			return false
		}
	}
	return bytes.Count(s, []byte{'.'}) <= 1 && bytes.IndexByte(s, 'e') > 0 && bytes.IndexByte(s, 'e') < len(s)-1 &&
		bytes.LastIndexByte(s, 'e') == bytes.IndexByte(s, 'e') && s[len(s)-1] != '+' && s[len(s)-1] != '.'
}

// aboutNumbers tells of cells that were not numbers.
func (w *worker) aboutNumbers(n *numbered) {
	if n.infinite > 0 {
		w.findInfinite(n.infinite)
	}
	if n.bad.total == 0 {
		return
	}
	w.find(table.Finding{
		Check: "types", Severity: table.Warning, Count: n.bad.total, Rows: n.bad.rows,
		Message: fmt.Sprintf("%d of %d values of %q are not numbers (%s)", n.bad.total, n.values, w.raw.Name, n.bad.String()),
		Rule:    fmt.Sprintf("a column is a number when at most %g%% of its values are not", 100*tolerated),
		Action:  "these values are missing", Suggestion: "mend them, or list the spelling in data.missing if it stands for no value",
	})
}

func (w *worker) findInfinite(count int) {
	w.find(table.Finding{
		Check: "types", Severity: table.Warning, Count: count,
		Message: fmt.Sprintf("%d values of %q are infinite or too large for a 64-bit number", count, w.raw.Name),
		Rule:    "a number must be finite", Action: "these values are missing",
	})
}

// aboutMixture warns of a column that is mostly, but not enough, numbers.
func (w *worker) aboutMixture(n *numbered) {
	if n.fits() {
		return
	}
	full := n
	if n.given && n.good > 0 {
		full = w.numbers(true)
	}
	share := float64(full.good) / float64(full.values)
	switch {
	case share >= 0.5:
		w.find(table.Finding{
			Check: "mixed types", Severity: table.Warning, Count: full.bad.total, Rows: full.bad.rows,
			Message: fmt.Sprintf("%q is a mixture: %d values are numbers, %d are not (%s)", w.raw.Name, full.good, full.bad.total, full.bad.String()),
			Rule:    fmt.Sprintf("at least half of the values are numbers, but more than %g%% are not", 100*tolerated), Action: "read as category or text",
			Suggestion: fmt.Sprintf("list the spelling in data.missing, or set data.columns.%s.kind to number", w.raw.Name),
		})
	case full.good == 0 && w.formatted():
		w.find(table.Finding{
			Check: "number format", Severity: table.Warning, Count: full.values,
			Message: fmt.Sprintf("%q looks like numbers with digit groups, decimal commas, units or percent signs (%s)", w.raw.Name, full.bad.String()),
			Rule:    "every value has digits and otherwise only . , ' % spaces, signs and currency symbols", Action: "read as category or text",
			Suggestion: "write plain decimal numbers, for example with replace() in data.source.query",
		})
	}
}

// formatted says whether every value is a number but for its format.
func (w *worker) formatted() bool {
	found := false
	w.raw.Text.Each(func(_ int, cell []byte) bool {
		cell = trim(cell)
		if w.missing.has(cell) {
			return true
		}
		digits := 0
		for _, r := range string(cell) {
			switch {
			case r >= '0' && r <= '9':
				digits++
			case bytes.ContainsRune([]byte(".,'% +-$€£¥\u00a0"), r):
			default:
				found = false
				return false
			}
		}
		found = digits > 0
		return found
	})
	return found
}

// forced converts to the kind that the scenario or a schema sets.
func (w *worker) forced(kind table.Kind) (*table.Column, error) {
	switch kind {
	case table.Number:
		n := w.numbers(true)
		if n.good == 0 && n.values > 0 {
			return nil, fmt.Errorf("data: columns: %q is to be a number, but no value is one (%s)", w.raw.Name, n.bad.String())
		}
		w.aboutForced(n)
		return table.NewNumber(w.raw.Name, n.out), nil
	case table.Time:
		c := w.times(true)
		if c == nil {
			return nil, fmt.Errorf("data: columns: %q is to be a time, but its values are not dates in one clear form; write them as 2006-01-02 or 2006-01-02T15:04:05, for example with strptime in data.source.query", w.raw.Name)
		}
		return c, nil
	case table.Text:
		return w.texts(), nil
	case table.Category:
		return w.category()
	}
	return nil, fmt.Errorf("data: columns: %q: unknown kind %s", w.raw.Name, kind)
}

// category makes a category of the column whatever its spellings are.
func (w *worker) category() (*table.Column, error) {
	if n := w.numbers(true); w.levels == nil && n.values > 0 && n.bad.total == 0 && n.infinite == 0 && n.zeros == 0 {
		// 1, 1.0 and 1e0 are the same level however a source writes them.
		return w.fromLabels(table.Category, func(row int) string { return NumberLabel(n.out[row]) }), nil
	}
	d, all := w.dictionary(math.MaxInt32)
	if !all {
		return nil, fmt.Errorf("data: columns: %q is to be a category, but has too many spellings", w.raw.Name)
	}
	w.aboutWords(d)
	d.respell(w.levels)
	return d.column(w.raw.Name), nil
}

func (w *worker) aboutForced(n *numbered) {
	if n.infinite > 0 {
		w.findInfinite(n.infinite)
	}
	if n.bad.total > 0 {
		w.find(table.Finding{
			Check: "types", Severity: table.Warning, Count: n.bad.total, Rows: n.bad.rows,
			Message: fmt.Sprintf("%d of %d values of %q are not numbers (%s)", n.bad.total, n.values, w.raw.Name, n.bad.String()),
			Rule:    "the column was set to be a number", Action: "these values are missing",
		})
	}
}
