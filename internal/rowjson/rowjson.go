// Package rowjson reads rows that arrive as JSON objects, keyed by column, into
// the one-row table that a solution decides.
//
// It is used where a row comes from outside: in a request to the server and in
// the inputs that the ledger kept, so that both are understood in the same
// way. Where a row differs from what the model was trained on it says so with
// the column, what was found and what is allowed; the caller decides which
// differences are warnings and which are errors. A good row is read without
// allocation, apart from free text.
//
// How values are understood:
//
//   - null, and "" in categories and texts, is a missing value.
//   - A number column takes numbers. Text is refused, with a hint when it would
//     be a number without its quotes.
//   - A category takes text. Where all its levels are spelt as numbers, or as
//     true and false, it takes those as well.
//   - A time takes text in the spellings of jsonlit.TimeForms.
package rowjson

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"bespoke/internal/jsonlit"
	"bespoke/internal/near"
	"bespoke/table"
)

// Kind says how a row differs from the schema.
type Kind uint8

// The kinds of differences. Those from WrongType on cannot be passed over.
const (
	// UnknownCategory is a spelling not seen in training; it counts as missing.
	UnknownCategory Kind = iota
	// MissingField is a column that the row does not have; it counts as missing.
	MissingField
	// UnknownField is a field that no column has; it is not read.
	UnknownField
	// WrongType is a value that its column cannot hold.
	WrongType
	// Repeated is a field that stands twice in the row.
	Repeated
)

var kindNames = [...]string{"unknown_category", "missing_field", "unknown_field", "wrong_type", "repeated_field"}

// String is the kind's name in responses and metrics.
func (k Kind) String() string { return kindNames[k] }

// Fatal says whether a row with this difference cannot be used.
func (k Kind) Fatal() bool { return k >= WrongType }

// Issue is one difference between a row and the schema.
type Issue struct {
	Kind Kind
	// Column is the name of the field concerned.
	Column string
	// Message says what was found and what is allowed.
	Message string
}

// Schema knows the columns of rows. It is immutable and safe for concurrent
// use.
type Schema struct {
	fields []field
	index  map[string]int
	names  []string
	target string
}

// field is what reading a value of one column needs.
type field struct {
	table.Field
	levels   map[string]int32
	numbers  map[float64]int32 // nil unless every level is spelt as a number
	booleans map[bool]int32    // nil unless every level is true or false
}

// NewSchema prepares the columns. target names the predicted column, whose
// presence in a row deserves a word of its own; it may be empty.
func NewSchema(s table.Schema, target string) *Schema {
	out := &Schema{index: make(map[string]int, len(s)), target: target}
	for i, f := range s {
		out.fields = append(out.fields, newField(f))
		out.index[f.Name] = i
		out.names = append(out.names, f.Name)
	}
	return out
}

func newField(f table.Field) field {
	out := field{Field: f}
	if f.Kind != table.Category {
		return out
	}
	out.levels = make(map[string]int32, len(f.Levels))
	out.numbers, out.booleans = map[float64]int32{}, map[bool]int32{}
	for i, l := range f.Levels {
		code := int32(i)
		out.levels[l] = code
		if x, err := strconv.ParseFloat(l, 64); err != nil || math.IsNaN(x) {
			out.numbers = nil
		} else if out.numbers != nil {
			out.numbers[x] = code
		}
		switch strings.ToLower(l) {
		case "true", "false":
			if out.booleans != nil {
				out.booleans[strings.EqualFold(l, "true")] = code
			}
		default:
			out.booleans = nil
		}
	}
	return out
}

// Row is reusable memory for reading one row after another. It belongs to one
// goroutine.
type Row struct {
	// Issues are the differences found in the last row, in the order of its
	// fields, those that it lacks last. Of fields that are unknown or stand
	// twice only the first 20 are listed.
	Issues []Issue
	// Unlisted is how many such fields were found beyond those.
	Unlisted int

	schema *Schema
	strays int
	spans  [][]byte // the literal of each column in the last row; nil when absent
}

