package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"

	"bespoke/internal/position"
)

// Capacities are limits on how often, or how much of something, actions may be
// taken, in file order.
type Capacities []Capacity

// Capacity is one limit. Its short form is the name of an action with a rate,
// such as call: 500 / month.
type Capacity struct {
	// Name is the resource, such as budget; an action's name when each row with
	// that action takes one.
	Name string `json:"name"`
	// Most is how much there is per period; the zero Rate with Top.
	Most Rate `json:"most,omitzero"`
	// Uses says how much an action takes from it per row, in file order: a
	// number or an expression over columns; actions that are not named take
	// nothing. Empty means that the action called Name takes 1.
	Uses []Use `json:"uses,omitempty"`
	// Top is how many rows may have the action called Name among the rows that
	// are decided together and have the same value of Per.
	Top int `json:"top,omitempty"`
	// Per is a column; empty takes all rows that are decided together.
	Per string `json:"per,omitempty"`
}

// Use is what an action takes from a resource.
type Use struct {
	Action string `json:"action"`
	// Amount is a number or an expression, 0 or more in every row.
	Amount string `json:"amount"`
}

var capacityKeys = []string{"most", "uses", "top", "per"}

const capacityForm = "a rate such as 500 / month, {most: RATE, uses: {ACTION: AMOUNT}} or {top: 3, per: column}"

func (c *Capacities) read(d *decoder, n *position.Node, path string) {
	if n.Shape != position.Mapping {
		d.wrong(n, path, "a mapping from names to limits, such as call: 500 / month")
		return
	}
	*c = make(Capacities, 0, len(n.Entries))
	for _, e := range n.Entries {
		one, at := Capacity{Name: e.Key}, join(path, e.Key)
		switch e.Value.Shape {
		case position.Scalar:
			d.unit(e.Value, at, &one.Most)
		case position.Mapping:
			one.read(d, e.Value, at)
		default:
			d.wrong(e.Value, at, capacityForm)
		}
		*c = append(*c, one)
	}
}

func (c *Capacity) read(d *decoder, n *position.Node, path string) {
	before := len(d.problems)
	defer func() { d.failed[path] = d.failed[path] || len(d.problems) > before }()
	for _, e := range n.Entries {
		at := join(path, e.Key)
		d.given[at] = true
		switch e.Key {
		case "most":
			d.unit(e.Value, at, &c.Most)
		case "uses":
			c.readUses(d, e.Value, at)
		case "top":
			d.integer(e.Value, at, func(text string) (err error) { c.Top, err = strconv.Atoi(text); return err })
		case "per":
			d.text(e.Value, at, &c.Per, rule{any: true})
		default:
			d.fail(e.Position, at, codeUnknown, "unknown key", hint(e.Key, capacityKeys)+"allowed: "+strings.Join(capacityKeys, ", "))
		}
	}
}

func (c *Capacity) readUses(d *decoder, n *position.Node, path string) {
	if n.Shape != position.Mapping {
		d.wrong(n, path, "a mapping from actions to amounts, such as {grant: credit_amount}")
		return
	}
	for _, e := range n.Entries {
		c.Uses = append(c.Uses, Use{Action: e.Key, Amount: d.money(e.Value, join(path, e.Key))})
	}
}

// check reports what is wrong with the limits; actions are the names that may
// be limited.
func (c Capacities) check(r *report, actions []string) {
	for i, one := range c {
		path := join("value.capacity", one.Name)
		if one.Name == "" {
			r.add("value.capacity", codeName, "a limit has no name", "")
			continue
		}
		if slices.ContainsFunc(c[:i], func(q Capacity) bool { return q.Name == one.Name }) {
			r.add(path, codeActions, "the limit is there twice", "")
		}
		one.check(r, path, actions)
	}
}

func (c Capacity) check(r *report, path string, actions []string) {
	switch {
	case c.Top != 0 && c.Most != (Rate{}):
		r.add(path, codeExclude, "has both most and top", "keep one of them")
	case c.Top == 0 && c.Most == (Rate{}):
		r.add(path, codeNeeds, "has neither most nor top", "such as most: 500 / month")
	case c.Top < 0:
		r.add(path+".top", codeRange, fmt.Sprintf("must be 1 or more, got %d", c.Top), "")
	case c.Top == 0 && !(c.Most.Amount > 0 && finite(c.Most.Amount)):
		r.add(path+".most", codeRange, fmt.Sprintf("must be above 0, got %s", c.Most), "")
	case c.Top == 0 && !slices.Contains(periods, c.Most.Per):
		r.add(path+".most", codeRate, fmt.Sprintf("%q is not a period", c.Most.Per), "allowed: "+strings.Join(periods, ", "))
	case c.Top != 0 && len(c.Uses) > 0:
		r.add(path+".uses", codeExclude, "is for a limit with most", "remove it")
	case c.Per != "" && c.Top == 0:
		r.add(path+".per", codeExclude, "is for a limit with top", "remove it")
	case len(c.Uses) == 0 && !slices.Contains(actions, c.Name):
		r.add(path, codeNeeds, fmt.Sprintf("%q is no action", c.Name), hint(c.Name, actions)+"say what uses it: uses: {ACTION: AMOUNT}")
	}
	for i, u := range c.Uses {
		switch at := join(path+".uses", u.Action); {
		case !slices.Contains(actions, u.Action):
			r.add(at, codeActions, fmt.Sprintf("%q is no action", u.Action), hint(u.Action, actions)+"there are "+strings.Join(actions, ", "))
		case slices.ContainsFunc(c.Uses[:i], func(q Use) bool { return q.Action == u.Action }):
			r.add(at, codeActions, "the action is there twice", "")
		case strings.TrimSpace(u.Amount) == "":
			r.add(at, codeEmpty, "has no amount", "write a number, or an expression over columns")
		}
	}
}

