package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"bespoke/internal/near"
	"bespoke/internal/position"
)

// Features says whether features are derived from columns beside those that
// every model gets. Without it none are, but where the budget is a time: see
// Scenario.Derivation.
type Features struct {
	// Derive is off or auto: each step of derived features is tried with a quick
	// model on the development rows and kept where it lowers the out-of-fold loss
	// by more than two of its standard errors. Without it, it is auto where the
	// budget is a time, of which up to a third is used, and off with trials.
	Derive string `yaml:"derive,omitempty" json:"derive,omitempty" rule:"one=off|auto"`
	// Force are steps that are taken whatever they bring, also with off: target,
	// cross, group, sum, difference, product, ratio, cycles, between, topics,
	// spellings, n-grams.
	Force []string `yaml:"force,omitempty" json:"force,omitempty"`
	// Exclude are steps that are not tried.
	Exclude []string `yaml:"exclude,omitempty" json:"exclude,omitempty"`
	// Text, when it is there, has linear models read free text by all words or
	// runs of characters that two training rows share, instead of by the few
	// hundred commonest.
	Text *FeaturesText `yaml:"text,omitempty" json:"text,omitempty"`
}

// FeaturesText says by what linear models read free text.
type FeaturesText struct {
	// Ngrams are words, as without it, with pairs of neighbouring words, or
	// characters: runs of two to four of them.
	Ngrams string `yaml:"ngrams,omitempty" json:"ngrams,omitempty" rule:"one=words|characters"`
	// Size is how many words or runs are kept at most, those that the most rows
	// have; without it all are, up to 262144.
	Size int `yaml:"size,omitempty" json:"size,omitempty" rule:"min=1 max=262144"`
}

// DerivedSteps are the names that Force and Exclude may hold, in the order in
// which they are tried.
var DerivedSteps = []string{"target", "cross", "group", "sum", "difference", "product", "ratio", "cycles", "between", "topics", "spellings", "n-grams"}

// Auto says whether steps are tried.
func (f *Features) Auto() bool { return f != nil && f.Derive == "auto" }

// Derivation is what the scenario says about derived features: auto where it
// says nothing and the budget is a time, since there a user asks for the best that
// can be found by then.
func (s *Scenario) Derivation() *Features {
	f := Features{}
	if s.Features != nil {
		f = *s.Features
	}
	if f.Derive == "" && s.Budget.Time > 0 {
		f.Derive = "auto"
	}
	return &f
}

// Forces says whether the step is taken whatever it brings.
func (f *Features) Forces(step string) bool { return f != nil && slices.Contains(f.Force, step) }

// Excludes says whether the step is not tried.
func (f *Features) Excludes(step string) bool { return f != nil && slices.Contains(f.Exclude, step) }

func (f *Features) check(r *report) {
	if f == nil {
		return
	}
	for k, list := range [][]string{f.Force, f.Exclude} {
		key := []string{"force", "exclude"}[k]
		for i, step := range list {
			at := fmt.Sprintf("features.%s[%d]", key, i)
			switch {
			case step == "":
				r.add(at, codeEmpty, "is empty", "name a step")
			case !slices.Contains(DerivedSteps, step):
				r.add(at, codeChoice, fmt.Sprintf("%q is not known here", step), "allowed: "+strings.Join(DerivedSteps, ", ")+near.Hint(step, DerivedSteps))
			case key == "force" && f.Excludes(step):
				r.add(at, codeExclude, fmt.Sprintf("%q is excluded as well", step), "remove it from force or from exclude")
			}
		}
	}
}

// Design says which models may be tried.
type Design struct {
	// Models are the names of models to try; empty means all that fit.
	Models []string `yaml:"models,omitempty" json:"models,omitempty"`
	// Exclude are names not to try.
	Exclude []string `yaml:"exclude,omitempty" json:"exclude,omitempty"`
	// Params are what parameters of models may be, by model and parameter: one
	// value fixes, a list of two numbers bounds, and a longer list, or one of
	// words, holds all that are allowed, such as {trees.boost.v1: {num_leaves: 15,
	// learning_rate: [0.02, 0.2], max_depth: [3, 5, 8]}}. Proposals are brought
	// within it and the search looks in it alone. docs/reference-models.md lists the
	// parameters.
	Params ModelParams `yaml:"params,omitempty" json:"params,omitempty"`
	// Committee is of how many models at most the mean may be taken where that
	// is better than the best one; 1 keeps single models.
	Committee int `yaml:"committee" json:"committee" rule:"min=1 max=20"`
}

