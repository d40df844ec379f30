package position_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bespoke/internal/position"
)

// outline writes a tree as text: shape, place and text of every value.
func outline(n *position.Node) string {
	var b strings.Builder
	var walk func(indent, key string, n *position.Node)
	walk = func(indent, key string, n *position.Node) {
		fmt.Fprintf(&b, "%s%s%d:%d %s\n", indent, key, n.Line, n.Column, map[position.Shape]string{
			position.Null: "null", position.Scalar: fmt.Sprintf("%q", n.Text), position.Mapping: "mapping", position.Sequence: "list",
		}[n.Shape])
		for _, e := range n.Entries {
			walk(indent+"  ", fmt.Sprintf("%s@%d:%d ", e.Key, e.Line, e.Column), e.Value)
		}
		for _, item := range n.Items {
			walk(indent+"  ", "- ", item)
		}
	}
	walk("", "", n)
	return b.String()
}

func TestParseYAML(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"block", "a: 1\nb:\n  c: x y\n  d:\n", "1:1 mapping\n  a@1:1 1:4 \"1\"\n  b@2:1 3:3 mapping\n    c@3:3 3:6 \"x y\"\n    d@4:3 4:3 null\n"},
		{"flow", "a: {yes: -5, 'q': [1, é, z]}", "1:1 mapping\n  a@1:1 1:4 mapping\n    yes@1:5 1:10 \"-5\"\n    q@1:14 1:19 list\n      - 1:20 \"1\"\n      - 1:23 \"é\"\n      - 1:26 \"z\"\n"},
		{"byte order mark", "\xef\xbb\xbfa: 1", "1:1 mapping\n  a@1:1 1:4 \"1\"\n"},
		{"Windows lines", "a: x\r\nb: |\r\n  p\r\n  q\r\nc: 2\r\n", "1:1 mapping\n  a@1:1 1:4 \"x\"\n  b@2:1 2:4 \"p\\nq\\n\"\n  c@5:1 5:4 \"2\"\n"},
		{"old Mac lines", "a: x\rb: 2\r", "1:1 mapping\n  a@1:1 1:4 \"x\"\n  b@2:1 2:4 \"2\"\n"},
		{"aliases", "a: &x {b: 1}\nc: *x\n", "1:1 mapping\n  a@1:1 1:7 mapping\n    b@1:8 1:11 \"1\"\n  c@2:1 2:4 mapping\n    b@1:8 1:11 \"1\"\n"},
		{"keys that look like values", "0: a\ntrue: b\n1.50: c\n~: d\n", "1:1 mapping\n  0@1:1 1:4 \"a\"\n  true@2:1 2:7 \"b\"\n  1.50@3:1 3:7 \"c\"\n  ~@4:1 4:4 \"d\"\n"},
		{"scalar", "just text", "1:1 \"just text\"\n"},
		{"one document with marks", "---\na: 1\n...\n", "2:1 mapping\n  a@2:1 2:4 \"1\"\n"},
		{"comments", "# first\na: 1 # b\n\n# c\nb: x#y\n", "2:1 mapping\n  a@2:1 2:4 \"1\"\n  b@5:1 5:4 \"x#y\"\n"},
	} {
		root, problems := position.ParseYAML("f", []byte(c.src))
		if len(problems) > 0 {
			t.Errorf("%s: %v", c.name, problems)
			continue
		}
		if diff := cmp.Diff(c.want, outline(root)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestParseYAMLProblems(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"empty", "", "f:1:1: the file is empty (Y0003)"},
		{"only comments", "# a\n\n", "f:1:1: the file is empty (Y0003)"},
		{"not UTF-8", "a: 1\nbé: \xff", "f:2:5: the byte 0xff is not text in UTF-8 (Y0002)"},
		{"control character", "a: \x00", "f:1:4: the byte 0x00 is not text in UTF-8 (Y0002)"},
		{"open bracket", "a: [1, 2\n", "f:1:4: not YAML: sequence end token ']' not found (Y0004)"},
		{"open quote", "a: 'x\n", "f:1:4: not YAML: could not find end character of single-quoted text (Y0004)"},
		{"tab", "a:\n\tb: 1\n", "f:2:1: a tab indents this line (Y0004)"},
		{"ternary", "a: x > 1 ? 2 : 3\n", "f:1:4: a second `: ` in one line (Y0004)"},
		{"two documents", "a: 1\n---\nb: 2\n", "f:2:1: a second document begins here (Y0006)"},
		{"duplicates", "a: 1\nb: {c: 1, c: 2}\na: 3\n", "f:2:11: the key \"c\" is there twice (Y0007)\nf:3:1: the key \"a\" is there twice (Y0007)"},
		{"tag", "a: !!str 5\n", "f:1:4: the tag \"!!str\"; tags are not used here (Y0008)"},
		{"merge key", "a: &x {b: 1}\nc:\n  <<: *x\n", "f:3:3: this is no plain key (Y0008)"},
		{"unknown alias", "a: *nope\n", "f:1:4: the alias *nope has no anchor before it (Y0008)"},
		{"alias in its anchor", "a: &x [1, *x]\n", "f:1:11: the alias *x stands inside its own anchor (Y0008)"},
		{"anchored key", "&x a: 1\n", "f:1:1: this is no plain key (Y0008)"},
	} {
		_, problems := position.ParseYAML("f", []byte(c.src))
		var lines []string
		for _, line := range strings.Split(problems.Error(), "\n") {
			if !strings.HasPrefix(line, "  note: ") {
				lines = append(lines, line)
			}
		}
		if diff := cmp.Diff(c.want, strings.Join(lines, "\n")); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

// Each of these takes the YAML library minutes, gigabytes or its whole stack
// when it is let loose on them.
func TestHostileFilesAreRefusedAtOnce(t *testing.T) {
	nested := func(open string, n int) string { return strings.Repeat(open, n) }
	var steps strings.Builder
	for i := range 400 {
		steps.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	bomb := "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
	for i := 1; i < 20; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	for _, c := range []struct{ name, src, code string }{
		{"larger than 1 MiB", strings.Repeat("#", position.MaxBytes+1), "Y0001"},
		{"too many lines", strings.Repeat("\n", position.MaxLines+1), "Y0001"},
		{"too many values", "a: [" + strings.Repeat("1,", position.MaxNodes) + "1]", "Y0001"},
		{"brackets", "a: " + nested("[", 50_000), "Y0005"},
		{"closed brackets", "a: " + nested("[", 400) + nested("]", 400), "Y0005"},
		{"braces", nested("{a: ", 20_000), "Y0005"},
		{"dashes", nested("- ", 50_000), "Y0005"},
		{"indentation", steps.String(), "Y0005"},
		{"anchors", nested("&a ", 30_000), "Y0005"},
		{"tags", nested("!a ", 30_000), "Y0005"},
		{"question marks", nested("? ", 30_000), "Y0005"},
		{"billion laughs", bomb, "Y0001"},
	} {
		_, problems := position.ParseYAML("f", []byte(c.src))
		if len(problems) == 0 || problems[0].Code != c.code {
			t.Errorf("%s: got %.200v, want code %s", c.name, problems, c.code)
		}
	}
}

func TestAt(t *testing.T) {
	root, problems := position.ParseYAML("f", []byte("data:\n  target: y\n  columns:\n    a.b: {kind: text}\n    a: {b: 1}\n  missing: [x,\n    z]\nvalue: {grant: {good: 1}}\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct {
		path  string
		want  string
		found bool
	}{
		{"", "f:1:1", true},
		{"data", "f:1:1", true},
		{"data.target", "f:2:11", true},
		{"data.columns.a.b", "f:4:5", true}, // the longest key wins
		{"data.columns.a.b.kind", "f:4:17", true},
		{"data.columns.a", "f:5:5", true},
		{"data.missing[0]", "f:6:13", true},
		{"data.missing[1]", "f:7:5", true},
		{"data.missing[2]", "f:6:3", false},
		{"data.split.test", "f:1:1", false},
		{"value.grant.good", "f:8:23", true},
		{"value.grant.bad", "f:8:9", false},
		{"data.target.deeper", "f:2:11", false},
		{"data..target", "f:1:1", false},
		{"nothing", "f:1:1", false},
	} {
		got, found := root.At(c.path)
		if got.String() != c.want || found != c.found {
			t.Errorf("At(%q) = %v, %v, want %s, %v", c.path, got, found, c.want, c.found)
		}
	}
}

// FuzzParseYAML: no input makes the reader panic, a tree comes with places
// inside the text, and a plain text stands where its place says.
func FuzzParseYAML(f *testing.F) {
	for _, s := range []string{
		"a: 1\nb: {c: x, d: [1, 'é', \"q\\n\"]}\n", "a: |\n  x\n  y\nb: >-\n  z\n", "a: &x [1]\nb: *x\n", "- a\n- - b\n",
		"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "a: 1\na: 2\n", "? [a]\n: 1\n", "%YAML 1.2\n---\na: !!str 1\n", "<<: {a: 1}\n", "a: x ? 1 : 2\n", "{a: {b: c: d}}",
		"\"\\x61a\": 1\n", "{a: {\"\\u0061a\": 1}}", "- \"a\\\n  a\": 1\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		root, problems := position.ParseYAML("f", src)
		if root == nil {
			if len(problems) == 0 {
				t.Fatal("neither a tree nor a problem")
			}
			return
		}
		text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(src), "\xef\xbb\xbf"))
		check(t, strings.Split(text, "\n"), root, len(problems) == 0)
		for _, p := range problems {
			if p.Position.Line < 1 || p.Position.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("problem outside the text: %v", p)
			}
		}
	})
}

var word = regexp.MustCompile(`^[a-z]+$`)

// check looks at every place; those of keys are exact in a file without
// problems.
func check(t *testing.T, lines []string, n *position.Node, exact bool) {
	t.Helper()
	if n.Line < 1 || n.Line > len(lines) || n.Column < 1 {
		t.Fatalf("place %v outside the text", n.Position)
	}
	for _, e := range n.Entries {
		if e.Line < 1 || e.Line > len(lines) {
			t.Fatalf("key %q at %v outside the text", e.Key, e.Position)
		}
		if exact && word.MatchString(e.Key) && !stands(lines[e.Line-1], e) {
			t.Fatalf("key %q does not stand at %v", e.Key, e.Position)
		}
		check(t, lines, e.Value, exact)
	}
	for _, item := range n.Items {
		check(t, lines, item, exact)
	}
}

// stands says whether the line has the key at its place. In double quotes a
// letter may be written as an escape, so there the quote is all that counts.
func stands(line string, e position.Entry) bool {
	text := []rune(line)
	if e.Column > len(text) {
		return false
	}
	at := string(text[e.Column-1:])
	return strings.HasPrefix(at, `"`) || strings.HasPrefix(strings.TrimPrefix(at, "'"), e.Key)
}
