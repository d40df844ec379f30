// Package jsonlit reads and writes JSON literals without reflection and, on
// the common path, without allocation.
//
// It exists for the two hot paths of a served model: rows that arrive in a
// request, which go straight from bytes into a scratch row and whose errors
// must name the field, and lines of the decision ledger. Everything else in
// the program uses encoding/json.
//
//	s := jsonlit.NewScanner(body)
//	s.EnterObject()
//	for {
//		key, ok, err := s.NextKey()
//		...
//	}
//
// The grammar is RFC 8259 without leniency: UTF-8 only, no duplicate check (it
// is the caller who knows the keys), no number outside the range of float64, a
// nesting of at most MaxDepth.
package jsonlit

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest.
const MaxDepth = 32

// Kind is the type of a JSON value.
type Kind uint8

// The kinds of JSON values. None is what stands where no value can begin.
const (
	None Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"nothing", "null", "true or false", "a number", "text", "an array", "an object"}

// String is the kind in words for error messages.
func (k Kind) String() string { return kindNames[k] }

// SyntaxError says where the bytes stop being JSON.
type SyntaxError struct {
	// Offset counts bytes from the start of the document.
	Offset int
	// Msg says what was expected there.
	Msg string
}

// Error gives the message with its place.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Msg, e.Offset) }

// Scanner walks through one JSON document. Slices that it returns are valid
// until the next call. The zero Scanner reads an empty document.
type Scanner struct {
	data  []byte
	pos   int
	depth int
	// fresh[d] is true until the first element at depth d was read.
	fresh [MaxDepth + 1]bool
	// keys and texts hold unescaped strings.
	keys, texts []byte
}

// NewScanner reads the document from its start.
func NewScanner(data []byte) *Scanner { return &Scanner{data: data} }

// Reset starts over with another document and keeps the buffers.
func (s *Scanner) Reset(data []byte) { s.data, s.pos, s.depth = data, 0, 0 }

// Offset is the byte at which reading goes on.
func (s *Scanner) Offset() int { return s.pos }

func (s *Scanner) fail(msg string) error { return &SyntaxError{Offset: s.pos, Msg: msg} }

func (s *Scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// Mark is the place where the next value begins, for Since.
func (s *Scanner) Mark() int {
	s.space()
	return s.pos
}

// Since returns the bytes of the document from a Mark to where reading goes
// on.
func (s *Scanner) Since(mark int) []byte { return s.data[mark:s.pos:s.pos] }

// Peek says of which kind the next value is, without reading it.
func (s *Scanner) Peek() Kind {
	s.space()
	if s.pos >= len(s.data) {
		return None
	}
	switch c := s.data[s.pos]; {
	case c == '{':
		return Object
	case c == '[':
		return Array
	case c == '"':
		return String
	case c == '-' || (c >= '0' && c <= '9'):
		return Number
	case c == 't' || c == 'f':
		return Bool
	case c == 'n':
		return Null
	}
	return None
}

// End checks that nothing but space follows the document.
func (s *Scanner) End() error {
	s.space()
	if s.pos < len(s.data) {
		return s.fail("unexpected bytes after the document")
	}
	return nil
}

func (s *Scanner) enter(open byte, name string) error {
	s.space()
	if s.pos >= len(s.data) || s.data[s.pos] != open {
		return s.fail("expected " + name)
	}
	if s.depth >= MaxDepth {
		return s.fail("nested deeper than " + strconv.Itoa(MaxDepth))
	}
	s.pos++
	s.depth++
	s.fresh[s.depth] = true
	return nil
}

// EnterObject reads the opening brace; NextKey follows.
func (s *Scanner) EnterObject() error { return s.enter('{', "an object") }

// EnterArray reads the opening bracket; NextElement follows.
func (s *Scanner) EnterArray() error { return s.enter('[', "an array") }

// next steps to the following element of the innermost array or object; ok is
// false when its closing byte was read.
func (s *Scanner) next(closing byte) (ok bool, err error) {
	s.space()
	if s.pos >= len(s.data) {
		return false, s.fail("unexpected end")
	}
	if s.data[s.pos] == closing {
		s.pos++
		s.depth--
		return false, nil
	}
	if s.fresh[s.depth] {
		s.fresh[s.depth] = false
		return true, nil
	}
	if s.data[s.pos] != ',' {
		return false, s.fail(fmt.Sprintf("expected , or %c", closing))
	}
	s.pos++
	s.space()
	if s.pos < len(s.data) && s.data[s.pos] == closing {
		return false, s.fail("a value must follow the comma")
	}
	return true, nil
}

// NextKey reads the next key of the object just entered and its colon; ok is
// false at the object's end. The caller must then read exactly one value.
func (s *Scanner) NextKey() (key []byte, ok bool, err error) {
	ok, err = s.next('}')
	if !ok || err != nil {
		return nil, false, err
	}
	key, s.keys, err = s.str(s.keys)
	if err != nil {
		return nil, false, err
	}
	s.space()
	if s.pos >= len(s.data) || s.data[s.pos] != ':' {
		return nil, false, s.fail("expected :")
	}
	s.pos++
	return key, true, nil
}

// NextElement says whether another element of the array just entered follows;
// the caller must then read exactly one value.
func (s *Scanner) NextElement() (ok bool, err error) { return s.next(']') }

// Text reads a string and returns it unescaped.
func (s *Scanner) Text() (text []byte, err error) {
	s.space()
	text, s.texts, err = s.str(s.texts)
	return text, err
}

// Float reads a number.
func (s *Scanner) Float() (float64, error) {
	start, err := s.number()
	if err != nil {
		return 0, err
	}
	x, err := strconv.ParseFloat(string(s.data[start:s.pos]), 64)
	if err != nil {
		s.pos = start
		return 0, s.fail("the number is too large")
	}
	return x, nil
}

// Literal reads a number and returns its spelling, unchanged.
func (s *Scanner) Literal() ([]byte, error) {
	start, err := s.number()
	if err != nil {
		return nil, err
	}
	return s.data[start:s.pos], nil
}

// Bool reads true or false.
func (s *Scanner) Bool() (bool, error) {
	if s.Peek() == Bool && s.data[s.pos] == 't' {
		return true, s.word("true")
	}
	return false, s.word("false")
}

// Null reads null.
func (s *Scanner) Null() error { return s.word("null") }

func (s *Scanner) word(w string) error {
	s.space()
	if len(s.data)-s.pos < len(w) || string(s.data[s.pos:s.pos+len(w)]) != w {
		return s.fail("expected " + w)
	}
	s.pos += len(w)
	return nil
}

func (s *Scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

// number steps over a number and returns where it began.
func (s *Scanner) number() (start int, err error) {
	s.space()
	start = s.pos
	if s.pos < len(s.data) && s.data[s.pos] == '-' {
		s.pos++
	}
	zero := s.pos
	if !s.digits() {
		return start, s.fail("expected a digit")
	}
	if s.data[zero] == '0' && s.pos > zero+1 {
		s.pos = zero
		return start, s.fail("a number must not begin with 0")
	}
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return start, s.fail("expected a digit")
		}
	}
	if s.pos < len(s.data) && (s.data[s.pos] == 'e' || s.data[s.pos] == 'E') {
		s.pos++
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			return start, s.fail("expected a digit")
		}
	}
	return start, nil
}

