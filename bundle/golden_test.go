package bundle_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/bundle"
	"bespoke/bundle/bundletest"
	"bespoke/internal/jsonlit"
	"bespoke/internal/rowjson"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write golden bundles that are not there yet")

// promise is what a golden bundle said when it was made.
type promise struct {
	Hash string       `json:"hash"`
	Rows []goldenRow  `json:"rows"`
	Card *bundle.Card `json:"card"`
}

type goldenRow struct {
	Row        json.RawMessage `json:"row"`
	Prediction []float64       `json:"prediction"`
	Action     string          `json:"action,omitempty"`
	Expected   []float64       `json:"expected,omitempty"`
}

// Golden bundles are kept for good: each was written once by the version in its
// name, is never written again, and must load and say the same numbers in every
// later version. A new format adds files; it does not replace any.
func TestGoldenBundles(t *testing.T) {
	if *update {
		for name, make := range cases {
			addGolden(t, "v1-"+name, make(t))
		}
	}
	paths, err := filepath.Glob(filepath.Join("testdata", "golden", "*.bespoke"))
	if err != nil || len(paths) < len(cases) {
		t.Fatalf("%d golden bundles, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			raw, err := os.ReadFile(strings.TrimSuffix(path, ".bespoke") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want promise
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			b, err := bundle.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			// Other processors may fuse a product and a sum into one rounding.
			if d := cmp.Diff(want, said(t, b, want.Rows), cmpopts.EquateApprox(1e-12, 1e-12)); d != "" {
				t.Errorf("(-when it was made +now):\n%s", d)
			}
		})
	}
}

// said decides the rows again.
func said(t *testing.T, b *bundle.Bundle, rows []goldenRow) promise {
	t.Helper()
	out := promise{Hash: b.Manifest.Hash, Card: &b.Card}
	reader, row := rowjson.NewSchema(b.Solution.Schema, "").NewRow(), b.Solution.NewRow()
	for _, r := range rows {
		if err := reader.Read(jsonlit.NewScanner(r.Row), row.Table); err != nil || len(reader.Issues) > 0 {
			t.Fatalf("%s: %v, %v", r.Row, err, reader.Issues)
		}
		if err := b.Solution.Decide(row); err != nil {
			t.Fatal(err)
		}
		again := goldenRow{Row: r.Row, Prediction: append([]float64(nil), row.Prediction...)}
		if b.Solution.Payoffs != nil {
			again.Action, again.Expected = row.Decision.Name, append([]float64(nil), row.Decision.Expected...)
		}
		out.Rows = append(out.Rows, again)
	}
	return out
}

func addGolden(t *testing.T, name string, c bundletest.Case) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".bespoke")
	if _, err := os.Stat(path); err == nil {
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.Write(path, c.Bundle); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []goldenRow
	for i := range 20 {
		rows = append(rows, goldenRow{Row: bundletest.JSON(c.Rows, i)})
	}
	data, err := json.Marshal(said(t, b, rows))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.TrimSuffix(path, ".bespoke")+".json", append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
