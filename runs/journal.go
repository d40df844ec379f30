package runs

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// maxLine bounds one line of the journal, so that a damaged or hostile file
// cannot ask for all memory. Larger results belong in files (OnceFile).
const maxLine = 64 << 20

// Journal is the append-only list of finished pieces of work. Each line is a
// JSON object with a checksum of the rest of the line:
//
//	{"sum":"0123456789abcdef","kind":"trial","key":"…","value":{…}}
//
// A line is either whole or ignored. It is safe for concurrent use; the order
// of the lines is the order in which work finished, which may differ from run
// to run, so nothing may depend on it.
type Journal struct {
	mu      sync.Mutex
	file    *os.File
	end     int64
	index   map[entryID]span
	order   []entryID
	damaged int
	torn    bool
	limit   int // the longest line; maxLine outside tests
}

// entryID is under what a value is kept.
type entryID struct{ kind, key string }

// span is where a line is in the file, its newline left out.
type span struct {
	offset int64
	length int
}

// entry is the part of a line that the checksum covers.
type entry struct {
	Kind  string          `json:"kind"`
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// openJournal opens or makes the journal at path, indexes its whole lines and
// cuts off a torn tail. The caller holds the lock of the folder.
func openJournal(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("runs: opening journal: %w", err)
	}
	j := &Journal{file: f, index: make(map[entryID]span), limit: maxLine}
	if err := j.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("runs: opening journal: %w", err), f.Close())
	}
	return j, nil
}

// load indexes the file and truncates it after the last whole line, so that
// the next line does not grow out of a torn one.
func (j *Journal) load() error {
	size, err := j.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := j.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	bad := 0
	end, err := scan(j.file, func(at span, e entry, whole bool) {
		if !whole {
			bad++
			return
		}
		j.damaged += bad // damage before a whole line is not a torn tail
		bad = 0
		j.put(entryID{e.Kind, e.Key}, at)
	})
	if err != nil {
		return err
	}
	j.end, j.torn = end, end != size
	if j.torn {
		if err := j.file.Truncate(end); err != nil {
			return err
		}
	}
	_, err = j.file.Seek(end, io.SeekStart)
	return err
}

// put indexes a line; a later line with the same kind and key wins.
func (j *Journal) put(id entryID, at span) {
	if _, ok := j.index[id]; !ok {
		j.order = append(j.order, id)
	}
	j.index[id] = at
}

// scan reads lines and calls each for every one that ends in a newline, whole
// or not. It returns the offset after the last whole line. Its only errors are
// those of the reader.
func scan(r io.Reader, each func(at span, e entry, whole bool)) (end int64, err error) {
	br := bufio.NewReaderSize(r, 64<<10)
	var offset int64
	var line []byte
	for {
		line = line[:0]
		length, complete := 0, false
		for !complete {
			part, err := br.ReadSlice('\n')
			length += len(part)
			if length <= maxLine+1 {
				line = append(line, part...)
			}
			switch {
			case err == nil:
				complete = true
			case errors.Is(err, io.EOF):
				return end, nil // no newline: the tail is torn or empty
			case !errors.Is(err, bufio.ErrBufferFull):
				return end, err
			}
		}
		e, whole := entry{}, false
		if length <= maxLine+1 {
			e, whole = parseLine(line[:len(line)-1])
		}
		each(span{offset, length - 1}, e, whole)
		offset += int64(length)
		if whole {
			end = offset
		}
	}
}

// The fixed head of a line; the checksum stands between the two parts and
// covers everything after them.
const (
	lineHead = `{"sum":"`
	lineMid  = `",`
	sumHex   = 16
)

// parseLine checks the checksum and decodes a line without its newline.
func parseLine(line []byte) (entry, bool) {
	const headLen = len(lineHead) + sumHex + len(lineMid)
	if len(line) < headLen || string(line[:len(lineHead)]) != lineHead || string(line[headLen-len(lineMid):headLen]) != lineMid {
		return entry{}, false
	}
	rest := line[headLen:]
	if string(line[len(lineHead):len(lineHead)+sumHex]) != checksum(rest) {
		return entry{}, false
	}
	var e entry
	// The object without its checksum, "{" put back.
	if err := json.Unmarshal(append([]byte{'{'}, rest...), &e); err != nil {
		return entry{}, false
	}
	return e, true
}

