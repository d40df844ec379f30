package table_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bespoke/table"
)

func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		s    string
		want float64
		ok   bool
	}{
		{"0", 0, true},
		{"-0", 0, true},
		{"12", 12, true},
		{"+3.5", 3.5, true},
		{"-.5", -0.5, true},
		{"7.", 7, true},
		{"1e3", 1000, true},
		{"1.5E-2", 0.015, true},
		{"007", 7, true},
		{"9007199254740993", 9007199254740993, true},
		{"0.1", 0.1, true},
		{"123456789012345678901234567890", 1.2345678901234568e29, true},
		{"", 0, false},
		{"-", 0, false},
		{".", 0, false},
		{"1.2.3", 0, false},
		{"1,5", 0, false},
		{" 1", 0, false},
		{"1 ", 0, false},
		{"0x10", 0, false},
		{"1_000", 0, false},
		{"inf", 0, false},
		{"NaN", 0, false},
		{"1e", 0, false},
		{"1e+", 0, false},
		{"e5", 0, false},
		{"1e999", 0, false},
		{"1d5", 0, false},
		{"--1", 0, false},
		{"1e5x", 0, false},
	} {
		got, ok := table.ParseNumber([]byte(c.s))
		if ok != c.ok || ok && got != c.want {
			t.Errorf("ParseNumber(%q) = %v, %v; want %v, %v", c.s, got, ok, c.want, c.ok)
		}
	}
}

// Every spelling of a float64 must come back as the same bits.
func TestParseNumberAgreesWithStrconv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64().Draw(t, "x")
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return
		}
		format := rapid.SampledFrom([]byte("feg")).Draw(t, "format")
		precision := rapid.IntRange(-1, 25).Draw(t, "precision")
		s := strconv.FormatFloat(x, format, precision, 64)
		want, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return // rounded up beyond the largest number
		}
		got, ok := table.ParseNumber([]byte(s))
		if !ok || math.Float64bits(got+0) != math.Float64bits(want+0) {
			t.Fatalf("ParseNumber(%q) = %v, %v; want %v", s, got, ok, want)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"", "1", "-1.5e10", "1e400", "0.1", "+", "1e+5", strings.Repeat("9", 40)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := table.ParseNumber(b)
		want, err := strconv.ParseFloat(string(b), 64)
		if ok && (err != nil || got != want) {
			t.Fatalf("ParseNumber(%q) = %v, strconv says %v, %v", b, got, want, err)
		}
		if ok && (math.IsInf(got, 0) || math.IsNaN(got)) {
			t.Fatalf("ParseNumber(%q) = %v", b, got)
		}
	})
}

func TestParseTime(t *testing.T) {
	for _, c := range []struct{ s, want string }{
		{"2024-02-29", "2024-02-29T00:00:00Z"},
		{"2024/02/29", "2024-02-29T00:00:00Z"},
		{"2024-01-31T12:30", "2024-01-31T12:30:00Z"},
		{"2024-01-31 12:30:15", "2024-01-31T12:30:15Z"},
		{"2024-01-31 12:30:15.25", "2024-01-31T12:30:15.25Z"},
		{"2024-01-31T12:30:15.123456789Z", "2024-01-31T12:30:15.123456Z"},
		{"2024-01-31T12:30:15+02:00", "2024-01-31T10:30:15Z"},
		{"2024-01-31T12:30:15-0530", "2024-01-31T18:00:15Z"},
		{"2024-01-31 12:30:15+00", "2024-01-31T12:30:15Z"},
		{"0001-01-01", "0001-01-01T00:00:00Z"},
		{"2023-02-29", ""},
		{"2024-13-01", ""},
		{"2024-00-10", ""},
		{"2024-01-32", ""},
		{"2024-1-1", ""},
		{"24-01-01", ""},
		{"2024-01/01", ""},
		{"2024-01-01x", ""},
		{"2024-01-01T", ""},
		{"2024-01-01T25:00", ""},
		{"2024-01-01T12:60", ""},
		{"2024-01-01T12:00:", ""},
		{"2024-01-01T12:00:00.", ""},
		{"2024-01-01T12:00:00+", ""},
		{"2024-01-01T12:00:00 UTC", ""},
		{"", ""},
		{"0000-01-01", ""},
	} {
		got, ok := table.ParseTime([]byte(c.s))
		if ok != (c.want != "") {
			t.Errorf("ParseTime(%q) ok = %v", c.s, ok)
			continue
		}
		if ok {
			if s := time.UnixMicro(got).UTC().Format(time.RFC3339Nano); s != c.want {
				t.Errorf("ParseTime(%q) = %s, want %s", c.s, s, c.want)
			}
		}
	}
}

func TestParseTimeReadsWhatTimeWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := time.UnixMicro(rapid.Int64Range(-62135596800e6, 253402300799e6).Draw(t, "micros")).UTC()
		got, ok := table.ParseTime([]byte(want.Format(time.RFC3339Nano)))
		if !ok || got != want.UnixMicro() {
			t.Fatalf("ParseTime(%q) = %v, %v", want.Format(time.RFC3339Nano), got, ok)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	f.Add([]byte("2024-01-31T12:30:15.25+02:00"))
	f.Add([]byte("2024/01/31"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if micros, ok := table.ParseTime(b); ok {
			if y := time.UnixMicro(micros).UTC().Year(); y < 0 || y > 10000 {
				t.Fatalf("ParseTime(%q) is in year %d", b, y)
			}
		}
	})
}
