package scenario

import (
	"embed"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// sources are the files whose doc comments describe the keys. They are part of
// the program, so that a description is written once and is never out of date.
//
//go:embed scenario.go need.go data.go value.go param.go capacity.go whatif.go design.go evaluate.go units.go
var sources embed.FS

// descriptions maps "Type.Field" and "Type" to their doc comments, as
// sentences without the Go name.
func descriptions() map[string]string {
	out := map[string]string{}
	files, err := sources.ReadDir(".")
	if err != nil { // an embedded folder is always there
		return out
	}
	for _, entry := range files {
		src, err := sources.ReadFile(entry.Name())
		if err != nil {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				describe(out, g)
			}
		}
	}
	return out
}

func describe(out map[string]string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		t, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		out[t.Name.Name] = sentence(t.Name.Name, g.Doc.Text())
		s, ok := t.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, f := range s.Fields.List {
			for _, n := range f.Names {
				out[t.Name.Name+"."+n.Name] = sentence(n.Name, f.Doc.Text())
			}
		}
	}
}

// sentence turns a Go doc comment into a sentence for users of the file.
func sentence(name, doc string) string {
	doc = strings.Join(strings.Fields(doc), " ")
	doc = strings.TrimPrefix(doc, name+" ")
	for _, verb := range []string{"is ", "are "} {
		doc = strings.TrimPrefix(doc, verb)
	}
	doc = strings.ReplaceAll(doc, "Value.Params", "value.params")
	if doc == "" {
		return ""
	}
	return strings.ToUpper(doc[:1]) + doc[1:]
}

// Schema is the JSON Schema (draft 2020-12) of scenario files, for editors:
// every key with its description, default and allowed values. It accepts at
// least every file that Parse accepts as far as forms are concerned; what
// needs more than one key to judge is left to Parse.
func Schema() ([]byte, error) {
	s := &schemas{about: descriptions()}
	root := s.of(reflect.TypeFor[Scenario](), reflect.ValueOf(Default()))
	root.Version = jsonschema.Version
	root.Title = "Bespoke scenario"
	root.Description = "A scenario says what a customer needs and what right and wrong answers are worth there."
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("scenario: schema: %w", err)
	}
	return append(text, '\n'), nil
}

// schemas makes the schema of each type.
type schemas struct{ about map[string]string }

// of is the schema of a struct with the descriptions, defaults and rules of
// its fields.
func (s *schemas) of(t reflect.Type, defaults reflect.Value) *jsonschema.Schema {
	r := &jsonschema.Reflector{
		Anonymous: true, DoNotReference: true, FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true,
		Mapper: func(inner reflect.Type) *jsonschema.Schema {
			if inner == t {
				return nil
			}
			return s.special(inner)
		},
	}
	out := r.ReflectFromType(t)
	out.Version = ""
	out.Required = nil
	if t == reflect.TypeFor[Value]() {
		out.AnyOf = []*jsonschema.Schema{{Required: []string{"actions"}}, {Required: []string{"file"}}}
	}
	if t == reflect.TypeFor[Review]() {
		out.Required = []string{"accuracy"}
	}
	for i, key := range keys(t) {
		f := t.Field(i)
		var standard reflect.Value
		if defaults.IsValid() {
			standard = defaults.Field(i)
		}
		p := s.property(f, standard)
		if p == nil {
			p, _ = out.Properties.Get(key)
		}
		p.Description = s.about[t.Name()+"."+f.Name]
		s.constrain(p, f, standard)
		out.Properties.Set(key, p)
		if ruleOf(f).required || f.Type.Kind() == reflect.Struct && len(p.Required) > 0 {
			out.Required = append(out.Required, key)
		}
	}
	return out
}

// property is the schema of a field that is a struct of ours; nil for others.
func (s *schemas) property(f reflect.StructField, standard reflect.Value) *jsonschema.Schema {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t, standard = t.Elem(), reflect.Value{}
	}
	if special := s.special(t); special != nil || t.Kind() != reflect.Struct {
		return special
	}
	out := s.of(t, standard)
	if len(out.Required) == 0 && f.Type.Kind() == reflect.Struct { // an empty section keeps its defaults
		out.Type, out.Extras = "", map[string]any{"type": []string{"object", "null"}}
	}
	return out
}

