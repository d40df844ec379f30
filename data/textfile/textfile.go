// Package textfile makes text files ready for a reader and finds out how they
// are written: encoding, line ends, compression, and for delimited text the
// separator, the quotes, the header, and how many records there are.
//
// It counts records independently of any reader, so that a reader can prove that
// it lost none, and finds quotes that are never closed.
//
//	f, err := textfile.Prepare("loans.csv", "/data/loans.csv", nil)
//	defer f.Close()
//	d, findings, err := f.Dialect()
package textfile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"bespoke/table"
)

// File is a text file made ready for a reader: plain UTF-8 with one kind of line
// end. Where the file is not like that, Path is a converted copy and Findings
// say what was done.
type File struct {
	// Name is the path as people know it, Path the file to read.
	Name, Path string
	// SHA256 is the hash of the file's bytes as they are stored, in hexadecimal,
	// and Size their number.
	SHA256 string
	Size   int64
	// Bytes is the size of the text as UTF-8, uncompressed.
	Bytes int64
	// Head is the beginning of the text, without a byte order mark.
	Head []byte
	// Findings say what was converted.
	Findings []table.Finding

	scratch string // folder of the copy, "" without one
}

// Close removes the converted copy.
func (t *File) Close() {
	if t.scratch != "" {
		_ = os.RemoveAll(t.scratch) // a leftover in the temporary folder does no harm
	}
}

// headBytes is how much of a text is looked at to find its dialect.
const headBytes = 1 << 18