// str reads a string. It returns a view of the document where nothing is
// escaped, and else the given buffer, refilled.
func (s *Scanner) str(buf []byte) (text, keep []byte, err error) {
	if s.pos >= len(s.data) || s.data[s.pos] != '"' {
		return nil, buf, s.fail("expected text in double quotes")
	}
	s.pos++
	start := s.pos
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			text = s.data[start:s.pos]
			s.pos++
			return text, buf, nil
		case c == '\\':
			return s.escaped(append(buf[:0], s.data[start:s.pos]...))
		case c < ' ':
			return nil, buf, s.fail("a control character must be escaped")
		case c < utf8.RuneSelf:
			s.pos++
		default:
			if err := s.rune(); err != nil {
				return nil, buf, err
			}
		}
	}
	return nil, buf, s.fail("unexpected end inside text")
}

func (s *Scanner) rune() error {
	r, size := utf8.DecodeRune(s.data[s.pos:])
	if r == utf8.RuneError && size <= 1 {
		return s.fail("the text is not UTF-8")
	}
	s.pos += size
	return nil
}

// escaped goes on with a string from its first backslash.
func (s *Scanner) escaped(buf []byte) (text, keep []byte, err error) {
	for s.pos < len(s.data) {
		start := s.pos
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return buf, buf, nil
		case c == '\\':
			if buf, err = s.escape(buf); err != nil {
				return nil, buf, err
			}
			continue
		case c < ' ':
			return nil, buf, s.fail("a control character must be escaped")
		case c < utf8.RuneSelf:
			s.pos++
		default:
			if err := s.rune(); err != nil {
				return nil, buf, err
			}
		}
		buf = append(buf, s.data[start:s.pos]...)
	}
	return nil, buf, s.fail("unexpected end inside text")
}

// escape reads one escape sequence and appends what it stands for.
func (s *Scanner) escape(buf []byte) ([]byte, error) {
	if s.pos+1 >= len(s.data) {
		return buf, s.fail("unexpected end inside text")
	}
	c := s.data[s.pos+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return s.unicode(buf)
	default:
		return buf, s.fail("unknown escape")
	}
	s.pos += 2
	return append(buf, c), nil
}

func (s *Scanner) unicode(buf []byte) ([]byte, error) {
	r, ok := s.hex4(s.pos + 2)
	if !ok {
		return buf, s.fail("expected four hexadecimal digits after \\u")
	}
	if !utf16.IsSurrogate(r) {
		s.pos += 6
		return utf8.AppendRune(buf, r), nil
	}
	if s.pos+7 < len(s.data) && s.data[s.pos+6] == '\\' && s.data[s.pos+7] == 'u' {
		if low, ok := s.hex4(s.pos + 8); ok {
			if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
				s.pos += 12
				return utf8.AppendRune(buf, full), nil
			}
		}
	}
	return buf, s.fail("half of a surrogate pair")
}

func (s *Scanner) hex4(at int) (r rune, ok bool) {
	if at+4 > len(s.data) {
		return 0, false
	}
	for _, c := range s.data[at : at+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// Skip reads one value of any kind and returns its bytes.
func (s *Scanner) Skip() (raw []byte, err error) {
	kind := s.Peek()
	start := s.pos
	switch kind {
	case Object:
		err = s.skipObject()
	case Array:
		err = s.skipArray()
	case String:
		_, err = s.Text()
	case Number:
		_, err = s.number()
	case Bool:
		_, err = s.Bool()
	case Null:
		err = s.Null()
	default:
		err = s.fail("expected a value")
	}
	return s.data[start:s.pos], err
}

func (s *Scanner) skipObject() error {
	if err := s.EnterObject(); err != nil {
		return err
	}
	for {
		_, ok, err := s.NextKey()
		if err != nil || !ok {
			return err
		}
		if _, err := s.Skip(); err != nil {
			return err
		}
	}
}

func (s *Scanner) skipArray() error {
	if err := s.EnterArray(); err != nil {
		return err
	}
	for {
		ok, err := s.NextElement()
		if err != nil || !ok {
			return err
		}
		if _, err := s.Skip(); err != nil {
			return err
		}
	}
}
