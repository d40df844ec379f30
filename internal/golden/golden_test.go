package golden_test

import (
	"os"
	"path/filepath"
	"testing"

	"bespoke/internal/golden"
)

// recorder is a test that notes whether it failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.golden")
	if err := os.WriteFile(path, []byte("same\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if golden.Updating() {
		t.Skip("with -update nothing is compared")
	}
	for got, fails := range map[string]bool{"same\n": false, "other\n": true, "": true} {
		r := &recorder{TB: t}
		golden.Check(r, path, got)
		if r.failed != fails {
			t.Errorf("%q: failed %v, want %v", got, r.failed, fails)
		}
	}
}
