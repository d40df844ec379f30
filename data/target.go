package data

import (
	"fmt"
	"math"
	"slices"

	"bespoke/data/infer"
	"bespoke/internal/near"
	"bespoke/internal/spill"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
)

// The rule that tells classes from numbers in a target of whole numbers.
const (
	mostClassCodes = 10  // distinct values
	mostClasses    = 200 // distinct outcomes of any target
	rowsPerClass   = 2   // mean rows per outcome, at least
)

// prepareTarget leaves out the rows without target, decides the task, and makes
// classes of the target where it has outcomes.
func (l *Loaded) prepareTarget(d scenario.Data) error {
	target, _ := l.Table.Column(d.Target)
	if target == nil {
		return fmt.Errorf("data: target: %q holds lists or records; it must be a number or an outcome", d.Target)
	}
	if err := l.dropUnknown(target); err != nil {
		return err
	}
	target, _ = l.Table.Column(d.Target)
	forced := d.Columns[d.Target].Kind
	var made *table.Column
	var err error
	switch {
	case d.Query != "":
		l.Task = model.Ranking
		made, err = target, l.rankTarget(target, d.Query)
	case target.Kind == table.Time:
		return fmt.Errorf("data: target: %q is a time; it must be a number or an outcome", d.Target)
	case target.Kind == table.Number:
		made, err = l.numberTarget(target, forced)
	case target.Kind == table.Text || target.Kind == table.Category:
		made, err = l.classTarget(target)
	}
	if err != nil {
		return err
	}
	if l.Task.Classes() {
		if made, err = l.orderOutcomes(made, d.Positive); err != nil {
			return err
		}
		l.Outcomes = made.Levels
	}
	made.Role = table.Target
	columns := slices.Clone(l.Table.Columns())
	columns[slices.Index(l.Table.Names(), d.Target)] = made
	l.Table, err = table.New(columns...)
	return err
}

// dropUnknown leaves out the rows without target.
func (l *Loaded) dropUnknown(target *table.Column) error {
	var kept, lost []int
	for i := range target.Len() {
		if target.Missing(i) {
			lost = append(lost, i)
		} else {
			kept = append(kept, i)
		}
	}
	if len(kept) == 0 {
		return fmt.Errorf("data: target: %q has no value in any of %d rows; there is nothing to learn", target.Name, target.Len())
	}
	if len(kept) < fewestRows {
		return fmt.Errorf("data: %d rows have a target (%q); at least %d are needed to learn and to check what was learnt", len(kept), target.Name, fewestRows)
	}
	if len(lost) == 0 {
		return nil
	}
	f := table.Finding{
		Check: "target missing", Severity: table.Warning, Column: target.Name, Count: len(lost),
		Message: fmt.Sprintf("%d of %d rows have no target (%q)", len(lost), target.Len(), target.Name),
		Rule:    "a row without its outcome cannot be learnt from", Action: "left out",
		Suggestion: "if a missing outcome means something, give it a name in the source",
	}
	for _, r := range lost[:min(len(lost), table.FindingRows)] {
		f.Rows = append(f.Rows, r+1)
	}
	l.Findings = append(l.Findings, f)
	l.kept = kept
	return l.take(kept)
}

// take makes a table of some of the rows, column by column: those that are on
// disk stay there.
func (l *Loaded) take(rows []int) error {
	columns := slices.Clone(l.Table.Columns())
	for i, c := range columns {
		columns[i] = c.Take(rows)
		if !c.OnDisk {
			continue
		}
		if err := infer.Keep(columns[i], l.disk); err != nil {
			return err
		}
		spill.Free(l.disk, c.Numbers)
		spill.Free(l.disk, c.Codes)
		spill.Free(l.disk, c.Times)
	}
	var err error
	l.Table, err = table.New(columns...)
	return err
}

// noteDisk says that the table is not in memory.
func (l *Loaded) noteDisk() {
	count := 0
	for _, c := range l.Table.Columns() {
		if c.OnDisk {
			count++
		}
	}
	if count == 0 {
		return
	}
	l.Findings = append(l.Findings, table.Finding{
		Check: "memory", Severity: table.Note, Count: count,
		Message: fmt.Sprintf("%d columns with %d rows are kept on disk while they are worked on", count, l.Table.Rows()),
		Rule:    "the values in the source take more than a quarter of limits.memory", Action: "read part by part; every figure is the same as in memory",
	})
}

