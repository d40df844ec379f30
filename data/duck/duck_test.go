package duck_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bespoke/data/duck"
)

func open(t *testing.T, o duck.Options) *duck.DB {
	t.Helper()
	db, err := duck.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func TestOnlyOneSelectRuns(t *testing.T) {
	db := open(t, duck.Options{Threads: 1})
	for _, sql := range []string{
		"", "-- nothing", "SELECT 1; SELECT 2", "CREATE TABLE t (x INT)", "SET threads=8", "ATTACH ':memory:' AS m",
		"COPY (SELECT 1) TO 'x.csv'", "INSTALL httpfs", "LOAD json", "CALL pragma_version()", "EXPLAIN SELECT 1", "EXPORT DATABASE 'x'", "BEGIN",
	} {
		if _, err := db.Texts(context.Background(), sql); !errors.Is(err, duck.ErrNotSelect) {
			t.Errorf("%q: error %v", sql, err)
		}
	}
	for _, sql := range []string{"SELEC 1", "SELECT nothing", "SELECT * FROM read_csv('https://example.org/x.csv')"} {
		if _, err := db.Texts(context.Background(), sql); err == nil || errors.Is(err, duck.ErrNotSelect) {
			t.Errorf("%q: error %v", sql, err)
		}
	}
}

func TestTexts(t *testing.T) {
	db := open(t, duck.Options{Threads: 2})
	long := strings.Repeat("long ", 100)
	got, err := db.Texts(context.Background(), "SELECT * FROM (VALUES ('a', NULL), ('twelve bytes', 'thirteen byte'), ('é', '"+long+"')) AS q(x, y)")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"a", ""}, {"twelve bytes", "thirteen byte"}, {"é", long}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestStreamIsInOrderAndStops(t *testing.T) {
	db := open(t, duck.Options{Threads: 4})
	next := 0.0
	err := db.Stream(context.Background(), "SELECT CAST(range AS DOUBLE) AS x FROM range(100000)", func(c duck.Chunk, rows int) error {
		values, ok := duck.Doubles(duck.Column(c, 0), rows)
		for i, x := range values {
			if x != next || !ok.At(i) {
				t.Fatalf("%v after %v", x, next-1)
			}
			next++
		}
		return nil
	})
	if err != nil || next != 100_000 {
		t.Fatalf("%v rows, error %v", next, err)
	}
	stop := errors.New("stop")
	calls := 0
	err = db.Stream(context.Background(), "SELECT * FROM range(100000000)", func(duck.Chunk, int) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%d calls, error %v", calls, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = db.Stream(ctx, "SELECT * FROM range(10000000000)", func(duck.Chunk, int) error { cancel(); return nil })
	if err == nil {
		t.Error("a cancelled stream ends without error")
	}
	// The database is still of use.
	if got, err := db.Texts(context.Background(), "SELECT 'x' AS x"); err != nil || got[0][0] != "x" {
		t.Errorf("%v, error %v", got, err)
	}
}

func TestStreamEndsWithErrorsInTheMiddle(t *testing.T) {
	db := open(t, duck.Options{Threads: 2})
	rows := 0
	err := db.Stream(context.Background(), "SELECT CAST(CASE WHEN range = 50000 THEN 'x' ELSE '1' END AS INTEGER) AS x FROM range(100000)", func(_ duck.Chunk, n int) error {
		rows += n
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "Could not convert") {
		t.Errorf("%d rows, error %v", rows, err)
	}
}

func TestSandbox(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"in.csv", "out.csv"} {
		if err := os.WriteFile(filepath.Join(dir, n), []byte("x\n1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in, out := filepath.Join(dir, "in.csv"), filepath.Join(dir, "out.csv")
	db := open(t, duck.Options{Threads: 1, Sandbox: &duck.Sandbox{Files: []string{in}}})
	if _, err := db.Texts(context.Background(), "SELECT CAST(x AS VARCHAR) FROM read_csv("+duck.Path(in)+")"); err != nil {
		t.Error(err)
	}
	for _, sql := range []string{"SELECT * FROM read_csv(" + duck.Path(out) + ")", "SELECT content FROM read_text(" + duck.Text(out) + ")"} {
		if _, err := db.Texts(context.Background(), sql); err == nil {
			t.Errorf("%s: no error", sql)
		}
	}
}

func TestPathsAreNotPatterns(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a [1]?*'x.csv")
	if err := os.WriteFile(path, []byte("x\nword\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db := open(t, duck.Options{Threads: 1})
	got, err := db.Texts(context.Background(), "SELECT x FROM read_csv("+duck.Path(path)+", header=true)")
	if err != nil || len(got) != 1 || got[0][0] != "word" {
		t.Errorf("%v, error %v", got, err)
	}
}

func TestCloseTwice(t *testing.T) {
	db, err := duck.Open(duck.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	db.Close()
}
