package ledger_test

import (
	"context"
	"testing"

	"bespoke/ledger"
)

func BenchmarkAppend(b *testing.B) {
	for _, sync := range []ledger.Sync{ledger.SyncBatch, ledger.SyncInterval} {
		b.Run(string(sync), func(b *testing.B) {
			opt := ledger.Default()
			opt.Sync = sync
			w, err := ledger.Open(b.TempDir(), opt)
			if err != nil {
				b.Fatal(err)
			}
			defer w.Close()
			r := ledger.Record{Decision: decision(1)}
			b.SetParallelism(16)
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if err := w.Append(context.Background(), r); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	w, err := ledger.Open(dir, fast())
	if err != nil {
		b.Fatal(err)
	}
	const rows = 10000
	if err := w.Append(context.Background(), decisions(0, rows)...); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if got, _ := readAll(b, dir); len(got) != rows {
			b.Fatal(len(got))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/record")
}
