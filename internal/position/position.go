// Package position says where in a text something is wrong.
//
// A scenario is written by hand, so each problem must lead back to the line
// that caused it. The package holds the place (Position), the problem (Error,
// with a stable code, the path of the value and a note that helps), all
// problems of a file at once (List), and a bounded reader of YAML whose every
// value knows its place (Node, ParseYAML).
//
//	root, problems := position.ParseYAML("scenario.yaml", src)
//	fmt.Println(problems) // scenario.yaml:12:5: a tab indents this line (Y0004)
package position

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Position is a place in a text. The zero Position means that the place is not
// known.
type Position struct {
	// File is the name under which the text was read.
	File string
	// Line counts from 1.
	Line int
	// Column counts characters, not bytes, from 1.
	Column int
}

// IsZero says that the place is not known.
func (p Position) IsZero() bool { return p.Line == 0 }

// String is the place as editors and terminals understand it, such as
// "scenario.yaml:12:5"; only the file where the line is not known.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Before says whether the place comes earlier in the same text than the other;
// an unknown place comes first.
func (p Position) Before(q Position) bool {
	return p.Line < q.Line || p.Line == q.Line && p.Column < q.Column
}

// Error is one problem at a place.
type Error struct {
	Position
	// Code is a stable name of the kind of problem that can be searched for in
	// the manual, such as "S0101".
	Code string
	// Path is the value's path in the file, such as "value.actions.grant";
	// empty for the file as a whole.
	Path string
	// Msg says what is wrong and what was found, in lower case.
	Msg string
	// Note says what is allowed or what to do; may be empty.
	Note string
	// Text is the source line, for Excerpt; may be empty.
	Text string
	// Err is the cause, if another error was the cause.
	Err error
}

// Error is the problem in one line, with the note in a second line.
func (e *Error) Error() string {
	var b strings.Builder
	for _, part := range []string{e.Position.String(), e.Path} {
		if part != "" {
			b.WriteString(part)
			b.WriteString(": ")
		}
	}
	b.WriteString(e.Msg)
	if e.Code != "" {
		fmt.Fprintf(&b, " (%s)", e.Code)
	}
	if e.Note != "" {
		b.WriteString("\n  note: ")
		b.WriteString(e.Note)
	}
	return b.String()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// widest is how many characters of a source line an excerpt shows.
const widest = 100

// Excerpt shows the source line with a mark under the place, in two lines;
// empty where the line's text is not known. A long line is cut to the part
// around the place.
func (e *Error) Excerpt() string {
	if e.Text == "" || e.Line == 0 {
		return ""
	}
	line, at := []rune(Printable(e.Text)), e.Column-1
	at = min(max(at, 0), len(line))
	if from := at - widest/2; from > 0 && len(line) > widest {
		line, at = line[from:], at-from
	}
	if len(line) > widest {
		line = line[:widest]
	}
	number := fmt.Sprintf("%6d | ", e.Line)
	return number + string(line) + "\n" + strings.Repeat(" ", len(number)-2) + "| " + strings.Repeat(" ", at) + "^"
}

// Printable replaces what a terminal would act on instead of showing it, such
// as escape sequences in a hostile file: a tab by a space, other signs that
// cannot be printed by U+FFFD. The number of characters stays the same.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// List is every problem of a text, in order of their places.
//
//nolint:errname // position.List reads like go/scanner.ErrorList
type List []*Error

// shown is how many problems a list's text holds before it only counts them.
const shown = 40

// Error is every problem, one after the other; of a very long list the first
// forty and the number of the others.
func (l List) Error() string {
	if len(l) == 0 {
		return "no problems"
	}
	texts := make([]string, 0, min(len(l), shown)+1)
	for _, e := range l[:min(len(l), shown)] {
		texts = append(texts, e.Error())
	}
	if rest := len(l) - shown; rest > 0 {
		texts = append(texts, fmt.Sprintf("and %d more problems", rest))
	}
	return strings.Join(texts, "\n")
}

// Unwrap gives errors.As and errors.Is each problem.
func (l List) Unwrap() []error {
	out := make([]error, len(l))
	for i, e := range l {
		out[i] = e
	}
	return out
}

// Err is the list as an error, or nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Sort orders the problems by place; those at the same place keep their order.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b *Error) int {
		switch {
		case a.Before(b.Position):
			return -1
		case b.Before(a.Position):
			return 1
		}
		return 0
	})
}

// Code is a kind of problem with its meaning, for the manual.
type Code struct {
	// Name is the code, such as "S0101".
	Name string
	// Meaning is a sentence or two: what is wrong and what to do.
	Meaning string
}
