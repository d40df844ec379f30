package interchange

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// fields are the lines key=value of one part of LightGBM's text.
type fields map[string]string

// add takes one line; a line without = is a flag.
func (f fields) add(line string) error {
	key, value, _ := strings.Cut(line, "=")
	if _, twice := f[key]; twice {
		return fmt.Errorf("%q stands there twice", cut(key))
	}
	f[key] = value
	return nil
}

// cut keeps what is quoted in an error short.
func cut(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}

// number reads a whole number from least to most.
func (f fields) number(key string, least, most int) (int, error) {
	text, ok := f[key]
	if !ok {
		return 0, fmt.Errorf("%q is missing", key)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s is %q; it must be a whole number from %d to %d", key, cut(text), least, most)
	}
	return n, nil
}

// list is the words of a field, which must be n.
func (f fields) list(key string, n int) ([]string, error) {
	text, ok := f[key]
	if !ok {
		return nil, fmt.Errorf("%q is missing", key)
	}
	words := strings.Fields(text)
	if len(words) != n {
		return nil, fmt.Errorf("%s has %d values; it must have %d", key, len(words), n)
	}
	return words, nil
}

// ints reads n whole numbers from least to most.
func (f fields) ints(key string, n, least, most int) ([]int, error) {
	words, err := f.list(key, n)
	if err != nil {
		return nil, err
	}
	out := make([]int, n)
	for i, w := range words {
		x, err := strconv.Atoi(w)
		if err != nil || x < least || x > most {
			return nil, fmt.Errorf("%s: value %d is %q; it must be a whole number from %d to %d", key, i, cut(w), least, most)
		}
		out[i] = x
	}
	return out, nil
}

// floats reads n finite numbers.
func (f fields) floats(key string, n int) ([]float64, error) {
	words, err := f.list(key, n)
	if err != nil {
		return nil, err
	}
	out := make([]float64, n)
	for i, w := range words {
		x, err := strconv.ParseFloat(w, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("%s: value %d is %q; it must be a finite number", key, i, cut(w))
		}
		out[i] = x
	}
	return out, nil
}

// thresholds reads n numbers of which LightGBM writes some as inf, where every
// number goes left; they become the largest finite ones.
func (f fields) thresholds(n int) ([]float64, error) {
	words, err := f.list("threshold", n)
	if err != nil {
		return nil, err
	}
	out := make([]float64, n)
	for i, w := range words {
		x, err := strconv.ParseFloat(w, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(x) {
			return nil, fmt.Errorf("threshold: value %d is %q; it must be a number", i, cut(w))
		}
		out[i] = min(max(x, -math.MaxFloat64), math.MaxFloat64)
	}
	return out, nil
}

// told reads n numbers that are only told: zeros where they are left out or
// make no sense.
func (f fields) told(key string, n int) []float64 {
	out := make([]float64, n)
	if words := strings.Fields(f[key]); len(words) == n {
		for i, w := range words {
			if x, err := strconv.ParseFloat(w, 64); err == nil {
				out[i] = finite(x)
			}
		}
	}
	return out
}
