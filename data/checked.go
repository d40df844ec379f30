package data

import (
	"fmt"
	"runtime"
	"slices"

	"bespoke/data/check"
	"bespoke/scenario"
	"bespoke/table"
)

// Checked is a table that was split and checked.
type Checked struct {
	// Table is that of Loaded with the roles that the checks decided on.
	Table *table.Table
	// Split is the given split without the development rows that the checks
	// took out.
	Split table.Split
	// Findings are those of Loaded, then the notes of the split, then those of
	// the checks.
	Findings []table.Finding
}

// Check runs the checks that need the split: equal rows on both sides, columns
// that know the answer, levels that only held-out rows have.
func Check(l *Loaded, d scenario.Data, s table.Split, seed uint64, n int) (*Checked, error) {
	for _, rows := range [][]int{s.Test, s.Development} {
		for _, r := range rows {
			if r < 0 || r >= l.Table.Rows() {
				return nil, fmt.Errorf("data: check: the split names row %d, the table has %d rows", r, l.Table.Rows())
			}
		}
	}
	in := l.input(d, n)
	in.Split, in.Seed = &s, seed
	result := check.Run(in)
	out := &Checked{
		Table:    withRoles(l.Table, result.Roles),
		Split:    without(s, result.Remove),
		Findings: slices.Concat(l.Findings, notes(s), result.Findings),
	}
	if len(out.Table.ByRole(table.Feature)) == 0 {
		return nil, fmt.Errorf("data: check: no column is left to predict %q from; every one was found to be the target in another form", l.Target)
	}
	return out, nil
}

// notes shows what the split had to do differently.
func notes(s table.Split) []table.Finding {
	var out []table.Finding
	for _, n := range s.Notes {
		out = append(out, table.Finding{
			Check: "split", Severity: table.Note, Message: n,
			Rule: "every part of a split needs every outcome, and rows of a moment or a group stay together", Action: "the split was made so",
		})
	}
	return out
}

// without takes rows out of the development rows and their folds.
func without(s table.Split, rows []int) table.Split {
	if len(rows) == 0 {
		return s
	}
	gone := make(map[int]bool, len(rows))
	for _, r := range rows {
		gone[r] = true
	}
	keep := func(list []int) []int {
		var out []int
		for _, r := range list {
			if !gone[r] {
				out = append(out, r)
			}
		}
		return out
	}
	s.Development, s.First = keep(s.Development), keep(s.First)
	folds := make([][]int, len(s.Folds))
	for k, f := range s.Folds {
		folds[k] = keep(f)
	}
	s.Folds = folds
	return s
}

func threads(opt Options) int {
	if opt.Threads > 0 {
		return opt.Threads
	}
	return runtime.GOMAXPROCS(0)
}
