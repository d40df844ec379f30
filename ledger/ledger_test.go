package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bespoke/ledger"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// fast writes without waiting for the disk, for tests of what is written.
func fast() ledger.Options {
	o := ledger.Default()
	o.Sync = ledger.SyncNever
	return o
}

func decision(i int) *ledger.Decision {
	return &ledger.Decision{
		ID: fmt.Sprintf("d-%04d", i), Key: fmt.Sprintf("loan %d", i), Time: noon.Add(time.Duration(i) * time.Second), Bundle: "abc",
		Inputs:     json.RawMessage(fmt.Sprintf(`{"age":%d,"job":"clerk","note":null}`, i)),
		Prediction: []float64{0.25, 0.75}, Action: "grant", Expected: 1.5,
		Actions: []ledger.ActionMoney{{Name: "grant", Expected: 1.5}, {Name: "refuse", Expected: 0}}, Cost: 0.02,
	}
}

func write(t *testing.T, dir string, opt ledger.Options, records ...ledger.Record) {
	t.Helper()
	w, err := ledger.Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := w.Append(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func decisions(from, to int) (out []ledger.Record) {
	for i := from; i < to; i++ {
		out = append(out, ledger.Record{Decision: decision(i)})
	}
	return out
}

func readAll(t testing.TB, dir string) ([]ledger.Record, ledger.Stats) {
	t.Helper()
	r, err := ledger.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []ledger.Record
	for r.Next() {
		out = append(out, r.Record())
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return out, r.Stats()
}

func segments(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestReadsWhatWasWritten(t *testing.T) {
	dir := t.TempDir()
	want := append(decisions(0, 3), ledger.Record{Outcome: &ledger.Outcome{ID: "d-0001", Time: noon, Value: "good"}},
		ledger.Record{Outcome: &ledger.Outcome{Key: "loan 2", Value: "-12.5"}})
	for _, sync := range []ledger.Sync{ledger.SyncBatch, ledger.SyncInterval, ledger.SyncNever} {
		opt := ledger.Default()
		opt.Sync, opt.Interval = sync, time.Millisecond
		sub := filepath.Join(dir, string(sync))
		write(t, sub, opt, want...)
		got, stats := readAll(t, sub)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", sync, d)
		}
		if d := cmp.Diff(ledger.Stats{Segments: 1, Decisions: 3, Outcomes: 2}, stats); d != "" {
			t.Errorf("%s (-want +got):\n%s", sync, d)
		}
	}
}

func TestEveryLineIsPlainJSON(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, fast(), decisions(0, 2)...)
	raw, err := os.ReadFile(segments(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want a header and two decisions", len(lines))
	}
	for _, l := range lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(l), &v); err != nil || v["kind"] == nil || v["crc"] == nil {
			t.Errorf("%s: %v", l, err)
		}
	}
}

func TestAnyDecisionSurvives(t *testing.T) {
	n := 0
	base := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		n++
		inputs, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.String()).Draw(rt, "inputs"))
		if err != nil {
			rt.Fatal(err)
		}
		if rapid.Bool().Draw(rt, "indented") {
			var b bytes.Buffer
			if err := json.Indent(&b, inputs, "", "  "); err != nil {
				rt.Fatal(err)
			}
			inputs = b.Bytes()
		}
		finite := rapid.Float64Range(-1e300, 1e300)
		want := &ledger.Decision{
			ID: rapid.StringN(1, 20, -1).Draw(rt, "id"), Key: rapid.String().Draw(rt, "key"),
			Time:   time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(rt, "time")).UTC(),
			Bundle: rapid.String().Draw(rt, "bundle"), Inputs: inputs, Action: rapid.String().Draw(rt, "action"),
			Expected: finite.Draw(rt, "expected"), Cost: finite.Draw(rt, "cost"),
			Prediction: rapid.SliceOfN(finite, 1, 4).Draw(rt, "prediction"),
		}
		dir := filepath.Join(base, fmt.Sprint(n))
		write(t, dir, fast(), ledger.Record{Decision: want})
		got, _ := readAll(t, dir)
		if len(got) != 1 {
			rt.Fatalf("read %d records, want 1", len(got))
		}
		var a, b map[string]string
		if json.Unmarshal(want.Inputs, &a) != nil || json.Unmarshal(got[0].Decision.Inputs, &b) != nil || !cmp.Equal(a, b) {
			rt.Fatalf("inputs %s came back as %s", want.Inputs, got[0].Decision.Inputs)
		}
		got[0].Decision.Inputs = want.Inputs
		if d := cmp.Diff(want, got[0].Decision); d != "" {
			rt.Fatalf("(-want +got):\n%s", d)
		}
	})
}

