package source

import (
	"bufio"
	"fmt"
	"os"
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

// giveBack takes the columns of an abandoned reading off the account.
func (b *budget) giveBack(r *Raw) { b.taken -= r.size() }

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
