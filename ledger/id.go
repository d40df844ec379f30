package ledger

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"
)

// IDs makes decision ids: UUIDs of version 7 (RFC 9562), which sort by the
// time they were made. Ids from one IDs rise strictly, also within a
// millisecond and when the clock steps back. It is safe for concurrent use.
type IDs struct {
	now    func() time.Time
	random io.Reader

	mu   sync.Mutex
	last uint64 // milliseconds << 12 | counter
	pool [512]byte
	used int
}

// NewIDs makes ids from the clock and a source of random bytes; nil stands for
// the system's own.
func NewIDs(now func() time.Time, random io.Reader) *IDs {
	if now == nil {
		now = time.Now
	}
	if random == nil {
		random = rand.Reader
	}
	g := &IDs{now: now, random: random}
	g.used = len(g.pool)
	return g
}

// New makes the next id. It fails only when the source of random bytes does.
func (g *IDs) New() (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.used == len(g.pool) {
		if _, err := io.ReadFull(g.random, g.pool[:]); err != nil {
			return "", fmt.Errorf("ledger: id: random bytes: %w", err)
		}
		g.used = 0
	}
	tail := g.pool[g.used : g.used+8]
	g.used += 8

	// 12 bits of counter follow the milliseconds (RFC 9562, method 1); when
	// they run over, the time field borrows the next millisecond.
	g.last = max(g.last+1, uint64(g.now().UnixMilli())<<12)

	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], g.last>>12<<16|g.last&0xfff)
	copy(u[8:], tail)
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80

	var text [36]byte
	hex.Encode(text[0:8], u[0:4])
	text[8] = '-'
	hex.Encode(text[9:13], u[4:6])
	text[13] = '-'
	hex.Encode(text[14:18], u[6:8])
	text[18] = '-'
	hex.Encode(text[19:23], u[8:10])
	text[23] = '-'
	hex.Encode(text[24:36], u[10:16])
	return string(text[:]), nil
}
