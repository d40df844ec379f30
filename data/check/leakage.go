package check

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"bespoke/model"
	"bespoke/table"
)

// The thresholds on what one column may know about the target.
const (
	copyAUC, copyR2     = 0.999, 0.999 // a copy of the target
	strongAUC, strongR2 = 0.95, 0.95   // decides almost alone
	leadAUC, leadAUCGap = 0.75, 0.10   // far ahead of all other columns
	leadR2, leadR2Gap   = 0.60, 0.30
	leakageFolds        = 3
	leakageBins         = 20
	leakageRows         = 20_000
	fewestLeakageRows   = 50
	leakagePrior        = 2.0 // rows of the mean that a bin starts with
	monotoneCopy        = 0.9999
	leakageStream       = 0x1ea4
)

// powerRule says how the power of a column is measured.
const powerRule = "a histogram of the column (up to 20 quantile bins, or its levels, and a bin for missing) predicts each of three folds of the development rows from the other two"

// leakage finds columns that know the answer: a single column should not
// predict the target nearly perfectly, nor far better than every other. Only
// development rows are used.
func leakage(in *Input, out *Result) {
	target, ok := in.Table.Column(in.Target)
	if !ok || len(in.Split.Development) < fewestLeakageRows {
		return
	}
	rows := sampleRows(in.Split.Development, in.Seed)
	truth := truthOf(target, rows)
	columns := in.features()
	power := make([]float64, len(columns))
	var wait sync.WaitGroup
	work := make(chan int)
	for range max(1, in.Threads) {
		wait.Go(func() {
			for i := range work {
				power[i] = powerOf(columns[i], rows, truth, in.Task, target)
			}
		})
	}
	for i := range columns {
		work <- i
	}
	close(work)
	wait.Wait()
	sorted := slices.Clone(power)
	slices.Sort(sorted)
	slices.Reverse(sorted)
	for i, c := range columns {
		second := 0.0
		if len(sorted) > 1 {
			second = sorted[1]
			if power[i] < sorted[0] {
				second = sorted[0]
			}
		}
		if f, found := in.judge(out, c, power[i], second); found {
			out.Findings = append(out.Findings, f)
		}
	}
}

// judge turns the power of a column into a finding.
func (in *Input) judge(out *Result, c *table.Column, power, second float64) (table.Finding, bool) {
	measure, isCopy, strong, lead, gap := "AUC", copyAUC, strongAUC, leadAUC, leadAUCGap
	if !in.Task.Classes() {
		measure, isCopy, strong, lead, gap = "R2", copyR2, strongR2, leadR2, leadR2Gap
	}
	f := table.Finding{Column: c.Name}
	switch {
	case power >= isCopy:
		f.Severity = table.Error
		f.Message = fmt.Sprintf("%q alone predicts the target with %s %.4f: it is the target in another form, or was written down after the outcome", c.Name, measure, power)
		f.Rule = fmt.Sprintf("%s out of fold >= %g, where %s", measure, isCopy, powerRule)
		f.Action = in.assign(out, c.Name, table.Ignored)
		f.Suggestion = fmt.Sprintf("if it is truly known before the decision, set data.columns.%s.role to feature", c.Name)
	case power >= strong:
		f.Severity = table.Warning
		f.Message = fmt.Sprintf("%q alone predicts the target with %s %.4f", c.Name, measure, power)
		f.Rule = fmt.Sprintf("%s out of fold >= %g, where %s", measure, strong, powerRule)
		f.Action = "kept"
		f.Suggestion = fmt.Sprintf("make sure that it is known before the decision; else set data.columns.%s.role to ignored", c.Name)
	case power >= lead && power-second >= gap:
		f.Severity = table.Warning
		f.Message = fmt.Sprintf("%q alone predicts the target far better than any other column (%s %.4f, the next %.4f)", c.Name, measure, power, second)
		f.Rule = fmt.Sprintf("%s out of fold >= %g and at least %g above the next column, where %s", measure, lead, gap, powerRule)
		f.Action = "kept"
		f.Suggestion = fmt.Sprintf("make sure that it is known before the decision; else set data.columns.%s.role to ignored", c.Name)
	default:
		return f, false
	}
	return f, true
}

// sampleRows takes at most leakageRows of the rows, in a fixed random order.
func sampleRows(rows []int, seed uint64) []int {
	out := slices.Clone(rows)
	r := rand.New(rand.NewPCG(seed, leakageStream))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:min(len(out), leakageRows)]
}

func truthOf(target *table.Column, rows []int) []float64 {
	truth := make([]float64, len(rows))
	for i, r := range rows {
		if target.Kind == table.Category {
			truth[i] = float64(target.Codes[r])
		} else {
			truth[i] = target.Numbers[r]
		}
	}
	return truth
}

// powerOf says how well one column predicts the target: the AUC (for several
// classes, the mean of one class against the rest) or R2, out of fold.
func powerOf(c *table.Column, rows []int, truth []float64, task model.Task, target *table.Column) float64 {
	bins, count := binned(c, rows)
	if !task.Classes() {
		r2 := rSquared(histogramPredictions(bins, count, truth), truth)
		if c.Kind == table.Number && monotone(c, rows, truth) {
			r2 = max(r2, 1)
		}
		return r2
	}
	classes := len(target.Levels)
	if classes == 2 {
		return auc(histogramPredictions(bins, count, truth), truth)
	}
	sum, used := 0.0, 0
	one := make([]float64, len(truth))
	for k := range classes {
		positives := 0
		for i, y := range truth {
			one[i] = 0
			if int(y) == k {
				one[i] = 1
				positives++
			}
		}
		if positives > 0 && positives < len(one) {
			sum += auc(histogramPredictions(bins, count, one), one)
			used++
		}
	}
	if used == 0 {
		return 0
	}
	return sum / float64(used)
}

