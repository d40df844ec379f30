package source

import "bespoke/data/duck"

// blockRows is how many rows a block of a Text holds.
const blockRows = 1 << 16

// Text is a column of spellings, kept in a few large blocks of bytes so that
// millions of cells cost no allocation each. The empty spelling is a missing
// value.
type Text struct {
	blocks []block
	rows   int
	bytes  int64
}

// block holds up to blockRows cells; cell i ends at ends[i] and starts where the
// one before ends.
type block struct {
	bytes []byte
	ends  []uint32
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
	var b block
	if n := len(t.blocks); n > 0 {
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

// join appends the rows of o.
func (t *Text) join(o *Text) {
	if t.rows%blockRows == 0 {
		t.blocks = append(t.blocks, o.blocks...)
		t.rows += o.rows
		t.bytes += o.bytes
		return
	}
	o.Each(func(_ int, s []byte) bool { return t.Add(s) })
}

// size is how many bytes the column holds.
func (t *Text) size() int64 { return t.bytes + 4*int64(t.rows) }