func (d Design) check(r *report) {
	for i, m := range d.Models {
		path := fmt.Sprintf("design.models[%d]", i)
		switch {
		case m == "":
			r.add(path, codeEmpty, "is empty", "name a model")
		case slices.Contains(d.Exclude, m):
			r.add(path, codeExclude, fmt.Sprintf("%q is excluded as well", m), "remove it from models or from exclude")
		}
	}
	for i, m := range d.Exclude {
		if m == "" {
			r.add(fmt.Sprintf("design.exclude[%d]", i), codeEmpty, "is empty", "name a model")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Params)) {
		path := join("design.params", name)
		r.word(path, name, rule{})
		switch {
		case name == "":
			r.add(path, codeEmpty, "a model has no name", "")
		case slices.Contains(d.Exclude, name):
			r.add(path, codeExclude, fmt.Sprintf("%q is excluded", name), "remove its parameters, or remove it from design.exclude")
		case len(d.Models) > 0 && !slices.Contains(d.Models, name) && !strings.HasPrefix(name, "baseline."):
			r.add(path, codeNeeds, fmt.Sprintf("%q is not among the models to try", name), "remove its parameters, or name it in design.models")
		}
		for _, param := range slices.Sorted(maps.Keys(d.Params[name])) {
			r.word(join(path, param), param, rule{})
			d.Params[name][param].check(r, join(path, param))
		}
	}
}

// ModelParams say what parameters of models may be, by the names of models and
// of their parameters. Which of these there are, and their ranges, the models
// know: see package design.
type ModelParams map[string]map[string]Allowed

// Allowed lists what a parameter may be, each a float64 or a string: a single
// one is fixed, two numbers are the lowest and the highest, and otherwise each
// is one of the choices.
type Allowed []any

// Bounds gives the lowest and the highest value; ok is false when each value is
// a choice.
func (a Allowed) Bounds() (low, high float64, ok bool) {
	if len(a) != 2 {
		return 0, 0, false
	}
	low, first := a[0].(float64)
	high, second := a[1].(float64)
	return low, high, first && second
}

func (a Allowed) check(r *report, path string) {
	words := 0
	for i, v := range a {
		switch x := v.(type) {
		case float64:
			if !finite(x) {
				r.add(path, codeRange, fmt.Sprintf("must be a finite number, got %v", x), "")
			}
		case string:
			words++
			r.word(path, x, rule{})
		default: // of a program; Parse makes none
			r.add(path, codeType, fmt.Sprintf("%v (%T) must be a number or a text", v, v), "")
		}
		if _, _, bounds := a.Bounds(); !bounds && slices.Contains(a[:i], v) {
			r.add(path, codeExclude, fmt.Sprintf("%v stands in this list twice", v), "remove one")
		}
	}
	low, high, bounds := a.Bounds()
	switch {
	case len(a) == 0:
		r.add(path, codeEmpty, "is empty", "write "+allowedForm+", or remove it")
	case words > 0 && words < len(a):
		r.add(path, codeType, "holds both numbers and texts", "write "+allowedForm)
	case bounds && low > high:
		r.add(path, codeRange, fmt.Sprintf("the lowest value %v is above the highest, %v", low, high), "write the lower one first")
	}
}

const allowedForm = "a value, [lowest, highest], or a longer list of values"

func (m *ModelParams) read(d *decoder, n *position.Node, path string) {
	if n.Shape != position.Mapping {
		d.wrong(n, path, "a mapping from models to their parameters, such as {trees.boost.v1: {num_leaves: 15}}")
		return
	}
	*m = make(ModelParams, len(n.Entries))
	for _, e := range n.Entries {
		at := join(path, e.Key)
		d.given[at] = true
		if e.Value.Shape != position.Mapping {
			d.wrong(e.Value, at, "a mapping from parameters to "+allowedForm)
			continue
		}
		(*m)[e.Key] = make(map[string]Allowed, len(e.Value.Entries))
		for _, p := range e.Value.Entries {
			(*m)[e.Key][p.Key] = d.allowed(p.Value, join(at, p.Key))
		}
	}
}

