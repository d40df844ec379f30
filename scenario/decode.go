package scenario

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"bespoke/internal/near"
	"bespoke/internal/position"
)

// decoder fills the structs from a file and collects every problem on the way.
type decoder struct {
	problems position.List
	// given are the paths of the keys that the file holds.
	given map[string]bool
	// failed are the paths that have a problem already.
	failed map[string]bool
}

// reader is met by types with a form of their own.
type reader interface {
	read(d *decoder, n *position.Node, path string)
}

// value is what a pointer points to.
func value(pointer any) reflect.Value { return reflect.ValueOf(pointer).Elem() }

func (d *decoder) fail(at position.Position, path, code, msg, note string) {
	d.failed[path] = true
	d.problems = append(d.problems, &position.Error{Position: at, Code: code, Path: path, Msg: msg, Note: note})
}

// wrong reports a value of the wrong form.
func (d *decoder) wrong(n *position.Node, path, needed string) {
	switch n.Shape {
	case position.Refused: // reported already
		d.failed[path] = true
	case position.Null:
		d.fail(n.Position, path, codeEmpty, "has no value", "write "+needed)
	default:
		d.fail(n.Position, path, codeType, fmt.Sprintf("found %s instead of %s", found(n), needed), "")
	}
}

// silent says that a path, or something around it, has a problem already.
func (d *decoder) silent(path string) bool {
	for p := path; p != ""; {
		if d.failed[p] {
			return true
		}
		p = p[:max(strings.LastIndexAny(p, ".["), 0)]
	}
	return d.failed[""]
}

// decode fills one value.
func (d *decoder) decode(n *position.Node, path string, v reflect.Value, r rule) {
	switch target := v.Addr().Interface().(type) {
	case reader:
		target.read(d, n, path)
		return
	case encoding.TextUnmarshaler:
		d.unit(n, path, target)
		return
	case *string:
		d.text(n, path, target, r)
		return
	case *float64:
		d.number(n, path, target)
		return
	case *int:
		d.integer(n, path, func(text string) (err error) { *target, err = strconv.Atoi(text); return err })
		return
	case *uint64:
		d.integer(n, path, func(text string) (err error) { *target, err = strconv.ParseUint(text, 10, 64); return err })
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if n.Shape != position.Mapping {
			d.wrong(n, path, "a mapping")
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, path, v.Elem(), r)
	case reflect.Struct:
		d.structure(n, path, v)
	case reflect.Map:
		d.entries(n, path, v)
	case reflect.Slice, reflect.Array:
		d.list(n, path, v, r)
	default: // a field of a type that no rule is written for
		d.fail(n.Position, path, codeType, "cannot be set", "")
	}
}

// structure fills a struct from a mapping. A section without a value keeps its
// defaults.
func (d *decoder) structure(n *position.Node, path string, v reflect.Value) {
	if n.Shape == position.Null {
		return
	}
	if n.Shape != position.Mapping {
		d.wrong(n, path, "a mapping with "+strings.Join(keys(v.Type()), ", "))
		return
	}
	known := keys(v.Type())
	for _, e := range n.Entries {
		at := join(path, e.Key)
		i := slices.Index(known, e.Key)
		if i < 0 {
			d.unknown(e, path, known, n)
			continue
		}
		d.given[at] = true
		f := v.Type().Field(i)
		if e.Value.Shape == position.Null && f.Type.Kind() != reflect.Struct {
			note := "remove the key to leave it out"
			if ruleOf(f).required {
				note = missingNote(at)
			}
			d.fail(e.Value.Position, at, codeEmpty, "has no value", note)
			continue
		}
		d.decode(e.Value, at, v.Field(i), ruleOf(f))
	}
}

// unknown reports a key that is not known here. When it is a misspelling of a
// key that is not given, that key does not count as missing.
func (d *decoder) unknown(e position.Entry, path string, known []string, n *position.Node) {
	at := join(path, e.Key)
	note := hint(e.Key, known)
	if meant, ok := near.Name(e.Key, known); ok {
		if _, there := n.Entry(meant); !there {
			d.failed[join(path, meant)] = true
		}
	} else if thousands.MatchString(e.Key) {
		note = "a comma ends the value before it: write numbers without separators; "
	} else if home := homes(reflect.TypeFor[Scenario](), "", e.Key); len(home) > 0 {
		note = fmt.Sprintf("there is a key %s; ", strings.Join(home, " and "))
		for _, h := range home {
			d.failed[h] = true
		}
	}
	d.fail(e.Position, at, codeUnknown, "unknown key", note+"allowed: "+strings.Join(known, ", "))
}

