// Package strictjson decodes saved data without tolerance: exactly one JSON
// object, no unknown fields, nothing after it. Whatever a bundle holds is read
// through it, so that a file from another version or another hand is refused
// where it differs and not misread.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Decode reads the object into the variable that into points to.
func Decode(data []byte, into any) error {
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 || trimmed[0] != '{' {
		return errors.New("want a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more data follows the object")
	}
	return nil
}
