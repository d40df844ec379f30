package position

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of what ParseYAML reads. They are far above any file written by hand
// and keep a hostile one from costing more than a moment: the YAML library's
// time grows with the square of the depth and of the number of blank lines.
const (
	MaxBytes = 1 << 20 // 1 MiB
	MaxLines = 10_000
	MaxNodes = 100_000 // values, each use of an alias counted in full
	MaxDepth = 32      // lists and mappings inside each other
)

// Shape is the form of a YAML value.
type Shape uint8

// The shapes.
const (
	Null     Shape = iota // nothing, or the word null or ~
	Scalar                // a text, number or truth value
	Mapping               // keys with values
	Sequence              // a list
	Refused               // a part of YAML that is not used here; a problem says so
)

// Node is one YAML value with its place. What a scalar means (number, date,
// text) is left to the reader: Text is as it was written.
type Node struct {
	Shape Shape
	Position
	// Text is a scalar's text, without quotes and with escapes resolved; of Null
	// the word that stands there, if one does.
	Text string
	// Quoted is true for a scalar in quotes or in a | or > block.
	Quoted bool
	// Block is true for a scalar in a | or > block.
	Block bool
	// Entries are a mapping's keys and values in file order, without
	// duplicates.
	Entries []Entry
	// Items are a list's values.
	Items []*Node

	weight int // how many values it stands for, itself included
}

// Entry is one key of a mapping with its value.
type Entry struct {
	Key string
	Position
	Value *Node
}

// Entry finds a key of a mapping.
func (n *Node) Entry(key string) (Entry, bool) {
	for _, e := range n.Entries {
		if e.Key == key {
			return e, true
		}
	}
	return Entry{}, false
}

// Keys lists a mapping's keys in file order.
func (n *Node) Keys() []string {
	keys := make([]string, len(n.Entries))
	for i, e := range n.Entries {
		keys[i] = e.Key
	}
	return keys
}

// At finds the place of a path such as "value.actions.grant" or "missing[1]":
// of a scalar its value's place, of a list or mapping its key's. Keys that
// hold dots are found too. Where the path leads to nothing, it is the place of
// the last part that is there, and found is false.
func (n *Node) At(path string) (place Position, found bool) {
	place = n.Position
	for path != "" {
		key, rest, ok := n.step(path)
		if !ok {
			return place, false
		}
		n, path, place = key.Value, rest, key.Position
		if n.Shape == Scalar {
			place = n.Position
		}
	}
	return place, true
}

// step takes the longest key, or the index, at the beginning of the path.
func (n *Node) step(path string) (part Entry, rest string, ok bool) {
	for _, e := range n.Entries {
		after, begins := strings.CutPrefix(path, e.Key)
		if begins && (after == "" || after[0] == '.' || after[0] == '[') && (!ok || len(after) < len(rest)) {
			part, rest, ok = e, after, true
		}
	}
	for i, item := range n.Items {
		if after, begins := strings.CutPrefix(path, fmt.Sprintf("[%d]", i)); begins {
			part, rest, ok = Entry{Position: item.Position, Value: item}, after, true
		}
	}
	return part, strings.TrimPrefix(rest, "."), ok
}

// ParseYAML reads one YAML document. It never panics and never returns a nil
// Node without a problem. A byte order mark and Windows line ends are fine;
// anchors and aliases are resolved without being copied, and an alias that
// would make the document larger than MaxNodes is refused; tags, merge keys
// and several documents are refused. Duplicate keys are problems too, but do
// not stop the reading.
func ParseYAML(file string, src []byte) (root *Node, problems List) {
	t := &tree{file: file, anchors: map[string]*Node{}}
	defer func() {
		if r := recover(); r != nil { // the library's parser, on input nobody has seen yet
			t.add(Position{File: file}, "Y0009", fmt.Sprintf("this YAML cannot be read: %v", r), "please report the file")
			root = nil
		}
		for _, p := range t.problems {
			p.Text = t.line(p.Position)
		}
		t.problems.Sort()
		problems = t.problems
	}()
	text, ok := t.normalise(src)
	if !ok {
		return nil, nil
	}
	t.lines = strings.Split(text, "\n")
	body := t.parse(text)
	if body == nil {
		return nil, nil
	}
	return t.node(body, 0), nil
}

