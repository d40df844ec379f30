// Package golden compares what a test made with a file that a person has
// looked at. With the flag -update the files are written anew; read the
// difference before you commit it. Only tests import this package.
package golden

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Updating says whether the test was asked to write its files anew.
func Updating() bool { return *update }

// Check fails the test when got differs from the content of the file at path,
// which is relative to the package's folder.
func Check[T string | []byte](t testing.TB, path string, got T) {
	t.Helper()
	if Updating() {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update and look at what it writes", err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs; run the test with -update if it should, and look at the difference (-want +got)\n%s", path, d)
	}
}
