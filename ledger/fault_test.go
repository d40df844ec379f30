package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"
)

// faultyDisk fails on demand, as a full or broken disk does.
type faultyDisk struct {
	writes, syncs, truncates, creates int // how many of the next calls fail
}

func (f *faultyDisk) create(path string, isNew bool) (file, error) {
	if take(&f.creates) {
		return nil, errors.New("no file")
	}
	inner, err := createFile(path, isNew)
	return &faultyFile{file: inner, disk: f}, err
}

type faultyFile struct {
	file
	disk *faultyDisk
}

var errDisk = errors.New("disk full")

func take(n *int) bool {
	if *n > 0 {
		*n--
		return true
	}
	return false
}

func (f *faultyFile) Write(b []byte) (int, error) {
	if take(&f.disk.writes) {
		n, _ := f.file.Write(b[:len(b)/2])
		return n, errDisk
	}
	return f.file.Write(b)
}

func (f *faultyFile) Sync() error {
	if take(&f.disk.syncs) {
		return errDisk
	}
	return f.file.Sync()
}

func (f *faultyFile) Truncate(n int64) error {
	if take(&f.disk.truncates) {
		return errDisk
	}
	return f.file.Truncate(n)
}

func sample(i int) Record {
	return Record{Decision: &Decision{ID: fmt.Sprint(i), Time: time.Unix(int64(i), 0), Prediction: []float64{1}, Action: "a"}}
}

func ids(t *testing.T, dir string) (out []string, stats Stats) {
	t.Helper()
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for r.Next() {
		out = append(out, r.Record().Decision.ID)
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return out, r.Stats()
}

func TestFailingDisk(t *testing.T) {
	for name, c := range map[string]struct {
		fault faultyDisk
		// lost says whether the refused record must be absent; a failed sync
		// leaves that open.
		lost     bool
		segments int
	}{
		"partial write":                 {faultyDisk{writes: 1}, true, 1},
		"partial write, no truncation":  {faultyDisk{writes: 1, truncates: 1}, true, 2},
		"failed sync":                   {faultyDisk{syncs: 1}, false, 2},
		"two partial writes, then fine": {faultyDisk{writes: 2}, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			opt := Default()
			opt.Interval = time.Hour // nothing happens by itself
			w, err := Open(dir, opt)
			if err != nil {
				t.Fatal(err)
			}
			disk := &faultyDisk{}
			w.disk.create = disk.create
			ctx := context.Background()
			if err := w.Append(ctx, sample(1)); err != nil {
				t.Fatal(err)
			}
			*disk = c.fault
			failures := 0
			for range 3 {
				if err := w.Append(ctx, sample(2)); err != nil {
					failures++
					if !errors.Is(err, errDisk) || !errors.Is(w.Err(), errDisk) {
						t.Fatalf("append gave %v, Err %v", err, w.Err())
					}
				}
			}
			if want := c.fault.writes + c.fault.syncs; failures != want {
				t.Errorf("%d appends failed, want %d", failures, want)
			}
			if err := errors.Join(w.Err(), w.Append(ctx, sample(3)), w.Close()); err != nil {
				t.Fatal(err)
			}
			got, stats := ids(t, dir)
			want := 1 + (3 - failures) + 1
			if len(got) < want || c.lost && len(got) != want || stats.Corrupt != 0 {
				t.Errorf("read %v with %+v; want %d records", got, stats, want)
			}
			if got[len(got)-1] != "3" || stats.Segments != c.segments {
				t.Errorf("read %v from %d segments, want %d", got, stats.Segments, c.segments)
			}
		})
	}
}

