package spill_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bespoke/internal/spill"
)

// numbers fills a slice with what cannot be mistaken.
func numbers(t *testing.T, d *spill.Disk, n int) []float64 {
	t.Helper()
	out, err := spill.Make[float64](d, n)
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i] = float64(i) / 3
	}
	return out
}

func TestSlicesOnDiskAreLikeAnyOther(t *testing.T) {
	const n = 300_000
	want := numbers(t, nil, n)
	d := spill.New(filepath.Join(t.TempDir(), "run"), 0)
	got := numbers(t, d, n)
	d.PutAway()
	if !slices.Equal(got, want) {
		t.Error("values are lost when they are put away")
	}
	if d == nil {
		t.Skip("this system cannot map files")
	}
	more, err := spill.Grown(d, got, 1)
	if err != nil {
		t.Fatal(err)
	}
	if more = append(more, 1); !slices.Equal(more[:n], want) || d.Bytes() != 16*n {
		t.Errorf("a grown slice has other values, or %d bytes are on disk", d.Bytes())
	}
	copied, err := spill.Copy(d, []int32{1, 2, 3})
	if err != nil || !slices.Equal(copied, []int32{1, 2, 3}) {
		t.Errorf("a copy is %v: %v", copied, err)
	}
	spill.Free(d, more[:7])
	spill.Free(d, want) // in memory: nothing happens
	if d.Bytes() != 12 {
		t.Errorf("%d bytes are on disk after all but one slice are free", d.Bytes())
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestNothingIsLeft(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "run")
	if err := spill.New(parent, 0).Close(); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(parent, "spill-of-a-killed-process")
	other := filepath.Join(parent, "trials")
	for _, dir := range []string{old, other} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	d := spill.New(parent, 0)
	if d == nil {
		t.Skip("this system cannot map files")
	}
	if _, err := d.Folder(); err != nil {
		t.Fatal(err)
	}
	numbers(t, d, 100)
	if err := d.Sweep(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the folder of a killed process is still there")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) != 1 || left[0].Name() != "trials" {
		t.Errorf("left are %v: %v", left, err)
	}
	fresh := filepath.Join(parent, "fresh")
	d = spill.New(fresh, 0)
	numbers(t, d, 100)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(fresh); err == nil {
		t.Error("a parent that was made for the folder is still there")
	}
}

func TestNoFolderIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := spill.New(file, 0)
	if d == nil {
		t.Skip("this system cannot map files")
	}
	if _, err := d.Folder(); err == nil {
		t.Error("a file was taken as a folder")
	}
}