// Prepare opens a text file, takes its hash, finds its encoding and line ends,
// and makes a converted copy where needed: of a gzip file, of text that is not
// UTF-8, of text whose lines end in different ways. With fits not nil, it is
// asked whether a text of so many bytes may be read. The caller closes the file.
func Prepare(name, path string, fits func(bytes int64) error) (*File, error) {
	t := &File{Name: name, Path: path}
	zipped := strings.HasSuffix(strings.ToLower(name), ".gz")
	s, err := t.survey(fits, zipped)
	if err != nil {
		return nil, err
	}
	if err := t.judge(&s); err != nil {
		return nil, err
	}
	if zipped || s.mixedEnds() || s.coding != utf8Coding {
		if err := t.convert(zipped, s); err != nil {
			t.Close()
			return nil, err
		}
	}
	if err := t.readHead(headBytes); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// survey is what one pass over the bytes of a text shows.
type survey struct {
	coding  coding
	bytes   int64
	lines   int // line feeds
	pairs   int // line feeds after a carriage return
	returns int // carriage returns, those of pairs included
	nulls   int
	// invalid is the line of the first byte that is not UTF-8; 0 when all are.
	invalid int

	last  byte
	carry int // bytes of an unfinished character at the end of the last part
}

// mixedEnds says whether lines end in different ways, or by carriage returns
// alone.
func (s *survey) mixedEnds() bool {
	return s.returns != s.pairs || s.pairs != 0 && s.pairs != s.lines
}

// add counts in the next part of the text, of which the first s.carry bytes
// were already counted.
func (s *survey) add(part []byte) {
	fresh := part[s.carry:]
	valid := part[:len(part)-unfinished(part)]
	if s.invalid == 0 && !utf8.Valid(valid) {
		s.invalid = s.lines + 1 + bytes.Count(valid[:firstInvalid(valid)], []byte{'\n'})
	}
	s.carry = len(part) - len(valid)
	s.bytes += int64(len(fresh))
	s.lines += bytes.Count(fresh, []byte{'\n'})
	s.nulls += bytes.Count(fresh, []byte{0})
	if n := bytes.Count(fresh, []byte{'\r'}); n > 0 {
		s.returns += n
		s.pairs += bytes.Count(fresh, []byte("\r\n"))
	}
	if s.last == '\r' && len(fresh) > 0 && fresh[0] == '\n' {
		s.pairs++
	}
	if len(fresh) > 0 {
		s.last = fresh[len(fresh)-1]
	}
}

// unfinished is how many bytes at the end begin a character that needs more.
func unfinished(part []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(part); n++ {
		b := part[len(part)-n]
		if utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRune(part[len(part)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// survey reads the whole file once.
func (t *File) survey(fits func(int64) error, zipped bool) (survey, error) {
	var s survey
	f, err := os.Open(t.Path)
	if err != nil {
		return s, fmt.Errorf("data: reading %q: %w", t.Name, err)
	}
	defer func() { _ = f.Close() }() // only read from
	hash := sha256.New()
	text, err := t.unzip(io.TeeReader(f, hash), zipped)
	if err != nil {
		return s, err
	}
	first, err := text.Peek(4096)
	if len(first) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return s, t.broken(err)
	}
	if kind := foreign(first); kind != "" {
		return s, fmt.Errorf("data: reading %q: %s", t.Name, kind)
	}
	s.coding = codingOf(first)
	buffer := make([]byte, 1<<20)
	for {
		n, err := text.Read(buffer[s.carry:])
		tail := s.carry + n
		s.add(buffer[:tail])
		copy(buffer, buffer[tail-s.carry:tail])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, t.broken(err)
		}
		if fits != nil {
			if err := fits(s.bytes); err != nil {
				return s, err
			}
		}
	}
	if s.carry > 0 && s.invalid == 0 {
		s.invalid = s.lines + 1
	}
	size, err := io.Copy(hash, f) // what stands after the end of a gzip stream
	if err != nil {
		return s, t.broken(err)
	}
	if at, err := f.Seek(0, io.SeekCurrent); err == nil {
		size = at
	}
	t.Bytes, t.Size, t.SHA256 = s.bytes, size, hex.EncodeToString(hash.Sum(nil))
	return s, nil
}

// unzip gives the text of a file, uncompressed.
func (t *File) unzip(r io.Reader, zipped bool) (*bufio.Reader, error) {
	if !zipped {
		return bufio.NewReaderSize(r, 1<<16), nil
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(r, 1<<16))
	if err != nil {
		return nil, t.broken(err)
	}
	return bufio.NewReaderSize(z, 1<<16), nil
}

// broken explains a failure to read.
func (t *File) broken(err error) error {
	switch {
	case errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("data: reading %q: it is not a gzip file although its name ends in .gz; rename it", t.Name)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("data: reading %q: the gzip file is broken or cut short (%w); fetch it again", t.Name, err)
	}
	return fmt.Errorf("data: reading %q: %w", t.Name, err)
}

// foreign recognises files of another kind by their first bytes.
func foreign(head []byte) string {
	for _, m := range []struct{ magic, what string }{
		{"PK\x03\x04", "it is a zip or Excel file, not text; name an Excel file .xlsx, or unpack the archive"},
		{"PAR1", "it is a parquet file, not text; name it .parquet"},
		{"\x1f\x8b", "it is a gzip file; name it with .gz at the end"},
		{"\xd0\xcf\x11\xe0", "it is an old Office file (.xls), not text; save it as .xlsx or .csv"},
		{"%PDF", "it is a PDF file, not a table"},
		{"SQLite format 3", "it is an SQLite database, not text; export the table as csv"},
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.what
		}
	}
	return ""
}

// ByteOrderMark may stand before UTF-8 text.
var ByteOrderMark = []byte("\xef\xbb\xbf")

// readHead keeps the beginning of the text.
func (t *File) readHead(most int64) error {
	f, err := os.Open(t.Path)
	if err != nil {
		return fmt.Errorf("data: reading %q: %w", t.Name, err)
	}
	defer func() { _ = f.Close() }() // only read from
	head := make([]byte, min(most, t.Bytes))
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return fmt.Errorf("data: reading %q: %w", t.Name, err)
	}
	t.Head = bytes.TrimPrefix(head[:n], ByteOrderMark)
	return nil
}
