// Package formula evaluates expressions over the columns of a table, written in
// the syntax of github.com/expr-lang/expr. They are checked against the table's
// schema when they are compiled and evaluated column by column in blocks of
// rows. The language has numbers, text, true/false and times, and nothing that
// loops, allocates or reaches outside the row: see Functions.
//
//	scope := &formula.Scope{Schema: t.Schema(), Parameters: map[string]formula.Parameter{"margin": {Value: 0.12}}}
//	payoff, err := scope.Compile("value.actions.grant.good", "margin * amount")
//	b := scope.NewBlock(256, nil)
//	err = b.Bind(t)
//	b.First, b.Lanes = 0, 100
//	payoff.Eval(b, money[:100])
//
// A value is never silently missing: where an expression has none (a missing
// cell without a fallback, a division by zero, an overflow) Eval gives NaN, and
// Fault finds the part of the expression that is to blame.
package formula

import (
	"fmt"
	"slices"
	"strings"

	"bespoke/table"
)

// Names of the two numbers that a scope with Numeric knows beside its columns.
const (
	NameTruth      = "truth"
	NamePrediction = "prediction"
)

// Kind is the type of an expression.
type Kind uint8

// The kinds.
const (
	Number Kind = iota // float64
	Bool               // 1, 0, or NaN where a missing cell leaves it open
	Text               // string, "" is missing
	Time               // days since 1970 UTC as float64
)

// String is how a sentence names the kind, article included.
func (k Kind) String() string {
	return [...]string{"a number", "true or false", "text", "a time"}[k]
}

// Scope is what expressions may name. Its programs share their columns, so that
// one Block serves them all. Compiling is for one goroutine; programs are safe
// for concurrent use.
type Scope struct {
	// Schema describes the columns.
	Schema table.Schema
	// Target is a column that no expression may read, because it is not known
	// when a decision falls due; empty when there is none.
	Target string
	// Parameters are numbers by name; a parameter hides a column.
	Parameters map[string]Parameter
	// Units are what the numbers of columns count, by column; the unit of the
	// target is that of truth and prediction.
	Units map[string]Unit
	// Numeric says that truth and prediction are known.
	Numeric bool

	columns []table.Field // read by a program, in order of first use
}

// Columns describes the columns that the programs compiled so far read, in
// order of first use.
func (s *Scope) Columns() []table.Field { return slices.Clone(s.columns) }

// Comparison is a category column compared with a literal.
type Comparison struct {
	Field table.Field
	Word  string
}

// Program is a compiled expression. It is immutable.
type Program struct {
	path      string
	root      *node
	words     []Comparison
	used      map[string]bool
	uncertain []string
}

// Compile checks and compiles an expression. path is its place in the scenario;
// every error is an *Error that has it.
//
// An expression with uncertain parameters stands for its mean over them. Where
// it is linear in each, that is its value at their means; otherwise it is
// averaged over every combination of their points, which takes as many times
// longer.
func (s *Scope) Compile(path, source string) (*Program, error) {
	if err := s.checkParameters(path); err != nil {
		return nil, err
	}
	c := &compiler{state: &state{scope: s, path: path, used: make(map[string]bool)}}
	root, err := c.build(source)
	if err != nil {
		return nil, err
	}
	return &Program{path: path, root: root, words: c.words, used: c.used, uncertain: c.uncertain()}, nil
}

// Path is the place in the scenario.
func (p *Program) Path() string { return p.path }

// Source is the expression as it was understood.
func (p *Program) Source() string { return p.root.source }

// Kind is the type of the value.
func (p *Program) Kind() Kind { return p.root.kind }

// Constant is the value of a program that reads nothing; ok is false for every
// other one and for text.
func (p *Program) Constant() (v float64, ok bool) {
	return p.root.value, p.root.constant && p.root.kind != Text
}

// Unit is what the number counts; not known where a part of it has no unit.
func (p *Program) Unit() Unit { return p.root.unit }

// Reads says whether the expression reads truth, prediction or a parameter, by
// its name.
func (p *Program) Reads(name string) bool { return p.used[name] || p.root.uses(name) }

// Uncertain lists the uncertain parameters that the expression reads, in order
// of their names; the value is the mean over them.
func (p *Program) Uncertain() []string { return slices.Clone(p.uncertain) }

// Comparisons lists the categories that the expression compares with a literal,
// for finding spellings that no row has.
func (p *Program) Comparisons() []Comparison { return slices.Clone(p.words) }

// Results lists the literal texts that the expression can end in; what it takes
// from columns is not among them.
func (p *Program) Results() []string { return results(p.root) }

// Eval evaluates a number, time or truth for every lane of the block.
func (p *Program) Eval(b *Block, out []float64) { p.root.eval(b, out) }

// EvalText evaluates text for every lane of the block.
func (p *Program) EvalText(b *Block, out []string) { p.root.evalText(b, out) }

// IsName says whether a name can be written in an expression as it is: letters
// A to Z, digits and _, no digit in front.
func IsName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// Error is an expression that cannot be compiled, or not computed in a row.
type Error struct {
	// Path is the place in the scenario, such as "value.actions.grant.bad" or
	// "need.today".
	Path string
	// Msg says what was found and what is allowed.
	Msg string
	// Hint is the nearest known name or the next step; it may be empty.
	Hint string
	// Row is the first row concerned, counted from 1; 0 when no row is.
	Row int
}

// Error is "value: path: message (hint)": expressions are written in the value
// section and reported under its name.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("value: ")
	if e.Path != "" {
		b.WriteString(e.Path)
		b.WriteString(": ")
	}
	b.WriteString(e.Msg)
	if e.Hint != "" {
		b.WriteString(" (")
		b.WriteString(e.Hint)
		b.WriteString(")")
	}
	return b.String()
}

func fail(path, hint, format string, args ...any) *Error {
	return &Error{Path: path, Msg: fmt.Sprintf(format, args...), Hint: hint}
}
