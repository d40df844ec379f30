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

// WhatIfs are changes of the scenario that the report looks at, in file order.
type WhatIfs []WhatIf

// WhatIf is the scenario with some values changed, looked at without training
// anything again.
type WhatIf struct {
	// Name is what people see, such as "losses twice as high".
	Name string `json:"name"`
	// Set are the changes.
	Set []Setting `json:"set"`
}

// Setting gives one value of the scenario another text.
type Setting struct {
	// Path is the value's place, such as value.actions.grant.bad.
	Path string `json:"path"`
	// Text is the new value as it would be written in the file.
	Text string `json:"text"`
}

// changeable are the sections that can change without training again.
var changeable = []string{"need", "value"}

// ParseSetting reads PATH=TEXT, the form of the command line. Only the sections
// need and value can be changed without training again.
func ParseSetting(text string) (Setting, error) {
	path, value, ok := strings.Cut(text, "=")
	s := Setting{Path: strings.TrimSpace(path), Text: strings.TrimSpace(value)}
	if !ok || s.Path == "" {
		return s, fmt.Errorf("scenario: set: %q: write PATH=VALUE, such as value.actions.grant.bad=-5", text)
	}
	return s, s.check()
}

func (s Setting) check() error {
	section, _, deep := strings.Cut(s.Path, ".")
	switch {
	case !slices.Contains(changeable, section) || !deep:
		return fmt.Errorf("scenario: set: %q cannot be changed without training again; values of %s can", s.Path, strings.Join(changeable, " and "))
	case s.Text == "":
		return fmt.Errorf("scenario: set: %q has no value", s.Path)
	}
	return nil
}

// Set gives the file with the values changed, checked like a file that holds
// them. Parts between the path and the value that are not there yet are made;
// a misspelt key is an error as in a file. The error is that of Parse.
func (f *File) Set(settings ...Setting) (*File, error) {
	root := f.root
	for _, s := range settings {
		if err := s.check(); err != nil {
			return nil, err
		}
		var err error
		if root, err = set(root, s.Path, s); err != nil {
			return nil, err
		}
	}
	out := &File{Scenario: Default(), Path: f.Path, Dir: f.Dir, Text: f.Text, lines: f.lines}
	return out, out.fill(root, nil)
}

// set copies the nodes along the path and puts the new value at its end.
func set(n *position.Node, path string, s Setting) (*position.Node, error) {
	place := position.Position{File: "--set " + s.Path, Line: 1, Column: 1}
	if path == "" {
		return s.node(place)
	}
	if n == nil || n.Shape == position.Null || n.Shape == position.Scalar {
		n = &position.Node{Shape: position.Mapping, Position: place}
	}
	if n.Shape != position.Mapping {
		return nil, fmt.Errorf("scenario: set: %q: a part of the path is a list", s.Path)
	}
	copied := *n
	copied.Entries = slices.Clone(n.Entries)
	at, rest := longest(copied.Entries, path)
	if at < 0 {
		key, rest, _ := strings.Cut(path, ".")
		if known, ok := near.Name(key, n.Keys()); ok {
			return nil, fmt.Errorf("scenario: set: %q: no %q here; did you mean %q?", s.Path, key, known)
		}
		child, err := set(nil, rest, s)
		copied.Entries = append(copied.Entries, position.Entry{Key: key, Position: place, Value: child})
		return &copied, err
	}
	child, err := set(copied.Entries[at].Value, rest, s)
	copied.Entries[at].Value = child
	return &copied, err
}

// longest finds the entry whose key is the longest beginning of the path, since
// names of outcomes and columns may hold points.
func longest(entries []position.Entry, path string) (at int, rest string) {
	at = -1
	for i, e := range entries {
		tail, ok := strings.CutPrefix(path, e.Key)
		if !ok || tail != "" && tail[0] != '.' || at >= 0 && len(e.Key) <= len(entries[at].Key) {
			continue
		}
		at, rest = i, strings.TrimPrefix(tail, ".")
	}
	return at, rest
}

