// Package spill keeps columns that are too large for memory in files. Make gives
// a slice whose elements are pages of a file: it is read and written like any
// other, and the system fetches and puts away what is touched. A Disk sees to
// it that only a small part of all its slices (Window) is in memory at a time,
// however much of them is read, so that a table of any size goes through the
// same code as a small one and gives the same bits.
//
//	disk := spill.New("run", 1<<30)
//	defer disk.Close()
//	values, err := spill.Make[float64](disk, 1_000_000_000)
//
// Files lose their names as soon as they are mapped: whatever ends the process,
// their space is free afterwards. For a Disk that is nil slices are in memory.
package spill

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Window is how many bytes of its slices a Disk lets be in memory before it puts
// them all away. It looks every lookEvery; with what is touched meanwhile,
// Resident is a safe estimate of what a Disk adds to the memory of a process.
const (
	Window   = 64 << 20
	Resident = 2 * Window
)

const lookEvery = 10 * time.Millisecond

// prefix begins the names of a Disk's folders, so that those of killed processes
// are known.
const prefix = "spill-"

// Disk makes slices in files of one folder. It is safe for concurrent use; nil
// makes them in memory.
type Disk struct {
	parent string
	from   int64

	mu     sync.Mutex
	folder string // made on first use
	made   bool   // whether parent was made for it
	maps   map[unsafe.Pointer][]byte
	before int64 // resident bytes of files when the first slice was made
	stop   chan struct{}
	ended  sync.WaitGroup
}

// New gives a Disk with a folder of its own in parent, for what takes more than so
// many bytes; nil where the system cannot map files. Nothing is written before
// the first use.
func New(parent string, from int64) *Disk {
	if !possible {
		return nil
	}
	return &Disk{parent: parent, from: from, maps: map[unsafe.Pointer][]byte{}}
}

// Takes says whether what has so many bytes is to be on the disk. Make and the
// others do not ask.
func (d *Disk) Takes(bytes int64) bool { return d != nil && bytes > d.from }

// Number is what slices may be made of.
type Number interface {
	~float64 | ~int64 | ~int32 | ~uint32 | ~uint8
}

// Make gives a slice of n zeros. It is valid until Free or Close; using it after
// that ends the process. The error says that there is no space for it.
func Make[T Number](d *Disk, n int) ([]T, error) {
	var zero T
	if d == nil || n == 0 {
		return make([]T, n), nil
	}
	b, err := d.mapped(int64(n) * int64(unsafe.Sizeof(zero)))
	if err != nil {
		return nil, fmt.Errorf("spill: keeping %d values on disk: %w", n, err)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n), nil
}

// Free lets a slice of Make go, whatever its length is by now. Slices in memory
// are left to the garbage collector.
func Free[T Number](d *Disk, s []T) {
	if d == nil || cap(s) == 0 {
		return
	}
	at := unsafe.Pointer(unsafe.SliceData(s))
	d.mu.Lock()
	defer d.mu.Unlock()
	if b, ok := d.maps[at]; ok {
		delete(d.maps, at)
		_ = unmap(b) // it was mapped
	}
}

// Grown gives a slice of the same values with room for at least more others. The
// old one must not be used any more.
func Grown[T Number](d *Disk, s []T, more int) ([]T, error) {
	if cap(s)-len(s) >= more {
		return s, nil
	}
	out, err := Make[T](d, max(2*cap(s), len(s)+more))
	if err != nil {
		return nil, err
	}
	out = out[:copy(out, s)]
	Free(d, s)
	return out, nil
}

// Copy is a slice of the values of s on the disk.
func Copy[T Number](d *Disk, s []T) ([]T, error) {
	out, err := Make[T](d, len(s))
	copy(out, s)
	return out, err
}

// Bytes is how much all slices take on the disk.
func (d *Disk) Bytes() int64 {
	if d == nil {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n := int64(0)
	for _, b := range d.maps {
		n += int64(len(b))
	}
	return n
}

// Folder is the Disk's folder, for files that others write; it is removed by
// Close with what is in it.
func (d *Disk) Folder() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.prepare()
}

// prepare makes the folder. The caller holds mu.
func (d *Disk) prepare() (string, error) {
	if d.folder != "" {
		return d.folder, nil
	}
	if _, err := os.Stat(d.parent); errors.Is(err, os.ErrNotExist) {
		d.made = true
	}
	if err := os.MkdirAll(d.parent, 0o755); err != nil {
		return "", fmt.Errorf("spill: making the folder: %w", err)
	}
	folder, err := os.MkdirTemp(d.parent, prefix)
	if err != nil {
		return "", fmt.Errorf("spill: making the folder: %w", err)
	}
	d.folder = folder
	return folder, nil
}

// mapped maps a new file of so many bytes.
func (d *Disk) mapped(bytes int64) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	folder, err := d.prepare()
	if err != nil {
		return nil, err
	}
	b, err := mapFile(folder, bytes)
	if err != nil {
		return nil, err
	}
	if d.stop == nil {
		if resident, ok := residentFiles(); ok {
			d.before, d.stop = resident, make(chan struct{})
			d.ended.Go(d.watch)
		}
	}
	d.maps[unsafe.Pointer(unsafe.SliceData(b))] = b
	return b, nil
}

// watch puts the slices away whenever too much of them is in memory.
func (d *Disk) watch() {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-d.stop:
			return
		case <-look.C:
		}
		if now, ok := residentFiles(); ok && now-d.before > Window {
			d.PutAway()
		}
	}
}

// PutAway takes all slices out of memory; what is used again is fetched again.
func (d *Disk) PutAway() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range d.maps {
		putAway(b)
	}
}

// Sweep removes the folders that killed processes have left in parent. The
// caller knows that no other process uses it.
func (d *Disk) Sweep() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	entries, err := os.ReadDir(d.parent)
	if err != nil {
		return fmt.Errorf("spill: looking for old folders: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(d.parent, e.Name())
		if e.IsDir() && strings.HasPrefix(e.Name(), prefix) && path != d.folder {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("spill: removing an old folder: %w", err)
			}
		}
	}
	return nil
}

// Close ends all slices and removes the folder, and the parent if it was made
// for it and is empty.
func (d *Disk) Close() error {
	if d == nil {
		return nil
	}
	if d.stop != nil {
		close(d.stop)
		d.ended.Wait()
		d.stop = nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var failed error
	for at, b := range d.maps {
		failed = errors.Join(failed, unmap(b))
		delete(d.maps, at)
	}
	if d.folder == "" {
		return failed
	}
	failed = errors.Join(failed, os.RemoveAll(d.folder))
	if d.folder = ""; d.made {
		_ = os.Remove(d.parent) // others may have put something into it
	}
	if failed != nil {
		return fmt.Errorf("spill: closing: %w", failed)
	}
	return nil
}