// thousands finds the rest of a number such as 12,000 in braces.
var thousands = regexp.MustCompile(`^[0-9]{3}\b`)

// homes finds the paths of a key in other sections.
func homes(t reflect.Type, path, key string) []string {
	var out []string
	for i, k := range keys(t) {
		at, f := join(path, k), t.Field(i).Type
		if k == key && path != "" {
			out = append(out, at)
		}
		if f.Kind() == reflect.Pointer {
			f = f.Elem()
		}
		if f.Kind() == reflect.Struct && !reflect.PointerTo(f).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			out = append(out, homes(f, at, key)...)
		}
	}
	return out
}

// entries fills a map from a mapping with free keys.
func (d *decoder) entries(n *position.Node, path string, v reflect.Value) {
	if n.Shape != position.Mapping {
		d.wrong(n, path, "a mapping from names to values")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range n.Entries {
		at := join(path, e.Key)
		d.given[at] = true
		one := reflect.New(v.Type().Elem()).Elem()
		if e.Value.Shape == position.Null || one.Kind() == reflect.Struct && e.Value.Shape != position.Mapping {
			d.wrong(e.Value, at, example(one.Type()))
			continue
		}
		d.decode(e.Value, at, one, rule{})
		v.SetMapIndex(reflect.ValueOf(e.Key), one)
	}
}

// example says what a free key's value looks like.
func example(t reflect.Type) string {
	if t.Kind() == reflect.Struct {
		return "a mapping with " + strings.Join(keys(t), ", ")
	}
	return "a number"
}

// list fills a slice or an array from a list.
func (d *decoder) list(n *position.Node, path string, v reflect.Value, r rule) {
	fixed := v.Kind() == reflect.Array
	switch {
	case n.Shape != position.Sequence:
		d.wrong(n, path, "a list such as [a, b]")
		return
	case fixed && len(n.Items) != v.Len():
		d.fail(n.Position, path, codeType, fmt.Sprintf("found %d values, %d are needed", len(n.Items), v.Len()), "")
		return
	case !fixed:
		v.Set(reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items)))
	}
	for i, item := range n.Items {
		d.decode(item, fmt.Sprintf("%s[%d]", path, i), v.Index(i), r)
	}
}

// text fills a text. What YAML takes for a number or a truth value is a text
// only where any word may stand, such as an outcome.
func (d *decoder) text(n *position.Node, path string, to *string, r rule) {
	switch {
	case n.Shape == position.Null && r.null && n.Text != "":
		*to = n.Text
	case n.Shape != position.Scalar:
		d.wrong(n, path, "a text")
	case !n.Quoted && !r.any && (numberPattern.MatchString(n.Text) || truthPattern.MatchString(n.Text)):
		d.fail(n.Position, path, codeType, fmt.Sprintf("found %s instead of a text", found(n)), fmt.Sprintf("write '%s' if the text is meant", n.Text))
	case strings.TrimSpace(n.Text) == "":
		d.fail(n.Position, path, codeEmpty, "is empty", "write a text, or remove it")
	case n.Block: // its last line end belongs to the form, not to the text
		*to = strings.TrimRight(n.Text, "\n")
	default:
		*to = n.Text
	}
}

func (d *decoder) number(n *position.Node, path string, to *float64) {
	if n.Shape != position.Scalar {
		d.wrong(n, path, "a number")
		return
	}
	x, err := strconv.ParseFloat(n.Text, 64)
	digits, sign := strings.CutSuffix(n.Text, "%")
	switch {
	case n.Quoted && numberPattern.MatchString(n.Text):
		d.fail(n.Position, path, codeType, fmt.Sprintf("found the text %q instead of a number", n.Text), "remove the quotes")
	case sign && numberPattern.MatchString(digits):
		d.fail(n.Position, path, codeNumber, fmt.Sprintf("found %s instead of a number", n.Text), "write "+formatNumber(percent(digits)))
	case !numberPattern.MatchString(n.Text):
		d.fail(n.Position, path, codeNumber, fmt.Sprintf("found %s instead of a number", found(n)), "write digits, a point and an exponent only, such as 12000, 0.5 or 1e6")
	case err != nil:
		d.fail(n.Position, path, codeNumber, fmt.Sprintf("%s is too large", n.Text), "")
	default:
		*to = x
	}
}

