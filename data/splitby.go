package data

import (
	"fmt"
	"math"
	"slices"
	"time"

	"bespoke/table"
)

// byTime holds out the newest rows.
func (p *splitter) byTime(c *table.Column) (table.Split, error) {
	at, err := p.moments(c)
	if err != nil {
		return table.Split{}, err
	}
	order := make([]int, p.rows)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case at[a] < at[b]:
			return -1
		case at[a] > at[b]:
			return 1
		}
		return 0
	})
	border := cleanBorder(order, at, p.rows-p.testRows())
	if border == 0 || border == p.rows {
		return table.Split{}, fmt.Errorf("data: split: by time: all rows have the same %q, so none is newer than others", c.Name)
	}
	out := table.Split{Forward: true, By: fmt.Sprintf("by time: rows from %s = %s on are held out", c.Name, momentName(c, at[order[border]]))}
	out.Test = slices.Clone(order[border:])
	development := order[:border]
	out.Development = slices.Clone(development)
	borders := []int{0}
	for k := 1; k <= p.want.Folds; k++ {
		b := cleanBorder(development, at, len(development)*k/(p.want.Folds+1))
		if b > borders[len(borders)-1] && b < len(development) {
			borders = append(borders, b)
		}
	}
	if len(borders) < 3 {
		return table.Split{}, fmt.Errorf("data: split: by time: the rows to learn from have too few different moments of %q for two folds; use another column or split at random", c.Name)
	}
	if folds := len(borders) - 1; folds < p.want.Folds {
		p.note("folds were lowered to %d, because rows of the same moment stay together", folds)
	}
	borders = append(borders, len(development))
	out.First = slices.Clone(development[:borders[1]])
	slices.Sort(out.First)
	for k := 1; k+1 < len(borders); k++ {
		out.Folds = append(out.Folds, slices.Clone(development[borders[k]:borders[k+1]]))
	}
	return p.finish(out)
}

// moments gives every row's time as a number; rows without one come first.
func (p *splitter) moments(c *table.Column) ([]float64, error) {
	at := make([]float64, p.rows)
	unknown := 0
	for i := range at {
		switch {
		case c.Kind != table.Time && c.Kind != table.Number:
			return nil, fmt.Errorf("data: split: by time: %q is %s; it must be a time or a number that grows with time", c.Name, c.Kind)
		case c.Missing(i):
			at[i] = math.Inf(-1)
			unknown++
		case c.Kind == table.Time:
			at[i] = float64(c.Times[i])
		default:
			at[i] = c.Numbers[i]
		}
	}
	if unknown == p.rows {
		return nil, fmt.Errorf("data: split: by time: %q has no value in any row", c.Name)
	}
	if unknown > 0 {
		p.note("%d rows have no %s; they were taken as the oldest", unknown, c.Name)
	}
	return at, nil
}

// cleanBorder moves a border in rows sorted by time to the nearest place where
// the time changes, the earlier one of two equally near.
func cleanBorder(order []int, at []float64, border int) int {
	clean := func(b int) bool { return b <= 0 || b >= len(order) || at[order[b-1]] < at[order[b]] }
	// Staying inside is better than an empty side.
	for off := 0; off < len(order); off++ {
		if b := border - off; b > 0 && clean(b) {
			return b
		}
		if b := border + off; b < len(order) && b > 0 && clean(b) {
			return b
		}
	}
	return 0
}

func momentName(c *table.Column, at float64) string {
	if c.Kind == table.Time {
		return time.UnixMicro(int64(at)).UTC().Format(time.RFC3339)
	}
	return fmt.Sprint(at)
}

// groupTries is how many random orders of groups are tried for a split in which
// every part has every outcome.
const groupTries = 50

// byGroup keeps the rows of a group together.
func (p *splitter) byGroup(c *table.Column) (table.Split, error) {
	groups := groupsOf(c)
	if len(groups) < 3 {
		return table.Split{}, fmt.Errorf("data: split: by group: %q has %d different values; at least 3 are needed, one to hold out and two to learn from", c.Name, len(groups))
	}
	folds := min(p.want.Folds, len(groups)-1)
	if folds < p.want.Folds {
		p.note("folds were lowered to %d, because there are %d groups", folds, len(groups))
	}
	var failed error
	for range groupTries {
		p.random.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
		out, err := p.finish(p.dealGroups(c, groups, folds))
		if err == nil {
			return out, nil
		}
		failed = err
	}
	return table.Split{}, fmt.Errorf("%w (tried %d orders of the groups)", failed, groupTries)
}

// groupsOf lists the rows of each value in order of appearance; a row without a
// value is a group of its own.
func groupsOf(c *table.Column) [][]int {
	var groups [][]int
	at := map[any]int{}
	for i := range c.Len() {
		v := c.Value(i)
		g, known := at[v]
		if v == nil || !known {
			g = len(groups)
			groups = append(groups, nil)
			if v != nil {
				at[v] = g
			}
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}

// dealGroups takes groups in order while that brings the held-out rows nearer to
// their number, and deals the others, largest first, to the smallest fold.
func (p *splitter) dealGroups(c *table.Column, groups [][]int, folds int) table.Split {
	out := table.Split{By: "by group of " + c.Name, Folds: make([][]int, folds)}
	want := p.testRows()
	var left [][]int
	for i, g := range groups {
		now := len(out.Test)
		enough := len(groups)-i <= folds-len(left) // the folds need the rest
		if !enough && abs(now+len(g)-want) < abs(now-want) {
			out.Test = append(out.Test, g...)
		} else {
			left = append(left, g)
		}
	}
	slices.SortStableFunc(left, func(a, b []int) int { return len(b) - len(a) })
	if n := len(left); len(out.Test) == 0 && n > folds {
		out.Test, left = slices.Clone(left[n-1]), left[:n-1] // every group is too large: the smallest
	}
	for _, g := range left {
		smallest := 0
		for k := range out.Folds {
			if len(out.Folds[k]) < len(out.Folds[smallest]) {
				smallest = k
			}
		}
		out.Folds[smallest] = append(out.Folds[smallest], g...)
		out.Development = append(out.Development, g...)
	}
	return out
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