// allowed reads what a parameter may be.
func (d *decoder) allowed(n *position.Node, path string) Allowed {
	if n.Shape != position.Sequence {
		return Allowed{d.numberOrText(n, path)}
	}
	out := make(Allowed, len(n.Items))
	for i, item := range n.Items {
		out[i] = d.numberOrText(item, fmt.Sprintf("%s[%d]", path, i))
	}
	return out
}

func (d *decoder) numberOrText(n *position.Node, path string) any {
	if n.Shape != position.Scalar {
		d.wrong(n, path, allowedForm)
		return ""
	}
	if !n.Quoted && numberPattern.MatchString(n.Text) {
		var x float64
		d.number(n, path, &x)
		return x
	}
	var text string
	d.text(n, path, &text, rule{})
	return text
}

func (m ModelParams) node() printed {
	n := printed{shape: position.Mapping, tall: true}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		each := printed{shape: position.Mapping}
		for _, param := range slices.Sorted(maps.Keys(m[name])) {
			each.entries = append(each.entries, printedEntry{param, m[name][param].node()})
		}
		n.entries = append(n.entries, printedEntry{name, each})
	}
	return n
}

func (a Allowed) node() printed {
	list := printed{shape: position.Sequence}
	for _, v := range a {
		switch x := v.(type) {
		case float64:
			list.items = append(list.items, scalar(formatNumber(x)))
		case string:
			list.items = append(list.items, scalar(Quote(x)))
		}
	}
	if len(list.items) == 1 {
		return list.items[0]
	}
	return list
}

func (ModelParams) form() string {
	return "a mapping from models to mappings from parameters to " + allowedForm
}

func (ModelParams) schema(*schemas) *jsonschema.Schema {
	one := func() []*jsonschema.Schema {
		return []*jsonschema.Schema{{Type: "number"}, {Type: "string", MinLength: pointer(1)}}
	}
	list := &jsonschema.Schema{Type: "array", MinItems: pointer(1), Items: &jsonschema.Schema{AnyOf: one()}}
	param := &jsonschema.Schema{AnyOf: append(one(), list)}
	return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "object", AdditionalProperties: param}}
}

// Limits drop a candidate that breaks one, with the reason.
type Limits struct {
	// Latency is the 95th percentile of deciding one row, such as 5ms.
	Latency Duration `yaml:"latency,omitempty" json:"latency,omitempty" rule:"above=0"`
	// Size is the size of the bundle, such as 20MB.
	Size Size `yaml:"size,omitempty" json:"size,omitempty" rule:"above=0"`
	// Memory is what training may use, such as 1GB.
	Memory Size `yaml:"memory,omitempty" json:"memory,omitempty" rule:"above=0"`
}

// Budget bounds the search: by trials, or by time (then runs are not
// bit-reproducible).
type Budget struct {
	// Trials is how many candidates are tried.
	Trials int `yaml:"trials,omitempty" json:"trials,omitempty" rule:"min=1 max=100000"`
	// Time is how long the search may take, such as 10m; instead of trials. A
	// seventh of it is kept for learning what is chosen again from all rows.
	// Then the result depends on the speed of the machine.
	Time Duration `yaml:"time,omitempty" json:"time,omitempty" rule:"above=0"`
	// Search is how candidates are found. draw: design's proposals, then chance.
	// guided: a list learnt on many data sets, then what finished trials suggest,
	// and poor ones stop after one fold. It is guided with time, draw with trials.
	Search string `yaml:"search,omitempty" json:"search,omitempty" rule:"one=draw|guided"`
}

// Guided says whether the search learns from its trials.
func (b Budget) Guided() bool { return b.Search == "guided" || b.Search == "" && b.Time > 0 }

func (b Budget) check(r *report) {
	switch {
	case b.Trials != 0 && b.Time != 0:
		r.add("budget", codeExclude, "has both trials and time", "keep one of them: with trials, runs can be repeated bit for bit")
	case b.Trials == 0 && b.Time == 0 && !r.has("budget.trials") && !r.has("budget.time"):
		r.add("budget", codeNeeds, "has neither trials nor time", "such as trials: 40 or time: 10m")
	}
}
