package runs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sampleKey() Key {
	return Key{Version: "0.1.0", Scenario: "scenario: credit-g\nseed: 1\n", Seed: 1, Inputs: []Input{HashBytes([]byte("a,b\n1,2\n"), "data/credit-g.csv")}}
}

// opened is a run that is closed when the test ends.
func opened(t testing.TB, dir string, key Key) *Run {
	t.Helper()
	r, err := Open(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func closed(t testing.TB, r *Run) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// work does a small run: two trials and a model file.
func work(t testing.TB, r *Run) (done int) {
	t.Helper()
	ctx := context.Background()
	end := r.Stage("train")
	for i := range 2 {
		got, _, err := Once(ctx, r, "trial", KeyOf("trial", i), func() (float64, error) {
			done++
			return float64(i) / 3, nil
		})
		if err != nil || got != float64(i)/3 {
			t.Fatalf("trial %d: %g, %v", i, got, err)
		}
	}
	data, _, err := OnceFile(ctx, r, "models/best.bin", KeyOf("best"), func() ([]byte, error) {
		done++
		return []byte("weights"), nil
	})
	if err != nil || string(data) != "weights" {
		t.Fatalf("file: %q, %v", data, err)
	}
	if err := r.AddOutput("models/best.bin"); err != nil {
		t.Fatal(err)
	}
	end(nil)
	return done
}

func TestResume(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := opened(t, dir, sampleKey())
	if r.Resumed() {
		t.Error("a new run says that it is resumed")
	}
	if n := work(t, r); n != 3 {
		t.Errorf("%d pieces of work done, want 3", n)
	}
	closed(t, r) // killed: never finished

	r = opened(t, dir, sampleKey())
	if !r.Resumed() {
		t.Error("the run does not say that it is resumed")
	}
	if n := work(t, r); n != 0 {
		t.Errorf("%d pieces of work done again", n)
	}
	if tim := r.Timings(); tim.Reused != 3 || tim.Computed != 0 || !tim.Resumed {
		t.Errorf("timings %+v", tim)
	}
	if err := r.End(nil); err != nil {
		t.Fatal(err)
	}
	closed(t, r)

	// Another scenario reuses what has the same content key; another version
	// does not.
	key := sampleKey()
	key.Scenario += "budget: {trials: 3}\n"
	r = opened(t, dir, key)
	if old, ok := r.Previous(); r.Resumed() || !ok || old.State != Done {
		t.Errorf("resumed %v, previous %+v", r.Resumed(), old)
	}
	if n := work(t, r); n != 0 {
		t.Errorf("%d pieces of work done again for another scenario", n)
	}
	closed(t, r)
	key.Version = "0.2.0"
	r = opened(t, dir, key)
	if n := work(t, r); n != 3 {
		t.Errorf("%d pieces of work done for another version, want 3", n)
	}
	closed(t, r)

	r, err := Fresh(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	if n := work(t, r); n != 3 {
		t.Errorf("%d pieces of work done in a fresh run, want 3", n)
	}
	closed(t, r)
}

func TestRecordHasNothingOfTheClock(t *testing.T) {
	var records []string
	for range 2 {
		dir := t.TempDir()
		r := opened(t, dir, sampleKey())
		work(t, r)
		if err := r.End(nil); err != nil {
			t.Fatal(err)
		}
		closed(t, r)
		data, err := os.ReadFile(filepath.Join(dir, RecordFile))
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, string(data))
		time.Sleep(2 * time.Millisecond)
	}
	if d := cmp.Diff(records[0], records[1]); d != "" {
		t.Errorf("two equal runs have different records: %s", d)
	}
	// A resumed run ends with the same record as one that was never killed.
	dir := t.TempDir()
	r := opened(t, dir, sampleKey())
	r.Stage("train")
	closed(t, r)
	r = opened(t, dir, sampleKey())
	work(t, r)
	if err := r.End(nil); err != nil {
		t.Fatal(err)
	}
	closed(t, r)
	data, err := os.ReadFile(filepath.Join(dir, RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(records[0], string(data)); d != "" {
		t.Errorf("a resumed run has another record: %s", d)
	}
}

func TestReadAndStates(t *testing.T) {
	for _, c := range []struct {
		err    error
		state  State
		reason string
	}{
		{nil, Done, ""},
		{fmt.Errorf("need: no money in it: %w", ErrStopped), Stopped, "need: no money in it: stopped by a gate"},
		{errors.New("data: no rows"), Failed, "data: no rows"},
	} {
		dir := t.TempDir()
		r := opened(t, dir, sampleKey())
		r.Stage("need")(c.err)
		if err := r.End(c.err); err != nil {
			t.Fatal(err)
		}
		closed(t, r)
		rec, tim, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if rec.State != c.state || rec.Reason != c.reason || rec.Key != sampleKey().Hash() {
			t.Errorf("record %+v", rec)
		}
		if d := cmp.Diff([]StageRecord{{Name: "need", State: c.state, Reason: c.reason}}, rec.Stages); d != "" {
			t.Error(d)
		}
		if tim.Host.CPUs < 1 || tim.Started.IsZero() || tim.Ended.Before(tim.Started) || len(tim.Stages) != 1 {
			t.Errorf("timings %+v", tim)
		}
	}
	if _, _, err := Read(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder gives %v", err)
	}
}

func TestOpenRefusesLaterFormats(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, RecordFile), []byte(`{"format": 99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, sampleKey()); err == nil || !strings.Contains(err.Error(), "has format 99") {
		t.Errorf("got %v", err)
	}
	// The refusal let go of the lock and changed nothing.
	if _, err := Open(dir, sampleKey()); err == nil || errors.Is(err, ErrBusy) {
		t.Errorf("the second time: %v", err)
	}
}

func TestOpenReplacesABrokenRecord(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{RecordFile, TimingsFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`{"form`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := opened(t, dir, sampleKey())
	if _, ok := r.Previous(); ok || r.Resumed() {
		t.Error("a broken record counts as a run")
	}
	if rec, _, err := Read(dir); err != nil || rec.State != Running {
		t.Errorf("%+v, %v", rec, err)
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	r := opened(t, dir, sampleKey())
	_, err := Open(dir, sampleKey())
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("got %v, want an error that names this process", err)
	}
	closed(t, r)
	closed(t, r) // twice does nothing
	closed(t, opened(t, dir, sampleKey()))
}

// TestKilledProcess starts this test binary as another process that holds a
// run, kills it without mercy and takes the run over.
func TestKilledProcess(t *testing.T) {
	if dir := os.Getenv("RUNS_TEST_HOLD"); dir != "" {
		hold(dir)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcess$")
	cmd.Env = append(os.Environ(), "RUNS_TEST_HOLD="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("held"))); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, sampleKey()); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), fmt.Sprint(cmd.Process.Pid)) {
		t.Errorf("while the process lives: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed, which is an error
	r := opened(t, dir, sampleKey())
	if !r.Resumed() || r.Journal().Len() != 1 {
		t.Errorf("resumed %v with %d pieces of work, want 1", r.Resumed(), r.Journal().Len())
	}
}

// hold opens a run, finishes a piece of work, says so and waits to be killed.
func hold(dir string) {
	r, err := Open(dir, sampleKey())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if err := r.Journal().Append("trial", "a", 1); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("held")
	select {}
}

func TestOnceErrors(t *testing.T) {
	r := opened(t, t.TempDir(), sampleKey())
	boom := errors.New("boom")
	if _, _, err := Once(t.Context(), r, "trial", "k", func() (int, error) { return 0, boom }); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	// A failure is not kept.
	if n, reused, err := Once(t.Context(), r, "trial", "k", func() (int, error) { return 5, nil }); n != 5 || reused || err != nil {
		t.Errorf("got %d, %v, %v", n, reused, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// What is there is given even when the context has ended; new work is not
	// begun.
	if n, reused, err := Once(ctx, r, "trial", "k", func() (int, error) { return 0, boom }); n != 5 || !reused || err != nil {
		t.Errorf("got %d, %v, %v", n, reused, err)
	}
	if _, _, err := Once(ctx, r, "trial", "other", func() (int, error) { return 0, boom }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, _, err := Once(t.Context(), r, "trial", "nan", func() (float64, error) { return math.NaN(), nil }); err == nil || !strings.Contains(err.Error(), "cannot be stored as JSON") {
		t.Errorf("got %v", err)
	}
	// A type that changed is worked out again instead of failing.
	if s, reused, err := Once(t.Context(), r, "trial", "k", func() (string, error) { return "five", nil }); s != "five" || reused || err != nil {
		t.Errorf("got %q, %v, %v", s, reused, err)
	}
	closed(t, r)
	if _, _, err := Once(t.Context(), r, "trial", "late", func() (int, error) { return 1, nil }); err == nil || !strings.Contains(err.Error(), "the run is closed") {
		t.Errorf("got %v", err)
	}
}

// TestOnceGivesWhatResumeGives checks that the first result went through JSON
// as the later ones do.
func TestOnceGivesWhatResumeGives(t *testing.T) {
	type result struct {
		Values  []float64
		private int
	}
	r := opened(t, t.TempDir(), sampleKey())
	ask := func() result {
		got, _, err := Once(t.Context(), r, "x", "k", func() (result, error) { return result{Values: []float64{}, private: 3}, nil })
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if d := cmp.Diff(ask(), ask(), cmp.AllowUnexported(result{})); d != "" {
		t.Error(d)
	}
}

func TestOnceFileChecksTheFile(t *testing.T) {
	r := opened(t, t.TempDir(), sampleKey())
	made := 0
	ask := func() {
		t.Helper()
		data, _, err := OnceFile(t.Context(), r, "m/model.bin", "k", func() ([]byte, error) { made++; return []byte("model"), nil })
		if err != nil || string(data) != "model" {
			t.Fatalf("got %q, %v", data, err)
		}
	}
	ask()
	ask()
	if made != 1 {
		t.Fatalf("made %d times, want once", made)
	}
	if err := os.WriteFile(r.Path("m/model.bin"), []byte("m0del"), 0o600); err != nil {
		t.Fatal(err)
	}
	ask()
	if err := os.Remove(r.Path("m/model.bin")); err != nil {
		t.Fatal(err)
	}
	ask()
	if made != 3 {
		t.Errorf("made %d times, want 3: after a change and after a removal", made)
	}
}

func TestOutputNames(t *testing.T) {
	r := opened(t, t.TempDir(), sampleKey())
	for _, bad := range []string{"", ".", "..", "../x", "/etc/passwd", "a/../../x", RecordFile, "./" + JournalFile, LockFile, TimingsFile, tempPrefix + "x"} {
		if err := r.WriteFile(bad, nil); err == nil || !strings.HasPrefix(err.Error(), "runs: writing output: ") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	for _, good := range []string{"report.html", "a/b/c.txt", "record.json.txt", "..a"} {
		if err := r.WriteFile(good, []byte("x")); err != nil {
			t.Errorf("%q: %v", good, err)
		}
		if data, err := os.ReadFile(r.Path(good)); err != nil || string(data) != "x" {
			t.Errorf("%q: read %q, %v", good, data, err)
		}
	}
}

func TestAddOutput(t *testing.T) {
	r := opened(t, t.TempDir(), sampleKey())
	for _, name := range []string{"b.txt", "a.txt", "b.txt"} {
		if err := r.WriteFile(name, []byte(name+fmt.Sprint(len(r.Record().Outputs)))); err != nil {
			t.Fatal(err)
		}
		if err := r.AddOutput(name); err != nil {
			t.Fatal(err)
		}
	}
	want := []Input{HashBytes([]byte("a.txt1"), "a.txt"), HashBytes([]byte("b.txt2"), "b.txt")}
	if d := cmp.Diff(want, r.Record().Outputs); d != "" {
		t.Error(d)
	}
	if err := r.AddOutput("missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestReplaceIsWholeOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "report.html")
	write := func(text string, fail error) error {
		return Replace(path, func(w io.Writer) error {
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
			return fail
		})
	}
	if err := write("old", nil); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	if err := write(strings.Repeat("new", 100_000), boom); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "old" {
		t.Errorf("after a failed write the file holds %.20q, %v", data, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, want 1: %v, %v", len(entries), entries, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestClosedRunWritesNothing(t *testing.T) {
	dir := t.TempDir()
	r := opened(t, dir, sampleKey())
	end := r.Stage("train")
	closed(t, r)
	before, err := os.ReadFile(filepath.Join(dir, RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	end(nil)
	if err := r.End(nil); err == nil || !strings.Contains(err.Error(), "the run is closed") {
		t.Errorf("got %v", err)
	}
	after, err := os.ReadFile(filepath.Join(dir, RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(before), string(after)); d != "" {
		t.Error(d)
	}
}

func TestOpenSweepsHalfWrittenFiles(t *testing.T) {
	dir := t.TempDir()
	half := filepath.Join(dir, "models", tempPrefix+"123")
	if err := os.MkdirAll(filepath.Dir(half), 0o755); err != nil {
		t.Fatal(err)
	}
	keep := filepath.Join(dir, "models", "best.bin")
	for _, p := range []string{half, keep} {
		if err := os.WriteFile(p, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opened(t, dir, sampleKey())
	if _, err := os.Stat(half); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the half-written file is still there: %v", err)
	}
	if _, err := os.Stat(keep); err != nil {
		t.Errorf("a whole file was swept: %v", err)
	}
}

func TestKeys(t *testing.T) {
	same := KeyOf("a", map[string]int{"x": 1, "y": 2}, 0.5)
	if same != KeyOf("a", map[string]int{"y": 2, "x": 1}, 0.5) {
		t.Error("the order of a map changes the key")
	}
	keys := map[string]string{}
	for name, k := range map[string]string{
		"ab c": KeyOf("ab", "c"), "a bc": KeyOf("a", "bc"), "abc": KeyOf("abc"), "none": KeyOf(), "nil": KeyOf(nil),
		"1": KeyOf(1), "text 1": KeyOf("1"), "nan": KeyOf(math.NaN()), "inf": KeyOf(math.Inf(1)),
	} {
		if other, ok := keys[k]; ok {
			t.Errorf("%s and %s have the same key", name, other)
		}
		keys[k] = name
	}
	base := sampleKey()
	for name, change := range map[string]func(*Key){
		"version": func(k *Key) { k.Version = "x" }, "scenario": func(k *Key) { k.Scenario += "#" }, "seed": func(k *Key) { k.Seed++ },
		"input": func(k *Key) { k.Inputs = []Input{HashBytes([]byte("other"), "data/credit-g.csv")} },
	} {
		k := base
		change(&k)
		if k.Hash() == base.Hash() {
			t.Errorf("another %s has the same hash", name)
		}
	}
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := HashFile(path, "data/f")
	// FIPS 180-2, appendix B.1: the SHA-256 of "abc".
	want := Input{Name: "data/f", Bytes: 3, SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := HashFile(path+"x", "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestReporter(t *testing.T) {
	Reporter(nil).Step("train", "trial", 1, 2) // nothing to tell, nothing happens
	var got []Event
	r := Reporter(func(e Event) { got = append(got, e) })
	r.Step("train", "trial", 1, 2)
	r.Warn("data", "2 rows twice")
	if len(got) != 2 || got[0].Done != 1 || got[0].Total != 2 || got[0].Time.IsZero() || got[1].Level <= got[0].Level {
		t.Errorf("got %+v", got)
	}
}
