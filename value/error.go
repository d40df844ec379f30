package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Error is a payoff that cannot be compiled, or not computed in a row.
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

// Error is "value: path: message (hint)".
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

// nearest proposes the known name that is closest to what was written, or
// lists the known names when none is close and they are few.
func nearest(found string, known []string) string {
	best, distance := "", max(2, len([]rune(found))/3)+1
	for _, k := range known {
		if d := edits(strings.ToLower(found), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(known) == 0:
		return ""
	case len(known) <= 12:
		return "there are " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("there are %s and %d more", strings.Join(known[:10], ", "), len(known)-10)
}

// edits is the Levenshtein distance, where swapping two neighbours counts as
// one edit.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// strict decodes one JSON value and nothing after it, without unknown fields.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
