package scenario_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"bespoke/internal/golden"
	"bespoke/internal/position"
	"bespoke/scenario"
)

func TestSchemaIsCurrent(t *testing.T) {
	text, err := scenario.Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "../docs/scenario.schema.json", text)
}

func TestReferenceIsCurrent(t *testing.T) {
	golden.Check(t, "../docs/reference-scenario.md", scenario.Reference())
}

// schema is the part of JSON Schema that ours uses.
type schema struct {
	Type                 any                `json:"type"`
	Pattern              string             `json:"pattern"`
	Enum                 []any              `json:"enum"`
	Minimum              *float64           `json:"minimum"`
	Maximum              *float64           `json:"maximum"`
	ExclusiveMinimum     *float64           `json:"exclusiveMinimum"`
	MinLength            int                `json:"minLength"`
	Properties           map[string]*schema `json:"properties"`
	PropertyNames        *schema            `json:"propertyNames"`
	AdditionalProperties *schema            `json:"additionalProperties"`
	Required             []string           `json:"required"`
	MinProperties        int                `json:"minProperties"`
	MaxProperties        *int               `json:"maxProperties"`
	Items                *schema            `json:"items"`
	MinItems             int                `json:"minItems"`
	MaxItems             *int               `json:"maxItems"`
	AnyOf                []*schema          `json:"anyOf"`
	Description          string             `json:"description"`
	Default              any                `json:"default"`
	Examples             []any              `json:"examples"`
	Schema               string             `json:"$schema"`
	Title                string             `json:"title"`

	never bool
}

// UnmarshalJSON also reads the schemas true and false, and refuses keywords
// that this validator does not know, so that none goes unchecked.
func (s *schema) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "true":
		return nil
	case "false":
		s.never = true
		return nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	type plain schema
	if err := json.Unmarshal(b, (*plain)(s)); err != nil {
		return err
	}
	known := []string{
		"type", "pattern", "enum", "minimum", "maximum", "exclusiveMinimum", "minLength", "properties", "propertyNames", "additionalProperties", "required",
		"minProperties", "maxProperties", "items", "minItems", "maxItems", "anyOf", "description", "default", "examples", "$schema", "title",
	}
	for k := range all {
		if !slices.Contains(known, k) {
			return fmt.Errorf("the validator does not know %q", k)
		}
	}
	return nil
}

// data is what a JSON reader makes of a YAML value.
func data(n *position.Node) any {
	switch n.Shape {
	case position.Mapping:
		out := map[string]any{}
		for _, e := range n.Entries {
			out[e.Key] = data(e.Value)
		}
		return out
	case position.Sequence:
		out := []any{}
		for _, item := range n.Items {
			out = append(out, data(item))
		}
		return out
	case position.Scalar:
		if n.Quoted {
			return n.Text
		}
		if x, err := strconv.ParseFloat(n.Text, 64); err == nil {
			return x
		}
		if n.Text == "true" || n.Text == "false" {
			return n.Text == "true"
		}
		return n.Text
	}
	return nil
}

