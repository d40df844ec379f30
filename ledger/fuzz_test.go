package ledger_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"bespoke/ledger"

	"github.com/google/go-cmp/cmp"
)

func drain(r *ledger.Reader) (out []ledger.Record) {
	for r.Next() {
		out = append(out, r.Record())
	}
	return out
}

// FuzzReader feeds any bytes as a segment: nothing may crash, every line is
// accounted for, and what was read can be written and read again.
func FuzzReader(f *testing.F) {
	good := ledger.Seal(`{"kind":"decision","id":"a","time":"2026-01-31T08:00:00Z","bundle":"b","inputs":{"x":1},"prediction":[0.5,0.5],"action":"grant","expected":1,"actions":[{"name":"grant","expected":1}],"cost":2,"new":[1]`)
	f.Add([]byte(string(ledger.HeaderLine(1)) + good + ledger.Seal(`{"kind":"outcome","id":"a","value":"good"`)))
	f.Add([]byte(good[:len(good)-3]))
	f.Add([]byte("\n\n" + good))
	f.Add([]byte(ledger.Seal(`{"kind":"later"`) + "x\n" + good))
	f.Add([]byte(ledger.Seal(`{"kind":"decision","id":"a","inputs":[]`)))
	f.Add(bytes.Repeat([]byte{0}, 100))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := ledger.ReadSegment(bytes.NewReader(raw))
		records := drain(r)
		s := r.Stats()
		if s.Decisions+s.Outcomes != len(records) {
			t.Fatalf("%d records, stats %+v", len(records), s)
		}
		lines := bytes.Count(raw, []byte{'\n'})
		if len(raw) > 0 && raw[len(raw)-1] != '\n' {
			lines++
		}
		if n := len(records) + s.Torn + s.Corrupt + s.Unknown; r.Err() == nil && n > lines {
			t.Fatalf("%d lines gave %+v", lines, s)
		}
		// A reader that delivers a byte at a time sees the same.
		if d := cmp.Diff(records, drain(ledger.ReadSegment(iotest.OneByteReader(bytes.NewReader(raw))))); d != "" {
			t.Fatalf("byte by byte (-whole +bytes):\n%s", d)
		}
	})
}

func FuzzOutcomes(f *testing.F) {
	f.Add("csv", "id,repaid,at\n1,0,2026-01-31\n2,,\n3,1,2026-01-31T08:00:00Z\n")
	f.Add("tsv", "id\trepaid\n1\t\"a\nb\"\n")
	f.Add("jsonl", "{\"id\":1,\"repaid\":true}\n{\"id\":\"x\",\"repaid\":null}\n")
	f.Add("csv", "\xef\xbb\xbfid,repaid\n1,0,2\n")
	f.Fuzz(func(t *testing.T, format, text string) {
		n := 0
		stats, err := ledger.ReadOutcomes(strings.NewReader(text), ledger.OutcomeFile{Format: format, ID: "id", Value: "repaid", Time: ""}, func(o ledger.Outcome) error {
			n++
			if o.ID == "" || o.Value == "" || o.Key != "" {
				t.Fatalf("outcome %+v", o)
			}
			return nil
		})
		if n != stats.Read || stats.Rows < stats.Read+stats.Empty {
			t.Fatalf("%d outcomes, stats %+v, %v", n, stats, err)
		}
	})
}
