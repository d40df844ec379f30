package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// file is the part of os.File that a segment needs; tests replace it with one
// that fails.
type file interface {
	io.Writer
	io.Closer
	Sync() error
	Truncate(size int64) error
}

// createFile opens a segment for appending. A new segment must not exist yet.
func createFile(path string, isNew bool) (file, error) {
	flags := os.O_WRONLY | os.O_APPEND
	if isNew {
		flags |= os.O_CREATE | os.O_EXCL
	}
	return os.OpenFile(path, flags, 0o640)
}

// disk is the writing end of a ledger's folder: the segment being written and
// when to begin the next.
type disk struct {
	dir    string
	opt    Options
	create func(path string, isNew bool) (file, error)

	number  int       // of the newest segment; 0 when there is none
	file    file      // nil when a new segment must be begun
	size    int64     // bytes of file that are good
	started time.Time // of the segment
	dirty   bool      // written since the last sync
}

// resume finds the newest segment and goes on writing it when it ends well.
func (d *disk) resume() error {
	segments, err := listSegments(d.dir)
	if err != nil || len(segments) == 0 {
		return err
	}
	last := segments[len(segments)-1]
	d.number = last.number
	path := filepath.Join(d.dir, last.name)
	h, size, ok, err := inspect(path)
	if err != nil || !ok {
		return err
	}
	if h.format != Format || size >= d.opt.MaxBytes {
		return nil
	}
	if d.file, err = d.create(path, false); err != nil {
		return err
	}
	d.size, d.started = size, h.started
	return nil
}

// inspect reads a segment's header and last line; ok says that both are
// intact, so that lines may follow.
func inspect(path string) (h header, size int64, ok bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, 0, false, err
	}
	defer func() { _ = f.Close() }() // only read from
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return h, 0, false, err
	}
	first := make([]byte, min(end, 4096))
	if _, err := f.ReadAt(first, 0); err != nil {
		return h, 0, false, err
	}
	last := make([]byte, min(end, MaxLine+1))
	if _, err := f.ReadAt(last, end-int64(len(last))); err != nil {
		return h, 0, false, err
	}
	if len(last) == 0 || last[len(last)-1] != '\n' {
		return h, 0, false, nil
	}
	var dec decoder
	p, err := dec.decode(lineAt(first, 0))
	if err != nil || p.kind != "segment" || !intact(lineAt(first, 0)) {
		return h, 0, false, nil
	}
	begin := len(last) - 1
	for begin > 0 && last[begin-1] != '\n' {
		begin--
	}
	return p.header, end, intact(last[begin : len(last)-1]), nil
}

// lineAt returns the line that begins at a place, without its end.
func lineAt(b []byte, at int) []byte {
	for i := at; i < len(b); i++ {
		if b[i] == '\n' {
			return b[at:i]
		}
	}
	return nil
}

// write appends lines to the segment, beginning a new one where it is due, and
// syncs them under SyncBatch. After an error none of them counts as written.
func (d *disk) write(lines []byte) error {
	if d.file != nil && (d.size >= d.opt.MaxBytes || d.opt.Now().Sub(d.started) >= d.opt.MaxAge) {
		if err := d.close(); err != nil {
			return err
		}
	}
	if d.file == nil {
		if err := d.begin(); err != nil {
			return err
		}
	}
	d.dirty = true
	n, err := d.file.Write(lines)
	if err != nil || n < len(lines) {
		if err == nil {
			err = io.ErrShortWrite
		}
		d.undo()
		return err
	}
	if d.opt.Sync == SyncBatch {
		if err := d.sync(); err != nil {
			return err
		}
	}
	d.size += int64(len(lines))
	return nil
}

// undo takes back a partial write. Where that fails, the segment is left with
// a torn end and another is begun.
func (d *disk) undo() {
	if d.file.Truncate(d.size) != nil {
		d.abandon()
	}
}

// abandon leaves the segment as it is. Its error was reported by the write or
// sync that failed before.
func (d *disk) abandon() {
	_ = d.file.Close()
	d.file, d.dirty = nil, false
}

// again sees whether the disk works after a failure, by beginning a new segment:
// its header is a real write and a real sync.
func (d *disk) again() error {
	if d.file != nil {
		d.abandon()
	}
	return d.begin()
}

// sync forces written lines to the disk. After a failed sync the system may
// have dropped them, and a second one would wrongly succeed, so the segment is
// abandoned.
func (d *disk) sync() error {
	if d.file == nil || !d.dirty {
		return nil
	}
	if err := d.file.Sync(); err != nil {
		d.abandon()
		return err
	}
	d.dirty = false
	return nil
}

// begin makes the next segment with its header.
func (d *disk) begin() error {
	now := d.opt.Now().UTC()
	number := d.number + 1
	path := filepath.Join(d.dir, segmentName(number))
	f, err := d.create(path, true)
	if err != nil {
		return err
	}
	head := appendHeader(nil, header{format: Format, number: number, started: now})
	if _, err = f.Write(head); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(d.dir)
	}
	if err != nil {
		// The file holds no record. Without it the number can be used again;
		// where it cannot be removed, the next number is taken.
		_ = f.Close()
		if os.Remove(path) != nil {
			d.number = number
		}
		return fmt.Errorf("begin a segment: %w", err)
	}
	d.file, d.number, d.size, d.started = f, number, int64(len(head)), now
	return nil
}

// syncDir makes a new file's name safe.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// close syncs and ends the segment.
func (d *disk) close() error {
	if d.file == nil {
		return nil
	}
	if err := d.sync(); err != nil {
		return err
	}
	err := d.file.Close()
	d.file = nil
	return err
}