// accepts says what the schema does not accept in a value, or nothing.
func (s *schema) accepts(path string, v any) error {
	if s.never {
		return fmt.Errorf("%s: not allowed", path)
	}
	if err := s.form(path, v); err != nil {
		return err
	}
	if len(s.AnyOf) > 0 {
		var err error
		for _, one := range s.AnyOf {
			if err = one.accepts(path, v); err == nil {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		return fmt.Errorf("%s: %v is none of %v", path, v, s.Enum)
	}
	switch v := v.(type) {
	case string:
		if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v) || len(v) < s.MinLength {
			return fmt.Errorf("%s: %q is not %s", path, v, s.Pattern)
		}
	case float64:
		if s.Minimum != nil && v < *s.Minimum || s.Maximum != nil && v > *s.Maximum || s.ExclusiveMinimum != nil && v <= *s.ExclusiveMinimum {
			return fmt.Errorf("%s: %v out of range", path, v)
		}
	case []any:
		return s.list(path, v)
	case map[string]any:
		return s.object(path, v)
	}
	return nil
}

func (s *schema) form(path string, v any) error {
	types, _ := s.Type.([]any)
	if one, ok := s.Type.(string); ok {
		types = []any{one}
	}
	if len(types) == 0 {
		return nil
	}
	is := map[string]bool{}
	switch v := v.(type) {
	case nil:
		is["null"] = true
	case string:
		is["string"] = true
	case bool:
		is["boolean"] = true
	case float64:
		is["number"], is["integer"] = true, v == float64(int64(v)) || v > 1e18
	case []any:
		is["array"] = true
	case map[string]any:
		is["object"] = true
	}
	for _, t := range types {
		if name, ok := t.(string); ok && is[name] {
			return nil
		}
	}
	return fmt.Errorf("%s: %v is not of the type %v", path, v, types)
}

func (s *schema) list(path string, v []any) error {
	if len(v) < s.MinItems || s.MaxItems != nil && len(v) > *s.MaxItems {
		return fmt.Errorf("%s: %d items", path, len(v))
	}
	for i, item := range v {
		if s.Items != nil {
			if err := s.Items.accepts(fmt.Sprintf("%s[%d]", path, i), item); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *schema) object(path string, v map[string]any) error {
	if len(v) < s.MinProperties || s.MaxProperties != nil && len(v) > *s.MaxProperties {
		return fmt.Errorf("%s: %d keys", path, len(v))
	}
	for _, k := range s.Required {
		if _, ok := v[k]; !ok {
			return fmt.Errorf("%s: no %s", path, k)
		}
	}
	for k, item := range v {
		if s.PropertyNames != nil {
			if err := s.PropertyNames.accepts(path+"."+k, k); err != nil {
				return err
			}
		}
		one, ok := s.Properties[k]
		if !ok {
			one = s.AdditionalProperties
		}
		if one != nil {
			if err := one.accepts(path+"."+k, item); err != nil {
				return err
			}
		}
	}
	return nil
}

func loadSchema(t *testing.T) *schema {
	t.Helper()
	text, err := scenario.Schema()
	if err != nil {
		t.Fatal(err)
	}
	s := &schema{}
	if err := json.Unmarshal(text, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// An editor must not mark what the program accepts.
func TestSchemaAcceptsGoodFiles(t *testing.T) {
	s := loadSchema(t)
	for _, name := range cases(t, ".good.yaml", 12) {
		for _, end := range []string{".good.yaml", ".good.txt"} {
			src, err := os.ReadFile(name + end)
			if err != nil {
				t.Fatal(err)
			}
			root, problems := position.ParseYAML(name, src)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if err := s.accepts("", data(root)); err != nil {
				t.Errorf("%s%s: %v", name, end, err)
			}
		}
	}
}

// The schema sees every bad file that YAML itself accepts, except where two
// keys must be judged together or a meaning is needed. The list keeps the
// schema from becoming weaker unnoticed.
func TestSchemaRefusesBadFiles(t *testing.T) {
	s := loadSchema(t)
	beyond := map[string]bool{
		"action-called-review": true, "budget-both": true, "budget-negative": false, "one-action": true, "outcomes-differ": true,
		"latency-zero": true, "latency-negative": false, "size-fraction-of-a-byte": true, "volume-zero": false, "seed-too-large": true, "currency-too-long": true, "today-empty": true,
		"source-bad-variable": true, "source-connection-without-query": true, "source-nothing": true, "source-password": true,
		"source-password-parameter": true, "source-path-and-query": true, "source-sheet-of-csv": true, "split-by-target": true,
		"ranking-without-query": true, "ranking-target": false, "test-share-too-large": false, "test-share-over-the-whole": true, "infinite-numbers": false,
	}
	for _, name := range cases(t, ".bad.yaml", 45) {
		src, err := os.ReadFile(name + ".bad.yaml")
		if err != nil {
			t.Fatal(err)
		}
		root, problems := position.ParseYAML(name, src)
		if root == nil || len(problems) > 0 {
			continue
		}
		base := filepath.Base(name)
		err = s.accepts("", data(root))
		if accepted := err == nil; accepted != beyond[base] {
			t.Errorf("%s: accepted by the schema: %v (%v), expected %v", base, accepted, err, beyond[base])
		}
	}
}

// Every key has a description: it is what an editor and the manual show.
func TestEveryKeyIsDescribed(t *testing.T) {
	var walk func(path string, s *schema)
	walk = func(path string, s *schema) {
		for k, p := range s.Properties {
			if len(p.Description) < 8 {
				t.Errorf("%s.%s: description %q", path, k, p.Description)
			}
			walk(path+"."+k, p)
			for _, one := range p.AnyOf {
				walk(path+"."+k, one)
			}
			if p.AdditionalProperties != nil {
				walk(path+"."+k+".*", p.AdditionalProperties)
			}
		}
	}
	s := loadSchema(t)
	if len(s.Properties) < 10 || s.Schema != "https://json-schema.org/draft/2020-12/schema" {
		t.Fatalf("schema %q with %d properties", s.Schema, len(s.Properties))
	}
	walk("", s)
}

// Every example can be read, and its editor's schema agrees.
func TestExamplesAreValid(t *testing.T) {
	files, err := filepath.Glob("../examples/*/scenario.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("found %d examples (%v), at least 3 are needed", len(files), err)
	}
	s := loadSchema(t)
	for _, path := range files {
		f, err := scenario.Load(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if f.Scenario.Name != filepath.Base(f.Dir) {
			t.Errorf("%s: the scenario %q is not called like its folder", path, f.Scenario.Name)
		}
		root, problems := position.ParseYAML(path, f.Text)
		if err := s.accepts("", data(root)); err != nil || len(problems) > 0 {
			t.Errorf("%s: %v %v", path, err, problems)
		}
	}
}
