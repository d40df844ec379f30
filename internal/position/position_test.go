package position_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bespoke/internal/position"
)

func TestErrorText(t *testing.T) {
	at := position.Position{File: "scenario.yaml", Line: 12, Column: 5}
	for _, c := range []struct {
		name string
		err  position.Error
		want string
	}{
		{
			"all",
			position.Error{Position: at, Code: "S0101", Path: "value.actons", Msg: "unknown key", Note: `did you mean "actions"?`},
			"scenario.yaml:12:5: value.actons: unknown key (S0101)\n  note: did you mean \"actions\"?",
		},
		{"no path", position.Error{Position: at, Msg: "a tab"}, "scenario.yaml:12:5: a tab"},
		{"file only", position.Error{Position: position.Position{File: "s.yaml"}, Msg: "too large"}, "s.yaml: too large"},
		{"no place", position.Error{Path: "seed", Msg: "is missing"}, "seed: is missing"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("x", 150) + "HERE" + strings.Repeat("y", 150)
	for _, c := range []struct {
		name, line string
		column     int
		want       string
	}{
		{"short", "  actons: {a: 1}", 3, "    12 |   actons: {a: 1}\n       |   ^"},
		{"characters, not bytes", "é: [ü, x]", 5, "    12 | é: [ü, x]\n       |     ^"},
		{"tab is one column", "\tx", 2, "    12 |  x\n       |  ^"},
		{"past the end", "ab", 9, "    12 | ab\n       |   ^"},
		{"cut around the place", long, 151, "    12 | " + strings.Repeat("x", 50) + "HERE" + strings.Repeat("y", 46) + "\n       | " + strings.Repeat(" ", 50) + "^"},
		{"nothing a terminal acts on", "a\x1b[31m\u009bb\u202e", 2, "    12 | a\ufffd[31m\ufffdb\ufffd\n       |  ^"},
		{"unknown line", "", 1, ""},
	} {
		e := position.Error{Position: position.Position{Line: 12, Column: c.column}, Text: c.line}
		if diff := cmp.Diff(c.want, e.Excerpt()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestListOrderAndCauses(t *testing.T) {
	place := func(line, column int) position.Position {
		return position.Position{File: "f", Line: line, Column: column}
	}
	list := position.List{
		{Position: place(3, 1), Msg: "c"},
		{Position: place(1, 9), Msg: "b"},
		{Position: place(1, 2), Msg: "a1", Err: fs.ErrNotExist},
		{Position: place(1, 2), Msg: "a2"},
		{Position: position.Position{File: "f"}, Msg: "file"},
	}
	list.Sort()
	if got, want := list.Error(), "f: file\nf:1:2: a1\nf:1:2: a2\nf:1:9: b\nf:3:1: c"; got != want {
		t.Errorf("sorted: got %q, want %q", got, want)
	}
	if !errors.Is(list.Err(), fs.ErrNotExist) {
		t.Error("the list hides the cause of a problem")
	}
	if err := (position.List{}).Err(); err != nil {
		t.Errorf("an empty list is the error %v", err)
	}
}

func TestListTextIsBounded(t *testing.T) {
	list := make(position.List, 1000)
	for i := range list {
		list[i] = &position.Error{Msg: "bad"}
	}
	text := list.Error()
	if got := strings.Count(text, "\n"); got != 40 || !strings.HasSuffix(text, "and 960 more problems") {
		t.Errorf("%d lines, ending %q", got, text[len(text)-40:])
	}
}
