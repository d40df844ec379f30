package scenario

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

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
	// meant are the paths of keys that stand elsewhere or misspelt, and so are
	// not missing.
	meant map[string]bool
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

// silent says that a path, or something around it, has a problem already, or
// that a missing key stands somewhere else.
func (d *decoder) silent(path, code string) bool {
	for p := path; p != ""; {
		if d.failed[p] || code == codeMissing && d.meant[p] {
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
			d.unknown(e, path, known)
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

// unknown reports a key that is not known here. The key that it probably means
// does not count as missing.
func (d *decoder) unknown(e position.Entry, path string, known []string) {
	at := join(path, e.Key)
	note := hint(e.Key, known)
	if meant, ok := near.Name(e.Key, known); ok {
		d.meant[join(path, meant)] = true
	} else if thousands.MatchString(e.Key) {
		note = "a comma ends the value before it: write numbers without separators; "
	} else if home := homes(reflect.TypeFor[Scenario](), "", e.Key); len(home) > 0 {
		note = fmt.Sprintf("there is a key %s; ", strings.Join(home, " and "))
		for _, h := range home {
			d.meant[h] = true
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
		_, own := one.Addr().Interface().(reader)
		if e.Value.Shape == position.Null || one.Kind() == reflect.Struct && !own && e.Value.Shape != position.Mapping {
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
