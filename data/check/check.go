// Package check looks for what spoils models without an error anywhere: columns
// that know the answer, rows on both sides of the split, columns that only name
// a row. Each check is one file and one line in the table Checks; it states its
// rule with the threshold, shows the rows, and says what was done.
package check

import (
	"fmt"
	"slices"

	"bespoke/model"
	"bespoke/table"
)

// Input is what checks look at. They change nothing in it.
type Input struct {
	Table *table.Table
	Task  model.Task
	// Target names the target column; empty when there is none.
	Target string
	// Split is how the rows were split; nil before that.
	Split *table.Split
	// TimeSplit and GroupSplit are the columns that the scenario splits by.
	TimeSplit, GroupSplit string
	// Fixed are the columns whose role the scenario sets; checks report about
	// them but do not change their role.
	Fixed map[string]bool
	// Row gives the number of a table's row as it was read, from 1; nil means
	// that none was left out.
	Row func(i int) int
	// Seed fixes the folds inside checks.
	Seed uint64
	// Threads is how many goroutines may work at once, at least 1; the result
	// does not depend on it.
	Threads int
}

// Result is what the checks found and what is to be done about it.
type Result struct {
	Findings []table.Finding
	// Roles are the new roles of columns.
	Roles map[string]table.Role
	// Remove are the development rows, rising, that models must not learn from.
	Remove []int
}

// Check is one check.
type Check struct {
	// Name is what findings carry, such as "duplicates".
	Name string
	// Doc says in a sentence what it looks for.
	Doc string
	// AfterSplit is true for checks that need Input.Split.
	AfterSplit bool
	run        func(in *Input, out *Result)
}

// Checks is the table of all checks, in the order in which they run.
var Checks = []Check{
	{Name: "constant", Doc: "columns with one value or none", run: constant},
	{Name: "identifier", Doc: "columns that name rows", run: identifier},
	{Name: "missing", Doc: "columns that are mostly without value", run: mostlyMissing},
	{Name: "codes", Doc: "whole numbers that may be codes", run: codes},
	{Name: "imbalance", Doc: "classes that are rare", run: imbalance},
	{Name: "time order", Doc: "a time column beside a random split", run: timeOrder},
	{Name: "groups", Doc: "identifiers that repeat beside a random split", run: groups},
	{Name: "duplicates", Doc: "equal rows, also across the split", AfterSplit: true, run: duplicates},
	{Name: "leakage", Doc: "columns that predict the target alone", AfterSplit: true, run: leakage},
	{Name: "unseen", Doc: "levels that only held-out rows have", AfterSplit: true, run: unseen},
}

// Run runs the checks of one stage: those that need no split when Input.Split
// is nil, else the others. Findings are in the order of Checks, then of
// columns.
func Run(in Input) Result {
	out := Result{Roles: map[string]table.Role{}}
	for _, c := range Checks {
		if c.AfterSplit != (in.Split != nil) {
			continue
		}
		from := len(out.Findings)
		c.run(&in, &out)
		for i := from; i < len(out.Findings); i++ {
			out.Findings[i].Check = c.Name
		}
	}
	slices.Sort(out.Remove)
	out.Remove = slices.Compact(out.Remove)
	return out
}

// row is the number of a row for people.
func (in *Input) row(i int) int {
	if in.Row == nil {
		return i + 1
	}
	return in.Row(i)
}

// firstRows numbers the first rows of a list.
func (in *Input) firstRows(rows []int) []int {
	out := make([]int, 0, table.FindingRows)
	for _, r := range rows[:min(len(rows), table.FindingRows)] {
		out = append(out, in.row(r))
	}
	return out
}

// features lists the columns that models would read.
func (in *Input) features() []*table.Column { return in.Table.ByRole(table.Feature) }

// assign gives a column a role unless the scenario fixed it, and says what was
// done.
func (in *Input) assign(out *Result, column string, role table.Role) (action string) {
	if in.Fixed[column] {
		return "kept as the scenario says"
	}
	out.Roles[column] = role
	return fmt.Sprintf("not used by models (role %s)", role)
}

// distinct counts different values of a column, missing left out, up to a limit.
func distinct(c *table.Column, limit int) int {
	switch c.Kind {
	case table.Number:
		return distinctOf(c.Numbers, limit, func(x float64) bool { return x != x })
	case table.Time:
		return distinctOf(c.Times, limit, func(t int64) bool { return t == table.MissingTime })
	case table.Text:
		return distinctOf(c.Texts, limit, func(s string) bool { return s == "" })
	case table.Category:
		return distinctOf(c.Codes, limit, func(k int32) bool { return k < 0 })
	}
	return 0
}

func distinctOf[T comparable](values []T, limit int, missing func(T) bool) int {
	seen := make(map[T]struct{})
	for _, v := range values {
		if missing(v) {
			continue
		}
		seen[v] = struct{}{}
		if len(seen) >= limit {
			break
		}
	}
	return len(seen)
}

// present counts values that are not missing.
func present(c *table.Column) int {
	n := 0
	for i := range c.Len() {
		if !c.Missing(i) {
			n++
		}
	}
	return n
}
