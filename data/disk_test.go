package data_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bespoke/data"
	"bespoke/internal/spill"
	"bespoke/scenario"
	"bespoke/table"
)

// wideRows writes rows with numbers, times, words, texts and missing targets in
// several forms of file; more rows than a block of texts has.
func wideRows(t *testing.T, dir string) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const rows = "SELECT range AS a, CASE WHEN range %% 7 > 0 THEN hash(range) %% 100003 / 8 END AS b, TIMESTAMP '2024-01-01' + to_minutes(range) AS at, " +
		"'w' || hash(range) %% 31 AS word, 'a longer text with the number ' || range AS note, " +
		"CASE WHEN range %% 1000 > 0 THEN 'c' || hash(range) %% 2 END AS class FROM range(%d, %d)"
	for name, bounds := range map[string][2]int{"all": {0, 150_000}, "part1": {0, 70_000}, "part2": {70_000, 150_000}} {
		for _, form := range []string{"csv", "parquet", "json"} {
			path := filepath.ToSlash(filepath.Join(dir, name+"."+form))
			if _, err := db.Exec(fmt.Sprintf("COPY ("+rows+") TO '%s' (FORMAT %s)", bounds[0], bounds[1], path, form)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A table that is too large for the memory is read onto the disk, and is the
// same table.
func TestLargeTablesAreReadOntoTheDisk(t *testing.T) {
	dir := t.TempDir()
	wideRows(t, dir)
	for _, src := range []scenario.Source{
		{Path: "all.csv"},
		{Path: "part*.csv"},
		{Path: "all.parquet"},
		{Path: "part*.parquet"},
		{Path: "all.json"},
		{Query: "SELECT * FROM 'all.parquet' ORDER BY hash(a)"},
	} {
		t.Run(src.Path+src.Query, func(t *testing.T) {
			d := scenario.Data{Source: src, Target: "class"}
			want, err := data.Read(context.Background(), d, dir, data.Options{Threads: 2})
			if err != nil {
				t.Fatal(err)
			}
			folder := filepath.Join(t.TempDir(), "run")
			disk := spill.New(folder, 1<<20)
			if disk == nil {
				t.Skip("this system cannot map files")
			}
			got, err := data.Read(context.Background(), d, dir, data.Options{Threads: 2, Disk: disk, Memory: 30 << 20})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range got.Table.Columns() {
				if c.OnDisk == (c.Kind == table.Text || c.Role == table.Target) {
					t.Errorf("%s column %q is on disk: %v", c.Kind, c.Name, c.OnDisk)
				}
			}
			disk.PutAway()
			if got.Table.Rows() != want.Table.Rows() || len(got.Table.Columns()) != len(want.Table.Columns()) {
				t.Fatalf("%d rows x %d columns", got.Table.Rows(), len(got.Table.Columns()))
			}
			for i, c := range want.Table.Columns() {
				o := got.Table.Columns()[i]
				equal := func(x, y float64) bool { return x == y || x != x && y != y }
				if c.Name != o.Name || c.Kind != o.Kind || c.Role != o.Role || !slices.Equal(c.Levels, o.Levels) || !slices.EqualFunc(c.Numbers, o.Numbers, equal) ||
					!slices.Equal(c.Codes, o.Codes) || !slices.Equal(c.Texts, o.Texts) || !slices.Equal(c.Times, o.Times) {
					t.Errorf("column %q differs", c.Name)
				}
			}
			noted := 0
			for _, f := range got.Findings {
				if f.Check == "memory" {
					noted++
				}
			}
			if noted != 1 || len(got.Findings) != len(want.Findings)+1 {
				t.Errorf("the findings do not say once that the table is on disk: %+v", got.Findings)
			}
			if err := disk.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(folder); err == nil {
				t.Error("files are left")
			}
		})
	}
}

// A table that is small for the memory is read into memory although there is a
// disk.
func TestSmallTablesStayInMemory(t *testing.T) {
	dir := t.TempDir()
	wideRows(t, dir)
	disk := spill.New(t.TempDir(), 1<<28)
	defer func() { _ = disk.Close() }()
	for _, path := range []string{"all.csv", "all.parquet"} {
		got, err := data.Read(context.Background(), scenario.Data{Source: scenario.Source{Path: path}, Target: "class"}, dir, data.Options{Disk: disk, Memory: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range got.Table.Columns() {
			if c.OnDisk {
				t.Errorf("%s: column %q is on disk", path, c.Name)
			}
		}
	}
}
