package data

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"bespoke/scenario"
	"bespoke/table"
)

const (
	splitStream    = 0x5711 // keeps the split's random numbers apart from others
	defaultFolds   = 5
	regressionCuts = 10
)

// Split holds rows out for the final figures and cuts the others into folds.
//
//   - random: the outcomes (for a number: ten quantile ranges) have the same
//     shares in the held-out rows and in every fold.
//   - by time: the newest rows are held out. The others are cut, in order of
//     time, into one block more than there are folds; the oldest is only learnt
//     from, and every other is a fold that is validated with a model of all
//     blocks before it. Rows of the same moment stay together.
//   - by group: no group has rows in two places; sizes are as even as whole
//     groups allow.
//
// Every outcome must appear among the held-out and among the other rows.
func Split(t *table.Table, s scenario.Split, target string, seed uint64) (table.Split, error) {
	if s.Test <= 0 || s.Test >= 1 || math.IsNaN(float64(s.Test)) {
		return table.Split{}, fmt.Errorf("data: split: test %v must be a share between 0 and 1", s.Test)
	}
	if s.Folds == 0 {
		s.Folds = defaultFolds
	}
	if s.Folds < 2 {
		return table.Split{}, fmt.Errorf("data: split: folds %d must be at least 2", s.Folds)
	}
	y, ok := t.Column(target)
	if !ok {
		return table.Split{}, fmt.Errorf("data: split: no target %q; there are %s", target, listed(t.Names()))
	}
	if t.Rows() < fewestRows {
		return table.Split{}, fmt.Errorf("data: split: %d rows are too few; at least %d are needed", t.Rows(), fewestRows)
	}
	p := &splitter{rows: t.Rows(), want: s, target: y, random: rand.New(rand.NewPCG(seed, splitStream))}
	switch {
	case s.By.Time != "" && s.By.Group != "":
		return table.Split{}, errors.New("data: split: by time and by group were both asked for; choose one")
	case s.By.Time != "":
		c, ok := t.Column(s.By.Time)
		if !ok {
			return table.Split{}, fmt.Errorf("data: split: by: no column %q; there are %s", s.By.Time, listed(t.Names()))
		}
		return p.byTime(c)
	case s.By.Group != "":
		c, ok := t.Column(s.By.Group)
		if !ok {
			return table.Split{}, fmt.Errorf("data: split: by: no column %q; there are %s", s.By.Group, listed(t.Names()))
		}
		return p.byGroup(c)
	}
	return p.byChance()
}

// splitter holds what the ways of splitting share.
type splitter struct {
	rows   int
	want   scenario.Split
	target *table.Column
	random *rand.Rand
	notes  []string
}

// testRows is how many rows are to be held out.
func (p *splitter) testRows() int {
	n := int(math.Round(float64(p.want.Test) * float64(p.rows)))
	return max(1, min(p.rows-2, n))
}

// byChance draws from every stratum.
func (p *splitter) byChance() (table.Split, error) {
	strata, by, err := p.strata()
	if err != nil {
		return table.Split{}, err
	}
	out := table.Split{By: "random, " + by}
	for _, rows := range strata {
		p.random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	take := apportion(strata, p.testRows())
	for k, rows := range strata {
		if len(rows) >= 3 { // at least one to hold out and two to learn from
			take[k] = max(1, min(take[k], len(rows)-2))
		} else {
			take[k] = max(0, min(take[k], len(rows)-1))
		}
	}
	folds, next := p.folds(strata, take), 0
	out.Folds = make([][]int, folds)
	for k, rows := range strata {
		out.Test = append(out.Test, rows[:take[k]]...)
		for _, r := range rows[take[k]:] {
			out.Development = append(out.Development, r)
			out.Folds[next] = append(out.Folds[next], r)
			next = (next + 1) % folds
		}
	}
	return p.finish(out)
}

// strata lists the rows of each outcome or quantile range.
func (p *splitter) strata() ([][]int, string, error) {
	if p.target.Kind == table.Category {
		strata := make([][]int, len(p.target.Levels))
		for i, k := range p.target.Codes {
			if k < 0 {
				return nil, "", fmt.Errorf("data: split: row %d has no target", i+1)
			}
			strata[k] = append(strata[k], i)
		}
		return strata, "stratified by " + p.target.Name, p.checkOutcomes(strata)
	}
	if p.target.Kind != table.Number {
		return nil, "", fmt.Errorf("data: split: the target %q is %s; it must be a category or a number", p.target.Name, p.target.Kind)
	}
	order := make([]int, p.rows)
	for i := range order {
		order[i] = i
	}
	y := p.target.Numbers
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case y[a] < y[b]:
			return -1
		case y[a] > y[b]:
			return 1
		}
		return 0
	})
	cuts := max(1, min(regressionCuts, p.rows/(2*(p.want.Folds+1))))
	strata := make([][]int, cuts)
	for k := range strata {
		strata[k] = slices.Clone(order[len(order)*k/cuts : len(order)*(k+1)/cuts])
	}
	return strata, fmt.Sprintf("stratified by %d quantile ranges of %s", cuts, p.target.Name), nil
}

