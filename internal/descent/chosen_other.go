//go:build !amd64

package descent

func walk(words []uint64, row *prepared, roots []uint32, values *[most]uint64) {
	walkPlain(words, row, roots, values)
}