func (c Capacities) node() printed {
	n := printed{shape: position.Mapping, tall: true}
	for _, one := range c {
		n.entries = append(n.entries, printedEntry{one.Name, one.node()})
	}
	return n
}

func (c Capacity) node() printed {
	if len(c.Uses) == 0 && c.Top == 0 {
		return scalar(c.Most.String())
	}
	n := printed{shape: position.Mapping}
	add := func(key string, v printed) { n.entries = append(n.entries, printedEntry{key, v}) }
	if c.Top != 0 {
		add("top", scalar(fmt.Sprint(c.Top)))
	} else {
		add("most", scalar(c.Most.String()))
	}
	if c.Per != "" {
		add("per", scalar(Quote(c.Per)))
	}
	if len(c.Uses) > 0 {
		each := printed{shape: position.Mapping}
		for _, u := range c.Uses {
			each.entries = append(each.entries, printedEntry{u.Action, scalar(money(u.Amount))})
		}
		add("uses", each)
	}
	return n
}

func (Capacities) form() string { return "a mapping from names to limits: " + capacityForm }

func (Capacities) schema(s *schemas) *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	properties.Set("most", &jsonschema.Schema{Type: "string", Pattern: rateForm, Description: s.about["Capacity.Most"]})
	properties.Set("uses", &jsonschema.Schema{Type: "object", MinProperties: pointer(1), Description: s.about["Capacity.Uses"]})
	properties.Set("top", &jsonschema.Schema{Type: "integer", Minimum: "1", Description: s.about["Capacity.Top"]})
	properties.Set("per", &jsonschema.Schema{Type: "string", MinLength: pointer(1), Description: s.about["Capacity.Per"]})
	mapping := &jsonschema.Schema{Type: "object", Properties: properties, AdditionalProperties: jsonschema.FalseSchema}
	short := &jsonschema.Schema{Type: "string", Pattern: rateForm, Examples: []any{"500 / month"}}
	return &jsonschema.Schema{Type: "object", MinProperties: pointer(1), AdditionalProperties: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{short, mapping}}}
}

// Accuracy is how often a reviewer sees the true outcome: the same for every
// outcome, or one number per outcome.
type Accuracy struct {
	// Same holds for every outcome; 0 when By is given.
	Same float64
	// By has one number per outcome.
	By map[string]float64
}

// Of is the chance of seeing the outcome when it is the true one.
func (a Accuracy) Of(outcome string) float64 {
	if a.By != nil {
		return a.By[outcome]
	}
	return a.Same
}

// MarshalJSON writes a number, or an object of numbers by outcome.
func (a Accuracy) MarshalJSON() ([]byte, error) {
	if a.By != nil {
		return json.Marshal(a.By)
	}
	return json.Marshal(a.Same)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Accuracy) UnmarshalJSON(data []byte) error {
	*a = Accuracy{}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return json.Unmarshal(data, &a.By)
	}
	return json.Unmarshal(data, &a.Same)
}

func (a *Accuracy) read(d *decoder, n *position.Node, path string) {
	*a = Accuracy{}
	if n.Shape != position.Mapping {
		d.number(n, path, &a.Same)
		return
	}
	a.By = make(map[string]float64, len(n.Entries))
	for _, e := range n.Entries {
		at := join(path, e.Key)
		d.given[at] = true
		var x float64
		d.number(e.Value, at, &x)
		a.By[e.Key] = x
	}
}

func (a Accuracy) check(r *report, path string) {
	if a.By == nil {
		if a.Same == 0 && r.given != nil && !r.has(path) {
			r.add(path, codeMissing, "is missing", missingNote(path))
			return
		}
		checkAccuracy(r, path, a.Same)
		return
	}
	if len(a.By) == 0 {
		r.add(path, codeEmpty, "names no outcome", "write a number, or one for each outcome")
	}
	for _, o := range sortedKeys(a.By) {
		checkAccuracy(r, join(path, o), a.By[o])
	}
}

func checkAccuracy(r *report, path string, x float64) {
	if !(x > 0 && x <= 1) {
		r.add(path, codeRange, fmt.Sprintf("must be above 0 and at most 1, got %v", x), "")
	}
}

func (a Accuracy) node() printed {
	if a.By == nil {
		return scalar(formatNumber(a.Same))
	}
	n := printed{shape: position.Mapping}
	for _, o := range sortedKeys(a.By) {
		n.entries = append(n.entries, printedEntry{o, scalar(formatNumber(a.By[o]))})
	}
	return n
}

func (Accuracy) form() string {
	return "number above 0, at most 1, or a mapping from outcomes to such numbers"
}

func (Accuracy) schema(*schemas) *jsonschema.Schema {
	one := func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "number", ExclusiveMinimum: "0", Maximum: "1"}
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{one(), {Type: "object", MinProperties: pointer(1), AdditionalProperties: one()}}}
}
