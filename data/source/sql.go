package source

import (
	"errors"
	"fmt"
	"strings"

	"bespoke/data/duck"
)

// tokenKind tells apart what matters to find file names and ends in SQL.
type tokenKind uint8

const (
	otherToken   tokenKind = iota
	quotedToken            // '...' or "..."
	commentToken           // -- to the line's end, or /* */
	endToken               // a semicolon
)

type token struct {
	kind     tokenKind
	from, to int
}

// tokens cuts SQL into quoted texts, comments, semicolons and the rest; the
// tokens together are the whole text.
func tokens(sql string) []token {
	var out []token
	add := func(kind tokenKind, from, to int) {
		if from < to {
			out = append(out, token{kind, from, to})
		}
	}
	start := 0
	for i := 0; i < len(sql); {
		kind, n := tokenAt(sql, i)
		if kind == otherToken {
			i += n
			continue
		}
		add(otherToken, start, i)
		add(kind, i, i+n)
		i += n
		start = i
	}
	add(otherToken, start, len(sql))
	return out
}

// tokenAt is the kind and the length of what begins at i.
func tokenAt(sql string, i int) (tokenKind, int) {
	rest := sql[i:]
	switch {
	case rest[0] == '\'' || rest[0] == '"':
		return quotedToken, quotedLength(rest)
	case strings.HasPrefix(rest, "--"):
		if n := strings.IndexByte(rest, '\n'); n >= 0 {
			return commentToken, n
		}
		return commentToken, len(rest)
	case strings.HasPrefix(rest, "/*"):
		if n := strings.Index(rest[2:], "*/"); n >= 0 {
			return commentToken, n + 4
		}
		return commentToken, len(rest)
	case rest[0] == ';':
		return endToken, 1
	case rest[0] == '$':
		return otherToken, dollarLength(rest)
	}
	return otherToken, 1
}

// quotedLength is the length of a quoted text, in which a doubled quote stands
// for itself.
func quotedLength(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			continue
		}
		if i+1 < len(s) && s[i+1] == s[0] {
			i++
			continue
		}
		return i + 1
	}
	return len(s)
}

// dollarLength is the length of a text between $tag$ and $tag$, or 1.
func dollarLength(s string) int {
	end := strings.IndexByte(s[1:], '$')
	if end < 0 {
		return 1
	}
	tag := s[:end+2]
	if strings.ContainsAny(tag, " \t\r\n'\"();,") {
		return 1
	}
	if n := strings.Index(s[len(tag):], tag); n >= 0 {
		return n + 2*len(tag)
	}
	return 1
}

func unquote(s string) string {
	q := s[:1]
	return strings.ReplaceAll(strings.TrimSuffix(s[1:], q), q+q, q)
}

// trimQuery takes the semicolon and comments after the one statement away.
func trimQuery(sql string) (string, error) {
	all := tokens(sql)
	for i, t := range all {
		if t.kind != endToken {
			continue
		}
		for _, after := range all[i+1:] {
			if after.kind == quotedToken || after.kind == otherToken && strings.TrimSpace(sql[after.from:after.to]) != "" {
				return "", fmt.Errorf("data: source: query: %w", duck.ErrNotSelect)
			}
		}
		sql = sql[:t.from]
		break
	}
	if strings.TrimSpace(sql) == "" {
		return "", errors.New("data: source: query: it is empty")
	}
	return sql, nil
}
