package source

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// budget is the account of the memory that reading may use. A reader says what
// it is about to need (need) and what it has taken (take); the first that does
// not fit stops the reading with the reason.
type budget struct {
	limit int64
	taken int64
	// set is true when the scenario set the limit.
	set bool
}

// minimumLimit keeps the default usable on a machine that is nearly full.
const minimumLimit = 256 << 20

func newBudget(limit int64) *budget {
	if limit > 0 {
		return &budget{limit: limit, set: true}
	}
	free, ok := freeMemory()
	if !ok {
		return &budget{limit: 1 << 40}
	}
	return &budget{limit: max(minimumLimit, free/4*3)}
}

// freeMemory is what the system says is available, in bytes; ok is false where
// it does not say.
func freeMemory() (bytes int64, ok bool) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	defer func() { _ = f.Close() }() // only read from
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}

// need checks in advance that so many bytes fit.
func (b *budget) need(what string, bytes int64) error {
	if b.taken+bytes <= b.limit {
		return nil
	}
	return fmt.Errorf("data: reading %s: it needs about %s of memory, %s allows %s; read fewer rows or columns with data.source.query, or raise limits.memory",
		what, Bytes(b.taken+bytes), b.who(), Bytes(b.limit))
}

// take adds so many bytes to the account.
func (b *budget) take(what string, bytes int64) error {
	b.taken += bytes
	if b.taken <= b.limit {
		return nil
	}
	return fmt.Errorf("data: reading %s: the rows read so far use %s of memory, %s allows %s; read fewer rows or columns with data.source.query, or raise limits.memory",
		what, Bytes(b.taken), b.who(), Bytes(b.limit))
}

// full says whether the limit was passed.
func (b *budget) full() bool { return b.taken > b.limit }

// giveBack takes the columns of an abandoned reading off the account and lets
// them go.
func (b *budget) giveBack(r *Raw) {
	b.taken -= r.size()
	for _, c := range r.Columns {
		c.Free()
	}
}

// need is budget.need of columns: on the disk they need no memory.
func (j *job) need(what string, bytes int64) error {
	if j.Disk.Takes(bytes) {
		return nil
	}
	return j.budget.need(what, bytes)
}

// settle puts the columns on the disk when with so many bytes more they are
// large, and if they are there already, what has been added in memory.
func (j *job) settle(r *Raw, more int64) error {
	if !j.Disk.Takes(r.size()+more) && !slices.ContainsFunc(r.Columns, func(c *Column) bool { return c.disk != nil }) {
		return nil
	}
	for _, c := range r.Columns {
		if err := c.putOn(j.Disk); err != nil {
			return fmt.Errorf("data: reading: column %q: %w", c.Name, err)
		}
	}
	return nil
}

// added settles the columns after rows were added to them, before which they
// held so many bytes, and takes the memory that they hold more.
func (j *job) added(r *Raw, what string, before int64) error {
	if err := j.settle(r, 0); err != nil {
		return err
	}
	return j.budget.take(what, r.size()-before)
}

// spillFolder is where DuckDB may put what it has no memory for; empty without a
// disk.
func (j *job) spillFolder() (string, error) {
	if j.Disk == nil {
		return "", nil
	}
	folder, err := j.Disk.Folder()
	if err != nil {
		return "", fmt.Errorf("data: reading: %w", err)
	}
	return filepath.Join(folder, "duckdb"), nil
}

// size is how many bytes the columns hold.
func (r *Raw) size() int64 {
	n := int64(0)
	for _, c := range r.Columns {
		n += c.size()
	}
	return n
}

func (b *budget) who() string {
	if b.set {
		return "limits.memory"
	}
	return "three quarters of the free memory"
}

// Bytes writes a number of bytes for people, such as "3.1 GB".
func Bytes(n int64) string {
	x := float64(n)
	for _, unit := range []string{"bytes", "kB", "MB", "GB"} {
		if x < 1000 {
			if unit == "bytes" {
				return fmt.Sprintf("%d bytes", n)
			}
			return fmt.Sprintf("%.1f %s", x, unit)
		}
		x /= 1000
	}
	return fmt.Sprintf("%.1f TB", x)
}
