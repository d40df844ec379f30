package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bespoke/internal/position"
	"bespoke/pipeline"
	"bespoke/scenario"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitGate   = 3
)

// usageError marks a command line that cannot be run.
type usageError struct{ err error }

func (u usageError) Error() string { return u.err.Error() }
func (u usageError) Unwrap() error { return u.err }

// stoppedError says what an interrupted command leaves and how to go on.
type stoppedError struct{ hint string }

func (s stoppedError) Error() string { return "interrupted; " + s.hint }

// problem is one problem of a file with its place.
type problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Path    string `json:"path,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`

	excerpt string
}

// failure is why a command did not do what it should, ready to be told. It is
// also the JSON object that --json writes to standard error.
type failure struct {
	Error string `json:"error"`
	// Exit is the exit code.
	Exit int `json:"exit"`
	// Gate is the stage whose gate stopped the command.
	Gate     string    `json:"gate,omitempty"`
	Hint     string    `json:"hint,omitempty"`
	Problems []problem `json:"problems,omitempty"`
}

// failureOf sorts out an error; nil when there is none.
func failureOf(ctx context.Context, err error) *failure {
	var gate *pipeline.GateError
	var usage usageError
	var stopped stoppedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &gate):
		return &failure{Exit: exitGate, Error: gate.Sentence, Gate: gate.Stage, Hint: gate.Hint}
	case errors.As(err, &usage):
		text, hint, _ := strings.Cut(err.Error(), "\n")
		return &failure{Exit: exitUsage, Error: text, Hint: hint}
	case errors.As(err, &stopped):
		return &failure{Exit: exitFailed, Error: "interrupted", Hint: stopped.hint}
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		return &failure{Exit: exitFailed, Error: "interrupted", Hint: "nothing was written"}
	}
	if found := scenario.Problems(err); len(found) > 0 {
		return failureIn(found)
	}
	return &failure{Exit: exitFailed, Error: err.Error()}
}

// failureIn tells of problems that have their place in a file.
func failureIn(found []*position.Error) *failure {
	f := &failure{Exit: exitFailed}
	for _, p := range found {
		f.Problems = append(f.Problems, problem{
			File: p.File, Line: p.Position.Line, Column: p.Column, Path: p.Path, Code: p.Code, Message: p.Msg, Hint: p.Note, excerpt: p.Excerpt(),
		})
	}
	first := found[0]
	f.Error = fmt.Sprintf("%s: %s", first.Position, first.Msg)
	if n := len(found); n > 1 {
		f.Error = fmt.Sprintf("%d problems in %s", n, first.File)
	}
	return f
}

// tell writes a failure, if there is one, and gives the exit code.
func tell(w io.Writer, f *failure, asJSON bool) int {
	if f == nil {
		return exitDone
	}
	if asJSON {
		line, err := json.Marshal(f)
		if err != nil { // plain strings and numbers: cannot happen
			line = []byte(`{"error":"the error could not be written as JSON"}`)
		}
		fmt.Fprintf(w, "%s\n", line)
		return f.Exit
	}
	f.text(w)
	return f.Exit
}

// shownProblems is how many problems of a file are printed; the others are
// counted.
const shownProblems = 20

func (f *failure) text(w io.Writer) {
	switch {
	case f.Gate != "":
		fmt.Fprintf(w, "stopped at the %s gate: %s\n", f.Gate, f.Error)
	case len(f.Problems) > 0:
		for _, p := range f.Problems[:min(len(f.Problems), shownProblems)] {
			p.text(w)
		}
		if n := len(f.Problems); n > 1 {
			fmt.Fprintf(w, "error: %s\n", f.Error)
		}
		return
	default:
		fmt.Fprintf(w, "error: %s\n", f.Error)
	}
	if f.Hint != "" {
		fmt.Fprintln(w, f.Hint)
	}
}

// text is the problem as compilers write theirs, so that editors and terminals
// make its place a link: place, path, what is wrong, the line, what helps.
func (p problem) text(w io.Writer) {
	at := position.Position{File: p.File, Line: p.Line, Column: p.Column}
	path, code := p.Path, p.Code
	if path != "" {
		path += ": "
	}
	if code != "" {
		code = " (" + code + ")"
	}
	fmt.Fprintf(w, "%s: %s%s%s\n", at, path, p.Message, code)
	if p.excerpt != "" {
		fmt.Fprintln(w, p.excerpt)
	}
	if p.Hint != "" {
		fmt.Fprintf(w, "  note: %s\n", p.Hint)
	}
}

// asJSON says whether --json was asked for. A command line that could not be
// parsed has not set the flag, so that its words are looked at too.
func asJSON(root *cobra.Command, args []string) bool {
	if on, err := root.PersistentFlags().GetBool("json"); err == nil && on {
		return true
	}
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.Contains(args, "--json")
}