// formatLine is the inverse of parseLine, with the newline.
func formatLine(e entry) ([]byte, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	rest := body[1:]
	var b bytes.Buffer
	b.Grow(len(rest) + 64)
	b.WriteString(lineHead)
	b.WriteString(checksum(rest))
	b.WriteString(lineMid)
	b.Write(rest)
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func checksum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:sumHex/2])
}

// Append adds a value under its kind (such as "trial") and content key and
// returns when it is on disk. The value is stored as JSON; NaN and infinities
// are an error, as are values above 64 MiB.
func (j *Journal) Append(kind, key string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("runs: appending %s: the value cannot be stored as JSON: %w", kind, err)
	}
	return j.appendRaw(kind, key, raw)
}

func (j *Journal) appendRaw(kind, key string, raw json.RawMessage) error {
	line, err := formatLine(entry{Kind: kind, Key: key, Value: raw})
	if err != nil {
		return fmt.Errorf("runs: appending %s: %w", kind, err)
	}
	if len(line) > j.limit {
		return fmt.Errorf("runs: appending %s: the value has %d bytes, at most %d are allowed; write it as a file", kind, len(line), j.limit)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return fmt.Errorf("runs: appending %s: the run is closed", kind)
	}
	if err := j.write(line); err != nil {
		return fmt.Errorf("runs: appending %s: %w", kind, err)
	}
	j.put(entryID{kind, key}, span{j.end, len(line) - 1})
	j.end += int64(len(line))
	return nil
}

// write puts a line at the end and syncs. After a failed write (a full disk)
// it cuts off what got there, so that later lines stay whole.
func (j *Journal) write(line []byte) error {
	_, err := j.file.WriteAt(line, j.end)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return errors.Join(err, j.file.Truncate(j.end))
	}
	return nil
}

// Get reads the value stored under kind and key into v, a pointer, and says
// whether there was one. An error means that the value is there but does not
// fit v or could not be read.
func (j *Journal) Get(kind, key string, v any) (bool, error) {
	raw, ok, err := j.raw(entryID{kind, key})
	if !ok || err != nil {
		return false, err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return false, fmt.Errorf("runs: reading %s from the journal: %w", kind, err)
	}
	return true, nil
}

func (j *Journal) raw(id entryID) (json.RawMessage, bool, error) {
	j.mu.Lock()
	at, ok := j.index[id]
	file := j.file
	j.mu.Unlock()
	if !ok {
		return nil, false, nil
	}
	if file == nil {
		return nil, false, fmt.Errorf("runs: reading %s from the journal: the run is closed", id.kind)
	}
	line := make([]byte, at.length)
	if _, err := file.ReadAt(line, at.offset); err != nil {
		return nil, false, fmt.Errorf("runs: reading %s from the journal: %w", id.kind, err)
	}
	e, whole := parseLine(line)
	if !whole || e.Kind != id.kind || e.Key != id.key {
		return nil, false, fmt.Errorf("runs: reading %s from the journal: the line at byte %d was changed by somebody else", id.kind, at.offset)
	}
	return e.Value, true, nil
}

// Each calls f with every value of a kind, in the order in which the keys
// first appeared, and stops at its first error.
func (j *Journal) Each(kind string, f func(key string, value json.RawMessage) error) error {
	j.mu.Lock()
	ids := j.order[:len(j.order):len(j.order)]
	j.mu.Unlock()
	for _, id := range ids {
		if id.kind != kind {
			continue
		}
		raw, _, err := j.raw(id)
		if err != nil {
			return err
		}
		if err := f(id.key, raw); err != nil {
			return err
		}
	}
	return nil
}

// Len is the number of values.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.index)
}

// Torn says whether opening found and dropped an unfinished last line, which
// is what killing a process in the middle of a write leaves.
func (j *Journal) Torn() bool { return j.torn }

// Damaged is the number of lines before the last whole one that failed their
// checksum and were ignored. It is not zero only when something else than
// this program wrote into the file or the disk lost data.
func (j *Journal) Damaged() int { return j.damaged }

func (j *Journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	f := j.file
	j.file = nil
	return f.Close()
}
