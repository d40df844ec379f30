package serve_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bespoke/bundle/bundletest"
	"bespoke/ledger"
	"bespoke/serve"
)

// BenchmarkOneRow decides one row per request over HTTP, one request at a time,
// and reports the middle and the 99th percentile of what the client waits.
func BenchmarkOneRow(b *testing.B) {
	for name, sync := range map[string]ledger.Sync{"nolog": "", "log-interval": ledger.SyncInterval, "log-batch": ledger.SyncBatch} {
		b.Run(name, func(b *testing.B) {
			c := bundletest.Lender(b)
			cl := start(b, c, func(o *serve.Options) {
				if sync == "" {
					return
				}
				opt := ledger.Default()
				opt.Sync = sync
				w, err := ledger.Open(b.TempDir(), opt)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = w.Close() })
				o.Log = w
			})
			body := rows(c, 0, 1)
			var took []time.Duration
			for b.Loop() {
				at := time.Now()
				res, err := http.Post(cl.url+"/v1/decide", "application/json", strings.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != 200 {
					b.Fatal(res.StatusCode, err)
				}
				res.Body.Close()
				took = append(took, time.Since(at))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}
