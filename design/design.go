// Package design proposes what to try: from the task, the size and the shape of
// the data it makes the list of candidates, each with a written reason, and the
// space that the search may sample from.
//
// The baseline always comes first, so that every later candidate has to earn
// its place against "the outcome's average". A candidate is a model.Candidate:
// the name of a zoo entry and the parameters that differ from its defaults.
package design

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"

	"gonum.org/v1/gonum/stat"
)

// Facts are what the proposals are made from.
type Facts struct {
	Task model.Task `json:"task"`
	// Rows is how many rows may be learnt from.
	Rows int `json:"rows"`
	// Features is how many columns a model reads.
	Features int `json:"features"`
	// Numbers, Categories, Texts and Times split Features by kind.
	Numbers    int `json:"numbers"`
	Categories int `json:"categories"`
	Texts      int `json:"texts"`
	Times      int `json:"times"`
	// Missing is the share of missing cells in the features.
	Missing float64 `json:"missing"`
	// Rarest is the share of the rarest class; 0 for regression.
	Rarest float64 `json:"rarest"`
	// Monotone is true when the scenario asks for directions of columns.
	Monotone bool `json:"monotone,omitempty"`
	// Staked is true when payoffs say what is at stake in each row.
	Staked bool `json:"staked,omitempty"`
	// Stakes is the standard deviation of the money at stake in a row as a
	// share of its mean; 0 where as much is at stake in every row.
	Stakes float64 `json:"stakes,omitempty"`
}

// FactsOf reads the facts from a table whose columns have their roles.
// classes is the number of outcomes, 0 for regression; y holds class indices,
// stakes the money at stake in each row, nil when it is not known.
func FactsOf(t *table.Table, task model.Task, y []float64, classes int, stakes []float64) Facts {
	f := Facts{Task: task, Rows: t.Rows(), Staked: stakes != nil}
	if mean, sd := stat.MeanStdDev(stakes, nil); mean > 0 && sd > leastSpread*mean {
		f.Stakes = sd / mean
	}
	missing := 0
	for c := range t.Each(table.Feature) {
		f.Features++
		switch c.Kind {
		case table.Number:
			f.Numbers++
		case table.Category:
			f.Categories++
		case table.Text:
			f.Texts++
		case table.Time:
			f.Times++
		}
		for r := range c.Len() {
			if c.Missing(r) {
				missing++
			}
		}
	}
	if cells := f.Features * f.Rows; cells > 0 {
		f.Missing = float64(missing) / float64(cells)
	}
	f.Rarest = rarest(y, classes)
	return f
}

// leastSpread is the share of the mean below which a deviation of stakes is
// rounding.
const leastSpread = 1e-9

func rarest(y []float64, classes int) float64 {
	if classes == 0 || len(y) == 0 {
		return 0
	}
	counts := make([]int, classes)
	for _, v := range y {
		counts[int(v)]++
	}
	return float64(slices.Min(counts)) / float64(len(y))
}

// Skipped is a model that was not proposed, with the reason.
type Skipped struct {
	Model  string `json:"model"`
	Reason string `json:"reason"`
}

// Plan is the outcome of design: what to try, in order, and what not.
type Plan struct {
	Facts      Facts             `json:"facts"`
	Candidates []model.Candidate `json:"candidates"`
	Skipped    []Skipped         `json:"skipped,omitempty"`
}

// Propose makes the plan. entries are the models there are (zoo.All); the
// scenario may name the ones to use, also some that nothing else proposes, or to
// leave out, and say what their parameters may be. An unknown name is an error
// that lists the known ones; for that of a parameter see Narrow.
func Propose(f Facts, entries []model.Entry, wish scenario.Design) (Plan, error) {
	if err := known(entries, wish); err != nil {
		return Plan{}, err
	}
	entries, err := Narrow(entries, wish)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{Facts: f}
	for _, p := range proposalsFor(f.Task) {
		entry, ok := find(entries, p.model)
		switch {
		case !ok || !entry.Handles(f.Task):
			continue
		case excluded(p.model, wish) && !strings.HasPrefix(p.model, "baseline."):
			if !slices.ContainsFunc(plan.Skipped, func(s Skipped) bool { return s.Model == p.model }) {
				plan.Skipped = append(plan.Skipped, Skipped{Model: p.model, Reason: "the scenario leaves it out"})
			}
			continue
		case p.staked && !f.Staked:
			continue
		}
		params, reason, useful := p.fit(f)
		if !useful {
			if s := (Skipped{Model: p.model, Reason: reason}); !slices.Contains(plan.Skipped, s) {
				plan.Skipped = append(plan.Skipped, s)
			}
			continue
		}
		plan.add(model.Candidate{Label: p.label, Model: p.model, Params: maps.Clone(params), Reason: reason}, entry)
	}
	plan.named(entries, wish)
	plan.unused(entries, wish)
	if len(plan.Candidates) == 0 {
		return Plan{}, fmt.Errorf("design: no model left for a %s task after design.models %q and design.exclude %q", f.Task, wish.Models, wish.Exclude)
	}
	return plan, nil
}

// named adds the models that the scenario names and for which there is no
// proposal, with their default parameters.
func (p *Plan) named(entries []model.Entry, wish scenario.Design) {
	for i, name := range wish.Models {
		entry, ok := find(entries, name)
		proposed := slices.ContainsFunc(proposalsFor(p.Facts.Task), func(q proposal) bool { return q.model == name })
		if !ok || proposed || slices.Contains(wish.Exclude, name) || slices.Contains(wish.Models[:i], name) {
			continue
		}
		if !entry.Handles(p.Facts.Task) {
			p.Skipped = append(p.Skipped, Skipped{Model: name, Reason: fmt.Sprintf("it does not do the task %s", p.Facts.Task)})
			continue
		}
		p.add(model.Candidate{Label: entry.Title, Model: name, Reason: "the scenario names it"}, entry)
	}
}

func known(entries []model.Entry, wish scenario.Design) error {
	for _, name := range slices.Concat(wish.Models, wish.Exclude) {
		if _, ok := find(entries, name); !ok {
			return fmt.Errorf("design: models: no model %q; there are %s", name, strings.Join(namesOf(entries), ", "))
		}
	}
	return nil
}

func find(entries []model.Entry, name string) (model.Entry, bool) {
	i := slices.IndexFunc(entries, func(e model.Entry) bool { return e.Name == name })
	if i < 0 {
		return model.Entry{}, false
	}
	return entries[i], true
}

func excluded(name string, wish scenario.Design) bool {
	if slices.Contains(wish.Exclude, name) {
		return true
	}
	return len(wish.Models) > 0 && !slices.Contains(wish.Models, name)
}
