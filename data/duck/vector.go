package duck

import (
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// String is DuckDB's string in a vector: up to twelve bytes are held in place,
// longer ones by a pointer to memory that lives as long as the chunk. It must
// not be copied.
type String struct {
	length uint32
	inline [inlineBytes]byte // of a long string: four bytes of it, then the pointer
}

const inlineBytes = 12

// Bytes is a view of the string, valid as long as the chunk. It means nothing
// for NULL.
func (s *String) Bytes() []byte {
	if s.length <= inlineBytes {
		return s.inline[:s.length:s.length]
	}
	long := *(**byte)(unsafe.Pointer(&s.inline[4]))
	return unsafe.Slice(long, s.length)
}

// Chunk is a part of a result: some rows of all columns.
type Chunk = mapping.DataChunk

// Column is the vector of a column of a chunk.
func Column(c Chunk, i int) mapping.Vector { return mapping.DataChunkGetVector(c, mapping.IdxT(i)) }

// Valid says which rows of a vector are not NULL.
type Valid []uint64

func validOf(v mapping.Vector, rows int) Valid {
	mask := mapping.VectorGetValidity(v)
	if mask == nil {
		return nil
	}
	return unsafe.Slice((*uint64)(mask), (rows+63)/64)
}

// At says whether the row is not NULL.
func (v Valid) At(row int) bool { return v == nil || v[row/64]>>(row%64)&1 == 1 }

// EachText calls f with every row of a VARCHAR vector, with an empty slice for
// NULL, until f returns false; it reports whether it came to the end.
func EachText(v mapping.Vector, rows int, f func(row int, s []byte) bool) bool {
	data, ok := Strings(v, rows)
	for i := range data {
		var s []byte
		if ok.At(i) {
			s = data[i].Bytes()
		}
		if !f(i, s) {
			return false
		}
	}
	return true
}

// Strings are the rows of a VARCHAR vector, valid as long as the chunk.
func Strings(v mapping.Vector, rows int) ([]String, Valid) {
	return unsafe.Slice((*String)(mapping.VectorGetData(v)), rows), validOf(v, rows)
}

// Doubles are the rows of a DOUBLE vector, valid as long as the chunk.
func Doubles(v mapping.Vector, rows int) ([]float64, Valid) {
	return unsafe.Slice((*float64)(mapping.VectorGetData(v)), rows), validOf(v, rows)
}

// Micros are the rows of a TIMESTAMP vector in microseconds since 1970 UTC,
// valid as long as the chunk. The largest number and its negative are DuckDB's
// infinities.
func Micros(v mapping.Vector, rows int) ([]int64, Valid) {
	return unsafe.Slice((*int64)(mapping.VectorGetData(v)), rows), validOf(v, rows)
}