// numberTarget decides between a regression and classes that are written as
// numbers.
func (l *Loaded) numberTarget(target *table.Column, forced string) (*table.Column, error) {
	distinct := distinctNumbers(target.Numbers, mostClassCodes+1)
	if len(distinct) == 1 {
		return nil, fmt.Errorf("data: target: %q is %v in every row; there is nothing to learn", target.Name, distinct[0])
	}
	l.Task = model.Regression
	whole := true
	for _, x := range distinct {
		whole = whole && x == math.Trunc(x)
	}
	few := len(distinct) <= mostClassCodes
	gapless := distinct[0] >= 0 && distinct[0] <= 1 && distinct[len(distinct)-1]-distinct[0] == float64(len(distinct)-1)
	if forced == "number" || len(distinct) != 2 && !(whole && few && gapless && target.Len() >= 10*len(distinct)) {
		if whole && few && forced == "" {
			l.noteTarget(fmt.Sprintf("%q has %d whole-number values and was taken as a number to predict", target.Name, len(distinct)),
				fmt.Sprintf("set data.columns.%s.kind to category if they are outcomes", target.Name))
		}
		return target, nil
	}
	labels := make([]string, len(distinct))
	for i, x := range distinct {
		labels[i] = infer.NumberLabel(x)
	}
	codes := make([]int32, target.Len())
	for i, x := range target.Numbers {
		at, _ := slices.BinarySearch(distinct, x)
		codes[i] = int32(at)
	}
	l.Task = taskOf(len(labels))
	l.noteTarget(fmt.Sprintf("%q has %d different numbers (%s to %s) and was taken as outcomes", target.Name, len(labels), labels[0], labels[len(labels)-1]),
		fmt.Sprintf("set data.columns.%s.kind to number if it is an amount", target.Name))
	return table.NewCategory(target.Name, codes, labels), nil
}

func (l *Loaded) noteTarget(message, suggestion string) {
	l.Findings = append(l.Findings, table.Finding{
		Check: "target", Severity: table.Note, Column: l.Target, Message: message,
		Rule:   fmt.Sprintf("a target of numbers has outcomes when it has two values, or at most %d whole numbers without a gap from 0 or 1 with 10 rows each on average", mostClassCodes),
		Action: "task: " + l.Task.String(), Suggestion: suggestion,
	})
}

// distinctNumbers gives the different values in order; when there are more than
// limit, limit of them.
func distinctNumbers(values []float64, limit int) []float64 {
	seen := map[float64]bool{}
	var out []float64
	for _, x := range values {
		if x == 0 {
			x = 0 // -0 is 0
		}
		if !seen[x] {
			seen[x] = true
			if out = append(out, x); len(out) == limit {
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

func taskOf(classes int) model.Task {
	if classes == 2 {
		return model.Binary
	}
	return model.Multiclass
}

// classTarget checks a target of words.
func (l *Loaded) classTarget(target *table.Column) (*table.Column, error) {
	if target.Kind == table.Text {
		one, _, err := must(table.New(target)).Conform(table.Schema{{Name: target.Name, Kind: table.Category, Levels: sortedDistinct(target.Texts)}})
		if err != nil {
			return nil, err
		}
		target = one.Columns()[0]
	}
	target = usedLevels(target)
	classes := len(target.Levels)
	switch {
	case classes == 1:
		return nil, fmt.Errorf("data: target: %q is %q in every row; there is nothing to learn", target.Name, target.Levels[0])
	case classes > mostClasses || classes*rowsPerClass > target.Len():
		return nil, fmt.Errorf("data: target: %q has %d different values in %d rows; it is neither a number nor a set of at most %d outcomes with %d rows each on average", target.Name, classes, target.Len(), mostClasses, rowsPerClass)
	}
	l.Task = taskOf(classes)
	return target, nil
}

func must(t *table.Table, err error) *table.Table {
	if err != nil { // one column cannot clash
		panic(err)
	}
	return t
}

func sortedDistinct(texts []string) []string {
	out := slices.Clone(texts)
	slices.Sort(out)
	return slices.Compact(out)
}

// usedLevels leaves out the levels that no row has any more.
func usedLevels(c *table.Column) *table.Column {
	used := make([]bool, len(c.Levels))
	for _, k := range c.Codes {
		used[k] = true
	}
	to := make([]int32, len(c.Levels))
	var levels []string
	for k, u := range used {
		if u {
			to[k] = int32(len(levels))
			levels = append(levels, c.Levels[k])
		}
	}
	codes := make([]int32, len(c.Codes))
	for i, k := range c.Codes {
		codes[i] = to[k]
	}
	return table.NewCategory(c.Name, codes, levels)
}

// orderOutcomes puts the positive one of two outcomes second: the one that the
// scenario names, or the rarer.
func (l *Loaded) orderOutcomes(target *table.Column, positive string) (*table.Column, error) {
	if positive != "" && !slices.Contains(target.Levels, positive) {
		return nil, fmt.Errorf("data: positive: %q has no outcome %q; there are %s%s", target.Name, positive, listed(target.Levels), near.Hint(positive, target.Levels))
	}
	if len(target.Levels) != 2 {
		if positive != "" {
			l.Findings = append(l.Findings, table.Finding{
				Check: "target", Severity: table.Note, Column: target.Name,
				Message: fmt.Sprintf("data.positive is for two outcomes; %q has %d", target.Name, len(target.Levels)),
				Rule:    "only one of two outcomes can be the positive one", Action: "not used",
			})
		}
		return target, nil
	}
	second := 0
	for _, k := range target.Codes {
		second += int(k)
	}
	swap := 2*second > len(target.Codes)
	if positive != "" {
		swap = target.Levels[0] == positive
	}
	if !swap {
		return target, nil
	}
	codes := make([]int32, len(target.Codes))
	for i, k := range target.Codes {
		codes[i] = 1 - k
	}
	return table.NewCategory(target.Name, codes, []string{target.Levels[1], target.Levels[0]}), nil
}
