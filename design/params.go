package design

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bespoke/internal/near"
	"bespoke/model"
	"bespoke/scenario"
)

// Problem is a part of the scenario that does not fit the models there are.
type Problem struct {
	// Path is its place in the scenario, such as
	// design.params.trees.boost.v1.num_leaves.
	Path string
	// Msg says what is wrong and what is allowed, Hint what may have been meant.
	Msg, Hint string
}

// ParamsError is everything in design.params that does not fit the models there
// are, by model and parameter.
type ParamsError struct{ Problems []Problem }

// Error lists the problems.
func (e *ParamsError) Error() string {
	out := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		out[i] = strings.ReplaceAll(p.Path, "design.params.", "design: params: ") + ": " + p.Msg
		if p.Hint != "" {
			out[i] += " (" + p.Hint + ")"
		}
	}
	return strings.Join(out, "; ")
}

func (e *ParamsError) add(path, hint, format string, args ...any) {
	e.Problems = append(e.Problems, Problem{Path: path, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// Narrow gives the models with parameters that may be no more than the scenario
// lets them: a search looks within these, and Propose and Portfolio bring what
// they propose within them. Only the table of parameters differs from that of
// entries, which stay as they are, and in it the default is still what the model
// takes when nothing is set. An unknown name or a value that a model does not
// take is a *ParamsError.
func Narrow(entries []model.Entry, wish scenario.Design) ([]model.Entry, error) {
	out := slices.Clone(entries)
	wrong := &ParamsError{}
	for _, name := range slices.Sorted(maps.Keys(wish.Params)) {
		path := "design.params." + name
		i := slices.IndexFunc(out, func(e model.Entry) bool { return e.Name == name })
		if i < 0 {
			wrong.add(path, near.Offer(name, namesOf(entries)), "there is no model %q", name)
			continue
		}
		out[i].Params = slices.Clone(out[i].Params)
		for _, param := range slices.Sorted(maps.Keys(wish.Params[name])) {
			at := slices.IndexFunc(out[i].Params, func(p model.Param) bool { return p.Name == param })
			if at < 0 {
				wrong.add(path+"."+param, elsewhere(out[i], param), "%s has no parameter %q", name, param)
				continue
			}
			out[i].Params[at] = wrong.narrow(out[i].Params[at], wish.Params[name][param], path+"."+param)
		}
	}
	if len(wrong.Problems) > 0 {
		return nil, wrong
	}
	return out, nil
}

func namesOf(entries []model.Entry) []string {
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.Name
	}
	return out
}

// elsewhere says what may have been meant by an unknown parameter: what rules
// over columns, and so over every model, stands in the data section.
func elsewhere(e model.Entry, param string) string {
	switch strings.ToLower(param) {
	case "monotone", "monotone_constraints":
		return "it holds for every model: write data.columns.NAME.monotone: up or down"
	case "interactions", "interaction_constraints":
		return "it holds for every model: write data.interactions"
	}
	names := make([]string, len(e.Params))
	for i, p := range e.Params {
		names[i] = p.Name
	}
	return near.Offer(param, names)
}

// narrow limits one parameter, or notes what is wrong.
func (e *ParamsError) narrow(p model.Param, allowed scenario.Allowed, path string) model.Param {
	before := len(e.Problems)
	var numbers []float64
	var words []string
	for i, v := range allowed {
		at := path
		if len(allowed) > 1 {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		switch v, err := p.Check(v); v := v.(type) {
		case float64:
			numbers = append(numbers, v)
		case string:
			words = append(words, v)
		default:
			hint := fmt.Sprintf("by default %v. %s", p.Default, p.Doc)
			if word, ok := allowed[i].(string); ok {
				if meant, ok := near.Name(word, p.Choices); ok {
					hint = fmt.Sprintf("did you mean %q?", meant)
				}
			}
			e.add(at, hint, "%s", strings.TrimPrefix(err.Error(), "parameter "+p.Name+": "))
		}
	}
	if len(e.Problems) > before || len(allowed) == 0 {
		return p
	}
	if len(words) > 0 {
		p.Choices, p.Search = words, &model.Range{}
		return p
	}
	p.Min, p.Max = slices.Min(numbers), slices.Max(numbers)
	if _, _, bounds := allowed.Bounds(); !bounds && len(numbers) > 1 {
		p.Values = slices.Sorted(slices.Values(numbers))
	}
	p.Search = &model.Range{Low: p.Min, High: p.Max, Log: byRatio(p)}
	return p
}

// wide is the ratio of the bounds from which a range without one of its own is
// searched by ratio.
const wide = 10

// byRatio says whether a search goes over the parameter's range by ratio: as
// over its usual one.
func byRatio(p model.Param) bool {
	if p.Search != nil {
		return p.Search.Log && p.Min > 0
	}
	return p.Min > 0 && p.Max >= wide*p.Min
}

// within brings a candidate of the entry within what its parameters may be, each
// to the nearest value, and says so in its reason.
func within(c model.Candidate, e model.Entry) model.Candidate {
	params := maps.Clone(c.Params)
	if params == nil {
		params = model.Params{}
	}
	var set []string
	for _, p := range e.Params {
		v := valueOf(c, p)
		if nearest := p.Nearest(v); nearest != v {
			params[p.Name] = nearest
			set = append(set, fmt.Sprintf("%s %v", p.Name, nearest))
		}
	}
	if len(set) > 0 {
		c.Params = params
		c.Reason += "; design.params makes it " + strings.Join(set, ", ")
	}
	return c
}

// same says whether two candidates, of which a is of the entry, learn the same.
func same(a, b model.Candidate, e model.Entry) bool {
	return a.Model == b.Model && !slices.ContainsFunc(e.Params, func(p model.Param) bool {
		return valueOf(a, p) != valueOf(b, p)
	})
}

// valueOf is what a parameter of the candidate is.
func valueOf(c model.Candidate, p model.Param) any {
	if v, set := c.Params[p.Name]; set {
		return v
	}
	return p.Default
}

// add adds a candidate, brought within what the entry's parameters may be, unless
// that makes it one that is there already.
func (p *Plan) add(c model.Candidate, e model.Entry) {
	if i := p.join(c, e); i >= 0 {
		p.Skipped = append(p.Skipped, Skipped{Model: c.Model, Reason: fmt.Sprintf("%s: within design.params it is the same as %s", c.Label, p.Candidates[i].Label)})
	}
}

// join is add without a note: it gives the place of the candidate that is the
// same, -1 where there is none.
func (p *Plan) join(c model.Candidate, e model.Entry) int {
	c = within(c, e)
	i := slices.IndexFunc(p.Candidates, func(have model.Candidate) bool { return same(c, have, e) })
	if i < 0 {
		p.Candidates = append(p.Candidates, c)
	}
	return i
}

// unused notes the models for which design.params says something and that are
// not tried, so that nobody waits for an effect.
func (p *Plan) unused(entries []model.Entry, wish scenario.Design) {
	for _, name := range slices.Sorted(maps.Keys(wish.Params)) {
		tried := slices.ContainsFunc(p.Candidates, func(c model.Candidate) bool { return c.Model == name })
		noted := slices.ContainsFunc(p.Skipped, func(s Skipped) bool { return s.Model == name })
		entry, ok := find(entries, name)
		switch {
		case !ok || tried || noted:
		case !entry.Handles(p.Facts.Task):
			p.Skipped = append(p.Skipped, Skipped{Model: name, Reason: fmt.Sprintf("design.params names it, but it does not do the task %s", p.Facts.Task)})
		default:
			p.Skipped = append(p.Skipped, Skipped{Model: name, Reason: "design.params names it, but it is tried only where design.models names it"})
		}
	}
}
