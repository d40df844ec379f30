package bundle

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A bundle is a zip file with one spelling of its headers: entries in a fixed order,
// no extra fields, no comments, no time stamps, sizes in front of the data,
// nothing between, before or after. Any zip program opens it, and a reader can
// refuse every byte that it cannot account for. The headers are written here
// rather than by archive/zip, so that no later release of Go changes them.

// Limits on what a reader takes in.
const (
	// MaxFile is the most bytes that a bundle file may have.
	MaxFile = 1 << 30
	// MaxContent is the most bytes that all parts may have together.
	MaxContent = 1<<31 - 1
	// maxRatio bounds how much a part may grow when it is unpacked, above
	// freeGrowth; real parts shrink to a tenth at best.
	maxRatio   = 200
	freeGrowth = 1 << 20
	maxParts   = 64
)

const (
	methodStore   = 0
	methodDeflate = 8
	version20     = 20     // what it takes to unpack
	dosEpoch      = 0x0021 // 1 January 1980, the earliest date a zip can have

	localSize   = 30
	centralSize = 46
	endSize     = 22
)

// entry is one file in the archive.
type entry struct {
	name   string
	method uint16
	crc    uint32
	size   int // unpacked
	packed []byte
}

// pack compresses a part where that makes it smaller.
func pack(name string, data []byte) (entry, error) {
	e := entry{name: name, method: methodStore, crc: crc32.ChecksumIEEE(data), size: len(data), packed: data}
	var buf bytes.Buffer
	w, err := flate.NewWriter(&buf, flate.DefaultCompression)
	if err != nil {
		return e, err
	}
	if _, err := w.Write(data); err != nil {
		return e, err
	}
	if err := w.Close(); err != nil {
		return e, err
	}
	if buf.Len() < len(data) && len(data) <= freeGrowth+maxRatio*buf.Len() {
		e.method, e.packed = methodDeflate, buf.Bytes()
	}
	return e, nil
}

func (e entry) appendCommon(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint16(dst, version20)
	dst = le.AppendUint16(dst, 0) // flags
	dst = le.AppendUint16(dst, e.method)
	dst = le.AppendUint16(dst, 0) // time of day
	dst = le.AppendUint16(dst, dosEpoch)
	dst = le.AppendUint32(dst, e.crc)
	dst = le.AppendUint32(dst, uint32(len(e.packed)))
	dst = le.AppendUint32(dst, uint32(e.size))
	dst = le.AppendUint16(dst, uint16(len(e.name)))
	return le.AppendUint16(dst, 0) // extra fields
}

// appendLocal writes the header that stands before an entry's data.
func (e entry) appendLocal(dst []byte) []byte {
	dst = append(dst, "PK\x03\x04"...)
	dst = e.appendCommon(dst)
	return append(dst, e.name...)
}

// appendCentral writes the header in the directory at the archive's end.
func (e entry) appendCentral(dst []byte, offset int) []byte {
	le := binary.LittleEndian
	dst = append(dst, "PK\x01\x02"...)
	dst = le.AppendUint16(dst, version20)
	dst = e.appendCommon(dst)
	dst = append(dst, make([]byte, 2+2+2+4)...) // comment, disk, attributes
	dst = le.AppendUint32(dst, uint32(offset))
	return append(dst, e.name...)
}

func appendEnd(dst []byte, entries, directory, offset int) []byte {
	le := binary.LittleEndian
	dst = append(dst, "PK\x05\x06\x00\x00\x00\x00"...)
	dst = le.AppendUint16(dst, uint16(entries))
	dst = le.AppendUint16(dst, uint16(entries))
	dst = le.AppendUint32(dst, uint32(directory))
	dst = le.AppendUint32(dst, uint32(offset))
	return le.AppendUint16(dst, 0)
}

// writeArchive writes the entries in their order.
func writeArchive(entries []entry) ([]byte, error) {
	var out, directory []byte
	for _, e := range entries {
		directory = e.appendCentral(directory, len(out))
		out = e.appendLocal(out)
		out = append(out, e.packed...)
	}
	if total := len(out) + len(directory) + endSize; total > MaxFile {
		return nil, fmt.Errorf("the bundle would have %d bytes, at most %d are allowed", total, MaxFile)
	}
	offset := len(out)
	out = append(out, directory...)
	return appendEnd(out, len(entries), len(directory), offset), nil
}

