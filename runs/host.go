package runs

import (
	"os"
	"runtime"
	"strings"
)

// Host is what a timing depends on: the machine, without its name or owner.
type Host struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	// CPUs is how many logical processors the process may use.
	CPUs int `json:"cpus"`
	// CPU is the processor's model where the system tells it.
	CPU string `json:"cpu,omitempty"`
	// Memory is the size of main memory in bytes where the system tells it.
	Memory int64 `json:"memory,omitempty"`
	// Go is the version of the Go runtime.
	Go string `json:"go"`
}

// ThisHost describes the machine that this process runs on.
func ThisHost() Host {
	h := Host{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	h.CPU = procField("/proc/cpuinfo", "model name")
	h.Memory = kibibytes(procField("/proc/meminfo", "MemTotal")) << 10
	return h
}

// PeakMemory is the most memory that this process has held at a time, in bytes;
// 0 where the system does not tell.
func PeakMemory() int64 {
	return kibibytes(procField("/proc/self/status", "VmHWM")) << 10
}

// procField finds "name : value" in a file of the Linux kernel; elsewhere the
// file is missing and the answer empty.
func procField(path, name string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// kibibytes reads the number of "1234 kB"; 0 when there is none.
func kibibytes(s string) int64 {
	var n int64
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<50 {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n
}
