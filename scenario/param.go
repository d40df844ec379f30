package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"

	"bespoke/internal/position"
)

// formed is met by types that are written in a form of their own: they print,
// describe and check themselves.
type formed interface {
	// node is the value as it is written.
	node() printed
	// schema is the form for editors.
	schema(s *schemas) *jsonschema.Schema
	// form is the form in words, for the manual.
	form() string
}

// Param is a named number for payoffs: known, or uncertain with a
// distribution. In YAML it is a number (12), a number with a unit (200 EUR,
// 45%), or a mapping that names a distribution.
type Param struct {
	// Value is the number; a share such as 45% is 0.45. It is 0 when the number
	// is uncertain.
	Value float64
	// Unit is what the number counts, such as EUR, EUR / month or %; empty when
	// it was written without one.
	Unit string
	// Uncertain is the distribution of a number that is not known; nil for a
	// known one.
	Uncertain *Distribution
}

// Distribution says what is known about an uncertain number. At most one of
// Beta, Normal and Uniform is given; Points are single values with their
// chances, and the remaining chance belongs to the other one.
type Distribution struct {
	// Beta are the parameters alpha and beta of the beta distribution on 0 to 1,
	// both above 0.
	Beta []float64 `json:"beta,omitempty"`
	// Normal are the mean and the standard deviation, which is above 0.
	Normal []float64 `json:"normal,omitempty"`
	// Uniform are the lowest and the highest value.
	Uniform []float64 `json:"uniform,omitempty"`
	// Points are single values; without Beta, Normal and Uniform their chances
	// sum to 1.
	Points []Point `json:"points,omitempty"`
}

// Point is a single value with its chance.
type Point struct {
	Value  float64 `json:"value"`
	Chance Percent `json:"chance"`
}

// Known is a parameter without a unit whose value is known.
func Known(v float64) Param { return Param{Value: v} }

// paramJSON is a Param with a unit or a distribution, as it is saved.
type paramJSON struct {
	Value     float64       `json:"value,omitempty"`
	Unit      string        `json:"unit,omitempty"`
	Uncertain *Distribution `json:"uncertain,omitempty"`
}

// MarshalJSON writes a plain number where that says everything.
func (p Param) MarshalJSON() ([]byte, error) {
	if p.Unit == "" && p.Uncertain == nil {
		return json.Marshal(p.Value)
	}
	return json.Marshal(paramJSON(p))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Param) UnmarshalJSON(data []byte) error {
	*p = Param{}
	if len(data) > 0 && data[0] != '{' {
		return json.Unmarshal(data, &p.Value)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var out paramJSON
	if err := d.Decode(&out); err != nil {
		return fmt.Errorf("scenario: parameter: %w", err)
	}
	*p = Param(out)
	return nil
}

// measured splits a number from its unit, which stands behind a space unless it
// is a sign such as % or €.
var measured = regexp.MustCompile(`^([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(\s+[^0-9\s].*|%|\p{Sc}.*)$`)

// isUnit says whether a text can be a unit: words of letters, digits and
// currency signs, joined by * and /, such as EUR / month.
func isUnit(text string) bool {
	if len(text) > 64 {
		return false
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == '/' || r == '*' }) {
		if word = strings.TrimSpace(word); word == "1" || word == "%" {
			continue
		}
		if !currencyPattern.MatchString(word) || strings.ContainsAny(word, "./%-") || strings.ContainsAny(word[:1], "0123456789") {
			return false
		}
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '/' || r == '*' })
	return strings.TrimSpace(text) != "" && len(parts) == 1+strings.Count(text, "/")+strings.Count(text, "*")
}

const paramForm = "a number, a number with a unit such as 200 EUR or 45%, or a distribution such as {beta: [6, 14]}"

func (p *Param) read(d *decoder, n *position.Node, path string) {
	*p = Param{}
	switch n.Shape {
	case position.Mapping:
		p.readUncertain(d, n, path)
	case position.Scalar:
		if m := measured.FindStringSubmatch(n.Text); m != nil && !numberPattern.MatchString(n.Text) {
			p.measure(d, n, path, m[1], strings.TrimSpace(m[2]))
			return
		}
		d.number(n, path, &p.Value)
	default:
		d.wrong(n, path, paramForm)
	}
}

