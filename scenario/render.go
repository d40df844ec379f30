package scenario

import (
	"bytes"
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"bespoke/internal/position"
)

// Render prints a scenario as a file with every default filled in: the
// sections in the order in which they run, each with a comment, and the keys
// that are not set named in a comment. Parse of the result gives an equal
// scenario. A scenario that Validate refuses is refused here too.
func Render(s Scenario) ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("scenario: rendering: %w", err)
	}
	about := descriptions()
	var b bytes.Buffer
	p := printer{&b}
	v := reflect.ValueOf(s)
	for i, key := range keys(v.Type()) {
		f := v.Type().Field(i)
		n, given := node(v.Field(i), ruleOf(f))
		section := f.Type.Kind() == reflect.Struct || f.Type.Kind() == reflect.Pointer
		if section || key == "seed" {
			b.WriteByte('\n')
			p.comment("", about["Scenario."+f.Name])
		}
		switch {
		case given && section:
			p.section(key, n, unset(v.Field(i), n))
		case given:
			p.entry("", key, n)
		case section:
			p.comment("", key+": not set")
		}
	}
	if b.Len() > position.MaxBytes {
		return nil, fmt.Errorf("scenario: rendering: %d bytes; a scenario file has at most %d", b.Len(), position.MaxBytes)
	}
	return b.Bytes(), nil
}

// unset names the keys of a section that are left out, so that the printed
// file shows what can be said.
func unset(v reflect.Value, n printed) string {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	var left []string
	for _, k := range keys(v.Type()) {
		if !slices.ContainsFunc(n.entries, func(e printedEntry) bool { return e.key == k }) {
			left = append(left, k)
		}
	}
	if len(left) == 0 {
		return ""
	}
	return "not set: " + strings.Join(left, ", ")
}

// printed is a value in the form in which it is written.
type printed struct {
	text    string // of a scalar
	entries []printedEntry
	items   []printed
	shape   position.Shape
	tall    bool // each entry has a line of its own
}

type printedEntry struct {
	key   string
	value printed
}

func scalar(text string) printed { return printed{text: text, shape: position.Scalar} }

// node brings a value into its written form; given is false when it is left
// out.
func node(v reflect.Value, r rule) (n printed, given bool) {
	empty := v.IsZero() || (v.Kind() == reflect.Map || v.Kind() == reflect.Slice) && v.Len() == 0
	if r.optional && empty {
		return printed{}, false
	}
	switch x := v.Interface().(type) {
	case Source:
		if x == (Source{Path: x.Path}) {
			return scalar(Quote(x.Path)), true
		}
	case SplitBy:
		if x == (SplitBy{}) {
			return scalar("random"), true
		}
	case formed:
		return x.node(), true
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		return scalar(string(text)), err == nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		return node(v.Elem(), r)
	case reflect.Struct:
		n.shape = position.Mapping
		for i, key := range keys(v.Type()) {
			if child, ok := node(v.Field(i), ruleOf(v.Type().Field(i))); ok {
				n.entries = append(n.entries, printedEntry{key, child})
			}
		}
	case reflect.Map:
		n.shape, n.tall = position.Mapping, true
		for _, key := range slices.SortedFunc(maps.Keys(mapOf(v)), strings.Compare) {
			child, _ := node(mapOf(v)[key], rule{})
			n.entries = append(n.entries, printedEntry{key, child})
		}
	case reflect.Slice, reflect.Array:
		n.shape = position.Sequence
		for i := range v.Len() {
			child, _ := node(v.Index(i), rule{})
			n.items = append(n.items, child)
		}
	case reflect.String:
		return scalar(Quote(v.String())), true
	case reflect.Float64:
		return scalar(formatNumber(v.Float())), true
	case reflect.Int:
		return scalar(strconv.FormatInt(v.Int(), 10)), true
	case reflect.Uint64:
		return scalar(strconv.FormatUint(v.Uint(), 10)), true
	}
	return n, true
}

func mapOf(v reflect.Value) map[string]reflect.Value {
	out := make(map[string]reflect.Value, v.Len())
	for _, k := range v.MapKeys() {
		out[k.String()] = v.MapIndex(k)
	}
	return out
}