// A crash may cut the file at any byte: what was written before the cut is
// read, the rest is counted, and the next writer goes on.
func TestTornAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, fast(), decisions(0, 2)...)
	whole, err := os.ReadFile(segments(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	// Every byte of the last line and of the line break before it; of the rest,
	// which is cut in the same way, some.
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n')
	for cut := 0; cut <= len(whole); cut++ {
		if cut < last-1 && cut%37 != 0 {
			continue
		}
		sub := filepath.Join(t.TempDir(), "cut")
		if err := os.MkdirAll(sub, 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(sub, "00000001.jsonl"), whole[:cut], 0o640); err != nil {
			t.Fatal(err)
		}
		kept := max(0, bytes.Count(whole[:cut], []byte{'\n'})-1)
		torn := 0
		if cut > 0 && whole[cut-1] != '\n' {
			torn = 1
		}
		write(t, sub, fast(), decisions(7, 8)...)
		got, stats := readAll(t, sub)
		if len(got) != kept+1 || stats.Torn != torn || stats.Corrupt != 0 {
			t.Fatalf("cut at %d: %d records and stats %+v; want %d records, %d torn", cut, len(got), stats, kept+1, torn)
		}
		if last := got[len(got)-1].Decision.ID; last != "d-0007" {
			t.Fatalf("cut at %d: the last record is %s", cut, last)
		}
		wantSegments := 1
		if torn == 1 || bytes.Count(whole[:cut], []byte{'\n'}) == 0 {
			wantSegments = 2
		}
		if n := len(segments(t, sub)); n != wantSegments {
			t.Fatalf("cut at %d: %d segments, want %d", cut, n, wantSegments)
		}
	}
}

func TestDamageInTheMiddleIsCounted(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, fast(), decisions(0, 5)...)
	path := segments(t, dir)[0]
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(raw, []byte(`"age":2`))
	raw[at+6] = '9'
	if err := os.WriteFile(path, raw, 0o640); err != nil {
		t.Fatal(err)
	}
	got, stats := readAll(t, dir)
	if len(got) != 4 {
		t.Errorf("%d records, want the 4 intact ones", len(got))
	}
	want := ledger.Stats{Segments: 1, Decisions: 4, Corrupt: 1, FirstCorrupt: "00000001.jsonl:4"}
	if d := cmp.Diff(want, stats); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	opt := fast()
	opt.MaxBytes = 4096
	write(t, dir, opt, decisions(0, 60)...)
	files := segments(t, dir)
	if len(files) < 3 {
		t.Fatalf("%d segments, want several", len(files))
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() > 4096+1000 {
			t.Errorf("%s: %v bytes, %v", f, info.Size(), err)
		}
	}
	got, stats := readAll(t, dir)
	if d := cmp.Diff(decisions(0, 60), got); d != "" || stats.Segments != len(files) {
		t.Errorf("stats %+v, (-want +got):\n%s", stats, d)
	}

	if err := os.Remove(files[1]); err != nil {
		t.Fatal(err)
	}
	if _, stats := readAll(t, dir); stats.Gaps != 1 {
		t.Errorf("a lost segment gave stats %+v, want a gap", stats)
	}
}

func TestRotationByAge(t *testing.T) {
	dir := t.TempDir()
	now := noon
	opt := fast()
	opt.Now = func() time.Time { return now }
	for i := range 3 {
		write(t, dir, opt, decisions(i, i+1)...)
		now = now.Add(13 * time.Hour)
	}
	// Begun at noon; 13 hours later it goes on, 26 hours later a new one begins.
	if n := len(segments(t, dir)); n != 2 {
		t.Errorf("%d segments, want 2", n)
	}
}

