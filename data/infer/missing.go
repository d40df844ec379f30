package infer

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"bespoke/table"
)

// Missing are the spellings of "no value", beside the empty cell. "none", "no"
// and "unknown" are values.
var Missing = []string{
	"NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "NULL", "Null", "null", `\N`,
	"?", "-", "--", ".", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!",
}

// spellings is a set of spellings of "no value".
type spellings struct {
	all map[string]bool
	// own says that the scenario adds some, which may look like numbers.
	own bool
	// longest is the length in bytes of the longest.
	longest int
}

func newSpellings(own []string) spellings {
	s := spellings{all: make(map[string]bool), own: len(own) > 0}
	for _, m := range slices.Concat(Missing, own) {
		m = strings.TrimSpace(m)
		s.all[m] = true
		s.longest = max(s.longest, len(m))
	}
	return s
}

// has says whether a trimmed cell is a spelling of "no value".
func (s spellings) has(cell []byte) bool {
	return len(cell) == 0 || len(cell) <= s.longest && s.all[string(cell)]
}

// tally counts a few distinct spellings, in order of appearance.
type tally struct {
	spelling []string
	count    []int
	rows     []int // first ones, from 1
	total    int
}

// tallyKept is how many distinct spellings a tally holds.
const tallyKept = 50

func (t *tally) add(row int, cell []byte) {
	t.total++
	if len(t.rows) < table.FindingRows {
		t.rows = append(t.rows, row+1)
	}
	for i, s := range t.spelling {
		if s == string(cell) {
			t.count[i]++
			return
		}
	}
	if len(t.spelling) < tallyKept {
		t.spelling = append(t.spelling, string(cell))
		t.count = append(t.count, 1)
	}
}

// String shows the five most frequent spellings.
func (t *tally) String() string {
	order := make([]int, len(t.spelling))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return t.count[b] - t.count[a] })
	var parts []string
	for _, i := range order[:min(5, len(order))] {
		parts = append(parts, fmt.Sprintf("%q x %d", shorten(t.spelling[i]), t.count[i]))
	}
	if len(order) > 5 {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}

func shorten(s string) string {
	r := []rune(s)
	if len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// trim takes spaces away; most cells have none.
func trim(cell []byte) []byte {
	if n := len(cell); n == 0 || cell[0] > ' ' && cell[n-1] > ' ' && cell[0] < 0x80 && cell[n-1] < 0x80 {
		return cell
	}
	return bytes.TrimSpace(cell)
}
