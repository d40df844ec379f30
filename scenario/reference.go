package scenario

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
)

// Reference is the manual's page on the scenario file, in Markdown: every key
// with its form, default and meaning, the units, and every kind of problem
// that reading can report. It is kept as docs/reference-scenario.md; a test
// says when that file is out of date.
func Reference() []byte {
	var b bytes.Buffer
	b.WriteString(`<!-- Code generated from the comments in scenario/ by go test ./scenario -update. DO NOT EDIT. -->

# The scenario file

A scenario says what a customer needs and what right and wrong answers are worth there. It is one YAML file whose sections are the stages of a run, in order. Only ` + "`scenario`, `data.source` and `data.target`" + ` must be there; without ` + "`value`" + ` no choice by money can be made.

- ` + "`bespoke init FILE`" + ` writes a scenario for a data file.
- ` + "`bespoke check`" + ` reads it and answers the need question.
- ` + "`bespoke render`" + ` prints it with every default filled in.
- ` + "`bespoke schema`" + ` prints the JSON Schema that gives editors completion.

Unknown keys are errors, so that a misspelt one is never silently ignored. Anchors and aliases may be used; tags and merge keys may not.

`)
	p := reference{&b, descriptions()}
	p.top()
	t := reflect.TypeFor[Scenario]()
	for i, key := range keys(t) {
		f := t.Field(i)
		standard := reflect.ValueOf(Default()).Field(i)
		if f.Type.Kind() == reflect.Pointer {
			f.Type, standard = f.Type.Elem(), reflect.Value{}
		}
		if f.Type.Kind() == reflect.Struct {
			fmt.Fprintf(&b, "## %s\n\n%s\n\n", key, p.about["Scenario."+f.Name])
			p.table(key, f.Type, standard)
		}
	}
	b.WriteString(unitsPage)
	b.WriteString("## Problems\n\nEach problem is reported with its file, line and column, and a code. All problems of a file are reported at once.\n\n| code | meaning |\n|---|---|\n")
	for _, c := range Codes() {
		fmt.Fprintf(&b, "| %s | %s |\n", c.Name, cell(c.Meaning))
	}
	return b.Bytes()
}

const unitsPage = `## Units

| form | examples | allowed |
|---|---|---|
| rate | ` + "`2000 / month`, `12000 / year`" + ` | an amount per hour, day, week, month or year |
| share | ` + "`20%`, `0.2`" + ` | from 0% to 100% |
| duration | ` + "`5ms`, `10m`, `1h30m`" + ` | us, ms, s, m (minutes), h |
| span | ` + "`36 months`, `3 years`" + ` | a number of months or years |
| parameter | ` + "`0.12`, `45%`, `200 EUR`, `{beta: [6, 14]}`, `{normal: [12, 2]}`, `{uniform: [0, 1], points: {0: 55%, 1: 10%}}`" + ` | a number, with a unit where that helps, or what is known about an uncertain one |
| size | ` + "`20MB`, `1GiB`" + ` | B, kB, MB, GB, TB (powers of 1000); KiB, MiB, GiB, TiB (powers of 1024) |
| number | ` + "`12000`, `0.5`, `1e6`" + ` | decimal, without separators between thousands |
| money | ` + "`-5`, `0.12 * credit_amount`, `'age < 25 ? 10 : 20'`" + ` | a number, or an expression over columns; one that holds ` + "`: `" + ` needs quotes |

`

// reference writes the page.
type reference struct {
	b     *bytes.Buffer
	about map[string]string
}

const tableHead = "| key | form | default | meaning |\n|---|---|---|---|\n"

// top writes the keys that are no sections.
func (p reference) top() {
	p.b.WriteString(tableHead)
	t, standard := reflect.TypeFor[Scenario](), reflect.ValueOf(Default())
	for i := range keys(t) {
		if f := t.Field(i); f.Type.Kind() != reflect.Struct && f.Type.Kind() != reflect.Pointer {
			p.row("", t, i, standard)
		}
	}
	p.b.WriteString("\n")
}

