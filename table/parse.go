package table

import (
	"math"
	"strconv"
	"time"
)

// ParseNumber reads a decimal number: an optional sign, digits with at most one
// point, an optional exponent. Infinities, "NaN", hexadecimal, digit groups and
// surrounding spaces are refused, and so is a number too large for a float64.
// Every reader and the server use it, so that the same spelling means the same
// everywhere.
func ParseNumber(s []byte) (x float64, ok bool) {
	i, n := 0, len(s)
	negative := false
	if n > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		i++
	}
	var mantissa uint64
	digits, fraction, exact := 0, 0, true
	point := false
	for ; i < n; i++ {
		c := s[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		digits++
		if mantissa >= 1<<53/10 {
			exact = false
		} else {
			mantissa = mantissa*10 + uint64(c-'0')
		}
		if point {
			fraction++
		}
	}
	if digits == 0 {
		return 0, false
	}
	if i < n || !exact || fraction >= len(powersOfTen) {
		return parseSlowly(s, i)
	}
	// Both the mantissa (below 2^53) and the power of ten (up to 10^22) are
	// exact, so one division rounds correctly (Clinger's fast path).
	x = float64(mantissa) / powersOfTen[fraction]
	if negative {
		x = -x
	}
	return x, true
}

// parseSlowly reads what the fast path cannot; after are the digits, where only
// an exponent may stand.
func parseSlowly(s []byte, after int) (float64, bool) {
	if i := after; i < len(s) {
		if s[i] != 'e' && s[i] != 'E' {
			return 0, false
		}
		i++
		if i < len(s) && (s[i] == '-' || s[i] == '+') {
			i++
		}
		if i == len(s) {
			return 0, false
		}
		for ; i < len(s); i++ {
			if s[i] < '0' || s[i] > '9' {
				return 0, false
			}
		}
	}
	x, err := strconv.ParseFloat(string(s), 64)
	return x, err == nil && !math.IsInf(x, 0)
}

var powersOfTen = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
	1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// ParseTime reads a time in one of the ISO 8601 forms: 2006-01-02, also with /
// instead of -, followed by nothing or by T or a space, hh:mm or hh:mm:ss with an
// optional fraction of a second, and an optional Z or offset such as +02:00. A
// time without offset is taken as UTC. The result is in microseconds since 1970
// UTC; years go from 0001 to 9999.
func ParseTime(s []byte) (micros int64, ok bool) {
	if len(s) < 10 || s[4] != '-' && s[4] != '/' || s[7] != s[4] {
		return 0, false
	}
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 || !ValidDate(year, month, day) {
		return 0, false
	}
	clock, ok := ParseClock(s[10:])
	if !ok {
		return 0, false
	}
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).UnixMicro() + clock, true
}

// ValidDate says whether the day exists.
func ValidDate(year, month, day int) bool {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// ParseClock reads what may follow a date in ParseTime, such as "",
// "T12:30:15.25Z" or " 12:30+02:00", as microseconds since midnight UTC.
func ParseClock(s []byte) (micros int64, ok bool) {
	if len(s) == 0 {
		return 0, true
	}
	if s[0] != 'T' && s[0] != ' ' || len(s) < 6 || s[3] != ':' {
		return 0, false
	}
	hour, ok1 := digits(s[1:3])
	minute, ok2 := digits(s[4:6])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, false
	}
	micros = int64(hour*60+minute) * 60e6
	s = s[6:]
	if len(s) >= 3 && s[0] == ':' {
		second, ok := digits(s[1:3])
		if !ok || second > 59 {
			return 0, false
		}
		micros += int64(second) * 1e6
		s = s[3:]
		part, rest, ok := parseFraction(s)
		if !ok {
			return 0, false
		}
		micros += part
		s = rest
	}
	offset, ok := parseOffset(s)
	return micros - offset, ok
}

// parseFraction reads ".25" as microseconds; digits after the sixth are cut.
func parseFraction(s []byte) (micros int64, rest []byte, ok bool) {
	if len(s) == 0 || s[0] != '.' {
		return 0, s, true
	}
	unit := int64(100000)
	i := 1
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		micros += int64(s[i]-'0') * unit
		unit /= 10
	}
	return micros, s[i:], i > 1
}

// parseOffset reads "", "Z", "+02", "+0200" or "+02:00" as microseconds.
func parseOffset(s []byte) (micros int64, ok bool) {
	if len(s) == 0 || len(s) == 1 && s[0] == 'Z' {
		return 0, true
	}
	if s[0] != '+' && s[0] != '-' || len(s) < 3 {
		return 0, false
	}
	hour, ok := digits(s[1:3])
	minute := 0
	if rest := s[3:]; ok && len(rest) > 0 {
		if rest[0] == ':' {
			rest = rest[1:]
		}
		if len(rest) != 2 {
			return 0, false
		}
		minute, ok = digits(rest)
	}
	if !ok || hour > 15 || minute > 59 {
		return 0, false
	}
	micros = int64(hour*60+minute) * 60e6
	if s[0] == '-' {
		micros = -micros
	}
	return micros, true
}

// digits reads a few decimal digits.
func digits(s []byte) (n int, ok bool) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
