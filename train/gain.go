package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"bespoke/features"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/trees"

	"gonum.org/v1/gonum/stat"
)

// Gain says what a step of derived features brought on the development rows
// when it was tried with a quick model.
type Gain struct {
	// Step is the name that the scenario uses, Encoding that of the models it was
	// tried for: native for trees, dense for linear ones.
	Step     string         `json:"step"`
	Encoding model.Encoding `json:"encoding"`
	// Extras are what was tried, together.
	Extras []features.Extra `json:"extras,omitempty"`
	// Before and After are the mean out-of-fold losses without and with the step,
	// beside the steps kept before it: log-loss in nats, or the squared error.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// Gain is Before - After and Error its standard error, paired over rows.
	Gain  float64 `json:"gain"`
	Error float64 `json:"error"`
	Kept  bool    `json:"kept"`
	// Reason says why it was kept or not, where that is not the gain.
	Reason string `json:"reason,omitempty"`
}

// keptErrors is by how many standard errors a loss must fall for a step to be
// kept. With one, useless steps are kept in one fold of six; what pays on rows
// that did not choose fell by more than two wherever it paid
// (bench/features/RESULTS.md).
const keptErrors = 2

// The bounds of what is tried: pairs are made of the columns that matter most.
const (
	topNumbers    = 4
	topCategories = 4
	groupColumns  = 3
	// mostTargets is how many classes may each get a target-encoded feature.
	mostTargets = 20
)

// quickRows is from how many rows the quick trees have more leaves.
const quickRows = 5000

// quick are the models that steps are tried with, by encoding: so small that
// they do not fit noise, since nothing stops them early.
func (p *Problem) quick(e model.Encoding) model.Candidate {
	switch {
	case e == model.Native:
		leaves := 7.0
		if p.Table.Rows() >= quickRows {
			leaves = 15
		}
		params := model.Params{"rounds": 100.0, "patience": 0.0, "num_leaves": leaves}
		if p.Task == model.Ranking {
			// What helps to tell grades helps to order rows by them, and the loss
			// is then a sum over rows.
			params["objective"] = "squared"
		}
		return model.Candidate{Label: "quick trees", Model: trees.Boost.Name, Params: params}
	case !p.Task.Classes():
		return model.Candidate{Label: "quick line", Model: "linear.ridge.v1"}
	}
	return model.Candidate{Label: "quick line", Model: "linear.logistic.v1"}
}

// idea is a step that may be tried: what the scenario calls it, and what it adds
// to the columns in order of importance.
type idea struct {
	name string
	// only is the one encoding it is for; empty for both.
	only model.Encoding
	make func(p *Problem, r ranked) []features.Extra
}

// ideas is the table of all steps that may be tried, in this order, which is
// that of what they cost when serving.
var ideas = []idea{
	{"target", model.Native, func(p *Problem, r ranked) []features.Extra { return p.encodable(each("target", r.categories)) }},
	{"cross", "", func(p *Problem, r ranked) []features.Extra {
		return p.encodable(couples("cross", nil, r.categories[:min(topCategories, len(r.categories))]))
	}},
	{"group", "", func(_ *Problem, r ranked) []features.Extra {
		var out []features.Extra
		for _, c := range r.categories[:min(groupColumns, len(r.categories))] {
			for _, x := range r.numbers[:min(groupColumns, len(r.numbers))] {
				out = append(out, features.Extra{Step: "group", Columns: []string{c, x}})
			}
		}
		return out
	}},
	{"sum", "", combined("sum")},
	{"difference", "", combined("difference")},
	{"product", "", combined("product")},
	{"ratio", "", combined("ratio")},
	{"cycles", model.Native, func(_ *Problem, r ranked) []features.Extra {
		out := each("date", r.times)
		for i := range out {
			out[i].Params = model.Params{"cyclic": "yes"}
		}
		return out
	}},
	{"between", "", func(_ *Problem, r ranked) []features.Extra { return couples("between", nil, r.times) }},
	{"topics", "", func(_ *Problem, r ranked) []features.Extra { return each("topics", r.texts) }},
	{"spellings", "", func(_ *Problem, r ranked) []features.Extra {
		out := each("topics", r.texts)
		for i := range out {
			out[i].Params = model.Params{"of": "characters"}
		}
		return out
	}},
	{"n-grams", "", func(_ *Problem, r ranked) []features.Extra { return each("n-grams", r.texts) }},
}

// each is the step on every column by itself.
func each(step string, columns []string) []features.Extra {
	var out []features.Extra
	for _, c := range columns {
		out = append(out, features.Extra{Step: step, Columns: []string{c}})
	}
	return out
}