// A server that is not ready gets no requests, so the writer must find out by
// itself that the disk works again.
func TestRecoversByItself(t *testing.T) {
	opt := Default()
	opt.Interval = 5 * time.Millisecond
	dir := t.TempDir()
	w, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	disk := &faultyDisk{creates: 3} // the append and two attempts after it
	w.disk.create = disk.create
	if err := w.Append(context.Background(), sample(1)); err == nil || w.Err() == nil {
		t.Fatal("a broken disk took a record")
	}
	for deadline := time.Now().Add(5 * time.Second); w.Err() != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still failing: %v", w.Err())
		}
	}
	if err := errors.Join(w.Append(context.Background(), sample(2)), w.Close()); err != nil {
		t.Fatal(err)
	}
	if got, stats := ids(t, dir); len(got) != 1 || got[0] != "2" || stats.Segments != 1 {
		t.Errorf("read %v with %+v", got, stats)
	}
}

func TestFailingBegin(t *testing.T) {
	dir := t.TempDir()
	opt := Default()
	opt.Interval = time.Hour
	w, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	disk := &faultyDisk{creates: 1, writes: 1, syncs: 1}
	w.disk.create = disk.create
	for i := range 3 {
		if err := w.Append(context.Background(), sample(i)); err == nil {
			t.Fatal("a segment that could not be begun took a record")
		}
	}
	if err := errors.Join(w.Append(context.Background(), sample(9)), w.Close()); err != nil {
		t.Fatal(err)
	}
	got, stats := ids(t, dir)
	if len(got) != 1 || got[0] != "9" || stats.Segments != 1 || stats.Torn != 0 {
		t.Errorf("read %v with %+v", got, stats)
	}
}

// slowFile holds every write until it is let go.
type slowFile struct {
	file
	gate chan struct{}
}

func (f *slowFile) Write(b []byte) (int, error) {
	<-f.gate
	return f.file.Write(b)
}

func TestBackPressure(t *testing.T) {
	opt := Default()
	opt.MaxPending = 4096
	w, err := Open(t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	w.disk.create = func(path string, isNew bool) (file, error) {
		f, err := createFile(path, isNew)
		return &slowFile{file: f, gate: gate}, err
	}
	// The disk hangs: appends time out and what waits stays bounded.
	for i := range 100 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		if err := w.Append(ctx, sample(i)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("append %d on a hanging disk: %v", i, err)
		}
		cancel()
	}
	w.mu.Lock()
	waiting := len(w.next.lines)
	w.mu.Unlock()
	if waiting > opt.MaxPending || waiting == 0 {
		t.Errorf("%d bytes wait, want at most %d and more than none", waiting, opt.MaxPending)
	}
	close(gate)
	if err := errors.Join(w.Append(context.Background(), sample(1000)), w.Close()); err != nil {
		t.Fatal(err)
	}
}

// secondSyncFails fails the first sync after that of the header.
type secondSyncFails struct {
	file
	syncs int
}

func (f *secondSyncFails) Sync() error {
	if f.syncs++; f.syncs == 2 {
		return errDisk
	}
	return f.file.Sync()
}

func TestSyncIntervalReportsAFailedSync(t *testing.T) {
	opt := Default()
	opt.Sync, opt.Interval = SyncInterval, time.Millisecond
	dir := t.TempDir()
	w, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	w.disk.create = func(path string, isNew bool) (file, error) {
		f, err := createFile(path, isNew)
		return &secondSyncFails{file: f}, err
	}
	if err := w.Append(context.Background(), sample(1)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); !errors.Is(w.Err(), errDisk); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a failed sync was not reported")
		}
	}
	if err := w.Append(context.Background(), sample(2)); err != nil {
		t.Fatal(err)
	}
	_ = w.Close() // the second segment's sync fails too
	if got, stats := ids(t, dir); len(got) != 2 || stats.Segments != 2 {
		t.Errorf("read %v with %+v", got, stats)
	}
}

func TestNoRandomBytes(t *testing.T) {
	if _, err := NewIDs(nil, io.LimitReader(nil, 0)).New(); err == nil {
		t.Error("an id was made without random bytes")
	}
}

func TestInspectRefusesForeignFiles(t *testing.T) {
	path := t.TempDir() + "/x"
	for _, text := range []string{"", "\n", "hello\n", "{}\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, ok, err := inspect(path); ok || err != nil {
			t.Errorf("%q: ok %v, %v", text, ok, err)
		}
	}
}
