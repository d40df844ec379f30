package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// String writes the number with its unit: "12,340 EUR", "61.5 %", "+3.2 ms".
func (q Quantity) String() string {
	s := q.number(q.Value)
	if q.Unit != "" {
		s += " " + q.Unit
	}
	return s
}

// Range writes the interval with its level: "11,200 to 13,480 (95 %)"; empty
// when there is none.
func (q Quantity) Range() string {
	s := q.ends()
	if s != "" && q.Interval.Level > 0 {
		s += " (" + strconv.FormatFloat(q.Interval.Level*100, 'g', 4, 64) + " %)"
	}
	return s
}

// ends writes the interval without its level, as tables and charts do. An
// interval of no width says nothing and is left out.
func (q Quantity) ends() string {
	if q.Interval == nil || q.Interval.Low == q.Interval.High {
		return ""
	}
	return q.number(q.Interval.Low) + " to " + q.number(q.Interval.High)
}

// number writes one number of the quantity, without the unit. All numbers of a
// quantity have the decimals of its value, so that they can be compared.
func (q Quantity) number(v float64) string {
	scale := 1.0
	if q.Unit == "%" {
		scale = 100
	}
	ref := q.Value
	if (ref == 0 || !finite(ref)) && q.Interval != nil {
		ref = math.Max(math.Abs(q.Interval.Low), math.Abs(q.Interval.High))
	}
	return decimal(v*scale, digits(ref*scale, q.Decimals), q.Signed)
}

// digits is how many decimals to show of a number: as many as asked for, or as
// many as make about three significant digits.
func digits(v float64, asked int) int {
	if asked >= 0 {
		return min(asked, 12)
	}
	a := math.Abs(v)
	switch {
	case a == 0 || !finite(a) || a >= 100:
		return 0
	case a >= 10:
		return 1
	case a >= 1:
		return 2
	}
	return min(2-int(math.Floor(math.Log10(a))), 9)
}

// decimal writes a number with thousands separators. What is not a number is a
// dash. A number that rounds to zero has no sign. The minus sign is the one
// that is as wide as a digit.
func decimal(v float64, decimals int, signed bool) string {
	if math.IsNaN(v) {
		return "–"
	}
	if math.IsInf(v, 0) {
		return map[bool]string{true: "∞", false: "−∞"}[v > 0]
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, fraction, found := strings.Cut(s, ".")
	var b strings.Builder
	if strings.Trim(s, "0.") != "" {
		switch {
		case v < 0:
			b.WriteRune('−')
		case signed:
			b.WriteByte('+')
		}
	}
	for i, c := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(c)
	}
	if found {
		b.WriteByte('.')
		b.WriteString(fraction)
	}
	return b.String()
}

// Count writes how many there are of something: "1 row", "12 rows", "3
// entries". The numbers are without separators.
func Count(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case strings.HasSuffix(one, "y"):
		return strconv.Itoa(n) + " " + strings.TrimSuffix(one, "y") + "ies"
	}
	return strconv.Itoa(n) + " " + one + "s"
}

// Bytes writes a number of bytes for people, in powers of 1000: "12.3 MB".
func Bytes(n int64) string {
	v := float64(n)
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.3g GB", v/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.3g MB", v/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.3g kB", v/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}

// finite says whether a number can be drawn.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// numberOf is a number for JSON, which has no NaN: those become null.
func numberOf(v float64) any {
	if !finite(v) {
		return nil
	}
	return v
}

// quantity is a cell of a number column as a quantity.
func (c Column) quantity(cell Cell) Quantity {
	return Quantity{Value: cell.Value, Interval: cell.Interval, Unit: c.Unit, Decimals: c.Decimals, Signed: c.Signed}
}
