package data_test

import (
	"context"
	"math"
	"testing"

	"bespoke/data"
	"bespoke/scenario"
	"bespoke/table"
)

// FuzzReadCSV and FuzzReadJSON: whatever the bytes, reading ends with an error or
// with a table that keeps its promises.
func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{
		"", "a,b\n1,2\n3,4\n", "a;b\n1,5;x\n2,5;\n", "a,a,\n1,2,3\n", "x\n\"1\n", "a,b\n1\n2,3\n", "20,1,x\n1,2\n", "\xef\xbb\xbfa\tb\n01\t2024-01-31\n",
		"a,b\n31/01/2024,1e999\nNA,inf\n", "caf\xe9,b\n1,2\n", "\xff\xfea\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00", "a,b\r1,2\r\n3,4\n", "'a','b'\n'1','2'\n",
	} {
		f.Add([]byte(s))
	}
	fuzzRead(f, "x.csv")
}

func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{
		"", `{"a": 1, "b": "x"}`, `[{"a": 1}, {"b": null}]`, "{\"a\": 1}\n{\"a\": \"\\u00e9\"}\n", `[{"a": [1], "b": {"c": 2}}, {"a": 3}]`, `{"a": 1}{"a": 2}`, `[]`, `{}`, `{"a": 1, "a": 2}`, `{"": 1}`, `[1]`, `{"a": tru`,
	} {
		f.Add([]byte(s))
	}
	fuzzRead(f, "x.jsonl")
}

func fuzzRead(f *testing.F, name string) {
	f.Helper()
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		write(t, dir, name, content)
		d := scenario.Data{Source: scenario.Source{Path: name}}
		l, err := data.Read(context.Background(), d, dir, data.Options{Threads: 1, Memory: 1 << 28})
		if err != nil {
			return
		}
		if l.Table.Rows() < 1 || l.Read != l.Table.Rows() {
			t.Fatalf("%d rows of %d", l.Table.Rows(), l.Read)
		}
		for _, c := range l.Table.Columns() {
			checkColumn(t, c, l.Table.Rows())
		}
		for _, finding := range l.Findings {
			if finding.Check == "" || finding.Rule == "" || finding.Action == "" || finding.Message == "" {
				t.Fatalf("incomplete finding %+v", finding)
			}
			for _, r := range finding.Rows {
				if r < 1 || r > l.Read {
					t.Fatalf("finding names row %d of %d", r, l.Read)
				}
			}
		}
		table.ProfileOf(l.Table)
	})
}

func checkColumn(t *testing.T, c *table.Column, rows int) {
	t.Helper()
	if c.Len() != rows || c.Name == "" {
		t.Fatalf("column %q has %d of %d rows", c.Name, c.Len(), rows)
	}
	for _, x := range c.Numbers {
		if math.IsInf(x, 0) {
			t.Fatalf("column %q holds an infinity", c.Name)
		}
	}
	seen := map[string]bool{}
	for _, l := range c.Levels {
		if l == "" || seen[l] {
			t.Fatalf("column %q has levels %q", c.Name, c.Levels)
		}
		seen[l] = true
	}
	for _, k := range c.Codes {
		if k < -1 || int(k) >= len(c.Levels) {
			t.Fatalf("column %q has code %d of %d levels", c.Name, k, len(c.Levels))
		}
	}
}
