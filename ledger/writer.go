package ledger

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// Sync says when written lines are forced to the disk.
type Sync string

// The ways to sync.
const (
	// SyncBatch forces every batch to the disk before Append returns: nothing
	// that was acknowledged is lost, even when the power fails. Appends that
	// wait at the same time share one batch.
	SyncBatch Sync = "batch"
	// SyncInterval acknowledges once the operating system has the lines, and
	// forces them to the disk every Options.Interval. Killing the process
	// loses nothing acknowledged; a power failure loses up to an interval.
	SyncInterval Sync = "interval"
	// SyncNever leaves the moment to the operating system.
	SyncNever Sync = "never"
)

// Options set how a ledger is written.
type Options struct {
	// Sync says when lines are forced to the disk.
	Sync Sync
	// Interval is the time between two syncs under SyncInterval, and between
	// two attempts to begin a new segment after a failed write; positive.
	Interval time.Duration
	// MaxBytes ends a segment that has reached this size; at least 4096.
	MaxBytes int64
	// MaxAge ends a segment this long after it was begun; positive.
	MaxAge time.Duration
	// MaxPending is how many bytes may wait to be written. An Append beyond
	// that waits for room: this is the back-pressure on a server whose disk is
	// slow. At least 4096.
	MaxPending int
	// Now is the clock; nil stands for time.Now.
	Now func() time.Time
}

// Default are options for a server: every batch is synced, a segment ends at
// 64 MiB or after a day, 8 MiB may wait.
func Default() Options {
	return Options{Sync: SyncBatch, Interval: time.Second, MaxBytes: 64 << 20, MaxAge: 24 * time.Hour, MaxPending: 8 << 20}
}

// Validate says which option is out of range.
func (o Options) Validate() error {
	switch {
	case o.Sync != SyncBatch && o.Sync != SyncInterval && o.Sync != SyncNever:
		return fmt.Errorf("ledger: options: sync: %q is none of batch, interval, never", o.Sync)
	case o.Interval <= 0:
		return fmt.Errorf("ledger: options: interval: %v must be positive", o.Interval)
	case o.MaxBytes < 4096:
		return fmt.Errorf("ledger: options: max bytes: %d must be at least 4096", o.MaxBytes)
	case o.MaxAge <= 0:
		return fmt.Errorf("ledger: options: max age: %v must be positive", o.MaxAge)
	case o.MaxPending < 4096:
		return fmt.Errorf("ledger: options: max pending: %d must be at least 4096", o.MaxPending)
	}
	return nil
}

// Writer appends to a ledger. It is safe for concurrent use: records that are
// appended at the same time are written and synced together.
type Writer struct {
	opt  Options
	lock *os.File

	mu     sync.Mutex
	next   *batch // what the committer takes next; never nil
	closed bool
	failed error // of the last commit; nil after one that went well

	wake     chan struct{}
	stopping chan struct{}
	stopped  chan struct{}
	closing  sync.Once
	closeErr error

	disk disk // used by the committer alone
}

// batch is a run of lines that are written together.
type batch struct {
	lines []byte
	taken chan struct{} // closed when the committer has taken it
	done  chan struct{} // closed when it is written, or err says why not
	err   error
}

func newBatch(lines []byte) *batch {
	return &batch{lines: lines, taken: make(chan struct{}), done: make(chan struct{})}
}

// Open prepares a folder for appending, making it when it is not there. It
// fails with ErrLocked while another process has it open. A segment whose last
// line was torn by a crash is left as it is, and writing goes on in a new one.
func Open(dir string, opt Options) (*Writer, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("ledger: open: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, fmt.Errorf("ledger: open %q: %w", dir, err)
	}
	w := &Writer{
		opt: opt, lock: lock, next: newBatch(nil),
		wake: make(chan struct{}, 1), stopping: make(chan struct{}), stopped: make(chan struct{}),
		disk: disk{dir: dir, opt: opt, create: createFile},
	}
	if err := w.disk.resume(); err != nil {
		_ = lock.Close() // the error of resume is the one to report
		return nil, fmt.Errorf("ledger: open %q: %w", dir, err)
	}
	go w.run()
	return w, nil
}