// checkOutcomes refuses a target that cannot be on both sides of a split.
func (p *splitter) checkOutcomes(strata [][]int) error {
	usable := 0
	for k, rows := range strata {
		if len(rows) >= 3 {
			usable++
			continue
		}
		if len(strata) == 2 {
			return fmt.Errorf("data: split: outcome %q of %q has %d rows; at least 3 are needed, one to hold out and two to learn from", p.target.Levels[k], p.target.Name, len(rows))
		}
		if len(rows) > 0 {
			p.note("outcome %q has only %d rows; it may be missing from held-out rows or folds", p.target.Levels[k], len(rows))
		}
	}
	if usable < 2 {
		return fmt.Errorf("data: split: %q has %d outcomes with at least 3 rows; two are needed", p.target.Name, usable)
	}
	return nil
}

// folds lowers the number of folds to what the rarest usable outcome allows.
func (p *splitter) folds(strata [][]int, take []int) int {
	folds := min(p.want.Folds, p.rows-p.testRows())
	if p.target.Kind == table.Category {
		for k, rows := range strata {
			if left := len(rows) - take[k]; len(rows) >= 3 && left < folds {
				folds = max(2, left)
				p.note("folds were lowered to %d, because outcome %q has %d rows to learn from", folds, p.target.Levels[k], left)
			}
		}
	}
	return folds
}

func (p *splitter) note(format string, a ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, a...))
}

// apportion gives each stratum its part of n by the largest remainders.
func apportion(strata [][]int, n int) []int {
	total := 0
	for _, s := range strata {
		total += len(s)
	}
	take, order := make([]int, len(strata)), make([]int, len(strata))
	rest := make([]int, len(strata))
	given := 0
	for k, s := range strata {
		take[k] = n * len(s) / total
		rest[k] = n * len(s) % total
		given += take[k]
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return rest[b] - rest[a] })
	for _, k := range order[:n-given] {
		take[k]++
	}
	return take
}

// finish sorts the lists and makes sure that every part has what it needs.
func (p *splitter) finish(out table.Split) (table.Split, error) {
	out.Notes = p.notes
	slices.Sort(out.Test)
	slices.Sort(out.Development)
	for _, f := range out.Folds {
		slices.Sort(f)
	}
	if len(out.Test) == 0 || len(out.Development) < 2 {
		return table.Split{}, fmt.Errorf("data: split: %d rows would be held out and %d learnt from; change data.split", len(out.Test), len(out.Development))
	}
	if p.target.Kind != table.Category {
		return out, nil
	}
	if n := p.outcomes(out.Test); n < 2 {
		return table.Split{}, fmt.Errorf("data: split: %s: the held-out rows have one outcome only; hold out more or split otherwise", out.By)
	}
	if n := p.outcomes(out.Development); n < 2 {
		return table.Split{}, fmt.Errorf("data: split: %s: the rows to learn from have one outcome only; hold out fewer or split otherwise", out.By)
	}
	for k := range out.Folds {
		if n := p.outcomes(out.Training(k)); n < 2 {
			return table.Split{}, fmt.Errorf("data: split: %s: fold %d would be learnt from one outcome only; lower data.split.folds or split otherwise", out.By, k+1)
		}
	}
	return out, nil
}

// outcomes counts the different outcomes among rows.
func (p *splitter) outcomes(rows []int) int {
	seen := make([]bool, len(p.target.Levels))
	n := 0
	for _, r := range rows {
		if k := p.target.Codes[r]; k >= 0 && !seen[k] {
			seen[k] = true
			n++
		}
	}
	return n
}