// node is the new value: a mapping or a list in YAML's short form, else a
// single value whose text is taken as it is, so that expressions need no quotes.
func (s Setting) node(place position.Position) (*position.Node, error) {
	if strings.ContainsAny(s.Text[:1], "{[\"'") {
		root, problems := position.ParseYAML(place.File, []byte("value: "+s.Text+"\n"))
		if err := problems.Err(); err != nil {
			return nil, err
		}
		if root != nil && len(root.Entries) == 1 {
			return root.Entries[0].Value, nil
		}
	}
	return &position.Node{Shape: position.Scalar, Text: s.Text, Position: place}, nil
}

func (w *WhatIfs) read(d *decoder, n *position.Node, path string) {
	if n.Shape != position.Sequence {
		d.wrong(n, path, "a list of changes, such as - {name: losses doubled, set: {value.actions.grant.bad: -10}}")
		return
	}
	*w = make(WhatIfs, len(n.Items))
	for i, item := range n.Items {
		(*w)[i].read(d, item, fmt.Sprintf("%s[%d]", path, i))
	}
}

func (w *WhatIf) read(d *decoder, n *position.Node, path string) {
	if n.Shape != position.Mapping {
		d.wrong(n, path, "a mapping with name, set")
		return
	}
	before := len(d.problems)
	defer func() { d.failed[path] = d.failed[path] || len(d.problems) > before }()
	for _, e := range n.Entries {
		at := join(path, e.Key)
		switch e.Key {
		case "name":
			d.text(e.Value, at, &w.Name, rule{any: true})
		case "set":
			if e.Value.Shape != position.Mapping {
				d.wrong(e.Value, at, "a mapping from paths to values")
				continue
			}
			for _, s := range e.Value.Entries {
				if s.Value.Shape != position.Scalar {
					d.wrong(s.Value, join(at, s.Key), "a single value")
					continue
				}
				w.Set = append(w.Set, Setting{Path: s.Key, Text: s.Value.Text})
			}
		default:
			d.fail(e.Position, at, codeUnknown, "unknown key", hint(e.Key, []string{"name", "set"})+"allowed: name, set")
		}
	}
}

func (w WhatIfs) check(r *report) {
	for i, one := range w {
		path := fmt.Sprintf("evaluate.whatif[%d]", i)
		switch {
		case strings.TrimSpace(one.Name) == "":
			r.add(path, codeMissing, "has no name", "say in a few words what is different")
		case len(one.Set) == 0:
			r.add(path, codeMissing, "changes nothing", "write set: {PATH: VALUE}")
		}
		for _, s := range one.Set {
			if err := s.check(); err != nil {
				r.add(path+".set", codeMeaning, strings.TrimPrefix(err.Error(), "scenario: set: "), "")
			}
		}
	}
}

func (w WhatIfs) node() printed {
	n := printed{shape: position.Sequence, tall: true}
	for _, one := range w {
		changes := printed{shape: position.Mapping}
		for _, s := range one.Set {
			changes.entries = append(changes.entries, printedEntry{s.Path, scalar(money(s.Text))})
		}
		n.items = append(n.items, printed{shape: position.Mapping, entries: []printedEntry{{"name", scalar(Quote(one.Name))}, {"set", changes}}})
	}
	return n
}

func (WhatIfs) form() string { return "a list of {name: TEXT, set: {PATH: VALUE}}" }

func (WhatIfs) schema(*schemas) *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	properties.Set("name", &jsonschema.Schema{Type: "string", MinLength: pointer(1)})
	properties.Set("set", &jsonschema.Schema{Type: "object", MinProperties: pointer(1), Examples: []any{map[string]any{"value.actions.grant.bad": -10}}})
	one := &jsonschema.Schema{Type: "object", Properties: properties, AdditionalProperties: jsonschema.FalseSchema, Required: []string{"name", "set"}}
	return &jsonschema.Schema{Type: "array", Items: one}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
