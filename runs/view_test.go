package runs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestView: what is finished is there to be read while a process holds the
// folder, nothing else is done, and no byte of the folder changes.
func TestView(t *testing.T) {
	dir := t.TempDir()
	if _, err := View(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without a run: %v", err)
	}
	r := opened(t, dir, sampleKey())
	work(t, r)
	torn, err := os.OpenFile(filepath.Join(dir, JournalFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := torn.WriteString(`{"sum":"01`); err != nil {
		t.Fatal(err)
	}
	if err := torn.Close(); err != nil {
		t.Fatal(err)
	}
	before := filesIn(t, dir)

	v, err := View(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	third, reused, err := Once(ctx, v, "trial", KeyOf("trial", 1), func() (float64, error) { return 0, nil })
	if err != nil || !reused || third != 1.0/3 {
		t.Errorf("a finished trial: %v, reused %v, %v", third, reused, err)
	}
	data, _, err := OnceFile(ctx, v, "models/best.bin", KeyOf("best"), func() ([]byte, error) { return nil, nil })
	if err != nil || string(data) != "weights" {
		t.Errorf("a finished file: %q, %v", data, err)
	}
	_, _, err = Once(ctx, v, "trial", KeyOf("trial", 99), func() (int, error) { return 1, nil })
	if !errors.Is(err, ErrNotDone) {
		t.Errorf("work that nobody did: %v", err)
	}
	_, _, err = OnceFile(ctx, v, "models/other.bin", KeyOf("other"), func() ([]byte, error) { return []byte("x"), nil })
	if !errors.Is(err, ErrNotDone) {
		t.Errorf("a file that nobody wrote: %v", err)
	}
	if v.WriteFile("a.txt", nil) == nil || v.AddOutput("models/best.bin") == nil || v.Finish(Done, "") == nil {
		t.Error("a run that was opened to be read was written to")
	}
	closed(t, v)
	after := filesIn(t, dir)
	for name, text := range before {
		if after[name] != text || len(after) != len(before) {
			t.Errorf("%s was changed", name)
		}
	}
}

// filesIn are the files of a folder.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		out[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
