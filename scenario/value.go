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

// Value says what each action is worth under each outcome.
type Value struct {
	// Params are named numbers for the expressions: known ones, with a unit where
	// that helps, and uncertain ones with a distribution.
	Params map[string]Param `yaml:"params,omitempty" json:"params,omitempty"`
	// File holds payoffs per row: its columns can be used in payoffs. Without
	// actions its columns must be named ACTION.OUTCOME, or ACTION for a payoff
	// under every outcome, and are the actions.
	File ValueFile `yaml:"file,omitempty" json:"file,omitzero"`
	// Actions are the possible decisions, in file order, each with its payoff
	// in money: a number or an expression over the row's columns, either one
	// per outcome or one for every outcome. For a target that is a number,
	// payoffs may use truth and prediction.
	Actions Actions `yaml:"actions,omitempty" json:"actions"`
	// Review is the optional third way: ask a person.
	Review *Review `yaml:"review,omitempty" json:"review,omitempty"`
	// Capacity limits how often, or how much of something, actions may be taken.
	Capacity Capacities `yaml:"capacity,omitempty" json:"capacity,omitempty"`
}

// Actions is an ordered mapping from action names to payoffs.
type Actions []Action

// Action is one possible decision.
type Action struct {
	// Name is the action's name.
	Name string `json:"name"`
	// Payoffs give the money per outcome, in file order. A single payoff with
	// an empty outcome holds for any outcome; regression payoffs are always of
	// this form and may use the variables truth and prediction.
	Payoffs []Payoff `json:"payoffs"`
}

// Payoff is the money of an action under an outcome.
type Payoff struct {
	// Outcome is the target's value; empty for every outcome.
	Outcome string `json:"outcome,omitempty"`
	// Money is a number or an expression over the row's columns and
	// Value.Params; positive is a gain.
	Money string `json:"money"`
}

// Review is a person who decides a row for a price.
type Review struct {
	// Cost is money per reviewed row.
	Cost float64 `yaml:"cost" json:"cost" rule:"required min=0"`
	// Accuracy is the chance that the reviewer sees the true outcome, above 0
	// and at most 1: one number, one for each outcome, or for an outcome how
	// often which one is seen.
	Accuracy Accuracy `yaml:"accuracy" json:"accuracy"`
	// Capacity is how many rows can be reviewed, such as "50 / month"; without
	// it there is no limit.
	Capacity Rate `yaml:"capacity,omitempty" json:"capacity,omitzero" rule:"above=0"`
	// Minutes is the time that one review takes, for the number of reviewers
	// that are needed.
	Minutes float64 `yaml:"minutes,omitempty" json:"minutes,omitempty" rule:"above=0"`
	// Hours is how many hours a month one reviewer reviews; 130 by default.
	Hours float64 `yaml:"hours,omitempty" json:"hours,omitempty" rule:"above=0 max=744"`
}

// reserved are names that mean something else in payoffs.
var reserved = []string{"truth", "prediction", "row"}

func (v Value) check(r *report) {
	for _, name := range slices.Sorted(maps.Keys(v.Params)) {
		path := "value.params." + name
		v.Params[name].check(r, path)
		switch {
		case !wordPattern.MatchString(name):
			r.add(path, codeName, fmt.Sprintf("%q cannot be written in an expression", name), "use letters, digits and _, with a letter first")
		case slices.Contains(reserved, name):
			r.add(path, codeName, fmt.Sprintf("%q has a meaning of its own in payoffs", name), "choose another name")
		}
	}
	v.File.check(r, "value.file")
	v.Actions.check(r)
	v.Capacity.check(r, v.takeable())
	if v.Review != nil {
		v.Review.Accuracy.check(r, "value.review.accuracy")
	}
	switch n := len(v.Actions); {
	case n == 0 && v.File.Path != "":
	case n == 0 && !r.has("value.actions"):
		r.add("value.actions", codeMissing, "is missing", missingNote("value.actions"))
	case n == 0:
		r.add("value.actions", codeActions, "has no action", missingNote("value.actions"))
	case n == 1 && v.Review == nil:
		r.add("value.actions", codeActions, fmt.Sprintf("%q is the only action, so there is nothing to decide", v.Actions[0].Name), "add the alternative, such as leave: 0")
	case v.Review != nil:
		for _, a := range v.Actions {
			if a.Name == "review" {
				r.add("value.actions.review", codeExclude, "the name means asking a person when there is a value.review", "rename the action")
			}
		}
	}
}

// takeable lists the names of everything that can be done with a row.
func (v Value) takeable() []string {
	out := make([]string, 0, len(v.Actions)+1)
	for _, a := range v.Actions {
		out = append(out, a.Name)
	}
	if v.Review != nil {
		out = append(out, "review")
	}
	return out
}

func (a Actions) check(r *report) {
	var first *Action // with a payoff per outcome
	seen := map[string]bool{}
	for i := range a {
		path := join("value.actions", a[i].Name)
		switch {
		case a[i].Name == "":
			r.add("value.actions", codeName, "an action has no name", "")
		case !IsAction(a[i].Name):
			r.add(path, codeName, fmt.Sprintf("%q cannot be an action's name", a[i].Name), "use letters, digits, _, - and spaces, with a letter first, at most 64")
		case seen[a[i].Name]:
			r.add(path, codeActions, "the action is there twice", "")
		}
		seen[a[i].Name] = true
		if a[i].check(r, path) && first == nil {
			first = &a[i]
		} else if first != nil {
			a[i].compare(r, path, first)
		}
	}
}