// constrain adds a field's default and rule.
func (s *schemas) constrain(p *jsonschema.Schema, f reflect.StructField, standard reflect.Value) {
	r := ruleOf(f)
	_, unit := reflect.Zero(f.Type).Interface().(fmt.Stringer)
	if standard.IsValid() && !r.required && f.Type.Kind() != reflect.Struct && (!standard.IsZero() || !r.optional) {
		p.Default = standard.Interface()
	}
	if f.Type == reflect.TypeFor[SplitBy]() {
		p.Default = "random"
	}
	for _, one := range r.one {
		p.Enum = append(p.Enum, one)
	}
	p.Pattern += r.pattern
	if r.any && f.Type.Kind() == reflect.String {
		*p = *anyText(p)
	}
	if unit || f.Type.Kind() == reflect.Array {
		return // the bounds are those of the number in the text
	}
	p.Minimum, p.Maximum, p.ExclusiveMinimum = numeral(r.min), numeral(r.max), numeral(r.above)
	if f.Type.Kind() == reflect.Uint64 {
		p.Minimum = "0"
	}
}

func numeral(x *float64) json.Number {
	if x == nil {
		return ""
	}
	return json.Number(formatNumber(*x))
}

// anyText is a text for which a number or a truth value may stand.
func anyText(p *jsonschema.Schema, more ...string) *jsonschema.Schema {
	out := &jsonschema.Schema{Description: p.Description, Default: p.Default, AnyOf: []*jsonschema.Schema{{Type: "string", MinLength: pointer(1)}}}
	for _, t := range append([]string{"number", "boolean"}, more...) {
		out.AnyOf = append(out.AnyOf, &jsonschema.Schema{Type: t})
	}
	return out
}

func pointer(x uint64) *uint64 { return &x }

// number and text of the forms with units.
const (
	amountForm   = `[+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?`
	rateForm     = `^\s*` + amountForm + `\s*/\s*(hour|day|week|month|year)\s*$`
	percentForm  = `^\s*` + amountForm + `\s*%?\s*$`
	durationForm = `^\s*\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+\s*$`
	sizeForm     = `^\s*[0-9]+(\.[0-9]+)?\s*(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)\s*$`
	spanForm     = `^\s*[0-9]+(\.[0-9]+)?\s*(months?|years?)\s*$`
	splitForm    = `^(random|(time|group)\s*:\s*\S.*)$`
)

// special is the schema of a type with a form of its own; nil for others.
func (s *schemas) special(t reflect.Type) *jsonschema.Schema {
	words := func(form string, examples ...any) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: form, Examples: examples}
	}
	either := func(forms ...*jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{AnyOf: forms}
	}
	if own, ok := reflect.Zero(t).Interface().(formed); ok && t.Kind() != reflect.Pointer {
		return own.schema(s)
	}
	switch t {
	case reflect.TypeFor[Rate]():
		return words(rateForm, "2000 / month")
	case reflect.TypeFor[Percent]():
		share := &jsonschema.Schema{Type: "number", Minimum: "0", Maximum: "1"}
		return either(words(percentForm, "20%"), share)
	case reflect.TypeFor[Duration]():
		return words(durationForm, "5ms", "10m")
	case reflect.TypeFor[Size]():
		return words(sizeForm, "20MB")
	case reflect.TypeFor[[2]float64]():
		number := &jsonschema.Schema{Type: "number", Minimum: "0"}
		return &jsonschema.Schema{Type: "array", Items: number, MinItems: pointer(2), MaxItems: pointer(2)}
	case reflect.TypeFor[[]string]():
		return &jsonschema.Schema{Type: "array", Items: anyText(&jsonschema.Schema{}, "null")}
	case reflect.TypeFor[Source]():
		return either(&jsonschema.Schema{Type: "string", MinLength: pointer(1)}, s.of(t, reflect.Value{}))
	case reflect.TypeFor[SplitBy]():
		mapping := s.of(t, reflect.Value{})
		mapping.MinProperties, mapping.MaxProperties = pointer(1), pointer(1)
		return either(words(splitForm, "random"), mapping)
	case reflect.TypeFor[Span]():
		return words(spanForm, "36 months", "3 years")
	case reflect.TypeFor[map[string]Param]():
		return &jsonschema.Schema{Type: "object", PropertyNames: &jsonschema.Schema{Pattern: wordForm}, AdditionalProperties: Param{}.schema(s)}
	case reflect.TypeFor[map[string]Column]():
		return &jsonschema.Schema{Type: "object", AdditionalProperties: s.of(reflect.TypeFor[Column](), reflect.Value{})}
	}
	return nil
}

func (Actions) schema(s *schemas) *jsonschema.Schema {
	money := func() *jsonschema.Schema {
		return &jsonschema.Schema{Description: s.about["Payoff.Money"], AnyOf: []*jsonschema.Schema{{Type: "number"}, {Type: "string", MinLength: pointer(1)}}}
	}
	perOutcome := &jsonschema.Schema{Type: "object", MinProperties: pointer(1), AdditionalProperties: money(), Description: "The money per outcome."}
	return &jsonschema.Schema{
		Type: "object", MinProperties: pointer(1),
		PropertyNames:        &jsonschema.Schema{Pattern: actionForm},
		AdditionalProperties: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{money(), perOutcome}},
	}
}
