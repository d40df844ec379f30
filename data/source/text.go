package source

import (
	"bespoke/data/duck"
	"bespoke/internal/spill"
)

// blockRows is how many rows a block of a Text holds.
const blockRows = 1 << 16

// Text is a column of spellings, kept in a few large blocks of bytes so that
// millions of cells cost no allocation each. The empty spelling is a missing
// value.
type Text struct {
	blocks []block
	rows   int
	bytes  int64

	disk  *spill.Disk // for full blocks; nil keeps them in memory
	away  int         // blocks before this one are on the disk
	saved int64       // bytes there
	// Blocks are cut from these; those of other files of a glob come with them.
	letters pool[byte]
	places  pool[uint32]
	spare   block // memory of a block that was put away, for the next one
}

// block holds up to blockRows cells; cell i ends at ends[i] and starts where the
// one before ends.
type block struct {
	bytes []byte
	ends  []uint32
	away  bool // on the disk
}

// Len is the number of rows.
func (t *Text) Len() int { return t.rows }

// Add appends a spelling; the bytes are copied. It reports false when a block
// would need more than 4 GiB.
func (t *Text) Add(s []byte) bool {
	n := len(t.blocks)
	if n == 0 || len(t.blocks[n-1].ends) == blockRows {
		t.grow()
		n++
	}
	b := &t.blocks[n-1]
	if uint64(len(b.bytes))+uint64(len(s)) > 1<<32-1 {
		return false
	}
	b.bytes = append(b.bytes, s...)
	b.ends = append(b.ends, uint32(len(b.bytes)))
	t.rows++
	t.bytes += int64(len(s))
	return true
}

// addVector appends the rows of a vector: Add for millions of cells. It reports
// false when a block would need more than 4 GiB.
func (t *Text) addVector(cells []duck.String, ok duck.Valid) bool {
	for i := 0; i < len(cells); {
		n := len(t.blocks)
		if n == 0 || len(t.blocks[n-1].ends) == blockRows {
			t.grow()
			n++
		}
		b := &t.blocks[n-1]
		bytes, ends := b.bytes, b.ends
		before := len(bytes)
		end := min(len(cells), i+blockRows-len(ends))
		for ; i < end; i++ {
			if ok.At(i) {
				bytes = append(bytes, cells[i].Bytes()...)
			}
			ends = append(ends, uint32(len(bytes)))
		}
		if uint64(len(bytes)) > 1<<32-1 {
			return false
		}
		t.rows += len(ends) - len(b.ends)
		t.bytes += int64(len(bytes) - before)
		b.bytes, b.ends = bytes, ends
	}
	return true
}

// grow starts a block, sized like the one before.
func (t *Text) grow() {
	b := t.spare
	t.spare = block{}
	if n := len(t.blocks); n > 0 && b.ends == nil {
		b.bytes = make([]byte, 0, len(t.blocks[n-1].bytes)+len(t.blocks[n-1].bytes)/16)
		b.ends = make([]uint32, 0, blockRows)
	}
	t.blocks = append(t.blocks, b)
}

// At is the spelling of a row; it must not be changed.
func (t *Text) At(row int) []byte {
	b := &t.blocks[row/blockRows]
	i := row % blockRows
	start := uint32(0)
	if i > 0 {
		start = b.ends[i-1]
	}
	return b.bytes[start:b.ends[i]:b.ends[i]]
}

// Each calls f with every row's spelling in order, until f returns false.
func (t *Text) Each(f func(row int, s []byte) bool) {
	row := 0
	for i := range t.blocks {
		b := &t.blocks[i]
		start := uint32(0)
		for _, end := range b.ends {
			if !f(row, b.bytes[start:end:end]) {
				return
			}
			start = end
			row++
		}
	}
}

// join appends the rows of o, which must not be used any more.
func (t *Text) join(o *Text) error {
	if t.rows%blockRows == 0 {
		t.blocks = append(t.blocks, o.blocks...)
		t.rows += o.rows
		t.bytes += o.bytes
		t.saved += o.saved
		t.letters.all = append(t.letters.all, o.letters.all...)
		t.places.all = append(t.places.all, o.places.all...)
		return t.putAway()
	}
	o.Each(func(_ int, s []byte) bool { return t.Add(s) })
	o.free()
	return t.putAway()
}

// size is how many bytes of memory the column holds.
func (t *Text) size() int64 { return t.bytes + 4*int64(t.rows) - t.saved }

// putAway moves the full blocks to the disk, where there is one.
func (t *Text) putAway() error {
	if t.disk == nil {
		return nil
	}
	for ; t.away < len(t.blocks); t.away++ {
		b := &t.blocks[t.away]
		if b.away {
			continue
		}
		if len(b.ends) < blockRows && t.away == len(t.blocks)-1 {
			return nil
		}
		old := *b
		var err error
		if b.bytes, err = t.letters.keep(t.disk, old.bytes); err != nil {
			return err
		}
		if b.ends, err = t.places.keep(t.disk, old.ends); err != nil {
			return err
		}
		b.away = true
		t.saved += int64(len(b.bytes)) + 4*int64(len(b.ends))
		t.spare = block{bytes: old.bytes[:0], ends: old.ends[:0]}
	}
	return nil
}

// free lets all blocks go.
func (t *Text) free() {
	t.letters.free(t.disk)
	t.places.free(t.disk)
	t.blocks, t.spare = nil, block{}
}

// pool cuts slices from large pieces of a disk: millions of small files would be
// more than a system maps.
type pool[T spill.Number] struct {
	all  [][]T
	left []T
}

// Pieces grow from the first to the last of these sizes.
const firstPiece, lastPiece = 1 << 20, 1 << 24

func (p *pool[T]) keep(d *spill.Disk, s []T) ([]T, error) {
	if len(p.left) < len(s) {
		piece, err := spill.Make[T](d, max(len(s), min(lastPiece, firstPiece<<len(p.all))))
		if err != nil {
			return nil, err
		}
		p.all, p.left = append(p.all, piece), piece
	}
	out := p.left[:len(s):len(s)]
	copy(out, s)
	p.left = p.left[len(s):]
	return out, nil
}

func (p *pool[T]) free(d *spill.Disk) {
	for _, piece := range p.all {
		spill.Free(d, piece)
	}
	p.all, p.left = nil, nil
}