// binned gives every row the bin of its value; the last bin is for missing.
func binned(c *table.Column, rows []int) (bins []int, count int) {
	bins = make([]int, len(rows))
	switch c.Kind {
	case table.Category:
		for i, r := range rows {
			bins[i] = int(c.Codes[r])
			if bins[i] < 0 {
				bins[i] = len(c.Levels)
			}
		}
		return bins, len(c.Levels) + 1
	case table.Text:
		for i, r := range rows {
			if c.Texts[r] == "" {
				bins[i] = 1
			}
		}
		return bins, 2
	case table.Number, table.Time:
	}
	values := make([]float64, len(rows))
	var sorted []float64
	for i, r := range rows {
		values[i] = math.NaN()
		if !c.Missing(r) {
			if c.Kind == table.Time {
				values[i] = float64(c.Times[r])
			} else {
				values[i] = c.Numbers[r]
			}
			sorted = append(sorted, values[i])
		}
	}
	slices.Sort(sorted)
	var cuts []float64
	for b := 1; b < leakageBins && len(sorted) > 0; b++ {
		q := sorted[len(sorted)*b/leakageBins]
		if len(cuts) == 0 || q > cuts[len(cuts)-1] {
			cuts = append(cuts, q)
		}
	}
	for i, x := range values {
		if x != x {
			bins[i] = len(cuts) + 1
			continue
		}
		at, exact := slices.BinarySearch(cuts, x)
		if exact {
			at++ // a cut belongs to the bin above it
		}
		bins[i] = at
	}
	return bins, len(cuts) + 2
}

// histogramPredictions predicts each row by the mean target of its bin in the
// other folds, drawn to the mean of all by leakagePrior rows. Row i is in fold
// i mod 3; the rows are in random order.
func histogramPredictions(bins []int, count int, truth []float64) []float64 {
	sums, n := make([]float64, count), make([]float64, count)
	out := make([]float64, len(bins))
	for fold := range leakageFolds {
		clear(sums)
		clear(n)
		total, rows := 0.0, 0.0
		for i, b := range bins {
			if i%leakageFolds != fold {
				sums[b] += truth[i]
				n[b]++
				total += truth[i]
				rows++
			}
		}
		mean := total / rows
		for i, b := range bins {
			if i%leakageFolds == fold {
				out[i] = (sums[b] + leakagePrior*mean) / (n[b] + leakagePrior)
			}
		}
	}
	return out
}

// rSquared is 1 - (squared errors) / (squared errors of the mean).
func rSquared(predicted, truth []float64) float64 {
	mean := 0.0
	for _, y := range truth {
		mean += y / float64(len(truth))
	}
	left, all := 0.0, 0.0
	for i, y := range truth {
		left += (y - predicted[i]) * (y - predicted[i])
		all += (y - mean) * (y - mean)
	}
	if all == 0 {
		return 0
	}
	return 1 - left/all
}

// auc is the chance that a row of class 1 is predicted higher than one of class
// 0, ties counted half. Predictions of different folds are compared as they
// are.
func auc(predicted, truth []float64) float64 {
	order := make([]int, len(truth))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case predicted[a] < predicted[b]:
			return -1
		case predicted[a] > predicted[b]:
			return 1
		}
		return a - b
	})
	positives, ranks := 0.0, 0.0
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && predicted[order[j]] == predicted[order[i]] {
			j++
		}
		rank := float64(i+j+1) / 2 // mean rank of the ties, from 1
		for _, r := range order[i:j] {
			if truth[r] == 1 {
				positives++
				ranks += rank
			}
		}
		i = j
	}
	negatives := float64(len(truth)) - positives
	if positives == 0 || negatives == 0 {
		return 0.5
	}
	return (ranks - positives*(positives+1)/2) / (positives * negatives)
}

// monotone says whether a number column is the target up to a rising or falling
// function: the absolute rank correlation is at least monotoneCopy.
func monotone(c *table.Column, rows []int, truth []float64) bool {
	var x, y []float64
	for i, r := range rows {
		if v := c.Numbers[r]; v == v {
			x = append(x, v)
			y = append(y, truth[i])
		}
	}
	if len(x) < fewestLeakageRows || len(x)*10 < len(rows)*9 {
		return false
	}
	return math.Abs(correlation(ranksOf(x), ranksOf(y))) >= monotoneCopy
}

// ranksOf gives mean ranks.
func ranksOf(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case values[a] < values[b]:
			return -1
		case values[a] > values[b]:
			return 1
		}
		return 0
	})
	ranks := make([]float64, len(values))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && values[order[j]] == values[order[i]] {
			j++
		}
		for _, r := range order[i:j] {
			ranks[r] = float64(i+j+1) / 2
		}
		i = j
	}
	return ranks
}

func correlation(x, y []float64) float64 {
	n := float64(len(x))
	mx, my := 0.0, 0.0
	for i := range x {
		mx += x[i] / n
		my += y[i] / n
	}
	xy, xx, yy := 0.0, 0.0, 0.0
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return xy / math.Sqrt(xx*yy)
}
