package runs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// KeyOf is the content key of a piece of work: the SHA-256, in hex, of the
// JSON of everything that the work was made from. Parts keep their borders:
// KeyOf("ab", "c") differs from KeyOf("a", "bc"). Maps are written in the order
// of their keys, so that equal parts always give equal keys.
//
// Parts that JSON cannot hold (NaN, functions) are written as their Go syntax
// instead, so that a key always exists.
func KeyOf(parts ...any) string {
	h := sha256.New()
	for _, p := range parts {
		data, err := json.Marshal(p)
		if err != nil {
			data = fmt.Appendf(nil, "!%#v", p)
		}
		fmt.Fprintf(h, "%d:", len(data))
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// HashFile hashes the content of a file for Key.Inputs. The name in the result
// is the given name, with forward slashes; it must not be a path that holds
// only on one machine.
func HashFile(path, name string) (Input, error) {
	f, err := os.Open(path)
	if err != nil {
		return Input{}, fmt.Errorf("runs: hashing input: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return Input{}, fmt.Errorf("runs: hashing input: %q: %w", name, err)
	}
	return Input{Name: filepath.ToSlash(name), Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

// HashBytes is HashFile for content in memory.
func HashBytes(data []byte, name string) Input {
	sum := sha256.Sum256(data)
	return Input{Name: filepath.ToSlash(name), Bytes: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}