// NewRow makes memory for reading rows of the schema.
func (s *Schema) NewRow() *Row { return &Row{schema: s, spans: make([][]byte, len(s.fields))} }

// Read reads the next value of the scanner, a JSON object, into t, which must
// have the schema's columns in order. Columns that the object lacks, and those
// with an issue, become missing. The error is one of JSON; how the values fit
// is in Issues.
func (r *Row) Read(s *jsonlit.Scanner, t *table.Table) error {
	r.Issues, r.Unlisted, r.strays = r.Issues[:0], 0, 0
	clear(r.spans)
	columns := t.Columns()
	for _, c := range columns {
		c.SetMissing(0)
	}
	if err := s.EnterObject(); err != nil {
		return err
	}
	for {
		key, ok, err := s.NextKey()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		at, known := r.schema.index[string(key)]
		if !known {
			r.unknown(string(key))
			if _, err := s.Skip(); err != nil {
				return err
			}
			continue
		}
		if r.spans[at] != nil && r.stray() {
			r.issue(Repeated, at, "the field stands twice in the row")
		}
		raw, err := r.value(s, at, columns[at])
		if err != nil {
			return err
		}
		r.spans[at] = raw
	}
	for i, span := range r.spans {
		if span == nil {
			r.issue(MissingField, i, "the field is absent and counts as missing; send null to say that it is not known")
		}
	}
	return nil
}

