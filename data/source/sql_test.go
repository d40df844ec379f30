package source

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTokens(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{`SELECT 'a''b;' FROM "x"";y"; -- done; 'x'`, `SELECT |'a''b;'| FROM |"x"";y"|;| |-- done; 'x'`},
		{"SELECT /* 'a; */ 1", "SELECT |/* 'a; */| 1"},
		{"SELECT $$it's; fine$$, $x$ ' $x$ ;", "SELECT $$it's; fine$$, $x$ ' $x$ |;"},
		{"SELECT 'open", "SELECT |'open"},
		{"SELECT $1, 'a'", "SELECT $1, |'a'"},
	} {
		var parts []string
		for _, tok := range tokens(c.sql) {
			parts = append(parts, c.sql[tok.from:tok.to])
		}
		if got := strings.Join(parts, "|"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.sql, got, c.want)
		}
	}
}

func TestTokensAreTheWholeText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sql := rapid.StringOf(rapid.RuneFrom([]rune("a'\"-/*;$ \n"))).Draw(t, "sql")
		at := 0
		for _, tok := range tokens(sql) {
			if tok.from != at || tok.to <= tok.from {
				t.Fatalf("token %+v does not begin at %d", tok, at)
			}
			at = tok.to
		}
		if at != len(sql) {
			t.Fatalf("tokens end at %d of %d", at, len(sql))
		}
	})
}

func TestTrimQuery(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT 1;":              "SELECT 1",
		"SELECT 1; -- done":      "SELECT 1",
		"SELECT ';' ; /* x */ ;": "SELECT ';' ",
		"SELECT 1":               "SELECT 1",
	} {
		if got, err := trimQuery(sql); err != nil || got != want {
			t.Errorf("%q: %q, %v", sql, got, err)
		}
	}
	for _, sql := range []string{"", " ; ", "SELECT 1; SELECT 2", "SELECT 1; 'x'"} {
		if got, err := trimQuery(sql); err == nil {
			t.Errorf("%q: %q without error", sql, got)
		}
	}
}

func TestUniqueNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.SampledFrom([]string{"", "a", "b", "a_2", "column_1", "column_2"})).Draw(t, "names")
		got, findings := uniqueNames(names, "x")
		seen := map[string]bool{}
		changed := 0
		for i, n := range got {
			if n == "" || seen[n] {
				t.Fatalf("%q became %q", names, got)
			}
			seen[n] = true
			if n != names[i] {
				changed++
			}
		}
		if changed != len(findings) {
			t.Fatalf("%d names changed, %d findings", changed, len(findings))
		}
	})
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"**/a.csv", "a.csv", true},
		{"**/a.csv", "x/y/a.csv", true},
		{"x/**/a.csv", "x/a.csv", true},
		{"x/**", "x/y/z", true},
		{"x/*", "x/y/z", false},
		{"x/**/b?.csv", "x/y/b1.csv", true},
		{"**/**/a", "a", true},
		{"x/**/a", "y/a", false},
	} {
		if got := matches(strings.Split(c.pattern, "/"), strings.Split(c.path, "/")); got != c.want {
			t.Errorf("%s ~ %s = %v", c.pattern, c.path, got)
		}
	}
}

func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringN(0, 5, -1)).Draw(t, "words")
		more := rapid.SliceOf(rapid.StringN(0, 5, -1)).Draw(t, "more")
		a, b := &Text{}, &Text{}
		for _, w := range words {
			a.Add([]byte(w))
		}
		for _, w := range more {
			b.Add([]byte(w))
		}
		a.join(b)
		var got []string
		a.Each(func(row int, s []byte) bool {
			if string(a.At(row)) != string(s) {
				t.Fatalf("At(%d) = %q, Each gives %q", row, a.At(row), s)
			}
			got = append(got, string(s))
			return true
		})
		if !slices.Equal(got, append(words, more...)) || a.Len() != len(got) {
			t.Fatalf("%q + %q = %q", words, more, got)
		}
	})
	long := &Text{}
	for i := range 3*blockRows + 5 {
		long.Add(fmt.Append(nil, i))
	}
	for _, i := range []int{0, blockRows - 1, blockRows, 3*blockRows + 4} {
		if string(long.At(i)) != fmt.Sprint(i) {
			t.Errorf("At(%d) = %q", i, long.At(i))
		}
	}
}

func TestReadersAreListed(t *testing.T) {
	seen := map[string]string{}
	for _, r := range Readers {
		for _, e := range r.Extensions {
			if seen[e] != "" {
				t.Errorf("%s is read by %s and %s", e, seen[e], r.Name)
			}
			seen[e] = r.Name
			if e != strings.ToLower(e) || e[0] != '.' {
				t.Errorf("extension %q", e)
			}
			if got, err := readerOf(filepath.Join("x", "A"+strings.ToUpper(e))); err != nil || got.Name != r.Name {
				t.Errorf("%s is read by %q, %v", e, got.Name, err)
			}
		}
	}
}

func TestDateFormats(t *testing.T) {
	for format, want := range map[string]bool{
		"yyyy-mm-dd": true, "d/m/yy h:mm": true, "[$-409]d-mmm-yy": true, "General": false, "0.00": false, "#,##0 \"days\"": false,
		"[Red]0.00": false, "h:mm": false, "@": false, `0\d`: false, "0.00E+00": false,
	} {
		if got := isDateFormat(format); got != want {
			t.Errorf("isDateFormat(%q) = %v", format, got)
		}
	}
}