// integer fills a whole number through set, which fails when it is out of the
// type's range.
func (d *decoder) integer(n *position.Node, path string, set func(text string) error) {
	text := strings.TrimPrefix(n.Text, "+")
	digits := strings.TrimPrefix(text, "-")
	switch {
	case n.Shape != position.Scalar:
		d.wrong(n, path, "a whole number")
	case n.Quoted || digits == "" || strings.Trim(digits, "0123456789") != "":
		d.fail(n.Position, path, codeNumber, fmt.Sprintf("found %s instead of a whole number", found(n)), "write digits only, without quotes")
	case set(text) != nil:
		d.fail(n.Position, path, codeRange, fmt.Sprintf("%s is out of range", text), "")
	}
}

// unit fills a value that is written as a text with a unit.
func (d *decoder) unit(n *position.Node, path string, to encoding.TextUnmarshaler) {
	if n.Shape != position.Scalar || strings.TrimSpace(n.Text) == "" {
		d.wrong(n, path, "a number with its unit")
		return
	}
	var u *unitError
	if err := to.UnmarshalText([]byte(n.Text)); errors.As(err, &u) {
		d.fail(n.Position, path, u.code, u.msg, u.note)
	}
}

// found describes a value for a message.
func found(n *position.Node) string {
	text := n.Text
	if r := []rune(text); len(r) > 40 {
		text = string(r[:40]) + "…"
	}
	switch {
	case n.Shape == position.Null:
		return "nothing"
	case n.Shape == position.Mapping:
		return "a mapping"
	case n.Shape == position.Sequence:
		return "a list"
	case n.Quoted:
		return fmt.Sprintf("the text %q", text)
	case numberPattern.MatchString(text):
		return "the number " + text
	case truthPattern.MatchString(text):
		return "the truth value " + text
	}
	return fmt.Sprintf("the text %q", text)
}

// hint offers the nearest known name, followed by a space, or nothing.
func hint(written string, known []string) string {
	if n, ok := near.Name(written, known); ok {
		return fmt.Sprintf("did you mean %q? ", n)
	}
	return ""
}

