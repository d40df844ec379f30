package serve

import (
	"crypto/sha256"
	_ "embed" // for the page
	"encoding/base64"
	"net/http"
	"strings"
)

// page lists the operations of /openapi.json with a form to try each. It is
// one file without any outside reference, so that it works without internet.
//
//go:embed docs.html
var page string

// pagePolicy lets the page run its own script and style and nothing else. The
// two are allowed by their hash.
func pagePolicy() string {
	hash := func(open, end string) string {
		_, rest, _ := strings.Cut(page, open)
		inside, _, _ := strings.Cut(rest, end)
		sum := sha256.Sum256([]byte(inside))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src " +
		hash("<script>", "</script>") + "; style-src " + hash("<style>", "</style>")
}

func docs(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Security-Policy", pagePolicy())
	send(w, http.StatusOK, "text/html; charset=utf-8", []byte(page))
}
