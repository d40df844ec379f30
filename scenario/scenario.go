// Package scenario holds the product's face: the YAML file that says what a
// customer needs and what right and wrong answers are worth there.
//
// One struct, Scenario, has the stages as fields in the order in which they
// run; each section lives in one file with its checks and one doc sentence per
// key. Everything else is made from these structs, so that it
// cannot disagree with them: strict decoding with file:line:column errors
// (Load, Parse), the file with every default filled in (Render), the file with
// values changed (Set), the JSON Schema (Schema) and the manual's reference
// (Reference).
//
//	f, err := scenario.Load("examples/credit-g/scenario.yaml")
//	if err != nil {
//		return err // every problem of the file, each with its place
//	}
//	fmt.Println(f.Scenario.Data.Target, f.At("data.target"))
//
// To add a key: add a field with its doc comment, its yaml name and its rule
// (see rule below), a default in Default if it needs one, a good and a bad file
// in testdata, and run go test with -update.
package scenario

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"bespoke/internal/position"
)

// Scenario is a whole scenario file.
type Scenario struct {
	// Name is a short name for files and reports: letters, digits, - and _.
	Name string `yaml:"scenario" json:"scenario" rule:"required name"`
	// About says in a sentence who decides what.
	About string `yaml:"about,omitempty" json:"about,omitempty"`

	// Need asks whether there is money in it at all.
	Need Need `yaml:"need" json:"need"`
	// Data says where the rows come from and how they are split.
	Data Data `yaml:"data" json:"data"`
	// Value says what each action is worth under each outcome. Without it, no
	// choice by money can be made.
	Value *Value `yaml:"value,omitempty" json:"value,omitempty"`
	// Features says whether features are derived from columns beside those that
	// every model gets.
	Features *Features `yaml:"features,omitempty" json:"features,omitempty"`
	// Design says which models may be tried.
	Design Design `yaml:"design" json:"design"`
	// Evaluate says how the final figures are made.
	Evaluate Evaluate `yaml:"evaluate" json:"evaluate"`
	// Explain says how much explanation the report holds.
	Explain Explain `yaml:"explain" json:"explain"`
	// Limits drop a candidate that breaks one, with the reason.
	Limits Limits `yaml:"limits" json:"limits"`
	// Budget bounds the search, by trials or by time.
	Budget Budget `yaml:"budget" json:"budget"`

	// Seed fixes every random choice: the same scenario, data, seed and trials
	// give the same bytes.
	Seed uint64 `yaml:"seed" json:"seed"`
}

// Default is a scenario with every default filled in and nothing else.
func Default() Scenario {
	return Scenario{
		Need:     Need{Interest: 0.08, Horizon: 36},
		Data:     Data{Split: Split{Test: 0.2, Folds: 5}},
		Design:   Design{Committee: 5},
		Evaluate: Evaluate{Bootstrap: 2000, Confidence: 0.95, Calibration: [2]float64{0.9, 1.1}, Learning: 2},
		Explain:  Explain{Repeats: 5, Rows: 5, Drop: 10},
		Budget:   Budget{Trials: 40},
		Seed:     1,
	}
}

// Validate checks a scenario that was put together by a program. The error is
// a position.List of every problem, without places; Load and Parse check the
// same and know the places.
func (s Scenario) Validate() error {
	r := &report{}
	s.check(r)
	return r.problems.Err()
}

// check reports every problem of the scenario.
func (s Scenario) check(r *report) {
	r.rules(s)
	s.Data.check(r)
	if s.Value != nil {
		s.Value.check(r)
	}
	s.Features.check(r)
	s.Design.check(r)
	s.Evaluate.check(r)
	s.checkRanking(r)
	s.Budget.check(r)
}

// checkRanking finds what goes with a ranking alone, or not with one.
func (s Scenario) checkRanking(r *report) {
	ranks := slices.Contains(rankMetrics, s.Evaluate.Metric)
	switch {
	case s.Data.Query == "" && s.Evaluate.Top != 0:
		r.add("evaluate.top", codeNeeds, "needs a ranking", "name the column of queries in data.query, or remove it")
	case s.Data.Query == "" && ranks:
		r.add("evaluate.metric", codeNeeds, fmt.Sprintf("%s needs a ranking", s.Evaluate.Metric), "name the column of queries in data.query")
	case s.Data.Query != "" && s.Evaluate.Metric != "" && !ranks:
		r.add("evaluate.metric", codeExclude, fmt.Sprintf("%s is no metric of a ranking", s.Evaluate.Metric), "allowed: "+strings.Join(rankMetrics, ", "))
	}
	if s.Data.Query != "" && s.Value != nil {
		r.add("value", codeExclude, "does not go with data.query", "a ranking takes no actions, so that it has no money of its own; remove one of the two")
	}
}

// report collects problems of a scenario whose types are right.
type report struct {
	problems position.List
	// silent says that the problem follows from one that is known already, so
	// that one mistake is reported once; nil when nothing is known.
	silent func(path, code string) bool
	// given says that the file holds the key, even if with the zero value; nil
	// when there is no file.
	given func(path string) bool
}

func (r *report) add(path, code, msg, note string) {
	if r.silent != nil && r.silent(path, code) {
		return
	}
	r.problems = append(r.problems, &position.Error{Code: code, Path: path, Msg: msg, Note: note})
}

// has says that the file holds the key.
func (r *report) has(path string) bool { return r.given != nil && r.given(path) }

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
	if _, own := f.Interface().(formed); own {
		return // it checks itself
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
	case Span:
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
	case Span:
		return Span(x).String()
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
	case one.pattern == currencyForm && (!currencyPattern.MatchString(text) || utf8.RuneCountInString(text) > 16):
		r.add(at, codeName, fmt.Sprintf("%q cannot be a currency", text), "write a short word such as EUR")
	}
}