func (a Actions) node() printed {
	n := printed{shape: position.Mapping, tall: true}
	for _, action := range a {
		if len(action.Payoffs) == 1 && action.Payoffs[0].Outcome == "" {
			n.entries = append(n.entries, printedEntry{action.Name, scalar(money(action.Payoffs[0].Money))})
			continue
		}
		each := printed{shape: position.Mapping}
		for _, p := range action.Payoffs {
			each.entries = append(each.entries, printedEntry{p.Outcome, scalar(money(p.Money))})
		}
		n.entries = append(n.entries, printedEntry{action.Name, each})
	}
	return n
}

// money writes a payoff: plain numbers as numbers.
func money(text string) string {
	if plainNumber.MatchString(text) {
		return text
	}
	return Quote(text)
}

// printer writes YAML.
type printer struct{ b *bytes.Buffer }

// lineWidth is where comments are broken and short forms end.
const lineWidth = 92

// comment writes a comment, broken into lines.
func (p printer) comment(indent, text string) {
	line := indent + "#"
	for _, word := range strings.Fields(text) {
		if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > lineWidth && line != indent+"#" {
			p.b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	p.b.WriteString(line + "\n")
}

// section writes a section of the file, each key in a line of its own.
func (p printer) section(key string, n printed, unset string) {
	if len(n.entries) == 0 {
		fmt.Fprintf(p.b, "%s: {} # %s\n", key, unset)
		return
	}
	fmt.Fprintf(p.b, "%s:\n", key)
	for _, e := range n.entries {
		p.entry("  ", e.key, e.value)
	}
	if unset != "" {
		p.comment("  ", unset)
	}
}

// entry writes a key with its value: in one line where that is short, else
// with a line for each part.
func (p printer) entry(indent, key string, n printed) {
	line := indent + Quote(key) + ": "
	short := n.short()
	if n.shape == position.Scalar || !n.tall && utf8.RuneCountInString(line+short) <= lineWidth || short == "{}" || short == "[]" {
		p.b.WriteString(line + short + "\n")
		return
	}
	fmt.Fprintf(p.b, "%s%s:\n", indent, Quote(key))
	for _, e := range n.entries {
		p.entry(indent+"  ", e.key, e.value)
	}
	for _, item := range n.items {
		fmt.Fprintf(p.b, "%s  - %s\n", indent, item.short())
	}
}

// short is the value in one line.
func (n printed) short() string {
	var parts []string
	switch n.shape {
	case position.Mapping:
		for _, e := range n.entries {
			parts = append(parts, Quote(e.key)+": "+e.value.short())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case position.Sequence:
		for _, item := range n.items {
			parts = append(parts, item.short())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return n.text
}

// plainText is a text that needs no quotes anywhere: it begins like a word, a
// path or an expression, and holds no sign that means something in YAML.
// Special words are quoted by Quote.
var plainText = regexp.MustCompile(`^(?:[\p{L}\p{N}_/(<=]|[.$][\p{L}\p{N}_/]|-[\p{L}\p{N}_(])[\p{L}\p{N}_ ./$()<>=+*%^;-]*$`)

// special are words that YAML does not read as text.
var special = regexp.MustCompile(`^(<<|=|~|null|Null|NULL|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$`)

// Quote writes a text so that it is read back as the same text, with quotes
// only where they are needed. Words such as yes and no are texts here, but not
// for every other program, so they are quoted too.
func Quote(s string) string {
	plain := plainText.MatchString(s) && s == strings.TrimSpace(s) && !special.MatchString(s) &&
		!numberPattern.MatchString(s) && !truthPattern.MatchString(s) && !infinite.MatchString(s) && !looksNumeric.MatchString(s)
	switch {
	case plain:
		return s
	case strings.ContainsFunc(s, func(r rune) bool { return r == '\\' || !strconv.IsPrint(r) }) || s != strings.TrimSpace(s) || s == "":
		return doubleQuote(s)
	case strings.Contains(s, "'") && !strings.Contains(s, `"`):
		return doubleQuote(s)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// looksNumeric finds what other readers of YAML take for numbers and dates.
var looksNumeric = regexp.MustCompile(`^[+-]?[0-9][0-9_xXoObBa-fA-F:.-]*$`)

// doubleQuote writes a text in double quotes with escapes.
func doubleQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
