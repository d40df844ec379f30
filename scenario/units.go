package scenario

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// unitError is a text that is not of the unit's form.
type unitError struct{ code, msg, note string }

func (e *unitError) Error() string { return "scenario: " + e.msg + "; " + e.note }

// numberPattern is a number as this file format writes it: decimal, with a
// point and an exponent, nothing else.
var (
	numberPattern = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	plainNumber   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

// formatNumber writes a number as briefly as it can be read back exactly.
func formatNumber(x float64) string {
	if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e15) {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// Rate is an amount per period, such as "2000 / month". The zero Rate means
// not given.
type Rate struct {
	// Amount is how much or how many.
	Amount float64 `json:"amount"`
	// Per is hour, day, week, month or year.
	Per string `json:"per"`
}

var periods = []string{"hour", "day", "week", "month", "year"}

// PerMonth converts the amount to a month (a year is 12 months, 52.1775 weeks,
// 365.2425 days or 8765.82 hours).
func (r Rate) PerMonth() float64 {
	switch r.Per {
	case "hour":
		return r.Amount * 24 * 365.2425 / 12
	case "day":
		return r.Amount * 365.2425 / 12
	case "week":
		return r.Amount * 365.2425 / 7 / 12
	case "year":
		return r.Amount / 12
	default:
		return r.Amount
	}
}

// String is the form of scenario files, such as "2000 / month"; empty for the
// zero Rate.
func (r Rate) String() string {
	if r == (Rate{}) {
		return ""
	}
	return formatNumber(r.Amount) + " / " + r.Per
}

// MarshalText writes the form of scenario files.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the form of scenario files; an empty text is the zero
// Rate.
func (r *Rate) UnmarshalText(b []byte) error {
	text := strings.TrimSpace(string(b))
	if text == "" {
		*r = Rate{}
		return nil
	}
	const note = "write an amount per hour, day, week, month or year, such as 2000 / month"
	amount, per, ok := strings.Cut(text, "/")
	if !ok {
		if numberPattern.MatchString(text) {
			return &unitError{codeRate, fmt.Sprintf("%s lacks a period", text), fmt.Sprintf("write %s / hour, / day, / week, / month or / year", text)}
		}
		return &unitError{codeRate, fmt.Sprintf("%q is not an amount per period", text), note}
	}
	amount, per = strings.TrimSpace(amount), strings.TrimSpace(per)
	x, err := strconv.ParseFloat(amount, 64)
	switch {
	case !numberPattern.MatchString(amount):
		return &unitError{codeRate, fmt.Sprintf("%q is not a number", amount), note}
	case err != nil:
		return &unitError{codeRate, fmt.Sprintf("%s is too large", amount), note}
	case !slices.Contains(periods, per):
		return &unitError{codeRate, fmt.Sprintf("%q is not a period", per), hint(per, periods) + note}
	}
	*r = Rate{Amount: x, Per: per}
	return nil
}

// Percent is a share from 0 to 1, written as "20%" or 0.2.
type Percent float64

// String is the form of scenario files, such as "20%".
func (p Percent) String() string {
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(float64(p), 'e', -1, 64), "e")
	e, err := strconv.Atoi(exponent)
	if err != nil { // infinite or not a number
		return formatNumber(float64(p))
	}
	// Two places are moved in the decimal digits, not by multiplying, so that
	// the text gives the same share when it is read.
	x, err := strconv.ParseFloat(digits+"e"+strconv.Itoa(e+2), 64)
	if text := formatNumber(x); err == nil && percent(text) == float64(p) {
		return text + "%"
	}
	return formatNumber(float64(p))
}

// percent reads the digits before a "%".
func percent(digits string) float64 {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(digits), "e")
	e := 0
	if exponent != "" {
		var err error
		if e, err = strconv.Atoi(exponent); err != nil {
			return math.NaN()
		}
	}
	x, err := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(e-2), 64)
	if err != nil {
		return math.NaN()
	}
	return x
}

// MarshalText writes the form of scenario files.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the form of scenario files.
func (p *Percent) UnmarshalText(b []byte) error {
	const note = "write a share such as 20% or 0.2"
	text := strings.TrimSpace(string(b))
	digits, sign := strings.CutSuffix(text, "%")
	digits = strings.TrimSpace(digits)
	if !numberPattern.MatchString(digits) {
		return &unitError{codePercent, fmt.Sprintf("%q is not a share", text), note}
	}
	x := percent(digits)
	if !sign {
		var err error
		if x, err = strconv.ParseFloat(digits, 64); err != nil {
			x = math.NaN()
		}
	}
	switch {
	case !(x >= 0 && x <= 1) && !sign && x > 1 && x <= 100:
		return &unitError{codePercent, fmt.Sprintf("%s is more than the whole", text), fmt.Sprintf("write %s%% or %s", text, formatNumber(percent(digits)))}
	case !(x >= 0 && x <= 1):
		return &unitError{codePercent, fmt.Sprintf("%s is no share of the whole", text), note}
	}
	*p = Percent(x)
	return nil
}

