package ledger_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bespoke/ledger"

	"github.com/google/go-cmp/cmp"
)

func TestReadOutcomes(t *testing.T) {
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		spec ledger.OutcomeFile
		text string
		want []ledger.Outcome
		rows ledger.OutcomeStats
	}{
		"csv by id": {
			ledger.OutcomeFile{Format: "csv", ID: "id", Value: "repaid"},
			"id,other,repaid\na,1,yes\nb,1,\nc,1, no \n",
			[]ledger.Outcome{{ID: "a", Value: "yes"}, {ID: "c", Value: "no"}},
			ledger.OutcomeStats{Rows: 3, Read: 2, Empty: 1},
		},
		"tsv by key with a time and a byte order mark": {
			ledger.OutcomeFile{Format: "tsv", Key: "loan", Value: "repaid", Time: "at"},
			"\xef\xbb\xbfloan\trepaid\tat\n17\t0\t2026-01-31\n18\t1\t\n",
			[]ledger.Outcome{{Key: "17", Value: "0", Time: day}, {Key: "18", Value: "1"}},
			ledger.OutcomeStats{Rows: 2, Read: 2},
		},
		"jsonl": {
			ledger.OutcomeFile{Format: "jsonl", ID: "id", Value: "v", Time: "t"},
			`{"id":"a","v":"good","t":"2026-01-31T01:00:00+01:00","x":[1,{}]}` + "\n\n" + `{"v":-1.5,"id":7}` + "\n" + `{"id":"b","v":null}` + "\n" + `{"id":"c","v":true}`,
			[]ledger.Outcome{{ID: "a", Value: "good", Time: day}, {ID: "7", Value: "-1.5"}, {ID: "c", Value: "true"}},
			ledger.OutcomeStats{Rows: 4, Read: 3, Empty: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []ledger.Outcome
			stats, err := ledger.ReadOutcomes(strings.NewReader(c.text), c.spec, func(o ledger.Outcome) error {
				got = append(got, o)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got) + cmp.Diff(c.rows, stats); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestReadOutcomesErrors(t *testing.T) {
	by := func(format string) ledger.OutcomeFile {
		return ledger.OutcomeFile{Format: format, ID: "id", Value: "v", Time: "t"}
	}
	for _, c := range []struct {
		spec       ledger.OutcomeFile
		text, want string
	}{
		{ledger.OutcomeFile{Format: "csv", Value: "v"}, "", "either the column of ids or the column of keys"},
		{ledger.OutcomeFile{Format: "csv", ID: "a", Key: "b", Value: "v"}, "", "either the column of ids or the column of keys"},
		{ledger.OutcomeFile{Format: "csv", ID: "a"}, "", "name the column that holds the outcome"},
		{by("xlsx"), "", `"xlsx" is none of csv, tsv, jsonl`},
		{by("csv"), "", "the file is empty"},
		{by("csv"), "id,w,t\n", `no column "v"; there are id, w, t`},
		{by("csv"), "id,v,t\n1,2\n", "wrong number of fields"},
		{by("csv"), "id,v,t\na,good,\n,good,\n", `line 3: column "id" is empty`},
		{by("csv"), "id,v,t\na,good,soon\n", `line 2: column "t": "soon" is not a time; write 2026-01-31`},
		{by("jsonl"), "{\"id\":\"a\",\"v\":[1]}\n", "line 1: found an array where text or a number is allowed"},
		{by("jsonl"), "{\"id\":\"a\",\"v\":1}\n[]\n", "line 2: expected an object"},
		{by("jsonl"), "{\"v\":1}\n", `line 1: column "id" is empty`},
	} {
		_, err := ledger.ReadOutcomes(strings.NewReader(c.text), c.spec, func(ledger.Outcome) error { return nil })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		}
	}
}

func TestReadOutcomesFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "late.CSV")
	if err := os.WriteFile(path, []byte("id,v\na,good\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var all ledger.Outcomes
	spec := ledger.OutcomeFile{ID: "id", Value: "v"}
	if _, err := ledger.ReadOutcomesFile(path, spec, func(o ledger.Outcome) error { all.Add(o); return nil }); err != nil {
		t.Fatal(err)
	}
	if k, ok := all.Of(&ledger.Decision{ID: "a"}); !ok || k.Value != "good" {
		t.Errorf("got %v, %v", k, ok)
	}
	for _, p := range []string{"late.xlsx", filepath.Join(t.TempDir(), "none.csv")} {
		if _, err := ledger.ReadOutcomesFile(p, spec, nil); err == nil {
			t.Errorf("%s was read", p)
		}
	}
}

func TestOutcomesJoin(t *testing.T) {
	var o ledger.Outcomes
	o.Add(ledger.Outcome{ID: "a", Value: "good"})
	o.Add(ledger.Outcome{ID: "a", Value: "bad"})
	o.Add(ledger.Outcome{Key: "loan 2", Value: "good"})
	for _, c := range []struct {
		d    ledger.Decision
		want string
	}{
		{ledger.Decision{ID: "a", Key: "loan 2"}, "bad"}, // the id goes first, the last outcome holds
		{ledger.Decision{ID: "b", Key: "loan 2"}, "good"},
		{ledger.Decision{ID: "c"}, ""},
	} {
		if got, _ := o.Of(&c.d); got.Value != c.want {
			t.Errorf("%+v: got %q, want %q", c.d, got.Value, c.want)
		}
	}
	if o.Len() != 2 {
		t.Errorf("Len is %d", o.Len())
	}
}
