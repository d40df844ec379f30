package infer

import (
	"fmt"
	"strings"
	"time"

	"bespoke/table"
)

// order is which part of a date comes first.
type order uint8

const (
	yearFirst  order = iota // 2024-01-31, 2024/1/31
	partsFirst              // 31/01/2024 or 01/31/2024: not decided by one cell
	named                   // 31-Jan-2024, Jan 31, 2024
)

// date is a date as written: for partsFirst, a and b are day and month in an
// order that is not known yet.
type date struct {
	order     order
	a, b      int
	year      int
	separator byte
	clock     int64 // microseconds since midnight
}

// datesSeen is what the cells of a column show about the order of parts.
type datesSeen struct {
	order      order
	mixed      bool // cells of different orders
	firstOver  int  // cells whose first part is above 12
	secondOver int
	dotted     bool // all separators are dots
	good       int
	values     int
	bad        tally
}

// times reads the column as times; nil when it is not one. With forced, any
// share of cells may fail and become missing, as long as the form is clear.
func (w *worker) times(forced bool) *table.Column {
	seen, given := w.lookAtDates(forced)
	if given || seen.good == 0 && seen.values > 0 || seen.mixed {
		return nil
	}
	if !forced && (seen.values == 0 || float64(seen.bad.total) > tolerated*float64(seen.values)) {
		return nil
	}
	dayFirst := seen.firstOver > 0 || seen.dotted
	if seen.order == partsFirst {
		if seen.firstOver > 0 && seen.secondOver > 0 {
			return nil
		}
		if seen.firstOver == 0 && seen.secondOver == 0 && !seen.dotted {
			w.aboutAmbiguity(seen)
			return nil
		}
		if seen.secondOver > 0 {
			dayFirst = false
		}
		w.aboutOrder(dayFirst)
	}
	out := make([]int64, w.rows)
	w.raw.Text.Each(func(row int, cell []byte) bool {
		out[row] = table.MissingTime
		cell = trim(cell)
		if w.missing.has(cell) {
			return true
		}
		if t, ok := table.ParseTime(cell); ok {
			out[row] = t
		} else if d, ok := parseDate(cell); ok {
			if t, ok := d.micros(dayFirst); ok {
				out[row] = t
			}
		}
		return true
	})
	if seen.bad.total > 0 {
		w.find(table.Finding{
			Check: "types", Severity: table.Warning, Count: seen.bad.total, Rows: seen.bad.rows,
			Message: fmt.Sprintf("%d of %d values of %q are not dates (%s)", seen.bad.total, seen.values, w.raw.Name, seen.bad.String()),
			Rule:    fmt.Sprintf("a column is a time when at most %g%% of its values are not, or when it is set to be one", 100*tolerated), Action: "these values are missing",
		})
	}
	return table.NewTime(w.raw.Name, out)
}

// lookAtDates goes once over the cells; given says that it gave up.
func (w *worker) lookAtDates(forced bool) (seen datesSeen, given bool) {
	seen.dotted = true
	most := int(tolerated * float64(w.rows))
	w.raw.Text.Each(func(row int, cell []byte) bool {
		cell = trim(cell)
		if w.missing.has(cell) {
			return true
		}
		seen.values++
		d := date{order: yearFirst}
		_, ok := table.ParseTime(cell)
		if !ok {
			d, ok = parseDate(cell)
		}
		if !ok {
			seen.bad.add(row, cell)
			given = !forced && seen.bad.total > most
			return !given
		}
		seen.mixed = seen.mixed || seen.good > 0 && d.order != seen.order
		seen.order = d.order
		seen.good++
		if d.order == partsFirst {
			seen.dotted = seen.dotted && d.separator == '.'
			if d.a > 12 {
				seen.firstOver++
			}
			if d.b > 12 {
				seen.secondOver++
			}
		}
		return true
	})
	return seen, given
}

func (w *worker) aboutAmbiguity(seen datesSeen) {
	w.find(table.Finding{
		Check: "dates", Severity: table.Warning, Count: seen.good,
		Message: fmt.Sprintf("%q looks like dates, but no value shows whether the day or the month comes first", w.raw.Name),
		Rule:    "a date such as 01/02/2024 is read only if some value of the column has a part above 12", Action: "read as category or text",
		Suggestion: fmt.Sprintf("write dates as 2024-02-01, for example with strptime(%s, '%%d/%%m/%%Y') in data.source.query", w.raw.Name),
	})
}