// Duration is a length of time, written as "5ms" or "10m".
type Duration time.Duration

// String is the form of scenario files, such as "5ms" or "1h30m".
func (d Duration) String() string {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText writes the form of scenario files.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the form of scenario files.
func (d *Duration) UnmarshalText(b []byte) error {
	const note = "write a number with us, ms, s, m or h, such as 5ms, 10m or 1h30m"
	text := strings.TrimSpace(string(b))
	v, err := time.ParseDuration(text)
	switch {
	case err == nil && v < 0:
		return &unitError{codeDuration, fmt.Sprintf("%s is negative", text), note}
	case err == nil && !strings.ContainsAny(text, "smh"): // the bare 0 of ParseDuration
		return &unitError{codeDuration, fmt.Sprintf("%s lacks a unit of time", text), note}
	case err == nil:
		*d = Duration(v)
		return nil
	case numberPattern.MatchString(text):
		return &unitError{codeDuration, fmt.Sprintf("%s lacks a unit of time", text), note}
	}
	return &unitError{codeDuration, fmt.Sprintf("%q is not a length of time", text), note}
}

// Size is a number of bytes, written as "20MB" (powers of 1000) or "20MiB"
// (powers of 1024).
type Size int64

// sizeUnits are the units in the order in which String prefers them.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"TB", 1e12},
	{"TiB", 1 << 40},
	{"GB", 1e9},
	{"GiB", 1 << 30},
	{"MB", 1e6},
	{"MiB", 1 << 20},
	{"kB", 1e3},
	{"KiB", 1 << 10},
	{"B", 1},
}

var sizePattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)$`)

// String is the form of scenario files: the largest unit that gives a whole
// number, such as "20MB".
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return "0B"
}

// MarshalText writes the form of scenario files.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the form of scenario files.
func (s *Size) UnmarshalText(b []byte) error {
	const note = "write a number with B, kB, MB, GB or TB (powers of 1000) or KiB, MiB, GiB or TiB (powers of 1024), such as 20MB"
	text := strings.TrimSpace(string(b))
	m := sizePattern.FindStringSubmatch(text)
	switch {
	case m == nil:
		return &unitError{codeSize, fmt.Sprintf("%q is not a size", text), note}
	case m[2] == "":
		return &unitError{codeSize, fmt.Sprintf("%s lacks a unit", text), note}
	}
	var names []string
	for _, u := range sizeUnits {
		if u.name == m[2] {
			return s.set(m[1], u.bytes, text)
		}
		names = append(names, u.name)
	}
	return &unitError{codeSize, fmt.Sprintf("%q is not a unit of size", m[2]), hint(m[2], names) + note}
}

// set takes an amount of a unit when it is a whole number of bytes.
func (s *Size) set(amount string, unit int64, text string) error {
	if whole, err := strconv.ParseInt(amount, 10, 64); err == nil && whole <= math.MaxInt64/unit {
		*s = Size(whole * unit)
		return nil
	}
	x, err := strconv.ParseFloat(amount, 64)
	bytes := x * float64(unit)
	if err != nil || bytes >= 1<<53 || bytes != math.Trunc(bytes) {
		return &unitError{codeSize, fmt.Sprintf("%s is not a whole number of bytes below 8 EB", text), "use a smaller unit"}
	}
	*s = Size(bytes)
	return nil
}

// Span is a length of time in months, written as "36 months" or "3 years".
type Span float64

// String is the form of scenario files, such as "36 months".
func (s Span) String() string {
	if s == 1 {
		return "1 month"
	}
	return formatNumber(float64(s)) + " months"
}

// MarshalText writes the form of scenario files.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

var spanPattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*(months?|years?)$`)

// UnmarshalText reads the form of scenario files.
func (s *Span) UnmarshalText(b []byte) error {
	text := strings.TrimSpace(string(b))
	m := spanPattern.FindStringSubmatch(text)
	if m == nil {
		return &unitError{codeDuration, fmt.Sprintf("%q is not a number of months or years", text), "write a number and its unit, such as 36 months or 3 years"}
	}
	x, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return &unitError{codeDuration, fmt.Sprintf("%s is too large", m[1]), ""}
	}
	if strings.HasPrefix(m[2], "year") {
		x *= 12
	}
	*s = Span(x)
	return nil
}