// measure reads a number with a unit.
func (p *Param) measure(d *decoder, n *position.Node, path, digits, unit string) {
	if unit == "%" {
		p.Value, p.Unit = percent(digits), unit
		return
	}
	if !isUnit(unit) {
		d.fail(n.Position, path, codeNumber, fmt.Sprintf("found %s instead of %s", found(n), "a number"), "write "+paramForm)
		return
	}
	x, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		d.fail(n.Position, path, codeNumber, digits+" is too large", "")
		return
	}
	p.Value, p.Unit = x, unit
}

// distributions are the keys of an uncertain parameter.
var distributions = []string{"beta", "normal", "uniform", "points", "unit"}

func (p *Param) readUncertain(d *decoder, n *position.Node, path string) {
	p.Uncertain = &Distribution{}
	before := len(d.problems)
	defer func() { d.failed[path] = d.failed[path] || len(d.problems) > before }()
	for _, e := range n.Entries {
		at := join(path, e.Key)
		switch e.Key {
		case "beta":
			p.Uncertain.Beta = d.pair(e.Value, at)
		case "normal":
			p.Uncertain.Normal = d.pair(e.Value, at)
		case "uniform":
			p.Uncertain.Uniform = d.pair(e.Value, at)
		case "points":
			p.Uncertain.Points = d.points(e.Value, at)
		case "unit":
			d.text(e.Value, at, &p.Unit, rule{})
		default:
			d.fail(e.Position, at, codeUnknown, "unknown key", hint(e.Key, distributions)+"allowed: "+strings.Join(distributions, ", "))
		}
	}
}

// pair reads two numbers.
func (d *decoder) pair(n *position.Node, path string) []float64 {
	if n.Shape != position.Sequence || len(n.Items) != 2 {
		d.wrong(n, path, "two numbers such as [6, 14]")
		return nil
	}
	out := make([]float64, 2)
	for i, item := range n.Items {
		d.number(item, fmt.Sprintf("%s[%d]", path, i), &out[i])
	}
	return out
}

// points reads a mapping from values to chances.
func (d *decoder) points(n *position.Node, path string) []Point {
	if n.Shape != position.Mapping {
		d.wrong(n, path, "a mapping from values to chances, such as {0: 55%, 1: 45%}")
		return nil
	}
	out := make([]Point, 0, len(n.Entries))
	for _, e := range n.Entries {
		at := join(path, e.Key)
		v, err := strconv.ParseFloat(e.Key, 64)
		if err != nil || !numberPattern.MatchString(e.Key) {
			d.fail(e.Position, at, codeNumber, fmt.Sprintf("%q is not a number", e.Key), "write a value and its chance, such as 0: 55%")
			continue
		}
		var chance Percent
		d.unit(e.Value, at, &chance)
		out = append(out, Point{Value: v, Chance: chance})
	}
	return out
}

func (p Param) check(r *report, path string) {
	u := p.Uncertain
	switch {
	case math.IsNaN(p.Value) || math.IsInf(p.Value, 0):
		r.add(path, codeRange, fmt.Sprintf("must be a finite number, got %v", p.Value), "")
	case p.Unit != "" && p.Unit != "%" && !isUnit(p.Unit):
		r.add(path+".unit", codeName, fmt.Sprintf("%q cannot be a unit", p.Unit), "write words joined by * and /, such as EUR / month")
	case u != nil:
		if err := u.check(); err != nil {
			r.add(path, codeRange, err.Error(), "")
		}
	}
}