// couples is the step on every two of the columns.
func couples(step string, params model.Params, columns []string) []features.Extra {
	var out []features.Extra
	for i, a := range columns {
		for _, b := range columns[i+1:] {
			out = append(out, features.Extra{Step: step, Params: params, Columns: []string{a, b}})
		}
	}
	return out
}

// combined combines every two of the numbers that matter most.
func combined(by string) func(*Problem, ranked) []features.Extra {
	return func(_ *Problem, r ranked) []features.Extra {
		return couples("combine", model.Params{"by": by}, r.numbers[:min(topNumbers, len(r.numbers))])
	}
}

// encodable is nothing where there are too many classes to encode targets.
func (p *Problem) encodable(extras []features.Extra) []features.Extra {
	if len(p.Outcomes) > mostTargets {
		return nil
	}
	return extras
}

// ranked are the feature columns by kind, those that matter most first.
type ranked struct{ numbers, categories, times, texts []string }

// rank orders the columns by the gain of the splits that a quick boosted model
// makes on them. It learns from all development rows, held-out folds included:
// it only proposes what is then measured.
func (p *Problem) rank(ctx context.Context, rows []int, threads int) (ranked, error) {
	fitted, err := p.Fit(ctx, p.quick(model.Native), rows, Options{Threads: threads})
	if err != nil {
		return ranked{}, err
	}
	gain := make(map[string]float64)
	if m, ok := fitted.Solution.Model.(*trees.Model); ok {
		list := fitted.Solution.Features.Features()
		for _, i := range m.GainImportance() {
			gain[list[i.Feature].Source] += i.Gain
		}
	}
	columns := slices.Clone(p.Table.ByRole(table.Feature))
	sort.SliceStable(columns, func(a, b int) bool { return gain[columns[a].Name] > gain[columns[b].Name] })
	var r ranked
	for _, c := range columns {
		switch c.Kind {
		case table.Number:
			r.numbers = append(r.numbers, c.Name)
		case table.Category:
			r.categories = append(r.categories, c.Name)
		case table.Time:
			r.times = append(r.times, c.Name)
		case table.Text:
			r.texts = append(r.texts, c.Name)
		}
	}
	return r, nil
}

// directed leaves out what could not keep the directions that are wished for, and
// what would bring columns together that may not act together.
func (p *Problem) directed(extras []features.Extra) []features.Extra {
	return slices.DeleteFunc(extras, func(e features.Extra) bool {
		if len(e.Columns) < 2 {
			return e.Step == "date" && p.Monotone[e.Columns[0]] != 0 // cycles have none
		}
		if p.apart(e.Columns[0], e.Columns[1]) {
			return true
		}
		a, b := p.Monotone[e.Columns[0]], p.Monotone[e.Columns[1]]
		switch by, _ := e.Params["by"].(string); {
		case e.Step == "between" || by == "difference":
			return a*b > 0
		case by == "sum":
			return a*b < 0
		case by == "product" || by == "ratio":
			return a != 0 || b != 0
		}
		return false
	})
}

// apart says whether two columns may not act together: no list of Interactions
// has both, and one of them is in a list.
func (p *Problem) apart(a, b string) bool {
	listed := false
	for _, columns := range p.Interactions {
		hasA, hasB := slices.Contains(columns, a), slices.Contains(columns, b)
		if hasA && hasB {
			return false
		}
		listed = listed || hasA || hasB
	}
	return listed
}

// MeasureGains tries the steps that the scenario allows for models of the
// encoding, one after the other, on the folds of the split: a step is kept where
// the out-of-fold loss of a quick model falls by more than keptErrors of its
// standard errors, and the next is tried beside it. Test rows take no part. A
// step that pays nothing is kept about one time in forty, since that is how often
// chance exceeds two standard errors.
//
// The outcome depends on the rows, the split and the seed alone, but where ctx
// has a deadline with the cause ErrLate: steps that it leaves no time for are
// not kept, and say so. Use KeptOf for Problem.Extras.
func (p *Problem) MeasureGains(ctx context.Context, wish *scenario.Features, e model.Encoding, split table.Split, threads int) ([]Gain, error) {
	base := *p
	base.Extras = nil
	r, err := base.rank(ctx, split.Development, threads)
	if late(ctx) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: gains: %w", err)
	}
	m := &meter{problem: &base, split: split, encoding: e, threads: threads}
	var out []Gain
	for _, i := range ideas {
		if i.only != "" && i.only != e || !wish.Auto() && !wish.Forces(i.name) {
			continue
		}
		g := Gain{Step: i.name, Encoding: e}
		if wish.Excludes(i.name) {
			g.Reason = "the scenario leaves it out"
			out = append(out, g)
			continue
		}
		if g.Extras = base.directed(i.make(&base, r)); len(g.Extras) == 0 {
			if wish.Forces(i.name) {
				g.Reason = "there are no columns for it"
				out = append(out, g)
			}
			continue
		}
		err := m.try(ctx, &g, wish.Forces(i.name))
		switch {
		case late(ctx):
			g.Kept, g.Reason = wish.Forces(i.name), ErrLate.Error()
		case err != nil:
			return nil, fmt.Errorf("train: gains: %s: %w", i.name, err)
		}
		out = append(out, g)
	}
	return out, nil
}