// check reports whether the action has a payoff per outcome.
func (a Action) check(r *report, path string) (perOutcome bool) {
	if len(a.Payoffs) == 0 {
		r.add(path, codeActions, "has no payoff", "write a number, an expression, or one of them per outcome")
		return false
	}
	for i, p := range a.Payoffs {
		at := path
		if p.Outcome != "" {
			at += "." + p.Outcome
		}
		switch {
		case strings.TrimSpace(p.Money) == "":
			r.add(at, codeEmpty, "has no money", "write a number such as 0, or an expression over columns")
		case p.Outcome == "" && len(a.Payoffs) > 1:
			r.add(path, codeActions, "mixes a payoff for every outcome with others", "give one payoff, or one per outcome")
		case slices.ContainsFunc(a.Payoffs[:i], func(q Payoff) bool { return q.Outcome == p.Outcome }):
			r.add(at, codeActions, "the outcome is there twice", "")
		}
	}
	return a.Payoffs[0].Outcome != ""
}

// compare reports outcomes that the first action has and this one lacks, or
// the other way round: usually a misspelt outcome.
func (a Action) compare(r *report, path string, first *Action) {
	if len(a.Payoffs) == 0 || a.Payoffs[0].Outcome == "" {
		return
	}
	own, others := a.outcomes(), first.outcomes()
	for _, o := range own {
		if !slices.Contains(others, o) {
			r.add(path+"."+o, codeActions, fmt.Sprintf("the action %q has no outcome %q", first.Name, o), hint(o, others)+"every action needs the same outcomes")
		}
	}
	for _, o := range others {
		if _, misspelt := near.Name(o, own); !slices.Contains(own, o) && !misspelt {
			r.add(path, codeActions, fmt.Sprintf("has no payoff for the outcome %q, which %q has", o, first.Name), fmt.Sprintf("add %s: 0 if it is worth nothing", Quote(o)))
		}
	}
}

func (a Action) outcomes() []string {
	out := make([]string, len(a.Payoffs))
	for i, p := range a.Payoffs {
		out[i] = p.Outcome
	}
	return out
}

// payoffForm says how payoffs are written.
const payoffForm = "a number, an expression, or a mapping from outcomes to them"

func (a *Actions) read(d *decoder, n *position.Node, path string) {
	if n.Shape != position.Mapping {
		d.wrong(n, path, "a mapping from actions to payoffs, such as grant: {good: 1, bad: -5}")
		return
	}
	*a = make(Actions, 0, len(n.Entries))
	for _, e := range n.Entries {
		action, at := Action{Name: e.Key}, path+"."+e.Key
		if e.Key == "" {
			d.fail(e.Position, at+`""`, codeName, "an action has no name", "")
			continue
		}
		switch e.Value.Shape {
		case position.Scalar:
			action.Payoffs = []Payoff{{Money: d.money(e.Value, at)}}
		case position.Mapping:
			for _, o := range e.Value.Entries {
				if o.Key == "" {
					d.fail(o.Position, at+`.""`, codeName, "an outcome has an empty name", "name the outcome, or write one payoff without a mapping")
					continue
				}
				action.Payoffs = append(action.Payoffs, Payoff{Outcome: o.Key, Money: d.money(o.Value, at+"."+o.Key)})
			}
		default:
			d.wrong(e.Value, at, payoffForm)
		}
		*a = append(*a, action)
	}
}

// money reads a payoff. Numbers keep the spelling of the file where it is
// plain.
func (d *decoder) money(n *position.Node, path string) string {
	var text string
	switch {
	case n.Shape != position.Scalar || !n.Quoted && truthPattern.MatchString(n.Text):
		d.wrong(n, path, "a number or an expression")
	case !n.Quoted && infinite.MatchString(n.Text):
		d.fail(n.Position, path, codeNumber, fmt.Sprintf("%s is not money", n.Text), "write a finite number or an expression")
	case !n.Quoted && numberPattern.MatchString(n.Text):
		var x float64
		d.number(n, path, &x)
		if text = n.Text; !plainNumber.MatchString(text) {
			text = formatNumber(x)
		}
	default:
		d.text(n, path, &text, rule{any: true})
	}
	return text
}

func (Actions) form() string {
	return "a mapping from actions to money, or to a mapping from outcomes to money"
}

// ValueFile is a file with payoffs per row, given as columns. In YAML it is a
// path, or a mapping with path and key.
type ValueFile struct {
	// Path is a data file, relative to the scenario file.
	Path string `yaml:"path" json:"path"`
	// Key is the column, in the data and in this file, by which rows belong
	// together; empty means that both have the same rows in the same order.
	Key string `yaml:"key,omitempty" json:"key,omitempty"`
}

func (v *ValueFile) read(d *decoder, n *position.Node, path string) {
	if n.Shape == position.Mapping {
		type plain ValueFile // without this method
		d.structure(n, path, value((*plain)(v)))
		return
	}
	d.text(n, path, &v.Path, rule{})
}

func (v ValueFile) check(r *report, path string) {
	if v.Path == "" && v.Key != "" {
		r.add(path, codeMissing, "has no path", "name the file")
	}
}

func (v ValueFile) node() printed {
	if v.Key == "" {
		return scalar(Quote(v.Path))
	}
	return printed{shape: position.Mapping, entries: []printedEntry{{"path", scalar(Quote(v.Path))}, {"key", scalar(Quote(v.Key))}}}
}

func (ValueFile) form() string { return "text, or a mapping with path and key" }

func (ValueFile) schema(s *schemas) *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	properties.Set("path", &jsonschema.Schema{Type: "string", MinLength: pointer(1), Description: s.about["ValueFile.Path"]})
	properties.Set("key", &jsonschema.Schema{Type: "string", MinLength: pointer(1), Description: s.about["ValueFile.Key"]})
	mapping := &jsonschema.Schema{Type: "object", Properties: properties, AdditionalProperties: jsonschema.FalseSchema, Required: []string{"path"}}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", MinLength: pointer(1)}, mapping}}
}
