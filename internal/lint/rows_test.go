package lint_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"bespoke/internal/lint"
)

// rows is the direction of the codebase: a package may import only packages of
// the rows above its own. ARCHITECTURE.md says why each stands where it does.
var rows = [][]string{
	{"internal/position", "internal/jsonlit", "internal/near", "internal/strictjson", "internal/histogram", "internal/exclusive", "internal/descent", "internal/spill", "text"},
	{"table", "scenario", "runs", "ledger", "web"},
	{"draft", "model", "formula", "internal/rowjson", "profit", "allocate"},
	{"objective", "internal/benchset"},
	{"value", "linear", "neighbours", "trees", "additive", "ensemble", "features", "calibrate"},
	{"zoo", "economics"},
	{"solution"},
	{"data/duck", "data/textfile"},
	{"data/source"},
	{"data/infer", "data/check"},
	{"data", "design", "train", "evaluate", "explain", "bundle", "interchange"},
	{"tune", "serve", "monitor"},
	{"report"},
	{"pipeline"},
	{"cmd/bespoke"},
}

// aside are packages outside the rows, with what they may import.
var aside = map[string]string{
	"model/modeltest":        "the suite for models: may import model, table and standard packages",
	"bundle/bundletest":      "bundles for tests: may import up to bundle; only tests import it",
	"internal/descent/gen":   "a module of its own that writes the assembly of internal/descent; nothing imports it",
	"internal/histogram/gen": "a module of its own that writes the assembly of internal/histogram; nothing imports it",
	"internal/lint":          "imports nothing of the module",
	"internal/golden":        "imports nothing of the module; only tests import it",
	"internal/tabletest":     "tables for tests: imports table; only tests import it",
}

func rowOf(pkg string) int {
	for i, row := range rows {
		for _, p := range row {
			if p == pkg {
				return i
			}
		}
	}
	return -1
}

func TestImportRows(t *testing.T) {
	for _, s := range sources(t) {
		if s.Test() || strings.HasPrefix(s.Package, "bench") {
			continue
		}
		row := rowOf(s.Package)
		if _, ok := aside[s.Package]; row < 0 && !ok {
			t.Errorf("%s: package %q stands in no import row; add it to internal/lint/rows_test.go and ARCHITECTURE.md", s.Path, s.Package)
			continue
		}
		for _, imported := range moduleImports(s) {
			if above := rowOf(imported); row >= 0 && (above < 0 || above >= row) {
				t.Errorf("%s: %s (row %d) must not import %s (row %d)", s.Path, s.Package, row+1, imported, above+1)
			}
		}
	}
}

func moduleImports(s lint.Source) []string {
	var out []string
	for _, i := range s.File.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err == nil && strings.HasPrefix(path, "bespoke/") {
			out = append(out, strings.TrimPrefix(path, "bespoke/"))
		}
	}
	return out
}

// reserved names the only packages that may import a dependency, so that a
// dependency can be replaced in one place.
var reserved = map[string][]string{
	"github.com/duckdb/":             {"data/duck"},
	"github.com/jackc/pgx/":          {"data/source"},
	"github.com/xuri/excelize/":      {"data/source"},
	"github.com/expr-lang/expr":      {"formula"},
	"github.com/goccy/go-yaml":       {"internal/position"},
	"github.com/invopop/jsonschema":  {"scenario"},
	"github.com/spf13/cobra":         {"cmd/bespoke"},
	"github.com/vbauerster/mpb/":     {"cmd/bespoke"},
	"github.com/danielgtaylor/huma/": {"serve"},
	"github.com/prometheus/":         {"serve"},
	"net/http":                       {"serve", "web", "cmd/bespoke"},
	"math/rand":                      {},
	"log":                            {},
	"io/ioutil":                      {},
}

func TestReservedImports(t *testing.T) {
	for _, s := range sources(t) {
		if s.Test() || strings.HasPrefix(s.Package, "bench") {
			continue
		}
		for _, i := range s.File.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for prefix, allowed := range reserved {
				exact := !strings.HasSuffix(prefix, "/")
				if exact && path != prefix && !strings.HasPrefix(path, prefix+"/") || !exact && !strings.HasPrefix(path, prefix) {
					continue
				}
				if path == "math/rand/v2" || strings.HasPrefix(path, "log/") {
					continue
				}
				if !contains(allowed, s.Package) {
					t.Errorf("%s: imports %s, which is reserved for %v", s.Path, path, allowed)
				}
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// parsed are the sources of the module, read once for all tests.
var parsed = sync.OnceValues(func() ([]lint.Source, error) {
	root, err := lint.Root()
	if err != nil {
		return nil, err
	}
	return lint.Sources(root)
})

func sources(t *testing.T) []lint.Source {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("found only %d Go files", len(all))
	}
	return all
}
