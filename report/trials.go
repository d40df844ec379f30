package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"bespoke/train"
	"bespoke/tune"
	"bespoke/web"
	"bespoke/zoo"
)

func (r *Result) trialChart() web.Block {
	m := r.metric()
	chart := web.Trials{
		Title: "Every candidate by quality and by money", Metric: m.Title, Lower: !m.Higher, Unit: r.currency(), Per: "per 1,000 decisions",
		Caption: "On out-of-fold predictions of the development rows. The held-out rows took no part. The baseline is left out of the picture.",
	}
	for i, t := range r.tried() {
		if t.Out() != "" || i == 0 && len(r.Search.Trials) > 1 {
			continue
		}
		chart.Points = append(chart.Points, web.Trial{Model: t.Candidate.Model, Label: t.Candidate.Label, Metric: t.Metric, Money: t.Money * perThousand, Mark: r.mark(t)})
	}
	return chart.Chart()
}

// tried are the trials, and the committee where it is the choice.
func (r *Result) tried() []*tune.Trial {
	out := slices.Clone(r.Search.Trials)
	if k := r.Search.Committee; k != nil && k.Taken {
		out = append(out, r.Search.Chosen())
	}
	if st := r.Search.StudentTrial(); st != nil {
		out = append(out, st)
	}
	return out
}

// mark says which choice a trial or the committee is, if any.
func (r *Result) mark(t *tune.Trial) string {
	best, technology := r.Search.Chosen(), r.Search.Trials[r.Search.Technology]
	chosen := t.Number == best.Number && t.Candidate.Model == best.Candidate.Model
	accurate := t.Number == technology.Number && t.Candidate.Model == technology.Candidate.Model
	switch {
	case chosen && accurate:
		return "both choices"
	case chosen:
		return "scenario-driven"
	case accurate:
		return "technology-driven"
	}
	return ""
}

// leaderboard lists the trials, most money or best metric first.
func (r *Result) leaderboard() web.Block {
	m := r.metric()
	trials := r.tried()
	slices.SortStableFunc(trials, func(a, b *tune.Trial) int {
		switch {
		case (a.Out() == "") != (b.Out() == ""):
			return cmp.Compare(len(a.Out()), len(b.Out()))
		case r.hasMoney():
			return cmp.Compare(b.Money, a.Money)
		case m.Higher:
			return cmp.Compare(b.Metric, a.Metric)
		}
		return cmp.Compare(a.Metric, b.Metric)
	})
	t := web.Table{Columns: []web.Column{{Title: "Candidate"}, {Title: m.Title, Number: true, Decimals: web.Auto}, {Title: "loss", Number: true, Decimals: web.Auto}}}
	if r.hasMoney() {
		t.Columns = append(t.Columns, web.Column{Title: "money per 1,000 decisions", Number: true, Unit: r.currency(), Decimals: 0, Whisker: true})
		t.Note = "Whiskers are plus and minus two standard errors. Candidates marked “equal” cannot be told from the most money."
	} else if r.Search.Equals > 1 {
		t.Note = "Candidates marked “equal” cannot be told from the best by the metric of the folds."
	}
	if r.Costs != nil {
		t.Columns = append(t.Columns, costColumns...)
	}
	t.Columns = append(t.Columns, web.Column{Title: "Calibration"}, web.Column{Title: "Note"})
	for _, trial := range trials {
		t.Rows = append(t.Rows, r.trialRow(trial))
	}
	return web.Fold{Summary: fmt.Sprintf("All %d trials", len(r.Search.Trials)), Blocks: []web.Block{t}}
}

func (r *Result) trialRow(t *tune.Trial) web.Row {
	row := web.Row{Cells: []web.Cell{web.Str(t.Candidate.Label), web.Num(t.Metric), web.Num(t.Loss)}}
	if t.Out() != "" {
		row.Cells[1], row.Cells[2] = web.Str(""), web.Str("")
	}
	switch mean, err := t.Money*perThousand, 2*t.MoneyError*perThousand; {
	case r.hasMoney() && t.Stopped != "":
		row.Cells = append(row.Cells, web.Str(""))
	case r.hasMoney():
		row.Cells = append(row.Cells, web.Est(mean, mean-err, mean+err))
	}
	note := ""
	switch {
	case t.Number == len(r.Search.Trials): // a student
		note = t.Candidate.Reason
	case t.Equal:
		note = "equal"
	}
	switch {
	case t.Out() != "":
		note = t.Out()
	case t.Dropped != "":
		note = "dropped: " + t.Dropped
	default:
		row.Badge = r.mark(t)
		row.Chosen = row.Badge == "scenario-driven" || row.Badge == "both choices"
	}
	if r.Costs != nil {
		row.Cells = append(row.Cells, costCells(r.cost(t))...)
	}
	row.Cells = append(row.Cells, web.Str(t.Calibration), web.Str(note))
	return row
}

// costColumns are what a trial takes: the clock's and the machine's figures.
var costColumns = []web.Column{
	{Title: "learning", Help: "how long learning took, summed over the folds", Number: true, Unit: "s", Decimals: web.Auto},
	{Title: "one row", Help: "how long predicting one row took, the median", Number: true, Unit: "µs", Decimals: web.Auto},
	{Title: "size", Help: "of what was learnt, as it would be bundled", Number: true, Unit: "KB", Decimals: web.Auto},
}

