package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
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
// outcome, one number per outcome, or for an outcome what is seen instead.
type Accuracy struct {
	// Same holds for every outcome; 0 when By is given.
	Same float64
	// By has one number per outcome.
	By map[string]float64
	// Seen says, by true outcome, how often which outcome is seen; the numbers of
	// one sum to 1. By has the chance of the outcome itself as well. The mistakes
	// of outcomes that are not in Seen are spread evenly over the others.
	Seen map[string]map[string]float64
}

// Of is the chance of seeing the outcome when it is the true one.
func (a Accuracy) Of(outcome string) float64 {
	if a.By != nil {
		return a.By[outcome]
	}
	return a.Same
}

// Chance is that of seeing an outcome when another, or the same, of so many
// outcomes is the true one.
func (a Accuracy) Chance(truth, seen string, outcomes int) float64 {
	right := a.Of(truth)
	switch chances := a.Seen[truth]; {
	case chances != nil:
		return chances[seen]
	case truth == seen:
		return right
	}
	return (1 - right) / float64(outcomes-1)
}

// Scaled is the accuracy of a reviewer who is right so many times as often, at
// most always; mistakes keep their proportions.
func (a Accuracy) Scaled(times float64) Accuracy {
	out := Accuracy{Same: math.Min(1, a.Same*times)}
	if a.By == nil {
		return out
	}
	out.By = make(map[string]float64, len(a.By))
	for o, v := range a.By {
		out.By[o] = math.Min(1, v*times)
	}
	for o, chances := range a.Seen {
		if out.Seen == nil {
			out.Seen = make(map[string]map[string]float64, len(a.Seen))
		}
		out.Seen[o] = scaled(chances, o, out.By[o])
	}
	return out
}

// scaled gives the outcome itself another chance and the others what is left, in
// proportion.
func scaled(chances map[string]float64, own string, right float64) map[string]float64 {
	out := make(map[string]float64, len(chances)+1)
	before := chances[own]
	for seen, v := range chances {
		switch {
		case seen == own:
		case before < 1:
			out[seen] = v * (1 - right) / (1 - before)
		}
	}
	out[own] = right
	return out
}

// set gives an outcome its chances.
func (a *Accuracy) set(outcome string, chances map[string]float64) {
	if a.Seen == nil {
		a.Seen = map[string]map[string]float64{}
	}
	a.Seen[outcome], a.By[outcome] = chances, chances[outcome]
}

// MarshalJSON writes a number, or an object of numbers, or of objects of
// numbers, by outcome.
func (a Accuracy) MarshalJSON() ([]byte, error) {
	if a.By == nil {
		return json.Marshal(a.Same)
	}
	all := make(map[string]any, len(a.By))
	for o, v := range a.By {
		all[o] = v
		if chances, ok := a.Seen[o]; ok {
			all[o] = chances
		}
	}
	return json.Marshal(all)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Accuracy) UnmarshalJSON(data []byte) error {
	*a = Accuracy{}
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return json.Unmarshal(data, &a.Same)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	a.By = make(map[string]float64, len(all))
	for o, text := range all {
		if !bytes.HasPrefix(text, []byte("{")) {
			var x float64
			if err := json.Unmarshal(text, &x); err != nil {
				return err
			}
			a.By[o] = x
			continue
		}
		var chances map[string]float64
		if err := json.Unmarshal(text, &chances); err != nil {
			return err
		}
		a.set(o, chances)
	}
	return nil
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
		if e.Value.Shape == position.Mapping {
			chances := make(map[string]float64, len(e.Value.Entries))
			for _, seen := range e.Value.Entries {
				var x float64
				d.number(seen.Value, join(at, seen.Key), &x)
				chances[seen.Key] = x
			}
			a.set(e.Key, chances)
			continue
		}
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
		if chances, ok := a.Seen[o]; ok {
			checkSeen(r, join(path, o), chances)
			continue
		}
		checkAccuracy(r, join(path, o), a.By[o])
	}
}

func checkAccuracy(r *report, path string, x float64) {
	if !(x > 0 && x <= 1) {
		r.add(path, codeRange, fmt.Sprintf("must be above 0 and at most 1, got %v", x), "")
	}
}

// checkSeen reports chances that cannot be those of one outcome.
func checkSeen(r *report, path string, chances map[string]float64) {
	sum := 0.0
	for _, seen := range sortedKeys(chances) {
		if v := chances[seen]; !(v >= 0 && v <= 1) {
			r.add(join(path, seen), codeRange, fmt.Sprintf("must be from 0 to 1, got %v", v), "")
			return
		}
		sum += chances[seen]
	}
	if math.Abs(sum-1) > 1e-9 {
		r.add(path, codeRange, fmt.Sprintf("what is seen sums to %.6g, it must sum to 1", sum), "say how often which outcome is seen, such as {fine: 0.9, worn: 0.1}")
	}
}

func (a Accuracy) node() printed {
	if a.By == nil {
		return scalar(formatNumber(a.Same))
	}
	n := printed{shape: position.Mapping}
	for _, o := range sortedKeys(a.By) {
		one := scalar(formatNumber(a.By[o]))
		if chances, ok := a.Seen[o]; ok {
			one = printed{shape: position.Mapping}
			for _, seen := range sortedKeys(chances) {
				one.entries = append(one.entries, printedEntry{seen, scalar(formatNumber(chances[seen]))})
			}
		}
		n.entries = append(n.entries, printedEntry{o, one})
	}
	return n
}

func (Accuracy) form() string {
	return "number above 0, at most 1, or a mapping from outcomes to such numbers, or to what is seen instead, such as {worn: {worn: 0.8, fine: 0.2}}"
}

func (Accuracy) schema(*schemas) *jsonschema.Schema {
	one := func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "number", ExclusiveMinimum: "0", Maximum: "1"}
	}
	chance := &jsonschema.Schema{Type: "number", Minimum: "0", Maximum: "1"}
	seen := &jsonschema.Schema{Type: "object", MinProperties: pointer(1), AdditionalProperties: chance}
	each := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{one(), seen}}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{one(), {Type: "object", MinProperties: pointer(1), AdditionalProperties: each}}}
}