// check says what is wrong with a distribution.
func (u Distribution) check() error {
	kinds, total := 0, 0.0
	for _, pair := range [][]float64{u.Beta, u.Normal, u.Uniform} {
		if pair == nil {
			continue
		}
		kinds++
		if len(pair) != 2 || !finite(pair[0]) || !finite(pair[1]) {
			return fmt.Errorf("needs two finite numbers, got %v", pair)
		}
	}
	for i, p := range u.Points {
		total += float64(p.Chance)
		switch {
		case !finite(p.Value):
			return fmt.Errorf("the point %v must be a finite number", p.Value)
		case !(p.Chance > 0 && p.Chance <= 1):
			return fmt.Errorf("the point %v has the chance %v, it must be above 0%% and at most 100%%", p.Value, p.Chance)
		case slices.ContainsFunc(u.Points[:i], func(q Point) bool { return q.Value == p.Value }):
			return fmt.Errorf("the point %v is there twice", p.Value)
		}
	}
	switch {
	case kinds > 1:
		return errors.New("has more than one of beta, normal, uniform; keep one")
	case kinds == 0 && len(u.Points) == 0:
		return errors.New("names no distribution: beta, normal, uniform or points")
	case kinds == 0 && math.Abs(total-1) > 1e-9:
		return fmt.Errorf("the chances of its points sum to %.6g%%, they must sum to 100%%", 100*total)
	case kinds == 1 && !(total < 1-1e-9):
		return fmt.Errorf("the chances of its points sum to %.6g%%, which leaves nothing for the other values", 100*total)
	case u.Beta != nil && !(u.Beta[0] > 0 && u.Beta[1] > 0):
		return fmt.Errorf("beta needs two numbers above 0, got %v", u.Beta)
	case u.Normal != nil && !(u.Normal[1] > 0):
		return fmt.Errorf("normal needs a mean and a standard deviation above 0, got %v", u.Normal)
	case u.Uniform != nil && !(u.Uniform[0] < u.Uniform[1]):
		return fmt.Errorf("uniform needs a lowest and a higher highest value, got %v", u.Uniform)
	}
	return nil
}

func finite(x float64) bool { return x-x == 0 }

func (p Param) node() printed {
	switch {
	case p.Uncertain != nil:
		return p.uncertainNode()
	case p.Unit == "%":
		return scalar(hundredths(p.Value))
	case p.Unit != "":
		return scalar(Quote(formatNumber(p.Value) + " " + p.Unit))
	}
	return scalar(formatNumber(p.Value))
}

// hundredths writes a share with a %, in decimal digits that are read back as
// the same share.
func hundredths(share float64) string {
	if text := Percent(share).String(); strings.HasSuffix(text, "%") {
		return text
	}
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(share, 'e', -1, 64), "e")
	e, err := strconv.Atoi(exponent)
	if err != nil { // infinite or not a number, which no check lets through
		return formatNumber(share)
	}
	return digits + "e" + strconv.Itoa(e+2) + "%"
}

func (p Param) uncertainNode() printed {
	n := printed{shape: position.Mapping}
	add := func(key string, pair []float64) {
		if pair == nil {
			return
		}
		list := printed{shape: position.Sequence}
		for _, x := range pair {
			list.items = append(list.items, scalar(formatNumber(x)))
		}
		n.entries = append(n.entries, printedEntry{key, list})
	}
	add("beta", p.Uncertain.Beta)
	add("normal", p.Uncertain.Normal)
	add("uniform", p.Uncertain.Uniform)
	if len(p.Uncertain.Points) > 0 {
		each := printed{shape: position.Mapping}
		for _, q := range p.Uncertain.Points {
			each.entries = append(each.entries, printedEntry{formatNumber(q.Value), scalar(q.Chance.String())})
		}
		n.entries = append(n.entries, printedEntry{"points", each})
	}
	if p.Unit != "" {
		n.entries = append(n.entries, printedEntry{"unit", scalar(Quote(p.Unit))})
	}
	return n
}

func (Param) form() string { return paramForm }

func (Param) schema(*schemas) *jsonschema.Schema {
	number := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "number"} }
	properties := jsonschema.NewProperties()
	for _, key := range []string{"beta", "normal", "uniform"} {
		properties.Set(key, &jsonschema.Schema{Type: "array", Items: number(), MinItems: pointer(2), MaxItems: pointer(2)})
	}
	properties.Set("points", &jsonschema.Schema{Type: "object", MinProperties: pointer(1), Description: "Single values with their chances."})
	properties.Set("unit", &jsonschema.Schema{Type: "string", MinLength: pointer(1)})
	mapping := &jsonschema.Schema{Type: "object", Properties: properties, AdditionalProperties: jsonschema.FalseSchema, MinProperties: pointer(1)}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		number(),
		{Type: "string", Pattern: `^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?(\s+[^0-9\s].*|%|\p{Sc}.*)$`, Examples: []any{"200 EUR", "45%"}},
		mapping,
	}}
}
