package check

import (
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"

	"bespoke/table"
)

// mostTwins is the share of development rows that may be taken out because they
// have an equal row among the held-out ones. Above it, equal rows are in the
// nature of the data (few columns with few values), not copies.
const mostTwins = 0.1

// duplicates finds equal rows. Those of the development rows that equal a
// held-out row are not learnt from, so that the final figures are of rows that
// no model has seen.
func duplicates(in *Input, out *Result) {
	var columns []*table.Column
	for _, c := range in.Table.Columns() {
		if c.Role == table.Feature || c.Role == table.Target || c.Role == table.Info {
			columns = append(columns, c)
		}
	}
	if len(columns) < 2 || in.Table.Rows() >= math.MaxInt32 {
		return
	}
	first := firstEqual(columns, in.Table.Rows())
	var copies []int
	for i, f := range first {
		if int(f) != i {
			copies = append(copies, i)
		}
	}
	if len(copies) == 0 {
		return
	}
	out.Findings = append(out.Findings, table.Finding{
		Severity: table.Note, Count: len(copies), Rows: in.firstRows(copies),
		Message: fmt.Sprintf("%d of %d rows repeat an earlier row", len(copies), len(first)),
		Rule:    "all columns but identifiers are equal, missing values counted as equal", Action: "kept",
		Suggestion: "if they are copies of the same case, remove them in the source",
	})
	in.twins(out, first)
}

// twins handles development rows that equal a held-out row.
func (in *Input) twins(out *Result, first []int32) {
	held := make([]bool, len(first))
	for _, r := range in.Split.Test {
		held[first[r]] = true
	}
	var twins []int
	for _, r := range in.Split.Development {
		if held[first[r]] {
			twins = append(twins, r)
		}
	}
	if len(twins) == 0 {
		return
	}
	share := float64(len(twins)) / float64(len(in.Split.Development))
	f := table.Finding{
		Severity: table.Warning, Count: len(twins), Rows: in.firstRows(twins),
		Message: fmt.Sprintf("%d development rows (%.2f%%) equal a held-out row", len(twins), 100*share),
		Rule:    fmt.Sprintf("equal in all columns but identifiers; up to %g%% of the development rows are taken out", 100*mostTwins),
		Action:  "taken out of the development rows",
	}
	if share > mostTwins {
		f.Action = "kept: so many equal rows are in the nature of the data"
		f.Suggestion = "look whether rows were copied; the figures on held-out rows may be too good"
		out.Findings = append(out.Findings, f)
		return
	}
	out.Findings = append(out.Findings, f)
	out.Remove = append(out.Remove, twins...)
}

// firstEqual gives, for every row, the first row that equals it (itself when
// there is none before).
func firstEqual(columns []*table.Column, rows int) []int32 {
	hashes := make([]uint64, rows)
	for _, c := range columns {
		addHashes(c, hashes)
	}
	// Rows that are first of their kind and share the high bits of their hash are
	// chained, the latest at the head; places are counted from 1.
	shift := 64 - bits.Len(uint(rows))
	first, before, heads := make([]int32, rows), make([]int32, rows), make([]int32, 1<<(64-shift))
	for i, h := range hashes {
		first[i] = int32(i)
		head := &heads[h*spread>>shift]
		for r := *head; r > 0; r = before[r-1] {
			if hashes[r-1] == h && equalRows(columns, int(r-1), i) {
				first[i] = r - 1
				break
			}
		}
		if first[i] == int32(i) {
			before[i], *head = *head, int32(i)+1
		}
	}
	return first
}

// spread moves what differs between hashes to their high bits.
const spread = 0x9e3779b97f4a7c15

// addHashes mixes a column's values into the rows' hashes. Which hash a value
// gets does not matter to the result: equal hashes are compared by value.
func addHashes(c *table.Column, hashes []uint64) {
	mix := func(i int, v uint64) {
		h := (hashes[i] ^ v) * spread
		hashes[i] = h ^ h>>29
	}
	switch c.Kind {
	case table.Number:
		for i, x := range c.Numbers {
			switch {
			case x == 0:
				x = 0 // -0 and 0 are equal
			case x != x:
				x = math.Inf(1) // every NaN is the same missing value
			}
			mix(i, math.Float64bits(x))
		}
	case table.Category:
		for i, k := range c.Codes {
			mix(i, uint64(k))
		}
	case table.Time:
		for i, t := range c.Times {
			mix(i, uint64(t))
		}
	case table.Text:
		seed := maphash.MakeSeed()
		for i, s := range c.Texts {
			mix(i, maphash.String(seed, s))
		}
	}
}

func equalRows(columns []*table.Column, a, b int) bool {
	for _, c := range columns {
		switch c.Kind {
		case table.Number:
			x, y := c.Numbers[a], c.Numbers[b]
			if x != y && (x == x || y == y) {
				return false
			}
		case table.Category:
			if c.Codes[a] != c.Codes[b] {
				return false
			}
		case table.Time:
			if c.Times[a] != c.Times[b] {
				return false
			}
		case table.Text:
			if c.Texts[a] != c.Texts[b] {
				return false
			}
		}
	}
	return true
}