// Append writes the records, all or none, and returns when they are safe in
// the sense of Options.Sync. When too much waits to be written it waits too,
// until ctx ends. After an error the records may or may not be in the ledger:
// the caller must not treat the decision as made.
func (w *Writer) Append(ctx context.Context, records ...Record) error {
	if len(records) == 0 {
		return nil
	}
	var lines []byte
	for _, r := range records {
		if err := r.check(); err != nil {
			return err
		}
		var err error
		if lines, err = appendRecord(lines, r); err != nil {
			return err
		}
	}
	b, err := w.enqueue(ctx, lines)
	if err != nil {
		return err
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return fmt.Errorf("ledger: append: waiting for the disk: %w", ctx.Err())
	}
}

// enqueue adds the lines to the next batch once there is room.
func (w *Writer) enqueue(ctx context.Context, lines []byte) (*batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("ledger: append: %w", err)
	}
	for {
		w.mu.Lock()
		if w.closed {
			w.mu.Unlock()
			return nil, ErrClosed
		}
		b := w.next
		if len(b.lines) == 0 || len(b.lines)+len(lines) <= w.opt.MaxPending {
			b.lines = append(b.lines, lines...)
			w.mu.Unlock()
			select {
			case w.wake <- struct{}{}:
			default: // it is awake already
			}
			return b, nil
		}
		w.mu.Unlock()
		select {
		case <-b.taken:
		case <-ctx.Done():
			return nil, fmt.Errorf("ledger: append: waiting for room: %w", ctx.Err())
		}
	}
}

// Err is why the last batch could not be written; nil when it was. A server
// that logs must not be ready while it is not nil. After a failure the writer
// tries by itself to begin a new segment, so that Err becomes nil once the disk
// works again even if nobody appends.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	return w.failed
}

// Close writes and syncs what waits, ends the segment and frees the lock.
func (w *Writer) Close() error {
	w.closing.Do(func() {
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		close(w.stopping)
		<-w.stopped
		w.closeErr = w.disk.close()
		if err := w.lock.Close(); w.closeErr == nil {
			w.closeErr = err
		}
	})
	return w.closeErr
}

// run is the committer: the only goroutine that touches the disk.
func (w *Writer) run() {
	defer close(w.stopped)
	tick := time.NewTicker(w.opt.Interval)
	defer tick.Stop()
	var spare []byte
	for {
		select {
		case <-w.wake:
			spare = w.commit(spare)
		case <-tick.C:
			w.tend()
		case <-w.stopping:
			w.commit(spare)
			return
		}
	}
}

// tend does what falls due between batches: a sync, or a new attempt after a
// failure.
func (w *Writer) tend() {
	w.mu.Lock()
	failed := w.failed
	w.mu.Unlock()
	switch {
	case failed != nil:
		w.settle(w.disk.again())
	case w.opt.Sync == SyncInterval:
		w.settle(w.disk.sync())
	}
}

// commit writes the waiting batch. Two buffers take turns, so that a steady
// server does not allocate; commit returns the one that is free.
func (w *Writer) commit(spare []byte) []byte {
	w.mu.Lock()
	b := w.next
	if len(b.lines) == 0 {
		w.mu.Unlock()
		return spare
	}
	w.next = newBatch(spare[:0])
	w.mu.Unlock()
	close(b.taken)

	err := w.disk.write(b.lines)
	if err != nil {
		err = fmt.Errorf("ledger: append: %w", err)
	}
	b.err = err
	w.settle(err)
	close(b.done)
	if cap(b.lines) > 2*w.opt.MaxPending {
		return nil
	}
	return b.lines
}

func (w *Writer) settle(err error) {
	w.mu.Lock()
	w.failed = err
	w.mu.Unlock()
}
