package bundle

import "bytes"

// Unpack verifies a bundle and gives its parts.
func Unpack(data []byte) (Manifest, map[string][]byte, error) { return verify(data) }

// Pack makes a bundle of any parts, with hashes that agree.
func Pack(m Manifest, parts map[string][]byte) ([]byte, error) { return encode(&m, parts) }

// Bomb is an archive of one part of zeros that shrank a thousandfold.
func Bomb(name string, size int) []byte {
	data, err := writeArchive([]entry{squeeze(name, make([]byte, size))})
	if err != nil {
		panic(err)
	}
	return data
}

func squeeze(name string, data []byte) entry {
	e, err := pack(name, data[:min(len(data), freeGrowth)])
	if err != nil {
		panic(err)
	}
	if e.method != methodDeflate || bytes.Equal(e.packed, data) {
		panic("the zeros did not shrink")
	}
	e.size = len(data)
	return e
}