// table writes the keys of a section and, below, of what is inside it.
func (p reference) table(path string, t reflect.Type, standard reflect.Value) {
	p.b.WriteString(tableHead)
	p.rows(path, t, standard)
	p.b.WriteString("\n")
}

func (p reference) rows(path string, t reflect.Type, standard reflect.Value) {
	for i, key := range keys(t) {
		p.row(path, t, i, standard)
		f, below := t.Field(i).Type, join(path, key)
		if f.Kind() == reflect.Map {
			below += ".NAME"
		}
		if f.Kind() == reflect.Pointer || f.Kind() == reflect.Map {
			f = f.Elem()
		}
		if _, own := reflect.Zero(f).Interface().(formed); own || f.Kind() != reflect.Struct || f == reflect.TypeFor[Rate]() {
			continue
		}
		inside := reflect.Value{}
		if standard.IsValid() && t.Field(i).Type.Kind() == reflect.Struct {
			inside = standard.Field(i)
		}
		p.rows(below, f, inside)
	}
}

func (p reference) row(path string, t reflect.Type, i int, standard reflect.Value) {
	f, r := t.Field(i), ruleOf(t.Field(i))
	byDefault := ""
	switch {
	case r.required:
		byDefault = "required"
	case f.Type == reflect.TypeFor[SplitBy]():
		byDefault = "`random`"
	case standard.IsValid() && !standard.Field(i).IsZero() && f.Type.Kind() != reflect.Struct:
		n, _ := node(standard.Field(i), rule{})
		byDefault = "`" + n.short() + "`"
	}
	fmt.Fprintf(p.b, "| `%s` | %s | %s | %s |\n", join(path, keys(t)[i]), cell(form(f.Type, r)), byDefault, cell(p.about[t.Name()+"."+f.Name]))
}

// form says how a value is written.
func form(t reflect.Type, r rule) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if own, ok := reflect.Zero(t).Interface().(formed); ok {
		return own.form()
	}
	text := ""
	switch t {
	case reflect.TypeFor[Rate]():
		text = "rate"
	case reflect.TypeFor[Percent]():
		text = "share"
	case reflect.TypeFor[Duration]():
		text = "duration"
	case reflect.TypeFor[Size]():
		text = "size"
	case reflect.TypeFor[Source]():
		text = "text, or a mapping"
	case reflect.TypeFor[SplitBy]():
		text = "`random` or a mapping"
	case reflect.TypeFor[Span]():
		text = "span"
	case reflect.TypeFor[[2]float64]():
		text = "two numbers"
	}
	if text == "" {
		text = kindForm(t)
	}
	return text + bounds(t, r)
}

func kindForm(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Int, reflect.Uint64:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Slice {
			return "a list of lists of texts"
		}
		return "a list of texts"
	case reflect.Map:
		return "a mapping from names to " + map[bool]string{true: "numbers", false: "mappings"}[t.Elem().Kind() == reflect.Float64]
	}
	return "a mapping"
}

// bounds says what a rule allows.
func bounds(t reflect.Type, r rule) string {
	zero := reflect.Zero(t)
	switch {
	case len(r.one) > 0:
		return ": `" + strings.Join(r.one, "`, `") + "`"
	case r.min != nil && r.max != nil:
		return fmt.Sprintf(" from %s to %s", like(zero, *r.min), like(zero, *r.max))
	case r.above != nil && r.max != nil:
		return fmt.Sprintf(" above %s, at most %s", like(zero, *r.above), like(zero, *r.max))
	case r.min != nil && t.Kind() != reflect.Array:
		return fmt.Sprintf(", %s or more", like(zero, *r.min))
	case r.above != nil:
		return " above " + like(zero, *r.above)
	}
	return ""
}

// cell makes a text fit into a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n", " "), "|", `\|`)
}
