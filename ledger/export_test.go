package ledger

import (
	"io"
	"time"
)

// ReadSegment reads the bytes of one segment.
func ReadSegment(from io.Reader) *Reader {
	r := &Reader{}
	r.use(from, "segment")
	return r
}

// HeaderLine is the first line of a segment in some format.
func HeaderLine(format int) []byte {
	return appendHeader(nil, header{format: format, number: 1, started: time.Unix(0, 0)})
}

// Seal adds the checksum to a line.
func Seal(body string) string { return string(appendChecksum([]byte(body), 0)) }