// tree builds the nodes of one text.
type tree struct {
	file     string
	lines    []string
	anchors  map[string]*Node // nil while the anchor's own value is being read
	aliased  int              // the weight of all aliases so far
	bloated  bool             // said once that aliases are too many
	problems List
}

func (t *tree) add(at Position, code, msg, note string) {
	at.File = t.file
	t.problems = append(t.problems, &Error{Position: at, Code: code, Msg: msg, Note: note})
}

// line is the text of a place's line.
func (t *tree) line(p Position) string {
	if p.Line < 1 || p.Line > len(t.lines) {
		return ""
	}
	return t.lines[p.Line-1]
}

// normalise checks the bytes against the bounds and brings line ends into one
// form.
func (t *tree) normalise(src []byte) (string, bool) {
	file := Position{File: t.file}
	if len(src) > MaxBytes {
		t.add(file, "Y0001", fmt.Sprintf("the file has %d bytes; at most %d (1 MiB) are read", len(src), MaxBytes), "is this really the scenario, and not the data?")
		return "", false
	}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	src = bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))
	if bad := invalid(src); bad >= 0 {
		at := Position{Line: 1 + bytes.Count(src[:bad], []byte("\n"))}
		at.Column = 1 + utf8.RuneCount(src[bytes.LastIndexByte(src[:bad], '\n')+1:bad])
		t.add(at, "Y0002", fmt.Sprintf("the byte 0x%02x is not text in UTF-8", src[bad]), "save the file as UTF-8")
		return "", false
	}
	marks := 0
	for _, b := range src {
		if strings.IndexByte("[{,:-&*!?", b) >= 0 {
			marks++
		}
	}
	if lines := bytes.Count(src, []byte("\n")); lines > MaxLines || marks > MaxNodes {
		t.add(file, "Y0001", fmt.Sprintf("the file has %d lines and about %d values; at most %d lines and %d values are read", lines, marks, MaxLines, MaxNodes), "is this really the scenario, and not the data?")
		return "", false
	}
	return string(src), true
}

// invalid is the offset of the first byte that is not UTF-8, or that is a
// control character YAML does not allow, or -1.
func invalid(src []byte) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return i
		}
		i += size
	}
	return -1
}

// parse gives the document's body; nil after a problem.
func (t *tree) parse(text string) ast.Node {
	tokens := lexer.Tokenize(text)
	if at, deep := tooDeep(tokens); deep {
		t.add(t.place(at), "Y0005", fmt.Sprintf("lists and mappings inside each other more than %d deep", MaxDepth), "")
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		t.syntax(err)
		return nil
	}
	var body ast.Node
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if body != nil {
			begin := d.Start
			if begin == nil {
				begin = d.Body.GetToken()
			}
			t.add(t.place(begin), "Y0006", "a second document begins here", "a scenario is one document: remove the line with --- or ...")
			return nil
		}
		body = d.Body
	}
	if body == nil {
		t.add(Position{Line: 1, Column: 1}, "Y0003", "the file is empty", "`bespoke init FILE` writes a scenario for a data file")
	}
	return body
}