// costCells are the cells of costColumns; dashes where a cost is not known.
func costCells(c *train.Cost) []web.Cell {
	if c == nil {
		return []web.Cell{web.Str("–"), web.Str("–"), web.Str("–")}
	}
	return []web.Cell{web.Num(c.Fit), web.Num(c.Row * 1e6), web.Num(float64(c.Bytes) / 1000)}
}

// cost is what a trial took; that of a committee is the sum of its members'.
func (r *Result) cost(t *tune.Trial) *train.Cost {
	k := r.Search.Committee
	if k == nil || !k.Taken || t.Candidate.Model != r.Search.Chosen().Candidate.Model {
		return r.costOf(t.Number)
	}
	sum := &train.Cost{}
	for _, m := range k.Members {
		c := r.costOf(m.Trial)
		if c == nil {
			return nil
		}
		sum.Fit, sum.Row, sum.Bytes = sum.Fit+c.Fit, sum.Row+c.Row, sum.Bytes+c.Bytes
	}
	return sum
}

func (r *Result) costOf(trial int) *train.Cost {
	if trial < 0 || trial >= len(r.Costs) {
		return nil
	}
	return r.Costs[trial]
}

// fewestSearched is from how many trials on there is a search to be looked at.
const fewestSearched = 10

// searched shows how the search went: what each further trial brought, and which
// parameters the good ones have.
func (r *Result) searched() []web.Block {
	var done []*tune.Trial
	for _, t := range r.Search.Trials {
		if t.Out() == "" && !math.IsNaN(t.Loss) && !math.IsInf(t.Loss, 0) {
			done = append(done, t)
		}
	}
	if len(done) < fewestSearched {
		return nil
	}
	blocks := []web.Block{r.progress(done)}
	for _, kind := range kinds(done) {
		if chart, ok := parallel(kind, done); ok {
			blocks = append(blocks, chart)
		}
	}
	return []web.Block{web.Fold{Summary: "How the search went", Blocks: blocks}}
}

// progress draws the least loss so far, trial by trial. The loss, not the money,
// because the most of noisy sums rises by chance alone.
func (r *Result) progress(done []*tune.Trial) web.Block {
	line, least := web.Line{Name: "least loss so far"}, math.Inf(1)
	for i, t := range done {
		// The baseline would take the whole height of the picture.
		if least = min(least, t.Loss); i > 0 {
			line.Points = append(line.Points, web.LinePoint{X: float64(t.Number + 1), Y: least})
		}
	}
	return web.Lines{
		Title: "What more trials bring", X: "trial", Y: "out-of-fold loss", Series: []web.Line{line},
		Caption: "The least loss among the trials so far; the baseline is left out. Where it has been flat for long, more trials of this kind bring nothing.",
	}.Chart()
}

// kinds are the models of the trials, those with most trials first.
func kinds(done []*tune.Trial) []string {
	count := map[string]int{}
	var out []string
	for _, t := range done {
		if count[t.Candidate.Model]++; count[t.Candidate.Model] == 1 {
			out = append(out, t.Candidate.Model)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
	return out
}

// goodShare is the share of the trials that are drawn as good ones.
const goodShare = 0.2

// mostAxes bounds the parameters of a picture, so that it can be read.
const mostAxes = 6

// parallel draws the trials of a kind of model by the parameters in which they
// differ, those that go with the loss first. Too few trials give no picture.
func parallel(kind string, done []*tune.Trial) (web.Block, bool) {
	entry, err := zoo.Find(kind)
	if err != nil {
		return nil, false // a report of another version's run
	}
	chart := web.Parallel{
		Title:   "Which parameters the good trials have: " + entry.Title,
		Caption: "A line is a trial; the fifth with the least loss is in colour. Parameters whose order goes most with the order of the loss stand first; those that are equal in all trials are left out.",
	}
	var losses []float64
	for _, t := range done {
		if t.Candidate.Model == kind {
			losses = append(losses, t.Loss)
			chart.Lines = append(chart.Lines, web.ParallelLine{Name: t.Candidate.Label})
		}
	}
	if len(losses) < fewestSearched {
		return nil, false
	}
	for i, rank := range ranks(losses) {
		chart.Lines[i].Good = rank < goodShare*float64(len(losses))
	}
	for _, p := range entry.Params {
		def, number := p.Default.(float64)
		if !number {
			continue
		}
		a := web.ParallelAxis{Name: strings.ReplaceAll(p.Name, "_", " ")}
		for _, t := range done {
			if t.Candidate.Model != kind {
				continue
			}
			v := def
			if _, given := t.Candidate.Params[p.Name]; given {
				v = t.Candidate.Params.Number(p.Name)
			}
			a.Values = append(a.Values, v)
		}
		if slices.Min(a.Values) < slices.Max(a.Values) {
			chart.Axes = append(chart.Axes, a)
		}
	}
	if len(chart.Axes) == 0 {
		return nil, false
	}
	slices.SortStableFunc(chart.Axes, func(a, b web.ParallelAxis) int {
		return cmp.Compare(together(b.Values, losses), together(a.Values, losses))
	})
	chart.Axes = chart.Axes[:min(len(chart.Axes), mostAxes)]
	chart.Axes = append(chart.Axes, web.ParallelAxis{Name: "loss", Values: losses, Lower: true})
	return chart.Chart(), true
}

// together is how much two lists go together: the size of Spearman's rank
// correlation.
func together(a, b []float64) float64 {
	return math.Abs(stat.Correlation(ranks(a), ranks(b), nil))
}

// ranks are the places of values in order; equal values share the mean of
// theirs.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for _, at := range order[i:j] {
			out[at] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}