func (w *worker) aboutOrder(dayFirst bool) {
	first := "month"
	if dayFirst {
		first = "day"
	}
	w.find(table.Finding{
		Check: "dates", Severity: table.Note,
		Message: fmt.Sprintf("%q was read as dates with the %s first", w.raw.Name, first),
		Rule:    "some value of the column has a part above 12, or all parts are separated by dots (day first)", Action: "read as time",
	})
}

// micros gives the time of a date.
func (d date) micros(dayFirst bool) (int64, bool) {
	day, month := d.a, d.b
	if d.order == partsFirst && !dayFirst {
		day, month = d.b, d.a
	}
	if !table.ValidDate(d.year, month, day) {
		return 0, false
	}
	return time.Date(d.year, time.Month(month), day, 0, 0, 0, 0, time.UTC).UnixMicro() + d.clock, true
}

// parseDate reads dates that are not ISO: numbers with the year first or last,
// or with a month's name. A time of day may follow.
func parseDate(cell []byte) (date, bool) {
	if len(cell) < 6 || len(cell) > 40 {
		return date{}, false
	}
	parts, separators, rest, ok := cutDate(string(cell))
	if !ok {
		return date{}, false
	}
	clock, ok := table.ParseClock([]byte(rest))
	if !ok {
		return date{}, false
	}
	d := date{separator: separators[0], clock: clock}
	a, aok := shortNumber(parts[0], 4)
	b, bok := shortNumber(parts[1], 2)
	c, cok := shortNumber(parts[2], 4)
	switch {
	case aok && len(parts[0]) == 4 && bok && cok && len(parts[2]) <= 2 && separators[0] == separators[1] && separators[0] != ' ':
		d.order, d.year, d.b, d.a = yearFirst, a, b, c
		return d, table.ValidDate(a, b, c)
	case aok && len(parts[0]) <= 2 && bok && cok && len(parts[2]) == 4 && separators[0] == separators[1] && separators[0] != ' ':
		d.order, d.a, d.b, d.year = partsFirst, a, b, c
		return d, table.ValidDate(c, a, b) || table.ValidDate(c, b, a)
	case aok && len(parts[0]) <= 2 && cok && len(parts[2]) == 4: // 31 Jan 2024
		if m := monthOf(parts[1]); m > 0 {
			d.order, d.a, d.b, d.year = named, a, m, c
			return d, table.ValidDate(c, m, a)
		}
	case bok && cok && len(parts[2]) == 4: // Jan 31, 2024
		if m := monthOf(parts[0]); m > 0 {
			d.order, d.a, d.b, d.year = named, b, m, c
			return d, table.ValidDate(c, m, b)
		}
	}
	return date{}, false
}

// cutDate cuts three parts at - / . or a space (with an optional comma before
// it); the rest begins with what ends the third part.
func cutDate(s string) (parts [3]string, separators [2]byte, rest string, ok bool) {
	for i := range 3 {
		n := strings.IndexFunc(s, func(r rune) bool { return strings.ContainsRune("-/. ,T", r) && !(r == 'T' && i < 2) })
		if i == 2 {
			if n < 0 {
				n = len(s)
			}
			parts[2], rest = s[:n], s[n:]
			return parts, separators, rest, parts[2] != ""
		}
		if n <= 0 {
			return parts, separators, "", false
		}
		parts[i] = s[:n]
		if s[n] == ',' && n+1 < len(s) && s[n+1] == ' ' {
			n++
		}
		if s[n] == ',' {
			return parts, separators, "", false
		}
		separators[i] = s[n]
		s = s[n+1:]
	}
	return parts, separators, "", false
}

func shortNumber(s string, most int) (int, bool) {
	if s == "" || len(s) > most {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// monthOf gives 1 to 12 for an English month's name or its first three letters.
func monthOf(s string) int {
	if len(s) < 3 {
		return 0
	}
	for m := time.January; m <= time.December; m++ {
		if name := m.String(); strings.EqualFold(s, name) || strings.EqualFold(s, name[:3]) {
			return int(m)
		}
	}
	return 0
}