// AppendInputs appends the last row as a JSON object of its known columns in
// schema order, every value as it was sent. The document that was scanned must
// still be there.
func (r *Row) AppendInputs(dst []byte) []byte {
	dst = append(dst, '{')
	first := true
	for i, raw := range r.spans {
		if raw == nil {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = jsonlit.AppendString(dst, r.schema.names[i])
		dst = append(dst, ':')
		dst = append(dst, raw...)
	}
	return append(dst, '}')
}

// Sent returns the literal that the last row had for a column of the schema, by
// its index; nil when the field was absent.
func (r *Row) Sent(column int) []byte { return r.spans[column] }

func (r *Row) issue(k Kind, column int, message string) {
	r.Issues = append(r.Issues, Issue{Kind: k, Column: r.schema.names[column], Message: message})
}

// stray counts a field that is unknown or stands twice, and says whether it is
// listed: a request could hold millions of them.
func (r *Row) stray() bool {
	const listed = 20
	r.strays++
	if r.strays > listed {
		r.Unlisted++
	}
	return r.strays <= listed
}

func (r *Row) unknown(name string) {
	if !r.stray() {
		return
	}
	message := "no column has this name, so it is not read"
	if len(r.schema.names) <= 200 && len(name) <= 100 {
		message += near.Hint(name, r.schema.names)
	}
	if name == r.schema.target && name != "" {
		message = "this is the column that is predicted, so it is not read"
	}
	r.Issues = append(r.Issues, Issue{Kind: UnknownField, Column: short([]byte(name)), Message: message})
}

// value reads the value of one column and returns its literal.
func (r *Row) value(s *jsonlit.Scanner, at int, c *table.Column) (raw []byte, err error) {
	f := &r.schema.fields[at]
	kind := s.Peek()
	mark := s.Mark()
	switch {
	case kind == jsonlit.Null:
		err = s.Null()
	case kind == jsonlit.Number && f.Kind == table.Number:
		err = r.number(s, at, c)
	case kind == jsonlit.String && f.Kind == table.Category:
		err = r.level(s, at, c)
	case kind == jsonlit.Number && f.numbers != nil, kind == jsonlit.Bool && f.booleans != nil:
		err = r.literal(s, at, c, kind)
	case kind == jsonlit.String && f.Kind == table.Text:
		var text []byte
		text, err = s.Text()
		c.Texts[0] = string(text)
	case kind == jsonlit.String && f.Kind == table.Time:
		err = r.time(s, at, c)
	default:
		var found []byte
		found, err = s.Skip()
		if err == nil {
			r.issue(WrongType, at, f.refusal(kind, found))
		}
	}
	return s.Since(mark), err
}

func (r *Row) number(s *jsonlit.Scanner, at int, c *table.Column) error {
	literal, err := s.Literal()
	if err != nil {
		return err
	}
	x, err := strconv.ParseFloat(string(literal), 64)
	if err != nil {
		r.issue(WrongType, at, fmt.Sprintf("%s is beyond the range of numbers", short(literal)))
		return nil //nolint:nilerr // the row goes on; the issue tells its reader
	}
	c.Numbers[0] = x
	return nil
}

func (r *Row) level(s *jsonlit.Scanner, at int, c *table.Column) error {
	text, err := s.Text()
	if err != nil || len(text) == 0 {
		return err
	}
	code, ok := r.schema.fields[at].levels[string(text)]
	if !ok {
		r.unseen(at, string(text))
		return nil
	}
	c.Codes[0] = code
	return nil
}

// literal reads a number or truth value as a level spelt that way.
func (r *Row) literal(s *jsonlit.Scanner, at int, c *table.Column, kind jsonlit.Kind) error {
	f := &r.schema.fields[at]
	raw, err := s.Skip()
	if err != nil {
		return err
	}
	var code int32
	var ok bool
	if kind == jsonlit.Bool {
		code, ok = f.booleans[raw[0] == 't']
	} else if x, err := strconv.ParseFloat(string(raw), 64); err == nil {
		code, ok = f.numbers[x]
	}
	if !ok {
		r.unseen(at, string(raw))
		return nil
	}
	c.Codes[0] = code
	return nil
}

func (r *Row) unseen(at int, spelling string) {
	f := &r.schema.fields[at]
	hint := ""
	if len(f.Levels) <= 200 && len(spelling) <= 100 { // else looking for it takes too long
		hint = near.Hint(spelling, f.Levels)
	}
	if hint == "" {
		hint = "; known are " + some(f.Levels)
	}
	r.issue(UnknownCategory, at, fmt.Sprintf("%q was not seen in training and counts as missing%s", short([]byte(spelling)), hint))
}

func (r *Row) time(s *jsonlit.Scanner, at int, c *table.Column) error {
	text, err := s.Text()
	if err != nil || len(text) == 0 {
		return err
	}
	t, ok := jsonlit.Time(string(text))
	if !ok {
		r.issue(WrongType, at, fmt.Sprintf("%q is not a time; write %s", short(text), jsonlit.TimeForms))
		return nil
	}
	c.Times[0] = t.UnixMicro()
	return nil
}

// refusal says why a value of a JSON kind does not fit the column.
func (f *field) refusal(kind jsonlit.Kind, found []byte) string {
	what := kind.String()
	if kind == jsonlit.Number || kind == jsonlit.String || kind == jsonlit.Bool {
		what = short(found)
	}
	switch f.Kind {
	case table.Number:
		text := strings.Trim(string(found), `"`)
		if _, err := strconv.ParseFloat(text, 64); kind == jsonlit.String && err == nil {
			return fmt.Sprintf("found %s where a number is allowed; write %s without quotes", what, short([]byte(text)))
		}
		return fmt.Sprintf("found %s where a number is allowed", what)
	case table.Category:
		return fmt.Sprintf("found %s where text is allowed: %s", what, some(f.Levels))
	case table.Time:
		return fmt.Sprintf("found %s where a time is allowed; write %s in quotes", what, jsonlit.TimeForms)
	}
	return fmt.Sprintf("found %s where text is allowed; write it in quotes", what)
}

// short cuts what was found to a length that fits an error.
func short(b []byte) string {
	const most = 60
	text := []rune(string(b[:min(len(b), 4*most)]))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// some lists the first levels of a category.
func some(levels []string) string {
	const most = 6
	quoted := make([]string, 0, most)
	for _, l := range levels[:min(most, len(levels))] {
		quoted = append(quoted, strconv.Quote(short([]byte(l))))
	}
	list := strings.Join(quoted, ", ")
	if len(levels) > most {
		list += fmt.Sprintf(" and %d more", len(levels)-most)
	}
	return list
}