func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	w, err := ledger.Open(dir, fast())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(dir, fast()); !errors.Is(err, ledger.ErrLocked) {
		t.Fatalf("a second writer got %v, want ErrLocked", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(context.Background(), decisions(0, 1)...); !errors.Is(err, ledger.ErrClosed) {
		t.Fatalf("a closed writer gave %v", err)
	}
	w, err = ledger.Open(dir, fast())
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestManyGoroutines(t *testing.T) {
	dir := t.TempDir()
	opt := ledger.Default()
	opt.MaxPending = 4096 // so that they wait for room
	w, err := ledger.Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	const goroutines, each = 8, 50
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				if err := w.Append(context.Background(), decisions(g*each+i, g*each+i+1)...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	got, _ := readAll(t, dir)
	for _, r := range got {
		seen[r.Decision.ID] = true
	}
	if len(got) != goroutines*each || len(seen) != goroutines*each {
		t.Errorf("%d records, %d ids; want %d of each", len(got), len(seen), goroutines*each)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	w, err := ledger.Open(dir, fast())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	nan := decision(0)
	nan.Prediction = []float64{0, nanOf()}
	cost := decision(0)
	cost.Cost = nanOf()
	action := decision(0)
	action.Actions[0].Expected = nanOf()
	array := decision(0)
	array.Inputs = json.RawMessage(`[1]`)
	broken := decision(0)
	broken.Inputs = json.RawMessage(`{"a":1}}`)
	anonymous := decision(0)
	anonymous.ID = ""
	huge := decision(0)
	huge.Key = strings.Repeat("x", ledger.MaxLine)
	for _, c := range []struct {
		record ledger.Record
		want   string
	}{
		{ledger.Record{}, "either a decision or an outcome"},
		{ledger.Record{Decision: anonymous}, "must have an id"},
		{ledger.Record{Decision: nan}, "prediction[1] is NaN"},
		{ledger.Record{Decision: cost}, "cost NaN"},
		{ledger.Record{Decision: action}, `action "grant" is expected to bring NaN`},
		{ledger.Record{Decision: array}, "must be a JSON object, not an array"},
		{ledger.Record{Decision: broken}, "unexpected bytes after the document"},
		{ledger.Record{Decision: huge}, "are allowed"},
		{ledger.Record{Outcome: &ledger.Outcome{Value: "good"}}, "either an id or a key"},
		{ledger.Record{Outcome: &ledger.Outcome{ID: "a", Key: "b", Value: "good"}}, "either an id or a key"},
		{ledger.Record{Outcome: &ledger.Outcome{ID: "a"}}, "must have a value"},
	} {
		err := w.Append(context.Background(), ledger.Record{Decision: decision(1)}, c.record)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "ledger: append: ") {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if got, _ := readAll(t, dir); len(got) != 0 {
		t.Errorf("%d records were written beside a refused one; all or none", len(got))
	}
}

func nanOf() float64 {
	zero := 0.0
	return zero / zero
}

func TestOptionsAreChecked(t *testing.T) {
	for _, change := range []func(*ledger.Options){
		func(o *ledger.Options) { o.Sync = "often" },
		func(o *ledger.Options) { o.Interval = 0 },
		func(o *ledger.Options) { o.MaxBytes = 1 },
		func(o *ledger.Options) { o.MaxAge = 0 },
		func(o *ledger.Options) { o.MaxPending = 1 },
	} {
		o := ledger.Default()
		change(&o)
		if _, err := ledger.Open(t.TempDir(), o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestReaderRefusesANewerFormat(t *testing.T) {
	r := ledger.ReadSegment(bytes.NewReader(ledger.HeaderLine(99)))
	if r.Next() || r.Err() == nil || !strings.Contains(r.Err().Error(), "format 99 is newer") {
		t.Errorf("got %v", r.Err())
	}
}

func TestReaderOfNothing(t *testing.T) {
	if _, err := ledger.OpenReader(filepath.Join(t.TempDir(), "no")); err == nil {
		t.Error("a folder that is not there was opened")
	}
	if got, stats := readAll(t, t.TempDir()); len(got) != 0 || stats != (ledger.Stats{}) {
		t.Errorf("an empty folder gave %v, %+v", got, stats)
	}
}

func TestIDsRise(t *testing.T) {
	now := noon
	g := ledger.NewIDs(func() time.Time { return now }, nil)
	last := ""
	for i := range 10000 {
		switch i {
		case 5000:
			now = now.Add(-time.Hour) // the clock steps back
		case 7000:
			now = now.Add(3 * time.Hour)
		}
		id, err := g.New()
		if err != nil {
			t.Fatal(err)
		}
		if id <= last || len(id) != 36 || id[14] != '7' || !strings.ContainsRune("89ab", rune(id[19])) {
			t.Fatalf("id %q after %q", id, last)
		}
		last = id
	}
	if !strings.HasPrefix(last, fmt.Sprintf("%08x", uint64(now.UnixMilli())>>16)) {
		t.Errorf("%s does not begin with the time", last)
	}
}
