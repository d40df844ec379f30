package serve

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// recorder watches what a handler answers, and carries what belongs to the
// request.
type recorder struct {
	http.ResponseWriter
	id      string
	status  int
	bytes   int
	rows    int
	failure *failure
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write notes the size.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// requestIDs numbers requests: a random prefix per server and a counter.
type requestIDs struct {
	prefix string
	next   atomic.Uint64
}

func (r *requestIDs) seed() {
	var b [6]byte
	// Read of crypto/rand never fails: it ends the program instead.
	_, _ = rand.Read(b[:])
	r.prefix = hex.EncodeToString(b[:]) + "-"
}

// of takes the client's own id where it is short and plain, so that a request
// can be followed through several programs, and else makes one.
func (r *requestIDs) of(given string) string {
	if given != "" && len(given) <= 64 && strings.IndexFunc(given, notPlain) < 0 {
		return given
	}
	return r.prefix + strconv.FormatUint(r.next.Add(1), 10)
}

func notPlain(c rune) bool {
	plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
	return !plain
}

// guard is the outermost handler: it names the request, refuses what must not
// get further, turns a crash into a 500 and writes the access log.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, id: s.requests.of(r.Header.Get("X-Request-Id"))}
		h := w.Header()
		h.Set("X-Request-Id", rec.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		defer func() { s.finish(rec, r, start, recover()) }()
		if f := s.refuse(r); f != nil {
			s.sendFailure(rec, f)
			return
		}
		next.ServeHTTP(rec, r)
	})
}

// refuse says why a request must not reach a route.
func (s *Server) refuse(r *http.Request) *failure {
	if len(r.URL.Path) > 1000 || r.URL.Path != path.Clean(r.URL.Path) {
		return fail(http.StatusNotFound, "no_route", "there is no such path; see /docs")
	}
	if err := s.origin.Check(r); err != nil {
		return &failure{status: http.StatusForbidden, reason: "origin", detail: "the request comes from a page of another site", cause: err}
	}
	if len(s.keys) == 0 {
		// A page in a browser on this machine can be made to call 127.0.0.1
		// under a name of its own; its Host gives it away.
		if s.local && !localName(r.Host) {
			return fail(http.StatusMisdirectedRequest, "host", fmt.Sprintf("the server listens on this machine only and answers to the names localhost and 127.0.0.1, not to %q", r.Host))
		}
		return nil
	}
	if open(r.URL.Path) {
		return nil
	}
	token, ok := bearer(r.Header.Get("Authorization"))
	if !ok {
		return fail(http.StatusUnauthorized, "key", "an API key is needed; send the header Authorization: Bearer KEY")
	}
	if !s.known(token) {
		return fail(http.StatusUnauthorized, "key", "the API key is not known")
	}
	return nil
}

// open lists the paths that need no key: probes, and the docs page, which holds
// nothing of the bundle.
func open(path string) bool {
	return path == pathHealth || path == pathReady || path == pathDocs
}

func bearer(header string) (token string, ok bool) {
	scheme, token, ok := strings.Cut(header, " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "bearer")
}

func localName(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func hashKeys(keys []string) (out [][32]byte) {
	for _, k := range keys {
		out = append(out, sha256.Sum256([]byte(k)))
	}
	return out
}

// known compares with every key in a time that does not depend on where they
// differ.
func (s *Server) known(token string) bool {
	sum := sha256.Sum256([]byte(token))
	found := 0
	for _, k := range s.keys {
		found |= subtle.ConstantTimeCompare(sum[:], k[:])
	}
	return found == 1
}

// finish ends a request: it answers for a handler that crashed, counts and
// logs.
func (s *Server) finish(rec *recorder, r *http.Request, start time.Time, crash any) {
	if crash != nil {
		if err, ok := crash.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(crash) // net/http's own way to cut a connection
		}
		s.log.Error("serve: a request crashed", "request", rec.id, "panic", fmt.Sprint(crash), "stack", string(debug.Stack()))
		if rec.status == 0 {
			s.sendFailure(rec, fail(http.StatusInternalServerError, "crash", "the server made a mistake; its log has the details"))
		}
	}
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	route := s.routeOf(r)
	took := time.Since(start)
	s.metrics.observe(route, rec.status, took)
	level := slog.LevelInfo
	if rec.status >= 500 {
		level = slog.LevelError
	}
	if !s.log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request", rec.id), slog.String("method", r.Method), slog.String("route", route),
		slog.Int("status", rec.status), slog.Int("bytes", rec.bytes), slog.Int("rows", rec.rows),
		slog.Duration("took", took), slog.String("remote", r.RemoteAddr),
	}
	if f := rec.failure; f != nil {
		attrs = append(attrs, slog.String("detail", f.detail))
		if f.cause != nil {
			attrs = append(attrs, slog.String("cause", f.cause.Error()))
		}
	}
	s.log.LogAttrs(r.Context(), level, "serve: request", attrs...)
}