// ErrLate is the cause of a deadline that ends MeasureGains and not the search.
var ErrLate = errors.New("the time for it was over")

func late(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrLate) }

// KeptOf are the extras of the steps that were kept, by encoding.
func KeptOf(gains []Gain) map[model.Encoding][]features.Extra {
	var out map[model.Encoding][]features.Extra
	for _, g := range gains {
		if !g.Kept {
			continue
		}
		if out == nil {
			out = make(map[model.Encoding][]features.Extra)
		}
		out[g.Encoding] = append(out[g.Encoding], g.Extras...)
	}
	return out
}

// meter tries steps, each beside those kept before it.
type meter struct {
	problem  *Problem
	split    table.Split
	encoding model.Encoding
	threads  int

	kept   []features.Extra
	losses []float64 // by development row, with what is kept
}

// try measures a step and keeps it where it pays or is forced. A step that
// cannot be fitted is not kept, unless the search itself has ended.
func (m *meter) try(ctx context.Context, g *Gain, forced bool) error {
	if m.losses == nil {
		var err error
		if m.losses, err = m.lossesWith(ctx, nil); err != nil {
			return err
		}
	}
	with := append(slices.Clone(m.kept), g.Extras...)
	losses, err := m.lossesWith(ctx, with)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		if forced {
			return err
		}
		g.Reason = err.Error()
		return nil
	}
	falls := make([]float64, len(losses))
	for i, l := range losses {
		falls[i] = m.losses[i] - l
	}
	g.Before, g.After = stat.Mean(m.losses, nil), stat.Mean(losses, nil)
	mean, deviation := stat.MeanStdDev(falls, nil)
	g.Gain = mean
	if n := float64(len(falls)); n > 1 {
		g.Error = deviation / math.Sqrt(n)
	}
	g.Kept = g.Gain > keptErrors*g.Error
	if forced && !g.Kept {
		g.Kept, g.Reason = true, "the scenario forces it"
	}
	if g.Kept {
		m.kept, m.losses = with, losses
	}
	return nil
}

// lossesWith is the out-of-fold loss of each development row with the extras.
func (m *meter) lossesWith(ctx context.Context, extras []features.Extra) ([]float64, error) {
	p := *m.problem
	p.Extras = map[model.Encoding][]features.Extra{m.encoding: extras}
	o, err := p.CrossFit(ctx, p.quick(m.encoding), m.split, m.threads)
	if err != nil {
		return nil, err
	}
	return p.Losses(o.Rows, o.Predictions), nil
}

// QuickLosses are the losses of rows by the quick model that gains are measured
// with, learnt from other rows: the log-loss in nats, or the squared error.
func (p *Problem) QuickLosses(ctx context.Context, e model.Encoding, learn, rows []int, threads int) ([]float64, error) {
	split := table.Split{Development: slices.Sorted(slices.Values(slices.Concat(learn, rows))), Folds: [][]int{rows}}
	o, err := p.CrossFit(ctx, p.quick(e), split, threads)
	if err != nil {
		return nil, err
	}
	return p.Losses(o.Rows, o.Predictions), nil
}

// Losses are the losses of predictions of table rows, one each: the log-loss in
// nats, of probabilities from 1e-15, or the squared error, for rankings that of
// the grade; Orders has the losses of queries.
func (p *Problem) Losses(rows []int, predictions []float64) []float64 {
	k := p.Outputs()
	out := make([]float64, len(rows))
	for i, r := range rows {
		if !p.Task.Classes() {
			d := predictions[i] - p.Y[r]
			out[i] = d * d
			continue
		}
		out[i] = -math.Log(max(predictions[i*k+int(p.Y[r])], 1e-15))
	}
	return out
}

// extras are those for models of the encoding, without any that read a column
// which is no feature of the table (any more).
func (p *Problem) extras(e model.Encoding) []features.Extra {
	var out []features.Extra
	for _, x := range p.Extras[e] {
		missing := slices.ContainsFunc(x.Columns, func(name string) bool {
			c, ok := p.Table.Column(name)
			return !ok || c.Role != table.Feature
		})
		if !missing {
			out = append(out, x)
		}
	}
	return out
}
