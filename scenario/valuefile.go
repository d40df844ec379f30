package scenario

import (
	"github.com/invopop/jsonschema"

	"bespoke/internal/position"
)

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
		return scalar(quote(v.Path))
	}
	return printed{shape: position.Mapping, entries: []printedEntry{{"path", scalar(quote(v.Path))}, {"key", scalar(quote(v.Key))}}}
}

func (ValueFile) form() string { return "text, or a mapping with path and key" }

func (ValueFile) schema(s *schemas) *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	properties.Set("path", &jsonschema.Schema{Type: "string", MinLength: pointer(1), Description: s.about["ValueFile.Path"]})
	properties.Set("key", &jsonschema.Schema{Type: "string", MinLength: pointer(1), Description: s.about["ValueFile.Key"]})
	mapping := &jsonschema.Schema{Type: "object", Properties: properties, AdditionalProperties: jsonschema.FalseSchema, Required: []string{"path"}}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", MinLength: pointer(1)}, mapping}}
}
