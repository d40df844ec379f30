package serve_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"bespoke/bundle/bundletest"
	"bespoke/internal/golden"
	"bespoke/serve"
)

func TestOpenAPIGolden(t *testing.T) {
	c := bundletest.Lender(t)
	cl := start(t, c, func(o *serve.Options) { o.Version = "golden" })
	a := cl.get("/openapi.json")
	if a.status != 200 || !json.Valid(a.body) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	// The content hash changes with every change of a model; the API does not.
	golden.Check(t, "testdata/openapi.golden.json", regexp.MustCompile(`bundle [0-9a-f]{12}`).ReplaceAll(a.body, []byte("bundle HASH")))
}

// Every route is in the document, and everything in the document is a route.
func TestNoRouteIsMissing(t *testing.T) {
	for _, c := range []bundletest.Case{bundletest.Lender(t), bundletest.Prices(t), bundletest.Undecided(t)} {
		s, err := serve.New(c.Sealed(t), serve.Default())
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			OpenAPI    string
			Paths      map[string]map[string]struct{ OperationID string }
			Components struct{ Schemas map[string]json.RawMessage }
		}
		cl := start(t, c, nil)
		cl.get("/openapi.json").into(t, &doc)
		var listed []string
		for path, item := range doc.Paths {
			for method, op := range item {
				listed = append(listed, strings.ToUpper(method)+" "+path)
				if op.OperationID == "" {
					t.Errorf("%s %s has no operation id", method, path)
				}
			}
		}
		routes := s.Routes()
		sort.Strings(listed)
		sort.Strings(routes)
		if !slices.Equal(listed, routes) || doc.OpenAPI != "3.1.0" {
			t.Errorf("the document lists %v, the routes are %v", listed, routes)
		}
		for _, r := range routes {
			method, path, _ := strings.Cut(r, " ")
			if a := cl.do(method, path, "application/json", "{}"); a.status == 404 || a.status == 405 || a.status >= 500 {
				t.Errorf("%s: %d %s", r, a.status, a.body)
			}
		}
		// Every reference leads somewhere.
		raw := string(cl.get("/openapi.json").body)
		for _, m := range regexp.MustCompile(`"#/components/schemas/([^"]+)"`).FindAllStringSubmatch(raw, -1) {
			if doc.Components.Schemas[m[1]] == nil {
				t.Errorf("schema %s is referred to but not there", m[1])
			}
		}
		if y := cl.get("/openapi.yaml"); y.status != 200 || !strings.Contains(string(y.body), "openapi: 3.1.0") {
			t.Errorf("yaml: %d %.80s", y.status, y.body)
		}
	}
}

func TestDocsPageNeedsNoInternet(t *testing.T) {
	cl := start(t, bundletest.Lender(t), nil)
	a := cl.get("/docs")
	page := string(a.body)
	if a.status != 200 || !strings.Contains(page, "openapi.json") {
		t.Fatalf("%d %.100s", a.status, page)
	}
	if m := regexp.MustCompile(`(?i)https?://|//cdn|@import|<link|src=`).FindString(page); m != "" {
		t.Errorf("the page refers to %q", m)
	}
	policy := a.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Count(policy, "'sha256-") != 2 || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
}

func TestMethodsAndPaths(t *testing.T) {
	cl := start(t, bundletest.Lender(t), nil)
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/v1/decide", 405, "/v1/decide takes POST"},
		{"DELETE", "/v1/model", 405, "/v1/model takes GET"},
		{"OPTIONS", "/v1/decide", 405, "takes POST"},
		{"POST", "/v1/decid", 404, `did you mean \"/v1/decide\"?`},
		{"GET", "/", 404, "no such path"},
		{"GET", "/v1/../etc/passwd", 404, "no such path"},
		{"GET", "//v1/model", 404, "no such path"},
		{"GET", "/v1/model/", 404, "no such path"},
		{"GET", "/" + strings.Repeat("x", 5000), 404, "no such path"},
		{"GET", "/%00", 404, "no such path"},
	} {
		a := cl.do(c.method, c.path, "application/json", "")
		if a.status != c.status || !strings.Contains(string(a.body), c.want) {
			t.Errorf("%s %.40s: %d %s", c.method, c.path, a.status, a.body)
		}
		if c.status == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.path)
		}
	}
	if a := cl.do("HEAD", "/healthz", "", ""); a.status != http.StatusOK {
		t.Errorf("HEAD: %d", a.status)
	}
}