var errNotBundle = errors.New("this is not a bundle (or one that was cut or changed)")

// readArchive finds the entries of an archive whose headers are byte for byte
// what writeArchive writes. The entries share the memory of data and are still packed.
func readArchive(data []byte) ([]entry, error) {
	if len(data) < endSize {
		return nil, fmt.Errorf("%w: it has only %d bytes", errNotBundle, len(data))
	}
	le := binary.LittleEndian
	end := data[len(data)-endSize:]
	count, size, offset := int(le.Uint16(end[10:])), int(le.Uint32(end[12:])), int(le.Uint32(end[16:]))
	if offset+size+endSize != len(data) || !bytes.Equal(end, appendEnd(nil, count, size, offset)) {
		return nil, fmt.Errorf("%w: the end of the archive is not as expected", errNotBundle)
	}
	if count > maxParts {
		return nil, fmt.Errorf("%w: it has %d parts, at most %d are allowed", errNotBundle, count, maxParts)
	}
	directory, body := data[offset:offset+size], data[:offset]
	entries := make([]entry, 0, count)
	at := 0
	for range count {
		e, rest, err := readEntry(directory, body[at:], at)
		if err != nil {
			return nil, err
		}
		directory = rest
		at += localSize + len(e.name) + len(e.packed)
		entries = append(entries, e)
	}
	if len(directory) > 0 || at != len(body) {
		return nil, fmt.Errorf("%w: there are bytes that belong to no part", errNotBundle)
	}
	return entries, nil
}

// readEntry reads the first header of the directory and checks it byte for
// byte, with the local header it points to.
func readEntry(directory, body []byte, at int) (e entry, rest []byte, err error) {
	bad := fmt.Errorf("%w: the header at byte %d is not as expected", errNotBundle, at)
	le := binary.LittleEndian
	if len(directory) < centralSize {
		return e, nil, bad
	}
	e.method, e.crc, e.size = le.Uint16(directory[10:]), le.Uint32(directory[16:]), int(le.Uint32(directory[24:]))
	packed, name := int(le.Uint32(directory[20:])), int(le.Uint16(directory[28:]))
	if len(directory) < centralSize+name || len(body) < localSize+name+packed {
		return e, nil, bad
	}
	e.name = string(directory[centralSize : centralSize+name])
	e.packed = body[localSize+name : localSize+name+packed]
	if !bytes.Equal(directory[:centralSize+name], e.appendCentral(nil, at)) ||
		!bytes.Equal(body[:localSize+name], e.appendLocal(nil)) {
		return e, nil, bad
	}
	return e, directory[centralSize+name:], nil
}

// unpack gives the entry's data, which must have exactly the stated size and
// checksum.
func (e entry) unpack() ([]byte, error) {
	if e.size > freeGrowth+maxRatio*len(e.packed) {
		return nil, fmt.Errorf("part %q: %d bytes unpacked from %d are more than %d to 1", e.name, e.size, len(e.packed), maxRatio)
	}
	var out []byte
	switch e.method {
	case methodStore:
		out = bytes.Clone(e.packed)
	case methodDeflate:
		from := bytes.NewReader(e.packed)
		r := flate.NewReader(from)
		out = make([]byte, e.size)
		if _, err := io.ReadFull(r, out); err != nil {
			return nil, fmt.Errorf("part %q is damaged: %w", e.name, err)
		}
		var more [1]byte
		if n, err := r.Read(more[:]); n != 0 || !errors.Is(err, io.EOF) || from.Len() != 0 {
			return nil, fmt.Errorf("part %q: there are bytes after its end", e.name)
		}
	default:
		return nil, fmt.Errorf("part %q: packing method %d is not known", e.name, e.method)
	}
	if len(out) != e.size || crc32.ChecksumIEEE(out) != e.crc {
		return nil, fmt.Errorf("part %q: the data do not have the stated size and checksum", e.name)
	}
	return out, nil
}
