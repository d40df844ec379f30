package runs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func journalAt(t testing.TB, path string) *Journal {
	t.Helper()
	j, err := openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// contents is everything in a journal, by kind and key.
func contents(t testing.TB, j *Journal) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, id := range j.order {
		var raw json.RawMessage
		ok, err := j.Get(id.kind, id.key, &raw)
		if err != nil || !ok {
			t.Fatalf("%v: %v, %v", id, ok, err)
		}
		all[id.kind+"/"+id.key] = string(raw)
	}
	return all
}

func TestJournalKeepsValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	type score struct {
		AUC  float64
		Note string
	}
	want := map[string]score{
		"a": {0.1 + 0.2, "plain"},
		"b": {math.SmallestNonzeroFloat64, "line\nbreak \u2028 </script> \x00"},
		"c": {math.Copysign(0, -1), strings.Repeat("long ", 40_000)},
	}
	j := journalAt(t, path)
	for _, k := range []string{"a", "b", "c"} {
		if err := j.Append("trial", k, want[k]); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Append("stage", "a", 7); err != nil {
		t.Fatal(err)
	}
	for _, j := range []*Journal{j, journalAt(t, path)} {
		got := map[string]score{}
		err := j.Each("trial", func(key string, raw json.RawMessage) error {
			var s score
			err := json.Unmarshal(raw, &s)
			got[key] = s
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		var n int
		if ok, err := j.Get("stage", "a", &n); !ok || err != nil || n != 7 {
			t.Errorf("got %d, %v, %v", n, ok, err)
		}
		if ok, err := j.Get("stage", "b", &n); ok || err != nil {
			t.Errorf("a value that was never stored: %v, %v", ok, err)
		}
		if j.Len() != 4 || j.Torn() || j.Damaged() != 0 {
			t.Errorf("len %d, torn %v, damaged %d", j.Len(), j.Torn(), j.Damaged())
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line is not JSON: %.60q", line)
		}
	}
}

func TestJournalLaterValueWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j := journalAt(t, path)
	for i := range 3 {
		if err := j.Append("k", "same", i); err != nil {
			t.Fatal(err)
		}
	}
	for _, j := range []*Journal{j, journalAt(t, path)} {
		if d := cmp.Diff(map[string]string{"k/same": "2"}, contents(t, j)); d != "" {
			t.Error(d)
		}
	}
}

// TestJournalKilledAtEveryByte cuts the file at each length, as a kill in the
// middle of a write does: all whole lines must be there, and a line appended
// afterwards must survive.
func TestJournalKilledAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "whole")
	j := journalAt(t, path)
	for i := range 5 {
		if err := j.Append("trial", fmt.Sprint(i), map[string]any{"value": i, "text": strings.Repeat("é\n", i)}); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := contents(t, j)
	for n := 0; n <= len(whole); n++ {
		cut := filepath.Join(dir, "cut")
		if err := os.WriteFile(cut, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(whole[:n], []byte("\n"))
		j, err := openJournal(cut)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		want := map[string]string{}
		for i := range lines {
			k := fmt.Sprintf("trial/%d", i)
			want[k] = all[k]
		}
		if d := cmp.Diff(want, contents(t, j)); d != "" {
			t.Fatalf("cut at %d: %s", n, d)
		}
		torn := n > 0 && whole[n-1] != '\n'
		if j.Torn() != torn || j.Damaged() != 0 {
			t.Fatalf("cut at %d: torn %v, want %v; damaged %d", n, j.Torn(), torn, j.Damaged())
		}
		if err := j.Append("trial", "after", n); err != nil {
			t.Fatal(err)
		}
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
		want["trial/after"] = fmt.Sprint(n)
		j, err = openJournal(cut)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, contents(t, j)); d != "" || j.Torn() {
			t.Fatalf("cut at %d, then appended: torn %v %s", n, j.Torn(), d)
		}
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestJournalDamage changes single bytes: the line they are in is ignored and
// counted, the others stay.
func TestJournalDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "whole")
	j := journalAt(t, path)
	for i := range 3 {
		if err := j.Append("trial", fmt.Sprint(i), i*1000); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := contents(t, j)
	for n := range whole {
		for _, flip := range []byte{0x01, 0x80} {
			bad := bytes.Clone(whole)
			bad[n] ^= flip
			cut := filepath.Join(dir, "cut")
			if err := os.WriteFile(cut, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			j, err := openJournal(cut)
			if err != nil {
				t.Fatalf("byte %d: %v", n, err)
			}
			got := contents(t, j)
			line := bytes.Count(whole[:n], []byte("\n"))
			// Without its newline a line runs into the next one.
			lost := []int{line}
			if whole[n] == '\n' && line < 2 {
				lost = append(lost, line+1)
			}
			want := map[string]string{}
			for k, v := range all {
				want[k] = v
			}
			for _, l := range lost {
				delete(want, fmt.Sprintf("trial/%d", l))
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("byte %d: %s", n, d)
			}
			if j.Damaged() == 0 && !j.Torn() {
				t.Fatalf("byte %d: the damage was not noticed", n)
			}
			if err := j.close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestJournalRefusesWhatJSONCannotHold(t *testing.T) {
	j := journalAt(t, filepath.Join(t.TempDir(), "j"))
	if err := j.Append("trial", "k", math.NaN()); err == nil || !strings.Contains(err.Error(), "runs: appending trial: the value cannot be stored as JSON") {
		t.Errorf("got %v", err)
	}
	j.limit = 100
	if err := j.Append("trial", "k", strings.Repeat("x", 101)); err == nil || !strings.Contains(err.Error(), "write it as a file") {
		t.Errorf("got %v", err)
	}
	if err := j.Append("trial", "k", "text"); err != nil {
		t.Fatal(err)
	}
	var n int
	if ok, err := j.Get("trial", "k", &n); ok || err == nil {
		t.Errorf("text read as a number: %v, %v", ok, err)
	}
}

func TestJournalIsConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j := journalAt(t, path)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 10 {
				key := fmt.Sprintf("%d-%d", g, i)
				if err := j.Append("trial", key, key); err != nil {
					t.Error(err)
				}
				var got string
				if ok, err := j.Get("trial", key, &got); !ok || err != nil || got != key {
					t.Errorf("%s: got %q, %v, %v", key, got, ok, err)
				}
			}
		})
	}
	wg.Wait()
	if n := journalAt(t, path).Len(); n != 80 {
		t.Errorf("%d values after reopening, want 80", n)
	}
}

func TestLineRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value, err := json.Marshal(rapid.String().Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		// Names go through JSON, which replaces what is not UTF-8.
		want := entry{Kind: strings.ToValidUTF8(rapid.String().Draw(t, "kind"), "?"), Key: strings.ToValidUTF8(rapid.String().Draw(t, "key"), "?"), Value: value}
		line, err := formatLine(want)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("a line break inside the line %q", line)
		}
		got, ok := parseLine(line[:len(line)-1])
		if !ok {
			t.Fatalf("%q does not read back", line)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

// FuzzJournal reads any bytes as a journal. Whatever they are, it must end,
// keep whole lines and accept a new one after them.
func FuzzJournal(f *testing.F) {
	line, err := formatLine(entry{"trial", "key", json.RawMessage(`{"a":1}`)})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{
		nil, line, append(bytes.Clone(line), line...), line[:len(line)-1], append([]byte("rubbish\n"), line...),
		append(bytes.Clone(line), "rubbish"...), bytes.Repeat([]byte{0}, 4096), []byte("\n\n\n"), []byte(`{"sum":"0000000000000000","kind":"a"}` + "\n"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func(data []byte) (entries []entry, end int64) {
			end, err := scan(bytes.NewReader(data), func(at span, e entry, whole bool) {
				if !whole {
					return
				}
				line := data[at.offset : at.offset+int64(at.length)]
				if again, ok := parseLine(line); !ok || !cmp.Equal(again, e) || data[at.offset+int64(at.length)] != '\n' {
					t.Fatalf("the line is not where it should be: %+v in %q", at, data)
				}
				entries = append(entries, e)
			})
			if err != nil || end < 0 || end > int64(len(data)) {
				t.Fatalf("end %d of %d, %v", end, len(data), err)
			}
			return entries, end
		}
		before, end := read(data)
		more, err := formatLine(entry{"fuzz", "new", json.RawMessage("1")})
		if err != nil {
			t.Fatal(err)
		}
		grown := append(bytes.Clone(data[:end]), more...)
		after, end := read(grown)
		if end != int64(len(grown)) {
			t.Fatalf("torn after a whole append: %d of %d", end, len(grown))
		}
		if d := cmp.Diff(append(before, entry{"fuzz", "new", json.RawMessage("1")}), after); d != "" {
			t.Fatal(d)
		}
	})
}