// keys lists a struct's YAML keys by field index.
func keys(t reflect.Type) []string {
	out := make([]string, t.NumField())
	for i := range out {
		out[i], _, _ = strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// rule is what a field's tag of that name allows. The tag holds words with
// spaces between: required (there is no default), any (numbers and truth
// values count as texts), null (so does the word null), name or currency (the
// pattern), one=a|b|c, min=x, max=x and above=x (of the value in its base
// unit, of a rate its amount). A
// field whose yaml tag says omitempty may be left out; zero is then not
// checked.
type rule struct {
	required, any, null, optional bool
	pattern                       string
	one                           []string
	min, max, above               *float64
}

func ruleOf(f reflect.StructField) rule {
	_, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	r := rule{optional: options == "omitempty"}
	for _, word := range strings.Fields(f.Tag.Get("rule")) {
		name, argument, _ := strings.Cut(word, "=")
		x, err := strconv.ParseFloat(argument, 64)
		switch {
		case name == "required":
			r.required = true
		case name == "any":
			r.any = true
		case name == "null":
			r.null = true
		case name == "name":
			r.pattern = nameForm
		case name == "currency":
			r.pattern = currencyForm
		case name == "one":
			r.one = strings.Split(argument, "|")
		case name == "min" && err == nil:
			r.min = &x
		case name == "max" && err == nil:
			r.max = &x
		case name == "above" && err == nil:
			r.above = &x
		}
	}
	return r
}

// rules checks every field of the scenario against its rule.
func (r *report) rules(s Scenario) { r.fields("", reflect.ValueOf(s)) }

func (r *report) fields(path string, v reflect.Value) {
	for i, key := range keys(v.Type()) {
		at, f, one := join(path, key), v.Field(i), ruleOf(v.Type().Field(i))
		switch {
		case one.required && f.IsZero() && !r.has(at) && (r.given != nil || !f.CanFloat()):
			r.add(at, codeMissing, "is missing", missingNote(at))
		case f.IsZero() && one.optional && !r.has(at):
		default:
			r.field(at, f, one)
		}
	}
}

func missingNote(path string) string {
	switch path {
	case "scenario":
		return "give the scenario a short name"
	case "data.source":
		return "name a file, a glob or a query"
	case "data.target":
		return "name the column to predict"
	case "value.actions":
		return "name the possible decisions, such as grant: {good: 1, bad: -5}"
	}
	return "it has no default"
}

// field checks one value and what is below it.
func (r *report) field(at string, f reflect.Value, one rule) {
	if f.Kind() == reflect.Pointer && !f.IsNil() {
		f = f.Elem()
	}
	if x, ok := amount(f); ok {
		r.bounds(at, x, f, one)
		return
	}
	switch f.Kind() {
	case reflect.Struct:
		r.fields(at, f)
	case reflect.String:
		r.word(at, f.String(), one)
	case reflect.Array:
		for i := range f.Len() {
			r.field(fmt.Sprintf("%s[%d]", at, i), f.Index(i), one)
		}
	case reflect.Slice:
		if f.Type().Elem().Kind() != reflect.String {
			return // actions have checks of their own
		}
		for i := range f.Len() {
			r.field(fmt.Sprintf("%s[%d]", at, i), f.Index(i), rule{})
		}
	case reflect.Map:
		entries := mapOf(f)
		for _, k := range slices.Sorted(maps.Keys(entries)) {
			r.word(at, k, rule{})
			r.field(join(at, k), entries[k], rule{})
		}
	}
}

// amount is a value as a number in its base unit.
func amount(f reflect.Value) (float64, bool) {
	switch x := f.Interface().(type) {
	case Rate:
		return x.Amount, true
	case Percent:
		return float64(x), true
	case Duration:
		return float64(x), true
	case Size:
		return float64(x), true
	case float64:
		return x, true
	case int:
		return float64(x), true
	}
	return 0, false
}

func (r *report) bounds(at string, x float64, f reflect.Value, one rule) {
	if rate, ok := f.Interface().(Rate); ok && !slices.Contains(periods, rate.Per) {
		r.add(at, codeRate, fmt.Sprintf("%q is not a period", rate.Per), hint(rate.Per, periods)+"allowed: "+strings.Join(periods, ", "))
		return
	}
	var allowed string
	switch {
	case one.min != nil && one.max != nil:
		allowed = fmt.Sprintf("must be from %v to %v", like(f, *one.min), like(f, *one.max))
	case one.above != nil && one.max != nil:
		allowed = fmt.Sprintf("must be above %v and at most %v", like(f, *one.above), like(f, *one.max))
	case one.min != nil:
		allowed = fmt.Sprintf("must be %v or more", like(f, *one.min))
	case one.above != nil:
		allowed = fmt.Sprintf("must be above %v", like(f, *one.above))
	}
	out := one.min != nil && !(x >= *one.min) || one.max != nil && !(x <= *one.max) || one.above != nil && !(x > *one.above)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		out, allowed = true, "must be a finite number"
	}
	if out {
		r.add(at, codeRange, fmt.Sprintf("%s, got %v", allowed, f.Interface()), "")
	}
}

// like writes a bound in the form of the value.
func like(f reflect.Value, x float64) string {
	switch f.Interface().(type) {
	case Percent:
		return Percent(x).String()
	case Duration, Size:
		return formatNumber(x)
	}
	return formatNumber(x)
}

func (r *report) word(at, text string, one rule) {
	switch {
	case strings.TrimSpace(text) == "" && text != "":
		r.add(at, codeEmpty, "holds only spaces", "write a text, or remove it")
	case !utf8.ValidString(text):
		r.add(at, codeName, fmt.Sprintf("%q is not text in UTF-8", text), "")
	case len(one.one) > 0 && !slices.Contains(one.one, text):
		r.add(at, codeChoice, fmt.Sprintf("%q is not known here", text), hint(text, one.one)+"allowed: "+strings.Join(one.one, ", "))
	case one.pattern == nameForm && !namePattern.MatchString(text):
		r.add(at, codeName, fmt.Sprintf("%q cannot be a name", text), "use letters, digits, - and _, at most 64")
	case one.pattern == currencyForm && !currencyPattern.MatchString(text):
		r.add(at, codeName, fmt.Sprintf("%q cannot be a currency", text), "write a short word such as EUR")
	}
}