// tooDeep finds the token at which lists and mappings are nested deeper than
// MaxDepth. The parser is recursive, so this must be known before it runs.
func tooDeep(tokens token.Tokens) (*token.Token, bool) {
	flow, prefixes := 0, 0
	var columns []int // of the block lists and mappings that are open
	for _, tk := range tokens {
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		}
		switch tk.Type {
		case token.AnchorType, token.TagType, token.MappingKeyType:
			prefixes++
		case token.CommentType:
		default:
			if tk.Prev == nil || tk.Prev.Type != token.AnchorType { // else the anchor's name
				prefixes = 0
			}
		}
		if flow <= 0 && (tk.Type == token.SequenceEntryType || tk.Next != nil && tk.Next.Type == token.MappingValueType) {
			column := tk.Position.Column
			for len(columns) > 0 && columns[len(columns)-1] >= column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, column)
		}
		if len(columns)+flow+prefixes > MaxDepth {
			return tk, true
		}
	}
	return nil, false
}

// located is what the YAML library's errors offer.
type located interface {
	error
	GetToken() *token.Token
	GetMessage() string
}

// syntax reports an error of the YAML library in our form.
func (t *tree) syntax(err error) {
	var l located
	if !errors.As(err, &l) || l.GetToken() == nil {
		t.add(Position{Line: 1, Column: 1}, "Y0004", "not YAML: "+err.Error(), "")
		return
	}
	at := t.place(l.GetToken())
	msg, note := explain(l.GetMessage(), t.line(at))
	t.add(at, "Y0004", msg, note)
	t.problems[len(t.problems)-1].Err = err
}

// explain turns the YAML library's message and the line it points at into
// words for people who do not know YAML by heart.
func explain(msg, line string) (string, string) {
	quotes := "put a text that holds `: ` in quotes"
	switch {
	case strings.Contains(msg, "mapping value is not allowed") && strings.Contains(line, " ? "):
		return "a second `: ` in one line", `put an expression with "a ? b : c" in quotes`
	case strings.Contains(msg, "mapping value is not allowed") && strings.Contains(line, "by:"):
		return "a second `: ` in one line", "write by: {time: column} or by: {group: column}"
	case strings.Contains(msg, "mapping value is not allowed"):
		return "a key where a value should end", quotes + ", and indent keys that belong together alike"
	case strings.Contains(msg, "tab character"), strings.Contains(msg, "character '\t'"), strings.HasPrefix(line, "\t"):
		return "a tab indents this line", "indent with spaces"
	case strings.Contains(msg, "reserved character"):
		return "not YAML: " + msg, "put the text in quotes"
	case strings.Contains(msg, "must be specified"):
		return "not YAML: " + msg, "close the bracket that is open, or put a comma between its parts"
	case strings.Contains(msg, "end token"), strings.Contains(msg, "end character"):
		return "not YAML: " + msg, "close what is opened here"
	}
	return "not YAML: " + msg, ""
}

// place is where a token begins.
func (t *tree) place(tk *token.Token) Position {
	if tk == nil || tk.Position == nil {
		return Position{File: t.file, Line: 1, Column: 1}
	}
	return Position{File: t.file, Line: tk.Position.Line, Column: tk.Position.Column}
}

// Codes lists every kind of problem that ParseYAML reports, in order.
func Codes() []Code {
	return []Code{
		{Name: "Y0001", Meaning: "The file is larger than what is read: 1 MiB, 10,000 lines, 100,000 values (each use of an alias counts in full)."},
		{Name: "Y0002", Meaning: "The file is not text in UTF-8, or holds a control character."},
		{Name: "Y0003", Meaning: "The file is empty."},
		{Name: "Y0004", Meaning: "The text is not YAML. Most often a bracket or quote is not closed, a line is not indented like its neighbours, or a text with `: ` in it lacks quotes."},
		{Name: "Y0005", Meaning: "Lists and mappings stand inside each other more than 32 deep."},
		{Name: "Y0006", Meaning: "The file holds more than one document."},
		{Name: "Y0007", Meaning: "A mapping has the same key twice."},
		{Name: "Y0008", Meaning: "The file uses a part of YAML that is not used here: tags, merge keys, keys that are not plain words, or an alias without its anchor."},
		{Name: "Y0009", Meaning: "The YAML library failed on this file. Please report it."},
	}
}
