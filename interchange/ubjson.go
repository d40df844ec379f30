package interchange

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// ubjson turns UBJSON (draft 12) into JSON, as far as XGBoost writes it: objects
// of known or unknown length, lists with one type for all items, and integers of
// type L and smaller. JSON is at most a small factor longer.
type ubjson struct {
	rest []byte
	out  []byte
}

// maxNesting is far above what a model needs.
const maxNesting = 64

var errShort = errors.New("the data ends too early")

// jsonOf is data as JSON.
func jsonOf(data []byte) ([]byte, error) {
	u := &ubjson{rest: data, out: make([]byte, 0, len(data))}
	kind, err := u.kind()
	if err == nil {
		err = u.value(kind, 0)
	}
	if err == nil && len(u.rest) > 0 {
		err = fmt.Errorf("%d bytes too many at the end", len(u.rest))
	}
	return u.out, err
}

func (u *ubjson) take(n int) ([]byte, error) {
	if n < 0 || n > len(u.rest) {
		return nil, errShort
	}
	b := u.rest[:n]
	u.rest = u.rest[n:]
	return b, nil
}

// kind reads the letter of a type; N says nothing and is skipped.
func (u *ubjson) kind() (byte, error) {
	for {
		b, err := u.take(1)
		if err != nil {
			return 0, err
		}
		if b[0] != 'N' {
			return b[0], nil
		}
	}
}

// value writes one value of the type.
func (u *ubjson) value(kind byte, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("it is nested more than %d deep", maxNesting)
	}
	switch kind {
	case 'Z':
		u.out = append(u.out, "null"...)
	case 'T':
		u.out = append(u.out, "true"...)
	case 'F':
		u.out = append(u.out, "false"...)
	case 'd', 'D':
		return u.float(kind)
	case 'S':
		return u.text()
	case '[':
		return u.list(depth)
	case '{':
		return u.object(depth)
	default:
		x, err := u.integer(kind)
		u.out = strconv.AppendInt(u.out, x, 10)
		return err
	}
	return nil
}

func (u *ubjson) integer(kind byte) (int64, error) {
	sizes := map[byte]int{'i': 1, 'U': 1, 'I': 2, 'l': 4, 'L': 8}
	b, err := u.take(sizes[kind])
	if err != nil {
		return 0, err
	}
	switch kind {
	case 'i':
		return int64(int8(b[0])), nil
	case 'U':
		return int64(b[0]), nil
	case 'I':
		return int64(int16(binary.BigEndian.Uint16(b))), nil
	case 'l':
		return int64(int32(binary.BigEndian.Uint32(b))), nil
	case 'L':
		return int64(binary.BigEndian.Uint64(b)), nil
	}
	return 0, fmt.Errorf("type %q is not one that is read", kind)
}

// float writes a number with the digits that give it again.
func (u *ubjson) float(kind byte) error {
	size := 8
	if kind == 'd' {
		size = 4
	}
	b, err := u.take(size)
	if err != nil {
		return err
	}
	bits := 8 * size
	var x float64
	if kind == 'd' {
		x = float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	} else {
		x = math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Errorf("a number is %v; it must be finite", x)
	}
	u.out = strconv.AppendFloat(u.out, x, 'g', -1, bits)
	return nil
}

// text writes a string, whose length comes first.
func (u *ubjson) text() error {
	n, err := u.length()
	if err != nil {
		return err
	}
	b, err := u.take(n)
	if err != nil {
		return err
	}
	quoted, err := json.Marshal(string(b))
	u.out = append(u.out, quoted...)
	return err
}

func (u *ubjson) length() (int, error) {
	kind, err := u.kind()
	if err != nil {
		return 0, err
	}
	n, err := u.integer(kind)
	if err == nil && (n < 0 || n > int64(len(u.rest))) {
		return 0, errShort
	}
	return int(n), err
}

// head reads what may stand before the items: the type of all of them, and
// their number; -1 when they end with a mark.
func (u *ubjson) head() (kind byte, n int, err error) {
	n = -1
	if len(u.rest) > 0 && u.rest[0] == '$' {
		if _, err := u.take(1); err != nil {
			return 0, 0, err
		}
		if kind, err = u.kind(); err != nil {
			return 0, 0, err
		}
		if kind == 'Z' || kind == 'T' || kind == 'F' || kind == '[' || kind == '{' {
			return 0, 0, fmt.Errorf("a list of type %q is not read", kind) // items without bytes could be any number
		}
		if len(u.rest) == 0 || u.rest[0] != '#' {
			return 0, 0, errors.New("a list with a type has no length")
		}
	}
	if len(u.rest) > 0 && u.rest[0] == '#' {
		if _, err := u.take(1); err != nil {
			return 0, 0, err
		}
		n, err = u.length()
	}
	return kind, n, err
}

// items calls one for each item and puts commas between them.
func (u *ubjson) items(n int, end byte, one func() error) error {
	for i := 0; n < 0 || i < n; i++ {
		if n < 0 {
			if len(u.rest) == 0 {
				return errShort
			}
			if u.rest[0] == end {
				u.rest = u.rest[1:]
				return nil
			}
		}
		if i > 0 {
			u.out = append(u.out, ',')
		}
		if err := one(); err != nil {
			return err
		}
	}
	return nil
}

func (u *ubjson) list(depth int) error {
	kind, n, err := u.head()
	if err != nil {
		return err
	}
	u.out = append(u.out, '[')
	err = u.items(n, ']', func() error {
		each := kind
		if each == 0 {
			if each, err = u.kind(); err != nil {
				return err
			}
		}
		return u.value(each, depth+1)
	})
	u.out = append(u.out, ']')
	return err
}

func (u *ubjson) object(depth int) error {
	kind, n, err := u.head()
	if err != nil {
		return err
	}
	u.out = append(u.out, '{')
	err = u.items(n, '}', func() error {
		if err := u.text(); err != nil {
			return err
		}
		u.out = append(u.out, ':')
		each := kind
		if each == 0 {
			if each, err = u.kind(); err != nil {
				return err
			}
		}
		return u.value(each, depth+1)
	})
	u.out = append(u.out, '}')
	return err
}
