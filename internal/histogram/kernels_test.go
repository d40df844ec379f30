//go:build amd64

package histogram

// kernel is a set of kernels that may be chosen.
type kernel struct {
	name         string
	wide, narrow bool
}

// kernels lists what this processor can run.
func kernels() []kernel {
	list := []kernel{{name: "Go"}}
	if narrow {
		list = append(list, kernel{"128 bits", false, true})
	}
	if wide {
		list = append(list, kernel{"512 bits", true, true})
	}
	return list
}

// use calls f with these kernels chosen.
func (k kernel) use(f func()) {
	w, n := wide, narrow
	defer func() { wide, narrow = w, n }()
	wide, narrow = k.wide, k.narrow
	f()
}
