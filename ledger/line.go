package ledger

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"time"

	"bespoke/internal/jsonlit"
)

// The last member of a line is ,"crc":"xxxxxxxx"} and the line break.
const (
	crcOpen  = `,"crc":"`
	crcClose = `"}`
	crcLen   = len(crcOpen) + 8 + len(crcClose)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const timeLayout = "2006-01-02T15:04:05.000000Z"

// header is the first line of a segment.
type header struct {
	format  int
	number  int
	started time.Time
}

func appendHeader(dst []byte, h header) []byte {
	start := len(dst)
	dst = fmt.Appendf(dst, `{"kind":"segment","format":%d,"number":%d,"started":"`, h.format, h.number)
	dst = h.started.UTC().AppendFormat(dst, timeLayout)
	dst = append(dst, '"')
	return appendChecksum(dst, start)
}

// appendChecksum ends the line that begins at start.
func appendChecksum(dst []byte, start int) []byte {
	sum := crc32.Checksum(dst[start:], castagnoli)
	dst = append(dst, crcOpen...)
	dst = hex.AppendEncode(dst, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	dst = append(dst, crcClose...)
	return append(dst, '\n')
}

// intact says whether a line, without its line break, ends with the checksum
// of what precedes it.
func intact(line []byte) bool {
	body := len(line) - crcLen
	if body < 1 || string(line[body:body+len(crcOpen)]) != crcOpen || string(line[len(line)-len(crcClose):]) != crcClose {
		return false
	}
	var want [4]byte
	if _, err := hex.Decode(want[:], line[body+len(crcOpen):body+len(crcOpen)+8]); err != nil {
		return false
	}
	sum := crc32.Checksum(line[:body], castagnoli)
	return want == [4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}
}

// appendRecord writes the record as one line. The record was checked.
func appendRecord(dst []byte, r Record) ([]byte, error) {
	start := len(dst)
	var err error
	if r.Decision != nil {
		dst, err = appendDecision(dst, r.Decision)
	} else {
		dst = appendOutcome(dst, r.Outcome)
	}
	if err != nil {
		return dst[:start], err
	}
	dst = appendChecksum(dst, start)
	if n := len(dst) - start; n > MaxLine {
		return dst[:start], fmt.Errorf("ledger: append: the record has %d bytes, at most %d are allowed", n, MaxLine)
	}
	return dst, nil
}

func appendDecision(dst []byte, d *Decision) ([]byte, error) {
	dst = append(dst, `{"kind":"decision","id":`...)
	dst = jsonlit.AppendString(dst, d.ID)
	if d.Key != "" {
		dst = append(dst, `,"key":`...)
		dst = jsonlit.AppendString(dst, d.Key)
	}
	dst = append(dst, `,"time":"`...)
	dst = d.Time.UTC().AppendFormat(dst, timeLayout)
	dst = append(dst, `","bundle":`...)
	dst = jsonlit.AppendString(dst, d.Bundle)
	dst = append(dst, `,"inputs":`...)
	dst, err := appendInputs(dst, d.Inputs)
	if err != nil {
		return dst, fmt.Errorf("ledger: append: decision %s: inputs: %w", d.ID, err)
	}
	dst = append(dst, `,"prediction":[`...)
	for i, p := range d.Prediction {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonlit.AppendNumber(dst, p)
	}
	dst = append(dst, `],"action":`...)
	dst = jsonlit.AppendString(dst, d.Action)
	dst = append(dst, `,"expected":`...)
	dst = jsonlit.AppendNumber(dst, d.Expected)
	if len(d.Actions) > 0 {
		dst = append(dst, `,"actions":[`...)
		for i, a := range d.Actions {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"name":`...)
			dst = jsonlit.AppendString(dst, a.Name)
			dst = append(dst, `,"expected":`...)
			dst = append(jsonlit.AppendNumber(dst, a.Expected), '}')
		}
		dst = append(dst, ']')
	}
	if d.Cost != 0 {
		dst = append(dst, `,"cost":`...)
		dst = jsonlit.AppendNumber(dst, d.Cost)
	}
	return dst, nil
}

// appendInputs copies a JSON object onto the line, which must not contain a
// line break. Objects that already stand on one line are copied as they are.
func appendInputs(dst, inputs []byte) ([]byte, error) {
	if len(inputs) == 0 {
		return append(dst, "{}"...), nil
	}
	s := jsonlit.NewScanner(inputs)
	if k := s.Peek(); k != jsonlit.Object {
		return dst, fmt.Errorf("must be a JSON object, not %s", k)
	}
	if _, err := s.Skip(); err != nil {
		return dst, err
	}
	if err := s.End(); err != nil {
		return dst, err
	}
	for _, b := range inputs {
		if b == '\n' || b == '\r' {
			return appendCompact(dst, inputs)
		}
	}
	return append(dst, inputs...), nil
}

func appendCompact(dst, inputs []byte) ([]byte, error) {
	var m json.RawMessage
	if err := json.Unmarshal(inputs, &m); err != nil {
		return dst, err
	}
	flat, err := json.Marshal(m) // Marshal compacts a RawMessage
	if err != nil {
		return dst, err
	}
	return append(dst, flat...), nil
}

func appendOutcome(dst []byte, o *Outcome) []byte {
	dst = append(dst, `{"kind":"outcome"`...)
	if o.ID != "" {
		dst = append(dst, `,"id":`...)
		dst = jsonlit.AppendString(dst, o.ID)
	} else {
		dst = append(dst, `,"key":`...)
		dst = jsonlit.AppendString(dst, o.Key)
	}
	if !o.Time.IsZero() {
		dst = append(dst, `,"time":"`...)
		dst = o.Time.UTC().AppendFormat(dst, timeLayout)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"value":`...)
	return jsonlit.AppendString(dst, o.Value)
}
