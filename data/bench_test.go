package data_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"bespoke/data"
	"bespoke/data/duck"
	"bespoke/scenario"
	"bespoke/table"
)

// bigFile writes a million rows of thirteen columns: eight decimals, two whole
// numbers, two categories and a target.
func bigFile(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "big.csv")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(1, 1))
	fmt.Fprintln(w, "x0,x1,x2,x3,x4,x5,x6,x7,k,id,kind,city,y")
	for i := range 1_000_000 {
		for c := range 8 {
			fmt.Fprintf(w, "%.4f,", r.NormFloat64()*[]float64{1, 10, 100, 1000}[c%4])
		}
		fmt.Fprintf(w, "%d,%d,%s,city_%d,%s\n", r.IntN(1000), i, []string{"alpha", "beta", "gamma", "delta with space"}[r.IntN(4)], r.IntN(300), []string{"good", "bad"}[r.IntN(3)/2])
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkRead is the whole reading: hash, encoding, count, DuckDB, kinds,
// target, roles. BenchmarkDuckDB is DuckDB alone, with its own guess of types
// and every value looked at in Go; the difference is the price of our rules.
func BenchmarkRead(b *testing.B) {
	path := bigFile(b)
	d := scenario.Data{Source: scenario.Source{Path: path}, Target: "y"}
	for b.Loop() {
		l, err := data.Read(context.Background(), d, "", data.Options{})
		if err != nil || l.Table.Rows() != 1_000_000 {
			b.Fatal(err)
		}
	}
}

func BenchmarkDuckDB(b *testing.B) {
	path := bigFile(b)
	for b.Loop() {
		db, err := duck.Open(duck.Options{Threads: 2, Memory: 4 << 30})
		if err != nil {
			b.Fatal(err)
		}
		rows := 0
		err = db.Stream(context.Background(), "SELECT * FROM read_csv("+duck.Path(path)+")", func(_ duck.Chunk, n int) error {
			rows += n
			return nil
		})
		if err != nil || rows != 1_000_000 {
			b.Fatal(rows, err)
		}
		db.Close()
	}
}

func BenchmarkSplitAndCheck(b *testing.B) {
	path := bigFile(b)
	d := scenario.Data{Source: scenario.Source{Path: path}, Target: "y", Split: scenario.Split{Test: 0.2, Folds: 5}}
	l, err := data.Read(context.Background(), d, "", data.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := data.Split(l.Table, d.Split, "y", 1)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := data.Check(l, d, s, 1, 2); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProfile(b *testing.B) {
	path := bigFile(b)
	l, err := data.Read(context.Background(), scenario.Data{Source: scenario.Source{Path: path}, Target: "y"}, "", data.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		table.ProfileOf(l.Table)
	}
}
