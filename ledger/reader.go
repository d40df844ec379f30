package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Stats counts what a Reader met so far.
type Stats struct {
	// Segments is the number of segments begun.
	Segments int `json:"segments"`
	// Decisions and Outcomes are the intact records.
	Decisions int `json:"decisions"`
	Outcomes  int `json:"outcomes"`
	// Unknown are intact lines of a kind that only a later version knows.
	Unknown int `json:"unknown,omitempty"`
	// Torn are unreadable lines at the very end of a segment: what was being
	// written when the writer was stopped. They were never acknowledged.
	Torn int `json:"torn,omitempty"`
	// Corrupt are unreadable lines with intact ones behind them: the file was
	// damaged or edited after it was written.
	Corrupt int `json:"corrupt,omitempty"`
	// FirstCorrupt is the place of the first of them, as "file:line"; empty
	// when there is none.
	FirstCorrupt string `json:"first_corrupt,omitempty"`
	// Gaps are segment numbers that are missing between others: whole files
	// that were lost.
	Gaps int `json:"gaps,omitempty"`
}

// Reader walks through the records of a ledger, oldest segment first. It sees
// the segments that were there when it was opened, and may run while a Writer
// adds to the last of them. It must not be used by several goroutines at once.
type Reader struct {
	dir      string
	segments []segment
	stats    Stats

	file    *os.File
	lines   *bufio.Reader
	long    []byte
	name    string
	line    int
	pending int
	badLine int
	decoder decoder
	record  Record
	err     error
}

// segment is a file of the ledger.
type segment struct {
	number int
	name   string
}

const segmentEnding = ".jsonl"

func segmentName(number int) string { return fmt.Sprintf("%08d%s", number, segmentEnding) }

// listSegments lists the segments of a folder in order. Files of other names
// are not the ledger's and are left alone.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []segment
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), segmentEnding)
		if !ok || len(digits) < 8 || !e.Type().IsRegular() {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil || n == 0 || segmentName(int(n)) != e.Name() {
			continue
		}
		out = append(out, segment{number: int(n), name: e.Name()})
	}
	slices.SortFunc(out, func(a, b segment) int { return a.number - b.number })
	return out, nil
}

// OpenReader begins to read the ledger in a folder. A folder without a segment
// is an empty ledger; a folder that is not there is an error.
func OpenReader(dir string) (*Reader, error) {
	segments, err := listSegments(dir)
	if err != nil {
		return nil, fmt.Errorf("ledger: open %q: %w", dir, err)
	}
	r := &Reader{dir: dir, segments: segments}
	for i := 1; i < len(segments); i++ {
		r.stats.Gaps += segments[i].number - segments[i-1].number - 1
	}
	return r, nil
}

// Next reads the next record; false means the end, or an error that Err
// returns. Damaged lines are counted in Stats and left out.
func (r *Reader) Next() bool {
	for r.err == nil {
		if r.lines == nil && !r.begin() {
			return false
		}
		line, err := r.readLine()
		switch {
		case errors.Is(err, io.EOF):
			r.end()
		case err != nil:
			r.err = fmt.Errorf("ledger: read %s: %w", r.name, err)
		default:
			if r.accept(line) {
				return true
			}
		}
	}
	return false
}

// Record is the record that Next read. The caller may keep it.
func (r *Reader) Record() Record { return r.record }

// Err is the error that stopped Next, or nil at the end.
func (r *Reader) Err() error { return r.err }

// Stats counts what was met so far.
func (r *Reader) Stats() Stats { return r.stats }

// Close frees the open file. It may be called at any time.
func (r *Reader) Close() error {
	r.segments = nil
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file, r.lines = nil, nil
	return err
}

// begin opens the next segment.
func (r *Reader) begin() bool {
	if len(r.segments) == 0 {
		return false
	}
	next := r.segments[0]
	r.segments = r.segments[1:]
	file, err := os.Open(filepath.Join(r.dir, next.name))
	if err != nil {
		r.err = fmt.Errorf("ledger: read: %w", err)
		return false
	}
	r.use(file, next.name)
	r.file = file
	return true
}

// use starts to read a segment's bytes.
func (r *Reader) use(from io.Reader, name string) {
	r.lines = bufio.NewReaderSize(from, 64<<10)
	r.name, r.line, r.pending = name, 0, 0
	r.stats.Segments++
}

// end closes the segment: bad lines at its end were torn, not damaged.
func (r *Reader) end() {
	r.stats.Torn += r.pending
	r.lines = nil
	if r.file != nil {
		// Nothing was written through this handle, so closing it cannot lose
		// anything.
		_ = r.file.Close()
		r.file = nil
	}
}

// readLine returns the next line without its end; nil stands for a line that
// is longer than MaxLine or that has no end.
func (r *Reader) readLine() ([]byte, error) {
	r.long = r.long[:0]
	tooLong := false
	for {
		part, err := r.lines.ReadSlice('\n')
		switch {
		case err == nil && len(r.long) == 0 && !tooLong:
			r.line++
			return part[:len(part)-1], nil
		case err == nil || errors.Is(err, bufio.ErrBufferFull):
			tooLong = tooLong || len(r.long)+len(part) > MaxLine
			if !tooLong {
				r.long = append(r.long, part...)
			}
			if err != nil {
				continue
			}
			r.line++
			if tooLong {
				return nil, nil
			}
			return r.long[:len(r.long)-1], nil
		case errors.Is(err, io.EOF) && len(part)+len(r.long) > 0 || errors.Is(err, io.EOF) && tooLong:
			r.line++
			return nil, nil
		default:
			return nil, err
		}
	}
}

// accept takes in one line and says whether it is a record.
func (r *Reader) accept(line []byte) bool {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	if !intact(line) {
		r.bad()
		return false
	}
	p, err := r.decoder.decode(line)
	if err != nil {
		r.bad()
		return false
	}
	if r.pending > 0 {
		r.stats.Corrupt += r.pending
		if r.stats.FirstCorrupt == "" {
			r.stats.FirstCorrupt = fmt.Sprintf("%s:%d", r.name, r.badLine)
		}
		r.pending = 0
	}
	switch {
	case p.kind == "segment":
		if p.header.format > Format {
			r.err = fmt.Errorf("ledger: read %s: format %d is newer than this program, which reads up to %d", r.name, p.header.format, Format)
		}
		return false
	case p.record.Decision != nil:
		r.stats.Decisions++
	case p.record.Outcome != nil:
		r.stats.Outcomes++
	default:
		r.stats.Unknown++
		return false
	}
	r.record = p.record
	return true
}

func (r *Reader) bad() {
	if r.pending == 0 {
		r.badLine = r.line
	}
	r.pending++
}
