// Package histogram adds rows to histograms of gradients and searches them for
// the best threshold: the two inner loops of training trees.
//
// Each function is there twice: in plain Go, and as assembly for processors
// with AVX2 or AVX-512, which is chosen when the program starts. Sums are whole
// numbers and the assembly does the same operations on floating-point numbers
// in the same order, so both give the same bits; the tests compare them. The
// assembly is generated, see gen.
//
// A histogram is a slice of words: the sum of gradients of bin b is word 2b, the
// sum of hessians (with whatever their lower bits hold) is word 2b+1. Such a pair
// is a cell.
package histogram

//go:generate sh -c "cd gen && go run . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg histogram"

// Entry is a row that is being added to histograms.
type Entry struct {
	// G and H are added to the words of a cell.
	G, H int64
	// At is the position of the row's first bins.
	At int
}

// Add adds rows to the histograms of one to four columns, which stand span cells
// apart in hist. The bins of a row are the bytes of bins[row.At], the first
// column lowest; all must be below span.
func Add(hist []int64, span, lanes int, bins []uint32, rows []Entry) {
	if len(rows) == 0 {
		return
	}
	hist = hist[:2*span*lanes]
	if !addFast(hist, span, lanes, bins, rows) {
		addPlain(hist, span, lanes, bins, rows)
	}
}

// addPlain is Add in Go. Spans of 256 and 16 are fast.
func addPlain(hist []int64, span, lanes int, bins []uint32, rows []Entry) {
	switch {
	case lanes == 4 && span == 256:
		addWide((*[4 * 512]int64)(hist), bins, rows)
	case lanes == 4 && span == 16:
		addNarrow((*[4 * 32]int64)(hist), bins, rows)
	default:
		for lane := range lanes {
			addLane(hist[2*span*lane:][:2*span], 8*lane, bins, rows)
		}
	}
}

// addWide adds rows to the histograms of four columns. That the array is as
// large as the indices can get spares checks, and that the four lie at fixed
// distances spares registers.
func addWide(h *[4 * 512]int64, bins []uint32, rows []Entry) {
	for i := range rows {
		r := &rows[i]
		b := bins[r.At]
		at := b & 255 * 2
		h[at] += r.G
		h[at+1] += r.H
		at = 512 + b>>8&255*2
		h[at] += r.G
		h[at+1] += r.H
		at = 1024 + b>>16&255*2
		h[at] += r.G
		h[at+1] += r.H
		at = 1536 + b>>24*2
		h[at] += r.G
		h[at+1] += r.H
	}
}

// addNarrow is addWide for columns of at most 16 bins.
func addNarrow(h *[4 * 32]int64, bins []uint32, rows []Entry) {
	for i := range rows {
		r := &rows[i]
		b := bins[r.At]
		at := b & 15 * 2
		h[at] += r.G
		h[at+1] += r.H
		at = 32 + b>>8&15*2
		h[at] += r.G
		h[at+1] += r.H
		at = 64 + b>>16&15*2
		h[at] += r.G
		h[at+1] += r.H
		at = 96 + b>>24&15*2
		h[at] += r.G
		h[at+1] += r.H
	}
}

// addLane adds rows to the histogram of one column.
func addLane(h []int64, shift int, bins []uint32, rows []Entry) {
	for i := range rows {
		r := &rows[i]
		cell := h[2*int(uint8(bins[r.At]>>shift)):][:2]
		cell[0] += r.G
		cell[1] += r.H
	}
}

// AddDeep adds rows to the histogram of one column of up to 65536 bins: that of a
// row is bins[row.At].
func AddDeep(hist []int64, bins []uint16, rows []Entry) {
	for i := range rows {
		r := &rows[i]
		cell := hist[2*int(bins[r.At]):][:2]
		cell[0] += r.G
		cell[1] += r.H
	}
}

// Subtract takes the words of part from those of into, as many as part has.
func Subtract(into, part []int64) {
	into = into[:len(part)]
	if wide && len(part) > 0 {
		subtractWide(&into[0], &part[0], len(part))
		return
	}
	for i, x := range part {
		into[i] -= x
	}
}

// Merge adds the words of part to those of into, as many as part has.
func Merge(into, part []int64) {
	into = into[:len(part)]
	if wide && len(part) > 0 {
		mergeWide(&into[0], &part[0], len(part))
		return
	}
	for i, x := range part {
		into[i] += x
	}
}
