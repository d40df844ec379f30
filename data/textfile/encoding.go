package textfile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"bespoke/table"
)

// coding is how a text is written as bytes.
type coding uint8

const (
	utf8Coding coding = iota
	utf16Little
	utf16Big
	utf32Coding
	windows1252
)

// String names the encoding for people.
func (c coding) String() string {
	return [...]string{"UTF-8", "UTF-16 (little endian)", "UTF-16 (big endian)", "UTF-32", "Windows-1252 (Latin-1)"}[c]
}

// codingOf finds the encoding from the first bytes: by a byte order mark, or by
// the zero bytes that UTF-16 has in every second place of Latin text. Whether
// the rest is UTF-8 shows only in the whole text.
func codingOf(head []byte) coding {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0xfe, 0xff}):
		return utf32Coding
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return utf16Little
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return utf16Big
	}
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	switch {
	case half >= 4 && zeros[1] > half*3/4 && zeros[0] < half/8:
		return utf16Little
	case half >= 4 && zeros[0] > half*3/4 && zeros[1] < half/8:
		return utf16Big
	}
	return utf8Coding
}

// judge decides the encoding from the whole survey, refuses what is not text,
// and notes what will be converted.
func (t *File) judge(s *survey) error {
	switch {
	case s.coding == utf32Coding:
		return fmt.Errorf("data: reading %q: the text is UTF-32, which is not read; save it as UTF-8", t.Name)
	case s.coding == utf8Coding && s.nulls > 0:
		return fmt.Errorf("data: reading %q: it holds %d zero bytes and is not a text file; save it as UTF-8 text", t.Name, s.nulls)
	case s.coding == utf8Coding && s.invalid > 0:
		s.coding = windows1252
		t.note(table.Warning, fmt.Sprintf("line %d is not UTF-8; the file was read as %s", s.invalid, windows1252),
			"a text with bytes that are not valid UTF-8 and without a byte order mark is taken as Windows-1252",
			"if letters look wrong, save the file as UTF-8")
	case s.coding != utf8Coding:
		t.note(table.Note, fmt.Sprintf("the file is %s and was converted", s.coding),
			"a byte order mark, or zero bytes in every second place, show UTF-16", "")
		// Line ends of UTF-16 are counted in the converted text only.
		s.returns, s.pairs = 1, 0
	case s.mixedEnds():
		t.note(table.Note, fmt.Sprintf("lines end in different ways (%d by line feed, %d by carriage return and line feed, %d by carriage return); all were read as line ends",
			s.lines-s.pairs, s.pairs, s.returns-s.pairs), "every carriage return, line feed, or pair of them ends a line", "")
	}
	return nil
}

func (t *File) note(severity table.Severity, message, rule, suggestion string) {
	t.Findings = append(t.Findings, table.Finding{
		Check: "encoding", Severity: severity, Message: fmt.Sprintf("%s: %s", t.Name, message),
		Rule: rule, Action: "converted while reading", Suggestion: suggestion,
	})
}

// convert writes a copy of the text as UTF-8 with line feeds and reads that.
func (t *File) convert(zipped bool, s survey) error {
	from, err := os.Open(t.Path)
	if err != nil {
		return fmt.Errorf("data: reading %q: %w", t.Name, err)
	}
	defer func() { _ = from.Close() }() // only read from
	text, err := t.unzip(from, zipped)
	if err != nil {
		return err
	}
	t.scratch, err = os.MkdirTemp("", "bespoke-text-")
	if err != nil {
		return fmt.Errorf("data: reading %q: making a converted copy: %w", t.Name, err)
	}
	copyPath := filepath.Join(t.scratch, "text")
	to, err := os.Create(copyPath)
	if err != nil {
		return fmt.Errorf("data: reading %q: making a converted copy: %w", t.Name, err)
	}
	out := bufio.NewWriterSize(to, 1<<18)
	n, err := io.Copy(out, t.decoded(text, s))
	if err == nil {
		err = out.Flush()
	}
	if e := to.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("data: reading %q: making a converted copy: %w", t.Name, err)
	}
	t.Path, t.Bytes = copyPath, n
	return nil
}

// decoded is the text as UTF-8 with line feeds.
func (t *File) decoded(text *bufio.Reader, s survey) io.Reader {
	var r io.Reader = text
	switch s.coding {
	case utf16Little:
		r = transform.NewReader(text, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case utf16Big:
		r = transform.NewReader(text, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder())
	case windows1252:
		r = transform.NewReader(text, charmap.Windows1252.NewDecoder())
	case utf8Coding, utf32Coding:
	}
	if s.mixedEnds() {
		r = transform.NewReader(r, &lineFeeds{})
	}
	return r
}

// lineFeeds turns carriage returns, alone or before a line feed, into line
// feeds.
type lineFeeds struct{ transform.NopResetter }

// Transform meets transform.Transformer.
func (*lineFeeds) Transform(dst, src []byte, end bool) (wrote, read int, err error) {
	for read < len(src) {
		if wrote == len(dst) {
			return wrote, read, transform.ErrShortDst
		}
		b := src[read]
		if b == '\r' {
			if read+1 == len(src) && !end {
				return wrote, read, transform.ErrShortSrc
			}
			if read+1 < len(src) && src[read+1] == '\n' {
				read++
			}
			b = '\n'
		}
		dst[wrote] = b
		wrote++
		read++
	}
	return wrote, read, nil
}
